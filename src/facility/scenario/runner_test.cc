#include "facility/scenario/runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "calendar/load.h"
#include "facility/scenario/mutation.h"
#include "kernel/host.h"

namespace tongban::facility {
namespace {

constexpr std::string_view kScenarios = R"(scenario: 派单
clause: 第一条
world: tiny
case: matter
steps:
  - {at: 2021-03-01 09:00 星期一, who: 市民, does: open, with: {content: 路灯不亮, phone: "13800000001"}, then: {state: registered, holder: desk, sent: {received: 来电人}}}
  - {at: 2021-03-01 10:00, who: 乙（东区）, does: dispatch, with: {unit: 东区}, rejected: 没有找到}
  - {at: 2021-03-01 10:00, who: 甲（窗口）, does: dispatch, with: {unit: 东区}, then: {state: handling, due: {handling: 2021-03-08}, assigned: {lead: 东区}, fields: {content: 路灯不亮}}}
---
scenario: 逾期自动督办
clause: 第一条
shows: [X-1]
world: tiny
given: {after: 派单}
steps:
  - {at: 2021-03-08 23:59, nothing: happens, then: {not_late: [handling]}}
  - {at: 2021-03-09 00:10, nothing: happens, then: {late: [handling], opened: [watch]}}
views:
  - {who: 乙（东区）, sees: [content], not: [phone]}
  - {who: 市民, sees: nothing}
examples:
  - {at: 2021-02-05 16:20, due: {handling: 2021-02-18}, why: 补班日计入}
---
scenario: 写错了的
clause: 第一条
world: tiny
given: {after: 派单}
steps:
  - {at: 2021-03-02 09:00, who: 乙（东区）, does: finish, with: {text: 好}, then: {state: handling, basis: [第九条]}}
  - {at: 2021-03-02 10:00, who: 乙（东区）, does: finish, with: {text: 好}, then: {state: closed}}
  - {at: 2021-03-02 11:00, who: 丙（东区）, does: finish, with: {text: 好}}
views:
  - {who: 甲（窗口）, sees: nothing}
examples:
  - {at: 2021-02-05 16:20, due: {handling: 2021-02-12}}
)";

class ScenarioTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string source = TONGBAN_SOURCE_DIR;
    pack::LoadedLibrary loaded = pack::load_library(source + "/tests/packs/engine", kernel::kernel_host());
    for (const pack::Fault& fault : loaded.faults) ADD_FAILURE() << pack::to_text(fault);
    packs_ = std::make_shared<const pack::Library>(std::move(loaded.content));
    calendar_ =
        std::make_shared<const calendar::Editions>(calendar::load_editions(source + "/packs/china/calendar").value());
    std::vector<pack::Fault> faults;
    scenarios_ = pack::parse_scenarios("play.yaml", kScenarios, faults);
    for (const pack::Fault& fault : faults) ADD_FAILURE() << pack::to_text(fault);
    ASSERT_EQ(scenarios_.size(), 3u);
  }
  ScenarioResult run(size_t i, bool story = false) {
    return ScenarioRunner(packs_, packs_->find("tiny"), calendar_).run(scenarios_[i], scenarios_, story);
  }

  std::shared_ptr<const pack::Library> packs_;
  std::shared_ptr<const calendar::Editions> calendar_;
  std::vector<pack::Scenario> scenarios_;
};

TEST_F(ScenarioTest, WhatIsWrittenRightHolds) {
  for (size_t i : {0, 1}) {
    const ScenarioResult result = run(i, true);
    for (const Difference& difference : result.differences) ADD_FAILURE() << to_text(difference);
    EXPECT_FALSE(result.story.empty());
  }
  EXPECT_EQ(run(1).steps, 2u);  // those of `given` are not counted
  EXPECT_EQ(run(1).shows, std::vector<std::string>{"X-1"});
}

TEST_F(ScenarioTest, EveryDifferenceIsToldWithItsLine) {
  const ScenarioResult result = run(2);
  std::vector<std::string> told;
  for (const Difference& difference : result.differences)
    told.push_back(std::to_string(difference.source.line) + " " + difference.what);
  EXPECT_EQ(told, (std::vector<std::string>{"29 state", "29 basis", "30 finish", "31 who", "33 甲（窗口）",
                                            "35 example due handling"}));
}

TEST_F(ScenarioTest, AGivenThatNobodyWroteIsADifference) {
  scenarios_[1].after = "没有这个";
  EXPECT_EQ(run(1).differences.size(), 1u);
}

TEST_F(ScenarioTest, HoldersClocksAndGroupsAreAsked) {
  std::vector<pack::Fault> faults;
  std::vector<pack::Scenario> more = pack::parse_scenarios("more.yaml", R"(scenario: 对的
clause: 第一条
world: tiny
given: {after: 派单}
steps:
  - {at: 2021-03-02 09:00, nothing: happens, then: {holders: [worker], running: [handling], force: {handling: statutory}}}
  - {at: 2021-03-02 09:30, who: 乙（东区）, does: finish, with: {text: 好}, then: {state: closed, stopped: [handling]}}
---
scenario: 错的
clause: 第一条
world: tiny
given: {after: 派单}
steps:
  - {at: 2021-03-02 09:00, nothing: happens, then: {holders: [worker, desk], stopped: [handling], force: {handling: target}}}
  - {at: 2021-03-02 09:30, who: 乙（东区）, does: finish, with: {text: 好}, then: {counted: {text: 2021-03-02}, running: [handling]}}
)",
                                                           faults);
  ASSERT_TRUE(faults.empty());
  more.push_back(scenarios_[0]);
  const ScenarioRunner runner(packs_, packs_->find("tiny"), calendar_);
  for (const Difference& difference : runner.run(more[0], more).differences) ADD_FAILURE() << to_text(difference);
  std::vector<std::string> told;
  for (const Difference& difference : runner.run(more[1], more).differences) told.push_back(difference.what);
  EXPECT_EQ(told, (std::vector<std::string>{"holders", "stopped", "force handling", "counted text", "running"}));
}

