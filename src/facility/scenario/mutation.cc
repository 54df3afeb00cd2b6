#include "facility/scenario/mutation.h"

#include <algorithm>
#include <optional>

#include "base/digits.h"
#include "base/text.h"

namespace tongban::facility {
namespace {

struct Span {
  size_t begin = 0, end = 0;  // of the text between the brackets
};

// The bracketed text after `key` ("by: [" … "]"), brackets inside counted, quoted text skipped.
std::vector<Span> brackets_after(std::string_view line, std::string_view key) {
  std::vector<Span> spans;
  for (size_t at = line.find(key); at != std::string_view::npos; at = line.find(key, at + 1)) {
    if (at > 0 && line[at - 1] != ' ' && line[at - 1] != '{' && line[at - 1] != ',') continue;
    const size_t begin = at + key.size();
    int depth = 1;
    bool quoted = false;
    for (size_t i = begin; i < line.size(); ++i) {
      const char c = line[i];
      if (c == '"' && line[i - 1] != '\\') quoted = !quoted;
      if (quoted) continue;
      if (c == '[' || c == '{') ++depth;
      if ((c == ']' || c == '}') && --depth == 0) {
        spans.push_back({begin, i});
        break;
      }
    }
  }
  return spans;
}

std::vector<std::string> items_of(std::string_view text) {
  std::vector<std::string> items;
  int depth = 0;
  bool quoted = false;
  std::string item;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' && (i == 0 || text[i - 1] != '\\')) quoted = !quoted;
    if (!quoted && (c == '[' || c == '{' || c == '(')) ++depth;
    if (!quoted && (c == ']' || c == '}' || c == ')')) --depth;
    if (c == ',' && depth == 0 && !quoted) {
      items.emplace_back(trim(item));
      item.clear();
    } else {
      item += c;
    }
  }
  if (!trim(item).empty()) items.emplace_back(trim(item));
  return items;
}

std::string replaced(std::string_view line, size_t begin, size_t end, std::string_view with) {
  return std::string(line.substr(0, begin)) + std::string(with) + std::string(line.substr(end));
}

// Removes `key {…}` together with the comma beside it.
std::string without_entry(std::string_view line, std::string_view key, Span inside) {
  size_t begin = inside.begin - key.size(), end = inside.end + 1;
  if (line.substr(end).starts_with(", "))
    end += 2;
  else if (begin >= 2 && line.substr(begin - 2, 2) == ", ")
    begin -= 2;
  return replaced(line, begin, end, "");
}

class CaseFile {
 public:
  CaseFile(const std::string& file, std::string_view text) : file_(file), lines_(split(text, '\n')) { learn(); }

  std::vector<Mutation> all() {
    for (no_ = 1; no_ <= static_cast<int>(lines_.size()); ++no_) {
      const std::string_view line = lines_[no_ - 1];
      note_place(line);
      if (trim(line).empty() || trim(line).starts_with('#')) continue;
      limits(line);
      if (section_ == "roles") {
        removed_items(line, "not: [", "exclusion");
        removed_items(line, "position: [", "position");
      }
      if (section_ == "links") removed_items(line, "holds: [", "holds");
      if (section_ == "groups") group_items(line);
      if (section_ == "clocks" && line.find("again: keep") != std::string_view::npos) {
        add("again: keep → restart", replace_all(line, "again: keep", "again: restart"));
      }
      if (section_ == "clocks") clock_words(line);
      if (section_ == "reactions" && line.starts_with("  ") && !line.starts_with("   ")) drop("reaction dropped");
      if (section_ == "states" && line.find("held_by: [") != std::string_view::npos)
        items_and_others(line, "held_by: [", "holder");
      if (section_ != "open" && section_ != "actions") continue;
      items_and_others(line, "by: [", "role");
      removed_items(line, "from: [", "from");
      removed_items(line, "require: [", "requirement");
      removed_items(line, "end: [", "end of assignment");
      removed_items(line, "flag: [", "flag");
      for (const char* key : {"clocks: {", "send: {", "assign: {", "set: {"})
        removed_items(line, key, std::string(key, std::string_view(key).find(':')));
      form_entries(line);
      ask_words(line);
      other_state(line);
      negated(line);
    }
    return std::move(mutations_);
  }

