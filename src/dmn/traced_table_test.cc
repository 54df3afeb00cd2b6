// JSON in, record out: by examples, and the quick way against dmn::evaluate on random tables and inputs.
#include "dmn/traced_table.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/json.h"

namespace tongban::dmn {
namespace {

using feel::Type;

feel::Scope scope() {
  return feel::Scope(
      {{"年龄", Type::number()}, {"区县", Type::text()}, {"本地", Type::boolean()}, {"旁的", Type::any()}});
}
Table make_table(HitPolicy policy, const std::vector<std::vector<std::string>>& rows) {
  Table table;
  table.hit_policy = policy;
  table.clause = "第一条";
  for (const char* name : {"年龄", "区县", "本地"}) table.inputs.push_back({name, name, Type::any(), {}, 0});
  table.outputs.push_back({"出", "out", Type::any(), {}, "", 0});
  for (const auto& row : rows) table.rules.push_back({{row[0], row[1], row[2]}, {row[3]}, row[4], 0});
  return table;
}
std::string decided(const TracedTable& table, std::string_view json, bool plainly = false) {
  std::string out;
  const Result<void> result = plainly ? table.decide_plainly(json, out, {}) : table.decide(json, out, {});
  return result.ok() ? out : "failure: " + result.error().message;
}
TracedTable traced(const Table& table) {
  TableCompiled compiled = compile(table, scope());
  CHECK(compiled.table.has_value());
  return TracedTable(*compiled.table, scope());
}

TEST(TracedTable, SaysWhatMatchedAndWhichCellStoppedTheOthers) {
  const TracedTable table = traced(make_table(HitPolicy::first, {{"< 18", "-", "-", "\"少年\"", "第二条"},
                                                                 {"-", "\"渝中区\"", "true", "\"本区\"", "第三条"},
                                                                 {"-", "-", "-", "\"其他\"", ""}}));
  EXPECT_TRUE(table.is_quick());
  EXPECT_EQ(decided(table, R"({"年龄": 30.50, "区县": "江北区", "本地": true})"),
            R"({"status":"complete","value":"其他","matched":[3],"decided_by":3,"clauses":["第一条"],)"
            R"("inputs":{"年龄":"30.5","区县":"江北区","本地":true},)"
            R"("rows":[{"row":1,"input":"年龄","cell":"< 18"},{"row":2,"input":"区县","cell":"\"渝中区\""}]})");
  EXPECT_EQ(decided(table, R"({"年龄": 30, "区县": "渝中区"})"),
            R"({"status":"at_least","value":"其他","matched":[3],"decided_by":3,"clauses":["第一条"],)"
            R"("stopped":[2],"missing":["本地"],"inputs":{"年龄":30,"区县":"渝中区","本地":null},)"
            R"("rows":[{"row":1,"input":"年龄","cell":"< 18"}]})");
}

TEST(TracedTable, RefusesWhatIsNoInput) {
  const TracedTable table = traced(make_table(HitPolicy::first, {{"-", "-", "-", "1", "一"}}));
  for (const char* json : {"[]", "{", R"({"年龄": "x"})", R"({"年龄": 01})", R"({"年龄": 1,})", R"({"年龄": 1} 2)",
                           "{\"区县\": \"\xff\"}", R"({"年龄": -})", R"({"年龄": 1.})", R"({"区县": "\ud800"})"}) {
    EXPECT_TRUE(decided(table, json).starts_with("failure: ")) << json;
    EXPECT_EQ(decided(table, json), decided(table, json, true)) << json;
  }
}

TEST(TracedTable, ReadsNumbersExactly) {
  const auto text = [](std::string_view json) { return read_json_exactly(json).value().to_text(); };
  EXPECT_EQ(text("0.1"), "0.1");
  EXPECT_EQ(text("9007199254740993"), "9007199254740993");
  EXPECT_EQ(text("1.25e3"), "1250");
  EXPECT_EQ(text(R"([1, "a\u4e2d\ud83d\ude00\n", {"x": null, "x": true}])"), "[1, \"a中😀\\n\", {x: true}]");
}

TEST(TracedTable, TheQuickWayGivesTheSameText) {
  std::mt19937 random(20210208);
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<uint32_t>(n)); };
  const std::vector<std::string> ages = {"-", "< 18", "[18..60)", ">= 60", "null", "18.5", "not(5, 7)", "-", "!= null"};
  const std::vector<std::string> places = {"-", "\"渝中区\"", "\"江北区\", null", "not(\"渝中区\")", "-"};
  const std::vector<std::string> locals = {"-", "true", "false", "null", "-"};
  const std::vector<std::string> clauses = {"第一条", "第二条", ""};
  const std::vector<std::string> numbers = {"17",  "18.5", "60.00", "null", "-3", "5", "18.499999999999999",
                                            "1e1", "0.07"};
  const std::vector<std::string> words = {"\"渝中区\"", "\"江北区\"", "\"别\\u5904\"", "null", "\"别处\""};
  const std::vector<std::string> yes = {"true", "false", "null"};
  int quick = 0;
  int at_least = 0;
  for (int round = 0; round < 600; ++round) {
    constexpr HitPolicy kPolicies[] = {HitPolicy::unique,  HitPolicy::first,      HitPolicy::any,
                                       HitPolicy::collect, HitPolicy::rule_order, HitPolicy::collect_sum,
                                       HitPolicy::first};
    std::vector<std::vector<std::string>> rows;
    const int count = 1 + pick(round % 10 == 0 ? 90 : 7);
    for (int i = 0; i < count; ++i) {
      rows.push_back({ages[static_cast<size_t>(pick(9))], places[static_cast<size_t>(pick(5))],
                      locals[static_cast<size_t>(pick(5))], std::to_string(pick(2)),
                      clauses[static_cast<size_t>(pick(3))]});
    }
    Table made = make_table(kPolicies[round % 7], rows);
    if (pick(3) == 0) made.outputs[0].default_text = "9";
    if (pick(3) == 0) made.clause.clear();
    const TracedTable table = traced(made);
    quick += table.is_quick() ? 1 : 0;
    for (int i = 0; i < 30; ++i) {
      std::string json = "{ ";
      if (pick(6)) json += "\"年龄\" : " + numbers[static_cast<size_t>(pick(9))] + ", ";
      if (pick(6)) json += "\"区县\":" + words[static_cast<size_t>(pick(5))] + ", ";
      if (pick(9) == 0) json += "\"旁的\":[1],";
      json += "\"本地\":" + yes[static_cast<size_t>(pick(3))] + " }";
      const std::string plain = decided(table, json, true);
      ASSERT_EQ(decided(table, json), plain) << json << " round " << round;
      ASSERT_TRUE(parse_json(plain).ok()) << plain;
      at_least += plain.find("at_least") != std::string::npos ? 1 : 0;
    }
  }
  EXPECT_GT(quick, 400);
  EXPECT_GT(at_least, 1000);
}

}  // namespace
}  // namespace tongban::dmn
