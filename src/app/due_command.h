// `tongban due`: when a period ends, and why. Reads the calendar editions of packs/china; needs no data folder and no
// server.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace tongban::app {

// `args` are the words after "due". Answers go to `out`, sentences about what went wrong to `err`. Returns the exit
// code: 0 answered, 1 a question has no answer (with --batch: at least one line), 2 the words after "due" are wrong, 3
// the calendar or the file cannot be read.
int run_due(const std::vector<std::string>& args, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace tongban::app
