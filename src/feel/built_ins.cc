// The built-in functions (DMN 1.5 §10.3.4) as a table: name, parameters, types, sentence, chapter, code. Arguments
// arrive as the evaluator found them; a wrong kind gives null (strict compiling has refused what is known to be wrong).
#include <algorithm>

#include "base/text.h"
#include "feel/code.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;
using Arguments = std::span<const Value>;

Value number_or_null(const std::optional<Number>& number) { return number ? Value::of(*number) : Value(); }

// A list of one where a single value is wanted is that value (§10.3.2.9.4).
const Value& single(const Value& value, Kind wanted) {
  if (value.kind() == Kind::list && wanted != Kind::list && value.as_list().size() == 1) return value.as_list()[0];
  return value;
}
const Value* as(const Value& value, Kind wanted) {
  const Value& one = single(value, wanted);
  return one.kind() == wanted ? &one : nullptr;
}
bool has(Arguments a, size_t i) { return i < a.size() && !a[i].is_null(); }

// The list argument; a single value is a list of one. Null stays null.
std::optional<List> list_of(const Value& value) {
  if (value.is_null()) return std::nullopt;
  if (value.kind() == Kind::list) return value.as_list();
  return List{value};
}
// count(1, 2, 3) and count([1, 2, 3]).
std::optional<List> variadic_list(Arguments a) {
  if (a.size() == 1) return list_of(a[0]);
  return List(a.begin(), a.end());
}

std::optional<int64_t> whole(const Value& value) {
  const Value* number = as(value, Kind::number);
  return number != nullptr ? number->as_number().to_int64() : std::nullopt;
}

// ---- conversion (§10.3.4.1)

Value make_date(Arguments a, Call&) {
  if (a.size() == 3) {
    const auto year = whole(a[0]);
    const auto month = whole(a[1]);
    const auto day = whole(a[2]);
    if (!year || !month || !day || *year < 1 || *year > 9999 || !is_valid_day(*year, *month, *day)) return {};
    return Value::of(Date::from(static_cast<int32_t>(*year), static_cast<int32_t>(*month), static_cast<int32_t>(*day)));
  }
  const Value& from = single(a[0], Kind::text);
  switch (from.kind()) {
    case Kind::date:
      return from;
    case Kind::date_time:
      return property_of(from, "date");
    case Kind::text: {
      const Result<Date> date = parse_date(from.as_text());
      return date.ok() ? Value::of(date.value()) : Value();
    }
    default:
      return {};
  }
}

Value make_date_time(Arguments a, Call&) {
  const Value& from = single(a[0], Kind::text);
  if (a.size() == 2) {
    const Value* time = as(a[1], Kind::time);
    if (time == nullptr) return {};
    const Value date = from.kind() == Kind::date_time ? property_of(from, "date") : from;
    if (date.kind() != Kind::date) return {};
    return Value::of(DateTime{start_of_day(date.as_date()).plus_ms(time->as_time().ms_of_day)});
  }
  switch (from.kind()) {
    case Kind::date_time:
      return from;
    case Kind::date:
      return Value::of(DateTime{start_of_day(from.as_date())});
    case Kind::text: {
      const auto at = parse_date_time(from.as_text());
      return at ? Value::of(*at) : Value();
    }
    default:
      return {};
  }
}

