// Calls: arguments by position or by name, against the parameters.
#include "feel/built_ins.h"
#include "feel/compiler.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::feel {
std::string Compiler::signature(const std::string& name, const std::vector<Function::Parameter>& parameters,
                                bool variadic) {
  std::string out = name + "(";
  for (size_t i = 0; i < parameters.size(); ++i) {
    out += (i > 0 ? ", " : "") + parameters[i].name + (parameters[i].optional ? "?" : "");
  }
  return out + (variadic ? ", …)" : ")");
}

// Every parameter's name of every overload is tried, then any new name before a colon.
std::optional<std::string> Compiler::take_argument_name(const std::vector<std::string>& names) {
  skip_space();
  size_t longest = 0;
  std::string best;
  for (const std::string& name : names) {
    const size_t length = match_name(name, pos_);
    if (length > longest && followed_by(pos_ + length, ':')) {
      longest = length;
      best = name;
    }
  }
  const size_t start = pos_;
  if (longest == 0) {
    best = read_new_name();
    skip_space();
    if (best.empty() || !rest().starts_with(":")) {
      pos_ = start;
      return std::nullopt;
    }
  } else {
    pos_ += longest;
  }
  take(":");
  return best;
}

// What stands between the brackets, the first of which is next. Empty after a fault of form.
std::optional<std::vector<Compiler::Argument>> Compiler::parse_arguments(const std::vector<std::string>& names) {
  expect("(");
  std::vector<Argument> arguments;
  if (!failed_ && !take(")")) {
    do {
      std::string argument_name = take_argument_name(names).value_or("");
      Term term = parse_expression();
      if (failed_) return std::nullopt;
      arguments.push_back({std::move(argument_name), std::move(term)});
    } while (take(","));
    expect(")");
  }
  return failed_ ? std::nullopt : std::optional(std::move(arguments));
}

// A call of a function value: which parameters it has is known when it runs.
Term Compiler::parse_invocation(const Term& callee) {
  std::vector<std::string> known;
  if (callee.type.kind == Type::Kind::function && callee.type.members) {
    for (const Type::Member& parameter : *callee.type.members) known.push_back(parameter.name);
  }
  const std::optional<std::vector<Argument>> arguments = parse_arguments(known);
  if (!arguments) return {};
  if (callee.type.kind != Type::Kind::any && callee.type.kind != Type::Kind::function) {
    type_problem(callee.at, "only a function can be called, this is " + callee.type.to_text());
    return null_term(callee.at);
  }
  if (callee.type.members && arguments->size() != known.size()) {
    type_problem(callee.at, "the function has " + std::to_string(known.size()) + " parameters, here are " +
                                std::to_string(arguments->size()) + " arguments");
  }
  std::vector<uint32_t> nodes{callee.node};
  std::vector<std::string> names;
  for (size_t i = 0; i < arguments->size(); ++i) {
    const Argument& argument = (*arguments)[i];
    nodes.push_back(argument.term.node);
    if (!argument.name.empty()) names.push_back(argument.name);
    if (callee.type.members && i < known.size() && argument.name.empty()) {
      const Type& wanted = (*callee.type.members)[i].type;
      const Type& given = argument.term.type;
      const bool is_single = (wanted.kind == Type::Kind::list) != (given.kind == Type::Kind::list);
      if (!is_single && !conforms(given, wanted) &&
          !(given.kind == Type::Kind::date && wanted.kind == Type::Kind::date_time)) {
        type_problem(argument.term.at,
                     "\"" + known[i] + "\" must be " + wanted.to_text() + ", this is " + given.to_text());
      }
    }
  }
  if (!names.empty() && names.size() != arguments->size()) {
    type_problem(callee.at, "arguments stand all by name or all by position");
    return null_term(callee.at);
  }
  const Type result = callee.type.element ? *callee.type.element : Type::any();
  return {emit(Op::invoke, nodes, 0, 0, names), result, callee.at};
}

// What to say of the first argument whose name no parameter has.
std::string Compiler::unknown_parameter(const std::vector<Argument>& arguments, const std::vector<std::string>& known) {
  for (const Argument& argument : arguments) {
    if (argument.name.empty() || std::find(known.begin(), known.end(), argument.name) != known.end()) continue;
    std::string near;
    for (const std::string& name : known) {
      if (near.empty() && name.starts_with(argument.name)) near = name;
    }
    if (near.empty()) near = nearest_word(argument.name, known);
    return "; there is no parameter \"" + argument.name + "\"" +
           (near.empty() ? "" : ", did you mean \"" + near + "\"?");
  }
  return {};
}

