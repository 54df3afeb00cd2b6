// Events: what happened, in the past tense, for ever. A closed set. Each carries its answer and its basis, so that
// `apply` needs nothing but the event and `explain` is a read of the ledger. Personal values stand only sealed.
// The bytes (encode/decode below) are canonical and versioned; tests/golden holds one of each kind for ever.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/date.h"
#include "base/id.h"
#include "base/result.h"
#include "calendar/calendar.h"
#include "feel/value.h"
#include "pack/model.h"
#include "pack/working_days.h"

namespace tongban::kernel {

// A value of a field: plain, or sealed with the key of the case's party. Guards and tables never see a sealed one.
struct FieldValue {
  feel::Value plain;
  std::string sealed;  // not empty: the value is personal and `plain` is null
  bool is_sealed() const { return !sealed.empty(); }
  bool operator==(const FieldValue&) const = default;
};
using Fields = std::vector<std::pair<std::string, FieldValue>>;
const FieldValue* find_value(const Fields& fields, std::string_view name);

// Who acted, as of the day of the act.
struct ActorRef {
  std::string role;      // role id of the pack; "system" for timers and reactions
  std::string person;    // id in the register people; empty for callers and the system
  std::string position;  // position kind, e.g. staff
  std::string unit;      // unit id
  bool operator==(const ActorRef&) const = default;
};

struct Envelope {
  Id stream;
  uint64_t version = 0;  // of the stream after this event, from 1
  Id command;            // events of one command share it
  Instant happened_at;   // the legal moment; clocks and periods use it
  Instant recorded_at;   // receipt; together with the position it orders
  ActorRef actor;
  bool imported = false;
  std::optional<Id> cause;  // the command that this one reacts to
  bool operator==(const Envelope&) const = default;
};

using pack::Basis;
using pack::DaysCounted;
using pack::Limit;

struct CaseOpened {
  std::string pack;  // id@edition
  std::string type;
  std::string number;
  std::string channel;        // web, phone, api, import
  Id person;                  // whose key seals the personal fields; nil: none
  std::string tracking_hash;  // SHA-256 of the caller's secret code; empty: none
  bool operator==(const CaseOpened&) const = default;
};
struct ActionTaken {
  std::string action;  // "open" for the first
  std::string outcome;
  Fields form;
  std::string from_state, to_state;
  std::vector<std::string> held_by;  // roles that hold the case now
  uint32_t assignment = 0;           // the assignment in which the actor acted; 0: none
  std::vector<std::string> flags;    // marks set by this act
  Basis basis;
  std::vector<DaysCounted> counted;  // working days that conditions and forms of opened cases rest on, by name
  bool operator==(const ActionTaken&) const = default;
};
struct FieldsSet {
  Fields fields;
  std::vector<DaysCounted> counted;  // working days that values rest on, by field
  bool operator==(const FieldsSet&) const = default;
};
enum class DecisionMode : uint8_t { automatic, confirmed, overridden };
struct DecisionMade {
  std::string decision;  // table id
  DecisionMode mode = DecisionMode::automatic;
  feel::Value suggestion;  // outputs
  feel::Value choice;      // what was taken; equal to suggestion unless overridden
  std::string reason;      // why it was overridden
  std::vector<std::pair<std::string, feel::Value>> inputs;
  std::vector<uint32_t> matched;
  uint32_t decided_by = 0;  // row; 0: none or a list
  bool at_least = false;
  std::vector<std::string> missing;
  std::vector<Basis> bases;
  std::vector<DaysCounted> counted;  // working days that inputs and outputs rest on
  bool operator==(const DecisionMade&) const = default;
};
struct LookedUp {  // what a declared read found, by revision
  std::string look_up, reg, entry;
  uint32_t revision = 0;  // 0: nothing found
  bool operator==(const LookedUp&) const = default;
};
struct Assigned {
  uint32_t no = 0;   // within the case, from 1
  std::string name;  // assignment type
  std::string unit, person;
  uint32_t under = 0;    // the assignment it was handed on from; 0: root of a chain
  std::string given_by;  // unit that handed it
  Basis basis;
  bool operator==(const Assigned&) const = default;
};
enum class EndReason : uint8_t { act, replaced, parent_ended, case_closed };
struct AssignmentEnded {
  uint32_t no = 0;
  EndReason reason = EndReason::act;
  bool operator==(const AssignmentEnded&) const = default;
};
struct ClockStarted {
  uint32_t no = 0;  // within the case, from 1
  std::string name;
  pack::ClockType type = pack::ClockType::deadline;
  pack::ClockScope scope = pack::ClockScope::per_case;
  uint32_t scope_ref = 0;  // assignment (its root for chains) or ask
  pack::Force force = pack::Force::statutory;
  std::string owner;                         // role
  std::optional<calendar::Counted> counted;  // nothing: elapsed only
  Instant started_at;
  Basis basis;
  bool operator==(const ClockStarted&) const = default;
};
struct ClockPaused {
  uint32_t no = 0;
  Instant at;
  Basis basis;
  bool operator==(const ClockPaused&) const = default;
};
struct ClockResumed {
  uint32_t no = 0;
  Instant at;
  std::optional<calendar::Counted> counted;  // the rest, counted from the day of resumption
  bool operator==(const ClockResumed&) const = default;
};
struct ClockExtended {
  uint32_t no = 0;
  calendar::Counted counted;  // from the old due date
  Basis basis;
  bool operator==(const ClockExtended&) const = default;
};
enum class StopKind : uint8_t { stop, claim, confirm, cancel };
struct ClockStopped {
  uint32_t no = 0;
  StopKind how = StopKind::stop;
  Instant at;  // the legal moment that counts (confirm: that of the claim)
  bool late = false;
  bool operator==(const ClockStopped&) const = default;
};
struct ClockReopened {  // a claim that did not stand: runs on with the old due date
  uint32_t no = 0;
  bool operator==(const ClockReopened&) const = default;
};
struct ClockExpired {
  uint32_t no = 0;
  Instant due_at;
  bool operator==(const ClockExpired&) const = default;
};
struct ClockRecomputed {  // a notice arrived
  uint32_t no = 0;
  uint32_t segment = 0;  // which counted segment changed; later ones follow in events of their own
  calendar::Counted counted;
  Date old_due_on;
  bool operator==(const ClockRecomputed&) const = default;
};
struct AskOpened {
  uint32_t no = 0;
  std::string name;
  std::string of_role, of_unit;
  uint32_t shields = 0;  // clock; 0: none
  std::optional<Limit> amount;
  bool operator==(const AskOpened&) const = default;
};
enum class Answer : uint8_t { granted, refused, withdrawn };
struct AskAnswered {
  uint32_t no = 0;
  Answer answer = Answer::granted;
  bool operator==(const AskAnswered&) const = default;
};
struct LetterSent {
  std::string letter, channel, to_role, to_unit;  // to_unit empty: the party
  std::string text;                               // as printed; personal values never enter letters
  Basis basis;
  std::vector<DaysCounted> counted;  // working days that days in the text rest on
  bool operator==(const LetterSent&) const = default;
};
struct Linked {
  std::string kind;      // link kind of the pack
  bool inverse = false;  // this case is the target
  Id other;
  std::string other_number, other_type;
  std::vector<std::string> holds;  // states this case may not enter while the other is open
  bool operator==(const Linked&) const = default;
};
struct HoldReleased {
  Id other;
  bool operator==(const HoldReleased&) const = default;
};
struct CaseClosed {
  std::string result, keep;
  bool operator==(const CaseClosed&) const = default;
};
struct NoteAdded {
  FieldValue text;
  bool operator==(const NoteAdded&) const = default;
};
struct DocumentFiled {
  Id document;
  FieldValue name;
  std::string media_type;
  uint64_t bytes = 0;
  Hash stored_hash{};  // of the stored (encrypted) bytes
  std::string group;   // visibility group
  bool operator==(const DocumentFiled&) const = default;
};
struct EditionMoved {
  std::string from, to, reason;
  bool operator==(const EditionMoved&) const = default;
};
struct PersonErased {
  Id person;
  Basis basis;
  bool operator==(const PersonErased&) const = default;
};
struct RegisterEntryPut {
  std::string reg, entry;
  uint32_t revision = 0;                     // from 1
  std::optional<Date> valid_from, valid_to;  // valid_to is exclusive
  feel::Value values;                        // context
  bool seed = false;                         // shipped with a pack
  Basis basis;
  bool operator==(const RegisterEntryPut&) const = default;
};

struct LettersHeld {          // the messages of this act wait: until then it can be taken back
  uint64_t from_version = 0;  // the first of them; all later ones of the case so far
  Instant until;
  bool operator==(const LettersHeld&) const = default;
};
struct ActUndone {   // an act was taken back in time; its waiting messages are never sent
  uint64_t act = 0;  // version of its ActionTaken
  bool operator==(const ActUndone&) const = default;
};
struct LinkEnded {  // a link of this case no longer holds; it stays in the history
  std::string kind;
  bool inverse = false;
  Id other;
  bool operator==(const LinkEnded&) const = default;
};

// The order of this list is the type byte on disk (from 1): append only.
using Body =
    std::variant<CaseOpened, ActionTaken, FieldsSet, DecisionMade, LookedUp, Assigned, AssignmentEnded, ClockStarted,
                 ClockPaused, ClockResumed, ClockExtended, ClockStopped, ClockReopened, ClockExpired, ClockRecomputed,
                 AskOpened, AskAnswered, LetterSent, Linked, HoldReleased, CaseClosed, NoteAdded, DocumentFiled,
                 EditionMoved, PersonErased, RegisterEntryPut, LettersHeld, ActUndone, LinkEnded>;

struct Event {
  Envelope envelope;
  Body body;
  bool operator==(const Event&) const = default;
};

std::string_view name_of(const Body& body);  // "CaseOpened"

// Bytes: format version, type, stream, stream version, flags, [command, instants, actor, cause], body. The part in
// brackets is left out when the event continues the command of the event before it on the same stream. A body ends with
// `counted` only where something was counted, which the flags say.
std::string encode(const Event& event, bool continues);
// `previous`: the event before it on the stream, needed when the bytes continue its command.
Result<Event> decode(std::string_view bytes, const Event* previous);
// All events of one stream in order.
Result<std::vector<Event>> decode_all(const std::vector<std::string_view>& bytes);

// Fields as used in list columns of views.
std::string encode_fields(const Fields& fields);
Result<Fields> decode_fields(std::string_view bytes);

}  // namespace tongban::kernel
