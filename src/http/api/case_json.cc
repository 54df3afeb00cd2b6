#include "http/api/case_json.h"

#include <algorithm>

#include "base/text.h"
#include "http/api/form_json.h"
#include "kernel/explain.h"

namespace tongban::http {
namespace {

using kernel::CaseState;
using kernel::FieldValue;

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Everything that rendering one case for one actor needs.
struct View {
  const engine::Engine& engine;
  const CaseState& state;
  const pack::Pack& pack;
  const pack::CaseType& type;
  const kernel::Registers& registers;
  std::vector<std::string> groups;  // visible now
  bool is_party = false;
  Instant now;

  std::string name_of(std::string_view reg, const std::string& id) const {
    return registers.name_of(reg, id, local_date(now));
  }

  json::value value(const pack::Field* field, const FieldValue& value) const {
    if (value.is_sealed()) {
      const auto plain = engine.unseal(state, value);
      return plain ? json::value(*plain) : json::value(nullptr);
    }
    if (field && field->kind == pack::FieldKind::entry && value.plain.kind() == feel::Value::Kind::text) {
      return json::object{{"id", value.plain.as_text()}, {"name", name_of(field->reg, value.plain.as_text())}};
    }
    if (field && field->kind == pack::FieldKind::one_of && value.plain.kind() == feel::Value::Kind::text) {
      for (const auto& [id, label] : field->values) {
        if (id == value.plain.as_text()) return json::object{{"id", id}, {"name", label}};
      }
    }
    if (field && field->list && value.plain.kind() == feel::Value::Kind::list) {
      json::array list;
      pack::Field one = *field;
      one.list = false;
      for (const auto& element : value.plain.as_list()) list.push_back(this->value(&one, FieldValue{element, {}}));
      return list;
    }
    return value.plain.to_json();
  }

  json::object actor(const kernel::ActorRef& ref) const {
    const pack::Role* role = type.find_role(ref.role);
    json::object object{{"role", ref.role}, {"title", role ? role->title : ref.role == "system" ? "系统" : ref.role}};
    if (!ref.unit.empty()) object["unit"] = json::object{{"id", ref.unit}, {"name", name_of("units", ref.unit)}};
    if (!ref.person.empty() && !is_party) object["person"] = name_of("people", ref.person);
    return object;
  }

  json::array acts() const {
    json::array list;
    for (const auto& act : state.acts) {
      const pack::Action* action = act.action == "open" ? &type.open : type.find_action(act.action);
      if (!action && act.action == "note" && is_party) continue;
      json::object object{{"action", act.action},           {"title", action ? action->title : "备注"},
                          {"outcome", act.outcome},         {"by", actor(act.actor)},
                          {"at", to_text(act.happened_at)}, {"recorded_at", to_text(act.recorded_at)},
                          {"from", act.from_state},         {"to", act.to_state},
                          {"version", act.version},         {"basis", kernel::to_json(act.basis)}};
      json::object form;
      for (const auto& [name, value] : act.form) {
        const pack::Field* field = nullptr;
        if (action) {
          for (const pack::Field& f : action->form) {
            if (f.id == name) field = &f;
          }
        }
        const std::string& group = field && !field->group.empty() ? field->group
                                   : action                       ? action->group
                                                                  : std::string();
        const bool visible = group.empty() ? !is_party : contains(groups, group);
        if (visible) form[name] = this->value(field, value);
      }
      object["form"] = std::move(form);
      json::array flags;
      if (!is_party) {
        for (const auto& flag : act.flags) flags.push_back(flag_object(flag));
      }
      object["flags"] = std::move(flags);
      if (act.undone) object["undone"] = true;
      if (!is_party) put_counted(object, act.version);
      list.push_back(std::move(object));
    }
    return list;
  }

  // How the days in an act or letter were counted.
  void put_counted(json::object& object, uint64_t version) const {
    json::array counted;
    for (const auto& [of, days] : state.counted) {
      if (of == version) counted.push_back(kernel::explain_days(days, state, pack));
    }
    if (!counted.empty()) object["counted"] = std::move(counted);
  }

