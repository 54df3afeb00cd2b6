// Estimates on the pack that has one: the same table, calendar and clause as at the hand-over itself.
#include "kernel/estimate.h"

#include <gtest/gtest.h>

#include "calendar/load.h"
#include "kernel/host.h"
#include "pack/load.h"

namespace tongban::kernel {
namespace {

const pack::Pack& hotline() {
  static const auto pack = [] {
    auto loaded = pack::load_library(std::string(TONGBAN_SOURCE_DIR) + "/packs", kernel_host());
    for (const auto& fault : loaded.faults) ADD_FAILURE() << pack::to_text(fault);
    return loaded.content.find("hotline-12345");
  }();
  return *pack;
}

const calendar::Calendar& china() {
  static const auto editions =
      calendar::load_editions(std::string(TONGBAN_SOURCE_DIR) + "/packs/china/calendar").value();
  return editions.latest();
}

Estimates estimate_of(std::vector<FormValue> fields) {
  static const Registers nobody;
  const Context context{&hotline(), &china(), &nobody, 0};
  return estimate(hotline().cases.at(0), fields, context, parse_instant("2021-02-05 16:20").value());
}

FormValue value(std::string name, std::string text) {
  return {std::move(name), feel::Value::text(std::move(text)), {}};
}

TEST(Estimate, counts_the_limit_that_the_table_gives_from_now_with_its_clause) {
  const auto question = estimate_of({value("kind", "consultation")});
  ASSERT_EQ(question.clocks.size(), 1u);
  EXPECT_EQ(question.clocks[0].clock.name, "handling");
  EXPECT_EQ(to_text(question.clocks[0].clock.segments.at(0).counted.due_on), "2021-02-18");  // over the festival
  EXPECT_EQ(question.clocks[0].basis.clause, "第十三条（二）");
  EXPECT_TRUE(question.missing.empty());
  const auto complaint = estimate_of({value("kind", "complaint")});
  ASSERT_EQ(complaint.clocks.size(), 1u);
  EXPECT_EQ(complaint.clocks[0].clock.segments.at(0).counted.n, 15);
}

TEST(Estimate, says_what_is_missing_instead_of_guessing) {
  const auto nothing = estimate_of({});
  EXPECT_TRUE(nothing.clocks.empty());
  EXPECT_EQ(nothing.missing, std::vector<std::string>{"kind"});
  const auto wrong = estimate_of({value("kind", "no such kind"), value("no_such_field", "x")});
  EXPECT_TRUE(wrong.clocks.empty());
  EXPECT_EQ(wrong.missing, std::vector<std::string>{"kind"});
}

}  // namespace
}  // namespace tongban::kernel
