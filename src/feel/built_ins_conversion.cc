// Conversion (DMN 1.5 §10.3.4.1) and boolean (§10.3.4.2) functions.
#include "base/text.h"
#include "feel/built_ins.h"
#include "feel/temporal.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;

// Strict texts are read as people write them, with +08:00 where no offset stands; else as XML Schema has it.
Value read_date_time(const std::string& text, bool strict) {
  if (!strict) return date_time_from_text(text);
  const auto at = parse_date_time(text);
  return at ? Value::of(*at) : date_time_from_text(text);
}
Value read_time(const std::string& text, bool strict) {
  if (!strict) return time_from_text(text);
  const auto time = parse_time(text);
  return time ? Value::of(*time) : time_from_text(text);
}

Value make_date(Arguments a, Call&) {
  if (a.size() == 3) {
    const auto year = whole(a[0]);
    const auto month = whole(a[1]);
    const auto day = whole(a[2]);
    const auto made = year && month && day ? make_day(*year, *month, *day) : std::nullopt;
    return made ? Value::day(*made) : Value();
  }
  const Value& from = single(a[0]);
  switch (from.kind()) {
    case Kind::date:
      return from;
    case Kind::date_time:
      return property_of(from, "date");
    case Kind::text:
      return date_from_text(from.as_text());
    default:
      return {};
  }
}

std::optional<int64_t> nanos_of(const Value& hour, const Value& minute, const Value& second) {
  const auto h = whole(hour);
  const auto m = whole(minute);
  const Value* s = as(second, Kind::number);
  if (!h || !m || s == nullptr || *h < 0 || *h > 23 || *m < 0 || *m > 59) return std::nullopt;
  const std::optional<Number> nanos = Number::multiply(s->as_number(), kNanos);
  const std::optional<int64_t> in_minute = nanos ? nanos->rounded(0, Number::Rounding::down).to_int64() : std::nullopt;
  if (!in_minute || s->as_number().sign() < 0 || *in_minute >= 60 * kNanos) return std::nullopt;
  return (*h * 60 + *m) * 60 * kNanos + *in_minute;
}

// An offset as a duration; empty when it is none or too long.
std::optional<int32_t> offset_of(const Value& value) {
  const Value* duration = as(value, Kind::days_duration);
  if (duration == nullptr || duration->as_span().nanos != 0) return std::nullopt;
  const int64_t seconds = duration->as_span().seconds;
  if (seconds > kMaxOffset || seconds < -kMaxOffset) return std::nullopt;
  return static_cast<int32_t>(seconds);
}

Value make_time(Arguments a, Call& call) {
  if (a.size() >= 3) {
    const auto nanos = nanos_of(a[0], a[1], a[2]);
    if (!nanos) return {};
    if (!has(a, 3)) return clock_at(*nanos, kNoOffset, {});
    const auto offset = offset_of(a[3]);
    return offset ? clock_at(*nanos, *offset, {}) : Value();
  }
  const Value& from = single(a[0]);
  switch (from.kind()) {
    case Kind::time:
      return from;
    case Kind::date_time:
      return property_of(from, "time");
    case Kind::date:  // its midnight is that of UTC; packs live by one clock only
      return call.strict ? Value::of(Time{0}) : clock_at(0, 0, {});
    case Kind::text:
      return read_time(from.as_text(), call.strict);
    default:
      return {};
  }
}

// date and time(date, time)
Value join_date_time(const Value& date, const Value& time, bool strict) {
  const Value& from = single(date);
  const Value* clock = as(time, Kind::time);
  const Value day = from.kind() == Kind::date_time ? property_of(from, "date") : from;
  if (clock == nullptr || day.kind() != Kind::date) return {};
  const Clock at = clock->as_clock();
  const bool is_ours = strict && at.offset == kNoOffset && at.zone.empty();
  return moment_at_local(day.as_day() * kDaySeconds + at.nanos / kNanos, static_cast<int32_t>(at.nanos % kNanos),
                         is_ours ? static_cast<int32_t>(kLocalOffsetMs / 1000) : at.offset, at.zone);
}

