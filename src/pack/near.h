// What a fault says about a misspelt name. Private to pack.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"

namespace tongban::pack {

template <class T>
std::vector<std::string> ids_of(const std::vector<T>& list) {
  std::vector<std::string> ids;
  for (const auto& item : list) ids.push_back(item.id);
  return ids;
}

// " Did you mean `x`?", or nothing where no candidate is near.
inline std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string near = nearest_word(word, candidates);
  return near.empty() ? "" : " Did you mean `" + near + "`?";
}

}  // namespace tongban::pack
