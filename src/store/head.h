// The head of the ledger and the file that keeps it outside the database: a database whose tail was cut off, or that
// was exchanged for an older one, is behind this file and shows. The file has two slots written in turn, each with a
// checksum, so that a torn write leaves the other one. Threads: one at a time, except sync(), which any thread may
// call.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"
#include "store/store.h"

namespace tongban::store {

// sum + SHA-256(position as 8 bytes, highest first ‖ hash), modulo 2^256 with the highest byte first.
void extend_head(Head& head, uint64_t position, const Hash& hash);

class HeadFile {
 public:
  // Makes the file when it is absent.
  static Result<std::unique_ptr<HeadFile>> open(const std::string& path);
  ~HeadFile();
  HeadFile(const HeadFile&) = delete;
  HeadFile& operator=(const HeadFile&) = delete;

  // What is wrong with the file's bytes, slot by slot, as it was found; each byte is either of a sound slot or zero.
  const std::vector<std::string>& faults() const { return faults_; }
  // The newest readable slot; nothing when there is none.
  const std::optional<Head>& found() const { return found_; }
  // Into the older slot; no sync. False: the system refused, the other slot is unharmed.
  bool write(const Head& head);
  // Clears what stands outside the slots. False: errno tells why.
  bool clear_rest();
  // Syncs when something was written since the last sync. False: errno tells why.
  bool sync();

 private:
  explicit HeadFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
  int next_slot_ = 0;
  std::atomic<bool> written_ = false;
  std::optional<Head> found_;
  std::vector<std::string> faults_;
};

}  // namespace tongban::store
