// The reads of SqliteStore but for case lists (sqlite_cases.cc).
#include <algorithm>
#include <unordered_set>

#include "base/bytes.h"
#include "store/envelope.h"
#include "store/sqlite/parts.h"
#include "store/sqlite/row_pack.h"

namespace tongban::store {
namespace {

// So that a long scan never keeps the log from being reused.
constexpr int kRowsPerSnapshot = 2000;
constexpr size_t kMostFindings = 1000;

std::optional<Instant> instant_at(const Statement& statement, int column) {
  if (statement.is_null_at(column)) return std::nullopt;
  return Instant{statement.integer_at(column)};
}

Error damaged_row(uint64_t position) {
  return fail(Trouble::corrupt, "The ledger row at position " + std::to_string(position) +
                                    " is damaged. Run verify, and restore from a backup.");
}

// Columns: position, first_version, count, bytes, hashes. `scratch` lives as long as the view.
struct LedgerRowView {
  uint64_t position, first_version, count;
  std::string_view bytes, hashes;
  bool whole;  // the bytes could be unpacked
};
LedgerRowView row_view(const Statement& statement, std::string& scratch) {
  LedgerRowView row{static_cast<uint64_t>(statement.integer_at(0)),
                    static_cast<uint64_t>(statement.integer_at(1)),
                    static_cast<uint64_t>(statement.integer_at(2)),
                    {},
                    statement.view_at(4),
                    false};
  row.whole = unpack_row(statement.view_at(3), scratch, row.bytes);
  return row;
}

// Calls `visit(event, bytes, hash)` for each event of the row; false: the framing is damaged.
template <class Visit>
bool for_each_event(const LedgerRowView& row, Visit visit) {
  if (!row.whole || row.count == 0 || row.hashes.size() != row.count * 32) return false;
  ByteReader reader(row.bytes);
  for (uint64_t i = 0; i < row.count; ++i) {
    const std::string_view event = reader.get_text_view();
    if (!reader.ok()) return false;
    if (!visit(i, event, row.hashes.substr(i * 32, 32))) return true;
  }
  return reader.at_end();
}

// One statement, its rows turned into values. Bound bytes live in the caller.
template <class Row, class Bind, class Make>
Result<std::vector<Row>> collect(ReaderPool& readers, std::string_view sql, Bind bind, Make make) {
  ReaderPool::Lease reader = readers.take();
  Statement& statement = *TRY(reader->cached(sql));
  const ResetLater reset(statement);
  bind(statement);
  std::vector<Row> rows;
  int rc;
  while ((rc = statement.step()) == SQLITE_ROW) rows.push_back(make(statement));
  if (rc != SQLITE_DONE) return reader->error("Reading");
  return rows;
}

template <class Row>
Result<std::optional<Row>> first_of(Result<std::vector<Row>> rows) {
  if (!rows.ok()) return rows.error();
  if (rows->empty()) return std::optional<Row>();
  return std::optional<Row>(std::move(rows->front()));
}

ClockRow make_clock(const Statement& s) {
  return {.case_id = s.id_at(0),
          .clock = static_cast<uint32_t>(s.integer_at(1)),
          .name = s.bytes_at(2),
          .wake_at = instant_at(s, 3),
          .due_at = instant_at(s, 4),
          .provisional = s.integer_at(5) != 0,
          .depends_from = Date{static_cast<int32_t>(s.integer_at(6))},
          .depends_to = Date{static_cast<int32_t>(s.integer_at(7))}};
}

}  // namespace

Result<std::vector<LedgerEvent>> SqliteStore::load_stream(const Id& stream, uint64_t after_version) const {
  ReaderPool::Lease reader = parts_->readers.take();
  // One snapshot for the chain from the stream's last row back to the first one needed.
  TRY(reader->run("BEGIN"));
  std::vector<std::vector<LedgerEvent>> rows;
  std::string scratch;
  const Result<void> walked = [&]() -> Result<void> {
    Statement& find = *TRY(reader->cached("SELECT number, version, last FROM streams WHERE id = ?1"));
    const ResetLater reset_find(find);
    const int found = find.blob(1, stream.view()).step();
    if (found == SQLITE_DONE) return {};
    if (found != SQLITE_ROW) return reader->error("Reading a stream");
    uint64_t version = static_cast<uint64_t>(find.integer_at(1));
    uint64_t position = static_cast<uint64_t>(find.integer_at(2));
    const int64_t number = find.integer_at(0);
    Statement& row = *TRY(reader->cached(
        "SELECT position, first_version, count, bytes, hashes, previous, stream FROM ledger WHERE position = ?1"));
    while (version > after_version) {
      const ResetLater reset(row);
      const int rc = row.integer(1, static_cast<int64_t>(position)).step();
      if (rc == SQLITE_DONE) return damaged_row(position);
      if (rc != SQLITE_ROW) return reader->error("Reading a stream");
      const LedgerRowView view = row_view(row, scratch);
      if (row.integer_at(6) != number || view.first_version + view.count != version + 1) return damaged_row(position);
      std::vector<LedgerEvent> events;
      bool whole = true;
      const bool framed = for_each_event(view, [&](uint64_t i, std::string_view bytes, std::string_view stored_hash) {
        const Hash hash = sha256(bytes);
        whole = whole && view_of(hash) == stored_hash;
        if (view.first_version + i > after_version) {
          events.push_back({position + i, stream, view.first_version + i, std::string(bytes), hash});
        }
        return true;
      });
      if (!framed || !whole) return damaged_row(position);
      rows.push_back(std::move(events));
      version = view.first_version - 1;
      const uint64_t previous = static_cast<uint64_t>(row.integer_at(5));
      if (previous >= position) return damaged_row(position);
      position = previous;
    }
    return {};
  }();
  const Result<void> ended = reader->run("COMMIT");
  if (reader->in_transaction()) (void)reader->run("ROLLBACK");
  TRY(walked);
  TRY(ended);
  std::vector<LedgerEvent> events;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row)
    std::move(row->begin(), row->end(), std::back_inserter(events));
  return events;
}

