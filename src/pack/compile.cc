#include "pack/compile.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "pack/read.h"

namespace tongban::pack {
namespace {

using feel::Type;
using Kind = Action::Variable::Kind;
using Members = std::vector<Type::Member>;

// ---- host functions ----------------------------------------------------------------------------------------------

// register → entry → title, from the seed rows of the pack and of what it builds on.
using Names = std::map<std::string, std::map<std::string, std::string>, std::less<>>;

Result<feel::Value> date_as_text(const feel::Value& value) {
  const auto day_text = [](Date day) {
    const auto civil = day.civil();
    return std::to_string(civil.year) + "年" + std::to_string(civil.month) + "月" + std::to_string(civil.day) + "日";
  };
  if (value.is_null()) return feel::Value();
  if (value.kind() == feel::Value::Kind::date) return feel::Value::text(day_text(value.as_date()));
  if (value.kind() == feel::Value::Kind::date_time) {
    const Instant at = value.as_date_time().at;
    return feel::Value::text(day_text(local_date(at)) + to_minutes_text(at).substr(10));
  }
  return fail(Trouble::invalid_input, "date_text needs a date or an instant.");
}

std::vector<feel::Function> host_functions(std::shared_ptr<const Names> names, const Host& host) {
  const auto entry_name = [names, host](std::string_view reg, const feel::Value& id,
                                        const feel::EvalContext& context) -> Result<feel::Value> {
    if (id.is_null()) return feel::Value();
    if (id.kind() != feel::Value::Kind::text) return fail(Trouble::invalid_input, "The id of an entry is a text.");
    if (host.entry_name) return host.entry_name(reg, id.as_text(), context);
    const auto entries = names->find(reg);
    if (entries == names->end()) return feel::Value();
    const auto found = entries->second.find(id.as_text());
    return found == entries->second.end() ? feel::Value() : feel::Value::text(found->second);
  };
  std::vector<feel::Function> functions;
  functions.push_back({"unit_name",
                       {{"id", Type::any(), true}},
                       Type::text(),
                       "The name of a unit.",
                       [entry_name](std::span<const feel::Value> a, const feel::EvalContext& context) {
                         return entry_name("units", a[0], context);
                       }});
  functions.push_back(
      {"entry_name",
       {{"register", Type::text(), false}, {"id", Type::any(), true}},
       Type::text(),
       "The title of a register's entry.",
       [entry_name](std::span<const feel::Value> a, const feel::EvalContext& context) -> Result<feel::Value> {
         if (a[0].kind() != feel::Value::Kind::text)
           return fail(Trouble::invalid_input, "entry_name needs the register's id.");
         return entry_name(a[0].as_text(), a[1], context);
       }});
  functions.push_back({"date_text",
                       {{"date", Type::any(), true}},
                       Type::text(),
                       "2021年2月5日, with the minute for an instant.",
                       [](std::span<const feel::Value> a, const feel::EvalContext&) { return date_as_text(a[0]); }});
  functions.push_back({"limit_text",
                       {{"limit", Type::any(), true}},
                       Type::text(),
                       "5 个工作日.",
                       [](std::span<const feel::Value> a, const feel::EvalContext&) -> Result<feel::Value> {
                         if (a[0].is_null()) return feel::Value();
                         const auto limit = limit_of(a[0]);
                         if (!limit) return fail(Trouble::invalid_input, "limit_text needs a limit.");
                         return feel::Value::text(to_text(*limit));
                       }});
  functions.push_back({"working_days_after",
                       {{"date", Type::any(), true}, {"n", Type::number(), true}},
                       Type::date(),
                       "The n-th working day after a day.",
                       [host](std::span<const feel::Value> a, const feel::EvalContext& context) -> Result<feel::Value> {
                         if (a[0].is_null() || a[1].is_null()) return feel::Value();
                         const bool instant = a[0].kind() == feel::Value::Kind::date_time;
                         if (!instant && a[0].kind() != feel::Value::Kind::date)
                           return fail(Trouble::invalid_input, "working_days_after needs a date.");
                         const auto n =
                             a[1].kind() == feel::Value::Kind::number ? a[1].as_number().to_int64() : std::nullopt;
                         if (!n)
                           return fail(Trouble::invalid_input, "working_days_after needs a whole number of days.");
                         if (!host.find_calendar)
                           return fail(Trouble::unavailable, "No calendar is at hand for working_days_after.");
                         const calendar::Calendar* calendar = TRY(host.find_calendar({}, context));
                         const Date date = instant ? local_date(a[0].as_date_time().at) : a[0].as_date();
                         return working_days_after(*calendar, date, *n, context, host.counted);
                       }});
  for (feel::Function& function : working_day_functions(host.find_calendar, host.counted))
    functions.push_back(std::move(function));
  return functions;
}

// ---- types -------------------------------------------------------------------------------------------------------

Type context_of_fields(const std::vector<Field>& fields, Members more = {}) {
  Members members;
  for (const auto& field : fields) {
    if (!field.personal) members.push_back({field.id, type_of(field)});
  }
  for (auto& member : more) {
    if (std::none_of(members.begin(), members.end(), [&](const auto& m) { return m.name == member.name; }))
      members.push_back(std::move(member));
  }
  return Type::context_of(std::move(members));
}

Type type_of_value(const feel::Value& value) {
  switch (value.kind()) {
    case feel::Value::Kind::boolean:
      return Type::boolean();
    case feel::Value::Kind::number:
      return Type::number();
    case feel::Value::Kind::text:
      return Type::text();
    case feel::Value::Kind::date:
      return Type::date();
    case feel::Value::Kind::date_time:
      return Type::date_time();
    case feel::Value::Kind::context:
      return limit_of(value) ? Type::limit() : Type::open_context();
    case feel::Value::Kind::list:
      return Type::list_of(Type::any());
    default:
      return Type::any();
  }
}

Type case_type() {
  return Type::context_of({{"number", Type::text()},
                           {"state", Type::text()},
                           {"opened_at", Type::date_time()},
                           {"opened_on", Type::date()},
                           {"type", Type::text()},
                           {"channel", Type::text()},
                           {"flags", Type::list_of(Type::text())},
                           {"links", Type::list_of(Type::text())},
                           {"inverse_links", Type::list_of(Type::text())}});
}

Type clock_type(const CaseType& type) {
  Members members;
  for (const auto& clock : type.clocks) {
    members.push_back({clock.id, Type::context_of({{"running", Type::boolean()},
                                                   {"started_at", Type::date_time()},
                                                   {"due_at", Type::date_time()},
                                                   {"due_on", Type::date()},
                                                   {"late", Type::boolean()},
                                                   {"stopped", Type::boolean()},
                                                   {"extended", Type::number()},
                                                   {"claimed", Type::boolean()}})});
  }
  return Type::context_of(std::move(members));
}

Type acts_type(const CaseType& type) {
  Members members;
  const auto add = [&](const Action& action, std::string name) {
    members.push_back({std::move(name), Type::list_of(context_of_fields(action.form, {{"at", Type::date_time()},
                                                                                      {"by_unit", Type::text()},
                                                                                      {"by_person", Type::text()}}))});
  };
  add(type.open, "open");
  for (const auto& action : type.actions) {
    if (action.id != "open") add(action, action.id);
  }
  return Type::context_of(std::move(members));
}

Type assigned_type(const CaseType& type) {
  Members members;
  for (const auto& assignment : type.assignments) {
    members.push_back({assignment.id, Type::text()});
    members.push_back({assignment.id + "_all", Type::list_of(Type::text())});
  }
  return Type::context_of(std::move(members));
}

Type asked_type(const CaseType& type) {
  Members members;
  std::set<std::string> seen;
  for (const auto& action : type.actions) {
    if (!action.ask || !seen.insert(action.ask->id).second) continue;
    members.push_back(
        {action.ask->id,
         Type::context_of({{"open", Type::boolean()}, {"count", Type::number()}, {"granted", Type::any()}})});
  }
  return Type::context_of(std::move(members));
}

Type actor_type() {
  return Type::context_of(
      {{"person", Type::text()}, {"unit", Type::text()}, {"position", Type::text()}, {"role", Type::text()}});
}

Type decision_type(const dmn::CompiledTable& compiled) {
  const dmn::Table& table = compiled.table();
  switch (table.hit_policy) {
    case dmn::HitPolicy::collect_sum:
    case dmn::HitPolicy::collect_min:
    case dmn::HitPolicy::collect_max:
    case dmn::HitPolicy::collect_count:
      return compiled.type();
    case dmn::HitPolicy::collect:
    case dmn::HitPolicy::rule_order:
    case dmn::HitPolicy::output_order: {
      Members members;
      for (const auto& output : table.outputs) members.push_back({output.name, output.type});
      return Type::list_of(Type::context_of(std::move(members)));
    }
    default:
      break;
  }
  if (table.outputs.size() == 1) return Type::context_of({{table.outputs[0].name, compiled.type()}});
  return compiled.type();
}

// ---- the compiler ------------------------------------------------------------------------------------------------

class Compiler {
 public:
  Compiler(Pack& pack, const Library& others, const Host& host, std::vector<Fault>& faults)
      : pack_(pack), others_(others), faults_(faults) {
    auto names = std::make_shared<Names>();
    const auto collect = [&](const Pack& from) {
      for (const auto& reg : from.registers) {
        for (const auto& row : reg.rows) {
          for (const auto& [field, value] : row.values) {
            if (field == reg.title_field) (*names)[reg.id][row.id] = value.to_plain_text();
          }
        }
      }
    };
    for (const auto& other : others.packs) collect(*other);
    collect(pack);
    functions_ = host_functions(std::move(names), host);
    for (const auto& fault : faults) {
      if (fault.code == "table") broken_tables_.insert(fault.source.file);
    }
  }

