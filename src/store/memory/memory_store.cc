#include "store/memory/memory_store.h"

#include <algorithm>
#include <optional>

#include "store/case_query.h"
#include "store/envelope.h"
#include "store/head.h"

namespace tongban::store {

uint64_t MemoryStore::version_of(const Id& stream) const {
  return static_cast<uint64_t>(
      std::count_if(ledger_.begin(), ledger_.end(), [&](const LedgerEvent& e) { return e.stream == stream; }));
}

bool MemoryStore::conflicts(const Transaction& transaction) const {
  std::map<Id, uint64_t> versions;
  for (const StreamAppend& append : transaction.appends) {
    const auto [version, added] = versions.emplace(append.stream, 0);
    if (added) version->second = version_of(append.stream);
    if (version->second != append.expected_version) return true;
    version->second += append.events.size();
  }
  std::map<std::string, Id> numbers;
  for (const auto& [id, row] : cases_) {
    if (!row.number.empty()) numbers.emplace(row.number, id);
  }
  for (const CaseRow& row : transaction.views.cases) {
    if (!row.number.empty() && numbers.emplace(row.number, row.case_id).first->second != row.case_id) return true;
  }
  return transaction.idempotency &&
         idempotency_.contains({transaction.idempotency->actor, transaction.idempotency->key});
}

Committed MemoryStore::apply(const Transaction& transaction) {
  Committed committed;
  for (const StreamAppend& append : transaction.appends) {
    meet(append.stream);
    uint64_t version = append.expected_version;
    for (const std::string& bytes : append.events) {
      const LedgerEvent event{ledger_.size() + 1, append.stream, ++version, bytes, sha256(bytes)};
      if (committed.first_position == 0) committed.first_position = event.position;
      extend_head(head_, event.position, event.hash);
      ledger_.push_back(event);
    }
  }
  const ViewChanges& views = transaction.views;
  for (const CaseRow& row : views.cases) {
    meet(row.case_id);
    cases_[row.case_id] = row;
  }
  for (const ViewChanges::Inbox& inbox : views.inboxes) {
    meet(inbox.case_id);
    inboxes_[inbox.case_id].clear();
    for (InboxRow row : inbox.rows) {
      row.case_id = inbox.case_id;
      inboxes_[inbox.case_id][{row.holder, row.relation}] = row;
    }
  }
  for (const ViewChanges::Clocks& clocks : views.clocks) {
    meet(clocks.case_id);
    clocks_[clocks.case_id].clear();
    for (ClockRow row : clocks.rows) {
      row.case_id = clocks.case_id;
      clocks_[clocks.case_id][row.clock] = row;
    }
  }
  for (const RegisterRow& row : views.registers) registers_[{row.register_id, row.entry_id}] = row;
  for (const PersonHashRow& row : views.person_hashes_removed)
    person_hashes_.erase({row.hash, row.person, row.case_id});
  for (const PersonHashRow& row : views.person_hashes) {
    meet(row.case_id);
    person_hashes_.emplace(row.hash, row.person, row.case_id);
  }
  for (const SearchRow& row : views.search) {
    meet(row.case_id);
    const std::vector<std::string> words = distinct_words(row.words);
    words_[row.case_id] = std::set<std::string>(words.begin(), words.end());
  }
  for (const Id& id : transaction.outbox_done) outbox_.erase(id);
  for (OutboxRow row : transaction.outbox) {
    meet(row.case_id);
    if (committed.first_position != 0) row.position = committed.first_position;
    outbox_[row.id] = row;
  }
  for (const AuditRow& row : transaction.audit) {
    meet(row.case_id);
    audit_.push_back(row);
  }
  for (const auto& key : transaction.records_removed) records_.erase(key);
  for (const Record& record : transaction.records) records_[{record.kind, record.key}] = record;
  for (const auto& [name, value] : transaction.counters) counters_[name] = value;
  if (transaction.idempotency)
    idempotency_[{transaction.idempotency->actor, transaction.idempotency->key}] = *transaction.idempotency;
  return committed;
}

Result<std::vector<Committed>> MemoryStore::commit(const std::vector<Transaction>& batch) {
  const std::lock_guard guard(mutex_);
  for (const Transaction& transaction : batch) TRY(check_transaction(transaction));
  std::vector<Committed> committed;
  for (const Transaction& transaction : batch) {
    committed.push_back(conflicts(transaction) ? Committed{.conflict = true} : apply(transaction));
  }
  return committed;
}

Result<std::vector<LedgerEvent>> MemoryStore::load_stream(const Id& stream, uint64_t after_version) const {
  const std::lock_guard guard(mutex_);
  std::vector<LedgerEvent> events;
  for (const LedgerEvent& event : ledger_) {
    if (event.stream == stream && event.version > after_version) events.push_back(event);
  }
  return events;
}

Result<void> MemoryStore::scan(uint64_t from, const std::function<bool(const LedgerEvent&)>& visit) const {
  const std::lock_guard guard(mutex_);
  for (const LedgerEvent& event : ledger_) {
    if (event.position >= from && !visit(event)) break;
  }
  return {};
}

Result<Head> MemoryStore::head() const {
  const std::lock_guard guard(mutex_);
  return head_;
}

Result<std::optional<CaseRow>> MemoryStore::find_case(const Id& case_id) const {
  const std::lock_guard guard(mutex_);
  const auto found = cases_.find(case_id);
  return found == cases_.end() ? std::optional<CaseRow>() : std::optional<CaseRow>(found->second);
}

Result<std::optional<CaseRow>> MemoryStore::find_case_by_number(std::string_view number) const {
  const std::lock_guard guard(mutex_);
  for (const auto& [id, row] : cases_) {
    if (!number.empty() && row.number == number) return std::optional<CaseRow>(row);
  }
  return std::optional<CaseRow>();
}

std::vector<MemoryStore::Match> MemoryStore::matches(const CaseQuery& query) const {
  std::vector<Match> found;
  const std::vector<std::string> wanted = distinct_words(query.words);
  for (const auto& [id, row] : cases_) {
    if (!query.type.empty() && row.type != query.type) continue;
    if (!query.states.empty() && std::find(query.states.begin(), query.states.end(), row.state) == query.states.end())
      continue;
    if (query.late && row.late != *query.late) continue;
    if (!query.person.is_nil() && row.person != query.person) continue;
    if (query.opened_from && row.opened_at < *query.opened_from) continue;
    if (query.opened_before && row.opened_at >= *query.opened_before) continue;
    if (!row.number.starts_with(query.number_prefix)) continue;
    if (!query.among.empty() && std::find(query.among.begin(), query.among.end(), id) == query.among.end()) continue;
    const auto words = words_.find(id);
    if (!std::all_of(wanted.begin(), wanted.end(),
                     [&](const auto& word) { return words != words_.end() && words->second.contains(word); }))
      continue;
    std::optional<Instant> due = row.due_at;
    if (query.holder.empty()) {
      if (query.open && row.open != *query.open) continue;
      if (query.due_before && (!due || *due >= *query.due_before)) continue;
      if (query.due_from && (!due || *due < *query.due_from)) continue;
    } else {
      bool in_list = false;
      const auto inbox = inboxes_.find(id);
      if (inbox == inboxes_.end()) continue;
      for (const auto& [key, line] : inbox->second) {
        if (line.holder != query.holder || (!query.relation.empty() && line.relation != query.relation)) continue;
        if ((query.to_act && line.to_act != *query.to_act) || (query.open && line.open != *query.open)) continue;
        if (query.due_before && (!line.due_at || *line.due_at >= *query.due_before)) continue;
        if (query.due_from && (!line.due_at || *line.due_at < *query.due_from)) continue;
        if (!in_list || (line.due_at && (!due || *line.due_at < *due))) due = line.due_at;
        in_list = true;
      }
      if (!in_list) continue;
    }
    const int64_t key = query.sort == Sort::due      ? (due ? due->ms : kNoDue)
                        : query.sort == Sort::opened ? row.opened_at.ms
                                                     : row.changed_at.ms;
    found.push_back({key, met_.at(id), &row});
  }
  const bool ascending = query.sort == Sort::due;
  std::sort(found.begin(), found.end(), [&](const Match& a, const Match& b) {
    if (a.key != b.key) return (a.key < b.key) == ascending;
    return (a.met < b.met) == ascending;
  });
  return found;
}

Result<CasePage> MemoryStore::list_cases(const CaseQuery& query) const {
  const std::lock_guard guard(mutex_);
  TRY(check_query(query));
  const std::optional<Place> after = TRY(read_cursor(query));
  CasePage page;
  const bool ascending = query.sort == Sort::due;
  Place last;
  for (const Match& match : matches(query)) {
    const bool is_shown =
        after && (match.key == after->key ? match.met == after->number || (match.met < after->number) == ascending
                                          : (match.key < after->key) == ascending);
    if (is_shown) continue;
    if (page.rows.size() == query.limit) {
      page.next = write_cursor(query, last);
      break;
    }
    page.rows.push_back(*match.row);
    last = {match.key, match.met};
  }
  return page;
}

Result<uint64_t> MemoryStore::count_cases(const CaseQuery& query, uint64_t bound) const {
  const std::lock_guard guard(mutex_);
  TRY(check_query(query));
  return std::min<uint64_t>(matches(query).size(), bound);
}

Result<std::vector<InboxRow>> MemoryStore::inbox_rows(const Id& case_id) const {
  const std::lock_guard guard(mutex_);
  std::vector<InboxRow> rows;
  const auto found = inboxes_.find(case_id);
  if (found == inboxes_.end()) return rows;
  for (const auto& [key, row] : found->second) rows.push_back(row);
  return rows;
}

Result<void> MemoryStore::visit_list(std::string_view holder,
                                     const std::function<bool(const ListedRow&)>& visit) const {
  const std::lock_guard guard(mutex_);
  for (const auto& [id, rows] : inboxes_) {
    const auto found = cases_.find(id);
    if (found == cases_.end()) continue;
    const CaseRow& row = found->second;
    for (const auto& [key, line] : rows) {
      if (line.holder != holder || !line.open) continue;
      const ListedRow listed{id,        line.relation, line.to_act,   line.due_at,    row.type,
                             row.state, row.late,      row.opened_at, row.list_fields};
      if (!visit(listed)) return {};
    }
  }
  return {};
}

Result<std::vector<ClockRow>> MemoryStore::due_clocks(Instant wake_until, uint32_t limit) const {
  const std::lock_guard guard(mutex_);
  std::vector<ClockRow> rows;
  for (const auto& [id, clocks] : clocks_) {
    for (const auto& [number, row] : clocks) {
      if (row.wake_at && *row.wake_at <= wake_until) rows.push_back(row);
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const ClockRow& a, const ClockRow& b) { return *a.wake_at < *b.wake_at; });
  if (rows.size() > limit) rows.resize(limit);
  return rows;
}

Result<std::optional<Instant>> MemoryStore::next_wake() const {
  const std::lock_guard guard(mutex_);
  std::optional<Instant> next;
  for (const auto& [id, clocks] : clocks_) {
    for (const auto& [number, row] : clocks) {
      if (row.wake_at && (!next || *row.wake_at < *next)) next = row.wake_at;
    }
  }
  return next;
}

Result<std::vector<ClockRow>> MemoryStore::clocks_depending_on(Date from, Date to) const {
  const std::lock_guard guard(mutex_);
  std::vector<ClockRow> rows;
  for (const auto& [id, clocks] : clocks_) {
    for (const auto& [number, row] : clocks) {
      if (row.depends_from <= to && row.depends_to >= from) rows.push_back(row);
    }
  }
  return rows;
}

Result<std::vector<OutboxRow>> MemoryStore::due_outbox(Instant now, uint32_t limit) const {
  const std::lock_guard guard(mutex_);
  std::vector<OutboxRow> rows;
  for (const auto& [id, row] : outbox_) {
    if (row.not_before <= now) rows.push_back(row);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const OutboxRow& a, const OutboxRow& b) {
    return std::tie(a.not_before, a.position) < std::tie(b.not_before, b.position);
  });
  if (rows.size() > limit) rows.resize(limit);
  return rows;
}

