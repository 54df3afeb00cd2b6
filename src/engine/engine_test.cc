#include "engine/engine.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "base/text.h"
#include "calendar/load.h"
#include "engine/outbox.h"
#include "engine/projection.h"
#include "engine/sealing.h"
#include "engine/words.h"
#include "kernel/host.h"
#include "pack/load.h"
#include "store/keys/memory_key_store.h"
#include "store/memory/memory_store.h"

namespace tongban::engine {
namespace {

using feel::Value;
using kernel::CaseState;
using kernel::Rejection;
using kernel::RejectionCode;

std::shared_ptr<const pack::Library> tiny_packs() {
  static const std::shared_ptr<const pack::Library> packs = [] {
    pack::LoadedLibrary loaded =
        pack::load_library(std::string(TONGBAN_SOURCE_DIR) + "/tests/packs/engine", kernel::kernel_host());
    for (const pack::Fault& fault : loaded.faults) ADD_FAILURE() << pack::to_text(fault);
    return std::make_shared<const pack::Library>(std::move(loaded.content));
  }();
  return packs;
}

std::shared_ptr<const calendar::Editions> china() {
  static const auto editions = [] {
    return std::make_shared<const calendar::Editions>(
        calendar::load_editions(std::string(TONGBAN_SOURCE_DIR) + "/packs/china/calendar").value());
  }();
  return editions;
}

template <class T>
T get(Result<T> result) {  // by value, so that it may stand in a range-for
  return std::move(result).value();
}

Instant at(std::string_view text) { return parse_instant(text).value(); }
Value text(std::string value) { return Value::text(std::move(value)); }

// A store that can be told to refuse.
class FaultyStore : public store::MemoryStore {
 public:
  Result<std::vector<store::Committed>> commit(const std::vector<store::Transaction>& batch) override {
    if (full || (commits_left && (*commits_left)-- == 0)) return fail(Trouble::no_space, "disk full");
    commits.push_back(batch.size());
    return MemoryStore::commit(batch);
  }
  bool full = false;
  std::optional<int> commits_left;  // then one is refused
  std::vector<size_t> commits;
};

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() { restart(at("2021-03-01 09:00")); }

  Config config(Instant start) {
    Config config;
    config.store = &store_;
    config.keys = &keys_;
    config.packs = tiny_packs();
    config.calendar = china();
    config.now = [start] { return start; };
    return config;
  }
  void restart(Instant start) {
    engine_.reset();
    engine_ = Engine::start(config(start)).value();
  }

  static kernel::Actor desk() { return {.kind = kernel::Actor::Kind::staff, .person = "p-desk", .unit = "office"}; }
  static kernel::Actor east() { return {.kind = kernel::Actor::Kind::staff, .person = "p-east", .unit = "east"}; }
  static kernel::Actor visitor() { return {}; }

  static Request opening(const std::string& content = "路灯不亮", const std::string& phone = "138 0000 0001") {
    Request request;
    request.actor = visitor();
    request.what = Request::Open{"tiny", "matter", "web", {}, {}};
    request.form = {{"content", text(content)}, {"phone", text(phone)}, {"name", text("顾梅")}};
    return request;
  }
  static Request act(const Id& id, kernel::Actor actor, std::string action,
                     std::vector<std::pair<std::string, Value>> form = {}) {
    Request request;
    request.actor = std::move(actor);
    request.case_id = id;
    request.what = Request::Act{std::move(action), 0};
    request.form = std::move(form);
    return request;
  }

  Accepted accept(Request request) {
    Reply reply = engine_->ask(std::move(request));
    if (const auto* why = std::get_if<Rejection>(&reply.result))
      ADD_FAILURE() << "refused: " << why->sentence
                    << (why->fields.empty() ? "" : why->fields[0].field + why->fields[0].sentence);
    if (const auto* error = std::get_if<Error>(&reply.result)) ADD_FAILURE() << "failed: " << error->message;
    Accepted* accepted = std::get_if<Accepted>(&reply.result);
    return accepted ? std::move(*accepted) : Accepted{};
  }
  Rejection refuse(Request request) {
    Reply reply = engine_->ask(std::move(request));
    const auto* why = std::get_if<Rejection>(&reply.result);
    EXPECT_NE(why, nullptr);
    return why ? *why : Rejection{};
  }
  Id open_and_dispatch() {
    const Id id = accept(opening()).case_id;
    accept(act(id, desk(), "dispatch", {{"unit", text("east")}}));
    return id;
  }
  void advance(std::string_view to) { ASSERT_TRUE(engine_->advance_to(at(to)).ok()); }
  std::shared_ptr<const CaseState> state(const Id& id) { return engine_->load(id); }

  std::vector<std::string> event_names(const Id& id) {
    std::vector<std::string> names;
    for (const kernel::Event& event : get(engine_->load_events(id))) names.emplace_back(kernel::name_of(event.body));
    return names;
  }
  size_t count_events(const Id& id, std::string_view name) {
    const auto names = event_names(id);
    return static_cast<size_t>(std::count(names.begin(), names.end(), name));
  }

