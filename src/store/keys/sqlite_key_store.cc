#include "store/keys/sqlite_key_store.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "store/keys/key_row.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/vfs.h"

namespace tongban::store {
namespace {

constexpr int kKeysApplicationId = 0x54424B31;  // "TBK1"
constexpr int kKeysSchemaVersion = 1;

// `number` is also in the first six bytes of the person's id, so that no index is needed. Rows are only added at the
// end and changed in place, never removed: SQLite then has no reason to copy a key to another page. `state` holds the
// search key and, after a clean end, the first key not handed out.
constexpr char kSchema[] = R"sql(
CREATE TABLE keys(number INTEGER PRIMARY KEY, person BLOB NOT NULL, key BLOB NOT NULL, proof BLOB NOT NULL);
CREATE TABLE state(name TEXT PRIMARY KEY, value BLOB NOT NULL, proof BLOB NOT NULL) WITHOUT ROWID;
)sql";

std::string_view view_of_key(const Key& key) { return {reinterpret_cast<const char*>(key.data()), key.size()}; }
std::optional<Key> key_of(std::string_view bytes) {
  Key key;
  if (bytes.size() != key.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(key.data()));
  return key;
}

int64_t number_of(const Id& person) {
  int64_t number = 0;
  for (int i = 0; i < 6; ++i) number = number << 8 | person.bytes[static_cast<size_t>(i)];
  return number;
}
Id make_person(int64_t number) {
  Id id;
  fill_random(id.bytes.data(), id.bytes.size());
  for (int i = 0; i < 6; ++i) id.bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(number >> (40 - 8 * i));
  id.bytes[6] = static_cast<uint8_t>(0x70 | (id.bytes[6] & 0x0f));
  id.bytes[8] = static_cast<uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

std::string state_proof(std::string_view name, std::string_view value) {
  return std::string(view_of(sha256(std::string(name) + ":" + std::string(value))));
}

}  // namespace

struct SqliteKeyStore::Parts {
  KeyOptions options;
  Key search_key{};

  // Order of locking: writing, reading, fresh.
  std::mutex writing;  // the writer connection
  std::unique_ptr<Connection> writer;
  mutable std::mutex reading;  // the reader connection and the cache
  std::unique_ptr<Connection> reader;
  std::list<std::pair<Id, Key>> recent;  // newest first
  std::unordered_map<Id, std::list<std::pair<Id, Key>>::iterator> cached;

  std::mutex fresh_mutex;
  std::condition_variable changed;  // of what follows
  std::deque<KeyStore::PersonKey> fresh;
  bool wanted = false;  // a block
  bool stopping = false;
  std::optional<Error> failure;  // of the last block
  std::thread maker;

  ~Parts() { OPENSSL_cleanse(search_key.data(), search_key.size()); }

  // Needs `reading`.
  void remember(const Id& person, const Key& key) {
    const auto [at, is_new] = cached.try_emplace(person);
    if (!is_new) return;
    recent.emplace_front(person, key);
    at->second = recent.begin();
    if (recent.size() > options.cached) forget(recent.back().first);
  }
  void forget(const Id& person) {
    const auto found = cached.find(person);
    if (found == cached.end()) return;
    OPENSSL_cleanse(found->second->second.data(), 32);
    recent.erase(found->second);
    cached.erase(found);
  }

  Result<std::deque<KeyStore::PersonKey>> make_block() {
    const std::lock_guard guard(writing);
    const int64_t first = TRY(writer->number("SELECT max(number) FROM keys")) + 1;
    Statement insert = TRY(writer->prepare("INSERT INTO keys VALUES(?1, ?2, ?3, ?4)"));
    TRY(writer->run("BEGIN IMMEDIATE"));
    std::deque<KeyStore::PersonKey> block;
    Result<void> stored;
    for (uint32_t i = 0; i < options.block && stored.ok(); ++i) {
      const KeyStore::PersonKey made{.person = make_person(first + i), .key = make_key()};
      const Hash proof = key_check(made.person, made.key);
      const ResetLater reset(insert);
      if (insert.integer(1, first + i)
              .blob(2, made.person.view())
              .blob(3, view_of_key(made.key))
              .blob(4, view_of(proof))
              .step() != SQLITE_DONE) {
        stored = writer->error("Making keys");
      }
      block.push_back(made);
    }
    if (stored.ok()) stored = writer->run("COMMIT");
    if (!stored.ok()) {
      if (writer->in_transaction()) sqlite3_exec(writer->handle(), "ROLLBACK", nullptr, nullptr, nullptr);
      return stored.error();
    }
    return block;
  }

