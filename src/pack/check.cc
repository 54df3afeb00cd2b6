#include "pack/check.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "dmn/analysis.h"
#include "pack/files.h"
#include "pack/yaml.h"

namespace tongban::pack {
namespace {

template <class T>
std::vector<std::string> ids_of(const std::vector<T>& list) {
  std::vector<std::string> ids;
  for (const auto& item : list) ids.push_back(item.id);
  return ids;
}

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string near_hint(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string near = nearest_word(word, candidates);
  return near.empty() ? "" : " Did you mean `" + near + "`?";
}

// Clauses lie one character apart, so the nearest word says nothing; a clause that begins the other may be meant.
std::string clause_hint(const std::string& clause, const std::vector<std::string>& known) {
  std::vector<std::string> related;
  for (const auto& other : known) {
    if (other.starts_with(clause) || clause.starts_with(other)) related.push_back("`" + other + "`");
  }
  return related.empty() || related.size() > 5 ? "" : " There is " + join(related, ", ") + ".";
}

// Two or three capital letters, a dash, digits: HL-36.
bool is_requirement_id(std::string_view id) {
  const size_t dash = id.find('-');
  if (dash == std::string_view::npos || dash < 2 || dash > 3 || id.size() < dash + 3 || id.size() > dash + 4)
    return false;
  const auto all = [](std::string_view part, char low, char high) {
    return std::all_of(part.begin(), part.end(), [&](char c) { return c >= low && c <= high; });
  };
  return all(id.substr(0, dash), 'A', 'Z') && all(id.substr(dash + 1), '0', '9');
}

// Every act of a case type, with the opening first.
std::vector<const Action*> all_acts(const CaseType& type) {
  std::vector<const Action*> acts{&type.open};
  for (const auto& action : type.actions) acts.push_back(&action);
  return acts;
}

class CaseChecker {
 public:
  CaseChecker(const Pack& pack, const Library& others, const CaseType& type, std::vector<Fault>& faults)
      : pack_(pack), others_(others), type_(type), faults_(faults) {}

  void run() {
    check_type();
    check_fields();
    check_groups();
    check_roles();
    check_assignments();
    check_links();
    for (const auto* action : all_acts(type_)) {
      if (!action->source.file.empty()) check_action(*action);  // a missing `open` is reported already
    }
    check_states();
    for (const auto& clock : type_.clocks) check_clock(clock);
    check_reactions();
  }

 private:
  void fault(const Source& source, std::string_view code, std::string sentence) {
    add_fault(faults_, source, code, "case " + type_.id + ": " + std::move(sentence));
  }
  void unknown(const Source& source, std::string_view what, const std::string& kind, const std::string& name,
               const std::vector<std::string>& known) {
    fault(source, "unknown-name",
          std::string(what) + ": there is no " + kind + " `" + name + "`." + near_hint(name, known));
  }
  void need_role(const std::string& id, const Source& source, const std::string& what) {
    if (!type_.find_role(id)) unknown(source, what, "role", id, ids_of(type_.roles));
  }
  void need_clock(const std::string& id, const Source& source, const std::string& what) {
    if (!type_.find_clock(id)) unknown(source, what, "clock", id, ids_of(type_.clocks));
  }
  void need_state(const std::string& id, const Source& source, const std::string& what) {
    if (!type_.find_state(id)) unknown(source, what, "state", id, ids_of(type_.states));
  }
  void need_assignment(const std::string& id, const Source& source, const std::string& what) {
    if (!type_.find_assignment(id)) unknown(source, what, "assignment", id, ids_of(type_.assignments));
  }
  void need_action(const std::string& id, const Source& source, const std::string& what) {
    if (!type_.find_action(id) && id != "open") unknown(source, what, "action", id, ids_of(type_.actions));
  }
  void need_group(const std::string& id, const Source& source, const std::string& what) {
    if (!type_.find_group(id)) unknown(source, what, "group", id, ids_of(type_.groups));
  }
  void need_register(const std::string& id, const Source& source, const std::string& what) {
    if (others_.find_register(pack_, id)) return;
    std::vector<std::string> known = ids_of(pack_.registers);
    for (const auto& other : others_.packs) {
      for (const auto& reg : other->registers) known.push_back(reg.id);
    }
    unknown(source, what, "register", id, known);
  }

  void check_type() {
    if (type_.number_pattern.find("{serial}") == std::string::npos && !type_.number_pattern.empty()) {
      fault(type_.source, "form", "the number pattern needs {serial}.");
    }
    for (const std::string& id : {type_.title_field, type_.party_phone, type_.party_name}) {
      if (!id.empty() && !type_.find_field(id)) unknown(type_.source, "head", "field", id, ids_of(type_.fields));
    }
    if (type_.states.empty()) fault(type_.source, "missing", "there are no states.");
    if (type_.public_opening == "yes" && std::none_of(type_.open.by.begin(), type_.open.by.end(), [&](const auto& id) {
          const Role* r = type_.find_role(id);
          return r && r->relation == RoleRelation::anyone;
        })) {
      fault(type_.open.source, "role", "`public_opening: yes`, but no role with `anyone: yes` may open it.");
    }
    const bool has_party = std::any_of(type_.roles.begin(), type_.roles.end(),
                                       [](const Role& r) { return r.relation == RoleRelation::party; });
    if (has_party && type_.party_phone.empty())
      fault(type_.source, "role", "a role is a party, but `party: {phone: …}` names no field to know the party by.");
  }

