#include "store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/text.h"
#include "store/sqlite/parts.h"
#include "store/sqlite/vfs.h"

namespace tongban::store {
namespace {

constexpr int64_t kLongestLog = 6;  // times checkpoint_pages

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
            "with `tongban verify --accept-head`.");
  }
  if (kept->position > stored.position) {
    return fail(Trouble::corrupt, "The ledger in " + folder + " ends at position " + std::to_string(stored.position) +
                                      ", but events up to position " + std::to_string(kept->position) +
                                      " were acknowledged: the last " +
                                      std::to_string(kept->position - stored.position) +
                                      " are lost. Restore a backup that has them, or accept the loss with "
                                      "`tongban verify --accept-head`.");
  }
  if (kept->position == stored.position && kept->sum != stored.sum) {
    return fail(
        Trouble::corrupt,
        "The ledger in " + folder + " ends at position " + std::to_string(stored.position) +
            " as it should, but with other events than were acknowledged. Run verify, restore a backup, or accept "
            "the database as it is with `tongban verify --accept-head`.");
  }
  return {};
}

}  // namespace

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
  Statement up_to = TRY(writer->prepare("SELECT places, words FROM indexed"));
  if (up_to.step() != SQLITE_ROW) {
    return fail(Trouble::corrupt,
                "The table 'indexed' of " + writer->path() + " has no row. Run verify, and restore from a backup.");
  }
  set_indexed({.places = up_to.integer_at(0), .words = up_to.integer_at(1)});
  return load_recent();
}

Result<void> SqliteStore::Parts::load_recent() {
  keys_mark = TRY(writer->number("SELECT number FROM idempotency_indexed"));
  persons_cleared = TRY(writer->number("SELECT ifnull(min(number), 1) - 1 FROM person_hashes_recent"));
  next_person = TRY(writer->number("SELECT ifnull(max(number), 0) + 1 FROM person_hashes_recent"));
  Statement keys = TRY(writer->prepare("SELECT digest, number FROM idempotency WHERE number > ?1"));
  keys.integer(1, keys_mark);
  Statement persons = TRY(writer->prepare(
      "SELECT p.hash, p.person, s.id, p.stream, p.number FROM person_hashes_recent p JOIN streams s ON s.number = "
      "p.stream"));
  const std::lock_guard guard(recent_mutex);
  recent_keys.start(keys_mark);
  recent_persons.start(persons_cleared);
  int rc = SQLITE_ROW;
  while ((rc = keys.step()) == SQLITE_ROW) recent_keys.add({.digest = keys.id_at(0), .number = keys.integer_at(1)});
  if (rc != SQLITE_DONE) return writer_error("Reading the latest idempotency keys");
  while ((rc = persons.step()) == SQLITE_ROW) {
    const PersonHashRow row{.hash = persons.hash_at(0), .person = persons.id_at(1), .case_id = persons.id_at(2)};
    recent_persons.add({.row = row, .stream = persons.integer_at(3), .number = persons.integer_at(4)});
  }
  if (rc != SQLITE_DONE) return writer_error("Reading the latest person hashes");
  return {};
}

// The new filter is filled by commits from the moment it stands there, and by this read of the table: a hash committed
// before the read began is in the table, a later one is added by its commit.
Result<void> SqliteStore::Parts::load_filter(Connection& connection, std::shared_ptr<HashFilter>& filter,
                                             const char* table, const char* recent) {
  const std::string column = std::string("SELECT ") + table, more = std::string(" UNION ALL SELECT ") + recent;
  const auto rows = static_cast<size_t>(TRY(connection.number("SELECT count(*) FROM (" + column + more + ")")));
  const auto fresh = std::make_shared<HashFilter>(2 * rows);
  {
    const std::lock_guard guard(recent_mutex);
    filter = fresh;
  }
  Statement hashes = TRY(connection.prepare(column + more));
  int rc = SQLITE_ROW;
  while ((rc = hashes.step()) == SQLITE_ROW) {
    const bool is_digest = hashes.view_at(0).size() == sizeof(Id);
    fresh->add(is_digest ? filter_hash(hashes.id_at(0)) : hashes.hash_at(0));
  }
  if (rc != SQLITE_DONE) return error_of(rc, connection.path(), "Reading hashes", "");
  fresh->set_complete();
  return {};
}

