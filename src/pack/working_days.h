// The working-day functions that FEEL lacks, for packs, DMN models and the command line:
//   working days after(date, n, calendar?)     the n-th working day after a day; before it when n is negative
//   working days between(from, to, calendar?)  working days d with from < d ≤ to, negative when `to` is the earlier
//   is working day(date, calendar?)
//   next working day(date, calendar?)          the first working day after a day, never the day itself
// Days are counted as calendar::count does (民法典 201: the day itself does not count), so that a table, a letter and
// `tongban due` agree. A date and time stands for its day in China. As in FEEL, null and arguments of a wrong kind, a
// number of days with a fraction and an answer outside the years 1 to 9999 give null. The calendar is the one of the
// evaluation; `calendar` asks for another, by its name or as {name: …, known on: date}: what was published on that day.
// One that the host does not have ends the evaluation with a sentence.
//
// Every answer leaves a feel::Note where the evaluation keeps notes: for `working days after` and `next working day`
// the members of calendar::to_json(Counted), for the others from, to, days or working_day, edition, provisional,
// specials.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "calendar/calendar.h"
#include "feel/feel.h"

namespace tongban::pack {

struct AskedCalendar {
  std::string name;              // empty: the default
  std::optional<Date> known_on;  // empty: as the evaluation knows it
};
// What one call counted, as data: its sentence and its JSON are made of it, and counting again with the same edition
// gives the same.
struct DaysCounted {
  enum class Function : uint8_t { after, next, between, is_working };
  std::string formula;  // what the answer is for, as the host names it: a field, a condition…
  Function function = Function::after;
  // after, next: the period. between: from the day after `start` to due_on, n days. is_working: the day, n is 1 or 0.
  calendar::Counted counted;
  bool operator==(const DaysCounted&) const = default;
};
std::string_view name_of(DaysCounted::Function function);  // "working days after"
// "2021-02-05（周五）起 5 个工作日……", with a word when it is provisional.
std::string explain(const DaysCounted& counted);

// Where an evaluation wants what its calls counted, beside the notes; nullptr: nowhere.
using CountedSink = std::function<std::vector<DaysCounted>*(const feel::EvalContext&)>;

// The calendar, which lives at least until the evaluation ends; a refusal names those that there are. From any thread.
using FindCalendar = std::function<Result<const calendar::Calendar*>(const AskedCalendar&, const feel::EvalContext&)>;

// An empty `find`: every call is refused for want of a calendar (for lists of functions).
std::vector<feel::Function> working_day_functions(FindCalendar find, CountedSink sink = {});

// `working days after` for a host's own function: null outside the years 1 to 9999.
feel::Value working_days_after(const calendar::Calendar& calendar, Date date, int64_t n,
                               const feel::EvalContext& context, const CountedSink& sink);

// Looks in one set of editions, known as its own name, `china` and the empty name.
FindCalendar calendar_of(std::shared_ptr<const calendar::Editions> editions);

}  // namespace tongban::pack
