// The inside of SqliteStore, shared by its .cc files only.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "store/case_query.h"
#include "store/head.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/sqlite_store.h"

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
};

struct HashHash {
  size_t operator()(const Hash& hash) const {
    return std::hash<std::string_view>{}(view_of(hash).substr(0, 8));  // of a keyed hash any part is as good
  }
};

// What stands for an idempotency key in tables.
Id idempotency_digest(std::string_view actor, std::string_view key);

// The statements of the writer, prepared once.
struct WriterStatements {
  Statement find_stream, insert_stream, update_stream, insert_ledger, write_head;
  Statement number_taken, put_case, remove_inbox, insert_inbox, remove_clocks, insert_clock;
  Statement put_register, add_person_hash, index_persons, clear_recent_persons, find_holder, insert_holder;
  Statement find_words, put_words, remove_words, index_words, unindex_words;
  Statement add_outbox, remove_outbox, insert_idempotency, find_key, index_keys, keys_are_indexed, insert_audit,
      put_record, remove_record, put_counter;
};

struct SqliteStore::Parts {
  ~Parts();
  Parts() = default;

  std::string folder;
  SqliteOptions options;
  int lock = -1;
  std::unique_ptr<HeadFile> head_file;
  std::unique_ptr<Connection> writer;
  WriterStatements sql;
  mutable ReaderPool readers;

  mutable std::mutex head_mutex;  // guards `head` for readers; the writer thread alone changes it
  Head head;

  // Keys and person hashes that stand in their tables but not in the index yet (docs/formats/store.md). The writer
  // thread alone changes them, under the mutex.
  mutable std::mutex recent_mutex;
  std::unordered_map<Id, int64_t> recent_keys;  // digest to number
  std::unordered_multimap<Hash, PersonHashRow, HashHash> recent_persons;

  // Writer thread only. Thrown away when a batch fails, because the rows were rolled back.
  std::unordered_map<Id, StreamInfo> streams;
  std::vector<Id> dirty;
  int64_t next_stream = 1;
  std::unordered_map<std::string, int64_t> holders;
  std::unordered_map<int64_t, std::string> words;  // of the batch, by stream: the last ones given
  std::string event_bytes, event_hashes;
  std::unordered_map<Id, int64_t> batch_keys;
  std::vector<PersonHashRow> batch_persons;
  bool indexes_keys = false, indexes_persons = false;

  // Checkpoints and head syncs.
  std::unique_ptr<Connection> checkpointer;
  std::atomic<int> log_frames = 0;
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
  Result<int64_t> holder(const std::string& name);
  Result<void> apply_views(const ViewChanges& views);
  Result<void> apply_words();
  Result<void> apply_rest(const Transaction& transaction, uint64_t first_position);
  Result<void> store_streams();
  Result<void> load_recent();
  Result<void> index_recent();
  void publish_recent();
  Result<std::vector<Committed>> apply_batch(const std::vector<Transaction>& batch, Head& head);
  void after_commit();
  void sync_head();
  void checkpoint(Connection& connection);
  void run_in_background();
};

}  // namespace tongban::store
