// Decision tables as Markdown pipe tables with a short head (docs/formats/table.md). Pure: text in, data out; says what
// is wrong with the file's form, with line numbers. What is wrong inside the cells is found by dmn::compile.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dmn/table.h"

namespace tongban::dmn {

struct ParsedTable {
  Table table;                         // as far as it could be read
  std::vector<TableProblem> problems;  // all of them; when empty the table may be compiled
};

// `name` becomes Table::name (the file name without .table.md).
ParsedTable parse_table_markdown(std::string_view name, std::string_view text);

// Writes the same format; reading it back gives an equal table (lines aside).
std::string to_markdown(const Table& table);

}  // namespace tongban::dmn
