#include "facility/scenario/runner.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "dmn/table.h"
#include "engine/engine.h"
#include "store/keys/memory_key_store.h"
#include "store/memory/memory_store.h"

namespace tongban::facility {
namespace {

using engine::Accepted;
using engine::Request;
using feel::Value;
using kernel::CaseState;
using kernel::Rejection;
using pack::Scenario;
using pack::ScenarioActor;
using pack::ScenarioStep;

constexpr size_t kMaxGivenDepth = 32;

// Everything that one play needs; no other play sees it.
struct World {
  store::MemoryStore store;
  store::MemoryKeyStore keys;
  std::unique_ptr<engine::Engine> engine;
  Id current;  // the case that the scenario is about
};

// Every basis that an event carries.
std::vector<pack::Basis> bases_of(const kernel::Event& event) {
  std::vector<pack::Basis> bases;
  std::visit(
      [&](const auto& body) {
        using Body = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<Body, kernel::DecisionMade>)
          bases = body.bases;
        else if constexpr (requires { body.basis; })
          bases.push_back(body.basis);
      },
      event.body);
  return bases;
}

class Player {
 public:
  Player(const std::shared_ptr<const pack::Library>& packs, std::shared_ptr<const pack::Pack> pack,
         const std::shared_ptr<const calendar::Editions>& calendar, ScenarioResult& result, bool story)
      : held_pack_(std::move(pack)), calendar_(calendar), result_(result), story_(story) {
    engine::Config config;
    config.store = &world_.store;
    config.keys = &world_.keys;
    config.packs = packs;
    config.calendar = calendar;
    config_ = config;
  }

  void play(const Scenario& scenario, const std::vector<Scenario>& all) {
    std::vector<const Scenario*> chain;
    for (const Scenario* at = &scenario; at && chain.size() < kMaxGivenDepth;) {
      chain.insert(chain.begin(), at);
      if (at->after.empty()) break;
      const auto given =
          std::find_if(all.begin(), all.end(), [&](const Scenario& other) { return other.name == at->after; });
      if (given == all.end()) return differ(scenario.source, "given", at->after, "no scenario of that name");
      at = &*given;
    }
    for (const Scenario* one : chain) {
      if (!one->parameters.empty() && !decide_otherwise(*one)) return;
    }
    case_type_ = scenario.case_type;
    for (auto it = chain.rbegin(); it != chain.rend() && case_type_.empty(); ++it) case_type_ = (*it)->case_type;
    for (const Scenario* one : chain) {
      if (one->steps.empty()) continue;
      if (!start(one->steps.front().at, scenario.source)) return;
      is_given_ = one != &scenario;
      for (const ScenarioStep& step : one->steps) {
        take(step);
        if (is_given_ && !result_.ok()) return;
      }
    }
    is_given_ = false;
    for (const pack::ScenarioView& view : scenario.views) look(view);
    for (const pack::ScenarioExample& example : scenario.examples) check_example(example);
  }

 private:
  // The pack with other values of its parameters, in this play only.
  bool decide_otherwise(const Scenario& scenario) {
    auto changed = std::make_shared<pack::Pack>(*held_pack_);
    for (const auto& [id, text] : scenario.parameters) {
      const auto parameter = std::find_if(changed->parameters.begin(), changed->parameters.end(),
                                          [&](const pack::Parameter& one) { return one.id == id; });
      const auto value =
          parameter == changed->parameters.end() ? std::nullopt : pack::parameter_value(*parameter, text);
      if (!value) {
        differ(scenario.source, "given parameter " + id, text, "no such parameter or value");
        return false;
      }
      parameter->value = *value;
    }
    auto packs = std::make_shared<pack::Library>(*config_.packs);
    std::replace(packs->packs.begin(), packs->packs.end(), held_pack_, std::shared_ptr<const pack::Pack>(changed));
    config_.packs = std::move(packs);
    held_pack_ = std::move(changed);
    return true;
  }

  bool start(Instant at, const pack::Source& source) {
    if (world_.engine) return true;
    config_.now = [at] { return at; };
    Result<std::unique_ptr<engine::Engine>> engine = engine::Engine::start(config_);
    if (!engine.ok()) {
      differ(source, "start", "the world is set up", engine.error().message);
      return false;
    }
    world_.engine = std::move(engine).value();
    return true;
  }

