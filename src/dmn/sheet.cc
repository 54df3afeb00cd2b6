// A sheet is brought into the Markdown form of a table and read by its reader, so that both forms know the same types,
// heads and cells, and a fault has one wording; lines of that text are turned back into cells.
#include "dmn/sheet.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "dmn/markdown.h"
#include "dmn/workbook.h"

namespace tongban::dmn {
namespace {

constexpr std::string_view kNames = "标识", kTypes = "类型", kDefaults = "默认", kInfo = "说明";
constexpr std::string_view kInfoHeads[] = {"工作表", "标识", "效力", "总依据", "演示数据", "来源", "说明"};
constexpr int kFirstColumn = 2;
constexpr int kHeadSearch = 30;  // rows in which the head is looked for
constexpr size_t kMaxName = 31;  // characters of a sheet's name
constexpr size_t kMaxProblems = 500;
constexpr int kRowsForWidth = 1000;  // the first rows say how wide a column is

// "唯一 unique": the word for people is for people, what follows decides; one of the two is enough.
std::optional<HitPolicy> read_policy(const std::string& text) {
  if (const auto whole = parse_hit_policy(text)) return whole;
  const std::string spaced = replace_all(replace_all(text, "\u3000", " "), "\n", " ");
  const size_t space = spaced.find(' ');
  return space == std::string::npos ? std::nullopt : parse_hit_policy(std::string_view(spaced).substr(space + 1));
}

// ---- writing -------------------------------------------------------------------------------------------------------

// Columns that a text takes: wide characters take two.
int width_of(std::string_view text) {
  int widest = 0;
  for (const std::string_view line : split(text, '\n')) {
    int width = 0;
    for (const char32_t c : to_code_points(line)) width += c >= 0x1100 ? 2 : 1;
    widest = std::max(widest, width);
  }
  return widest;
}

// A name that a sheet may have and that is free.
std::string sheet_name(const Table& table, std::set<std::string>& used) {
  std::u32string base;
  for (const char32_t c : to_code_points(table.title.empty() ? table.name : table.title)) {
    if (std::u32string_view(U"[]:*?/\\'").find(c) == std::u32string_view::npos && c >= 32 && c < 0x10000) base += c;
  }
  if (base.empty()) base = U"表";
  for (int number = 1;; ++number) {
    const std::string tail = number == 1 ? "" : " " + std::to_string(number);
    std::string name;
    for (const char32_t c : base.substr(0, kMaxName - tail.size())) append_utf8(name, c);
    name = std::string(trim(name)) + tail;
    std::string lower;  // names that differ only in case are the same
    for (const char c : name) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (!name.empty() && name != kInfo && used.insert(lower).second) return name;
  }
}

// A label that reads as a mark of ours stands in quotes.
std::string label_text(const std::string& label) {
  const bool is_mark = label.starts_with('"') || label.starts_with(kOutputMark) || label.starts_with("->") ||
                       label.starts_with(kRemark) || label == kClauseHead || trim(label) != label;
  return is_mark ? feel::Value::text(label).to_text() : label;
}

Sheet sheet_of(const Table& table, std::string name) {
  Sheet out;
  out.name = std::move(name);
  const auto put = [&](int row, int column, std::string text, CellStyle style) {
    out.cells[{row, column}] = {std::move(text), SheetCell::Kind::text, style};
  };
  const std::string policy = std::string(word_of(table.hit_policy)) + " " + std::string(to_text(table.hit_policy));
  const bool has_defaults = std::any_of(table.outputs.begin(), table.outputs.end(),
                                        [](const Output& each) { return !each.default_text.empty(); });
  constexpr int kHead = 2;
  const int first_rule = has_defaults ? 6 : 5;
  put(1, 1, table.title, CellStyle::title);
  put(kHead, 1, policy, CellStyle::policy);
  put(3, 1, std::string(kNames), CellStyle::number);
  put(4, 1, std::string(kTypes), CellStyle::number);
  if (has_defaults) put(5, 1, std::string(kDefaults), CellStyle::number);
  int column = kFirstColumn;
  const auto head = [&](std::string label, std::string text, std::string type, std::string otherwise, CellStyle style) {
    put(kHead, column, std::move(label), style);
    put(3, column, std::move(text), CellStyle::small);
    put(4, column, std::move(type), CellStyle::small);
    if (has_defaults) put(5, column, std::move(otherwise), CellStyle::small);
    ++column;
  };
  for (const Input& each : table.inputs)
    head(label_text(each.label), each.expression, type_text(each), "", CellStyle::input);
  for (const Output& each : table.outputs)
    head(std::string(kOutputMark) + " " + label_text(each.label), each.name, type_text(each), each.default_text,
         CellStyle::output);
  for (const std::string& each : table.annotation_names)
    head(std::string(kRemark) + each + std::string(kRemarkEnd), "", "", "", CellStyle::remark);
  head(std::string(kClauseHead), "", "", "", CellStyle::clause);
  const int columns = column - 1;
  for (size_t i = 0; i < table.rules.size(); ++i) {
    const Rule& rule = table.rules[i];
    const int row = first_rule + static_cast<int>(i);
    put(row, 1, std::to_string(i + 1), CellStyle::number);
    column = kFirstColumn;
    for (const std::string& cell : rule.cells) put(row, column++, cell, CellStyle::rule);
    for (const std::string& cell : rule.outputs) put(row, column++, cell, CellStyle::rule);
    for (size_t k = 0; k < table.annotation_names.size(); ++k)
      put(row, column++, k < rule.annotations.size() ? rule.annotations[k] : "", CellStyle::rule);
    put(row, column, rule.clause.empty() ? std::string(kNoClause) : rule.clause, CellStyle::rule);
  }
  out.merged.push_back({1, 1, 1, columns});
  out.widths.assign(static_cast<size_t>(columns), 10);
  out.widths[0] = 14;
  for (const auto& [place, cell] : out.cells) {
    if (place.first > kRowsForWidth) break;
    if (place.second < kFirstColumn || place.first == 1) continue;
    int& width = out.widths[static_cast<size_t>(place.second) - 1];
    // Types may be long: they wrap, and make no column wide.
    const int wanted =
        place.first == 3 || place.first == 4 ? std::min(width_of(cell.text) + 2, 24) : width_of(cell.text) + 3;
    width = std::clamp(wanted, width, 50);
  }
  out.frozen_rows = first_rule - 1;
  out.frozen_columns = 1;
  return out;
}

Sheet info_of(const std::vector<Table>& tables, const std::vector<Sheet>& sheets) {
  Sheet out;
  out.name = std::string(kInfo);
  int row = 1;
  const auto line = [&](const std::vector<std::string>& texts, CellStyle style) {
    for (size_t i = 0; i < texts.size(); ++i)
      out.cells[{row, static_cast<int>(i) + 1}] = {texts[i], SheetCell::Kind::text, style};
    ++row;
  };
  line({std::begin(kInfoHeads), std::end(kInfoHeads)}, CellStyle::heading);
  for (size_t i = 0; i < tables.size(); ++i) {
    const Table& table = tables[i];
    line({sheets[i].name, table.name, std::string(table.force == Force::binding ? "约束 binding" : "建议 suggested"),
          table.clause, table.demo ? "是" : "否", is_foreign(table) ? "dmn" : "", table.text},
         CellStyle::rule);
  }
  ++row;
  for (const char* sentence :
       {"填写：每行一条规则；条件格写 - 表示不限，文字用英文双引号，如 \"a\"；范围如 [1..5]、> 3；空值写 null。",
        "结果列标 →；时限写 5 工作日、24 小时、30 自然日、6 个月、30 分钟。最后一列写该行的依据条款。",
        "请勿合并规则行的单元格，勿写公式。灰色两行（标识、类型）供系统使用，改动前请先核对。"})
    line({sentence}, CellStyle::plain);
  out.widths = {24, 24, 16, 20, 10, 8, 60};
  out.frozen_rows = 1;
  return out;
}

// ---- reading -------------------------------------------------------------------------------------------------------

struct Info {
  int row = 0;
  std::string name, clause, text;
  Force force = Force::binding;
  bool demo = false, is_foreign = false;
};

class SheetReader {
 public:
  SheetReader(const Sheet& sheet, std::string name, const Info& info, std::vector<SheetProblem>& problems)
      : sheet_(sheet), info_(info), problems_(problems) {
    out_.sheet = sheet.name;
    out_.table.name = std::move(name);
  }