  // Everything that can be read from the views, as one text.
  std::string views() {
    std::string all;
    store::CaseQuery query;
    query.limit = 200;
    const store::CasePage page = get(store_.list_cases(query));
    for (const store::CaseRow& row : page.rows) {
      all += to_text(row.case_id) + row.type + row.number + row.edition + row.state + (row.open ? "1" : "0") +
             to_text(row.opened_at) + to_text(row.changed_at) + (row.due_at ? to_text(*row.due_at) : "-") +
             row.due_clock + (row.late ? "late" : "") + row.held_by + to_hex(row.list_fields) + to_text(row.person) +
             std::to_string(row.version) + "\n";
      for (const store::InboxRow& inbox : get(store_.inbox_rows(row.case_id))) {
        all += "  " + inbox.holder + " " + inbox.relation + (inbox.to_act ? " act" : "") + (inbox.open ? " open" : "") +
               (inbox.due_at ? to_text(*inbox.due_at) : "-") + "\n";
      }
    }
    for (const store::ClockRow& row : get(store_.clocks_depending_on(Date::from(2000, 1, 1), Date::from(2100, 1, 1)))) {
      all += to_text(row.case_id) + std::to_string(row.clock) + row.name + (row.wake_at ? to_text(*row.wake_at) : "-") +
             (row.due_at ? to_text(*row.due_at) : "-") + to_text(row.depends_from) + to_text(row.depends_to) + "\n";
    }
    for (const store::RegisterRow& row : get(store_.load_registers()))
      all += row.register_id + row.entry_id + to_hex(row.body) + "\n";
    for (const store::PersonHashRow& row : get(store_.find_person(engine_->phone_hash("13800000001"))))
      all += to_text(row.person) + to_text(row.case_id) + "\n";
    for (const char* word : {"路灯", "灯不", "sx", "井盖", "2021"}) {
      store::CaseQuery words;
      words.words = word;
      words.limit = 200;
      all += std::string(word) + " " + std::to_string(store_.list_cases(words)->rows.size()) + "\n";
    }
    return all;
  }

  FaultyStore store_;
  store::MemoryKeyStore keys_;
  std::unique_ptr<Engine> engine_;
};

TEST(Words, PairsOfCharactersAndLowerCaseWords) {
  EXPECT_EQ(join(search_words("市长热线，ＡＢc-12 水"), " "), "12 abc 市长 水 热线 长热");
  EXPECT_TRUE(search_words("，。 ").empty());
}

TEST(Sealing, OpensOnlyOnItsCaseUnderItsName) {
  const Key key = make_key();
  const Id id = make_id(Instant{1}), other = make_id(Instant{2});
  const std::string sealed = seal_value(key, id, "phone", text("13800000001"));
  EXPECT_EQ(unseal_value(key, id, sealed)->as_text(), "13800000001");
  EXPECT_FALSE(unseal_value(key, other, sealed));
  EXPECT_FALSE(unseal_value(make_key(), id, sealed));
  std::string renamed = sealed;
  renamed[1] = 'q';  // another field name in front
  EXPECT_FALSE(unseal_value(key, id, renamed));
  EXPECT_EQ(phone_digits("+86 138-0000-0001"), "13800000001");
  EXPECT_EQ(normal_code(" olI-2a"), "0112A");
}

TEST(Outbox, ReactionsComeBackAsTheyWere) {
  Reaction reaction;
  reaction.kind = Reaction::Kind::open;
  reaction.follow_up.rule = "overdue";
  reaction.follow_up.open.type = "watch";
  reaction.follow_up.open.form = {{"note", text("逾期"), {}}};
  reaction.follow_up.open.links = {{"supervises", make_id(Instant{1}), "SX-1", "matter", {"closed"}}};
  reaction.follow_up.happened_at = Instant{77};
  reaction.cause = make_id(Instant{2});
  reaction.depth = 3;
  const Reaction back = decode_reaction(encode_reaction(reaction)).value();
  EXPECT_EQ(encode_reaction(back), encode_reaction(reaction));
  EXPECT_EQ(back.follow_up.open.links[0].holds, std::vector<std::string>{"closed"});
  EXPECT_EQ(key_of(back), key_of(reaction));
  EXPECT_FALSE(decode_reaction("x").ok());
}

TEST_F(EngineTest, OpensACaseWithNumberSecretCodeAndSealedPhone) {
  const Accepted opened = accept(opening());
  EXPECT_EQ(opened.number, "SX-2021-000001");
  EXPECT_EQ(opened.tracking_code.size(), 10u);
  EXPECT_TRUE(engine_->is_tracking_code(*opened.state, opened.tracking_code));
  EXPECT_FALSE(engine_->is_tracking_code(*opened.state, "0000000000"));
  const kernel::FieldValue* phone = kernel::find_value(opened.state->fields, "phone");
  ASSERT_NE(phone, nullptr);
  EXPECT_TRUE(phone->is_sealed());
  EXPECT_EQ(engine_->unseal(*opened.state, *phone), "138 0000 0001");
  // Neither the code nor the phone stands in any byte of the ledger.
  EXPECT_TRUE(store_
                  .scan(1,
                        [&](const store::LedgerEvent& event) {
                          EXPECT_EQ(event.bytes.find("0000 0001"), std::string::npos);
                          EXPECT_EQ(event.bytes.find("顾梅"), std::string::npos);
                          EXPECT_EQ(event.bytes.find(opened.tracking_code), std::string::npos);
                          return true;
                        })
                  .ok());
  EXPECT_EQ(accept(opening("井盖丢失", "+86 13800000001")).number, "SX-2021-000002");
  const auto found = store_.find_person(engine_->phone_hash("13800000001")).value();
  ASSERT_EQ(found.size(), 2u);  // the same person again, by the digits
  EXPECT_EQ(found[0].person, found[1].person);
}

TEST_F(EngineTest, ReadsItsOwnWriteInListsInboxAndSearch) {
  const Id id = accept(opening()).case_id;
  const auto row = store_.find_case(id).value();
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->state, "registered");
  store::CaseQuery desk_list;
  desk_list.holder = "position:dispatcher@office";
  desk_list.to_act = true;
  EXPECT_EQ(store_.list_cases(desk_list)->rows.size(), 1u);
  accept(act(id, desk(), "dispatch", {{"unit", text("east")}}));
  EXPECT_EQ(store_.list_cases(desk_list)->rows.size(), 0u);
  store::CaseQuery east_list;
  east_list.holder = "unit:east";
  east_list.to_act = true;
  ASSERT_EQ(store_.list_cases(east_list)->rows.size(), 1u);
  EXPECT_EQ(store_.find_case(id).value()->due_at, at("2021-03-09 00:00"));
  store::CaseQuery party;
  party.person = state(id)->person;
  EXPECT_EQ(store_.list_cases(party)->rows.size(), 1u);
}

