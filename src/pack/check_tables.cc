// What the analysis of decision tables finds, said at the line of its row.
#include "dmn/analysis.h"
#include "pack/check_parts.h"

namespace tongban::pack {

void check_tables(const Pack& pack, std::vector<Fault>& faults) {
  for (const auto& decision : pack.decisions) {
    const dmn::CompiledTable* compiled = nullptr;
    bool used = false;
    for (const auto& type : pack.cases) {
      for (const auto* action : all_acts(type)) {
        used = used || contains(action->decide, decision.id);
        const auto found = action->decisions.find(decision.id);
        if (!compiled && found != action->decisions.end()) compiled = &found->second;
      }
    }
    const std::string what = "table " + decision.id;
    if (!used) add_fault(faults, decision.source, "unused", what + ": no action decides by it.");
    if (!compiled) continue;
    const auto analysis = dmn::analyse(*compiled);
    const auto line_of = [&](int row) -> Source {
      const auto index = static_cast<size_t>(row - 1);
      return {decision.source.file,
              index < decision.table.rules.size() ? decision.table.rules[index].line : decision.source.line};
    };
    for (const auto& gap : analysis.gaps) {
      add_fault(faults, decision.source, "table-gap", what + ": no row answers " + gap.example.to_text() + ".");
    }
    for (const auto& overlap : analysis.overlaps) {
      add_fault(faults, line_of(overlap.row_b), "table-overlap",
                what + ": rows " + std::to_string(overlap.row_a) + " and " + std::to_string(overlap.row_b) +
                    " both answer " + overlap.example.to_text() + ".");
    }
    const auto input_title = [&](int column) {
      const auto& inputs = decision.table.inputs;
      const auto index = static_cast<size_t>(column - 1);
      return index < inputs.size() ? inputs[index].expression : std::to_string(column);
    };
    for (const auto& cell : analysis.not_allowed) {
      add_fault(faults, line_of(cell.row), "table-value",
                what + ": row " + std::to_string(cell.row) + ", column " + std::to_string(cell.column) + ": `" +
                    cell.value.to_plain_text() + "` is a value that `" + input_title(cell.column) + "` never has.");
    }
    for (const int column : analysis.unused_inputs) {
      add_fault(faults, decision.source, "table-input-unused",
                what + ": no row asks for `" + input_title(column) + "`. Take the column out.");
    }
    for (const int row : analysis.never_match) {
      add_fault(faults, line_of(row), "table-row-dead", what + ": row " + std::to_string(row) + " never answers.");
    }
  }
}

}  // namespace tongban::pack
