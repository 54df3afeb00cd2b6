// Models → Program: names are resolved to slots, every expression is compiled once.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "dmn/compiled.h"
#include "dmn/program.h"

namespace tongban::dmn {
namespace {

using feel::Type;

// Names that no author writes, for values that the engine itself puts into a scope.
constexpr std::string_view kHidden = "\U00020000";

// The variables an expression may name, by slot. An inner name hides an outer one.
class Names {
 public:
  uint32_t add(const std::string& name, Type type) {
    for (feel::Variable& each : variables_) {
      if (each.name == name) hidden_.emplace_back(&each - variables_.data(), std::exchange(each.name, fresh()));
    }
    variables_.push_back({name, std::move(type)});
    return static_cast<uint32_t>(variables_.size() - 1);
  }
  uint32_t add_hidden(std::string& name, Type type) {
    name = fresh();
    return add(name, std::move(type));
  }
  size_t size() const { return variables_.size(); }
  bool knows(const std::string& name) const {
    return std::any_of(variables_.begin(), variables_.end(), [&](const auto& each) { return each.name == name; });
  }
  // Forgets what was added since there were `size`; what they hid is seen again.
  void shrink(size_t size) {
    while (variables_.size() > size) {
      const size_t last = variables_.size() - 1;
      const std::string name = variables_[last].name;
      variables_.pop_back();
      for (size_t i = hidden_.size(); i-- > 0;) {
        if (hidden_[i].second != name) continue;
        if (hidden_[i].first < variables_.size()) variables_[hidden_[i].first].name = name;
        hidden_.erase(hidden_.begin() + static_cast<ptrdiff_t>(i));
        break;
      }
    }
  }
  void add(feel::Function function) { functions_.push_back(std::move(function)); }
  feel::Scope scope() const {
    feel::Scope out(variables_);
    for (const feel::Function& each : functions_) out.add(each);
    for (const auto& [name, type] : types_) out.add_type(name, type);
    return out;
  }
  void set_types(std::vector<std::pair<std::string, Type>> types) { types_ = std::move(types); }

 private:
  std::string fresh() { return std::string(kHidden) + std::to_string(++count_); }
  std::vector<feel::Variable> variables_;
  std::vector<feel::Function> functions_;
  std::vector<std::pair<std::string, Type>> types_;
  std::vector<std::pair<size_t, std::string>> hidden_;
  int count_ = 0;
};

class Building {
 public:
  Building(std::vector<Definitions> models, const Engine::Options& options)
      : options_(options), program_(std::make_shared<Engine::Program>()) {
    program_->models = std::move(models);
  }

  Engine::Loaded run() {
    bind_imports();
    types_.emplace(program_->models, program_->imports, problems_);
    index_elements();
    for (size_t i = 0; i < program_->elements.size(); ++i) declare(i);
    if (!is_acyclic()) return {nullptr, std::move(problems_)};
    shapes_.resize(program_->elements.size());
    for (const size_t each : in_order_of_requirements()) {
      compile_element(each);
      const CompiledElement& compiled = program_->elements[each];
      shapes_[each] = shape_of(is_knowledge(each) ? compiled.function.body : compiled.logic);
    }
    return {std::make_shared<const Engine>(program_), std::move(problems_)};
  }

 private:
  void problem(size_t model, Position at, std::string message) {
    problems_.push_back({program_->models[model].file, at, std::move(message), false});
  }

  void bind_imports() {
    const std::vector<Definitions>& models = program_->models;
    program_->imports.resize(models.size());
    for (size_t i = 0; i < models.size(); ++i) {
      for (const Import& import : models[i].imports) {
        if (!import.is_dmn) continue;
        const auto found = std::find_if(models.begin(), models.end(), [&](const Definitions& each) {
          return each.namespace_uri == import.namespace_uri && &each != &models[i];
        });
        if (found == models.end()) {
          problem(i, import.at,
                  "the imported model \"" + import.name + "\" (" + import.namespace_uri + ") is not among the files");
          continue;
        }
        program_->imports[i].emplace(import.name, static_cast<size_t>(found - models.begin()));
      }
    }
  }

