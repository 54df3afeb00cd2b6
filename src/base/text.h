// Small helpers for UTF-8 text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tongban {

bool is_valid_utf8(std::string_view text);
size_t count_characters(std::string_view utf8);  // code points; needs valid UTF-8
std::string_view trim(std::string_view text);    // ASCII white space and U+3000 at both ends
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);
// The candidate nearest to `word` by edit distance over code points (at most 2, or a third of the length), or "".
std::string nearest_word(std::string_view word, const std::vector<std::string>& candidates);
std::vector<char32_t> to_code_points(std::string_view utf8);  // invalid bytes become U+FFFD
void append_utf8(std::string& out, char32_t code_point);

}  // namespace tongban