  json::object flag_object(const std::string& flag) const {
    const auto it = type.flag_titles.find(flag);
    const auto english = type.flag_titles_en.find(flag);
    return titled(flag, it == type.flag_titles.end() ? flag : it->second,
                  english == type.flag_titles_en.end() ? "" : english->second);
  }

  json::array assigned() const {
    json::array list;
    for (const auto& a : state.assignments) {
      const pack::AssignmentType* kind = type.find_assignment(a.name);
      json::object object{{"no", a.no},       {"name", a.name},      {"title", kind ? kind->title : a.name},
                          {"under", a.under}, {"at", to_text(a.at)}, {"active", a.active()}};
      if (!a.unit.empty()) object["unit"] = json::object{{"id", a.unit}, {"name", name_of("units", a.unit)}};
      if (!a.person.empty() && !is_party) object["person"] = name_of("people", a.person);
      if (a.ended_at) object["ended_at"] = to_text(*a.ended_at);
      if (!is_party || a.active()) list.push_back(std::move(object));
    }
    return list;
  }

  json::array letters() const {
    json::array list;
    for (const auto& letter : state.letters) {
      if (is_party && (!letter.to_unit.empty() || letter.cancelled)) continue;
      if (is_party && letter.held_until && now < *letter.held_until) continue;
      const pack::Letter* kind = pack.find_letter(letter.letter);
      json::object object{{"letter", letter.letter},   {"title", kind ? kind->title : letter.letter},
                          {"channel", letter.channel}, {"at", to_text(letter.at)},
                          {"text", letter.text},       {"basis", kernel::to_json(letter.basis)}};
      const pack::Role* role = type.find_role(letter.to_role);
      json::object to{{"role", letter.to_role}, {"title", role ? role->title : letter.to_role}};
      if (!letter.to_unit.empty()) to["unit"] = name_of("units", letter.to_unit);
      object["to"] = std::move(to);
      if (letter.held_until) object["held_until"] = to_text(*letter.held_until);
      if (letter.cancelled) object["cancelled"] = true;
      put_counted(object, letter.version);
      list.push_back(std::move(object));
    }
    return list;
  }

  // The case's title, where this actor may read it; else that of its type.
  std::string title() const {
    const pack::Field* field = type.find_field(type.title_field);
    const FieldValue* value = field ? kernel::find_value(state.fields, field->id) : nullptr;
    const bool shown = value && !value->is_sealed() && !value->plain.is_null() && contains(groups, field->group);
    return shown ? value->plain.to_plain_text() : type.title;
  }

