// The variables that the cells of a table by itself read, private to dmn: a Markdown file does not declare them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dmn/table.h"

namespace tongban::dmn {

// First names of paths, in order of reading, without doubles: `form.lead = kind` gives form, kind. Words of FEEL and
// names followed by a bracket (functions) are left out, and so is `item`.
std::vector<std::string> roots_of(std::string_view expression);
std::vector<std::string> roots_of(const Table& table);
// They as a scope, with the types that the table's head declares, and the host's functions.
feel::Scope scope_of(const Table& table, const std::vector<feel::Function>& functions = {});

}  // namespace tongban::dmn