  SheetTable run() {
    const std::string name = out_.table.name;
    if (!find_head()) return std::move(out_);
    find_columns();
    find_rows();
    std::string text = "---\ntitle: t\nhit policy: unique\n" + std::string(info_.is_foreign ? "origin: dmn\n" : "");
    line_ = 3 + (info_.is_foreign ? 1 : 0);
    text += declarations();
    add_line(text, "---", 0);
    add_heads(text);
    for (const int row : out_.rows) add_rule(text, row);
    ParsedTable parsed = parse_table_markdown(name, text);
    for (const TableProblem& each : parsed.problems) {
      const auto place = places_.find(each.line);
      int row = place == places_.end() ? head_row_ : place->second.first;
      int column = place != places_.end() && place->second.second > 0 ? place->second.second
                   : each.column > 0                                  ? each.column + kFirstColumn - 1
                                                                      : 0;
      problem(row, column, each.message);
    }
    out_.table = std::move(parsed.table);
    for (size_t i = 0; i < out_.table.rules.size() && i < out_.rows.size(); ++i)
      out_.table.rules[i].line = out_.rows[i];
    for (Input& each : out_.table.inputs) each.line = head_row_;
    for (Output& each : out_.table.outputs) each.line = head_row_;
    out_.table.title = title_;
    out_.table.hit_policy = policy_;
    out_.table.force = info_.force;
    out_.table.demo = info_.demo;
    out_.table.clause = info_.clause;
    out_.table.text = info_.text;
    return std::move(out_);
  }

