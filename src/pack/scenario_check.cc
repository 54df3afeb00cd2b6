// Names in scenarios, against the pack.
#include <algorithm>
#include <map>

#include "base/text.h"
#include "pack/scenario.h"

namespace tongban::pack {
namespace {

class ScenarioChecker {
 public:
  ScenarioChecker(const Pack& pack, std::vector<Fault>& faults) : pack_(pack), faults_(faults) {
    for (const auto& type : pack.cases) {
      for (const auto& action : type.actions) actions_.push_back(action.id);
      for (const auto& state : type.states) states_.push_back(state.id);
      for (const auto& clock : type.clocks) clocks_.push_back(clock.id);
      for (const auto& role : type.roles) roles_.push_back(role.id);
      for (const auto& assignment : type.assignments) assignments_.push_back(assignment.id);
      for (const auto& field : type.fields) fields_.push_back(field.id);
      for (const auto& flag : type.flags) flags_.push_back(flag);
      types_.push_back(type.id);
    }
    for (const auto& letter : pack.letters) letters_.push_back(letter.id);
    for (const auto& clause : pack.clauses) clauses_.push_back(clause.id);
    for (const auto& parameter : pack.parameters) parameters_.push_back(parameter.id);
    actions_.push_back("open");
  }

  void run(const Scenario& scenario) {
    name_ = scenario.name;
    if (!scenario.case_type.empty()) need(scenario.source, "case type", scenario.case_type, types_);
    for (const auto& [id, value] : scenario.parameters) check_parameter(scenario.source, id, value);
    for (const auto& step : scenario.steps) {
      if (step.nothing) {
        expect(step.then);
        continue;
      }
      if (!step.does.empty()) need(step.source, "action", step.does, actions_);
      check_form(scenario, step);
      expect(step.then);
      expect(step.here);
    }
    for (const auto& view : scenario.views) {
      for (const auto* list : {&view.sees, &view.not_sees}) {
        for (const auto& field : *list) need_field_or_entry(view.source, field);
      }
    }
    for (const auto& example : scenario.examples) {
      for (const auto& [clock, date] : example.due) {
        if (!clock.empty()) need(example.source, "clock", clock, clocks_);
      }
      for (const auto& [id, value] : example.values) need_field_or_entry(example.source, id);
    }
  }

 private:
  void need(const Source& source, std::string_view kind, const std::string& name,
            const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return;
    const std::string near = nearest_word(name, known);
    add_fault(faults_, source, "unknown-name",
              "scenario `" + name_ + "`: there is no " + std::string(kind) + " `" + name + "`." +
                  (near.empty() ? "" : " Did you mean `" + near + "`?"));
  }

  void need_field_or_entry(const Source& source, const std::string& id) {
    std::vector<std::string> known = fields_;
    for (const auto& type : pack_.cases) {
      for (const auto& field : type.open.form) known.push_back(field.id);
      for (const auto& action : type.actions) {
        for (const auto& field : action.form) known.push_back(field.id);
        for (const auto& field : action.form) known.push_back(action.id + "." + field.id);
      }
      for (const auto& group : type.groups) known.push_back(group.id);
    }
    need(source, "field", id, known);
  }

  void check_parameter(const Source& source, const std::string& id, const std::string& value) {
    need(source, "parameter", id, parameters_);
    const Parameter* parameter = pack_.find_parameter(id);
    if (!parameter) return;
    if (!parameter_value(*parameter, value)) {
      add_fault(faults_, source, "parameter",
                "scenario `" + name_ + "`: `" + value + "` is no value of the parameter `" + id + "`.");
    }
  }

