// DMN models as XML: what loads, what is refused, and that tables go there and back.
#include "dmn/xml.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "dmn/engine.h"
#include "dmn/markdown.h"

namespace tongban::dmn {
namespace {

std::string model_text(const std::string& inside,
                       const std::string& uri = "https://www.omg.org/spec/DMN/20230324/MODEL/") {
  return "<?xml version=\"1.0\"?>\n<definitions xmlns=\"" + uri + "\" name=\"m\" namespace=\"urn:m\">\n" + inside +
         "\n</definitions>\n";
}
std::string first_problem(const std::string& text) {
  const ReadModel read = read_xml("m.dmn", text);
  if (read.problems.empty()) return "";
  const ModelProblem& first = read.problems[0];
  return std::to_string(first.at.line) + ":" + std::to_string(first.at.column) + " " + first.message;
}
std::string decide(const std::string& text, const std::string& decision, const std::vector<GivenValue>& given = {}) {
  const ReadModel read = read_xml("m.dmn", text);
  if (!read.problems.empty()) return "problem: " + read.problems[0].message;
  const Engine::Loaded loaded = Engine::load({read.model});
  if (!loaded.engine) return "refused: " + loaded.problems[0].message;
  const Outcome outcome = loaded.engine->evaluate(decision, given, {});
  return outcome.value.to_text() + (outcome.faults.empty() ? "" : " (" + outcome.faults[0].message + ")");
}
const std::string kTwice =
    "<inputData id=\"i\" name=\"n\"><variable name=\"n\" typeRef=\"number\"/></inputData>"
    "<decision id=\"d\" name=\"twice\"><variable name=\"twice\" typeRef=\"number\"/>"
    "<informationRequirement><requiredInput href=\"#i\"/></informationRequirement>"
    "<literalExpression><text>n * 2</text></literalExpression></decision>";

TEST(Xml, LoadsAllVersionsOneToFive) {
  for (const char* uri :
       {"http://www.omg.org/spec/DMN/20151101/dmn.xsd", "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20191111/MODEL/", "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/"}) {
    EXPECT_EQ(decide(model_text(kTwice, uri), "twice", {{"n", feel::Value::of(4), ""}}), "8") << uri;
  }
  EXPECT_EQ(first_problem(model_text(kTwice, "urn:other")), "2:2 \"urn:other\" is no namespace of DMN 1.1 to 1.5");
}

TEST(Xml, LoadsWithAPrefixAndForeignExtensions) {
  const std::string text =
      "<dmn:definitions xmlns:dmn=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" xmlns:camunda=\"urn:c\" "
      "name=\"m\" namespace=\"urn:m\"><camunda:decision name=\"no\"/>"
      "<dmn:decision id=\"d\" name=\"one\" camunda:historyTimeToLive=\"5\"><dmn:extensionElements><x/>"
      "</dmn:extensionElements><dmn:literalExpression><dmn:text>1</dmn:text></dmn:literalExpression></dmn:decision>"
      "</dmn:definitions>";
  EXPECT_EQ(decide(text, "one"), "1");
}

TEST(Xml, ModelsOfCamundaNeedNoInputData) {
  const std::string text =
      "<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" "
      "xmlns:camunda=\"http://camunda.org/schema/1.0/dmn\" id=\"x\" name=\"x\" namespace=\"urn:x\">"
      "<decision id=\"Season\" name=\"Season of dish\"><decisionTable id=\"t\" hitPolicy=\"FIRST\"><input id=\"i\" "
      "label=\"Guests\" camunda:inputVariable=\"g\"><inputExpression id=\"e\" typeRef=\"integer\"><text>guests</text>"
      "</inputExpression></input><output id=\"o\" label=\"Dish\" name=\"dish\" typeRef=\"string\"/>"
      "<rule id=\"r1\"><inputEntry id=\"a\"><text>&gt; 8</text></inputEntry><outputEntry id=\"b\"><text>\"stew\"</text>"
      "</outputEntry></rule><rule id=\"r2\"><description>few</description><inputEntry "
      "id=\"c\"><text></text></inputEntry>"
      "<outputEntry id=\"d\"><text>\"steak\"</text></outputEntry></rule></decisionTable></decision>"
      "<decision id=\"Wine\" name=\"Wine\"><informationRequirement><requiredDecision href=\"#Season\"/>"
      "</informationRequirement><literalExpression><text>dish + "
      "wine</text></literalExpression></decision></definitions>";
  EXPECT_EQ(decide(text, "Wine", {{"guests", feel::Value::of(10), ""}, {"wine", feel::Value::text(" with red"), ""}}),
            "\"stew with red\"");
  EXPECT_EQ(decide(text, "Season", {{"guests", feel::Value::of(10), ""}}), "\"stew\"");
  EXPECT_EQ(decide(text, "Season of dish", {{"guests", feel::Value::of(2), ""}}), "\"steak\"");
}

TEST(Xml, OtherLanguagesAreRefusedWithASentence) {
  EXPECT_EQ(decide(model_text("<decision id=\"d\" name=\"d\"><literalExpression expressionLanguage=\"groovy\"><text>1"
                              "</text></literalExpression></decision>"),
                   "d"),
            "null (the expression is written in groovy; only FEEL is evaluated here)");
}

TEST(Xml, RefusesWhatCouldGrowOrIsNoXml) {
  EXPECT_EQ(first_problem("<!DOCTYPE x [<!ENTITY a \"aaa\">]><definitions/>"),
            "0:0 the file has a document type declaration (<!DOCTYPE …>), which is refused");
  EXPECT_EQ(first_problem("<definitions>"),
            "0:0 line 1, column 13: this is not well-formed XML (Start-end tags mismatch)");
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "<a>";
  for (int i = 0; i < 5000; ++i) deep += "</a>";
  EXPECT_EQ(first_problem(model_text(deep)), "0:0 elements are nested deeper than 120 levels");
  EXPECT_EQ(first_problem("\xff"), "0:0 the file is not UTF-8 text");
}

TEST(Xml, RefusesDecisionsInACircle) {
  const std::string circle =
      "<decision id=\"a\" name=\"a\"><informationRequirement><requiredDecision href=\"#b\"/></informationRequirement>"
      "<literalExpression><text>1</text></literalExpression></decision>"
      "<decision id=\"b\" name=\"b\"><informationRequirement><requiredDecision href=\"#a\"/></informationRequirement>"
      "<literalExpression><text>1</text></literalExpression></decision>";
  EXPECT_EQ(decide(model_text(circle), "a"), "refused: \"a\" requires itself in a circle");
}

TEST(Xml, PositionOfAFaultIsThatInTheFile) {
  const ReadModel read = read_xml("m.dmn", model_text("<decision id=\"d\" name=\"d\"><literalExpression>\n  <text>1 +\n"
                                                      "   nme</text></literalExpression></decision>"));
  const Engine::Loaded loaded = Engine::load({read.model});
  ASSERT_EQ(loaded.problems.size(), 1u);
  EXPECT_EQ(loaded.problems[0].at.line, 5);
  EXPECT_EQ(loaded.problems[0].at.column, 4);
}

// ---- tables there and back -----------------------------------------------------------------------------------------

void expect_round_trip(const std::string& name, const std::string& markdown) {
  const ParsedTable parsed = parse_table_markdown(name, markdown);
  ASSERT_TRUE(parsed.problems.empty()) << name << ": " << parsed.problems[0].message;
  const std::string xml = write_xml(model_of(parsed.table));
  const ReadModel read = read_xml(name, xml);
  ASSERT_TRUE(read.problems.empty()) << name << ": " << read.problems[0].message << "\n" << xml;
  const std::vector<Table> tables = tables_of(read.model);
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(to_markdown(tables[0]), to_markdown(parsed.table)) << xml;
}

TEST(Xml, EveryTableOfThePacksGoesThereAndBack) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(TONGBAN_SOURCE_DIR "/packs")) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".table.md")) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    expect_round_trip(file.substr(0, file.size() - 9), text.str());
    ++count;
  }
  EXPECT_GE(count, 5u);
}

