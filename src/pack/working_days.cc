#include "pack/working_days.h"

#include <algorithm>

#include "base/json.h"

namespace tongban::pack {
namespace {

using calendar::Calendar;
using feel::EvalContext;
using feel::Type;
using feel::Value;
using Arguments = std::span<const Value>;

constexpr std::string_view kShortName = "china";
// Beyond it no answer lies within the years 1 to 9999.
constexpr int64_t kMostDays = 4'000'000;

const Value& single(const Value& value) {
  return value.kind() == Value::Kind::list && value.as_list().size() == 1 ? value.as_list()[0] : value;
}

// The day of a date, or that of a date and time in China; empty for anything else and beyond the years 1 to 9999.
std::optional<Date> day_of(const Value& argument) {
  const Value& value = single(argument);
  if (value.kind() == Value::Kind::date) {
    const Date date = value.as_date();
    return Value::of(date) == value ? std::optional(date) : std::nullopt;
  }
  if (value.kind() != Value::Kind::date_time) return std::nullopt;
  const Date date = local_date(value.as_date_time().at);
  return date >= Date::from(1, 1, 2) && date <= Date::from(9999, 12, 30) ? std::optional(date) : std::nullopt;
}

std::optional<int64_t> number_of_days(const Value& argument) {
  const Value& value = single(argument);
  if (value.kind() != Value::Kind::number) return std::nullopt;
  const std::optional<int64_t> n = value.as_number().to_int64();
  return n && *n >= -kMostDays && *n <= kMostDays ? n : std::nullopt;
}

// The argument `calendar`; nothing when it is of a wrong kind.
std::optional<AskedCalendar> asked_calendar(const Value& argument) {
  const Value& value = single(argument);
  if (value.is_null()) return AskedCalendar{};
  if (value.kind() == Value::Kind::text) return AskedCalendar{value.as_text(), {}};
  if (value.kind() != Value::Kind::context) return std::nullopt;
  AskedCalendar asked;
  for (const auto& [name, member] : value.as_context()) {
    if (name == "name" && member.kind() == Value::Kind::text) {
      asked.name = member.as_text();
    } else if (name == "known on" && member.kind() == Value::Kind::date) {
      asked.known_on = day_of(member);
    } else {
      return std::nullopt;
    }
  }
  return asked;
}

std::vector<calendar::SpecialDay> specials_in(const Calendar& calendar, Date from, Date to) {
  std::vector<calendar::SpecialDay> specials;
  for (Date date = from; date <= to; date = date + 1) {
    if (std::optional<calendar::SpecialDay> special = calendar.find_special(date))
      specials.push_back(std::move(*special));
  }
  return specials;
}

json::array to_json(const std::vector<calendar::SpecialDay>& specials) {
  json::array list;
  for (const calendar::SpecialDay& special : specials) {
    list.push_back(json::object{
        {"date", to_text(special.date)}, {"off", special.off}, {"name", special.name}, {"notice", special.notice}});
  }
  return list;
}

std::string specials_in_words(const std::vector<calendar::SpecialDay>& specials) {
  constexpr size_t kMost = 40;
  std::string text;
  for (size_t i = 0; i < specials.size() && i < kMost; ++i) {
    text += (text.empty() ? "其中 " : "、") + to_text(specials[i].date) + "（" + specials[i].name +
            (specials[i].off ? "，休" : "，班") + "）";
  }
  if (specials.size() > kMost) text += " 等 " + std::to_string(specials.size()) + " 天";
  return text.empty() ? text : text + "。";
}

constexpr std::string_view kProvisionalWords = "所涉日期的放假安排尚未公布，结果暂定。";

// Explanations are for people: past these bounds an evaluation keeps no more of them, and long ones are not listed.
constexpr size_t kMostNotes = 1'000;
constexpr size_t kMostCounted = 50;  // they stand in events
constexpr int64_t kMostExplainedDays = 5'000;

json::object to_json(const DaysCounted& one) {
  const calendar::Counted& counted = one.counted;
  const bool is_long = counted.n > kMostExplainedDays;
  switch (one.function) {
    case DaysCounted::Function::after:
    case DaysCounted::Function::next:
      if (is_long) return {{"due_on", to_text(counted.due_on)}, {"provisional", counted.provisional}};
      return calendar::to_json(counted);
    case DaysCounted::Function::between:
      return {{"from", to_text(local_date(counted.start))},
              {"to", to_text(counted.due_on)},
              {"days", counted.n},
              {"edition", counted.edition},
              {"provisional", counted.provisional},
              {"specials", to_json(counted.specials)}};
    case DaysCounted::Function::is_working:
      return {{"date", to_text(counted.due_on)},
              {"working_day", counted.n == 1},
              {"edition", counted.edition},
              {"provisional", counted.provisional},
              {"specials", to_json(counted.specials)}};
  }
  return {};
}

bool keeps_notes(const EvalContext& context) { return context.notes != nullptr && context.notes->size() < kMostNotes; }

// Where the answers of an evaluation go; `make` is asked only when one of the two wants it.
class Keeper {
 public:
  Keeper(const EvalContext& context, const CountedSink& sink)
      : context_(context), sink_(sink ? sink(context) : nullptr) {
    if (sink_ && sink_->size() >= kMostCounted) sink_ = nullptr;
  }
  bool wants() const { return sink_ || keeps_notes(context_); }
  void keep(DaysCounted one) const {
    if (keeps_notes(context_)) {
      context_.notes->push_back(
          {std::string(name_of(one.function)), explain(one), to_json(one), one.counted.provisional});
    }
    if (sink_) sink_->push_back(std::move(one));
  }