Result<void> SqliteStore::scan(uint64_t from, const std::function<bool(const LedgerEvent&)>& visit) const {
  LedgerEvent event;  // used again for each, so that its bytes are allocated once
  std::string scratch;
  uint64_t next = std::max<uint64_t>(1, from);
  uint64_t row_start = next;
  {
    // The row that holds `from` may start before it.
    ReaderPool::Lease reader = parts_->readers.take();
    Statement& before = *TRY(reader->cached("SELECT max(position) FROM ledger WHERE position <= ?1"));
    const ResetLater reset(before);
    if (before.integer(1, static_cast<int64_t>(std::min<uint64_t>(next, INT64_MAX))).step() != SQLITE_ROW)
      return reader->error("Reading the ledger");
    if (!before.is_null_at(0)) row_start = static_cast<uint64_t>(before.integer_at(0));
  }
  for (;;) {
    ReaderPool::Lease reader = parts_->readers.take();
    Statement& rows =
        *TRY(reader->cached("SELECT l.position, l.first_version, l.count, l.bytes, l.hashes, s.id FROM ledger l JOIN "
                            "streams s ON s.number = l.stream "
                            "WHERE l.position >= ?1 ORDER BY l.position LIMIT ?2"));
    const ResetLater reset(rows);
    rows.integer(1, static_cast<int64_t>(std::min<uint64_t>(row_start, INT64_MAX))).integer(2, kRowsPerSnapshot);
    int count = 0, rc;
    while ((rc = rows.step()) == SQLITE_ROW) {
      ++count;
      const LedgerRowView row = row_view(rows, scratch);
      if (row.position != row_start && row.position > next) return damaged_row(next);
      event.stream = rows.id_at(5);
      bool wanted = true;
      const bool framed = for_each_event(row, [&](uint64_t i, std::string_view bytes, std::string_view hash) {
        event.position = row.position + i;
        if (event.position < next) return true;
        event.version = row.first_version + i;
        event.bytes.assign(bytes);
        std::copy(hash.begin(), hash.end(), reinterpret_cast<char*>(event.hash.data()));
        next = event.position + 1;
        wanted = visit(event);
        return wanted;
      });
      if (!wanted) return {};
      if (!framed) return damaged_row(row.position);
      row_start = row.position + row.count;
    }
    if (rc != SQLITE_DONE) return reader->error("Reading the ledger");
    if (count < kRowsPerSnapshot) return {};
  }
}

