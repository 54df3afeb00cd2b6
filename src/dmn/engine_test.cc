// Models made to run: hit policies, functions, services, imports, bounds, the record and its sentence.
#include "dmn/engine.h"

#include <gtest/gtest.h>

#include <string>

#include "dmn/check.h"
#include "dmn/explain.h"
#include "dmn/markdown.h"
#include "dmn/xml.h"

namespace tongban::dmn {
namespace {

using feel::Value;

std::string model_text(const std::string& inside, const std::string& uri = "urn:m", const std::string& name = "m") {
  return "<definitions xmlns=\"https://www.omg.org/spec/DMN/20230324/MODEL/\" name=\"" + name + "\" namespace=\"" +
         uri + "\">" + inside + "</definitions>";
}
std::string literal(const std::string& text) {
  return "<literalExpression><text><![CDATA[" + text + "]]></text></literalExpression>";
}
std::string decision(const std::string& name, const std::string& inside) {
  return "<decision id=\"" + name + "\" name=\"" + name + "\">" + inside + "</decision>";
}
std::string needs_input(const std::string& id) {
  return "<informationRequirement><requiredInput href=\"#" + id + "\"/></informationRequirement>";
}
std::string needs(const std::string& id) {
  return "<informationRequirement><requiredDecision href=\"#" + id + "\"/></informationRequirement>";
}
std::string knows(const std::string& id) {
  return "<knowledgeRequirement><requiredKnowledge href=\"#" + id + "\"/></knowledgeRequirement>";
}
std::string input(const std::string& name, const std::string& type = "") {
  return "<inputData id=\"" + name + "\" name=\"" + name + "\"><variable name=\"" + name + "\"" +
         (type.empty() ? "" : " typeRef=\"" + type + "\"") + "/></inputData>";
}
std::string knowledge(const std::string& name, const std::string& parameters, const std::string& body,
                      const std::string& required = "") {
  std::string out = "<businessKnowledgeModel id=\"" + name + "\" name=\"" + name + "\"><encapsulatedLogic>";
  if (!parameters.empty()) out += "<formalParameter name=\"" + parameters + "\"/>";
  return out + literal(body) + "</encapsulatedLogic>" + required + "</businessKnowledgeModel>";
}

Engine::Loaded load(const std::vector<std::string>& texts) {
  std::vector<Definitions> models;
  for (const std::string& text : texts) {
    ReadModel read = read_xml("m.dmn", text);
    EXPECT_TRUE(read.problems.empty()) << read.problems[0].message;
    models.push_back(std::move(read.model));
  }
  return Engine::load(std::move(models));
}
std::string answer(const Outcome& outcome) {
  return outcome.value.to_text() + (outcome.faults.empty() ? "" : " (" + outcome.faults[0].message + ")");
}
std::string decide(const std::vector<std::string>& texts, const std::string& name,
                   const std::vector<GivenValue>& given = {}) {
  const Engine::Loaded loaded = load(texts);
  return loaded.engine ? answer(loaded.engine->evaluate(name, given, {})) : "refused";
}
std::string decide(const std::string& inside, const std::string& name, const std::vector<GivenValue>& given = {}) {
  return decide(std::vector<std::string>{model_text(inside)}, name, given);
}

// A table of one input n and the outputs given, as XML.
std::string table(const std::string& policy, const std::string& outputs,
                  const std::vector<std::pair<std::string, std::string>>& rows) {
  std::string out =
      "<decisionTable " + policy + "><input><inputExpression><text>n</text></inputExpression></input>" + outputs;
  for (const auto& [cell, results] : rows)
    out += "<rule><inputEntry><text><![CDATA[" + cell + "]]></text></inputEntry>" + results + "</rule>";
  return input("n") + decision("d", needs_input("n") + out + "</decisionTable>");
}
std::string out1(const std::string& text) { return "<outputEntry><text><![CDATA[" + text + "]]></text></outputEntry>"; }
std::string at(const std::string& model, int n) { return decide(model, "d", {{"n", Value::of(n), ""}}); }

TEST(Engine, HitPoliciesAndAggregators) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"> 1", out1("30")}, {"> 2", out1("10")}, {"> 3", out1("20")}};
  const std::string ranked = "<output><outputValues><text>10,20,30</text></outputValues></output>";
  EXPECT_EQ(at(table("hitPolicy=\"UNIQUE\"", "<output/>", rows), 2), "30");
  EXPECT_EQ(at(table("hitPolicy=\"UNIQUE\"", "<output/>", rows), 3),
            "null (rows 1 and 2 both match, but the hit policy is unique)");
  EXPECT_EQ(at(table("hitPolicy=\"FIRST\"", "<output/>", rows), 4), "30");
  EXPECT_EQ(at(table("hitPolicy=\"ANY\"", "<output/>", rows), 4),
            "null (rows 1 and 2 both match with different outputs, but the hit policy is any)");
  EXPECT_EQ(at(table("hitPolicy=\"PRIORITY\"", ranked, rows), 4), "10");
  EXPECT_EQ(at(table("hitPolicy=\"OUTPUT ORDER\"", ranked, rows), 4), "[10, 20, 30]");
  EXPECT_EQ(at(table("hitPolicy=\"RULE ORDER\"", "<output/>", rows), 4), "[30, 10, 20]");
  EXPECT_EQ(at(table("hitPolicy=\"COLLECT\"", "<output/>", rows), 3), "[30, 10]");
  EXPECT_EQ(at(table("hitPolicy=\"COLLECT\" aggregation=\"SUM\"", "<output/>", rows), 4), "60");
  EXPECT_EQ(at(table("hitPolicy=\"COLLECT\" aggregation=\"MIN\"", "<output/>", rows), 4), "10");
  EXPECT_EQ(at(table("hitPolicy=\"COLLECT\" aggregation=\"MAX\"", "<output/>", rows), 4), "30");
  EXPECT_EQ(at(table("hitPolicy=\"COLLECT\" aggregation=\"COUNT\"", "<output/>", rows), 4), "3");
  EXPECT_EQ(at(table("hitPolicy=\"COLLECT\" aggregation=\"COUNT\"", "<output/>", rows), 0), "0");
  EXPECT_EQ(at(table("hitPolicy=\"COLLECT\" aggregation=\"SUM\"", "<output/>", rows), 0), "null");
}