  void check_field(const Field& field, const std::string& what) {
    if (field.group.empty())
      fault(field.source, "no-group", what + " is in no group: who sees it?");
    else
      need_group(field.group, field.source, what);
    if (field.kind == FieldKind::entry) need_register(field.reg, field.source, what);
    if (field.list && field.personal)
      fault(field.source, "not-supported", what + ": a personal list is not supported yet.");
  }

  void check_fields() {
    for (const auto& field : type_.fields) check_field(field, "field " + field.id);
  }

  void check_groups() {
    for (const auto& group : type_.groups) {
      const std::string what = "group " + group.id;
      if (group.sees.empty()) fault(group.source, "group-unseen", what + ": nobody sees it. Write `sees: [role, …]`.");
      for (const auto& role : group.sees) need_role(role, group.source, what);
      for (const auto& role : group.hide_from) need_role(role, group.source, what);
      if (!group.hide_if.empty() && !pack_.find_condition(group.hide_if))
        unknown(group.source, what, "condition", group.hide_if, ids_of(pack_.conditions));
      if (!group.hide_from.empty() && group.hide_if.empty())
        fault(group.source, "missing", what + ": `hide_from` needs `hide_if: condition`.");
      if (!group.hide_if.empty() && group.hide_from.empty())
        fault(group.source, "missing", what + ": `hide_if` needs `hide_from: [role, …]`.");
    }
  }

  void check_roles() {
    const RegisterType* positions = others_.find_register(pack_, "positions");
    std::vector<std::string> vocabulary;
    if (positions) {
      for (const auto& field : positions->fields) {
        if (field.id != "position") continue;
        for (const auto& [id, label] : field.values) vocabulary.push_back(id);
      }
    }
    const RegisterType* units = others_.find_register(pack_, "units");
    for (const auto& role : type_.roles) {
      const std::string what = "role " + role.id;
      for (const auto& position : role.positions) {
        if (!vocabulary.empty() && !contains(vocabulary, position))
          unknown(role.source, what, "position", position, vocabulary);
      }
      if (!role.assignment.empty()) need_assignment(role.assignment, role.source, what);
      for (const auto& act : role.not_acts) need_action(act, role.source, what + ": not");
      if (role.relation == RoleRelation::unit && units && !role.unit.empty()) {
        std::vector<std::string> known;
        for (const auto& row : units->rows) known.push_back(row.id);
        if (!known.empty() && !contains(known, role.unit)) unknown(role.source, what, "unit", role.unit, known);
      }
    }
  }

  void check_assignments() {
    for (const auto& assignment : type_.assignments) {
      if (!assignment.under.empty())
        need_assignment(assignment.under, assignment.source, "assignment " + assignment.id);
      bool made = false;
      for (const auto* action : all_acts(type_)) {
        for (const auto& outcome : action->outcomes) {
          for (const auto& [id, formula] : outcome.assign) made = made || id == assignment.id;
        }
      }
      if (!made) fault(assignment.source, "unused", "assignment " + assignment.id + ": no action assigns it.");
    }
  }

  void check_links() {
    for (const auto& link : type_.links) {
      const std::string what = "link " + link.id;
      const CaseType* target = pack_.find_case(link.to);
      if (!target) {
        unknown(link.source, what, "case type", link.to, ids_of(pack_.cases));
        continue;
      }
      for (const auto& state : link.holds) {
        if (state != "final" && !type_.find_state(state) && !target->find_state(state))
          unknown(link.source, what + ": holds", "state", state, ids_of(target->states));
      }
    }
  }

  void check_open_case(const OpenCase& open, const Source& source, const std::string& what) {
    const CaseType* target = pack_.find_case(open.case_type);
    if (!target) {
      unknown(source, what + ": open", "case type", open.case_type, ids_of(pack_.cases));
      return;
    }
    if (!open.link.empty() &&
        std::none_of(type_.links.begin(), type_.links.end(), [&](const auto& l) { return l.id == open.link; }) &&
        std::none_of(target->links.begin(), target->links.end(), [&](const auto& l) { return l.id == open.link; })) {
      unknown(source, what + ": open", "link", open.link, ids_of(type_.links));
    }
    for (const auto& field : target->open.form) {
      const bool given =
          std::any_of(open.form.begin(), open.form.end(), [&](const auto& f) { return f.first == field.id; });
      if (field.must && !given && !field.personal) {
        fault(source, "missing", what + ": the form that opens `" + open.case_type + "` needs `" + field.id + "`.");
      }
    }
  }

  const Field* form_field(const Action& action, const std::string& id) const {
    const auto found = std::find_if(action.form.begin(), action.form.end(), [&](const Field& f) { return f.id == id; });
    return found == action.form.end() ? nullptr : &*found;
  }