 private:
  void learn() {
    std::string section;
    for (const std::string_view line : lines_) {
      if (!line.empty() && line[0] != ' ' && line[0] != '#') section = std::string(line.substr(0, line.find(':')));
      if (!line.starts_with("  ") || line.starts_with("   ") || line.starts_with("  #")) continue;
      const std::string key(trim(line.substr(0, line.find(':'))));
      if (section == "assignments") has_assignments_ = true;
      if (section == "states") states_.push_back(key);
      if (section == "roles") roles_.push_back(key);
      if (section == "roles" && line.find("anyone: yes") != std::string_view::npos) anyone_roles_.push_back(key);
      if (section == "roles" && line.find("system: yes") != std::string_view::npos) system_roles_.push_back(key);
    }
  }
  void note_place(std::string_view line) {
    if (!line.empty() && line[0] != ' ' && line[0] != '#') {
      section_ = std::string(line.substr(0, line.find(':')));
      place_ = section_;
    } else if (line.starts_with("  ") && !line.starts_with("   ") && section_ != "open") {
      place_ = section_ + " " + std::string(trim(line.substr(0, line.find(':'))));
    }
  }
  void add(const std::string& what, std::string text) {
    if (text == lines_[no_ - 1]) return;
    mutations_.push_back({file_, no_, place_ + ": " + what, std::move(text), false});
  }
  void add_lines(const std::string& what, int first, int lines, std::string text) {
    mutations_.push_back({file_, first, place_ + ": " + what, std::move(text), false, lines});
  }
  void drop(const std::string& what) { mutations_.push_back({file_, no_, place_ + ": " + what, {}, true}); }

