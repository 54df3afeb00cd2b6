#include "http/api/case_json.h"

#include <algorithm>

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
      list.push_back(std::move(object));
    }
    return list;
  }

  json::object flag_object(const std::string& flag) const {
    const auto it = type.flag_titles.find(flag);
    return json::object{{"id", flag}, {"title", it == type.flag_titles.end() ? flag : it->second}};
  }

  json::array assigned() const {
    json::array list;
    for (const auto& a : state.assignments) {
      const pack::AssignmentType* kind = type.find_assignment(a.name);
      json::object object{{"no", a.no},       {"name", a.name},      {"title", kind ? kind->title : a.name},
                          {"under", a.under}, {"at", to_text(a.at)}, {"active", a.active()}};
      if (!a.unit.empty()) object["unit"] = json::object{{"id", a.unit}, {"name", name_of("units", a.unit)}};
      if (!a.person.empty()) object["person"] = name_of("people", a.person);
      if (a.ended_at) object["ended_at"] = to_text(*a.ended_at);
      if (!is_party || a.active()) list.push_back(std::move(object));
    }
    return list;
  }

  json::array letters() const {
    json::array list;
    for (const auto& letter : state.letters) {
      if (is_party && !letter.to_unit.empty()) continue;
      const pack::Letter* kind = pack.find_letter(letter.letter);
      json::object object{{"letter", letter.letter},   {"title", kind ? kind->title : letter.letter},
                          {"channel", letter.channel}, {"at", to_text(letter.at)},
                          {"text", letter.text},       {"basis", kernel::to_json(letter.basis)}};
      object["to"] = letter.to_unit.empty()
                         ? json::object{{"role", letter.to_role}}
                         : json::object{{"role", letter.to_role}, {"unit", name_of("units", letter.to_unit)}};
      list.push_back(std::move(object));
    }
    return list;
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

std::string_view schema_type(pack::FieldKind kind) {
  switch (kind) {
    case pack::FieldKind::yes_no:
      return "boolean";
    default:
      return "string";
  }
}

json::object one_schema(const pack::Field& field) {
  json::object schema;
  switch (field.kind) {
    case pack::FieldKind::number:
      schema["type"] = json::array{"number", "string"};
      schema["pattern"] = "^-?[0-9]+(\\.[0-9]+)?$";
      break;
    case pack::FieldKind::date:
      schema["type"] = "string";
      schema["format"] = "date";
      break;
    case pack::FieldKind::instant:
      schema["type"] = "string";
      schema["format"] = "date-time";
      break;
    case pack::FieldKind::one_of: {
      schema["type"] = "string";
      json::array values;
      for (const auto& [id, label] : field.values) values.push_back(json::string(id));
      schema["enum"] = std::move(values);
      break;
    }
    case pack::FieldKind::entry:
      schema["type"] = "string";
      schema["x-register"] = field.reg;
      break;
    case pack::FieldKind::file:
      schema["type"] = "string";
      schema["format"] = "uuid";
      break;
    case pack::FieldKind::text:
    case pack::FieldKind::long_text:
      schema["type"] = "string";
      schema["maxLength"] = field.max_length > 0                       ? field.max_length
                            : field.kind == pack::FieldKind::long_text ? 5000
                                                                       : 200;
      break;
    default:
      schema["type"] = json::string_view(schema_type(field.kind));
  }
  return schema;
}

}  // namespace

