#include "store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/bytes.h"
#include "base/text.h"
#include "store/sqlite/parts.h"
#include "store/sqlite/vfs.h"

namespace tongban::store {
namespace {

constexpr int kApplicationId = 0x54424C31;  // "TBL1": a Tongban ledger
constexpr size_t kMostKnownStreams = 200'000;
constexpr size_t kMostKnownHolders = 100'000;
// Keys and hashes are random: put into their index one by one, each would change a page of its own.
constexpr size_t kMostRecent = 2048;

constexpr char kSchema[] = R"sql(
CREATE TABLE head(one INTEGER PRIMARY KEY CHECK(one = 1), position INTEGER NOT NULL, sum BLOB NOT NULL);
CREATE TABLE streams(number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, version INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE TABLE ledger(position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, previous INTEGER NOT NULL,
  first_version INTEGER NOT NULL, count INTEGER NOT NULL, bytes BLOB NOT NULL, hashes BLOB NOT NULL);

CREATE TABLE cases(stream INTEGER PRIMARY KEY, id BLOB NOT NULL, type TEXT NOT NULL, number TEXT NOT NULL,
  edition TEXT NOT NULL, state TEXT NOT NULL, open INTEGER NOT NULL, opened_at INTEGER NOT NULL, changed_at INTEGER NOT NULL,
  closed_at INTEGER, due_key INTEGER NOT NULL, due_clock TEXT NOT NULL, due_provisional INTEGER NOT NULL,
  late INTEGER NOT NULL, held_by TEXT NOT NULL, list_fields BLOB NOT NULL, person BLOB NOT NULL, version INTEGER NOT NULL);
CREATE UNIQUE INDEX cases_number ON cases(number) WHERE number <> '';
CREATE INDEX cases_due ON cases(open, due_key);
CREATE INDEX cases_opened ON cases(opened_at DESC);
CREATE INDEX cases_changed ON cases(changed_at DESC);

CREATE TABLE holders(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE inbox(stream INTEGER NOT NULL, holder INTEGER NOT NULL, relation TEXT NOT NULL, flags INTEGER NOT NULL,
  due_key INTEGER NOT NULL, opened_at INTEGER NOT NULL, PRIMARY KEY(stream, holder, relation)) WITHOUT ROWID;
CREATE INDEX inbox_due ON inbox(holder, flags, due_key, stream);

CREATE TABLE clocks(stream INTEGER NOT NULL, clock INTEGER NOT NULL, name TEXT NOT NULL, wake_at INTEGER, due_at INTEGER,
  provisional INTEGER NOT NULL, depends_from INTEGER NOT NULL, depends_to INTEGER NOT NULL,
  PRIMARY KEY(stream, clock)) WITHOUT ROWID;
CREATE INDEX clocks_wake ON clocks(wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE registers(number INTEGER PRIMARY KEY, register_id TEXT NOT NULL, entry_id TEXT NOT NULL,
  revision INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE(register_id, entry_id));
CREATE TABLE person_hashes(hash BLOB NOT NULL, person BLOB NOT NULL, stream INTEGER NOT NULL,
  PRIMARY KEY(hash, person, stream)) WITHOUT ROWID;
CREATE TABLE person_hashes_recent(number INTEGER PRIMARY KEY, hash BLOB NOT NULL, person BLOB NOT NULL,
  stream INTEGER NOT NULL);

CREATE TABLE search_words(stream INTEGER PRIMARY KEY, words TEXT NOT NULL);
CREATE VIRTUAL TABLE search USING fts5(words, content='', columnsize=0, detail=none, tokenize='tongban_words');

CREATE TABLE outbox(number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, stream INTEGER NOT NULL, position INTEGER NOT NULL,
  kind TEXT NOT NULL, body BLOB NOT NULL, not_before INTEGER NOT NULL, attempts INTEGER NOT NULL);
CREATE INDEX outbox_due ON outbox(not_before, position, id);
CREATE TABLE idempotency(number INTEGER PRIMARY KEY, digest BLOB NOT NULL, actor TEXT NOT NULL,
  key TEXT NOT NULL, body_hash BLOB NOT NULL, status INTEGER NOT NULL, response BLOB NOT NULL, at INTEGER NOT NULL);
CREATE TABLE idempotency_index(digest BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE idempotency_indexed(one INTEGER PRIMARY KEY CHECK(one = 1), number INTEGER NOT NULL);
CREATE TABLE audit(number INTEGER PRIMARY KEY, stream INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL,
  unit TEXT NOT NULL, purpose TEXT NOT NULL, what TEXT NOT NULL);
CREATE INDEX audit_case ON audit(stream);
CREATE TABLE records(kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY(kind, key)) WITHOUT ROWID;
CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO search(search, rank) VALUES('automerge', 16);
INSERT INTO search(search, rank) VALUES('crisismerge', 64);
INSERT INTO head VALUES(1, 0, zeroblob(32));
INSERT INTO idempotency_indexed VALUES(1, 0);
)sql";

// Two parts that name the same row: the last one counts, and only it is stored.
template <class Row, class Same>
bool is_repeated_later(const std::vector<Row>& rows, size_t at, Same same) {
  return std::any_of(rows.begin() + static_cast<ptrdiff_t>(at) + 1, rows.end(),
                     [&](const Row& row) { return same(row, rows[at]); });
}

int64_t due_key(const std::optional<Instant>& due_at) { return due_at ? due_at->ms : kNoDue; }

void bind_instant(Statement& statement, int at, const std::optional<Instant>& instant) {
  if (instant)
    statement.integer(at, instant->ms);
  else
    statement.null(at);
}

Result<int> take_lock(const std::string& folder) {
  const std::string path = folder + "/lock";
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) {
    return fail(Trouble::unavailable, "The data folder " + folder + " cannot be written (" + std::strerror(errno) +
                                          "). Check that it exists and belongs to the user who runs Tongban.");
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    char holder[24] = {};
    const ssize_t count = ::pread(lock, holder, sizeof holder - 1, 0);
    ::close(lock);
    return fail(
        Trouble::unavailable,
        "The data folder " + folder + " is in use by another process" +
            (count > 0 ? " (number " + std::string(trim(std::string_view(holder, static_cast<size_t>(count)))) + ")"
                       : "") +
            ". End that process, or send the command to its server.");
  }
  const std::string mine = std::to_string(::getpid()) + "\n";
  // The number is only a help for people; the lock itself is held by the kernel and ends with the process.
  if (::ftruncate(lock, 0) == 0 && ::pwrite(lock, mine.data(), mine.size(), 0) < 0) errno = 0;
  return lock;
}

Result<void> prepare_schema(Connection& writer) {
  const int64_t version = TRY(writer.number("PRAGMA user_version"));
  const int64_t application = TRY(writer.number("PRAGMA application_id"));
  const int64_t tables = TRY(writer.number("SELECT count(*) FROM sqlite_schema"));
  if (version == 0 && application == 0 && tables == 0) {
    return writer.run("BEGIN IMMEDIATE;" + std::string(kSchema) +
                      "PRAGMA application_id=" + std::to_string(kApplicationId) +
                      ";PRAGMA user_version=" + std::to_string(kSchemaVersion) + ";COMMIT");
  }
  if (application != kApplicationId) {
    return fail(Trouble::invalid_input,
                "The file " + writer.path() + " is a database of another program. Choose another data folder.");
  }
  if (version > kSchemaVersion) {
    return fail(Trouble::unsupported, "The database " + writer.path() + " was written by a newer Tongban (schema " +
                                          std::to_string(version) + "; this program knows up to " +
                                          std::to_string(kSchemaVersion) +
                                          "). Start the newer program, or restore a backup made by this one.");
  }
  if (version < kSchemaVersion) {
    return fail(Trouble::unsupported, "The database " + writer.path() +
                                          " was written by a Tongban before its first release (schema " +
                                          std::to_string(version) + "). Make a new data folder.");
  }
  return {};
}

Result<void> check_head(const Head& stored, const std::optional<Head>& kept, bool accept, const std::string& folder) {
  if (accept) return {};
  if (!kept) {
    if (stored.position == 0) return {};
    return fail(
        Trouble::corrupt,
        "The file " + folder +
            "/head, which keeps the end of the ledger outside the database, is missing or "
            "unreadable, while the database has events up to position " +
            std::to_string(stored.position) +
            ". Whether the ledger lost its tail cannot be told. Restore a backup, or accept the database as it is "
            "by the option for that.");
  }
  if (kept->position > stored.position) {
    return fail(Trouble::corrupt,
                "The ledger in " + folder + " ends at position " + std::to_string(stored.position) +
                    ", but events up to position " + std::to_string(kept->position) + " were acknowledged: the last " +
                    std::to_string(kept->position - stored.position) +
                    " are lost. Restore a backup that has them, or accept the loss by the option for that.");
  }
  if (kept->position == stored.position && kept->sum != stored.sum) {
    return fail(
        Trouble::corrupt,
        "The ledger in " + folder + " ends at position " + std::to_string(stored.position) +
            " as it should, but with other events than were acknowledged. Run verify, restore a backup, or accept "
            "the database as it is by the option for that.");
  }
  return {};
}

}  // namespace

Id idempotency_digest(std::string_view actor, std::string_view key) {
  ByteWriter writer;
  writer.put_text(actor);
  writer.put_text(key);
  return id_from_bytes(view_of(sha256(writer.bytes())).substr(0, 16));
}

Result<void> SqliteStore::Parts::prepare() {
  const auto set = [&](Statement& statement, const char* sql) -> Result<void> {
    statement = TRY(writer->prepare(sql));
    return {};
  };
  TRY(set(sql.find_stream, "SELECT number, version, last FROM streams WHERE id = ?1"));
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
  TRY(set(sql.remove_inbox, "DELETE FROM inbox WHERE stream = ?1"));
  TRY(set(sql.insert_inbox, "INSERT INTO inbox VALUES(?1,?2,?3,?4,?5,?6)"));
  TRY(set(sql.remove_clocks, "DELETE FROM clocks WHERE stream = ?1"));
  TRY(set(sql.insert_clock, "INSERT INTO clocks VALUES(?1,?2,?3,?4,?5,?6,?7,?8)"));
  TRY(set(sql.put_register,
          "INSERT INTO registers(register_id, entry_id, revision, body) VALUES(?1,?2,?3,?4) ON CONFLICT(register_id, "
          "entry_id) "
          "DO UPDATE SET revision = excluded.revision, body = excluded.body"));
  TRY(set(sql.add_person_hash, "INSERT INTO person_hashes_recent(hash, person, stream) VALUES(?1,?2,?3)"));
  TRY(set(sql.remove_person_hash, "DELETE FROM person_hashes WHERE hash = ?1 AND person = ?2 AND stream = ?3"));
  TRY(set(sql.remove_recent_person_hash,
          "DELETE FROM person_hashes_recent WHERE hash = ?1 AND person = ?2 AND stream = ?3"));
  TRY(set(sql.index_persons,
          "INSERT INTO person_hashes SELECT hash, person, stream FROM person_hashes_recent WHERE true ORDER BY hash "
          "ON CONFLICT DO NOTHING"));
  TRY(set(sql.clear_recent_persons, "DELETE FROM person_hashes_recent"));
  TRY(set(sql.find_holder, "SELECT number FROM holders WHERE name = ?1"));
  TRY(set(sql.insert_holder, "INSERT INTO holders(name) VALUES(?1)"));
  TRY(set(sql.find_words, "SELECT words FROM search_words WHERE stream = ?1"));
  TRY(set(sql.put_words,
          "INSERT INTO search_words VALUES(?1,?2) ON CONFLICT(stream) DO UPDATE SET words = excluded.words"));
  TRY(set(sql.remove_words, "DELETE FROM search_words WHERE stream = ?1"));
  TRY(set(sql.index_words, "INSERT INTO search(rowid, words) VALUES(?1,?2)"));
  TRY(set(sql.unindex_words, "INSERT INTO search(search, rowid, words) VALUES('delete', ?1, ?2)"));
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
  TRY(set(sql.index_keys,
          "INSERT INTO idempotency_index SELECT digest, number FROM idempotency WHERE number > (SELECT number FROM "
          "idempotency_indexed) ORDER BY digest"));
  TRY(set(sql.keys_are_indexed,
          "UPDATE idempotency_indexed SET number = (SELECT ifnull(max(number), 0) FROM idempotency)"));
  TRY(set(sql.insert_audit, "INSERT INTO audit(stream, at, actor, unit, purpose, what) VALUES(?1,?2,?3,?4,?5,?6)"));
  TRY(set(sql.put_record,
          "INSERT INTO records VALUES(?1,?2,?3) ON CONFLICT(kind, key) DO UPDATE SET body = excluded.body"));
  TRY(set(sql.remove_record, "DELETE FROM records WHERE kind = ?1 AND key = ?2"));
  TRY(set(sql.put_counter,
          "INSERT INTO counters VALUES(?1,?2) ON CONFLICT(name) DO UPDATE SET value = excluded.value"));
  return {};
}

Result<void> SqliteStore::Parts::load_writer_state() {
  next_stream = TRY(writer->number("SELECT max(number) FROM streams")) + 1;
  Statement statement = TRY(writer->prepare("SELECT position, sum FROM head WHERE one = 1"));
  if (statement.step() != SQLITE_ROW) {
    return fail(Trouble::corrupt,
                "The table 'head' of " + writer->path() + " has no row. Run verify, and restore from a backup.");
  }
  {
    const std::lock_guard guard(head_mutex);
    head = Head{.position = static_cast<uint64_t>(statement.integer_at(0)), .sum = statement.hash_at(1)};
  }
  return load_recent();
}

Result<void> SqliteStore::Parts::load_recent() {
  Statement keys = TRY(writer->prepare(
      "SELECT digest, number FROM idempotency WHERE number > (SELECT number FROM idempotency_indexed)"));
  Statement persons = TRY(writer->prepare(
      "SELECT p.hash, p.person, s.id FROM person_hashes_recent p JOIN streams s ON s.number = p.stream"));
  const std::lock_guard guard(recent_mutex);
  recent_keys.clear();
  recent_persons.clear();
  int rc = SQLITE_ROW;
  while ((rc = keys.step()) == SQLITE_ROW) recent_keys[keys.id_at(0)] = keys.integer_at(1);
  if (rc != SQLITE_DONE) return writer_error("Reading the latest idempotency keys");
  while ((rc = persons.step()) == SQLITE_ROW) {
    const PersonHashRow row{.hash = persons.hash_at(0), .person = persons.id_at(1), .case_id = persons.id_at(2)};
    recent_persons.emplace(row.hash, row);
  }
  if (rc != SQLITE_DONE) return writer_error("Reading the latest person hashes");
  return {};
}

// The new filter is filled by commits from the moment it stands there, and by this read of the table: a hash committed
// before the read began is in the table, a later one is added by its commit.
Result<void> SqliteStore::Parts::load_person_filter(Connection& connection) {
  const auto rows = static_cast<size_t>(TRY(
      connection.number("SELECT (SELECT count(*) FROM person_hashes) + (SELECT count(*) FROM person_hashes_recent)")));
  const auto filter = std::make_shared<PersonFilter>(2 * rows);
  {
    const std::lock_guard guard(recent_mutex);
    person_filter = filter;
  }
  Statement hashes =
      TRY(connection.prepare("SELECT hash FROM person_hashes UNION ALL SELECT hash FROM person_hashes_recent"));
  int rc = SQLITE_ROW;
  while ((rc = hashes.step()) == SQLITE_ROW) filter->add(hashes.hash_at(0));
  if (rc != SQLITE_DONE) return error_of(rc, connection.path(), "Reading the person hashes", "");
  filter->set_complete();
  return {};
}

void SqliteStore::Parts::forget_writer_state() {
  streams.clear();
  dirty.clear();
  holders.clear();
  words.clear();
  counters.clear();
  batch_keys.clear();
  batch_persons.clear();
  batch_persons_removed.clear();
}

SqliteStore::Parts::~Parts() {
  if (thread.joinable()) {
    {
      const std::lock_guard guard(thread_mutex);
      stopping = true;
    }
    wake.notify_one();
    thread.join();
  }
  if (head_file) sync_head();
  sql = {};
  if (lock >= 0) ::close(lock);
}

SqliteStore::SqliteStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SqliteStore::~SqliteStore() {
  // Readers first: the last connection to close, the writer, then moves the log into the database and removes it.
  parts_->readers.clear();
  parts_->sql = {};
}
const std::string& SqliteStore::folder() const { return parts_->folder; }

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::string& folder, const SqliteOptions& options) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(Trouble::unavailable, "The data folder " + folder + " cannot be made (" + std::strerror(errno) +
                                          "). Check that the folder above it exists and may be written.");
  }
  auto parts = std::make_unique<Parts>();
  parts->folder = folder;
  parts->options = options;
  if (!parts->options.on_sync_failure) parts->options.on_sync_failure = stop_process;
  parts->lock = TRY(take_lock(folder));
  const std::string path = folder + "/tongban.db";
  const std::string vfs = options.vfs.empty() ? guarded_vfs() : options.vfs;
  parts->writer = TRY(Connection::open(path, vfs, Connection::Access::read_write));
  Connection& writer = *parts->writer;
  TRY(writer.run(
      "PRAGMA page_size=4096; PRAGMA auto_vacuum=NONE; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; "
      "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=OFF; PRAGMA mmap_size=0; PRAGMA synchronous=" +
      std::string(options.unsafe_without_sync ? "OFF" : "FULL") + "; PRAGMA cache_size=-" +
      std::to_string(options.cache_bytes / 1024)));
  TRY(prepare_schema(writer));
  TRY(parts->load_writer_state());
  parts->head_file = TRY(HeadFile::open(folder + "/head"));
  TRY(check_head(parts->head, parts->head_file->found(), options.accept_head, folder));
  parts->head_faults = parts->head_file->faults();
  if (parts->head_file->found() != parts->head || !parts->head_faults.empty()) {
    // Into both slots: the other one may hold the head that was not accepted.
    if (!parts->head_file->write(parts->head) || !parts->head_file->write(parts->head) ||
        !parts->head_file->clear_rest() || !parts->head_file->sync()) {
      return fail(Trouble::io, "The file " + folder + "/head cannot be written: " + std::strerror(errno) + ".");
    }
  }
  TRY(parts->prepare());
  for (uint32_t i = 0; i < std::max<uint32_t>(1, options.readers); ++i) {
    auto reader = TRY(Connection::open(path, vfs, Connection::Access::read_only));
    TRY(reader->run("PRAGMA temp_store=MEMORY; PRAGMA cache_size=-" + std::to_string(options.cache_bytes / 16 / 1024)));
    parts->readers.add(std::move(reader));
  }
  sqlite3_wal_hook(
      writer.handle(),
      [](void* context, sqlite3*, const char*, int frames) {
        static_cast<Parts*>(context)->log_frames = frames;
        return SQLITE_OK;
      },
      parts.get());
  if (options.background) {
    parts->checkpointer = TRY(Connection::open(path, vfs, Connection::Access::read_write));
    parts->filter_loader = TRY(Connection::open(path, vfs, Connection::Access::read_only));
    TRY(parts->checkpointer->run("PRAGMA synchronous=" + std::string(options.unsafe_without_sync ? "OFF" : "FULL")));
    parts->thread = std::thread([state = parts.get()] { state->run_in_background(); });
  }
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(parts)));
}