Result<Head> SqliteStore::head() const {
  const std::lock_guard guard(parts_->head_mutex);
  return parts_->head;
}

Result<std::vector<InboxRow>> SqliteStore::inbox_rows(const Id& case_id) const {
  ReaderPool::Lease reader = parts_->readers.take();
  std::vector<InboxRow> rows;
  std::optional<std::vector<InboxPlace>> places;
  {
    Statement& find =
        *TRY(reader->cached("SELECT i.places FROM streams s JOIN inbox i ON i.stream = s.number WHERE s.id = ?1"));
    const ResetLater reset(find);
    const int rc = find.blob(1, case_id.view()).step();
    if (rc == SQLITE_DONE) return rows;
    if (rc != SQLITE_ROW) return reader->error("Reading the inbox rows of a case");
    places = unpack_places(find.view_at(0));
  }
  if (!places)
    return fail(Trouble::corrupt, "The inbox row of case " + to_text(case_id) + " is damaged. Run tongban rebuild.");
  Statement& names = *TRY(
      reader->cached("SELECT h.name, r.names FROM holders h, relation_sets r WHERE h.number = ?1 AND r.number = ?2"));
  for (const InboxPlace& place : *places) {
    const ResetLater reset(names);
    if (names.integer(1, place.holder).integer(2, place.relations).step() != SQLITE_ROW)
      return reader->error("Reading the holder of a case");
    for (std::string& relation : unpack_relations(names.view_at(1))) {
      rows.push_back({.case_id = case_id,
                      .holder = names.bytes_at(0),
                      .relation = std::move(relation),
                      .to_act = (place.flags & kToAct) != 0,
                      .open = (place.flags & kOpen) != 0,
                      .due_at = place.due_key == kNoDue ? std::nullopt : std::optional(Instant{place.due_key}),
                      .opened_at = Instant{place.opened_at}});
    }
  }
  std::sort(rows.begin(), rows.end(), [](const InboxRow& a, const InboxRow& b) {
    return std::tie(a.holder, a.relation) < std::tie(b.holder, b.relation);
  });
  return rows;
}

Result<std::vector<ClockRow>> SqliteStore::due_clocks(Instant wake_until, uint32_t limit) const {
  return collect<ClockRow>(
      parts_->readers,
      "SELECT s.id, c.clock, c.name, c.wake_at, c.due_at, c.provisional, c.depends_from, c.depends_to FROM clocks c "
      "JOIN streams s ON s.number = c.stream WHERE c.wake_at IS NOT NULL AND c.wake_at <= ?1 ORDER BY c.wake_at, s.id, "
      "c.clock LIMIT ?2",
      [&](Statement& s) { s.integer(1, wake_until.ms).integer(2, limit); }, make_clock);
}

Result<std::optional<Instant>> SqliteStore::next_wake() const {
  return first_of(collect<Instant>(
      parts_->readers, "SELECT wake_at FROM clocks WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT 1",
      [](Statement&) {}, [](const Statement& s) { return Instant{s.integer_at(0)}; }));
}

