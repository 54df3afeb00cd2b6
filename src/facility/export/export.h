// Gives everything back: each case with its fields, acts, clocks, assignments, letters, links and documents as people
// read them, with every event as stored; and every entry of the registers. One JSON object a line, streamed, so that
// memory does not grow with the data.
//   {"kind":"head","position":…,"made_at":…,"format":1}
//   {"kind":"register","register":…,"entry":…,"revisions":[…]}
//   {"kind":"case","number":…,…,"events":[{"version":1,"name":"CaseOpened",…,"bytes":"…hex…","sha256":"…"}]}
// The bytes of documents go into a folder beside it where one is named, each under its id: as people uploaded them when
// personal values are asked for, else as they are stored (sealed), so that their hashes can be checked.
// Personal values are left out (null, with "sealed": true) unless they are asked for; then each case's reading is
// recorded before it is written.
#pragma once

#include <functional>
#include <ostream>
#include <string>

#include "base/result.h"
#include "engine/engine.h"
#include "store/attachments.h"
#include "store/store.h"

namespace tongban::facility {

struct ExportOptions {
  bool with_personal = false;
  std::string actor = "system";  // who reads, for the record
  std::string purpose = "export";
  std::function<void(uint64_t cases)> progress;
  // For the bytes of documents, all three: where they lie, the keys, and the folder to write to (made when absent).
  const store::Attachments* attachments = nullptr;
  const store::KeyStore* keys = nullptr;
  std::string documents;
};
struct ExportCounts {
  uint64_t cases = 0, events = 0, entries = 0, documents = 0;
};

// Reads while the engine works: each case as of one moment. Any thread.
Result<ExportCounts> export_all(engine::Engine& engine, const store::Store& store, std::ostream& out,
                                const ExportOptions& options);

}  // namespace tongban::facility