  void index_elements() {
    for (size_t i = 0; i < program_->models.size(); ++i) {
      for (const Element& element : program_->models[i].elements) {
        if (element.kind == Element::Kind::knowledge_source) continue;
        CompiledElement compiled;
        compiled.element = &element;
        compiled.model = i;
        const size_t index = program_->elements.size();
        if (!element.id.empty() && !program_->by_id.emplace(std::pair(i, element.id), index).second)
          problem(i, element.at, "two elements have the id \"" + element.id + "\"");
        program_->by_name.emplace(std::pair(i, element.name), index);
        program_->elements.push_back(std::move(compiled));
      }
    }
  }

  std::optional<size_t> find_href(size_t model, const std::string& href, Position at) {
    const size_t hash = href.find('#');
    size_t owner = model;
    std::string id = href;
    if (hash != std::string::npos) {
      const std::string uri = href.substr(0, hash);
      id = href.substr(hash + 1);
      if (!uri.empty() && uri != program_->models[model].namespace_uri) {
        const auto found = std::find_if(program_->models.begin(), program_->models.end(),
                                        [&](const Definitions& each) { return each.namespace_uri == uri; });
        if (found == program_->models.end()) {
          problem(model, at, "\"" + href + "\" is in a model that is not among the files");
          return std::nullopt;
        }
        owner = static_cast<size_t>(found - program_->models.begin());
      }
    }
    if (const auto found = program_->by_id.find({owner, id}); found != program_->by_id.end()) return found->second;
    // Some tools refer by name.
    if (const auto found = program_->by_name.find({owner, id}); found != program_->by_name.end()) return found->second;
    problem(model, at, "there is no element \"" + href + "\"");
    return std::nullopt;
  }

  void declare(size_t index) {
    CompiledElement& compiled = program_->elements[index];
    const Element& element = *compiled.element;
    std::string ref = element.variable.type_ref;
    if (ref.empty() && element.kind == Element::Kind::decision) ref = element.logic.type_ref;
    compiled.type = types_->resolve(compiled.model, ref, element.variable.at);
    // The variable of a knowledge model or service has the type of its result or, newer, of the function.
    compiled.result = compiled.type && compiled.type->is_function ? compiled.type->result : compiled.type;
    std::vector<size_t> hrefs;
    for (const auto* list : {&element.required_inputs, &element.required_decisions, &element.required_knowledge}) {
      for (const std::string& href : *list) {
        if (const auto found = find_href(compiled.model, href, element.at)) hrefs.push_back(*found);
      }
    }
    requirements_.push_back(std::move(hrefs));
    const auto fill = [&](const std::vector<std::string>& from, std::vector<size_t>& to) {
      for (const std::string& href : from) {
        if (const auto found = find_href(compiled.model, href, element.at)) to.push_back(*found);
      }
    };
    fill(element.output_decisions, compiled.outputs);
    fill(element.input_decisions, compiled.input_decisions);
    fill(element.input_data, compiled.input_data);
    if (element.kind != Element::Kind::knowledge_model) return;
    compiled.function.name = element.name;
    const Boxed& logic = element.logic;
    if (logic.kind != Boxed::Kind::function) return;
    for (const TypedName& parameter : logic.names) {
      compiled.function.parameters.push_back(parameter.name);
      compiled.function.types.push_back(types_->resolve(compiled.model, parameter.type_ref, parameter.at));
    }
  }

