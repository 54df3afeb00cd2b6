// Reading workbooks: the parts of ISO/IEC 29500-1 §18 that hold cells.
#include <algorithm>
#include <charconv>
#include <optional>
#include <pugixml.hpp>
#include <set>

#include "base/text.h"
#include "dmn/archive.h"
#include "dmn/workbook.h"
#include "dmn/xml_document.h"
#include "feel/feel.h"

namespace tongban::dmn {
namespace {

using Kind = SheetCell::Kind;

// "B7" → row 7, column 2; empty for another text.
std::optional<std::pair<int, int>> place_of(std::string_view name) {
  int column = 0;
  size_t at = 0;
  for (; at < name.size() && name[at] >= 'A' && name[at] <= 'Z'; ++at) {
    column = column * 26 + (name[at] - 'A' + 1);
    if (column > kMaxSheetColumns) return std::nullopt;
  }
  int row = 0;
  const auto [end, error] = std::from_chars(name.data() + at, name.data() + name.size(), row);
  if (at == 0 || error != std::errc() || end != name.data() + name.size() || row < 1 || row > kMaxSheetRows)
    return std::nullopt;
  return std::pair(row, column);
}

std::optional<int> number_in(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value)
                                                                                   : std::nullopt;
}

// _x000D_ is the character 000D (§22.9.2.19).
std::string without_escapes(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    uint32_t code = 0;
    if (text[i] == '_' && text.size() - i >= 7 && text[i + 1] == 'x' && text[i + 6] == '_') {
      const auto [end, error] = std::from_chars(text.data() + i + 2, text.data() + i + 6, code, 16);
      if (error == std::errc() && end == text.data() + i + 6 && code != 0 && (code < 0xD800 || code > 0xDFFF)) {
        append_utf8(out, code);
        i += 6;
        continue;
      }
    }
    out += text[i];
  }
  return replace_all(out, "\r", "");
}

// A string item: plain text or runs; readings (rPh) are left out.
std::string string_item(const pugi::xml_node& item) {
  std::string out;
  for (const pugi::xml_node& child : item.children()) {
    if (local_name(child) == "t") out += text_of(child);
    if (local_name(child) == "r") out += text_of(child_of(child, "t"));
  }
  return without_escapes(out);
}