  void check_action(const Action& action) {
    const std::string what = action.id == "open" ? "open" : "action " + action.id;
    const bool opens = &action == &type_.open;
    if (action.basis.kind == BasisKind::clause && action.basis.clause.empty() && !pack_.document.empty() &&
        action.basis.reading == 0) {
      fault(action.source, "no-basis",
            what +
                " has no `clause`, and the case type has none either. Write `clause: 系统` for an act of the product "
                "alone.");
    }
    for (const auto& role : action.by) need_role(role, action.source, what + ": by");
    if (action.by_timer) need_clock(action.timer_clock, action.source, what + ": by timer");
    check_taken_by_someone(action, what);
    for (const auto& field : action.form) check_form_field(action, field, what);
    if (!action.group.empty()) need_group(action.group, action.source, what + ": form");
    if (!action.happened.empty()) {
      const Field* field = form_field(action, action.happened);
      if (!field)
        unknown(action.source, what + ": happened", "form entry", action.happened, ids_of(action.form));
      else if (field->kind != FieldKind::instant)
        fault(
            action.source, "type",
            what + ": `happened: " + action.happened + "` must be an instant, not " + type_of(*field).to_text() + ".");
    }
    for (const auto& look_up : action.look_ups) check_look_up(action, look_up);
    for (const auto& id : action.decide) {
      if (!pack_.find_decision(id)) unknown(action.source, what + ": decide", "table", id, ids_of(pack_.decisions));
    }
    for (const auto& id : action.require) {
      if (!pack_.find_condition(id))
        unknown(action.source, what + ": require", "condition", id, ids_of(pack_.conditions));
    }
    if (!action.of_assignment.empty()) need_assignment(action.of_assignment, action.source, what + ": of_assignment");
    if (action.ask) check_ask(action, what);
    check_undo(type_, action, faults_);
    check_outcomes(action, what, opens);
  }

  void check_taken_by_someone(const Action& action, const std::string& what) {
    if (&action != &type_.open && action.from.empty() && !action.by.empty()) {
      fault(action.source, "action-dead", what + ": nobody can take it, because no state allows it.");
    }
    if (action.by_timer || action.by.empty()) return;
    const bool only_system = std::all_of(action.by.begin(), action.by.end(), [&](const auto& id) {
      const Role* r = type_.find_role(id);
      return r && r->relation == RoleRelation::system;
    });
    if (!only_system) return;
    bool caused = false;
    for (const auto& other : pack_.cases) {
      for (const auto& reaction : other.reactions) {
        caused = caused || reaction.act == action.id ||
                 (&action == &type_.open && reaction.open && reaction.open->case_type == type_.id);
      }
      for (const auto* act : all_acts(other)) {
        for (const auto& outcome : act->outcomes) {
          for (const auto& open : outcome.open)
            caused = caused || (&action == &type_.open && open.case_type == type_.id);
        }
      }
    }
    if (!caused)
      fault(action.source, "action-dead",
            what + ": nobody can take it. Only the system may, and no timer and no reaction does.");
  }

  void check_form_field(const Action& action, const Field& field, const std::string& what) {
    if (!field.is_case_field) check_field(field, what + ", form entry " + field.id);
    if (field.suggest.empty()) return;
    const size_t dot = field.suggest.find('.');
    const std::string name = field.suggest.substr(0, dot);
    const std::string output = dot == std::string::npos ? "" : field.suggest.substr(dot + 1);
    const Decision* decision = pack_.find_decision(name);
    const std::string where = what + ", form entry " + field.id + ": suggest";
    if (!decision) {
      unknown(field.source, where, "table", name, ids_of(pack_.decisions));
      return;
    }
    if (!contains(action.decide, name))
      fault(field.source, "unknown-name", where + ": `" + name + "` must also stand in `decide`.");
    if (!decision->suggested)
      fault(field.source, "table-mode",
            where + ": the table `" + name + "` is binding. Write `mode: suggested` in its head.");
    std::vector<std::string> outputs;
    for (const auto& o : decision->table.outputs) outputs.push_back(o.name);
    if (output.empty() ? outputs.size() != 1 : !contains(outputs, output))
      unknown(field.source, where, "output", output, outputs);
  }

  void check_look_up(const Action& action, const LookUp& look_up) {
    const std::string what = "look-up " + look_up.id;
    need_register(look_up.reg, look_up.source, what);
    if (!look_up.at.empty() && look_up.at != "open" && look_up.at != "act") {
      std::string name = look_up.at;
      const Field* field = name.starts_with("form.") ? form_field(action, name.substr(5)) : type_.find_field(name);
      if (!field) field = form_field(action, name);
      if (!field)
        unknown(look_up.source, what + ": at", "date field", name, ids_of(type_.fields));
      else if (field->kind != FieldKind::date && field->kind != FieldKind::instant)
        fault(look_up.source, "type", what + ": `at: " + name + "` must be a date or an instant.");
    }
    const RegisterType* reg = others_.find_register(pack_, look_up.reg);
    if (look_up.kind == LookUpKind::nearest && reg && reg->parent_field.empty()) {
      const bool has_place = std::any_of(reg->fields.begin(), reg->fields.end(), [&](const Field& f) {
        if (f.kind != FieldKind::entry) return false;
        const RegisterType* to = others_.find_register(pack_, f.reg);
        return to && !to->parent_field.empty();
      });
      if (!has_place)
        fault(look_up.source, "form",
              what + ": `nearest` needs a hierarchy: neither `" + look_up.reg +
                  "` nor a register that its fields name has a `parent`.");
    }
  }

  void check_ask(const Action& action, const std::string& what) {
    const Ask& ask = *action.ask;
    need_role(ask.of_role, action.source, what + ": ask of");
    if (!ask.shields.empty()) need_clock(ask.shields, action.source, what + ": ask shields");
    if (!ask.amount.empty()) {
      const Field* field = form_field(action, ask.amount);
      if (!field)
        unknown(action.source, what + ": ask amount", "form entry", ask.amount, ids_of(action.form));
      else if (field->kind != FieldKind::limit)
        fault(action.source, "type", what + ": the amount asked for, `" + ask.amount + "`, must be a limit.");
    }
    for (const auto& [id, word] : {std::pair{ask.granted, "granted"}, std::pair{ask.refused, "refused"}}) {
      const Action* answer = type_.find_action(id);
      if (!answer) {
        fault(action.source, "ask-unanswered",
              what + ": the ask has no answer: there is no action `" + id + "` (" + word + ")." +
                  near_hint(id, ids_of(type_.actions)));
      } else if (!contains(answer->by, ask.of_role)) {
        fault(answer->source, "ask-unanswered",
              "action " + id + " answers the ask `" + ask.id + "`, so `by` must contain `" + ask.of_role + "`.");
      }
    }
  }

