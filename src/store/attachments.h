// Attachments: files beside the database, streamed in and out, sealed with a person's or a case's key. A file is
// written under another name, synced, renamed and its folder synced before finish() returns; only then may an event
// refer to it. An attachment that no event refers to (the command failed, the process died) can be removed. The form of
// a file: "TBATT1\n", then chunks of a length (4 bytes, lowest first) and that many sealed bytes: nonce, ciphertext of
// 64 KiB (the last one may be shorter), tag; AES-256-GCM bound to the id, the number of the chunk and whether it is the
// last. So chunks cannot be exchanged, dropped or moved to another file. Threads: any; one writer or reader object is
// used by one thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/id.h"
#include "base/result.h"
#include "store/store.h"

namespace tongban::store {

inline constexpr uint64_t kMostAttachmentBytes = uint64_t{20} << 20;  // before sealing

class Attachments {
 public:
  struct Stored {
    uint64_t bytes = 0;         // before sealing
    uint64_t stored_bytes = 0;  // of the file
    Hash hash{};                // SHA-256 of the file; goes into the event that refers to it
  };
  class Writer {
   public:
    ~Writer();                                 // removes what is not finished
    Result<void> add(std::string_view bytes);  // no_space beyond 20 MiB, or when the disk is full
    Result<Stored> finish();                   // durable
   private:
    friend class Attachments;
    struct Parts;
    explicit Writer(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
  };

  // The folder is made when absent. `on_sync_failure` as in SqliteOptions.
  static Result<std::unique_ptr<Attachments>> open(const std::string& folder,
                                                   std::function<void(const std::string&)> on_sync_failure = {});

  Result<std::unique_ptr<Writer>> begin(const Id& id, const Key& key) const;  // conflict when the id is taken
  // Calls `visit` with one chunk after the other. not_found, or corrupt: what was visited before is genuine, the rest
  // is not given out.
  Result<void> read(const Id& id, const Key& key, const std::function<bool(std::string_view)>& visit) const;
  Result<std::vector<Id>> list() const;  // finished ones, in order
  // Unfinished files of a process that died, and finished ones that `is_referred_to` denies. Returns how many it
  // removed.
  Result<uint64_t> remove_unreferenced(const std::function<bool(const Id&)>& is_referred_to) const;
  Result<void> remove(const Id& id) const;  // also when absent
  // Compares the stored bytes with the hash in the ledger; with the key the finding names the damaged chunk.
  Result<std::vector<Finding>> verify(const Id& id, const Hash& expected, const Key* key = nullptr) const;
  std::string path_of(const Id& id) const;
  const std::string& folder() const { return folder_; }

 private:
  Attachments(std::string folder, std::function<void(const std::string&)> on_sync_failure);
  std::string folder_;
  std::function<void(const std::string&)> on_sync_failure_;
};

}  // namespace tongban::store