// Once per notice, that is about once a year: a pass over the open clocks is cheaper than an index kept by every
// commit.
Result<std::vector<ClockRow>> SqliteStore::clocks_depending_on(Date from, Date to) const {
  return collect<ClockRow>(
      parts_->readers,
      "SELECT s.id, c.clock, c.name, c.wake_at, c.due_at, c.provisional, c.depends_from, c.depends_to FROM clocks c "
      "JOIN streams s ON s.number = c.stream WHERE c.depends_from <= ?2 AND c.depends_to >= ?1 ORDER BY s.id, c.clock",
      [&](Statement& s) { s.integer(1, from.days).integer(2, to.days); }, make_clock);
}

Result<std::vector<OutboxRow>> SqliteStore::due_outbox(Instant now, uint32_t limit) const {
  return collect<OutboxRow>(
      parts_->readers,
      "SELECT o.id, s.id, o.position, o.kind, o.body, o.not_before, o.attempts FROM outbox o JOIN streams s ON "
      "s.number = o.stream "
      "WHERE o.not_before <= ?1 ORDER BY o.not_before, o.position, o.id LIMIT ?2",
      [&](Statement& s) { s.integer(1, now.ms).integer(2, limit); },
      [](const Statement& s) {
        return OutboxRow{.id = s.id_at(0),
                         .case_id = s.id_at(1),
                         .position = static_cast<uint64_t>(s.integer_at(2)),
                         .kind = s.bytes_at(3),
                         .body = s.bytes_at(4),
                         .not_before = Instant{s.integer_at(5)},
                         .attempts = static_cast<uint32_t>(s.integer_at(6))};
      });
}

Result<std::vector<RegisterRow>> SqliteStore::load_registers() const {
  return collect<RegisterRow>(
      parts_->readers, "SELECT register_id, entry_id, revision, body FROM registers ORDER BY register_id, entry_id",
      [](Statement&) {},
      [](const Statement& s) {
        return RegisterRow{.register_id = s.bytes_at(0),
                           .entry_id = s.bytes_at(1),
                           .revision = static_cast<uint32_t>(s.integer_at(2)),
                           .body = s.bytes_at(3)};
      });
}