TEST_F(EngineTest, RefusalsLeaveNothing) {
  const Id id = accept(opening()).case_id;
  const uint64_t position = engine_->status().position;
  EXPECT_EQ(refuse(act(id, east(), "finish", {{"text", text("好")}})).code, RejectionCode::not_found);  // not yours
  EXPECT_EQ(refuse(act(make_id(Instant{5}), desk(), "dispatch")).code, RejectionCode::not_found);       // not there
  EXPECT_EQ(refuse(act(id, east(), "x")).sentence, refuse(act(make_id(Instant{5}), east(), "x")).sentence);
  EXPECT_EQ(refuse(act(id, desk(), "dispatch")).code, RejectionCode::invalid_form);
  Request unknown = opening();
  unknown.what = Request::Open{"tiny", "nothing", "web", {}, {}};
  EXPECT_EQ(refuse(unknown).code, RejectionCode::not_found);
  Request early = opening();
  early.received_at = at("2020-12-31 10:00");
  EXPECT_EQ(refuse(early).code, RejectionCode::wrong_state);  // the document was not in force
  EXPECT_EQ(engine_->status().position, position);
}

TEST_F(EngineTest, CommandsOfABatchDecideOnTheStateLeftByTheEarlierOnes) {
  const Id id = accept(opening()).case_id;
  std::vector<std::string> answers;
  const auto note = [&](Reply&& reply) {
    if (std::holds_alternative<Accepted>(reply.result))
      answers.push_back("accepted");
    else if (const auto* why = std::get_if<Rejection>(&reply.result))
      answers.emplace_back(kernel::to_text(why->code));
    else
      answers.push_back("other");
  };
  store_.commits.clear();
  engine_->submit(act(id, desk(), "dispatch", {{"unit", text("east")}}), {}, note);
  engine_->submit(act(id, desk(), "dispatch", {{"unit", text("east")}}), {}, note);  // no longer in that state
  engine_->submit(act(id, east(), "finish", {{"text", text("已修好")}}), {}, note);
  EXPECT_TRUE(answers.empty());
  EXPECT_EQ(engine_->pump().value(), 1u);
  EXPECT_EQ(answers, (std::vector<std::string>{"accepted", "wrong_state", "accepted"}));
  EXPECT_EQ(store_.commits, std::vector<size_t>{2});
  EXPECT_EQ(state(id)->state, "closed");
}

TEST_F(EngineTest, AFailedCommitDiscardsTheWholeBatchAndTheEngineGoesOn) {
  const Id id = accept(opening()).case_id;
  std::vector<Trouble> troubles;
  const auto note = [&](Reply&& reply) {
    const auto* error = std::get_if<Error>(&reply.result);
    ASSERT_NE(error, nullptr);
    troubles.push_back(error->trouble);
  };
  store_.full = true;
  engine_->submit(act(id, desk(), "dispatch", {{"unit", text("east")}}), {}, note);
  engine_->submit(act(id, desk(), "dispatch", {{"unit", text("east")}}), {}, note);  // its refusal rested on the first
  EXPECT_FALSE(engine_->pump().ok());
  EXPECT_EQ(troubles, (std::vector<Trouble>{Trouble::no_space, Trouble::no_space}));
  EXPECT_FALSE(engine_->status().writable);
  EXPECT_EQ(state(id)->state, "registered");
  store_.full = false;
  accept(act(id, desk(), "dispatch", {{"unit", text("east")}}));
  EXPECT_TRUE(engine_->status().writable);
  EXPECT_EQ(accept(opening()).number, "SX-2021-000002");
}

TEST_F(EngineTest, TheSameKeyGivesTheStoredAnswerAndAnotherBodyIsRefused) {
  Request request = opening();
  request.idempotency = Request::Idempotency{"anyone", "key-1", sha256("body")};
  const Render render = [](const Accepted& accepted) {
    return std::pair(int32_t{201}, accepted.number + " " + accepted.tracking_code);
  };
  std::vector<std::string> answers;
  const auto note = [&](Reply&& reply) {
    if (const auto* accepted = std::get_if<Accepted>(&reply.result))
      answers.push_back("accepted " + accepted->number + " " + accepted->tracking_code);
    else if (const auto* replayed = std::get_if<Replayed>(&reply.result))
      answers.push_back("replayed " + replayed->response);
    else if (std::holds_alternative<IdempotencyFault>(reply.result))
      answers.push_back("fault");
    else
      answers.push_back("other");
  };
  Request other = request;
  other.idempotency->body_hash = sha256("another");
  engine_->submit(request, render, note);
  engine_->submit(request, render, note);  // in the same batch
  engine_->submit(other, render, note);
  ASSERT_TRUE(engine_->pump().ok());
  engine_->submit(request, render, note);  // and later
  engine_->submit(other, render, note);
  ASSERT_TRUE(engine_->pump().ok());
  ASSERT_EQ(answers.size(), 5u);
  const std::string answer = answers[0].substr(std::string("accepted ").size());
  EXPECT_EQ(answers[1], "replayed " + answer);
  EXPECT_EQ(answers[2], "fault");
  EXPECT_EQ(answers[3], "replayed " + answer);
  EXPECT_EQ(answers[4], "fault");
  const auto row = store_.find_idempotency("anyone", "key-1").value();
  ASSERT_TRUE(row.has_value());
  EXPECT_EQ(row->response.find(answer.substr(answer.find(' ') + 1)),
            std::string::npos);  // the code is stored sealed only
}

