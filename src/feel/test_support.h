// For the tests of FEEL: what a text gives by the standard (not strict), as text.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feel/feel.h"

namespace tongban::feel {

// The value's literal text, "error: …" when a bound was passed, "line:column message" when the text has a fault.
inline std::string standard(std::string_view text, const EvalContext& context = {}) {
  const Scope scope;
  const Compiled compiled = compile(text, scope, {.strict = false});
  if (!compiled.expression) {
    const Problem& problem = compiled.problems.at(0);
    return std::to_string(problem.line) + ":" + std::to_string(problem.column) + " " + problem.message;
  }
  const EvalResult result = evaluate(*compiled.expression, {}, context);
  return result.ok ? result.value.to_text() : "error: " + result.error;
}

using Table = std::vector<std::pair<std::string, std::string>>;  // text, what it gives
inline void all_give(const Table& table) {
  for (const auto& [text, expected] : table) EXPECT_EQ(standard(text), expected) << text;
}

}  // namespace tongban::feel