  // Decisions may not require themselves, however far round. Walks without recursion.
  bool is_acyclic() {
    const size_t count = program_->elements.size();
    std::vector<int> state(count, 0), depth(count, 0);
    bool good = true;
    for (size_t start = 0; start < count; ++start) {
      if (state[start] != 0) continue;
      std::vector<std::pair<size_t, size_t>> path{{start, 0}};
      state[start] = 1;
      while (!path.empty()) {
        auto& [at, next] = path.back();
        if (next == requirements_[at].size()) {
          state[at] = 2;
          const int reached = depth[at] + 1;
          path.pop_back();
          if (!path.empty()) depth[path.back().first] = std::max(depth[path.back().first], reached);
          continue;
        }
        const size_t target = requirements_[at][next++];
        // Knowledge models may call themselves; the nesting of calls is bounded at evaluation.
        if (is_knowledge(target)) continue;
        if (state[target] == 1) {
          problem(program_->elements[target].model, program_->elements[target].element->at,
                  "\"" + program_->elements[target].element->name + "\" requires itself in a circle");
          good = false;
        } else if (state[target] == 0) {
          state[target] = 1;
          path.emplace_back(target, 0);
        } else {
          depth[at] = std::max(depth[at], depth[target] + 1);
        }
      }
    }
    for (size_t i = 0; i < count; ++i) {
      if (depth[i] <= kMaxRequirements) continue;
      problem(program_->elements[i].model, program_->elements[i].element->at,
              "\"" + program_->elements[i].element->name + "\" rests on more than " + std::to_string(kMaxRequirements) +
                  " decisions in a row");
      return false;
    }
    return good;
  }
  // What an element requires comes before it, but for knowledge models that call each other. Walks without recursion.
  std::vector<size_t> in_order_of_requirements() const {
    std::vector<size_t> out;
    std::vector<bool> is_seen(program_->elements.size(), false);
    for (size_t start = 0; start < is_seen.size(); ++start) {
      if (is_seen[start]) continue;
      is_seen[start] = true;
      std::vector<std::pair<size_t, size_t>> path{{start, 0}};
      while (!path.empty()) {
        auto& [at, next] = path.back();
        if (next == requirements_[at].size()) {
          out.push_back(at);
          path.pop_back();
          continue;
        }
        const size_t target = requirements_[at][next++];
        if (is_seen[target]) continue;
        is_seen[target] = true;
        path.emplace_back(target, 0);
      }
    }
    return out;
  }
  bool is_knowledge(size_t index) const {
    const Element::Kind kind = program_->elements[index].element->kind;
    return kind == Element::Kind::knowledge_model || kind == Element::Kind::service;
  }

  const std::string& variable_name(size_t index) const { return program_->elements[index].element->variable.name; }

  // The type of the function that a knowledge model or a service is.
  Type function_type(size_t index) const {
    const CompiledElement& compiled = program_->elements[index];
    std::vector<Type::Member> parameters;
    if (compiled.element->kind == Element::Kind::service) {
      for (const auto* list : {&compiled.input_data, &compiled.input_decisions}) {
        for (const size_t each : *list) parameters.push_back({variable_name(each), Type::any()});
      }
    } else {
      for (const std::string& parameter : compiled.function.parameters) parameters.push_back({parameter, Type::any()});
    }
    Type result = feel_type(compiled.result);
    if (result.kind == Type::Kind::any) result = shapes_[index];
    return Type::function_of(std::move(parameters), std::move(result));
  }
  Type type_of(size_t index) const {
    if (is_knowledge(index)) return function_type(index);
    Type declared = feel_type(program_->elements[index].type);
    return declared.kind == Type::Kind::any ? shapes_[index] : declared;
  }

  // The names that a value holds, without the types of what is named. A name with spaces, or with words of FEEL in it
  // (Months in Business), can only be read where it is known.
  static Type names_of(const Type& type) {
    if (type.kind == Type::Kind::list && type.element) {
      Type element = names_of(*type.element);
      return element.kind == Type::Kind::any ? element : Type::list_of(std::move(element));
    }
    if (type.kind != Type::Kind::context || !type.members) return Type::any();
    std::vector<Type::Member> members;
    for (const Type::Member& each : *type.members) members.push_back({each.name, names_of(each.type)});
    return Type::context_of(std::move(members));
  }
  // They, of the value of an expression that declares no type.
  static Type shape_of(const Node& node) {
    if (node.type && node.type->type.kind != Type::Kind::any) return names_of(node.type->type);
    switch (node.kind) {
      case Boxed::Kind::literal:
        return node.expression ? names_of(node.expression->type()) : Type::any();
      case Boxed::Kind::table:
        return node.table ? names_of(node.table->type()) : Type::any();
      case Boxed::Kind::context: {
        std::vector<Type::Member> members;
        for (size_t i = 0; i < node.parts.size() && i < node.names.size(); ++i) {
          if (node.names[i].empty()) return shape_of(node.parts[i]);  // the result
          const bool is_declared = i < node.types.size() && node.types[i];
          members.push_back({node.names[i], is_declared ? names_of(node.types[i]->type) : shape_of(node.parts[i])});
        }
        return Type::context_of(std::move(members));
      }
      case Boxed::Kind::relation: {
        std::vector<Type::Member> members;
        for (const std::string& each : node.names) members.push_back({each, Type::any()});
        return Type::list_of(Type::context_of(std::move(members)));
      }
      case Boxed::Kind::filter:
        return node.parts.empty() ? Type::any() : shape_of(node.parts[0]);
      case Boxed::Kind::conditional: {
        if (node.parts.size() != 3) return Type::any();
        Type one = shape_of(node.parts[1]);
        return one == shape_of(node.parts[2]) ? one : Type::any();
      }
      default:
        return Type::any();
    }
  }

