#include "store/sqlite/vfs.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "store/sqlite/page_cache.h"

namespace tongban::store {
namespace {

// What SQLite sees as its file: our method table first, then the layer and what it knows. The file of the file system
// below lies right after it in the memory that SQLite gives us.
struct LayerFile {
  sqlite3_file base;
  VfsLayer* layer;
  VfsLayer::File* file;
};
constexpr size_t kRealOffset = (sizeof(LayerFile) + 15) / 16 * 16;

constexpr size_t kMostGathered = size_t{120} << 10;  // SQLite's file system takes less than 128 KiB at once

VfsLayer* layer_of(sqlite3_vfs* vfs) { return static_cast<VfsLayer*>(vfs->pAppData); }
LayerFile* ours(sqlite3_file* file) { return reinterpret_cast<LayerFile*>(file); }
sqlite3_file* real(sqlite3_file* file) { return ours(file)->file->real; }

int settle(sqlite3_file* file) { return ours(file)->layer->settle(*ours(file)->file); }

int file_close(sqlite3_file* file) {
  const int settled = settle(file);
  const int rc = real(file)->pMethods->xClose(real(file));
  delete ours(file)->file;
  file->pMethods = nullptr;
  return rc != SQLITE_OK ? rc : settled;
}
int file_read(sqlite3_file* file, void* to, int count, sqlite3_int64 offset) {
  return ours(file)->layer->read(*ours(file)->file, to, count, offset);
}
int file_write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) {
  return ours(file)->layer->write(*ours(file)->file, from, count, offset);
}
int file_truncate(sqlite3_file* file, sqlite3_int64 size) {
  return ours(file)->layer->truncate(*ours(file)->file, size);
}
int file_sync(sqlite3_file* file, int flags) { return ours(file)->layer->sync(*ours(file)->file, flags); }
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  const int rc = settle(file);
  return rc != SQLITE_OK ? rc : real(file)->pMethods->xFileSize(real(file), size);
}
int file_lock(sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); }
int file_unlock(sqlite3_file* file, int level) {
  const int settled = settle(file);
  const int rc = real(file)->pMethods->xUnlock(real(file), level);
  return rc != SQLITE_OK ? rc : settled;
}
int file_reserved(sqlite3_file* file, int* out) { return real(file)->pMethods->xCheckReservedLock(real(file), out); }
int file_control(sqlite3_file* file, int op, void* arg) {
  const int rc = settle(file);
  return rc != SQLITE_OK ? rc : real(file)->pMethods->xFileControl(real(file), op, arg);
}
int file_sector(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
int file_device(sqlite3_file* file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }
int file_shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}
int file_shm_lock(sqlite3_file* file, int offset, int n, int flags) {
  return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}
void file_shm_barrier(sqlite3_file* file) { real(file)->pMethods->xShmBarrier(real(file)); }
int file_shm_unmap(sqlite3_file* file, int remove) { return real(file)->pMethods->xShmUnmap(real(file), remove); }

// Version 2: with shared memory, without memory mapping, so that every write passes through write().
const sqlite3_io_methods kMethods = {
    2,           file_close,   file_read,     file_write,       file_truncate,  file_sync,
    file_size,   file_lock,    file_unlock,   file_reserved,    file_control,   file_sector,
    file_device, file_shm_map, file_shm_lock, file_shm_barrier, file_shm_unmap, nullptr,
    nullptr};

