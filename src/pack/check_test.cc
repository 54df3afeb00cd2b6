// The checker against the packs of tests/packs: `small` and `places` are right, `all_faults` has every fault at once.
#include "pack/check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "pack/files.h"

namespace tongban::pack {
namespace {

std::string packs(std::string_view name) {
  return std::string(TONGBAN_SOURCE_DIR) + "/tests/packs/" + std::string(name);
}

std::string all_lines(const std::vector<Fault>& faults) {
  std::string text;
  for (const auto& fault : faults) text += to_text(fault) + " [" + fault.code + "]\n";
  return text;
}

TEST(Check, a_right_pack_has_no_faults) {
  EXPECT_EQ(all_lines(check(packs("places")).faults), "");
  const auto checked = check(packs("small"));
  EXPECT_EQ(all_lines(checked.faults), "");
  EXPECT_TRUE(checked.ok());
  EXPECT_EQ(checked.scenarios.size(), 2u);
}

TEST(Check, the_packs_of_the_product_have_no_faults) {
  for (const auto& name : list_folders(std::string(TONGBAN_SOURCE_DIR) + "/packs")) {
    EXPECT_EQ(all_lines(check(std::string(TONGBAN_SOURCE_DIR) + "/packs/" + name).faults), "") << name;
  }
}

TEST(Check, all_faults_are_reported_at_once_in_order_of_file_and_line) {
  const auto checked = check(packs("all_faults"));
  const std::string found = all_lines(checked.faults);
  const std::string file = packs("all_faults.expected");
  if (std::getenv("UPDATE_EXPECTED")) {
    ASSERT_TRUE(write_file(file, found).ok());
  }
  const auto expected = read_file(file);
  ASSERT_TRUE(expected.ok());
  EXPECT_EQ(found, *expected);
  EXPECT_TRUE(std::is_sorted(checked.faults.begin(), checked.faults.end(), [](const Fault& a, const Fault& b) {
    return std::tie(a.source.file, a.source.line) < std::tie(b.source.file, b.source.line);
  }));
  for (const auto& fault : checked.faults) {
    EXPECT_TRUE(fault.source.file.starts_with("all_faults/")) << to_text(fault);
    EXPECT_GT(fault.source.line, 0) << to_text(fault);
  }
}

// The golden file could lose a class of faults unseen when it is rewritten; this list cannot.
TEST(Check, every_class_of_fault_is_shown_by_the_faulty_pack) {
  std::set<std::string> codes;
  for (const auto& fault : check(packs("all_faults")).faults) codes.insert(fault.code);
  for (const char* code : {"action-dead",
                           "ask-unanswered",
                           "assign",
                           "cell",
                           "clause-unbound",
                           "clock-again",
                           "clock-amount",
                           "clock-endless",
                           "clock-limit",
                           "clock-unowned",
                           "clock-unused",
                           "csv",
                           "duplicate",
                           "enumeration",
                           "feel",
                           "final-left",
                           "form",
                           "group-unseen",
                           "look-up-as-of",
                           "missing",
                           "name-taken",
                           "no-basis",
                           "no-group",
                           "no-title",
                           "not-supported",
                           "outcome-dead",
                           "outcome-open",
                           "parameter",
                           "personal",
                           "reaction-circle",
                           "requirement",
                           "role",
                           "scenario",
                           "scenario-circle",
                           "scenario-given",
                           "scenario-instant",
                           "scenario-order",
                           "scenario-weekday",
                           "state-stuck",
                           "state-unheld",
                           "state-unreachable",
                           "table",
                           "table-gap",
                           "table-input-unused",
                           "table-mode",
                           "table-overlap",
                           "table-value",
                           "type",
                           "unknown-clause",
                           "unknown-file",
                           "unknown-key",
                           "unknown-kind",
                           "unknown-name",
                           "unknown-source",
                           "unused",
                           "yaml",
                           "yaml-anchor",
                           "yaml-duplicate",
                           "yaml-empty",
                           "yaml-tag",
                           "yaml-wide"}) {
    EXPECT_TRUE(codes.contains(code)) << code;
  }
}

// Each change makes an act that cannot be taken back, and is named.
TEST(Check, only_an_act_that_begins_things_can_be_taken_back) {
  const auto sentences = [](const auto& change) {
    CaseType type;
    type.id = "thing";
    type.clocks.push_back({.id = "term", .again = Again::keep});
    Action act, undoing;
    act.id = "give";
    act.from = {"new"};
    act.outcomes.push_back({.id = "1", .to = "given", .clocks = {{"term", ClockEffect::start}}});
    undoing.id = "take_back";
    undoing.from = {"given"};
    undoing.undoes = {"give", 10'000};
    undoing.outcomes.push_back({.id = "1", .to = "new"});
    type.actions = {act, undoing};
    change(type, type.actions[0], type.actions[1]);
    std::vector<Fault> faults;
    for (const Action& action : type.actions) check_undo(type, action, faults);
    std::string all;
    for (const Fault& fault : faults) all += fault.sentence + "\n";
    return all;
  };
  EXPECT_EQ(sentences([](CaseType&, Action&, Action&) {}), "");
  const auto has = [](const std::string& all, std::string_view part) { return all.find(part) != std::string::npos; };
  EXPECT_TRUE(has(sentences([](CaseType&, Action&, Action& u) { u.undoes.action = "giv"; }), "no action `giv`"));
  EXPECT_TRUE(has(sentences([](CaseType&, Action&, Action& u) { u.undoes.action = "open"; }), "opens a case"));
  EXPECT_TRUE(has(sentences([](CaseType&, Action& a, Action&) { a.from.push_back("old"); }), "several states"));
  EXPECT_TRUE(has(sentences([](CaseType&, Action&, Action& u) { u.outcomes[0].to = "given"; }), "must go back"));
  EXPECT_TRUE(has(sentences([](CaseType&, Action&, Action& u) { u.from = {"new"}; }), "must contain `given`"));
  EXPECT_TRUE(has(sentences([](CaseType&, Action& a, Action&) { a.outcomes[0].end = {"lead"}; }), "ends assignments"));
  EXPECT_TRUE(has(sentences([](CaseType&, Action& a, Action&) { a.outcomes[0].clocks[0].second = ClockEffect::stop; }),
                  "changes the clock `term`"));
  EXPECT_TRUE(has(sentences([](CaseType& t, Action&, Action&) { t.clocks[0].again = Again::restart; }),
                  "changes the clock `term`"));
  EXPECT_TRUE(has(sentences([](CaseType& t, Action&, Action&) {
                    t.reactions.push_back({.id = "tell", .trigger = Reaction::Trigger::action, .of = "give"});
                  }),
                  "reaction `tell`"));
}

TEST(Check, a_folder_without_pack_yaml_is_one_fault) {
  const auto checked = check(packs("nothing_here"));
  EXPECT_FALSE(checked.ok());
  EXPECT_EQ(checked.pack, nullptr);
  ASSERT_EQ(checked.faults.size(), 1u);
  EXPECT_EQ(checked.faults[0].code, "missing-file");
}

}  // namespace
}  // namespace tongban::pack
