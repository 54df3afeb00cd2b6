// Taking an act back: a compensating act that a pack declares with `undoes`. Until its time is over the messages of the
// act wait; taken back in time, they are never sent and what the act began is ended. Private to kernel.
#pragma once

#include <optional>

#include "kernel/run.h"

namespace tongban::kernel {

// The act that `action` would take back now; nullptr when there is none. `action.undoes` is not empty.
const ActRecord* act_to_undo(const CaseState& state, const pack::Action& action);

// Why the act cannot be taken back at `now` (receipt): no such act, something happened since, or the time is over.
std::optional<Rejection> refuse_undo(const CaseState& state, const pack::CaseType& type, const pack::Action& action,
                                     Instant now);

// Ends the assignments and cancels the clocks that the act began, and marks it and its waiting messages as taken back.
void undo_act(Run& run, uint64_t act_version);

// After the messages of an act that can be taken back were written: they wait until its time is over.
void hold_letters(Run& run, const pack::Action& action, size_t first_event);

}  // namespace tongban::kernel
