// The check of a model or of a table by itself: form, names, types and allowed values, gaps, overlaps, rows that never
// match, inputs that nobody reads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dmn/model.h"

namespace tongban::dmn {

struct Finding {
  std::string file;
  Position at;
  std::string code;   // form, expression, type, gap, overlap, never_matches, unused, not_decided
  std::string table;  // name of the table, "" when it is about no table
  std::string message;
  // not_decided is no fault: it says what the check could not see.
  bool is_fault() const { return code != "not_decided"; }
};

// `models`: the first is checked, the others may be imported by it.
std::vector<Finding> check_model(std::vector<Definitions> models);
// A Markdown file. What its cells read is taken as given, with the types the head declares.
std::vector<Finding> check_table(std::string_view file, std::string_view name, std::string_view text);

}  // namespace tongban::dmn
