// Who stands in which role to a case on a day, and what follows for sight.
#include <algorithm>

#include "kernel/decide.h"
#include "kernel/facts.h"

namespace tongban::kernel {
namespace {

bool holds_position(const pack::Role& role, const Post& post) {
  return role.positions.empty() ||
         std::find(role.positions.begin(), role.positions.end(), post.position) != role.positions.end();
}

// Active assignments of that name that were not handed further down under the same name.
std::vector<const Assignment*> leaves(const CaseState& state, std::string_view name) {
  std::vector<const Assignment*> list;
  for (const Assignment& a : state.assignments) {
    if (!a.active() || a.name != name) continue;
    const bool handed_on = std::any_of(state.assignments.begin(), state.assignments.end(), [&](const Assignment& b) {
      return b.active() && b.under == a.no && b.name == a.name;
    });
    if (!handed_on) list.push_back(&a);
  }
  return list;
}

// The first unit up the chain that is another one; above the root, the unit that opened the chain.
std::string superior_unit(const CaseState& state, const Assignment& assignment) {
  const Assignment* a = &assignment;
  for (;;) {
    if (!a->given_by.empty() && a->given_by != assignment.unit) return a->given_by;
    if (a->under == 0) return a->given_by;
    a = &state.assignments[a->under - 1];
  }
}

struct UnitOnCase {
  std::string unit, person;
  uint32_t assignment = 0;
};

// The units that a relation to assignments points at.
std::vector<UnitOnCase> related_units(const pack::Role& role, const CaseState& state) {
  std::vector<UnitOnCase> units;
  switch (role.relation) {
    case pack::RoleRelation::assignment:
      for (const Assignment* a : leaves(state, role.assignment)) units.push_back({a->unit, a->person, a->no});
      break;
    case pack::RoleRelation::root_of:
      for (const Assignment* a : leaves(state, role.assignment)) {
        const Assignment& root = state.assignments[a->root - 1];
        units.push_back({root.unit, {}, root.no});
      }
      break;
    case pack::RoleRelation::superior_of:
      for (const Assignment* a : leaves(state, role.assignment)) units.push_back({superior_unit(state, *a), {}, a->no});
      break;
    case pack::RoleRelation::any_assigned:
      // Who had the case when it closed may still look at what was done (its list shows it too); who returned it may
      // not.
      for (const Assignment& a : state.assignments) {
        if (a.active() || a.end_reason == EndReason::case_closed) units.push_back({a.unit, a.person, a.no});
      }
      break;
    default:
      break;
  }
  return units;
}

bool is_excluded(const pack::Role& role, const CaseState* state, const std::string& person) {
  if (!state || role.not_acts.empty()) return false;
  return std::any_of(state->acts.begin(), state->acts.end(), [&](const ActRecord& act) {
    return !act.undone && act.actor.person == person && !person.empty() &&
           std::find(role.not_acts.begin(), role.not_acts.end(), act.action) != role.not_acts.end();
  });
}

void add_staff_hits(const Actor& actor, const std::vector<Post>& posts, const pack::Role& role, const CaseState* state,
                    std::vector<RoleHit>& hits) {
  std::vector<UnitOnCase> units;
  if (role.relation == pack::RoleRelation::unit)
    units.push_back({role.unit, {}, 0});
  else if (state)
    units = related_units(role, *state);
  if (is_excluded(role, state, actor.person)) return;
  for (const UnitOnCase& on_case : units) {
    if (!on_case.person.empty() && on_case.person != actor.person) continue;
    for (const Post& post : posts) {
      if (post.unit != on_case.unit || !holds_position(role, post)) continue;
      if (!actor.unit.empty() && actor.unit != post.unit) continue;
      hits.push_back({&role, post.unit, post.position, actor.person, on_case.assignment});
      break;
    }
  }
}

// Does the group's condition hide it now? What cannot be decided hides nothing: the condition asks for a stated wish.
bool is_hidden(const pack::Group& group, const CaseState& state, const pack::CaseType& type) {
  if (!group.hide_formula || !type.scope) return false;
  static const pack::Pack kNoPack;  // a hiding condition reads the case alone
  const Context nothing;
  const ActorRef nobody;
  const std::vector<FormValue> no_form;
  Facts facts(kNoPack, type, *type.scope, type.variables, state, no_form, nullptr, nobody, state.changed_at, nothing);
  return facts.evaluate(group.hide_formula->expression).decided().value_or(false);
}

}  // namespace

std::vector<RoleHit> roles_of(const Actor& actor, const CaseState* state, const pack::CaseType& type,
                              const Registers& registers, Date day) {
  std::vector<Post> posts;
  if (actor.kind == Actor::Kind::staff) posts = registers.posts_of(actor.person, day);
  return roles_of(actor, posts, state, type);
}

std::vector<RoleHit> roles_of(const Actor& actor, const std::vector<Post>& posts, const CaseState* state,
                              const pack::CaseType& type) {
  std::vector<RoleHit> hits;
  for (const pack::Role& role : type.roles) {
    switch (role.relation) {
      case pack::RoleRelation::system:
        if (actor.kind == Actor::Kind::system) hits.push_back({.role = &role});
        break;
      case pack::RoleRelation::anyone:
        if (actor.kind != Actor::Kind::system) hits.push_back({.role = &role});
        break;
      case pack::RoleRelation::party:  // who opens a case as a stranger becomes its party
        if (actor.kind == Actor::Kind::caller || (!state && actor.kind == Actor::Kind::anyone))
          hits.push_back({.role = &role});
        break;
      default:
        if (actor.kind == Actor::Kind::staff) add_staff_hits(actor, posts, role, state, hits);
    }
  }
  return hits;
}

std::vector<std::string> units_of(const pack::Role& role, const CaseState& state) {
  std::vector<std::string> units;
  if (role.relation == pack::RoleRelation::unit) return {role.unit};
  for (const UnitOnCase& on_case : related_units(role, state)) {
    if (!on_case.unit.empty() && std::find(units.begin(), units.end(), on_case.unit) == units.end())
      units.push_back(on_case.unit);
  }
  return units;
}

bool may_see(const std::vector<RoleHit>& roles, const CaseState&, const pack::CaseType&) {
  return std::any_of(roles.begin(), roles.end(),
                     [](const RoleHit& hit) { return hit.role->relation != pack::RoleRelation::anyone; });
}

namespace {

std::string whole_unit(const std::string& unit) { return "unit:" + unit; }
std::string position_at(const std::string& position, const std::string& unit) {
  return "position:" + position + "@" + unit;
}
std::string person_at(const std::string& person, const std::string& unit) { return "person:" + person + "@" + unit; }

}  // namespace

std::vector<std::string> stands_of(const std::string& person, const std::vector<Post>& posts) {
  std::vector<std::string> stands;
  for (const Post& post : posts) {
    stands.push_back(whole_unit(post.unit));
    stands.push_back(position_at(post.position, post.unit));
    stands.push_back(person_at(person, post.unit));
  }
  return stands;
}

std::vector<std::string> hearers_of(const CaseState& state, const pack::CaseType& type) {
  std::vector<std::string> hearers;
  const auto add = [&](const pack::Role& role, const UnitOnCase& on_case) {
    if (on_case.unit.empty()) return;
    if (!on_case.person.empty()) {
      hearers.push_back(person_at(on_case.person, on_case.unit));
    } else if (role.positions.empty()) {
      hearers.push_back(whole_unit(on_case.unit));
    } else {
      for (const std::string& position : role.positions) hearers.push_back(position_at(position, on_case.unit));
    }
  };
  for (const pack::Role& role : type.roles) {
    if (role.relation == pack::RoleRelation::unit) {
      add(role, {role.unit, {}, 0});
    } else {
      for (const UnitOnCase& on_case : related_units(role, state)) add(role, on_case);
    }
  }
  std::sort(hearers.begin(), hearers.end());
  hearers.erase(std::unique(hearers.begin(), hearers.end()), hearers.end());
  return hearers;
}

bool may_meet(const Actor& actor, std::string_view unit, const pack::CaseType& type, const Registers& registers,
              Date day) {
  if (actor.kind != Actor::Kind::staff) return false;
  const std::vector<Post> posts = registers.posts_of(actor.person, day);
  return std::any_of(type.roles.begin(), type.roles.end(), [&](const pack::Role& role) {
    const auto is = [&](pack::RoleRelation relation) { return role.relation == relation; };
    if (is(pack::RoleRelation::system) || is(pack::RoleRelation::anyone) || is(pack::RoleRelation::party)) return false;
    const std::string_view at = is(pack::RoleRelation::unit) ? std::string_view(role.unit) : unit;
    return std::any_of(posts.begin(), posts.end(), [&](const Post& post) {
      return post.unit == at && holds_position(role, post) && (actor.unit.empty() || actor.unit == post.unit);
    });
  });
}

std::vector<std::string> visible_groups(const std::vector<RoleHit>& roles, const CaseState& state,
                                        const pack::CaseType& type) {
  std::vector<std::string> visible;
  const auto contains = [](const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
  };
  for (const pack::Group& group : type.groups) {
    std::optional<bool> hidden;  // its condition is only evaluated where somebody's sight hangs on it
    const bool sees = std::any_of(roles.begin(), roles.end(), [&](const RoleHit& hit) {
      if (!contains(group.sees, hit.role->id)) return false;
      if (!contains(group.hide_from, hit.role->id)) return true;
      if (!hidden) hidden = is_hidden(group, state, type);
      return !*hidden;
    });
    if (sees) visible.push_back(group.id);
  }
  return visible;
}

bool is_confidential(const CaseState& state, const pack::CaseType& type) {
  return std::any_of(type.groups.begin(), type.groups.end(),
                     [&](const pack::Group& group) { return is_hidden(group, state, type); });
}

}  // namespace tongban::kernel
