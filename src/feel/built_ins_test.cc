// The built-in functions by family, as the standard describes them, and the table they stand in.
#include <gtest/gtest.h>

#include <set>

#include "feel/code.h"
#include "feel/test_support.h"

namespace tongban::feel {
namespace {

TEST(BuiltIns, Conversion) {
  all_give({{R"(number("1 000,5", " ", ","))", "1000.5"},
            {R"(number("1,000.5", ",", "."))", "1000.5"},
            {R"(number("1,000.5", ",", ","))", "null"},
            {R"(number("1.000,5", null, ","))", "null"},
            {R"(number(from: "1.5"))", "1.5"},
            {R"(number("abc"))", "null"},
            {R"(string(1.10))", "\"1.1\""},
            {R"(string([1, "a", @"2021-02-05"]))", R"("[1, \"a\", 2021-02-05]")"},
            {R"(string({a: "b"}))", R"("{a: \"b\"}")"},
            {R"(string(null))", "null"},
            {R"(duration("P1Y2M"))", R"(duration("P1Y2M"))"},
            {R"(duration("P1Y2D"))", "null"},
            {R"(date([date("2021-02-05")]))", R"(date("2021-02-05"))"},
            {R"(not("true"))", "null"},
            {R"(not(null))", "null"}});
}

TEST(BuiltIns, Strings) {
  all_give({{R"(substring("重庆市政府", 2, 2))", "\"庆市\""},
            {R"(substring("foobar", -2))", "\"ar\""},
            {R"(substring("foobar", 3, 3.8))", "\"oba\""},
            {R"(substring("foobar", 0))", "null"},
            {R"(string length("🐎ab"))", "3"},
            {R"(upper case("straße é"))", "\"STRASSE É\""},
            {R"(lower case("ABC123"))", "\"abc123\""},
            {R"(substring before("foobar", "bar"))", "\"foo\""},
            {R"(substring before("foobar", "xyz"))", "\"\""},
            {R"(substring after("foobar", "ob"))", "\"ar\""},
            {R"(substring after("", "a"))", "\"\""},
            {R"(contains("foobar", "of"))", "false"},
            {R"(starts with(string: "foobar", match: "fo"))", "true"},
            {R"(ends with("foobar", "r"))", "true"},
            {R"(string join(["a", null, "c"], "X"))", "\"aXc\""},
            {R"(string join([], "X"))", "\"\""},
            {R"(string join(["a", 1]))", "null"}});
}

TEST(BuiltIns, Lists) {
  all_give({{"list contains([1, 2, null], null)", "true"},
            {"count([1, [2, 3]])", "2"},
            {"count(null)", "null"},
            {"min(1, 2, 3)", "1"},
            {"max([\"a\", \"c\", \"b\"])", "\"c\""},
            {"min([1, \"a\"])", "null"},
            {"sum([])", "null"},
            {"sum([@\"P1D\", @\"PT1H\"])", "duration(\"P1DT1H\")"},
            {"mean([1, 2, 4])", "2.333333333333333333333333333333333"},
            {"median(8, 2, 5, 3, 4)", "4"},
            {"median([6, 1, 2, 3])", "2.5"},
            {"median([])", "null"},
            {"mode([6, 1, 9, 6, 1])", "[1, 6]"},
            {"mode([])", "[]"},
            {"stddev(2, 4, 7, 5)", "2.081665999466132735282297706979931"},
            {"product([2, 3, 4])", "24"},
            {"all([true, null, false])", "false"},
            {"all([true, null])", "null"},
            {"all([])", "true"},
            {"any([])", "false"},
            {"any([false, null])", "null"},
            {"sublist([4, 5, 6], -2, 1)", "[5]"},
            {"sublist([4, 5, 6], 1, 5)", "null"},
            {"append([1], 2, null)", "[1, 2, null]"},
            {"concatenate([1], 2, [3])", "[1, 2, 3]"},
            {"insert before([1, 3], 1, 2)", "[2, 1, 3]"},
            {"insert before([1, 3], 5, 2)", "null"},
            {"remove([1, 2, 3], -1)", "[1, 2]"},
            {"list replace([1, 2, 3], 2, 4)", "[1, 4, 3]"},
            {"list replace([2, 4, 7, 8], function(item, newItem) item < newItem, 5)", "[5, 5, 7, 8]"},
            {"list replace([2, 4], function(item) true, 5)", "null"},
            {"reverse([1, 2, 3])", "[3, 2, 1]"},
            {"index of([1, 2, 3, 2], 2)", "[2, 4]"},
            {"union([1, 2], [2, 3])", "[1, 2, 3]"},
            {"distinct values([1, null, 1.0, \"1\", null])", "[1, null, \"1\"]"},
            {"flatten([[1, 2], [[3]], 4])", "[1, 2, 3, 4]"},
            {"count(list: [1, 2])", "2"},
            {"sort([3, 1, 2], function(a, b) a < b)", "[1, 2, 3]"},
            {"sort([3, 1], function(a) true)", "null"},
            {"sort(list: [2, 1], precedes: function(a, b) a < b)", "[1, 2]"}});
}

TEST(BuiltIns, Numbers) {
  all_give({{"decimal(2.5, 0)", "2"},
            {"decimal(1/3, 2.5)", "0.33"},
            {"floor(-1.5)", "-2"},
            {"floor(-1.56, 1)", "-1.6"},
            {"ceiling(1.56, 1)", "1.6"},
            {"round up(-5.5, 0)", "-6"},
            {"round down(-5.5, 0)", "-5"},
            {"round half up(-2.5, 0)", "-3"},
            {"round half down(5.5, 0)", "5"},
            {"round half up(1250, -2)", "1300"},
            {"abs(@\"-P1D\")", "duration(\"P1D\")"},
            {"modulo(-10.1, 4.5)", "3.4"},
            {"modulo(10, 0)", "null"},
            {"odd(-5.0)", "true"},
            {"even(5.5)", "null"},
            {"decimal(1, 7000)", "null"}});
}

TEST(BuiltIns, Ranges) {
  all_give({{"before(1, 10)", "true"},
            {"before([1..10), 10)", "true"},
            {"before([1..10], [10..20])", "false"},
            {"after((5..10], 5)", "true"},
            {"meets([1..5], [5..10])", "true"},
            {"meets([1..5), [5..10])", "false"},
            {"met by([5..10], [1..5])", "true"},
            {"overlaps([1..5], [3..8])", "true"},
            {"overlaps([1..5), [5..8])", "false"},
            {"overlaps before([1..5], [3..8])", "true"},
            {"overlaps after([3..8], [1..5])", "true"},
            {"finishes(10, [1..10])", "true"},
            {"finishes([5..10), [1..10])", "false"},
            {"finished by([1..10], [5..10])", "true"},
            {"includes([1..10], 10)", "true"},
            {"includes([1..10], (1..10))", "true"},
            {"during((1..10), [1..10])", "true"},
            {"starts(1, (1..10])", "false"},
            {"started by([1..10], [1..5])", "true"},
            {"coincides([1..5], [1..5))", "false"},
            {"coincides(5, 5)", "true"},
            {"during(5, (>= 3))", "true"},
            {"before((< 3), 3)", "true"},
            {"includes(range: [1..10], point: 5)", "true"},
            {"before([1..2], \"a\")", "null"},
            {"meets(1, [1..2])", "null"}});
}

TEST(BuiltIns, Contexts) {
  all_give({{"get value({a: {b: 1}}, \"a\")", "{b: 1}"},
            {"get value({a: {b: 1}}, [\"a\", \"b\"])", "1"},
            {"get value({a: 1}, \"b\")", "null"},
            {"get entries({a: 1})", "[{key: \"a\", value: 1}]"},
            {"context([{key: \"a\", value: 1}, {key: \"b\", value: 2}])", "{a: 1, b: 2}"},
            {"context([{key: \"a\", value: 1}, {key: \"a\", value: 2}])", "null"},
            {"context({key: \"a\", value: 1})", "{a: 1}"},
            {"context put({x: 1}, \"y\", 2)", "{x: 1, y: 2}"},
            {"context put({x: 1, y: {a: 0}}, [\"y\", \"a\"], 2)", "{x: 1, y: {a: 2}}"},
            {"context put(context: {x: 1}, key: [\"y\", \"a\"], value: 2)", "null"},
            {"context put({x: 1}, [], 2)", "null"},
            {"context merge([{x: 1}, {x: 2, y: 3}])", "{x: 2, y: 3}"},
            {"context merge([{x: 1}, 5])", "null"}});
}

TEST(BuiltIns, WrongArgumentsGiveNull) {
  all_give({{"substring()", "null"},
            {"date(1)", "null"},
            {"count(1, 2)", "null"},
            {"decimal(n: 1)", "null"},
            {"decimal(n: 1, scal: 2)", "null"},
            {"is(value2: 1)", "false"}});
}

TEST(BuiltIns, EveryFunctionHasASentenceAndAChapter) {
  std::set<std::string> names;
  for (const BuiltIn& function : built_in_functions()) {
    names.insert(function.info.name);
    EXPECT_TRUE(function.info.doc.ends_with(".") || function.info.doc.ends_with("?")) << function.info.name;
    EXPECT_TRUE(function.info.chapter.starts_with("10.3.4.") || function.info.chapter == "extension")
        << function.info.name;
    EXPECT_LE(function.least, function.info.parameters.size());
  }
  for (const char* name : {"date",
                           "date and time",
                           "time",
                           "number",
                           "string",
                           "duration",
                           "years and months duration",
                           "range",
                           "not",
                           "substring",
                           "string length",
                           "upper case",
                           "lower case",
                           "substring before",
                           "substring after",
                           "replace",
                           "contains",
                           "starts with",
                           "ends with",
                           "matches",
                           "split",
                           "string join",
                           "list contains",
                           "count",
                           "min",
                           "max",
                           "sum",
                           "mean",
                           "all",
                           "any",
                           "sublist",
                           "append",
                           "concatenate",
                           "insert before",
                           "remove",
                           "list replace",
                           "reverse",
                           "index of",
                           "union",
                           "distinct values",
                           "flatten",
                           "product",
                           "median",
                           "stddev",
                           "mode",
                           "decimal",
                           "floor",
                           "ceiling",
                           "round up",
                           "round down",
                           "round half up",
                           "round half down",
                           "abs",
                           "modulo",
                           "sqrt",
                           "log",
                           "exp",
                           "odd",
                           "even",
                           "is",
                           "before",
                           "after",
                           "meets",
                           "met by",
                           "overlaps",
                           "overlaps before",
                           "overlaps after",
                           "finishes",
                           "finished by",
                           "includes",
                           "during",
                           "starts",
                           "started by",
                           "coincides",
                           "day of year",
                           "day of week",
                           "month of year",
                           "week of year",
                           "sort",
                           "context",
                           "context put",
                           "context merge",
                           "get value",
                           "get entries",
                           "now",
                           "today"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

}  // namespace
}  // namespace tongban::feel
