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

// Pieces of the format that sheets (sheet.h) share.
// The type with its allowed values as the head declares it: `string, one of "a" 甲`; "" when nothing is declared.
std::string type_text(const Input& input);
std::string type_text(const Output& output);
// The head of a column: its name for people and its expression or identifier.
std::string column_head(const std::string& label, const std::string& text);
// A text as it stands in a cell: bars escaped, new lines as <br>.
std::string cell_text(std::string_view text);
// Does the table need `origin: dmn`: a row without a clause, an output without an identifier?
bool is_foreign(const Table& table);
inline constexpr std::string_view kNoClause = "—";  // in such a table: the row has none
inline constexpr std::string_view kOutputMark = "→", kRemark = "〔", kRemarkEnd = "〕", kClauseHead = "依据";

}  // namespace tongban::dmn