  json::array documents() const {
    json::array list;
    for (const auto& document : state.documents) {
      if (!document.group.empty() && !contains(groups, document.group)) continue;
      list.push_back(json::object{{"id", to_text(document.document)},
                                  {"name", value(nullptr, document.name)},
                                  {"media_type", document.media_type},
                                  {"bytes", document.bytes},
                                  {"at", to_text(document.at)},
                                  {"by", actor(document.by)}});
    }
    return list;
  }
};

// The visibility group of the act that the event belongs to; "" where it has none.
const std::string& group_of_act(const CaseState& state, const pack::CaseType& type, uint64_t version) {
  static const std::string kNone;
  const auto act =
      std::find_if(state.acts.rbegin(), state.acts.rend(), [&](const auto& one) { return one.version <= version; });
  if (act == state.acts.rend()) return kNone;
  const pack::Action* action = act->action == "open" ? &type.open : type.find_action(act->action);
  return action ? action->group : kNone;
}

// The kind of a link, which may belong to another case type of the pack.
const pack::LinkKind* find_link(const pack::Pack& pack, std::string_view id) {
  for (const auto& type : pack.cases) {
    for (const auto& link : type.links) {
      if (link.id == id) return &link;
    }
  }
  return nullptr;
}

// The steps of the type with the first moment each was entered. Those behind the present one that were never entered,
// and those never reached by a closed case, are left out: a refused request was not handled.
json::array steps_json(const CaseState& state, const pack::CaseType& type) {
  json::array steps;
  const pack::Step* now = type.find_step(state.state);
  bool ahead = false;
  for (const auto& step : type.steps) {
    std::optional<Instant> entered;
    for (const auto& act : state.acts) {
      if (!entered && contains(step.states, act.to_state)) entered = act.happened_at;
    }
    const bool is_now = &step == now;
    if (!is_now && (ahead ? !state.open() : !entered)) continue;
    json::object one = titled(step.id, step.title, step.title_en);
    one["state"] = ahead ? "ahead" : is_now && state.open() ? "now" : "done";
    if (entered && !ahead) one["at"] = to_text(*entered);
    steps.push_back(std::move(one));
    ahead = ahead || is_now;
  }
  return steps;
}

std::string limit_text(const kernel::Clock& clock) {
  std::string text;
  for (const auto& segment : clock.segments) {
    if (segment.why == kernel::Clock::Segment::Why::resumption) continue;  // the rest of an earlier one
    const std::string one = to_text(pack::Limit{segment.counted.n, segment.counted.unit});
    text += text.empty() ? one : "，延长 " + one;
  }
  return text;
}

// Who must act, for a list: the units, else the roles where they are the same unit for every case.
std::string holder_name(const CaseState& state, const pack::CaseType& type, const kernel::Registers& registers,
                        Date today) {
  std::vector<std::string> names;
  for (const auto& id : state.held_by) {
    const pack::Role* role = type.find_role(id);
    if (!role) continue;
    std::string name = role->title;
    if (role->relation != pack::RoleRelation::unit) {
      const auto units = kernel::units_of(*role, state);
      if (!units.empty()) name = registers.name_of("units", units.front(), today);
    }
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  }
  return join(names, "、");
}

// The case that this one was joined to and whose handling it follows; null when none.
std::shared_ptr<const CaseState> leading_case(const engine::Engine& engine, const CaseState& state,
                                              const pack::CaseType& type) {
  std::vector<const pack::Action*> acts{&type.open};
  for (const auto& action : type.actions) acts.push_back(&action);
  for (const pack::Action* action : acts) {
    const kernel::LinkState* link = action->other.link.empty() ? nullptr : state.link(action->other.link);
    if (link) return engine.load(link->other);
  }
  return nullptr;
}

bool counts_minutes(calendar::Unit unit) { return unit == calendar::Unit::minutes || unit == calendar::Unit::hours; }

int64_t minutes_between(Instant from, Instant to) {
  const int64_t ms = to.ms - from.ms;
  return ms >= 0 ? ms / 60'000 : -((-ms + 59'999) / 60'000);
}

}  // namespace

json::object clock_json(const CaseState& state, const kernel::Clock& clock, const pack::Pack& pack,
                        const calendar::Calendar& calendar, Instant now) {
  json::object o = kernel::explain_clock(state, clock, pack);
  const pack::CaseType* type = pack.find_case(state.type);
  const pack::ClockDef* def = type ? type->find_clock(clock.name) : nullptr;
  o["title_en"] = def ? def->title_en : "";
  o["limit_text"] = limit_text(clock);
  if (def)
    o["type"] = def->type == pack::ClockType::window       ? "window"
                : def->type == pack::ClockType::elapsed    ? "elapsed"
                : def->type == pack::ClockType::not_before ? "not_before"
                                                           : "deadline";
  if (clock.segments.empty() || clock.status != kernel::ClockStatus::running) return o;
  const calendar::Counted& last = clock.segments.back().counted;
  o["remaining"] = calendar.working_days_between(local_date(now), last.due_on);
  if (counts_minutes(last.unit)) o["remaining_minutes"] = minutes_between(now, last.due_at);
  return o;
}

