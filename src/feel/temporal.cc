#include "feel/temporal.h"

#include <cstdio>

namespace tongban::feel {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Exactly `count` digits at the front.
std::optional<int> take_digits(std::string_view& text, size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}
bool take(std::string_view& text, char sign) {
  if (text.empty() || text[0] != sign) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int64_t> take_day(std::string_view& text) {
  const bool negative = take(text, '-');
  size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits < 4 || digits > 9 || (digits > 4 && text[0] == '0')) return std::nullopt;
  const std::optional<int> year = take_digits(text, digits);
  if (!year || *year == 0 || !take(text, '-')) return std::nullopt;
  const std::optional<int> month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const std::optional<int> day = take_digits(text, 2);
  if (!day) return std::nullopt;
  return make_day(negative ? -int64_t{*year} : *year, *month, *day);
}

struct Read {
  int64_t nanos = 0;  // a whole day for 24:00:00
  int32_t offset = kNoOffset;
  std::string_view zone;
};

std::optional<int32_t> take_offset(std::string_view& text) {
  if (take(text, 'Z')) return 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const std::optional<int> hours = take_digits(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const std::optional<int> minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  int seconds = 0;
  if (take(text, ':')) {
    const std::optional<int> read = take_digits(text, 2);
    if (!read || *read > 59) return std::nullopt;
    seconds = *read;
  }
  const int32_t all = *hours * 3600 + *minutes * 60 + seconds;
  if (all > kMaxOffset) return std::nullopt;
  return negative ? -all : all;
}

// hh:mm:ss with a fraction, an offset or a zone, up to the end.
std::optional<Read> read_time(std::string_view text) {
  const std::optional<int> hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const std::optional<int> minute = take_digits(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const std::optional<int> second = take_digits(text, 2);
  if (!second) return std::nullopt;
  int64_t fraction = 0;
  if (take(text, '.')) {
    if (text.empty() || !is_digit(text[0])) return std::nullopt;
    int64_t unit = kNanos / 10;
    for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1), unit /= 10) fraction += (text[0] - '0') * unit;
  }
  if (*minute > 59 || *second > 59 || *hour > 24) return std::nullopt;
  if (*hour == 24 && (*minute != 0 || *second != 0 || fraction != 0)) return std::nullopt;
  Read read;
  read.nanos = (int64_t{*hour} * 3600 + *minute * 60 + *second) * kNanos + fraction;
  if (text.empty()) return read;
  if (take(text, '@')) {
    if (!is_zone(text)) return std::nullopt;
    read.zone = text;
    return read;
  }
  const std::optional<int32_t> offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  read.offset = *offset;
  return read;
}

}  // namespace

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// Days and dates by eras of 400 years (H. Hinnant, chrono-compatible algorithms).
Civil civil_of(int64_t day) {
  const int64_t shifted = day + 719'468;
  const int64_t era = floor_div(shifted, 146'097);
  const int64_t of_era = shifted - era * 146'097;
  const int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  const int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * of_year + 2) / 153;
  const int date = static_cast<int>(of_year - (153 * shifted_month + 2) / 5 + 1);
  const int month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, date};
}

int64_t day_of(int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = floor_div(year, 400);
  const int64_t year_of_era = year - era * 400;
  const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719'468;
}

bool is_supported_day(int64_t day) {
  static const int64_t kFirst = day_of(-kMaxYear, 1, 1);
  static const int64_t kLast = day_of(kMaxYear, 12, 31);
  return day >= kFirst && day <= kLast;
}