 private:
  void problem(int row, int column, std::string message) {
    if (problems_.size() > kMaxProblems) return;
    problems_.push_back({sheet_.name + (row > 0 ? "!" + cell_name(row, std::max(column, 1)) : ""), std::move(message)});
  }

  // The text of a cell; numbers, dates and booleans as FEEL writes them. What cannot be read is a problem.
  std::string cell(int row, int column) {
    const SheetCell* found = sheet_.cell(row, column);
    if (found == nullptr) return "";
    switch (found->kind) {
      case SheetCell::Kind::formula:
        problem(row, column, "a formula stands here; write its value");
        return "null";
      case SheetCell::Kind::error:
        problem(row, column, "the cell holds an error or a time of day; write it as text");
        return "null";
      case SheetCell::Kind::date:
        return "date(\"" + found->text + "\")";
      default:
        return std::string(trim(found->text));
    }
  }

  bool find_head() {
    int last = 0;
    for (const auto& [place, each] : sheet_.cells) last = std::max(last, std::min(place.first, kHeadSearch));
    int names = 0;
    for (int row = 2; row <= last && names == 0; ++row) {
      if (trim(sheet_.text(row, 1)) == kNames) names = row;
    }
    if (names == 0) {
      problem(
          1, 1,
          "the sheet has no row whose first cell is 标识 (the identifiers of the columns); it stands below the heads");
      return false;
    }
    head_row_ = out_.head_row = names - 1;
    for (int row = 1; row < head_row_ && title_.empty(); ++row) title_ = trim(sheet_.text(row, 1));
    if (title_.empty()) problem(1, 1, "the table has no title; it stands above the heads");
    const std::string policy = cell(head_row_, 1);
    if (const auto read = read_policy(policy)) {
      policy_ = *read;
    } else {
      problem(head_row_, 1,
              (policy.empty() ? std::string("the hit policy is missing") : "\"" + policy + "\" is no hit policy") +
                  "; write 唯一, 首个, 任一, 收集 or 按行");
    }
    first_rule_ = names + 1;
    for (bool more = true; more;) {
      const std::string mark(trim(sheet_.text(first_rule_, 1)));
      more = mark == kTypes || mark == kDefaults;
      if (!more) break;
      (mark == kTypes ? types_row_ : defaults_row_) = first_rule_++;
    }
    return true;
  }

  void find_columns() {
    last_column_ = kFirstColumn - 1;
    int clause = 0;
    for (const auto& [place, each] : sheet_.cells) {
      if (place.first != head_row_ && place.first != head_row_ + 1) continue;
      last_column_ = std::max(last_column_, place.second);
      if (place.first == head_row_ && trim(each.text) == kClauseHead && clause == 0) clause = place.second;
    }
    if (clause > 0 && clause < last_column_) {
      problem(head_row_, clause, "依据 must be the last column");
      last_column_ = clause;
    }
  }