  // The name under which a model's elements stand in another's scope: nothing for its own.
  std::optional<std::string> import_name(size_t model, size_t owner) const {
    if (model == owner) return std::nullopt;
    for (const auto& [name, index] : program_->imports[model]) {
      if (index == owner) return name.empty() ? std::nullopt : std::optional(name);
    }
    return std::nullopt;
  }

  void add_requirements(size_t index, Names& names) {
    CompiledElement& compiled = program_->elements[index];
    std::map<std::string, Source> groups;
    std::map<std::string, std::vector<Type::Member>> group_types;
    std::set<std::string> known;
    std::vector<size_t> required = requirements_[index];
    if (compiled.element->kind == Element::Kind::knowledge_model &&
        std::find(required.begin(), required.end(), index) == required.end()) {
      required.push_back(index);  // it may call itself
    }
    for (const size_t target : required) {
      const std::optional<std::string> import = import_name(compiled.model, program_->elements[target].model);
      const std::string& name = variable_name(target);
      if (import) {
        groups[*import].members.emplace_back(name, target);
        group_types[*import].push_back({name, type_of(target)});
        continue;
      }
      if (!known.insert(name).second) continue;
      const uint32_t slot = names.add(name, type_of(target));
      compiled.sources.emplace_back(slot, Source{Source::Kind::element, target, {}});
    }
    for (auto& [name, group] : groups) {
      group.kind = Source::Kind::group;
      const uint32_t slot = names.add(name, Type::context_of(group_types[name]));
      compiled.sources.emplace_back(slot, std::move(group));
    }
  }

  void compile_element(size_t index) {
    CompiledElement& compiled = program_->elements[index];
    const Element& element = *compiled.element;
    model_ = compiled.model;
    Names names;
    for (const feel::Function& each : options_.functions) names.add(each);
    feel::Scope types;
    types_->add_types(model_, types);
    names.set_types(types.types());
    if (element.kind == Element::Kind::decision) {
      add_requirements(index, names);
      reads_.clear();
      const size_t before = problems_.size();
      compiled.logic = compile(element.logic, names);
      if (problems_.size() == before) note_unread(index);  // of a faulty expression it is not known what it reads
    } else if (element.kind == Element::Kind::knowledge_model) {
      add_requirements(index, names);
      compile_function(element, compiled.function, names);
    }
  }

  // What the decision requires and its expressions do not name.
  void note_unread(size_t index) {
    const CompiledElement& compiled = program_->elements[index];
    if (compiled.element->logic.kind == Boxed::Kind::absent) return;
    for (const auto& [slot, source] : compiled.sources) {
      if (source.kind != Source::Kind::element) continue;
      const std::string& name = variable_name(source.element);
      const bool is_read = std::any_of(reads_.begin(), reads_.end(), [&](const std::string& path) {
        return path == name || path.starts_with(name + ".");
      });
      if (!is_read) program_->unread.emplace_back(index, source.element);
    }
  }
  void add_reads(const std::vector<std::string>& paths) { reads_.insert(paths.begin(), paths.end()); }

