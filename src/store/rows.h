// The rows of the views: everything that lists, inboxes, timers and searches read. They are derived from the ledger by
// engine/projection and can be rebuilt from it at any time. Personal values stand here only sealed or as keyed hashes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/date.h"
#include "base/id.h"

namespace tongban::store {

// One per case: what lists show, filter and sort by.
struct CaseRow {
  Id case_id;
  std::string type;     // pack id and case type, e.g. "hotline-12345/request"
  std::string number;   // the number people read, unique; empty while none is given
  std::string edition;  // pinned pack edition
  std::string state;    // identifier of the state
  bool open = true;     // not final
  Instant opened_at;
  Instant changed_at;
  std::optional<Instant> closed_at;
  std::optional<Instant> due_at;  // earliest running deadline
  std::string due_clock;          // its name
  bool due_provisional = false;
  bool late = false;        // some deadline was or is missed
  std::string held_by;      // role that must act now
  std::string list_fields;  // encoded fields shown in lists (kernel's encoding; personal ones sealed)
  Id person;                // the party whose key seals the personal fields; nil when none
  uint64_t version = 0;     // of the stream
  bool operator==(const CaseRow&) const = default;
};

// Who finds the case in which list. A holder is "unit:<id>", "person:<id>" or "position:<position>@<unit>".
struct InboxRow {
  Id case_id;
  std::string holder;
  std::string relation;  // assignment or role name: lead, support, handler, desk …
  bool to_act = false;   // this holder has to act now
  bool open = true;
  std::optional<Instant> due_at;  // earliest deadline that concerns this holder
  Instant opened_at;
  bool operator==(const InboxRow&) const = default;
};

// One per clock that is not over: found by the scheduler (wake_at) and, when a notice arrives, by the days it depends
// on.
struct ClockRow {
  Id case_id;
  uint32_t clock = 0;  // number of the clock within the case
  std::string name;
  std::optional<Instant> wake_at;  // when the scheduler must look at it; nothing: no timer
  std::optional<Instant> due_at;
  bool provisional = false;
  Date depends_from;  // calendar days it was counted over, both included
  Date depends_to;
  bool operator==(const ClockRow&) const = default;
};

// A message to deliver after the commit.
struct OutboxRow {
  Id id;
  Id case_id;
  uint64_t position = 0;  // of the event that caused it; set by the store
  std::string kind;       // message | webhook | reaction
  std::string body;       // encoded by the engine; personal values only sealed
  Instant not_before;
  uint32_t attempts = 0;
  bool operator==(const OutboxRow&) const = default;
};

// A register entry as of its last event: current rows, found by register and key.
struct RegisterRow {
  std::string register_id;  // e.g. "chongqing/units"
  std::string entry_id;
  uint32_t revision = 0;
  std::string body;  // kernel's encoding of the entry with all its dated revisions
  bool operator==(const RegisterRow&) const = default;
};

// A person is found again by keyed hashes of telephone numbers and the like.
struct PersonHashRow {
  Hash hash{};  // HMAC under the store's search key
  Id person;
  Id case_id;  // the case in which it stands
  bool operator==(const PersonHashRow&) const = default;
};

// "Who looked at this case": every read of personal data, with purpose.
struct AuditRow {
  Id case_id;
  Instant at;
  std::string actor;  // "person:<id>" of a member of staff, "caller", "token:<id>"
  std::string unit;
  std::string purpose;
  std::string what;  // groups of fields that were shown
  bool operator==(const AuditRow&) const = default;
};

// The answer to a command that may be asked again with the same key.
struct IdempotencyRow {
  std::string actor;
  std::string key;
  Hash body_hash{};
  int32_t status = 0;
  std::string response;
  Instant at;
  bool operator==(const IdempotencyRow&) const = default;
};

// Records that are neither case nor register: accounts, sessions, tokens, drafts of settings. Kept by the store as they
// are, found by (kind, key), listed by kind.
struct Record {
  std::string kind;
  std::string key;
  std::string body;
  bool operator==(const Record&) const = default;
};

// Words of a case for full-text search: bigrams made by facility/search from plain text that may be searched. The text
// itself is not stored.
struct SearchRow {
  Id case_id;
  std::string words;  // separated by one space
  bool operator==(const SearchRow&) const = default;
};

}  // namespace tongban::store