  void find_rows() {
    std::set<int> rows;
    for (const auto& [place, each] : sheet_.cells) {
      if (place.first < first_rule_) continue;
      if (place.second > last_column_) {
        problem(place.first, place.second, "text right of the last column, 依据");
      } else if (place.second >= kFirstColumn) {
        rows.insert(place.first);
      }
    }
    for (const Sheet::Area& area : sheet_.merged) {
      if (area.last_row < head_row_) continue;
      problem(area.first_row, area.first_column,
              "the cells " + cell_name(area.first_row, area.first_column) + ":" +
                  cell_name(area.last_row, area.last_column) + " are merged; write the value into each cell");
    }
    out_.rows.assign(rows.begin(), rows.end());
  }

  void add_line(std::string& text, const std::string& line, int row, int column = 0) {
    text += line + "\n";
    places_[++line_] = {row, column};
  }

  // Types and defaults, by place.
  std::string declarations() {
    std::string inputs, outputs, defaults;
    std::vector<std::pair<int, int>> of_inputs, of_outputs, of_defaults;
    int input = 0, output = 0;
    for (int column = kFirstColumn; column <= last_column_; ++column) {
      const bool is_output = is_output_head(cell(head_row_, column));
      const int place = is_output ? ++output : ++input;
      const std::string key = "  (" + std::to_string(place) + "): ";
      const std::string type = types_row_ > 0 ? cell(types_row_, column) : "";
      const std::string otherwise = defaults_row_ > 0 ? cell(defaults_row_, column) : "";
      if (!type.empty()) {
        (is_output ? outputs : inputs) += key + replace_all(type, "\n", "<br>") + "\n";
        (is_output ? of_outputs : of_inputs).emplace_back(types_row_, column);
      }
      if (otherwise.empty()) continue;
      if (!is_output) {
        problem(defaults_row_, column, "only outputs (→) have a default");
        continue;
      }
      defaults += key + replace_all(otherwise, "\n", "<br>") + "\n";
      of_defaults.emplace_back(defaults_row_, column);
    }
    std::string out;
    const auto block = [&](const char* word, const std::string& lines, const std::vector<std::pair<int, int>>& places) {
      if (lines.empty()) return;
      out += std::string(word) + ":\n" + lines;
      places_[++line_] = {0, 0};
      for (const auto& place : places) places_[++line_] = place;
    };
    block("inputs", inputs, of_inputs);
    block("outputs", outputs, of_outputs);
    block("defaults", defaults, of_defaults);
    return out;
  }

  static bool is_output_head(const std::string& head) {
    return head.starts_with(kOutputMark) || head.starts_with("->");
  }

  void add_heads(std::string& text) {
    std::string heads = "|";
    std::string rule = "|";
    for (int column = kFirstColumn; column <= last_column_; ++column) {
      std::string label = cell(head_row_, column);
      const std::string name = cell(head_row_ + 1, column);
      std::string mark;
      if (is_output_head(label)) {
        mark = std::string(kOutputMark) + " ";
        label = trim(std::string_view(label).substr(label.starts_with("->") ? 2 : kOutputMark.size()));
      }
      std::string head = label;
      if (label != kClauseHead && !label.starts_with(kRemark)) {
        if (label.empty() && name.empty() && mark.empty()) {
          problem(head_row_, column, "the column has no head");
          head = "?";
        } else if (name.empty() && mark.empty()) {
          problem(head_row_ + 1, column, "the input \"" + label + "\" has no identifier or expression (row 标识)");
        } else {
          head = label.starts_with('"') ? label + (name.empty() ? "" : " " + name) : column_head(label, name);
        }
      }
      heads += " " + cell_text(mark + head) + " |";
      rule += "---|";
    }
    add_line(text, heads, head_row_);
    add_line(text, rule, head_row_);
  }

  void add_rule(std::string& text, int row) {
    std::string line = "|";
    for (int column = kFirstColumn; column <= last_column_; ++column) line += " " + cell_text(cell(row, column)) + " |";
    add_line(text, line, row);
  }

