// Where the program finds what is installed beside it. Reads the file system; for src/app only.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace tongban::app {

// The folder of the running program, without symbolic links; "" when the system does not tell.
std::string program_directory();

// The folder with the packs: `option` (the value of --packs, empty when not given), else the environment variable
// TONGBAN_PACKS, else beside the program: ../../packs of a build folder, ../share/tongban/packs of an installation.
// Fails with not_found and a sentence that names every place looked at. A given place that is no folder is a failure,
// never a reason to look elsewhere.
Result<std::string> find_packs_directory(const std::string& option);

}  // namespace tongban::app
