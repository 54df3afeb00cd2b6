// The order of a command (KERNEL §1), clocks (§2) and people (§3), on a small pack of their own: tests/packs/kernel.
#include "kernel/decide.h"

#include <gtest/gtest.h>

#include "calendar/load.h"
#include "kernel/explain.h"
#include "kernel/host.h"
#include "pack/load.h"

namespace tongban::kernel {
namespace {

using feel::Value;

const pack::Pack& order_pack() {
  static const auto pack = [] {
    auto loaded = pack::load_library(std::string(TONGBAN_SOURCE_DIR) + "/tests/packs/kernel", kernel_host());
    for (const auto& fault : loaded.faults) ADD_FAILURE() << pack::to_text(fault);
    return loaded.content.find("order");
  }();
  return *pack;
}

const calendar::Editions& notices() {
  static const auto editions =
      calendar::load_editions(std::string(TONGBAN_SOURCE_DIR) + "/packs/china/calendar").value();
  return editions;
}
const calendar::Calendar& china() { return notices().latest(); }

Value text(std::string value) { return Value::text(std::move(value)); }
Instant at(std::string_view local) { return parse_instant(local).value(); }

const Registers& people() {
  static const Registers registers = [] {
    Registers r;
    const auto put = [&](const std::string& reg, const std::string& id, feel::Context values) {
      auto entry = std::make_shared<Entry>();
      entry->id = id;
      entry->revisions.push_back({1, std::nullopt, std::nullopt, Value::context(std::move(values))});
      r.put(reg, std::move(entry));
    };
    for (const auto& [id, name] :
         {std::pair{"office", "办公室"}, {"district", "区政府"}, {"bureau", "区局"}, {"street", "街道"}}) {
      put("units", id, {{"name", text(name)}});
    }
    auto former = std::make_shared<Entry>();
    former->id = "former";
    former->revisions.push_back({1, std::nullopt, Date::from(2021, 1, 1), Value::context({{"name", text("旧局")}})});
    r.put("units", std::move(former));
    int n = 0;
    const auto post = [&](const std::string& person, const std::string& position, const std::string& unit,
                          feel::Context more = {}) {
      feel::Context values{{"person", text(person)}, {"position", text(position)}, {"unit", text(unit)}};
      values.insert(values.end(), more.begin(), more.end());
      put("positions", "post-" + std::to_string(++n), std::move(values));
    };
    post("desk", "dispatcher", "office");
    post("office-head", "head", "office");
    post("liaison", "liaison", "district",
         {{"deputy", text("deputy")},
          {"absent_from", Value::of(Date::from(2021, 3, 8))},
          {"absent_until", Value::of(Date::from(2021, 3, 9))}});
    post("district-head", "head", "district");
    post("clerk", "staff", "bureau");
    post("bureau-head", "head", "bureau");
    post("towner", "staff", "street");
    post("street-head", "head", "street");
    post("both", "staff", "district");
    post("both", "head", "district");
    return r;
  }();
  return registers;
}

// A case played by commands, on a clock that the test sets.
struct Play {
  std::optional<CaseState> state;
  Instant now = at("2021-03-01 09:00");  // a Monday
  std::vector<Event> last;
  const calendar::Calendar* calendar = &china();

