// Reads the editions of a working calendar from a folder: one YAML file per notice and fixed_holidays.yaml, as
// described in docs/formats/calendar.md. Strict: an unknown or missing key, a key written twice, a date that does not
// exist, days out of order or a year left out is a fault. Reads files; called by the shell (app, pack loading), from
// any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "calendar/calendar.h"

namespace tongban::calendar {

// `directory` is the folder with the files, e.g. packs/china/calendar. Fails with not_found when there is no such
// folder, io when a file cannot be read, and invalid_input with every fault of every file, one per line, each as
// "file:line: sentence".
Result<Editions> load_editions(const std::string& directory);

}  // namespace tongban::calendar