Value make_time(Arguments a, Call&) {
  if (a.size() >= 3) {
    const auto hour = whole(a[0]);
    const auto minute = whole(a[1]);
    const Value* second = as(a[2], Kind::number);
    if (!hour || !minute || second == nullptr || *hour < 0 || *hour > 23 || *minute < 0 || *minute > 59) return {};
    const std::optional<Number> ms = Number::multiply(second->as_number(), 1000);
    const std::optional<int64_t> in_minute = ms ? ms->rounded(0, Number::Rounding::down).to_int64() : std::nullopt;
    if (!in_minute || *in_minute < 0 || *in_minute >= 60'000) return {};
    return Value::of(Time{(*hour * 60 + *minute) * 60'000 + *in_minute});
  }
  const Value& from = single(a[0], Kind::text);
  switch (from.kind()) {
    case Kind::time:
      return from;
    case Kind::date_time:
      return property_of(from, "time");
    case Kind::date:
      return Value::of(Time{0});
    case Kind::text: {
      const auto time = parse_time(from.as_text());
      return time ? Value::of(*time) : Value();
    }
    default:
      return {};
  }
}

Value make_duration(Arguments a, Call&) {
  const Value& from = single(a[0], Kind::text);
  if (from.kind() == Kind::days_duration || from.kind() == Kind::months_duration) return from;
  return from.kind() == Kind::text ? parse_duration(from.as_text()) : Value();
}

// Whole months from the first day to the second, towards zero.
Value months_between(Arguments a, Call&) {
  const auto day_of = [](const Value& value) {
    return value.kind() == Kind::date_time ? property_of(value, "date") : value;
  };
  const Value from = day_of(a[0]);
  const Value to = day_of(a[1]);
  if (from.kind() != Kind::date || to.kind() != Kind::date) return {};
  const YearMonthDay x = from.as_date().civil();
  const YearMonthDay y = to.as_date().civil();
  int64_t months = (int64_t{y.year} - x.year) * 12 + y.month - x.month;
  if (months > 0 && y.day < x.day) --months;
  if (months < 0 && y.day > x.day) ++months;
  return Value::of(MonthsDuration{months});
}

Value make_string(Arguments a, Call&) {
  const Value& value = a[0];
  switch (value.kind()) {
    case Kind::null:
      return {};
    case Kind::text:
      return value;
    case Kind::date:
      return Value::text(tongban::to_text(value.as_date()));
    case Kind::time:
      return Value::text(to_text(value.as_time()));
    case Kind::date_time:
      return Value::text(to_text(value.as_date_time()));
    case Kind::days_duration:
      return Value::text(to_text(value.as_days_duration()));
    case Kind::months_duration:
      return Value::text(to_text(value.as_months_duration()));
    default:
      return Value::text(value.to_text());
  }
}

Value make_number(Arguments a, Call&) {
  const Value& from = single(a[0], Kind::text);
  if (from.kind() == Kind::number) return from;
  if (from.kind() != Kind::text) return {};
  std::string text = from.as_text();
  const auto mark = [&](size_t i) -> std::optional<std::string> {
    if (!has(a, i)) return "";
    if (a[i].kind() != Kind::text || a[i].as_text().size() != 1) return std::nullopt;
    return a[i].as_text();
  };
  const auto grouping = mark(1);
  const auto point = mark(2);
  if (!grouping || !point || (!grouping->empty() && *grouping == *point)) return {};
  if (!grouping->empty() && *grouping != " " && *grouping != "," && *grouping != ".") return {};
  if (!point->empty() && *point != "," && *point != ".") return {};
  if (!grouping->empty()) text = replace_all(text, *grouping, "");
  if (!point->empty() && *point != ".") text = replace_all(text, *point, ".");
  return number_or_null(Number::parse(text));
}

// ---- boolean (§10.3.4.2)

Value logical_not(Arguments a, Call&) {
  const Value* value = as(a[0], Kind::boolean);
  return value != nullptr ? Value::of(!value->is_true()) : Value();
}

// ---- strings (§10.3.4.3)

Value substring(Arguments a, Call&) {
  const Value* text = as(a[0], Kind::text);
  const auto start = whole(a[1]);
  if (text == nullptr || !start || *start == 0) return {};
  const std::vector<char32_t> points = to_code_points(text->as_text());
  const auto size = static_cast<int64_t>(points.size());
  int64_t first = *start > 0 ? *start - 1 : size + *start;
  if (first < 0 || first >= size) return *start > 0 ? Value::text("") : Value();
  int64_t count = size - first;
  if (has(a, 2)) {
    const auto length = whole(a[2]);
    if (!length || *length < 1) return {};
    count = std::min(count, *length);
  }
  std::string out;
  for (int64_t i = first; i < first + count; ++i) append_utf8(out, points[static_cast<size_t>(i)]);
  return Value::text(std::move(out));
}

Value string_length(Arguments a, Call&) {
  const Value* text = as(a[0], Kind::text);
  return text != nullptr ? Value::of(static_cast<int64_t>(count_characters(text->as_text()))) : Value();
}

// ASCII letters; other scripts of the product's texts have no case.
template <char first, char last, int shift>
Value change_case(Arguments a, Call&) {
  const Value* text = as(a[0], Kind::text);
  if (text == nullptr) return {};
  std::string out = text->as_text();
  for (char& c : out) {
    if (c >= first && c <= last) c = static_cast<char>(c + shift);
  }
  return Value::text(std::move(out));
}

template <class F>
Value of_two_texts(Arguments a, F f) {
  const Value* text = as(a[0], Kind::text);
  const Value* other = as(a[1], Kind::text);
  return text != nullptr && other != nullptr ? f(text->as_text(), other->as_text()) : Value();
}
Value contains_text(Arguments a, Call&) {
  return of_two_texts(
      a, [](const std::string& x, const std::string& y) { return Value::of(x.find(y) != std::string::npos); });
}
Value starts_with(Arguments a, Call&) {
  return of_two_texts(a, [](const std::string& x, const std::string& y) { return Value::of(x.starts_with(y)); });
}
Value ends_with(Arguments a, Call&) {
  return of_two_texts(a, [](const std::string& x, const std::string& y) { return Value::of(x.ends_with(y)); });
}
Value substring_before(Arguments a, Call&) {
  return of_two_texts(a, [](const std::string& x, const std::string& y) {
    const size_t at = x.find(y);
    return Value::text(at == std::string::npos ? "" : x.substr(0, at));
  });
}
Value substring_after(Arguments a, Call&) {
  return of_two_texts(a, [](const std::string& x, const std::string& y) {
    const size_t at = x.find(y);
    return Value::text(at == std::string::npos ? "" : x.substr(at + y.size()));
  });
}
Value string_join(Arguments a, Call& call) {
  const std::optional<List> list = list_of(a[0]);
  if (!list) return {};
  std::string delimiter;
  if (has(a, 1)) {
    const Value* text = as(a[1], Kind::text);
    if (text == nullptr) return {};
    delimiter = text->as_text();
  }
  std::string out;
  bool first = true;
  for (const Value& item : *list) {
    if (item.is_null()) continue;
    if (item.kind() != Kind::text || !call.spend(1 + item.as_text().size() / 64)) return {};
    if (!first) out += delimiter;
    first = false;
    out += item.as_text();
  }
  return Value::text(std::move(out));
}

// ---- lists (§10.3.4.4)

Value list_contains(Arguments a, Call& call) {
  const std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size())) return {};
  return Value::of(
      std::any_of(list->begin(), list->end(), [&](const Value& item) { return equals(item, a[1]) == true; }));
}
Value count(Arguments a, Call&) {
  if (a[0].is_null()) return {};
  return Value::of(static_cast<int64_t>(a[0].kind() == Kind::list ? a[0].as_list().size() : 1));
}
template <int sign>
Value extreme(Arguments a, Call& call) {
  const std::optional<List> list = variadic_list(a);
  if (!list || list->empty() || !call.spend(list->size())) return {};
  Value best = (*list)[0];
  if (!compare(best, best)) return {};
  for (const Value& item : *list) {
    const auto order = compare(item, best);
    if (!order) return {};
    if (sign > 0 ? *order > 0 : *order < 0) best = item;
  }
  return best;
}
template <Op op>
Value accumulate(Arguments a, Call& call) {
  const std::optional<List> list = variadic_list(a);
  if (!list || list->empty() || !call.spend(list->size())) return {};
  Value total = (*list)[0];
  if (total.kind() != Kind::number && !(op == Op::add && total.kind() == Kind::days_duration)) return {};
  for (size_t i = 1; i < list->size(); ++i) {
    if ((*list)[i].kind() != total.kind()) return {};
    total = calculate(op, total, (*list)[i]);
  }
  return total;
}
Value mean(Arguments a, Call& call) {
  const std::optional<List> list = variadic_list(a);
  if (!list || list->empty()) return {};
  const Value total = accumulate<Op::add>(a, call);
  return total.kind() == Kind::number ? calculate(Op::divide, total, Value::of(static_cast<int64_t>(list->size())))
                                      : Value();
}
template <bool wanted_all>
Value all_or_any(Arguments a, Call& call) {
  const std::optional<List> list = variadic_list(a);
  if (!list || !call.spend(list->size())) return {};
  bool unknown = false;
  for (const Value& item : *list) {
    if (item.kind() != Kind::boolean) {
      unknown = true;
    } else if (item.is_true() != wanted_all) {
      return item;
    }
  }
  return unknown ? Value() : Value::of(wanted_all);
}
Value sublist(Arguments a, Call& call) {
  const std::optional<List> list = list_of(a[0]);
  const auto start = whole(a[1]);
  if (!list || !start || *start == 0 || !call.spend(list->size())) return {};
  const auto size = static_cast<int64_t>(list->size());
  if (*start > size || *start < -size) return {};
  const int64_t first = *start > 0 ? *start - 1 : size + *start;
  int64_t length = size - first;
  if (has(a, 2)) {
    const auto wanted = whole(a[2]);
    if (!wanted || *wanted < 1 || *wanted > length) return {};
    length = *wanted;
  }
  return Value::list(List(list->begin() + first, list->begin() + first + length));
}
Value append(Arguments a, Call& call) {
  std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size() + a.size())) return {};
  list->insert(list->end(), a.begin() + 1, a.end());
  return Value::list(std::move(*list));
}
Value concatenate(Arguments a, Call& call) {
  List out;
  for (const Value& part : a) {
    const std::optional<List> list = list_of(part);
    if (!list || !call.spend(list->size())) return {};
    out.insert(out.end(), list->begin(), list->end());
  }
  return Value::list(std::move(out));
}
Value distinct(const List& list, Call& call) {
  List out;
  for (const Value& item : list) {
    if (!call.spend(1 + out.size() / 8)) return {};
    if (std::none_of(out.begin(), out.end(), [&](const Value& seen) { return equals(seen, item) == true; })) {
      out.push_back(item);
    }
  }
  return Value::list(std::move(out));
}
Value distinct_values(Arguments a, Call& call) {
  const std::optional<List> list = list_of(a[0]);
  return list ? distinct(*list, call) : Value();
}
Value make_union(Arguments a, Call& call) {
  const Value all = concatenate(a, call);
  return all.is_null() ? all : distinct(all.as_list(), call);
}
void flatten_into(const Value& value, List& out, Call& call) {
  if (!call.spend(1)) return;
  if (value.kind() != Kind::list) {
    out.push_back(value);
    return;
  }
  for (const Value& item : value.as_list()) flatten_into(item, out, call);  // as deep as values may be
}
Value flatten(Arguments a, Call& call) {
  if (a[0].is_null()) return {};
  List out;
  flatten_into(a[0], out, call);
  return Value::list(std::move(out));
}
Value index_of(Arguments a, Call& call) {
  const std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size())) return {};
  List out;
  for (size_t i = 0; i < list->size(); ++i) {
    if (equals((*list)[i], a[1]) == true) out.push_back(Value::of(static_cast<int64_t>(i) + 1));
  }
  return Value::list(std::move(out));
}
Value reverse(Arguments a, Call& call) {
  std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size())) return {};
  std::reverse(list->begin(), list->end());
  return Value::list(std::move(*list));
}
// Where a position counts from 1, or from the end when negative.
std::optional<size_t> position_in(const List& list, const Value& position) {
  const auto at = whole(position);
  const auto size = static_cast<int64_t>(list.size());
  if (!at || *at == 0 || *at > size || *at < -size) return std::nullopt;
  return static_cast<size_t>(*at > 0 ? *at - 1 : size + *at);
}
Value insert_before(Arguments a, Call& call) {
  std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size())) return {};
  const auto at = position_in(*list, a[1]);
  if (!at) return {};
  list->insert(list->begin() + static_cast<ptrdiff_t>(*at), a[2]);
  return Value::list(std::move(*list));
}
Value remove(Arguments a, Call& call) {
  std::optional<List> list = list_of(a[0]);
  if (!list || !call.spend(list->size())) return {};
  const auto at = position_in(*list, a[1]);
  if (!at) return {};
  list->erase(list->begin() + static_cast<ptrdiff_t>(*at));
  return Value::list(std::move(*list));
}

