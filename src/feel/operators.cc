// The operators over values (DMN 1.5 §10.3.2.13, tables 50–55) and the properties of dates, durations and ranges (table
// 65), with their static types.
#include <algorithm>

#include "feel/code.h"
#include "feel/temporal.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;

Value number_or_null(const std::optional<Number>& number) { return number ? Value::of(*number) : Value(); }

std::optional<int64_t> sum_of(int64_t a, int64_t b) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

Value months_value(std::optional<int64_t> months) { return months ? Value::of(MonthsDuration{*months}) : Value(); }

// seconds + nanos / 10^9, where nanos may be of any sign and size.
std::optional<Span> span_of(std::optional<int64_t> seconds, int64_t nanos) {
  const int64_t carry = floor_div(nanos, kNanos);
  const std::optional<int64_t> whole = seconds ? sum_of(*seconds, carry) : std::nullopt;
  // The least is left out, so that every span has its negative.
  if (!whole || *whole <= INT64_MIN + 1) return std::nullopt;
  return Span{*whole, static_cast<int32_t>(nanos - carry * kNanos)};
}
std::optional<Span> sum_of(const Span& a, const Span& b) {
  return span_of(sum_of(a.seconds, b.seconds), int64_t{a.nanos} + b.nanos);
}
Value span_value(const std::optional<Span>& span) { return span ? Value::of(*span) : Value(); }

Value plus_months_of(const Value& point, int64_t months) {
  if (point.kind() == Kind::date) {
    const std::optional<int64_t> day = plus_months(point.as_day(), months);
    return day ? Value::day(*day) : Value();
  }
  if (point.kind() != Kind::date_time) return {};
  const Moment moment = point.as_moment();
  const int64_t local = moment.local_seconds();
  const int64_t day = floor_div(local, kDaySeconds);
  const std::optional<int64_t> moved = plus_months(day, months);
  if (!moved) return {};
  return moment_at_local(local + (*moved - day) * kDaySeconds, moment.nanos, moment.offset, moment.zone);
}

Value plus_span(const Value& point, const Span& span) {
  switch (point.kind()) {
    case Kind::date: {
      const std::optional<int64_t> seconds = sum_of(point.as_day() * kDaySeconds, span.seconds);
      return seconds ? Value::day(floor_div(*seconds, kDaySeconds)) : Value();
    }
    case Kind::date_time: {
      const Moment moment = point.as_moment();
      const std::optional<Span> moved = sum_of(Span{moment.seconds, moment.nanos}, span);
      if (!moved || !is_supported_day(floor_div(moved->seconds, kDaySeconds))) return {};
      const int32_t offset = moment.zone.empty() ? moment.offset : zone_offset_at(moment.zone, moved->seconds);
      return Value::of(Moment{moved->seconds, moved->nanos, offset, moment.zone});
    }
    case Kind::time: {
      const Clock clock = point.as_clock();
      const int64_t in_day = span.seconds % kDaySeconds * kNanos + span.nanos;
      const int64_t nanos = (clock.nanos + in_day) % kDayNanos;
      return Value::of(Clock{nanos < 0 ? nanos + kDayNanos : nanos, clock.offset, clock.zone});
    }
    default:
      return {};
  }
}

Value add_duration(const Value& point, const Value& duration, bool forward) {
  if (duration.kind() == Kind::months_duration) {
    const int64_t months = duration.as_months_duration().months;
    return months == INT64_MIN ? Value() : plus_months_of(point, forward ? months : -months);
  }
  const Span span = duration.as_span();
  return plus_span(point, forward ? span : negated(span));
}

bool is_duration(Kind kind) { return kind == Kind::days_duration || kind == Kind::months_duration; }

Value plus(const Value& a, const Value& b) {
  const Kind x = a.kind();
  const Kind y = b.kind();
  if (x == Kind::number && y == Kind::number) return number_or_null(Number::add(a.as_number(), b.as_number()));
  if (x == Kind::text && y == Kind::text) return Value::text(a.as_text() + b.as_text());
  if (is_duration(x) && x == y) {
    return x == Kind::days_duration
               ? span_value(sum_of(a.as_span(), b.as_span()))
               : months_value(sum_of(a.as_months_duration().months, b.as_months_duration().months));
  }
  if (is_duration(y)) return add_duration(a, b, true);
  if (is_duration(x)) return add_duration(b, a, true);
  return {};
}

