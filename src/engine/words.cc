#include "engine/words.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::engine {
namespace {

bool is_cjk(char32_t c) {
  return (c >= 0x3400 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0x20000 && c <= 0x323af) || c == 0x3007 ||
         (c >= 0x3040 && c <= 0x30ff) || (c >= 0xac00 && c <= 0xd7a3);
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

}  // namespace

std::vector<std::string> search_words(std::string_view text) {
  std::vector<std::string> words;
  const std::vector<char32_t> points = to_code_points(text);
  size_t i = 0;
  while (i < points.size() && words.size() < 4 * kMaxSearchWords) {
    const char32_t c = fold(points[i]);
    if (is_cjk(c)) {
      size_t end = i;
      while (end < points.size() && is_cjk(points[end])) ++end;
      for (size_t k = i; k + 1 < end || k == i; ++k) {
        std::string word;
        append_utf8(word, points[k]);
        if (k + 1 < end) append_utf8(word, points[k + 1]);
        words.push_back(std::move(word));
      }
      i = end;
    } else if (is_word(c)) {
      std::string word;
      while (i < points.size() && is_word(fold(points[i]))) append_utf8(word, fold(points[i++]));
      if (word.size() <= 64) words.push_back(std::move(word));
    } else {
      ++i;
    }
  }
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  if (words.size() > kMaxSearchWords) words.resize(kMaxSearchWords);
  return words;
}

}  // namespace tongban::engine
