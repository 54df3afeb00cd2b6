// The engine turns requests into committed events. One writer loop collects the requests of a few milliseconds, decides
// each on the state left by the earlier ones, commits once, then answers. It also wakes clocks, runs reactions,
// delivers the outbox and keeps the registers' snapshot. Time comes from the `now` it is given: a test or a scenario
// runs it on a virtual clock by pump() and advance_to() without a thread.
//
// Threads: submit() from any thread; answers are called on the writer thread after the commit and must be short. Reads
// (load, registers, packs) from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "calendar/calendar.h"
#include "engine/outbox.h"
#include "kernel/decide.h"
#include "pack/load.h"
#include "store/store.h"

namespace tongban::engine {

class Writer;

// A record for each case in the middle of an imported history (key: its id). Request::Keep removes those that are given
// up.
inline constexpr std::string_view kHistoryRecord = "history";
// The record of this kind stands while the views are made anew; after an end in the middle the next start does it
// again.
inline constexpr std::string_view kRebuildRecord = "rebuild";

struct Accepted;

// What a caller of the engine asks. Form values are plain; the engine seals the personal ones.
struct Request {
  kernel::Actor actor;
  // Exactly one of: open (case_id nil), act, note, document, release…
  struct Open {
    std::string pack, type;
    std::string channel;    // web, phone, api, import
    std::string link_kind;  // asked again: opened from another case; empty: none
    Id link_other;
    std::optional<Id> join;  // the case that it joins (`other` of the opening); the caller has shown the right to
  };
  struct Act {
    std::string action;
    uint32_t assignment = 0;
  };
  struct Note {
    std::string text;
  };
  struct Document {
    Id document;
    std::string name, media_type, group;
    uint64_t bytes = 0;
    Hash stored_hash{};
  };
  // Who may ask for these three is the caller's matter (http, command line); the engine does them as the system.
  struct MoveEdition {
    std::string to, reason;
  };                 // to: the key of a loaded edition of the same pack, id@edition
  struct Erase {};   // the case's party, in every case of hers
  struct PutEntry {  // a register command
    std::string reg, entry;
    std::optional<Date> valid_from, valid_to;
    feel::Value values;
    bool seed = false;
    pack::Basis basis;
  };
  struct Keep {  // no event: only `records` and `audit` are put, and these records removed
    std::vector<std::pair<std::string, std::string>> removed;  // (kind, key)
  };
  std::variant<Open, Act, Note, Document, MoveEdition, Erase, PutEntry, Keep> what;
  Id case_id;                                             // of all but Open, PutEntry and Keep
  std::vector<std::pair<std::string, feel::Value>> form;  // Open and Act
  std::optional<uint64_t> expected_version;
  std::optional<Instant> received_at;  // imports and scenarios; empty: now
  std::optional<Instant> happened_at;
  // Of a history: from its opening to the act with ends_history the scheduler leaves the timers of the case alone, also
  // after a restart in between; they fire up to the instant of each act. Then they are like those of any case.
  bool imported = false, ends_history = false;
  struct Idempotency {
    std::string actor, key;
    Hash body_hash{};
  };
  std::optional<Idempotency> idempotency;
  std::vector<store::Record> records;  // put in the same transaction (e.g. the import's mark)
  // One more record, which names the case that an opening makes; called on the writer thread before the commit.
  std::function<store::Record(const Accepted&)> mark;
  std::vector<store::AuditRow> audit;
};

struct Accepted {
  Id case_id;
  std::string number;
  std::string tracking_code;  // only at opening, shown once, never stored
  uint64_t version = 0;       // of the case's stream
  uint64_t position = 0;      // of the first event in the ledger
  std::shared_ptr<const kernel::CaseState> state;
  std::vector<kernel::Event> events;
};
struct Replayed {  // a known idempotency key with the same body
  int32_t status = 0;
  std::string response;
};
enum class IdempotencyFault { none, other_body };
struct Reply {
  std::variant<Accepted, kernel::Rejection, Replayed, IdempotencyFault, Error> result;
};

// Renders the answer that is stored with the idempotency key; called on the writer thread before the commit.
using Render = std::function<std::pair<int32_t, std::string>(const Accepted&)>;
using Answer = std::function<void(Reply&&)>;

// What a listener learns after a commit (server-sent events, caches). No personal data.
struct Change {
  uint64_t position = 0;  // of the last event of the command
  Id case_id;
  std::string type, number, state, what;  // what: action or "clock", "register"
  uint64_t version = 0;
  std::vector<std::string> hearers;  // who may open the case after the change, and before it (kernel::hearers_of)
};

struct Config {
  store::Store* store = nullptr;
  store::KeyStore* keys = nullptr;
  std::shared_ptr<const pack::Library> packs;
  std::shared_ptr<const calendar::Editions> calendar;
  std::function<Instant()> now;
  size_t max_batch = 256;
  size_t max_queue = 8192;  // beyond it: Trouble::unavailable, at once
  int64_t grace_ms = 1000;  // expiry fires this long after the due instant
  size_t max_cached_cases = 20'000;
  bool messages = true;            // false while importing: no letters, no reactions, no scheduler; timers
                                   // then fire only before the next command on their case, at its instant
  Deliverer* deliverer = nullptr;  // null: letters count as delivered (they stand in the case)
};

// What the engine did since it started, for metrics. Durations are sums in microseconds.
struct Metrics {
  uint64_t accepted = 0, rejected = 0, replayed = 0, failed = 0;  // requests, by their answer
  uint64_t timers = 0, reactions = 0, failed_reactions = 0, messages = 0;
  uint64_t commits = 0, transactions = 0, conflicts = 0, failed_commits = 0;
  uint64_t decide_us = 0, commit_us = 0;
};

class Engine {
 public:
  // Loads registers (seeding those of the packs that are not there yet), counters and pending work.
  static Result<std::unique_ptr<Engine>> start(Config config);
  ~Engine();  // stops the thread, finishing what was taken

