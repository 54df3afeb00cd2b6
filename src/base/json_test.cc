#include "base/json.h"

#include <gtest/gtest.h>

#include <string>

namespace tongban {
namespace {

TEST(Json, keeps_the_order_of_keys) {
  const auto value = parse_json(R"({"b":1,"a":[true,null,"文"]})");
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(to_json_text(*value), R"({"b":1,"a":[true,null,"文"]})");
}

// Found by ./dev fuzz: 3E22200 was read as infinity and printed as `Infinity`, which is not JSON.
TEST(Json, refuses_a_number_that_no_json_text_can_say_again) {
  for (const char* text : {"3E22200", "-1E999", R"({"a":[1,{"b":1E400}]})"}) {
    const auto value = parse_json(text);
    ASSERT_FALSE(value.ok()) << text;
    EXPECT_EQ(value.error().trouble, Trouble::invalid_input);
  }
  EXPECT_TRUE(parse_json("1.5E300").ok());
}

TEST(Json, refuses_ten_thousand_levels_at_the_depth_limit) {
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_json(nested(kJsonMaxDepth)).ok());
  EXPECT_FALSE(parse_json(nested(kJsonMaxDepth + 1)).ok());
  EXPECT_FALSE(parse_json(nested(10'000)).ok());
}

TEST(Json, refuses_bytes_that_are_not_utf8_and_anything_after_the_value) {
  EXPECT_FALSE(parse_json("\"\xff\"").ok());
  EXPECT_FALSE(parse_json("\"\xed\xa0\x80\"").ok());
  EXPECT_FALSE(parse_json("{} {}").ok());
  EXPECT_TRUE(parse_json(" {} \n").ok());
}

}  // namespace
}  // namespace tongban