  void run() {
    for (auto& type : pack_.cases) compile_case(type);
    compile_letters();
  }

 private:
  struct Building {
    feel::Scope scope;
    std::vector<Action::Variable> variables;
  };

  Building new_building() const {
    Building b;
    for (const auto& function : functions_) b.scope.add(function);
    return b;
  }

  // False, with a fault, when the name is taken.
  bool add(Building& b, Kind kind, const std::string& name, Type type, const Source& source) {
    if (b.scope.find(name)) {
      add_fault(faults_, source, "name-taken",
                "`" + name +
                    "` is the name of something else in formulas already (a field, look-up or decision, or one of " +
                    join(std::vector<std::string>(std::begin(kReservedNames), std::end(kReservedNames)), ", ") +
                    "). Choose another id.");
      return false;
    }
    b.scope.add(feel::Variable{name, std::move(type)});
    b.variables.push_back({kind, name});
    return true;
  }

  Type parameters_type() const {
    Members members;
    for (const auto& parameter : pack_.parameters) members.push_back({parameter.id, type_of_value(parameter.value)});
    return Type::context_of(std::move(members));
  }

  void add_case_names(Building& b, const CaseType& type) {
    for (const auto& field : type.fields) {
      if (!field.personal) add(b, Kind::field, field.id, type_of(field), field.source);
    }
    add(b, Kind::case_facts, "case", case_type(), type.source);
    add(b, Kind::acts, "acts", acts_type(type), type.source);
    add(b, Kind::clock, "clock", clock_type(type), type.source);
    add(b, Kind::assigned, "assigned", assigned_type(type), type.source);
    add(b, Kind::parameters, "param", parameters_type(), type.source);
    add(b, Kind::asked, "asked", asked_type(type), type.source);
  }