  void check_form(const Scenario& scenario, const ScenarioStep& step) {
    if (step.rejected) return;  // a wrong form may be the point
    std::vector<std::string> known;
    for (const auto& type : pack_.cases) {
      if (step.does == "open" && !scenario.case_type.empty() && scenario.case_type != type.id) continue;
      const Action* action = step.does == "open" ? &type.open : type.find_action(step.does);
      if (!action) continue;
      for (const auto& field : action->form) {
        known.push_back(field.id);
        known.push_back("why_" + field.id);
      }
      known.emplace_back("happened_at");
    }
    if (known.empty() && step.with.empty()) return;
    if (std::find(actions_.begin(), actions_.end(), step.does) == actions_.end()) return;
    for (const auto& [id, value] : step.with) need(step.source, "form entry of " + step.does + " named", id, known);
  }

  void expect(const Expectation& e) {
    if (e.sources.empty()) return;
    const Source& source = e.sources.front();
    if (e.state) need(source, "state", *e.state, states_);
    if (e.holder) need(source, "role", *e.holder, roles_);
    for (const auto& [clock, date] : e.due) {
      need(source, "clock", clock, clocks_);
      if (date != "none" && !parse_date(date).ok() && !parse_instant(date).ok()) {
        add_fault(faults_, source, "scenario-instant",
                  "scenario `" + name_ + "`: due `" + date + "` is no date, no instant and not none.");
      }
    }
    for (const auto& [clock, force] : e.force) {
      need(source, "clock", clock, clocks_);
      need(source, "force", force, {"statutory", "promise", "target"});
    }
    for (const auto& [letter, role] : e.sent) need(source, "letter", letter, letters_);
    for (const auto& [assignment, units] : e.assigned) need(source, "assignment", assignment, assignments_);
    for (const auto& [field, value] : e.fields) need_field_or_entry(source, field);
    if (e.holders) {
      for (const auto& role : *e.holders) need(source, "role", role, roles_);
    }
    for (const auto* list : {&e.late, &e.not_late, &e.running, &e.stopped}) {
      for (const auto& clock : *list) need(source, "clock", clock, clocks_);
    }
    for (const auto* list : {&e.flags, &e.not_flags}) {
      for (const auto& flag : *list) need(source, "flag", flag, flags_);
    }
    for (const auto& type : e.opened) need(source, "case type", type, types_);
    for (const auto& clause : e.basis) {
      const bool elsewhere =
          clause == "系统" || std::any_of(pack_.sources.begin(), pack_.sources.end(),
                                          [&](const auto& s) { return clause.starts_with(s.first); });
      if (!elsewhere) need(source, "clause", clause, clauses_);
    }
  }

  const Pack& pack_;
  std::vector<Fault>& faults_;
  std::string name_;
  std::vector<std::string> actions_, states_, clocks_, roles_, assignments_, fields_, flags_, types_, letters_,
      clauses_, parameters_;
};

}  // namespace

std::optional<feel::Value> parameter_value(const Parameter& parameter, std::string_view text) {
  if (!parameter.values.empty()) {
    const bool known = std::any_of(parameter.values.begin(), parameter.values.end(),
                                   [&](const auto& value) { return value.first == text; });
    if (!known) return std::nullopt;
    return feel::Value::text(std::string(text));
  }
  if (limit_of(parameter.value)) {
    const auto limit = parse_limit(text);
    if (!limit) return std::nullopt;
    return to_value(*limit);
  }
  switch (parameter.value.kind()) {
    case feel::Value::Kind::number:
      if (const auto number = feel::Number::parse(text)) return feel::Value::of(*number);
      return std::nullopt;
    case feel::Value::Kind::boolean:
      if (text == "yes" || text == "no") return feel::Value::of(text == "yes");
      return std::nullopt;
    case feel::Value::Kind::date:
      if (const auto date = parse_date(text); date.ok()) return feel::Value::of(*date);
      return std::nullopt;
    case feel::Value::Kind::text:
      return feel::Value::text(std::string(text));
    default:
      return std::nullopt;
  }
}

void check_scenarios(const Pack& pack, const std::vector<Scenario>& scenarios, std::vector<Fault>& faults) {
  ScenarioChecker checker(pack, faults);
  for (const auto& scenario : scenarios) checker.run(scenario);
}

}  // namespace tongban::pack