TEST(Engine, DefaultsAndPrioritiesOfSeveralOutputs) {
  const std::string outputs =
      "<output name=\"a\"><outputValues><text>\"x\",\"y\"</text></outputValues><defaultOutputEntry><text>\"y\"</text>"
      "</defaultOutputEntry></output><output name=\"b\"><outputValues><text>2,1</text></outputValues>"
      "<defaultOutputEntry><text>0</text></defaultOutputEntry></output>";
  const std::vector<std::pair<std::string, std::string>> rows{
      {"> 0", out1("\"y\"") + out1("2")}, {"> 1", out1("\"x\"") + out1("1")}, {"> 2", out1("\"x\"") + out1("2")}};
  const std::string priority = table("hitPolicy=\"PRIORITY\"", outputs, rows);
  EXPECT_EQ(at(priority, 1), "{a: \"y\", b: 2}");
  EXPECT_EQ(at(priority, 2), "{a: \"x\", b: 1}");
  EXPECT_EQ(at(priority, 3), "{a: \"x\", b: 2}");
  EXPECT_EQ(at(priority, 0), "{a: \"y\", b: 0}");
  EXPECT_EQ(at(table("hitPolicy=\"OUTPUT ORDER\"", outputs, rows), 3),
            "[{a: \"x\", b: 2}, {a: \"x\", b: 1}, {a: \"y\", b: 2}]");
}

TEST(Engine, InputsOutsideTheAllowedValuesGiveNoResult) {
  const std::string model =
      input("n") + decision("d", needs_input("n") +
                                     "<decisionTable><input><inputExpression><text>n</text></inputExpression>"
                                     "<inputValues><text>[1..5]</text></inputValues></input><output/><rule><inputEntry>"
                                     "<text>-</text></inputEntry>" +
                                     out1("1") + "</rule></decisionTable>");
  EXPECT_EQ(at(model, 5), "1");
  EXPECT_EQ(at(model, 6), "null (n: 6 is none of the allowed values [1..5])");
}