 private:
  const EvalContext& context_;
  std::vector<DaysCounted>* sink_;
};

// Counts from a day, n may be negative; null outside the years 1 to 9999.
Value count_from(DaysCounted::Function function, const Calendar& calendar, Date date, int64_t n, const Keeper& keeper) {
  const calendar::Kind kind = n < 0 ? calendar::Kind::backward : calendar::Kind::deadline;
  const Instant start = start_of_day(date);
  const int64_t length = n < 0 ? -n : n;
  const Result<calendar::Due> due = calendar::find_due(calendar, start, calendar::Unit::working_days, length, kind);
  if (!due.ok()) return {};
  if (!keeper.wants()) return Value::of(due->due_on);
  DaysCounted one{.formula = {}, .function = function, .counted = {}};
  if (length > kMostExplainedDays) {
    one.counted = {.start = start,
                   .n = length,
                   .kind = kind,
                   .first_counted = n < 0 ? date - 1 : date + 1,
                   .raw_end = due->due_on,
                   .due_on = due->due_on,
                   .due_at = due->due_at,
                   .provisional = due->provisional,
                   .edition = calendar.edition(),
                   .specials = {}};
  } else {
    Result<calendar::Counted> counted = calendar::count(calendar, start, calendar::Unit::working_days, length, kind);
    if (!counted.ok()) return Value::of(due->due_on);
    one.counted = std::move(*counted);
  }
  keeper.keep(std::move(one));
  return Value::of(due->due_on);
}

Value days_between(const Calendar& calendar, Date from, Date to, const Keeper& keeper) {
  const int64_t days = calendar.working_days_between(from, to);
  if (keeper.wants()) {
    const Date first = std::min(from, to) + 1;
    const Date last = std::max(from, to);
    const bool provisional = from != to && (calendar.is_provisional(first) || calendar.is_provisional(last));
    keeper.keep({.formula = {},
                 .function = DaysCounted::Function::between,
                 .counted = {.start = start_of_day(from),
                             .n = days,
                             .first_counted = first,
                             .raw_end = to,
                             .due_on = to,
                             .due_at = start_of_day(to),
                             .provisional = provisional,
                             .edition = calendar.edition(),
                             .specials = last - first <= kMostExplainedDays ? specials_in(calendar, first, last)
                                                                            : std::vector<calendar::SpecialDay>()}});
  }
  return Value::of(days);
}

Value is_working_day(const Calendar& calendar, Date date, const Keeper& keeper) {
  const bool working = calendar.is_working_day(date);
  if (keeper.wants()) {
    keeper.keep({.formula = {},
                 .function = DaysCounted::Function::is_working,
                 .counted = {.start = start_of_day(date),
                             .n = working ? 1 : 0,
                             .first_counted = date,
                             .raw_end = date,
                             .due_on = date,
                             .due_at = start_of_day(date),
                             .provisional = calendar.is_provisional(date),
                             .edition = calendar.edition(),
                             .specials = specials_in(calendar, date, date)}});
  }
  return Value::of(working);
}

}  // namespace

std::string_view name_of(DaysCounted::Function function) {
  static constexpr std::string_view kNames[] = {"working days after", "next working day", "working days between",
                                                "is working day"};
  const auto index = static_cast<size_t>(function);
  return index < std::size(kNames) ? kNames[index] : std::string_view();
}

std::string explain(const DaysCounted& one) {
  const calendar::Counted& counted = one.counted;
  const std::string end =
      specials_in_words(counted.specials) + std::string(counted.provisional ? kProvisionalWords : "");
  switch (one.function) {
    case DaysCounted::Function::after:
    case DaysCounted::Function::next:
      if (counted.n <= kMostExplainedDays) return calendar::explain(counted);
      return to_text(local_date(counted.start)) + (counted.kind == calendar::Kind::backward ? " 前 " : " 后 ") +
             std::to_string(counted.n) + " 个工作日：" + to_text(counted.due_on) + "。" + end;
    case DaysCounted::Function::between:
      return to_text(local_date(counted.start)) + "（不计）至 " + to_text(counted.due_on) + "：" +
             std::to_string(counted.n) + " 个工作日。" + end;
    case DaysCounted::Function::is_working:
      return to_text(counted.due_on) + " " + std::string(calendar::weekday_in_chinese(counted.due_on)) +
             (counted.n == 1 ? "是工作日。" : "是休息日。") + end;
  }
  return {};
}

Value working_days_after(const Calendar& calendar, Date date, int64_t n, const EvalContext& context,
                         const CountedSink& sink) {
  return count_from(DaysCounted::Function::after, calendar, date, n, Keeper(context, sink));
}

std::vector<feel::Function> working_day_functions(FindCalendar find, CountedSink sink) {
  using Parameter = feel::Function::Parameter;
  const Parameter calendar{"calendar", Type::any(), true, nullptr};
  const auto day = [](const char* name) {
    return Parameter{name, Type::date(), false, std::make_shared<const Type>(Type::date_time())};
  };
  // Null arguments give null before any calendar is asked for.
  const auto found = [find = std::move(find)](const Value& argument,
                                              const EvalContext& context) -> Result<const Calendar*> {
    const std::optional<AskedCalendar> asked = asked_calendar(argument);
    if (!asked) return static_cast<const Calendar*>(nullptr);
    if (!find) return fail(Trouble::unavailable, "working days need a calendar, and none is at hand");
    return find(*asked, context);
  };
  std::vector<feel::Function> functions;
  functions.push_back({"working days after",
                       {day("date"), {"n", Type::number(), false, nullptr}, calendar},
                       Type::date(),
                       "The n-th working day after a day; before it when n is negative. The day itself does not count.",
                       [found, sink](Arguments a, const EvalContext& context) -> Result<Value> {
                         const std::optional<Date> date = day_of(a[0]);
                         const std::optional<int64_t> n = number_of_days(a[1]);
                         if (!date || !n) return Value();
                         const Calendar* of = TRY(found(a[2], context));
                         return of ? count_from(DaysCounted::Function::after, *of, *date, *n, Keeper(context, sink))
                                   : Value();
                       }});
  functions.push_back(
      {"working days between",
       {day("from"), day("to"), calendar},
       Type::number(),
       "The working days behind the first day up to and with the second; negative when that is earlier.",
       [found, sink](Arguments a, const EvalContext& context) -> Result<Value> {
         const std::optional<Date> from = day_of(a[0]);
         const std::optional<Date> to = day_of(a[1]);
         if (!from || !to) return Value();
         const Calendar* of = TRY(found(a[2], context));
         return of ? days_between(*of, *from, *to, Keeper(context, sink)) : Value();
       }});
  functions.push_back({"is working day",
                       {day("date"), calendar},
                       Type::boolean(),
                       "Is the day a working day, adjusted workdays included?",
                       [found, sink](Arguments a, const EvalContext& context) -> Result<Value> {
                         const std::optional<Date> date = day_of(a[0]);
                         if (!date) return Value();
                         const Calendar* of = TRY(found(a[1], context));
                         return of ? is_working_day(*of, *date, Keeper(context, sink)) : Value();
                       }});
  functions.push_back({"next working day",
                       {day("date"), calendar},
                       Type::date(),
                       "The first working day after a day, never the day itself.",
                       [found, sink](Arguments a, const EvalContext& context) -> Result<Value> {
                         const std::optional<Date> date = day_of(a[0]);
                         if (!date) return Value();
                         const Calendar* of = TRY(found(a[1], context));
                         return of ? count_from(DaysCounted::Function::next, *of, *date, 1, Keeper(context, sink))
                                   : Value();
                       }});
  return functions;
}

FindCalendar calendar_of(std::shared_ptr<const calendar::Editions> editions) {
  return [editions = std::move(editions)](const AskedCalendar& asked, const EvalContext&) -> Result<const Calendar*> {
    const Calendar& latest = editions->latest();
    if (!asked.name.empty() && asked.name != kShortName && asked.name != latest.name()) {
      return fail(Trouble::invalid_input, "there is no calendar \"" + asked.name + "\"; there is " +
                                              std::string(kShortName) + " (" + latest.name() + ")");
    }
    return asked.known_on ? &editions->known_on(*asked.known_on) : &latest;
  };
}

}  // namespace tongban::pack
