#include "dmn/markdown.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::dmn {
namespace {

constexpr size_t kMaxBytes = 32'000'000;  // 100,000 rows are 12 MB
constexpr size_t kMaxColumns = 200;
constexpr std::string_view kBreak = "<br>";

std::string with_lines(std::string_view text) {
  return replace_all(replace_all(text, kBreak, "\n"), "&lt;br>", kBreak);
}
std::string on_one_line(std::string_view text) {
  return replace_all(replace_all(replace_all(text, kBreak, "&lt;br>"), "\r", ""), "\n", kBreak);
}

// Cells of a line "| a | b \| c |"; `\|` is a bar inside a cell. Bars inside strings are escaped too, as Markdown asks.
// `<br>` is a new line.
std::vector<std::string> split_cells(std::string_view line) {
  line = trim(line);
  if (line.starts_with("|")) line.remove_prefix(1);
  std::vector<std::string> cells;
  std::string cell;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '|') {
      cell += '|';
      ++i;
    } else if (line[i] == '|') {
      cells.emplace_back(trim(cell));
      cell.clear();
    } else {
      cell += line[i];
    }
  }
  if (!trim(cell).empty()) cells.emplace_back(trim(cell));  // the closing bar was forgotten: no harm
  for (std::string& each : cells) each = with_lines(each);
  return cells;
}

bool is_separator(const std::vector<std::string>& cells) {
  return !cells.empty() && std::all_of(cells.begin(), cells.end(), [](const std::string& cell) {
    return cell.find('-') != std::string::npos && cell.find_first_not_of("-: ") == std::string::npos;
  });
}

bool is_name(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
  });
}

class Parser {
 public:
  Parser(std::string_view name, std::string_view text) {
    parsed_.table.name = std::string(name);
    text_ = text;
  }

  ParsedTable run() {
    if (text_.size() > kMaxBytes) {
      problem(1, "the file is larger than " + std::to_string(kMaxBytes) + " bytes");
      return std::move(parsed_);
    }
    if (!is_valid_utf8(text_)) {
      problem(1, "the file is not UTF-8; save it as UTF-8");
      return std::move(parsed_);
    }
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
    lines_ = split(text_, '\n');
    for (std::string_view& line : lines_) {
      if (line.ends_with("\r")) line.remove_suffix(1);
    }
    read_head();
    read_body();
    apply_declarations();
    return std::move(parsed_);
  }

 private:
  struct Declaration {
    std::string name;
    std::string text;
    int line = 0;
    bool used = false;
  };

  void problem(int line, std::string message, int row = 0, int column = 0) {
    parsed_.problems.push_back({line, row, column, std::move(message)});
  }
  int line_number() const { return static_cast<int>(at_) + 1; }

  static std::string unquoted(std::string_view text) {
    text = trim(text);
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    return std::string(text);
  }

  void read_head() {
    while (at_ < lines_.size() && trim(lines_[at_]).empty()) ++at_;
    if (at_ >= lines_.size() || trim(lines_[at_]) != "---") {
      problem(line_number(), "the file must begin with a head between two lines ---");
      return;
    }
    std::string block;
    std::vector<std::string> seen;
    bool has_policy = false;
    for (++at_; at_ < lines_.size(); ++at_) {
      const std::string_view line = lines_[at_];
      const std::string_view content = trim(line);
      if (content == "---") {
        ++at_;
        if (parsed_.table.title.empty()) problem(1, "the head has no title");
        if (!has_policy) problem(1, "the head has no \"hit policy\" (unique, first, any, collect, rule order)");
        return;
      }
      if (content.empty() || content.starts_with("#")) continue;
      if (line.starts_with("\t")) problem(line_number(), "indent with spaces, not with a tab");
      const bool is_nested = line.starts_with(" ");
      const size_t colon = content.find(": ") != std::string_view::npos ? content.find(": ") : content.size() - 1;
      if (content[colon] != ':') {
        const bool is_wide = content.find("：") != std::string_view::npos;
        problem(line_number(), is_wide ? "the colon is full-width; write \": \"" : "expected \"key: value\"");
        continue;
      }
      const std::string key(trim(content.substr(0, colon)));
      const std::string value = unquoted(content.substr(colon + 1));
      if (is_nested) {
        if (block.empty()) {
          problem(line_number(), "this indented line belongs to no block");
        } else {
          declare(block, key, std::string(trim(content.substr(colon + 1))));
        }
        continue;
      }
      block.clear();
      if (std::find(seen.begin(), seen.end(), key) != seen.end())
        problem(line_number(), "the key \"" + key + "\" stands here twice");
      seen.push_back(key);
      has_policy = has_policy || key == "hit policy";
      if ((key == "inputs" || key == "outputs" || key == "defaults") && value.empty()) {
        block = key;
      } else {
        read_key(key, value);
      }
    }
    problem(line_number(), "the head has no end: a line --- is missing");
  }

