// Rows for a spreadsheet: UTF-8 with its mark, lines ended by CR LF, each cell quoted where it must be. A cell that a
// spreadsheet would run as a formula gets an apostrophe in front. Private to http/api.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tongban::http {

inline constexpr std::string_view kCsvMark = "\xef\xbb\xbf";
void add_csv_row(std::string& out, const std::vector<std::string>& cells);

}  // namespace tongban::http
