#include "kernel/undo.h"

#include <algorithm>

namespace tongban::kernel {

const ActRecord* act_to_undo(const CaseState& state, const pack::Action& action) {
  for (size_t i = state.acts.size(); i-- > 0;) {
    const ActRecord& act = state.acts[i];
    if (act.action == action.undoes.action && !act.undone) return &act;
  }
  return nullptr;
}

std::optional<Instant> undo_until(const CaseState& state, const pack::Action& action) {
  const ActRecord* act = action.undoes.action.empty() ? nullptr : act_to_undo(state, action);
  return act ? std::optional(act->recorded_at.plus_ms(action.undoes.within_ms)) : std::nullopt;
}

std::optional<Rejection> refuse_undo(const CaseState& state, const pack::CaseType& type, const pack::Action& action,
                                     Instant now) {
  const pack::Action* undone = type.find_action(action.undoes.action);
  const std::string title = undone ? undone->title : action.undoes.action;
  const ActRecord* act = act_to_undo(state, action);
  if (!act) {
    return reject(RejectionCode::wrong_state, "没有可以撤回的“" + title + "”。", "请查看办件现在可以办理的事项。",
                  action.basis);
  }
  if (now.ms - act->recorded_at.ms > action.undoes.within_ms) {
    return reject(
        RejectionCode::requirement_failed,
        "“" + title + "”后超过 " + std::to_string(action.undoes.within_ms / 1000) + " 秒，通知已经发出，不能撤回。",
        "请与承办单位联系，由其退回。", action.basis);
  }
  // A note changes nothing; any other act may already rest on the one to be taken back.
  for (const ActRecord& later : state.acts) {
    if (later.version <= act->version || later.action == "note") continue;
    const pack::Action* kind = type.find_action(later.action);
    return reject(RejectionCode::requirement_failed,
                  "“" + title + "”之后已经有“" + (kind ? kind->title : later.action) + "”，不能撤回。",
                  "请与承办单位联系，由其退回。", action.basis);
  }
  for (const Assignment& assignment : state.assignments) {
    if (assignment.ended_version < act->version) continue;
    return reject(RejectionCode::requirement_failed, "“" + title + "”换下了原来的承办单位，不能撤回。",
                  "请与承办单位联系，由其退回。", action.basis);
  }
  return std::nullopt;
}

void undo_act(Run& run, uint64_t act_version) {
  for (size_t i = 0; i < run.after.assignments.size(); ++i) {
    const Assignment& assignment = run.after.assignments[i];
    if (assignment.version > act_version && assignment.active()) end_assignment(run, assignment.no, EndReason::act);
  }
  for (size_t i = 0; i < run.after.clocks.size(); ++i) {
    const Clock& clock = run.after.clocks[i];
    if (clock.started_version > act_version && !clock.over())
      run.emit(ClockStopped{clock.no, StopKind::cancel, run.happened_at, clock.late});
  }
  run.emit(ActUndone{act_version});
}

void hold_letters(Run& run, const pack::Action& action, size_t first_event) {
  if (action.undo_within_ms == 0 || run.command.imported || first_event >= run.events.size()) return;
  run.emit(
      LettersHeld{run.events[first_event].envelope.version, run.command.received_at.plus_ms(action.undo_within_ms)});
}

}  // namespace tongban::kernel
