// Regular expressions as XPath and XQuery have them (F&O 3.1 §5.6, XML Schema 1.1 part 2 §G): quantifiers greedy and
// reluctant, groups, classes with subtraction, \p{…} categories and blocks, \i \c \d \w \s, the flags s m i x q.
// Back-references are refused: they cannot be matched in bounded time.
//
// A pattern is compiled to a program of bounded size and run as a set of threads (Pike), so that time grows with
// pattern × text and never beyond, and the stack does not grow at all. Immutable after compiling; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tongban::feel {

class Regex {
 public:
  // Instructions of one program; a{1000}{1000} is refused.
  static constexpr size_t kMaxProgram = 20'000;

  // Refuses what F&O refuses, with a sentence that says where.
  static Result<Regex> compile(std::string_view pattern, std::string_view flags);

  struct Match {
    // Byte positions of the groups: [0] the whole match, from, to; -1 where a group took no part.
    std::vector<int64_t> bounds;
    size_t from() const { return static_cast<size_t>(bounds[0]); }
    size_t to() const { return static_cast<size_t>(bounds[1]); }
  };
  size_t groups() const;  // without the whole
  // The first match at or after byte `from`, the leftmost one and then the one the pattern prefers. `work` is lessened
  // by what it cost; empty with `work` 0 when that was not enough.
  std::optional<Match> find(std::string_view text, size_t from, uint64_t& work) const;
  // Is there a match anywhere?
  std::optional<bool> matches(std::string_view text, uint64_t& work) const;

  struct Program;  // private to the implementation

 private:
  std::shared_ptr<const Program> program_;
};

}  // namespace tongban::feel
