// The working calendar of China with adjusted workdays 调休, and the arithmetic of periods 期间.
// A Calendar is what was known on one day: the notices published up to it, laid over the weekend rule. It is immutable
// and safe to share between threads; a copy is cheap. Outside the years that its yearly notices cover it assumes
// weekends and the holidays that the law fixes to a date, and marks every answer that rests on such a day as
// provisional; it never guesses lunar holidays or swapped days.
// Sources: 民法典 200–204 (periods), the yearly notices of the State Council's General Office (editions, in
// packs/china), 全国年节及纪念日放假办法 (fixed dates). Pure: nothing here reads a clock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/json.h"
#include "base/result.h"

namespace tongban::calendar {

enum class Unit { minutes, hours, working_days, calendar_days, months };

// A deadline 期限 rolls to the next working day when a calendar-day or month period ends on a day off (民法典 203); a
// validity 有效期 does not; backward counts n units before the start day and does not roll ("7 days before the
// hearing").
enum class Kind { deadline, validity, backward };

struct NoticeDay {
  Date date;
  bool off = false;  // false: an adjusted workday 补班
  std::string name;  // the holiday it belongs to
};

// One State Council notice. A later notice overrides an earlier one and the weekend rule, day by day.
struct Notice {
  std::string id;    // unique, e.g. "2020" and "2020-amendment-1"; named in every answer that rests on it
  int32_t year = 0;  // the year it arranges
  bool amendment = false;
  std::string number;  // 发文字号, may be empty when unknown
  Date published;      // known from this day on
  std::vector<NoticeDay> days;
  std::string url;  // where the notice was published; may be empty
};

// A holiday that the law fixes to a date, valid in the years [from_year, to_year].
struct FixedHoliday {
  int32_t month = 0;
  int32_t day = 0;
  int32_t from_year = 0;
  int32_t to_year = 9999;
  std::string name;
};

// A day whose kind is not what its weekday says: part of every explanation that passes over it.
struct SpecialDay {
  Date date;
  bool off = false;
  std::string name;
  std::string notice;  // Notice::id, or "" where the law's fixed date is assumed (a provisional day)
  bool operator==(const SpecialDay&) const = default;
};

// The answer to "when is it due" and nothing else: what bulk work needs.
struct Due {
  Date raw_end;  // where a calendar-day or month period ended before rolling; else due_on
  Date due_on;   // the last day of the period
  Instant due_at;
  bool provisional = false;
  bool operator==(const Due&) const = default;
};

// The answer with everything a person needs to count it again without the calendar: weekends are off, `specials` lists
// every exception among the days that matter.
struct Counted {
  Instant start;  // the event the period starts with
  Unit unit = Unit::working_days;
  int64_t n = 0;
  Kind kind = Kind::deadline;
  Date first_counted;  // the day after the start day (backward: before it); the start day does not count 民法典 201
                       // (minutes and hours: the start day)
  Date raw_end;        // where a calendar-day or month period ended before rolling; else due_on
  Date due_on;         // the last day of the period
  Instant due_at;      // the exact bound: 24:00 of due_on for day units, the instant for minutes and hours
  // A day that the answer rests on is not covered by a known notice (see Calendar::is_provisional): a later notice may
  // change the answer. Never set where the calendar plays no part: minutes, hours, validity and backward by date.
  bool provisional = false;
  std::string edition;  // Calendar::edition() it was counted with
  // In order of date. Working days: between first_counted and due_on. A rolling calendar-day or month period: between
  // raw_end and due_on. Else empty.
  std::vector<SpecialDay> specials;
  bool operator==(const Counted&) const = default;
};

class Calendar {
 public:
  // `notices` in order of publication; `name` is the calendar's name for people, e.g. 中国工作日历. Refuses
  // (invalid_input) notices out of order, an id used twice, a day named twice in one notice, yearly notices that leave
  // out a year or arrange one twice, and fixed holidays on days that do not exist. No notice at all is allowed.
  static Result<Calendar> make(std::string name, std::vector<Notice> notices, std::vector<FixedHoliday> fixed);