  void differ(const pack::Source& source, std::string what, std::string expected, std::string found) {
    result_.differences.push_back({source, (is_given_ ? "given: " : "") + what, std::move(expected), std::move(found)});
  }
  void tell(std::string line) {
    if (story_) result_.story.push_back(std::move(line));
  }

  std::shared_ptr<const CaseState> current() const {
    return world_.current.is_nil() ? nullptr : world_.engine->load(world_.current);
  }
  std::shared_ptr<const kernel::Registers> registers() const { return world_.engine->registers(); }
  std::string unit_name(const std::string& id, Date day) const { return registers()->name_of("units", id, day); }

  // --- who ---

  std::optional<kernel::Actor> resolve(const ScenarioActor& who, Date day) const {
    switch (who.kind) {
      case ScenarioActor::Kind::caller:
        return kernel::Actor{.kind = kernel::Actor::Kind::caller};
      case ScenarioActor::Kind::anyone:
        return kernel::Actor{.kind = kernel::Actor::Kind::anyone};
      case ScenarioActor::Kind::timer:
        return kernel::Actor{.kind = kernel::Actor::Kind::system};
      case ScenarioActor::Kind::person:
        break;
    }
    const auto book = registers();
    std::vector<std::string> people;
    for (const kernel::Entry* entry : book->where("people", "name", Value::text(who.person), day))
      people.push_back(entry->id);
    if (people.empty() && book->find("people", who.person)) people.push_back(who.person);
    for (const std::string& person : people) {
      for (const kernel::Post& post : book->posts_of(person, day)) {
        if (who.unit.empty() || post.unit == who.unit || unit_name(post.unit, day) == who.unit) {
          return kernel::Actor{.kind = kernel::Actor::Kind::staff,
                               .person = person,
                               .unit = who.unit.empty() ? std::string() : post.unit};
        }
      }
    }
    // Somebody who holds no post in that unit on that day: still a person, to whom everything is refused.
    if (people.empty()) return std::nullopt;
    std::string unit = who.unit;
    for (const kernel::Entry* entry : book->where("units", "name", Value::text(who.unit), day)) unit = entry->id;
    return kernel::Actor{.kind = kernel::Actor::Kind::staff, .person = people.front(), .unit = unit};
  }

  // --- a step ---

  void take(const ScenarioStep& step) {
    if (!is_given_) ++result_.steps;
    std::map<Id, uint64_t> before;
    note_versions(before);
    if (const Result<void> advanced = world_.engine->advance_to(step.at); !advanced.ok()) {
      return differ(step.source, "time", to_minutes_text(step.at), advanced.error().message);
    }
    if (step.nothing || step.who.kind == ScenarioActor::Kind::timer) {
      tell(to_minutes_text(step.at) + " （时间经过）");
      if (step.has_then) check(step, step.then, world_.current, before);
      return;
    }
    const Date day = local_date(step.at);
    const std::optional<kernel::Actor> actor = resolve(step.who, day);
    if (!actor) return differ(step.source, "who", step.who.text, "the world knows no such person");
    Request request;
    request.actor = *actor;
    request.form = step.with;
    request.received_at = step.at;
    bool opens = false;
    if (step.does == "open") {
      opens = true;
      request.what = opening(step);
    } else {
      request.case_id = target(step);
      if (request.case_id.is_nil()) return differ(step.source, step.does, "a case", "no case was opened yet");
      request.what = Request::Act{step.does, assignment_of(step, *actor, request.case_id, day)};
    }
    const engine::Reply reply = world_.engine->ask(std::move(request));
    const std::string line = to_minutes_text(step.at) + " " + step.who.text + "：" + step.does;
    if (const auto* accepted = std::get_if<Accepted>(&reply.result)) {
      tell(line + " → " + accepted->state->state);
      if (opens && (world_.current.is_nil() || step.on.empty())) world_.current = accepted->case_id;
      acted_on_ = accepted->case_id;
      if (step.rejected) return differ(step.source, step.does, "rejected: " + *step.rejected, "accepted");
      if (step.has_then) check(step, step.then, acted_on_, before);
      if (step.has_here) check(step, step.here, world_.current, before);
      return;
    }
    if (const auto* why = std::get_if<Rejection>(&reply.result)) {
      tell(line + " ✗ " + why->sentence);
      return check_rejection(step, *why);
    }
    const auto* error = std::get_if<Error>(&reply.result);
    differ(step.source, step.does, "an answer", error ? error->message : "another answer");
  }

