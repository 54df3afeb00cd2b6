// ZIP archives in memory, private to dmn: what a workbook is packed in. Nothing is written to disk; sizes and numbers
// of parts are bounded, so that a small file cannot unpack to a flood.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tongban::dmn {

inline constexpr size_t kMaxArchiveParts = 2000;
inline constexpr size_t kMaxArchiveBytes = 128u << 20;  // of all parts together, unpacked

using ArchiveParts = std::map<std::string, std::string>;  // path in the archive → bytes

// Every part. Refuses what is no ZIP, is protected by a password, or is beyond the bounds, with a sentence.
Result<ArchiveParts> unpack(std::string_view bytes);
// The same parts give the same bytes.
Result<std::string> pack(const ArchiveParts& parts);

}  // namespace tongban::dmn