  // A formula that mentions a personal field finds no such name; the sentence says why.
  std::string explain(const std::string& message, const std::string& text, const CaseType* type,
                      const Action* action) const {
    const auto personal_named = [&](const std::vector<Field>& fields) -> std::string {
      for (const auto& field : fields) {
        if (field.personal && message.find(field.id) != std::string::npos && text.find(field.id) != std::string::npos)
          return field.id;
      }
      return "";
    };
    std::string name = type ? personal_named(type->fields) : "";
    if (name.empty() && action) name = personal_named(action->form);
    if (name.empty()) return "";
    return "`" + name + "` is personal: guards, tables and letters may not read it.";
  }

  void compile(Formula& formula, const feel::Scope& scope, const std::string& what, const CaseType* type,
               const Action* action) {
    auto compiled = feel::compile(formula.text, scope);
    if (compiled.expression) {
      formula.expression = *compiled.expression;
      return;
    }
    for (const auto& problem : compiled.problems) {
      const std::string personal = explain(problem.message, formula.text, type, action);
      Source source = formula.source;
      source.line += problem.line - 1;
      if (!personal.empty())
        add_fault(faults_, source, "personal", what + ": " + personal);
      else
        add_fault(faults_, source, "feel", what + ": " + sentence_of(problem.message) + " In `" + formula.text + "`.");
    }
  }

