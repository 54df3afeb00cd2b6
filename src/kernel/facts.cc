#include "kernel/facts.h"

#include <algorithm>

namespace tongban::kernel {
namespace {

using feel::Value;

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value::text(text); }
Value instant_value(Instant at) { return Value::of(feel::DateTime{at}); }

// A form as guards see it: every entry that is not personal, null where it was left out.
Value plain_form(const std::vector<pack::Field>& fields, const auto& find) {
  feel::Context context;
  for (const pack::Field& field : fields) {
    if (!field.personal) context.emplace_back(field.id, find(field.id));
  }
  return Value::context(std::move(context));
}

}  // namespace

std::optional<Limit> limit_among(const Value& outputs, const std::string& name) {
  const size_t dot = name.find('.');
  if (outputs.kind() != Value::Kind::context) return pack::limit_of(outputs);
  if (auto limit = pack::limit_of(outputs.get(dot == std::string::npos ? "limit" : name.substr(dot + 1)))) return limit;
  return outputs.as_context().size() == 1 ? pack::limit_of(outputs.as_context().front().second) : std::nullopt;
}

std::optional<Limit> limit_of_parameter(const pack::Pack& pack, const std::string& name, Basis& basis) {
  const pack::Parameter* parameter = pack.find_parameter(name);
  if (!parameter) return std::nullopt;
  basis = parameter->basis;
  return parameter->value.kind() == Value::Kind::text ? pack::parse_limit(parameter->value.as_text())
                                                      : pack::limit_of(parameter->value);
}

Facts::Facts(const pack::Pack& pack, const pack::CaseType& type, const feel::Scope& scope,
             const std::vector<pack::Action::Variable>& variables, const CaseState& state,
             const std::vector<FormValue>& form, const pack::Action* action, const ActorRef& actor, Instant now,
             const Context& context)
    : pack_(pack),
      type_(type),
      scope_(scope),
      variables_(variables),
      state_(state),
      form_(form),
      action_(action),
      actor_(actor),
      other_(context.other),
      slots_(variables.size()),
      filled_(variables.size()) {
  eval_.now = now;
  asked_ = {&context, &counted_};
  eval_.host = context.registers ? &asked_ : nullptr;
}

void Facts::set_look_up(const std::string& id, Value value) { look_ups_[id] = std::move(value); }
void Facts::set_decision(const std::string& id, Value outputs) { decisions_[id] = std::move(outputs); }

const Value& Facts::decision(const std::string& id) const {
  static const Value kNull;
  const auto it = decisions_.find(id);
  return it == decisions_.end() ? kNull : it->second;
}

feel::EvalResult Facts::evaluate(const feel::Expression& expression) {
  fill(expression.reads());
  return feel::evaluate(expression, slots_, eval_);
}

dmn::Decision Facts::evaluate(const dmn::CompiledTable& table) {
  fill(table.reads());
  return dmn::evaluate(table, slots_, eval_);
}

void Facts::take_counted(const std::string& formula, std::vector<pack::DaysCounted>& into) {
  for (pack::DaysCounted& one : counted_) {
    one.formula = formula;
    // A formula may ask the same twice.
    if (std::find(into.begin(), into.end(), one) == into.end()) into.push_back(std::move(one));
  }
  counted_.clear();
}

namespace {

bool is_root(const std::string& path, const std::string& name) {
  // most differ at once
  return !path.empty() && path.front() == name.front() && path.starts_with(name) &&
         (path.size() == name.size() || path[name.size()] == '.');
}

}  // namespace

bool Facts::needs_form(const feel::Expression& expression) const {
  using Kind = pack::Action::Variable::Kind;
  const auto is_given_later = [&](const pack::Action::Variable& variable) {
    switch (variable.kind) {
      case Kind::form:
      case Kind::look_up:
      case Kind::decision:
      case Kind::other:
        return true;
      case Kind::field:
        return fills_field(variable.name);
      default:
        return false;
    }
  };
  for (size_t i = 0; i < variables_.size(); ++i) {
    if (!is_given_later(variables_[i])) continue;
    const std::string& name = scope_.variables()[i].name;
    if (std::any_of(expression.reads().begin(), expression.reads().end(),
                    [&](const std::string& path) { return is_root(path, name); })) {
      return true;
    }
  }
  return false;
}

