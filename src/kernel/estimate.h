// What pages show before an act: the whole answer of `decide` without keeping it, and the time limits that would start
// if the next step were taken now. Pure.
#pragma once

#include <string>
#include <vector>

#include "kernel/decide.h"

namespace tongban::kernel {

// `decide` as it would answer at command.received_at, after the timers that were due by then. Nothing is stored and no
// number is drawn; sealed values in the result are placeholders that nobody can open.
Verdict preview(const CaseState* state, Command command, const Context& context);

struct Estimate {
  Clock clock;  // as if it had started at `now`; number 1
  Basis basis;  // of the rule that gave the limit
};
struct Estimates {
  std::vector<Estimate> clocks;
  std::vector<std::string> missing;     // what has to be known before the rest can be said
  std::vector<DecisionMade> decisions;  // what the tables suggest for the acts that the type's ways end in
};
// The clocks in the type's `estimate`, as the first action that starts each would start it now. `fields` are values of
// the case's fields as far as they are known; those that do not fit their kind are left out.
Estimates estimate(const pack::CaseType& type, const std::vector<FormValue>& fields, const Context& context,
                   Instant now);

// Whether a case of the type may be opened joined to context.other, as far as the conditions that speak of that case
// tell without a form.
bool may_be_joined(const pack::CaseType& type, const Context& context, Instant now);

}  // namespace tongban::kernel
