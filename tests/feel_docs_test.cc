// docs/feel.md lists every function from the tables that the program itself reads. UPDATE_EXPECTED=1 writes it anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "app/feel_command.h"
#include "feel/feel.h"
#include "pack/load.h"

namespace tongban {
namespace {

constexpr std::string_view kMark = "<!-- From here on written by tests/feel_docs_test.cc. -->\n\n";

TEST(FeelDocs, list_every_function) {
  const std::string file = std::string(TONGBAN_SOURCE_DIR) + "/docs/feel.md";
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  const size_t mark = text.str().find(kMark);
  ASSERT_NE(mark, std::string::npos);
  const std::string expected =
      text.str().substr(0, mark + kMark.size()) + feel::functions_as_markdown(pack::host_functions({}));
  if (std::getenv("UPDATE_EXPECTED") != nullptr) {
    std::ofstream(file) << expected;
    return;
  }
  EXPECT_EQ(text.str(), expected) << "run with UPDATE_EXPECTED=1 and read the difference";
}

struct Answer {
  int code;
  std::string out, err;
};
Answer ask(std::vector<std::string> words) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = app::run_feel(words, at_local(Date::from(2021, 2, 5), 9, 30), out, err);
  return {code, out.str(), err.str()};
}

TEST(FeelCommand, evaluates_with_a_context_of_json_or_of_feel) {
  EXPECT_EQ(ask({"1 + 2"}).out, "3\n");
  EXPECT_EQ(ask({"办理 时限 * 2", "--context", R"({"办理 时限": 5})"}).out, "10\n");
  EXPECT_EQ(ask({"d.year", "--context", R"({d: date("2021-02-05")})"}).out, "2021\n");
  EXPECT_EQ(ask({"{a: [1.5, \"x\", null]}", "--json"}).out, "{\"a\":[\"1.5\",\"x\",null]}\n");
  EXPECT_EQ(ask({"-5 + a", "--context", "{\"a\": 1}"}).out, "-4\n");
  EXPECT_EQ(ask({"today()"}).out, "date(\"2021-02-05\")\n");
  EXPECT_EQ(ask({"1 + \"a\""}).out, "null\n");
}

TEST(FeelCommand, says_what_is_wrong_and_where) {
  EXPECT_EQ(ask({"1 + \"a\"", "--strict"}).code, 1);
  const Answer misspelt = ask({"cuont([1])"});
  EXPECT_EQ(misspelt.code, 1);
  EXPECT_EQ(misspelt.err, "1:1: unknown function \"cuont\"; did you mean \"count\"?\n");
  EXPECT_EQ(ask({"{f: function(n) f(n), r: f(1)}.r"}).code, 1);
  EXPECT_EQ(ask({}).code, 2);
  EXPECT_EQ(ask({"a", "--context", "[1]"}).code, 2);
}

TEST(FeelCommand, lists_the_functions_with_those_of_the_product) {
  const std::string list = ask({"--functions"}).out;
  EXPECT_NE(list.find("`substring(string, start position, length?)`"), std::string::npos);
  EXPECT_NE(list.find("`working_days_after(date?, n?)`"), std::string::npos);
  EXPECT_NE(list.find("## Extensions of this product"), std::string::npos);
}

}  // namespace
}  // namespace tongban