  Request::Open opening(const ScenarioStep& step) const {
    const bool typed = held_pack_->find_case(step.on) != nullptr;
    Request::Open open;
    open.pack = held_pack_->id;
    open.type = typed ? step.on : case_type_;
    open.channel = step.who.kind == ScenarioActor::Kind::person ? "phone" : "web";
    const auto state = current();
    if (!state || step.on.empty()) return open;
    for (const pack::CaseType& type : held_pack_->cases) {
      for (const pack::LinkKind& kind : type.links) {
        if (kind.to != state->type || (!typed && kind.id != step.on)) continue;
        if (!open.link_kind.empty() && type.id != open.type) continue;
        open.link_kind = kind.id;
        open.link_other = state->id;
      }
    }
    const pack::CaseType* opened = held_pack_->find_case(open.type);
    if (opened && !open.link_kind.empty() && opened->open.other.link == open.link_kind) {
      open.join = state->id;
      open.link_kind.clear();
    }
    return open;
  }

  // The case of the scenario, or the latest one linked to it of the type or by the link in `on`.
  Id target(const ScenarioStep& step) const {
    const auto state = current();
    if (!state || step.on.empty()) return world_.current;
    for (size_t i = state->links.size(); i-- > 0;) {
      if (state->links[i].other_type == step.on || state->links[i].kind == step.on) return state->links[i].other;
    }
    return world_.current;
  }

  uint32_t assignment_of(const ScenarioStep& step, const kernel::Actor& actor, const Id& id, Date) const {
    const auto state = world_.engine->load(id);
    if (!state || step.on.empty()) return 0;
    uint32_t best = 0;
    for (const kernel::Assignment& assignment : state->assignments) {
      if (assignment.active() && assignment.name == step.on && (actor.unit.empty() || assignment.unit == actor.unit))
        best = assignment.no;
    }
    return best;
  }

  void check_rejection(const ScenarioStep& step, const Rejection& why) {
    std::vector<std::string> sentences{why.sentence};
    for (const kernel::FieldFault& fault : why.fields) sentences.push_back(fault.sentence);
    for (const kernel::FailedCondition& condition : why.conditions) sentences.push_back(condition.sentence);
    const std::string found = std::string(kernel::to_text(why.code)) + ": " + join(sentences, " / ");
    if (!step.rejected) return differ(step.source, step.does, "accepted", found);
    const auto begins = [&](std::string_view sentence) {
      if (sentence.starts_with(*step.rejected)) return true;
      constexpr std::string_view quote = "“";
      return sentence.starts_with(quote) && sentence.substr(quote.size()).starts_with(*step.rejected);
    };
    if (std::none_of(sentences.begin(), sentences.end(), begins))
      differ(step.source, step.does, "rejected: " + *step.rejected, found);
  }

  // --- what must be true ---

  void note_versions(std::map<Id, uint64_t>& versions) const {
    const auto state = current();
    if (!state) return;
    versions[state->id] = state->version;
    for (const kernel::LinkState& link : state->links) {
      if (const auto other = world_.engine->load(link.other)) versions[other->id] = other->version;
    }
  }

  std::vector<kernel::Event> events_since(const Id& id, const std::map<Id, uint64_t>& before) const {
    Result<std::vector<kernel::Event>> events = world_.engine->load_events(id);
    if (!events.ok()) return {};
    const auto it = before.find(id);
    const uint64_t from = it == before.end() ? 0 : it->second;
    std::vector<kernel::Event> news;
    for (kernel::Event& event : *events) {
      if (event.envelope.version > from) news.push_back(std::move(event));
    }
    return news;
  }

