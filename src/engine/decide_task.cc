// From a task to steps of the batch: makes the kernel's command out of what was asked (ids, numbers, sealed values, the
// edition in force), lets decide speak, and turns its events into one transaction.
#include <algorithm>
#include <chrono>

#include "base/text.h"
#include "engine/decide_parts.h"
#include "engine/sealing.h"

namespace tongban::engine {
namespace {

using kernel::CaseState;
using kernel::Command;
using kernel::Decided;
using kernel::Rejection;
using kernel::RejectionCode;
using kernel::Verdict;

constexpr size_t kMaxTimersOfOneCase = 64;  // fired before one command; more are left to the scheduler
constexpr size_t kTrackingCharacters = 10;  // of 5 bits each
constexpr size_t kMaxAppends = 8;           // streams of one transaction (Store)

// Events after the first of a command leave out what they share with it.
bool continues(const kernel::Envelope& a, const kernel::Envelope& b) {
  return a.stream == b.stream && a.command == b.command && a.happened_at == b.happened_at &&
         a.recorded_at == b.recorded_at && a.actor == b.actor && a.imported == b.imported && a.cause == b.cause;
}

std::vector<std::string> encode_events(const std::vector<kernel::Event>& events) {
  std::vector<std::string> bytes;
  bytes.reserve(events.size());
  for (size_t i = 0; i < events.size(); ++i) {
    bytes.push_back(kernel::encode(events[i], i > 0 && continues(events[i - 1].envelope, events[i].envelope)));
  }
  return bytes;
}

void merge(store::ViewChanges& into, store::ViewChanges&& from) {
  const auto move_all = [](auto& a, auto& b) {
    a.insert(a.end(), std::make_move_iterator(b.begin()), std::make_move_iterator(b.end()));
  };
  move_all(into.cases, from.cases);
  move_all(into.inboxes, from.inboxes);
  move_all(into.clocks, from.clocks);
  move_all(into.registers, from.registers);
  move_all(into.person_hashes_removed, from.person_hashes_removed);
  move_all(into.person_hashes, from.person_hashes);
  move_all(into.search, from.search);
}

bool is_blank(const feel::Value& value) {
  return value.is_null() || (value.kind() == feel::Value::Kind::text && trim(value.as_text()).empty());
}

bool has_personal_field(const std::vector<pack::Field>& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const pack::Field& field) { return field.personal; });
}
bool needs_person(const pack::CaseType& type) {
  return !type.party_phone.empty() || has_personal_field(type.fields) || has_personal_field(type.open.form) ||
         std::any_of(type.actions.begin(), type.actions.end(),
                     [](const pack::Action& action) { return has_personal_field(action.form); });
}

std::string six_digits(int64_t serial) {
  std::string digits = std::to_string(serial);
  return digits.size() < 6 ? std::string(6 - digits.size(), '0') + digits : digits;
}

// The edition of that pack in force on the day; for imports the nearest one, as if it were in force.
std::shared_ptr<const pack::Pack> edition_in_force(const pack::Library& library, std::string_view id, Date day,
                                                   bool imported) {
  std::shared_ptr<const pack::Pack> found, first, last;
  for (const auto& pack : library.packs) {
    if (pack->id != id) continue;
    const bool begun = !pack->in_force_from || *pack->in_force_from <= day;
    const bool ended = pack->in_force_until && *pack->in_force_until < day;
    if (begun && !ended) found = pack;
    if (!first) first = pack;
    if (begun) last = pack;
  }
  if (found || !imported) return found;
  return last ? last : first;
}

// What a new case of `type` keeps the other from. The kind may be declared with either of the two case types.
std::vector<std::string> holds_of(const pack::Pack& pack, const pack::CaseType& type,
                                  const kernel::OpenCase::Link& link) {
  const auto find_in = [&](const pack::CaseType& one) -> const pack::LinkKind* {
    const auto kind = std::find_if(one.links.begin(), one.links.end(), [&](const pack::LinkKind& k) {
      return k.id == link.kind && k.to == link.other_type;
    });
    return kind == one.links.end() ? nullptr : &*kind;
  };
  if (const pack::LinkKind* kind = find_in(type)) return kind->holds;
  for (const pack::CaseType& other : pack.cases) {
    if (const pack::LinkKind* kind = find_in(other)) return kind->holds;
  }
  return {};
}

Change change_of(const std::vector<kernel::Event>& events, const CaseState& after) {
  Change change;
  change.case_id = after.id;
  change.type = pack_id_of(after.pack) + "/" + after.type;
  change.number = after.number;
  change.state = after.state;
  change.version = after.version;
  change.what = std::string(kernel::name_of(events.front().body));
  for (const kernel::Event& event : events) {
    if (const auto* act = std::get_if<kernel::ActionTaken>(&event.body)) {
      change.what = act->action;
      break;
    }
    if (std::holds_alternative<kernel::ClockExpired>(event.body) ||
        std::holds_alternative<kernel::ClockRecomputed>(event.body)) {
      change.what = "clock";
      break;
    }
  }
  return change;
}

}  // namespace

