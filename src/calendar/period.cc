#include <algorithm>

#include "calendar/calendar.h"

namespace tongban::calendar {
namespace {

constexpr int64_t kMaxMonths = 12 * 9999;
constexpr int64_t kMaxDays = 366 * int64_t{9999};

Date first_date() { return Date::from(1, 1, 1); }
// Its 24:00 is the last instant that a text of the year 9999 can nearly name; the day after has no text.
Date last_date() { return Date::from(9999, 12, 30); }

Error outside(Instant start, Unit unit, int64_t n) {
  return fail(Trouble::invalid_input, std::to_string(n) + " " + std::string(to_text(unit)) + " from " + to_text(start) +
                                          " end outside the years 1 to 9999; ask for a smaller number.");
}

// 民法典 202: the day of the same number in the month of the end, or the last day of that month. Needs n within
// ±kMaxMonths; nothing when the year is not between 1 and 9999.
std::optional<Date> add_months(Date start, int64_t n) {
  const YearMonthDay civil = start.civil();
  const int64_t month_number = int64_t{civil.year} * 12 + civil.month - 1 + n;
  const int64_t year = month_number / 12;
  const int64_t month = month_number % 12 + 1;
  if (month_number < 12 || year > 9999) return std::nullopt;
  return Date::from(static_cast<int32_t>(year), static_cast<int32_t>(month),
                    std::min(civil.day, days_in_month(year, month)));
}

Result<Due> find_due_instant(Instant start, Unit unit, int64_t n, Kind kind) {
  const int64_t unit_ms = unit == Unit::minutes ? 60'000 : 3'600'000;
  if (n > kMaxDays * kDayMs / unit_ms) return outside(start, unit, n);
  const Instant at = start.plus_ms(kind == Kind::backward ? -n * unit_ms : n * unit_ms);
  if (at < start_of_day(first_date()) || at > end_of_day(last_date())) return outside(start, unit, n);
  const Date date = local_date(at);
  return Due{.raw_end = date, .due_on = date, .due_at = at, .provisional = false};
}

Result<Due> find_due_in_working_days(const Calendar& calendar, Instant start, int64_t n, Kind kind) {
  const Date start_day = local_date(start);
  const bool backward = kind == Kind::backward;
  const Result<Date> due_on =
      backward ? calendar.subtract_working_days(start_day, n) : calendar.add_working_days(start_day, n);
  if (!due_on.ok() || *due_on > last_date()) return outside(start, Unit::working_days, n);
  // All days counted lie between these two; what lies beyond the notices does so at one of the ends.
  const Date first = n == 0 ? start_day : backward ? start_day - 1 : start_day + 1;
  const bool provisional = calendar.is_provisional(*due_on) || calendar.is_provisional(first);
  return Due{.raw_end = *due_on, .due_on = *due_on, .due_at = end_of_day(*due_on), .provisional = provisional};
}

Result<Due> find_due_by_date(const Calendar& calendar, Instant start, Unit unit, int64_t n, Kind kind) {
  if (n > (unit == Unit::months ? kMaxMonths : kMaxDays)) return outside(start, unit, n);
  const int64_t signed_n = kind == Kind::backward ? -n : n;
  const Date start_day = local_date(start);
  const std::optional<Date> raw_end =
      unit == Unit::months ? add_months(start_day, signed_n) : std::optional(start_day + signed_n);
  if (!raw_end || *raw_end < first_date() || *raw_end > last_date()) return outside(start, unit, n);
  if (kind != Kind::deadline) {
    return Due{.raw_end = *raw_end, .due_on = *raw_end, .due_at = end_of_day(*raw_end), .provisional = false};
  }
  // 民法典 203: a last day that is a day off gives way to the day after the break.
  const Date due_on = calendar.on_or_next_working_day(*raw_end);
  if (due_on > last_date()) return outside(start, unit, n);
  return Due{.raw_end = *raw_end,
             .due_on = due_on,
             .due_at = end_of_day(due_on),
             .provisional = calendar.is_provisional(*raw_end) || calendar.is_provisional(due_on)};
}

std::vector<SpecialDay> specials_between(const Calendar& calendar, Date from, Date to) {
  std::vector<SpecialDay> specials;
  for (Date date = from; date <= to; date = date + 1) {
    if (std::optional<SpecialDay> special = calendar.find_special(date)) specials.push_back(std::move(*special));
  }
  return specials;
}

}  // namespace

Result<Due> find_due(const Calendar& calendar, Instant start, Unit unit, int64_t n, Kind kind) {
  if (n < 0) return fail(Trouble::invalid_input, "The number of units is negative; give 0 or more.");
  if (start < start_of_day(first_date()) || start >= end_of_day(last_date())) {
    return fail(Trouble::invalid_input, "The start lies outside the years 1 to 9999.");
  }
  switch (unit) {
    case Unit::minutes:
    case Unit::hours:
      return find_due_instant(start, unit, n, kind);
    case Unit::working_days:
      return find_due_in_working_days(calendar, start, n, kind);
    case Unit::calendar_days:
    case Unit::months:
      break;
  }
  return find_due_by_date(calendar, start, unit, n, kind);
}

Result<Counted> count(const Calendar& calendar, Instant start, Unit unit, int64_t n, Kind kind) {
  const Due due = TRY(find_due(calendar, start, unit, n, kind));
  const Date start_day = local_date(start);
  const bool by_instant = unit == Unit::minutes || unit == Unit::hours;
  Counted counted{.start = start,
                  .unit = unit,
                  .n = n,
                  .kind = kind,
                  .first_counted = by_instant               ? start_day
                                   : kind == Kind::backward ? start_day - 1
                                                            : start_day + 1,
                  .raw_end = due.raw_end,
                  .due_on = due.due_on,
                  .due_at = due.due_at,
                  .provisional = due.provisional,
                  .edition = calendar.edition()};
  if (unit == Unit::working_days) {
    if (n > 0) {
      counted.specials = specials_between(calendar, std::min(counted.first_counted, due.due_on),
                                          std::max(counted.first_counted, due.due_on));
    }
  } else if (!by_instant && kind == Kind::deadline) {
    counted.specials = specials_between(calendar, due.raw_end, due.due_on);
  }
  return counted;
}

}  // namespace tongban::calendar
