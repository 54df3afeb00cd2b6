// `tongban dmn …`: decision models and tables: the conformance kit, evaluation, checks, conversion. Needs no data
// folder and no server.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "base/date.h"

namespace tongban::app {

// `args` are the words after "dmn"; `now` is what now() and today() give.
//   test DIR… [--json] [--all] [--failures] [--require PERCENT]     the conformance kit
//   eval FILE --input JSON [--decision NAME] [--trace|--explain]    FILE is a .dmn, .table.md or .xlsx
//   check FILE… [--json]                                            faults as file:line:column: sentence
//   convert FILE TARGET | FILE --to table.md|xlsx|dmn               without a target: printed
// Faults of a workbook carry the sheet and the cell.
// JSON is an object, or @PATH of a file with one. Models that FILE imports are looked for in its folder.
// Exit codes: 0 done, 1 faults, or a score below --require, or a decision without result, 2 wrong words, 3 a file
// cannot be read or written.
int run_dmn(const std::vector<std::string>& args, Instant now, std::ostream& out, std::ostream& err);

}  // namespace tongban::app