// Two points of time; a date among date and times is its UTC midnight (§10.3.2.3.5). One with and one without an offset
// have no distance.
Value between(const Value& a, const Value& b) {
  const auto moment_of = [](const Value& value) {
    return value.kind() == Kind::date ? Moment{value.as_day() * kDaySeconds, 0, 0, {}} : value.as_moment();
  };
  const Moment x = moment_of(a);
  const Moment y = moment_of(b);
  if (x.is_local() != y.is_local()) return {};
  return span_value(span_of(x.seconds - y.seconds, int64_t{x.nanos} - y.nanos));
}

Value minus(const Value& a, const Value& b) {
  const Kind x = a.kind();
  const Kind y = b.kind();
  const auto is_point = [](Kind kind) { return kind == Kind::date || kind == Kind::date_time; };
  if (x == Kind::number && y == Kind::number) return number_or_null(Number::subtract(a.as_number(), b.as_number()));
  if (is_duration(x) && x == y) return plus(a, negate(b));
  if (x == Kind::date && y == Kind::date) return Value::of(Span{(a.as_day() - b.as_day()) * kDaySeconds, 0});
  if (is_point(x) && is_point(y)) return between(a, b);
  if (x == Kind::time && y == Kind::time) {
    const Clock p = a.as_clock();
    const Clock q = b.as_clock();
    if ((p.offset == kNoOffset) != (q.offset == kNoOffset)) return {};
    const int64_t shift = p.offset == kNoOffset ? 0 : (p.offset - q.offset) * kNanos;
    return span_value(span_of(0, p.nanos - q.nanos - shift));
  }
  if (is_duration(y)) return add_duration(a, b, false);
  return {};
}

// The length in seconds or months, exact.
Number amount_of(const Value& duration) {
  if (duration.kind() == Kind::months_duration) return duration.as_months_duration().months;
  const Span span = duration.as_span();
  return Number::add(span.seconds, Number::from_scaled(span.nanos, 9)).value_or(Number());
}

// Months are cut to whole ones towards zero, seconds to nanoseconds.
Value scaled(const Value& duration, const std::optional<Number>& amount) {
  if (!amount) return {};
  if (duration.kind() == Kind::months_duration)
    return months_value(amount->rounded(0, Number::Rounding::down).to_int64());
  const Number seconds = amount->rounded(0, Number::Rounding::floor);
  const std::optional<int64_t> whole = seconds.to_int64();
  const std::optional<Number> rest = Number::subtract(*amount, seconds);
  if (!whole || !rest) return {};
  const std::optional<Number> nanos = Number::multiply(*rest, kNanos);
  const std::optional<int64_t> part = nanos ? nanos->rounded(0, Number::Rounding::down).to_int64() : std::nullopt;
  return part ? span_value(span_of(*whole, *part)) : Value();
}

Value times(const Value& a, const Value& b) {
  if (a.kind() == Kind::number && b.kind() == Kind::number)
    return number_or_null(Number::multiply(a.as_number(), b.as_number()));
  if (is_duration(a.kind()) && b.kind() == Kind::number)
    return scaled(a, Number::multiply(amount_of(a), b.as_number()));
  if (is_duration(b.kind()) && a.kind() == Kind::number)
    return scaled(b, Number::multiply(amount_of(b), a.as_number()));
  return {};
}

Value divided(const Value& a, const Value& b) {
  if (a.kind() == Kind::number && b.kind() == Kind::number)
    return number_or_null(Number::divide(a.as_number(), b.as_number()));
  if (is_duration(a.kind()) && b.kind() == Kind::number) return scaled(a, Number::divide(amount_of(a), b.as_number()));
  if (is_duration(a.kind()) && a.kind() == b.kind()) return number_or_null(Number::divide(amount_of(a), amount_of(b)));
  return {};
}