  void check_outcomes(const Action& action, const std::string& what, bool opens) {
    std::set<std::string> seen;
    bool ended = false;
    for (size_t i = 0; i < action.outcomes.size(); ++i) {
      const Outcome& outcome = action.outcomes[i];
      const std::string where = what + ", outcome " + outcome.id;
      if (!seen.insert(outcome.id).second) fault(outcome.source, "duplicate", where + ": two outcomes have this name.");
      if (ended)
        fault(outcome.source, "outcome-dead",
              where + ": it is never reached, because the outcome above it has no `if`.");
      if (!outcome.condition) ended = true;
      if (i + 1 == action.outcomes.size() && outcome.condition) {
        fault(outcome.source, "outcome-open",
              where + ": the last outcome must have no `if`, or an act could have no outcome at all.");
      }
      if (!outcome.to.empty()) need_state(outcome.to, outcome.source, where);
      for (const auto& [id, formula] : outcome.set) {
        if (!type_.find_field(id)) unknown(formula.source, where + ": set", "field", id, ids_of(type_.fields));
      }
      for (const auto& [id, formula] : outcome.assign) {
        need_assignment(id, formula.source, where + ": assign");
        const AssignmentType* assignment = type_.find_assignment(id);
        if (assignment && assignment->one && formula.expression.type().kind == feel::Type::Kind::list) {
          fault(formula.source, "assign", where + ": `" + id + "` takes one at a time, not a list.");
        }
      }
      for (const auto& id : outcome.end) need_assignment(id, outcome.source, where + ": end");
      for (const auto& [id, effect] : outcome.clocks) {
        need_clock(id, outcome.source, where + ": clocks");
        if (effect == ClockEffect::extend && !has_amount(action, id)) {
          fault(outcome.source, "clock-amount",
                where + ": extends `" + id + "`, but no ask with `amount` and no limit in the form says by how much.");
        }
      }
      for (const auto& [letter, role] : outcome.send) {
        if (!pack_.find_letter(letter))
          unknown(outcome.source, where + ": send", "letter", letter, ids_of(pack_.letters));
        need_role(role, outcome.source, where + ": send");
      }
      for (const auto& open : outcome.open) check_open_case(open, outcome.source, where);
      for (const auto& flag : outcome.flags) {
        if (!contains(type_.flags, flag)) unknown(outcome.source, where + ": flag", "flag", flag, type_.flags);
      }
      if (opens) continue;
      for (const auto& from : action.from) {
        const State* state = type_.find_state(from);
        if (state && state->final && !outcome.to.empty() && outcome.to != from) {
          fault(outcome.source, "final-left",
                where + ": it leaves the final state `" + from +
                    "`. A final state is the end; open a linked case instead.");
        }
      }
    }
  }

  bool has_amount(const Action& action, const std::string& clock) const {
    for (const auto& field : action.form) {
      if (field.kind == FieldKind::limit) return true;
    }
    for (const auto& other : type_.actions) {
      if (other.ask && other.ask->id == action.answers && other.ask->shields == clock && !other.ask->amount.empty())
        return true;
    }
    return false;
  }

  // Where an outcome leads from `state`; opening leads from nowhere.
  static const std::string& target(const Outcome& outcome, const std::string& state) {
    return outcome.to.empty() ? state : outcome.to;
  }

  void check_states() {
    if (type_.states.empty()) return;
    reachable_.clear();
    std::vector<std::string> row;
    const auto reach = [&](const std::string& id) {
      if (type_.find_state(id) && reachable_.insert(id).second) row.push_back(id);
    };
    for (const auto& outcome : type_.open.outcomes) reach(target(outcome, type_.states.front().id));
    while (!row.empty()) {
      const std::string state = row.back();
      row.pop_back();
      for (const auto& action : type_.actions) {
        if (!contains(action.from, state)) continue;
        for (const auto& outcome : action.outcomes) reach(target(outcome, state));
      }
    }
    for (const auto& state : type_.states) {
      const std::string what = "state " + state.id;
      for (const auto& role : state.held_by) need_role(role, state.source, what + ": held_by");
      if (!reachable_.contains(state.id)) {
        fault(state.source, "state-unreachable", what + ": no action leads there.");
        continue;
      }
      if (state.final) continue;
      if (state.held_by.empty()) {
        fault(state.source, "state-unheld",
              what + ": nobody holds it. Write `held_by: [role]`; only final states have none.");
        continue;
      }
      if (!has_way_out(state)) {
        fault(state.source, "state-stuck",
              what + ": " + join(state.held_by, ", ") +
                  " cannot leave it alone. It needs an action from here, by one who holds it, that leads to another "
                  "state.");
      }
    }
  }

  bool has_way_out(const State& state) const {
    for (const auto& action : type_.actions) {
      if (!contains(action.from, state.id)) continue;
      if (std::none_of(action.by.begin(), action.by.end(),
                       [&](const auto& role) { return contains(state.held_by, role); }))
        continue;
      for (const auto& outcome : action.outcomes) {
        if (!outcome.to.empty() && outcome.to != state.id) return true;
      }
    }
    return false;
  }

