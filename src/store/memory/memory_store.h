// The store in memory: the oracle of the contract tests, and the store of tests above. Every answer is computed in the
// plainest way, by looking at all rows; nothing is kept when it is destroyed. Threads: any, one after the other.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "store/store.h"

namespace tongban::store {

class MemoryStore : public Store {
 public:
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

 private:
  struct Match {
    int64_t key;
    int64_t met;  // when the store first met the case
    const CaseRow* row;
  };
  bool conflicts(const Transaction& transaction) const;
  Committed apply(const Transaction& transaction);
  uint64_t version_of(const Id& stream) const;
  void meet(const Id& id) { met_.emplace(id, static_cast<int64_t>(met_.size()) + 1); }
  std::vector<Match> matches(const CaseQuery& query) const;

  mutable std::recursive_mutex mutex_;  // a visitor of scan() may read the store
  std::vector<LedgerEvent> ledger_;
  Head head_;
  std::map<Id, int64_t> met_;
  std::map<Id, CaseRow> cases_;
  std::map<Id, std::map<std::pair<std::string, std::string>, InboxRow>> inboxes_;  // by holder, relation
  std::map<Id, std::map<uint32_t, ClockRow>> clocks_;
  std::map<std::pair<std::string, std::string>, RegisterRow> registers_;
  std::set<std::tuple<Hash, Id, Id>> person_hashes_;
  std::map<Id, std::set<std::string>> words_;
  std::map<Id, OutboxRow> outbox_;
  std::map<std::pair<std::string, std::string>, IdempotencyRow> idempotency_;
  std::vector<AuditRow> audit_;
  std::map<std::pair<std::string, std::string>, Record> records_;
  std::map<std::string, int64_t> counters_;
};

}  // namespace tongban::store