int vfs_open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  VfsLayer* layer = layer_of(vfs);
  LayerFile* ours_file = ours(file);
  file->pMethods = nullptr;
  auto* real_file = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + kRealOffset);
  const int rc = layer->below()->xOpen(layer->below(), path, real_file, flags, out_flags);
  if (rc != SQLITE_OK) {
    if (real_file->pMethods != nullptr) real_file->pMethods->xClose(real_file);
    return rc;
  }
  ours_file->layer = layer;
  ours_file->file =
      new VfsLayer::File{.path = path == nullptr ? "" : path, .flags = flags, .fresh = false, .real = real_file};
  file->pMethods = &kMethods;
  return layer->opened(*ours_file->file);
}
int vfs_delete(sqlite3_vfs* vfs, const char* path, int sync_folder) { return layer_of(vfs)->remove(path, sync_folder); }
int vfs_access(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
  return layer_of(vfs)->below()->xAccess(layer_of(vfs)->below(), path, flags, out);
}
int vfs_full_path(sqlite3_vfs* vfs, const char* path, int size, char* out) {
  return layer_of(vfs)->below()->xFullPathname(layer_of(vfs)->below(), path, size, out);
}
int vfs_random(sqlite3_vfs* vfs, int size, char* out) {
  return layer_of(vfs)->below()->xRandomness(layer_of(vfs)->below(), size, out);
}
int vfs_sleep(sqlite3_vfs* vfs, int microseconds) {
  return layer_of(vfs)->below()->xSleep(layer_of(vfs)->below(), microseconds);
}
int vfs_time(sqlite3_vfs* vfs, double* out) {
  return layer_of(vfs)->below()->xCurrentTime(layer_of(vfs)->below(), out);
}
int vfs_last_error(sqlite3_vfs* vfs, int size, char* out) {
  return layer_of(vfs)->below()->xGetLastError(layer_of(vfs)->below(), size, out);
}
int vfs_time64(sqlite3_vfs* vfs, sqlite3_int64* out) {
  return layer_of(vfs)->below()->xCurrentTimeInt64(layer_of(vfs)->below(), out);
}

// What SQLite takes only before it starts. Where it has started already, it only is a little slower.
sqlite3_vfs* find_below(const std::string& name) {
  static const bool is_prepared = [] {
    // Counting each allocation under one mutex costs some per cent of a commit.
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK && use_corrected_page_cache() == SQLITE_OK;
  }();
  (void)is_prepared;
  return sqlite3_vfs_find(name.empty() ? nullptr : name.c_str());
}

}  // namespace

VfsLayer::VfsLayer(std::string name, const std::string& below) : name_(std::move(name)), below_(find_below(below)) {
  CHECK(below_ != nullptr && below_->iVersion >= 2);
  CHECK(sqlite3_vfs_find(name_.c_str()) == nullptr);
  vfs_ = {.iVersion = 2,
          .szOsFile = static_cast<int>(kRealOffset) + below_->szOsFile,
          .mxPathname = below_->mxPathname,
          .zName = name_.c_str(),
          .pAppData = this,
          .xOpen = vfs_open,
          .xDelete = vfs_delete,
          .xAccess = vfs_access,
          .xFullPathname = vfs_full_path,
          .xRandomness = vfs_random,
          .xSleep = vfs_sleep,
          .xCurrentTime = vfs_time,
          .xGetLastError = vfs_last_error,
          .xCurrentTimeInt64 = vfs_time64};
  CHECK(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK);
}
VfsLayer::~VfsLayer() { sqlite3_vfs_unregister(&vfs_); }

int VfsLayer::opened(File&) { return SQLITE_OK; }
int VfsLayer::settle(File&) { return SQLITE_OK; }
int VfsLayer::read(File& file, void* to, int count, sqlite3_int64 offset) {
  return file.real->pMethods->xRead(file.real, to, count, offset);
}
int VfsLayer::write(File& file, const void* bytes, int count, sqlite3_int64 offset) {
  return file.real->pMethods->xWrite(file.real, bytes, count, offset);
}
int VfsLayer::truncate(File& file, sqlite3_int64 size) { return file.real->pMethods->xTruncate(file.real, size); }
int VfsLayer::sync(File& file, int flags) { return file.real->pMethods->xSync(file.real, flags); }
int VfsLayer::remove(const char* path, int sync_folder) { return below_->xDelete(below_, path, sync_folder); }

void stop_process(const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  std::fflush(stderr);
  ::_exit(74);  // EX_IOERR of sysexits.h
}