  void run_thread();  // the writer loop on a thread of its own
  void stop();
  bool has_thread() const;

  void submit(Request request, Render render, Answer answer);  // any thread
  Reply ask(Request request);                                  // submit and wait (or pump, where no thread runs)

  // Without a thread: does all that is queued, then all follow-ups and timers due now. Returns the number of commits.
  Result<size_t> pump();
  // Virtual time: fires every timer due up to `until` in order, each at its own instant, then sets time to `until`.
  Result<void> advance_to(Instant until);

  std::shared_ptr<const kernel::CaseState> load(const Id& case_id) const;  // null: unknown
  Result<std::vector<kernel::Event>> load_events(const Id& case_id) const;
  std::shared_ptr<const kernel::Registers> registers() const;
  const pack::Library& packs() const;
  const pack::Pack* pack_of(const kernel::CaseState& state) const;
  const calendar::Editions& calendar() const;
  kernel::Context context_of(const kernel::CaseState& state, Instant at)
      const;  // valid as long as the engine's snapshots held by caller: copy registers() first
  // The same over a snapshot that the caller holds.
  kernel::Context context_of(const kernel::CaseState& state, Instant at, const kernel::Registers& registers) const;
  // Plain text of a sealed value; nothing when the person was erased. A value that is not sealed: its plain text.
  std::optional<std::string> unseal(const kernel::CaseState& state, const kernel::FieldValue& value) const;
  // For rows of lists (case_id, person): the same.
  std::optional<std::string> unseal(const Id& case_id, const Id& person, const kernel::FieldValue& value) const;
  // The typed secret code is that of the case (compared in constant time). CaseState::tracking_hash is the lower-case
  // hex of SHA-256 over the normal form of the code (sealing.h).
  bool is_tracking_code(const kernel::CaseState& state, std::string_view typed) const;
  Hash phone_hash(std::string_view phone) const;  // keyed, of the digits
  Instant now() const;

  // A notice arrived: recomputes the open clocks that depend on its days. Returns how many changed.
  Result<size_t> recompute_clocks(std::shared_ptr<const calendar::Editions> calendar);
  // Derives all views anew from the ledger. Lists are incomplete meanwhile (Status::rebuilding); what is stopped in the
  // middle, even by a power cut, is done again by the next start.
  Result<void> rebuild();
  size_t subscribe(std::function<void(const Change&)> listener);  // called on the writer thread
  void unsubscribe(size_t id);
  // What `scope` returns lives while the answers of one commit are given, so that the receiver can take them together.
  void set_answer_scope(std::function<std::shared_ptr<void>()> scope);

  struct Status {
    uint64_t position = 0;
    size_t queued = 0;
    bool writable = true;
    bool rebuilding = false; /* the views are being made anew: lists are incomplete */
    std::string trouble;
    Instant last_commit;
    uint64_t search_lag = 0;
    uint64_t seed_differences = 0;     /* rows of packs that differ from the register's */
    uint64_t unfinished_histories = 0; /* cases in the middle of an import: their timers wait */
  };
  Status status() const;  // for /readyz and metrics
  Metrics metrics() const;

 private:
  explicit Engine(std::unique_ptr<Writer> writer);
  std::unique_ptr<Writer> writer_;
};

}  // namespace tongban::engine
