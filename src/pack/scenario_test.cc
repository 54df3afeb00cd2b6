#include "pack/scenario.h"

#include <gtest/gtest.h>

namespace tongban::pack {
namespace {

std::string faults_of(std::string_view text) {
  std::vector<Fault> faults;
  parse_scenarios("s.yaml", text, faults);
  std::string out;
  for (const auto& fault : faults) out += std::to_string(fault.source.line) + ":" + fault.code + " ";
  return out;
}

TEST(Scenario, all_keys_are_read) {
  std::vector<Fault> faults;
  const auto all = parse_scenarios("s.yaml", R"(scenario: 延期
clause: 第十三条（三）
shows: [HL-36]
world: w
given: {after: 派发, parameters: {late_return: refuse}}
steps:
  - {at: 2021-03-22 16:00 周一, who: 赵六（规划局）, does: ask, on: handler, with: {more: 5 工作日, files: [a, b]}, then: {state: handling, asked: 区政府, due: {handling: 2021-03-22}, assigned: {lead: 区政府, support: [a, b], handler: none}, fields: {kind: x}, flags: [f], holder: handler, holders: [handler, desk], running: [redo], stopped: [a, b], force: {redo: promise}, outcome: "1", opened: [supervision]}}
  - {at: 2021-03-23 00:30, nothing: happens, then: {not_late: [handling]}}
  - {at: 2021-03-24 09:00, who: 来电人, does: ask, rejected: 时限已届满}
views:
  - {who: 孙八（区政府）, sees: nothing}
  - {who: [市民, 甲（窗口）], sees: [content], not: [phone]}
examples:
  - {at: 2021-02-05 16:20, kind: consultation, due: 2021-02-18, why: 补班日计入}
  - {kind: other, due: {handling: 2021-02-26}}
)",
                                   faults);
  ASSERT_TRUE(faults.empty()) << to_text(faults[0]);
  ASSERT_EQ(all.size(), 1u);
  const Scenario& s = all[0];
  EXPECT_EQ(s.after, "派发");
  EXPECT_EQ(s.parameters, (std::vector<std::pair<std::string, std::string>>{{"late_return", "refuse"}}));
  ASSERT_EQ(s.steps.size(), 3u);
  const ScenarioStep& step = s.steps[0];
  EXPECT_EQ(step.who.person, "赵六");
  EXPECT_EQ(step.who.unit, "规划局");
  EXPECT_EQ(to_minutes_text(step.at), "2021-03-22 16:00");
  EXPECT_EQ(step.with[1].second.as_list().size(), 2u);
  EXPECT_EQ(step.then.assigned[1].second.size(), 2u);
  EXPECT_TRUE(step.then.assigned[2].second.empty());
  EXPECT_EQ(step.then.due[0].second, "2021-03-22");
  EXPECT_EQ(step.on, "handler");
  EXPECT_EQ(*step.then.holders, (std::vector<std::string>{"handler", "desk"}));
  EXPECT_EQ(step.then.running, std::vector<std::string>{"redo"});
  EXPECT_EQ(step.then.stopped.size(), 2u);
  EXPECT_EQ(step.then.force[0].second, "promise");
  EXPECT_FALSE(s.steps[1].then.holders);
  EXPECT_TRUE(s.steps[1].nothing);
  EXPECT_EQ(s.steps[1].who.kind, ScenarioActor::Kind::timer);
  EXPECT_EQ(*s.steps[2].rejected, "时限已届满");
  EXPECT_EQ(s.steps[2].who.kind, ScenarioActor::Kind::caller);
  EXPECT_TRUE(s.views[0].sees_nothing);
  ASSERT_EQ(s.views.size(), 3u);  // one for each who looks
  EXPECT_EQ(s.views[1].not_sees, std::vector<std::string>{"phone"});
  EXPECT_EQ(s.views[2].who.person, "甲");
  EXPECT_EQ(s.views[2].not_sees, std::vector<std::string>{"phone"});
  EXPECT_EQ(s.examples[0].due[0].first, "");
  EXPECT_EQ(s.examples[1].due[0].first, "handling");
  EXPECT_EQ(s.examples[0].values[0].first, "kind");
}

TEST(Scenario, faults_of_form) {
  const std::string head = "scenario: a\nclause: 第一条\ngiven: nothing\nsteps:\n";
  EXPECT_EQ(faults_of(head + "  - {at: 2021-03-22 16:00 星期二, who: 甲, does: x}\n"), "5:scenario-weekday ");
  EXPECT_EQ(faults_of(head + "  - {at: 2021-03-22 16:00, weekday: 星期一, who: 甲, does: x}\n"), "");
  EXPECT_EQ(faults_of(head + "  - {at: 2021-03-22, who: 甲, does: x}\n"), "5:scenario-instant ");
  EXPECT_EQ(faults_of(head + "  - {at: 2021-03-22 10:00, nothing: happens, who: 甲}\n"), "5:scenario ");
  EXPECT_EQ(faults_of(head + "  - {at: 2021-03-22 10:00, who: 甲, does: x, then: {stat: y}}\n"), "5:unknown-key ");
  EXPECT_EQ(
      faults_of(head + "  - {at: 2021-03-22 10:00, who: 甲, does: x}\n  - {at: 2021-03-22 09:00, who: 甲, does: x}\n"),
      "6:scenario-order ");
  EXPECT_EQ(faults_of("scenario: a\nclause: x\nsteps:\n  - {at: 2021-03-22 10:00, who: 甲, does: x}\n"),
            "1:scenario-given ");
  EXPECT_EQ(faults_of("scenario: a\nclause: x\nsteps:\n  - {at: 2021-03-22 10:00, who: 甲, does: open}\n"),
            "1:scenario ");
  EXPECT_EQ(faults_of("scenario: a\ngiven: nothing\n"), "1:scenario ");
  EXPECT_EQ(faults_of("scenario: a\nclause: x\ngiven: {after: b}\nviews:\n  - {sees: nothing}\n"), "5:scenario ");
}

TEST(Scenario, a_parameter_takes_values_of_its_kind) {
  Parameter words;
  words.values = {{"flag", "标记"}, {"refuse", "拒绝"}};
  words.value = feel::Value::text("flag");
  EXPECT_EQ(parameter_value(words, "refuse")->as_text(), "refuse");
  EXPECT_FALSE(parameter_value(words, "often"));
  Parameter number;
  number.value = feel::Value::of(0);
  EXPECT_TRUE(parameter_value(number, "2"));
  EXPECT_FALSE(parameter_value(number, "two"));
  Parameter limit;
  limit.value = to_value(*parse_limit("5 工作日"));
  EXPECT_EQ(to_text(*limit_of(*parameter_value(limit, "3 工作日"))), "3 个工作日");
  EXPECT_FALSE(parameter_value(limit, "3"));
}

TEST(Scenario, parameters_and_words_that_the_pack_does_not_have_are_faults) {
  std::vector<Fault> faults;
  const auto all = parse_scenarios("s.yaml", R"(scenario: 限定
clause: 系统
given: {after: 别的, parameters: {most: "1"}}
steps:
  - {at: 2021-03-23 00:30, nothing: happens, then: {running: [redo], holders: [nobody], force: {redo: hard}}}
)",
                                   faults);
  ASSERT_TRUE(faults.empty()) << to_text(faults[0]);
  check_scenarios(Pack{}, all, faults);
  std::vector<std::string> told;
  for (const Fault& fault : faults) told.push_back(fault.sentence.substr(0, fault.sentence.rfind('`') + 1));
  EXPECT_EQ(told, (std::vector<std::string>{
                      "scenario `限定`: there is no parameter `most`", "scenario `限定`: there is no clock `redo`",
                      "scenario `限定`: there is no force `hard`", "scenario `限定`: there is no role `nobody`",
                      "scenario `限定`: there is no clock `redo`"}));
}

}  // namespace
}  // namespace tongban::pack