SyncGuard::SyncGuard(std::string name, const std::string& below, SyncFailed on_failure)
    : VfsLayer(std::move(name), below), on_failure_(std::move(on_failure)) {}

int SyncGuard::opened(File& file) {
  constexpr int kKept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL | SQLITE_OPEN_SUPER_JOURNAL;
  file.fresh = (file.flags & SQLITE_OPEN_CREATE) != 0 && (file.flags & kKept) != 0 && !file.path.empty();
  return SQLITE_OK;
}

int SyncGuard::sync(File& file, int flags) {
  const int rc = VfsLayer::sync(file, flags);
  if (rc != SQLITE_OK) {
    on_failure_(
        "The file " + file.path + " could not be synced to disk (" + std::strerror(errno) +
        "). What the system says it wrote can no longer be trusted, so the process stops. Check the disk, start "
        "again and run verify.");
    return rc;
  }
  if (!file.fresh) return rc;
  file.fresh = false;
  // SQLite syncs the folder of a new file too, but ignores the answer.
  if (sync_folder_of(file.path)) return rc;
  on_failure_("The folder of " + file.path + " could not be synced to disk (" + std::strerror(errno) +
              "). A new file may be missing after a power cut, so the process stops. Check the disk and start again.");
  return SQLITE_IOERR_DIR_FSYNC;
}

int SyncGuard::remove(const char* path, int sync_folder) {
  const int rc = VfsLayer::remove(path, 0);
  if (rc != SQLITE_OK || sync_folder == 0 || sync_folder_of(path)) return rc;
  on_failure_("The folder of " + std::string(path) + " could not be synced to disk (" + std::strerror(errno) +
              ") after a file was removed, so the process stops. Check the disk and start again.");
  return SQLITE_IOERR_DIR_FSYNC;
}

bool SyncGuard::sync_folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool synced = ::fsync(descriptor) == 0;
  const int error = errno;
  ::close(descriptor);
  errno = error;
  return synced;
}

// What cannot be passed on belongs to a commit that has not ended: the error ends it, and its pages are forgotten.
int LogGather::settle(File& file) {
  if (file.gathered.empty()) return SQLITE_OK;
  const int rc = VfsLayer::write(file, file.gathered.data(), static_cast<int>(file.gathered.size()), file.gathered_at);
  file.gathered.clear();
  return rc;
}

int LogGather::read(File& file, void* to, int count, sqlite3_int64 offset) {
  const int rc = settle(file);
  return rc != SQLITE_OK ? rc : VfsLayer::read(file, to, count, offset);
}

int LogGather::write(File& file, const void* bytes, int count, sqlite3_int64 offset) {
  if ((file.flags & SQLITE_OPEN_WAL) == 0) return VfsLayer::write(file, bytes, count, offset);
  const size_t size = file.gathered.size(), more = static_cast<size_t>(count);
  if (offset != file.gathered_at + static_cast<sqlite3_int64>(size) || size + more > kMostGathered) {
    const int rc = settle(file);
    if (rc != SQLITE_OK) return rc;
  }
  if (file.gathered.empty()) {
    file.gathered_at = offset;
    file.gathered.reserve(kMostGathered);
  }
  file.gathered.append(static_cast<const char*>(bytes), more);
  return SQLITE_OK;
}

int LogGather::truncate(File& file, sqlite3_int64 size) {
  const int rc = settle(file);
  return rc != SQLITE_OK ? rc : VfsLayer::truncate(file, size);
}

int LogGather::sync(File& file, int flags) {
  const int rc = settle(file);
  return rc != SQLITE_OK ? rc : VfsLayer::sync(file, flags);
}

const std::string& guarded_vfs() {
  static auto* const layers = [] {
    auto* const guard = new SyncGuard("tongban-guard", "unix", stop_process);
    return new LogGather("tongban", guard->name());
  }();
  return layers->name();
}

}  // namespace tongban::store