  Command command(const std::string& person, CommandBody body) const {
    Command c;
    c.id = *parse_id("0190a6e4-0000-7000-8000-000000000009");
    c.id.bytes[15] = static_cast<uint8_t>(state ? state->version + 1 : 0);
    c.case_id = *parse_id("0190a6e4-0000-7000-8000-000000000001");
    if (person == "system")
      c.actor.kind = Actor::Kind::system;
    else if (!person.empty())
      c.actor = {.kind = Actor::Kind::staff, .person = person};
    c.received_at = now;
    c.body = std::move(body);
    return c;
  }
  Verdict decide(const Command& c) const {
    const Context context{&order_pack(), calendar, &people(), 0};
    const Verdict first = kernel::decide(state ? &*state : nullptr, c, context);
    const Verdict again = kernel::decide(state ? &*state : nullptr, c, context);  // pure: the same answer, always
    EXPECT_EQ(first.index(), again.index());
    if (const auto* decided = std::get_if<Decided>(&first)) {
      EXPECT_EQ(decided->events, std::get<Decided>(again).events);
      CaseState folded = state.value_or(CaseState{});  // and apply agrees with the state it returned
      for (const Event& event : decided->events) apply(folded, event);
      EXPECT_EQ(folded.version, decided->state.version);
      EXPECT_EQ(folded.state, decided->state.state);
    }
    return first;
  }
  std::optional<Rejection> try_do(const std::string& person, CommandBody body, std::optional<uint64_t> version = {}) {
    Command c = command(person, std::move(body));
    c.expected_version = version;
    Verdict verdict = decide(c);
    if (auto* rejection = std::get_if<Rejection>(&verdict)) return *rejection;
    auto& decided = std::get<Decided>(verdict);
    last = decided.events;
    state = decided.state;
    return std::nullopt;
  }
  std::optional<Rejection> act(const std::string& person, const std::string& action, std::vector<FormValue> form = {}) {
    return try_do(person, TakeAction{action, std::move(form), 0});
  }
  void must(const std::string& person, const std::string& action, std::vector<FormValue> form = {}) {
    const auto r = act(person, action, std::move(form));
    ASSERT_FALSE(r) << action << ": " << r->sentence
                    << (r->fields.empty() ? "" : " " + r->fields[0].field + ": " + r->fields[0].sentence);
  }
  void open() {
    const auto r =
        try_do("", OpenCase{"order", "thing", {{"content", text("路灯"), ""}}, "web", "O-2021-000001", {}, {}, {}});
    ASSERT_FALSE(r) << r->sentence;
  }
  void in_handling(const std::string& unit = "bureau") {
    open();
    must("desk", "give", {{"unit", text("district"), ""}});
    must("liaison", "hand_down", {{"unit", text(unit), ""}});
  }
  const Clock& clock(const std::string& name) const { return *state->last_clock(name); }
  std::string due(const std::string& name) const { return to_text(clock(name).segments.back().counted.due_on); }
};

// Each command breaks the rule of its line and, as far as it can, every later one: the first broken rule answers.
TEST(Refusals, come_in_the_order_of_their_codes) {
  Play play;
  play.open();
  const FormValue bad{"amount", text("viel"), ""}, odd{"amount", Value::of(1), ""};
  const auto code = [&](const std::string& person, const std::string& action, std::vector<FormValue> form,
                        std::optional<uint64_t> version = {}) {
    const uint64_t before = play.state->version;
    const auto r = play.try_do(person, TakeAction{action, std::move(form), 0}, version);
    EXPECT_EQ(play.state->version, before) << "a refusal writes nothing";
    EXPECT_TRUE(r && !r->sentence.empty() && !r->instead.empty());
    return r ? std::string(to_text(r->code)) : "accepted";
  };
  EXPECT_EQ(code("stranger", "confirm", {bad}, 999), "not_found");
  EXPECT_EQ(code("desk", "confirm", {bad}, 999), "changed");
  EXPECT_EQ(code("desk", "confirm", {bad}), "wrong_state");
  play.must("desk", "give", {{"unit", text("district"), ""}});
  EXPECT_EQ(code("desk", "hand_down", {bad}), "not_allowed");
  Play fresh;
  fresh.open();
  play = fresh;
  EXPECT_EQ(code("desk", "pay", {bad}), "invalid_form");
  EXPECT_EQ(code("desk", "pay", {}), "not_decidable");
  EXPECT_EQ(code("desk", "pay", {odd}), "requirement_failed");
  EXPECT_EQ(code("desk", "lose", {}), "no_holder");
}

TEST(Refusals, name_every_condition_that_fails_and_every_field) {
  Play play;
  play.open();
  const auto conditions = play.act("desk", "pay", {{"amount", Value::of(1), ""}});
  ASSERT_EQ(conditions->conditions.size(), 2u);
  EXPECT_EQ(conditions->conditions[1].sentence, "金额要是偶数。");
  EXPECT_EQ(pack::to_text(conditions->basis), "测试〔2021〕2号 第一条");
  const auto fields = play.act("desk", "give", {{"unti", text("x"), ""}});
  ASSERT_EQ(fields->fields.size(), 2u);
  EXPECT_EQ(fields->fields[0].field, "unti");
  EXPECT_NE(fields->fields[0].sentence.find("unit"), std::string::npos) << "suggests the near name";
  EXPECT_EQ(fields->fields[1].sentence, "请填写单位。");
}

TEST(Refusals, a_missing_value_is_named_and_never_counts_as_false) {
  Play play;
  play.open();
  const auto r = play.act("desk", "pay", {});
  EXPECT_EQ(r->code, RejectionCode::not_decidable);
  EXPECT_NE(r->sentence.find("form.amount"), std::string::npos) << r->sentence;
}

TEST(Facts, a_form_entry_that_only_shares_the_name_of_a_field_does_not_stand_for_it) {
  Play play;
  play.open();
  EXPECT_FALSE(play.act("desk", "ask_around", {{"content", text("别的"), ""}}));
  EXPECT_FALSE(play.act("desk", "ask_around", {{"content", Value(), ""}}));
}

TEST(Refusals, a_look_up_by_a_missing_value_is_not_decidable) {
  Play play;
  play.open();
  const auto look_for = [&](std::vector<FormValue> form, std::string day = "2021-03-01") {
    form.push_back({"day", text(std::move(day)), ""});
    const auto r = play.act("desk", "look_for", std::move(form));
    return r ? std::string(to_text(r->code)) : "accepted";
  };
  EXPECT_EQ(look_for({{"name", text("区局"), ""}}), "accepted");
  EXPECT_EQ(look_for({{"name", text("没有"), ""}}), "requirement_failed");
  EXPECT_EQ(look_for({}), "not_decidable") << "no name: these are not the units without one";
  EXPECT_EQ(look_for({{"name", text("旧局"), ""}}), "requirement_failed") << "as of the day that the form says";
  EXPECT_EQ(look_for({{"name", text("旧局"), ""}}, "2020-03-01"), "accepted");
}

TEST(Refusals, what_is_not_yours_looks_like_what_is_not_there) {
  Play play;
  play.open();
  const auto not_yours = play.act("clerk", "give", {});
  Play empty;
  const auto not_there = empty.act("clerk", "give", {});
  EXPECT_EQ(not_yours->sentence, not_there->sentence);
  EXPECT_EQ(not_yours->instead, not_there->instead);
}

TEST(Chain, returns_go_up_step_by_step_and_the_superior_is_the_unit_that_handed_on) {
  Play play;
  play.in_handling("bureau");
  play.must("clerk", "hand_down", {{"unit", text("street"), ""}});
  EXPECT_EQ(play.state->current("handler")->unit, "street");
  EXPECT_EQ(units_of(*order_pack().find_case("thing")->find_role("superior"), *play.state),
            std::vector<std::string>{"bureau"});
  EXPECT_EQ(play.act("clerk", "return_up")->code, RejectionCode::not_found)
      << "the bureau handed it on: it is the street's now";
  play.must("towner", "return_up");
  EXPECT_EQ(play.state->current("handler")->unit, "bureau");
  EXPECT_EQ(play.state->state, "handling");
  play.must("clerk", "return_up");
  EXPECT_EQ(play.state->state, "given");
  EXPECT_EQ(play.state->running("chain")->scope_ref, 1u) << "the window runs on over the whole chain";
}

TEST(Chain, a_unit_that_hands_to_itself_asks_the_unit_above) {
  Play play;
  play.in_handling("district");
  EXPECT_EQ(units_of(*order_pack().find_case("thing")->find_role("superior"), *play.state),
            std::vector<std::string>{"office"});
}

TEST(Extension, asked_in_time_and_granted_after_expiry_counts_from_the_old_due_date) {
  Play play;
  play.in_handling();
  EXPECT_EQ(play.due("handling"), "2021-03-08");
  play.now = at("2021-03-08 16:00");
  play.must("clerk", "ask_extension", {{"more", text("3 工作日"), ""}});
  EXPECT_TRUE(due_timers(*play.state, at("2021-03-10 00:00"), 0).size() <= 1)
      << "handling is shielded; only the window may fire";
  EXPECT_FALSE(wake_at(*play.state, play.clock("handling"), 0));
  play.now = at("2021-03-10 10:00");
  play.must("district-head", "extend");
  EXPECT_EQ(play.due("handling"), "2021-03-11");
  EXPECT_FALSE(play.clock("handling").late);
  EXPECT_EQ(play.clock("handling").segments.size(), 2u);
}

TEST(Extension, refused_after_expiry_is_late_as_of_the_old_date) {
  Play play;
  play.in_handling();
  play.now = at("2021-03-08 23:59");
  play.must("clerk", "ask_extension", {{"more", text("3 工作日"), ""}});
  play.now = at("2021-03-09 08:00");
  play.must("district-head", "refuse_extension");
  EXPECT_TRUE(play.clock("handling").late);
  const auto expired = std::find_if(play.last.begin(), play.last.end(),
                                    [](const Event& e) { return std::holds_alternative<ClockExpired>(e.body); });
  ASSERT_NE(expired, play.last.end());
  EXPECT_EQ(to_text(expired->envelope.happened_at), "2021-03-09T00:00:00+08:00");
}

// Whoever may open the case hears of it, and nobody else, at every step and for every post.
TEST(Sight, hearers_are_those_who_may_open_the_case) {
  Play play;
  size_t heard = 0, silent = 0;
  const auto compare = [&] {
    const pack::CaseType& type = *order_pack().find_case("thing");
    const auto hearers = hearers_of(*play.state, type);
    for (const char* person : {"desk", "office-head", "liaison", "deputy", "district-head", "clerk", "bureau-head",
                               "towner", "street-head", "both", "nobody"}) {
      const Actor actor{.kind = Actor::Kind::staff, .person = person};
      const Date day = local_date(play.now);
      bool hears = false;
      for (const std::string& stands : stands_of(person, people().posts_of(person, day)))
        hears = hears || std::find(hearers.begin(), hearers.end(), stands) != hearers.end();
      const bool sees = may_see(roles_of(actor, &*play.state, type, people(), day), *play.state, type);
      EXPECT_EQ(hears, sees) << person << " in " << play.state->state;
      ++(sees ? heard : silent);
    }
  };
  play.open();
  compare();
  play.must("desk", "give", {{"unit", text("district"), ""}});
  compare();
  play.now = at("2021-03-08 09:00");  // the deputy's day
  compare();
  play.must("deputy", "hand_down", {{"unit", text("bureau"), ""}});
  compare();
  play.must("clerk", "ask_extension", {{"more", text("3 工作日"), ""}});
  compare();
  EXPECT_GT(heard, 5u);
  EXPECT_GT(silent, 20u);
}

TEST(Extension, cannot_be_asked_after_expiry_nor_twice_nor_decided_by_the_asker) {
  Play play;
  play.in_handling("district");
  play.must("both", "ask_extension", {{"more", text("3 工作日"), ""}});
  EXPECT_EQ(play.act("both", "ask_extension", {{"more", text("3 工作日"), ""}})->code, RejectionCode::wrong_state);
  EXPECT_EQ(play.act("both", "extend")->code, RejectionCode::not_allowed);
  Play own;  // the asker's unit is its own superior's: the same person may not answer
  own.in_handling("bureau");
  own.now = at("2021-03-09 00:00").plus_ms(1);
  const auto late = own.act("clerk", "ask_extension", {{"more", text("3 工作日"), ""}});
  EXPECT_EQ(late->sentence, "时限已届满，不能申请延期。");
  own.now = at("2021-03-09 00:00");
  EXPECT_FALSE(own.act("clerk", "ask_extension", {{"more", text("3 工作日"), ""}}))
      << "24:00 of the last day is in time";
}

TEST(Extension, ends_with_the_assignment_in_which_it_was_asked) {
  Play play;
  play.in_handling();
  play.now = at("2021-03-05 16:00");
  play.must("clerk", "ask_extension", {{"more", text("3 工作日"), ""}});
  play.must("clerk", "return_up");
  EXPECT_FALSE(play.state->open_ask("extension")) << "nobody stands where it was asked, so nobody could answer";
  EXPECT_TRUE(wake_at(*play.state, play.clock("handling"), 0)) << "and it shields the clock no longer";
}

TEST(Extension, is_withdrawn_when_the_asker_hands_further_so_that_the_asker_does_not_become_the_superior) {
  Play play;
  play.in_handling();
  play.now = at("2021-03-05 16:00");
  play.must("clerk", "ask_extension", {{"more", text("3 工作日"), ""}});
  play.must("clerk", "hand_down", {{"unit", text("street"), ""}});
  EXPECT_TRUE(play.act("bureau-head", "extend")) << "the bureau asked: it cannot decide";
  play.must("towner", "ask_extension", {{"more", text("2 工作日"), ""}});
  play.must("bureau-head", "extend");
  EXPECT_EQ(play.due("handling"), "2021-03-10");
}

TEST(Extension, without_having_been_asked_is_possible_only_before_the_due_instant) {
  Play play;
  play.in_handling();
  Play late = play;
  play.now = at("2021-03-08 17:00");
  play.must("district-head", "prolong", {{"more", text("1 工作日"), ""}});
  EXPECT_EQ(play.due("handling"), "2021-03-09");
  late.now = at("2021-03-09 08:00");
  const auto r = late.act("district-head", "prolong", {{"more", text("1 工作日"), ""}});
  ASSERT_TRUE(r);
  EXPECT_EQ(r->sentence, "“办理时限”已在 2021-03-08 届满，没有在届满前申请，不能延长。");
}

TEST(Claim, a_timely_reply_that_waits_for_review_is_not_late_and_a_reopened_one_keeps_its_date) {
  Play play;
  play.in_handling();
  play.now = at("2021-03-08 20:00");
  play.must("clerk", "reply", {{"told_at", text("2021-03-08T17:00:00+08:00"), ""}});
  EXPECT_EQ(to_text(*play.clock("handling").claimed_at), "2021-03-08T17:00:00+08:00");
  EXPECT_TRUE(due_timers(*play.state, at("2021-03-20 00:00"), 0).size() <= 1);
  EXPECT_EQ(play.act("clerk", "confirm")->code, RejectionCode::not_allowed) << "four eyes";
  play.now = at("2021-03-12 09:00");
  Play sent_back = play;
  play.must("liaison", "confirm");
  EXPECT_FALSE(play.clock("handling").late);
  EXPECT_EQ(to_text(*play.clock("handling").stopped_at), "2021-03-08T17:00:00+08:00");
  EXPECT_FALSE(play.state->open());
  sent_back.must("liaison", "send_back");
  EXPECT_EQ(sent_back.due("handling"), "2021-03-08");
  ASSERT_FALSE(sent_back.try_do("system", ExpireClock{1}));
  EXPECT_TRUE(sent_back.clock("handling").late);
}

TEST(Claim, the_legal_moment_cannot_lie_in_the_future_nor_beyond_the_limit) {
  Play play;
  play.in_handling();
  play.now = at("2021-03-05 09:00");
  const auto future = play.act("clerk", "reply", {{"told_at", text("2021-03-05T09:01:00+08:00"), ""}});
  EXPECT_EQ(future->fields.at(0).sentence, "时间不能晚于现在。");
  const auto old = play.act("clerk", "reply", {{"told_at", text("2021-03-02T08:00:00+08:00"), ""}});
  EXPECT_EQ(old->fields.at(0).sentence, "时间不能早于 72 小时之前。");
}

TEST(Clock, a_late_recorded_reply_that_was_in_time_corrects_the_verdict) {
  Play play;
  play.in_handling();
  play.now = at("2021-03-09 00:00").plus_ms(1);
  ASSERT_FALSE(play.try_do("system", ExpireClock{1}));
  EXPECT_TRUE(play.clock("handling").late);
  play.now = at("2021-03-09 09:00");
  play.must("clerk", "reply", {{"told_at", text("2021-03-08T18:00:00+08:00"), ""}});
  EXPECT_FALSE(play.clock("handling").late);
  EXPECT_TRUE(play.clock("handling").expired) << "the expiry stays in the history";
}

TEST(Clock, expires_once_and_only_after_the_due_instant) {
  Play play;
  play.in_handling();
  play.now = at("2021-03-09 00:00");
  EXPECT_TRUE(play.try_do("system", ExpireClock{1})) << "24:00 itself is in time";
  play.now = play.now.plus_ms(1);
  EXPECT_FALSE(play.try_do("system", ExpireClock{1}));
  EXPECT_TRUE(play.try_do("system", ExpireClock{1})) << "once";
}

TEST(Clock, the_day_of_the_pause_counts_and_the_days_until_resumption_do_not) {
  Play play;
  play.in_handling();                 // Monday 1 March; 5 working days: Monday 8 March
  play.now = at("2021-03-03 10:00");  // Wednesday counts: 2 of 5
  play.must("clerk", "pause");
  EXPECT_FALSE(wake_at(*play.state, play.clock("handling"), 0));
  play.now = at("2021-03-10 10:00");  // Wednesday does not count
  play.must("clerk", "resume");
  EXPECT_EQ(play.due("handling"), "2021-03-15") << "three more: Thursday, Friday, Monday";
}

TEST(Clock, stopped_while_it_pauses_is_judged_by_the_time_that_was_used) {
  Play play;
  play.in_handling();  // due on Monday 8 March
  play.now = at("2021-03-03 10:00");
  play.must("clerk", "pause");
  play.now = at("2021-03-20 10:00");
  play.must("clerk", "give_up");
  EXPECT_FALSE(play.clock("handling").late);
}

TEST(Clock, a_pause_after_the_due_instant_makes_nothing_timely) {
  Play play;
  play.in_handling();
  play.now = at("2021-03-09 00:00").plus_ms(1);
  ASSERT_FALSE(play.try_do("system", ExpireClock{1}));
  play.now = at("2021-03-09 10:00");
  play.must("clerk", "pause");
  Play given_up = play;
  play.now = at("2021-03-11 10:00");
  play.must("clerk", "resume");
  EXPECT_EQ(play.due("handling"), "2021-03-08");
  play.must("clerk", "reply", {{"told_at", text("2021-03-11T10:00:00+08:00"), ""}});
  EXPECT_TRUE(play.clock("handling").late);
  given_up.must("clerk", "give_up");
  EXPECT_TRUE(given_up.clock("handling").late);
}

TEST(Clock, a_notice_that_comes_after_the_expiry_clears_the_lateness_it_takes_away) {
  Play play;  // on 26 January 2020 the holiday was prolonged; the program learns of it on 3 February
  play.calendar = &notices().known_on(Date::from(2020, 1, 20));
  play.now = at("2020-01-20 09:00");
  play.in_handling();
  EXPECT_EQ(play.due("handling"), "2020-02-01");
  play.now = at("2020-02-02 00:00").plus_ms(1);
  ASSERT_FALSE(play.try_do("system", ExpireClock{1}));
  EXPECT_TRUE(play.clock("handling").late);
  play.calendar = &china();
  play.now = at("2020-02-03 09:00");
  ASSERT_FALSE(play.try_do("system", RecomputeClock{1}));
  EXPECT_EQ(play.due("handling"), "2020-02-04");
  EXPECT_FALSE(play.clock("handling").late);
  EXPECT_TRUE(wake_at(*play.state, play.clock("handling"), 0)) << "it fires again when the new day is over";
}

TEST(Clock, a_notice_is_counted_also_before_a_pause) {
  Play play;
  play.calendar = &notices().known_on(Date::from(2020, 1, 20));
  play.now = at("2020-01-22 09:00");
  play.in_handling();  // 23 January, then 31 January and 1 February as they were announced at first
  play.now = at("2020-02-01 10:00");
  play.must("clerk", "pause");  // three of five were counted
  play.now = at("2020-02-05 10:00");
  play.must("clerk", "resume");
  EXPECT_EQ(play.due("handling"), "2020-02-07");
  play.calendar = &china();
  ASSERT_FALSE(play.try_do("system", RecomputeClock{1}));
  EXPECT_EQ(play.due("handling"), "2020-02-11") << "31 January and 1 February were days off: four were left";
}

TEST(Clock, of_an_assignment_starts_for_each_new_one_of_its_owner_whatever_the_order_in_the_pack) {
  Play play;
  play.open();
  const Value helpers = Value::list({text("bureau"), text("street")});
  play.must("desk", "give_to_several", {{"helpers", helpers, ""}, {"unit", text("district"), ""}});
  const Assignment* lead = play.state->current("lead");
  EXPECT_EQ(play.clock("chain").scope_ref, lead->no);
  std::vector<std::string> helped;
  for (const Clock& clock : play.state->clocks) {
    if (clock.name == "help") helped.push_back(play.state->assignments[clock.scope_ref - 1].unit);
  }
  EXPECT_EQ(helped, (std::vector<std::string>{"bureau", "street"}));
}

TEST(Clock, takes_the_limit_that_was_chosen_where_the_suggested_one_was_not) {
  Play play;
  play.open();
  Play chosen = play;
  play.must("desk", "agree", {{"limit", text("3 工作日"), ""}});
  EXPECT_EQ(play.due("pace"), "2021-03-04");
  chosen.must("desk", "agree", {{"limit", text("1 工作日"), ""}, {"why_limit", text("小事"), ""}});
  EXPECT_EQ(chosen.due("pace"), "2021-03-02");
}

TEST(Chain, what_one_of_several_hands_on_hangs_under_its_own_assignment) {
  Play play;
  play.open();
  const Value helpers = Value::list({text("bureau"), text("street")});
  play.must("desk", "give_to_several", {{"helpers", helpers, ""}, {"unit", text("district"), ""}});
  play.must("clerk", "call_expert", {{"unit", text("office"), ""}});
  const Assignment* expert = play.state->current("expert");
  ASSERT_TRUE(expert);
  EXPECT_EQ(play.state->assignments[expert->under - 1].unit, "bureau");
}

TEST(Clock, explanation_is_data_from_which_the_date_follows) {
  Play play;
  play.in_handling();
  const json::object why = explain_clock(*play.state, play.clock("handling"), order_pack());
  EXPECT_EQ(text_at(why, "due_on"), "2021-03-08");
  EXPECT_EQ(text_at(why.at("basis").as_object(), "text"), "测试〔2021〕2号 第一条");
  const auto counted =
      calendar::counted_from_json(why.at("segments").as_array()[0].as_object().at("counted").as_object());
  ASSERT_TRUE(counted.ok());
  Date day = local_date(counted->start);
  for (int64_t left = counted->n; left > 0;) {
    day = day + 1;
    bool working = day.weekday() <= 5;
    for (const auto& special : counted->specials) {
      if (special.date == day) working = !special.off;
    }
    left -= working ? 1 : 0;
  }
  EXPECT_EQ(to_text(day), text_at(why, "due_on"));
}

// What a clock says of itself, days in fields, conditions, decisions and letters say too: the record holds how they
// were counted, and counting again from the record gives the same.
TEST(DaysCounted, stand_in_the_record_beside_the_value_with_their_reason) {
  Play play;
  play.open();  // Monday 1 March
  const std::vector<Event> opening = play.last;
  const Date day = Date::from(2021, 4, 2);  // a Friday; 5 April is a holiday
  EXPECT_EQ(play.act("desk", "visit", {{"day", Value::of(Date::from(2021, 4, 3)), ""}})->conditions[0].id,
            "on_working_day");
  play.must("desk", "visit", {{"day", Value::of(day), ""}});
  EXPECT_EQ(find_value(play.state->fields, "answer_by")->plain, Value::of(Date::from(2021, 4, 12)));

  std::map<std::string, DaysCounted> found;
  for (const Event& event : play.last) {
    const auto add = [&](const std::string& name, const std::vector<DaysCounted>& list) {
      for (const DaysCounted& one : list) found[one.formula.empty() ? name : one.formula] = one;
    };
    if (const auto* taken = std::get_if<ActionTaken>(&event.body)) add("act", taken->counted);
    if (const auto* set = std::get_if<FieldsSet>(&event.body)) add("fields", set->counted);
    if (const auto* made = std::get_if<DecisionMade>(&event.body)) add("decision", made->counted);
    if (const auto* sent = std::get_if<LetterSent>(&event.body)) add("letter", sent->counted);
  }
  ASSERT_EQ(found.size(), 5u);
  EXPECT_EQ(explain(found["on_working_day"]), "2021-04-02 星期五是工作日。");
  EXPECT_EQ(found["decision"].counted.n, china().working_days_between(local_date(play.now), day));
  EXPECT_EQ(found["letter"].counted.due_on, Date::from(2021, 4, 6));
  EXPECT_EQ(found["content"].counted.due_on, Date::from(2021, 4, 6)) << "of the case that is opened";
  const calendar::Counted& answer = found["answer_by"].counted;
  EXPECT_EQ(*calendar::count(china(), answer.start, answer.unit, answer.n, answer.kind), answer) << "counted again";
  EXPECT_NE(explain(found["answer_by"]).find("清明节"), std::string::npos) << explain(found["answer_by"]);
  EXPECT_FALSE(answer.provisional);

  std::vector<Event> all = opening;
  all.insert(all.end(), play.last.begin(), play.last.end());
  const std::string story = tell(all, order_pack(), people());
  EXPECT_NE(story.find("最迟答复日："), std::string::npos) << story;
  EXPECT_NE(story.find("上门要在工作日：2021-04-02 星期五是工作日。"), std::string::npos) << story;
  const json::object made = explain_decision(play.state->decisions.back().second, order_pack());
  EXPECT_EQ(text_at(made.at("counted").as_array()[0].as_object(), "function"), "working days between");
}

TEST(DaysCounted, are_provisional_where_the_notice_is_not_published_yet) {
  Play play;
  play.open();
  play.must("desk", "visit", {{"day", Value::of(Date::from(2031, 1, 2)), ""}});
  ASSERT_FALSE(play.state->counted.empty());
  for (const auto& [version, one] : play.state->counted) EXPECT_TRUE(one.counted.provisional) << one.formula;
  EXPECT_NE(explain(play.state->counted[0].second).find("暂定"), std::string::npos);
}

TEST(People, a_deputy_acts_while_the_holder_is_absent_and_only_then) {
  Play play;
  play.open();
  play.must("desk", "give", {{"unit", text("district"), ""}});
  const std::vector<FormValue> form{{"unit", text("bureau"), ""}};
  play.now = at("2021-03-05 09:00");
  EXPECT_EQ(play.act("deputy", "hand_down", form)->code, RejectionCode::not_found);
  play.now = at("2021-03-09 09:00");
  EXPECT_FALSE(play.act("deputy", "hand_down", form));
  EXPECT_EQ(play.last.front().envelope.actor.unit, "district");
}

TEST(People, an_entry_may_be_named_and_one_that_ended_is_refused_on_its_day) {
  Play play;
  play.open();
  play.must("desk", "give", {{"unit", text("区政府"), ""}});
  EXPECT_EQ(play.state->current("lead")->unit, "district");
}

TEST(People, who_notes_something_is_recorded_with_the_post_not_as_a_stranger) {
  Play play;
  play.open();
  ASSERT_FALSE(play.try_do("desk", AddNote{{text("来电催办"), ""}}));
  EXPECT_EQ(play.last.front().envelope.actor, (ActorRef{"desk", "desk", "dispatcher", "office"}));
}

TEST(Documents, of_a_case_are_bounded_and_those_of_its_party_more) {
  Play play;
  play.open();
  const auto file = [&](const std::string& person) {
    FileDocument document;
    document.document = *parse_id("0190a6e4-0000-7000-8000-0000000000aa");
    document.group = "body";
    const auto r = play.try_do(person, document);
    return r ? std::string(to_text(r->code)) : "accepted";
  };
  for (size_t i = 0; i < kMostDocuments; ++i) ASSERT_EQ(file("desk"), "accepted") << i;
  EXPECT_EQ(file("desk"), "requirement_failed");
  CaseState state = *play.state;
  const pack::CaseType& type = *order_pack().find_case("thing");
  EXPECT_TRUE(refuse_document(state, type, Actor::Kind::caller));
  state.documents.resize(kMostDocumentsOfParty);
  EXPECT_FALSE(refuse_document(state, type, Actor::Kind::caller)) << "those of staff are not hers";
}

TEST(Closing, ends_every_assignment_and_clock) {
  Play play;
  play.in_handling();
  play.must("clerk", "reply", {{"told_at", text("2021-03-01T09:00:00+08:00"), ""}});
  play.must("liaison", "confirm");
  for (const auto& a : play.state->assignments) EXPECT_FALSE(a.active());
  for (const auto& c : play.state->clocks) EXPECT_TRUE(c.over());
  EXPECT_EQ(play.state->result, "done");
}

}  // namespace
}  // namespace tongban::kernel
