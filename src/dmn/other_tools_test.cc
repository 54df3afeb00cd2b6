// Models as other tools save them (tests/dmn/models: written by us in their published formats): they load, decide, are
// checked with places, and go through our XML and workbooks.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/json.h"
#include "dmn/check.h"
#include "dmn/engine.h"
#include "dmn/markdown.h"
#include "dmn/sheet.h"
#include "dmn/traced_table.h"
#include "dmn/xml.h"

namespace tongban::dmn {
namespace {

std::string model_file(const std::string& name) {
  std::ifstream in(std::string(TONGBAN_SOURCE_DIR "/tests/dmn/models/") + name, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string decide(const Definitions& model, const std::string& name, const std::string& input) {
  const Engine::Loaded loaded = Engine::load({model});
  if (!loaded.engine) return "refused";
  std::vector<GivenValue> given;
  const feel::Value read = *read_json_exactly(input);
  for (const auto& [key, value] : read.as_context()) {
    const Result<feel::Value> typed = feel::coerce(value, loaded.engine->type_of(key));
    given.push_back({key, typed.ok() ? *typed : value, ""});
  }
  bool is_service = false;
  for (const Element& each : model.elements) is_service |= each.name == name && each.kind == Element::Kind::service;
  const Outcome outcome =
      is_service ? loaded.engine->evaluate_service(name, given, {}) : loaded.engine->evaluate(name, given, {});
  return outcome.value.to_text() + (outcome.faults.empty() ? "" : " (" + outcome.faults[0].message + ")");
}

std::string findings_of(const std::string& file) {
  std::string out;
  for (const Finding& each : check_model({read_xml(file, model_file(file)).model})) {
    out += std::to_string(each.at.line) + ":" + std::to_string(each.at.column) + " " + each.code + " " + each.message +
           "\n";
  }
  return out;
}

struct Asked {
  const char* file;
  const char* decision;
  const char* input;
  const char* answer;
};
const Asked kAsked[] = {
    {"camunda_fee.dmn", "Class of site", R"({"area": 99.5, "onStreet": false})", "\"small\""},
    {"camunda_fee.dmn", "Fee", R"({"area": 99.5, "onStreet": false})", "100.1"},
    {"camunda_fee.dmn", "Fee", R"({"area": 120, "onStreet": true})", "124.1"},
    {"camunda_fee.dmn", "Letter", R"({"area": 100, "onStreet": false})", "\"应缴 120.1 元\""},
    {"trisotech_permit.dmn", "Permit or Refusal",
     R"({"Applicant": {"Class of Business": "stall", "Since": "2025-06-30", "Fines": []},
         "Day of Application": "2026-06-29"})",
     "\"look again\""},
    {"trisotech_permit.dmn", "Permit or Refusal",
     R"({"Applicant": {"Class of Business": "stall", "Since": "2025-06-30", "Fines": []},
         "Day of Application": "2026-06-30"})",
     "\"permit\""},
    {"trisotech_permit.dmn", "Permit Service",
     R"({"Applicant": {"Class of Business": "shop", "Since": "2020-01-01", "Fines": [600, 400.01]},
         "Day of Application": "2026-06-30"})",
     "\"refusal\""},
    {"trisotech_permit.dmn", "Permit Service",
     R"({"Applicant": {"Class of Business": "kiosk", "Since": "2020-01-01", "Fines": []},
         "Day of Application": "2026-06-30"})",
     "\"permit\""},  // a kiosk is no class: the applicant is null, nothing is owed, and a fault says so
};

TEST(OtherTools, TheirModelsDecide) {
  for (const Asked& each : kAsked) {
    const ReadModel read = read_xml(each.file, model_file(each.file));
    ASSERT_TRUE(read.problems.empty()) << each.file << ": " << read.problems[0].message;
    const std::string answer = decide(read.model, each.decision, each.input);
    EXPECT_EQ(answer.substr(0, answer.find(" (")), each.answer) << each.file << " " << each.input << ": " << answer;
  }
}

TEST(OtherTools, TheirModelsDecideTheSameAfterOurXml) {
  for (const Asked& each : kAsked) {
    const ReadModel read = read_xml(each.file, model_file(each.file));
    const ReadModel again = read_xml(each.file, write_xml(read.model));
    ASSERT_TRUE(again.problems.empty()) << again.problems[0].message;
    EXPECT_EQ(decide(again.model, each.decision, each.input), decide(read.model, each.decision, each.input))
        << each.file << " " << each.input;
  }
}

