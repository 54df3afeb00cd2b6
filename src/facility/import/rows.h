// The rows of a file as JSON objects, one after the other: .jsonl, .jsonl.gz, .csv, .csv.gz (RFC 4180, first line the
// names). Memory holds one row; a row beyond 4 MiB ends the reading with a failure.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace tongban::facility {

struct SourceRow {
  uint64_t number = 0;                     // from 1
  Result<json::object> row;                // a line that is no JSON object: the failure
  uint64_t bytes_read = 0, bytes_all = 0;  // of the file as stored, for progress
};
// Calls `visit` with each row until it returns false.
Result<void> read_rows(const std::string& path, const std::function<bool(SourceRow&&)>& visit);

}  // namespace tongban::facility
