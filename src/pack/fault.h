// A fault of a pack, for its author. Checkers collect all of them; nothing stops at the first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pack/model.h"

namespace tongban::pack {

struct Fault {
  Source source;
  std::string sentence;  // what is wrong and what to do; developer-facing English with the pack's own words in it
  std::string code;      // short and stable: "unknown-name", "table-gap"… (docs/formats/faults.md)
  bool operator==(const Fault& other) const {
    return source.file == other.source.file && source.line == other.source.line && sentence == other.sentence &&
           code == other.code;
  }
};

inline void add_fault(std::vector<Fault>& faults, Source source, std::string_view code, std::string sentence) {
  faults.push_back({std::move(source), std::move(sentence), std::string(code)});
}
// "file:line: sentence".
std::string to_text(const Fault& fault);
// By file, line, sentence; doubles removed.
void sort_faults(std::vector<Fault>& faults);

}  // namespace tongban::pack
