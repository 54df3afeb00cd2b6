// What a command of the program sees of the world: where it prints, whether a person watches, and the folder in which
// it was started. A command that a running server carries out for a command line gets the command line's shell, not the
// server's. Also the exit codes.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "base/result.h"

namespace tongban::app {

// What the program's end means to scripts (docs/operations.md).
enum Exit : int {
  kOk = 0,
  kFoundFaults = 1,   // the check ran and found something
  kWrongUsage = 2,    // the words of the command line, or a setting
  kEnvironment = 3,   // folder, port, permission, space
  kDamaged = 4,       // stored data do not match their hashes
  kRefused = 5,       // a rule says no
  kRowsRejected = 6,  // done, but some rows were not taken
};

using Words = std::vector<std::string>;

struct Shell {
  std::ostream& out;
  std::ostream& err;
  bool terminal = false;  // err is a terminal: progress may be drawn
  std::string directory;  // relative paths start here
  // Whoever asked has gone, or the server that carries it out ends: long commands stop at their next safe point.
  std::function<bool()> is_ended = {};
  std::string path(const std::string& given) const {
    return given.empty() || given.front() == '/' ? given : directory + "/" + given;
  }
};

// Prints the sentence on err and returns the exit code that fits its kind.
inline int exit_code(const Error& error) {
  switch (error.trouble) {
    case Trouble::invalid_input:
      return kWrongUsage;
    case Trouble::corrupt:
      return kDamaged;
    case Trouble::not_found:
      return kEnvironment;
    default:
      return kEnvironment;
  }
}
inline int complain(const Shell& shell, const Error& error) {
  shell.err << "tongban: " << error.message << "\n";
  return exit_code(error);
}

}  // namespace tongban::app
