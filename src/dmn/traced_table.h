// A table that takes its inputs as JSON and answers with the whole record as JSON: what matched, which cell stopped
// each other row, the values read, the clauses. Numbers are read exactly, digit by digit, never through binary floating
// point.
//
//   {"status":"complete","value":3,"matched":[3],"decided_by":3,"clauses":["第三条"],
//    "inputs":{"age":30,"income":"894.92","district":"南川区"},
//    "rows":[{"row":1,"input":"age","cell":"[60..80)"},{"row":2,"input":"district","cell":"\"万州区\""}]}
//
// Names and order as in Decision::to_json; `used_default`, `stopped`, `missing` and `error` stand only when there is
// something in them. `rows`: the rows that do not hold, each with the first cell that says no. Whole numbers below 2^53
// are JSON numbers, others strings of digits.
//
// Plain tables (literal cells over variables, constant outputs, no aggregator) are answered from the index without an
// expression being evaluated; all others through dmn::evaluate, with the same text as result.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dmn/bitmap_index.h"
#include "dmn/table.h"

namespace tongban::dmn {

// JSON as FEEL values, numbers exactly. A failure names the position in bytes. Depth, UTF-8 and doubles as parse_json.
Result<feel::Value> read_json_exactly(std::string_view text);

class TracedTable {
 public:
  // The scope that the table was compiled against.
  TracedTable(CompiledTable table, feel::Scope scope);

  const BitmapIndex& index() const { return *index_; }
  // Are decisions on ordinary inputs answered from the index?
  bool is_quick() const { return is_quick_; }

  // An object with a member for each variable of the scope, by name; an absent one is null. Appends to `out`. A
  // failure: no object, or a value of the wrong type.
  Result<void> decide(std::string_view json, std::string& out, const feel::EvalContext& context) const;
  // The same through dmn::evaluate, whatever the table: for tests, and where decide falls back to it.
  Result<void> decide_plainly(std::string_view json, std::string& out, const feel::EvalContext& context) const;

 private:
  struct QuickRow {
    std::string value;               // JSON
    std::string clause;              // JSON; empty when there is none
    std::vector<std::string> stops;  // by column: {"row":2,"input":"age","cell":"…"}
    std::vector<bool> asks;          // by column: the cell is not `-`
  };
  struct QuickInput {
    std::string name, key;  // key: "age": as in the record
    feel::Type::Kind type = feel::Type::Kind::any;
  };
  struct Case;
  void make_quick();
  bool read_quickly(std::string_view json, Case& of) const;
  bool decide_quickly(std::string_view json, std::string& out) const;

  CompiledTable table_;
  feel::Scope scope_;
  std::shared_ptr<const BitmapIndex> index_;
  bool is_quick_ = false;
  std::vector<QuickInput> inputs_;
  std::vector<QuickRow> rows_;
  std::string default_value_;  // JSON, empty without defaults
  std::string table_clause_;   // JSON
};

}  // namespace tongban::dmn