// Fills the slots whose variable is the root of a path that is read. Look-ups and decisions may arrive later, so their
// slots are only kept once there is a value.
void Facts::fill(const std::vector<std::string>& reads) {
  for (const std::string& path : reads) {
    for (size_t i = 0; i < variables_.size(); ++i) {
      if (filled_[i] || !is_root(path, scope_.variables()[i].name)) continue;
      slots_[i] = value_of(variables_[i]);
      filled_[i] = !slots_[i].is_null();
    }
  }
}

Value Facts::value_of(const pack::Action::Variable& variable) const {
  using Kind = pack::Action::Variable::Kind;
  switch (variable.kind) {
    case Kind::form:
      return form_context();
    case Kind::field: {
      for (const FormValue& value : form_) {  // a field that the form fills has the value just given
        if (value.name == variable.name && !value.plain.is_null() && fills_field(value.name)) return value.plain;
      }
      const FieldValue* value = find_value(state_.fields, variable.name);
      return value ? value->plain : Value();
    }
    case Kind::case_facts: {
      feel::List flags, links, inverse_links;
      for (const auto& link : state_.links) {
        if (!link.ended) (link.inverse ? inverse_links : links).push_back(Value::text(link.kind));
      }
      for (const auto& flag : state_.flags) flags.push_back(Value::text(flag));
      return Value::context({{"number", text_or_null(state_.number)},
                             {"state", text_or_null(state_.state)},
                             {"opened_at", instant_value(state_.opened_at)},
                             {"opened_on", Value::of(local_date(state_.opened_at))},
                             {"type", text_or_null(state_.type)},
                             {"channel", text_or_null(state_.channel)},
                             {"flags", Value::list(std::move(flags))},
                             {"links", Value::list(std::move(links))},
                             {"inverse_links", Value::list(std::move(inverse_links))}});
    }
    case Kind::acts:
      return acts_context();
    case Kind::clock:
      return clock_context();
    case Kind::assigned:
      return assigned_context(type_, state_);
    case Kind::other:
      return other_context();
    case Kind::actor:
      return Value::context({{"person", text_or_null(actor_.person)},
                             {"unit", text_or_null(actor_.unit)},
                             {"position", text_or_null(actor_.position)},
                             {"role", text_or_null(actor_.role)}});
    case Kind::look_up: {
      const auto it = look_ups_.find(variable.name);
      return it == look_ups_.end() ? Value() : it->second;
    }
    case Kind::decision:
      return decision(variable.name);
    case Kind::parameters: {
      feel::Context context;
      for (const auto& parameter : pack_.parameters) context.emplace_back(parameter.id, parameter.value);
      return Value::context(std::move(context));
    }
    case Kind::asked:
      return asked_context();
  }
  return {};
}

// Does the form put the value into the case? Another entry may only share its name with a field.
bool Facts::fills_field(const std::string& name) const {
  return action_ && std::any_of(action_->form.begin(), action_->form.end(),
                                [&](const pack::Field& field) { return field.is_case_field && field.id == name; });
}

Value Facts::form_context() const {
  if (!action_) return Value::context({});
  Value base = plain_form(action_->form, [&](const std::string& id) {
    for (const FormValue& value : form_) {
      if (value.name == id) return value.plain;
    }
    return Value();
  });
  return base;
}