Result<std::vector<std::string>> MemoryStore::words_of(const Id& case_id) const {
  const std::lock_guard guard(mutex_);
  const auto found = words_.find(case_id);
  if (found == words_.end()) return std::vector<std::string>();
  return std::vector<std::string>(found->second.begin(), found->second.end());
}

Result<std::vector<RegisterRow>> MemoryStore::load_registers() const {
  const std::lock_guard guard(mutex_);
  std::vector<RegisterRow> rows;
  for (const auto& [key, row] : registers_) rows.push_back(row);
  return rows;
}

Result<std::vector<PersonHashRow>> MemoryStore::find_person(const Hash& hash) const {
  const std::lock_guard guard(mutex_);
  std::vector<PersonHashRow> rows;
  for (const auto& [stored, person, case_id] : person_hashes_) {
    if (stored == hash) rows.push_back({stored, person, case_id});
  }
  return rows;
}

Result<std::vector<AuditRow>> MemoryStore::audit_of(const Id& case_id) const {
  const std::lock_guard guard(mutex_);
  std::vector<AuditRow> rows;
  std::copy_if(audit_.begin(), audit_.end(), std::back_inserter(rows),
               [&](const AuditRow& row) { return row.case_id == case_id; });
  return rows;
}

Result<std::optional<IdempotencyRow>> MemoryStore::find_idempotency(std::string_view actor,
                                                                    std::string_view key) const {
  const std::lock_guard guard(mutex_);
  const auto found = idempotency_.find({std::string(actor), std::string(key)});
  return found == idempotency_.end() ? std::optional<IdempotencyRow>() : std::optional<IdempotencyRow>(found->second);
}