// date and time(from, timezone): the same moment on another clock.
Value in_zone(const Value& from, const Value& zone) {
  const Value* moment = as(from, Kind::date_time);
  const Value* name = as(zone, Kind::text);
  if (moment == nullptr || name == nullptr || !is_zone(name->as_text())) return {};
  const Moment at = moment->as_moment();
  if (at.is_local()) return moment_at_local(at.seconds, at.nanos, kNoOffset, name->as_text());
  return Value::of(Moment{at.seconds, at.nanos, zone_offset_at(name->as_text(), at.seconds), name->as_text()});
}

Value make_date_time(Arguments a, Call& call) {
  if (a.size() >= 6) {
    const Value day = make_date(a.subspan(0, 3), call);
    const auto nanos = nanos_of(a[3], a[4], a[5]);
    if (day.is_null() || !nanos) return {};
    int32_t offset = call.strict ? static_cast<int32_t>(kLocalOffsetMs / 1000) : kNoOffset;
    std::string_view zone;
    if (has(a, 6)) {
      if (const Value* name = as(a[6], Kind::text)) {
        zone = name->as_text();
        if (!is_zone(zone)) return {};
      } else if (const Value* hours = as(a[6], Kind::number)) {
        const auto seconds = Number::multiply(hours->as_number(), 3600);
        const auto shift = seconds ? seconds->to_int64() : std::nullopt;
        if (!shift || *shift > kMaxOffset || *shift < -kMaxOffset) return {};
        offset = static_cast<int32_t>(*shift);
      } else if (const auto given = offset_of(a[6])) {
        offset = *given;
      } else {
        return {};
      }
    }
    return moment_at_local(day.as_day() * kDaySeconds + *nanos / kNanos, static_cast<int32_t>(*nanos % kNanos), offset,
                           zone);
  }
  if (a.size() == 2) {
    return as(a[1], Kind::text) != nullptr ? in_zone(a[0], a[1]) : join_date_time(a[0], a[1], call.strict);
  }
  const Value& from = single(a[0]);
  switch (from.kind()) {
    case Kind::date_time:
      return from;
    case Kind::date:
      return moment_at_local(from.as_day() * kDaySeconds, 0,
                             call.strict ? static_cast<int32_t>(kLocalOffsetMs / 1000) : 0, {});
    case Kind::text:
      return read_date_time(from.as_text(), call.strict);
    default:
      return {};
  }
}

Value make_duration(Arguments a, Call&) {
  const Value& from = single(a[0]);
  if (from.kind() == Kind::days_duration || from.kind() == Kind::months_duration) return from;
  return from.kind() == Kind::text ? parse_duration(from.as_text()) : Value();
}

// Whole months from the first day to the second, towards zero.
Value months_between(Arguments a, Call&) {
  const auto day_of_value = [](const Value& value) {
    const Value& one = single(value);
    return one.kind() == Kind::date_time ? property_of(one, "date") : one;
  };
  const Value from = day_of_value(a[0]);
  const Value to = day_of_value(a[1]);
  if (from.kind() != Kind::date || to.kind() != Kind::date) return {};
  const Civil x = civil_of(from.as_day());
  const Civil y = civil_of(to.as_day());
  int64_t months = (y.year - x.year) * 12 + y.month - x.month;
  if (months > 0 && y.day < x.day) --months;
  if (months < 0 && y.day > x.day) ++months;
  return Value::of(MonthsDuration{months});
}

Value make_string(Arguments a, Call& call) {
  if (a[0].is_null() || !call.spend(a[0].weight())) return {};
  return Value::text(to_feel_string(a[0]));
}

