// Due dates in bulk: one JSON object per line in, one per line out, in the same order.
//   {"start":"2021-02-05","unit":"working_days","n":5}   →   {"due":"2021-02-18","provisional":false}
// Day units take a date or an instant and give a date; minutes and hours take and give an instant. Calendar days and
// months roll over days off. A line that cannot be answered gives {"error":"…"} in its place.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "calendar/calendar.h"

namespace tongban::calendar {

// Appends the answer to one line, without a line break. False when the answer is an error. `start`, `unit` and `n` are
// needed, another member is an error.
bool append_answer(const Calendar& calendar, std::string_view line, std::string& out);

// The same answer without the short cut for lines in the usual form; append_answer must agree with it on every line.
bool append_answer_generally(const Calendar& calendar, std::string_view line, std::string& out);

// Answers every line of `in`; true when none was an error. A line break may be LF or CR LF, the last line may lack it;
// an empty line and a line over 64 KiB are errors. Memory does not grow with the input.
bool answer_lines(const Calendar& calendar, std::istream& in, std::ostream& out);

}  // namespace tongban::calendar
