#include "store/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace tongban::store {
namespace {

constexpr size_t kPiece = size_t{256} << 10;

struct Descriptor {
  int number = -1;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

}  // namespace

Error system_error(std::string_view doing, const std::string& path) {
  const int code = errno;
  const std::string text = std::string(doing) + " " + path + ": " + std::strerror(code) + ".";
  if (code == ENOSPC || code == EDQUOT) return fail(Trouble::no_space, text + " Make room and try again.");
  if (code == ENOENT) return fail(Trouble::not_found, text);
  if (code == EACCES || code == EPERM || code == EROFS)
    return fail(Trouble::unavailable, text + " Check owner and rights.");
  if (code == EEXIST) return fail(Trouble::conflict, text);
  return fail(Trouble::io, text);
}

Result<void> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return system_error("Making the folder", path);
  return {};
}

Result<void> sync_path(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0 || ::fsync(file.number) != 0) return system_error("Syncing", path);
  return {};
}

Result<std::vector<std::string>> list_folder(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder) return system_error("Listing", path);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> read_in_pieces(const std::string& path, const std::function<Result<void>(std::string_view)>& visit) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) return system_error("Opening", path);
  std::string piece(kPiece, '\0');
  for (;;) {
    const ssize_t count = ::read(file.number, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("Reading", path);
    if (count == 0) return {};
    TRY(visit(std::string_view(piece.data(), static_cast<size_t>(count))));
  }
}

Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("Writing", path);
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

Result<FileSum> sum_file(const std::string& path) {
  FileSum sum;
  Sha256 hash;
  TRY(read_in_pieces(path, [&](std::string_view piece) -> Result<void> {
    hash.add(piece);
    sum.bytes += piece.size();
    return {};
  }));
  sum.hash = hash.finish();
  return sum;
}

Result<FileSum> copy_file(const std::string& from, const std::string& to) {
  const Descriptor target{::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (target.number < 0) return system_error("Making", to);
  FileSum sum;
  Sha256 hash;
  TRY(read_in_pieces(from, [&](std::string_view piece) -> Result<void> {
    hash.add(piece);
    sum.bytes += piece.size();
    return write_all(target.number, piece, to);
  }));
  if (::fsync(target.number) != 0) return system_error("Syncing", to);
  sum.hash = hash.finish();
  return sum;
}

}  // namespace tongban::store
