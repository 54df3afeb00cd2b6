#include "store/sqlite/connection.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "store/sqlite/inbox.h"

namespace tongban::store {
namespace {

constexpr size_t kMostCachedStatements = 400;

// FTS5 gets words that somebody else has made, separated by one space. Its own tokenizers would fold case, strip
// accents and split at punctuation; this one hands out the bytes as they are.
int words_create(void*, const char**, int, Fts5Tokenizer** out) {
  *out = reinterpret_cast<Fts5Tokenizer*>(const_cast<char*>("words"));  // no state; SQLite only wants a pointer
  return SQLITE_OK;
}
void words_delete(Fts5Tokenizer*) {}
int words_split(Fts5Tokenizer*, void* context, int, const char* text, int size,
                int (*emit)(void*, int, const char*, int, int, int)) {
  for (int start = 0; start < size;) {
    int end = start;
    while (end < size && text[end] != ' ') ++end;
    if (end > start) {
      const int rc = emit(context, 0, text + start, end - start, start, end);
      if (rc != SQLITE_OK) return rc;
    }
    start = end + 1;
  }
  return SQLITE_OK;
}

// has_words(words, wanted): whether each wanted word is among the words; in both they are separated by one space.
void has_words(sqlite3_context* context, int, sqlite3_value** arguments) {
  const auto text_of = [](sqlite3_value* value) {
    return std::string_view(static_cast<const char*>(sqlite3_value_blob(value)),
                            static_cast<size_t>(sqlite3_value_bytes(value)));
  };
  const std::string_view words = text_of(arguments[0]);
  bool has_all = true;
  for (std::string_view wanted = text_of(arguments[1]); has_all && !wanted.empty();) {
    const std::string_view word = wanted.substr(0, wanted.find(' '));
    wanted.remove_prefix(std::min(wanted.size(), word.size() + 1));
    if (word.empty()) continue;
    has_all = false;
    for (size_t at = words.find(word); at != std::string_view::npos && !has_all; at = words.find(word, at + 1)) {
      const size_t end = at + word.size();
      has_all = (at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ');
    }
  }
  sqlite3_result_int(context, has_all ? 1 : 0);
}

int register_words_tokenizer(sqlite3* handle) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  int rc = sqlite3_prepare_v2(handle, "SELECT fts5(?1)", -1, &statement, nullptr);
  if (rc != SQLITE_OK) return rc;
  sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", nullptr);
  sqlite3_step(statement);
  sqlite3_finalize(statement);
  if (api == nullptr) return SQLITE_ERROR;
  fts5_tokenizer tokenizer{words_create, words_delete, words_split};
  rc = sqlite3_create_function(handle, "has_words", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, has_words, nullptr,
                               nullptr);
  if (rc != SQLITE_OK) return rc;
  return api->xCreateTokenizer(api, "tongban_words", nullptr, &tokenizer, nullptr);
}

}  // namespace

Error error_of(int code, std::string_view path, std::string_view doing, std::string_view detail) {
  const std::string what = std::string(doing) + " in " + std::string(path) + ": ";
  const std::string tail = " (SQLite " + std::to_string(code) + ": " + std::string(detail) + ")";
  switch (code & 0xff) {
    case SQLITE_FULL:
      return fail(Trouble::no_space,
                  what + "the disk is full. Nothing of this step was stored; make room and try again" + tail);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(Trouble::unavailable,
                  what + "another process holds the database. End it, or use it through its server" + tail);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return fail(Trouble::unavailable,
                  what + "the file or its folder may not be written. Check owner and rights" + tail);
    case SQLITE_CANTOPEN:
      return fail(Trouble::unavailable,
                  what + "the file cannot be opened. Check that the folder exists and may be written" + tail);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fail(Trouble::corrupt,
                  what + "the file is damaged or no database. Run verify, and restore from a backup" + tail);
    case SQLITE_NOMEM:
      return fail(Trouble::unavailable, what + "there is not enough memory" + tail);
    case SQLITE_IOERR:
      // The shared index of the log could not grow: its file system is full.
      if (code == SQLITE_IOERR_SHMSIZE) {
        return fail(Trouble::no_space,
                    what + "the disk is full. Nothing of this step was stored; make room and try again" + tail);
      }
      return fail(Trouble::io, what + "the system could not read or write the file. Check the disk" + tail);
    default:
      return fail(Trouble::io, what + "the database refused" + tail);
  }
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, const std::string& vfs, Access access) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_NOMUTEX |
                    (access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const int rc = sqlite3_open_v2(path.c_str(), &handle, flags, vfs.c_str());
  if (rc != SQLITE_OK) {
    const std::string detail = handle == nullptr ? sqlite3_errstr(rc) : sqlite3_errmsg(handle);
    sqlite3_close(handle);
    return error_of(rc, path, "Opening the database", detail);
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 5000);
  std::unique_ptr<Connection> connection(new Connection(handle, path));
  if (register_words_tokenizer(handle) != SQLITE_OK || register_place_functions(handle) != SQLITE_OK)
    return connection->error("Preparing full text and lists");
  return connection;
}

Connection::~Connection() {
  cached_.clear();
  // Closing fails only while a statement is alive: a bug of the owner.
  CHECK(sqlite3_close(handle_) == SQLITE_OK);
}

Error Connection::error(std::string_view doing) const {
  return error_of(sqlite3_extended_errcode(handle_), path_, doing, sqlite3_errmsg(handle_));
}

Result<void> Connection::run(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return error(sql.substr(0, 60));
  return {};
}

Result<int64_t> Connection::number(const std::string& sql) {
  Statement statement = TRY(prepare(sql));
  const int rc = statement.step();
  if (rc == SQLITE_ROW) return statement.integer_at(0);
  if (rc == SQLITE_DONE) return int64_t{0};
  return error(sql.substr(0, 60));
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &handle,
                         nullptr) != SQLITE_OK) {
    return error(sql.substr(0, 60));
  }
  return Statement(handle);
}