  void limits(std::string_view line) {
    for (const std::string_view key :
         {std::string_view("limit: "), std::string_view("happened_within: "), std::string_view("within: ")}) {
      const size_t at = line.find(key);
      if (at == std::string_view::npos || (at > 0 && line[at - 1] != ' ' && line[at - 1] != '{')) continue;
      const size_t begin = at + key.size();
      size_t end = begin;
      while (end < line.size() && line[end] >= '0' && line[end] <= '9') ++end;
      if (end == begin || end - begin > 6) continue;
      const int64_t n = parse_digits(line.substr(begin, end - begin)).value_or(0);
      add(std::string(key) + std::to_string(n) + " → " + std::to_string(n + 1),
          replaced(line, begin, end, std::to_string(n + 1)));
    }
  }
  void removed_items(std::string_view line, std::string_view key, const std::string& what) {
    for (const Span span : brackets_after(line, key)) {
      const std::vector<std::string> items = items_of(line.substr(span.begin, span.end - span.begin));
      for (size_t i = 0; i < items.size(); ++i) {
        std::vector<std::string> rest = items;
        rest.erase(rest.begin() + static_cast<ptrdiff_t>(i));
        const bool alone = rest.empty();
        if (alone && (key == "by: [" || key == "from: [" || key == "sees: [" || key == "held_by: ["))
          continue;  // the checker refuses it
        if (alone && trim(line).starts_with(key))
          drop(what + ": " + items[i] + " removed");
        else
          add(what + ": " + items[i] + " removed",
              alone ? without_entry(line, key, span) : replaced(line, span.begin, span.end, join(rest, ", ")));
      }
    }
  }
  void items_and_others(std::string_view line, std::string_view key, const std::string& what) {
    removed_items(line, key, what);
    for (const Span span : brackets_after(line, key)) {
      const std::vector<std::string> items = items_of(line.substr(span.begin, span.end - span.begin));
      // Where anyone may act, one role more lets nobody in.
      if (key == "by: [" && std::any_of(items.begin(), items.end(), [&](const auto& role) { return is_anyone(role); }))
        continue;
      // Seen by anyone is the mistake that shows the most; elsewhere the first role that is not there.
      std::vector<std::string> candidates = roles_;
      if (key == "sees: [")
        std::stable_partition(candidates.begin(), candidates.end(), [&](const auto& role) { return is_anyone(role); });
      for (const std::string& role : candidates) {
        if (std::find(items.begin(), items.end(), role) != items.end()) continue;
        if (is_system(role)) continue;  // the system looks at nothing and waits for nothing
        add(what + ": " + role + " added", replaced(line, span.end, span.end, ", " + role));
        break;
      }
    }
  }
  void group_items(std::string_view line) {
    items_and_others(line, "sees: [", "sees");
    removed_items(line, "hide_from: [", "hide_from");
  }
  // What must be filled in may be left out, and the other way round.
  void form_entries(std::string_view line) {
    const std::string_view next = no_ < static_cast<int>(lines_.size()) ? lines_[no_] : std::string_view();
    const std::string_view before = no_ >= 2 ? lines_[no_ - 2] : std::string_view();
    for (const Span span : brackets_after(line, "must: {")) {
      const std::vector<std::string> items = items_of(line.substr(span.begin, span.end - span.begin));
      for (size_t i = 0; i < items.size(); ++i) {
        const std::string what = "form: " + items[i].substr(0, items[i].find(':')) + " may be left out";
        const std::string rest = without(line, "must: {", span, items, i);
        if (const auto may = brackets_after(rest, "may: {"); !may.empty()) {
          add(what, replaced(rest, may[0].begin, may[0].begin, items[i] + ", "));
        } else if (trim(next).starts_with("may:")) {
          const size_t indent = next.find("may:");
          const std::string child = "\n" + std::string(indent + 2, ' ') + items[i];
          const std::string changed = trim(next) == "may:" ? std::string(next) + child
                                                           : replaced(next, indent + 6, indent + 6, items[i] + ", ");
          add_lines(what, no_, 2, trim(rest).empty() ? changed : rest + "\n" + changed);
        } else if (items.size() == 1) {
          add(what, replaced(line, span.begin - 7, span.begin, "may: {"));
        } else {
          const size_t end = span.end - (line.size() - rest.size()) + 1;
          const bool block = trim(line).starts_with("must: {");
          add(what, replaced(rest, end, end,
                             (block ? "\n" + std::string(line.find("must:"), ' ') : std::string(", ")) + "may: {" +
                                 items[i] + "}"));
        }
      }
    }
    for (const Span span : brackets_after(line, "may: {")) {
      const std::vector<std::string> items = items_of(line.substr(span.begin, span.end - span.begin));
      for (size_t i = 0; i < items.size(); ++i) {
        const std::string what = "form: " + items[i].substr(0, items[i].find(':')) + " must be filled in";
        const std::string rest = without(line, "may: {", span, items, i);
        if (const auto must = brackets_after(rest, "must: {"); !must.empty()) {
          add(what, replaced(rest, must[0].end, must[0].end, ", " + items[i]));
        } else if (const auto above = brackets_after(before, "must: {"); !above.empty()) {
          const std::string changed = replaced(before, above[0].end, above[0].end, ", " + items[i]);
          add_lines(what, no_ - 1, 2, trim(rest).empty() ? changed : changed + "\n" + rest);
        } else if (items.size() == 1) {
          add(what, replaced(line, span.begin - 6, span.begin, "must: {"));
        } else if (const auto may = brackets_after(rest, "may: {"); !may.empty()) {
          add(what, replaced(rest, may[0].begin - 6, may[0].begin - 6, "must: {" + items[i] + "}, "));
        }
      }
    }
  }
  static std::string without(std::string_view line, std::string_view key, Span span,
                             const std::vector<std::string>& items, size_t i) {
    std::vector<std::string> rest = items;
    rest.erase(rest.begin() + static_cast<ptrdiff_t>(i));
    return rest.empty() ? without_entry(line, key, span) : replaced(line, span.begin, span.end, join(rest, ", "));
  }

  // The word after `key` within the line, or an empty span.
  static Span word_after(std::string_view line, std::string_view key) {
    const size_t at = line.find(key);
    if (at == std::string_view::npos || (at > 0 && line[at - 1] != ' ' && line[at - 1] != '{')) return {};
    const size_t begin = at + key.size();
    size_t end = begin;
    while (end < line.size() && (std::isalnum(static_cast<unsigned char>(line[end])) || line[end] == '_')) ++end;
    return {begin, end};
  }
  void clock_words(std::string_view line) {
    // Without assignments there are no chains, and each clock is the case's.
    const auto swap = [&](std::string_view key, std::string_view a, std::string_view b) {
      const Span span = word_after(line, key);
      if (span.end == span.begin) return;
      const std::string_view word = line.substr(span.begin, span.end - span.begin);
      const std::string_view other = word == a ? b : a;
      add(std::string(key) + std::string(word) + " → " + std::string(other),
          replaced(line, span.begin, span.end, other));
    };
    if (has_assignments_) swap("per: ", "case", "chain");
    swap("force: ", "statutory", "promise");
  }
  void ask_words(std::string_view line) {
    for (const Span ask : brackets_after(line, "ask: {")) {
      const std::vector<std::string> items = items_of(line.substr(ask.begin, ask.end - ask.begin));
      for (size_t i = 0; i < items.size(); ++i) {
        if (items[i].starts_with("shields: ") || items[i].starts_with("amount: "))
          add("ask: " + items[i] + " removed", without(line, "ask: {", ask, items, i));
        if (!items[i].starts_with("of: ")) continue;
        const std::string role = items[i].substr(4);
        for (const std::string& other : roles_) {
          if (other == role || is_system(other)) continue;
          std::vector<std::string> changed = items;
          changed[i] = "of: " + other;
          add("ask: of: " + role + " → " + other, replaced(line, ask.begin, ask.end, join(changed, ", ")));
          break;
        }
      }
    }
  }

