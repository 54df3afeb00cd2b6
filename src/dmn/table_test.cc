// Decision tables by examples: Markdown in, decisions and problems out.
#include "dmn/table.h"

#include <gtest/gtest.h>

#include <string>

#include "dmn/markdown.h"

namespace tongban::dmn {
namespace {

using feel::Type;
using feel::Value;

feel::Scope scope() {
  return feel::Scope(
      {{"kind", Type::one_of({"consultation", "complaint", "other"})},
       {"amount", Type::number()},
       {"form",
        Type::context_of({{"law_limit", Type::limit()}, {"set_limit", Type::limit()}, {"rating", Type::text()}})},
       {"urgent", Type::boolean()}});
}
feel::EvalContext now() { return {at_local(Date::from(2021, 3, 1), 8, 0)}; }

Value limit(int n, const char* unit) { return Value::context({{"n", Value::of(n)}, {"unit", Value::text(unit)}}); }
Value form(Value law, Value set, Value rating = {}) {
  return Value::context({{"law_limit", std::move(law)}, {"set_limit", std::move(set)}, {"rating", std::move(rating)}});
}

std::string head(const std::string& policy, const std::string& more = "") {
  return "---\ntitle: 试表\nhit policy: " + policy + "\nmode: binding\n" + more + "---\n\n";
}

std::string problems_of(const std::string& text) {
  const ParsedTable parsed = parse_table_markdown("test", text);
  std::vector<TableProblem> problems = parsed.problems;
  if (problems.empty()) problems = compile(parsed.table, scope()).problems;
  std::string out;
  for (const TableProblem& problem : problems) {
    out += (out.empty() ? "" : "; ") + std::to_string(problem.line) + "/" + std::to_string(problem.row) + "/" +
           std::to_string(problem.column) + " " + problem.message;
  }
  return out;
}

CompiledTable compiled(const std::string& text) {
  const ParsedTable parsed = parse_table_markdown("test", text);
  for (const TableProblem& problem : parsed.problems) ADD_FAILURE() << problem.line << ": " << problem.message;
  TableCompiled result = compile(parsed.table, scope());
  for (const TableProblem& problem : result.problems) ADD_FAILURE() << problem.line << ": " << problem.message;
  CHECK(result.table.has_value());
  return *result.table;
}

Decision decide(const CompiledTable& table, const std::vector<Value>& slots) { return evaluate(table, slots, now()); }

const char* const kLimits =
    "---\ntitle: 办结和答复时限\nhit policy: first\nmode: binding\nclause: 第十三条\n---\n法律另有规定的从其规定。\n\n"
    "| 法律另有规定 form.law_limit != null | 交办时有要求 form.set_limit != null | 类别 kind | → 时限 limit | 依据 |\n"
    "|---|---|---|---|---|\n"
    "| true | - | - | form.law_limit | 第十三条（四） |\n"
    "| - | true | - | form.set_limit | 第十三条（二） |\n"
    "| - | - | \"consultation\" | 5 工作日 | 第十三条（二） |\n"
    "| - | - | - | 15 工作日 | 第十三条（二） |\n";

TEST(Table, FirstRowDecidesAndNamesItsClause) {
  const CompiledTable table = compiled(kLimits);
  EXPECT_EQ(table.type(), Type::limit());
  EXPECT_EQ(table.reads(), (std::vector<std::string>{"form.law_limit", "form.set_limit", "kind"}));
  const Decision decision = decide(table, {Value::text("consultation"), Value(), form({}, {})});
  EXPECT_EQ(decision.status, Decision::Status::complete);
  EXPECT_EQ(decision.value, limit(5, "working_days"));
  EXPECT_EQ(decision.outputs, Value::context({{"limit", limit(5, "working_days")}}));
  EXPECT_EQ(decision.matched, (std::vector<int>{3, 4}));
  EXPECT_EQ(decision.decided_by, 3);
  EXPECT_EQ(decision.clauses, std::vector<std::string>{"第十三条（二）"});
  ASSERT_EQ(decision.inputs.size(), 3u);
  EXPECT_EQ(decision.inputs[2].name, "kind");
  EXPECT_EQ(decision.inputs[2].value, Value::text("consultation"));

  const Decision by_law =
      decide(table, {Value::text("consultation"), Value(), form(limit(24, "hours"), limit(3, "working_days"))});
  EXPECT_EQ(by_law.value, limit(24, "hours"));
  EXPECT_EQ(by_law.matched, (std::vector<int>{1, 2, 3, 4}));
  EXPECT_EQ(by_law.clauses, std::vector<std::string>{"第十三条（四）"});
}

TEST(Table, AMissingInputMakesTheAnswerAtLeast) {
  const CompiledTable table = compiled(kLimits);
  const Decision decision = decide(table, {Value(), Value(), form({}, {})});
  EXPECT_EQ(decision.status, Decision::Status::at_least);
  EXPECT_EQ(decision.value, limit(15, "working_days"));
  EXPECT_EQ(decision.stopped, std::vector<int>{3});
  EXPECT_EQ(decision.missing, std::vector<std::string>{"kind"});
  // A row that decides before the missing value is asked for is complete.
  const Decision by_law = decide(table, {Value(), Value(), form(limit(24, "hours"), {})});
  EXPECT_EQ(by_law.status, Decision::Status::complete);
  EXPECT_TRUE(by_law.missing.empty());
  EXPECT_EQ(json::serialize(decision.to_json()),
            R"({"status":"at_least","value":{"n":15,"unit":"working_days"},"matched":[4],"decided_by":4,)"
            R"("clauses":["第十三条（二）"],"stopped":[3],"missing":["kind"],)"
            R"("inputs":{"form.law_limit != null":false,"form.set_limit != null":false,"kind":null}})");
}

TEST(Table, ARowThatNamesNullAnswersForIt) {
  const CompiledTable table =
      compiled(head("unique") +
               "| 评价 form.rating | → 差评 bad | 依据 |\n|---|---|---|\n"
               "| \"good\", \"fair\" | false | 一 |\n| \"bad\" | true | 二 |\n| null | false | 三 |\n");
  const Decision none = decide(table, {Value(), Value(), form({}, {}, {})});
  EXPECT_EQ(none.status, Decision::Status::complete);
  EXPECT_EQ(none.decided_by, 3);
  const Decision bad = decide(table, {Value(), Value(), form({}, {}, Value::text("bad"))});
  EXPECT_EQ(bad.value, Value::of(true));
  const Decision other = decide(table, {Value(), Value(), form({}, {}, Value::text("?"))});
  EXPECT_EQ(other.status, Decision::Status::complete);
  EXPECT_TRUE(other.value.is_null());
  EXPECT_TRUE(other.matched.empty());
}

TEST(Table, UniqueAnyAndCollect) {
  const std::string rows =
      "| 数额 amount | → 等级 grade | → 说明 note | 依据 |\n|---|---|---|---|\n"
      "| < 10 | \"low\" | \"小\" | 一 |\n| [5..20] | \"mid\" | \"中\" | 二 |\n| > 15 | \"low\" | \"小\" | 一 |\n";
  const auto at = [](int n) { return std::vector<Value>{Value(), Value::of(n)}; };
  const CompiledTable unique = compiled(head("unique") + rows);
  EXPECT_EQ(decide(unique, at(3)).value.to_text(), "{grade: \"low\", note: \"小\"}");
  EXPECT_EQ(decide(unique, at(7)).status, Decision::Status::failed);
  EXPECT_EQ(decide(unique, at(7)).error, "rows 1 and 2 both match, but the hit policy is unique");
  EXPECT_TRUE(decide(unique, at(7)).value.is_null());
  const CompiledTable any = compiled(head("any") + rows);
  EXPECT_EQ(decide(any, at(7)).error, "rows 1 and 2 both match with different outputs, but the hit policy is any");
  EXPECT_EQ(decide(any, at(12)).decided_by, 2);
  const CompiledTable collect = compiled(head("collect") + rows);
  EXPECT_EQ(decide(collect, at(7)).value.to_text(), "[{grade: \"low\", note: \"小\"}, {grade: \"mid\", note: \"中\"}]");
  EXPECT_EQ(decide(collect, at(7)).clauses, (std::vector<std::string>{"一", "二"}));
  EXPECT_EQ(decide(collect, {}).status, Decision::Status::at_least);
  EXPECT_EQ(decide(collect, {}).value.to_text(), "[]");
  EXPECT_EQ(decide(collect, {}).stopped, (std::vector<int>{1, 2, 3}));
}

TEST(Table, Aggregators) {
  const std::string rows =
      "| 数额 amount | → 分 points | 依据 |\n|---|---|---|\n| > 1 | 0.1 | 一 |\n| > 2 | 0.2 | 二 |\n| > 3 | 5 | 三 |\n";
  const std::vector<Value> slots{Value(), Value::of(3)};
  EXPECT_EQ(decide(compiled(head("collect sum") + rows), slots).value.to_text(), "0.3");
  EXPECT_EQ(decide(compiled(head("C>") + rows), slots).value.to_text(), "0.2");
  EXPECT_EQ(decide(compiled(head("collect min") + rows), slots).value.to_text(), "0.1");
  EXPECT_EQ(decide(compiled(head("collect count") + rows), slots).value.to_text(), "2");
  EXPECT_EQ(decide(compiled(head("rule order") + rows), slots).value.to_text(), "[0.1, 0.2]");
}

TEST(Table, DefaultsDeclaredTypesAndEscapedBars) {
  const CompiledTable table =
      compiled(head("unique",
                    "inputs:\n  form.rating: one of \"a|b\" 甲, \"c\" 乙\noutputs:\n  limit: limit\ndefaults:\n  "
                    "limit: 30 自然日\n") +
               "| 评价 form.rating | → 时限 limit | 依据 |\n|---|---|---|\n| \"a\\|b\" | 6 个月 | 一 |\n");
  EXPECT_EQ(decide(table, {Value(), Value(), form({}, {}, Value::text("a|b"))}).value, limit(6, "months"));
  const Decision other = decide(table, {Value(), Value(), form({}, {}, Value::text("c"))});
  EXPECT_TRUE(other.used_default);
  EXPECT_EQ(other.value, limit(30, "calendar_days"));
}

TEST(Table, LimitsAsWritten) {
  EXPECT_EQ(parse_limit("5 工作日"), limit(5, "working_days"));
  EXPECT_EQ(parse_limit("5个工作日"), limit(5, "working_days"));
  EXPECT_EQ(parse_limit("24 小时"), limit(24, "hours"));
  EXPECT_EQ(parse_limit("30 自然日"), limit(30, "calendar_days"));
  EXPECT_EQ(parse_limit("6 个月"), limit(6, "months"));
  EXPECT_EQ(parse_limit("90 分钟"), limit(90, "minutes"));
  for (const char* text : {"5 天", "5 日", "5", "工作日", "-5 工作日", "5.5 小时", "6 月", ""})
    EXPECT_FALSE(parse_limit(text)) << text;
  EXPECT_EQ(limit_to_text(limit(5, "working_days")), "5 工作日");
  EXPECT_EQ(limit_to_text(limit(6, "months")), "6 个月");
  EXPECT_FALSE(limit_to_text(Value::of(5)));
}

TEST(Table, ProblemsNameLineRowAndColumn) {
  const std::string table_head = "| 类别 kind | → 时限 limit | 依据 |\n|---|---|---|\n";
  EXPECT_EQ(
      problems_of(head("first") + table_head + "| \"consultaton\" | 5 天 | 一 |\n"),
      "9/1/1 in \"\"consultaton\"\": \"consultaton\" is none of the allowed values \"consultation\", \"complaint\", "
      "\"other\"; did you mean \"consultation\"?; 9/1/2 in \"5 天\": write the limit as 5 工作日, 24 小时, 30 自然日 "
      "or 6 个月");
  EXPECT_EQ(problems_of(head("first") + "| 类别 knd | → 时限 limit | 依据 |\n|---|---|---|\n| - | 1 | 一 |\n"),
            "7/0/1 in \"knd\": unknown name \"knd\"; did you mean \"kind\"?");
  EXPECT_EQ(problems_of(head("priority") + table_head + "| - | 1 | 一 |\n"),
            "0/0/0 the hit policy \"priority\" needs allowed values of an output: their order is the priority");
  EXPECT_EQ(problems_of(head("firts") + table_head + "| - | 1 | 一 |\n"),
            "3/0/0 \"firts\" is no hit policy; write unique, first, any, collect or rule order");
  EXPECT_EQ(problems_of(head("first") + table_head + "| - | 1 |\n"), "9/1/0 the row has 2 cells, the head 3");
  EXPECT_EQ(problems_of(head("first") + table_head + "| - | 1 | |\n"), "9/1/3 the row has no clause (依据)");
  EXPECT_EQ(problems_of(head("first") + table_head + "|  | 1 | 一 |\n"),
            "9/1/1 the cell is empty; write - for any value");
  EXPECT_EQ(problems_of(head("first") + "| 类别 kind | → 时限 limit |\n|---|---|\n| - | 1 |\n"),
            "7/0/0 the last column must be 依据 (the clause of each row)");
  EXPECT_EQ(problems_of(head("first", "outputs:\n  limt: limit\n") + table_head + "| - | 1 | 一 |\n"),
            "6/0/0 there is no column \"limt\"");
  EXPECT_EQ(problems_of(head("first", "outputs:\n  limit: limit\n") + table_head + "| - | 1 | 一 |\n"),
            "11/1/2 \"1\" is number, but \"limit\" is limit");
  EXPECT_EQ(problems_of(head("first", "titel: x\n") + table_head + "| - | 1 | 一 |\n"),
            "5/0/0 unknown key \"titel\"; did you mean \"title\"?");
  EXPECT_EQ(problems_of("| a |\n"),
            "1/0/0 the file must begin with a head between two lines ---; 1/0/0 the last column must be 依据 "
            "(the clause of each row); 1/0/0 no output column; mark one as \"→ 时限 limit\"; "
            "2/0/0 expected the line |---|---| below the column heads");
  EXPECT_EQ(problems_of(head("first") + "没有表\n"), "1/0/0 the file holds no table");
}

TEST(Table, MarkdownRoundTrip) {
  const std::string text =
      head("collect sum",
           "demo: yes\nclause: 第九条\ninputs:\n  amount: number\noutputs:\n  points: one of 1 一, 2 二\n"
           "defaults:\n  points: 1\n") +
      "一段说明。\n\n| 数额 amount | 加急 urgent | → 分 points | 依据 |\n|---|---|---|---|\n| > 1 | true | 2 | 第一条 "
      "|\n";
  const ParsedTable first = parse_table_markdown("test", text);
  ASSERT_TRUE(first.problems.empty()) << first.problems[0].message;
  const std::string written = to_markdown(first.table);
  const ParsedTable second = parse_table_markdown("test", written);
  ASSERT_TRUE(second.problems.empty()) << second.problems[0].message;
  EXPECT_EQ(to_markdown(second.table), written);
  EXPECT_EQ(second.table.text, "一段说明。");
  EXPECT_TRUE(second.table.demo);
  EXPECT_EQ(second.table.rules[0].cells, first.table.rules[0].cells);
  EXPECT_EQ(second.table.outputs[0].allowed[1].label, "二");
}

}  // namespace
}  // namespace tongban::dmn