  void make_blocks() {
    std::unique_lock guard(fresh_mutex);
    for (;;) {
      changed.wait(guard, [&] { return stopping || wanted; });
      if (stopping) return;
      guard.unlock();
      auto block = make_block();
      guard.lock();
      wanted = false;
      if (block.ok()) {
        for (KeyStore::PersonKey& made : *block) fresh.push_back(made);
        failure.reset();
      } else {
        failure = block.error();
      }
      changed.notify_all();
    }
  }

  // After a clean end the keys not handed out are known and used on; after a crash they stay unused.
  Result<void> load_unused() {
    int64_t first_unused = 0;
    {
      Statement find = TRY(writer->prepare("SELECT value FROM state WHERE name = 'unused'"));
      if (find.step() == SQLITE_ROW) first_unused = std::strtoll(find.bytes_at(0).c_str(), nullptr, 10);
    }
    if (first_unused <= 0) return {};
    {
      Statement rows = TRY(writer->prepare("SELECT person, key, proof FROM keys WHERE number >= ?1 ORDER BY number"));
      rows.integer(1, first_unused);
      int rc;
      while ((rc = rows.step()) == SQLITE_ROW) {
        const Id person = rows.id_at(0);
        const std::optional<Key> key = key_of(rows.view_at(1));
        if (!key || rows.view_at(2) != view_of(key_check(person, *key)))
          continue;  // erased or damaged: never hand it out
        fresh.push_back({person, *key});
      }
      if (rc != SQLITE_DONE) return writer->error("Reading unused keys");
    }
    // Durable before the first of them is handed out, so that none is handed out twice.
    return writer->run("DELETE FROM state WHERE name = 'unused'");
  }
};

SqliteKeyStore::SqliteKeyStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<SqliteKeyStore>> SqliteKeyStore::open(const std::string& folder, const KeyOptions& options) {
  auto parts = std::make_unique<Parts>();
  parts->options = options;
  const std::string path = folder + "/keys.db";
  const std::string vfs = options.vfs.empty() ? guarded_vfs() : options.vfs;
  parts->writer = TRY(Connection::open(path, vfs, Connection::Access::read_write));
  Connection& writer = *parts->writer;
  TRY(
      writer.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY; "
                 "PRAGMA mmap_size=0"));
  const int64_t application = TRY(writer.number("PRAGMA application_id")),
                version = TRY(writer.number("PRAGMA user_version"));
  if (application == 0 && version == 0 && TRY(writer.number("SELECT count(*) FROM sqlite_schema")) == 0) {
    TRY(writer.run("BEGIN IMMEDIATE;" + std::string(kSchema) + "PRAGMA application_id=" +
                   std::to_string(kKeysApplicationId) + ";PRAGMA user_version=" + std::to_string(kKeysSchemaVersion)));
    parts->search_key = make_key();
    {
      Statement insert = TRY(writer.prepare("INSERT INTO state VALUES('search', ?1, ?2)"));
      const std::string proof = state_proof("search", view_of_key(parts->search_key));
      if (insert.blob(1, view_of_key(parts->search_key)).blob(2, proof).step() != SQLITE_DONE)
        return writer.error("Storing the search key");
    }
    TRY(writer.run("COMMIT"));
  } else if (application != kKeysApplicationId) {
    return fail(Trouble::invalid_input,
                "The file " + path + " is no key store of Tongban. Choose another data folder.");
  } else if (version > kKeysSchemaVersion) {
    return fail(Trouble::unsupported, "The key store " + path + " was written by a newer Tongban (schema " +
                                          std::to_string(version) + "; this program knows up to " +
                                          std::to_string(kKeysSchemaVersion) + "). Start the newer program.");
  } else {
    Statement find = TRY(writer.prepare("SELECT value, proof FROM state WHERE name = 'search'"));
    const int rc = find.step();
    const std::optional<Key> key = rc == SQLITE_ROW ? key_of(find.view_at(0)) : std::nullopt;
    if (!key || find.view_at(1) != state_proof("search", view_of_key(*key))) {
      return fail(Trouble::corrupt,
                  "The search key in " + path + " is missing or damaged. Restore keys.db from a backup.");
    }
    parts->search_key = *key;
  }
  TRY(parts->load_unused());
  parts->reader = TRY(Connection::open(path, vfs, Connection::Access::read_only));
  parts->maker = std::thread([state = parts.get()] { state->make_blocks(); });
  return std::unique_ptr<SqliteKeyStore>(new SqliteKeyStore(std::move(parts)));
}

