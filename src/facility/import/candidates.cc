#include "facility/import/candidates.h"

#include <algorithm>

namespace tongban::facility {
namespace {

using kernel::Actor;

bool has_taken(const kernel::CaseState* state, const std::vector<std::string>& acts, const std::string& person) {
  if (!state) return false;
  return std::any_of(state->acts.begin(), state->acts.end(), [&](const kernel::ActRecord& act) {
    return act.actor.person == person && std::find(acts.begin(), acts.end(), act.action) != acts.end();
  });
}

void add_staff(const pack::Role& role, const kernel::CaseState* state, const kernel::Registers& registers, Date day,
               std::vector<Actor>& found) {
  const std::vector<std::string> units = role.relation == pack::RoleRelation::unit ? std::vector<std::string>{role.unit}
                                         : state                                   ? kernel::units_of(role, *state)
                                                                                   : std::vector<std::string>();
  for (const std::string& unit : units) {
    std::vector<std::string> people;
    for (const kernel::Entry* entry : registers.where("positions", "unit", feel::Value::text(unit), day)) {
      const kernel::Revision* row = entry->as_of(day);
      if (!row) continue;
      for (const char* who : {"person", "deputy"}) {
        const feel::Value person = row->values.get(who);
        if (person.kind() == feel::Value::Kind::text) people.push_back(person.as_text());
      }
    }
    for (const std::string& person : people) {
      const std::vector<kernel::Post> posts = registers.posts_of(person, day);
      const bool holds = std::any_of(posts.begin(), posts.end(), [&](const kernel::Post& post) {
        return post.unit == unit &&
               std::find(role.positions.begin(), role.positions.end(), post.position) != role.positions.end();
      });
      if (!holds || has_taken(state, role.not_acts, person)) continue;
      if (std::none_of(found.begin(), found.end(),
                       [&](const Actor& a) { return a.person == person && a.unit == unit; })) {
        found.push_back({Actor::Kind::staff, person, unit});
      }
    }
  }
}

}  // namespace

std::vector<Actor> candidates(const pack::Action& action, const pack::CaseType& type, const kernel::CaseState* state,
                              const kernel::Registers& registers, Date day) {
  std::vector<Actor> found, others;
  for (const std::string& id : action.by) {
    const pack::Role* role = type.find_role(id);
    if (!role) continue;
    switch (role->relation) {
      case pack::RoleRelation::system:
        others.push_back({Actor::Kind::system, {}, {}});
        break;
      case pack::RoleRelation::anyone:
        others.push_back({Actor::Kind::anyone, {}, {}});
        break;
      case pack::RoleRelation::party:
        others.push_back({Actor::Kind::caller, {}, {}});
        break;
      default:
        add_staff(*role, state, registers, day, found);
    }
  }
  found.insert(found.end(), others.begin(), others.end());
  return found;
}

void take_suggestions(const pack::Action& action, const kernel::CaseState& state, const Actor& actor,
                      const kernel::Context& context, Instant at,
                      std::vector<std::pair<std::string, feel::Value>>& form) {
  const auto is_given = [&form](const std::string& id) {
    return std::any_of(form.begin(), form.end(), [&](const auto& value) { return value.first == id; });
  };
  std::vector<const pack::Field*> open;
  for (const pack::Field& field : action.form) {
    if (field.must && !field.suggest.empty() && !is_given(field.id)) open.push_back(&field);
  }
  if (open.empty()) return;
  std::vector<kernel::FormValue> so_far;
  for (const auto& [name, value] : form) so_far.push_back({name, value, {}});
  const std::vector<kernel::DecisionMade> made = kernel::suggestions(state, action, actor, so_far, context, at);
  for (const pack::Field* field : open) {
    const size_t dot = field->suggest.find('.');
    const std::string decision = field->suggest.substr(0, dot);
    for (const kernel::DecisionMade& one : made) {
      if (one.decision != decision) continue;
      const feel::Value value =
          dot == std::string::npos ? one.suggestion : one.suggestion.get(field->suggest.substr(dot + 1));
      if (!value.is_null()) form.emplace_back(field->id, value);
    }
  }
}

}  // namespace tongban::facility
