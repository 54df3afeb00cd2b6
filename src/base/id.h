// 128-bit ids, UUID version 7 (RFC 9562): ordered by time of making, so that they are good keys. Made only by the shell
// (engine, http, app) and handed to decide as data; the kernel never makes one by chance.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/date.h"

namespace tongban {

struct Id {
  std::array<uint8_t, 16> bytes{};
  auto operator<=>(const Id&) const = default;
  bool is_nil() const { return *this == Id{}; }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

Id make_id(Instant now);            // random part from the system; ordered within one millisecond, any thread
std::string to_text(const Id& id);  // 0190a6e4-…, lower case
std::optional<Id> parse_id(std::string_view text);  // only that form
Id id_from_bytes(std::string_view sixteen_bytes);   // needs 16 bytes

}  // namespace tongban

template <>
struct std::hash<tongban::Id> {
  size_t operator()(const tongban::Id& id) const noexcept {
    uint64_t word;
    static_assert(sizeof word == 8);
    __builtin_memcpy(&word, id.bytes.data() + 8, 8);  // the random half
    return word;
  }
};