Id register_stream(std::string_view reg) {
  const Hash hash = sha256("register:" + std::string(reg));
  Id id = id_from_bytes(view_of(hash).substr(0, 16));
  id.bytes[6] = static_cast<uint8_t>((id.bytes[6] & 0x0f) | 0x80);  // version 8: made by hashing
  id.bytes[8] = static_cast<uint8_t>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

// The kernel's own sentence, so that "not there" and "not yours" look the same.
Rejection Writer::case_not_found(const Batch& batch) const {
  CHECK(!config_.packs->packs.empty());
  Command command;
  command.body = kernel::AddNote{};
  Verdict verdict = kernel::decide(nullptr, command, context(batch, *config_.packs->packs.front(), now()));
  CHECK(std::holds_alternative<Rejection>(verdict));
  return std::get<Rejection>(std::move(verdict));
}

Result<StatePtr> Writer::state_of(Batch& batch, const Id& id) const {
  for (const Batch* one = &batch; one; one = one->under) {
    if (const auto it = one->states.find(id); it != one->states.end()) return it->second;
  }
  return find_state(id);
}

kernel::Context Writer::context(const Batch& batch, const pack::Pack& pack, Instant at) const {
  kernel::Context context;
  context.pack = &pack;
  context.calendar = &calendar_->known_on(local_date(at));
  context.registers = batch.registers.get();
  context.grace_ms = config_.grace_ms;
  return context;
}

ProjectionContext Writer::projection(const pack::Pack& pack, const kernel::Registers& registers) const {
  ProjectionContext context;
  context.pack = &pack;
  context.registers = &registers;
  context.grace_ms = config_.grace_ms;
  context.phone_hash = [this, &pack](const CaseState& state) -> std::optional<Hash> {
    const pack::CaseType* type = pack.find_case(state.type);
    const kernel::FieldValue* phone = type ? kernel::find_value(state.fields, type->party_phone) : nullptr;
    if (!phone) return std::nullopt;
    const std::optional<feel::Value> value =
        phone->is_sealed() ? unseal(state.id, state.person, phone->sealed) : phone->plain;
    if (!value || value->kind() != feel::Value::Kind::text || phone_digits(value->as_text()).empty())
      return std::nullopt;
    return phone_hash(value->as_text());
  };
  return context;
}

size_t Writer::push(Batch& batch, Step step) {
  batch.steps.push_back(std::move(step));
  return batch.steps.size() - 1;
}

void Writer::add_decided(Batch& batch, Step& step, const StatePtr& before, Decided& decided, uint32_t depth,
                         const pack::Pack& pack, const std::optional<Hash>& phone_hash) {
  CHECK(!decided.events.empty());
  auto after = std::make_shared<const CaseState>(std::move(decided.state));
  CHECK(after->version == (before ? before->version : 0) + decided.events.size());
  step.transaction.appends.push_back({after->id, before ? before->version : 0, encode_events(decided.events)});
  const pack::Pack* now_pack = pack_by_key(after->pack);
  ProjectionContext around = projection(now_pack ? *now_pack : pack, *batch.registers);
  if (phone_hash) around.phone_hash = [&phone_hash](const CaseState&) { return phone_hash; };
  merge(step.transaction.views, project(before.get(), *after, around));
  add_consequences(step, decided, after, depth);
  step.changes.push_back(change_of(decided.events, *after));
  step.before.push_back(before);
  step.after.push_back(after);
  batch.states[after->id] = after;
}

void Writer::add_consequences(Step& step, const Decided& decided, const StatePtr& after, uint32_t depth) {
  const kernel::Envelope& envelope = decided.events.front().envelope;
  if (envelope.imported || !config_.messages) return;
  const auto add_row = [&](std::string_view kind, std::string body) {
    store::OutboxRow row;
    row.id = make_id(envelope.recorded_at);
    row.case_id = after->id;
    row.kind = std::string(kind);
    row.body = std::move(body);
    row.not_before = envelope.recorded_at;
    step.transaction.outbox.push_back(std::move(row));
  };
  // Messages of an act that can be taken back wait until its time is over, and the grace that late receipts have.
  std::optional<Instant> held_until;
  for (const kernel::Event& event : decided.events) {
    if (const auto* held = std::get_if<kernel::LettersHeld>(&event.body))
      held_until = held->until.plus_ms(config_.grace_ms);
  }
  uint32_t index = 0;
  const auto add_reaction = [&](Reaction::Kind kind, kernel::FollowUp follow_up) {
    Reaction reaction;
    reaction.kind = kind;
    reaction.follow_up = std::move(follow_up);
    reaction.cause = envelope.command;
    reaction.cause_case = after->id;
    reaction.index = index++;
    reaction.depth = depth + 1;
    add_row(kReaction, encode_reaction(reaction));
  };
  for (const kernel::FollowUp& follow_up : decided.follow_ups) {
    add_reaction(follow_up.subject.is_nil() ? Reaction::Kind::open : Reaction::Kind::act, follow_up);
  }
  for (const kernel::Event& event : decided.events) {
    if (const auto* letter = std::get_if<kernel::LetterSent>(&event.body); letter && config_.deliverer) {
      add_row(kMessage, encode_message({after->id, event.envelope.version, letter->letter, letter->channel,
                                        letter->to_role, letter->to_unit}));
      if (held_until) step.transaction.outbox.back().not_before = *held_until;
    }
    if (!std::holds_alternative<kernel::CaseClosed>(event.body)) continue;
    // What a closed case kept others from is free again.
    for (const kernel::LinkState& link : after->links) {
      if (link.inverse) continue;
      kernel::FollowUp release;
      release.rule = "release_hold";
      release.subject = link.other;
      release.happened_at = event.envelope.happened_at;
      add_reaction(Reaction::Kind::release, std::move(release));
    }
  }
}

// --- timers ---

Result<bool> Writer::fire(Batch& batch, const Id& case_id, uint32_t clock_no, Instant received_at, bool imported) {
  StatePtr state = TRY(state_of(batch, case_id));
  if (!state || clock_no == 0 || clock_no > state->clocks.size()) return false;
  const pack::Pack* pack = pack_by_key(state->pack);
  if (!pack)
    return fail(Trouble::unavailable,
                "The pack edition " + state->pack + " of case " + state->number + " is not loaded.");
  const kernel::Clock& clock = state->clocks[clock_no - 1];
  if (!clock.due_at()) return false;
  const Instant due = *clock.due_at();
  const std::string name = clock.name;
  const auto command = [&](kernel::CommandBody body) {
    Command command;
    command.id = make_id(received_at);
    command.case_id = case_id;
    command.actor = system_actor();
    command.received_at = received_at;
    command.happened_at = due;  // the legal moment: a late scheduler loses no day
    command.imported = imported;
    command.body = std::move(body);
    return command;
  };
  const kernel::Context around = context(batch, *pack, imported ? due : received_at);
  Verdict verdict = kernel::decide(state.get(), command(kernel::ExpireClock{clock_no}), around);
  if (std::holds_alternative<Rejection>(verdict)) return false;
  Step step;
  add_decided(batch, step, state, std::get<Decided>(verdict), 0, *pack);
  push(batch, std::move(step));

  const pack::CaseType* type = pack->find_case(state->type);
  CHECK(type != nullptr);
  for (const pack::Action& action : type->actions) {
    if (!action.by_timer || action.timer_clock != name) continue;
    state = TRY(state_of(batch, case_id));
    if (std::find(action.from.begin(), action.from.end(), state->state) == action.from.end()) continue;
    kernel::TakeAction take;
    take.action = action.id;
    const Command act = command(std::move(take));
    Verdict taken = kernel::decide(state.get(), act, around);
    Step acted;
    if (auto* decided = std::get_if<Decided>(&taken)) {
      add_decided(batch, acted, state, *decided, 0, *pack);
      TRY(link_back(batch, acted, decided->events, act));
    } else {
      Reaction reaction;
      reaction.follow_up.rule = action.id;
      reaction.follow_up.subject = case_id;
      reaction.cause = act.id;
      reaction.cause_case = case_id;
      fail_reaction(acted, reaction, std::get<Rejection>(taken), received_at);
    }
    push(batch, std::move(acted));
  }
  return true;
}

Result<void> Writer::fire_due(Batch& batch, const Id& case_id, Instant at, Instant received_at, bool imported) {
  for (size_t i = 0; i < kMaxTimersOfOneCase; ++i) {
    const StatePtr state = TRY(state_of(batch, case_id));
    if (!state) return {};
    // Without grace: what was due before receipt is over, whatever the scheduler waits for.
    const std::vector<uint32_t> due = kernel::due_timers(*state, at, 0);
    if (due.empty()) return {};
    if (!TRY(fire(batch, case_id, due.front(), received_at, imported))) return {};
  }
  return {};
}

Result<Decision> Writer::decide_timer(Batch& batch, const Task::Timer& timer, Instant at) {
  const StatePtr state = TRY(state_of(batch, timer.case_id));
  if (!state) return Decision{};
  const std::vector<uint32_t> due =
      kernel::due_timers(*state, at.plus_ms(1), config_.grace_ms);  // wakes at its instant
  if (std::find(due.begin(), due.end(), timer.clock) == due.end()) {
    // An earlier task of this batch may have settled it; otherwise the row is stale and is written anew.
    if (batch.states.contains(timer.case_id)) return Decision{};
    const pack::Pack* pack = pack_by_key(state->pack);
    if (!pack || !stuck_.insert({timer.case_id, timer.clock}).second) return Decision{};
    Step step;
    step.transaction.views.clocks.push_back({state->id, clocks_of(*state, config_.grace_ms)});
    push(batch, std::move(step));
    return Decision{};
  }
  if (!TRY(fire(batch, timer.case_id, timer.clock, at, false))) stuck_.insert({timer.case_id, timer.clock});
  return Decision{};
}

Result<Decision> Writer::decide_recompute(Batch& batch, const Task::Recompute& recompute, Instant at) {
  const StatePtr state = TRY(state_of(batch, recompute.case_id));
  const pack::Pack* pack = state ? pack_by_key(state->pack) : nullptr;
  if (!pack) return Decision{};
  Command command;
  command.id = make_id(at);
  command.case_id = recompute.case_id;
  command.actor = system_actor();
  command.received_at = at;
  command.body = kernel::RecomputeClock{recompute.clock};
  Verdict verdict = kernel::decide(state.get(), command, context(batch, *pack, at));
  auto* decided = std::get_if<Decided>(&verdict);
  if (!decided || decided->events.empty()) return Decision{};  // the notice changes nothing for it
  Step step;
  add_decided(batch, step, state, *decided, 0, *pack);
  Decision decision;
  decision.step = push(batch, std::move(step));
  return decision;
}

// --- opening ---

Result<std::vector<kernel::FormValue>> Writer::seal_form(const std::vector<std::pair<std::string, feel::Value>>& form,
                                                         const pack::Action& action, const Id& case_id,
                                                         const std::optional<Key>& key, bool& unsealable) const {
  std::vector<kernel::FormValue> values;
  for (const auto& [name, plain] : form) {
    kernel::FormValue value{name, plain, {}};
    const auto field =
        std::find_if(action.form.begin(), action.form.end(), [&](const pack::Field& f) { return f.id == name; });
    if (field != action.form.end() && field->personal && !is_blank(plain)) {
      if (key)
        value.sealed = seal_value(*key, case_id, name, plain);
      else
        unsealable = true;
    }
    values.push_back(std::move(value));
  }
  return values;
}

Result<void> Writer::link_back(Batch& batch, Step& step, const std::vector<kernel::Event>& events,
                               const Command& command) {
  Result<void> written = write_other_ends(batch, step, events, command);
  if (written.ok()) return written;
  for (size_t i = step.after.size(); i-- > 0;) {  // what is never committed must not stand as the state
    if (step.before[i])
      batch.states[step.after[i]->id] = step.before[i];
    else
      batch.states.erase(step.after[i]->id);
  }
  return written;
}

Result<void> Writer::write_other_ends(Batch& batch, Step& step, const std::vector<kernel::Event>& events,
                                      const Command& command) {
  const StatePtr own = step.after.front();
  for (const kernel::Event& event : events) {
    const auto* made = std::get_if<kernel::Linked>(&event.body);
    const auto* ended = std::get_if<kernel::LinkEnded>(&event.body);
    if ((!made || made->inverse) && (!ended || ended->inverse)) continue;
    const Id target = made ? made->other : ended->other;
    const StatePtr other = TRY(state_of(batch, target));
    CHECK(other != nullptr);
    const pack::Pack* pack = pack_by_key(other->pack);
    if (!pack)
      return fail(Trouble::unavailable, "The pack edition " + other->pack + " of the linked case is not loaded.");
    Command add = command;
    add.case_id = target;
    add.actor = system_actor();
    add.expected_version.reset();
    if (made) {
      add.body = kernel::AddLink{{.kind = made->kind,
                                  .inverse = true,
                                  .other = own->id,
                                  .other_number = own->number,
                                  .other_type = own->type,
                                  .holds = made->holds}};
    } else {
      add.body = kernel::EndLink{{.kind = ended->kind, .inverse = true, .other = own->id}};
    }
    Verdict verdict = kernel::decide(other.get(), add, context(batch, *pack, command.received_at));
    if (auto* decided = std::get_if<Decided>(&verdict))
      add_decided(batch, step, other, *decided, 0, *pack);
    else
      return fail(Trouble::conflict, std::get<Rejection>(verdict).sentence);
  }
  return {};
}

Result<StatePtr> Writer::other_of(Batch& batch, const pack::Action& action, const Request& request, Instant at) const {
  if (action.other.field.empty()) return StatePtr();
  for (const auto& [name, value] : request.form) {
    if (name != action.other.field || value.kind() != feel::Value::Kind::text) continue;
    const std::string text(trim(value.as_text()));
    if (text.empty() || text.size() > 64) return StatePtr();
    std::optional<Id> id = parse_id(text);
    if (!id) {
      if (const auto row = TRY(config_.store->find_case_by_number(text))) id = row->case_id;
    }
    const StatePtr other = id ? TRY(state_of(batch, *id)) : StatePtr();
    const pack::Pack* pack = other ? pack_by_key(other->pack) : nullptr;
    const pack::CaseType* type = pack ? pack->find_case(other->type) : nullptr;
    if (!type) return StatePtr();
    if (request.actor.kind == kernel::Actor::Kind::caller) {
      const StatePtr own = TRY(state_of(batch, request.case_id));
      if (!own || own->person.is_nil() || own->person != other->person) return StatePtr();
    }
    const auto roles = kernel::roles_of(request.actor, other.get(), *type, *batch.registers, local_date(at));
    return kernel::may_see(roles, *other, *type) ? other : StatePtr();
  }
  return StatePtr();
}

Result<Writer::Opened> Writer::open_case(Batch& batch, const Opening& opening) {
  const Instant at = opening.happened_at.value_or(opening.received_at);
  const std::string pack_id = pack_id_of(opening.pack);
  const auto refused = [](Rejection why) { return Opened{std::move(why), {}, {}}; };
  const std::shared_ptr<const pack::Pack> pack =
      edition_in_force(*config_.packs, pack_id, local_date(at), opening.imported);
  if (!pack) {
    const auto known = config_.packs->find(pack_id);
    if (!known) return refused(rejection(RejectionCode::not_found, "没有这项业务。", "请从业务列表中选择。"));
    return refused(rejection(RejectionCode::wrong_state,
                             "《" + known->title + "》在 " + to_text(local_date(at)) + " 没有施行，不能按它办理。",
                             "请核对日期，或者选择现行的业务。"));
  }
  const pack::CaseType* type = pack->find_case(opening.type);
  if (!type) return refused(rejection(RejectionCode::not_found, "没有这项业务。", "请从业务列表中选择。"));
  if (opening.links.size() + 1 > kMaxAppends) {
    return refused(
        rejection(RejectionCode::invalid_form, "一次最多关联 " + std::to_string(kMaxAppends - 1) + " 个办件。"));
  }

  Command command;
  command.id = make_id(opening.received_at);
  command.case_id = make_id(opening.received_at);
  command.actor = opening.actor;
  command.received_at = opening.received_at;
  command.happened_at = opening.happened_at;
  command.cause = opening.cause;
  command.imported = opening.imported;

  kernel::OpenCase open;
  open.pack = pack->id;
  open.type = type->id;
  open.channel = opening.channel;
  open.links = opening.links;
  for (kernel::OpenCase::Link& link : open.links) {
    const StatePtr other = TRY(state_of(batch, link.other));
    if (!other) return refused(case_not_found(batch));
    link.other_number = other->number;
    link.other_type = other->type;
    if (link.holds.empty()) link.holds = holds_of(*pack, *type, link);
  }

  std::optional<Key> key;
  std::optional<Hash> hash;
  if (needs_person(*type)) {
    for (const auto& [name, value] : opening.form) {
      if (name != type->party_phone || value.kind() != feel::Value::Kind::text) continue;
      if (!phone_digits(value.as_text()).empty()) hash = phone_hash(value.as_text());
    }
    if (hash) {
      for (const Batch* one = &batch; one && !key; one = one->under) {
        const auto it = one->persons.find(*hash);
        if (it == one->persons.end()) continue;
        open.person = it->second;
        key = TRY(config_.keys->find_key(open.person));
      }
      if (!key) {
        for (const store::PersonHashRow& row : TRY(config_.store->find_person(*hash))) {
          key = TRY(config_.keys->find_key(row.person));  // nothing: that person was erased, this is a new one
          if (!key) continue;
          open.person = row.person;
          break;
        }
      }
    }
    if (!key) {
      const store::KeyStore::PersonKey fresh = TRY(config_.keys->take_key());
      open.person = fresh.person;
      key = fresh.key;
    }
  }
  bool unsealable = false;
  open.form = TRY(seal_form(opening.form, type->open, command.case_id, key, unsealable));
  CHECK(!unsealable);

  const int32_t year = local_date(at).civil().year;
  const std::string counter = "number/" + pack->id + "/" + type->id + "/" + std::to_string(year);
  int64_t serial = 0;
  if (const auto stored = counters_.find(counter); stored != counters_.end()) serial = stored->second;
  for (const Batch* one = &batch; one; one = one->under) {
    const auto it = one->counters.find(counter);
    if (it != one->counters.end()) serial = std::max(serial, it->second);
  }
  ++serial;
  open.number =
      replace_all(replace_all(type->number_pattern, "{year}", std::to_string(year)), "{serial}", six_digits(serial));

  Opened opened;
  if (type->tracking == "yes" && opening.actor.kind != kernel::Actor::Kind::system && !opening.imported) {
    opened.tracking_code = random_code(kTrackingCharacters);
    open.tracking_hash = to_hex(view_of(sha256(normal_code(opened.tracking_code))));
  }

  command.body = open;
  const StatePtr other = opening.other ? TRY(state_of(batch, *opening.other)) : StatePtr();
  kernel::Context around = context(batch, *pack, opening.imported ? at : opening.received_at);
  around.other = other.get();
  Verdict verdict = kernel::decide(nullptr, command, around);
  if (auto* why = std::get_if<Rejection>(&verdict)) return refused(std::move(*why));
  Step step;
  Decided& decided = std::get<Decided>(verdict);
  add_decided(batch, step, nullptr, decided, opening.depth, *pack, hash);
  opened.events = std::move(decided.events);
  if (const Result<void> linked = link_back(batch, step, opened.events, command); !linked.ok()) {
    if (linked.error().trouble != Trouble::conflict) return Error(linked.error());
    return refused(rejection(RejectionCode::wrong_state, linked.error().message));
  }
  if (!type->number_pattern.empty()) {
    batch.counters[counter] = serial;
    step.transaction.counters.emplace_back(counter, serial);
  }
  if (hash) batch.persons[*hash] = open.person;
  opened.result = std::move(step);
  return opened;
}

// --- requests ---

void Writer::complete(Step& step, Task::Ask& ask, Accepted accepted) {
  const Request& request = ask.request;
  for (store::AuditRow row : request.audit) {
    if (row.case_id.is_nil()) row.case_id = accepted.case_id;
    step.transaction.audit.push_back(std::move(row));
  }
  for (const store::Record& record : request.records) step.transaction.records.push_back(record);
  if (request.mark) step.transaction.records.push_back(request.mark(accepted));
  if (request.imported) {
    const std::string id = to_text(accepted.case_id);
    if (request.ends_history)
      step.transaction.records_removed.emplace_back(kHistoryRecord, id);
    else if (std::holds_alternative<Request::Open>(request.what))
      step.transaction.records.push_back({std::string(kHistoryRecord), id, {}});
  }
  if (request.idempotency) {
    store::IdempotencyRow row;
    row.actor = request.idempotency->actor;
    row.key = request.idempotency->key;
    row.body_hash = request.idempotency->body_hash;
    row.at = request.received_at.value_or(now());
    std::string response;
    if (ask.render) std::tie(row.status, response) = ask.render(accepted);
    // Sealed: the answer to an opening holds the secret code.
    row.response = seal(idempotency_key_, response, row.actor + '\n' + row.key);
    step.transaction.idempotency = std::move(row);
  }
  step.accepted = std::move(accepted);
}

Result<Decision> Writer::decide_known_key(Batch& batch, const Request& request, bool look_up) {
  Decision decision;
  if (!request.idempotency) return decision;
  const Request::Idempotency& asked = *request.idempotency;
  if (const auto it = batch.idempotency.find({asked.actor, asked.key}); it != batch.idempotency.end()) {
    // Both answers rest on the earlier request: if the commit refuses that one, this one is asked again too.
    if (it->second.first != asked.body_hash) decision.reply = Reply{IdempotencyFault::other_body};
    decision.duplicate_of = it->second.second;
    return decision;
  }
  if (!look_up) return decision;
  const std::optional<store::IdempotencyRow> row = TRY(config_.store->find_idempotency(asked.actor, asked.key));
  if (!row) return decision;
  if (row->body_hash != asked.body_hash) return answer_with({IdempotencyFault::other_body});
  const std::optional<std::string> response =
      tongban::unseal(idempotency_key_, row->response, row->actor + '\n' + row->key);
  if (!response)
    return fail(Trouble::corrupt,
                "The stored answer to this request cannot be read; the key store is not the one it was written with.");
  return answer_with({Replayed{row->status, *response}});
}

Result<Decision> Writer::decide_ask(Batch& batch, Task& task) {
  const Request& request = std::get<Task::Ask>(task.what).request;
  // OPTIMIZATION: a key is nearly always new, and the commit refuses a known one. So it is looked up only after such a
  // refusal, and before an answer that is not committed.
  const Decision known = TRY(decide_known_key(batch, request, task.attempts > 0));
  if (known.reply || known.duplicate_of) return known;
  Result<Decision> decision = decide_new_ask(batch, task);
  if (decision.ok() && decision->step) return decision;
  Decision stored = TRY(decide_known_key(batch, request, true));
  if (stored.reply || stored.duplicate_of) return stored;
  return decision;
}

Result<Decision> Writer::decide_new_ask(Batch& batch, Task& task) {
  auto& ask = std::get<Task::Ask>(task.what);
  Decision decision;
  if (const auto* keep = std::get_if<Request::Keep>(&ask.request.what)) {
    Step step;
    step.transaction.records_removed = keep->removed;
    complete(step, ask, {});
    decision.step = push(batch, std::move(step));
  } else if (std::holds_alternative<Request::Open>(ask.request.what))
    decision = TRY(decide_open(batch, ask, task.received_at));
  else if (std::holds_alternative<Request::PutEntry>(ask.request.what))
    decision = TRY(decide_put_entry(batch, ask, task.received_at));
  else
    decision = TRY(decide_on_case(batch, ask, task.received_at));
  if (decision.step && ask.request.idempotency) {
    const Request::Idempotency& key = *ask.request.idempotency;
    batch.idempotency[{key.actor, key.key}] = {key.body_hash, *decision.step};
  }
  return decision;
}

Result<Decision> Writer::decide_open(Batch& batch, Task::Ask& ask, Instant received_at) {
  const Request& request = ask.request;
  const auto& what = std::get<Request::Open>(request.what);
  Opening opening;
  opening.actor = request.actor;
  opening.pack = what.pack;
  opening.type = what.type;
  opening.channel = what.channel;
  opening.form = request.form;
  opening.received_at = received_at;
  opening.happened_at = request.happened_at;
  opening.imported = request.imported;
  if (!what.link_kind.empty()) opening.links.push_back({what.link_kind, what.link_other, {}, {}, {}});
  opening.other = what.join;
  Opened opened = TRY(open_case(batch, opening));
  if (auto* why = std::get_if<Rejection>(&opened.result)) return answer_with({std::move(*why)}, {what.link_other});
  Step step = std::get<Step>(std::move(opened.result));
  const StatePtr state = step.after.front();
  complete(step, ask,
           {state->id, state->number, opened.tracking_code, state->version, 0, state, std::move(opened.events)});
  Decision decision;
  decision.step = push(batch, std::move(step));
  return decision;
}

Result<Decision> Writer::decide_on_case(Batch& batch, Task::Ask& ask, Instant received_at) {
  const Request& request = ask.request;
  const Id id = request.case_id;
  const Instant at = request.imported ? request.happened_at.value_or(received_at) : received_at;
  TRY(fire_due(batch, id, at, received_at, request.imported));
  const StatePtr state = TRY(state_of(batch, id));
  if (!state) return answer_with({case_not_found(batch)}, {id});
  const pack::Pack* pack = pack_by_key(state->pack);
  if (!pack) return fail(Trouble::unavailable, "The pack edition " + state->pack + " of this case is not loaded.");
  const pack::CaseType* type = pack->find_case(state->type);
  CHECK(type != nullptr);

  Command command;
  command.id = make_id(received_at);
  command.case_id = id;
  command.actor = request.actor;
  command.received_at = received_at;
  command.happened_at = request.happened_at;
  command.expected_version = request.expected_version;
  command.imported = request.imported;

  const bool has_person = !state->person.is_nil();
  std::optional<Key> key;
  if (has_person && !state->erased) key = TRY(config_.keys->find_key(state->person));
  bool unsealable = false;
  const auto personal = [&](std::string_view name, const std::string& text) {
    kernel::FieldValue value;
    if (!has_person)
      value.plain = feel::Value::text(text);
    else if (key)
      value.sealed = seal_value(*key, id, name, feel::Value::text(text));
    else
      unsealable = true;
    return value;
  };
  StatePtr other;  // that the act names besides its own
  if (const auto* act = std::get_if<Request::Act>(&request.what)) {
    kernel::TakeAction take;
    take.action = act->action;
    take.assignment = act->assignment;
    if (const pack::Action* action = type->find_action(act->action)) {
      take.form = TRY(seal_form(request.form, *action, id, key, unsealable));
      other = TRY(other_of(batch, *action, request, at));
    }
    command.body = std::move(take);
  } else if (const auto* note = std::get_if<Request::Note>(&request.what)) {
    command.body = kernel::AddNote{personal("text", note->text)};
  } else if (const auto* document = std::get_if<Request::Document>(&request.what)) {
    command.body = kernel::FileDocument{document->document,    personal("name", document->name),
                                        document->media_type,  document->bytes,
                                        document->stored_hash, document->group};
  } else if (const auto* move = std::get_if<Request::MoveEdition>(&request.what)) {
    const pack::Pack* target = pack_by_key(move->to);
    if (!target || target->id != pack->id || !target->find_case(state->type)) {
      return answer_with(
          {rejection(RejectionCode::invalid_form, "没有装入“" + move->to + "”这个版本，不能把办件改到它。",
                     "请先装入该版本，或者核对版本号。")});
    }
    command.actor = system_actor();  // the shell has shown the right
    command.body = kernel::MoveEdition{move->to, move->reason};
  } else {
    CHECK(std::holds_alternative<Request::Erase>(request.what));
    command.actor = system_actor();  // the shell has shown the right
    command.body = kernel::ErasePerson{};
    return decide_erase(batch, ask, state, std::move(command));
  }
  if (unsealable) {
    return answer_with(
        {rejection(RejectionCode::wrong_state, "当事人的个人信息已经按要求删除，这个办件不能再写入个人信息。",
                   "请去掉其中的个人信息后再提交。")},
        {id});
  }
  kernel::Context around = context(batch, *pack, at);
  around.other = other.get();
  Verdict verdict = kernel::decide(state.get(), command, around);
  if (auto* why = std::get_if<Rejection>(&verdict)) return answer_with({std::move(*why)}, {id});
  Step step;
  Decided& decided = std::get<Decided>(verdict);
  add_decided(batch, step, state, decided, 0, *pack);
  TRY(link_back(batch, step, decided.events, command));
  const StatePtr after = step.after.front();
  complete(step, ask, {id, after->number, {}, after->version, 0, after, std::move(decided.events)});
  Decision decision;
  decision.step = push(batch, std::move(step));
  return decision;
}

// Every case of the person says so in its history; her key goes after the commit, by the outbox, so that a stop of the
// process in between changes nothing.
Result<Decision> Writer::decide_erase(Batch& batch, Task::Ask& ask, const StatePtr& state, Command command) {
  if (state->person.is_nil()) {
    return answer_with({rejection(RejectionCode::wrong_state, "这个办件没有保存当事人的个人信息，无可删除。")},
                       {state->id});
  }
  const Id person = state->person;
  std::vector<Id> cases{state->id};
  std::set<Id> seen{state->id};
  std::set<Hash> asked;
  for (size_t i = 0; i < cases.size(); ++i) {
    const StatePtr one = TRY(state_of(batch, cases[i]));
    const pack::Pack* pack = one ? pack_by_key(one->pack) : nullptr;
    if (!pack) continue;
    const std::optional<Hash> hash = projection(*pack, *batch.registers).phone_hash(*one);
    if (!hash || !asked.insert(*hash).second) continue;
    for (const store::PersonHashRow& row : TRY(config_.store->find_person(*hash))) {
      if (row.person == person && seen.insert(row.case_id).second) cases.push_back(row.case_id);
    }
  }
  for (const auto& [id, one] : batch.states) {
    if (one && one->person == person && seen.insert(id).second) cases.push_back(id);
  }
  Decision decision;
  for (const Id& id : cases) {
    const StatePtr before = TRY(state_of(batch, id));
    const pack::Pack* pack = before ? pack_by_key(before->pack) : nullptr;
    if (!pack)
      return fail(Trouble::unavailable, "A pack edition that a case of this person is pinned to is not loaded.");
    if (before->erased) continue;
    command.case_id = id;
    if (id != state->id) {  // the right was shown on the case that was asked for
      command.id = make_id(command.received_at);
      command.actor = system_actor();
      command.expected_version.reset();
    }
    Verdict verdict = kernel::decide(before.get(), command, context(batch, *pack, command.received_at));
    if (auto* why = std::get_if<Rejection>(&verdict)) {
      if (id == state->id) return answer_with({std::move(*why)}, {id});
      return fail(Trouble::conflict,
                  "Case " + before->number + " of this person could not be marked: " + why->sentence);
    }
    Step step;
    Decided& decided = std::get<Decided>(verdict);
    std::vector<kernel::Event> events = decided.events;
    add_decided(batch, step, before, decided, 0, *pack);
    const StatePtr after = step.after.front();
    if (id == state->id) complete(step, ask, {id, after->number, {}, after->version, 0, after, std::move(events)});
    if (!decision.step) {
      store::OutboxRow row;
      row.id = make_id(command.received_at);
      row.case_id = id;
      row.kind = std::string(kErasure);
      row.body = std::string(person.view());
      row.not_before = command.received_at;
      step.transaction.outbox.push_back(std::move(row));
      decision.step = push(batch, std::move(step));
    } else {
      push(batch, std::move(step));
    }
  }
  if (!decision.step) {
    return answer_with({rejection(RejectionCode::wrong_state, "当事人的个人信息已经删除过了。")}, {state->id});
  }
  return decision;
}

Result<Decision> Writer::decide_task(Batch& batch, Task& task) {
  if (std::holds_alternative<Task::Ask>(task.what)) return decide_ask(batch, task);
  if (const auto* timer = std::get_if<Task::Timer>(&task.what)) return decide_timer(batch, *timer, task.received_at);
  if (const auto* react = std::get_if<Task::React>(&task.what)) return decide_reaction(batch, *react, task.received_at);
  if (const auto* recompute = std::get_if<Task::Recompute>(&task.what))
    return decide_recompute(batch, *recompute, task.received_at);
  return decide_seed(batch, std::get<Task::Seed>(task.what), task.received_at);
}

}  // namespace tongban::engine
