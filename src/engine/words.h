// Full-text words: what is stored for a case and what is asked for, made by the same rule, so that a search finds every
// text that contains the words asked for. Runs of CJK characters become overlapping pairs (市长热线 → 市长 长热 热线; a
// run of one is itself), runs of Latin letters and digits become lower-case words. Full-width letters and digits count
// as their ASCII ones. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tongban::engine {

inline constexpr size_t kMaxSearchWords = 4000;  // of one case; the rest is not found by search

// Sorted, without doubles.
std::vector<std::string> search_words(std::string_view text);
// The same, separated by one space.
std::string search_words_text(std::string_view text);

}  // namespace tongban::engine
