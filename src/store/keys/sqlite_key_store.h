// The keys of persons in a file of their own, keys.db in the data folder. Keys are made in blocks that are durable
// before the first of a block is handed out; the next block is made in a thread of its own before they run out. Erasing
// writes zeros over the key where it stands (a row never moves, so there is no other copy), and empties the log, so
// that the key is in no byte of any file when erase_key() returns. Threads: any.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace tongban::store {

struct KeyOptions {
  std::string vfs;            // empty: the product's guard
  uint32_t block = 4096;      // keys made at once
  uint32_t cached = 100'000;  // keys kept in memory
};

class SqliteKeyStore : public KeyStore {
 public:
  // `folder` is the data folder, whose lock the caller holds by an open SqliteStore.
  static Result<std::unique_ptr<SqliteKeyStore>> open(const std::string& folder, const KeyOptions& options = {});
  ~SqliteKeyStore() override;

  Result<PersonKey> take_key() override;
  Result<std::optional<Key>> find_key(const Id& person) const override;  // corrupt when the row fails its check
  Result<void> erase_key(const Id& person) override;  // also when it was erased before or never there
  Key search_key() const override;
  Result<std::vector<Finding>> verify() const override;

  // A copy as of one moment; erasures wait until it is done.
  Result<void> copy_database(const std::string& target_file) const;

 private:
  struct Parts;
  explicit SqliteKeyStore(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace tongban::store