  const Sheet& sheet_;
  const Info& info_;
  std::vector<SheetProblem>& problems_;
  SheetTable out_;
  std::string title_;
  HitPolicy policy_ = HitPolicy::unique;
  int head_row_ = 0, types_row_ = 0, defaults_row_ = 0, first_rule_ = 0, last_column_ = 0;
  int line_ = 0;                               // of the text that is made
  std::map<int, std::pair<int, int>> places_;  // line of that text → row and column of the sheet; column 0: as it says
};

std::map<std::string, Info> read_info(const Sheet& sheet, std::vector<SheetProblem>& problems) {
  std::map<std::string, Info> out;
  std::map<std::string, int> columns;
  for (int column = 1; column <= 50; ++column) {
    const std::string head(trim(sheet.text(1, column)));
    if (!head.empty()) columns.try_emplace(head, column);
  }
  const auto text = [&](int row, std::string_view head) {
    const auto found = columns.find(std::string(head));
    return found == columns.end() ? std::string() : std::string(trim(sheet.text(row, found->second)));
  };
  const auto complain = [&](int row, std::string_view head, std::string message) {
    problems.push_back({sheet.name + "!" + cell_name(row, columns[std::string(head)]), std::move(message)});
  };
  for (int row = 2; !text(row, kInfoHeads[0]).empty(); ++row) {
    Info info;
    info.row = row;
    info.name = text(row, kInfoHeads[1]);
    const std::string force = text(row, kInfoHeads[2]);
    info.force =
        force.find("suggested") != std::string::npos || force.starts_with("建议") ? Force::suggested : Force::binding;
    if (info.force == Force::binding && !force.empty() && !force.starts_with("约束") && force != "binding")
      complain(row, kInfoHeads[2], "效力 is 约束 binding or 建议 suggested, not \"" + force + "\"");
    info.clause = text(row, kInfoHeads[3]);
    const std::string demo = text(row, kInfoHeads[4]);
    info.demo = demo == "是" || demo == "yes" || demo == "true";
    if (!info.demo && !demo.empty() && demo != "否" && demo != "no" && demo != "false")
      complain(row, kInfoHeads[4], "演示数据 is 是 or 否, not \"" + demo + "\"");
    const std::string origin = text(row, kInfoHeads[5]);
    info.is_foreign = origin == "dmn";
    if (!info.is_foreign && !origin.empty())
      complain(row, kInfoHeads[5], "来源 is dmn (a table of another tool) or empty, not \"" + origin + "\"");
    info.text = text(row, kInfoHeads[6]);
    if (!out.emplace(text(row, kInfoHeads[0]), std::move(info)).second)
      complain(row, kInfoHeads[0], "the sheet is named twice");
  }
  return out;
}

}  // namespace

std::string SheetTable::cell(int rule, int column) const {
  const auto index = static_cast<size_t>(rule) - 1;
  const int row = rule > 0 && index < rows.size() ? rows[index] : head_row;
  return sheet + "!" + cell_name(row, column > 0 ? column + kFirstColumn - 1 : 1);
}

ReadWorkbook read_workbook(std::string_view name, std::string_view bytes) {
  ReadWorkbook out;
  const Result<std::vector<Sheet>> sheets = read_sheets(bytes);
  if (!sheets.ok()) {
    out.problems.push_back({"", sheets.error().message});
    return out;
  }
  std::map<std::string, Info> infos;
  for (const Sheet& sheet : *sheets) {
    if (sheet.name == kInfo) infos = read_info(sheet, out.problems);
  }
  for (const Sheet& sheet : *sheets) {
    if (sheet.name == kInfo || sheet.cells.empty()) continue;
    const auto known = infos.find(sheet.name);
    const Info info = known == infos.end() ? Info() : known->second;
    const std::string own = !info.name.empty() ? info.name : out.tables.empty() ? std::string(name) : sheet.name;
    out.tables.push_back(SheetReader(sheet, own, info, out.problems).run());
  }
  for (const auto& [sheet, info] : infos) {
    const bool is_there = std::any_of(sheets->begin(), sheets->end(),
                                      [&, &wanted = sheet](const Sheet& each) { return each.name == wanted; });
    if (!is_there) {
      out.problems.push_back({std::string(kInfo) + "!" + cell_name(info.row, 1),
                              "there is no sheet \"" + sheet + "\"; write its new name here"});
    }
  }
  if (out.tables.empty() && out.problems.empty()) out.problems.push_back({"", "the workbook holds no table"});
  return out;
}

Result<std::string> write_workbook(const std::vector<Table>& tables) {
  std::vector<Sheet> sheets;
  std::set<std::string> used;
  for (const Table& table : tables) sheets.push_back(sheet_of(table, sheet_name(table, used)));
  sheets.push_back(info_of(tables, sheets));
  return write_sheets(sheets);
}

}  // namespace tongban::dmn
