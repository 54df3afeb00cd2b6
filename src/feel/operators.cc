// The operators over values (DMN 1.5 §10.3.2.13, tables 50–55) and the properties of dates, durations and ranges (table
// 65), with their static types.
#include <algorithm>

#include "feel/code.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;

constexpr int64_t kMinMs = -62'135'596'800'000 - 86'400'000;  // about years 1 and 9999
constexpr int64_t kMaxMs = 253'402'300'800'000 + 86'400'000;

Value number_or_null(const std::optional<Number>& number) { return number ? Value::of(*number) : Value(); }

int64_t floor_div(int64_t a, int64_t b) { return a / b - ((a % b != 0 && (a % b < 0) != (b < 0)) ? 1 : 0); }

std::optional<int64_t> sum_of(int64_t a, int64_t b) {
  int64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

Value days_value(std::optional<int64_t> ms) { return ms ? Value::of(DaysDuration{*ms}) : Value(); }
Value months_value(std::optional<int64_t> months) { return months ? Value::of(MonthsDuration{*months}) : Value(); }

Value date_time_at(std::optional<int64_t> ms, int32_t offset) {
  return ms && *ms >= kMinMs && *ms <= kMaxMs ? Value::of(DateTime{Instant{*ms}, offset}) : Value();
}

Value date_plus_months(const Value& date, int64_t months) {
  const std::optional<Date> moved = add_months(date.as_date(), months);
  return moved ? Value::of(*moved) : Value();
}

// The civil day and the time of day as written, with the value's own offset.
struct Written {
  Date date;
  int64_t ms_of_day;
};
Written written(const DateTime& value) {
  const int64_t local = value.at.ms + int64_t{value.offset_minutes} * 60'000;
  const int64_t days = floor_div(local, kDayMs);
  return {Date{static_cast<int32_t>(days)}, local - days * kDayMs};
}

Value add_duration(const Value& point, const Value& duration, int sign) {
  if (duration.kind() == Kind::months_duration) {
    const int64_t months = duration.as_months_duration().months * sign;
    if (point.kind() == Kind::date) return date_plus_months(point, months);
    if (point.kind() == Kind::date_time) {
      const DateTime value = point.as_date_time();
      const Written old = written(value);
      const std::optional<Date> date = add_months(old.date, months);
      if (!date) return {};
      return Value::of(DateTime{Instant{value.at.ms + (*date - old.date) * kDayMs}, value.offset_minutes});
    }
    return {};
  }
  const int64_t ms = duration.as_days_duration().ms;
  if (ms == INT64_MIN) return {};
  if (point.kind() == Kind::date) {
    const int64_t days = point.as_date().days + floor_div(ms * sign, kDayMs);
    if (days < INT32_MIN || days > INT32_MAX || !is_supported(Date{static_cast<int32_t>(days)})) return {};
    return Value::of(Date{static_cast<int32_t>(days)});
  }
  if (point.kind() == Kind::date_time) {
    const DateTime value = point.as_date_time();
    return date_time_at(sum_of(value.at.ms, ms * sign), value.offset_minutes);
  }
  if (point.kind() == Kind::time) {
    const int64_t in_day = (point.as_time().ms_of_day + ms % kDayMs * sign) % kDayMs;
    return Value::of(Time{in_day < 0 ? in_day + kDayMs : in_day});
  }
  return {};
}

bool is_duration(Kind kind) { return kind == Kind::days_duration || kind == Kind::months_duration; }

Value plus(const Value& a, const Value& b) {
  const Kind x = a.kind();
  const Kind y = b.kind();
  if (x == Kind::number && y == Kind::number) return number_or_null(Number::add(a.as_number(), b.as_number()));
  if (x == Kind::text && y == Kind::text) return Value::text(a.as_text() + b.as_text());
  if (is_duration(x) && x == y) {
    return x == Kind::days_duration
               ? days_value(sum_of(a.as_days_duration().ms, b.as_days_duration().ms))
               : months_value(sum_of(a.as_months_duration().months, b.as_months_duration().months));
  }
  if (is_duration(y)) return add_duration(a, b, 1);
  if (is_duration(x)) return add_duration(b, a, 1);
  return {};
}

Value minus(const Value& a, const Value& b) {
  const Kind x = a.kind();
  const Kind y = b.kind();
  if (x == Kind::number && y == Kind::number) return number_or_null(Number::subtract(a.as_number(), b.as_number()));
  if (is_duration(x) && x == y) return plus(a, negate(b));
  if (x == Kind::date && y == Kind::date) return Value::of(DaysDuration{(a.as_date() - b.as_date()) * kDayMs});
  if (x == Kind::date_time && y == Kind::date_time) {
    return Value::of(DaysDuration{a.as_date_time().at.ms - b.as_date_time().at.ms});
  }
  if (x == Kind::time && y == Kind::time) return Value::of(DaysDuration{a.as_time().ms_of_day - b.as_time().ms_of_day});
  if (is_duration(y)) return add_duration(a, b, -1);
  return {};
}

int64_t amount_of(const Value& duration) {
  return duration.kind() == Kind::days_duration ? duration.as_days_duration().ms : duration.as_months_duration().months;
}

Value scaled(const Value& duration, const std::optional<Number>& amount) {
  if (!amount) return {};
  const std::optional<int64_t> whole = amount->rounded(0, Number::Rounding::down).to_int64();
  if (!whole) return {};
  return duration.kind() == Kind::days_duration ? Value::of(DaysDuration{*whole}) : Value::of(MonthsDuration{*whole});
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

bool is_supported(Date date) {
  static const Date kFirst = Date::from(1, 1, 1);
  static const Date kLast = Date::from(9999, 12, 31);
  return date >= kFirst && date <= kLast;
}

std::optional<Date> add_months(Date date, int64_t months) {
  constexpr int64_t kMost = 12 * 10'000;
  if (months > kMost || months < -kMost) return std::nullopt;
  const YearMonthDay civil = date.civil();
  const int64_t month_count = int64_t{civil.year} * 12 + civil.month - 1 + months;
  const int64_t year = floor_div(month_count, 12);
  const int64_t month = month_count - year * 12 + 1;
  if (year < 1 || year > 9999) return std::nullopt;
  const int day = std::min(civil.day, days_in_month(year, month));
  return Date::from(static_cast<int32_t>(year), static_cast<int32_t>(month), day);
}

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
      if (value.as_days_duration().ms == INT64_MIN) return {};
      return Value::of(DaysDuration{-value.as_days_duration().ms});
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

Value property_of(const Value& value, std::string_view name) {
  const auto of_date = [&](Date date) -> Value {
    const YearMonthDay civil = date.civil();
    if (name == "year") return Value::of(civil.year);
    if (name == "month") return Value::of(civil.month);
    if (name == "day") return Value::of(civil.day);
    if (name == "weekday") return Value::of(date.weekday());
    return {};
  };
  const auto of_time = [&](int64_t ms) -> Value {
    if (name == "hour") return Value::of(ms / 3'600'000);
    if (name == "minute") return Value::of(ms / 60'000 % 60);
    if (name == "second") return Value::of(Number::from_scaled(ms % 60'000, 3));
    return {};
  };
  switch (value.kind()) {
    case Kind::date:
      return of_date(value.as_date());
    case Kind::time:
      return of_time(value.as_time().ms_of_day);
    case Kind::date_time: {
      const DateTime at = value.as_date_time();
      const Written w = written(at);
      if (name == "date") return Value::of(w.date);
      if (name == "time") return Value::of(Time{w.ms_of_day});
      if (name == "time offset") return Value::of(DaysDuration{int64_t{at.offset_minutes} * 60'000});
      Value found = of_date(w.date);
      return found.is_null() ? of_time(w.ms_of_day) : found;
    }
    case Kind::days_duration: {
      const int64_t ms = value.as_days_duration().ms;
      if (name == "days") return Value::of(ms / kDayMs);
      if (name == "hours") return Value::of(ms % kDayMs / 3'600'000);
      if (name == "minutes") return Value::of(ms % 3'600'000 / 60'000);
      if (name == "seconds") return Value::of(Number::from_scaled(ms % 60'000, 3));
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
      if (name == "start") return range.low ? *range.low : Value();
      if (name == "end") return range.high ? *range.high : Value();
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
      return {"hour", "minute", "second"};
    case TypeKind::date_time:
      return {"year", "month", "day", "weekday", "hour", "minute", "second", "date", "time offset", "time"};
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
