// For tables of ids in which what is made together is used together: a new case, its key, and after a while the oldest
// ones. By the half of an id that grows with time they stand side by side; std::hash takes the random half.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/id.h"

namespace tongban {

struct HashByAge {
  size_t operator()(const Id& id) const noexcept {
    uint64_t word;
    __builtin_memcpy(&word, id.bytes.data(), sizeof word);
    return __builtin_bswap64(word);
  }
};

}  // namespace tongban