  bool is_fine(const Formula& formula) const {
    return !formula.expression.constant() || !formula.expression.constant()->is_null() || formula.text == "null";
  }

  void want(const Formula& formula, const Type& wanted, const std::string& what) {
    if (!is_fine(formula) || feel::conforms(formula.expression.type(), wanted)) return;
    add_fault(faults_, formula.source, "type",
              what + " must be " + wanted.to_text() + "; `" + formula.text + "` is " +
                  formula.expression.type().to_text() + ".");
  }

  void want_field_value(const Formula& formula, const Field& field, const std::string& what) {
    want(formula, type_of(field), what);
    if (!is_fine(formula) || field.kind != FieldKind::one_of || field.list) return;
    const auto constant = formula.expression.constant();
    if (!constant || constant->kind() != feel::Value::Kind::text) return;
    check_enumeration_value(constant->as_text(), field, formula.source, what);
  }

  void compile_open_case(OpenCase& open, const feel::Scope& scope, const std::string& what, const CaseType* type,
                         const Action* action) {
    const CaseType* target = pack_.find_case(open.case_type);
    for (auto& [name, formula] : open.form) {
      compile(formula, scope, what + ", form of the opened case", type, action);
      if (!target) continue;
      const auto field = std::find_if(target->open.form.begin(), target->open.form.end(),
                                      [&, &id = name](const Field& f) { return f.id == id; });
      if (field == target->open.form.end()) {
        std::vector<std::string> ids;
        for (const auto& f : target->open.form) ids.push_back(f.id);
        const std::string near = nearest_word(name, ids);
        add_fault(faults_, formula.source, "unknown-name",
                  what + ": the form that opens `" + open.case_type + "` has no entry `" + name + "`." +
                      (near.empty() ? "" : " Did you mean `" + near + "`?"));
      } else {
        want_field_value(formula, *field, what + ", " + name);
      }
    }
  }

  // The field that a path names: `kind`, `form.kind`, `look_up.field`. nullptr for anything else.
  const Field* find_path(std::string_view path, const CaseType* type, const Action* action) const {
    const auto in = [](const std::vector<Field>& fields, std::string_view id) -> const Field* {
      const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& f) { return f.id == id; });
      return found == fields.end() ? nullptr : &*found;
    };
    path = trim(path);
    const size_t dot = path.find('.');
    if (dot == std::string_view::npos) return type ? type->find_field(path) : nullptr;
    const std::string_view first = path.substr(0, dot), rest = path.substr(dot + 1);
    if (!action) return nullptr;
    if (first == "form") return in(action->form, rest);
    for (const auto& look_up : action->look_ups) {
      if (look_up.id != first) continue;
      const RegisterType* reg = others_.find_register(pack_, look_up.reg);
      return reg ? in(reg->fields, rest) : nullptr;
    }
    return nullptr;
  }

  void check_enumeration_value(const std::string& value, const Field& field, const Source& source,
                               const std::string& what) {
    std::vector<std::string> ids;
    for (const auto& [id, label] : field.values) ids.push_back(id);
    if (std::find(ids.begin(), ids.end(), value) != ids.end()) return;
    const std::string near = nearest_word(value, ids);
    add_fault(faults_, source, "enumeration",
              what + ": \"" + value + "\" is none of the values of `" + field.id + "`." +
                  (near.empty() ? "" : " Did you mean `" + near + "`?"));
  }

  // Inputs that name a field with listed values get these values: cells outside are faults, and gaps are exact.
  dmn::Table with_field_values(dmn::Table table, const CaseType& type, const Action& action) const {
    for (auto& input : table.inputs) {
      const Field* field = find_path(input.expression, &type, &action);
      if (!field || field->list || !input.allowed.empty()) continue;
      if (field->kind == FieldKind::one_of) {
        for (const auto& [id, label] : field->values) input.allowed.push_back({feel::Value::text(id), label});
      }
    }
    return table;
  }