Term Compiler::parse_host_call(size_t at, const Function& host, const std::vector<Argument>& arguments) {
  std::optional<std::vector<Term>> ordered = arrange(arguments, host.parameters, false);
  if (!ordered) {
    std::vector<std::string> known;
    for (const Function::Parameter& parameter : host.parameters) known.push_back(parameter.name);
    type_problem(at, "expected " + signature(host.name, host.parameters, false) + unknown_parameter(arguments, known));
    return null_term(at);
  }
  while (ordered->size() < host.parameters.size()) ordered->push_back(null_term(at));
  const std::vector<uint32_t> nodes = check_arguments(host.name, *ordered, host.parameters, false);
  size_t index = 0;
  while (index < code_->functions.size() && code_->functions[index].get() != &host) ++index;
  if (index == code_->functions.size()) {
    for (const auto& function : scope_.functions()) {
      if (function.get() == &host) code_->functions.push_back(function);
    }
  }
  return {emit(Op::host, nodes, static_cast<uint32_t>(index)), host.result, at};
}

Term Compiler::parse_call(size_t at, const std::string& name) {
  const Function* host = nullptr;
  for (const auto& function : scope_.functions()) {
    if (function->name == name) host = function.get();
  }
  std::vector<size_t> overloads;
  std::vector<std::string> parameter_names;
  if (host != nullptr) {
    for (const Function::Parameter& parameter : host->parameters) parameter_names.push_back(parameter.name);
  } else {
    for (size_t i = 0; i < built_in_functions().size(); ++i) {
      const BuiltIn& function = built_in_functions()[i];
      if (function.info.name != name) continue;
      overloads.push_back(i);
      for (const Function::Parameter& parameter : function.info.parameters) parameter_names.push_back(parameter.name);
    }
  }
  const std::optional<std::vector<Argument>> arguments = parse_arguments(parameter_names);
  if (!arguments) return {};
  if (host != nullptr) return parse_host_call(at, *host, *arguments);
  // before(point, range) and before(range, point) have the same names: the form in the order as written is meant.
  std::stable_partition(overloads.begin(), overloads.end(), [&](size_t index) {
    const std::vector<Function::Parameter>& parameters = built_in_functions()[index].info.parameters;
    for (size_t i = 0; i < arguments->size(); ++i) {
      if (i >= parameters.size() || (*arguments)[i].name != parameters[i].name) return false;
    }
    return !arguments->empty();
  });
  for (const size_t index : overloads) {
    const BuiltIn& function = built_in_functions()[index];
    const std::optional<std::vector<Term>> ordered = arrange(*arguments, function.info.parameters, function.variadic);
    if (!ordered) continue;
    const size_t before = problems_.size();
    const std::vector<uint32_t> nodes = check_arguments(name, *ordered, function.info.parameters, function.variadic);
    const uint32_t node = emit(Op::built_in, nodes, static_cast<uint32_t>(index));
    Type type = call_type(function, *ordered);
    keep_pattern(node, name, *ordered);
    if (!function.folds || problems_.size() != before) return {node, std::move(type), at};
    return folded(node, std::move(type), at);
  }
  std::string forms;
  for (const size_t index : overloads) {
    const BuiltIn& function = built_in_functions()[index];
    forms += (forms.empty() ? "" : " or ") + signature(name, function.info.parameters, function.variadic);
  }
  type_problem(at, "expected " + forms + unknown_parameter(*arguments, parameter_names));
  return null_term(at);
}

