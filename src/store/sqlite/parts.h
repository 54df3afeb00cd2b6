// The inside of SqliteStore, shared by its .cc files only.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/id_hash.h"
#include "store/case_query.h"
#include "store/head.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/inbox.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/waiting_rows.h"

namespace tongban::store {

// What the writer knows of a stream. Every id that occurs in a row has one; `version` 0 has no events.
struct StreamInfo {
  int64_t number = 0;
  uint64_t version = 0;
  uint64_t last = 0;    // position of the first event of its last ledger row
  bool stored = false;  // has a row in the table
  bool dirty = false;
  // May have rows of this kind; false only while a new stream has none yet.
  bool has_inbox = true;
  bool has_clocks = true;
  bool has_words = true;
};

// The greatest key that is stored, for each prefix: what lies above it is surely new and need not be looked up. Numbers
// and ids mostly grow. A mark may be too high (after a rollback), never too low. Writer thread only.
class Marks {
 public:
  // Whether `key` is above all stored ones; `greatest` finds the greatest stored key with that prefix ("": none).
  template <class Greatest>
  Result<bool> is_above(std::string_view key, std::string_view prefix, Greatest greatest) {
    auto found = marks_.find(std::string(prefix));
    if (found == marks_.end()) {
      if (marks_.size() >= kMost) marks_.clear();
      found = marks_.emplace(std::string(prefix), TRY(greatest())).first;
    }
    return key > found->second;
  }
  void raise(std::string_view key, std::string_view prefix) {
    const auto found = marks_.find(std::string(prefix));
    if (found != marks_.end() && key > found->second) found->second = std::string(key);
  }