namespace {

json::array holders_json(const CaseState& state, const pack::CaseType& type, const kernel::Registers& registers,
                         Date today) {
  json::array holders;
  for (const auto& id : state.held_by) {
    const pack::Role* role = type.find_role(id);
    json::object holder{{"role", id}, {"title", role ? role->title : id}, {"title_en", role ? role->title_en : ""}};
    json::array units;
    if (role) {
      for (const auto& unit : kernel::units_of(*role, state))
        units.push_back(json::object{{"id", unit}, {"name", registers.name_of("units", unit, today)}});
    }
    holder["units"] = std::move(units);
    holders.push_back(std::move(holder));
  }
  return holders;
}

// How far the leading case is, for those who see one that was joined to it. Which case it is only staff learn who may
// see it themselves; the party learns nothing of the other person.
json::object leading_json(const engine::Engine& engine, const CaseState& leading, const pack::Pack& pack,
                          const kernel::Actor& actor, const kernel::Registers& registers, Instant now) {
  const Date today = local_date(now);
  const pack::CaseType& type = *pack.find_case(leading.type);
  const pack::State* at = type.find_state(leading.state);
  const bool is_party = actor.kind != kernel::Actor::Kind::staff;
  json::object o{{"steps", steps_json(leading, type)}, {"held_by", holders_json(leading, type, registers, today)}};
  o["state"] = titled(leading.state,
                      !at                                     ? leading.state
                      : is_party && !at->public_title.empty() ? at->public_title
                                                              : at->title,
                      !at                                        ? ""
                      : is_party && !at->public_title_en.empty() ? at->public_title_en
                                                                 : at->title_en);
  o["state"].as_object()["open"] = leading.open();
  json::array clocks;
  for (const auto& clock : leading.clocks) {
    if (is_party && !type.shows_clock(clock.name)) continue;
    clocks.push_back(clock_json(leading, clock, pack, engine.calendar().known_on(today), now));
  }
  o["clocks"] = std::move(clocks);
  if (!is_party && kernel::may_see(kernel::roles_of(actor, &leading, type, registers, today), leading, type)) {
    o["id"] = to_text(leading.id);
    o["number"] = leading.number;
  }
  return o;
}

}  // namespace