Result<std::optional<Record>> MemoryStore::find_record(std::string_view kind, std::string_view key) const {
  const std::lock_guard guard(mutex_);
  const auto found = records_.find({std::string(kind), std::string(key)});
  return found == records_.end() ? std::optional<Record>() : std::optional<Record>(found->second);
}

Result<std::vector<Record>> MemoryStore::list_records(std::string_view kind) const {
  const std::lock_guard guard(mutex_);
  std::vector<Record> rows;
  for (const auto& [key, record] : records_) {
    if (record.kind == kind) rows.push_back(record);
  }
  return rows;
}

Result<std::vector<std::pair<std::string, int64_t>>> MemoryStore::load_counters() const {
  const std::lock_guard guard(mutex_);
  return std::vector<std::pair<std::string, int64_t>>(counters_.begin(), counters_.end());
}

Result<void> MemoryStore::clear_views() {
  const std::lock_guard guard(mutex_);
  cases_.clear();
  inboxes_.clear();
  clocks_.clear();
  registers_.clear();
  person_hashes_.clear();
  words_.clear();
  return {};
}

Result<void> MemoryStore::prune_idempotency(Instant before) {
  const std::lock_guard guard(mutex_);
  std::erase_if(idempotency_, [&](const auto& entry) { return entry.second.at < before; });
  return {};
}

Result<std::vector<Finding>> MemoryStore::verify_ledger() const {
  const std::lock_guard guard(mutex_);
  std::vector<Finding> findings;
  for (const LedgerEvent& event : ledger_) {
    const std::optional<Envelope> envelope = read_envelope(event.bytes);
    if (!envelope || envelope->stream != event.stream || envelope->version != event.version) {
      findings.push_back({"event " + std::to_string(event.position),
                          "The envelope of the event does not name its stream and version."});
    }
  }
  return findings;
}

}  // namespace tongban::store
