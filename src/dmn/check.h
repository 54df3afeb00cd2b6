// The check of a model or of a table by itself: form, names, types and allowed values, gaps, overlaps, rows that never
// match, inputs that nobody reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dmn/model.h"
#include "feel/feel.h"

namespace tongban::dmn {

struct Finding {
  std::string file;
  Position at;
  std::string code;   // form, expression, type, gap, overlap, never_matches, not_allowed, unused, not_decided
  std::string table;  // name of the table, "" when it is about no table
  std::string message;
  std::string cell;  // of a workbook: 时限!B7; then `at` says nothing
  // not_decided is no fault: it says what the check could not see.
  bool is_fault() const { return code != "not_decided"; }
};

// What the host adds for every expression, as in Engine::Options.
using HostFunctions = std::vector<feel::Function>;

// `models`: the first is checked, the others may be imported by it.
std::vector<Finding> check_model(std::vector<Definitions> models, HostFunctions functions = {});
// A Markdown file. What its cells read is taken as given, with the types the head declares.
std::vector<Finding> check_table(std::string_view file, std::string_view name, std::string_view text,
                                 const HostFunctions& functions = {});
// A workbook, in the same way; each table by itself.
std::vector<Finding> check_workbook(std::string_view file, std::string_view name, std::string_view bytes,
                                    const HostFunctions& functions = {});

}  // namespace tongban::dmn