TEST(Engine, ItemDefinitionsAreChecked) {
  const std::string types =
      "<itemDefinition name=\"tKind\"><typeRef>string</typeRef><allowedValues><text>\"a\",\"b\"</text></allowedValues>"
      "</itemDefinition><itemDefinition name=\"tKinds\" isCollection=\"true\"><typeRef>tKind</typeRef></itemDefinition>"
      "<itemDefinition name=\"tPair\"><itemComponent name=\"n\"><typeRef>number</typeRef></itemComponent>"
      "<itemComponent name=\"k\"><typeRef>tKind</typeRef></itemComponent></itemDefinition>";
  const auto typed = [&](const std::string& type, const std::string& text) {
    return decide(types + decision("d", "<variable name=\"d\" typeRef=\"" + type + "\"/>" + literal(text)), "d");
  };
  EXPECT_EQ(typed("tKind", "\"a\""), "\"a\"");
  EXPECT_EQ(typed("tKind", "\"c\""), "null (the result \"c\" is no tKind)");
  EXPECT_EQ(typed("tKind", "[\"b\"]"), "\"b\"");
  EXPECT_EQ(typed("tKinds", "\"b\""), "[\"b\"]");
  EXPECT_EQ(typed("tKinds", "[\"a\", \"c\"]"), "null (the result [\"a\", \"c\"] is no tKinds)");
  EXPECT_EQ(typed("tPair", "{n: 1, k: \"a\"}"), "{n: 1, k: \"a\"}");
  EXPECT_EQ(typed("tPair", "{n: 1, k: \"z\"}"), "null (the result {n: 1, k: \"z\"} is no tPair)");
  EXPECT_EQ(typed("number", "[[1]]"), "null (the result [[1]] is no number)");
}

TEST(Engine, MembersThatATypeDoesNotNameAreAskedOfTheValue) {
  const std::string types =
      "<itemDefinition name=\"tN\"><itemComponent "
      "name=\"n\"><typeRef>number</typeRef></itemComponent></itemDefinition>";
  const auto asked = [&](const std::string& text) {
    return decide(types + input("p", "tN") + decision("d", needs_input("p") + literal(text)), "d",
                  {{"p", Value::context({{"n", Value::of(1)}, {"z", Value::of(2)}}), ""}});
  };
  EXPECT_EQ(asked("p.z"), "2");
  EXPECT_EQ(asked("[p][z = 2].n"), "[1]");
  EXPECT_EQ(asked("[p][y > 1]"), "[]");
  EXPECT_EQ(decide(decision("d", literal("[{x: 1}][y > 1]")), "d"), "[]");
}

TEST(Engine, FunctionsServicesAndClosures) {
  const std::string fact = knowledge("fact", "n", "if n <= 1 then 1 else n * fact(n - 1)");
  EXPECT_EQ(decide(fact + decision("d", knows("fact") + literal("fact(20)")), "d"), "2432902008176640000");
  const std::string boxed =
      "<context><contextEntry><variable name=\"down\"/><functionDefinition><formalParameter name=\"n\"/>" +
      literal("if n <= 0 then \"end\" else down(n - 1)") + "</functionDefinition></contextEntry><contextEntry>" +
      literal("down(10)") + "</contextEntry></context>";
  EXPECT_EQ(decide(decision("d", boxed), "d"), "\"end\"");
  const std::string service =
      decision("base", literal("1")) + decision("sum", needs("base") + literal("base + 1")) +
      "<decisionService id=\"s\" name=\"s\"><outputDecision href=\"#sum\"/><inputDecision href=\"#base\"/>"
      "</decisionService>" +
      decision("d", needs("sum") + knows("s") + literal("[sum, s(10)]"));
  EXPECT_EQ(decide(service, "d"), "[2, 11]");
  const std::string adder = knowledge("adder", "a", "function(b) a + b");
  EXPECT_EQ(decide(adder + decision("d", knows("adder") + literal("adder(1)(2)")), "d"), "3");
  EXPECT_EQ(decide(adder + decision("d", knows("adder") + literal("for f in [adder(1), adder(2)] return f(10)")), "d"),
            "[11, 12]");
}

