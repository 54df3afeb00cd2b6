// Commands: what somebody wants. A closed set in the imperative. The shell (http, command line, scheduler, import)
// makes them; it stamps receipt, makes ids and seals personal values, so that decide stays pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "kernel/event.h"

namespace tongban::kernel {

// Who asks. Positions and roles are resolved by decide from the registers as of the day of the act.
struct Actor {
  enum class Kind : uint8_t {
    staff,   // a person of the register people
    caller,  // the case's party, shown by number and secret code, or by a session of that person
    anyone,  // a stranger
    system,  // timers, reactions
  };
  Kind kind = Kind::anyone;
  std::string person;  // staff: id in the register people
  std::string unit;    // staff: the unit in which the person acts; empty: whichever fits
};

struct FormValue {
  std::string name;
  feel::Value plain;   // as typed, coerced by the shell where it can be; personal values too: they are only checked
  std::string sealed;  // the same sealed, for personal fields; only this enters the event
};

struct OpenCase {
  std::string pack, type;  // pack id; the edition in force is the engine's choice
  std::vector<FormValue> form;
  std::string channel;
  std::string number;  // the next number, made by the shell from the pattern
  Id person;
  std::string tracking_hash;
  struct Link {
    std::string kind;
    Id other;
    std::string other_number, other_type;
    std::vector<std::string> holds;
  };
  std::vector<Link> links;
};
struct TakeAction {
  std::string action;
  std::vector<FormValue> form;
  uint32_t assignment = 0;  // which of the actor's assignments; 0: the one that fits
};
struct AddNote {
  FieldValue text;
};
struct FileDocument {
  Id document;
  FieldValue name;
  std::string media_type;
  uint64_t bytes = 0;
  Hash stored_hash{};
  std::string group;
};
struct AddLink {
  Linked link;
};  // written by the engine on the other case of an opened one
struct EndLink {
  LinkEnded link;
};  // written by the engine on the other case of a link that ends
struct ReleaseHold {
  Id other;
};
struct ExpireClock {
  uint32_t clock = 0;
};
struct RecomputeClock {
  uint32_t clock = 0;
};  // with the context's calendar
struct MoveEdition {
  std::string to, reason;
};
struct ErasePerson {};

using CommandBody = std::variant<OpenCase, TakeAction, AddNote, FileDocument, AddLink, EndLink, ReleaseHold,
                                 ExpireClock, RecomputeClock, MoveEdition, ErasePerson>;

struct Command {
  Id id;  // made by the shell; events carry it
  Id case_id;
  Actor actor;
  Instant received_at;
  std::optional<Instant> happened_at;  // where no form field states it: reactions (instant of the cause) and imports
  std::optional<uint64_t> expected_version;  // from If-Match
  std::optional<Id> cause;
  bool imported = false;
  CommandBody body;
};

// Why a command was refused, in the order in which decide checks. The names are part of the API.
enum class RejectionCode : uint8_t {
  not_found,           // unknown, or not yours: both look the same
  changed,             // somebody changed the case since you read it
  wrong_state,         // the action is not possible in this state
  not_allowed,         // not by this role
  invalid_form,        // fields: see `fields`
  not_decidable,       // a value that a rule needs is missing
  requirement_failed,  // conditions of the pack: see `conditions`
  no_holder,           // nobody could act on the case afterwards
};
std::string_view to_text(RejectionCode code);

struct FieldFault {
  std::string field;  // form field id
  std::string sentence;
};
struct FailedCondition {
  std::string id, sentence, instead;
  Basis basis;
};
struct Rejection {
  RejectionCode code = RejectionCode::not_found;
  std::string sentence;  // what was asked and what stands in the way
  std::string instead;   // what to do next
  Basis basis;
  std::vector<FieldFault> fields;
  std::vector<FailedCondition> conditions;
  uint64_t current_version = 0;  // changed: the version there is now
};

}  // namespace tongban::kernel
