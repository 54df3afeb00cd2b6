// Dates and instants. All local time of the product is China Standard Time, +08:00, without summer time (the years
// 1986–1991 are not supported as hours). A Date is a civil day of the proleptic Gregorian calendar; an Instant is a
// point in time in milliseconds since 1970-01-01T00:00:00Z. Pure values: nothing here reads a clock.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tongban {

struct YearMonthDay {
  int32_t year;
  int32_t month;  // 1…12
  int32_t day;    // 1…31
};

struct Date {
  int32_t days = 0;  // since 1970-01-01
  auto operator<=>(const Date&) const = default;
  static Date from(int32_t year, int32_t month, int32_t day);  // needs a day that exists
  YearMonthDay civil() const;
  int weekday() const;  // 1 Monday … 7 Sunday
  Date operator+(int64_t n) const { return Date{static_cast<int32_t>(days + n)}; }
  Date operator-(int64_t n) const { return Date{static_cast<int32_t>(days - n)}; }
  int64_t operator-(Date other) const { return int64_t{days} - other.days; }
};

struct Instant {
  int64_t ms = 0;  // since 1970-01-01T00:00:00Z
  auto operator<=>(const Instant&) const = default;
  Instant plus_ms(int64_t n) const { return Instant{ms + n}; }
};

inline constexpr int64_t kLocalOffsetMs = 8 * 3600 * 1000;
inline constexpr int64_t kDayMs = 24 * 3600 * 1000;

bool is_valid_day(int64_t year, int64_t month, int64_t day);
int days_in_month(int64_t year, int64_t month);

Date local_date(Instant instant);  // the civil day in +08:00
Instant start_of_day(Date date);   // 00:00 +08:00
Instant end_of_day(Date date);     // 24:00 +08:00, which is 00:00 of the next day
Instant at_local(Date date, int hour, int minute, int second = 0);

std::string to_text(Date date);                // 2021-02-05
std::string to_text(Instant instant);          // 2021-02-05T09:30:00+08:00 (milliseconds only when not zero)
std::string to_minutes_text(Instant instant);  // 2021-02-05 09:30, for people

// Strict forms; nothing else is accepted. Years 0001…9999.
Result<Date> parse_date(std::string_view text);  // 2021-02-05
// 2021-02-05T09:30:00+08:00, with optional fraction, any offset or Z; also "2021-02-05 09:30" and "2021-02-05T09:30"
// (local time).
Result<Instant> parse_instant(std::string_view text);

}  // namespace tongban