  void read_key(const std::string& key, const std::string& value) {
    Table& table = parsed_.table;
    if (value.empty()) {
      problem(line_number(), "\"" + key + "\" has no value");
    } else if (key == "title") {
      table.title = value;
    } else if (key == "hit policy") {
      if (const auto policy = parse_hit_policy(value)) {
        table.hit_policy = *policy;
      } else {
        problem(line_number(), "\"" + value + "\" is no hit policy; write unique, first, any, collect or rule order");
      }
    } else if (key == "mode") {
      if (value != "binding" && value != "suggested")
        problem(line_number(), "mode is binding or suggested, not \"" + value + "\"");
      table.force = value == "suggested" ? Force::suggested : Force::binding;
    } else if (key == "clause") {
      table.clause = value;
    } else if (key == "origin") {
      if (value != "dmn") problem(line_number(), "origin is dmn (a table of another tool), not \"" + value + "\"");
      is_foreign_ = true;
    } else if (key == "demo") {
      if (value != "yes" && value != "no") problem(line_number(), "demo is yes or no, not \"" + value + "\"");
      table.demo = value == "yes";
    } else {
      const std::string near = nearest_word(
          key, {"title", "hit policy", "mode", "clause", "demo", "origin", "inputs", "outputs", "defaults"});
      problem(line_number(),
              "unknown key \"" + key + "\"" +
                  (near.empty()
                       ? "; the head knows title, hit policy, mode, clause, demo, origin, inputs, outputs, defaults"
                       : "; did you mean \"" + near + "\"?"));
    }
  }

  void declare(const std::string& block, const std::string& key, std::string text) {
    std::vector<Declaration>& list = block == "inputs" ? inputs_ : block == "outputs" ? outputs_ : defaults_;
    list.push_back({key, std::move(text), line_number(), false});
  }

  void read_body() {
    Table& table = parsed_.table;
    bool has_head = false;
    bool is_done = false;
    size_t columns = 0;
    for (; at_ < lines_.size(); ++at_) {
      const std::string_view line = trim(lines_[at_]);
      if (line.starts_with("｜")) {
        problem(line_number(), "the bar is full-width; write |");
        continue;
      }
      if (!line.starts_with("|")) {
        if (line.empty()) {
          is_done = has_head;
        } else if (has_head) {
          problem(line_number(), "text below the table: write it above, between the head and the table");
        } else {
          if (!table.text.empty()) table.text += '\n';
          table.text += line;
        }
        continue;
      }
      if (is_done) {
        problem(line_number(), "a second table; one file holds one table, without empty lines between its rows");
        return;
      }
      const std::vector<std::string> cells = split_cells(line);
      if (!has_head) {
        columns = cells.size();
        has_head = true;
        read_columns(cells);
        if (at_ + 1 >= lines_.size() || !is_separator(split_cells(lines_[at_ + 1]))) {
          problem(line_number() + 1, "expected the line |---|---| below the column heads");
        } else {
          ++at_;
          if (split_cells(lines_[at_]).size() != columns)
            problem(line_number(), "the line |---| must have as many cells as the heads");
        }
        continue;
      }
      read_row(cells, columns);
    }
    if (!has_head) problem(1, "the file holds no table");
  }