TEST(Xml, LimitsTypesLabelsAndRemarksGoThereAndBack) {
  const std::string markdown =
      "---\ntitle: 时限\nhit policy: priority\nmode: suggested\ndemo: yes\nclause: 第十三条\ninputs:\n"
      "  kind: one of \"consultation\" 咨询, \"other\" 其他\n  day: date\n  form.xs: list of number\n"
      "  amount: number, where [0..10], null\noutputs:\n  limit: limit\n  level: one of \"high\" 高, \"low\"\n"
      "defaults:\n  limit: 15 工作日\n  level: \"low\"\n---\n为了说明。\n\n"
      "| 类别 kind | 日期 day | 数 form.xs | amount | → 时限 limit | → 级别 level | 〔备注〕 | 依据 |\n"
      "|---|---|---|---|---|---|---|---|\n"
      "| \"other\" | > date(\"2021-02-05\") | - | - | 5 工作日 | \"high\" | 一 | 第一条 |\n"
      "| \"a\\|b\" | - | - | [1..5) | 2 小时 | if kind = \"other\" then \"high\" else \"low\" |  | 第二条 |\n";
  expect_round_trip("limits", markdown);
  const std::string xml = write_xml(model_of(parse_table_markdown("limits", markdown).table));
  EXPECT_NE(xml.find("<text>{n: 5, unit: \"working_days\"}</text>"), std::string::npos) << xml;
  EXPECT_NE(xml.find("<knowledgeSource name=\"第十三条\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("<annotation name=\"依据\""), std::string::npos) << xml;
}

TEST(Xml, WrittenModelDecidesLikeTheTable) {
  const std::string markdown =
      "---\ntitle: 时限\nhit policy: first\nclause: 第十三条\n---\n\n| 类别 kind | → 时限 limit | 依据 "
      "|\n|---|---|---|\n"
      "| \"consultation\" | 5 工作日 | 一 |\n| - | 15 工作日 | 二 |\n";
  const std::string xml = write_xml(model_of(parse_table_markdown("limit_of", markdown).table));
  EXPECT_EQ(decide(xml, "limit_of", {{"kind", feel::Value::text("consultation"), ""}}),
            "{n: 5, unit: \"working_days\"}");
  EXPECT_EQ(decide(xml, "limit_of", {{"kind", feel::Value::text("other"), ""}}), "{n: 15, unit: \"working_days\"}");
}

}  // namespace
}  // namespace tongban::dmn
