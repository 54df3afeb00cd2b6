// The bytes of events are for ever: one of each kind stands in tests/golden/events.txt as it was first written. A line
// that changes is a broken promise; a new kind adds a line (UPDATE_EXPECTED=1 writes new ones and refuses changed
// ones).
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <random>

#include "base/crypto.h"
#include "kernel/state.h"

namespace tongban::kernel {
namespace {

const Id kCase = *parse_id("0190a6e4-0000-7000-8000-000000000001");
const Id kOther = *parse_id("0190a6e4-0000-7000-8000-000000000002");
const Id kPerson = *parse_id("0190a6e4-0000-7000-8000-00000000000a");
const Instant kAt = at_local(Date::from(2021, 2, 5), 16, 20);
const Basis kBasis{pack::BasisKind::clause, "某发〔2021〕1号", "第三条（二）", 3};

calendar::Counted counted() {
  calendar::Counted c;
  c.start = kAt;
  c.unit = calendar::Unit::working_days;
  c.n = 5;
  c.first_counted = Date::from(2021, 2, 6);
  c.raw_end = c.due_on = Date::from(2021, 2, 18);
  c.due_at = end_of_day(c.due_on);
  c.edition = "2021";
  c.specials = {{Date::from(2021, 2, 7), false, "春节", "2021"}, {Date::from(2021, 2, 11), true, "春节", "2021"}};
  return c;
}

std::vector<DaysCounted> days() {
  return {{"answer_by", DaysCounted::Function::after, counted()}, {"", DaysCounted::Function::is_working, counted()}};
}

// Those that end with what was counted, which they did not when they were released.
std::vector<std::pair<std::string, Body>> with_days_counted() {
  ActionTaken taken{"open", "1", {}, "", "registered", {"agent"}, 0, {}, kBasis};
  taken.counted = days();
  FieldsSet set{{{"when", {feel::Value::of(Date::from(2021, 2, 5)), {}}}}};
  set.counted = days();
  DecisionMade made{.decision = "routing", .bases = {kBasis}};
  made.counted = days();
  LetterSent sent{"registered", "message", "caller", "", "已登记。", kBasis};
  sent.counted = days();
  return {{"ActionTaken+counted", taken},
          {"FieldsSet+counted", set},
          {"DecisionMade+counted", made},
          {"LetterSent+counted", sent}};
}

// One event of each kind, in the order of the type byte.
std::vector<Body> one_of_each() {
  using feel::Value;
  Hash hash{};
  hash[0] = 1;
  hash[31] = 255;
  return {
      CaseOpened{"demo@2021-01-29", "request", "D-2021-000001", "web", kPerson, "aabb"},
      ActionTaken{"open",
                  "1",
                  {{"kind", {Value::text("a"), {}}}, {"phone", {Value(), "sealed"}}},
                  "",
                  "registered",
                  {"agent"},
                  0,
                  {"late_return"},
                  kBasis},
      FieldsSet{{{"count", {Value::of(3), {}}}, {"when", {Value::of(Date::from(2021, 2, 5)), {}}}}},
      DecisionMade{"routing",
                   DecisionMode::overridden,
                   Value::context({{"lead", Value::text("u1")}}),
                   Value::context({{"lead", Value::text("u2")}}),
                   "近",
                   {{"kind", Value::text("a")}, {"place", Value()}},
                   {1, 4},
                   1,
                   true,
                   {"place"},
                   {kBasis}},
      LookedUp{"duty", "unit_duties", "d1", 2},
      Assigned{1, "lead", "u1", "", 0, "hotline", kBasis},
      AssignmentEnded{1, EndReason::parent_ended},
      ClockStarted{1, "handling", pack::ClockType::deadline, pack::ClockScope::per_chain, 1, pack::Force::promise,
                   "handler", counted(), kAt, kBasis},
      ClockPaused{1, kAt, kBasis},
      ClockResumed{1, kAt, counted()},
      ClockExtended{1, counted(), kBasis},
      ClockStopped{1, StopKind::confirm, kAt, true},
      ClockReopened{1},
      ClockExpired{1, kAt},
      ClockRecomputed{1, 0, counted(), Date::from(2021, 2, 17)},
      AskOpened{1, "extension", "superior", "u1", 1, Limit{5, calendar::Unit::working_days}},
      AskAnswered{1, Answer::refused},
      LetterSent{"registered", "message", "caller", "", "已登记。", kBasis},
      Linked{"follows", true, kOther, "D-2021-000002", "request", {"final"}},
      HoldReleased{kOther},
      CaseClosed{"done", "10 年"},
      NoteAdded{{Value(), "sealed note"}},
      DocumentFiled{kOther, {Value(), "sealed name"}, "image/png", 1234, hash, "matter"},
      EditionMoved{"demo@1", "demo@2", "改版"},
      PersonErased{kPerson, kBasis},
      RegisterEntryPut{"units", "u1", 2, Date::from(2021, 1, 1), std::nullopt,
                       Value::context({{"name", Value::text("甲局")}}), true, kBasis},
      LettersHeld{7, kAt.plus_ms(10'000)},
      ActUndone{5},
      LinkEnded{"joins", true, kOther},
  };
}

Event event_of(const Body& body, uint64_t version) {
  Event event;
  event.envelope = {.stream = kCase,
                    .version = version,
                    .command = kOther,
                    .happened_at = kAt,
                    .recorded_at = kAt.plus_ms(1500),
                    .actor = {"agent", "p1", "agent", "hotline"},
                    .imported = true,
                    .cause = kPerson};
  event.body = body;
  return event;
}

TEST(EventBytes, each_kind_decodes_to_what_was_encoded) {
  uint64_t version = 0;
  for (const Body& body : one_of_each()) {
    const Event event = event_of(body, ++version);
    const auto back = decode(encode(event, false), nullptr);
    ASSERT_TRUE(back.ok()) << name_of(body) << ": " << back.error().message;
    EXPECT_EQ(*back, event) << name_of(body);
  }
  EXPECT_EQ(one_of_each().size(), std::variant_size_v<Body>);
}

TEST(EventBytes, an_event_that_continues_a_command_takes_its_envelope_from_the_one_before) {
  const Event first = event_of(ClockReopened{1}, 1), second = event_of(ClockReopened{2}, 2);
  const std::string bytes = encode(second, true);
  EXPECT_LT(bytes.size(), encode(second, false).size() - 30);
  EXPECT_EQ(*decode(bytes, &first), second);
  EXPECT_FALSE(decode(bytes, nullptr).ok());
}

TEST(EventBytes, are_those_first_released) {
  const std::string file = std::string(TONGBAN_SOURCE_DIR) + "/tests/golden/events.txt";
  std::map<std::string, std::string> golden;
  std::ifstream in(file);
  for (std::string name, hex; in >> name >> hex;) golden[name] = hex;
  const bool update = std::getenv("UPDATE_EXPECTED") != nullptr;
  std::string all;
  uint64_t version = 0;
  std::vector<std::pair<std::string, Body>> bodies;
  for (const Body& body : one_of_each()) bodies.emplace_back(name_of(body), body);
  for (auto& each : with_days_counted()) bodies.push_back(std::move(each));
  for (const auto& [name, body] : bodies) {
    const std::string hex = to_hex(encode(event_of(body, ++version), false));
    if (golden.contains(name)) {
      EXPECT_EQ(hex, golden[name]) << name << ": a released event must not change its bytes; add a version instead";
    } else {
      EXPECT_TRUE(update) << name << " has no golden bytes yet: run with UPDATE_EXPECTED=1";
    }
    const auto old = from_hex(golden.contains(name) ? golden[name] : hex);
    const auto decoded = decode(*old, nullptr);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded->body, body);
    all += name + " " + (golden.contains(name) ? golden[name] : hex) + "\n";
  }
  if (update) std::ofstream(file) << all;
}

TEST(EventBytes, what_was_counted_is_read_back_also_in_an_event_that_continues_a_command) {
  const Event first = event_of(ClockReopened{1}, 1);
  for (const auto& [name, body] : with_days_counted()) {
    const Event event = event_of(body, 2);
    EXPECT_EQ(*decode(encode(event, false), nullptr), event) << name;
    EXPECT_EQ(*decode(encode(event, true), &first), event) << name;
  }
}

TEST(EventBytes, damaged_bytes_are_refused_and_never_crash) {
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  uint64_t version = 0;
  std::vector<Body> bodies = one_of_each();
  for (auto& each : with_days_counted()) bodies.push_back(std::move(each.second));
  for (const Body& body : bodies) {
    const std::string bytes = encode(event_of(body, ++version), false);
    for (size_t cut = 0; cut < bytes.size(); ++cut) EXPECT_FALSE(decode(bytes.substr(0, cut), nullptr).ok());
    EXPECT_FALSE(decode(bytes + "x", nullptr).ok());
    for (int i = 0; i < 200; ++i) {
      std::string flipped = bytes;
      flipped[random() % flipped.size()] ^= static_cast<char>(1 << random() % 8);
      const auto result = decode(flipped, nullptr);  // either refused, or another event with exactly these bytes
      if (result.ok()) {
        EXPECT_EQ(encode(*result, false), flipped) << name_of(body);
      }
    }
  }
}

TEST(EventBytes, a_value_that_no_enumeration_has_is_damage) {
  EXPECT_FALSE(decode(encode(event_of(ClockStopped{1, static_cast<StopKind>(4), kAt, true}, 1), false), nullptr).ok());
  Basis basis = kBasis;
  basis.kind = static_cast<pack::BasisKind>(5);
  EXPECT_FALSE(decode(encode(event_of(PersonErased{kPerson, basis}, 1), false), nullptr).ok());
}

TEST(Fold, a_clock_that_was_extended_in_time_is_not_late) {
  CaseState state;
  uint64_t version = 0;
  const auto step = [&](Body body) { apply(state, event_of(std::move(body), ++version)); };
  step(CaseOpened{"demo@1", "request", "1", "web", {}, ""});
  step(ClockStarted{1, "handling", pack::ClockType::deadline, pack::ClockScope::per_case, 0, pack::Force::statutory,
                    "handler", counted(), kAt, kBasis});
  step(ClockExpired{1, counted().due_at});
  EXPECT_TRUE(state.clocks[0].late);
  step(ClockExtended{1, counted(), kBasis});
  EXPECT_FALSE(state.clocks[0].late);
  EXPECT_EQ(state.clocks[0].segments.size(), 2u);
}

TEST(Fold, the_current_assignment_is_the_deepest_of_its_chain) {
  CaseState state;
  uint64_t version = 0;
  const auto step = [&](Body body) { apply(state, event_of(std::move(body), ++version)); };
  step(CaseOpened{"demo@1", "request", "1", "web", {}, ""});
  step(Assigned{1, "lead", "district", "", 0, "hotline", kBasis});
  step(Assigned{2, "handler", "bureau", "", 1, "district", kBasis});
  step(Assigned{3, "handler", "street", "", 2, "bureau", kBasis});
  EXPECT_EQ(state.current("handler")->unit, "street");
  EXPECT_EQ(state.current("handler")->root, 1u);
  step(AssignmentEnded{3, EndReason::act});
  EXPECT_EQ(state.current("handler")->unit, "bureau");
}

}  // namespace
}  // namespace tongban::kernel
