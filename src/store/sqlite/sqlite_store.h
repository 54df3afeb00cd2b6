// The embedded engine: one SQLite database in WAL mode with synchronous=FULL, one writer connection and a pool of
// connections for reads. A commit that returned is on disk; a failed sync stops the process (see vfs.h).
// The data folder: tongban.db, head (the last head, outside the database), lock (held while a process has it open).
// docs/formats/store.md describes the files and tables.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace tongban::store {

inline constexpr int kSchemaVersion = 5;

struct SqliteOptions {
  std::string vfs;  // empty: the product's guard; tests give their own layers
  uint32_t readers = 8;
  uint64_t cache_bytes = uint64_t{256} << 20;  // of the writer; each reader has a sixteenth of it
  uint32_t checkpoint_pages =
      8192;  // of the log, before they are moved into the database; at six times that a commit waits
  // New cases enter the order of lists and the full text together, once there are so many of them that a changed page
  // serves several; until then each list and search reads their rows one by one.
  uint32_t recent_cases = 512;
  // Idempotency keys, and as many hashes of persons, that wait for their index; more when a batch brings many at once.
  uint32_t recent_rows = 32'768;
  // Checkpoints and the sync of the head once a second in a thread of their own. Off: within commit(), so that a test
  // repeats exactly.
  bool background = true;
  // The database is behind the head kept outside it, or that head is missing: refuse (false) or take the database as it
  // is and write its head (true). Only after a person has understood what is lost.
  bool accept_head = false;
  bool unsafe_without_sync = false;                         // the control of the power-cut tests
  std::function<void(const std::string&)> on_sync_failure;  // of the head file; empty: stop the process
};

class SqliteStore : public Store {
 public:
  // Opens or makes the store in `folder`, which is made when absent (its parent must exist). Refused with a sentence:
  // another process holds the folder, a newer or foreign database, a lost tail, no right to write.
  static Result<std::unique_ptr<SqliteStore>> open(const std::string& folder, const SqliteOptions& options = {});
  ~SqliteStore() override;

  Result<std::vector<Committed>> commit(const std::vector<Transaction>& batch) override;
  Result<std::vector<LedgerEvent>> load_stream(const Id& stream, uint64_t after_version = 0) const override;
  Result<void> scan(uint64_t from, const std::function<bool(const LedgerEvent&)>& visit) const override;
  Result<Head> head() const override;
  Result<std::optional<CaseRow>> find_case(const Id& case_id) const override;
  Result<std::optional<CaseRow>> find_case_by_number(std::string_view number) const override;
  Result<CasePage> list_cases(const CaseQuery& query) const override;
  Result<uint64_t> count_cases(const CaseQuery& query, uint64_t bound) const override;
  Result<std::vector<InboxRow>> inbox_rows(const Id& case_id) const override;
  Result<void> visit_list(std::string_view holder, const std::function<bool(const ListedRow&)>& visit) const override;
  Result<std::vector<ClockRow>> due_clocks(Instant wake_until, uint32_t limit) const override;
  Result<std::optional<Instant>> next_wake() const override;
  Result<std::vector<ClockRow>> clocks_depending_on(Date from, Date to) const override;
  Result<std::vector<OutboxRow>> due_outbox(Instant now, uint32_t limit) const override;
  Result<std::vector<RegisterRow>> load_registers() const override;
  Result<std::vector<PersonHashRow>> find_person(const Hash& hash) const override;
  Result<std::vector<std::string>> words_of(const Id& case_id) const override;
  Result<std::vector<AuditRow>> audit_of(const Id& case_id) const override;
  Result<std::optional<IdempotencyRow>> find_idempotency(std::string_view actor, std::string_view key) const override;
  Result<std::optional<Record>> find_record(std::string_view kind, std::string_view key) const override;
  Result<std::vector<Record>> list_records(std::string_view kind) const override;
  Result<std::vector<std::pair<std::string, int64_t>>> load_counters() const override;
  Result<void> clear_views() override;
  Result<void> prune_idempotency(Instant before) override;
  Result<std::vector<Finding>> verify_ledger() const override;

  // A copy of the database as of one moment, while commits go on; any thread. Returns the head of the copy.
  Result<Head> copy_database(const std::string& target_file) const;
  const std::string& folder() const;

 private:
  struct Parts;
  explicit SqliteStore(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace tongban::store