  void other_state(std::string_view line) {
    for (size_t at = line.find("to: "); at != std::string_view::npos; at = line.find("to: ", at + 1)) {
      if (at > 0 && line[at - 1] != ' ' && line[at - 1] != '{') continue;
      size_t end = at + 4;
      while (end < line.size() && (std::isalnum(static_cast<unsigned char>(line[end])) || line[end] == '_')) ++end;
      const std::string state(line.substr(at + 4, end - at - 4));
      const auto it = std::find(states_.begin(), states_.end(), state);
      if (it == states_.end() || states_.size() < 2) continue;
      const std::string& other = std::next(it) == states_.end() ? states_.front() : *std::next(it);
      add("to: " + state + " → " + other, replaced(line, at + 4, end, other));
    }
  }
  void negated(std::string_view line) {
    for (size_t at = line.find("if: "); at != std::string_view::npos; at = line.find("if: ", at + 1)) {
      if (at > 0 && line[at - 1] != ' ' && line[at - 1] != '{') continue;
      const size_t begin = at + 4;
      size_t end = begin;
      std::string formula;
      if (begin < line.size() && line[begin] == '"') {
        for (end = begin + 1; end < line.size() && (line[end] != '"' || line[end - 1] == '\\'); ++end) {
        }
        if (end >= line.size()) return;
        formula = std::string(line.substr(begin + 1, end - begin - 1));
        ++end;
      } else {
        while (end < line.size() && line[end] != ',' && line[end] != '}') ++end;
        formula = std::string(trim(line.substr(begin, end - begin)));
      }
      add("if " + formula + " → negated", replaced(line, begin, end, "\"not(" + formula + ")\""));
    }
  }

  const std::string& file_;
  const std::vector<std::string_view> lines_;
  bool is_system(const std::string& role) const {
    return std::find(system_roles_.begin(), system_roles_.end(), role) != system_roles_.end();
  }

  bool is_anyone(const std::string& role) const {
    return std::find(anyone_roles_.begin(), anyone_roles_.end(), role) != anyone_roles_.end();
  }

  std::vector<std::string> states_, roles_, system_roles_, anyone_roles_;
  std::string section_, place_;
  bool has_assignments_ = false;
  int no_ = 0;
  std::vector<Mutation> mutations_;
};

// The cell changed to another value of its column, or a number raised by one.
std::vector<Mutation> table_mutations(const std::string& file, std::string_view text) {
  std::vector<Mutation> mutations;
  const std::vector<std::string_view> lines = split(text, '\n');
  struct Row {
    int line;
    std::vector<std::string_view> cells;
  };
  std::vector<Row> rows;
  bool head = true, started = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = trim(lines[i]);
    if (!line.starts_with('|')) continue;
    if (!started) {
      started = true;
      continue;
    }
    if (head) {
      head = false;
      continue;
    }  // the separator
    rows.push_back({static_cast<int>(i + 1), split(line.substr(1, line.size() - 2), '|')});
  }
  for (size_t r = 0; r < rows.size(); ++r) {
    mutations.push_back({file, rows[r].line, "row " + std::to_string(r + 1) + " dropped", {}, true});
    const size_t count = rows[r].cells.size();
    if (count < 3) continue;
    // The last column before the clause is an output of every table.
    const size_t output = count - 2;
    const std::string cell(trim(rows[r].cells[output]));
    for (const Row& other : rows) {
      if (other.cells.size() != count || trim(other.cells[output]) == cell) continue;
      std::string line = "|";
      for (size_t c = 0; c < count; ++c)
        line +=
            (c == output ? " " + std::string(trim(other.cells[output])) + " " : std::string(rows[r].cells[c])) + "|";
      mutations.push_back(
          {file, rows[r].line,
           "row " + std::to_string(r + 1) + ": " + cell + " → " + std::string(trim(other.cells[output])), line, false});
      break;
    }
  }
  return mutations;
}

