// Clocks: ledgers of counted segments. The verdict compares instants; the scheduler only wakes.
#include <algorithm>

#include "kernel/run.h"

namespace tongban::kernel {
namespace {

using pack::ClockEffect;

// Numbers of the clocks of that name that are not over, in the scope.
std::vector<uint32_t> open_clocks(const CaseState& state, const pack::ClockDef& def, uint32_t scope_ref) {
  std::vector<uint32_t> list;
  const bool scoped = def.scope != pack::ClockScope::per_case && scope_ref != 0;
  for (const Clock& clock : state.clocks) {
    if (clock.name == def.id && !clock.over() && (!scoped || clock.scope_ref == scope_ref)) list.push_back(clock.no);
  }
  return list;
}

// A clock that pauses has used its time up to the pause and none since.
bool is_late(const Clock& clock, Instant at) {
  const auto due = clock.due_at();
  if (clock.status == ClockStatus::paused) at = std::min(at, clock.pauses.back().from);
  return clock.type == pack::ClockType::deadline && due && at > *due;
}

bool counts_days(calendar::Unit unit) { return unit != calendar::Unit::minutes && unit != calendar::Unit::hours; }

// What is left of a paused segment: the day of the pause still counted, the days after it do not.
Limit remainder(const calendar::Counted& counted, Instant paused_at, const calendar::Calendar& calendar) {
  const Date start = local_date(counted.start), pause_day = local_date(paused_at);
  switch (counted.unit) {
    case calendar::Unit::working_days:
      return {std::max<int64_t>(0, counted.n - calendar.working_days_between(start, pause_day)), counted.unit};
    case calendar::Unit::calendar_days:
      return {std::max<int64_t>(0, counted.n - (pause_day - start)), counted.unit};
    case calendar::Unit::months:  // the corresponding day moves by the days of the pause
      return {std::max<int64_t>(0, counted.raw_end - pause_day), calendar::Unit::calendar_days};
    case calendar::Unit::minutes:
    case calendar::Unit::hours:
      return {std::max<int64_t>(0, (counted.due_at.ms - paused_at.ms + 59'999) / 60'000), calendar::Unit::minutes};
  }
  return {};
}

}  // namespace

Result<void> start_clock(Run& run, const pack::ClockDef& def, const std::optional<Limit>& limit, const Basis& basis,
                         uint32_t scope_ref) {
  const auto earlier = open_clocks(run.after, def, scope_ref);
  if (!earlier.empty() && def.again == pack::Again::keep) return {};
  ClockStarted started{.name = def.id,
                       .type = def.type,
                       .scope = def.scope,
                       .scope_ref = scope_ref,
                       .force = def.force,
                       .owner = def.owner,
                       .started_at = run.happened_at,
                       .basis = basis};
  if (limit) {
    started.counted = TRY(calendar::count(*run.context.calendar, run.happened_at, limit->unit, limit->n, def.kind));
  }
  if (def.again == pack::Again::restart) {
    for (const uint32_t no : earlier)
      run.emit(ClockStopped{no, StopKind::cancel, run.happened_at, run.after.clocks[no - 1].late});
  }
  started.no = static_cast<uint32_t>(run.after.clocks.size() + 1);
  run.emit(std::move(started));
  return {};
}

void touch_clocks(Run& run, const pack::ClockDef& def, ClockEffect effect, uint32_t scope_ref, const Basis& basis) {
  for (const uint32_t no : open_clocks(run.after, def, scope_ref)) {
    const Clock& clock = run.after.clocks[no - 1];
    switch (effect) {
      case ClockEffect::stop:
        run.emit(ClockStopped{no, StopKind::stop, run.happened_at, is_late(clock, run.happened_at)});
        break;
      case ClockEffect::claim:
        if (clock.status != ClockStatus::claimed) {
          run.emit(ClockStopped{no, StopKind::claim, run.happened_at, is_late(clock, run.happened_at)});
        }
        break;
      case ClockEffect::confirm: {
        const Instant at = clock.claimed_at.value_or(run.happened_at);
        run.emit(ClockStopped{no, StopKind::confirm, at, is_late(clock, at)});
        break;
      }
      case ClockEffect::reopen:
        if (clock.status == ClockStatus::claimed) run.emit(ClockReopened{no});
        break;
      case ClockEffect::pause:
        if (clock.status == ClockStatus::running) run.emit(ClockPaused{no, run.happened_at, basis});
        break;
      case ClockEffect::cancel:
        run.emit(ClockStopped{no, StopKind::cancel, run.happened_at, clock.late});
        break;
      case ClockEffect::start:
      case ClockEffect::resume:
      case ClockEffect::extend:
        CHECK(!"start, resume and extend have functions of their own");
    }
  }
}

Result<void> resume_clocks(Run& run, const pack::ClockDef& def, uint32_t scope_ref) {
  for (const uint32_t no : open_clocks(run.after, def, scope_ref)) {
    const Clock& clock = run.after.clocks[no - 1];
    if (clock.status != ClockStatus::paused) continue;
    ClockResumed resumed{.no = no, .at = run.happened_at};
    if (clock.due_at() && clock.pauses.back().from <= *clock.due_at()) {
      const Limit rest = remainder(clock.segments.back().counted, clock.pauses.back().from, *run.context.calendar);
      resumed.counted = TRY(calendar::count(*run.context.calendar, run.happened_at, rest.unit, rest.n, def.kind));
    }
    run.emit(std::move(resumed));
  }
  return {};
}

// READING: asked in time, an extension is valid from the old due date, whenever it is granted.
Result<void> extend_clocks(Run& run, const pack::ClockDef& def, const Limit& amount, uint32_t scope_ref,
                           const Basis& basis) {
  for (const uint32_t no : open_clocks(run.after, def, scope_ref)) {
    const Clock& clock = run.after.clocks[no - 1];
    if (clock.segments.empty()) continue;
    const calendar::Counted& last = clock.segments.back().counted;
    const Instant from = counts_days(amount.unit) ? start_of_day(last.due_on) : last.due_at;
    run.emit(
        ClockExtended{no, TRY(calendar::count(*run.context.calendar, from, amount.unit, amount.n, def.kind)), basis});
  }
  return {};
}

namespace {

// Where a segment is counted from, and how much, with the calendar as known now.
struct Stretch {
  Instant start;
  Limit limit;
};
Stretch stretch_of(const Clock& clock, size_t i, const calendar::Calendar& calendar) {
  const Clock::Segment& segment = clock.segments[i];
  Stretch stretch{segment.counted.start, {segment.counted.n, segment.counted.unit}};
  if (i == 0) return stretch;
  const calendar::Counted& previous = clock.segments[i - 1].counted;
  if (segment.why == Clock::Segment::Why::extension) {
    stretch.start = counts_days(segment.counted.unit) ? start_of_day(previous.due_on) : previous.due_at;
  } else if (segment.why == Clock::Segment::Why::resumption) {
    const auto pause = std::find_if(clock.pauses.begin(), clock.pauses.end(),
                                    [&](const Clock::Pause& one) { return one.to == segment.at; });
    if (pause != clock.pauses.end()) stretch.limit = remainder(previous, pause->from, calendar);
  }
  return stretch;
}

}  // namespace

Result<void> recompute_clock(Run& run, uint32_t no) {
  for (uint32_t i = 0; i < run.after.clocks[no - 1].segments.size(); ++i) {
    const Clock& clock = run.after.clocks[no - 1];
    const calendar::Counted& old = clock.segments[i].counted;
    const Stretch stretch = stretch_of(clock, i, *run.context.calendar);
    calendar::Counted fresh =
        TRY(calendar::count(*run.context.calendar, stretch.start, stretch.limit.unit, stretch.limit.n, old.kind));
    const bool same_days =
        fresh.due_at == old.due_at && fresh.provisional == old.provisional && fresh.specials == old.specials;
    if (!same_days) run.emit(ClockRecomputed{no, i, std::move(fresh), old.due_on});
  }
  return {};
}

void withdraw_asks_of(Run& run, uint32_t assignment) {
  for (size_t i = 0; i < run.after.asks.size(); ++i) {
    const AskState& ask = run.after.asks[i];
    if (!ask.open()) continue;
    // One question of a name is open at a time, so the last act that asks it is the one that asked.
    const auto& acts = run.after.acts;
    const auto asked = std::find_if(acts.rbegin(), acts.rend(), [&](const ActRecord& act) {
      const pack::Action* action = run.type.find_action(act.action);
      return action && action->ask && action->ask->id == ask.name;
    });
    if (asked != acts.rend() && asked->assignment == assignment) run.emit(AskAnswered{ask.no, Answer::withdrawn});
  }
}

void end_assignment(Run& run, uint32_t no, EndReason reason) {
  if (!run.after.assignments[no - 1].active()) return;
  for (size_t i = 0; i < run.after.assignments.size(); ++i) {  // children first; a chain is as deep as the unit tree
    if (run.after.assignments[i].under == no && run.after.assignments[i].active()) {
      end_assignment(run, run.after.assignments[i].no,
                     reason == EndReason::case_closed ? reason : EndReason::parent_ended);
    }
  }
  run.emit(AssignmentEnded{no, reason});
  withdraw_asks_of(run, no);
  const bool is_root = run.after.assignments[no - 1].under == 0;
  for (size_t i = 0; i < run.after.clocks.size(); ++i) {
    const Clock& clock = run.after.clocks[i];
    const bool hangs = clock.scope_ref == no && (clock.scope == pack::ClockScope::per_assignment ||
                                                 (clock.scope == pack::ClockScope::per_chain && is_root));
    if (hangs && !clock.over()) run.emit(ClockStopped{clock.no, StopKind::cancel, run.happened_at, clock.late});
  }
}

bool is_shielded(const CaseState& state, const Clock& clock) {
  return std::any_of(state.asks.begin(), state.asks.end(), [&](const AskState& ask) {
    return ask.open() && ask.shields == clock.no && (!clock.due_at() || ask.at <= *clock.due_at());
  });
}

void expire_clock(Run& run, const Clock& clock) {
  const std::string name = clock.name;
  const Instant due = *clock.due_at();
  const bool deadline = clock.type == pack::ClockType::deadline;
  run.emit_at(ClockExpired{clock.no, due}, due);
  if (deadline) add_reactions(run, pack::Reaction::Trigger::late, name, due);
}

std::optional<Instant> wake_at(const CaseState& state, const Clock& clock, int64_t grace_ms) {
  if (clock.status != ClockStatus::running || clock.expired || !clock.due_at() || is_shielded(state, clock))
    return std::nullopt;
  return clock.due_at()->plus_ms(grace_ms);
}

std::vector<uint32_t> due_timers(const CaseState& state, Instant now, int64_t grace_ms) {
  std::vector<uint32_t> due;
  for (const Clock& clock : state.clocks) {
    // An act exactly at the due instant is in time, so the timer fires strictly after it.
    if (const auto wake = wake_at(state, clock, grace_ms); wake && *wake < now) due.push_back(clock.no);
  }
  std::stable_sort(due.begin(), due.end(), [&](uint32_t a, uint32_t b) {
    return *state.clocks[a - 1].due_at() < *state.clocks[b - 1].due_at();
  });
  return due;
}

}  // namespace tongban::kernel