  std::set<std::string> reachable_from(std::set<std::string> states) const {
    std::vector<std::string> row(states.begin(), states.end());
    while (!row.empty()) {
      const std::string state = row.back();
      row.pop_back();
      for (const auto& action : type_.actions) {
        if (!contains(action.from, state)) continue;
        for (const auto& outcome : action.outcomes) {
          if (states.insert(target(outcome, state)).second) row.push_back(target(outcome, state));
        }
      }
    }
    return states;
  }

  // After a start, can another start happen?
  bool can_start_twice(const ClockDef& clock) const {
    const auto starts = [&](const Outcome& outcome) {
      return std::any_of(outcome.clocks.begin(), outcome.clocks.end(),
                         [&](const auto& c) { return c.first == clock.id && c.second == ClockEffect::start; });
    };
    std::set<std::string> after, from;
    for (const auto* action : all_acts(type_)) {
      for (const auto& outcome : action->outcomes) {
        if (!starts(outcome)) continue;
        if (action == &type_.open) {
          after.insert(target(outcome, type_.states.front().id));
          continue;
        }
        for (const auto& state : action->from) {
          from.insert(state);
          after.insert(target(outcome, state));
        }
      }
    }
    const auto reach = reachable_from(after);
    return std::any_of(from.begin(), from.end(), [&](const auto& state) { return reach.contains(state); });
  }

  void check_clock(const ClockDef& clock) {
    const std::string what = "clock " + clock.id;
    if (clock.owner.empty())
      fault(clock.source, "clock-unowned",
            what + ": nobody owns it. Write `owner: role`: who is late when it is missed?");
    else
      need_role(clock.owner, clock.source, what + ": owner");
    bool started = false, ended = false;
    for (const auto* action : all_acts(type_)) {
      for (const auto& outcome : action->outcomes) {
        for (const auto& [id, effect] : outcome.clocks) {
          if (id != clock.id) continue;
          if (effect == ClockEffect::start) {
            started = true;
            check_limit_at_start(clock, *action, what);
          }
          ended = ended || effect == ClockEffect::stop || effect == ClockEffect::claim || effect == ClockEffect::cancel;
        }
      }
    }
    if (!started) fault(clock.source, "clock-unused", what + ": no action starts it.");
    // A window ends by itself; what belongs to an assignment or an ask ends with it.
    const bool ends_itself =
        clock.type == ClockType::window || clock.type == ClockType::not_before || clock.scope != ClockScope::per_case;
    if (started && !ended && !ends_itself)
      fault(clock.source, "clock-endless", what + ": no action stops, claims or cancels it.");
    if (!clock.again_stated && clock.scope != ClockScope::per_ask && clock.scope != ClockScope::per_assignment &&
        !type_.states.empty() && can_start_twice(clock)) {
      fault(clock.source, "clock-again",
            what + ": it can be started a second time. Say what happens then: `again: keep`, `restart` or `add`.");
    }
    if (!clock.limit_parameter.empty()) {
      const Parameter* parameter = pack_.find_parameter(clock.limit_parameter);
      if (!parameter)
        unknown(clock.source, what + ": limit", "parameter", clock.limit_parameter, ids_of(pack_.parameters));
      else if (!limit_of(parameter->value))
        fault(clock.source, "type", what + ": the parameter `" + clock.limit_parameter + "` is no limit.");
    }
    if (!clock.limit_decision.empty()) {
      const size_t dot = clock.limit_decision.find('.');
      const std::string name = clock.limit_decision.substr(0, dot);
      const Decision* decision = pack_.find_decision(name);
      if (!decision) {
        unknown(clock.source, what + ": limit", "table", name, ids_of(pack_.decisions));
      } else {
        std::vector<std::string> outputs;
        for (const auto& output : decision->table.outputs) outputs.push_back(output.name);
        const std::string output = dot == std::string::npos ? (outputs.size() == 1 ? outputs[0] : "limit")
                                                            : clock.limit_decision.substr(dot + 1);
        if (!contains(outputs, output))
          unknown(clock.source, what + ": limit", "output of table " + name, output, outputs);
      }
    }
  }

  void check_limit_at_start(const ClockDef& clock, const Action& action, const std::string& what) {
    if (clock.limit_decision.empty()) return;
    const std::string name = clock.limit_decision.substr(0, clock.limit_decision.find('.'));
    if (contains(action.decide, name)) return;
    // Started again later: the first start has decided it, and `keep` asks nothing new.
    fault(action.source, "clock-limit",
          what + " is started by `" + action.id + "`, whose `decide` does not contain `" + name +
              "`, which gives its limit.");
  }