  void compile_decisions(Action& action, const CaseType& type, Building& b) {
    for (const auto& id : action.decide) {
      const Decision* decision = pack_.find_decision(id);
      if (!decision) continue;  // the checker names it
      Type type_of_decision = Type::any();
      if (!broken_tables_.contains(decision->source.file)) {
        auto compiled = dmn::compile(with_field_values(decision->table, type, action), b.scope);
        if (compiled.table) {
          type_of_decision = decision_type(*compiled.table);
          action.decisions.emplace(id, *compiled.table);
        }
        for (const auto& problem : compiled.problems) {
          const std::string personal = explain(problem.message, problem.message, &type, &action);
          std::string where = "table " + id;
          if (problem.row > 0) where += ", row " + std::to_string(problem.row);
          if (problem.column > 0) where += ", column " + std::to_string(problem.column);
          add_fault(faults_, {decision->source.file, std::max(problem.line, 1)}, personal.empty() ? "cell" : "personal",
                    where + ": " + (personal.empty() ? sentence_of(problem.message) : personal) + " (As decided in `" +
                        action.id + "`.)");
        }
      }
      add(b, Kind::decision, id, std::move(type_of_decision), action.source);
    }
  }

  Type look_up_type(const LookUp& look_up) const {
    if (look_up.kind == LookUpKind::count) return Type::number();
    if (look_up.kind == LookUpKind::exists) return Type::boolean();
    const RegisterType* reg = others_.find_register(pack_, look_up.reg);
    if (!reg) return Type::any();
    Members more{{"id", Type::text()}};
    return context_of_fields(reg->fields, std::move(more));
  }

  void compile_look_ups(Action& action, const CaseType& type, Building& b) {
    const feel::Scope before = b.scope;  // a look-up sees neither other look-ups nor decisions
    for (auto& look_up : action.look_ups) {
      const std::string what = "look-up " + look_up.id;
      const RegisterType* reg = others_.find_register(pack_, look_up.reg);
      if (look_up.key.text != "null") {
        compile(look_up.key, before, what, &type, &action);
        want(look_up.key, Type::text(), what + ": the key");
      }
      for (auto& [name, formula] : look_up.where) {
        compile(formula, before, what, &type, &action);
        if (!reg || name == "id") continue;
        const auto field = std::find_if(reg->fields.begin(), reg->fields.end(),
                                        [&, &id = name](const Field& f) { return f.id == id; });
        if (field == reg->fields.end()) {
          std::vector<std::string> ids{"id"};
          for (const auto& f : reg->fields) ids.push_back(f.id);
          const std::string near = nearest_word(name, ids);
          add_fault(faults_, formula.source, "unknown-name",
                    what + ": the register `" + look_up.reg + "` has no field `" + name + "`." +
                        (near.empty() ? "" : " Did you mean `" + near + "`?"));
        } else if (!field->list) {
          want(formula, type_of(*field), what + ", " + name);
        }
      }
      add(b, Kind::look_up, look_up.id, look_up_type(look_up), look_up.source);
    }
  }

  void compile_conditions(Action& action, const CaseType& type, const feel::Scope& scope) {
    for (const auto& id : action.require) {
      const Condition* condition = pack_.find_condition(id);
      Formula formula = make(condition);
      if (condition && !condition->formula.empty()) {
        const std::string what = "condition " + id + " (in `" + action.id + "`)";
        compile(formula, scope, what, &type, &action);
        want(formula, Type::boolean(), what);
      }
      action.require_formulas.push_back(std::move(formula));
    }
  }
  static Formula make(const Condition* condition) {
    static const feel::Expression null = *feel::compile("null", feel::Scope()).expression;
    if (!condition) return {"null", null, {}};
    return {condition->formula, null, condition->source};
  }

