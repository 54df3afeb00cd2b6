#include "facility/import/rows.h"

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/text.h"

namespace tongban::facility {
namespace {

constexpr size_t kMostRowBytes = size_t{4} << 20;

class Input {
 public:
  explicit Input(const std::string& path) : file_(gzopen(path.c_str(), "rb")) {  // also reads what is not compressed
    if (file_) gzbuffer(file_, 1 << 17);
  }
  ~Input() {
    if (file_) gzclose(file_);
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  bool is_open() const { return file_ != nullptr; }
  int get() { return gzgetc(file_); }
  uint64_t position() const { return static_cast<uint64_t>(std::max<int64_t>(0, gzoffset(file_))); }
  bool failed() const {
    int code = 0;
    gzerror(file_, &code);
    return code != Z_OK && code != Z_STREAM_END;
  }

 private:
  gzFile file_;
};

// False at the end.
bool read_line(Input& input, std::string& line) {
  line.clear();
  int c;
  while ((c = input.get()) != -1 && c != '\n' && line.size() <= kMostRowBytes) line += static_cast<char>(c);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return c != -1 || !line.empty();
}

bool read_cells(Input& input, std::vector<std::string>& cells) {
  cells.assign(1, {});
  bool quoted = false, any = false;
  size_t bytes = 0;
  for (int c; (c = input.get()) != -1 && ++bytes <= kMostRowBytes;) {
    any = true;
    if (quoted) {
      if (c != '"') {
        cells.back() += static_cast<char>(c);
        continue;
      }
      c = input.get();
      if (c == '"') {
        cells.back() += '"';
        continue;
      }
      quoted = false;
      if (c == -1) return true;
    }
    if (c == '"' && cells.back().empty())
      quoted = true;
    else if (c == ',')
      cells.emplace_back();
    else if (c == '\n')
      return true;
    else if (c != '\r')
      cells.back() += static_cast<char>(c);
  }
  return any;
}

Result<json::object> object_of(const std::string& line) {
  if (!is_valid_utf8(line)) return fail(Trouble::invalid_input, "The line is not UTF-8.");
  json::value value = TRY(parse_json(line));
  if (!value.is_object()) return fail(Trouble::invalid_input, "The line is no JSON object.");
  return std::move(value.get_object());
}

Result<json::object> object_of(const std::vector<std::string>& heads, const std::vector<std::string>& cells) {
  if (cells.size() != heads.size())
    return fail(Trouble::invalid_input, "The row has " + std::to_string(cells.size()) + " cells, the first line has " +
                                            std::to_string(heads.size()) + ".");
  json::object row;
  for (size_t i = 0; i < heads.size(); ++i) {
    if (!is_valid_utf8(cells[i])) return fail(Trouble::invalid_input, "The row is not UTF-8.");
    row[heads[i]] = cells[i];
  }
  return row;
}

}  // namespace

Result<void> read_rows(const std::string& path, const std::function<bool(SourceRow&&)>& visit) {
  std::error_code error;
  const uint64_t all = std::filesystem::file_size(path, error);
  Input input(path);
  if (error || !input.is_open()) return fail(Trouble::not_found, "The file " + path + " cannot be read.");
  const bool is_csv = path.ends_with(".csv") || path.ends_with(".csv.gz");
  std::string line;
  std::vector<std::string> heads, cells;
  if (is_csv) {
    if (!read_cells(input, heads))
      return fail(Trouble::invalid_input, "The file " + path + " is empty; its first line names the columns.");
    if (heads.front().starts_with("\xEF\xBB\xBF")) heads.front().erase(0, 3);
  }
  for (uint64_t number = 1;; ++number) {
    if (is_csv ? !read_cells(input, cells) : !read_line(input, line)) break;
    if (line.size() > kMostRowBytes)
      return fail(Trouble::no_space, "Row " + std::to_string(number) + " of " + path + " is longer than 4 MiB.");
    if (!is_csv && trim(line).empty()) continue;
    if (is_csv && cells.size() == 1 && cells.front().empty()) continue;
    if (!visit({number, is_csv ? object_of(heads, cells) : object_of(line), input.position(), all})) return {};
  }
  if (input.failed())
    return fail(Trouble::invalid_input, "The file " + path + " is damaged; it could be read only in part.");
  return {};
}

}  // namespace tongban::facility
