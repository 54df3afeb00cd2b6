// The store: an append-only ledger of events, the views derived from it, and what must be durable beside them, changed
// together in one transaction. One interface, several engines (SQLite, memory as the oracle; PostgreSQL later), one
// contract test suite for all. The store never interprets event bytes.
//
// Promises: when commit() returns success, everything in it is on disk; when the process dies before, nothing of an
// unfinished commit is there. A failed sync stops the process (the page cache can no longer be trusted).
// Threads: commit() and the maintenance calls from one writer thread; all reads from any thread, and each read sees
// every commit that returned before it began.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/date.h"
#include "base/id.h"
#include "base/result.h"
#include "store/list_visit.h"
#include "store/rows.h"

namespace tongban::store {

// Events for one stream (a case or a register), all or nothing. `expected_version` is the number of events the stream
// had when the command was decided; 0 creates it.
struct StreamAppend {
  Id stream;
  uint64_t expected_version = 0;
  std::vector<std::string> events;  // canonical bytes, each ≤ 1 MiB
};

// What changes in the views. A row replaces the one with the same key.
struct ViewChanges {
  std::vector<CaseRow> cases;  // key: case_id
  struct Inbox {
    Id case_id;
    std::vector<InboxRow> rows;
  };
  std::vector<Inbox> inboxes;  // replaces all inbox rows of that case
  struct Clocks {
    Id case_id;
    std::vector<ClockRow> rows;
  };
  std::vector<Clocks> clocks;                        // replaces all clock rows of that case
  std::vector<RegisterRow> registers;                // key: register_id, entry_id
  std::vector<PersonHashRow> person_hashes_removed;  // before those of the next line are added
  std::vector<PersonHashRow> person_hashes;          // added
  std::vector<SearchRow> search;                     // replaces the words of that case; empty words remove it
};

struct Transaction {                  // the outcome of one command
  std::vector<StreamAppend> appends;  // at most 8
  ViewChanges views;
  std::vector<OutboxRow> outbox;  // added
  std::vector<Id> outbox_done;    // removed
  std::optional<IdempotencyRow> idempotency;
  std::vector<AuditRow> audit;
  std::vector<Record> records;                                       // put
  std::vector<std::pair<std::string, std::string>> records_removed;  // (kind, key)
  std::vector<std::pair<std::string, int64_t>> counters;             // set name to value
};

struct Committed {
  bool conflict =
      false;  // a stream had another version (or an idempotency key was taken): nothing of this transaction is stored
  uint64_t first_position = 0;  // ledger position of its first event; positions start at 1 and have no gaps
};

struct LedgerEvent {
  uint64_t position = 0;
  Id stream;
  uint64_t version = 0;  // of the stream after this event, from 1
  std::string bytes;
  Hash hash{};  // SHA-256 of bytes
};

struct Head {  // also kept outside the database, so that a lost tail shows
  uint64_t position = 0;
  Hash sum{};  // sum over all events of SHA-256(position ‖ hash) modulo 2^256: order-free, cheap to extend
  bool operator==(const Head&) const = default;
};

enum class Sort { due, opened, changed };

// A page of cases. All conditions must hold; empty ones do not count.
struct CaseQuery {
  std::string holder;          // cases in this holder's list ("unit:…"); empty: all cases
  std::optional<bool> to_act;  // only with holder
  std::optional<bool> open;
  std::string relation;  // only with holder
  std::string type;
  std::vector<std::string> states;
  std::optional<bool> late;
  std::optional<Instant> due_from, due_before;
  std::optional<Instant> opened_from, opened_before;
  std::string number_prefix;
  std::string words;      // full text, as SearchRow::words: all must occur
  std::vector<Id> among;  // only these cases (from a phone hash)
  // The caller knows that no other case meets the rest: `among` only saves a pass over the list, and a cursor holds
  // whether it is given or not.
  bool among_is_known = false;
  Id person;              // the party, not nil: a pass over all cases where nothing else selects them
  Sort sort = Sort::due;  // ascending for due (cases without due date last), descending for the others
  std::string after;      // cursor of the previous page, opaque; a bad one is refused
  uint32_t limit = 50;    // 1…200
};
struct CasePage {
  std::vector<CaseRow> rows;
  std::string next;  // empty: no more
};

struct Finding {      // what verify found
  std::string where;  // "event 1234", "key 0190…", "attachment 0190…", "view case …", "ledger"
  std::string sentence;
};

class Store {
 public:
  virtual ~Store() = default;

