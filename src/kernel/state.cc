#include "kernel/state.h"

#include <algorithm>

#include "base/check.h"

namespace tongban::kernel {
namespace {

template <class T>
T& at(std::vector<T>& list, uint32_t no) {
  CHECK(no >= 1 && no <= list.size());
  return list[no - 1];
}

void put(Fields& fields, std::string name, FieldValue value) {
  for (auto& [key, old] : fields) {
    if (key == name) {
      old = std::move(value);
      return;
    }
  }
  fields.emplace_back(std::move(name), std::move(value));
}

void add_once(std::vector<std::string>& list, const std::string& word) {
  if (std::find(list.begin(), list.end(), word) == list.end()) list.push_back(word);
}

// One overload for each event. Nothing here decides anything. What an event holds is taken out of it.
struct Applier {
  CaseState& s;
  const Envelope& e;

  void operator()(CaseOpened& b) const {
    s.id = e.stream;
    s.pack = std::move(b.pack);
    s.type = std::move(b.type);
    s.number = std::move(b.number);
    s.channel = std::move(b.channel);
    s.person = b.person;
    s.tracking_hash = std::move(b.tracking_hash);
    s.opened_at = e.happened_at;
    s.imported = e.imported;
  }
  void operator()(ActionTaken& b) const {
    s.state = b.to_state;
    s.held_by = std::move(b.held_by);
    for (const auto& flag : b.flags) add_once(s.flags, flag);
    keep(e.version, b.counted);
    s.acts.push_back({.version = e.version,
                      .action = std::move(b.action),
                      .outcome = std::move(b.outcome),
                      .form = std::move(b.form),
                      .actor = e.actor,
                      .happened_at = e.happened_at,
                      .recorded_at = e.recorded_at,
                      .from_state = std::move(b.from_state),
                      .to_state = std::move(b.to_state),
                      .assignment = b.assignment,
                      .flags = std::move(b.flags),
                      .basis = std::move(b.basis)});
  }
  void keep(uint64_t version, std::vector<DaysCounted>& counted) const {
    for (DaysCounted& one : counted) s.counted.emplace_back(version, std::move(one));
  }
  void operator()(FieldsSet& b) const {
    keep(s.acts.empty() ? e.version : s.acts.back().version, b.counted);
    for (auto& [name, value] : b.fields) put(s.fields, std::move(name), std::move(value));
  }
  void operator()(DecisionMade& b) const { s.decisions.emplace_back(e.version, std::move(b)); }
  void operator()(const LookedUp&) const {}
  void operator()(Assigned& b) const {
    CHECK(b.no == s.assignments.size() + 1);
    const uint32_t root = b.under == 0 ? b.no : at(s.assignments, b.under).root;
    s.assignments.push_back({.no = b.no,
                             .version = e.version,
                             .name = std::move(b.name),
                             .unit = std::move(b.unit),
                             .person = std::move(b.person),
                             .under = b.under,
                             .root = root,
                             .given_by = std::move(b.given_by),
                             .at = e.happened_at});
  }
  void operator()(AssignmentEnded& b) const {
    Assignment& assignment = at(s.assignments, b.no);
    assignment.ended_at = e.happened_at;
    assignment.ended_version = e.version;
    assignment.end_reason = b.reason;
  }
  void operator()(ClockStarted& b) const {
    CHECK(b.no == s.clocks.size() + 1);
    Clock clock;
    clock.no = b.no;
    clock.name = std::move(b.name);
    clock.owner = std::move(b.owner);
    clock.type = b.type;
    clock.scope = b.scope;
    clock.scope_ref = b.scope_ref;
    clock.force = b.force;
    clock.basis = b.basis;
    clock.started_at = b.started_at;
    clock.started_version = e.version;
    if (b.counted)
      clock.segments.push_back(
          {Clock::Segment::Why::start, std::move(*b.counted), std::move(b.basis), b.started_at, e.version});
    s.clocks.push_back(std::move(clock));
  }
  void operator()(ClockPaused& b) const {
    Clock& clock = at(s.clocks, b.no);
    clock.status = ClockStatus::paused;
    clock.pauses.push_back({b.at, std::nullopt, std::move(b.basis)});
  }
  void operator()(ClockResumed& b) const {
    Clock& clock = at(s.clocks, b.no);
    CHECK(!clock.pauses.empty());
    clock.status = ClockStatus::running;
    clock.pauses.back().to = b.at;
    if (b.counted)
      clock.segments.push_back(
          {Clock::Segment::Why::resumption, *b.counted, clock.pauses.back().basis, b.at, e.version});
  }
  void operator()(ClockExtended& b) const {
    Clock& clock = at(s.clocks, b.no);
    clock.segments.push_back(
        {Clock::Segment::Why::extension, std::move(b.counted), std::move(b.basis), e.happened_at, e.version});
    clock.expired = false;  // an extension asked in time counts from the old due date: the lateness never was
    clock.late = false;
  }
  void operator()(ClockStopped& b) const {
    Clock& clock = at(s.clocks, b.no);
    switch (b.how) {
      case StopKind::claim:
        clock.status = ClockStatus::claimed;
        clock.claimed_at = b.at;
        break;
      case StopKind::stop:
      case StopKind::confirm:
        clock.status = ClockStatus::stopped;
        clock.stopped_at = b.at;
        break;
      case StopKind::cancel:
        clock.status = ClockStatus::cancelled;
        clock.stopped_at = b.at;
        break;
    }
    clock.late = b.late;
  }
  void operator()(ClockReopened& b) const {
    Clock& clock = at(s.clocks, b.no);
    clock.status = ClockStatus::running;
    clock.claimed_at.reset();
    clock.late = clock.expired;
  }
  void operator()(ClockExpired& b) const {
    Clock& clock = at(s.clocks, b.no);
    clock.expired = true;
    if (clock.type == pack::ClockType::deadline) clock.late = true;
  }
  void operator()(ClockRecomputed& b) const {
    Clock& clock = at(s.clocks, b.no);
    CHECK(b.segment < clock.segments.size());
    clock.segments[b.segment].counted = b.counted;
    if (b.segment + 1 != clock.segments.size()) return;
    if (b.counted.due_on != b.old_due_on) clock.former_due.push_back(b.old_due_on);
    if (clock.type != pack::ClockType::deadline || !clock.expired) return;
    if (b.counted.due_at > e.recorded_at) clock.expired = false;  // it runs again, and may expire on its new day
    if (!clock.over()) clock.late = clock.claimed_at ? *clock.claimed_at > b.counted.due_at : clock.expired;
  }
  void operator()(AskOpened& b) const {
    CHECK(b.no == s.asks.size() + 1);
    s.asks.push_back({.no = b.no,
                      .name = std::move(b.name),
                      .of_role = std::move(b.of_role),
                      .of_unit = std::move(b.of_unit),
                      .asker = e.actor,
                      .shields = b.shields,
                      .amount = b.amount,
                      .at = e.happened_at});
  }
  void operator()(AskAnswered& b) const {
    AskState& ask = at(s.asks, b.no);
    ask.answer = b.answer;
    ask.answered_at = e.happened_at;
  }
  void operator()(LetterSent& b) const {
    keep(e.version, b.counted);
    s.letters.push_back({std::move(b.letter),
                         std::move(b.channel),
                         std::move(b.to_role),
                         std::move(b.to_unit),
                         std::move(b.text),
                         e.happened_at,
                         e.version,
                         std::move(b.basis),
                         {},
                         false});
  }
  void operator()(LettersHeld& b) const {
    for (auto& letter : s.letters) {
      if (letter.version >= b.from_version) letter.held_until = b.until;
    }
  }
  void operator()(ActUndone& b) const {
    s.flags.clear();
    for (auto& act : s.acts) {
      if (act.version == b.act) act.undone = true;
      if (act.undone) continue;
      for (const auto& flag : act.flags) add_once(s.flags, flag);
    }
    for (auto& letter : s.letters) {
      if (letter.version > b.act && letter.held_until) letter.cancelled = true;
    }
  }
  void operator()(Linked& b) const {
    s.links.push_back({std::move(b.kind), b.inverse, b.other, std::move(b.other_number), std::move(b.other_type),
                       std::move(b.holds), false, false});
  }
  void operator()(HoldReleased& b) const {
    for (auto& link : s.links) {
      if (link.other == b.other) link.released = true;
    }
  }
  void operator()(LinkEnded& b) const {
    for (auto& link : s.links) {
      if (link.kind == b.kind && link.inverse == b.inverse && link.other == b.other) link.ended = link.released = true;
    }
  }
  void operator()(CaseClosed& b) const {
    s.closed_at = e.happened_at;
    s.result = std::move(b.result);
    s.keep = std::move(b.keep);
  }
  void operator()(NoteAdded& b) const {
    s.acts.push_back({.version = e.version,
                      .action = "note",
                      .form = {{"text", b.text}},
                      .actor = e.actor,
                      .happened_at = e.happened_at,
                      .recorded_at = e.recorded_at,
                      .from_state = s.state,
                      .to_state = s.state});
  }
  void operator()(DocumentFiled& b) const {
    s.documents.push_back({b.document, b.name, b.media_type, b.group, b.bytes, b.stored_hash, e.happened_at, e.actor});
  }
  void operator()(EditionMoved& b) const { s.pack = b.to; }
  void operator()(const PersonErased&) const { s.erased = true; }
  void operator()(const RegisterEntryPut&) const { CHECK(!"a register event on a case's stream"); }
};

}  // namespace

void apply(CaseState& state, const Event& event) {
  Event copy = event;
  apply(state, std::move(copy));
}

void apply(CaseState& state, Event&& event) {
  CHECK(event.envelope.version == state.version + 1);
  std::visit(Applier{state, event.envelope}, event.body);
  state.version = event.envelope.version;
  state.changed_at = event.envelope.recorded_at;
}

CaseState fold(const std::vector<Event>& events) {
  CaseState state;
  for (const Event& event : events) apply(state, event);
  return state;
}

CaseState fold(std::vector<Event>&& events) {
  CaseState state;
  for (Event& event : events) apply(state, std::move(event));
  return state;
}

uint32_t CaseState::depth(const Assignment& assignment) const {
  uint32_t depth = 0;
  for (uint32_t no = assignment.under; no != 0; no = assignments[no - 1].under) ++depth;
  return depth;
}

const Assignment* CaseState::current(std::string_view name) const {
  const Assignment* best = nullptr;
  for (const Assignment& a : assignments) {
    if (a.active() && a.name == name && (!best || depth(a) >= depth(*best))) best = &a;
  }
  return best;
}

const Clock* CaseState::running(std::string_view name) const {
  for (size_t i = clocks.size(); i-- > 0;) {
    if (clocks[i].name == name && !clocks[i].over()) return &clocks[i];
  }
  return nullptr;
}

const Clock* CaseState::last_clock(std::string_view name) const {
  for (size_t i = clocks.size(); i-- > 0;) {
    if (clocks[i].name == name) return &clocks[i];
  }
  return nullptr;
}

const LinkState* CaseState::link(std::string_view kind) const {
  for (const LinkState& one : links) {
    if (one.kind == kind && !one.inverse && !one.ended) return &one;
  }
  return nullptr;
}

const AskState* CaseState::open_ask(std::string_view name) const {
  for (const AskState& ask : asks) {
    if (ask.name == name && ask.open()) return &ask;
  }
  return nullptr;
}

}  // namespace tongban::kernel
