#include "engine/words.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace tongban::engine {
namespace {

bool is_cjk(char32_t c) {
  return (c >= 0x3400 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x323af) ||
         c == 0x3007 || (c >= 0x3040 && c <= 0x30ff) || (c >= 0xac00 && c <= 0xd7a3);
}

char32_t fold(char32_t c) {
  if (c >= 0xff01 && c <= 0xff5e) c -= 0xfee0;  // full-width ASCII
  if (c >= U'A' && c <= U'Z') c += U'a' - U'A';
  if ((c >= 0xc0 && c <= 0xde && c != 0xd7)) c += 0x20;
  return c;
}

bool is_word(char32_t c) {
  return (c >= U'0' && c <= U'9') || (c >= U'a' && c <= U'z') || (c >= 0xdf && c <= 0x24f && c != 0xf7);
}

// A pair of CJK characters, or one alone (second: 0), as a number that sorts like its UTF-8 text.
uint64_t pair_key(char32_t first, char32_t second) { return uint64_t{first} << 32 | second; }

struct Found {
  std::vector<std::string> words;  // Latin letters and digits
  std::vector<uint64_t> pairs;
};

// OPTIMIZATION: pairs stay numbers until they are distinct and in order; this runs for every case that is filed.
Found find_words(std::string_view text) {
  Found found;
  std::vector<char32_t> points = to_code_points(text);
  for (char32_t& point : points) point = fold(point);
  found.pairs.reserve(points.size());
  size_t i = 0;
  while (i < points.size() && found.words.size() + found.pairs.size() < 4 * kMaxSearchWords) {
    const char32_t c = points[i];
    if (is_cjk(c)) {
      size_t end = i;
      while (end < points.size() && is_cjk(points[end])) ++end;
      for (size_t k = i; k + 1 < end; ++k) found.pairs.push_back(pair_key(points[k], points[k + 1]));
      if (end == i + 1) found.pairs.push_back(pair_key(points[i], 0));
      i = end;
    } else if (is_word(c)) {
      std::string word;
      while (i < points.size() && is_word(points[i])) append_utf8(word, points[i++]);
      if (word.size() <= 64) found.words.push_back(std::move(word));
    } else {
      ++i;
    }
  }
  const auto make_distinct = [](auto& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
  };
  make_distinct(found.words);
  make_distinct(found.pairs);
  // Every letter and digit sorts before every CJK character: the words come first.
  if (found.words.size() > kMaxSearchWords) found.words.resize(kMaxSearchWords);
  if (found.words.size() + found.pairs.size() > kMaxSearchWords)
    found.pairs.resize(kMaxSearchWords - found.words.size());
  return found;
}

void append_pair(std::string& text, uint64_t key) {
  append_utf8(text, static_cast<char32_t>(key >> 32));
  if (const auto second = static_cast<char32_t>(key & 0xffffffff); second != 0) append_utf8(text, second);
}

}  // namespace

std::vector<std::string> search_words(std::string_view text) {
  Found found = find_words(text);
  for (const uint64_t pair : found.pairs) append_pair(found.words.emplace_back(), pair);
  return std::move(found.words);
}

std::string search_words_text(std::string_view text) {
  const Found found = find_words(text);
  std::string words;
  words.reserve(found.pairs.size() * 7 + 8 * found.words.size());
  for (const std::string& word : found.words) (words += word) += ' ';
  for (const uint64_t pair : found.pairs) {
    append_pair(words, pair);
    words += ' ';
  }
  if (!words.empty()) words.pop_back();
  return words;
}

}  // namespace tongban::engine
