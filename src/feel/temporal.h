// Days, times and zones beyond what the product's own calendar needs: years ±999,999,999 of the proleptic Gregorian
// calendar (with a year 0 between -1 and 1, as XML Schema 1.1 counts), nanoseconds, offsets with seconds, zones of the
// IANA through ICU. Pure arithmetic; private to feel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "feel/value.h"

namespace tongban::feel {

inline constexpr int64_t kMaxYear = 999'999'999;
inline constexpr int64_t kDaySeconds = 86'400;
inline constexpr int64_t kNanos = 1'000'000'000;
inline constexpr int64_t kDayNanos = kDaySeconds * kNanos;
inline constexpr int64_t kNanosOfMs = 1'000'000;
// The days of years 0001…9999, with which the product itself works.
inline constexpr int64_t kFirstDay = -719'162;
inline constexpr int64_t kLastDay = 2'932'896;
inline constexpr int32_t kMaxOffset = 18 * 3600;

struct Civil {
  int64_t year;
  int month;
  int day;
};
int64_t floor_div(int64_t a, int64_t b);  // b > 0
Civil civil_of(int64_t day);
int64_t day_of(int64_t year, int month, int day);  // needs a day that exists
bool is_supported_day(int64_t day);                // within the years
int days_of_month(int64_t year, int month);
std::optional<int64_t> make_day(int64_t year, int64_t month, int64_t day);  // empty when there is none
// The same day of another month, or that month's last. Empty beyond the years.
std::optional<int64_t> plus_months(int64_t day, int64_t months);
int weekday_of(int64_t day);  // 1 Monday … 7 Sunday

struct Week {
  int64_t year;
  int week;
};
Week iso_week(int64_t day);

// Is there such a zone? The name must be one of the IANA's.
bool is_zone(std::string_view name);
// Seconds east of UTC that the zone shows at this local time (the earlier one where a clock is turned back).
int32_t zone_offset_at_local(std::string_view zone, int64_t local_seconds);
int32_t zone_offset_at(std::string_view zone, int64_t utc_seconds);

// A moment by its local clock. With a zone the offset is looked up. Null beyond the years.
Value moment_at_local(int64_t local_seconds, int32_t nanos, int32_t offset, std::string_view zone);
// A time of day with offset or zone.
Value clock_at(int64_t nanos_of_day, int32_t offset, std::string_view zone);

// The same length backwards. Needs seconds above the least int64.
inline Span negated(const Span& span) {
  return span.nanos == 0 ? Span{-span.seconds, 0} : Span{-span.seconds - 1, static_cast<int32_t>(kNanos) - span.nanos};
}

// "+08:00", "-02:45:55", "Z".
std::string offset_text(int32_t seconds);

}  // namespace tongban::feel
