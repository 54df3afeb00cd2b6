// Reasons as data and as sentences, read from the state that the ledger gives: every due date, decision, assignment,
// letter and refusal with its clause. Nothing here counts days again: the counted periods stand in the events.
#pragma once

#include "base/json.h"
#include "kernel/decide.h"

namespace tongban::kernel {

// {name, title, force, basis, started_at, due_on, due_at, provisional, status, late, segments: [{why, counted,
// sentence, basis}], pauses, former_due, sentence}
json::object explain_clock(const CaseState& state, const Clock& clock, const pack::Pack& pack);
// {of?, title?, function, sentence, provisional, counted}: what a working-day function counted, in the words of a
// clock.
json::object explain_days(const DaysCounted& days, const CaseState& state, const pack::Pack& pack);
json::object explain_decision(const DecisionMade& decision, const pack::Pack& pack);
// The whole life as a story for people, one line an event that matters, with reasons (Chinese).
std::string tell(const std::vector<Event>& events, const pack::Pack& pack, const Registers& registers);
json::object to_json(const Basis& basis);
json::object to_json(const Rejection& rejection);

}  // namespace tongban::kernel