SqliteKeyStore::~SqliteKeyStore() {
  {
    const std::lock_guard guard(parts_->fresh_mutex);
    parts_->stopping = true;
  }
  parts_->changed.notify_all();
  parts_->maker.join();
  parts_->reader.reset();
  if (!parts_->fresh.empty()) {
    // Without this line (a crash, a full disk) the keys left over only stay unused.
    const std::string first = std::to_string(number_of(parts_->fresh.front().person));
    Result<Statement> put = parts_->writer->prepare("INSERT OR REPLACE INTO state VALUES('unused', ?1, ?2)");
    if (put.ok()) {
      const std::string proof = state_proof("unused", first);
      put->blob(1, first).blob(2, proof).step();
    }
  }
}

Result<KeyStore::PersonKey> SqliteKeyStore::take_key() {
  PersonKey taken;
  {
    std::unique_lock guard(parts_->fresh_mutex);
    if (parts_->fresh.size() <= parts_->options.block / 4 && !parts_->wanted) {
      parts_->wanted = true;
      parts_->failure.reset();
      parts_->changed.notify_all();
    }
    parts_->changed.wait(guard, [&] { return !parts_->fresh.empty() || !parts_->wanted; });
    if (parts_->fresh.empty()) {
      if (parts_->failure) return *parts_->failure;
      return fail(Trouble::unavailable, "The key store is being used faster than it can make keys. Try again.");
    }
    taken = parts_->fresh.front();
    parts_->fresh.pop_front();
  }
  const std::lock_guard guard(parts_->reading);
  parts_->remember(taken.person, taken.key);
  return taken;
}

Result<std::optional<Key>> SqliteKeyStore::find_key(const Id& person) const {
  const std::lock_guard guard(parts_->reading);
  if (const auto found = parts_->cached.find(person); found != parts_->cached.end()) {
    parts_->recent.splice(parts_->recent.begin(), parts_->recent, found->second);
    return std::optional<Key>(found->second->second);
  }
  Statement& find = *TRY(parts_->reader->cached("SELECT person, key, proof FROM keys WHERE number = ?1"));
  const ResetLater reset(find);
  const int rc = find.integer(1, number_of(person)).step();
  if (rc == SQLITE_DONE) return std::optional<Key>();
  if (rc != SQLITE_ROW) return parts_->reader->error("Reading a key");
  const std::optional<Key> key = key_of(find.view_at(1));
  if (find.id_at(0) != person) return std::optional<Key>();
  if (!key || find.view_at(2) != view_of(key_check(person, *key))) {
    return fail(Trouble::corrupt,
                "The key " + to_text(person) + " is damaged. Run verify, and restore keys.db from a backup.");
  }
  if (*key == Key{}) return std::optional<Key>();
  parts_->remember(person, *key);
  return key;
}