  void check(const ScenarioStep& step, const pack::Expectation& then, const Id& id,
             const std::map<Id, uint64_t>& before) {
    const auto state = world_.engine->load(id);
    if (!state) return differ(step.source, "then", "a case", "no case was opened yet");
    const pack::Pack* pack = world_.engine->pack_of(*state);
    const pack::CaseType* type = pack ? pack->find_case(state->type) : nullptr;
    CHECK(type != nullptr);
    const std::vector<kernel::Event> news = events_since(id, before);
    const pack::Source source = then.sources.empty() ? step.source : then.sources.front();
    const Date day = local_date(step.at);
    const auto expect = [&](const std::string& what, const std::string& expected, const std::string& found, bool same) {
      if (!same) differ(source, what, expected, found);
    };
    if (then.state) expect("state", *then.state, state->state, *then.state == state->state);
    if (then.holder) {
      const bool holds = std::find(state->held_by.begin(), state->held_by.end(), *then.holder) != state->held_by.end();
      expect("holder", *then.holder, join(state->held_by, "、"), holds);
    }
    if (then.holders) {
      std::vector<std::string> wanted = *then.holders, found = state->held_by;
      std::sort(wanted.begin(), wanted.end());
      std::sort(found.begin(), found.end());
      expect("holders", join(wanted, "、"), join(found, "、"), wanted == found);
    }
    if (then.outcome) check_outcome(*then.outcome, news, source);
    if (then.asked) check_asked(*then.asked, *state, *type, day, source);
    for (const auto& [clock, due] : then.due) check_due(clock, due, *state, source);
    for (const auto& [letter, to] : then.sent) check_sent(letter, to, news, *type, day, source);
    for (const auto& [name, day_counted] : then.counted) check_counted(name, day_counted, news, source);
    for (const auto& [name, units] : then.assigned) check_assigned(name, units, *state, day, source);
    for (const auto& [field, value] : then.fields) check_field(field, value, *state, *type, day, source);
    if (!then.basis.empty()) check_basis(then.basis, news, source);
    for (const std::string& clock : then.late) expect("late", clock, "in time", is_late(*state, clock));
    for (const std::string& clock : then.not_late) expect("not late", clock, "late", !is_late(*state, clock));
    for (const std::string& clock : then.running) {
      const std::string status = status_of(*state, clock);
      expect("running", clock, status, status == "running");
    }
    for (const std::string& clock : then.stopped) {
      const std::string status = status_of(*state, clock);
      expect("stopped", clock, status, status == "over" || status == "never started");
    }
    for (const auto& [clock, force] : then.force) {
      const kernel::Clock* one = state->last_clock(clock);
      const std::string found = !one                                   ? "no clock"
                                : one->force == pack::Force::statutory ? "statutory"
                                : one->force == pack::Force::promise   ? "promise"
                                                                       : "target";
      expect("force " + clock, force, found, force == found);
    }
    const auto has_flag = [&](const std::string& flag) {
      return std::any_of(state->flags.begin(), state->flags.end(), [&](const std::string& id) {
        const auto title = type->flag_titles.find(id);
        return id == flag || (title != type->flag_titles.end() && title->second == flag);
      });
    };
    for (const std::string& flag : then.flags) expect("flags", flag, join(state->flags, "、"), has_flag(flag));
    for (const std::string& flag : then.not_flags)
      expect("flags", "without " + flag, join(state->flags, "、"), !has_flag(flag));
    if (!then.opened.empty()) check_opened(then.opened, news, source);
  }

  void check_outcome(const std::string& expected, const std::vector<kernel::Event>& news, const pack::Source& source) {
    std::string found = "no act";
    for (const kernel::Event& event : news) {
      if (const auto* act = std::get_if<kernel::ActionTaken>(&event.body)) found = act->outcome;
    }
    if (found != expected) differ(source, "outcome", expected, found);
  }

  void check_asked(const std::string& expected, const CaseState& state, const pack::CaseType& type, Date day,
                   const pack::Source& source) {
    std::vector<std::string> found;
    for (const kernel::AskState& ask : state.asks) {
      if (!ask.open()) continue;
      const pack::Role* role = type.find_role(ask.of_role);
      const std::string name = ask.of_unit.empty() ? std::string() : unit_name(ask.of_unit, day);
      if (expected == ask.of_role || expected == ask.of_unit || expected == name || (role && expected == role->title))
        return;
      found.push_back(name.empty() ? ask.of_role : name);
    }
    if (expected == "none" && found.empty()) return;
    differ(source, "asked", expected, found.empty() ? "none" : join(found, "、"));
  }