TEST(OtherTools, TheirTablesGoThroughWorkbooks) {
  for (const char* file : {"camunda_fee.dmn", "trisotech_permit.dmn"}) {
    const std::vector<Table> tables = tables_of(read_xml(file, model_file(file)).model);
    ASSERT_FALSE(tables.empty());
    const ReadWorkbook book = read_workbook("x", *write_workbook(tables));
    ASSERT_TRUE(book.problems.empty()) << book.problems[0].cell << ": " << book.problems[0].message;
    ASSERT_EQ(book.tables.size(), tables.size());
    for (size_t i = 0; i < tables.size(); ++i)
      EXPECT_EQ(to_markdown(book.tables[i].table), to_markdown(tables[i])) << file;
  }
}

TEST(OtherTools, NothingIsFoundInTheirModels) {
  EXPECT_EQ(findings_of("camunda_fee.dmn"), "");
  EXPECT_EQ(findings_of("trisotech_permit.dmn"), "");
}

// Our own models of what the standard has: answers by the text of the standard, one line each.
TEST(OtherTools, FeaturesOfTheStandardAnswerAsWorkedOutByHand) {
  std::istringstream lines(model_file("features.jsonl"));
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const Result<json::value> parsed = parse_json(line);
    ASSERT_TRUE(parsed.ok()) << line;
    const json::object& asked = parsed->as_object();
    const std::string file(asked.at("model").as_string());
    const Definitions model = read_xml(file, model_file(file)).model;
    const std::string name(asked.at("decision").as_string());
    const feel::Value answer = feel::value_from_json(asked.at("answer"));
    const std::string answered = decide(model, name, to_json_text(asked.at("input")));
    const std::string found = answered.substr(0, answered.find(" ("));  // a fault may stand behind
    // Durations and the like are texts in JSON.
    const std::string wanted = answer.to_text();
    EXPECT_TRUE(found == wanted || found == "duration(" + wanted + ")") << line << "\nfound " << answered;
  }
  EXPECT_GE(count, 140u);
}

// ---- places ---------------------------------------------------------------------------------------------------------

const char* const kFaulty =
    "<?xml version=\"1.0\"?>\n"
    "<definitions xmlns=\"https://www.omg.org/spec/DMN/20230324/MODEL/\" name=\"m\" namespace=\"urn:m\">\n"
    " <inputData id=\"i\" name=\"kind\"><variable name=\"kind\" typeRef=\"string\"/></inputData>\n"
    " <inputData id=\"j\" name=\"n\"><variable name=\"n\" typeRef=\"number\"/></inputData>\n"
    " <decision id=\"d\" name=\"d\"><variable name=\"d\"/>\n"
    "  <informationRequirement><requiredInput href=\"#i\"/></informationRequirement>\n"
    "  <informationRequirement><requiredInput href=\"#j\"/></informationRequirement>\n"
    "  <decisionTable hitPolicy=\"UNIQUE\">\n"
    "   <input><inputExpression typeRef=\"string\"><text>kind</text></inputExpression>\n"
    "    <inputValues><text>\"a\",\"b\"</text></inputValues></input>\n"
    "   <input><inputExpression typeRef=\"number\"><text>n</text></inputExpression></input>\n"
    "   <output name=\"o\"/>\n"
    "   <rule><inputEntry><text>\"a\"</text></inputEntry><inputEntry><text>-</text></inputEntry>\n"
    "    <outputEntry><text>1</text></outputEntry></rule>\n"
    "   <rule><inputEntry><text>\"c\"</text></inputEntry><inputEntry><text>-</text></inputEntry>\n"
    "    <outputEntry><text>\n      unknwn</text></outputEntry></rule>\n"
    "  </decisionTable>\n </decision>\n</definitions>\n";

TEST(OtherTools, FaultsOfATableStandAtTheirCell) {
  std::string out;
  for (const Finding& each : check_model({read_xml("m.dmn", kFaulty).model}))
    out += std::to_string(each.at.line) + ":" + std::to_string(each.at.column) + " " + each.code + "\n";
  EXPECT_EQ(out, "16:24 expression\n") << "the faulty output first: the rest is checked when it compiles";
}

TEST(OtherTools, GapsDeadRowsAndForbiddenValuesStandAtTheirRowAndCell) {
  std::string text = kFaulty;
  text.replace(text.find("unknwn"), 6, "2");
  std::string out;
  for (const Finding& each : check_model({read_xml("m.dmn", text).model})) {
    out += std::to_string(each.at.line) + ":" + std::to_string(each.at.column) + " " + each.code + ": " + each.message +
           "\n";
  }
  EXPECT_EQ(out,
            "9:5 gap: no row covers kind = \"b\"\n"
            "11:5 unused: no row asks about \"n\": every cell is -\n"
            "15:5 never_matches: row 2 can never decide\n"
            "15:28 type: in \"\"c\"\": \"c\" is none of the allowed values \"a\", \"b\"\n");
}

}  // namespace
}  // namespace tongban::dmn
