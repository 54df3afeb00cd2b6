// The few calls to the file system that attachments and backups need, with failures as Results.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.h"
#include "base/result.h"

namespace tongban::store {

// A failure of a call on a path, from errno: full disk, no right, or other.
Error system_error(std::string_view doing, const std::string& path);
Result<void> make_folder(const std::string& path);                      // also when it is there
Result<void> sync_path(const std::string& path);                        // a file or a folder
Result<std::vector<std::string>> list_folder(const std::string& path);  // names, sorted
Result<void> read_in_pieces(const std::string& path, const std::function<Result<void>(std::string_view)>& visit);
Result<void> write_all(int descriptor, std::string_view bytes, const std::string& path);
struct FileSum {
  uint64_t bytes = 0;
  Hash hash{};
};
Result<FileSum> sum_file(const std::string& path);
Result<FileSum> copy_file(const std::string& from, const std::string& to);  // the target must not exist; synced

}  // namespace tongban::store