  void check_due(const std::string& name, const std::string& expected, const CaseState& state,
                 const pack::Source& source) {
    const kernel::Clock* clock = state.last_clock(name);
    std::string found = "none";
    bool same = false;
    if (clock && !clock->segments.empty()) {
      const calendar::Counted& counted = clock->segments.back().counted;
      const bool days = counted.unit != calendar::Unit::minutes && counted.unit != calendar::Unit::hours;
      found = days ? to_text(counted.due_on) : to_minutes_text(counted.due_at);
      const Result<Instant> instant = parse_instant(expected);
      const Result<Date> date = parse_date(expected);
      same = (date.ok() && counted.due_on == *date) || (instant.ok() && counted.due_at == *instant);
    }
    const bool over =
        !clock || clock->status == kernel::ClockStatus::cancelled || clock->status == kernel::ClockStatus::stopped;
    if (expected == "none") same = over || clock->segments.empty();
    if (!same) differ(source, "due " + name, expected, found);
  }

  void check_counted(const std::string& name, const std::string& expected, const std::vector<kernel::Event>& news,
                     const pack::Source& source) {
    std::vector<std::string> found;
    const auto add = [&](const std::string& of, const std::vector<kernel::DaysCounted>& counted) {
      for (const kernel::DaysCounted& one : counted) {
        if (name == (one.formula.empty() ? of : one.formula))
          found.push_back(to_text(one.counted.due_on) + (one.counted.provisional ? " 暂定" : ""));
      }
    };
    for (const kernel::Event& event : news) {
      if (const auto* taken = std::get_if<kernel::ActionTaken>(&event.body)) add(taken->action, taken->counted);
      if (const auto* set = std::get_if<kernel::FieldsSet>(&event.body)) add({}, set->counted);
      if (const auto* made = std::get_if<kernel::DecisionMade>(&event.body)) add(made->decision, made->counted);
      if (const auto* sent = std::get_if<kernel::LetterSent>(&event.body)) add(sent->letter, sent->counted);
    }
    if (std::find(found.begin(), found.end(), expected) == found.end())
      differ(source, "counted " + name, expected, found.empty() ? "nothing" : join(found, "、"));
  }

  void check_sent(const std::string& letter, const std::string& to, const std::vector<kernel::Event>& news,
                  const pack::CaseType& type, Date day, const pack::Source& source) {
    std::vector<std::string> found;
    for (const kernel::Event& event : news) {
      const auto* sent = std::get_if<kernel::LetterSent>(&event.body);
      if (!sent) continue;
      const pack::Role* role = type.find_role(sent->to_role);
      const std::string unit = sent->to_unit.empty() ? std::string() : unit_name(sent->to_unit, day);
      const bool party = role && role->relation == pack::RoleRelation::party;
      if (sent->letter == letter && (to == sent->to_role || (role && to == role->title) ||
                                     (!unit.empty() && to == unit) || (party && to == "来电人")))
        return;
      found.push_back(sent->letter + " → " + (unit.empty() ? (role ? role->title : sent->to_role) : unit));
    }
    differ(source, "sent " + letter, to, found.empty() ? "nothing" : join(found, "、"));
  }

  void check_assigned(const std::string& name, const std::vector<std::string>& units, const CaseState& state, Date day,
                      const pack::Source& source) {
    std::multiset<std::string> found;
    for (const kernel::Assignment& assignment : state.assignments) {
      if (assignment.active() && assignment.name == name) found.insert(unit_name(assignment.unit, day));
    }
    std::multiset<std::string> expected;
    for (const std::string& unit : units) {
      if (unit != "none") expected.insert(unit_name(unit, day));  // an id becomes its name, a name stays
    }
    bool same = expected == found;
    if (!same && !expected.empty()) {  // chains hold several at once; the current one may be meant
      const kernel::Assignment* now = state.current(name);
      same = expected.size() == 1 && now && unit_name(now->unit, day) == *expected.begin();
    }
    if (!same)
      differ(source, "assigned " + name, join({expected.begin(), expected.end()}, "、"),
             join({found.begin(), found.end()}, "、"));
  }

