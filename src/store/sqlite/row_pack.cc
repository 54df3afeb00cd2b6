#include "store/sqlite/row_pack.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace tongban::store {
namespace {

constexpr size_t kShortestRun = 8;
constexpr size_t kSmallestRow = 256;  // below it little is spared
constexpr int kHashBits = 12;
constexpr size_t kLargestRow = 1'000'000'000;  // what SQLite takes as one value

uint64_t word_at(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

void put_unsigned(std::string& to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) to += static_cast<char>(value | 0x80);
  to += static_cast<char>(value);
}

}  // namespace

// OPTIMIZATION: greedy, one candidate per hash; the longer nothing is found, the larger the steps.
std::string_view pack_row(std::string_view bytes, std::string& scratch) {
  if (bytes.size() < kSmallestRow || bytes.size() > UINT32_MAX) return bytes;
  scratch.clear();
  scratch += '\0';
  put_unsigned(scratch, bytes.size());
  std::array<uint32_t, size_t{1} << kHashBits> last{};  // where a word with this hash stood
  const char* const data = bytes.data();
  size_t plain = 0, at = 1;
  while (at + kShortestRun <= bytes.size()) {
    const uint64_t word = word_at(data + at);
    uint32_t& slot = last[word * 0x9e3779b97f4a7c15 >> (64 - kHashBits)];
    const size_t before = slot;
    slot = static_cast<uint32_t>(at);
    if (word_at(data + before) != word) {
      at += 1 + (at - plain) / 64;
      continue;
    }
    size_t length = kShortestRun;
    while (at + length + kShortestRun <= bytes.size() && word_at(data + before + length) == word_at(data + at + length))
      length += kShortestRun;
    while (at + length < bytes.size() && data[before + length] == data[at + length]) ++length;
    put_unsigned(scratch, at - plain);
    scratch.append(data + plain, at - plain);
    put_unsigned(scratch, length - kShortestRun);
    put_unsigned(scratch, at - before);
    at += length;
    plain = at;
  }
  if (plain < bytes.size()) {
    put_unsigned(scratch, bytes.size() - plain);
    scratch.append(data + plain, bytes.size() - plain);
  }
  return scratch.size() + scratch.size() / 8 < bytes.size() ? std::string_view(scratch) : bytes;
}

bool unpack_row(std::string_view stored, std::string& scratch, std::string_view& bytes) {
  if (stored.empty() || stored.front() != '\0') {
    bytes = stored;
    return true;
  }
  ByteReader reader(stored.substr(1));
  const uint64_t size = reader.get_unsigned();
  if (!reader.ok() || size > kLargestRow) return false;
  scratch.clear();
  while (scratch.size() < size) {
    const std::string_view plain = reader.get_text_view();
    if (!reader.ok() || plain.size() > size - scratch.size()) return false;
    scratch += plain;
    if (scratch.size() == size) break;
    const uint64_t length = reader.get_unsigned();
    const uint64_t back = reader.get_unsigned();
    if (!reader.ok() || back == 0 || back > scratch.size() || size - scratch.size() < kShortestRun ||
        length > size - scratch.size() - kShortestRun) {
      return false;
    }
    const size_t from = scratch.size() - back, count = length + kShortestRun;
    if (back >= count) {
      scratch.append(scratch, from, count);
    } else {
      for (size_t i = 0; i < count; ++i) scratch += scratch[from + i];
    }
  }
  bytes = scratch;
  return reader.at_end();
}

}  // namespace tongban::store