// A constant pattern is compiled here and not at every call.
void Compiler::keep_pattern(uint32_t node, const std::string& function, const std::vector<Term>& arguments) {
  const std::optional<size_t> flags_at = flags_of_pattern(function);
  constexpr size_t kMostPatterns = 64;  // of one expression: a program may be large
  if (!flags_at || arguments.size() < 2 || !is_constant(arguments[1].node)) return;
  if (code_->patterns.size() >= kMostPatterns) return;
  const Value& pattern = constant_at(arguments[1].node);
  std::string flags;
  if (arguments.size() > *flags_at) {
    if (!is_constant(arguments[*flags_at].node)) return;
    const Value& given = constant_at(arguments[*flags_at].node);
    if (given.kind() == Value::Kind::text) flags = given.as_text();
    if (given.kind() != Value::Kind::text && !given.is_null()) return;
  }
  if (pattern.kind() != Value::Kind::text) return;
  Result<Regex> compiled = Regex::compile(pattern.as_text(), flags);
  if (!compiled.ok()) {
    type_problem(arguments[1].at, function + ": " + compiled.error().message);
    return;
  }
  code_->patterns.push_back(std::move(compiled).value());
  code_->nodes[node].path = static_cast<uint32_t>(code_->patterns.size());
}

// Arguments in the order of the parameters, with null for optional ones in between; empty when they do not fit.
std::optional<std::vector<Term>> Compiler::arrange(const std::vector<Argument>& arguments,
                                                   const std::vector<Function::Parameter>& parameters, bool variadic) {
  const bool by_name = !arguments.empty() && !arguments[0].name.empty();
  size_t least = 0;
  for (const Function::Parameter& parameter : parameters) least += parameter.optional ? 0 : 1;
  std::vector<Term> ordered;
  if (!by_name) {
    if (arguments.size() < least || (!variadic && arguments.size() > parameters.size())) return std::nullopt;
    for (const Argument& argument : arguments) {
      if (!argument.name.empty()) return std::nullopt;
      ordered.push_back(argument.term);
    }
    return ordered;
  }
  size_t used = 0;
  size_t given = 0;  // up to the last one that stands here; optional ones behind it are left out, not null
  for (const Function::Parameter& parameter : parameters) {
    const auto found =
        std::find_if(arguments.begin(), arguments.end(), [&](const Argument& a) { return a.name == parameter.name; });
    if (!parameter.optional) given = ordered.size() + 1;
    if (found != arguments.end()) {
      ordered.push_back(found->term);
      given = ordered.size();
      ++used;
    } else if (parameter.optional || !options_.strict) {
      ordered.push_back({emit_constant(Value()), Type{Type::Kind::null, {}, {}}, 0});
    } else {
      return std::nullopt;
    }
  }
  if (used != arguments.size()) return std::nullopt;
  ordered.resize(given);
  return ordered;
}

std::vector<uint32_t> Compiler::check_arguments(const std::string& name, const std::vector<Term>& arguments,
                                                const std::vector<Function::Parameter>& parameters, bool variadic) {
  std::vector<uint32_t> nodes;
  for (size_t i = 0; i < arguments.size(); ++i) {
    nodes.push_back(arguments[i].node);
    const Function::Parameter& parameter = parameters[variadic ? std::min(i, parameters.size() - 1) : i];
    // A single value where a list is wanted is a list of one.
    Type wanted = parameter.type;
    if (wanted.kind == Type::Kind::list && arguments[i].type.kind != Type::Kind::list) {
      wanted = wanted.element ? *wanted.element : Type::any();
    }
    const bool is_also = parameter.also && conforms(arguments[i].type, *parameter.also);
    if (!conforms(arguments[i].type, wanted) && !is_also) {
      type_problem(arguments[i].at, name + ": \"" + parameter.name + "\" must be " + parameter.type.to_text() +
                                        ", this is " + arguments[i].type.to_text());
    }
  }
  return nodes;
}

Type Compiler::call_type(const BuiltIn& function, const std::vector<Term>& arguments) {
  const std::string& name = function.info.name;
  const auto element = [](const Type& type) { return type.element ? *type.element : Type::any(); };
  if (name == "min" || name == "max" || name == "sum") {
    if (arguments.size() == 1 && arguments[0].type.kind == Type::Kind::list) return element(arguments[0].type);
    Type type = arguments[0].type;
    for (const Term& argument : arguments) type = common_type(type, argument.type);
    return type;
  }
  if (name == "abs") return arguments[0].type;
  if ((name == "sublist" || name == "reverse" || name == "distinct values" || name == "remove") &&
      arguments[0].type.kind == Type::Kind::list) {
    return arguments[0].type;
  }
  return function.info.result;
}

}  // namespace tongban::feel