  std::string shown(const Value& value, const pack::Field* field, Date day) const {
    if (value.kind() == Value::Kind::list) {
      std::vector<std::string> parts;
      for (const Value& element : value.as_list()) parts.push_back(shown(element, field, day));
      return join(parts, "、");
    }
    if (field && value.kind() == Value::Kind::text) {
      if (field->kind == pack::FieldKind::entry) return registers()->name_of(field->reg, value.as_text(), day);
      for (const auto& [id, label] : field->values) {
        if (id == value.as_text()) return label;
      }
      if (field->kind == pack::FieldKind::yes_no)
        return value.as_text() == "yes" || value.as_text() == "是" ? "是" : "否";
      if (field->kind == pack::FieldKind::limit) {
        if (const auto limit = pack::parse_limit(value.as_text())) return pack::to_text(*limit);
      }
      if (field->kind == pack::FieldKind::instant) {
        if (const Result<Instant> instant = parse_instant(value.as_text()); instant.ok())
          return to_minutes_text(*instant);
      }
    }
    if (field && field->kind == pack::FieldKind::limit) {
      if (const auto limit = pack::limit_of(value)) return pack::to_text(*limit);
    }
    return value.to_plain_text();
  }

  void check_field(const std::string& name, const Value& expected, const CaseState& state, const pack::CaseType& type,
                   Date day, const pack::Source& source) {
    const pack::Field* field = type.find_field(name);
    const kernel::FieldValue* value = kernel::find_value(state.fields, name);
    std::string found = Value().to_plain_text();
    if (value && value->is_sealed())
      found = world_.engine->unseal(state, *value).value_or("");
    else if (value)
      found = shown(value->plain, field, day);
    std::string wanted = shown(expected, field, day);
    if (wanted == "none") wanted = Value().to_plain_text();
    if (wanted != found) differ(source, "field " + name, wanted, found);
  }

  void check_basis(const std::vector<std::string>& clauses, const std::vector<kernel::Event>& news,
                   const pack::Source& source) {
    std::set<std::string> found;
    for (const kernel::Event& event : news) {
      for (const pack::Basis& basis : bases_of(event)) {
        if (!basis.clause.empty()) found.insert(basis.clause);
      }
    }
    for (const std::string& clause : clauses) {
      const size_t space = clause.rfind(' ');  // "民法典 第二百零三条"
      const std::string own = space == std::string::npos ? clause : clause.substr(space + 1);
      if (!found.contains(clause) && !found.contains(own))
        differ(source, "basis", clause, join({found.begin(), found.end()}, "、"));
    }
  }

  static bool is_late(const CaseState& state, const std::string& name) {
    const kernel::Clock* clock = state.last_clock(name);
    return clock && clock->late;
  }

  static std::string status_of(const CaseState& state, const std::string& name) {
    const kernel::Clock* clock = state.last_clock(name);
    if (!clock) return "never started";
    switch (clock->status) {
      case kernel::ClockStatus::running:
        return "running";
      case kernel::ClockStatus::paused:
        return "paused";
      case kernel::ClockStatus::claimed:
        return "claimed";
      default:
        return "over";
    }
  }

  void check_opened(const std::vector<std::string>& types, const std::vector<kernel::Event>& news,
                    const pack::Source& source) {
    std::multiset<std::string> found;
    for (const kernel::Event& event : news) {
      if (const auto* link = std::get_if<kernel::Linked>(&event.body); link && link->inverse)
        found.insert(link->other_type);
    }
    std::multiset<std::string> rest = found;
    for (const std::string& type : types) {
      const auto it = rest.find(type);
      if (it == rest.end())
        differ(source, "opened", type,
               (found.empty() ? "nothing" : join({found.begin(), found.end()}, "、")) + refused_reactions());
      else
        rest.erase(it);
    }
  }

