// The state of one case: the fold of its events, nothing else. `apply` reads only the event and cannot fail on an event
// that `decide` made; an event that does not fit is a broken invariant.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernel/event.h"

namespace tongban::kernel {

struct ActRecord {       // one act with its form: acts.reply[n]
  uint64_t version = 0;  // of its ActionTaken event
  std::string action, outcome;
  Fields form;
  ActorRef actor;
  Instant happened_at, recorded_at;
  std::string from_state, to_state;
  uint32_t assignment = 0;
  std::vector<std::string> flags;
  Basis basis;
  bool undone = false;  // taken back in time
};

struct Assignment {
  uint32_t no = 0;
  uint64_t version = 0;        // of the event that made it
  uint64_t ended_version = 0;  // of the event that ended it; 0: active
  std::string name, unit, person;
  uint32_t under = 0;  // 0: root
  uint32_t root = 0;   // its own number for a root
  std::string given_by;
  Instant at;
  std::optional<Instant> ended_at;
  EndReason end_reason = EndReason::act;
  bool active() const { return !ended_at; }
};

enum class ClockStatus : uint8_t { running, paused, claimed, stopped, cancelled };

struct Clock {
  struct Segment {  // one counted stretch: the first period, each extension, each rest after a pause
    enum class Why : uint8_t { start, extension, resumption } why = Why::start;
    calendar::Counted counted;
    Basis basis;
    Instant at;            // when it was added
    uint64_t version = 0;  // of the event
  };
  struct Pause {
    Instant from;
    std::optional<Instant> to;
    Basis basis;
  };
  uint32_t no = 0;
  std::string name, owner;
  pack::ClockType type = pack::ClockType::deadline;
  pack::ClockScope scope = pack::ClockScope::per_case;
  uint32_t scope_ref = 0;
  pack::Force force = pack::Force::statutory;
  Basis basis;
  Instant started_at;
  uint64_t started_version = 0;
  std::vector<Segment> segments;  // empty: elapsed only
  std::vector<Pause> pauses;
  std::vector<Date> former_due;  // due dates that a notice changed
  ClockStatus status = ClockStatus::running;
  std::optional<Instant> claimed_at, stopped_at;
  bool expired = false;  // ClockExpired was recorded
  bool late = false;     // the verdict; corrected by an act that was in time
  bool over() const { return status == ClockStatus::stopped || status == ClockStatus::cancelled; }
  std::optional<Instant> due_at() const {
    return segments.empty() ? std::nullopt : std::optional(segments.back().counted.due_at);
  }
  bool provisional() const { return !segments.empty() && segments.back().counted.provisional; }
};

struct AskState {
  uint32_t no = 0;
  std::string name, of_role, of_unit;
  ActorRef asker;
  uint32_t shields = 0;
  std::optional<Limit> amount;
  Instant at;
  std::optional<Instant> answered_at;
  std::optional<Answer> answer;
  bool open() const { return !answer; }
};

struct LinkState {
  std::string kind;
  bool inverse = false;
  Id other;
  std::string other_number, other_type;
  std::vector<std::string> holds;
  bool released = false;
  bool ended = false;  // no longer linked
};

struct LetterState {
  std::string letter, channel, to_role, to_unit, text;
  Instant at;
  uint64_t version = 0;
  Basis basis;
  std::optional<Instant> held_until;  // not delivered before; nothing: at once
  bool cancelled = false;             // the act was taken back while it waited: never delivered
};

struct DocumentState {
  Id document;
  FieldValue name;
  std::string media_type, group;
  uint64_t bytes = 0;
  Hash stored_hash{};
  Instant at;
  ActorRef by;
};

struct CaseState {
  Id id;
  uint64_t version = 0;
  std::string pack, type, number, channel;
  Id person;
  bool erased = false;
  std::string tracking_hash;
  std::string state;
  std::vector<std::string> held_by;
  Instant opened_at, changed_at;
  std::optional<Instant> closed_at;
  std::string result, keep;
  bool imported = false;
  Fields fields;
  std::vector<ActRecord> acts;
  std::vector<Assignment> assignments;  // no == index + 1
  std::vector<Clock> clocks;            // no == index + 1
  std::vector<AskState> asks;           // no == index + 1
  std::vector<LinkState> links;
  std::vector<LetterState> letters;
  std::vector<DocumentState> documents;
  std::vector<std::pair<uint64_t, DecisionMade>> decisions;  // with the event's version
  std::vector<std::string> flags;
  // Working days that formulas counted, with the version of the act or letter that they belong to; those of decisions
  // stand with the decision.
  std::vector<std::pair<uint64_t, DaysCounted>> counted;

  bool open() const { return !closed_at; }
  // The active assignment of that name that is deepest in its chain, latest first; nullptr when none.
  const Assignment* current(std::string_view assignment) const;
  const Clock* running(std::string_view clock) const;  // last of that name that is not over; nullptr
  const Clock* last_clock(std::string_view clock) const;
  const AskState* open_ask(std::string_view name) const;
  uint32_t depth(const Assignment& assignment) const;
  // The link of that kind that this case made and that holds; nullptr when none.
  const LinkState* link(std::string_view kind) const;
};

void apply(CaseState& state, const Event& event);
void apply(CaseState& state, Event&& event);  // takes out of the event what it needs
CaseState fold(const std::vector<Event>& events);
CaseState fold(std::vector<Event>&& events);

}  // namespace tongban::kernel