CaseView render_case(const engine::Engine& engine, const CaseState& state, const pack::Pack& pack,
                     const kernel::Actor& actor, const kernel::Registers& registers, const std::string& purpose,
                     Instant now) {
  const pack::CaseType& type = *pack.find_case(state.type);
  const auto roles = kernel::roles_of(actor, &state, type, registers, local_date(now));
  View view{engine,
            state,
            pack,
            type,
            registers,
            kernel::visible_groups(roles, state, type),
            actor.kind == kernel::Actor::Kind::caller,
            now};
  CaseView result;
  json::array withheld;
  std::erase_if(view.groups, [&](const std::string& id) {
    const pack::Group* group = type.find_group(id);
    if (!group || !group->purpose_required || view.is_party) return false;
    if (!purpose.empty()) {
      result.shown_with_purpose.push_back(id);
      return false;
    }
    withheld.push_back(json::object{
        {"group", id}, {"title", group->title}, {"why", "查看“" + group->title + "”须说明目的，并留下记录。"}});
    return true;
  });

  json::object& o = result.body;
  const pack::State* at = type.find_state(state.state);
  const std::string title = !at                                          ? state.state
                            : view.is_party && !at->public_title.empty() ? at->public_title
                                                                         : at->title;
  o["id"] = to_text(state.id);
  o["number"] = state.number;
  o["pack"] = state.pack;
  o["type"] = titled(state.type, type.title, type.title_en);
  o["title"] = view.title();
  o["state"] = titled(state.state, title,
                      !at                                             ? ""
                      : view.is_party && !at->public_title_en.empty() ? at->public_title_en
                                                                      : at->title_en);
  o["state"].as_object()["open"] = state.open();
  o["steps"] = steps_json(state, type);
  o["version"] = state.version;
  o["opened_at"] = to_text(state.opened_at);
  o["changed_at"] = to_text(state.changed_at);
  if (state.closed_at) o["closed_at"] = to_text(*state.closed_at);
  if (!state.result.empty()) o["result"] = state.result;
  o["imported"] = state.imported;
  o["held_by"] = holders_json(state, type, registers, local_date(now));
  json::object& fields = o["fields"].emplace_object();
  for (const auto& [name, value] : state.fields) {
    const pack::Field* field = type.find_field(name);
    if (field && contains(view.groups, field->group)) fields[name] = view.value(field, value);
  }
  if (const auto leading = leading_case(engine, state, type))
    o["leading"] = leading_json(engine, *leading, pack, actor, registers, now);
  o["withheld"] = std::move(withheld);
  o["assigned"] = view.assigned();
  json::array& clocks = o["clocks"].emplace_array();
  for (const auto& clock : state.clocks) {
    if (view.is_party && !type.shows_clock(clock.name)) continue;
    clocks.push_back(clock_json(state, clock, pack, engine.calendar().known_on(local_date(now)), now));
  }
  o["acts"] = view.acts();
  o["letters"] = view.letters();
  o["documents"] = view.documents();
  json::array& links = o["links"].emplace_array();
  for (const auto& link : state.links) {
    if (view.is_party && link.kind != "follows") continue;
    const pack::LinkKind* kind = find_link(pack, link.kind);
    links.push_back(json::object{{"kind", link.kind},
                                 {"title", !kind          ? link.kind
                                           : link.inverse ? kind->inverse_title
                                                          : kind->title},
                                 {"title_en", !kind          ? ""
                                              : link.inverse ? kind->inverse_title_en
                                                             : kind->title_en},
                                 {"inverse", link.inverse},
                                 {"other", to_text(link.other)},
                                 {"number", link.other_number},
                                 {"type", link.other_type},
                                 {"ended", link.ended}});
  }
  json::array& flags = o["flags"].emplace_array();
  if (!view.is_party) {
    for (const auto& flag : state.flags) flags.push_back(view.flag_object(flag));
  }
  json::array& decisions = o["decisions"].emplace_array();
  if (!view.is_party) {
    for (const auto& [version, decision] : state.decisions) {
      // A decision tells what the form of its act said: it is read by those who may read that.
      const std::string& group = group_of_act(state, type, version);
      if (!group.empty() && !contains(view.groups, group)) continue;
      json::object one = kernel::explain_decision(decision, pack);
      one["event"] = version;
      decisions.push_back(std::move(one));
    }
  }
  json::array& actions = o["actions"].emplace_array();
  json::object undo;
  const kernel::Context context = engine.context_of(state, now, registers);
  for (const auto& offer : kernel::offers(state, actor, context, now)) {
    if (offer.action->by_timer) continue;
    json::object one{{"action", offer.action->id},
                     {"title", offer.action->title},
                     {"title_en", offer.action->title_en},
                     {"offered", !offer.refused},
                     {"basis", kernel::to_json(offer.refused ? offer.refused->basis : offer.action->basis)}};
    if (offer.refused)
      one["why_not"] = offer.refused->sentence;
    else if (const auto until = kernel::undo_until(state, *offer.action)) {
      one["until"] = to_text(*until);
      undo = json::object{{"action", offer.action->id}, {"until", to_text(*until)}};
    }
    if (!view.is_party || !offer.refused) actions.push_back(std::move(one));
  }
  if (!undo.empty()) o["undo"] = std::move(undo);
  return result;
}

