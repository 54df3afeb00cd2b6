#include "base/date.h"

#include <cstdio>

namespace tongban {
namespace {

int64_t floor_div(int64_t a, int64_t b) { return a / b - ((a % b != 0 && (a % b < 0) != (b < 0)) ? 1 : 0); }

// Reads exactly n digits at the front of text and moves past them.
std::optional<int64_t> take_digits(std::string_view& text, size_t n) {
  if (text.size() < n) return std::nullopt;
  int64_t value = 0;
  for (size_t i = 0; i < n; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(n);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Date> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || *year == 0 || !is_valid_day(*year, *month, *day)) return std::nullopt;
  return Date::from(static_cast<int32_t>(*year), static_cast<int32_t>(*month), static_cast<int32_t>(*day));
}

Error not_a_date(std::string_view text) {
  return fail(Trouble::invalid_input,
              "\"" + std::string(text.substr(0, 40)) + "\" is not a date that exists; write it as 2021-02-05.");
}

Error not_an_instant(std::string_view text) {
  return fail(Trouble::invalid_input, "\"" + std::string(text.substr(0, 40)) +
                                          "\" is not a point in time; write it as 2021-02-05T09:30:00+08:00.");
}

}  // namespace

bool is_valid_day(int64_t year, int64_t month, int64_t day) {
  return month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month);
}

int days_in_month(int64_t year, int64_t month) {
  if (month == 2) return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Days from civil and back: the era method of Howard Hinnant's "chrono-compatible low-level date algorithms".
Date Date::from(int32_t year, int32_t month, int32_t day) {
  const int64_t y = int64_t{year} - (month <= 2 ? 1 : 0);
  const int64_t era = floor_div(y, 400);
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return Date{static_cast<int32_t>(era * 146097 + day_of_era - 719468)};
}

YearMonthDay Date::civil() const {
  const int64_t z = int64_t{days} + 719468;
  const int64_t era = floor_div(z, 146097);
  const int64_t day_of_era = z - era * 146097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  const auto day = static_cast<int32_t>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  const auto month = static_cast<int32_t>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {static_cast<int32_t>(year_of_era + era * 400 + (month <= 2 ? 1 : 0)), month, day};
}

int Date::weekday() const {
  const int64_t from_thursday = ((int64_t{days} % 7) + 7) % 7;  // 1970-01-01 was a Thursday
  return static_cast<int>((from_thursday + 3) % 7) + 1;
}

Date local_date(Instant instant) { return Date{static_cast<int32_t>(floor_div(instant.ms + kLocalOffsetMs, kDayMs))}; }
Instant start_of_day(Date date) { return Instant{int64_t{date.days} * kDayMs - kLocalOffsetMs}; }
Instant end_of_day(Date date) { return start_of_day(date + 1); }
Instant at_local(Date date, int hour, int minute, int second) {
  return Instant{start_of_day(date).ms + ((hour * 60 + minute) * 60 + second) * int64_t{1000}};
}

// Lists write thousands of dates a second, so digits are set by hand.
static void add_digits(std::string& text, int64_t number, int count) {
  const size_t at = text.size();
  text.resize(at + static_cast<size_t>(count));
  for (int i = count - 1; i >= 0; --i, number /= 10)
    text[at + static_cast<size_t>(i)] = static_cast<char>('0' + number % 10);
}

static void add_date(std::string& text, Date date) {
  const YearMonthDay c = date.civil();
  if (c.year >= 0 && c.year <= 9999) {
    add_digits(text, c.year, 4);
  } else {
    char year[16];
    text.append(year, static_cast<size_t>(std::snprintf(year, sizeof year, "%04d", c.year)));
  }
  text += '-';
  add_digits(text, c.month, 2);
  text += '-';
  add_digits(text, c.day, 2);
}

std::string to_text(Date date) {
  std::string text;
  add_date(text, date);
  return text;
}

std::string to_text(Instant instant) {
  const Date date = local_date(instant);
  const int64_t in_day = instant.ms - start_of_day(date).ms;
  const int64_t seconds = in_day / 1000;
  std::string text;
  text.reserve(32);
  add_date(text, date);
  text += 'T';
  add_digits(text, seconds / 3600, 2);
  text += ':';
  add_digits(text, seconds / 60 % 60, 2);
  text += ':';
  add_digits(text, seconds % 60, 2);
  if (in_day % 1000 != 0) {
    text += '.';
    add_digits(text, in_day % 1000, 3);
  }
  text += "+08:00";
  return text;
}

std::string to_minutes_text(Instant instant) {
  std::string text = to_text(instant).substr(0, 16);
  text[10] = ' ';
  return text;
}

Result<Date> parse_date(std::string_view text) {
  std::string_view rest = text;
  const auto date = take_date(rest);
  if (!date || !rest.empty()) return not_a_date(text);
  return *date;
}

Result<Instant> parse_instant(std::string_view text) {
  std::string_view rest = text;
  const auto date = take_date(rest);
  if (!date || rest.empty() || (rest[0] != 'T' && rest[0] != ' ')) return not_an_instant(text);
  rest.remove_prefix(1);
  const auto hour = take_digits(rest, 2);
  if (!hour || *hour > 23 || !take(rest, ':')) return not_an_instant(text);
  const auto minute = take_digits(rest, 2);
  if (!minute || *minute > 59) return not_an_instant(text);
  int64_t second = 0;
  int64_t ms = 0;
  if (take(rest, ':')) {
    const auto s = take_digits(rest, 2);
    if (!s || *s > 59) return not_an_instant(text);
    second = *s;
    if (take(rest, '.')) {
      int64_t scale = 100;
      size_t digits = 0;
      while (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') {
        ms += (rest[0] - '0') * scale;
        scale /= 10;
        rest.remove_prefix(1);
        ++digits;
      }
      if (digits == 0 || digits > 9) return not_an_instant(text);
    }
  }
  int64_t offset_ms = kLocalOffsetMs;
  if (take(rest, 'Z')) {
    offset_ms = 0;
  } else if (!rest.empty()) {
    const int64_t sign = rest[0] == '-' ? -1 : 1;
    if (!take(rest, '+') && !take(rest, '-')) return not_an_instant(text);
    const auto h = take_digits(rest, 2);
    if (!h || *h > 14 || !take(rest, ':')) return not_an_instant(text);
    const auto m = take_digits(rest, 2);
    if (!m || *m > 59) return not_an_instant(text);
    offset_ms = sign * (*h * 60 + *m) * 60'000;
  }
  if (!rest.empty()) return not_an_instant(text);
  const Instant found{int64_t{date->days} * kDayMs + ((*hour * 60 + *minute) * 60 + second) * 1000 + ms - offset_ms};
  // An offset can carry the first and the last day out of the years that +08:00 can write.
  const int32_t year = local_date(found).civil().year;
  if (year < 1 || year > 9999) return not_an_instant(text);
  return found;
}

}  // namespace tongban