TEST_F(EngineTest, TimersFireOnceAfterDowntimeInOrderOfTheirDueInstants) {
  const Id first = open_and_dispatch();
  advance("2021-03-02 09:00");
  const Id second = open_and_dispatch();
  accept(
      act(second, east(), "ask_more"));  // window of 3 days, due 2021-03-06 00:00; the deadline a day after the first's
  std::vector<std::pair<Id, std::string>> told;
  restart(at("2021-06-01 09:00"));
  engine_->subscribe([&](const Change& change) { told.emplace_back(change.case_id, change.what); });
  ASSERT_TRUE(engine_->pump().ok());
  std::vector<std::pair<Id, std::string>> clocks;
  for (const auto& [id, what] : told) {
    if (id == first || id == second) clocks.emplace_back(id, what);
  }
  // The window lapses first and closes the second case, so that its deadline never fires.
  ASSERT_GE(clocks.size(), 3u);
  EXPECT_EQ(clocks[0], std::pair(second, std::string("clock")));
  EXPECT_EQ(clocks[1], std::pair(second, std::string("lapse")));
  EXPECT_EQ(clocks[2], std::pair(first, std::string("clock")));
  EXPECT_EQ(state(second)->state, "lapsed");
  EXPECT_EQ(state(second)->closed_at, at("2021-03-06 00:00"));  // the legal moment, not the moment of firing
  EXPECT_EQ(count_events(first, "ClockExpired"), 1u);
  EXPECT_EQ(count_events(second, "ClockExpired"), 1u);
  restart(at("2021-06-02 09:00"));
  ASSERT_TRUE(engine_->pump().ok());
  EXPECT_EQ(count_events(first, "ClockExpired"), 1u);
  EXPECT_TRUE(state(first)->clocks[0].late);
}

TEST_F(EngineTest, TimersDueBeforeReceiptFireEvenIfTheCommandIsRefused) {
  const Id id = open_and_dispatch();
  // Nothing pumps: the request itself arrives three months later.
  Request late = act(id, desk(), "dispatch");
  late.received_at = at("2021-06-01 09:00");
  EXPECT_EQ(refuse(late).code, RejectionCode::wrong_state);
  EXPECT_EQ(count_events(id, "ClockExpired"), 1u);
  const auto events = engine_->load_events(id).value();
  const auto expired = std::find_if(events.begin(), events.end(), [](const kernel::Event& e) {
    return std::holds_alternative<kernel::ClockExpired>(e.body);
  });
  EXPECT_EQ(expired->envelope.happened_at, at("2021-03-09 00:00"));
  EXPECT_EQ(expired->envelope.recorded_at, at("2021-06-01 09:00"));
}

TEST_F(EngineTest, AMissedDeadlineOpensASupervisionThatHoldsTheCaseUntilItEnds) {
  const Id id = open_and_dispatch();
  advance("2021-03-09 12:00");
  const auto matter = state(id);
  EXPECT_TRUE(matter->clocks[0].late);
  ASSERT_EQ(matter->links.size(), 1u);
  EXPECT_TRUE(matter->links[0].inverse);
  const auto watch = state(matter->links[0].other);
  ASSERT_NE(watch, nullptr);
  EXPECT_EQ(watch->type, "watch");
  EXPECT_EQ(watch->number, "DB-2021-000001");
  EXPECT_EQ(watch->opened_at, at("2021-03-09 00:00"));  // the instant of its cause
  ASSERT_EQ(watch->links.size(), 1u);
  EXPECT_EQ(watch->links[0].other, id);
  EXPECT_EQ(watch->links[0].other_number, matter->number);
  EXPECT_EQ(refuse(act(id, east(), "finish", {{"text", text("好")}})).code, RejectionCode::requirement_failed);

  accept(act(watch->id, desk(), "remind"));  // reacts on the matter: a letter
  EXPECT_EQ(state(id)->acts.back().action, "remind");
  EXPECT_EQ(state(id)->acts.back().actor.role, "system");
  accept(act(watch->id, desk(), "close"));
  EXPECT_TRUE(state(id)->links[0].released);
  accept(act(id, east(), "finish", {{"text", text("好")}}));
  EXPECT_EQ(state(id)->state, "closed");
  EXPECT_TRUE(store_.due_outbox(at("2100-01-01 00:00"), 10)->empty());
  EXPECT_TRUE(store_.list_records("failed_reaction")->empty());
}

TEST_F(EngineTest, ARefusedReactionIsKeptForPeople) {
  const Id id = open_and_dispatch();
  advance("2021-03-09 12:00");
  const Id watch = state(id)->links[0].other;
  accept(act(id, east(), "ask_more"));  // in this state it cannot be reminded
  accept(act(watch, desk(), "remind"));
  const auto failed = store_.list_records("failed_reaction").value();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_NE(failed[0].key.find(to_text(id)), std::string::npos);
  EXPECT_NE(failed[0].body.find("reminded"), std::string::npos);
  EXPECT_TRUE(store_.due_outbox(at("2100-01-01 00:00"), 10)->empty());
}

