// Any pattern: flags, a line feed, the pattern, a line feed, the text. It is refused with a sentence, or matching ends
// within its work, the bounds lie inside the text and on characters, and `matches` agrees with `find`.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "feel/regex.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using tongban::feel::Regex;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto take_line = [&rest] {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    return line;
  };
  const std::string_view flags = take_line();
  const std::string_view pattern = take_line();
  const std::string_view text = rest;
  if (!tongban::is_valid_utf8(flags) || !tongban::is_valid_utf8(pattern) || !tongban::is_valid_utf8(text)) return 0;
  const auto compiled = Regex::compile(pattern, flags);
  if (!compiled.ok()) {
    CHECK(!compiled.error().message.empty());
    return 0;
  }
  constexpr uint64_t kWork = 2'000'000;
  uint64_t work = kWork;
  const auto any = compiled->matches(text, work);
  CHECK(work <= kWork && (any.has_value() || work == 0));
  size_t from = 0;
  bool is_first = true;
  work = kWork;
  while (from <= text.size()) {
    const auto match = compiled->find(text, from, work);
    if (is_first && any && work > 0) CHECK(*any == match.has_value());
    is_first = false;
    if (!match) break;
    CHECK(match->bounds.size() == 2 * (compiled->groups() + 1));
    CHECK(match->from() >= from && match->from() <= match->to() && match->to() <= text.size());
    for (size_t i = 0; i < match->bounds.size(); i += 2) {
      const int64_t low = match->bounds[i];
      const int64_t high = match->bounds[i + 1];
      if (low < 0 || high < 0) continue;
      CHECK(low <= high && high <= static_cast<int64_t>(text.size()));
      CHECK(tongban::is_valid_utf8(text.substr(static_cast<size_t>(low), static_cast<size_t>(high - low))));
    }
    if (match->to() > from) {
      from = match->to();
    } else {
      ++from;
      while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80) ++from;
    }
  }
  return 0;
}
