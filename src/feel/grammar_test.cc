// The grammar of DMN 1.5 §10.3.1.2: names, literals, ranges, loops, functions, types.
#include <gtest/gtest.h>

#include "feel/test_support.h"

namespace tongban::feel {
namespace {

TEST(Grammar, NamesMayHoldSpacesSignsAndAnyScript) {
  all_give({{"{first name: \"Wei\", r: first  name}.r", "\"Wei\""},
            {"{a-b: 1, a: 5, c: 2, r: a-b + (a-c)}.r", "4"},
            {"{办理时限: 5, r: 办理时限 * 2}.r", "10"},
            {"{a+b: 1, r: a+b}.r", "1"},
            {"{\"if so\": 3}.if so", "3"},
            {"{🐎: \"horse\", r: 🐎}.r", "\"horse\""},
            {"{a.b: 1}", "{\"a.b\": 1}"},
            {"{date: 5, r: date + 1}.r", "6"},
            {"{date: 5, r: date(\"2021-02-05\").year}.r", "2021"},
            {"[{count: 3}, {count: 5}][count > 4].count", "[5]"}});
}

TEST(Grammar, Strings) {
  all_give({{R"("a\"b")", R"("a\"b")"},
            {R"("\u4e2d\U01F40E")", "\"中🐎\""},
            {R"("\uD83D\uDCA9")", "\"💩\""},
            {R"("\d+")", R"("\\d+")"},
            {R"(string length("\u4e2d\n"))", "2"}});
  EXPECT_EQ(standard(R"("\uD83D")").substr(0, 4), "1:2 ");
}

TEST(Grammar, CommentsAndNumbers) {
  all_give({{"1 /* one */ + // two\n 2", "3"},
            {"1.5e3 + .5", "1500.5"},
            {"-2 ** 2", "4"},
            {"2 ** 3 ** 2", "64"},
            {"--1", "1"}});
}

TEST(Grammar, RangesAreValues) {
  all_give({{"(1..5] = ]1..5]", "true"},
            {"[1..5) = [1..5[", "true"},
            {"(< 10).end", "10"},
            {"(< 10).start", "null"},
            {"(< 10).end included", "false"},
            {"(>= 10).start included", "true"},
            {"(= 10) = (= 10)", "true"},
            {"(< 10) = (null..10)", "false"},
            {"5 in (< 10)", "true"},
            {"5 in (!= 5)", "false"},
            {"5 in [1..null)", "null"},
            {"[1..5].start included", "true"},
            {"2 in [[1..3], [5..7]]", "true"},
            {"[1..\"a\"]", "null"},
            {"range(\"[1..3]\") = [1..3]", "true"},
            {"range(\"[-1.5..3]\")", "[-1.5..3]"},
            {"range(\"[3..1]\")", "null"},
            {"range(\"[1+1..3]\")", "null"},
            {"range(\"[date(string(\\\"2021-01-01\\\"))..date(\\\"2021-01-02\\\")]\")", "null"}});
}

TEST(Grammar, LoopsAndPartialResults) {
  all_give({{"for i in 3..1 return i", "[3, 2, 1]"},
            {"for i in [1..3) return i", "[1, 2]"},
            {"for i in (3..1) return i", "[]"},
            {"for x in [1, 2], y in [x, x * 10] return y", "[1, 10, 2, 20]"},
            {"for i in 0..4 return if i = 0 then 1 else i * partial[-1]", "[1, 1, 2, 6, 24]"},
            {"for i in 1..3 return count(partial)", "[0, 1, 2]"},
            {"for i in @\"2021-02-27\"..@\"2021-03-01\" return day of year(i)", "[58, 59, 60]"},
            {"for i in @\"P1D\"..@\"P2D\" return i", "null"},
            {"for i in 5 return i + 1", "[6]"},
            {"for i in null return i", "null"},
            {"some x in [1, 2], y in [2, 3] satisfies x = y", "true"},
            {"every x in [] satisfies x > 1", "true"},
            {"some x in [1, null] satisfies x > 1", "null"}});
}

TEST(Grammar, FiltersAndPaths) {
  all_give({{"[10, 20, 30][-1]", "30"},
            {"[10, 20, 30][4]", "null"},
            {"[10, 20, 30][item > 15]", "[20, 30]"},
            {"[{x: 1, y: 2}, {x: 3}][x > 0 and y = 2]", "[{x: 1, y: 2}]"},
            {"[{x: 1}, {y: 2}].x", "[1, null]"},
            {"5[1]", "5"},
            {"5[item > 3]", "[5]"},
            {"{a: {b: [1, 2]}}.a.b[2]", "2"},
            {"[1, 2, 3][true]", "[1, 2, 3]"},
            {"null[1]", "null"}});
}

TEST(Grammar, FunctionsAreValues) {
  all_give({{"(function(a, b) a + b)(1, 2)", "3"},
            {"{f: function(n: number) n * 2, r: f(4)}.r", "8"},
            {"{f: function(n: number) n * 2, r: f(\"4\")}.r", "null"},
            {"{f: function(n: number) n * 2, r: f([4])}.r", "8"},
            {"{f: function(a, b) a - b, r: f(b: 1, a: 5)}.r", "4"},
            {"{f: function(a, b) a - b, r: f(1)}.r", "null"},
            {"{add: function(x) function(y) x + y, r: add(3)(4)}.r", "7"},
            {"{k: 10, f: function(x) x + k, r: for i in [1, 2] return f(i)}.r", "[11, 12]"},
            {"{fact: function(n) if n < 2 then 1 else n * fact(n - 1), r: fact(20)}.r", "2432902008176640000"},
            {"{f: function(g) g(3), r: f(function(x) x * x)}.r", "9"},
            {"{f: function(g) g(-3), r: f(abs)}.r", "3"},
            {"{fs: [function(x) x + 1, function(x) x * 2], r: fs[2](5)}.r", "10"},
            {"sort([3, 1, 2], function(a, b) a > b)", "[3, 2, 1]"},
            {"sort([{n: 2, k: \"a\"}, {n: 1, k: \"b\"}, {n: 2, k: \"c\"}], function(a, b) a.n < b.n).k",
             "[\"b\", \"a\", \"c\"]"},
            {"for i in 1..3 return (function(x) x * i)(10)", "[10, 20, 30]"},
            {"[1, 2, 3][(function(x) x > 1)(item)]", "[2, 3]"},
            {"(function() 5)()", "5"},
            {"1(2)", "null"}});
  EXPECT_NE(standard("function(a) external {java: {class: \"x\"}}").find("external functions"), std::string::npos);
}

TEST(Grammar, TypesAreAskedFor) {
  all_give({{"1 instance of number", "true"},
            {"null instance of Any", "false"},
            {"[1, 2] instance of list<number>", "true"},
            {"[1, \"a\"] instance of list<number>", "false"},
            {"{a: 1} instance of context<a: number>", "true"},
            {"{b: 1} instance of context<a: number>", "false"},
            {"{a: null} instance of context<a: number>", "true"},
            {"[1..2] instance of range<number>", "true"},
            {"(function(a: number) a) instance of function<number> -> Any", "true"},
            {"(function(a: number) a) instance of function<> -> Any", "false"},
            {"@\"P1D\" instance of days and time duration", "true"},
            {"abs instance of function<Any> -> Any", "true"}});
  Scope scope;
  scope.add_type("t name", Type::list_of(Type::text()));
  const Compiled compiled = compile("[\"a\"] instance of t name", scope, {.strict = false});
  ASSERT_TRUE(compiled.expression);
  EXPECT_TRUE(evaluate(*compiled.expression, {}, EvalContext()).value.is_true());
}

TEST(Grammar, RecursionAndGrowthEndInASentence) {
  EXPECT_EQ(standard("{f: function(n) f(n + 1), r: f(1)}.r"), "error: the functions call each other too deeply");
  EXPECT_EQ(standard("{f: function(n) [f(n + 1)], r: f(1)}.r"), "error: the functions call each other too deeply");
  EXPECT_EQ(standard("for i in 1..1000 return [partial]").substr(0, 6), "error:");
  EXPECT_EQ(standard("for i in 1..1000000000 return i").substr(0, 6), "error:");
  EXPECT_EQ(standard("count(for i in 1..1000, j in 1..10000 return i)").substr(0, 6), "error:");
  EXPECT_EQ(standard("sort(for i in 1..100000 return i, function(a, b) a > b)").substr(0, 6), "error:");
}

TEST(Grammar, FaultsSayWhereAndWhatWasExpected) {
  EXPECT_EQ(standard("1 +"), "1:4 expected a value, but the text ends");
  EXPECT_EQ(standard("{a: 1,\n b: cuont([1])}"), "2:5 unknown function \"cuont\"; did you mean \"count\"?");
  EXPECT_EQ(standard("function(a, 1"), "1:13 expected a name for the parameter, but found \"1\"");
  EXPECT_EQ(
      standard("1 instance of nmber"),
      "1:15 expected a type: number, string, boolean, date, time, date and time, list<…>, context, Any, but found "
      "\"nmber\"");
}

}  // namespace
}  // namespace tongban::feel