TEST_F(EngineTest, AReactionInterruptedAfterItsCommitIsNotDoneTwice) {
  const Id id = open_and_dispatch();
  Reaction reaction;
  reaction.kind = Reaction::Kind::open;
  reaction.follow_up.rule = "overdue";
  reaction.follow_up.open.type = "watch";
  reaction.follow_up.open.form = {{"note", text("逾期"), {}}};
  reaction.follow_up.open.links = {{"supervises", id, {}, {}, {}}};
  reaction.follow_up.happened_at = engine_->now();
  reaction.cause = make_id(engine_->now());
  reaction.cause_case = id;
  for (int i = 0; i < 2; ++i) {  // the row is still there after a stop of the process
    store::Transaction transaction;
    transaction.outbox.push_back({.id = make_id(engine_->now()),
                                  .case_id = id,
                                  .kind = std::string(kReaction),
                                  .body = encode_reaction(reaction),
                                  .not_before = engine_->now()});
    ASSERT_TRUE(store_.commit({transaction}).ok());
    restart(at("2021-03-01 10:00"));
    ASSERT_TRUE(engine_->pump().ok());
  }
  EXPECT_EQ(state(id)->links.size(), 1u);
  reaction.depth = kMaxReactionDepth + 1;
  reaction.index = 7;
  store::Transaction transaction;
  transaction.outbox.push_back({.id = make_id(engine_->now()),
                                .case_id = id,
                                .kind = std::string(kReaction),
                                .body = encode_reaction(reaction),
                                .not_before = engine_->now()});
  ASSERT_TRUE(store_.commit({transaction}).ok());
  restart(at("2021-03-01 10:00"));
  ASSERT_TRUE(engine_->pump().ok());
  EXPECT_EQ(state(id)->links.size(), 1u);
  EXPECT_EQ(store_.list_records("failed_reaction")->size(), 1u);
}

TEST_F(EngineTest, RebuiltViewsEqualTheLiveOnes) {
  const Id id = open_and_dispatch();
  accept(opening("井盖丢失", "13900000009"));
  const Id asked = open_and_dispatch();
  accept(act(asked, east(), "ask_more"));
  accept(act(asked, east(), "add", {{"text", text("补充井盖照片")}}));
  advance("2021-03-09 12:00");
  accept(act(state(id)->links[0].other, desk(), "close"));
  accept(act(id, east(), "finish", {{"text", text("好")}}));
  Request put;
  put.actor = desk();
  put.what = Request::PutEntry{"units", "west", {}, {}, Value::context({{"name", text("西区")}}), false, {}};
  accept(put);
  const std::string live = views();
  EXPECT_NE(live.find("路灯 2"), std::string::npos) << live;
  ASSERT_TRUE(engine_->rebuild().ok());
  EXPECT_EQ(views(), live);
  EXPECT_EQ(accept(opening()).number, "SX-2021-000004");  // counters are not views
}

// As a kill in the middle leaves it: after any number of its commits the next start gives the whole views again, and
// puts no seed of a register a second time.
TEST_F(EngineTest, AStoppedRebuildIsDoneAgainByTheNextStart) {
  open_and_dispatch();
  accept(opening("井盖丢失", "13900000009"));
  const std::string live = views();
  const uint64_t position = engine_->status().position;
  for (int commits = 0; commits <= 3; ++commits) {
    store_.commits_left = commits;
    EXPECT_EQ(engine_->rebuild().ok(), commits == 3) << commits;  // the mark, the rows, the end of the mark
    EXPECT_EQ(engine_->status().rebuilding, commits < 3) << commits;
    store_.commits_left.reset();
    EXPECT_EQ(store_.find_record(kRebuildRecord, "views")->has_value(), commits == 1 || commits == 2) << commits;
    restart(at("2021-03-01 10:00"));
    EXPECT_EQ(views(), live) << commits;
    EXPECT_EQ(engine_->status().position, position) << commits;
    EXPECT_FALSE(engine_->status().rebuilding);
    EXPECT_FALSE(store_.find_record(kRebuildRecord, "views")->has_value()) << commits;
  }
}

TEST_F(EngineTest, RegistersAreSeededOnceAndChangedByCommand) {
  EXPECT_EQ(engine_->registers()->name_of("units", "east", Date::from(2021, 3, 1)), "东区");
  const uint64_t position = engine_->status().position;
  restart(at("2021-03-01 10:00"));
  EXPECT_EQ(engine_->status().position, position);
  Request put;
  put.actor = desk();
  put.what = Request::PutEntry{"units", "east", Date::from(2021, 4, 1), {}, Value::context({{"name", text("新东区")}}),
                               false,   {}};
  const auto before = engine_->registers();
  EXPECT_EQ(accept(put).version, 3u);
  EXPECT_EQ(engine_->registers()->name_of("units", "east", Date::from(2021, 3, 1)), "东区");
  EXPECT_EQ(engine_->registers()->name_of("units", "east", Date::from(2021, 4, 1)), "新东区");
  EXPECT_EQ(before->name_of("units", "east", Date::from(2021, 4, 1)), "东区");  // an old snapshot stays as it was
  put.expected_version = 2;
  EXPECT_EQ(refuse(put).code, RejectionCode::changed);
  Request bad = put;
  bad.expected_version.reset();
  bad.what = Request::PutEntry{"units", "east", {}, {}, Value::context({{"nmae", text("x")}}), false, {}};
  EXPECT_EQ(refuse(bad).code, RejectionCode::invalid_form);
  restart(at("2021-03-01 10:00"));
  EXPECT_EQ(engine_->registers()->name_of("units", "east", Date::from(2021, 4, 1)), "新东区");
}

TEST_F(EngineTest, AConflictWithAnotherWriterIsDecidedAgain) {
  const Id id = open_and_dispatch();
  auto other = Engine::start(config(at("2021-03-01 09:30"))).value();
  Request note;
  note.actor = east();
  note.case_id = id;
  note.what = Request::Note{"另一台机器上的记录"};
  ASSERT_TRUE(std::holds_alternative<Accepted>(other->ask(note).result));
  // This engine still has the older state in its cache: its commit conflicts, and it decides again.
  const Accepted asked = accept(act(id, east(), "ask_more"));
  ASSERT_NE(asked.state, nullptr);
  EXPECT_EQ(asked.state->state, "asking");
  EXPECT_EQ(engine_->metrics().conflicts, 1u);
  EXPECT_EQ(state(id)->acts[2].action, "note");
}