json::object form_schema(const pack::Action& action) {
  json::object properties;
  json::array required;
  for (const pack::Field& field : action.form) {
    json::object schema = one_schema(field);
    if (field.list) schema = json::object{{"type", "array"}, {"items", std::move(schema)}, {"maxItems", 100}};
    schema["title"] = field.title;
    if (!field.help.empty()) schema["description"] = field.help;
    if (field.personal) schema["x-personal"] = true;
    if (!field.group.empty()) schema["x-group"] = field.group;
    if (field.kind == pack::FieldKind::one_of) {
      json::object labels;
      for (const auto& [id, label] : field.values) labels[id] = label;
      schema["x-labels"] = std::move(labels);
    }
    if (!field.suggest.empty()) {
      schema["x-suggest"] = field.suggest;
      properties["why_" + field.id] =
          json::object{{"type", "string"}, {"maxLength", 200}, {"title", "不采用建议的理由"}};
    }
    if (!field.show_if.empty()) schema["x-show-if"] = field.show_if;
    properties[field.id] = std::move(schema);
    if (field.must) required.push_back(json::string(field.id));
  }
  json::object schema{{"type", "object"},
                      {"title", action.title},
                      {"additionalProperties", false},
                      {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

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
  o["type"] = json::object{{"id", state.type}, {"title", type.title}};
  o["state"] = json::object{{"id", state.state}, {"title", title}, {"open", state.open()}};
  o["version"] = state.version;
  o["opened_at"] = to_text(state.opened_at);
  o["changed_at"] = to_text(state.changed_at);
  if (state.closed_at) o["closed_at"] = to_text(*state.closed_at);
  if (!state.result.empty()) o["result"] = state.result;
  o["imported"] = state.imported;
  json::array& holders = o["held_by"].emplace_array();
  for (const auto& id : state.held_by) {
    const pack::Role* role = type.find_role(id);
    json::object holder{{"role", id}, {"title", role ? role->title : id}};
    json::array units;
    if (role) {
      for (const auto& unit : kernel::units_of(*role, state))
        units.push_back(json::object{{"id", unit}, {"name", view.name_of("units", unit)}});
    }
    holder["units"] = std::move(units);
    holders.push_back(std::move(holder));
  }
  json::object& fields = o["fields"].emplace_object();
  for (const auto& [name, value] : state.fields) {
    const pack::Field* field = type.find_field(name);
    if (field && contains(view.groups, field->group)) fields[name] = view.value(field, value);
  }
  o["withheld"] = std::move(withheld);
  o["assigned"] = view.assigned();
  json::array& clocks = o["clocks"].emplace_array();
  for (const auto& clock : state.clocks) clocks.push_back(kernel::explain_clock(state, clock, pack));
  o["acts"] = view.acts();
  o["letters"] = view.letters();
  o["documents"] = view.documents();
  json::array& links = o["links"].emplace_array();
  for (const auto& link : state.links) {
    if (view.is_party && link.kind != "follows") continue;
    links.push_back(json::object{{"kind", link.kind},
                                 {"inverse", link.inverse},
                                 {"other", to_text(link.other)},
                                 {"number", link.other_number},
                                 {"type", link.other_type}});
  }
  json::array& flags = o["flags"].emplace_array();
  if (!view.is_party) {
    for (const auto& flag : state.flags) flags.push_back(view.flag_object(flag));
  }
  json::array& decisions = o["decisions"].emplace_array();
  if (!view.is_party) {
    for (const auto& [version, decision] : state.decisions) {
      json::object one = kernel::explain_decision(decision, pack);
      one["event"] = version;
      decisions.push_back(std::move(one));
    }
  }
  json::array& actions = o["actions"].emplace_array();
  const kernel::Context context = engine.context_of(state, now, registers);
  for (const auto& offer : kernel::offers(state, actor, context, now)) {
    if (offer.action->by_timer) continue;
    json::object one{{"action", offer.action->id},
                     {"title", offer.action->title},
                     {"offered", !offer.refused},
                     {"basis", kernel::to_json(offer.action->basis)}};
    if (offer.refused) one["why_not"] = offer.refused->sentence;
    if (!view.is_party || !offer.refused) actions.push_back(std::move(one));
  }
  return result;
}

json::object render_row(const engine::Engine& engine, const store::CaseRow& row) {
  json::object o{{"id", to_text(row.case_id)},
                 {"number", row.number},
                 {"type", row.type},
                 {"state", row.state},
                 {"open", row.open},
                 {"opened_at", to_text(row.opened_at)},
                 {"changed_at", to_text(row.changed_at)},
                 {"late", row.late},
                 {"held_by", row.held_by},
                 {"version", row.version}};
  if (row.closed_at) o["closed_at"] = to_text(*row.closed_at);
  if (row.due_at) {
    o["due_at"] = to_text(*row.due_at);
    o["due_clock"] = row.due_clock;
    o["due_provisional"] = row.due_provisional;
  }
  const std::string pack_id = row.type.substr(0, row.type.find('/')), type_id = row.type.substr(row.type.find('/') + 1);
  const auto pack = engine.packs().find(pack_id);
  const pack::CaseType* type = pack ? pack->find_case(type_id) : nullptr;
  json::object& fields = o["fields"].emplace_object();
  if (!type) return o;
  if (const pack::State* state = type->find_state(row.state)) o["state_title"] = state->title;
  const auto list = kernel::decode_fields(row.list_fields);
  if (!list.ok()) return o;
  for (const auto& [name, value] : *list) {
    const pack::Field* field = type->find_field(name);
    const pack::Group* group = field ? type->find_group(field->group) : nullptr;
    if (!field || field->personal || !group || group->purpose_required || !group->hide_from.empty()) continue;
    fields[name] = value.plain.to_json();
  }
  return o;
}

}  // namespace tongban::http
