// The compiled form of a table, private to dmn: evaluation and analysis read it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dmn/bitmap_index.h"
#include "dmn/table.h"

namespace tongban::dmn {

struct CompiledRow {
  std::vector<std::optional<feel::Expression>> tests;    // empty: any
  std::vector<std::optional<feel::Expression>> outputs;  // always present in a table without problems
};

struct CompiledTable::Parts {
  Table table;
  std::vector<std::optional<feel::Expression>> inputs;  // likewise
  std::vector<feel::Type> input_types;                  // with the allowed values
  std::vector<CompiledRow> rows;
  std::vector<std::optional<feel::Expression>> defaults;
  std::vector<std::optional<feel::Expression>> input_allowed;  // not strict: tests that an input has to pass
  bool strict = true;                                          // TableOptions
  bool has_default = false;
  feel::Type type;
  std::vector<std::string> reads;
  // Of a large table: which rows are worth testing. Null: all.
  std::shared_ptr<const BitmapIndex> index;
};

}  // namespace tongban::dmn