  // Why something did not follow.
  std::string refused_reactions() const {
    std::string text;
    const auto records = world_.store.list_records("failed_reaction");
    if (records.ok()) {
      for (const store::Record& record : *records) text += "; refused: " + record.body;
    }
    return text;
  }

  // --- views ---

  void look(const pack::ScenarioView& view) {
    const auto state = current();
    if (!state) return differ(view.source, "view", "a case", "no case was opened");
    const Date day = local_date(world_.engine->now());
    const std::optional<kernel::Actor> actor = resolve(view.who, day);
    if (!actor) return differ(view.source, "who", view.who.text, "the world knows no such person");
    const pack::Pack* pack = world_.engine->pack_of(*state);
    const pack::CaseType* type = pack->find_case(state->type);
    const auto book = registers();
    const std::vector<kernel::RoleHit> roles = kernel::roles_of(*actor, state.get(), *type, *book, day);
    const bool sees = kernel::may_see(roles, *state, *type);
    if (view.sees_nothing) {
      if (sees) differ(view.source, view.who.text, "sees nothing", "may see the case");
      return;
    }
    if (!sees) return differ(view.source, view.who.text, "sees the case", "sees nothing");
    const std::vector<std::string> groups = kernel::visible_groups(roles, *state, *type);
    const auto visible = [&](const std::string& id) {
      const pack::Field* field = type->find_field(id);
      return std::find(groups.begin(), groups.end(), field ? field->group : id) != groups.end();
    };
    for (const std::string& field : view.sees) {
      if (!visible(field)) differ(view.source, view.who.text, "sees " + field, "does not see it");
    }
    for (const std::string& field : view.not_sees) {
      if (visible(field)) differ(view.source, view.who.text, "does not see " + field, "sees it");
    }
  }

  // --- examples: rows of dates and facts, decided by the clock's own table and counted by the calendar ---

  void check_example(const pack::ScenarioExample& example) {
    const pack::CaseType* type = held_pack_->find_case(case_type_);
    if (!type || !example.at) return differ(example.source, "example", "a case type and `at`", "one is missing");
    for (const auto& [clock, expected] : example.due) {
      const pack::ClockDef* def = type->find_clock(clock);
      if (clock.empty()) {
        const auto first = std::find_if(type->clocks.begin(), type->clocks.end(), [](const pack::ClockDef& one) {
          return one.type == pack::ClockType::deadline;
        });
        def = first == type->clocks.end() ? nullptr : &*first;
      }
      if (!def) {
        differ(example.source, "example", clock, "no such clock");
        continue;
      }
      const std::string what = "example due " + def->id + (example.why.empty() ? "" : " (" + example.why + ")");
      std::string trouble = "no limit comes out";
      const std::optional<pack::Limit> limit = limit_of(*def, *type, example, trouble);
      if (!limit) {
        if (expected != "none") differ(example.source, what, expected, trouble);
        continue;
      }
      const Result<calendar::Counted> counted =
          calendar::count(calendar_->known_on(local_date(*example.at)), *example.at, limit->unit, limit->n, def->kind);
      if (!counted.ok()) {
        differ(example.source, what, expected, counted.error().message);
        continue;
      }
      const Result<Date> date = parse_date(expected);
      const Result<Instant> instant = parse_instant(expected);
      const bool same = (date.ok() && counted->due_on == *date) || (instant.ok() && counted->due_at == *instant);
      if (!same)
        differ(example.source, what, expected,
               instant.ok() && !date.ok() ? to_minutes_text(counted->due_at) : to_text(counted->due_on));
    }
  }

