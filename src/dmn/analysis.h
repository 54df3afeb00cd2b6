// Gaps and overlaps of a decision table, following its hit policy. Exact over numbers, dates, times, strings, booleans
// and ranges: the inputs are cut into classes on which every cell is constant, and regions that no row covers (or two
// rows cover) are found without listing the product. An effort bound keeps it quick; beyond it, and where a cell is no
// plain test, the answer is an honest `not_decided`.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dmn/table.h"

namespace tongban::dmn {

struct Example {
  // Input expression → FEEL literal, in column order; an input that does not matter is left out.
  std::vector<std::pair<std::string, feel::Value>> inputs;
  std::string to_text() const;  // kind = "other", amount = 5
};

struct Gap {
  Example example;
};

struct Overlap {
  int row_a = 0, row_b = 0;  // 1…, a < b
  Example example;
  // unique: always a fault. any: only when the outputs differ. first, collect, rule order: not reported.
};

// A cell names a value that the input may not have.
struct NotAllowed {
  int row = 0, column = 0;  // 1…
  feel::Value value;
};

struct Analysis {
  std::vector<Gap> gaps;                 // at most max_reports, each from another region
  std::vector<Overlap> overlaps;         // at most max_reports, one for each pair of rows
  std::vector<int> never_match;          // rows that no input satisfies, or (first) that earlier rows always win over
  std::vector<NotAllowed> not_allowed;   // types and allowed strings are checked by dmn::compile already
  std::vector<int> unused_inputs;        // columns (1…) that no row asks for
  std::vector<std::string> not_decided;  // sentences: which row or column is beyond the check, or the bound was reached
};

struct AnalysisOptions {
  uint64_t max_effort = 2'000'000;  // boxes looked at
  size_t max_reports = 20;
};

// A table with a default on every output has no gaps; collect and the order policies may leave gaps (not reported). An
// absent (null) input is never a gap: that is another question (Decision::Status::at_least). It counts for
// `never_match`, where a last row of
// `-` catches it, and for two rows that name null. Where two inputs read the same variable, a combination may be
// impossible: what is found goes to `not_decided` with its example.
Analysis analyse(const CompiledTable& table, const AnalysisOptions& options = {});

}  // namespace tongban::dmn