Value make_number(Arguments a, Call&) {
  const Value& from = single(a[0]);
  if (from.kind() == Kind::number && a.size() == 1) return from;
  if (from.kind() != Kind::text) return {};
  std::string text = from.as_text();
  const auto mark = [&](size_t i) -> std::optional<std::string> {
    if (!has(a, i)) return "";
    const Value* sign = as(a[i], Kind::text);
    if (sign == nullptr || sign->as_text().size() != 1) return std::nullopt;
    return sign->as_text();
  };
  const auto grouping = mark(1);
  const auto point = mark(2);
  if (!grouping || !point || (!grouping->empty() && *grouping == *point)) return {};
  if (!grouping->empty() && *grouping != " " && *grouping != "," && *grouping != ".") return {};
  if (!point->empty() && *point != "," && *point != ".") return {};
  if (!grouping->empty()) text = replace_all(text, *grouping, "");
  if (!point->empty() && *point != ".") {
    if (text.find('.') != std::string::npos) return {};
    text = replace_all(text, *point, ".");
  }
  // A numeric literal has no plus (grammar rule 37).
  return text.starts_with('+') ? Value() : number_or_null(Number::parse(text));
}

// Nothing but numbers, strings, @"…" and date("…") and its kin between the brackets of a range?
bool has_literal_ends(const std::string& text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\' ? 1 : 0;
    } else if (c == '(' && i > 0 && text.find_first_not_of(" \t\n", i + 1) != std::string::npos) {
      if (i + 1 < text.size() && text[text.find_first_not_of(" \t\n", i + 1)] != '"') {
        const std::string_view before = trim(std::string_view(text).substr(0, i));
        if (!before.empty()) return false;
      }
    } else if (c >= 'a' && c <= 'z') {
      size_t end = i;
      while (end < text.size() && text[end] >= 'a' && text[end] <= 'z') ++end;
      const std::string_view word = std::string_view(text).substr(i, end - i);
      if (word != "date" && word != "time" && word != "and" && word != "duration" && word != "e") return false;
      i = end - 1;
    } else if ((static_cast<unsigned char>(c) & 0x80) != 0 || c == '{' || c == '?' || c == '*' || c == '/') {
      return false;
    } else if ((c == '+' || c == '-') && i + 1 < text.size() && i > 0 && text[i - 1] != 'e' && text[i - 1] != 'E') {
      // A sign before a number, not an operator between two.
      const std::string_view before = trim(std::string_view(text).substr(0, i));
      if (c == '+' || before.empty() || std::string_view(".[(]").find(before.back()) == std::string_view::npos)
        return false;
    }
  }
  return true;
}

Value range_of_literals(const std::string& text, Call& call) {
  const Scope nothing;
  const Compiled compiled = compile(text, nothing, {.strict = call.strict});
  const std::optional<Value> value = compiled.expression ? compiled.expression->constant() : std::nullopt;
  return value && value->kind() == Kind::range ? *value : Value();
}

// range("[2..)") is >= 2, range("(..2)") is < 2: the end that is not written is open. Empty for another text.
std::optional<std::string> one_sided(std::string_view text) {
  text = trim(text);
  const size_t dots = text.find("..");
  if (text.size() < 4 || dots == std::string_view::npos) return std::nullopt;
  const std::string_view low = trim(text.substr(1, dots - 1));
  const std::string_view high = trim(text.substr(dots + 2, text.size() - dots - 3));
  const bool low_open = text.front() == '(' || text.front() == ']';
  const bool high_open = text.back() == ')' || text.back() == '[';
  if ((text.front() != '[' && !low_open) || (text.back() != ']' && !high_open)) return std::nullopt;
  if (low.empty() && !high.empty() && low_open)
    return std::string(high_open ? "(< " : "(<= ") + std::string(high) + ")";
  if (high.empty() && !low.empty() && high_open) return std::string(low_open ? "(> " : "(>= ") + std::string(low) + ")";
  return std::nullopt;
}