TEST(Engine, BuiltInFunctionsArePassedWithAnyNumberOfArguments) {
  const std::string types =
      "<itemDefinition name=\"tTwo\"><functionItem outputTypeRef=\"number\"><parameters name=\"a\" typeRef=\"number\"/>"
      "<parameters name=\"b\" typeRef=\"number\"/></functionItem></itemDefinition>";
  const std::string with_two =
      "<businessKnowledgeModel id=\"two\" name=\"two\"><encapsulatedLogic><formalParameter name=\"f\" "
      "typeRef=\"tTwo\"/>" +
      literal("f(1, 2)") + "</encapsulatedLogic></businessKnowledgeModel>";
  EXPECT_EQ(decide(types + with_two + decision("d", knows("two") + literal("two(sum)")), "d"), "3");
  EXPECT_EQ(decide(types + with_two + decision("d", knows("two") + literal("two(sqrt)")), "d"),
            "null (the argument \"f\", function(number), is no tTwo)");
}

TEST(Engine, RecursionAndWorkAreBounded) {
  const std::string endless = knowledge("f", "n", "g(n)", knows("g")) + knowledge("g", "n", "f(n)", knows("f")) +
                              decision("d", knows("f") + literal("f(1)"));
  const std::string deep = decide(endless, "d");
  EXPECT_TRUE(deep.starts_with("null (")) << deep;
  const std::string wide =
      knowledge("f", "n", "if n = 0 then 0 else f(n - 1) + f(n - 1)") + decision("d", knows("f") + literal("f(100)"));
  const std::string spent = decide(wide, "d");
  EXPECT_TRUE(spent.starts_with("null (")) << spent;
}

TEST(Engine, ExternalFunctionsAreRefusedWithASentence) {
  const std::string java =
      "<businessKnowledgeModel id=\"j\" name=\"j\"><encapsulatedLogic kind=\"Java\"><formalParameter name=\"a\"/>"
      "<context><contextEntry><variable name=\"class\"/>" +
      literal("\"java.lang.Math\"") + "</contextEntry></context></encapsulatedLogic></businessKnowledgeModel>";
  EXPECT_EQ(decide(java + decision("d", knows("j") + literal("j(1)")), "d"),
            "null (\"j\" is an external function (Java); only functions in FEEL can be called here)");
}

TEST(Engine, ImportsAreNamedAndNested) {
  const std::string inner = model_text(
      input("who") +
          decision("greet", "<informationRequirement><requiredInput href=\"#who\"/></informationRequirement>" +
                                literal("\"Hello \" + who")) +
          knowledge("twice", "x", "x + x"),
      "urn:inner", "inner");
  const std::string outer = model_text(
      "<import name=\"in ner\" namespace=\"urn:inner\" importType=\"https://www.omg.org/spec/DMN/20230324/MODEL/\"/>" +
      decision("d",
               "<informationRequirement><requiredDecision href=\"urn:inner#greet\"/></informationRequirement>"
               "<knowledgeRequirement><requiredKnowledge href=\"urn:inner#twice\"/></knowledgeRequirement>" +
                   literal("in ner.twice(in ner.greet)")));
  EXPECT_EQ(decide({outer, inner}, "d", {{"who", Value::text("Wu"), ""}}), "\"Hello WuHello Wu\"");
  EXPECT_EQ(decide({outer, inner}, "d", {{"who", Value::text("Wu"), "urn:inner"}}), "\"Hello WuHello Wu\"");
}

TEST(Engine, BoxedExpressionsOfBoxedExpressions) {
  const std::string nested = "<for iteratorVariable=\"x\"><in><list>" + literal("1") + literal("2") +
                             "</list></in><return><conditional><if>" + literal("x > 1") + "</if><then>" +
                             literal("\"big\"") + "</then><else>" + literal("x") +
                             "</else></conditional></return></for>";
  EXPECT_EQ(decide(decision("d", nested), "d"), "[1, \"big\"]");
  const std::string filtered = "<filter><in><relation><column name=\"a\"/><column name=\"b\"/><row>" + literal("1") +
                               literal("\"x\"") + "</row><row>" + literal("2") + literal("\"y\"") +
                               "</row></relation></in><match>" + literal("a > 1") + "</match></filter>";
  EXPECT_EQ(decide(decision("d", filtered), "d"), "[{a: 2, b: \"y\"}]");
  const std::string anonymous = "<invocation><functionDefinition><formalParameter name=\"p q\"/>" + literal("p q * 2") +
                                "</functionDefinition><binding><parameter name=\"p q\"/>" + literal("21") +
                                "</binding></invocation>";
  EXPECT_EQ(decide(decision("d", anonymous), "d"), "42");
}

// ---- the record
// ------------------------------------------------------------------------------------------------------

