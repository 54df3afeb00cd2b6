// The parts of the desk's routes that need no server: presence in memory, cells of a spreadsheet.
#include <gtest/gtest.h>

#include "http/api/csv.h"
#include "http/api/presence.h"

namespace tongban::http {
namespace {

constexpr Instant kNoon{1'612'497'600'000};

Id case_of(uint64_t n) { return make_id(Instant{static_cast<int64_t>(n)}); }
Present person(const std::string& name, bool editing = false) {
  return {.person = "person:" + name, .name = name, .unit = "热线", .editing = editing};
}
std::string names(const std::vector<Present>& others) {
  std::string out;
  for (const auto& one : others) out += one.name + (one.editing ? "*" : "") + " ";
  return out;
}

TEST(Presence, others_are_seen_but_not_oneself) {
  Presence presence;
  const Id id = case_of(1);
  EXPECT_EQ(names(presence.put(id, person("甲"), kNoon)), "");
  EXPECT_EQ(names(presence.put(id, person("乙", true), kNoon.plus_ms(1000))), "甲 ");
  EXPECT_EQ(names(presence.put(id, person("甲"), kNoon.plus_ms(2000))), "乙* ");
  EXPECT_EQ(names(presence.put(case_of(2), person("甲"), kNoon.plus_ms(2000))), "");
}

TEST(Presence, who_is_silent_for_45_seconds_is_gone) {
  Presence presence;
  const Id id = case_of(1);
  (void)presence.put(id, person("甲"), kNoon);
  EXPECT_EQ(names(presence.put(id, person("乙"), kNoon.plus_ms(Presence::kLastsMs - 1))), "甲 ");
  EXPECT_EQ(names(presence.put(id, person("乙"), kNoon.plus_ms(Presence::kLastsMs))), "");
}

TEST(Presence, since_stays_the_first_sign) {
  Presence presence;
  const Id id = case_of(1);
  (void)presence.put(id, person("甲"), kNoon);
  (void)presence.put(id, person("甲"), kNoon.plus_ms(30'000));
  const auto others = presence.put(id, person("乙"), kNoon.plus_ms(60'000));
  ASSERT_EQ(others.size(), 1u);
  EXPECT_EQ(others[0].since, kNoon);
}

TEST(Presence, who_leaves_is_gone_at_once) {
  Presence presence;
  const Id id = case_of(1);
  (void)presence.put(id, person("甲"), kNoon);
  presence.remove(id, "person:甲");
  presence.remove(id, "person:甲");
  EXPECT_EQ(presence.case_count(), 0u);
}

TEST(Presence, memory_is_bounded_and_freed) {
  Presence presence;
  for (size_t i = 0; i < Presence::kMostCases + 10; ++i) (void)presence.put(case_of(i), person("甲"), kNoon);
  EXPECT_EQ(presence.case_count(), Presence::kMostCases);
  const Id id = case_of(7);
  for (size_t i = 0; i < Presence::kMostAtOnce + 10; ++i)
    (void)presence.put(id, person("丙" + std::to_string(i)), kNoon.plus_ms(Presence::kLastsMs));
  EXPECT_EQ(presence.case_count(), 1u);
  EXPECT_EQ(presence.put(id, person("甲"), kNoon.plus_ms(Presence::kLastsMs)).size(), Presence::kMostAtOnce);
}

TEST(Csv, cells_are_quoted_where_they_must_be) {
  std::string out;
  add_csv_row(out, {"a", "b,c", "d\"e", "f\ng", ""});
  EXPECT_EQ(out, "a,\"b,c\",\"d\"\"e\",\"f\ng\",\r\n");
}

TEST(Csv, no_cell_is_a_formula) {
  std::string out;
  add_csv_row(out, {"=1+1", "+86", "-2", "-cmd", "@x", "\t=1", "-"});
  EXPECT_EQ(out, "'=1+1,'+86,-2,'-cmd,'@x,'\t=1,'-\r\n");
}

}  // namespace
}  // namespace tongban::http