TEST_F(ScenarioTest, AnotherParameterHoldsInThatPlayOnly) {
  pack::LoadedLibrary loaded = pack::load_library(std::string(TONGBAN_SOURCE_DIR) + "/packs", kernel::kernel_host());
  const auto packs = std::make_shared<const pack::Library>(std::move(loaded.content));
  const auto hotline = packs->find("hotline-12345");
  ASSERT_TRUE(hotline);
  std::vector<pack::Fault> faults;
  std::vector<pack::Scenario> all = pack::load_scenarios(hotline->directory, faults);
  ASSERT_TRUE(faults.empty());
  const auto strict = std::find_if(all.begin(), all.end(), [](const auto& one) { return !one.parameters.empty(); });
  ASSERT_NE(strict, all.end());
  const ScenarioRunner runner(packs, hotline, calendar_);
  EXPECT_TRUE(runner.run(*strict, all).ok());
  pack::Scenario usual = *strict;
  usual.parameters.clear();
  EXPECT_FALSE(runner.run(usual, all).ok());
  usual.parameters = {{"no_such", "1"}};
  EXPECT_EQ(runner.run(usual, all).differences.at(0).what, "given parameter no_such");
}

TEST(Mutations, ChangeOneThingOfALineAtATime) {
  const std::string text =
      "states:\n  a: {title: A}\n  b: {title: B}\nroles:\n  x: {}\n  y: {}\nactions:\n  go:\n    by: [x]\n    from: "
      "[a, b]\n"
      "    require: [c1]\n    outcomes:\n      - {as: k, if: form.ok, to: b, clocks: {t: start, u: stop}, send: {l: "
      "x}}\n";
  std::vector<std::string> whats;
  for (const Mutation& mutation : mutations_of("m.case.yaml", text)) {
    whats.push_back(mutation.what);
    EXPECT_NE(mutated(mutation, text), text);
  }
  EXPECT_EQ(whats, (std::vector<std::string>{"actions go: role: y added", "actions go: from: a removed",
                                             "actions go: from: b removed", "actions go: requirement: c1 removed",
                                             "actions go: clocks: t: start removed",
                                             "actions go: clocks: u: stop removed", "actions go: send: l: x removed",
                                             "actions go: to: b → a", "actions go: if form.ok → negated"}));
}

TEST(Mutations, OfFormsAsksAndClocks) {
  const std::string text =
      "roles:\n  x: {}\n  y: {}\nassignments:\n  l: {}\nclocks:\n  t: {per: case, force: statutory}\nactions:\n"
      "  go:\n    form: {must: {a: {is: one of, values: {p: P, q: Q}}, b: field}, may: {c: field}}\n"
      "    ask: {name: n, of: x, shields: t}\n"
      "  stay:\n    form:\n      must: {d: field}\n      may:\n        e: field\n";
  std::map<std::string, std::string> texts;
  for (const Mutation& mutation : mutations_of("m.case.yaml", text)) {
    texts[mutation.what] = mutation.text;
    EXPECT_NE(mutated(mutation, text), text);
  }
  EXPECT_EQ(texts.size(), 8u);
  EXPECT_EQ(texts["clocks t: per: case → chain"], "  t: {per: chain, force: statutory}");
  EXPECT_EQ(texts["clocks t: force: statutory → promise"], "  t: {per: case, force: promise}");
  EXPECT_EQ(texts["actions go: form: a may be left out"],
            "    form: {must: {b: field}, may: {a: {is: one of, values: {p: P, q: Q}}, c: field}}");
  EXPECT_EQ(texts["actions go: form: c must be filled in"],
            "    form: {must: {a: {is: one of, values: {p: P, q: Q}}, b: field, c: field}}");
  EXPECT_EQ(texts["actions go: ask: shields: t removed"], "    ask: {name: n, of: x}");
  EXPECT_EQ(texts["actions go: ask: of: x → y"], "    ask: {name: n, of: y, shields: t}");
  EXPECT_EQ(texts["actions stay: form: d may be left out"], "      may:\n        d: field");
}

TEST(Mutations, OfTablesConditionsAndParameters) {
  const std::string table =
      "| 类 k | → 时限 l | 依据 |\n|---|---|---|\n| \"a\" | 5 工作日 | 第一条 |\n| - | 9 工作日 | 第一条 |\n";
  const auto rows = mutations_of("t.table.md", table);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_TRUE(rows[0].drop);
  EXPECT_EQ(rows[1].text, "| \"a\" | 9 工作日 | 第一条 |");
  const std::string book = "register: r\nrows:\n  - {id: a, name: A}\n  - {id: b, name: B}\n";
  const auto dropped = mutations_of("r.register.yaml", book);
  ASSERT_EQ(dropped.size(), 2u);
  EXPECT_EQ(mutated(dropped[0], book), "register: r\nrows:\n  - {id: b, name: B}\n");
  EXPECT_EQ(mutations_of("conditions.md", "## c\n- 公式：`a = 1`\n").size(), 2u);
  const auto parameters = mutations_of(
      "parameters.yaml", "parameters:\n  p: {value: flag, values: {flag: 标记, refuse: 拒绝}}\n  n: {value: 3}\n");
  ASSERT_EQ(parameters.size(), 2u);
  EXPECT_EQ(parameters[0].what, "parameter p: flag → refuse");
  EXPECT_EQ(parameters[1].what, "parameter n: 3 → 4");
}

}  // namespace
}  // namespace tongban::facility
