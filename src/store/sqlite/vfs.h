// A layer over one of SQLite's file systems (VFS). The layer forwards everything; what a class built on it wants to see
// or to change it overrides. The product has two: SyncGuard, because SQLite swallows some failed syncs, and after a
// failed sync the page cache can no longer be trusted, so the guard stops the process; over it LogGather, for speed.
// Tests build their own layers on VfsLayer: power cuts, quotas, failing syncs. Threads: any; a layer is registered with
// SQLite from its construction to its destruction and must outlive every connection that uses it.
#pragma once

#include <sqlite3.h>

#include <functional>
#include <string>

namespace tongban::store {

class VfsLayer {
 public:
  // What a layer knows of an open file. `path` is empty for nameless temporary files.
  struct File {
    std::string path;
    int flags = 0;         // SQLITE_OPEN_…
    bool fresh = false;    // made by this open or never synced since
    std::string gathered;  // written to the layer and not passed on yet; of LogGather only
    sqlite3_int64 gathered_at = 0;
    sqlite3_file* real = nullptr;  // of the file system below
  };

  // `below` names the file system under this one; empty: SQLite's default.
  VfsLayer(std::string name, const std::string& below);
  virtual ~VfsLayer();
  VfsLayer(const VfsLayer&) = delete;
  VfsLayer& operator=(const VfsLayer&) = delete;
  const std::string& name() const { return name_; }

  // Each returns an SQLite result code; these forward to the file system below.
  virtual int opened(File& file);  // after a successful open
  virtual int settle(File& file);  // before the file's size is asked, it is controlled, unlocked or closed
  virtual int read(File& file, void* to, int count, sqlite3_int64 offset);
  virtual int write(File& file, const void* bytes, int count, sqlite3_int64 offset);
  virtual int truncate(File& file, sqlite3_int64 size);
  virtual int sync(File& file, int flags);
  virtual int remove(const char* path, int sync_folder);

  sqlite3_vfs* below() const { return below_; }

 private:
  std::string name_;
  sqlite3_vfs* below_;
  sqlite3_vfs vfs_{};
};

// Gets the sentence that tells which sync of which file failed. Must not return in the product.
using SyncFailed = std::function<void(const std::string& sentence)>;
// Prints the sentence to standard error and ends the process at once, without destructors or a core dump.
[[noreturn]] void stop_process(const std::string& sentence);

class SyncGuard : public VfsLayer {
 public:
  SyncGuard(std::string name, const std::string& below, SyncFailed on_failure);
  int opened(File& file) override;
  int sync(File& file, int flags) override;
  int remove(const char* path, int sync_folder) override;

 protected:
  virtual bool sync_folder_of(const std::string& path);  // false: errno tells why

 private:
  SyncFailed on_failure_;
};

// A commit writes each page of its log in two small pieces, in order; this layer passes them on in few large ones, at
// the latest before the sync that makes them durable. Only the log is gathered, because SQLite reads what a connection
// wrote there only after that sync. So a database above this layer must run with synchronous=FULL.
class LogGather : public VfsLayer {
 public:
  using VfsLayer::VfsLayer;
  int settle(File& file) override;
  int read(File& file, void* to, int count, sqlite3_int64 offset) override;
  int write(File& file, const void* bytes, int count, sqlite3_int64 offset) override;
  int truncate(File& file, sqlite3_int64 size) override;
  int sync(File& file, int flags) override;
};

// The product's layers over the system's files, registered at the first call and never removed.
const std::string& guarded_vfs();

}  // namespace tongban::store