// ---- numbers (§10.3.4.5)

template <Number::Rounding rounding>
Value round(Arguments a, Call&) {
  const Value* number = as(a[0], Kind::number);
  int64_t scale = 0;
  if (a.size() > 1) {
    const auto wanted = whole(a[1]);
    if (!wanted || *wanted < -6111 || *wanted > 6176) return {};
    scale = *wanted;
  }
  return number != nullptr ? Value::of(number->as_number().rounded(static_cast<int>(scale), rounding)) : Value();
}
Value absolute(Arguments a, Call&) {
  switch (a[0].kind()) {
    case Kind::number:
      return Value::of(a[0].as_number().absolute());
    case Kind::days_duration:
      return a[0].as_days_duration().ms < 0 ? negate(a[0]) : a[0];
    case Kind::months_duration:
      return a[0].as_months_duration().months < 0 ? negate(a[0]) : a[0];
    default:
      return {};
  }
}
Value modulo(Arguments a, Call&) {
  const Value* x = as(a[0], Kind::number);
  const Value* y = as(a[1], Kind::number);
  return x != nullptr && y != nullptr ? number_or_null(Number::modulo(x->as_number(), y->as_number())) : Value();
}
template <bool wanted_odd>
Value is_odd(Arguments a, Call&) {
  const Value* x = as(a[0], Kind::number);
  if (x == nullptr || !x->as_number().is_integer()) return {};
  return Value::of((*Number::modulo(x->as_number(), 2) == Number(1)) == wanted_odd);
}