TEST_F(EngineTest, ANoticeRecomputesTheOpenClocksThatDependOnItsDays) {
  // Known without the notice of 2021: the days are provisional.
  std::vector<calendar::Notice> notices;
  for (const calendar::Notice& notice : china()->notices()) {
    if (notice.year <= 2020) notices.push_back(notice);
  }
  const auto before =
      std::make_shared<const calendar::Editions>(calendar::Editions::make("中国工作日历", notices, {}).value());
  store::MemoryKeyStore keys;
  FaultyStore store;
  Config settings = config(at("2021-02-05 09:00"));
  settings.store = &store;
  settings.keys = &keys;
  settings.calendar = before;
  engine_ = Engine::start(settings).value();
  const Id id = open_and_dispatch();
  const auto counted = [&] { return state(id)->clocks[0].segments[0].counted; };
  EXPECT_TRUE(counted().provisional);
  EXPECT_EQ(to_text(counted().due_on), "2021-02-12");
  EXPECT_EQ(engine_->recompute_clocks(china()).value(), 1u);
  EXPECT_FALSE(counted().provisional);
  EXPECT_EQ(to_text(counted().due_on), "2021-02-18");  // 7 February is a workday; 11 to 17 February are off
  EXPECT_EQ(state(id)->clocks[0].former_due, std::vector<Date>{Date::from(2021, 2, 12)});
  EXPECT_EQ(engine_->recompute_clocks(china()).value(), 0u);
}

TEST_F(EngineTest, ACallerJoinsOnlyCasesOfHerOwn) {
  const kernel::Actor caller{.kind = kernel::Actor::Kind::caller};
  const Accepted own = accept(opening("路灯不亮")), second = accept(opening("井盖坏了"));
  const Accepted stranger = accept(opening("别人的事", "13900000002"));
  const Rejection why = refuse(act(own.case_id, caller, "join", {{"leading", text(stranger.number)}}));
  ASSERT_EQ(why.fields.size(), 1u);
  EXPECT_EQ(why.fields[0].sentence, "没有找到这个办件，或者您无权查看，请核对编号。")
      << "a number that she guessed tells nothing";
  accept(act(own.case_id, caller, "join", {{"leading", text(second.number)}}));
  EXPECT_TRUE(state(own.case_id)->link("joins"));
}

TEST_F(EngineTest, AnActWhoseOtherEndCannotBeWrittenLeavesNothingBehind) {
  const auto first = tiny_packs()->packs.front();
  auto later = std::make_shared<pack::Pack>(*first);
  later->edition = "later";
  const auto start = [&](std::vector<std::shared_ptr<const pack::Pack>> packs) {
    engine_.reset();
    auto library = std::make_shared<pack::Library>();
    library->packs = std::move(packs);
    Config with = config(at("2021-03-02 09:00"));
    with.packs = library;
    engine_ = Engine::start(std::move(with)).value();
  };
  const Id leading = accept(opening()).case_id, id = accept(opening("井盖坏了")).case_id;
  accept(act(id, desk(), "join", {{"leading", text(to_text(leading))}}));
  start({first, later});
  Request move;
  move.case_id = id;
  move.what = Request::MoveEdition{later->key(), "试"};
  accept(move);
  start({later});  // the edition of the leading case is gone
  const uint64_t before = state(id)->version;
  bool failed = false, opened = false;  // in one batch: its commit publishes the states that the batch knows
  engine_->submit(act(id, desk(), "leave"), {}, [&](Reply&& r) { failed = std::holds_alternative<Error>(r.result); });
  engine_->submit(opening("别的"), {}, [&](Reply&& r) { opened = std::holds_alternative<Accepted>(r.result); });
  ASSERT_TRUE(engine_->pump().ok());
  EXPECT_TRUE(failed && opened);
  EXPECT_EQ(state(id)->version, before);
  EXPECT_TRUE(state(id)->link("joins"));
}

TEST_F(EngineTest, ErasingAPersonTakesEffectInEveryCaseOfHers) {
  const Id first = accept(opening()).case_id, second = accept(opening("井盖丢失")).case_id;
  const Id other = accept(opening("别人", "13900000009")).case_id;
  Request erase;
  erase.actor = {.kind = kernel::Actor::Kind::system};
  erase.case_id = first;
  erase.what = Request::Erase{};
  accept(erase);
  for (const Id& id : {first, second}) {
    EXPECT_TRUE(state(id)->erased);
    EXPECT_FALSE(engine_->unseal(*state(id), *kernel::find_value(state(id)->fields, "phone")));
  }
  EXPECT_FALSE(state(other)->erased);
  EXPECT_TRUE(engine_->unseal(*state(other), *kernel::find_value(state(other)->fields, "phone")));
  EXPECT_FALSE(keys_.find_key(state(first)->person).value());
  EXPECT_TRUE(get(store_.find_person(engine_->phone_hash("13800000001"))).empty());  // also the keyed hash is gone
  EXPECT_EQ(get(store_.find_person(engine_->phone_hash("13900000009"))).size(), 1u);
  accept(opening("再来"));  // the same telephone is a new person now
  EXPECT_EQ(refuse(erase).code, RejectionCode::wrong_state);
}

// A digest of what the fold of events gives.
std::string digest(const CaseState& state) {
  std::string all = to_text(state.id) + std::to_string(state.version) + state.state + state.number +
                    kernel::encode_fields(state.fields) + join(state.held_by, ",") + to_text(state.opened_at) +
                    to_text(state.changed_at) + state.result + join(state.flags, ",");
  for (const auto& act : state.acts)
    all += act.action + act.outcome + kernel::encode_fields(act.form) + to_text(act.happened_at) + act.actor.person;
  for (const auto& a : state.assignments) all += a.name + a.unit + std::to_string(a.under) + (a.active() ? "1" : "0");
  for (const auto& c : state.clocks)
    all += c.name + std::to_string(static_cast<int>(c.status)) + (c.due_at() ? to_text(*c.due_at()) : "-") +
           (c.late ? "l" : "");
  for (const auto& l : state.links) all += l.kind + to_text(l.other) + (l.released ? "1" : "0");
  for (const auto& l : state.letters) all += l.letter + l.text + to_text(l.at);
  return all;
}

