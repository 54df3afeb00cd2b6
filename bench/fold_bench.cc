// Folding events into states in memory, as a restart, a rebuild and a simulation do: the life of one filed, dispatched,
// answered and rated case, over and over. One item is one event.
#include <benchmark/benchmark.h>

#include "calendar/load.h"
#include "kernel/event.h"
#include "kernel/state.h"

namespace tongban::kernel {
namespace {

using feel::Value;

// Twenty-eight events as the packs make them, with forms, texts, decisions and counted periods of their usual size.
std::vector<Event> life() {
  const calendar::Editions editions = calendar::load_editions(TONGBAN_SOURCE_DIR "/packs/china/calendar").value();
  const Instant start = parse_instant("2021-03-01 10:00").value();
  const auto counted = [&](int64_t n) {
    return calendar::count(editions.latest(), start, calendar::Unit::working_days, n, calendar::Kind::deadline).value();
  };
  const Id id = make_id(start), person = make_id(start);
  const Basis basis{.clause = "第十二条（二）"};
  const Fields form{{"title", {Value::text("小区楼下施工噪声扰民"), {}}},
                    {"content", {Value::text(std::string(500, 'x')), {}}},
                    {"kind", {Value::text("complaint"), {}}},
                    {"phone", {Value(), std::string(60, 's')}}};
  std::vector<Event> events;
  const auto add = [&](Body body) {
    Event event;
    event.envelope = {.stream = id,
                      .version = events.size() + 1,
                      .command = make_id(start),
                      .happened_at = start,
                      .recorded_at = start,
                      .actor = {"dispatcher", "p-wangwu", "dispatcher", "hotline"}};
    event.body = std::move(body);
    events.push_back(std::move(event));
  };
  const auto act = [&](const char* action, const char* from, const char* to, const char* holder, const Fields& with) {
    add(ActionTaken{.action = action,
                    .outcome = "1",
                    .form = with,
                    .from_state = from,
                    .to_state = to,
                    .held_by = {holder},
                    .basis = basis});
  };
  const auto letter = [&](const char* name, const char* unit) {
    add(LetterSent{name, "message", unit[0] ? "lead_liaison" : "caller", unit, std::string(150, 't'), basis});
  };
  add(CaseOpened{"hotline-12345@2021-01-29", "request", "12345-2021-000001", "web", person, std::string(64, 'h')});
  act("open", "", "registered", "agent", form);
  add(FieldsSet{form});
  letter("registered", "");
  act("accept", "registered", "accepted", "dispatcher", {{"area", {Value::text("society"), {}}}});
  add(FieldsSet{{{"area", {Value::text("society"), {}}}}});
  act("dispatch", "accepted", "dispatched", "lead_liaison", {{"lead", {Value::text("cq-yuzhong-gov"), {}}}});
  add(DecisionMade{.decision = "routing", .suggestion = Value::text("cq-yuzhong-gov"), .inputs = {{"kind", Value()}}});
  add(DecisionMade{.decision = "handling_limit", .suggestion = Value::text("15"), .matched = {2}, .bases = {basis}});
  add(LookedUp{"lead_unit", "units", "cq-yuzhong-gov", 1});
  add(Assigned{.no = 1, .name = "lead", .unit = "cq-yuzhong-gov", .given_by = "hotline", .basis = basis});
  uint32_t no = 0;
  for (const int64_t n : {1, 2, 15}) {
    ++no;
    add(ClockStarted{
        .no = no, .name = no == 3 ? "handling" : "flow", .counted = counted(n), .started_at = start, .basis = basis});
  }
  letter("handed_over", "cq-yuzhong-gov");
  letter("dispatched", "");
  act("hand_down", "dispatched", "handling", "handler", {{"handler", {Value::text("u-1"), {}}}});
  add(ClockStopped{.no = 1, .at = start});
  add(Assigned{.no = 2, .name = "handler", .unit = "u-1", .under = 1, .given_by = "cq-yuzhong-gov", .basis = basis});
  letter("handed_down", "u-1");
  act("reply", "handling", "answered", "checker", {{"answer", {Value::text(std::string(300, 'a')), {}}}});
  add(FieldsSet{{{"answer", {Value::text(std::string(300, 'a')), {}}}}});
  add(ClockStopped{.no = 3, .how = StopKind::claim, .at = start});
  letter("reply", "");
  act("review", "answered", "return_visit", "reviewer", {{"passed", {Value::of(true), {}}}});
  add(ClockStopped{.no = 3, .how = StopKind::confirm, .at = start});
  act("rate", "return_visit", "archived", "agent", {{"rating", {Value::text("satisfied"), {}}}});
  add(CaseClosed{"done", "10 年"});
  return events;
}

void Fold(benchmark::State& state) {
  const std::vector<Event> events = life();
  for (auto _ : state) {
    const CaseState folded = fold(events);
    benchmark::DoNotOptimize(folded.version);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(events.size()));
}
BENCHMARK(Fold)->MinTime(1);

// Where the events are read only for this, as in a replay: they give what they hold.
void FoldAndGive(benchmark::State& state) {
  const std::vector<Event> events = life();
  std::vector<std::vector<Event>> copies;
  for (auto _ : state) {
    if (copies.empty()) {
      state.PauseTiming();
      copies.assign(256, events);
      state.ResumeTiming();
    }
    const CaseState folded = fold(std::move(copies.back()));
    copies.pop_back();
    benchmark::DoNotOptimize(folded.version);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(events.size()));
}
BENCHMARK(FoldAndGive)->MinTime(1);

void DecodeAndFold(benchmark::State& state) {
  const std::vector<Event> events = life();
  std::vector<std::string> bytes;
  for (const Event& event : events) bytes.push_back(encode(event, false));
  const std::vector<std::string_view> views(bytes.begin(), bytes.end());
  for (auto _ : state) {
    const CaseState folded = fold(decode_all(views).value());
    benchmark::DoNotOptimize(folded.version);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(events.size()));
}
BENCHMARK(DecodeAndFold)->MinTime(1);

}  // namespace
}  // namespace tongban::kernel
