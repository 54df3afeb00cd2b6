// Imports histories of another system: each row becomes a case that lives through the same commands as one that people
// type, at its own times and in their order (KERNEL §2), marked as imported. No messages and no reactions; timers fire
// up to each act's instant. The engine may be that of a running server: until the last act of a row its scheduler
// leaves the case alone, and other requests are decided between the windows. The rows are spooled to a file in the data
// folder and sorted by a small index, so memory holds 32 bytes an act and a window of rows. Each row leaves a mark
// (record kind "import") in the transaction of its act, so a second run goes on where the first stopped and does
// nothing twice.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "engine/engine.h"
#include "facility/import/mapping.h"
#include "store/store.h"

namespace tongban::facility {

struct ImportOptions {
  std::string file;
  std::string spool;                 // path of the spool file; removed at the end
  std::ostream* rejected = nullptr;  // a JSON line for each row that was not taken: row, id, reason
  std::ostream* late = nullptr;      // a line for each late case, with the explanation of its date
  std::function<void(std::string_view what, uint64_t done, uint64_t all)> progress;
  size_t window = 256;             // acts that are committed together
  std::function<bool()> is_ended;  // asked between windows: whoever asked has gone, or the server ends
};

struct ImportCell {  // of one month and class
  uint64_t within = 0, late = 0, open = 0;
};
struct ImportResult {
  uint64_t rows = 0, taken = 0, known = 0, rejected = 0, acts = 0;   // known: done by an earlier run
  std::map<std::pair<std::string, std::string>, ImportCell> report;  // (2019-04, class)
};

// One import at a time. Fails on trouble with files and store, and when it is ended; what has been taken until then
// stays and is not taken again.
Result<ImportResult> import_cases(engine::Engine& engine, const store::Store& store, const Mapping& mapping,
                                  const ImportOptions& options);

// Gives up what imports left unfinished: those cases stay as they are and live on like any other. How many they were.
Result<size_t> end_unfinished(engine::Engine& engine, const store::Store& store);

// The report as a table for people.
void print_report(const ImportResult& result, const Mapping& mapping, const pack::CaseType& type, std::ostream& out);

}  // namespace tongban::facility