const std::string kLimits =
    "---\ntitle: 办结时限\nhit policy: first\nclause: 第十三条\n---\n\n"
    "| 另有规定 law != null | 类别 kind | → 时限 limit | 依据 |\n|---|---|---|---|\n"
    "| true | - | law | 第十三条（四） |\n| - | \"consultation\" | 5 工作日 | 第十三条（二） |\n"
    "| - | - | 15 工作日 | 第十三条（二） |\n";

TableTrace trace_of(const Table& table, const Value& kind) {
  const TableCompiled compiled =
      compile(table, feel::Scope({{"law", feel::Type::limit()}, {"kind", feel::Type::text()}}));
  const Value slots[] = {Value(), kind};
  return {"limit", &table, evaluate(*compiled.table, slots, feel::EvalContext(), true)};
}

TEST(Explain, SaysWhichRowDecidedAndWhatStoppedTheOthers) {
  const Table table = parse_table_markdown("limit", kLimits).table;
  EXPECT_EQ(to_sentence(trace_of(table, Value::text("consultation"))),
            "表「办结时限」（首个）：另有规定 law != null = false，类别 kind = \"consultation\"。第 2 行符合（共第 "
            "2、3 行符合），"
            "得 5 工作日，依据 第十三条（二）。第 1 行不符合：另有规定 law != null 是 false，该格是 true。");
  const json::value record = to_json(trace_of(table, Value::text("other")));
  EXPECT_EQ(record.at("decided_by").as_int64(), 3);
  EXPECT_EQ(record.at("rows").at(1).at("input").as_string(), "kind");
  EXPECT_EQ(record.at("rows").at(1).at("cell").as_string(), "\"consultation\"");
  EXPECT_EQ(record.at("rows").at(1).at("value").as_string(), "other");
}

TEST(Explain, SaysAtLeastWhereAValueIsMissing) {
  const Table table = parse_table_markdown("limit", kLimits).table;
  const TableTrace trace = trace_of(table, Value());
  EXPECT_EQ(trace.decision.status, Decision::Status::at_least);
  const std::string sentence = to_sentence(trace);
  EXPECT_NE(sentence.find("这只是「至少」：缺少 kind，第 2 行因此不能判定。"), std::string::npos) << sentence;
}

// ---- the check
// -------------------------------------------------------------------------------------------------------

std::string findings_of(const std::string& head, const std::string& rows) {
  const std::string text = "---\ntitle: 表\nhit policy: " + head + "\n---\n\n" + rows;
  std::string out;
  for (const Finding& each : check_table("t.table.md", "t", text))
    out += (out.empty() ? "" : "; ") + std::to_string(each.at.line) + ":" + std::to_string(each.at.column) + " " +
           each.code + " " + each.message;
  return out;
}

TEST(Check, FindsGapsOverlapsDeadRowsAndUnusedInputs) {
  const std::string columns = "| 数 n | 类 kind | → 出 out | 依据 |\n|---|---|---|---|\n";
  const std::string inputs = "\ninputs:\n  n: number\n  kind: one of \"a\", \"b\"";
  EXPECT_EQ(findings_of("unique" + inputs,
                        columns + "| < 5 | \"a\" | 1 | 一 |\n| >= 5 | - | 2 | 一 |\n| < 5 | \"b\" | 3 | 一 |\n"),
            "");
  EXPECT_EQ(findings_of("unique" + inputs,
                        columns + "| < 5 | - | 1 | 一 |\n| > 5 | \"a\" | 2 | 一 |\n| > 5 | \"b\" | 3 | 一 |\n"),
            "5:0 gap no row covers n = 5");
  const std::string overlap = findings_of(
      "unique" + inputs, columns + "| <= 5 | - | 1 | 一 |\n| >= 5 | \"a\" | 2 | 一 |\n| > 5 | \"b\" | 3 | 一 |\n");
  EXPECT_NE(overlap.find("overlap rows 1 and 2 both match n = 5, kind = \"a\""), std::string::npos) << overlap;
  const std::string dead =
      findings_of("first" + inputs, columns + "| - | \"a\" | 1 | 一 |\n| > 1 | \"a\" | 2 | 一 |\n| - | - | 3 | 一 |\n");
  EXPECT_NE(dead.find("never_matches row 2 can never decide"), std::string::npos) << dead;
  const std::string unused = findings_of("first" + inputs, columns + "| > 1 | - | 1 | 一 |\n| - | - | 3 | 一 |\n");
  EXPECT_NE(unused.find("unused no row asks about \"kind\""), std::string::npos) << unused;
  const std::string misspelt = findings_of("first" + inputs, columns + "| - | \"c\" | 1 | 一 |\n| - | - | 2 | 一 |\n");
  EXPECT_NE(misspelt.find(":7 type in \"\"c\"\": \"c\" is none of the allowed values"), std::string::npos) << misspelt;
}

