#include "dmn/types.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::dmn {
namespace {

using feel::Type;
using feel::Value;

struct TypeName {
  std::string_view name;
  Type::Kind kind;
};
constexpr TypeName kTypeNames[] = {{"string", Type::Kind::text},
                                   {"number", Type::Kind::number},
                                   {"boolean", Type::Kind::boolean},
                                   {"date", Type::Kind::date},
                                   {"time", Type::Kind::time},
                                   {"date and time", Type::Kind::date_time},
                                   {"dateTime", Type::Kind::date_time},
                                   {"days and time duration", Type::Kind::days_duration},
                                   {"dayTimeDuration", Type::Kind::days_duration},
                                   {"years and months duration", Type::Kind::months_duration},
                                   {"yearMonthDuration", Type::Kind::months_duration},
                                   // Camunda and older modellers
                                   {"integer", Type::Kind::number},
                                   {"long", Type::Kind::number},
                                   {"double", Type::Kind::number},
                                   {"context", Type::Kind::context},
                                   {"list", Type::Kind::list}};

bool has_kind(const Value& value, const Type& type) {
  Type shallow = type;
  shallow.values = nullptr;
  return feel::has_type(value, shallow);
}

bool passes(const feel::Expression& tests, const Value& value, feel::Budget& budget) {
  return feel::test(tests, value, {}, budget).truth == feel::Truth::yes;
}

// May the function be called with so many arguments?
bool takes(const feel::Callable& function, size_t arguments) {
  const auto required = std::count_if(function.parameters.begin(), function.parameters.end(),
                                      [](const feel::Function::Parameter& each) { return !each.optional; });
  if (function.variadic) return arguments > 0;
  return static_cast<size_t>(required) <= arguments && arguments <= function.parameters.size();
}

std::optional<Value> conform_plain(const Value& value, const TypeCheck& check, feel::Budget& budget) {
  if (check.base) return conform(value, check.base, budget);
  if (check.is_function) {
    const bool fits = value.kind() == Value::Kind::function && takes(*value.as_function(), check.parameters);
    return fits ? std::optional(value) : std::nullopt;
  }
  if (!check.members.empty()) {
    if (value.kind() != Value::Kind::context) return std::nullopt;
    feel::Context entries = value.as_context();
    for (const auto& [name, member] : check.members) {
      const auto entry =
          std::find_if(entries.begin(), entries.end(), [&name = name](const auto& each) { return each.first == name; });
      if (entry == entries.end()) return std::nullopt;
      std::optional<Value> converted = conform(entry->second, member, budget);
      if (!converted) return std::nullopt;
      entry->second = std::move(*converted);
    }
    return Value::context(std::move(entries));
  }
  if (check.type.kind == Type::Kind::any || has_kind(value, check.type)) return value;
  if (value.kind() == Value::Kind::date && check.type.kind == Type::Kind::date_time)
    return feel::convert(value, check.type);
  return std::nullopt;
}

}  // namespace

Type feel_type(const TypeCheckPtr& check) { return check ? check->type : Type::any(); }

std::optional<Value> conform(const Value& value, const TypeCheckPtr& check, feel::Budget& budget) {
  if (!check) return value;
  if (value.is_null()) return value;
  std::optional<Value> out;
  if (check->is_collection) {
    feel::List items;
    if (value.kind() == Value::Kind::list)
      items = value.as_list();
    else
      items.push_back(value);
    for (Value& item : items) {
      std::optional<Value> converted = conform(item, check->element, budget);
      if (!converted) return std::nullopt;
      item = std::move(*converted);
      if (check->allowed && !passes(*check->allowed, item, budget)) return std::nullopt;
    }
    out = Value::list(std::move(items));
  } else {
    out = conform_plain(value, *check, budget);
    if (!out && value.kind() == Value::Kind::list && value.as_list().size() == 1)
      out = conform_plain(value.as_list()[0], *check, budget);
    if (out && check->allowed && !passes(*check->allowed, *out, budget)) return std::nullopt;
  }
  if (out && check->constraint && !passes(*check->constraint, *out, budget)) return std::nullopt;
  return out;
}

TypeTable::TypeTable(const std::vector<Definitions>& models, const std::vector<std::map<std::string, size_t>>& imports,
                     std::vector<ModelProblem>& problems)
    : models_(models), imports_(imports), problems_(problems) {
  for (const Definitions& model : models_) {
    auto& table = entries_.emplace_back();
    for (const ItemDefinition& definition : model.types) {
      if (!table.emplace(definition.name, Entry{&definition, nullptr, 0}).second) {
        problems_.push_back({model.file, definition.at, "two item definitions are named \"" + definition.name + "\""});
      }
    }
  }
}

