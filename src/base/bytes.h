// A compact, canonical binary form: unsigned integers as LEB128 (shortest form only), signed ones zig-zagged, strings
// with their length, fixed 16-byte ids. The writer has one way to write each value and the reader accepts no other, so
// equal values have equal bytes and equal hashes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/id.h"

namespace tongban {

class ByteWriter {
 public:
  void put_byte(uint8_t value) { bytes_ += static_cast<char>(value); }
  void put_bool(bool value) { put_byte(value ? 1 : 0); }
  void put_unsigned(uint64_t value) {
    while (value >= 0x80) {
      bytes_ += static_cast<char>(value | 0x80);
      value >>= 7;
    }
    bytes_ += static_cast<char>(value);
  }
  void put_signed(int64_t value) {
    put_unsigned((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  void put_text(std::string_view text) {
    put_unsigned(text.size());
    bytes_ += text;
  }
  void put_id(const Id& id) { bytes_ += id.view(); }
  void put_raw(std::string_view raw) { bytes_ += raw; }
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// After any failed read `ok()` is false, every later read gives zero values, and nothing is read past the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  size_t left() const { return rest_.size(); }
  void fail() {
    ok_ = false;
    rest_ = {};
  }
  uint8_t get_byte() {
    if (rest_.empty()) {
      fail();
      return 0;
    }
    const auto value = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return value;
  }
  bool get_bool() {
    const uint8_t value = get_byte();
    if (value > 1) fail();
    return value == 1;
  }
  uint64_t get_unsigned() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = get_byte();
      if (!ok_) return 0;
      if (shift == 63 && byte > 1) break;
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) {
        if (byte == 0 && shift > 0) break;  // not the shortest form
        return value;
      }
    }
    fail();
    return 0;
  }
  int64_t get_signed() {
    const uint64_t value = get_unsigned();
    return static_cast<int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  std::string_view get_text_view() {
    const uint64_t size = get_unsigned();
    if (size > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }
  std::string get_text() { return std::string(get_text_view()); }
  Id get_id() {
    if (rest_.size() < 16) {
      fail();
      return {};
    }
    const Id id = id_from_bytes(rest_.substr(0, 16));
    rest_.remove_prefix(16);
    return id;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace tongban