  void check_reactions() {
    for (const auto& reaction : type_.reactions) {
      const std::string what = "reaction " + reaction.id;
      switch (reaction.trigger) {
        case Reaction::Trigger::late:
          if (!reaction.of.empty()) need_clock(reaction.of, reaction.source, what + ": after late");
          break;
        case Reaction::Trigger::action:
          need_action(reaction.of, reaction.source, what + ": after action");
          break;
        case Reaction::Trigger::state:
          need_state(reaction.of, reaction.source, what + ": after state");
          break;
      }
      if (reaction.open) check_open_case(*reaction.open, reaction.source, what);
      if (reaction.link_kind.empty()) continue;
      const CaseType* target = nullptr;
      for (const auto& link : type_.links) {
        if (link.id == reaction.link_kind) target = pack_.find_case(link.to);
      }
      std::vector<std::string> known = ids_of(type_.links);
      for (const auto& other : pack_.cases) {
        for (const auto& link : other.links) {
          if (link.to != type_.id) continue;
          known.push_back(link.id);
          if (!target && link.id == reaction.link_kind) target = &other;
        }
      }
      if (!contains(known, reaction.link_kind))
        unknown(reaction.source, what, "link", reaction.link_kind, known);
      else if (target && !reaction.act.empty() && !target->find_action(reaction.act))
        unknown(reaction.source, what + ": act", "action of " + target->id, reaction.act, ids_of(target->actions));
    }
  }

  const Pack& pack_;
  const Library& others_;
  const CaseType& type_;
  std::vector<Fault>& faults_;
  std::set<std::string> reachable_;
};

// ---- tables ------------------------------------------------------------------------------------------------------

void check_tables(const Pack& pack, std::vector<Fault>& faults) {
  for (const auto& decision : pack.decisions) {
    const dmn::CompiledTable* compiled = nullptr;
    bool used = false;
    for (const auto& type : pack.cases) {
      for (const auto* action : all_acts(type)) {
        used = used || contains(action->decide, decision.id);
        const auto found = action->decisions.find(decision.id);
        if (!compiled && found != action->decisions.end()) compiled = &found->second;
      }
    }
    const std::string what = "table " + decision.id;
    if (!used) add_fault(faults, decision.source, "unused", what + ": no action decides by it.");
    if (!compiled) continue;
    const auto analysis = dmn::analyse(*compiled);
    const auto line_of = [&](int row) -> Source {
      const auto index = static_cast<size_t>(row - 1);
      return {decision.source.file,
              index < decision.table.rules.size() ? decision.table.rules[index].line : decision.source.line};
    };
    for (const auto& gap : analysis.gaps) {
      add_fault(faults, decision.source, "table-gap", what + ": no row answers " + gap.example.to_text() + ".");
    }
    for (const auto& overlap : analysis.overlaps) {
      add_fault(faults, line_of(overlap.row_b), "table-overlap",
                what + ": rows " + std::to_string(overlap.row_a) + " and " + std::to_string(overlap.row_b) +
                    " both answer " + overlap.example.to_text() + ".");
    }
    for (const int row : analysis.never_match) {
      add_fault(faults, line_of(row), "table-row-dead", what + ": row " + std::to_string(row) + " never answers.");
    }
  }
}

// ---- reactions in a circle ---------------------------------------------------------------------------------------

void check_reaction_circles(const Pack& pack, std::vector<Fault>& faults) {
  // Nodes are acts; an edge says: this act makes that act happen, with no person and no clock between.
  struct Edge {
    size_t to;
    Source source;
    std::string by;
  };
  std::vector<std::pair<const CaseType*, const Action*>> nodes;
  for (const auto& type : pack.cases) {
    for (const auto* action : all_acts(type)) nodes.emplace_back(&type, action);
  }
  const auto node_of = [&](const CaseType* type, std::string_view action) -> std::optional<size_t> {
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].first == type && nodes[i].second->id == action) return i;
    }
    return std::nullopt;
  };
  std::vector<std::vector<Edge>> edges(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto& [type, action] = nodes[i];
    for (const auto& outcome : action->outcomes) {
      for (const auto& open : outcome.open) {
        if (const auto to = node_of(pack.find_case(open.case_type), "open"))
          edges[i].push_back({*to, outcome.source, "action " + action->id});
      }
    }
    for (const auto& reaction : type->reactions) {
      if (reaction.trigger == Reaction::Trigger::late) continue;
      const bool fires = reaction.trigger == Reaction::Trigger::action
                             ? reaction.of == action->id
                             : std::any_of(action->outcomes.begin(), action->outcomes.end(),
                                           [&, of = reaction.of](const Outcome& o) { return o.to == of; });
      if (!fires) continue;
      if (reaction.open) {
        if (const auto to = node_of(pack.find_case(reaction.open->case_type), "open"))
          edges[i].push_back({*to, reaction.source, "reaction " + reaction.id});
      }
      if (reaction.act.empty()) continue;
      for (const auto& other : pack.cases) {
        const bool linked =
            std::any_of(
                other.links.begin(), other.links.end(),
                [&, type = type](const LinkKind& l) { return l.id == reaction.link_kind && l.to == type->id; }) ||
            std::any_of(type->links.begin(), type->links.end(),
                        [&](const LinkKind& l) { return l.id == reaction.link_kind && l.to == other.id; });
        if (!linked) continue;
        if (const auto to = node_of(&other, reaction.act))
          edges[i].push_back({*to, reaction.source, "reaction " + reaction.id});
      }
    }
  }
  for (size_t start = 0; start < nodes.size(); ++start) {
    for (const auto& first : edges[start]) {
      std::set<size_t> seen{first.to};
      std::vector<size_t> row{first.to};
      while (!row.empty()) {
        const size_t at = row.back();
        row.pop_back();
        for (const auto& edge : edges[at]) {
          if (seen.insert(edge.to).second) row.push_back(edge.to);
        }
      }
      if (seen.contains(start)) {
        add_fault(faults, first.source, "reaction-circle",
                  "case " + nodes[start].first->id + ": " + first.by +
                      " leads back to itself without a person or a clock between: cases would be made without end.");
      }
    }
  }
}

