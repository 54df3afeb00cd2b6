// Reading of pack files: bounded, in order of name. The only place of this folder that touches the disk.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pack/fault.h"

namespace tongban::pack {

inline constexpr size_t kMaxFileBytes = 64'000'000;

std::string join_path(std::string_view directory, std::string_view name);
std::string parent_path(std::string_view path);
std::string file_name(std::string_view path);
Result<std::string> read_file(const std::string& path);
Result<void> write_file(const std::string& path, std::string_view bytes);
// Names (not paths) of the files or folders directly inside, sorted; empty when there is no such folder.
std::vector<std::string> list_files(const std::string& directory);
std::vector<std::string> list_folders(const std::string& directory);

struct CsvRow {
  std::vector<std::string> cells;
  Source source;
};
// RFC 4180, UTF-8 with or without BOM; lines starting with # are comments. The first row holds the heads. A row with
// another number of cells than the heads is a fault.
std::vector<CsvRow> parse_csv(const std::string& file, std::string_view text, std::vector<Fault>& faults);

}  // namespace tongban::pack