void SqliteStore::Parts::forget_writer_state() {
  streams.clear();
  dirty.clear();
  inbox.forget();
  words.clear();
  counters.clear();
  forget_batch_rows();
}
void SqliteStore::Parts::forget_batch_rows() {
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
  inbox.release();
  if (lock >= 0) ::close(lock);
}

SqliteStore::SqliteStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SqliteStore::~SqliteStore() {
  // Readers first: the last connection to close, the writer, then moves the log into the database and removes it.
  parts_->readers.clear();
  parts_->sql = {};
  parts_->inbox.release();
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

// A checkpoint beside commits leaves the database's pages to the system; synced here, a commit need not wait for them.
void SqliteStore::Parts::sync_database() {
  sqlite3_file* file = nullptr;
  if (options.unsafe_without_sync ||
      sqlite3_file_control(checkpointer->handle(), "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
      file == nullptr || file->pMethods == nullptr) {
    return;
  }
  (void)file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);  // the guard stops the process where it fails
}

void SqliteStore::Parts::run_in_background() {
  std::unique_lock guard(thread_mutex);
  while (!stopping) {
    wake.wait_for(guard, std::chrono::milliseconds(500), [&] { return stopping || checkpoint_asked; });
    const bool asked = std::exchange(checkpoint_asked, false);
    guard.unlock();
    if (asked) {
      checkpoint(*checkpointer);
      sync_database();
    }
    sync_head();
    refresh_filters();
    guard.lock();
  }
}

// At the start and when one is crowded; without a filter, or with one that is not complete, the table is asked.
void SqliteStore::Parts::refresh_filters() {
  const auto is_crowded = [&](const std::shared_ptr<HashFilter>& filter) {
    const std::lock_guard guard(recent_mutex);
    return filter->is_crowded();
  };
  if (!has_person_filter || is_crowded(person_filter)) {
    has_person_filter =
        load_filter(*filter_loader, person_filter, "hash FROM person_hashes", "hash FROM person_hashes_recent").ok();
  }
  if (!has_key_filter || is_crowded(key_filter)) {
    has_key_filter = load_filter(*filter_loader, key_filter, "digest FROM idempotency_index",
                                 "digest FROM idempotency WHERE number > (SELECT number FROM idempotency_indexed)")
                         .ok();
  }
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
  // The log starts again at its beginning only after a checkpoint beside which nothing was committed: the writer's own.
  // Shortly before, the other thread moves what there is again and again, so that little is left for that one.
  if (frames < checkpoint_asked_at) checkpoint_asked_at = 0;
  if (frames >= kLongestLog * enough) return checkpoint(*writer);
  if (frames - checkpoint_asked_at < enough && frames < (kLongestLog - 1) * enough) return;
  checkpoint_asked_at = frames;
  {
    const std::lock_guard guard(thread_mutex);
    checkpoint_asked = true;
  }
  wake.notify_one();
}

// ---- maintenance ----

Result<void> SqliteStore::clear_views() {
  const Result<void> cleared = parts_->writer->run(
      "BEGIN IMMEDIATE; DELETE FROM cases; DELETE FROM inbox; DELETE FROM inbox_due; DELETE FROM clocks; DELETE FROM "
      "registers; DELETE FROM "
      "person_hashes; DELETE FROM person_hashes_recent; "
      "DELETE FROM search_words; INSERT INTO search(search) VALUES('delete-all'); COMMIT");
  if (!cleared.ok() && parts_->writer->in_transaction())
    sqlite3_exec(parts_->writer->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  if (cleared.ok()) {
    const std::lock_guard guard(parts_->recent_mutex);
    parts_->recent_persons.start(parts_->persons_cleared = parts_->next_person - 1);
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