TEST(Check, FindsWhatAModelDoesNotUse) {
  const std::string model = input("n", "number") + input("m", "number") + input("idle", "number") +
                            decision("d", needs_input("n") + needs_input("m") + literal("n + 1"));
  std::string out;
  for (const Finding& each : check_model({read_xml("m.dmn", model_text(model)).model}))
    out += each.code + " " + each.message + "; ";
  EXPECT_NE(out.find("unused no decision requires the input \"idle\""), std::string::npos) << out;
  EXPECT_NE(out.find("unused \"d\" requires \"m\" and does not read it"), std::string::npos) << out;
  EXPECT_EQ(out.find("\"n\""), std::string::npos) << out;
}

// Chapter 8.3.2: the type of an output column is the type of each result under it.
TEST(OutputTypes, AreThoseOfTheResults) {
  const std::string types =
      "<itemDefinition name=\"tGrade\"><typeRef>string</typeRef><allowedValues><text>\"a\", \"b\"</text>"
      "</allowedValues></itemDefinition>";
  const auto ask = [&](const std::string& policy, const std::string& outputs,
                       const std::vector<std::pair<std::string, std::string>>& rows) {
    return at(types + table(policy, outputs, rows), 1);
  };
  const std::string grade = "<output typeRef=\"tGrade\"/>", number = "<output typeRef=\"number\"/>";
  EXPECT_EQ(ask("hitPolicy=\"FIRST\"", grade, {{"-", out1("\"a\"")}}), "\"a\"");
  EXPECT_EQ(ask("hitPolicy=\"FIRST\"", grade, {{"-", out1("\"c\"")}}), "null (the output \"c\" is no tGrade)");
  EXPECT_EQ(ask("hitPolicy=\"FIRST\"", number, {{"-", out1("\"1\"")}}), "null (the output \"1\" is no number)");
  EXPECT_EQ(ask("hitPolicy=\"FIRST\"", number, {{"-", out1("[n]")}}), "1") << "a list of one is its item";
  EXPECT_EQ(ask("hitPolicy=\"RULE ORDER\"", grade, {{"1", out1("\"b\"")}, {"-", out1("n")}}),
            "[\"b\", null] (the output 1 is no tGrade)");
  EXPECT_EQ(ask("hitPolicy=\"COLLECT\" aggregation=\"COUNT\"", grade, {{"1", out1("\"b\"")}}), "1")
      << "an aggregate is no result of the column";
  EXPECT_EQ(ask("hitPolicy=\"FIRST\"", "<output name=\"x\" typeRef=\"number\"/><output name=\"y\" typeRef=\"string\"/>",
                {{"-", out1("1") + out1("n")}}),
            "{x: 1, y: null} (the output 1 is no string)");
}

// A type whose allowed values never come to an end stops with the question.
TEST(Bounds, AllowedValuesSpendTheStepsOfTheQuestion) {
  feel::EvalContext context;
  context.max_steps = 100'000;
  const std::string text = model_text(
      "<itemDefinition name=\"tSlow\" isCollection=\"true\"><typeRef>number</typeRef><allowedValues><text>"
      "? = count(for i in 1..10000 return i) - 10000 + ?</text></allowedValues></itemDefinition>" +
      decision("d", "<variable name=\"d\" typeRef=\"tSlow\"/>" + literal("for i in 1..1000 return i")));
  const Engine::Loaded loaded = load({text});
  ASSERT_TRUE(loaded.engine);
  const Outcome outcome = loaded.engine->evaluate("d", {}, context);
  EXPECT_TRUE(outcome.value.is_null());
  ASSERT_EQ(outcome.faults.size(), 1u);
  EXPECT_NE(outcome.faults[0].message.find("step"), std::string::npos) << outcome.faults[0].message;
}

}  // namespace
}  // namespace tongban::dmn
