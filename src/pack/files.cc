#include "pack/files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.h"

namespace tongban::pack {

namespace fs = std::filesystem;

std::string join_path(std::string_view directory, std::string_view name) {
  if (directory.empty() || name.starts_with("/")) return std::string(name);
  std::string path(directory);
  if (!path.ends_with('/')) path += '/';
  return path + std::string(name);
}

std::string parent_path(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash));
}

std::string file_name(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return fail(Trouble::not_found, "The file " + path + " does not exist.");
  if (fs::file_size(path, error) > kMaxFileBytes) return fail(Trouble::no_space, "The file " + path + " is too large.");
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  if (!in) return fail(Trouble::io, "The file " + path + " cannot be read.");
  return std::move(out).str();
}

Result<void> write_file(const std::string& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.flush();
  if (!out) return fail(Trouble::io, "The file " + path + " cannot be written.");
  return {};
}

static std::vector<std::string> list_names(const std::string& directory, bool folders) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (folders ? it->is_directory(ignored) : it->is_regular_file(ignored))
      names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> list_files(const std::string& directory) { return list_names(directory, false); }
std::vector<std::string> list_folders(const std::string& directory) { return list_names(directory, true); }

std::vector<CsvRow> parse_csv(const std::string& file, std::string_view text, std::vector<Fault>& faults) {
  std::vector<CsvRow> rows;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (!is_valid_utf8(text)) {
    add_fault(faults, {file, 1}, "csv", "The file is not valid UTF-8. Save it as UTF-8.");
    return rows;
  }
  int line = 1;
  size_t at = 0;
  while (at < text.size()) {
    CsvRow row;
    row.source = {file, line};
    if (text[at] == '#') {
      while (at < text.size() && text[at] != '\n') ++at;
      ++at;
      ++line;
      continue;
    }
    for (bool more = true; more;) {
      more = false;
      std::string cell;
      if (at < text.size() && text[at] == '"') {
        bool closed = false;
        for (++at; at < text.size(); ++at) {
          if (text[at] == '\n') ++line;
          if (text[at] != '"') {
            cell += text[at];
          } else if (at + 1 < text.size() && text[at + 1] == '"') {
            cell += '"';
            ++at;
          } else {
            closed = true;
            ++at;
            break;
          }
        }
        if (!closed) add_fault(faults, row.source, "csv", "A quoted cell is not closed before the end of the file.");
        if (at < text.size() && text[at] != ',' && text[at] != '\n' && text[at] != '\r') {
          add_fault(faults, row.source, "csv", "Text stands behind the closing quote of a cell.");
          while (at < text.size() && text[at] != ',' && text[at] != '\n') ++at;
        }
      } else {
        while (at < text.size() && text[at] != ',' && text[at] != '\n' && text[at] != '\r') cell += text[at++];
        cell = std::string(trim(cell));
      }
      row.cells.push_back(std::move(cell));
      if (at < text.size() && text[at] == ',') {
        ++at;
        more = true;
      }
    }
    if (at < text.size() && text[at] == '\r') ++at;
    if (at < text.size() && text[at] == '\n') ++at;
    ++line;
    if (row.cells.size() == 1 && row.cells[0].empty()) continue;
    if (!rows.empty() && row.cells.size() != rows[0].cells.size()) {
      add_fault(faults, row.source, "csv",
                "This row has " + std::to_string(row.cells.size()) + " cells, the head has " +
                    std::to_string(rows[0].cells.size()) + ". A comma inside a text needs quotes around the text.");
      continue;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace tongban::pack