// ---- dates (§10.3.4.7, §10.3.4.10) and contexts

std::optional<Date> day_of(const Value& value) {
  if (value.kind() == Kind::date) return value.as_date();
  if (value.kind() == Kind::date_time) return property_of(value, "date").as_date();
  return std::nullopt;
}
Value day_of_week(Arguments a, Call&) {
  constexpr const char* kNames[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  const auto date = day_of(a[0]);
  return date ? Value::text(kNames[date->weekday() - 1]) : Value();
}
Value month_of_year(Arguments a, Call&) {
  constexpr const char* kNames[] = {"January", "February", "March",     "April",   "May",      "June",
                                    "July",    "August",   "September", "October", "November", "December"};
  const auto date = day_of(a[0]);
  return date ? Value::text(kNames[date->civil().month - 1]) : Value();
}
Value day_of_year(Arguments a, Call&) {
  const auto date = day_of(a[0]);
  return date ? Value::of(*date - Date::from(date->civil().year, 1, 1) + 1) : Value();
}
Value now(Arguments, Call& call) { return Value::of(DateTime{call.context.now}); }
Value today(Arguments, Call& call) { return Value::of(local_date(call.context.now)); }
Value is_defined(Arguments a, Call&) { return Value::of(!a[0].is_null()); }
Value get_value(Arguments a, Call&) {
  const Value* key = as(a[1], Kind::text);
  return key != nullptr ? a[0].get(key->as_text()) : Value();
}
Value get_entries(Arguments a, Call& call) {
  if (a[0].kind() != Kind::context || !call.spend(a[0].as_context().size())) return {};
  List out;
  for (const auto& [key, value] : a[0].as_context()) {
    out.push_back(Value::context({{"key", Value::text(key)}, {"value", value}}));
  }
  return Value::list(std::move(out));
}

using Parameter = Function::Parameter;
Type any_list() { return {Type::Kind::list, {}, {}}; }
Type list_of_type(Type type) { return Type::list_of(std::move(type)); }

std::vector<BuiltIn> make_table() {
  const Type any = Type::any();
  const Type text = Type::text();
  const Type number = Type::number();
  const Type boolean = Type::boolean();
  const Type date = Type::date();
  const Type list = any_list();
  const Parameter scale{"scale", number, true};
  const auto fn = [](std::string name, std::vector<Parameter> parameters, Type result, std::string doc,
                     std::string chapter, Value (*call)(Arguments, Call&)) {
    BuiltIn built_in{{std::move(name), std::move(parameters), std::move(result), std::move(doc), std::move(chapter)}};
    for (const Parameter& parameter : built_in.info.parameters) built_in.least += parameter.optional ? 0 : 1;
    built_in.call = call;
    return built_in;
  };
  const auto variadic = [](BuiltIn built_in) {
    built_in.variadic = true;
    return built_in;
  };
  const auto timed = [](BuiltIn built_in) {
    built_in.folds = false;
    return built_in;
  };
  const auto asks_null = [](BuiltIn built_in) {
    built_in.names_null = true;
    return built_in;
  };
  using R = Number::Rounding;
  std::vector<BuiltIn> table = {
      fn("date", {{"from", any}}, date, "The date written as 2021-02-05, or the day of a date and time.", "10.3.4.1",
         make_date),
      fn("date", {{"year", number}, {"month", number}, {"day", number}}, date, "The date of year, month and day.",
         "10.3.4.1", make_date),
      fn("date and time", {{"from", any}}, Type::date_time(),
         "The point in time written as 2021-02-05T09:30:00+08:00; without offset it is local time.", "10.3.4.1",
         make_date_time),
      fn("date and time", {{"date", any}, {"time", Type::time()}}, Type::date_time(),
         "The point in time of a day and a time.", "10.3.4.1", make_date_time),
      fn("time", {{"from", any}}, Type::time(), "The time of day written as 09:30:00, or that of a date and time.",
         "10.3.4.1", make_time),
      fn("time", {{"hour", number}, {"minute", number}, {"second", number}}, Type::time(), "The time of day.",
         "10.3.4.1", make_time),
      fn("duration", {{"from", any}}, any, "The duration written as P5D, PT2H30M or P1Y2M.", "10.3.4.1", make_duration),
      fn("years and months duration", {{"from", any}, {"to", any}}, Type::months_duration(),
         "The whole months from one date to another.", "10.3.4.1", months_between),
      fn("string", {{"from", any}}, text, "The value as text.", "10.3.4.1", make_string),
      fn("number", {{"from", any}, {"grouping separator", text, true}, {"decimal separator", text, true}}, number,
         "The number written in the text.", "10.3.4.1", make_number),
      fn("not", {{"negand", boolean}}, boolean, "True for false, false for true, else null.", "10.3.4.2", logical_not),
      fn("substring", {{"string", text}, {"start position", number}, {"length", number, true}}, text,
         "The part from a position (counted from 1, negative from the end), at most length characters.", "10.3.4.3",
         substring),
      fn("string length", {{"string", text}}, number, "The number of characters.", "10.3.4.3", string_length),
      fn("upper case", {{"string", text}}, text, "With capital letters.", "10.3.4.3", change_case<'a', 'z', -32>),
      fn("lower case", {{"string", text}}, text, "With small letters.", "10.3.4.3", change_case<'A', 'Z', 32>),
      fn("substring before", {{"string", text}, {"match", text}}, text,
         "What stands before the first match, or nothing.", "10.3.4.3", substring_before),
      fn("substring after", {{"string", text}, {"match", text}}, text,
         "What stands behind the first match, or nothing.", "10.3.4.3", substring_after),
      fn("contains", {{"string", text}, {"match", text}}, boolean, "Does the text contain the match?", "10.3.4.3",
         contains_text),
      fn("starts with", {{"string", text}, {"match", text}}, boolean, "Does the text begin with the match?", "10.3.4.3",
         starts_with),
      fn("ends with", {{"string", text}, {"match", text}}, boolean, "Does the text end with the match?", "10.3.4.3",
         ends_with),
      fn("string join", {{"list", list_of_type(text)}, {"delimiter", text, true}}, text,
         "The texts of the list joined; null items are left out.", "10.3.4.3", string_join),
      fn("list contains", {{"list", list}, {"element", any}}, boolean, "Is the element in the list?", "10.3.4.4",
         list_contains),
      fn("count", {{"list", list}}, number, "The number of items.", "10.3.4.4", count),
      variadic(fn("min", {{"list", any}}, any, "The least item.", "10.3.4.4", extreme<-1>)),
      variadic(fn("max", {{"list", any}}, any, "The greatest item.", "10.3.4.4", extreme<1>)),
      variadic(fn("sum", {{"list", any}}, any, "The sum of the items; null for an empty list.", "10.3.4.4",
                  accumulate<Op::add>)),
      variadic(
          fn("product", {{"list", any}}, number, "The product of the items.", "10.3.4.4", accumulate<Op::multiply>)),
      variadic(fn("mean", {{"list", any}}, number, "The arithmetic mean of the items.", "10.3.4.4", mean)),
      variadic(fn("all", {{"list", any}}, boolean, "Are all items true? Null when that is unknown.", "10.3.4.4",
                  all_or_any<true>)),
      variadic(fn("any", {{"list", any}}, boolean, "Is any item true? Null when that is unknown.", "10.3.4.4",
                  all_or_any<false>)),
      fn("sublist", {{"list", list}, {"start position", number}, {"length", number, true}}, list,
         "The part from a position, at most length items.", "10.3.4.4", sublist),
      variadic(fn("append", {{"list", list}, {"item", any}}, list, "The list with more items at its end.", "10.3.4.4",
                  append)),
      variadic(fn("concatenate", {{"list", list}}, list, "The lists one behind the other.", "10.3.4.4", concatenate)),
      fn("insert before", {{"list", list}, {"position", number}, {"newItem", any}}, list,
         "The list with an item put in.", "10.3.4.4", insert_before),
      fn("remove", {{"list", list}, {"position", number}}, list, "The list without one item.", "10.3.4.4", remove),
      fn("reverse", {{"list", list}}, list, "The list backwards.", "10.3.4.4", reverse),
      fn("index of", {{"list", list}, {"match", any}}, list_of_type(number), "The positions of equal items.",
         "10.3.4.4", index_of),
      variadic(fn("union", {{"list", list}}, list, "The lists one behind the other, without doubles.", "10.3.4.4",
                  make_union)),
      fn("distinct values", {{"list", list}}, list, "The list without doubles.", "10.3.4.4", distinct_values),
      fn("flatten", {{"list", list}}, list, "The list with inner lists opened.", "10.3.4.4", flatten),
      fn("decimal", {{"n", number}, {"scale", number}}, number, "Rounded half-even to scale digits after the point.",
         "10.3.4.5", round<R::half_even>),
      fn("floor", {{"n", number}, scale}, number, "Rounded down.", "10.3.4.5", round<R::floor>),
      fn("ceiling", {{"n", number}, scale}, number, "Rounded up.", "10.3.4.5", round<R::ceiling>),
      fn("round up", {{"n", number}, {"scale", number}}, number, "Rounded away from zero.", "10.3.4.5", round<R::up>),
      fn("round down", {{"n", number}, {"scale", number}}, number, "Rounded towards zero.", "10.3.4.5", round<R::down>),
      fn("round half up", {{"n", number}, {"scale", number}}, number, "Rounded, halves away from zero.", "10.3.4.5",
         round<R::half_up>),
      fn("round half down", {{"n", number}, {"scale", number}}, number, "Rounded, halves towards zero.", "10.3.4.5",
         round<R::half_down>),
      fn("round half even", {{"n", number}, {"scale", number}}, number,
         "Rounded, halves to the even digit (extension: decimal).", "10.3.4.5", round<R::half_even>),
      fn("abs", {{"n", any}}, any, "The value without its sign.", "10.3.4.5", absolute),
      fn("modulo", {{"dividend", number}, {"divisor", number}}, number,
         "The rest of a division, with the divisor's sign.", "10.3.4.5", modulo),
      fn("odd", {{"number", number}}, boolean, "Is the whole number odd?", "10.3.4.5", is_odd<true>),
      fn("even", {{"number", number}}, boolean, "Is the whole number even?", "10.3.4.5", is_odd<false>),
      fn("day of week", {{"date", any}}, text, "\"Monday\" to \"Sunday\".", "10.3.4.8", day_of_week),
      fn("month of year", {{"date", any}}, text, "\"January\" to \"December\".", "10.3.4.8", month_of_year),
      fn("day of year", {{"date", any}}, number, "1 for the first of January.", "10.3.4.8", day_of_year),
      timed(fn("now", {}, Type::date_time(), "The act's time.", "10.3.4.12", now)),
      timed(fn("today", {}, date, "The act's day in local time.", "10.3.4.12", today)),
      asks_null(fn("is defined", {{"value", any}}, boolean,
                   "Is there a value (not null)? Nothing counts as missing for it.", "extension", is_defined)),
      fn("get value", {{"m", Type::open_context()}, {"key", text}}, any, "The context's entry of this name.",
         "10.3.4.11", get_value),
      fn("get entries", {{"m", Type::open_context()}}, list_of_type(Type::context_of({{"key", text}, {"value", any}})),
         "The context's entries as a list of key and value.", "10.3.4.11", get_entries),
  };
  return table;
}

}  // namespace

const std::vector<BuiltIn>& built_in_functions() {
  static const std::vector<BuiltIn> table = make_table();
  return table;
}

const std::vector<BuiltInInfo>& built_ins() {
  static const std::vector<BuiltInInfo> infos = [] {
    std::vector<BuiltInInfo> all;
    for (const BuiltIn& built_in : built_in_functions()) all.push_back(built_in.info);
    return all;
  }();
  return infos;
}

}  // namespace tongban::feel