  // One durable transaction for a whole batch. A conflict drops its own command only. On failure nothing is stored.
  virtual Result<std::vector<Committed>> commit(const std::vector<Transaction>& batch) = 0;

  // --- reads ---
  virtual Result<std::vector<LedgerEvent>> load_stream(const Id& stream, uint64_t after_version = 0) const = 0;
  // In order of position, from `from` on, until `visit` returns false. For rebuild, export, verify, feeds.
  virtual Result<void> scan(uint64_t from, const std::function<bool(const LedgerEvent&)>& visit) const = 0;
  virtual Result<Head> head() const = 0;
  virtual Result<std::optional<CaseRow>> find_case(const Id& case_id) const = 0;
  virtual Result<std::optional<CaseRow>> find_case_by_number(std::string_view number) const = 0;
  virtual Result<CasePage> list_cases(const CaseQuery& query) const = 0;
  // Counts for saved views, at most `bound` (then "bound or more").
  virtual Result<uint64_t> count_cases(const CaseQuery& query, uint64_t bound) const = 0;
  virtual Result<std::vector<InboxRow>> inbox_rows(const Id& case_id) const = 0;
  // Every row of the holder's list whose case is open, in no order, until `visit` returns false.
  virtual Result<void> visit_list(std::string_view holder,
                                  const std::function<bool(const ListedRow&)>& visit) const = 0;
  virtual Result<std::vector<ClockRow>> due_clocks(Instant wake_until, uint32_t limit) const = 0;  // by wake_at
  virtual Result<std::optional<Instant>> next_wake() const = 0;
  virtual Result<std::vector<ClockRow>> clocks_depending_on(Date from, Date to) const = 0;
  virtual Result<std::vector<OutboxRow>> due_outbox(Instant now, uint32_t limit) const = 0;
  virtual Result<std::vector<RegisterRow>> load_registers() const = 0;
  virtual Result<std::vector<PersonHashRow>> find_person(const Hash& hash) const = 0;
  // The words that a case is found by, distinct and in order; none: an empty list. For verify.
  virtual Result<std::vector<std::string>> words_of(const Id& case_id) const = 0;
  virtual Result<std::vector<AuditRow>> audit_of(const Id& case_id) const = 0;
  virtual Result<std::optional<IdempotencyRow>> find_idempotency(std::string_view actor,
                                                                 std::string_view key) const = 0;
  virtual Result<std::optional<Record>> find_record(std::string_view kind, std::string_view key) const = 0;
  virtual Result<std::vector<Record>> list_records(std::string_view kind) const = 0;
  virtual Result<std::vector<std::pair<std::string, int64_t>>> load_counters() const = 0;

  // --- maintenance (writer thread) ---
  virtual Result<void> clear_views() = 0;  // before a rebuild; keeps ledger, records, audit, idempotency, outbox
  virtual Result<void> prune_idempotency(Instant before) = 0;
  virtual Result<std::vector<Finding>> verify_ledger()
      const = 0;  // hashes, gaps, versions, envelope of each event, head
};

// Keys that seal personal data, in a store of their own (another file), so that erasing a key erases the person
// everywhere. Keys are made in blocks ahead of use and are durable before they are handed out; an unused one is
// harmless.
class KeyStore {
 public:
  virtual ~KeyStore() = default;
  struct PersonKey {
    Id person;
    Key key;
  };
  virtual Result<PersonKey> take_key() = 0;  // a fresh person; no sync per call; any thread
  virtual Result<std::optional<Key>> find_key(const Id& person) const = 0;  // nothing: erased or never there
  virtual Result<void> erase_key(const Id& person) = 0;                     // durable, overwritten in the file
  virtual Key search_key() const = 0;                                       // for keyed hashes
  virtual Result<std::vector<Finding>> verify() const = 0;
};

}  // namespace tongban::store