// ---- background ----

void SqliteStore::Parts::sync_head() {
  if (!head_file->sync()) {
    options.on_sync_failure("The file " + folder + "/head could not be synced to disk (" + std::strerror(errno) +
                            "), so the process stops. Check the disk and start again.");
  }
}

// A failure here is no failure of a commit: the log keeps everything, and the next checkpoint tries again.
void SqliteStore::Parts::checkpoint(Connection& connection) {
  sqlite3_wal_checkpoint_v2(connection.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

void SqliteStore::Parts::run_in_background() {
  std::unique_lock guard(thread_mutex);
  while (!stopping) {
    wake.wait_for(guard, std::chrono::milliseconds(500), [&] { return stopping || checkpoint_asked; });
    const bool asked = std::exchange(checkpoint_asked, false);
    guard.unlock();
    if (asked) checkpoint(*checkpointer);
    sync_head();
    refresh_person_filter();
    guard.lock();
  }
}

// At the start and when it is crowded; without a filter, or with one that is not complete, the table is asked.
void SqliteStore::Parts::refresh_person_filter() {
  std::shared_ptr<PersonFilter> filter;
  {
    const std::lock_guard guard(recent_mutex);
    filter = person_filter;
  }
  if (!has_person_filter || filter->is_crowded()) has_person_filter = load_person_filter(*filter_loader).ok();
}

void SqliteStore::Parts::after_commit() {
  // The rows are durable; when the system refuses this small write, the next commit writes it again, and until then the
  // file only guards a little less.
  head_file->write(head);
  const int64_t frames = log_frames, enough = options.checkpoint_pages;
  if (!options.background) {
    sync_head();
    if (frames >= enough) checkpoint(*writer);
    return;
  }
  if (frames < enough) return;
  if (frames >= 4 * enough) return checkpoint(*writer);
  {
    const std::lock_guard guard(thread_mutex);
    checkpoint_asked = true;
  }
  wake.notify_one();
}

// ---- commit ----

Result<std::vector<Committed>> SqliteStore::commit(const std::vector<Transaction>& batch) {
  for (const Transaction& transaction : batch) TRY(check_transaction(transaction));
  Parts& parts = *parts_;
  TRY(parts.writer->run("BEGIN IMMEDIATE"));
  Head head = parts.head;
  Result<std::vector<Committed>> result = parts.apply_batch(batch, head);
  if (result.ok()) {
    const Result<void> committed = parts.writer->run("COMMIT");
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
  if (parts.holders.size() > kMostKnownHolders) parts.holders.clear();
  parts.after_commit();
  return result;
}

Result<std::vector<Committed>> SqliteStore::Parts::apply_batch(const std::vector<Transaction>& batch, Head& new_head) {
  std::vector<Committed> committed;
  committed.reserve(batch.size());
  for (const Transaction& transaction : batch) committed.push_back(TRY(apply(transaction, new_head)));
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
    const ResetLater reset(sql.number_taken);
    const int rc = sql.number_taken.text(1, cases[i].number).step();
    if (rc == SQLITE_ROW && sql.number_taken.view_at(0) != cases[i].case_id.view()) return true;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return writer_error("Looking for a case number");
  }
  if (!transaction.idempotency) return false;
  const IdempotencyRow& row = *transaction.idempotency;
  const Id digest = idempotency_digest(row.actor, row.key);
  if (recent_keys.contains(digest) || batch_keys.contains(digest)) return true;
  {
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

// Moves what is recent into the indexes, in their order, once there is enough of it that a changed page serves several.
Result<void> SqliteStore::Parts::index_recent() {
  const auto run = [&](Statement& statement) -> Result<void> {
    const ResetLater reset(statement);
    if (statement.step() != SQLITE_DONE) return writer_error("Moving recent rows into their index");
    return {};
  };
  // Not both in one commit, so that none waits for long.
  indexes_keys = recent_keys.size() + batch_keys.size() >= kMostRecent;
  indexes_persons = !indexes_keys && recent_persons.size() + batch_persons.size() >= kMostRecent;
  if (indexes_keys) {
    TRY(run(sql.index_keys));
    TRY(run(sql.keys_are_indexed));
  }
  if (indexes_persons) {
    TRY(run(sql.index_persons));
    TRY(run(sql.clear_recent_persons));
  }
  return {};
}

// After the commit: a reader that looks here first and into the tables second misses nothing.
void SqliteStore::Parts::publish_recent() {
  {
    const std::lock_guard guard(recent_mutex);
    if (indexes_keys)
      recent_keys.clear();
    else
      recent_keys.merge(batch_keys);
    for (const PersonHashRow& row : batch_persons_removed) {
      std::erase_if(recent_persons, [&](const auto& recent) { return recent.second == row; });
    }
    for (const PersonHashRow& row : batch_persons) person_filter->add(row.hash);
    if (indexes_persons) recent_persons.clear();
    if (!indexes_persons) {
      for (PersonHashRow& row : batch_persons) recent_persons.emplace(row.hash, row);
    }
  }
  batch_keys.clear();
  batch_persons.clear();
  batch_persons_removed.clear();
}

Result<StreamInfo*> SqliteStore::Parts::stream(const Id& id) {
  const auto [found, added] = streams.try_emplace(id);
  StreamInfo& info = found->second;
  if (!added) return &info;
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
    info.has_inbox = info.has_clocks = false;
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
                     .blob(6, event_bytes)
                     .blob(7, event_hashes)
                     .step();
  if (rc != SQLITE_DONE) return writer_error("Appending to the ledger");
  info.version += part.events.size();
  info.last = position;
  return {};
}

Result<int64_t> SqliteStore::Parts::holder(const std::string& name) {
  if (const auto found = holders.find(name); found != holders.end()) return found->second;
  int64_t number = 0;
  {
    const ResetLater reset(sql.find_holder);
    const int rc = sql.find_holder.text(1, name).step();
    if (rc == SQLITE_ROW)
      number = sql.find_holder.integer_at(0);
    else if (rc != SQLITE_DONE)
      return writer_error("Looking for a holder");
  }
  if (number == 0) {
    const ResetLater reset(sql.insert_holder);
    if (sql.insert_holder.text(1, name).step() != SQLITE_DONE) return writer_error("Storing a holder");
    number = sqlite3_last_insert_rowid(writer->handle());
  }
  holders.emplace(name, number);
  return number;
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
  }
  for (const ViewChanges::Inbox& inbox : views.inboxes) {
    const int64_t number = TRY(number_of(inbox.case_id));
    if (std::exchange(streams.find(inbox.case_id)->second.has_inbox, true)) {
      const ResetLater reset(sql.remove_inbox);
      if (sql.remove_inbox.integer(1, number).step() != SQLITE_DONE) return writer_error("Replacing inbox rows");
    }
    for (size_t i = 0; i < inbox.rows.size(); ++i) {
      const InboxRow& row = inbox.rows[i];
      if (is_repeated_later(inbox.rows, i, [](const InboxRow& a, const InboxRow& b) {
            return a.holder == b.holder && a.relation == b.relation;
          }))
        continue;
      const int64_t holder_number = TRY(holder(row.holder));
      const ResetLater reset(sql.insert_inbox);
      const int rc = sql.insert_inbox.integer(1, number)
                         .integer(2, holder_number)
                         .text(3, row.relation)
                         .integer(4, (row.open ? 2 : 0) + (row.to_act ? 1 : 0))
                         .integer(5, due_key(row.due_at))
                         .integer(6, row.opened_at.ms)
                         .step();
      if (rc != SQLITE_DONE) return writer_error("Storing an inbox row");
    }
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
    std::erase(batch_persons, row);
    batch_persons_removed.push_back(row);
  }
  for (const PersonHashRow& row : views.person_hashes) {
    const int64_t number = TRY(number_of(row.case_id));
    const ResetLater reset(sql.add_person_hash);
    if (sql.add_person_hash.blob(1, view_of(row.hash)).blob(2, row.person.view()).integer(3, number).step() !=
        SQLITE_DONE) {
      return writer_error("Storing a person hash");
    }
    batch_persons.push_back(row);
  }
  for (const SearchRow& row : views.search) words[TRY(number_of(row.case_id))] = row.words;
  return {};
}

// Once per batch and in order of the cases: FTS5 writes a segment each time the order is broken.
Result<void> SqliteStore::Parts::apply_words() {
  std::vector<int64_t> numbers;
  numbers.reserve(words.size());
  for (const auto& [number, text] : words) numbers.push_back(number);
  std::sort(numbers.begin(), numbers.end());
  for (const int64_t number : numbers) {
    const std::string fresh = join(distinct_words(words[number]), " ");
    std::string old;
    {
      const ResetLater reset(sql.find_words);
      const int rc = sql.find_words.integer(1, number).step();
      if (rc == SQLITE_ROW)
        old = sql.find_words.bytes_at(0);
      else if (rc != SQLITE_DONE)
        return writer_error("Looking for the words of a case");
    }
    if (old == fresh) continue;
    if (!old.empty()) {
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
        sql.index_words.integer(1, number).text(2, fresh).step() != SQLITE_DONE) {
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
    info.stored = true;
    info.dirty = false;
  }
  dirty.clear();
  return {};
}

// ---- maintenance ----

Result<void> SqliteStore::clear_views() {
  const Result<void> cleared = parts_->writer->run(
      "BEGIN IMMEDIATE; DELETE FROM cases; DELETE FROM inbox; DELETE FROM clocks; DELETE FROM registers; DELETE FROM "
      "person_hashes; DELETE FROM person_hashes_recent; "
      "DELETE FROM search_words; INSERT INTO search(search) VALUES('delete-all'); COMMIT");
  if (!cleared.ok() && parts_->writer->in_transaction())
    sqlite3_exec(parts_->writer->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  if (cleared.ok()) {
    const std::lock_guard guard(parts_->recent_mutex);
    parts_->recent_persons.clear();
  }
  return cleared;
}

Result<void> SqliteStore::prune_idempotency(Instant before) {
  Connection& writer = *parts_->writer;
  const Result<void> pruned =
      writer.run("BEGIN IMMEDIATE; DELETE FROM idempotency WHERE at < " + std::to_string(before.ms) +
                 "; DELETE FROM idempotency_index WHERE number NOT IN (SELECT number FROM idempotency); "
                 // Numbers of removed rows may be given again.
                 "UPDATE idempotency_indexed SET number = min(number, (SELECT ifnull(max(number), 0) FROM "
                 "idempotency)); COMMIT");
  if (!pruned.ok()) {
    if (writer.in_transaction()) sqlite3_exec(writer.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    return pruned;
  }
  return parts_->load_recent();
}

}  // namespace tongban::store
