// The heart: from a state and a command to events or a rejection. Pure: no I/O, no clock, no random source, no global.
// The order of the checks and of the effects is KERNEL §1.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "calendar/calendar.h"
#include "kernel/command.h"
#include "kernel/registers.h"
#include "kernel/state.h"
#include "pack/model.h"

namespace tongban::kernel {

struct Context {
  const pack::Pack* pack = nullptr;              // the edition the case is pinned to
  const calendar::Calendar* calendar = nullptr;  // as known at the act
  const Registers* registers = nullptr;
  // How long after the due instant the timer waits; the verdict never depends on it.
  int64_t grace_ms = 0;
  // The case that the act names by `other`, as the actor may see it; null: none, or not there for the actor. Read in
  // the same commit as the command's own case.
  const CaseState* other = nullptr;
};

// Something that must follow after the commit, on another case.
struct FollowUp {
  std::string rule;  // reaction id, or "outcome"
  Id subject;        // existing case to act on; nil: open a new one
  OpenCase open;     // form without sealed values
  TakeAction act;
  Instant happened_at;  // of its cause
  Basis basis;
};

struct Decided {
  std::vector<Event> events;  // at least one
  CaseState state;            // after them
  std::vector<FollowUp> follow_ups;
};
using Verdict = std::variant<Rejection, Decided>;

// `state` is null for OpenCase. Timers due before receipt must have been fired by the caller (see due_timers).
Verdict decide(const CaseState* state, const Command& command, const Context& context);

// The clocks to fire before a command received at `now` is decided, in order of their due instants.
std::vector<uint32_t> due_timers(const CaseState& state, Instant now, int64_t grace_ms);
// When the scheduler must look at the clock again; nothing: it has no timer now.
std::optional<Instant> wake_at(const CaseState& state, const Clock& clock, int64_t grace_ms);

// --- who may what (also for pages) ---

struct RoleHit {
  const pack::Role* role = nullptr;
  std::string unit, position, person;
  uint32_t assignment = 0;  // through which; 0: none
};
// Every role the actor has on this case that day. Empty state: roles without a case (opening).
std::vector<RoleHit> roles_of(const Actor& actor, const CaseState* state, const pack::CaseType& type,
                              const Registers& registers, Date day);
// The same for who asks for many cases: `posts` are the actor's of that day (Registers::posts_of; none but for staff).
std::vector<RoleHit> roles_of(const Actor& actor, const std::vector<Post>& posts, const CaseState* state,
                              const pack::CaseType& type);
// Units that stand behind a role on this case now, e.g. superior_of handler → one unit. Party and system: none.
std::vector<std::string> units_of(const pack::Role& role, const CaseState& state);
bool may_see(const std::vector<RoleHit>& roles, const CaseState& state, const pack::CaseType& type);
// Who among the staff may open the case, for telling of its changes without asking for each listener: "unit:U" every
// post there, "position:P@U" this post, "person:X@U" this person while at a post there. Sorted, one each. Whom a role
// excludes by what they did (`not_acts`) is not taken out: they did it here and know the case.
std::vector<std::string> hearers_of(const CaseState& state, const pack::CaseType& type);
// The same words for a listener who holds these posts: she hears of a case when one of them is among its hearers.
std::vector<std::string> stands_of(const std::string& person, const std::vector<Post>& posts);
// Can the person meet cases of the type in the list of that unit at all: does a post of theirs there fit a role of it?
// For counts, which do not look at each case.
bool may_meet(const Actor& actor, std::string_view unit, const pack::CaseType& type, const Registers& registers,
              Date day);
// Groups whose fields the roles may read; hide_from applied.
std::vector<std::string> visible_groups(const std::vector<RoleHit>& roles, const CaseState& state,
                                        const pack::CaseType& type);
// Does a condition of the pack hide a group of this case from somebody (`hide_if`)? Then nothing of it is shown to
// strangers either.
bool is_confidential(const CaseState& state, const pack::CaseType& type);

// Files of one case; its party adds fewer, so that nobody fills the disk through a case of her own.
inline constexpr size_t kMostDocuments = 200, kMostDocumentsOfParty = 50;
// Why the actor may file no further document; nothing: she may. Also asked before an upload is taken.
std::optional<Rejection> refuse_document(const CaseState& state, const pack::CaseType& type, Actor::Kind kind);

struct Offer {  // an action on the page, or why it is not offered
  const pack::Action* action = nullptr;
  std::optional<Rejection> refused;  // by state, role, or a condition that needs no form
};
// Until when an act with `undoes` can take the other back; nothing: it undoes nothing, or there is nothing to undo.
std::optional<Instant> undo_until(const CaseState& state, const pack::Action& action);
std::vector<Offer> offers(const CaseState& state, const Actor& actor, const Context& context, Instant now);

// The fields of a form: unknown, missing, wrong kind, too long. Values are coerced in place. Pure.
std::vector<FieldFault> check_form(const pack::Action& action, std::vector<FormValue>& form, const Registers& registers,
                                   Date day);

// The suggestion of a decision in `suggest`, for a form not sent yet: outputs, rows, clauses.
std::vector<DecisionMade> suggestions(const CaseState& state, const pack::Action& action, const Actor& actor,
                                      const std::vector<FormValue>& form, const Context& context, Instant now);

}  // namespace tongban::kernel