  void compile_function(const Element& element, CompiledFunction& function, Names& names) {
    const Boxed& logic = element.logic;
    if (logic.kind != Boxed::Kind::function) {
      function.body = compile(logic, names);
      return;
    }
    compile_body(logic, function, names);
  }

  void compile_body(const Boxed& logic, CompiledFunction& function, Names& names) {
    if (logic.text != "FEEL") {
      function.error = (function.name.empty() ? "this" : "\"" + function.name + "\"") + " is an external function (" +
                       logic.text + "); only functions in FEEL can be called here";
      problem(model_, logic.at, function.error);
      return;
    }
    for (size_t i = 0; i < function.parameters.size(); ++i)
      function.slots.push_back(names.add(function.parameters[i], feel_type(function.types[i])));
    function.body = compile(logic.parts[0], names);
  }

  // A boxed function; `self`: the slot of its own name, when it has one.
  std::shared_ptr<const CompiledFunction> compile_function_value(const Boxed& boxed, Names& names,
                                                                 const std::string& name,
                                                                 std::optional<uint32_t> self) {
    auto function = std::make_shared<CompiledFunction>();
    function->name = name;
    function->self = self;
    for (const TypedName& parameter : boxed.names) {
      function->parameters.push_back(parameter.name);
      function->types.push_back(types_->resolve(model_, parameter.type_ref, parameter.at));
    }
    compile_body(boxed, *function, names);
    return function;
  }
  static Type type_of_function(const Boxed& boxed) {
    std::vector<Type::Member> parameters;
    for (const TypedName& parameter : boxed.names) parameters.push_back({parameter.name, Type::any()});
    return Type::function_of(std::move(parameters), Type::any());
  }

  std::optional<feel::Expression> compile_text(const std::string& text, const Names& names, Position at,
                                               std::string& error) {
    feel::Compiled compiled = feel::compile(text, names.scope(), {.strict = false});
    for (const feel::Problem& each : compiled.problems) {
      const Position where{at.line + each.line - 1, each.line == 1 ? at.column + each.column - 1 : each.column};
      problem(model_, where, each.message);
      if (error.empty()) error = each.message;
    }
    if (compiled.expression) add_reads(compiled.expression->reads());
    return std::move(compiled.expression);
  }

  Node compile(const Boxed& boxed, Names& names) {
    Node node;
    node.kind = boxed.kind;
    node.at = boxed.at;
    node.type = types_->resolve(model_, boxed.type_ref, boxed.at);
    const size_t before = names.size();
    switch (boxed.kind) {
      case Boxed::Kind::absent:
        node.error = "there is no expression";
        break;
      case Boxed::Kind::literal:
        if (!is_feel(boxed.language)) {
          node.error = "the expression is written in " + boxed.language + "; only FEEL is evaluated here";
          problem(model_, boxed.at, node.error);
          break;
        }
        node.expression = compile_text(boxed.text, names, boxed.at, node.error);
        break;
      case Boxed::Kind::table:
        compile_table(boxed, names, node);
        break;
      case Boxed::Kind::context:
        compile_context(boxed, names, node);
        break;
      case Boxed::Kind::relation:
      case Boxed::Kind::list:
        for (const TypedName& column : boxed.names) {
          node.names.push_back(column.name);
          node.types.push_back(types_->resolve(model_, column.type_ref, column.at));
        }
        for (const Boxed& part : boxed.parts) node.parts.push_back(compile(part, names));
        break;
      case Boxed::Kind::invocation:
        compile_invocation(boxed, names, node);
        break;
      case Boxed::Kind::function:
        node.function = compile_function_value(boxed, names, "", std::nullopt);
        // The type of the definition is that of the function or, by usage, of its result.
        if (node.type && !node.type->is_function) node.type = nullptr;
        break;
      case Boxed::Kind::conditional:
        for (const Boxed& part : boxed.parts) node.parts.push_back(compile(part, names));
        break;
      case Boxed::Kind::filter:
        compile_filter(boxed, names, node);
        break;
      case Boxed::Kind::for_loop:
      case Boxed::Kind::some:
      case Boxed::Kind::every:
        compile_iteration(boxed, names, node);
        break;
    }
    names.shrink(before);
    return node;
  }