TypeTable::Entry* TypeTable::find(size_t model, const std::string& ref, size_t& owner) {
  owner = model;
  if (const auto found = entries_[model].find(ref); found != entries_[model].end()) return &found->second;
  for (const auto& [name, index] : imports_[model]) {
    std::string rest;
    if (name.empty())
      rest = ref;
    else if (ref.starts_with(name + "."))
      rest = ref.substr(name.size() + 1);
    else
      continue;
    if (const auto found = entries_[index].find(rest); found != entries_[index].end()) {
      owner = index;
      return &found->second;
    }
  }
  return nullptr;
}

TypeCheckPtr TypeTable::resolve(size_t model, const std::string& ref, Position at) {
  if (ref.empty() || ref == "Any" || ref == "feel:Any") return nullptr;
  size_t owner = 0;
  if (Entry* entry = find(model, ref, owner)) {
    if (entry->state == 1 || depth_ > 100) {
      problems_.push_back(
          {models_[owner].file, entry->definition->at, "the item definition \"" + ref + "\" contains itself"});
      return nullptr;
    }
    if (entry->state == 0) {
      entry->state = 1;
      ++depth_;
      entry->check = make(owner, *entry->definition);
      --depth_;
      entry->state = 2;
    }
    return entry->check;
  }
  const std::string plain = ref.starts_with("feel:") ? ref.substr(5) : ref;
  auto check = std::make_shared<TypeCheck>();
  check->name = plain;
  for (const TypeName& each : kTypeNames) {
    if (each.name != plain) continue;
    check->type.kind = each.kind;
    return check;
  }
  const std::optional<Type> parsed =
      plain.find('<') == std::string::npos ? feel::parse_type(plain) : feel::parse_type(plain, type_scope(model));
  if (parsed) {
    check->type = *parsed;
    return check;
  }
  std::vector<std::string> known;
  for (const auto& [name, entry] : entries_[model]) known.push_back(name);
  for (const TypeName& each : kTypeNames) known.emplace_back(each.name);
  const std::string near = nearest_word(ref, known);
  problems_.push_back({models_[model].file, at,
                       "there is no type \"" + ref + "\"" + (near.empty() ? "" : "; is \"" + near + "\" meant?")});
  return nullptr;
}

feel::Scope TypeTable::type_scope(size_t model) {
  feel::Scope scope;
  add_types(model, scope);
  return scope;
}

void TypeTable::add_types(size_t model, feel::Scope& scope) {
  const auto add_all = [&](size_t owner, const std::string& prefix) {
    for (auto& [name, entry] : entries_[owner]) {
      if (entry.state == 1) continue;
      scope.add_type(prefix + name, feel_type(resolve(owner, name, entry.definition->at)));
    }
  };
  add_all(model, "");
  for (const auto& [name, owner] : imports_[model]) {
    if (!name.empty()) add_all(owner, name + ".");
  }
}

std::optional<feel::Expression> TypeTable::compile_tests(size_t model, const std::string& text, const Type& type,
                                                         const ItemDefinition& definition) {
  if (text.empty()) return std::nullopt;
  feel::Compiled compiled = feel::compile_unary_tests(text, feel::Scope(), type, {.strict = false});
  for (const feel::Problem& each : compiled.problems) {
    problems_.push_back(
        {models_[model].file, definition.at, "the allowed values of \"" + definition.name + "\": " + each.message});
  }
  return std::move(compiled.expression);
}

TypeCheckPtr TypeTable::make(size_t model, const ItemDefinition& definition) {
  auto check = std::make_shared<TypeCheck>();
  check->name = definition.name;
  TypeCheckPtr inner;
  if (definition.is_function) {
    check->is_function = true;
    check->parameters = definition.parameters.size();
    std::vector<Type::Member> parameters;
    for (const ItemDefinition::Parameter& each : definition.parameters)
      parameters.push_back({each.name, feel_type(resolve(model, each.type_ref, definition.at))});
    check->result = resolve(model, definition.result_ref, definition.at);
    check->type = Type::function_of(std::move(parameters), feel_type(check->result));
    return check;
  }
  if (!definition.components.empty()) {
    auto context = std::make_shared<TypeCheck>();
    context->name = definition.name;
    std::vector<Type::Member> members;
    for (const ItemDefinition& component : definition.components) {
      TypeCheckPtr member = make(model, component);
      members.push_back({component.name, feel_type(member)});
      context->members.emplace_back(component.name, std::move(member));
    }
    context->type = Type::context_of(std::move(members));
    inner = std::move(context);
  } else {
    inner = resolve(model, definition.type_ref, definition.at);
  }
  const Type item = feel_type(inner);
  check->allowed = compile_tests(model, definition.allowed_values, item, definition);
  if (definition.is_collection) {
    check->is_collection = true;
    check->element = std::move(inner);
    check->type = Type::list_of(item);
  } else {
    check->base = std::move(inner);
    check->type = item;
  }
  check->constraint = compile_tests(model, definition.type_constraint, check->type, definition);
  return check;
}

}  // namespace tongban::dmn
