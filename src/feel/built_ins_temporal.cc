// Comparing values of time (DMN 1.5 §10.3.4.6), temporal functions (§10.3.4.8) and the present time (§10.3.4.11), which
// comes from the evaluation's context.
#include "feel/built_ins.h"
#include "feel/temporal.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;

// The same value, not only the same point in time: a zone differs from the offset it has.
Value is_same(Arguments a, Call& call) {
  if (!call.spend(std::min(a[0].weight(), a[1].weight()))) return {};
  return Value::of(a[0] == a[1]);
}

std::optional<int64_t> day_of_value(const Value& value) {
  const Value& one = single(value);
  if (one.kind() == Kind::date) return one.as_day();
  if (one.kind() == Kind::date_time) return property_of(one, "date").as_day();
  return std::nullopt;
}

Value day_of_year(Arguments a, Call&) {
  const auto day = day_of_value(a[0]);
  return day ? Value::of(*day - day_of(civil_of(*day).year, 1, 1) + 1) : Value();
}
Value day_of_week(Arguments a, Call&) {
  constexpr const char* kNames[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  const auto day = day_of_value(a[0]);
  return day ? Value::text(kNames[weekday_of(*day) - 1]) : Value();
}
Value month_of_year(Arguments a, Call&) {
  constexpr const char* kNames[] = {"January", "February", "March",     "April",   "May",      "June",
                                    "July",    "August",   "September", "October", "November", "December"};
  const auto day = day_of_value(a[0]);
  return day ? Value::text(kNames[civil_of(*day).month - 1]) : Value();
}
Value week_of_year(Arguments a, Call&) {
  const auto day = day_of_value(a[0]);
  return day ? Value::of(iso_week(*day).week) : Value();
}

Value now(Arguments, Call& call) {
  return call.budget.context.has_now ? Value::of(DateTime{call.budget.context.now}) : Value();
}
Value today(Arguments, Call& call) {
  return call.budget.context.has_now ? Value::of(local_date(call.budget.context.now)) : Value();
}

}  // namespace

void add_temporals(std::vector<BuiltIn>& table) {
  const Type any = Type::any();
  BuiltInMaker same{"10.3.4.6", table};
  same.add("is", {{"value1", any}, {"value2", any}}, Type::boolean(),
           "Are the two the same value, zones and offsets included?", is_same)
      .names_null = true;
  BuiltInMaker make{"10.3.4.8", table};
  make.add("day of year", {{"date", any}}, Type::number(), "1 for the first of January.", day_of_year);
  make.add("day of week", {{"date", any}}, Type::text(), "\"Monday\" to \"Sunday\".", day_of_week);
  make.add("month of year", {{"date", any}}, Type::text(), "\"January\" to \"December\".", month_of_year);
  make.add("week of year", {{"date", any}}, Type::number(), "The week's number of ISO 8601.", week_of_year);
  BuiltInMaker present{"10.3.4.11", table};
  present.add("now", {}, Type::date_time(), "The act's time; null where none is given.", now).folds = false;
  present.add("today", {}, Type::date(), "The act's day in local time; null where none is given.", today).folds = false;
}

}  // namespace tongban::feel
