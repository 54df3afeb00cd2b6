// Function by function and rule by rule: tests/feel/*.txt hold an expression and what the standard says of it (DMN 1.5
// chapter 10), one a line: EXPRESSION ==> VALUE as a literal, or ERROR where the text has a fault of form.
#include <filesystem>
#include <fstream>

#include "feel/test_support.h"

namespace tongban::feel {
namespace {

class Tables : public testing::TestWithParam<const char*> {};

TEST_P(Tables, GiveWhatTheStandardSays) {
  std::ifstream file(std::string(TONGBAN_SOURCE_DIR) + "/tests/feel/" + GetParam() + ".txt");
  ASSERT_TRUE(file.good());
  EvalContext context;
  context.now = at_local(Date::from(2021, 2, 5), 9, 30);
  size_t rows = 0;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    constexpr std::string_view kArrow = " ==> ";
    const size_t arrow = line.find(kArrow);
    ASSERT_NE(arrow, std::string::npos) << "line " << number;
    const std::string text = line.substr(0, arrow);
    const std::string expected = line.substr(arrow + kArrow.size());
    const std::string given = standard(text, context);
    ++rows;
    if (expected == "ERROR") {
      EXPECT_TRUE(!given.empty() && given[0] >= '1' && given[0] <= '9' && given.find(':') < 4)
          << "line " << number << ": " << text << " gives " << given;
    } else {
      EXPECT_EQ(given, expected) << "line " << number << ": " << text;
    }
  }
  EXPECT_GT(rows, 50u);
}

INSTANTIATE_TEST_SUITE_P(Chapter10, Tables,
                         testing::Values("operators", "texts_and_lists", "conversions", "numbers_ranges_contexts",
                                         "expressions", "patterns_and_names", "more"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace tongban::feel