  void read_columns(const std::vector<std::string>& cells) {
    Table& table = parsed_.table;
    const int line = line_number();
    if (cells.size() > kMaxColumns) {
      problem(line, "the table has more than " + std::to_string(kMaxColumns) + " columns");
      return;
    }
    for (size_t i = 0; i < cells.size(); ++i) {
      std::string_view head = cells[i];
      const int column = static_cast<int>(i) + 1;
      if (head == kClauseHead) {
        has_clause_ = true;
        if (i + 1 != cells.size()) problem(line, "依据 must be the last column", 0, column);
        continue;
      }
      if (head.starts_with(kRemark) && head.ends_with(kRemarkEnd)) {
        if (table.outputs.empty()) problem(line, "remarks stand right of the outputs", 0, column);
        head.remove_prefix(kRemark.size());
        head.remove_suffix(kRemarkEnd.size());
        table.annotation_names.emplace_back(trim(head));
        continue;
      }
      if (!table.annotation_names.empty()) problem(line, "remarks stand between outputs and 依据", 0, column);
      const bool is_output = head.starts_with(kOutputMark) || head.starts_with("->");
      if (is_output) head = trim(head.substr(head.starts_with("->") ? 2 : kOutputMark.size()));
      if (head.empty()) {
        problem(line, "the column has no head", 0, column);
        head = "?";
      }
      const auto [label, rest] = split_head(head);
      if (is_output) {
        if (!is_name(rest) && !is_foreign_) {
          problem(
              line,
              "an output's head is \"→ 时限 limit\": a name for people and an identifier; found \"" + cells[i] + "\"",
              0, column);
        }
        Output output;
        output.label = label;
        output.name = rest;
        output.line = line;
        table.outputs.push_back(std::move(output));
      } else {
        if (!table.outputs.empty()) problem(line, "inputs stand left of the outputs", 0, column);
        Input input;
        input.label = label;
        input.expression = rest;
        input.line = line;
        table.inputs.push_back(std::move(input));
      }
    }
    if (!has_clause_) problem(line, "the last column must be 依据 (the clause of each row)");
    if (table.outputs.empty()) problem(line, "no output column; mark one as \"→ 时限 limit\"");
  }

  // "类别 kind"; "\"Two words\" kind"; "kind" is both.
  static std::pair<std::string, std::string> split_head(std::string_view head) {
    if (head.starts_with('"')) {
      size_t end = 1;
      while (end < head.size() && head[end] != '"') end += head[end] == '\\' ? 2 : 1;
      const std::string_view rest = end + 1 <= head.size() ? head.substr(end + 1) : std::string_view();
      if (rest.empty() || rest.starts_with(' ')) {
        if (auto label = literal(head.substr(0, end + 1)); label && label->kind() == feel::Value::Kind::text)
          return {label->as_text(), std::string(trim(rest))};
      }
    }
    size_t space = head.find(' ');
    const size_t wide = head.find("\u3000");
    if (wide != std::string_view::npos && (space == std::string_view::npos || wide < space)) space = wide;
    return {std::string(head.substr(0, space)),
            std::string(space == std::string_view::npos ? head : trim(head.substr(space)))};
  }
  static std::optional<feel::Value> literal(std::string_view text) {
    const feel::Compiled compiled = feel::compile(text, feel::Scope(), {.strict = false});
    return compiled.expression ? compiled.expression->constant() : std::nullopt;
  }

  void read_row(const std::vector<std::string>& cells, size_t columns) {
    Table& table = parsed_.table;
    const int row = static_cast<int>(table.rules.size()) + 1;
    Rule rule;
    rule.line = line_number();
    if (cells.size() != columns) {
      problem(rule.line,
              "the row has " + std::to_string(cells.size()) + " cells, the head " + std::to_string(columns) +
                  (cells.size() > columns ? "; write \\| for a bar inside a cell" : ""),
              row);
    }
    for (size_t i = 0; i < columns; ++i) {
      const std::string cell = i < cells.size() ? cells[i] : "";
      const int column = static_cast<int>(i) + 1;
      if (i < table.inputs.size()) {
        if (cell.empty() && i < cells.size())
          problem(rule.line, "the cell is empty; write - for any value", row, column);
        rule.cells.push_back(cell.empty() ? "-" : cell);
      } else if (i < table.inputs.size() + table.outputs.size()) {
        if (cell.empty() && i < cells.size())
          problem(rule.line, "the output is empty; write null for no value", row, column);
        rule.outputs.push_back(cell.empty() ? "null" : cell);
      } else if (i < table.inputs.size() + table.outputs.size() + table.annotation_names.size()) {
        rule.annotations.push_back(cell);
      } else {
        rule.clause = is_foreign_ && cell == kNoClause ? "" : cell;
        if (cell.empty() && i < cells.size()) problem(rule.line, "the row has no clause (依据)", row, column);
      }
    }
    table.rules.push_back(std::move(rule));
  }

