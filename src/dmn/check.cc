#include "dmn/check.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "dmn/analysis.h"
#include "dmn/engine.h"
#include "dmn/markdown.h"
#include "dmn/roots.h"
#include "dmn/sheet.h"

namespace tongban::dmn {
namespace {

class Checker {
 public:
  explicit Checker(std::string file) : file_(std::move(file)) {}

  void add(Position at, std::string code, std::string table, std::string message) {
    // One cell, one fault: a value that is not allowed is one of its type too.
    const auto is_told = [&](const Finding& each) {
      return each.code == "type" && each.at.line == at.line && each.at.column == at.column;
    };
    if (code == "not_allowed" && std::any_of(out_.begin(), out_.end(), is_told)) return;
    out_.push_back({file_, at, std::move(code), std::move(table), std::move(message), ""});
  }

  void analyse_table(const CompiledTable& compiled, const TablePlaces& places = {}) {
    const Table& table = compiled.table();
    const Analysis analysis = analyse(compiled);
    const auto row_at = [&](const Table& of, int row, int column = 0) {
      const Position known = places.at(row, column);
      if (known.line > 0) return known;
      const auto index = static_cast<size_t>(row) - 1;
      return row == 0 ? Position{of.inputs.empty() ? 0 : of.inputs[0].line, 0}
                      : Position{index < of.rules.size() ? of.rules[index].line : 0, 0};
    };
    const Position head = row_at(table, 0, 1);
    for (const Gap& gap : analysis.gaps) add(head, "gap", table.name, "no row covers " + gap.example.to_text());
    for (const Overlap& overlap : analysis.overlaps) {
      add(row_at(table, overlap.row_b), "overlap", table.name,
          "rows " + std::to_string(overlap.row_a) + " and " + std::to_string(overlap.row_b) + " both match " +
              overlap.example.to_text());
    }
    for (const int row : analysis.never_match)
      add(row_at(table, row), "never_matches", table.name, "row " + std::to_string(row) + " can never decide");
    for (const NotAllowed& each : analysis.not_allowed) {
      const Input& input = table.inputs[static_cast<size_t>(each.column) - 1];
      add(row_at(table, each.row, each.column), "not_allowed", table.name,
          "row " + std::to_string(each.row) + " names " + each.value.to_text() + ", which is no allowed value of \"" +
              input.expression + "\"" + (input.allowed_text.empty() ? "" : " (" + input.allowed_text + ")"));
    }
    for (const std::string& sentence : analysis.not_decided) add(head, "not_decided", table.name, sentence);
    find_unused(table, places);
  }

  void find_unused(const Table& table, const TablePlaces& places) {
    for (size_t i = 0; i < table.inputs.size(); ++i) {
      const bool is_used =
          table.rules.empty() || std::any_of(table.rules.begin(), table.rules.end(), [&](const Rule& rule) {
            return i < rule.cells.size() && trim(rule.cells[i]) != "-";
          });
      if (is_used) continue;
      const Position known = places.at(0, static_cast<int>(i) + 1);
      add(known.line > 0 ? known : Position{table.inputs[i].line, 0}, "unused", table.name,
          "no row asks about \"" + table.inputs[i].expression + "\": every cell is -");
    }
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

Position TablePlaces::at(int row, int column) const {
  const auto pick = [](const std::vector<Position>& list, int place) {
    return place > 0 && static_cast<size_t>(place) <= list.size() ? list[static_cast<size_t>(place) - 1] : Position();
  };
  if (row <= 0) return pick(heads, std::max(column, 1));
  if (static_cast<size_t>(row) > rows.size()) return {};
  const Row& found = rows[static_cast<size_t>(row) - 1];
  const Position cell = pick(found.cells, column);
  return cell.line > 0 ? cell : found.at;
}

std::vector<Finding> check_model(std::vector<Definitions> models, HostFunctions functions) {
  const std::string file = models.empty() ? "" : models[0].file;
  Checker checker(file);
  Engine::Options options;
  options.functions = std::move(functions);
  options.check = true;
  const Engine::Loaded loaded = Engine::load(std::move(models), options);
  for (const ModelProblem& each : loaded.problems) {
    if (each.file == file) checker.add(each.at, each.is_type ? "type" : "expression", "", each.message);
  }
  if (!loaded.engine) return checker.take();
  loaded.engine->each_table([&](const std::string&, const CompiledTable& table, const TablePlaces& places) {
    checker.analyse_table(table, places);
  });
  for (const auto& [at, message] : loaded.engine->unused()) checker.add(at, "unused", "", message);
  return checker.take();
}

std::vector<Finding> check_table(std::string_view file, std::string_view name, std::string_view text,
                                 const HostFunctions& functions) {
  Checker checker{std::string(file)};
  const ParsedTable parsed = parse_table_markdown(name, text);
  const auto report = [&](const TableProblem& each, const char* code) {
    checker.add({each.line, each.row > 0 || each.column > 0 ? cell_column(text, each.line, each.column) : 1}, code,
                parsed.table.name, each.message);
  };
  for (const TableProblem& each : parsed.problems) report(each, "form");
  if (!parsed.problems.empty()) return checker.take();
  const TableCompiled compiled = compile(parsed.table, scope_of(parsed.table, functions));
  for (const TableProblem& each : compiled.problems) report(each, "type");
  if (compiled.table) checker.analyse_table(*compiled.table);
  return checker.take();
}

std::vector<Finding> check_workbook(std::string_view file, std::string_view name, std::string_view bytes,
                                    const HostFunctions& functions) {
  const ReadWorkbook book = read_workbook(name, bytes);
  std::vector<Finding> out;
  for (const SheetProblem& each : book.problems)
    out.push_back({std::string(file), {}, "form", "", each.message, each.cell});
  if (!out.empty()) return out;
  for (const SheetTable& each : book.tables) {
    const TableCompiled compiled = compile(each.table, scope_of(each.table, functions));
    for (const TableProblem& problem : compiled.problems) {
      out.push_back(
          {std::string(file), {}, "type", each.table.name, problem.message, each.cell(problem.row, problem.column)});
    }
    if (!compiled.table) continue;
    Checker checker{std::string(file)};
    checker.analyse_table(*compiled.table);
    for (Finding& finding : checker.take()) {
      finding.cell = each.sheet + "!" + "A" + std::to_string(finding.at.line);
      out.push_back(std::move(finding));
    }
  }
  return out;
}

}  // namespace tongban::dmn