Result<Statement*> Connection::cached(std::string_view sql) {
  if (const auto found = cached_.find(sql); found != cached_.end()) return found->second.get();
  if (cached_.size() >= kMostCachedStatements) cached_.clear();
  auto statement = std::make_unique<Statement>(TRY(prepare(sql)));
  Statement* const kept = statement.get();
  cached_.emplace(std::string(sql), std::move(statement));
  return kept;
}

Result<void> copy_sqlite_database(Connection& source, const std::string& target_file) {
  sqlite3* target = nullptr;
  int rc = sqlite3_open_v2(target_file.c_str(), &target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix");
  if (rc == SQLITE_OK) {
    // One step copies all pages under one read snapshot; commits go on beside it.
    sqlite3_backup* backup = sqlite3_backup_init(target, "main", source.handle(), "main");
    rc = backup == nullptr ? sqlite3_errcode(target) : sqlite3_backup_step(backup, -1);
    if (backup != nullptr) sqlite3_backup_finish(backup);
    // The copy is one file: a log beside it would be a second one to carry along.
    if (rc == SQLITE_DONE) rc = sqlite3_exec(target, "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr);
  }
  const Error error =
      error_of(rc, target_file, "Copying the database", target == nullptr ? "" : sqlite3_errmsg(target));
  sqlite3_close(target);
  if (rc != SQLITE_OK) return error;
  return {};
}

ReaderPool::Lease ReaderPool::take() {
  std::unique_lock lock(mutex_);
  given_back_.wait(lock, [&] { return !free_.empty(); });
  std::unique_ptr<Connection> connection = std::move(free_.back());
  free_.pop_back();
  return Lease(*this, std::move(connection));
}

void ReaderPool::clear() {
  const std::lock_guard lock(mutex_);
  free_.clear();
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(connection));
  }
  given_back_.notify_one();
}

}  // namespace tongban::store