// ---- clauses, requirements, what is used by nothing -----------------------------------------------------------------

void check_clauses(const Pack& pack, const std::vector<Scenario>& scenarios, std::vector<Fault>& faults) {
  const std::string own = pack.document.empty() ? pack.title : pack.document;
  const auto known = ids_of(pack.clauses);
  std::set<std::string> cited;
  for (const auto& citation : citations(pack)) {
    if (citation.basis.kind == BasisKind::parameter) {
      if (!pack.find_parameter(citation.basis.clause)) {
        add_fault(faults, citation.source, "unknown-name",
                  citation.by + ": there is no parameter `" + citation.basis.clause + "`." +
                      near_hint(citation.basis.clause, ids_of(pack.parameters)));
      }
      continue;
    }
    if (citation.basis.kind != BasisKind::clause || citation.basis.document != own || citation.basis.clause.empty())
      continue;
    cited.insert(citation.basis.clause);
    if (!contains(known, citation.basis.clause)) {
      add_fault(faults, citation.source, "unknown-clause",
                citation.by + " cites `" + citation.basis.clause + "`, which is not in clauses.yaml." +
                    clause_hint(citation.basis.clause, known));
    }
  }
  for (const auto& scenario : scenarios) {
    for (const auto& clause : scenario.clauses) {
      const bool elsewhere =
          clause == "系统" || std::any_of(pack.sources.begin(), pack.sources.end(),
                                          [&](const auto& s) { return clause.starts_with(s.first); });
      if (elsewhere) continue;
      cited.insert(clause);
      if (!contains(known, clause)) {
        add_fault(faults, scenario.source, "unknown-clause",
                  "scenario `" + scenario.name + "` cites `" + clause + "`, which is not in clauses.yaml." +
                      clause_hint(clause, known));
      }
    }
  }
  for (const auto& clause : pack.clauses) {
    if (clause.left.empty() && !cited.contains(clause.id)) {
      add_fault(faults, clause.source, "clause-unbound",
                "The clause `" + clause.id +
                    "` is bound to nothing: no rule, row, letter or scenario cites it. Bind it, or say why software "
                    "does not enforce it: `left: …`.");
    }
  }
}

void check_requirements(const Pack& pack, const std::vector<Scenario>& scenarios, std::vector<Fault>& faults) {
  const Source source{file_name(pack.directory) + "/pack.yaml", 1};
  std::set<std::string> seen;
  const auto check_id = [&](const std::string& id) {
    if (!is_requirement_id(id))
      add_fault(faults, source, "requirement", "`" + id + "` is no requirement id (such as HL-36).");
    if (!seen.insert(id).second)
      add_fault(faults, source, "duplicate",
                "The requirement `" + id + "` stands twice in `requirements` and `not_here`.");
  };
  for (const auto& id : pack.requirements) check_id(id);
  for (const auto& [id, reason] : pack.not_here) check_id(id);
  for (const auto& scenario : scenarios) {
    for (const auto& id : scenario.shows) {
      if (!is_requirement_id(id))
        add_fault(faults, scenario.source, "requirement",
                  "scenario `" + scenario.name + "` shows `" + id + "`, which is no requirement id (such as HL-36).");
      else if (!contains(pack.requirements, id))
        add_fault(
            faults, scenario.source, "requirement",
            "scenario `" + scenario.name + "` shows `" + id + "`, which pack.yaml does not list under `requirements`.");
    }
  }
}

void check_used(const Pack& pack, std::vector<Fault>& faults) {
  std::set<std::string> letters, conditions;
  for (const auto& type : pack.cases) {
    for (const auto* action : all_acts(type)) {
      conditions.insert(action->require.begin(), action->require.end());
      for (const auto& outcome : action->outcomes) {
        for (const auto& [letter, role] : outcome.send) letters.insert(letter);
      }
    }
    for (const auto& group : type.groups) conditions.insert(group.hide_if);
  }
  for (const auto& letter : pack.letters) {
    if (!letters.contains(letter.id))
      add_fault(faults, letter.source, "unused", "letter " + letter.id + ": no action sends it.");
  }
  for (const auto& condition : pack.conditions) {
    if (!conditions.contains(condition.id))
      add_fault(faults, condition.source, "unused", "condition " + condition.id + ": no action requires it.");
  }
}

void check_registers(const Pack& pack, const Library& others, std::vector<Fault>& faults) {
  for (const auto& reg : pack.registers) {
    for (const auto& field : reg.fields) {
      if (field.kind != FieldKind::entry) continue;
      const RegisterType* target = others.find_register(pack, field.reg);
      if (!target) {
        add_fault(faults, field.source, "unknown-name",
                  "register " + reg.id + ", field " + field.id + ": there is no register `" + field.reg + "`.");
        continue;
      }
      std::set<std::string> ids;
      for (const auto& row : target->rows) ids.insert(row.id);
      if (ids.empty()) continue;
      for (const auto& row : reg.rows) {
        for (const auto& [name, value] : row.values) {
          if (name != field.id) continue;
          std::vector<std::string> named;
          if (value.kind() == feel::Value::Kind::text) named.push_back(value.as_text());
          if (value.kind() == feel::Value::Kind::list) {
            for (const auto& item : value.as_list()) named.push_back(item.to_plain_text());
          }
          for (const auto& id : named) {
            if (!ids.contains(id))
              add_fault(faults, row.source, "unknown-name",
                        "register " + reg.id + ", row " + row.id + ": `" + id + "` in " + name + " is no entry of `" +
                            field.reg + "`.");
          }
        }
      }
    }
  }
}

}  // namespace

