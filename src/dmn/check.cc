#include "dmn/check.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "dmn/analysis.h"
#include "dmn/engine.h"
#include "dmn/markdown.h"
#include "dmn/roots.h"

namespace tongban::dmn {
namespace {

class Checker {
 public:
  explicit Checker(std::string file) : file_(std::move(file)) {}

  void add(Position at, std::string code, std::string table, std::string message) {
    out_.push_back({file_, at, std::move(code), std::move(table), std::move(message)});
  }

  void analyse_table(const CompiledTable& compiled) {
    const Table& table = compiled.table();
    const Analysis analysis = analyse(compiled);
    const Position head{table.inputs.empty() ? 0 : table.inputs[0].line, 0};
    for (const Gap& gap : analysis.gaps) add(head, "gap", table.name, "no row covers " + gap.example.to_text());
    for (const Overlap& overlap : analysis.overlaps) {
      add(row_at(table, overlap.row_b), "overlap", table.name,
          "rows " + std::to_string(overlap.row_a) + " and " + std::to_string(overlap.row_b) + " both match " +
              overlap.example.to_text());
    }
    for (const int row : analysis.never_match)
      add(row_at(table, row), "never_matches", table.name, "row " + std::to_string(row) + " can never decide");
    for (const std::string& sentence : analysis.not_decided) add(head, "not_decided", table.name, sentence);
    find_unused(table);
  }

  void find_unused(const Table& table) {
    for (size_t i = 0; i < table.inputs.size(); ++i) {
      const bool is_used =
          table.rules.empty() || std::any_of(table.rules.begin(), table.rules.end(), [&](const Rule& rule) {
            return i < rule.cells.size() && trim(rule.cells[i]) != "-";
          });
      if (is_used) continue;
      add({table.inputs[i].line, 0}, "unused", table.name,
          "no row asks about \"" + table.inputs[i].expression + "\": every cell is -");
    }
  }

  static Position row_at(const Table& table, int row) {
    const auto index = static_cast<size_t>(row) - 1;
    return {index < table.rules.size() ? table.rules[index].line : 0, 0};
  }

  std::vector<Finding> take() {
    std::stable_sort(out_.begin(), out_.end(), [](const Finding& a, const Finding& b) {
      return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
    });
    return std::move(out_);
  }

 private:
  std::string file_;
  std::vector<Finding> out_;
};

// The column, in characters, at which a table's cell stands in its line; 1 when it is not there.
int cell_column(std::string_view text, int line, int cell) {
  const std::vector<std::string_view> lines = split(text, '\n');
  if (line < 1 || static_cast<size_t>(line) > lines.size() || cell < 1) return 1;
  const std::string_view row = lines[static_cast<size_t>(line) - 1];
  int seen = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i] != '|' || (i > 0 && row[i - 1] == '\\')) continue;
    if (++seen != cell) continue;
    size_t start = i + 1;
    while (start < row.size() && row[start] == ' ') ++start;
    return static_cast<int>(count_characters(row.substr(0, start))) + 1;
  }
  return 1;
}

}  // namespace

std::vector<Finding> check_model(std::vector<Definitions> models) {
  const std::string file = models.empty() ? "" : models[0].file;
  Checker checker(file);
  Engine::Options options;
  options.check = true;
  const Engine::Loaded loaded = Engine::load(std::move(models), options);
  for (const ModelProblem& each : loaded.problems) {
    if (each.file == file) checker.add(each.at, each.is_type ? "type" : "expression", "", each.message);
  }
  if (!loaded.engine) return checker.take();
  loaded.engine->each_table([&](const std::string&, const CompiledTable& table) { checker.analyse_table(table); });
  for (const auto& [at, message] : loaded.engine->unused()) checker.add(at, "unused", "", message);
  return checker.take();
}

std::vector<Finding> check_table(std::string_view file, std::string_view name, std::string_view text) {
  Checker checker{std::string(file)};
  const ParsedTable parsed = parse_table_markdown(name, text);
  const auto report = [&](const TableProblem& each, const char* code) {
    checker.add({each.line, each.row > 0 || each.column > 0 ? cell_column(text, each.line, each.column) : 1}, code,
                parsed.table.name, each.message);
  };
  for (const TableProblem& each : parsed.problems) report(each, "form");
  if (!parsed.problems.empty()) return checker.take();
  feel::Scope scope;
  for (const std::string& root : roots_of(parsed.table)) {
    feel::Type type;
    for (const Input& input : parsed.table.inputs) {
      if (input.expression == root) type = input.type;
    }
    scope.add(feel::Variable{root, type});
  }
  const TableCompiled compiled = compile(parsed.table, scope);
  for (const TableProblem& each : compiled.problems) report(each, "type");
  if (compiled.table) checker.analyse_table(*compiled.table);
  return checker.take();
}

}  // namespace tongban::dmn