  std::optional<pack::Limit> limit_of(const pack::ClockDef& def, const pack::CaseType& type,
                                      const pack::ScenarioExample& example, std::string& trouble) const {
    if (def.limit) return def.limit;
    if (!def.limit_parameter.empty()) {
      const pack::Parameter* parameter = held_pack_->find_parameter(
          def.limit_parameter.starts_with("param.") ? def.limit_parameter.substr(6) : def.limit_parameter);
      if (!parameter) return std::nullopt;
      return parameter->value.kind() == Value::Kind::text ? pack::parse_limit(parameter->value.as_text())
                                                          : pack::limit_of(parameter->value);
    }
    const size_t dot = def.limit_decision.find('.');
    const std::string decision = def.limit_decision.substr(0, dot);
    const std::string output = dot == std::string::npos ? "limit" : def.limit_decision.substr(dot + 1);
    const auto decides = [&](const pack::Action& action) { return action.decisions.contains(decision); };
    const auto found = std::find_if(type.actions.begin(), type.actions.end(), decides);
    const pack::Action* action = found != type.actions.end() ? &*found : decides(type.open) ? &type.open : nullptr;
    if (!action) return std::nullopt;
    std::vector<Value> slots;
    const auto value_of = [&](const std::string& name) -> Value {
      for (const auto& [key, value] : example.values) {
        if (key != name) continue;
        const pack::Field* field = type.find_field(name);
        if (!field) {
          const auto form = std::find_if(action->form.begin(), action->form.end(),
                                         [&](const pack::Field& f) { return f.id == name; });
          if (form != action->form.end()) field = &*form;
        }
        if (!field) return value;
        if (field->kind == pack::FieldKind::limit && value.kind() == Value::Kind::text) {
          const auto limit = pack::parse_limit(value.as_text());
          return limit ? pack::to_value(*limit) : Value();
        }
        if (field->kind == pack::FieldKind::yes_no && value.kind() == Value::Kind::text)
          return Value::of(value.as_text() == "yes");
        const Result<Value> coerced = feel::coerce(value, pack::type_of(*field));
        return coerced.ok() ? *coerced : value;
      }
      return {};
    };
    for (const pack::Action::Variable& variable : action->variables) {
      switch (variable.kind) {
        case pack::Action::Variable::Kind::field:
          slots.push_back(value_of(variable.name));
          break;
        case pack::Action::Variable::Kind::form: {
          feel::Context form;
          for (const pack::Field& field : action->form) form.emplace_back(field.id, value_of(field.id));
          slots.push_back(Value::context(std::move(form)));
          break;
        }
        case pack::Action::Variable::Kind::parameters: {
          feel::Context parameters;
          for (const pack::Parameter& parameter : held_pack_->parameters)
            parameters.emplace_back(parameter.id, parameter.value);
          slots.push_back(Value::context(std::move(parameters)));
          break;
        }
        default:
          slots.emplace_back();
      }
    }
    feel::EvalContext eval;
    eval.now = *example.at;
    const dmn::Decision decided = dmn::evaluate(action->decisions.at(decision), slots, eval);
    if (decided.status == dmn::Decision::Status::failed)
      trouble = decided.error;
    else if (!decided.missing.empty())
      trouble = "missing: " + join(decided.missing, ", ");
    if (decided.outputs.kind() != Value::Kind::context) return pack::limit_of(decided.outputs);
    if (auto limit = pack::limit_of(decided.outputs.get(output))) return limit;
    return decided.outputs.as_context().size() == 1 ? pack::limit_of(decided.outputs.as_context().front().second)
                                                    : std::nullopt;
  }

  std::shared_ptr<const pack::Pack> held_pack_;
  std::shared_ptr<const calendar::Editions> calendar_;
  ScenarioResult& result_;
  const bool story_;
  engine::Config config_;
  World world_;
  std::string case_type_;
  Id acted_on_;
  bool is_given_ = false;
};

}  // namespace

ScenarioRunner::ScenarioRunner(std::shared_ptr<const pack::Library> packs, std::shared_ptr<const pack::Pack> pack,
                               std::shared_ptr<const calendar::Editions> calendar)
    : packs_(std::move(packs)), pack_(std::move(pack)), calendar_(std::move(calendar)) {}

ScenarioResult ScenarioRunner::run(const Scenario& scenario, const std::vector<Scenario>& all, bool story) const {
  ScenarioResult result;
  result.name = scenario.name;
  result.source = scenario.source;
  result.shows = scenario.shows;
  Player(packs_, pack_, calendar_, result, story).play(scenario, all);
  return result;
}

std::string to_text(const Difference& difference) {
  return difference.source.file + ":" + std::to_string(difference.source.line) + ": " + difference.what +
         ": expected " + difference.expected + ", found " + difference.found;
}

}  // namespace tongban::facility
