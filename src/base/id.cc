#include "base/id.h"

#include <mutex>

#include "base/check.h"
#include "base/crypto.h"

namespace tongban {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

// RFC 9562 §5.7 with method 1 of §6.2: twelve bits after the version count up within one millisecond.
Id make_id(Instant now) {
  static std::mutex mutex;
  static int64_t last_ms = -1;
  static uint32_t counter = 0;
  Id id;
  fill_random(id.bytes.data(), id.bytes.size());
  int64_t ms;
  uint32_t count;
  {
    const std::lock_guard lock(mutex);
    if (now.ms > last_ms) {
      last_ms = now.ms;
      counter = id.bytes[7] & 0x3f;  // start low, so that many fit
    } else if (++counter > 0xfff) {
      ++last_ms;
      counter = 0;
    }
    ms = last_ms;
    count = counter;
  }
  for (int i = 0; i < 6; ++i) id.bytes[i] = static_cast<uint8_t>(ms >> (40 - 8 * i));
  id.bytes[6] = static_cast<uint8_t>(0x70 | (count >> 8));
  id.bytes[7] = static_cast<uint8_t>(count);
  id.bytes[8] = static_cast<uint8_t>(0x80 | (id.bytes[8] & 0x3f));
  return id;
}

std::string to_text(const Id& id) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kHex[id.bytes[i] >> 4];
    text += kHex[id.bytes[i] & 15];
  }
  return text;
}

std::optional<Id> parse_id(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Id id;
  size_t at = 0;
  for (size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      if (text[at++] != '-') return std::nullopt;
    }
    const int high = hex_value(text[at]), low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[i] = static_cast<uint8_t>(high * 16 + low);
    at += 2;
  }
  return id;
}

Id id_from_bytes(std::string_view sixteen_bytes) {
  CHECK(sixteen_bytes.size() == 16);
  Id id;
  __builtin_memcpy(id.bytes.data(), sixteen_bytes.data(), 16);
  return id;
}

}  // namespace tongban