  static bool is_feel(std::string_view language) {
    return language.empty() || language.find("FEEL") != std::string_view::npos ||
           language.find("feel") != std::string_view::npos;
  }

  void compile_context(const Boxed& boxed, Names& names, Node& node) {
    for (size_t i = 0; i < boxed.parts.size(); ++i) {
      const TypedName& name = boxed.names[i];
      TypeCheckPtr type = types_->resolve(model_, name.type_ref, name.at);
      node.names.push_back(name.name);
      if (boxed.parts[i].kind == Boxed::Kind::function && !name.name.empty()) {
        const uint32_t self = names.add(name.name, type_of_function(boxed.parts[i]));
        Node function;
        function.kind = Boxed::Kind::function;
        function.at = boxed.parts[i].at;
        const size_t before = names.size();
        function.function = compile_function_value(boxed.parts[i], names, name.name, self);
        names.shrink(before);
        node.parts.push_back(std::move(function));
        node.types.push_back(type && type->is_function ? std::move(type) : nullptr);
        node.slots.push_back(self);
        continue;
      }
      node.parts.push_back(compile(boxed.parts[i], names));
      Type known = feel_type(type);
      const Node& part = node.parts.back();
      if (known.kind == Type::Kind::any) known = part.expression ? part.expression->type() : shape_of(part);
      node.types.push_back(std::move(type));
      node.slots.push_back(name.name.empty() ? 0 : names.add(name.name, std::move(known)));
    }
  }

  void compile_invocation(const Boxed& boxed, Names& names, Node& node) {
    if (boxed.parts.empty() || boxed.parts[0].kind == Boxed::Kind::absent) {
      node.error = "the invocation names no function";
      problem(model_, boxed.at, node.error);
      return;
    }
    const bool is_named = boxed.parts[0].kind == Boxed::Kind::literal;
    for (size_t i = 0; i < boxed.names.size(); ++i) {
      node.parts.push_back(compile(boxed.parts[i + 1], names));
      node.types.push_back(types_->resolve(model_, boxed.names[i].type_ref, boxed.names[i].at));
    }
    std::string call = boxed.parts[0].text;
    if (!is_named) {
      node.parts.push_back(compile(boxed.parts[0], names));
      node.types.push_back(nullptr);
      call.clear();
    }
    std::vector<std::string> arguments;
    for (size_t i = 0; i < node.parts.size(); ++i) {
      std::string& hidden = arguments.emplace_back();
      const Type known = node.parts[i].function ? type_of_function(boxed.parts[0]) : Type::any();
      node.slots.push_back(names.add_hidden(hidden, known));
    }
    if (!is_named) call = arguments.back();
    call += "\n(";
    for (size_t i = 0; i < boxed.names.size(); ++i) {
      call += (i == 0 ? "" : ", ") + boxed.names[i].name + ": " + arguments[i];
    }
    node.expression = compile_text(call + ")", names, boxed.parts[0].at, node.error);
  }

  // The condition of a filter sees `item` and, where they are known, the item's own members: feel does that itself.
  void compile_filter(const Boxed& boxed, Names& names, Node& node) {
    node.parts.push_back(compile(boxed.parts[0], names));
    std::string list;
    Type known = node.parts[0].expression ? node.parts[0].expression->type() : Type::any();
    node.slots.push_back(names.add_hidden(list, known));
    const Boxed& match = boxed.parts[1];
    if (match.kind == Boxed::Kind::literal) {
      node.expression = compile_text(list + "[\n" + match.text + "\n]", names, up_one_line(match.at), node.error);
      // What is neither true, false nor null is a fault: the items for which it is so.
      Node wrong;
      wrong.kind = Boxed::Kind::literal;
      wrong.at = match.at;
      const std::string condition = "(\n" + match.text + "\n)";
      if (node.expression) {
        wrong.expression =
            compile_text(list + "[not(" + condition + " instance of boolean) and " + condition + " != null]", names,
                         match.at, wrong.error);
      }
      node.parts.push_back(std::move(wrong));
      return;
    }
    node.slots.push_back(names.add("item", known.element ? *known.element : Type::any()));
    node.parts.push_back(compile(match, names));
  }
  static Position up_one_line(Position at) { return {at.line - 1, at.column}; }