std::vector<Citation> citations(const Pack& pack) {
  std::vector<Citation> all;
  const auto add = [&](const Basis& basis, const Source& source, std::string by) {
    all.push_back({basis, source, std::move(by)});
  };
  for (const auto& type : pack.cases) {
    add(type.basis, type.source, "case " + type.id);
    for (const auto& field : type.fields) add(field.basis, field.source, "field " + field.id);
    for (const auto& clock : type.clocks) add(clock.basis, clock.source, "clock " + clock.id);
    for (const auto* action : all_acts(type)) {
      add(action->basis, action->source, "action " + action->id);
      for (const auto& field : action->form) {
        if (!field.is_case_field && !field.basis.clause.empty())
          add(field.basis, field.source, "form entry " + field.id);
      }
      for (const auto& outcome : action->outcomes)
        add(outcome.basis, outcome.source, "action " + action->id + ", outcome " + outcome.id);
    }
    for (const auto& reaction : type.reactions) add(reaction.basis, reaction.source, "reaction " + reaction.id);
  }
  for (const auto& decision : pack.decisions) {
    for (size_t i = 0; i < decision.row_bases.size(); ++i) {
      const int line = i < decision.table.rules.size() ? decision.table.rules[i].line : decision.source.line;
      add(decision.row_bases[i], {decision.source.file, line},
          "table " + decision.id + ", row " + std::to_string(i + 1));
    }
  }
  for (const auto& condition : pack.conditions) add(condition.basis, condition.source, "condition " + condition.id);
  for (const auto& parameter : pack.parameters) add(parameter.basis, parameter.source, "parameter " + parameter.id);
  for (const auto& letter : pack.letters) add(letter.basis, letter.source, "letter " + letter.id);
  for (const auto& reg : pack.registers) add(reg.basis, reg.source, "register " + reg.id);
  return all;
}

std::vector<Fault> check_pack(const Pack& pack, const Library& others, const std::vector<Scenario>& scenarios) {
  std::vector<Fault> faults;
  for (const auto& type : pack.cases) CaseChecker(pack, others, type, faults).run();
  check_tables(pack, faults);
  check_reaction_circles(pack, faults);
  check_clauses(pack, scenarios, faults);
  check_requirements(pack, scenarios, faults);
  check_used(pack, faults);
  check_registers(pack, others, faults);
  check_portal(pack, faults);
  check_scenarios(pack, scenarios, faults);
  sort_faults(faults);
  return faults;
}

Library load_foundations(const std::string& directory) {
  Library library;
  std::string own = directory;
  while (own.ends_with('/')) own.pop_back();
  const std::string beside = parent_path(own).empty() ? "." : parent_path(own);
  // Folder by pack id, and what each builds on; only the closure is loaded.
  std::map<std::string, std::pair<std::string, std::vector<std::string>>> packs;
  const auto read = [&](const std::string& folder) -> std::pair<std::string, std::vector<std::string>> {
    const auto text = read_file(join_path(folder, "pack.yaml"));
    if (!text.ok()) return {};
    std::vector<Fault> ignored;  // load_pack of that pack reports them
    const auto root = parse_yaml("pack.yaml", *text, ignored);
    if (!root) return {};
    std::pair<std::string, std::vector<std::string>> result;
    if (const Node* id = root->find("pack"))
      result.first = id->text;
    else if (const Node* other = root->find("id"))
      result.first = other->text;
    if (const Node* builds_on = root->find("builds_on")) {
      if (builds_on->is_scalar()) result.second.push_back(builds_on->text);
      for (const auto& item : builds_on->items) result.second.push_back(item.text);
    }
    return result;
  };
  for (const auto& name : list_folders(beside)) {
    const std::string folder = join_path(beside, name);
    auto [id, builds_on] = read(folder);
    if (!id.empty()) packs[id] = {folder, std::move(builds_on)};
  }
  // Depth first with an explicit stack; a pack is loaded when everything below it is. A circle is cut.
  std::set<std::string> entered{read(own).first}, loaded;
  std::vector<std::pair<std::string, bool>> stack;
  const auto first = read(own).second;
  for (auto it = first.rbegin(); it != first.rend(); ++it) stack.emplace_back(*it, false);
  while (!stack.empty()) {
    auto [id, children_done] = stack.back();
    stack.pop_back();
    const auto found = packs.find(id);
    if (found == packs.end() || loaded.contains(id)) continue;
    if (children_done) {
      loaded.insert(id);
      if (auto pack = load_pack(found->second.first, library).pack) library.packs.push_back(std::move(pack));
      continue;
    }
    if (!entered.insert(id).second) continue;
    stack.emplace_back(id, true);
    for (const auto& child : found->second.second) stack.emplace_back(child, false);
  }
  return library;
}

Checked check(const std::string& directory) { return check(directory, load_foundations(directory)); }

Checked check(const std::string& directory, const Library& others) {
  Checked checked;
  Loaded loaded = load_pack(directory, others);
  checked.pack = loaded.pack;
  checked.faults = std::move(loaded.faults);
  if (checked.pack) {
    checked.scenarios = load_scenarios(directory, checked.faults);
    auto more = check_pack(*checked.pack, others, checked.scenarios);
    checked.faults.insert(checked.faults.end(), more.begin(), more.end());
  }
  sort_faults(checked.faults);
  return checked;
}

}  // namespace tongban::pack