std::vector<Mutation> condition_mutations(const std::string& file, std::string_view text) {
  std::vector<Mutation> mutations;
  const std::vector<std::string_view> lines = split(text, '\n');
  std::string name;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].starts_with("## ")) name = std::string(trim(lines[i].substr(3)));
    if (!trim(lines[i]).starts_with("- 公式：")) continue;
    const size_t first = lines[i].find('`'), last = lines[i].rfind('`');
    if (first == std::string_view::npos || last <= first) continue;
    const std::string formula(lines[i].substr(first + 1, last - first - 1));
    const int no = static_cast<int>(i + 1);
    mutations.push_back({file, no, "condition " + name + ": negated",
                         replaced(lines[i], first + 1, last, "not(" + formula + ")"), false});
    mutations.push_back({file, no, "condition " + name + ": always true",
                         replaced(lines[i], first + 1, last, "(" + formula + ") or true"), false});
  }
  return mutations;
}

std::vector<Mutation> parameter_mutations(const std::string& file, std::string_view text) {
  std::vector<Mutation> mutations;
  const std::vector<std::string_view> lines = split(text, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i];
    const size_t at = line.find("value: ");
    const auto values = brackets_after(line, "values: {");
    if (at == std::string_view::npos) continue;
    size_t end = at + 7;
    while (end < line.size() && line[end] != ',' && line[end] != '}') ++end;
    const std::string value(trim(line.substr(at + 7, end - at - 7)));
    const std::string name(trim(line.substr(0, line.find(':'))));
    if (!values.empty()) {
      for (const std::string& item : items_of(line.substr(values[0].begin, values[0].end - values[0].begin))) {
        const std::string other = item.substr(0, item.find(':'));
        if (other != value)
          mutations.push_back({file, static_cast<int>(i + 1), "parameter " + name + ": " + value + " → " + other,
                               replaced(line, at + 7, end, other), false});
      }
    } else if (!value.empty() && value[0] >= '0' && value[0] <= '9') {
      const size_t digits = std::min(value.find_first_not_of("0123456789"), value.size());
      if (digits > 6) continue;
      const std::string more = std::to_string(parse_digits(std::string_view(value).substr(0, digits)).value_or(0) + 1) +
                               value.substr(digits);
      mutations.push_back({file, static_cast<int>(i + 1), "parameter " + name + ": " + value + " → " + more,
                           replaced(line, at + 7, end, more), false});
    }
  }
  return mutations;
}

// Each row that stands in the register's own file, dropped.
std::vector<Mutation> register_mutations(const std::string& file, std::string_view text) {
  std::vector<Mutation> mutations;
  const std::vector<std::string_view> lines = split(text, '\n');
  bool rows = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].empty() && lines[i][0] != ' ') rows = trim(lines[i]) == "rows:";
    const std::string_view line = trim(lines[i]);
    constexpr std::string_view start = "- {id: ";
    if (!rows || !line.starts_with(start)) continue;
    mutations.push_back({file,
                         static_cast<int>(i + 1),
                         "row " + std::string(line.substr(start.size(), line.find(',') - start.size())) + " dropped",
                         {},
                         true});
  }
  return mutations;
}

}  // namespace

std::vector<Mutation> mutations_of(const std::string& file, std::string_view text) {
  if (file.ends_with(".case.yaml")) return CaseFile(file, text).all();
  if (file.ends_with(".table.md")) return table_mutations(file, text);
  if (file.ends_with(".register.yaml")) return register_mutations(file, text);
  if (file == "conditions.md") return condition_mutations(file, text);
  if (file == "parameters.yaml") return parameter_mutations(file, text);
  return {};
}

std::string mutated(const Mutation& mutation, std::string_view text) {
  std::string changed;
  const std::vector<std::string_view> lines = split(text, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool here = static_cast<int>(i + 1) == mutation.line;
    if (here && mutation.drop) continue;
    const int no = static_cast<int>(i + 1);
    if (no > mutation.line && no < mutation.line + mutation.lines) continue;
    changed += here ? std::string_view(mutation.text) : lines[i];
    if (i + 1 < lines.size()) changed += '\n';
  }
  return changed;
}

}  // namespace tongban::facility