  // "number", "string", "limit", named "tKind" (a type of the model it came from); then perhaps the allowed values:
  // one of "consultation" 咨询, "other" 其他; where [0..999], null
  template <class Column>
  void read_type(const Declaration& declared, Column& column) {
    constexpr std::string_view kOneOf = "one of ", kWhere = "where ", kNamed = "named ";
    std::string_view rest = declared.text;
    const auto takes_values = [&](std::string_view text) {
      if (text.starts_with(kOneOf)) {
        read_values(declared, text.substr(kOneOf.size()), column.allowed);
      } else if (text.starts_with(kWhere)) {
        column.allowed_text = with_lines(text.substr(kWhere.size()));
      } else {
        return false;
      }
      return true;
    };
    if (takes_values(rest)) return;
    std::string_view type = rest;
    for (const std::string_view word : {kOneOf, kWhere}) {
      const size_t comma = rest.find(", " + std::string(word));
      if (comma == std::string_view::npos || comma >= type.size()) continue;
      type = rest.substr(0, comma);
    }
    if (type.size() < rest.size()) takes_values(rest.substr(type.size() + 2));
    if (type.starts_with(kNamed)) {
      const auto name = literal(type.substr(kNamed.size()));
      if (name && name->kind() == feel::Value::Kind::text) {
        column.type_ref = name->as_text();
        return;
      }
    } else if (const auto found = feel::parse_type(type)) {
      column.type = *found;
      return;
    }
    problem(declared.line,
            "\"" + std::string(type) +
                "\" is no type; write number, string, boolean, date, limit, or one of \"a\" 甲, \"b\" 乙");
  }

  void read_values(const Declaration& declared, std::string_view rest, std::vector<AllowedValue>& allowed) {
    while (!rest.empty()) {
      // A value up to its end, then the label up to the comma.
      size_t end;
      if (rest[0] == '"') {
        for (end = 1; end < rest.size() && rest[end] != '"'; ++end) {
          if (rest[end] == '\\') ++end;
        }
        end = std::min(end + 1, rest.size());
      } else {
        end = std::min(rest.find_first_of(" ,"), rest.size());
        // A call, as of date("2021-02-05"), ends with its bracket.
        const size_t bracket = rest.find('(');
        if (bracket < end) end = std::min(rest.find(')', bracket), rest.size() - 1) + 1;
      }
      const auto value = literal(rest.substr(0, end));
      if (!value || (value->is_null() && rest.substr(0, end) != "null")) {
        problem(declared.line, "after \"one of\" stand values with commas between: one of \"a\" 甲, \"b\" 乙");
        return;
      }
      rest = rest.substr(end);
      const size_t comma = std::min(rest.find(','), rest.size());
      allowed.push_back({*value, std::string(trim(rest.substr(0, comma)))});
      rest = comma < rest.size() ? trim(rest.substr(comma + 1)) : std::string_view();
    }
  }

  void apply_declarations() {
    Table& table = parsed_.table;
    for (size_t i = 0; i < table.inputs.size(); ++i) {
      Input& input = table.inputs[i];
      if (Declaration* found = find(inputs_, input.expression, i)) {
        read_type(*found, input);
        input.line = found->line;
      }
    }
    for (size_t i = 0; i < table.outputs.size(); ++i) {
      Output& output = table.outputs[i];
      if (Declaration* found = find(outputs_, output.name, i)) {
        read_type(*found, output);
        output.line = found->line;
      }
      if (Declaration* found = find(defaults_, output.name, i)) output.default_text = with_lines(found->text);
    }
    for (const auto* list : {&inputs_, &outputs_, &defaults_}) {
      for (const Declaration& declared : *list) {
        if (!declared.used) problem(declared.line, "there is no column \"" + declared.name + "\"");
      }
    }
  }
  // By name, or by place: "(2)".
  static Declaration* find(std::vector<Declaration>& list, const std::string& name, size_t place) {
    const std::string number = "(" + std::to_string(place + 1) + ")";
    for (Declaration& declared : list) {
      if (declared.name != name && declared.name != number) continue;
      declared.used = true;
      return &declared;
    }
    return nullptr;
  }

  std::string_view text_;
  std::vector<std::string_view> lines_;
  size_t at_ = 0;
  bool has_clause_ = false;
  bool is_foreign_ = false;  // from another tool: clauses may be missing, outputs may have any name or none
  std::vector<Declaration> inputs_, outputs_, defaults_;
  ParsedTable parsed_;
};

std::string quoted(const std::string& text) { return feel::Value::text(text).to_text(); }

template <class Column>
std::string type_line(const Column& column) {
  std::string out;
  if (!column.type_ref.empty())
    out = "named " + quoted(column.type_ref);
  else if (column.type.kind != feel::Type::Kind::any)
    out = column.type.to_text();
  std::string values;
  for (const AllowedValue& each : column.allowed)
    values += (values.empty() ? "one of " : ", ") + each.value.to_text() + (each.label.empty() ? "" : " " + each.label);
  if (values.empty() && !column.allowed_text.empty()) values = "where " + on_one_line(column.allowed_text);
  return out + (out.empty() || values.empty() ? "" : ", ") + values;
}

