// FEEL by examples: an expression, what it gives, or what its author is told.
#include "feel/feel.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace tongban::feel {
namespace {

using testing::Test;

Scope test_scope() {
  const Type limit = Type::limit();
  const Type row = Type::context_of({{"unit", Type::text()}, {"n", Type::number()}, {"ok", Type::boolean()}});
  Scope scope({{"a", Type::number()},
               {"b", Type::number()},
               {"yes", Type::boolean()},
               {"no", Type::boolean()},
               {"unknown", Type::boolean()},
               {"kind", Type::one_of({"consultation", "complaint", "other"})},
               {"类别", Type::text()},
               {"first name", Type::text()},
               {"a-b", Type::number()},
               {"day", Type::date()},
               {"at", Type::date_time()},
               {"form", Type::context_of({{"lead", Type::text()},
                                          {"text", Type::text()},
                                          {"support", Type::list_of(Type::text())},
                                          {"rows", Type::list_of(row)},
                                          {"limit", limit}})},
               {"anything", Type::any()},
               {"xs", Type::list_of(Type::number())},
               {"nothing", Type::number()}});
  scope.add(Function{"working days after",
                     {{"start", Type::date()}, {"n", Type::number()}},
                     Type::date(),
                     "A stand-in: calendar days.",
                     [](std::span<const Value> a, const EvalContext&) -> Result<Value> {
                       if (a[0].is_null() || a[1].is_null()) return Value();
                       return Value::of(a[0].as_date() + *a[1].as_number().to_int64());
                     }});
  scope.add(Function{"no calendar",
                     {},
                     Type::date(),
                     "Always fails.",
                     [](std::span<const Value>, const EvalContext&) -> Result<Value> {
                       return fail(Trouble::unavailable, "there is no calendar for 1900");
                     }});
  return scope;
}

std::vector<Value> test_slots() {
  const auto row = [](const char* unit, int n, Value ok) {
    return Value::context({{"unit", Value::text(unit)}, {"n", Value::of(n)}, {"ok", std::move(ok)}});
  };
  return {Value::of(3),
          Value::of(4),
          Value::of(true),
          Value::of(false),
          Value(),
          Value::text("consultation"),
          Value::text("咨询"),
          Value::text("Ann"),
          Value::of(100),
          Value::of(Date::from(2021, 2, 5)),
          Value::of(DateTime{at_local(Date::from(2021, 2, 5), 9, 30)}),
          Value::context({{"lead", Value()},
                          {"text", Value::text("井盖破损")},
                          {"support", Value::list({Value::text("渝中区"), Value::text("江北区")})},
                          {"rows", Value::list({row("渝中区", 1, Value::of(true)), row("江北区", 5, Value())})},
                          {"limit", Value::context({{"n", Value::of(5)}, {"unit", Value::text("working_days")}})}}),
          Value::context({{"deep", Value::context({{"er", Value::of(7)}})}}),
          Value::list({Value::of(1), Value::of(2), Value::of(3)}),
          Value()};
}

EvalContext test_context() { return {at_local(Date::from(2021, 3, 1), 8, 0)}; }

// "value", "value ? missing, missing" or "line:column message; …".
std::string outcome(const std::string& text, const CompileOptions& options = {}) {
  const Scope scope = test_scope();
  const Compiled compiled = compile(text, scope, options);
  if (!compiled.expression) {
    std::string out;
    for (const Problem& problem : compiled.problems) {
      out += (out.empty() ? "" : "; ") + std::to_string(problem.line) + ":" + std::to_string(problem.column) + " " +
             problem.message;
    }
    return out;
  }
  EXPECT_TRUE(compiled.problems.empty());
  const std::vector<Value> slots = test_slots();
  const EvalResult result = evaluate(*compiled.expression, slots, test_context());
  if (!result.ok) return "error: " + result.error;
  if (!result.value.is_null()) {
    EXPECT_TRUE(has_type(result.value, compiled.expression->type()))
        << text << " has type " << compiled.expression->type().to_text();
  }
  std::string out = result.value.to_text();
  for (size_t i = 0; i < result.missing.size(); ++i) out += (i == 0 ? " ? " : ", ") + result.missing[i];
  return out;
}

struct Case {
  const char* text;
  const char* expected;
};
void check(const std::vector<Case>& cases) {
  for (const Case& each : cases) EXPECT_EQ(outcome(each.text), each.expected) << each.text;
}

TEST(Feel, LiteralsAndArithmetic) {
  check({{"1 + 2 * 3", "7"},
         {"(1 + 2) * 3", "9"},
         {"0.1 + 0.2 = 0.3", "true"},
         {"10 / 4", "2.5"},
         {"1 / 3", "0.3333333333333333333333333333333333"},
         {"2 / 3 * 3 = 2", "true"},
         {"-3 ** 2", "9"},  // the kit: -a ** b is (-a) ** b
         {"2 ** -2", "0.25"},
         {"a - -b", "7"},
         {"a-b", "100"},  // the longest name known to the scope wins
         {"a - b", "-1"},
         {".5 + 1.50", "2"},
         {"1.2E+3", "1200"},
         {"\"通\" + \"办\"", "\"通办\""},
         {"\"a\\\"b\\n\\u529e\"", "\"a\\\"b\\n办\""},
         {"null", "null"},
         {"[1, 2, [3]]", "[1, 2, [3]]"},
         {"{n: 5, 单位: \"working_days\", twice: n * 2}", "{n: 5, 单位: \"working_days\", twice: 10}"},
         {"// a comment\n1 /* and one */ + 1", "2"},
         {"first name + \"!\"", "\"Ann!\""},
         {"first   name", "\"Ann\""},
         {"类别 = \"咨询\"", "true"}});
}

TEST(Feel, ComparisonsAndRanges) {
  check({{"a < b", "true"},
         {"a between 1 and 3", "true"},
         {"a between 4 and 9 or a = 3", "true"},
         {"a in [1..3)", "false"},
         {"a in [1..3]", "true"},
         {"a in (3..5]", "false"},
         {"a in ]2..5[", "true"},
         {"a in (1, 2, 3)", "true"},
         {"a in (> 5, < 2)", "false"},
         {"a in (1..5)", "true"},
         {"a in xs", "true"},
         {"a in < 5", "true"},
         {"kind in (\"complaint\", \"consultation\")", "true"},
         {"day in [date(\"2021-01-01\")..date(\"2021-12-31\")]", "true"},
         {"day = @\"2021-02-05\"", "true"},
         {"[1, 2] = [1, 2]", "true"},
         {"{a: 1, b: 2} = {b: 2, a: 1}", "true"},
         {"1.0 = 1.00", "true"},
         {"[1..5].end", "5"}});
}

TEST(Feel, ThreeValuedLogicNamesWhatIsMissing) {
  check({{"yes and unknown", "null ? unknown"},
         {"no and unknown", "false"},
         {"unknown and no", "false"},
         {"yes or unknown", "true"},
         {"unknown or yes", "true"},
         {"unknown or no", "null ? unknown"},
         {"not(unknown)", "null ? unknown"},
         {"nothing > 3", "null ? nothing"},
         {"nothing > 3 or a = 3", "true"},
         {"form.lead = \"x\"", "false ? form.lead"},  // FEEL: false; the guard rule: not decidable
         {"form.lead != \"x\"", "true ? form.lead"},
         {"form.lead = null", "true"},
         {"form.lead != null", "false"},
         {"is defined(form.lead)", "false"},
         {"form.lead = null or form.lead = \"x\"", "true"},
         {"form.lead != null and form.lead = \"x\"", "false"},
         {"form.lead in (null, \"x\")", "true"},
         {"form.lead in (\"x\", \"y\")", "null ? form.lead"},
         {"if unknown then 1 else 2", "2 ? unknown"},
         {"if form.lead = null then 1 else 2", "1"},
         {"nothing + 1", "null ? nothing"},
         {"some r in form.rows satisfies r.n > 4", "true"},
         {"some r in form.rows satisfies r.ok", "true"},
         {"every r in form.rows satisfies r.ok", "null ? form.rows.ok"},
         {"every r in form.rows satisfies r.n > 4 and r.ok", "false"},
         {"count(form.rows[ok])", "1 ? form.rows.ok"},
         {"sum(form.rows.ok)", "null ? form.rows.ok"},
         {"nothing = null and nothing > 3", "null ? nothing"}});
}

TEST(Feel, ListsPathsAndLoops) {
  check({{"xs[1]", "1"},
         {"xs[-1]", "3"},
         {"xs[4]", "null"},
         {"xs[item > 1]", "[2, 3]"},
         {"form.rows[n > 1].unit", "[\"江北区\"]"},
         {"form.rows.unit", "[\"渝中区\", \"江北区\"]"},
         {"form.rows[unit = \"渝中区\"][1].n", "1"},
         {"for x in xs return x * x", "[1, 4, 9]"},
         {"for i in 3..1 return i", "[3, 2, 1]"},
         {"for x in xs, y in [10, 20] return x + y", "[11, 21, 12, 22, 13, 23]"},
         {"some x in xs, y in xs satisfies x + y = 6", "true"},
         {"every x in xs satisfies x > 0", "true"},
         {"anything.deep.er + 1", "8"},
         {"{a: {b: 1}}.a.b", "1"},
         {"[{k: 1}, {k: 2}][k = 2]", "[{k: 2}]"},
         {"count(xs)", "3"},
         {"sum(xs)", "6"},
         {"min(xs) + max(1, 9, 4)", "10"},
         {"list contains(xs, 2)", "true"},
         {"append(xs, 4)", "[1, 2, 3, 4]"},
         {"concatenate(xs, [9])", "[1, 2, 3, 9]"},
         {"distinct values([1, 2, 1])", "[1, 2]"},
         {"flatten([1, [2, [3]]])", "[1, 2, 3]"},
         {"index of([1, 2, 1], 1)", "[1, 3]"},
         {"all([true, true])", "true"},
         {"any([false, yes])", "true"},
         {"all([unknown, no])", "false ? unknown"},
         {"count([])", "0"},
         {"string join([\"a\", \"b\"], \"、\")", "\"a、b\""}});
}

TEST(Feel, DatesAndDurations) {
  check({{"date(\"2021-02-05\") + duration(\"P5D\")", "date(\"2021-02-10\")"},
         {"date(\"2021-01-31\") + duration(\"P1M\")", "date(\"2021-02-28\")"},
         {"date(\"2021-03-01\") - date(\"2021-02-05\")", "duration(\"P24D\")"},
         {"at + duration(\"PT24H\")", "date and time(\"2021-02-06T09:30:00+08:00\")"},
         {"at.hour", "9"},
         {"day.weekday", "5"},
         {"date(at) = day", "true"},
         {"day of week(day)", "\"Friday\""},
         {"today()", "date(\"2021-03-01\")"},
         {"now() - at", "duration(\"P23DT22H30M\")"},
         {"years and months duration(date(\"2020-02-29\"), date(\"2021-02-28\"))", "duration(\"P11M\")"},
         {"duration(\"PT90M\").hours", "1"},
         {"date(2021, 2, 5) = day", "true"},
         {"time(\"09:30:00\") < time(\"10:00:00\")", "true"},
         {"@\"P1Y\" + @\"P2M\"", "duration(\"P1Y2M\")"},
         {"date and time(\"2021-02-05T01:30:00Z\") = at", "true"}});
}

TEST(Feel, StringsAndNumbers) {
  check({{"substring(\"通办系统\", 2, 2)", "\"办系\""},
         {"substring(\"abc\", -2)", "\"bc\""},
         {"string length(\"通办\")", "2"},
         {"upper case(\"aBc\")", "\"ABC\""},
         {"contains(form.text, \"破损\")", "true"},
         {"starts with(form.text, \"井\") and ends with(form.text, \"损\")", "true"},
         {"number(\"1,000.5\", \",\", \".\")", "1000.5"},
         {"string(1.10)", "\"1.1\""},
         {"decimal(2.5, 0)", "2"},
         {"round half up(2.5, 0)", "3"},
         {"floor(-1.5)", "-2"},
         {"ceiling(-1.5)", "-1"},
         {"abs(-3)", "3"},
         {"modulo(-10, 3)", "2"},
         {"substring(string: \"abc\", start position: 2)", "\"bc\""},
         {"5 instance of number", "true"},
         {"[1] instance of list<number>", "true"},
         {"\"a\" instance of number", "false"}});
}

TEST(Feel, HostFunctions) {
  check({{"working days after(day, 3)", "date(\"2021-02-08\")"},
         {"working days after(start: day, n: 1) > day", "true"},
         {"no calendar()", "error: no calendar: there is no calendar for 1900"},
         {"working days after(day)", "1:1 expected working days after(start, n)"},
         {"working days after(\"2021-02-05\", 3)", "1:20 working days after: \"start\" must be date, this is string"}});
}

TEST(Feel, ProblemsSayWhereAndWhat) {
  check(
      {{"knd = \"other\"", "1:1 unknown name \"knd\"; did you mean \"kind\"?"},
       {"1 +", "1:4 expected a value, but the text ends"},
       {"a > \n  3 )", "2:5 expected an operator or the end, but found \")\""},
       {"form.led = \"x\"",
        "1:6 there is no \"led\" in context {lead: string, text: string, support: list of string, rows: list of "
        "context {unit: string, n: number, ok: boolean}, limit: limit}; did you mean \"lead\"?"},
       {"kind = \"consultaton\"",
        "1:8 \"consultaton\" is none of the allowed values \"consultation\", \"complaint\", \"other\"; did you mean "
        "\"consultation\"?"},
       {"a + \"x\"", "1:1 \"+\" does not fit number and string; turn a value into text with string(…)"},
       {"a = \"3\"", "1:5 \"=\" cannot compare number with string"},
       {"day > \"2021-01-01\"", "1:7 \">\" cannot compare date with string; write a date as date(\"2021-02-05\")"},
       {"a == 3", "1:3 write = for equality, not =="},
       {"count（xs）", "1:6 expected \"(\", but the sign （ is full-width; write ("},
       {"a = 3，", "1:6 expected an operator or the end, but the sign ， is full-width; write ,"},
       {"“a”", "1:1 expected a value, but the sign “ is full-width; write \""},
       {"'a'", "1:1 write strings in double quotes: \"…\""},
       {"\"abc", "1:1 the string has no end; close it with \""},
       {"date(\"2021-02-30\")", "1:1 date(\"2021-02-30\") can only give null; there is no such day"},
       {"date(2021-02-05)", "1:1 date(2021-02-05) can only give null; write date(\"2021-02-05\") or date(2021, 2, 5)"},
       {"duration(\"5天\")",
        "1:1 duration(\"5天\") can only give null; write duration(\"P5D\"), \"PT2H30M\" or \"P1Y2M\""},
       {"a > 1 && b", "1:7 expected an operator or the end, but found \"&\"; write and"},
       {"a > 1 且 b", "1:7 expected an operator or the end, but found \"且\"; write and"},
       {"a > 1 AND b", "1:7 expected an operator or the end, but found \"AND\"; write and, in small letters"},
       {"a > 1 ? 1 : 2", "1:7 expected an operator or the end, but found \"?\"; write if … then … else …"},
       {"!b", "1:1 expected a value, but found \"!\"; write not(…)"},
       {"not b", "1:1 expected a value, but found \"not\"; write not(…)"},
       {"a <> 5", "1:4 expected a value, but found \">\"; write != for inequality"},
       {"1,000 + 5", "1:2 expected an operator or the end, but found \",\"; write numbers without commas"},
       {"a * 5%", "1:6 expected an operator or the end, but found \"%\"; write 5% as 0.05"},
       {"a is null", "1:3 expected an operator or the end, but found \"is\"; write = (x = null, x != null)"},
       {"day > today",
        "1:7 \">\" cannot compare date with function<> -> date; a function is called with brackets, as in "
        "today()"},
       {"day + 5", "1:1 \"+\" does not fit date and number; write days as duration(\"P5D\")"},
       {"day - today() > 5",
        "1:17 \">\" cannot compare days and time duration with number; write days as duration(\"P5D\")"},
       {"substring(string: \"a\", start: 1)",
        "1:1 expected substring(string, start position, length?); there is no parameter \"start\", did you mean "
        "\"start position\"?"},
       {"b = TRUE", "1:5 unknown name \"TRUE\"; did you mean \"true\"?"},
       {"b = 是", "1:5 unknown name \"是\"; did you mean \"true\"?"},
       {"1 / 0", "1:1 1 / 0 can only give null; check the values"},
       {"contain(form.text, \"x\")", "1:1 unknown function \"contain\"; did you mean \"contains\"?"},
       {"if a then 1 else 2", "1:4 \"if\" needs a condition (boolean), this is number"},
       {"a and yes", "1:1 \"and\" needs yes or no (boolean) on both sides, this is number"},
       {"?", "1:1 \"?\" stands for the input of a table's cell; there is none here"},
       {"3days", "1:2 \"days\" stands right behind a number; put a space or an operator between them"},
       {"{a: 1, a: 2}", "1:8 the entry \"a\" stands here twice"},
       {"[5..1]", "1:1 the range is empty: its first end is above its second"},
       {"", "1:1 the expression is empty"},
       {"类别 = 咨询", "1:6 unknown name \"咨询\"; strings stand in double quotes"}});
}

TEST(Feel, AllProblemsOfOneTextAreFound) {
  EXPECT_EQ(outcome("knd = 1 and form.led = \"x\" and day > 3").substr(0, 61),
            "1:1 unknown name \"knd\"; did you mean \"kind\"?; 1:18 there is n");
}

TEST(Feel, LenientCompilingGivesNullAsTheStandardSays) {
  CompileOptions lenient;
  lenient.strict = false;
  EXPECT_EQ(outcome("1 + \"x\"", lenient), "null");
  EXPECT_EQ(outcome("a = \"3\"", lenient), "null");
  EXPECT_EQ(outcome("form.led", lenient), "null ? form.led");
  EXPECT_EQ(outcome("date(\"2021-02-30\")", lenient), "null");
  EXPECT_EQ(outcome("sum([])", lenient), "null");
  EXPECT_EQ(outcome("any([false, null])", lenient), "null");
}

TEST(Feel, ReadsListsThePathsOfVariables) {
  const Scope scope = test_scope();
  const Compiled compiled = compile("form.lead = \"x\" and count(form.rows[n > a]) > 0 and kind in (\"other\")", scope);
  ASSERT_TRUE(compiled.expression);
  EXPECT_EQ(compiled.expression->reads(), (std::vector<std::string>{"a", "form.lead", "form.rows", "kind"}));
  EXPECT_EQ(compile("1 + 2", scope).expression->constant(), Value::of(3));
}

TEST(Feel, DeepAndLongTextsAreRefusedQuickly) {
  const auto message = [](const std::string& text) { return outcome(text); };
  EXPECT_NE(message(std::string(100'000, '(')).find("longer than"), std::string::npos);
  EXPECT_NE(message(std::string(50'000, '(')).find("nested deeper than 200"), std::string::npos);
  EXPECT_NE(message(std::string(50'000, '[')).find("nested deeper than 200"), std::string::npos);
  EXPECT_NE(message(std::string(50'000, '-') + "1").find("nested deeper than 200"), std::string::npos);
  std::string contexts;
  for (int i = 0; i < 10'000; ++i) contexts += "{a:";
  EXPECT_NE(message(contexts).find("nested deeper than 200"), std::string::npos);
  std::string ins = "a";
  for (int i = 0; i < 5'000; ++i) ins += " in (a";
  EXPECT_NE(message(ins).find("nested deeper than 200"), std::string::npos);
  std::string sums = "a";
  for (int i = 0; i < 10'000; ++i) sums += "+ a";
  EXPECT_NE(message(sums).find("too deeply"), std::string::npos);
  std::string ors = "a = 1";
  for (int i = 0; i < 5'000; ++i) ors += " or a = 1";
  EXPECT_EQ(message(ors), "false");
  EXPECT_NE(message("if " + std::string(199, '(') + "yes" + std::string(199, ')') + " then 1 else 2").find("nested"),
            std::string::npos);
}

TEST(Feel, EvaluationEndsWithinItsStepBound) {
  EXPECT_EQ(outcome("count(for i in 1..1000, j in 1..10000 return i)"),
            "error: the evaluation took more than 1000000 steps");
  EXPECT_EQ(outcome("count(for i in 1..999999999999 return i)"), "error: the evaluation took more than 1000000 steps");
  // A value that doubles with every entry: cheap to build by sharing, endless to print or compare.
  std::string doubling = "{e0: [a, a]";
  for (int i = 1; i < 60; ++i)
    doubling += ", e" + std::to_string(i) + ": [e" + std::to_string(i - 1) + ", e" + std::to_string(i - 1) + "]";
  EXPECT_EQ(outcome(doubling + "}"), "error: the evaluation took more than 1000000 steps");
  EXPECT_EQ(outcome("some i in 1..2000000 satisfies i < 0"), "error: the evaluation took more than 1000000 steps");
}

// Pieces of the language in random order, and good texts with random wounds: an answer or a problem, always quickly,
// and what compiles gives the type that was promised.
TEST(Feel, RandomTextsNeverBreakIt) {
  static const char* const kPieces[] = {
      "a",        "b",       "kind",    "form",      ".",           ".lead",  ".rows",     "xs",
      "[",        "]",       "(",       ")",         "..",          ",",      "{",         "}",
      "a:",       "+",       "-",       "*",         "/",           "**",     "=",         "!=",
      "<",        ">=",      "and",     "or",        "not(",        "if",     "then",      "else",
      "for",      "x",       "in",      "return",    "some",        "every",  "satisfies", "between",
      "1",        "2.5",     "\"x\"",   "\"",        "null",        "true",   "?",         "@\"2021-02-05\"",
      "date(",    "count(",  "sum(",    "item",      "instance of", "number", "list<",     "类别",
      "，",       "（",      "//",      "/*",        "\\u",         "day",    "at",        "duration(\"P5D\")",
      "anything", "unknown", "nothing", "first name"};
  const std::vector<std::string> good = {
      "some r in form.rows satisfies r.n > 4 and r.ok", "if form.lead = null then xs[1] else sum(xs[item > 1])",
      "{n: a, m: n * 2}.m in (1, [2..5], > 7)", "for i in 1..3, x in xs return i * x",
      "day + duration(\"P5D\") > date(\"2021-02-05\") or not(unknown)"};
  std::mt19937 random(12345);
  int compiled = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    if (i % 2 == 0) {
      const size_t length = 1 + random() % 12;
      for (size_t j = 0; j < length; ++j)
        text += std::string(kPieces[random() % std::size(kPieces)]) + (random() % 4 ? " " : "");
    } else {
      text = good[random() % good.size()];
      for (size_t wounds = 1 + random() % 3; wounds > 0; --wounds) {
        const size_t at = random() % (text.size() + 1);
        if (random() % 2 == 0)
          text.insert(at, kPieces[random() % std::size(kPieces)]);
        else
          text.erase(at, 1 + random() % 5);
      }
    }
    CompileOptions options;
    options.strict = random() % 2 == 0;
    const std::string out = outcome(text, options);
    EXPECT_FALSE(out.empty());
    compiled += out.find(':') == std::string::npos ? 1 : 0;
    const Scope scope = test_scope();
    const Compiled tests = compile_unary_tests(text, scope, Type::number(), options);
    EXPECT_EQ(tests.expression.has_value(), tests.problems.empty()) << text;
    if (tests.expression) {
      const std::vector<Value> slots = test_slots();
      test(*tests.expression, random() % 3 == 0 ? Value() : Value::of(3), slots, test_context());
      shape_of(*tests.expression);
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(compiled, 500);
}

// ---- unary tests

std::string tested(const std::string& cell, const Value& input, const Type& type) {
  const Scope scope = test_scope();
  const Compiled compiled = compile_unary_tests(cell, scope, type);
  if (!compiled.expression) return compiled.problems.empty() ? "no problem?" : compiled.problems[0].message;
  const std::vector<Value> slots = test_slots();
  const TestResult result = test(*compiled.expression, input, slots, test_context());
  if (!result.error.empty()) return "error: " + result.error;
  std::string out = result.truth == Truth::yes ? "yes" : result.truth == Truth::no ? "no" : "undecided";
  if (result.input_missing) out += " input";
  for (const std::string& path : result.missing) out += " " + path;
  return out;
}

TEST(UnaryTests, CellsOfATable) {
  const Type number = Type::number();
  const Type text = Type::text();
  EXPECT_EQ(tested("-", Value(), number), "yes");
  EXPECT_EQ(tested("5", Value::of(5), number), "yes");
  EXPECT_EQ(tested("1, 5, 9", Value::of(5), number), "yes");
  EXPECT_EQ(tested("< 5", Value::of(5), number), "no");
  EXPECT_EQ(tested("[1..5)", Value::of(5), number), "no");
  EXPECT_EQ(tested("[1..5), > 7", Value::of(8), number), "yes");
  EXPECT_EQ(tested("(1..5]", Value::of(5), number), "yes");
  EXPECT_EQ(tested("not(1, 5)", Value::of(5), number), "no");
  EXPECT_EQ(tested("not(1, 5)", Value::of(6), number), "yes");
  EXPECT_EQ(tested("not(> 5) ", Value::of(5), number), "yes");
  EXPECT_EQ(tested("\"a\", \"b\"", Value::text("b"), text), "yes");
  EXPECT_EQ(tested("contains(?, \"破损\")", Value::text("井盖破损"), text), "yes");
  EXPECT_EQ(tested("not(contains(?, \"破损\"))", Value::text("井盖破损"), text), "no");
  EXPECT_EQ(tested("? > a", Value::of(4), number), "yes");
  EXPECT_EQ(tested("> a", Value::of(3), number), "no");
  EXPECT_EQ(tested("xs", Value::of(3), number), "yes");
  EXPECT_EQ(tested("true", Value::of(true), Type::boolean()), "yes");
  EXPECT_EQ(tested("[date(\"2021-01-01\")..date(\"2021-02-05\")]", Value::of(Date::from(2021, 2, 5)), Type::date()),
            "yes");
  EXPECT_EQ(tested("!= 5", Value::of(5), number), "no");
}

TEST(UnaryTests, ANullInputSatisfiesOnlyCellsThatNameNull) {
  const Type number = Type::number();
  EXPECT_EQ(tested("5", Value(), number), "undecided input");
  EXPECT_EQ(tested("not(5)", Value(), number), "undecided input");
  EXPECT_EQ(tested("< 5, > 7", Value(), number), "undecided input");
  EXPECT_EQ(tested("[1..5]", Value(), number), "undecided input");
  EXPECT_EQ(tested("? > 3", Value(), number), "undecided input");
  EXPECT_EQ(tested("? = 3", Value(), number), "undecided input");
  EXPECT_EQ(tested("null", Value(), number), "yes");
  EXPECT_EQ(tested("null, 5", Value(), number), "yes");
  EXPECT_EQ(tested("5, null", Value(), number), "yes");
  EXPECT_EQ(tested("null", Value::of(5), number), "no");
  EXPECT_EQ(tested("not(null)", Value(), number), "no");
  EXPECT_EQ(tested("not(null)", Value::of(5), number), "yes");
  EXPECT_EQ(tested("? = null", Value(), number), "yes");
  EXPECT_EQ(tested("> nothing", Value::of(5), number), "undecided nothing");
  EXPECT_EQ(tested("!= null", Value(), number), "no");
}

TEST(UnaryTests, Problems) {
  EXPECT_EQ(tested("\"5\"", Value(), Type::number()),
            "the input is number, but this is string; write the number without quotes");
  EXPECT_EQ(
      tested("\"consulation\"", Value(), Type::one_of({"consultation", "other"})),
      "\"consulation\" is none of the allowed values \"consultation\", \"other\"; did you mean \"consultation\"?");
  EXPECT_EQ(tested("kind = \"other\"", Value(), Type::text()),
            "the input is string, but this is boolean; name the input as ? in a condition of your own");
  EXPECT_EQ(tested("", Value(), Type::number()), "the cell is empty; write - for any value");
  EXPECT_EQ(tested("5,", Value(), Type::number()), "expected a value, but the text ends");
  EXPECT_EQ(tested(">= \"x\"", Value(), Type::number()), "\">=\" cannot compare number with string");
}

TEST(UnaryTests, ShapesAreReadForIndexesAndAnalysis) {
  const auto shape = [](const std::string& cell) -> std::string {
    const Scope scope = test_scope();
    const Compiled compiled = compile_unary_tests(cell, scope, Type::any());
    if (!compiled.expression) return "problem";
    const std::optional<TestShape> found = shape_of(*compiled.expression);
    if (!found) return "beyond";
    std::string out = found->any ? "any" : found->negated ? "not" : "";
    if (found->names_null) out += " null";
    for (const Interval& interval : found->intervals) {
      out += std::string(" ") + (interval.low_open ? "(" : "[") + (interval.low ? interval.low->to_text() : "") + ".." +
             (interval.high ? interval.high->to_text() : "") + (interval.high_open ? ")" : "]");
    }
    return out;
  };
  EXPECT_EQ(shape("-"), "any");
  EXPECT_EQ(shape("\"a\", \"b\""), " [\"a\"..\"a\"] [\"b\"..\"b\"]");
  EXPECT_EQ(shape("< 5, [7..9)"), " [..5) [7..9)");
  EXPECT_EQ(shape("not(1, null)"), "not null [1..1]");
  EXPECT_EQ(shape("> a"), "beyond");
  EXPECT_EQ(shape("? > 5"), "beyond");
  EXPECT_EQ(shape("> 2 * 3"), " (6..]");
}

TEST(BuiltIns, EachHasASentenceAndAChapter) {
  EXPECT_GE(built_ins().size(), 50u);
  for (const BuiltInInfo& info : built_ins()) {
    EXPECT_FALSE(info.doc.empty()) << info.name;
    EXPECT_FALSE(info.chapter.empty()) << info.name;
  }
}

}  // namespace
}  // namespace tongban::feel