json::object render_own_row(const RowContext& context, const store::CaseRow& row, const CaseState* state) {
  store::CaseRow own = row;
  own.due_at.reset();
  own.due_clock.clear();
  own.due_provisional = false;
  const pack::Pack* pack = state ? context.engine.pack_of(*state) : nullptr;
  const pack::CaseType* type = pack ? pack->find_case(state->type) : nullptr;
  if (type) {
    const auto leading = leading_case(context.engine, *state, *type);
    for (const CaseState* one : {state, leading.get()}) {
      for (const kernel::Clock& clock : one ? one->clocks : std::vector<kernel::Clock>{}) {
        const bool promised = type->shows_clock(clock.name);
        const bool runs = clock.status == kernel::ClockStatus::running && clock.due_at();
        if (!promised || !runs || (own.due_at && *own.due_at <= *clock.due_at())) continue;
        own.due_at = clock.due_at();
        own.due_clock = clock.name;
        own.due_provisional = clock.provisional();
      }
    }
  }
  json::object o = render_row(context, own).value_or(json::object());  // whose it is was asked before
  if (type) {
    // A clock as the strip draws it, the unit by its name (never a post), what it is about, and what waits for the
    // person.
    const Date today = local_date(context.now);
    const calendar::Calendar& calendar = context.engine.calendar().known_on(today);
    const auto leading = leading_case(context.engine, *state, *type);
    const CaseState& shown = leading ? *leading : *state;
    const kernel::Clock* latest = nullptr;
    for (const kernel::Clock& clock : shown.clocks) {
      if (clock.status != kernel::ClockStatus::cancelled && clock.due_at() && type->shows_clock(clock.name) &&
          (!latest || clock.started_at >= latest->started_at))
        latest = &clock;
    }
    if (latest) o["clock_now"] = clock_json(shown, *latest, *pack, calendar, context.now);
    std::vector<std::string> units;
    for (const auto& id : shown.held_by) {
      const pack::Role* role = type->find_role(id);
      for (const auto& unit : role ? kernel::units_of(*role, shown) : std::vector<std::string>{}) {
        std::string name = context.registers.name_of("units", unit, today);
        if (std::find(units.begin(), units.end(), name) == units.end()) units.push_back(std::move(name));
      }
    }
    o["holder_name"] = join(units, "、");
    for (const pack::Field& field : type->fields) {
      const kernel::FieldValue* value = kernel::find_value(state->fields, field.id);
      if (field.kind != pack::FieldKind::one_of || !field.in_list || field.personal || !value ||
          value->plain.kind() != feel::Value::Kind::text)
        continue;
      for (const auto& [id, label] : field.values) {
        const auto english = field.values_en.find(id);
        if (id != value->plain.as_text()) continue;
        o["kind_title"] = label;
        o["kind_title_en"] = english == field.values_en.end() ? label : english->second;
      }
      break;
    }
    const kernel::Context now_context = context.engine.context_of(*state, context.now, context.registers);
    for (const auto& offer :
         kernel::offers(*state, {.kind = kernel::Actor::Kind::caller, .person = {}}, now_context, context.now)) {
      if (offer.refused || !offer.action->primary) continue;
      o["awaits"] = titled(offer.action->id, offer.action->title, offer.action->title_en);
      break;
    }
  }
  const pack::State* now = type ? type->find_state(row.state) : nullptr;
  if (now && !now->public_title.empty()) o["state_title"] = now->public_title;
  if (now && !now->public_title_en.empty()) o["state_title_en"] = now->public_title_en;
  o["flags"] = json::array{};  // marks are for supervision; her page has none either
  return o;
}

RowContext::RowContext(const engine::Engine& engine_given, const kernel::Registers& registers_given,
                       kernel::Actor reader, Instant at, json::storage_ptr memory_given)
    : engine(engine_given),
      registers(registers_given),
      actor(std::move(reader)),
      now(at),
      today(local_date(at)),
      posts(actor.kind == kernel::Actor::Kind::staff ? registers.posts_of(actor.person, today)
                                                     : std::vector<kernel::Post>()),
      memory(std::move(memory_given)) {}

