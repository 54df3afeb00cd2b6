// Decision tables as workbooks (.xlsx), for officials who work in a program for tables (docs/formats/sheet.md). One
// sheet for each table: title, a row of heads for people, a row of identifiers, a row of types, perhaps one of
// defaults, then the rules; a last sheet 说明 says what belongs to a table as a whole. Lossless: a table that went
// through a workbook is the table it was (lines and identifiers of XML aside). Pure: bytes in, data out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dmn/table.h"

namespace tongban::dmn {

struct SheetProblem {
  std::string cell;  // "时限!B7"; the sheet alone where no cell is meant
  std::string message;
};

struct SheetTable {
  Table table;  // Rule::line and the like are rows of the sheet
  std::string sheet;
  int head_row = 0;
  std::vector<int> rows;  // of the rules
  // The cell of a problem that compile() found: rule and column as in TableProblem, 0: the head.
  std::string cell(int rule, int column) const;
};

struct ReadWorkbook {
  std::vector<SheetTable> tables;
  std::vector<SheetProblem> problems;  // all of them; when empty the tables may be compiled
};

// `name` becomes Table::name where the workbook does not say it: the first sheet's; of others the sheet's own name.
ReadWorkbook read_workbook(std::string_view name, std::string_view bytes);
Result<std::string> write_workbook(const std::vector<Table>& tables);

}  // namespace tongban::dmn
