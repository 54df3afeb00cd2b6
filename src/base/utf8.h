// Reading UTF-8 one code point after the other, inline: for what runs over every text that is filed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tongban {

// Length and value of the code point at the front; length 0 and U+FFFD when the bytes are not valid UTF-8 (RFC 3629
// §4).
struct Utf8Front {
  size_t length;
  char32_t value;
};
Utf8Front decode_utf8_front(std::string_view not_empty);

// The same. OPTIMIZATION: ASCII and most Chinese characters, without the questions that only broken text answers
// differently.
inline Utf8Front next_utf8(std::string_view not_empty) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(not_empty[i]); };
  if (at(0) < 0x80) return {1, at(0)};
  if (not_empty.size() >= 3 && at(0) >= 0xe1 && at(0) <= 0xec && (at(1) & 0xc0) == 0x80 && (at(2) & 0xc0) == 0x80)
    return {3, static_cast<char32_t>((at(0) & 0x0f) << 12 | (at(1) & 0x3f) << 6 | (at(2) & 0x3f))};
  return decode_utf8_front(not_empty);
}

// Calls `visit(code point)` for each; each invalid byte is U+FFFD.
template <class Visit>
void for_each_code_point(std::string_view utf8, Visit visit) {
  while (!utf8.empty()) {
    const Utf8Front front = next_utf8(utf8);
    visit(front.value);
    utf8.remove_prefix(std::max<size_t>(1, front.length));
  }
}

}  // namespace tongban
