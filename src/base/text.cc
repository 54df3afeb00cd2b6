#include "base/text.h"

#include <algorithm>
#include <cstdint>

#include "base/utf8.h"

namespace tongban {

Utf8Front decode_utf8_front(std::string_view s) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(s[i]); };
  const auto tail = [&](size_t i) { return i < s.size() && (at(i) & 0xc0) == 0x80; };
  const uint8_t first = at(0);
  if (first < 0x80) return {1, first};
  if (first >= 0xc2 && first <= 0xdf && tail(1))
    return {2, static_cast<char32_t>((first & 0x1f) << 6 | (at(1) & 0x3f))};
  if ((first & 0xf0) == 0xe0 && tail(1) && tail(2)) {
    const char32_t v = static_cast<char32_t>((first & 0x0f) << 12 | (at(1) & 0x3f) << 6 | (at(2) & 0x3f));
    if (v >= 0x800 && (v < 0xd800 || v > 0xdfff)) return {3, v};
  }
  if (first >= 0xf0 && first <= 0xf4 && tail(1) && tail(2) && tail(3)) {
    const char32_t v =
        static_cast<char32_t>((first & 7) << 18 | (at(1) & 0x3f) << 12 | (at(2) & 0x3f) << 6 | (at(3) & 0x3f));
    if (v >= 0x10000 && v <= 0x10ffff) return {4, v};
  }
  return {0, 0xfffd};
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = next_utf8(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

size_t count_characters(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kWide = "\u3000";
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  for (;;) {
    if (!text.empty() && is_space(text.front()))
      text.remove_prefix(1);
    else if (text.starts_with(kWide))
      text.remove_prefix(kWide.size());
    else
      break;
  }
  for (;;) {
    if (!text.empty() && is_space(text.back()))
      text.remove_suffix(1);
    else if (text.ends_with(kWide))
      text.remove_suffix(kWide.size());
    else
      break;
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string all;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) all += separator;
    all += parts[i];
  }
  return all;
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  size_t start = 0;
  for (size_t at; !from.empty() && (at = text.find(from, start)) != std::string_view::npos; start = at + from.size()) {
    out += text.substr(start, at - start);
    out += to;
  }
  out += text.substr(start);
  return out;
}

std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates) {
  const auto wanted = to_code_points(word);
  std::string best;
  size_t best_distance = std::max<size_t>(2, wanted.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const auto other = to_code_points(candidate);
    std::vector<size_t> row(other.size() + 1);
    for (size_t j = 0; j <= other.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= wanted.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t j = 1; j <= other.size(); ++j) {
        const size_t above = row[j];
        row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (wanted[i - 1] == other[j - 1] ? 0 : 1)});
        diagonal = above;
      }
    }
    if (row.back() < best_distance && row.back() < std::max(wanted.size(), other.size())) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

std::vector<char32_t> to_code_points(std::string_view utf8) {
  std::vector<char32_t> points;
  points.reserve(utf8.size() / 2 + 8);
  for_each_code_point(utf8, [&](char32_t c) { points.push_back(c); });
  return points;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80)
    put(c);
  else if (c < 0x800) {
    put(0xc0 | c >> 6);
    put(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(0xe0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  } else {
    put(0xf0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3f));
    put(0x80 | (c >> 6 & 0x3f));
    put(0x80 | (c & 0x3f));
  }
}

}  // namespace tongban
