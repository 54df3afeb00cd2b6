// Workbooks (.xlsx, ISO/IEC 29500) as grids of cells, private to dmn: no table is known here. Text in, data out.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tongban::dmn {

inline constexpr int kMaxSheets = 500;
inline constexpr int kMaxSheetRows = 1'048'576;
inline constexpr int kMaxSheetColumns = 16'384;

// What a cell looks like; the looks are fixed (see workbook_write.cc).
enum class CellStyle : uint8_t { plain, title, policy, input, output, remark, clause, small, number, rule, heading };

struct SheetCell {
  enum class Kind : uint8_t { text, number, boolean, date, formula, error };
  std::string text;  // of a number its decimal digits, of a date 2021-02-05, of a boolean true or false
  Kind kind = Kind::text;
  CellStyle style = CellStyle::plain;  // only for writing
};

struct Sheet {
  struct Area {
    int first_row = 1, first_column = 1, last_row = 1, last_column = 1;
  };
  std::string name;
  std::map<std::pair<int, int>, SheetCell> cells;  // by row and column, from 1; without empty texts when read
  std::vector<Area> merged;
  // For writing:
  std::vector<int> widths;  // of columns, in characters
  int frozen_rows = 0, frozen_columns = 0;

  const SheetCell* cell(int row, int column) const;
  std::string text(int row, int column) const;  // "" where nothing stands
};

// "B7"
std::string cell_name(int row, int column);

// Every visible or hidden sheet with cells, in the order of the workbook.
Result<std::vector<Sheet>> read_sheets(std::string_view bytes);
// The same sheets give the same bytes.
Result<std::string> write_sheets(const std::vector<Sheet>& sheets);

}  // namespace tongban::dmn