TEST_F(EngineTest, TheStateAfterEveryStepIsTheFoldOfTheStoredEvents) {
  const Id id = accept(opening()).case_id;
  const auto check = [&](const Accepted& accepted) {
    EXPECT_EQ(digest(*accepted.state), digest(kernel::fold(engine_->load_events(accepted.case_id).value())));
  };
  check(accept(act(id, desk(), "dispatch", {{"unit", text("east")}})));
  check(accept(act(id, east(), "ask_more")));
  check(accept(act(id, east(), "add", {{"text", text("补充")}})));
  Request note;
  note.actor = east();
  note.case_id = id;
  note.what = Request::Note{"已联系来电人"};
  check(accept(note));
  advance("2021-03-09 12:00");
  EXPECT_EQ(digest(*state(id)), digest(kernel::fold(engine_->load_events(id).value())));
}

TEST_F(EngineTest, AnExpectedVersionThatIsOldIsRefused) {
  const Id id = open_and_dispatch();
  Request stale = act(id, east(), "ask_more");
  stale.expected_version = 1;
  const Rejection changed = refuse(stale);
  EXPECT_EQ(changed.code, RejectionCode::changed);
  EXPECT_EQ(changed.current_version, state(id)->version);
}

TEST_F(EngineTest, ImportedCommandsFireTimersUpToTheirOwnInstantAndCauseNothing) {
  Config settings = config(at("2022-01-01 09:00"));
  settings.messages = false;
  engine_ = Engine::start(settings).value();
  const auto imported = [](Request request, std::string_view happened) {
    request.imported = true;
    request.happened_at = at(happened);
    return request;
  };
  const Id id = accept(imported(opening(), "2021-03-01 09:00")).case_id;
  accept(imported(act(id, desk(), "dispatch", {{"unit", text("east")}}), "2021-03-01 10:00"));
  accept(imported(act(id, east(), "finish", {{"text", text("好")}}), "2021-03-05 10:00"));
  EXPECT_EQ(count_events(id, "ClockExpired"), 0u);
  EXPECT_FALSE(state(id)->clocks[0].late);
  EXPECT_EQ(state(id)->number, "SX-2021-000001");
  const Id late = accept(imported(opening(), "2021-03-01 09:00")).case_id;
  accept(imported(act(late, desk(), "dispatch", {{"unit", text("east")}}), "2021-03-01 10:00"));
  accept(imported(act(late, east(), "finish", {{"text", text("好")}}), "2021-03-15 10:00"));
  EXPECT_EQ(count_events(late, "ClockExpired"), 1u);
  EXPECT_TRUE(state(late)->links.empty());  // no supervision by itself
}

TEST_F(EngineTest, LettersAreHandedToTheDelivererAndTriedAgain) {
  class Post : public Deliverer {
   public:
    Result<void> deliver(const Message& message) override {
      if (closed) return fail(Trouble::unavailable, "closed");
      letters.push_back(message.letter);
      return {};
    }
    bool closed = true;
    std::vector<std::string> letters;
  } post;
  Config settings = config(at("2021-03-01 09:00"));
  settings.deliverer = &post;
  engine_ = Engine::start(settings).value();
  accept(opening());
  EXPECT_TRUE(post.letters.empty());
  post.closed = false;
  advance("2021-03-01 10:00");
  EXPECT_EQ(post.letters, std::vector<std::string>{"received"});
  EXPECT_TRUE(store_.due_outbox(at("2100-01-01 00:00"), 10)->empty());
}

TEST_F(EngineTest, MessagesOfAnActThatCanBeTakenBackWait) {
  class Post : public Deliverer {
   public:
    Result<void> deliver(const Message& message) override {
      roles.push_back(message.to_role);
      return {};
    }
    std::vector<std::string> roles;
  } post;
  Config settings = config(at("2021-03-01 09:00"));
  settings.deliverer = &post;
  settings.grace_ms = 1000;
  engine_ = Engine::start(settings).value();
  const Id id = accept(opening()).case_id;
  advance("2021-03-01 10:00");
  ASSERT_EQ(post.roles, std::vector<std::string>{"asker"});

  accept(act(id, desk(), "hand_over", {{"unit", text("east")}}));
  advance("2021-03-01 10:00:10");
  EXPECT_EQ(post.roles.size(), 1u);  // still possible to take it back
  ASSERT_EQ(state(id)->letters.size(), 2u);
  EXPECT_EQ(state(id)->letters[1].held_until, at("2021-03-01 10:00:10"));
  accept(act(id, desk(), "take_back"));
  EXPECT_EQ(state(id)->state, "registered");
  EXPECT_EQ(state(id)->current("lead"), nullptr);
  EXPECT_EQ(state(id)->running("handling"), nullptr);
  EXPECT_TRUE(state(id)->letters[1].cancelled);
  EXPECT_FALSE(state(id)->letters[0].cancelled);
  advance("2021-03-01 11:00");
  EXPECT_EQ(post.roles.size(), 1u);  // never sent
  EXPECT_TRUE(store_.due_outbox(at("2100-01-01 00:00"), 10)->empty());

  accept(act(id, desk(), "hand_over", {{"unit", text("east")}}));
  advance("2021-03-01 11:00:10.999");
  EXPECT_EQ(post.roles.size(), 1u);
  advance("2021-03-01 11:00:11");
  EXPECT_EQ(post.roles.size(), 2u);
  const Rejection late = refuse(act(id, desk(), "take_back"));
  EXPECT_EQ(late.sentence, "“交办”后超过 10 秒，通知已经发出，不能撤回。");
}