Result<void> SqliteKeyStore::erase_key(const Id& person) {
  const std::lock_guard writing(parts_->writing);
  const std::lock_guard reading(parts_->reading);  // no reader may hold an old page of the log
  parts_->forget(person);
  {
    Statement& erase =
        *TRY(parts_->writer->cached("UPDATE keys SET key = ?3, proof = ?4 WHERE number = ?1 AND person = ?2"));
    const ResetLater reset(erase);
    const Key zeros{};
    const Hash proof = key_check(person, zeros);
    if (erase.integer(1, number_of(person))
            .blob(2, person.view())
            .blob(3, view_of_key(zeros))
            .blob(4, view_of(proof))
            .step() != SQLITE_DONE) {
      return parts_->writer->error("Erasing a key");
    }
  }
  // The log still has the page with the key: moving it into the database overwrites the old page there, and the log is
  // cut to nothing. Both are synced.
  int log_left = 0;
  if (sqlite3_wal_checkpoint_v2(parts_->writer->handle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, &log_left, nullptr) !=
          SQLITE_OK ||
      log_left > 0) {
    return parts_->writer->error("Emptying the log after a key was erased");
  }
  return {};
}

Key SqliteKeyStore::search_key() const { return parts_->search_key; }

Result<std::vector<Finding>> SqliteKeyStore::verify() const {
  const std::lock_guard guard(parts_->reading);
  std::vector<Finding> findings;
  Connection& reader = *parts_->reader;
  int rc;
  {
    Statement pages = TRY(reader.prepare("PRAGMA integrity_check(50)"));
    while ((rc = pages.step()) == SQLITE_ROW) {
      if (pages.view_at(0) != "ok") findings.push_back({"key store", "SQLite says: " + pages.bytes_at(0)});
    }
    if (rc != SQLITE_DONE) findings.push_back({"key store", reader.error("Checking the pages").message});
  }
  int64_t next = 1;
  {
    Statement rows =
        TRY(reader.prepare("SELECT number, person, key, proof, typeof(person) || typeof(key) || "
                           "typeof(proof) FROM keys ORDER BY number"));
    while ((rc = rows.step()) == SQLITE_ROW) {
      const int64_t number = rows.integer_at(0);
      if (number != next)
        findings.push_back({"key store", "The keys number " + std::to_string(next) + " to " +
                                             std::to_string(number - 1) + " are missing."});
      next = number + 1;
      const Id person = rows.id_at(1);
      const std::optional<Key> key = key_of(rows.view_at(2));
      // The kinds too: a value that lost its kind reads the same today, but it is not what was written.
      if (number_of(person) != number || !key || rows.view_at(3) != view_of(key_check(person, *key)) ||
          rows.view_at(4) != "blobblobblob") {
        findings.push_back({"key " + to_text(person), "The key number " + std::to_string(number) + " of person " +
                                                          to_text(person) + " does not match its check value."});
      }
    }
    if (rc != SQLITE_DONE)
      findings.push_back(
          {"key store", reader.error("Reading the keys from number " + std::to_string(next) + " on").message});
  }
  Statement state = TRY(reader.prepare("SELECT name, value, proof, typeof(value) || typeof(proof) FROM state"));
  bool has_search_key = false;
  while ((rc = state.step()) == SQLITE_ROW) {
    has_search_key = has_search_key || state.view_at(0) == "search";
    if (state.view_at(2) != state_proof(state.view_at(0), state.view_at(1)) || state.view_at(3) != "blobblob") {
      findings.push_back(
          {"key store", "The entry '" + state.bytes_at(0) + "' of the key store does not match its check value."});
    }
  }
  if (!has_search_key) findings.push_back({"key store", "The search key is missing."});
  return findings;
}

Result<void> SqliteKeyStore::copy_database(const std::string& target_file) const {
  const std::lock_guard guard(parts_->reading);
  return copy_sqlite_database(*parts_->reader, target_file);
}

}  // namespace tongban::store