Result<std::vector<PersonHashRow>> SqliteStore::find_person(const Hash& hash) const {
  std::vector<PersonHashRow> recent;
  {
    const std::lock_guard guard(parts_->recent_mutex);
    if (!parts_->person_filter->may_have(hash)) return recent;
    for (const WaitingPerson& one : parts_->recent_persons.with(view_of(hash))) {
      if (one.row.hash == hash) recent.push_back(one.row);
    }
  }
  std::vector<PersonHashRow> rows = TRY(collect<PersonHashRow>(
      parts_->readers,
      "SELECT p.person, s.id FROM person_hashes p JOIN streams s ON s.number = p.stream WHERE p.hash = ?1 ORDER BY "
      "p.person, s.id",
      [&](Statement& s) { s.blob(1, view_of(hash)); },
      [&](const Statement& s) { return PersonHashRow{.hash = hash, .person = s.id_at(0), .case_id = s.id_at(1)}; }));
  if (recent.empty()) return rows;
  rows.insert(rows.end(), recent.begin(), recent.end());
  std::sort(rows.begin(), rows.end(), [](const PersonHashRow& a, const PersonHashRow& b) {
    return std::tie(a.person, a.case_id) < std::tie(b.person, b.case_id);
  });
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

Result<std::vector<std::string>> SqliteStore::words_of(const Id& case_id) const {
  const auto rows = TRY(collect<std::string>(
      parts_->readers, "SELECT w.words FROM streams s JOIN search_words w ON w.stream = s.number WHERE s.id = ?1",
      [&](Statement& s) { s.blob(1, case_id.view()); }, [](const Statement& s) { return s.bytes_at(0); }));
  return rows.empty() ? std::vector<std::string>() : distinct_words(rows.front());
}

Result<std::vector<AuditRow>> SqliteStore::audit_of(const Id& case_id) const {
  return collect<AuditRow>(
      parts_->readers,
      "SELECT a.at, a.actor, a.unit, a.purpose, a.what FROM streams s JOIN audit a ON a.stream = s.number WHERE s.id = "
      "?1 ORDER BY a.number",
      [&](Statement& s) { s.blob(1, case_id.view()); },
      [&](const Statement& s) {
        return AuditRow{.case_id = case_id,
                        .at = Instant{s.integer_at(0)},
                        .actor = s.bytes_at(1),
                        .unit = s.bytes_at(2),
                        .purpose = s.bytes_at(3),
                        .what = s.bytes_at(4)};
      });
}

Result<std::optional<IdempotencyRow>> SqliteStore::find_idempotency(std::string_view actor,
                                                                    std::string_view key) const {
  const Id digest = idempotency_digest(actor, key);
  int64_t number = 0;
  {
    const std::lock_guard guard(parts_->recent_mutex);
    for (const WaitingKey& one : parts_->recent_keys.with(digest.view())) {
      if (one.digest == digest) number = one.number;
    }
  }
  return first_of(collect<IdempotencyRow>(
      parts_->readers,
      number != 0
          ? "SELECT body_hash, status, response, at FROM idempotency WHERE number = ?1 AND actor = ?2 AND key = ?3"
          : "SELECT i.body_hash, i.status, i.response, i.at FROM idempotency_index x JOIN idempotency i ON i.number = "
            "x.number WHERE x.digest = ?1 AND i.actor = ?2 AND i.key = ?3",
      [&](Statement& s) {
        if (number != 0)
          s.integer(1, number);
        else
          s.blob(1, digest.view());
        s.text(2, actor).text(3, key);
      },
      [&](const Statement& s) {
        return IdempotencyRow{.actor = std::string(actor),
                              .key = std::string(key),
                              .body_hash = s.hash_at(0),
                              .status = static_cast<int32_t>(s.integer_at(1)),
                              .response = s.bytes_at(2),
                              .at = Instant{s.integer_at(3)}};
      }));
}

Result<std::optional<Record>> SqliteStore::find_record(std::string_view kind, std::string_view key) const {
  return first_of(collect<Record>(
      parts_->readers, "SELECT body FROM records WHERE kind = ?1 AND key = ?2",
      [&](Statement& s) { s.text(1, kind).text(2, key); },
      [&](const Statement& s) {
        return Record{std::string(kind), std::string(key), s.bytes_at(0)};
      }));
}

Result<std::vector<Record>> SqliteStore::list_records(std::string_view kind) const {
  return collect<Record>(
      parts_->readers, "SELECT key, body FROM records WHERE kind = ?1 ORDER BY key",
      [&](Statement& s) { s.text(1, kind); },
      [&](const Statement& s) {
        return Record{std::string(kind), s.bytes_at(0), s.bytes_at(1)};
      });
}

Result<std::vector<std::pair<std::string, int64_t>>> SqliteStore::load_counters() const {
  return collect<std::pair<std::string, int64_t>>(
      parts_->readers, "SELECT name, value FROM counters ORDER BY name", [](Statement&) {},
      [](const Statement& s) { return std::pair(s.bytes_at(0), s.integer_at(1)); });
}

Result<Head> SqliteStore::copy_database(const std::string& target_file) const {
  ReaderPool::Lease reader = parts_->readers.take();
  TRY(copy_sqlite_database(*reader, target_file));
  const auto copy = TRY(Connection::open(target_file, "unix", Connection::Access::read_only));
  Statement statement = TRY(copy->prepare("SELECT position, sum FROM head WHERE one = 1"));
  if (statement.step() != SQLITE_ROW) return copy->error("Reading the head of the copy");
  return Head{.position = static_cast<uint64_t>(statement.integer_at(0)), .sum = statement.hash_at(1)};
}

// ---- verify ----

namespace {

class LedgerCheck {
 public:
  explicit LedgerCheck(std::optional<Head> kept) : kept_(std::move(kept)) {}

  void add(std::string where, std::string sentence) {
    if (findings_.size() < kMostFindings) findings_.push_back({std::move(where), std::move(sentence)});
  }
  void add_event(uint64_t position, std::string sentence) {
    add("event " + std::to_string(position), std::move(sentence));
  }

  // `stream` is nil when the row's stream has no row of its own.
  void take_row(const LedgerRowView& row, int64_t number, uint64_t previous, const Id& stream) {
    if (row.position != next_) {
      if (row.position > next_)
        add_event(next_, "The events at positions " + std::to_string(next_) + " to " +
                             std::to_string(row.position - 1) + " are missing.");
      else
        add_event(row.position, "The row at position " + std::to_string(row.position) + " overlaps the one before it.");
    }
    if (stream.is_nil() && !nil_is_a_stream)
      add_event(row.position, "The stream number " + std::to_string(number) + " of this row does not exist.");
    Known& known = streams_[number];
    if (row.first_version != known.version + 1) {
      add_event(row.position, "Version " + std::to_string(row.first_version) + " of stream " + to_text(stream) +
                                  " follows version " + std::to_string(known.version) + ".");
    }
    if (previous != known.last) add_event(row.position, "The row does not name the row before it in its stream.");
    const bool framed = for_each_event(row, [&](uint64_t i, std::string_view bytes, std::string_view hash) {
      take_event(row.position + i, stream, row.first_version + i, bytes, hash);
      return true;
    });
    if (!framed) {
      add_event(row.position, "The lengths or the number of the events in the row at position " +
                                  std::to_string(row.position) + " are damaged.");
      summed_ = false;
    }
    // A damaged count must not make every later row look wrong.
    const uint64_t count = framed ? row.count : std::max<uint64_t>(1, row.hashes.size() / 32);
    known = {row.first_version + count - 1, row.position};
    next_ = row.position + count;
  }

  void take_stream(int64_t number, const Id& id, uint64_t version, uint64_t last) {
    const auto found = streams_.find(number);
    const Known known = found == streams_.end() ? Known{} : found->second;
    if (known.version == version && known.last == last) return;
    add("stream " + to_text(id), "Stream " + to_text(id) + " should have " + std::to_string(version) +
                                     " events, the last row at position " + std::to_string(last) + "; the ledger has " +
                                     std::to_string(known.version) + ", the last row at position " +
                                     std::to_string(known.last) + ".");
  }

  std::vector<Finding> finish(const Head& stored, bool complete) {
    if (stored.position + 1 != next_) {
      add("ledger", "The head says the ledger ends at position " + std::to_string(stored.position) +
                        ", but its rows end at " + std::to_string(next_ - 1) + ".");
    } else if (complete && summed_ && sum_.sum != stored.sum) {
      add("ledger",
          "The sum over all events differs from the head at position " + std::to_string(stored.position) + ".");
    }
    if (kept_ && kept_->position > stored.position) {
      add("ledger", "The head kept outside the database is at position " + std::to_string(kept_->position) +
                        ", the database at " + std::to_string(stored.position) + ": the tail is lost.");
    } else if (kept_ && kept_sum_ && *kept_sum_ != kept_->sum) {
      add("ledger", "The sum over the events up to position " + std::to_string(kept_->position) +
                        " differs from the head kept outside the database.");
    }
    return std::move(findings_);
  }
  uint64_t next() const { return next_; }
  bool nil_is_a_stream = false;
  void skip_to(uint64_t position) {
    next_ = position;
    summed_ = false;
  }

 private:
  struct Known {
    uint64_t version = 0;
    uint64_t last = 0;
  };

  void take_event(uint64_t position, const Id& stream, uint64_t version, std::string_view bytes,
                  std::string_view hash) {
    const Hash computed = sha256(bytes);
    if (view_of(computed) != hash)
      add_event(position, "The bytes of event " + std::to_string(position) + " and its stored hash do not match.");
    const std::optional<Envelope> envelope = read_envelope(bytes);
    if (!envelope) {
      add_event(position, "Event " + std::to_string(position) + " does not start with an envelope.");
    } else if (envelope->stream != stream || envelope->version != version) {
      add_event(position, "Event " + std::to_string(position) + " stands as version " + std::to_string(version) +
                              " of stream " + to_text(stream) + ", but says it is version " +
                              std::to_string(envelope->version) + " of stream " + to_text(envelope->stream) + ".");
    }
    extend_head(sum_, position, computed);
    if (kept_ && kept_->position == position) kept_sum_ = sum_.sum;
  }

  std::optional<Head> kept_;
  std::optional<Hash> kept_sum_;
  std::vector<Finding> findings_;
  std::unordered_map<int64_t, Known> streams_;
  Head sum_;
  bool summed_ = true;
  uint64_t next_ = 1;
};

}  // namespace

namespace {

// The index of the full text against the words that were put into it: both are a set of pairs (word, case), compared by
// their number and the sum of their hashes.
Result<bool> is_index_sound(Connection& reader) {
  struct Sum {
    uint64_t count = 0, sum = 0;
    void add(std::string_view word, int64_t stream) {
      ++count;
      uint64_t x = std::hash<std::string_view>{}(word) ^ static_cast<uint64_t>(stream) * 0x9e3779b97f4a7c15;
      x = (x ^ x >> 31) * 0xbf58476d1ce4e5b9;
      sum += x ^ x >> 29;
    }
    bool operator==(const Sum&) const = default;
  } indexed, given;
  TRY(reader.run("CREATE VIRTUAL TABLE temp.words_in_index USING fts5vocab('main', 'search', 'instance')"));
  {
    Statement rows = TRY(reader.prepare("SELECT term, doc FROM temp.words_in_index"));
    int rc;
    while ((rc = rows.step()) == SQLITE_ROW) indexed.add(rows.view_at(0), rows.integer_at(1));
    if (rc != SQLITE_DONE) return reader.error("Reading the index of the full text");
  }
  TRY(reader.run("DROP TABLE temp.words_in_index"));
  Statement rows =
      TRY(reader.prepare("SELECT words, stream FROM search_words WHERE stream <= (SELECT i.words FROM indexed i)"));
  int rc;
  while ((rc = rows.step()) == SQLITE_ROW) {
    for (const std::string& word : distinct_words(rows.view_at(0))) given.add(word, rows.integer_at(1));
  }
  if (rc != SQLITE_DONE) return reader.error("Reading the words of the full text");
  return indexed == given;
}

}  // namespace

Result<std::vector<Finding>> SqliteStore::verify_ledger() const {
  Head kept;
  {
    const std::lock_guard guard(parts_->head_mutex);
    kept = parts_->head;
  }
  ReaderPool::Lease reader = parts_->readers.take();
  // The head file is read anew: what was cut from the database while nobody had it open shows against it. This process
  // wrote it after each commit, so it is never ahead of a sound database.
  std::optional<Head> outside;
  {
    const auto file = HeadFile::open(parts_->folder + "/head");
    if (file.ok()) outside = (*file)->found();
  }
  LedgerCheck check(outside ? outside : std::optional<Head>(kept));
  // As this process found the file; it has been written anew since.
  for (const std::string& fault : parts_->head_faults) check.add("head", fault);
  if (!outside && kept.position > 0)
    check.add("ledger", "The head kept outside the database is missing or unreadable.");

  TRY(reader->run("BEGIN"));
  const Result<Head> stored = [&]() -> Result<Head> {
    Statement pages = TRY(reader->prepare("PRAGMA integrity_check(50)"));
    int rc;
    while ((rc = pages.step()) == SQLITE_ROW) {
      if (pages.view_at(0) != "ok") check.add("database", "SQLite says: " + pages.bytes_at(0));
    }
    if (rc != SQLITE_DONE) check.add("database", reader->error("Checking the pages").message);

    Head head;
    {
      Statement statement = TRY(reader->prepare("SELECT position, sum FROM head WHERE one = 1"));
      if (statement.step() == SQLITE_ROW)
        head = {.position = static_cast<uint64_t>(statement.integer_at(0)), .sum = statement.hash_at(1)};
      else
        check.add("ledger", "The row of the head cannot be read.");
    }
    {
      Statement nil = TRY(reader->prepare("SELECT 1 FROM streams WHERE id = zeroblob(16)"));
      check.nil_is_a_stream = nil.step() == SQLITE_ROW;
    }
    // A damaged page ends a pass, with whatever error SQLite meets (a wrong length may be "too big"); the next one
    // starts behind it, ever further, so that the rest is still checked.
    uint64_t from = 0, jump = 1;
    std::string scratch;
    bool complete = true;
    for (;;) {
      Statement rows = TRY(reader->prepare(
          "SELECT l.position, l.first_version, l.count, l.bytes, l.hashes, l.stream, l.previous, s.id FROM ledger l "
          "LEFT JOIN streams s ON s.number = l.stream WHERE l.position >= ?1 ORDER BY l.position"));
      rows.integer(1, static_cast<int64_t>(from));
      while ((rc = rows.step()) == SQLITE_ROW) {
        check.take_row(row_view(rows, scratch), rows.integer_at(5), static_cast<uint64_t>(rows.integer_at(6)),
                       rows.id_at(7));
        jump = 1;
      }
      if (rc == SQLITE_DONE) break;
      const Error error = reader->error("Reading the ledger");
      if (complete || jump == 1)
        check.add_event(check.next(), "The ledger cannot be read from position " + std::to_string(check.next()) +
                                          " on: " + error.message);
      complete = false;
      from = check.next() + jump;
      if (from > std::max(head.position, kept.position)) break;
      check.skip_to(from);
      jump *= 2;
    }
    // A value that lost its kind reads the same today, but it is not what was written.
    Statement kinds = TRY(reader->prepare(
        "SELECT position FROM ledger WHERE typeof(bytes) <> 'blob' OR typeof(hashes) <> 'blob' LIMIT 50"));
    while ((rc = kinds.step()) == SQLITE_ROW) {
      check.add_event(static_cast<uint64_t>(kinds.integer_at(0)), "The kind of its bytes is not what was written.");
    }
    Statement streams = TRY(reader->prepare("SELECT number, id, version, last FROM streams"));
    while ((rc = streams.step()) == SQLITE_ROW) {
      check.take_stream(streams.integer_at(0), streams.id_at(1), static_cast<uint64_t>(streams.integer_at(2)),
                        static_cast<uint64_t>(streams.integer_at(3)));
    }
    if (rc != SQLITE_DONE) check.add("database", reader->error("Reading the streams").message);
    const Result<bool> index = is_index_sound(*reader);
    if (!index.ok())
      check.add("view words", index.error().message);
    else if (!*index)
      check.add("view words", "The index of the full text differs from its words; run tongban rebuild.");
    const Result<bool> inbox = is_inbox_sound(*reader);
    if (!inbox.ok())
      check.add("view inbox", inbox.error().message);
    else if (!*inbox)
      check.add("view inbox", "The order of the lists differs from the inbox rows; run tongban rebuild.");
    return head;
  }();
  // Ending the read may meet the damaged page once more; what was found counts.
  if (!reader->run("COMMIT").ok() && reader->in_transaction()) (void)reader->run("ROLLBACK");
  if (!stored.ok()) return stored.error();
  return check.finish(*stored, true);
}

}  // namespace tongban::store
