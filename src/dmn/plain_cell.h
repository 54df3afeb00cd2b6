// Cells as sets, for indexes: a cell of a decision table that is a list of literals, ranges and comparisons, read
// without building an expression. 100,000 rows load in a fraction of the time and memory that compiled cells would
// need.
//
// Promise: what `parse_plain_cell` accepts means exactly what feel::compile_unary_tests and feel::shape_of say about
// the same text (bitmap_index_test compares the two). What it does not accept (escapes, functions, names, `?`) goes
// there.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "feel/feel.h"

namespace tongban::dmn {

// coefficient × 10^-scale; at most 18 digits. More than that is not plain.
struct Decimal {
  int64_t coefficient = 0;
  int scale = 0;
  // The coefficient at a larger or equal scale; empty beyond ±2^61.
  std::optional<int64_t> at_scale(int wanted) const;
};
// "12", "-0.5", ".5": the whole text. Empty for anything else.
std::optional<Decimal> parse_decimal(std::string_view text);

struct PlainItem {
  enum class Kind : uint8_t { number, date, text, boolean, present };  // present: != null
  Kind kind = Kind::number;
  bool has_low = false, has_high = false, low_open = false, high_open = false;
  // A number's bounds; a date's days since 1970; a boolean's 0 or 1 in `low`. A point has both, equal and closed.
  Decimal low, high;
  std::string_view text;  // of the cell's text, or of the value it was made from
};

struct PlainCell {
  bool any = false;         // `-`
  bool negated = false;     // not(…)
  bool names_null = false;  // null stands in the list
  std::vector<PlainItem> items;
};

// False: the text is not plain, and `cell` holds nothing of use. `cell` is taken to keep its memory between calls.
bool parse_plain_cell(std::string_view text, PlainCell& cell);

// The same from a compiled cell. Texts point into `shape`. False: a value is beyond numbers of 18 digits, dates,
// strings and booleans.
bool to_plain_cell(const feel::TestShape& shape, PlainCell& cell);

}  // namespace tongban::dmn