  bool is_working_day(Date date) const;
  // The exception that a notice or the law makes for that day, or nothing where the day is what its weekday says.
  std::optional<SpecialDay> find_special(Date date) const;
  // First working day on or after.
  Date on_or_next_working_day(Date date) const;
  // Working days d with from < d ≤ to; the negative number of those with to < d ≤ from when to < from. Both within the
  // years 1…9999.
  int64_t working_days_between(Date from_exclusive, Date to_inclusive) const;
  // The n-th working day after start (n ≥ 0; 0: start itself), or a refusal beyond year 9999. Constant time; two loads
  // for days near the covered years.
  Result<Date> add_working_days(Date start, int64_t n) const;
  // The n-th working day before start (n ≥ 0; 0: start itself), or a refusal before year 1.
  Result<Date> subtract_working_days(Date start, int64_t n) const;
  // True from 29 December of the last year with a yearly notice on (notices have changed days from that date), before
  // the first day of the first one, and always when no notice is known.
  bool is_provisional(Date date) const;
  const std::string& edition() const;  // id of the last notice known, e.g. "2021"; "" when none is
  const std::string& name() const;

 private:
  friend class Editions;
  struct Far;
  struct Tables;
  // The notices must have passed the checks of make.
  static Calendar make_checked(std::string name, std::span<const Notice> notices, std::shared_ptr<const Far> far);
  explicit Calendar(std::shared_ptr<const Tables> tables);
  Result<Date> add_far(Date start, int64_t n) const;

  std::shared_ptr<const Tables> tables_;
  // Views into *tables_, kept here so that the common addition needs no further indirection. counts_[i] is the number
  // of working days from first_day_ to first_day_ + i; first_day_ + days_[k] is the working day with k others before
  // it.
  const uint16_t* counts_ = nullptr;
  const uint16_t* days_ = nullptr;
  int32_t first_day_ = 0;
  uint32_t day_count_ = 0;
  uint32_t working_count_ = 0;
};

inline Result<Date> Calendar::add_working_days(Date start, int64_t n) const {
  const uint32_t offset = static_cast<uint32_t>(start.days) - static_cast<uint32_t>(first_day_);
  if (offset < day_count_) [[likely]] {
    const uint32_t done = counts_[offset];
    // n = 0 and n < 0 wrap to large numbers and take the other road.
    const uint64_t index = static_cast<uint64_t>(n) - 1;
    if (index < working_count_ - done) [[likely]]
      return Date{first_day_ + days_[done + index]};
  }
  return add_far(start, n);
}

// Counts a period. Refuses n < 0 and answers outside the years 1…9999 with a sentence (invalid_input). The last due day
// is 9999-12-30, whose 24:00 can still be written.
Result<Due> find_due(const Calendar& calendar, Instant start, Unit unit, int64_t n, Kind kind = Kind::deadline);
// The same answer with its explanation.
Result<Counted> count(const Calendar& calendar, Instant start, Unit unit, int64_t n, Kind kind = Kind::deadline);

// All notices ever published; known_on gives the calendar as people knew it at the end of that day.
class Editions {
 public:
  // As Calendar::make.
  static Result<Editions> make(std::string name, std::vector<Notice> notices, std::vector<FixedHoliday> fixed);
  const Calendar& known_on(Date day) const;  // a notice counts from its day of publication on
  const Calendar& latest() const;
  const std::vector<Notice>& notices() const;

 private:
  std::vector<Notice> notices_;
  std::vector<Calendar> calendars_;  // calendars_[i]: the first i notices
};

// The explanation as data and back, and as sentences (Chinese). The JSON holds each field of Counted under its own
// name; reading it back refuses (invalid_input) a missing, unknown or malformed field, and never computes a date.
json::object to_json(const Counted& counted);
Result<Counted> counted_from_json(const json::object& object);
std::string explain(const Counted& counted);

std::string_view to_text(Unit unit);     // "working_days"
std::string_view to_chinese(Unit unit);  // "工作日"
std::optional<Unit> parse_unit(std::string_view text);
std::string_view to_text(Kind kind);  // "deadline"
std::optional<Kind> parse_kind(std::string_view text);
std::string_view weekday_in_chinese(Date date);  // "星期五"

}  // namespace tongban::calendar
