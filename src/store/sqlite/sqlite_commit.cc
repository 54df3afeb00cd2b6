// How SqliteStore commits a batch: conflicts, ledger, views and what is durable beside them, in one transaction.
#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"
#include "store/sqlite/parts.h"
#include "store/sqlite/row_pack.h"

namespace tongban::store {
namespace {

constexpr size_t kMostKnownStreams = 200'000;
// Rows that are removed from person_hashes_recent for each share that is moved: more than one has.
constexpr int64_t kClearedPerShare = 512;

// Two parts that name the same row: the last one counts, and only it is stored.
template <class Row, class Same>
bool is_repeated_later(const std::vector<Row>& rows, size_t at, Same same) {
  return std::any_of(rows.begin() + static_cast<ptrdiff_t>(at) + 1, rows.end(),
                     [&](const Row& row) { return same(row, rows[at]); });
}

// In order, each once, one space between: as the engine gives them.
bool are_distinct(std::string_view words) {
  std::string_view last;
  while (!words.empty()) {
    const size_t end = std::min(words.find(' '), words.size());
    const std::string_view word = words.substr(0, end);
    if (word <= last || end + 1 == words.size()) return false;
    last = word;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return true;
}

int64_t due_key(const std::optional<Instant>& due_at) { return due_at ? due_at->ms : kNoDue; }

void bind_instant(Statement& statement, int at, const std::optional<Instant>& instant) {
  if (instant)
    statement.integer(at, instant->ms);
  else
    statement.null(at);
}

}  // namespace

Id idempotency_digest(std::string_view actor, std::string_view key) {
  ByteWriter writer;
  writer.put_text(actor);
  writer.put_text(key);
  return id_from_bytes(view_of(sha256(writer.bytes())).substr(0, 16));
}

Hash filter_hash(const Id& digest) {
  std::array<uint64_t, 4> words;
  std::memcpy(words.data(), digest.bytes.data(), sizeof digest.bytes);
  words[2] = words[0] + std::rotl(words[1], 21);
  words[3] = words[0] ^ std::rotl(words[1], 43);
  Hash hash;
  static_assert(sizeof hash == sizeof words);
  std::memcpy(hash.data(), words.data(), sizeof words);
  return hash;
}

Result<void> SqliteStore::Parts::prepare() {
  const auto set = [&](Statement& statement, const char* sql) -> Result<void> {
    statement = TRY(writer->prepare(sql));
    return {};
  };
  TRY(set(sql.begin, "BEGIN IMMEDIATE"));
  TRY(set(sql.commit, "COMMIT"));
  TRY(set(sql.find_stream, "SELECT number, version, last FROM streams WHERE id = ?1"));
  TRY(set(sql.greatest_stream, "SELECT max(id) FROM streams WHERE id >= ?1 AND id < ?2"));
  TRY(set(sql.greatest_number, "SELECT max(number) FROM cases WHERE number <> '' AND number >= ?1 AND number < ?2"));
  TRY(set(sql.insert_stream, "INSERT INTO streams VALUES(?1, ?2, ?3, ?4)"));
  TRY(set(sql.update_stream, "UPDATE streams SET version = ?2, last = ?3 WHERE number = ?1"));
  TRY(set(sql.insert_ledger, "INSERT INTO ledger VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  TRY(set(sql.write_head, "UPDATE head SET position = ?1, sum = ?2 WHERE one = 1"));
  TRY(set(sql.number_taken, "SELECT id FROM cases WHERE number = ?1 AND number <> ''"));
  TRY(set(
      sql.put_case,
      "INSERT INTO cases VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18) ON CONFLICT(stream) DO "
      "UPDATE SET "
      "type=excluded.type, number=excluded.number, edition=excluded.edition, state=excluded.state, open=excluded.open, "
      "opened_at=excluded.opened_at, changed_at=excluded.changed_at, closed_at=excluded.closed_at, "
      "due_key=excluded.due_key, "
      "due_clock=excluded.due_clock, due_provisional=excluded.due_provisional, late=excluded.late, "
      "held_by=excluded.held_by, "
      "list_fields=excluded.list_fields, person=excluded.person, version=excluded.version"));
  TRY(set(sql.remove_clocks, "DELETE FROM clocks WHERE stream = ?1"));
  TRY(set(sql.insert_clock, "INSERT INTO clocks VALUES(?1,?2,?3,?4,?5,?6,?7,?8)"));
  TRY(set(sql.put_register,
          "INSERT INTO registers(register_id, entry_id, revision, body) VALUES(?1,?2,?3,?4) ON CONFLICT(register_id, "
          "entry_id) "
          "DO UPDATE SET revision = excluded.revision, body = excluded.body"));
  TRY(set(sql.add_person_hash, "INSERT INTO person_hashes_recent(hash, person, stream, number) VALUES(?1,?2,?3,?4)"));
  TRY(set(sql.remove_person_hash, "DELETE FROM person_hashes WHERE hash = ?1 AND person = ?2 AND stream = ?3"));
  TRY(set(sql.remove_recent_person_hash,
          "DELETE FROM person_hashes_recent WHERE hash = ?1 AND person = ?2 AND stream = ?3"));
  TRY(set(sql.index_person, "INSERT INTO person_hashes VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING"));
  TRY(set(sql.clear_recent_persons, "DELETE FROM person_hashes_recent WHERE number <= ?1"));
  TRY(set(sql.find_words, "SELECT words FROM search_words WHERE stream = ?1"));
  TRY(set(sql.put_words,
          "INSERT INTO search_words VALUES(?1,?2) ON CONFLICT(stream) DO UPDATE SET words = excluded.words"));
  TRY(set(sql.remove_words, "DELETE FROM search_words WHERE stream = ?1"));
  TRY(set(sql.index_words, "INSERT INTO search(rowid, words) VALUES(?1,?2)"));
  TRY(set(sql.unindex_words, "INSERT INTO search(search, rowid, words) VALUES('delete', ?1, ?2)"));
  TRY(set(sql.recent_words, "SELECT stream, words FROM search_words WHERE stream > ?1 ORDER BY stream"));
  TRY(set(sql.put_indexed, "UPDATE indexed SET places = ?1, words = ?2"));
  TRY(set(sql.add_outbox,
          "INSERT INTO outbox(id, stream, position, kind, body, not_before, attempts) VALUES(?1,?2,?3,?4,?5,?6,?7) ON "
          "CONFLICT(id) "
          "DO UPDATE SET stream = excluded.stream, position = excluded.position, kind = excluded.kind, body = "
          "excluded.body, "
          "not_before = excluded.not_before, attempts = excluded.attempts"));
  TRY(set(sql.remove_outbox, "DELETE FROM outbox WHERE id = ?1"));
  TRY(set(sql.insert_idempotency,
          "INSERT INTO idempotency(digest, actor, key, body_hash, status, response, at) VALUES(?1,?2,?3,?4,?5,?6,?7)"));
  TRY(set(sql.find_key, "SELECT 1 FROM idempotency_index WHERE digest = ?1"));
  TRY(set(sql.index_key,
          "INSERT INTO idempotency_index VALUES(?1, ?2) ON CONFLICT(digest) DO UPDATE SET number = excluded.number"));
  TRY(set(sql.keys_are_indexed, "UPDATE idempotency_indexed SET number = ?1"));
  TRY(set(sql.insert_audit, "INSERT INTO audit(stream, at, actor, unit, purpose, what) VALUES(?1,?2,?3,?4,?5,?6)"));
  TRY(set(sql.put_record,
          "INSERT INTO records VALUES(?1,?2,?3) ON CONFLICT(kind, key) DO UPDATE SET body = excluded.body"));
  TRY(set(sql.remove_record, "DELETE FROM records WHERE kind = ?1 AND key = ?2"));
  TRY(set(sql.put_counter,
          "INSERT INTO counters VALUES(?1,?2) ON CONFLICT(name) DO UPDATE SET value = excluded.value"));
  return inbox.prepare(*writer);
}

Result<std::vector<Committed>> SqliteStore::commit(const std::vector<Transaction>& batch) {
  for (const Transaction& transaction : batch) TRY(check_transaction(transaction));
  Parts& parts = *parts_;
  TRY(parts.run(parts.sql.begin));
  Head head = parts.head;
  Result<std::vector<Committed>> result = parts.apply_batch(batch, head);
  if (result.ok()) {
    const Result<void> committed = parts.run(parts.sql.commit);
    if (!committed.ok()) result = committed.error();
  }
  if (!result.ok()) {
    if (parts.writer->in_transaction()) sqlite3_exec(parts.writer->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    parts.forget_writer_state();
    const Result<int64_t> highest = parts.writer->number("SELECT max(number) FROM streams");
    if (highest.ok()) parts.next_stream = *highest + 1;
    return result;
  }
  {
    const std::lock_guard guard(parts.head_mutex);
    parts.head = head;
  }
  parts.publish_recent();
  if (parts.streams.size() > kMostKnownStreams) parts.streams.clear();
  parts.after_commit();
  return result;
}

Result<std::vector<Committed>> SqliteStore::Parts::apply_batch(const std::vector<Transaction>& batch, Head& new_head) {
  {
    const std::lock_guard guard(recent_mutex);
    batch_key_filter = key_filter;
  }
  std::vector<Committed> committed;
  committed.reserve(batch.size());
  for (const Transaction& transaction : batch) committed.push_back(TRY(apply(transaction, new_head)));
  TRY(inbox.flush());
  TRY(apply_words());
  TRY(store_counters());
  TRY(store_streams());
  TRY(index_recent());
  if (new_head.position != head.position) {
    const ResetLater reset(sql.write_head);
    if (sql.write_head.integer(1, static_cast<int64_t>(new_head.position)).blob(2, view_of(new_head.sum)).step() !=
        SQLITE_DONE) {
      return writer_error("Writing the head");
    }
  }
  return committed;
}

Result<Committed> SqliteStore::Parts::apply(const Transaction& transaction, Head& new_head) {
  // Everything that may refuse the transaction comes before its first change, so that no savepoint is needed.
  if (TRY(has_conflict(transaction))) return Committed{.conflict = true};
  const uint64_t first_position = new_head.position + 1;
  for (const StreamAppend& part : transaction.appends) TRY(append(part, new_head));
  TRY(apply_views(transaction.views));
  TRY(apply_rest(transaction, transaction.appends.empty() ? 0 : first_position));
  return Committed{.first_position = transaction.appends.empty() ? 0 : first_position};
}

Result<bool> SqliteStore::Parts::has_conflict(const Transaction& transaction) {
  for (size_t i = 0; i < transaction.appends.size(); ++i) {
    const StreamAppend& append = transaction.appends[i];
    uint64_t version = TRY(stream(append.stream))->version;
    for (size_t j = 0; j < i; ++j) {
      if (transaction.appends[j].stream == append.stream) version += transaction.appends[j].events.size();
    }
    if (version != append.expected_version) return true;
  }
  const std::vector<CaseRow>& cases = transaction.views.cases;
  for (size_t i = 0; i < cases.size(); ++i) {
    if (cases[i].number.empty()) continue;
    for (size_t j = 0; j < i; ++j) {
      if (cases[j].number == cases[i].number && cases[j].case_id != cases[i].case_id) return true;
    }
    if (TRY(is_new_number(cases[i].number))) continue;
    const ResetLater reset(sql.number_taken);
    const int rc = sql.number_taken.text(1, cases[i].number).step();
    if (rc == SQLITE_ROW && sql.number_taken.view_at(0) != cases[i].case_id.view()) return true;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return writer_error("Looking for a case number");
  }
  if (!transaction.idempotency) return false;
  const IdempotencyRow& row = *transaction.idempotency;
  const Id digest = idempotency_digest(row.actor, row.key);
  const auto& recent = recent_keys.with(digest.view());
  if (batch_keys.contains(digest) ||
      std::any_of(recent.begin(), recent.end(), [&](const WaitingKey& one) { return one.digest == digest; })) {
    return true;
  }
  if (batch_key_filter->may_have(filter_hash(digest))) {
    const ResetLater reset(sql.find_key);
    const int rc = sql.find_key.blob(1, digest.view()).step();
    if (rc == SQLITE_ROW) return true;
    if (rc != SQLITE_DONE) return writer_error("Looking for an idempotency key");
  }
  const ResetLater reset(sql.insert_idempotency);
  const int rc = sql.insert_idempotency.blob(1, digest.view())
                     .text(2, row.actor)
                     .text(3, row.key)
                     .blob(4, view_of(row.body_hash))
                     .integer(5, row.status)
                     .blob(6, row.response)
                     .integer(7, row.at.ms)
                     .step();
  if (rc != SQLITE_DONE) return writer_error("Storing an idempotency key");
  batch_keys.emplace(digest, sqlite3_last_insert_rowid(writer->handle()));
  return false;
}

Result<void> SqliteStore::Parts::run(Statement& statement) {
  const ResetLater reset(statement);
  if (statement.step() != SQLITE_DONE) return writer_error(sqlite3_sql(statement.handle()));
  return {};
}

// Moves some of what waits into the indexes, in their order.
Result<void> SqliteStore::Parts::index_recent() {
  TRY(index_recent_keys());
  TRY(index_recent_persons());
  return index_recent_cases();
}

Result<void> SqliteStore::Parts::index_recent_keys() {
  moving_keys = recent_keys.due(batch_keys.size(), options.recent_rows);
  for (size_t nth = 0; nth < moving_keys; ++nth) {
    std::vector<WaitingKey> share = recent_keys.under_hand(nth);
    std::sort(share.begin(), share.end(), [](const auto& a, const auto& b) { return a.digest < b.digest; });
    for (const WaitingKey& one : share) {
      const ResetLater reset(sql.index_key);
      if (sql.index_key.blob(1, one.digest.view()).integer(2, one.number).step() != SQLITE_DONE)
        return writer_error("Moving an idempotency key into its index");
    }
  }
  batch_keys_mark = recent_keys.indexed();
  if (batch_keys_mark == keys_mark) return {};
  const ResetLater reset(sql.keys_are_indexed);
  if (sql.keys_are_indexed.integer(1, batch_keys_mark).step() != SQLITE_DONE)
    return writer_error("Noting which keys are indexed");
  return {};
}

Result<void> SqliteStore::Parts::index_recent_persons() {
  moving_persons = recent_persons.due(batch_persons.size(), options.recent_rows);
  for (size_t nth = 0; nth < moving_persons; ++nth) {
    std::vector<WaitingPerson> share = recent_persons.under_hand(nth);
    std::erase_if(share, [&](const WaitingPerson& one) {
      return std::find(batch_persons_removed.begin(), batch_persons_removed.end(), one.row) !=
             batch_persons_removed.end();
    });
    std::sort(share.begin(), share.end(), [](const auto& a, const auto& b) { return a.row.hash < b.row.hash; });
    for (const WaitingPerson& one : share) {
      const ResetLater reset(sql.index_person);
      if (sql.index_person.blob(1, view_of(one.row.hash))
              .blob(2, one.row.person.view())
              .integer(3, one.stream)
              .step() != SQLITE_DONE) {
        return writer_error("Moving a person hash into its index");
      }
    }
  }
  // What is in the index need not wait any more; a few at a time, as they came.
  const int64_t up_to =
      std::min(recent_persons.indexed(), persons_cleared + static_cast<int64_t>(moving_persons) * kClearedPerShare);
  batch_persons_cleared = std::max(up_to, persons_cleared);
  if (up_to <= persons_cleared) return {};
  const ResetLater reset(sql.clear_recent_persons);
  if (sql.clear_recent_persons.integer(1, up_to).step() != SQLITE_DONE)
    return writer_error("Removing person hashes that are in the index");
  return {};
}

// The places and words of new cases; rather not both in one commit, so that none waits for long.
Result<void> SqliteStore::Parts::index_recent_cases() {
  const int64_t last = next_stream - 1, enough = options.recent_cases;
  bool can_now = true;
  const auto is_due = [&](int64_t up_to) { return last - up_to > (can_now ? enough : 2 * enough); };
  batch_indexed = indexed;
  if (is_due(indexed.words)) {
    const ResetLater reset(sql.recent_words);
    sql.recent_words.integer(1, indexed.words);
    int rc;
    while ((rc = sql.recent_words.step()) == SQLITE_ROW) {
      const ResetLater reset_index(sql.index_words);
      if (sql.index_words.integer(1, sql.recent_words.integer_at(0)).text(2, sql.recent_words.view_at(1)).step() !=
          SQLITE_DONE) {
        return writer_error("Moving words into the full text");
      }
    }
    if (rc != SQLITE_DONE) return writer_error("Reading the latest words");
    batch_indexed.words = last;
    can_now = false;
  }
  if (is_due(indexed.places)) {
    TRY(inbox.index_recent());
    batch_indexed.places = last;
  }
  if (batch_indexed.words == indexed.words && batch_indexed.places == indexed.places) return {};
  const ResetLater reset(sql.put_indexed);
  if (sql.put_indexed.integer(1, batch_indexed.places).integer(2, batch_indexed.words).step() != SQLITE_DONE)
    return writer_error("Noting what is indexed");
  return {};
}

void SqliteStore::Parts::set_indexed(const Indexed& now) {
  indexed = now;
  inbox.set_indexed(now.places);
}

// After the commit: a reader that looks here first and into the tables second misses nothing.
void SqliteStore::Parts::publish_recent() {
  {
    const std::lock_guard guard(recent_mutex);
    recent_keys.moved(moving_keys);
    for (const auto& [digest, number] : batch_keys) {
      key_filter->add(filter_hash(digest));
      recent_keys.add({.digest = digest, .number = number});
    }
    recent_persons.moved(moving_persons);
    for (const PersonHashRow& row : batch_persons_removed) {
      recent_persons.remove(view_of(row.hash), [&](const WaitingPerson& one) { return one.row == row; });
    }
    for (const WaitingPerson& one : batch_persons) {
      person_filter->add(one.row.hash);
      recent_persons.add(one);
    }
  }
  keys_mark = batch_keys_mark;
  persons_cleared = batch_persons_cleared;
  forget_batch_rows();
  set_indexed(batch_indexed);
}

// A time-ordered id begins with its time; the first two bytes last for years.
std::string_view prefix_of(const Id& id) { return id.view().substr(0, 2); }
// What stands before the serial.
std::string_view prefix_of(std::string_view number) {
  return number.substr(0, number.find_last_not_of("0123456789") + 1);
}

Result<bool> SqliteStore::Parts::is_new_stream(const Id& id) {
  return ids.is_above(id.view(), prefix_of(id), [&]() -> Result<std::string> {
    std::string end(prefix_of(id));
    end += std::string(15, '\xff');  // longer than any id
    const ResetLater reset(sql.greatest_stream);
    if (sql.greatest_stream.blob(1, prefix_of(id)).blob(2, end).step() != SQLITE_ROW)
      return writer_error("Looking for the latest stream");
    return sql.greatest_stream.bytes_at(0);
  });
}

Result<bool> SqliteStore::Parts::is_new_number(const std::string& number) {
  const std::string_view prefix = prefix_of(number);
  return numbers.is_above(number, prefix, [&]() -> Result<std::string> {
    const std::string end = std::string(prefix) + ':';  // after the digits
    const ResetLater reset(sql.greatest_number);
    if (sql.greatest_number.text(1, prefix).text(2, end).step() != SQLITE_ROW)
      return writer_error("Looking for the latest number");
    return sql.greatest_number.bytes_at(0);
  });
}

Result<StreamInfo*> SqliteStore::Parts::stream(const Id& id) {
  const auto [found, added] = streams.try_emplace(id);
  StreamInfo& info = found->second;
  if (!added) return &info;
  if (TRY(is_new_stream(id))) return &info;
  const ResetLater reset(sql.find_stream);
  const int rc = sql.find_stream.blob(1, id.view()).step();
  if (rc == SQLITE_ROW) {
    info = {.number = sql.find_stream.integer_at(0),
            .version = static_cast<uint64_t>(sql.find_stream.integer_at(1)),
            .last = static_cast<uint64_t>(sql.find_stream.integer_at(2)),
            .stored = true};
  } else if (rc != SQLITE_DONE) {
    return writer_error("Looking for a stream");
  }
  return &info;
}

// A stream that is only asked about gets no number; the first row that names it does.
void give_number(StreamInfo& info, int64_t& next, std::vector<Id>& dirty, const Id& id) {
  if (info.number == 0) {
    info.number = next++;
    info.has_inbox = info.has_clocks = info.has_words = false;
  }
  if (!info.dirty) {
    info.dirty = true;
    dirty.push_back(id);
  }
}

Result<void> SqliteStore::Parts::append(const StreamAppend& part, Head& new_head) {
  StreamInfo& info = *TRY(stream(part.stream));
  give_number(info, next_stream, dirty, part.stream);
  event_bytes.clear();
  event_hashes.clear();
  const uint64_t position = new_head.position + 1;
  for (const std::string& event : part.events) {
    uint64_t size = event.size();
    for (; size >= 0x80; size >>= 7) event_bytes += static_cast<char>(size | 0x80);
    event_bytes += static_cast<char>(size);
    event_bytes += event;
    const Hash hash = sha256(event);
    event_hashes += view_of(hash);
    extend_head(new_head, new_head.position + 1, hash);
  }
  const ResetLater reset(sql.insert_ledger);
  const int rc = sql.insert_ledger.integer(1, static_cast<int64_t>(position))
                     .integer(2, info.number)
                     .integer(3, static_cast<int64_t>(info.last))
                     .integer(4, static_cast<int64_t>(info.version + 1))
                     .integer(5, static_cast<int64_t>(part.events.size()))
                     .blob(6, pack_row(event_bytes, packed_bytes))
                     .blob(7, event_hashes)
                     .step();
  if (rc != SQLITE_DONE) return writer_error("Appending to the ledger");
  info.version += part.events.size();
  info.last = position;
  return {};
}

Result<void> SqliteStore::Parts::apply_views(const ViewChanges& views) {
  const auto number_of = [&](const Id& id) -> Result<int64_t> {
    StreamInfo& info = *TRY(stream(id));
    if (info.number == 0) give_number(info, next_stream, dirty, id);
    return info.number;
  };
  for (const CaseRow& row : views.cases) {
    const int64_t number = TRY(number_of(row.case_id));
    Statement& put = sql.put_case;
    const ResetLater reset(put);
    put.integer(1, number)
        .blob(2, row.case_id.view())
        .text(3, row.type)
        .text(4, row.number)
        .text(5, row.edition)
        .text(6, row.state)
        .integer(7, row.open)
        .integer(8, row.opened_at.ms)
        .integer(9, row.changed_at.ms);
    bind_instant(put, 10, row.closed_at);
    put.integer(11, due_key(row.due_at))
        .text(12, row.due_clock)
        .integer(13, row.due_provisional)
        .integer(14, row.late)
        .text(15, row.held_by)
        .blob(16, row.list_fields)
        .blob(17, row.person.view())
        .integer(18, static_cast<int64_t>(row.version));
    if (put.step() != SQLITE_DONE) return writer_error("Storing a case row");
    numbers.raise(row.number, prefix_of(row.number));
  }
  for (const ViewChanges::Inbox& one : views.inboxes) {
    const int64_t number = TRY(number_of(one.case_id));
    TRY(inbox.put(number, std::exchange(streams.find(one.case_id)->second.has_inbox, true), one.rows));
  }
  for (const ViewChanges::Clocks& clocks : views.clocks) {
    const int64_t number = TRY(number_of(clocks.case_id));
    if (std::exchange(streams.find(clocks.case_id)->second.has_clocks, true)) {
      const ResetLater reset(sql.remove_clocks);
      if (sql.remove_clocks.integer(1, number).step() != SQLITE_DONE) return writer_error("Replacing clocks");
    }
    for (size_t i = 0; i < clocks.rows.size(); ++i) {
      const ClockRow& row = clocks.rows[i];
      if (is_repeated_later(clocks.rows, i, [](const ClockRow& a, const ClockRow& b) { return a.clock == b.clock; }))
        continue;
      Statement& insert = sql.insert_clock;
      const ResetLater reset(insert);
      insert.integer(1, number).integer(2, row.clock).text(3, row.name);
      bind_instant(insert, 4, row.wake_at);
      bind_instant(insert, 5, row.due_at);
      insert.integer(6, row.provisional).integer(7, row.depends_from.days).integer(8, row.depends_to.days);
      if (insert.step() != SQLITE_DONE) return writer_error("Storing a clock");
    }
  }
  for (const RegisterRow& row : views.registers) {
    const ResetLater reset(sql.put_register);
    const int rc = sql.put_register.text(1, row.register_id)
                       .text(2, row.entry_id)
                       .integer(3, row.revision)
                       .blob(4, row.body)
                       .step();
    if (rc != SQLITE_DONE) return writer_error("Storing a register row");
  }
  for (const PersonHashRow& row : views.person_hashes_removed) {
    const int64_t number = TRY(number_of(row.case_id));
    for (Statement* remove : {&sql.remove_person_hash, &sql.remove_recent_person_hash}) {
      const ResetLater reset(*remove);
      if (remove->blob(1, view_of(row.hash)).blob(2, row.person.view()).integer(3, number).step() != SQLITE_DONE)
        return writer_error("Removing a person hash");
    }
    std::erase_if(batch_persons, [&](const WaitingPerson& one) { return one.row == row; });
    batch_persons_removed.push_back(row);
  }
  for (const PersonHashRow& row : views.person_hashes) {
    const int64_t number = TRY(number_of(row.case_id));
    const ResetLater reset(sql.add_person_hash);
    batch_persons.push_back({.row = row, .stream = number, .number = next_person++});
    const int rc = sql.add_person_hash.blob(1, view_of(row.hash))
                       .blob(2, row.person.view())
                       .integer(3, number)
                       .integer(4, batch_persons.back().number)
                       .step();
    if (rc != SQLITE_DONE) return writer_error("Storing a person hash");
  }
  for (const SearchRow& row : views.search) {
    const auto [at, is_first] = words.try_emplace(TRY(number_of(row.case_id)));
    at->second.words = row.words;
    if (is_first) at->second.may_have_some = std::exchange(streams.find(row.case_id)->second.has_words, true);
  }
  return {};
}

// Once per batch and in order of the cases: FTS5 writes a segment each time the order is broken.
Result<void> SqliteStore::Parts::apply_words() {
  std::vector<int64_t> numbers;
  numbers.reserve(words.size());
  for (const auto& [number, text] : words) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  for (const int64_t number : numbers) {
    const NewWords& given = words[number];
    const std::string fresh = are_distinct(given.words) ? given.words : join(distinct_words(given.words), " ");
    const bool is_indexed = number <= indexed.words;
    std::string old;
    if (given.may_have_some) {
      const ResetLater reset(sql.find_words);
      const int rc = sql.find_words.integer(1, number).step();
      if (rc == SQLITE_ROW)
        old = sql.find_words.bytes_at(0);
      else if (rc != SQLITE_DONE)
        return writer_error("Looking for the words of a case");
    }
    if (old == fresh) continue;
    if (is_indexed && !old.empty()) {
      const ResetLater reset(sql.unindex_words);
      if (sql.unindex_words.integer(1, number).text(2, old).step() != SQLITE_DONE)
        return writer_error("Removing words");
    }
    if (fresh.empty()) {
      const ResetLater reset(sql.remove_words);
      if (sql.remove_words.integer(1, number).step() != SQLITE_DONE) return writer_error("Removing words");
      continue;
    }
    const ResetLater reset_put(sql.put_words), reset_index(sql.index_words);
    if (sql.put_words.integer(1, number).text(2, fresh).step() != SQLITE_DONE ||
        (is_indexed && sql.index_words.integer(1, number).text(2, fresh).step() != SQLITE_DONE)) {
      return writer_error("Storing words");
    }
  }
  words.clear();
  return {};
}

Result<void> SqliteStore::Parts::apply_rest(const Transaction& transaction, uint64_t first_position) {
  for (const Id& id : transaction.outbox_done) {
    const ResetLater reset(sql.remove_outbox);
    if (sql.remove_outbox.blob(1, id.view()).step() != SQLITE_DONE) return writer_error("Removing a message");
  }
  for (const OutboxRow& row : transaction.outbox) {
    StreamInfo& info = *TRY(stream(row.case_id));
    if (info.number == 0) give_number(info, next_stream, dirty, row.case_id);
    const ResetLater reset(sql.add_outbox);
    const uint64_t position = first_position != 0 ? first_position : row.position;
    const int rc = sql.add_outbox.blob(1, row.id.view())
                       .integer(2, info.number)
                       .integer(3, static_cast<int64_t>(position))
                       .text(4, row.kind)
                       .blob(5, row.body)
                       .integer(6, row.not_before.ms)
                       .integer(7, row.attempts)
                       .step();
    if (rc != SQLITE_DONE) return writer_error("Storing a message");
  }
  for (const AuditRow& row : transaction.audit) {
    StreamInfo& info = *TRY(stream(row.case_id));
    if (info.number == 0) give_number(info, next_stream, dirty, row.case_id);
    const ResetLater reset(sql.insert_audit);
    const int rc = sql.insert_audit.integer(1, info.number)
                       .integer(2, row.at.ms)
                       .text(3, row.actor)
                       .text(4, row.unit)
                       .text(5, row.purpose)
                       .text(6, row.what)
                       .step();
    if (rc != SQLITE_DONE) return writer_error("Storing an audit row");
  }
  for (const auto& [kind, key] : transaction.records_removed) {
    const ResetLater reset(sql.remove_record);
    if (sql.remove_record.text(1, kind).text(2, key).step() != SQLITE_DONE) return writer_error("Removing a record");
  }
  for (const Record& record : transaction.records) {
    const ResetLater reset(sql.put_record);
    if (sql.put_record.text(1, record.kind).text(2, record.key).blob(3, record.body).step() != SQLITE_DONE) {
      return writer_error("Storing a record");
    }
  }
  for (const auto& [name, value] : transaction.counters) counters[name] = value;
  return {};
}

// Every filing of a batch counts in the same few rows: the last value of each is stored.
Result<void> SqliteStore::Parts::store_counters() {
  for (const auto& [name, value] : counters) {
    const ResetLater reset(sql.put_counter);
    if (sql.put_counter.text(1, name).integer(2, value).step() != SQLITE_DONE) return writer_error("Storing a counter");
  }
  counters.clear();
  return {};
}

Result<void> SqliteStore::Parts::store_streams() {
  for (const Id& id : dirty) {
    StreamInfo& info = streams.find(id)->second;
    Statement& put = info.stored ? sql.update_stream : sql.insert_stream;
    const ResetLater reset(put);
    put.integer(1, info.number);
    if (info.stored)
      put.integer(2, static_cast<int64_t>(info.version)).integer(3, static_cast<int64_t>(info.last));
    else
      put.blob(2, id.view()).integer(3, static_cast<int64_t>(info.version)).integer(4, static_cast<int64_t>(info.last));
    if (put.step() != SQLITE_DONE) return writer_error("Storing a stream");
    ids.raise(id.view(), prefix_of(id));
    info.stored = true;
    info.dirty = false;
  }
  dirty.clear();
  return {};
}

}  // namespace tongban::store
