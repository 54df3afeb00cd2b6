// What both key stores share: the check value of a key row, so that a flipped bit in id or key shows.
#pragma once

#include <string>

#include "base/crypto.h"
#include "base/id.h"

namespace tongban::store {

inline Hash key_check(const Id& person, const Key& key) {
  std::string bytes(person.view());
  bytes += std::string_view(reinterpret_cast<const char*>(key.data()), key.size());
  return sha256(bytes);
}

}  // namespace tongban::store