// range("[1..10)"): a range whose ends are literals, the first not above the second.
Value make_range(Arguments a, Call& call) {
  const Value* text = as(a[0], Kind::text);
  if (text == nullptr || !call.spend(text->as_text().size()) || !has_literal_ends(text->as_text())) return {};
  if (const std::optional<std::string> half = one_sided(text->as_text())) return range_of_literals(*half, call);
  Value value = range_of_literals(text->as_text(), call);
  if (value.is_null()) return {};
  const Range& range = value.as_range();
  if (range.form != Range::Form::interval || !range.low || !range.high) return {};
  const auto order = compare(*range.low, *range.high);
  return order && *order <= 0 ? value : Value();
}

Value logical_not(Arguments a, Call&) {
  const Value* value = as(a[0], Kind::boolean);
  return value != nullptr ? Value::of(!value->is_true()) : Value();
}

}  // namespace

Value at_literal(const std::string& text, bool strict) {
  if (Value date = date_from_text(text); !date.is_null()) return date;
  if (Value time = read_time(text, strict); !time.is_null()) return time;
  if (Value moment = read_date_time(text, strict); !moment.is_null()) return moment;
  return parse_duration(text);
}

void add_conversions(std::vector<BuiltIn>& table) {
  const Type any = Type::any();
  const Type number = Type::number();
  const Type text = Type::text();
  BuiltInMaker make{"10.3.4.1", table};
  make.add("date", {{"from", any}}, Type::date(), "The date written as 2021-02-05, or the day of a date and time.",
           make_date);
  make.add("date", {{"year", number}, {"month", number}, {"day", number}}, Type::date(),
           "The date of year, month and day.", make_date);
  make.add("date and time", {{"from", any}}, Type::date_time(),
           "The point in time written as 2021-02-05T09:30:00+08:00; in packs local time where no offset stands.",
           make_date_time);
  make.add("date and time", {{"date", any}, {"time", Type::time()}}, Type::date_time(),
           "The point in time of a day and a time.", make_date_time);
  make.add("date and time", {{"from", any}, {"timezone", text}}, Type::date_time(),
           "The same point in time on the clock of a zone of the IANA.", make_date_time);
  make.add(
      "date and time",
      {{"year", number}, {"month", number}, {"day", number}, {"hour", number}, {"minute", number}, {"second", number}},
      Type::date_time(), "The point in time of its parts.", make_date_time);
  make.add("date and time",
           {{"year", number},
            {"month", number},
            {"day", number},
            {"hour", number},
            {"minute", number},
            {"second", number},
            {"offset", any, true}},
           Type::date_time(), "The same with an offset, a duration or a number of hours.", make_date_time);
  make.add("date and time",
           {{"year", number},
            {"month", number},
            {"day", number},
            {"hour", number},
            {"minute", number},
            {"second", number},
            {"timezone", text, true}},
           Type::date_time(), "The same in a zone of the IANA.", make_date_time);
  make.add("time", {{"from", any}}, Type::time(), "The time of day written as 09:30:00, or that of a date and time.",
           make_time);
  make.add("time", {{"hour", number}, {"minute", number}, {"second", number}, {"offset", Type::days_duration(), true}},
           Type::time(), "The time of day of its parts, with an offset from UTC.", make_time);
  make.add("number", {{"from", any}, {"grouping separator", text, true}, {"decimal separator", text, true}}, number,
           "The number written in the text.", make_number);
  make.add("string", {{"from", any}}, text, "The value as text.", make_string);
  make.add("duration", {{"from", any}}, any, "The duration written as P5D, PT2H30M or P1Y2M.", make_duration);
  make.add("years and months duration", {{"from", any}, {"to", any}}, Type::months_duration(),
           "The whole months from one date to another.", months_between);
  make.add("range", {{"from", text}}, {Type::Kind::range, {}, {}}, "The range written in the text, as in [1..10).",
           make_range);
  BuiltInMaker boolean{"10.3.4.2", table};
  boolean.add("not", {{"negand", Type::boolean()}}, Type::boolean(), "True for false, false for true, else null.",
              logical_not);
}

}  // namespace tongban::feel