using TypeKind = Type::Kind;
bool is_duration(TypeKind kind) { return kind == TypeKind::days_duration || kind == TypeKind::months_duration; }
bool is_point(TypeKind kind) { return kind == TypeKind::date || kind == TypeKind::time || kind == TypeKind::date_time; }
bool takes(TypeKind point, TypeKind duration) {
  return is_point(point) && is_duration(duration) &&
         !(point == TypeKind::time && duration == TypeKind::months_duration);
}
// What one unknown operand could be so that the operation makes sense: nothing is known of the result then.
bool is_operand(Op op, TypeKind kind) {
  switch (op) {
    case Op::add:
      return kind == TypeKind::number || kind == TypeKind::text || is_duration(kind) || is_point(kind);
    case Op::subtract:
      return kind == TypeKind::number || is_duration(kind) || is_point(kind);
    case Op::multiply:
    case Op::divide:
      return kind == TypeKind::number || is_duration(kind);
    default:
      return kind == TypeKind::number;
  }
}

}  // namespace

Value calculate(Op op, const Value& a, const Value& b) {
  switch (op) {
    case Op::add:
      return plus(a, b);
    case Op::subtract:
      return minus(a, b);
    case Op::multiply:
      return times(a, b);
    case Op::divide:
      return divided(a, b);
    case Op::power:
      if (a.kind() != Kind::number || b.kind() != Kind::number) return {};
      return number_or_null(Number::power(a.as_number(), b.as_number()));
    default:
      return {};
  }
}

Value negate(const Value& value) {
  switch (value.kind()) {
    case Kind::number:
      return Value::of(value.as_number().negated());
    case Kind::days_duration:
      if (value.as_span().seconds <= INT64_MIN + 1) return {};
      return Value::of(negated(value.as_span()));
    case Kind::months_duration:
      if (value.as_months_duration().months == INT64_MIN) return {};
      return Value::of(MonthsDuration{-value.as_months_duration().months});
    default:
      return {};
  }
}

Value compare_by(Op op, const Value& a, const Value& b) {
  if (op == Op::equal || op == Op::not_equal) {
    const std::optional<bool> same = equals(a, b);
    return same ? Value::of(*same == (op == Op::equal)) : Value();
  }
  const auto order = compare(a, b);
  if (!order) return {};
  switch (op) {
    case Op::less:
      return Value::of(*order < 0);
    case Op::less_equal:
      return Value::of(*order <= 0);
    case Op::greater:
      return Value::of(*order > 0);
    default:
      return Value::of(*order >= 0);
  }
}

namespace {

Value property_of_day(int64_t day, std::string_view name) {
  const Civil civil = civil_of(day);
  if (name == "year") return Value::of(civil.year);
  if (name == "month") return Value::of(civil.month);
  if (name == "day") return Value::of(civil.day);
  if (name == "weekday") return Value::of(weekday_of(day));
  return {};
}

Value property_of_clock(int64_t nanos, int32_t offset, std::string_view zone, std::string_view name) {
  if (name == "hour") return Value::of(nanos / kNanos / 3600);
  if (name == "minute") return Value::of(nanos / kNanos / 60 % 60);
  if (name == "second") return Value::of(Number::from_scaled(nanos % (60 * kNanos), 9));
  if (name == "time offset") return offset == kNoOffset ? Value() : Value::of(Span{offset, 0});
  if (name == "timezone") return zone.empty() ? Value() : Value::text(std::string(zone));
  return {};
}

}  // namespace

