// The check of decision tables on tables written for the purpose: tests/dmn/tables/faulty each hold planted faults,
// named in NAME.expected beside them; those in tests/dmn/tables/sound hold none (tests/dmn_tables_test.cc looks at the
// tables of the packs).
//
// A line of NAME.expected: `gap REGION`, `overlap A B [REGION]`, `never ROW`, `unused COLUMN`, `not allowed ROW COLUMN
// VALUE`, `problem ROW COLUMN [PART OF THE MESSAGE]`, `not decided`. A region says for each input, as `name: unary
// tests`, where the example that is found has to lie. What is found beyond these lines is a failure too.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/text.h"
#include "dmn/analysis.h"
#include "dmn/markdown.h"

namespace tongban::dmn {
namespace {

namespace fs = std::filesystem;
using feel::Value;

const fs::path kTables = fs::path(TONGBAN_SOURCE_DIR) / "tests/dmn/tables";

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}
std::vector<fs::path> tables_in(const char* folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kTables / folder)) {
    if (entry.path().string().ends_with(".table.md")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// What is wrong with a table, by whatever finds it.
struct Findings {
  Table table;
  std::vector<TableProblem> problems;
  Analysis analysis;
  std::optional<CompiledTable> collecting;  // says which rows hold

  std::string to_text() const {
    std::string out;
    for (const auto& each : problems) {
      out += "problem " + std::to_string(each.row) + " " + std::to_string(each.column) + " " + each.message + "\n";
    }
    for (const auto& each : analysis.gaps) out += "gap " + each.example.to_text() + "\n";
    for (const auto& each : analysis.overlaps) {
      out += "overlap " + std::to_string(each.row_a) + " " + std::to_string(each.row_b) + " " + each.example.to_text() +
             "\n";
    }
    for (const int row : analysis.never_match) out += "never " + std::to_string(row) + "\n";
    for (const auto& each : analysis.not_allowed) {
      out += "not allowed " + std::to_string(each.row) + " " + std::to_string(each.column) + " " +
             each.value.to_text() + "\n";
    }
    for (const int column : analysis.unused_inputs) out += "unused " + std::to_string(column) + "\n";
    for (const std::string& sentence : analysis.not_decided) out += "not decided: " + sentence + "\n";
    return out;
  }
};

// The inputs are the scope: every one is a variable of the type that the head says.
feel::Scope scope_of(const Table& table) {
  feel::Scope scope;
  for (const Input& input : table.inputs) scope.add(feel::Variable{input.expression, input.type});
  return scope;
}

Findings find(const fs::path& file) {
  Findings findings;
  ParsedTable parsed = parse_table_markdown(file.stem().stem().string(), read(file));
  findings.table = parsed.table;
  findings.problems = std::move(parsed.problems);
  if (!findings.problems.empty()) return findings;
  TableCompiled compiled = compile(findings.table, scope_of(findings.table));
  findings.problems = std::move(compiled.problems);
  if (!compiled.table) return findings;
  findings.analysis = analyse(*compiled.table);
  Table collecting = findings.table;
  collecting.hit_policy = HitPolicy::collect;
  findings.collecting = compile(collecting, scope_of(collecting)).table;
  return findings;
}

// Every example is one: no row holds, or both rows do. An input that it leaves out does not matter, so null is as good.
std::vector<int> rows_for(const Findings& findings, const Example& example) {
  std::vector<Value> slots;
  for (const Input& input : findings.table.inputs) {
    slots.emplace_back();
    for (const auto& [name, value] : example.inputs) {
      if (name == input.expression) slots.back() = value;
    }
  }
  return evaluate(*findings.collecting, slots, {}).matched;
}

// `kind: "a", amount: (5..6)`: the parts by the inputs' names.
std::map<std::string, std::string> region_of(const Table& table, const std::string& text) {
  std::map<size_t, std::string> starts;
  for (const Input& input : table.inputs) {
    const std::string mark = input.expression + ": ";
    for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
      if (at == 0 || text[at - 1] == ' ') starts[at] = input.expression;
    }
  }
  std::map<std::string, std::string> region;
  for (auto it = starts.begin(); it != starts.end(); ++it) {
    const size_t from = it->first + it->second.size() + 2;
    const size_t to = std::next(it) == starts.end() ? text.size() : std::next(it)->first;
    std::string cell(trim(std::string_view(text).substr(from, to - from)));
    if (cell.ends_with(",")) cell.pop_back();
    region[it->second] = cell;
  }
  return region;
}

bool lies_in(const Example& example, const std::map<std::string, std::string>& region) {
  for (const auto& [name, value] : example.inputs) {
    const auto found = region.find(name);
    if (found == region.end()) continue;
    const feel::Compiled cell = feel::compile_unary_tests(found->second, feel::Scope(), feel::Type::any());
    EXPECT_TRUE(cell.expression) << found->second;
    if (!cell.expression || feel::test(*cell.expression, value, {}, {}).truth != feel::Truth::yes) return false;
  }
  return true;
}

// Does the line name this finding? The remainder of the line is given to `fits`.
struct Line {
  std::string text;
  bool used = false;
};
template <class Fits>
bool explained(std::vector<Line>& lines, const std::string& start, const Fits& fits) {
  bool any = false;
  for (Line& line : lines) {
    if (line.text != start && !line.text.starts_with(start + " ")) continue;
    const std::string rest = line.text.size() > start.size() ? line.text.substr(start.size() + 1) : "";
    if (!fits(rest)) continue;
    line.used = any = true;
  }
  return any;
}

void check_faulty(const fs::path& file) {
  SCOPED_TRACE(file.filename().string());
  const Findings findings = find(file);
  std::vector<Line> lines;
  std::string expected = file.string();
  expected = expected.substr(0, expected.size() - std::string(".table.md").size()) + ".expected";
  ASSERT_TRUE(fs::exists(expected));
  std::istringstream in(read(expected));
  for (std::string line; std::getline(in, line);) lines.push_back({line});
  ASSERT_FALSE(lines.empty());
  const std::string shown = "found:\n" + findings.to_text();
  const auto in_region = [&](const Example& example) {
    return [&](const std::string& rest) { return rest.empty() || lies_in(example, region_of(findings.table, rest)); };
  };
  const auto whole = [](const std::string& rest) { return rest.empty(); };

  for (const auto& each : findings.problems) {
    EXPECT_TRUE(explained(lines, "problem " + std::to_string(each.row) + " " + std::to_string(each.column),
                          [&](const std::string& rest) { return each.message.find(rest) != std::string::npos; }))
        << shown;
    EXPECT_GT(each.line, 0) << shown;
  }
  for (const auto& each : findings.analysis.gaps) {
    EXPECT_TRUE(explained(lines, "gap", in_region(each.example))) << each.example.to_text() << "\n" << shown;
    EXPECT_TRUE(rows_for(findings, each.example).empty()) << shown;
  }
  for (const auto& each : findings.analysis.overlaps) {
    EXPECT_TRUE(explained(lines, "overlap " + std::to_string(each.row_a) + " " + std::to_string(each.row_b),
                          in_region(each.example)))
        << shown;
    const std::vector<int> rows = rows_for(findings, each.example);
    EXPECT_TRUE(std::count(rows.begin(), rows.end(), each.row_a) == 1 &&
                std::count(rows.begin(), rows.end(), each.row_b) == 1)
        << shown;
  }
  for (const int row : findings.analysis.never_match)
    EXPECT_TRUE(explained(lines, "never " + std::to_string(row), whole)) << shown;
  for (const int column : findings.analysis.unused_inputs)
    EXPECT_TRUE(explained(lines, "unused " + std::to_string(column), whole)) << shown;
  for (const auto& each : findings.analysis.not_allowed) {
    EXPECT_TRUE(explained(
        lines,
        "not allowed " + std::to_string(each.row) + " " + std::to_string(each.column) + " " + each.value.to_text(),
        whole))
        << shown;
  }
  if (!findings.analysis.not_decided.empty()) {
    EXPECT_TRUE(explained(lines, "not decided", whole)) << shown;
  }
  for (const Line& line : lines) EXPECT_TRUE(line.used) << "not found: " << line.text << "\n" << shown;
}

TEST(AnalysisTables, EveryPlantedFaultIsFoundAndNothingElse) {
  const std::vector<fs::path> files = tables_in("faulty");
  EXPECT_GE(files.size(), 40u);
  for (const fs::path& file : files) check_faulty(file);
}

TEST(AnalysisTables, NothingIsFoundInSoundTables) {
  const std::vector<fs::path> files = tables_in("sound");
  EXPECT_GE(files.size(), 40u);
  for (const fs::path& file : files) EXPECT_EQ(find(file).to_text(), "") << file.filename();
}

}  // namespace
}  // namespace tongban::dmn