Value Facts::acts_context() const {
  feel::Context all;
  const auto add = [&](const pack::Action& action) {
    feel::List list;
    for (const ActRecord& act : state_.acts) {
      if (act.action != action.id || act.undone) continue;
      Value form = plain_form(action.form, [&](const std::string& id) {
        const FieldValue* value = find_value(act.form, id);
        return value ? value->plain : Value();
      });
      feel::Context entry = form.as_context();
      entry.emplace_back("at", instant_value(act.happened_at));
      entry.emplace_back("by_unit", text_or_null(act.actor.unit));
      entry.emplace_back("by_person", text_or_null(act.actor.person));
      list.push_back(Value::context(std::move(entry)));
    }
    all.emplace_back(action.id, Value::list(std::move(list)));
  };
  add(type_.open);
  for (const pack::Action& action : type_.actions) add(action);
  return Value::context(std::move(all));
}

Value Facts::clock_context() const {
  feel::Context all;
  for (const pack::ClockDef& def : type_.clocks) {
    const Clock* clock = state_.last_clock(def.id);
    if (!clock) {
      all.emplace_back(def.id, Value::context({{"running", Value::of(false)},
                                               {"started_at", Value()},
                                               {"due_at", Value()},
                                               {"due_on", Value()},
                                               {"late", Value::of(false)},
                                               {"stopped", Value::of(false)},
                                               {"extended", Value::of(0)},
                                               {"claimed", Value::of(false)}}));
      continue;
    }
    const auto due_at = clock->due_at();
    const int64_t extended =
        std::count_if(clock->segments.begin(), clock->segments.end(),
                      [](const Clock::Segment& segment) { return segment.why == Clock::Segment::Why::extension; });
    // Late now: the recorded verdict, or past the due instant while it runs.
    const bool late = clock->late || (clock->status == ClockStatus::running && due_at && eval_.now > *due_at);
    all.emplace_back(def.id,
                     Value::context({{"running", Value::of(clock->status == ClockStatus::running)},
                                     {"started_at", instant_value(clock->started_at)},
                                     {"due_at", due_at ? instant_value(*due_at) : Value()},
                                     {"due_on", due_at ? Value::of(clock->segments.back().counted.due_on) : Value()},
                                     {"late", Value::of(late)},
                                     {"stopped", Value::of(clock->over())},
                                     {"extended", Value::of(extended)},
                                     {"claimed", Value::of(clock->status == ClockStatus::claimed)}}));
  }
  return Value::context(std::move(all));
}

Value Facts::other_context() const {
  const pack::CaseType* type = other_ ? pack_.find_case(other_->type) : nullptr;
  if (!type || !action_) return {};
  return Value::context({{"number", text_or_null(other_->number)},
                         {"state", text_or_null(other_->state)},
                         {"open", Value::of(other_->open())},
                         {"linked", Value::of(other_->link(action_->other.link) != nullptr)},
                         {"assigned", assigned_context(*type, *other_)}});
}

Value Facts::assigned_context(const pack::CaseType& of_type, const CaseState& state) {
  feel::Context all;
  for (const pack::AssignmentType& type : of_type.assignments) {
    const Assignment* current = state.current(type.id);
    all.emplace_back(type.id, current ? text_or_null(type.of_person ? current->person : current->unit) : Value());
    feel::List list;
    for (const Assignment& a : state.assignments) {
      if (a.active() && a.name == type.id) list.push_back(Value::text(type.of_person ? a.person : a.unit));
    }
    all.emplace_back(type.id + "_all", Value::list(std::move(list)));
  }
  return Value::context(std::move(all));
}

Value Facts::asked_context() const {
  feel::Context all;
  const auto add = [&](const std::string& name) {
    int64_t count = 0, granted = 0;
    bool open = false;
    for (const AskState& ask : state_.asks) {
      if (ask.name != name) continue;
      ++count;
      open |= ask.open();
      if (ask.answer == Answer::granted) ++granted;
    }
    all.emplace_back(
        name,
        Value::context({{"open", Value::of(open)}, {"count", Value::of(count)}, {"granted", Value::of(granted)}}));
  };
  for (const pack::Action& action : type_.actions) {
    if (action.ask) add(action.ask->id);
  }
  return Value::context(std::move(all));
}

}  // namespace tongban::kernel
