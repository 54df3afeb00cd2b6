// One case type: every name exists, somebody may act in every state, every clock has an owner, a start and an end.
#include <set>

#include "pack/check_parts.h"

namespace tongban::pack {
namespace {

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
          std::string(what) + ": there is no " + kind + " `" + name + "`." + did_you_mean(name, known));
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
    check_other(action, what);
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
                  did_you_mean(id, ids_of(type_.actions)));
      } else if (!contains(answer->by, ask.of_role)) {
        fault(answer->source, "ask-unanswered",
              "action " + id + " answers the ask `" + ask.id + "`, so `by` must contain `" + ask.of_role + "`.");
      }
    }
  }

  // The other case that an act reads: a form entry of the kind `case` names it, a link of this type says what it is.
  void check_other(const Action& action, const std::string& what) {
    for (const auto& field : action.form) {
      if (field.kind == FieldKind::other_case && field.id != action.other.field)
        fault(field.source, "form",
              what + ", form entry " + field.id + ": it names a case, so the act needs `other: {field: " + field.id +
                  ", link: …}`.");
    }
    if (action.other.link.empty()) return;
    if (std::none_of(type_.links.begin(), type_.links.end(), [&](const auto& l) { return l.id == action.other.link; }))
      unknown(action.source, what + ": other", "link", action.other.link, ids_of(type_.links));
    if (action.other.field.empty()) return;
    const Field* field = form_field(action, action.other.field);
    if (!field)
      unknown(action.source, what + ": other", "form entry", action.other.field, ids_of(action.form));
    else if (field->kind != FieldKind::other_case || field->list)
      fault(action.source, "type", what + ": other: `" + field->id + "` must be of the kind `case`.");
  }

  void check_outcome_links(const Action& action, const Outcome& outcome, const std::string& where) {
    if (outcome.links_other && action.other.link.empty())
      fault(outcome.source, "form", where + ": `link: yes` needs `other: {field: …, link: …}` of the action.");
    for (const auto& id : outcome.unlink) {
      if (std::none_of(type_.links.begin(), type_.links.end(), [&](const auto& l) { return l.id == id; }))
        unknown(outcome.source, where + ": unlink", "link", id, ids_of(type_.links));
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
        const Field* field = type_.find_field(id);
        if (!field) unknown(formula.source, where + ": set", "field", id, ids_of(type_.fields));
        if (field && field->personal) needs_a_person(formula.source, where + ": set", id);
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
      check_outcome_links(action, outcome, where);
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
      if (!contains(known, reaction.link_kind)) {
        unknown(reaction.source, what, "link", reaction.link_kind, known);
      } else if (target && !reaction.act.empty()) {
        if (const Action* act = target->find_action(reaction.act))
          check_reaction_form(reaction, *act, what);
        else
          unknown(reaction.source, what + ": act", "action of " + target->id, reaction.act, ids_of(target->actions));
      }
    }
  }

  // What a formula gives is not sealed: it would stand in the ledger for ever, also after the person was erased.
  void needs_a_person(const Source& source, const std::string& what, const std::string& name) {
    fault(source, "personal",
          what + ": `" + name + "` is personal. Only a person gives it, in a form; no formula may.");
  }

  // What the act on linked cases must be given, and nothing that its form does not know.
  void check_reaction_form(const Reaction& reaction, const Action& act, const std::string& what) {
    for (const auto& [name, formula] : reaction.form) {
      const Field* entry = form_field(act, name);
      if (!entry) unknown(formula.source, what + ": the form of `" + act.id + "`", "entry", name, ids_of(act.form));
      if (entry && entry->personal) needs_a_person(formula.source, what + ": the form of `" + act.id + "`", name);
    }
    for (const auto& field : act.form) {
      const bool given =
          std::any_of(reaction.form.begin(), reaction.form.end(), [&](const auto& f) { return f.first == field.id; });
      if (field.must && !given)
        fault(reaction.source, "missing", what + ": the form of `" + act.id + "` needs `" + field.id + "`.");
    }
  }

  const Pack& pack_;
  const Library& others_;
  const CaseType& type_;
  std::vector<Fault>& faults_;
  std::set<std::string> reachable_;
};

}  // namespace

void check_case(const Pack& pack, const Library& others, const CaseType& type, std::vector<Fault>& faults) {
  CaseChecker(pack, others, type, faults).run();
}

}  // namespace tongban::pack
