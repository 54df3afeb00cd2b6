// One SQLite connection with its prepared statements, and a pool of them for reads. Internal to the SQLite engines:
// only their .cc files include this header. A connection is used by one thread at a time.
#pragma once

#include <sqlite3.h>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/crypto.h"
#include "base/id.h"
#include "base/result.h"

namespace tongban::store {

// Bound bytes are not copied: they must live until the next reset().
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* handle) : handle_(handle) {}
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(Statement&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  Statement& integer(int at, int64_t value) {
    sqlite3_bind_int64(handle_, at, value);
    return *this;
  }
  Statement& null(int at) {
    sqlite3_bind_null(handle_, at);
    return *this;
  }
  Statement& text(int at, std::string_view value) {
    sqlite3_bind_text(handle_, at, value.data() == nullptr ? "" : value.data(), static_cast<int>(value.size()),
                      SQLITE_STATIC);
    return *this;
  }
  Statement& blob(int at, std::string_view value) {
    if (value.empty())
      sqlite3_bind_zeroblob(handle_, at, 0);
    else
      sqlite3_bind_blob(handle_, at, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
    return *this;
  }

  // The object must live as long as the statement may run.
  Statement& pointer(int at, const void* object, const char* type) {
    sqlite3_bind_pointer(handle_, at, const_cast<void*>(object), type, nullptr);
    return *this;
  }

  int step() { return sqlite3_step(handle_); }
  sqlite3_stmt* handle() const { return handle_; }
  void reset() { sqlite3_reset(handle_); }

  int64_t integer_at(int column) const { return sqlite3_column_int64(handle_, column); }
  bool is_null_at(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }
  // Valid until the next step() or reset().
  std::string_view view_at(int column) const {
    const void* bytes = sqlite3_column_blob(handle_, column);
    return {static_cast<const char*>(bytes), static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
  }
  std::string bytes_at(int column) const { return std::string(view_at(column)); }
  Id id_at(int column) const {  // nil when the column has another length
    const std::string_view bytes = view_at(column);
    return bytes.size() == 16 ? id_from_bytes(bytes) : Id{};
  }
  Hash hash_at(int column) const {  // zeros when the column has another length
    Hash hash{};
    const std::string_view bytes = view_at(column);
    if (bytes.size() == hash.size()) std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(hash.data()));
    return hash;
  }

 private:
  sqlite3_stmt* handle_ = nullptr;
};

// Resets a statement when the scope ends, so that it holds no read lock.
class ResetLater {
 public:
  explicit ResetLater(Statement& statement) : statement_(statement) {}
  ~ResetLater() { statement_.reset(); }
  ResetLater(const ResetLater&) = delete;
  ResetLater& operator=(const ResetLater&) = delete;

 private:
  Statement& statement_;
};

class Connection {
 public:
  enum class Access { read_write, read_only };
  static Result<std::unique_ptr<Connection>> open(const std::string& path, const std::string& vfs, Access access);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Result<void> run(const std::string& sql);        // one or more statements; rows are dropped
  Result<int64_t> number(const std::string& sql);  // first column of the first row; 0 when there is none
  Result<Statement> prepare(std::string_view sql);
  Result<Statement*> cached(std::string_view sql);  // kept until the connection closes, or too many are kept
  Error error(std::string_view doing) const;        // of the last call on this connection
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  sqlite3* handle() { return handle_; }
  const std::string& path() const { return path_; }

 private:
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  Connection(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  sqlite3* handle_;
  std::string path_;
  std::unordered_map<std::string, std::unique_ptr<Statement>, TextHash, std::equal_to<>> cached_;
};

// The trouble and a sentence for an SQLite result code. `detail` is SQLite's own text.
Error error_of(int code, std::string_view path, std::string_view doing, std::string_view detail);

// A copy of the whole database as of one moment, in one file without a log; the target must not exist. Not synced.
Result<void> copy_sqlite_database(Connection& source, const std::string& target_file);

// Read-only connections, handed out one by one; a caller waits when all are taken.
class ReaderPool {
 public:
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<Connection> connection)
        : pool_(&pool), connection_(std::move(connection)) {}
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Lease(Lease&&) = default;
    Connection* operator->() { return connection_.get(); }
    Connection& operator*() { return *connection_; }

   private:
    ReaderPool* pool_;
    std::unique_ptr<Connection> connection_;
  };
  void add(std::unique_ptr<Connection> connection) { give_back(std::move(connection)); }
  Lease take();
  void clear();  // closes all; needs that none is lent

 private:
  void give_back(std::unique_ptr<Connection> connection);
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<std::unique_ptr<Connection>> free_;
};

}  // namespace tongban::store