// While the engine runs for people, the past of another case is played into it.
TEST_F(EngineTest, TimersOfAHistoryWaitForItsLastActWhileOthersFire) {
  restart(at("2021-06-01 09:00"));
  const auto imported = [](Request request, std::string_view when) {
    request.imported = true;
    request.happened_at = at(when);
    return request;
  };
  const Id past = accept(imported(opening("旧事"), "2020-03-02 09:00")).case_id;
  accept(imported(act(past, desk(), "dispatch", {{"unit", text("east")}}), "2020-03-02 10:00"));
  const Id present = open_and_dispatch();
  EXPECT_EQ(engine_->status().unfinished_histories, 1u);
  restart(at("2021-06-01 10:00"));  // the import was cut off, and the server started again
  EXPECT_EQ(engine_->status().unfinished_histories, 1u);
  advance("2021-06-20 09:00");
  EXPECT_TRUE(state(present)->last_clock("handling")->expired);
  EXPECT_FALSE(state(past)->last_clock("handling")->expired);
  EXPECT_EQ(count_events(past, "clock_expired"), 0u);

  // It goes on where it ended: the limit ran out in its own time, and no supervision opens today.
  Request last = imported(act(past, east(), "finish", {{"text", text("已办")}}), "2020-04-01 10:00");
  last.ends_history = true;
  accept(last);
  EXPECT_EQ(engine_->status().unfinished_histories, 0u);
  EXPECT_EQ(state(past)->state, "closed");
  EXPECT_TRUE(state(past)->last_clock("handling")->expired);
  EXPECT_TRUE(store_.due_outbox(at("2100-01-01 00:00"), 10)->empty());
  EXPECT_EQ(store_.list_cases({.type = "tiny/watch"})->rows.size(), 1u);
}

TEST_F(EngineTest, AHistoryThatIsGivenUpLivesOnLikeAnyCase) {
  restart(at("2021-06-01 09:00"));
  Request first = opening("旧事");
  first.imported = true;
  first.happened_at = at("2020-03-02 09:00");
  const Id past = accept(first).case_id;
  Request second = act(past, desk(), "dispatch", {{"unit", text("east")}});
  second.imported = true;
  second.happened_at = at("2020-03-02 10:00");
  accept(second);
  ASSERT_TRUE(engine_->pump().ok());
  EXPECT_FALSE(state(past)->last_clock("handling")->expired);
  Request keep;
  keep.actor.kind = kernel::Actor::Kind::system;
  keep.what = Request::Keep{{{std::string(kHistoryRecord), to_text(past)}}};
  accept(keep);
  ASSERT_TRUE(engine_->pump().ok());
  EXPECT_TRUE(state(past)->last_clock("handling")->expired);
}

TEST_F(EngineTest, ManyThreadsAreAnsweredByOneWriter) {
  engine_->run_thread();
  std::set<std::string> numbers;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        const Reply reply = engine_->ask(opening());
        const auto* accepted = std::get_if<Accepted>(&reply.result);
        ASSERT_NE(accepted, nullptr);
        EXPECT_NE(engine_->load(accepted->case_id), nullptr);  // reads its own write
        const std::lock_guard lock(mutex);
        numbers.insert(accepted->number);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(numbers.size(), 100u);
  engine_->stop();
  const Reply after = engine_->ask(opening());
  EXPECT_TRUE(std::holds_alternative<Error>(after.result));
}

// Mostly for the thread sanitizer (./dev test thread/engine): whatever may be called beside the writer is.
TEST_F(EngineTest, ReadsAndMaintenanceGoOnBesideTheWriter) {
  engine_->run_thread();
  std::atomic<bool> is_done = false;
  std::atomic<uint64_t> heard = 0;
  const size_t listener = engine_->subscribe([&](const Change&) { ++heard; });
  std::vector<std::thread> asking, beside;
  for (int t = 0; t < 2; ++t) {
    asking.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const Reply opened = engine_->ask(opening());
        const auto* accepted = std::get_if<Accepted>(&opened.result);
        ASSERT_NE(accepted, nullptr);
        const Reply acted = engine_->ask(act(accepted->case_id, desk(), "dispatch", {{"unit", text("east")}}));
        EXPECT_TRUE(std::holds_alternative<Accepted>(acted.result));
        EXPECT_EQ(engine_->load(accepted->case_id)->assignments.size(), 1u);
      }
    });
  }
  beside.emplace_back([&] {
    while (!is_done) {
      const Engine::Status status = engine_->status();
      EXPECT_TRUE(status.writable);
      EXPECT_LE(engine_->metrics().accepted, 80u);
      EXPECT_NE(engine_->registers(), nullptr);
      std::this_thread::yield();
    }
  });
  beside.emplace_back([&] {
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(engine_->advance_to(engine_->now().plus_ms(1000)).ok());
      EXPECT_TRUE(engine_->pump().ok());
      EXPECT_TRUE(engine_->rebuild().ok());
    }
  });
  for (std::thread& thread : asking) thread.join();
  is_done = true;
  for (std::thread& thread : beside) thread.join();
  engine_->unsubscribe(listener);
  engine_->stop();
  EXPECT_EQ(engine_->metrics().accepted, 80u);
  EXPECT_GE(heard, 80u);
}

TEST_F(EngineTest, AFullQueueRefusesAtOnce) {
  Config settings = config(at("2021-03-01 09:00"));
  settings.max_queue = 2;
  engine_ = Engine::start(settings).value();
  int refused = 0;
  for (int i = 0; i < 3; ++i) {
    engine_->submit(opening(), {}, [&](Reply&& reply) {
      if (const auto* error = std::get_if<Error>(&reply.result)) refused += error->trouble == Trouble::unavailable;
    });
  }
  EXPECT_EQ(refused, 1);
  ASSERT_TRUE(engine_->pump().ok());
}

}  // namespace
}  // namespace tongban::engine