  // The case that an act names besides its own; null in an opening that names none.
  void add_other(Building& b, const Action& action, const CaseType& type) {
    const auto kind = std::find_if(type.links.begin(), type.links.end(),
                                   [&](const LinkKind& link) { return link.id == action.other.link; });
    const CaseType* target = kind == type.links.end() ? nullptr : pack_.find_case(kind->to);
    if (!target && kind != type.links.end() && kind->to == type.id) target = &type;
    if (!target) return;
    add(b, Kind::other, "other",
        Type::context_of({{"number", Type::text()},
                          {"state", Type::text()},
                          {"open", Type::boolean()},
                          {"linked", Type::boolean()},
                          {"assigned", assigned_type(*target)}}),
        action.source);
  }

  // The form that a reaction gives to the act it takes on linked cases.
  void compile_reaction(Reaction& reaction, const CaseType& type) {
    const std::string what = "reaction " + reaction.id;
    if (reaction.open) compile_open_case(*reaction.open, *type.scope, what, &type, nullptr);
    if (reaction.condition) {
      compile(*reaction.condition, *type.scope, what, &type, nullptr);
      want(*reaction.condition, Type::boolean(), what + ": `if`");
    }
    for (auto& [name, formula] : reaction.form) compile(formula, *type.scope, what + ", " + name, &type, nullptr);
  }

  void compile_action(Action& action, const CaseType& type) {
    Building b = new_building();
    add(b, Kind::form, "form", context_of_fields(action.form), action.source);
    add_case_names(b, type);
    add(b, Kind::actor, "actor", actor_type(), action.source);
    add_other(b, action, type);
    compile_look_ups(action, type, b);
    compile_decisions(action, type, b);
    auto scope = std::make_shared<const feel::Scope>(std::move(b.scope));
    compile_conditions(action, type, *scope);
    for (auto& outcome : action.outcomes) {
      const std::string what = "action " + action.id + ", outcome " + outcome.id;
      if (outcome.condition) {
        compile(*outcome.condition, *scope, what, &type, &action);
        want(*outcome.condition, Type::boolean(), what + ": `if`");
      }
      for (auto& [name, formula] : outcome.set) {
        compile(formula, *scope, what, &type, &action);
        if (const Field* field = type.find_field(name)) want_field_value(formula, *field, what + ": " + name);
      }
      for (auto& [name, formula] : outcome.assign) {
        compile(formula, *scope, what, &type, &action);
        const Type& actual = formula.expression.type();
        const Field* field = find_path(formula.text, &type, &action);
        const AssignmentType* assignment = type.find_assignment(name);
        const std::string wanted = assignment && assignment->of_person ? "people" : "units";
        if (field && (field->kind != FieldKind::entry || field->reg != wanted)) {
          add_fault(faults_, formula.source, "assign",
                    what + ": `" + name + "` takes an entry of " + wanted + "; `" + formula.text + "` is " +
                        (field->kind == FieldKind::entry ? "an entry of " + field->reg : type_of(*field).to_text()) +
                        ".");
        } else if (is_fine(formula) && !feel::conforms(actual, Type::text()) &&
                   !feel::conforms(actual, Type::list_of(Type::text()))) {
          add_fault(faults_, formula.source, "assign",
                    what + ": `" + name + "` needs the id of an entry (or a list of them); `" + formula.text + "` is " +
                        actual.to_text() + ".");
        }
      }
      for (auto& open : outcome.open) compile_open_case(open, *scope, what, &type, &action);
    }
    for (const auto& field : action.form) {
      if (field.show_if.empty()) continue;
      Formula shown{field.show_if, null_, field.source};
      compile(shown, *scope, "form entry " + field.id + ": `show_if`", &type, &action);
      want(shown, Type::boolean(), "form entry " + field.id + ": `show_if`");
    }
    action.scope = std::move(scope);
    action.variables = std::move(b.variables);
  }

  void compile_case(CaseType& type) {
    Building b = new_building();
    add_case_names(b, type);
    type.scope = std::make_shared<const feel::Scope>(std::move(b.scope));
    type.variables = std::move(b.variables);
    for (auto& group : type.groups) {
      const Condition* condition = group.hide_if.empty() ? nullptr : pack_.find_condition(group.hide_if);
      if (!condition) continue;
      Formula formula = make(condition);
      const std::string what = "condition " + condition->id + " (hides group " + group.id + ")";
      compile(formula, *type.scope, what, &type, nullptr);
      want(formula, Type::boolean(), what);
      group.hide_formula = std::move(formula);
    }
    for (auto& reaction : type.reactions) {
      compile_reaction(reaction, type);
    }
    compile_action(type.open, type);
    for (auto& action : type.actions) compile_action(action, type);
  }

