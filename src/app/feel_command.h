// `tongban feel`: one FEEL expression evaluated, or the table of all functions. Reads nothing but its words; needs no
// data folder and no server.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "base/date.h"

namespace tongban::app {

// `args` are the words after "feel". The expression follows the standard (CompileOptions::strict off) unless --strict
// is given. `now` is what now() and today() give. Returns the exit code: 0 evaluated (null too), 1 the expression has
// faults, or its evaluation passed a bound, 2 the words after "feel" are wrong.
int run_feel(const std::vector<std::string>& args, Instant now, std::ostream& out, std::ostream& err);

}  // namespace tongban::app