Value property_of(const Value& value, std::string_view name) {
  switch (value.kind()) {
    case Kind::date:
      return property_of_day(value.as_day(), name);
    case Kind::time: {
      const Clock clock = value.as_clock();
      return property_of_clock(clock.nanos, clock.offset, clock.zone, name);
    }
    case Kind::date_time: {
      const Moment moment = value.as_moment();
      const int64_t local = moment.local_seconds();
      const int64_t day = floor_div(local, kDaySeconds);
      const int64_t nanos = (local - day * kDaySeconds) * kNanos + moment.nanos;
      if (name == "date") return Value::day(day);
      if (name == "time") return Value::of(Clock{nanos, moment.offset, moment.zone});
      Value found = property_of_day(day, name);
      return found.is_null() ? property_of_clock(nanos, moment.offset, moment.zone, name) : found;
    }
    case Kind::days_duration: {
      const Span span = value.as_span();
      const bool negative = span.seconds < 0;
      const Span length = negative ? negated(span) : span;
      const int64_t sign = negative ? -1 : 1;
      if (name == "days") return Value::of(sign * (length.seconds / kDaySeconds));
      if (name == "hours") return Value::of(sign * (length.seconds % kDaySeconds / 3600));
      if (name == "minutes") return Value::of(sign * (length.seconds % 3600 / 60));
      if (name == "seconds")
        return Value::of(Number::from_scaled(sign * (length.seconds % 60 * kNanos + length.nanos), 9));
      return {};
    }
    case Kind::months_duration: {
      const int64_t months = value.as_months_duration().months;
      if (name == "years") return Value::of(months / 12);
      if (name == "months") return Value::of(months % 12);
      return {};
    }
    case Kind::range: {
      const Range& range = value.as_range();
      const bool has_ends = range.form != Range::Form::not_equal;
      if (name == "start") return range.low && has_ends ? *range.low : Value();
      if (name == "end") return range.high && has_ends ? *range.high : Value();
      if (name == "start included") return Value::of(range.low && !range.low_open);
      if (name == "end included") return Value::of(range.high && !range.high_open);
      return {};
    }
    default:
      return {};
  }
}

std::vector<std::string> property_names(Type::Kind kind) {
  switch (kind) {
    case TypeKind::date:
      return {"year", "month", "day", "weekday"};
    case TypeKind::time:
      return {"hour", "minute", "second", "time offset", "timezone"};
    case TypeKind::date_time:
      return {"year", "month", "day", "weekday", "hour", "minute", "second", "date", "time offset", "timezone", "time"};
    case TypeKind::days_duration:
      return {"days", "hours", "minutes", "seconds"};
    case TypeKind::months_duration:
      return {"years", "months"};
    case TypeKind::range:
      return {"start included", "end included", "start", "end"};
    default:
      return {};
  }
}

std::optional<Type> property_type(const Type& type, std::string_view name) {
  const std::vector<std::string> names = property_names(type.kind);
  if (std::find(names.begin(), names.end(), name) == names.end()) return std::nullopt;
  if (name == "date") return Type::date();
  if (name == "time") return Type::time();
  if (name == "time offset") return Type::days_duration();
  if (name == "timezone") return Type::text();
  if (name == "start included" || name == "end included") return Type::boolean();
  if (type.kind == TypeKind::range) return type.element ? *type.element : Type::any();
  return Type::number();
}

std::optional<Type> result_type(Op op, const Type& a, const Type& b) {
  const TypeKind x = a.kind;
  const TypeKind y = b.kind;
  if (x == TypeKind::any && y == TypeKind::any) return op == Op::power ? Type::number() : Type::any();
  if (x == TypeKind::any || y == TypeKind::any) {
    const TypeKind known = x == TypeKind::any ? y : x;
    if (!is_operand(op, known)) return std::nullopt;
    if (op == Op::power) return Type::number();
    if (op == Op::add && known == TypeKind::text) return Type::text();
    return Type::any();
  }
  if (x == TypeKind::number && y == TypeKind::number) return Type::number();
  switch (op) {
    case Op::add:
      if (x == TypeKind::text && y == TypeKind::text) return a;
      if (is_duration(x) && x == y) return a;
      if (takes(x, y)) return a;
      if (takes(y, x)) return b;
      return std::nullopt;
    case Op::subtract:
      if (is_duration(x) && x == y) return a;
      if (is_point(x) && x == y) return Type::days_duration();
      if (is_point(x) && is_point(y) && x != TypeKind::time && y != TypeKind::time) return Type::days_duration();
      if (takes(x, y)) return a;
      return std::nullopt;
    case Op::multiply:
      if (is_duration(x) && y == TypeKind::number) return a;
      if (is_duration(y) && x == TypeKind::number) return b;
      return std::nullopt;
    case Op::divide:
      if (is_duration(x) && y == TypeKind::number) return a;
      if (is_duration(x) && x == y) return Type::number();
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

bool are_comparable(const Type& a, const Type& b) {
  return a.kind == TypeKind::any || b.kind == TypeKind::any || a.kind == TypeKind::null || b.kind == TypeKind::null ||
         a.kind == b.kind;
}

}  // namespace tongban::feel
