// The compiled form of a regular expression; private to regex.cc and regex_parse.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "feel/regex.h"

namespace tongban::feel {

// A set of characters, as written: the union of its parts, perhaps inverted, less another set.
struct CharacterSet {
  enum class Kind : uint8_t { range, category, block, space, name_start, name, word };
  struct Part {
    Kind kind = Kind::range;
    bool inverted = false;  // \P \S \I \C \W
    char32_t low = 0, high = 0;
    uint32_t property = 0;  // mask of categories, or the block
  };
  std::vector<Part> parts;
  bool inverted = false;
  std::unique_ptr<CharacterSet> less;
  bool contains(char32_t c, bool ignores_case) const;
};

enum class Step : uint8_t {
  character,  // a: the character (folded when case does not matter)
  any,        // every character
  any_but_line_ends,
  set,    // a: index of the set
  fork,   // a first, then b
  jump,   // a
  save,   // a: index of the bound
  begin,  // ^
  end,    // $
  match
};
struct Instruction {
  Step step = Step::match;
  uint32_t a = 0, b = 0;
};

struct Regex::Program {
  std::vector<Instruction> code;
  std::vector<CharacterSet> sets;
  uint32_t groups = 0;
  bool ignores_case = false;  // i
  bool by_lines = false;      // m
};

// One character of UTF-8 at `at`, which moves behind it. A byte that begins none is itself.
char32_t next_character(std::string_view text, size_t& at);
char32_t fold_case(char32_t c);

// Reads pattern and flags (regex_parse.cc).
Result<Regex::Program> parse_regex(std::string_view pattern, std::string_view flags);

}  // namespace tongban::feel