// The key under which a column's type stands: its own text where that is plain and known once.
template <class Columns, class Text>
std::string key_of(const Columns& columns, size_t place, const Text& text) {
  const std::string& own = text(columns[place]);
  const auto same = std::count_if(columns.begin(), columns.end(), [&](const auto& each) { return text(each) == own; });
  const bool is_plain = !own.empty() && same == 1 && own.find_first_of(":\n\r") == std::string::npos && own[0] != '#' &&
                        own[0] != '(' && trim(own) == own;
  return is_plain ? own : "(" + std::to_string(place + 1) + ")";
}

std::string head_text(const Table& table) {
  std::string out = "---\ntitle: " + on_one_line(table.title.empty() ? table.name : table.title) +
                    "\nhit policy: " + std::string(to_text(table.hit_policy)) + "\nmode: ";
  out += table.force == Force::binding ? "binding\n" : "suggested\n";
  if (table.demo) out += "demo: yes\n";
  if (is_foreign(table)) out += "origin: dmn\n";
  if (!table.clause.empty()) out += "clause: " + on_one_line(table.clause) + "\n";
  std::string inputs;
  for (size_t i = 0; i < table.inputs.size(); ++i) {
    const std::string type = type_line(table.inputs[i]);
    const auto text = [](const Input& input) -> const std::string& { return input.expression; };
    if (!type.empty()) inputs += "  " + key_of(table.inputs, i, text) + ": " + type + "\n";
  }
  if (!inputs.empty()) out += "inputs:\n" + inputs;
  std::string outputs;
  std::string defaults;
  for (size_t i = 0; i < table.outputs.size(); ++i) {
    const Output& output = table.outputs[i];
    const auto text = [](const Output& each) -> const std::string& { return each.name; };
    const std::string key = key_of(table.outputs, i, text);
    const std::string type = type_line(output);
    if (!type.empty()) outputs += "  " + key + ": " + type + "\n";
    if (!output.default_text.empty()) defaults += "  " + key + ": " + on_one_line(output.default_text) + "\n";
  }
  if (!outputs.empty()) out += "outputs:\n" + outputs;
  if (!defaults.empty()) out += "defaults:\n" + defaults;
  return out + "---\n";
}

}  // namespace

std::string cell_text(std::string_view text) { return replace_all(on_one_line(text), "|", "\\|"); }

std::string type_text(const Input& input) { return type_line(input); }
std::string type_text(const Output& output) { return type_line(output); }

std::string column_head(const std::string& label, const std::string& text) {
  const auto is_plain = [](const std::string& word) {
    return !word.empty() && word[0] != '"' && word.find_first_of(" \n") == std::string::npos &&
           word.find("\u3000") == std::string::npos && !word.starts_with(kRemark) && !word.starts_with(kOutputMark) &&
           !word.starts_with("->");
  };
  if (label == text && is_plain(label) && label != kClauseHead) return text;
  return (is_plain(label) ? label : quoted(label)) + (text.empty() ? "" : " " + text);
}

bool is_foreign(const Table& table) {
  return std::any_of(table.rules.begin(), table.rules.end(), [](const Rule& rule) { return rule.clause.empty(); }) ||
         std::any_of(table.outputs.begin(), table.outputs.end(),
                     [](const Output& each) { return !is_name(each.name); });
}

ParsedTable parse_table_markdown(std::string_view name, std::string_view text) { return Parser(name, text).run(); }

std::string to_markdown(const Table& table) {
  std::string out = head_text(table);
  if (!table.text.empty()) out += table.text + "\n";
  out += "\n|";
  std::string line = "|";
  for (const Input& input : table.inputs) {
    out += " " + cell_text(column_head(input.label, input.expression)) + " |";
    line += "---|";
  }
  for (const Output& output : table.outputs) {
    out += " " + std::string(kOutputMark) + " " + cell_text(column_head(output.label, output.name)) + " |";
    line += "---|";
  }
  for (const std::string& name : table.annotation_names) {
    out += " " + std::string(kRemark) + cell_text(name) + std::string(kRemarkEnd) + " |";
    line += "---|";
  }
  out += " 依据 |\n" + line + "---|\n";
  for (const Rule& rule : table.rules) {
    out += "|";
    for (const std::string& cell : rule.cells) out += " " + cell_text(cell) + " |";
    for (const std::string& cell : rule.outputs) out += " " + cell_text(cell) + " |";
    for (size_t i = 0; i < table.annotation_names.size(); ++i)
      out += " " + cell_text(i < rule.annotations.size() ? rule.annotations[i] : "") + " |";
    out += " " + cell_text(rule.clause.empty() ? std::string(kNoClause) : rule.clause) + " |\n";
  }
  return out;
}

}  // namespace tongban::dmn
