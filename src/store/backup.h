// Backup while the server runs, and restore. A backup is a folder: tongban.db (as of one moment), keys.db (taken after
// it, so that it has the key of every event), attachments/, head, and manifest.json with size and SHA-256 of each file
// and the head of the ledger. The manifest is written last: a folder without one is no backup.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/crypto.h"
#include "base/date.h"
#include "base/result.h"
#include "store/attachments.h"
#include "store/keys/sqlite_key_store.h"
#include "store/sqlite/sqlite_store.h"

namespace tongban::store {

struct BackupFile {
  std::string name;  // relative to the folder
  uint64_t bytes = 0;
  Hash hash{};
};
struct Manifest {
  Instant made_at;
  Head head;
  std::vector<BackupFile> files;
};

// `target` must be absent or empty. On failure what was written stays, without a manifest. Any thread.
Result<Manifest> make_backup(const SqliteStore& store, const SqliteKeyStore& keys, const Attachments& attachments,
                             const std::string& target, Instant now);
// Reads the manifest and compares each file with it; corrupt names the first that differs, and files it does not name.
Result<Manifest> check_backup(const std::string& backup);
// Checks the backup, copies it into `folder`, which must be absent or empty (conflict otherwise), and compares again
// while copying. Nothing may have the folder open. On failure the folder stays without a database that opens.
Result<Manifest> restore_backup(const std::string& backup, const std::string& folder);

}  // namespace tongban::store