  void compile_iteration(const Boxed& boxed, Names& names, Node& node) {
    node.parts.push_back(compile(boxed.parts[0], names));
    std::string domain;
    const Type known = node.parts[0].expression ? node.parts[0].expression->type() : Type::any();
    node.slots.push_back(names.add_hidden(domain, known));
    // feel says what may be iterated: lists, ranges, a single value.
    const std::string& variable = boxed.variable;
    const Boxed& body = boxed.parts[1];
    if (body.kind == Boxed::Kind::literal) {
      const char* head = boxed.kind == Boxed::Kind::for_loop ? "for "
                         : boxed.kind == Boxed::Kind::some   ? "some "
                                                             : "every ";
      const char* middle = boxed.kind == Boxed::Kind::for_loop ? " return\n" : " satisfies\n";
      node.expression =
          compile_text(head + variable + " in " + domain + middle + body.text, names, up_one_line(body.at), node.error);
      return;
    }
    node.expression =
        compile_text("for " + variable + " in " + domain + " return " + variable, names, boxed.at, node.error);
    node.slots.push_back(names.add(variable, known.element ? *known.element : Type::any()));
    if (boxed.kind == Boxed::Kind::for_loop) node.slots.push_back(names.add("partial", Type::list_of(Type::any())));
    node.parts.push_back(compile(body, names));
  }

  void compile_table(const Boxed& boxed, Names& names, Node& node) {
    Table table = *boxed.table;
    for (Input& input : table.inputs) {
      const TypeCheckPtr type = types_->resolve(model_, input.type_ref, {input.line, 0});
      input.type = feel_type(type);
      node.types.push_back(type);
    }
    for (Output& output : table.outputs) {
      const TypeCheckPtr type = types_->resolve(model_, output.type_ref, {output.line, 0});
      output.type = feel_type(type);
      node.output_types.push_back(type);
      if (output.allowed.empty() && type) output.allowed = allowed_of(type);
    }
    // The variable's own allowed values order the results where the table names none.
    TableCompiled compiled = dmn::compile(table, names.scope(), {.strict = false});
    for (const TableProblem& each : compiled.problems) {
      problem(model_, place_of(boxed, each), each.message);
      if (node.error.empty()) node.error = each.message;
    }
    node.table = std::move(compiled.table);
    node.places = boxed.places;
    if (node.table) add_reads(node.table->reads());
    if (!options_.check || !node.table) return;
    for (const TableProblem& each : dmn::compile(table, names.scope()).problems)
      problems_.push_back({program_->models[model_].file, place_of(boxed, each), each.message, true});
  }
  static Position place_of(const Boxed& boxed, const TableProblem& problem) {
    const Position at = boxed.places ? boxed.places->at(problem.row, problem.column) : Position();
    return at.line > 0 ? at : Position{problem.line, 0};
  }

  static std::vector<AllowedValue> allowed_of(const TypeCheckPtr& type) {
    std::vector<AllowedValue> out;
    if (!type || !type->allowed) return out;
    const std::optional<feel::TestShape> shape = feel::shape_of(*type->allowed);
    if (!shape || shape->negated) return out;
    for (const feel::Interval& each : shape->intervals) {
      if (!each.low || !each.high || !(*each.low == *each.high)) return {};
      out.push_back({*each.low, ""});
    }
    return out;
  }

  const Engine::Options& options_;
  std::shared_ptr<Engine::Program> program_;
  std::vector<ModelProblem> problems_;
  std::optional<TypeTable> types_;
  std::vector<std::vector<size_t>> requirements_;
  std::vector<Type> shapes_;  // of elements, once they are compiled
  size_t model_ = 0;
  std::set<std::string> reads_;  // by the expressions of the element that is being compiled
};

}  // namespace

Engine::Loaded Builder::build(std::vector<Definitions> models, const Engine::Options& options) {
  return Building(std::move(models), options).run();
}

}  // namespace tongban::dmn