int days_of_month(int64_t year, int month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::optional<int64_t> make_day(int64_t year, int64_t month, int64_t day) {
  if (year < -kMaxYear || year > kMaxYear || month < 1 || month > 12 || day < 1) return std::nullopt;
  if (day > days_of_month(year, static_cast<int>(month))) return std::nullopt;
  return day_of(year, static_cast<int>(month), static_cast<int>(day));
}

std::optional<int64_t> plus_months(int64_t day, int64_t months) {
  constexpr int64_t kMost = 12 * 2 * (kMaxYear + 1);
  if (months > kMost || months < -kMost) return std::nullopt;
  const Civil civil = civil_of(day);
  const int64_t count = civil.year * 12 + civil.month - 1 + months;
  const int64_t year = floor_div(count, 12);
  const int month = static_cast<int>(count - year * 12) + 1;
  if (year < -kMaxYear || year > kMaxYear) return std::nullopt;
  return day_of(year, month, std::min(civil.day, days_of_month(year, month)));
}

int weekday_of(int64_t day) {
  const int64_t of_week = (day + 3) % 7;  // 1970-01-01 was a Thursday
  return static_cast<int>(of_week < 0 ? of_week + 7 : of_week) + 1;
}

Week iso_week(int64_t day) {
  const int64_t thursday = day - weekday_of(day) + 4;  // the week belongs to the year of its Thursday
  const int64_t year = civil_of(thursday).year;
  return {year, static_cast<int>((thursday - day_of(year, 1, 1)) / 7 + 1)};
}

Value moment_at_local(int64_t local_seconds, int32_t nanos, int32_t offset, std::string_view zone) {
  if (!is_supported_day(floor_div(local_seconds, kDaySeconds))) return {};
  if (!zone.empty()) offset = zone_offset_at_local(zone, local_seconds);
  return Value::of(Moment{offset == kNoOffset ? local_seconds : local_seconds - offset, nanos, offset, zone});
}

Value clock_at(int64_t nanos_of_day, int32_t offset, std::string_view zone) {
  constexpr int64_t kWinter2000 = 946'684'800;
  if (!zone.empty()) offset = zone_offset_at_local(zone, kWinter2000);
  return Value::of(Clock{nanos_of_day, offset, zone});
}

Value date_from_text(std::string_view text) {
  const std::optional<int64_t> day = take_day(text);
  return day && text.empty() ? Value::day(*day) : Value();
}

Value time_from_text(std::string_view text) {
  const std::optional<Read> read = read_time(text);
  if (!read) return {};
  return clock_at(read->nanos % kDayNanos, read->offset, read->zone);
}

Value date_time_from_text(std::string_view text) {
  const std::optional<int64_t> day = take_day(text);
  if (!day) return {};
  if (text.empty()) return moment_at_local(*day * kDaySeconds, 0, kNoOffset, {});
  if (!take(text, 'T')) return {};
  const std::optional<Read> read = read_time(text);
  if (!read) return {};
  return moment_at_local(*day * kDaySeconds + read->nanos / kNanos, static_cast<int32_t>(read->nanos % kNanos),
                         read->offset, read->zone);
}

std::string offset_text(int32_t seconds) {
  if (seconds == 0) return "Z";
  const int32_t magnitude = seconds < 0 ? -seconds : seconds;
  char buffer[48];
  int n = std::snprintf(buffer, sizeof buffer, "%c%02d:%02d", seconds < 0 ? '-' : '+', magnitude / 3600,
                        magnitude / 60 % 60);
  if (magnitude % 60 != 0)
    n += std::snprintf(buffer + n, sizeof buffer - static_cast<size_t>(n), ":%02d", magnitude % 60);
  return std::string(buffer, static_cast<size_t>(n));
}

std::string day_to_text(int64_t day) {
  const Civil civil = civil_of(day);
  const int64_t year = civil.year < 0 ? -civil.year : civil.year;
  char buffer[48];
  const int n = std::snprintf(buffer, sizeof buffer, "%s%04lld-%02d-%02d", civil.year < 0 ? "-" : "",
                              static_cast<long long>(year), civil.month, civil.day);
  return std::string(buffer, static_cast<size_t>(n));
}

namespace {

std::string time_text(int64_t nanos_of_day) {
  const int64_t seconds = nanos_of_day / kNanos;
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%02d:%02d:%02d", static_cast<int>(seconds / 3600),
                static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  std::string out = buffer;
  if (const int64_t fraction = nanos_of_day % kNanos; fraction != 0) {
    std::snprintf(buffer, sizeof buffer, ".%09lld", static_cast<long long>(fraction));
    out += buffer;
    while (out.back() == '0') out.pop_back();
    while (out.size() < 12 && fraction % 1'000'000 == 0) out += '0';  // milliseconds are written whole: .500
  }
  return out;
}

}  // namespace

std::string to_text(const Clock& clock) {
  std::string out = time_text(clock.nanos);
  if (!clock.zone.empty()) return out + "@" + std::string(clock.zone);
  return clock.offset == kNoOffset ? out : out + offset_text(clock.offset);
}

std::string to_text(const Moment& moment) {
  const int64_t local = moment.local_seconds();
  const int64_t day = floor_div(local, kDaySeconds);
  std::string out = day_to_text(day) + "T" + time_text((local - day * kDaySeconds) * kNanos + moment.nanos);
  if (!moment.zone.empty()) return out + "@" + std::string(moment.zone);
  return moment.is_local() ? out : out + offset_text(moment.offset);
}

std::string to_text(const Span& duration) {
  if (duration.seconds == 0 && duration.nanos == 0) return "PT0S";
  const bool negative = duration.seconds < 0;
  uint64_t seconds = negative ? 0 - static_cast<uint64_t>(duration.seconds) : static_cast<uint64_t>(duration.seconds);
  int64_t nanos = duration.nanos;
  if (negative && nanos != 0) {
    --seconds;
    nanos = kNanos - nanos;
  }
  std::string out = negative ? "-P" : "P";
  if (seconds / kDaySeconds != 0) out += std::to_string(seconds / kDaySeconds) + "D";
  const uint64_t rest = seconds % kDaySeconds;
  if (rest == 0 && nanos == 0) return out;
  out += "T";
  if (rest / 3600 != 0) out += std::to_string(rest / 3600) + "H";
  if (rest / 60 % 60 != 0) out += std::to_string(rest / 60 % 60) + "M";
  if (rest % 60 != 0 || nanos != 0) {
    out += Number::from_scaled(static_cast<int64_t>(rest % 60) * kNanos + nanos, 9).to_text() + "S";
  }
  return out;
}

}  // namespace tongban::feel