// Does a number format show a day or a time (§18.8.30)? Letters in quotes and brackets are no format.
bool shows_time(std::string_view code) {
  for (size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (c == '"' || c == '[') {
      const size_t end = code.find(c == '"' ? '"' : ']', i + 1);
      if (end == std::string_view::npos) return false;
      i = end;
    } else if (c == '\\' || c == '_' || c == '*') {
      ++i;
    } else if (std::string_view("yYmMdDhHsS").find(c) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}
bool is_built_in_time(int format) {
  return (format >= 14 && format <= 22) || (format >= 27 && format <= 36) || (format >= 45 && format <= 47) ||
         (format >= 50 && format <= 58);
}

class WorkbookReader {
 public:
  explicit WorkbookReader(ArchiveParts parts) : parts_(std::move(parts)) {}

  Result<std::vector<Sheet>> run() {
    const std::string main = TRY(main_part());
    const XmlDocument book = TRY(parse(main));
    if (local_name(book.root()) != "workbook")
      return fail(Trouble::invalid_input, "this is no .xlsx workbook (" + main + " holds no workbook)");
    const std::string flag(attribute_of(child_of(book.root(), "workbookPr"), "date1904"));
    from_1904_ = flag == "1" || flag == "true";
    const std::map<std::string, std::string> targets = TRY(relations(main));
    TRY(read_strings(folder_of(main)));
    TRY(read_styles(folder_of(main)));
    std::vector<Sheet> out;
    for (const pugi::xml_node& node : child_of(book.root(), "sheets").children()) {
      if (local_name(node) != "sheet") continue;
      if (out.size() >= static_cast<size_t>(kMaxSheets))
        return fail(Trouble::no_space, "the workbook has more than " + std::to_string(kMaxSheets) + " sheets");
      const auto target = targets.find(std::string(attribute_of(node, "id")));
      if (target == targets.end() || !parts_.contains(target->second)) continue;  // a sheet of charts
      const XmlDocument sheet = TRY(parse(target->second));
      if (local_name(sheet.root()) != "worksheet") continue;
      out.push_back(read_sheet(std::string(attribute_of(node, "name")), sheet.root()));
    }
    return out;
  }

 private:
  static std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

  Result<XmlDocument> parse(const std::string& part) {
    Result<XmlDocument> out = XmlDocument::parse(parts_[part]);
    if (!out.ok()) return fail(out.error().trouble, part + ": " + out.error().message);
    return out;
  }

  // id → path in the archive; of the main part ("") or of another.
  Result<std::map<std::string, std::string>> relations(const std::string& part) {
    std::map<std::string, std::string> out;
    const std::string folder = folder_of(part);
    const std::string path = folder + "_rels/" + part.substr(folder.size()) + ".rels";
    if (!parts_.contains(path)) return out;
    const XmlDocument document = TRY(parse(path));
    for (const pugi::xml_node& node : document.root().children()) {
      std::string target(attribute_of(node, "Target"));
      target = target.starts_with('/') ? target.substr(1) : folder + target;
      out[std::string(attribute_of(node, "Id"))] = target;
      if (attribute_of(node, "Type").ends_with("/officeDocument")) out["officeDocument"] = target;
    }
    return out;
  }

  Result<std::string> main_part() {
    const std::map<std::string, std::string> top = TRY(relations(""));
    const auto found = top.find("officeDocument");
    const std::string path = found == top.end() ? "xl/workbook.xml" : found->second;
    if (!parts_.contains(path))
      return fail(Trouble::invalid_input, "this is no .xlsx workbook (" + path + " is missing)");
    return path;
  }

  Result<void> read_strings(const std::string& folder) {
    const std::string path = folder + "sharedStrings.xml";
    if (!parts_.contains(path)) return {};
    const XmlDocument document = TRY(parse(path));
    for (const pugi::xml_node& node : document.root().children()) {
      if (local_name(node) == "si") strings_.push_back(string_item(node));
    }
    return {};
  }

  Result<void> read_styles(const std::string& folder) {
    const std::string path = folder + "styles.xml";
    if (!parts_.contains(path)) return {};
    const XmlDocument document = TRY(parse(path));
    std::set<int> own_times, own_others;
    for (const pugi::xml_node& node : child_of(document.root(), "numFmts").children()) {
      const std::optional<int> id = number_in(attribute_of(node, "numFmtId"));
      if (id) (shows_time(attribute_of(node, "formatCode")) ? own_times : own_others).insert(*id);
    }
    for (const pugi::xml_node& node : child_of(document.root(), "cellXfs").children()) {
      const int id = number_in(attribute_of(node, "numFmtId")).value_or(0);
      times_.push_back(own_times.contains(id) || (is_built_in_time(id) && !own_others.contains(id)));
    }
    return {};
  }

  Sheet read_sheet(std::string name, const pugi::xml_node& root) const {
    Sheet out;
    out.name = std::move(name);
    int row = 0;
    for (const pugi::xml_node& line : child_of(root, "sheetData").children()) {
      if (local_name(line) != "row") continue;
      row = number_in(attribute_of(line, "r")).value_or(row + 1);
      if (row < 1 || row > kMaxSheetRows) break;
      int column = 0;
      for (const pugi::xml_node& node : line.children()) {
        if (local_name(node) != "c") continue;
        const auto place = place_of(attribute_of(node, "r"));
        column = place ? place->second : column + 1;
        if (column > kMaxSheetColumns) break;
        SheetCell cell = read_cell(node);
        if (!cell.text.empty() || cell.kind != Kind::text) out.cells[{row, column}] = std::move(cell);
      }
    }
    for (const pugi::xml_node& node : child_of(root, "mergeCells").children()) {
      const std::string_view area = attribute_of(node, "ref");
      const size_t colon = area.find(':');
      if (colon == std::string_view::npos) continue;
      const auto first = place_of(area.substr(0, colon));
      const auto last = place_of(area.substr(colon + 1));
      if (first && last) out.merged.push_back({first->first, first->second, last->first, last->second});
    }
    return out;
  }

  SheetCell read_cell(const pugi::xml_node& node) const {
    const std::string_view type = attribute_of(node, "t");
    const std::string value = text_of(child_of(node, "v"));
    if (child_of(node, "f")) return {value, Kind::formula};
    if (type == "s") {
      const std::optional<int> index = number_in(trim(value));
      const bool is_there = index && *index >= 0 && static_cast<size_t>(*index) < strings_.size();
      return is_there ? SheetCell{strings_[static_cast<size_t>(*index)]} : SheetCell{"", Kind::error};
    }
    if (type == "inlineStr") return {string_item(child_of(node, "is"))};
    if (type == "str") return {without_escapes(value)};
    if (type == "b") return {value == "1" ? "true" : "false", Kind::boolean};
    if (type == "e") return {value, Kind::error};
    if (type == "d") return {value, Kind::date};
    if (value.empty()) return {};
    return read_number(value, attribute_of(node, "s"));
  }

  // Programs keep numbers in binary and write up to 17 digits of them; what a person typed are the first 15.
  SheetCell read_number(const std::string& value, std::string_view style) const {
    std::optional<feel::Number> number = feel::Number::parse(trim(value));
    if (!number) return {value, Kind::error};
    const std::string digits = number->to_text();
    const size_t point = digits.find('.');
    if (point != std::string::npos) {
      size_t whole = point - (digits[0] == '-' ? 1 : 0);
      size_t zeros = 0;
      if (digits.find_first_not_of("-0.") != std::string::npos && digits[point - 1] == '0' && whole == 1) {
        whole = 0;
        zeros = digits.find_first_not_of('0', point + 1) - point - 1;
      }
      if (whole < 15) number = number->rounded(static_cast<int>(15 - whole + zeros), feel::Number::Rounding::half_even);
    }
    const size_t index = static_cast<size_t>(number_in(style).value_or(0));
    if (index >= times_.size() || !times_[index]) return {number->to_text(), Kind::number};
    // Days since 1899-12-30; the 29th of February 1900 that never was comes before what we serve.
    const std::optional<int64_t> serial = number->to_int64();
    if (!serial || *serial < 61 || *serial > 2'958'465) return {number->to_text(), Kind::error};
    const int64_t day = *serial - (from_1904_ ? 24'107 : 25'569);
    return {feel::to_feel_string(feel::Value::day(day)), Kind::date};
  }

  ArchiveParts parts_;
  std::vector<std::string> strings_;
  std::vector<bool> times_;  // by style of cells: shows a day or a time
  bool from_1904_ = false;
};

}  // namespace

const SheetCell* Sheet::cell(int row, int column) const {
  const auto found = cells.find({row, column});
  return found == cells.end() ? nullptr : &found->second;
}

std::string Sheet::text(int row, int column) const {
  const SheetCell* found = cell(row, column);
  return found == nullptr ? "" : found->text;
}

std::string cell_name(int row, int column) {
  std::string letters;
  for (; column > 0; column = (column - 1) / 26) letters.insert(0, 1, static_cast<char>('A' + (column - 1) % 26));
  return letters + std::to_string(row);
}

Result<std::vector<Sheet>> read_sheets(std::string_view bytes) {
  ArchiveParts parts = TRY(unpack(bytes));
  return WorkbookReader(std::move(parts)).run();
}

}  // namespace tongban::dmn
