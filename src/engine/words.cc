#include "engine/words.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/text.h"
#include "base/utf8.h"

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

// Which pairs were met already, as far as there is room: most texts repeat themselves.
class PairFilter {
 public:
  bool is_first(uint64_t key) {
    const size_t home = key * 0x9e3779b97f4a7c15 >> (64 - kBits);
    for (size_t i = 0; i < kProbes; ++i) {
      uint64_t& slot = slots_[(home + i) & (slots_.size() - 1)];
      if (slot == key) return false;
      if (slot == 0) {
        slot = key;
        return true;
      }
    }
    return true;
  }

 private:
  static constexpr size_t kBits = 9, kProbes = 8;
  std::array<uint64_t, size_t{1} << kBits> slots_{};
};

// OPTIMIZATION: one pass, and pairs stay numbers until they are distinct and in order; this runs for every case that is
// filed.
class WordFinder {
 public:
  void take(char32_t c) {
    c = fold(c);
    if (is_cjk(c)) {
      end_word();
      if (before_ == 0 && is_full()) return;
      if (before_ != 0) add(pair_key(before_, c));
      is_alone_ = before_ == 0;
      before_ = c;
      return;
    }
    end_run();
    if (!is_word(c))
      end_word();
    else if (!word_.empty() || !is_full())
      append_utf8(word_, c);
  }
  Found finish() {
    end_run();
    end_word();
    const auto make_distinct = [](auto& values) {
      std::sort(values.begin(), values.end());
      values.erase(std::unique(values.begin(), values.end()), values.end());
    };
    make_distinct(found_.words);
    make_distinct(found_.pairs);
    // Every letter and digit sorts before every CJK character: the words come first.
    if (found_.words.size() > kMaxSearchWords) found_.words.resize(kMaxSearchWords);
    if (found_.words.size() + found_.pairs.size() > kMaxSearchWords)
      found_.pairs.resize(kMaxSearchWords - found_.words.size());
    return std::move(found_);
  }

 private:
  bool is_full() const { return count_ >= 4 * kMaxSearchWords; }
  void add(uint64_t key) {
    ++count_;
    if (filter_.is_first(key)) found_.pairs.push_back(key);
  }
  void end_run() {
    if (before_ != 0 && is_alone_) add(pair_key(before_, 0));
    before_ = 0;
  }
  void end_word() {
    if (!word_.empty() && word_.size() <= 64) {
      found_.words.push_back(word_);
      ++count_;
    }
    word_.clear();
  }

  Found found_;
  size_t count_ = 0;  // of all, also those met before
  PairFilter filter_;
  std::string word_;
  char32_t before_ = 0;    // the CJK character just met
  bool is_alone_ = false;  // none stood before it
};

Found find_words(std::string_view text) {
  WordFinder finder;
  for_each_code_point(text, [&](char32_t c) { finder.take(c); });
  return finder.finish();
}

void append_character(std::string& text, char32_t c) {
  if (c < 0x800 || c >= 0x10000) return append_utf8(text, c);
  const char bytes[3] = {static_cast<char>(0xe0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 0x3f)),
                         static_cast<char>(0x80 | (c & 0x3f))};
  text.append(bytes, sizeof bytes);
}

void append_pair(std::string& text, uint64_t key) {
  append_character(text, static_cast<char32_t>(key >> 32));
  if (const auto second = static_cast<char32_t>(key & 0xffffffff); second != 0) append_character(text, second);
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