  // Where a letter is sent: every act that sends it gives names. A name with two types is `any`.
  struct Union {
    std::vector<std::pair<Action::Variable, Type>> names;
    void add(const Action::Variable& variable, const Type& type) {
      for (auto& [known, known_type] : names) {
        if (known.name != variable.name) continue;
        known_type = merge(known_type, type);
        return;
      }
      names.emplace_back(variable, type);
    }
    static Type merge(const Type& a, const Type& b) {
      if (a == b) return a.values && b.values && *a.values != *b.values ? Type::text() : a;
      if (a.kind != Type::Kind::context || b.kind != Type::Kind::context || !a.members || !b.members)
        return Type::any();
      Members members = *a.members;
      for (const auto& member : *b.members) {
        const auto found =
            std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.name == member.name; });
        if (found == members.end())
          members.push_back(member);
        else if (!(found->type == member.type))
          found->type = Type::any();
      }
      return Type::context_of(std::move(members));
    }
  };

  void compile_letters() {
    for (auto& letter : pack_.letters) {
      Union all;
      const CaseType* of_type = nullptr;
      const Action* of_action = nullptr;
      bool sent = false;
      const auto take = [&](const CaseType& type, const Action& action, bool only_if_sent) {
        if (!action.scope) return;
        const bool sends = std::any_of(action.outcomes.begin(), action.outcomes.end(), [&](const Outcome& o) {
          return std::any_of(o.send.begin(), o.send.end(), [&](const auto& s) { return s.first == letter.id; });
        });
        if (only_if_sent && !sends) return;
        sent = sent || sends;
        of_type = &type;
        of_action = &action;
        for (size_t i = 0; i < action.variables.size(); ++i)
          all.add(action.variables[i], action.scope->variables()[i].type);
      };
      for (const bool only_if_sent : {true, false}) {
        if (sent) break;
        for (const auto& type : pack_.cases) {
          take(type, type.open, only_if_sent);
          for (const auto& action : type.actions) take(type, action, only_if_sent);
        }
      }
      Building b = new_building();
      for (auto& [variable, type] : all.names) add(b, variable.kind, variable.name, type, letter.source);
      letter.scope = std::make_shared<const feel::Scope>(std::move(b.scope));
      letter.variables = std::move(b.variables);
      for (auto& piece : letter.pieces) {
        if (piece.formula) compile(*piece.formula, *letter.scope, "letter " + letter.id, of_type, of_action);
      }
    }
  }

  Pack& pack_;
  const Library& others_;
  std::vector<Fault>& faults_;
  std::vector<feel::Function> functions_;
  std::set<std::string> broken_tables_;
  feel::Expression null_ = *feel::compile("null", feel::Scope()).expression;
};

}  // namespace

std::vector<feel::Function> host_functions(const Host& host) { return host_functions(std::make_shared<Names>(), host); }

feel::Type type_of(const Field& field) {
  Type type;
  switch (field.kind) {
    case FieldKind::number:
      type = Type::number();
      break;
    case FieldKind::yes_no:
      type = Type::boolean();
      break;
    case FieldKind::date:
      type = Type::date();
      break;
    case FieldKind::instant:
      type = Type::date_time();
      break;
    case FieldKind::limit:
      type = Type::limit();
      break;
    case FieldKind::one_of: {  // a literal that is none of them is a fault where it is compared
      std::vector<std::string> ids;
      for (const auto& [id, label] : field.values) ids.push_back(id);
      type = Type::one_of(std::move(ids));
      break;
    }
    default:
      type = Type::text();
      break;
  }
  return field.list ? Type::list_of(type) : type;
}

void compile_pack(Pack& pack, const Library& others, const Host& host, std::vector<Fault>& faults) {
  Compiler(pack, others, host, faults).run();
}

}  // namespace tongban::pack
