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
// The calendar, which lives at least until the evaluation ends; a refusal names those that there are. From any thread.
using FindCalendar = std::function<Result<const calendar::Calendar*>(const AskedCalendar&, const feel::EvalContext&)>;

// An empty `find`: every call is refused for want of a calendar (for lists of functions).
std::vector<feel::Function> working_day_functions(FindCalendar find);

// Looks in one set of editions, known as its own name, `china` and the empty name.
FindCalendar calendar_of(std::shared_ptr<const calendar::Editions> editions);

}  // namespace tongban::pack
