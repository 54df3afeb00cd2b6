// One command being decided: the state as it grows, and the events so far. Private to kernel.
#pragma once

#include <string>
#include <vector>

#include "kernel/decide.h"

namespace tongban::kernel {

struct Run {
  const Command& command;
  const Context& context;
  const pack::CaseType& type;
  ActorRef actor;
  Instant happened_at;
  CaseState after;
  std::vector<Event> events;
  std::vector<FollowUp> follow_ups;

  void emit(Body body) { emit_at(std::move(body), happened_at); }
  void emit_at(Body body, Instant happened) {
    Event event;
    event.envelope = {.stream = command.case_id,
                      .version = after.version + 1,
                      .command = command.id,
                      .happened_at = happened,
                      .recorded_at = command.received_at,
                      .actor = actor,
                      .imported = command.imported,
                      .cause = command.cause};
    event.body = std::move(body);
    apply(after, event);
    events.push_back(std::move(event));
  }
  Decided finish() { return Decided{std::move(events), std::move(after), std::move(follow_ups)}; }
};

// --- clocks (clocks.cc) ---

// Starts the clock unless `again: keep` holds an earlier one. `limit` is empty for elapsed clocks. A failure is the
// calendar's sentence (beyond its years).
Result<void> start_clock(Run& run, const pack::ClockDef& def, const std::optional<Limit>& limit, const Basis& basis,
                         uint32_t scope_ref);
// Applies stop, claim, confirm, reopen, pause or cancel to every running clock of that name in the scope (0: any).
void touch_clocks(Run& run, const pack::ClockDef& def, pack::ClockEffect effect, uint32_t scope_ref,
                  const Basis& basis);
// A clock that was already due when it paused keeps its due instant: nothing was left of it.
Result<void> resume_clocks(Run& run, const pack::ClockDef& def, uint32_t scope_ref);
Result<void> extend_clocks(Run& run, const pack::ClockDef& def, const Limit& amount, uint32_t scope_ref,
                           const Basis& basis);
// A notice arrived: each counted segment again with the calendar as known now, each later one from its new start. Emits
// only what changed.
Result<void> recompute_clock(Run& run, uint32_t no);
// The open questions that were asked in that assignment are withdrawn: it ended or was handed on, so nobody stands any
// more where they were asked.
void withdraw_asks_of(Run& run, uint32_t assignment);
// Ends an assignment with everything handed on below it, the clocks that hung on them and the questions asked in them.
void end_assignment(Run& run, uint32_t no, EndReason reason);
// Records that a due instant has passed, with the reactions that wait for it.
void expire_clock(Run& run, const Clock& clock);
// True while an open question asked in time keeps the clock from expiring.
bool is_shielded(const CaseState& state, const Clock& clock);
void add_reactions(Run& run, pack::Reaction::Trigger trigger, const std::string& of, Instant happened_at);

// --- sentences (sentences.cc) ---

Rejection reject(RejectionCode code, std::string sentence, std::string instead,
                 Basis basis = {.kind = pack::BasisKind::product});
std::string name_case(const CaseState& state, const pack::CaseType& type);  // 诉求工单 12345-2021-000123
std::string title_of_state(const pack::CaseType& type, std::string_view id);
std::string titles_of_roles(const pack::CaseType& type, const std::vector<std::string>& ids);

}  // namespace tongban::kernel