 private:
  static constexpr size_t kMost = 1000;
  std::unordered_map<std::string, std::string> marks_;
};

struct WaitingKey {
  Id digest;
  int64_t number = 0;
  std::string_view key() const { return digest.view(); }
};
struct WaitingPerson {
  PersonHashRow row;
  int64_t stream = 0;
  int64_t number = 0;  // in person_hashes_recent
  std::string_view key() const { return view_of(row.hash); }
};

// Which hashes may be in a table: says surely no, or perhaps. Most telephones and keys of a filing are new, and this
// spares their look-up. Any thread; a hash that was added is never said to be absent.
class HashFilter {
 public:
  // Nothing is surely absent until every hash of the table was added.
  explicit HashFilter(size_t expected) : bits_(std::bit_ceil(std::max<size_t>(expected, 32'768) * 16) / 64) {}
  void add(const Hash& hash) {
    for (const size_t bit : bits_of(hash)) bits_[bit / 64].fetch_or(uint64_t{1} << bit % 64, std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
  }
  bool may_have(const Hash& hash) const {
    if (!complete_.load(std::memory_order_acquire)) return true;
    for (const size_t bit : bits_of(hash)) {
      if ((bits_[bit / 64].load(std::memory_order_relaxed) >> bit % 64 & 1) == 0) return false;
    }
    return true;
  }
  void set_complete() { complete_.store(true, std::memory_order_release); }
  bool is_crowded() const { return count_.load(std::memory_order_relaxed) * 8 > bits_.size() * 64; }

 private:
  std::array<size_t, 4> bits_of(const Hash& hash) const {  // the hash is keyed, so that any part of it is as good
    std::array<size_t, 4> bits;
    for (size_t i = 0; i < bits.size(); ++i) {
      uint64_t word = 0;
      std::memcpy(&word, hash.data() + 8 * i, 8);
      bits[i] = word & (bits_.size() * 64 - 1);
    }
    return bits;
  }
  std::vector<std::atomic<uint64_t>> bits_;
  std::atomic<size_t> count_ = 0;
  std::atomic<bool> complete_ = false;
};

// What stands for an idempotency key in tables, and what stands for that in a filter.
Id idempotency_digest(std::string_view actor, std::string_view key);
Hash filter_hash(const Id& digest);

// The statements of the writer, prepared once.
struct WriterStatements {
  Statement begin, commit;
  Statement find_stream, greatest_stream, greatest_number, insert_stream, update_stream, insert_ledger, write_head;
  Statement number_taken, put_case, remove_clocks, insert_clock;
  Statement put_register, add_person_hash, remove_person_hash, remove_recent_person_hash, index_person,
      clear_recent_persons;
  Statement find_words, put_words, remove_words, index_words, unindex_words, recent_words, put_indexed;
  Statement add_outbox, remove_outbox, insert_idempotency, find_key, index_key, keys_are_indexed, insert_audit,
      put_record, remove_record, put_counter;
};

// Makes the tables of a new database, converts those of an earlier schema, refuses what is newer or of another program.
Result<void> prepare_schema(Connection& writer);

struct SqliteStore::Parts {
  ~Parts();
  Parts() = default;

  std::string folder;
  SqliteOptions options;
  int lock = -1;
  std::unique_ptr<HeadFile> head_file;
  std::vector<std::string> head_faults;  // of the file as it was found
  std::unique_ptr<Connection> writer;
  WriterStatements sql;
  InboxTable inbox;
  mutable ReaderPool readers;

  mutable std::mutex head_mutex;  // guards `head` for readers; the writer thread alone changes it
  Head head;

  // Keys and person hashes that stand in their tables but perhaps not in the index yet (docs/formats/store.md). The
  // writer thread alone changes them, under the mutex.
  mutable std::mutex recent_mutex;
  WaitingRows<WaitingKey> recent_keys;
  WaitingRows<WaitingPerson> recent_persons;
  // Replaced by larger ones when they are crowded.
  std::shared_ptr<HashFilter> person_filter = std::make_shared<HashFilter>(0);
  std::shared_ptr<HashFilter> key_filter = std::make_shared<HashFilter>(0);

  // Writer thread only. Thrown away when a batch fails, because the rows were rolled back.
  std::unordered_map<Id, StreamInfo, HashByAge> streams;
  std::vector<Id> dirty;
  int64_t next_stream = 1;
  struct NewWords {
    std::string words;
    bool may_have_some = true;  // the case had words before this batch
  };
  std::unordered_map<int64_t, NewWords> words;  // of the batch, by stream: the last ones given
  Marks ids, numbers;
  std::unordered_map<std::string, int64_t> counters;  // of the batch
  std::string event_bytes, event_hashes, packed_bytes;
  std::unordered_map<Id, int64_t> batch_keys;
  std::shared_ptr<HashFilter> batch_key_filter;  // as of the beginning of the batch
  std::vector<WaitingPerson> batch_persons;
  std::vector<PersonHashRow> batch_persons_removed;
  size_t moving_keys = 0, moving_persons = 0;              // shares that the batch moves
  int64_t keys_mark = 0, batch_keys_mark = 0;              // what the table says is indexed
  int64_t persons_cleared = 0, batch_persons_cleared = 0;  // rows up to this number are gone
  int64_t next_person = 1;                                 // number of the next row of person_hashes_recent
  // The table `indexed`, and what the batch makes of it.
  struct Indexed {
    int64_t places = 0, words = 0;
  } indexed, batch_indexed;

  // Checkpoints and head syncs.
  std::unique_ptr<Connection> checkpointer, filter_loader;
  bool has_person_filter = false, has_key_filter = false;  // of the background thread
  std::atomic<int> log_frames = 0;
  int64_t checkpoint_asked_at = 0;  // log frames then; writer thread only
  std::thread thread;
  std::mutex thread_mutex;
  std::condition_variable wake;
  bool stopping = false;
  bool checkpoint_asked = false;

  Result<void> prepare();
  Result<void> load_writer_state();
  void forget_writer_state();
  Error writer_error(std::string_view doing) { return writer->error(doing); }

  Result<Committed> apply(const Transaction& transaction, Head& head);
  Result<bool> has_conflict(const Transaction& transaction);
  Result<void> append(const StreamAppend& append, Head& head);
  Result<StreamInfo*> stream(const Id& id);
  Result<bool> is_new_stream(const Id& id);
  Result<bool> is_new_number(const std::string& number);
  Result<void> apply_views(const ViewChanges& views);
  Result<void> apply_words();
  Result<void> apply_rest(const Transaction& transaction, uint64_t first_position);
  Result<void> store_counters();
  Result<void> store_streams();
  Result<void> load_recent();
  Result<void> load_filter(Connection& connection, std::shared_ptr<HashFilter>& filter, const char* table,
                           const char* recent);
  Result<void> run(Statement& statement);  // without arguments or rows
  Result<void> index_recent();
  Result<void> index_recent_keys();
  Result<void> index_recent_persons();
  Result<void> index_recent_cases();
  void set_indexed(const Indexed& now);
  void publish_recent();
  void forget_batch_rows();
  Result<std::vector<Committed>> apply_batch(const std::vector<Transaction>& batch, Head& head);
  void after_commit();
  void sync_head();
  void sync_database();
  void refresh_filters();
  void checkpoint(Connection& connection);
  void run_in_background();
};

}  // namespace tongban::store