namespace {

json::object due_of_row(const RowContext& context, const store::CaseRow& row, const pack::CaseType& type) {
  const pack::ClockDef* clock = type.find_clock(row.due_clock);
  const Date today = context.today;
  const Date due_on = local_date(row.due_at->plus_ms(-1));  // 24:00 belongs to its day
  json::object due({{"clock", row.due_clock},
                    {"title", clock ? clock->title : row.due_clock},
                    {"title_en", clock ? clock->title_en : ""},
                    {"at", to_text(*row.due_at)},
                    {"on", to_text(due_on)},
                    {"provisional", row.due_provisional},
                    {"remaining", context.engine.calendar().known_on(today).working_days_between(today, due_on)},
                    {"late", *row.due_at < context.now}},
                   context.memory);
  if (start_of_day(local_date(*row.due_at)) != *row.due_at)
    due["remaining_minutes"] = minutes_between(context.now, *row.due_at);
  return due;
}

// The fields of lists that these groups hold, with labels; and the title, when it is among them.
void add_fields(json::object& o, const RowContext& context, const store::CaseRow& row, const pack::CaseType& type,
                const std::vector<std::string>& groups) {
  const auto list = kernel::decode_fields(row.list_fields);
  if (!list.ok()) return;
  json::object fields(context.memory), labels(context.memory);
  for (const auto& [name, value] : *list) {
    const pack::Field* field = type.find_field(name);
    const pack::Group* group = field ? type.find_group(field->group) : nullptr;
    if (!field || field->personal || !group || group->purpose_required || !group->hide_from.empty()) continue;
    if (!contains(groups, group->id)) continue;
    fields[name] = value.plain.to_json();
    if (value.plain.kind() == feel::Value::Kind::text) {
      if (field->kind == pack::FieldKind::entry)
        labels[name] = context.registers.name_of(field->reg, value.plain.as_text(), context.today);
      for (const auto& [id, label] : field->values) {
        if (id == value.plain.as_text()) labels[name] = label;
      }
    }
    if (name == type.title_field && !value.plain.is_null()) o["title"] = value.plain.to_plain_text();
  }
  o["fields"] = std::move(fields);
  o["labels"] = std::move(labels);
}

}  // namespace

std::optional<json::object> render_row(const RowContext& context, const store::CaseRow& row) {
  json::object o(context.memory);
  o.reserve(28);
  o.insert({{"id", to_text(row.case_id)},
            {"number", row.number},
            {"type", row.type},
            {"state", row.state},
            {"open", row.open},
            {"opened_at", to_text(row.opened_at)},
            {"changed_at", to_text(row.changed_at)},
            {"late", row.late},
            {"held_by", row.held_by},
            {"version", row.version},
            {"fields", json::object{}},
            {"labels", json::object{}},
            {"flags", json::array{}},
            {"paused", false},
            {"holder_name", ""}});
  if (row.closed_at) o["closed_at"] = to_text(*row.closed_at);
  if (row.due_at) {
    o["due_at"] = to_text(*row.due_at);
    o["due_clock"] = row.due_clock;
    o["due_provisional"] = row.due_provisional;
  }
  const size_t slash = row.type.find('/');
  const auto pack = context.engine.packs().find(row.type.substr(0, slash));
  const pack::CaseType* type = pack ? pack->find_case(row.type.substr(slash + 1)) : nullptr;
  o["title"] = type ? type->title : row.number;
  const auto state = type ? context.engine.load(row.case_id) : nullptr;
  if (!state) return o;
  const auto roles = kernel::roles_of(context.actor, context.posts, state.get(), *type);
  if (!kernel::may_see(roles, *state, *type)) return std::nullopt;
  o["type_title"] = type->title;
  if (const pack::State* at = type->find_state(row.state)) {
    o["state_title"] = at->title;
    o["state_title_en"] = at->title_en;
  }
  if (row.due_at) o["due"] = due_of_row(context, row, *type);
  add_fields(o, context, row, *type, kernel::visible_groups(roles, *state, *type));
  json::array& flags = o["flags"].as_array();
  for (const auto& flag : state->flags) {
    const auto chinese = type->flag_titles.find(flag), english = type->flag_titles_en.find(flag);
    flags.push_back(titled(flag, chinese == type->flag_titles.end() ? flag : chinese->second,
                           english == type->flag_titles_en.end() ? "" : english->second));
  }
  o["paused"] = std::any_of(state->clocks.begin(), state->clocks.end(),
                            [](const auto& clock) { return clock.status == kernel::ClockStatus::paused; });
  o["holder_name"] = holder_name(*state, *type, context.registers, context.today);
  return o;
}

}  // namespace tongban::http
