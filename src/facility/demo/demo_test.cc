// The demo as shipped: every act is one that the rules allow, and the city shows every kind of request.
#include "facility/demo/demo.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "calendar/load.h"
#include "kernel/explain.h"
#include "kernel/host.h"
#include "pack/load.h"
#include "store/keys/memory_key_store.h"
#include "store/memory/memory_store.h"

namespace tongban::facility {
namespace {

const std::string kPacks = TONGBAN_SOURCE_DIR "/packs";
const std::string kDemo = kPacks + "/hotline-12345/demo";

struct City {
  store::MemoryStore store;
  store::MemoryKeyStore keys;
  std::unique_ptr<engine::Engine> engine;
  Demo demo;
  DemoResult result;
};

// The city as it looks at `now`.
std::unique_ptr<City> play_city(Instant now) {
  auto city = std::make_unique<City>();
  pack::LoadedLibrary loaded = pack::load_library(kPacks, kernel::kernel_host());
  EXPECT_TRUE(loaded.ok());
  auto editions = calendar::load_editions(kPacks + "/china/calendar");
  EXPECT_TRUE(editions.ok());
  std::vector<pack::Fault> faults;
  auto demo = read_demo(kDemo, faults);
  EXPECT_TRUE(demo && faults.empty()) << (faults.empty() ? "" : pack::to_text(faults.front()));
  if (!loaded.ok() || !editions.ok() || !demo) return nullptr;
  city->demo = std::move(*demo);
  engine::Config config;
  config.store = &city->store;
  config.keys = &city->keys;
  config.packs = std::make_shared<const pack::Library>(std::move(loaded.content));
  config.calendar = std::make_shared<const calendar::Editions>(std::move(*editions));
  config.now = [start = first_filing(city->demo, config.calendar->latest(), now).plus_ms(-kDayMs)] { return start; };
  auto engine = engine::Engine::start(std::move(config));
  EXPECT_TRUE(engine.ok());
  if (!engine.ok()) return nullptr;
  city->engine = std::move(*engine);
  auto played = play_demo(*city->engine, city->demo, now);
  EXPECT_TRUE(played.ok()) << (played.ok() ? "" : played.error().message);
  if (!played.ok()) return nullptr;
  city->result = std::move(*played);
  return city;
}

std::map<std::string, int> states_of(const City& city) {
  std::map<std::string, int> states;
  store::CaseQuery query;
  query.sort = store::Sort::opened;
  query.limit = 200;
  const store::CasePage page = city.store.list_cases(query).value();
  for (const store::CaseRow& row : page.rows) ++states[row.state];
  return states;
}

TEST(Demo, plays_every_act_and_shows_every_state_of_a_request) {
  const auto city = play_city(at_local(Date::from(2026, 11, 18), 17, 0));
  ASSERT_TRUE(city);
  for (const std::string& sentence : city->result.refused) ADD_FAILURE() << sentence;
  EXPECT_EQ(city->result.opened, city->demo.requests.size());
  EXPECT_GE(city->result.opened, 60u);
  const auto states = states_of(*city);
  const auto pack = city->engine->packs().find(city->demo.pack);
  for (const pack::State& state : pack->find_case(city->demo.type)->states) {
    EXPECT_TRUE(states.contains(state.id) || state.id == "redoing" || state.id == "verifying" ||
                state.id == "explaining")
        << "no demo request is in the state " << state.id;
  }
}

TEST(Demo, tells_a_returned_and_extended_request_with_its_reasons) {
  const auto city = play_city(at_local(Date::from(2026, 11, 18), 17, 0));
  ASSERT_TRUE(city && city->result.story);
  const auto state = city->engine->load(*city->result.story);
  const std::string story = kernel::tell(city->engine->load_events(*city->result.story).value(),
                                         *city->engine->pack_of(*state), *city->engine->registers());
  std::set<std::string> acts;
  for (const kernel::ActRecord& act : state->acts) acts.insert(act.action);
  for (const char* act : {"return_up", "return_to_hotline", "ask_extension", "extend", "reply", "review", "rate"})
    EXPECT_TRUE(acts.contains(act)) << act;
  const kernel::Clock* clock = state->last_clock("handling");
  ASSERT_TRUE(clock);
  EXPECT_EQ(clock->segments.size(), 2u);
  EXPECT_FALSE(clock->late);
  for (const kernel::Clock::Segment& segment : clock->segments) {
    EXPECT_NE(story.find(to_text(segment.counted.due_on)), std::string::npos) << story;
  }
}

TEST(Demo, has_late_and_soon_due_requests_and_supervision_orders) {
  const Instant now = at_local(Date::from(2026, 11, 18), 17, 0);
  const auto city = play_city(now);
  ASSERT_TRUE(city);
  store::CaseQuery query;
  query.sort = store::Sort::opened;
  query.limit = 200;
  int late = 0, soon = 0, supervision = 0;
  const store::CasePage page = city->store.list_cases(query).value();
  for (const store::CaseRow& row : page.rows) {
    late += row.late && row.open;
    soon += row.open && !row.late && row.due_at && row.due_at->ms - now.ms < 3 * kDayMs;
    supervision += row.type.ends_with("/supervision");
  }
  EXPECT_GE(late, 3);
  EXPECT_GE(soon, 3);
  EXPECT_GE(supervision, 3);
}

TEST(Demo, goes_on_any_day) {
  // A weekend, the day before a long holiday, the first hour of a year.
  for (const Instant now : {at_local(Date::from(2026, 10, 4), 12, 0), at_local(Date::from(2026, 9, 30), 23, 0),
                            at_local(Date::from(2026, 1, 1), 0, 30)}) {
    const auto city = play_city(now);
    ASSERT_TRUE(city);
    for (const std::string& sentence : city->result.refused) ADD_FAILURE() << to_text(now) << ": " << sentence;
  }
}

TEST(Demo, names_every_fault_of_its_files) {
  std::vector<pack::Fault> faults;
  EXPECT_FALSE(read_demo(kPacks + "/china", faults));
  EXPECT_FALSE(faults.empty());
}

TEST(Demo, uses_telephone_numbers_that_belong_to_nobody) {
  std::vector<pack::Fault> faults;
  const auto demo = read_demo(kDemo, faults);
  ASSERT_TRUE(demo);
  std::set<std::string> seen;
  for (const DemoRequest& request : demo->requests) {
    for (const auto& [name, value] : request.form) {
      if (name != "phone") continue;
      EXPECT_TRUE(value.as_text().starts_with("1990000")) << value.as_text();
      EXPECT_TRUE(seen.insert(value.as_text()).second) << value.as_text();
    }
  }
  EXPECT_EQ(seen.size(), demo->requests.size());
}

}  // namespace
}  // namespace tongban::facility
