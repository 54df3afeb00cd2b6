// Evaluation of a Program.
#include <algorithm>
#include <utility>

#include "dmn/program.h"

namespace tongban::dmn {
namespace {

using feel::Value;
using Slots = std::vector<Value>;

// The values of inputs and decisions that are known: of the question as a whole, or of one call of a service.
struct World {
  std::map<size_t, Value> values;
};

// How much of the stack a nested boxed expression takes, in nodes of feel.
constexpr int kNodesOfBoxed = 12;

// One question. Functions that it makes know it weakly: called after its end they give an error.
class Run : public std::enable_shared_from_this<Run> {
 public:
  Run(const Engine::Program& program, const feel::EvalContext& context, bool trace)
      : program_(program), budget_(context), trace_(trace) {}

  Outcome& outcome() { return outcome_; }
  World& world() { return world_; }

  void fault(Position at, std::string message) {
    if (outcome_.faults.size() < 100) outcome_.faults.push_back({element_, at, std::move(message)});
  }

  // An input as it was given, or a decision's value.
  Value value_of(size_t index, World& world) {
    if (const auto known = world.values.find(index); known != world.values.end()) return known->second;
    const CompiledElement& compiled = program_.elements[index];
    if (is_knowledge(compiled)) return function_value(index);
    Value value;
    if (compiled.element->kind == Element::Kind::decision) {
      value = decide(compiled, world);
      if (trace_) outcome_.decisions.emplace_back(compiled.element->name, value);
    }
    world.values.emplace(index, value);
    return value;
  }

  Value decide(const CompiledElement& compiled, World& world) {
    const std::string before = std::exchange(element_, compiled.element->name);
    Slots slots;
    fill(compiled, world, slots);
    element_ = compiled.element->name;
    Value value = evaluate(compiled.logic, slots);
    value = checked(value, compiled.type, compiled.element->at, "the result");
    element_ = before;
    return value;
  }

  static bool is_knowledge(const CompiledElement& compiled) {
    return compiled.element->kind == Element::Kind::knowledge_model || compiled.element->kind == Element::Kind::service;
  }

  // A knowledge model or service as a value, made once in a question.
  Value function_value(size_t index) {
    const auto known = functions_.find(index);
    if (known != functions_.end()) return known->second;
    const CompiledElement& compiled = program_.elements[index];
    auto callable = std::make_shared<feel::Callable>();
    if (compiled.element->kind == Element::Kind::service) {
      for (const auto* list : {&compiled.input_data, &compiled.input_decisions}) {
        for (const size_t each : *list) add_parameter(*callable, program_.elements[each].element->variable.name);
      }
    } else {
      for (const std::string& parameter : compiled.function.parameters) add_parameter(*callable, parameter);
    }
    callable->call = [weak = weak_from_this(), index](std::span<const Value> arguments, feel::Budget& budget) {
      const std::shared_ptr<Run> run = weak.lock();
      if (!run) return ended(budget);
      return run->call(budget, [&] { return run->call_element(index, arguments); });
    };
    return functions_.emplace(index, Value::function(std::move(callable))).first->second;
  }
  static void add_parameter(feel::Callable& callable, const std::string& name) {
    callable.parameters.push_back({name, feel::Type::any(), false});
  }
  static Value ended(feel::Budget& budget) {
    budget.fail("this function belongs to a question that has been answered");
    return Value();
  }

  // A boxed function with the values it was made among.
  Value function_value(const Node& node, std::shared_ptr<const Slots> around) {
    auto callable = std::make_shared<feel::Callable>();
    for (const std::string& parameter : node.function->parameters) add_parameter(*callable, parameter);
    callable->call = [weak = weak_from_this(), &node, around](std::span<const Value> arguments, feel::Budget& budget) {
      const std::shared_ptr<Run> run = weak.lock();
      if (!run) return ended(budget);
      return run->call(budget, [&] {
        Slots slots = *around;
        if (node.function->self) set(slots, *node.function->self, run->function_value(node, around));
        return run->call_function(*node.function, arguments, slots, node.at);
      });
    };
    return Value::function(std::move(callable));
  }

  void fill(const CompiledElement& compiled, World& world, Slots& slots) {
    for (const auto& [slot, source] : compiled.sources) set(slots, slot, value_of(source, world));
  }

  Value value_of(const Source& source, World& world) {
    if (source.kind == Source::Kind::element) return value_of(source.element, world);
    feel::Context entries;
    for (const auto& [name, element] : source.members) entries.emplace_back(name, value_of(element, world));
    return Value::context(std::move(entries));
  }

  static void set(Slots& slots, uint32_t slot, Value value) {
    if (slots.size() <= slot) slots.resize(slot + 1);
    slots[slot] = std::move(value);
  }

  Value checked(const Value& value, const TypeCheckPtr& type, Position at, const char* what) {
    if (!type) return value;
    std::optional<Value> converted = conform(value, type, budget_);
    budget_.missing.clear();
    if (converted) return std::move(*converted);
    if (!budget_.error.empty()) {
      fault(at, std::exchange(budget_.error, {}));
      return Value();
    }
    fault(at, std::string(what) + " " + shortened(value) + " is no " + type->name);
    return Value();
  }
  static std::string shortened(const Value& value) {
    std::string text = value.to_text();
    if (text.size() > 60) {
      size_t end = 57;
      while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
      text = text.substr(0, end) + "…";
    }
    return text;
  }

  bool spend() {
    if (++evaluations_ <= kMaxEvaluations) return true;
    if (evaluations_ == kMaxEvaluations + 1)
      fault({}, "the question needs more than " + std::to_string(kMaxEvaluations) + " expressions");
    return false;
  }

  Value leaf(const Node& node, const Slots& slots) {
    if (!node.expression) {
      fault(node.at, node.error);
      return Value();
    }
    if (!spend()) return Value();
    feel::EvalResult result = feel::evaluate(*node.expression, slots, budget_);
    budget_.missing.clear();
    if (!result.ok) {
      fault(node.at, result.error);
      budget_.error.clear();
      return Value();
    }
    return std::move(result.value);
  }

  Value evaluate(const Node& node, Slots& slots) {
    if (budget_.nodes_left < kNodesOfBoxed) {
      fault(node.at, "expressions and calls are nested too deep");
      return Value();
    }
    budget_.nodes_left -= kNodesOfBoxed;
    Value value = evaluate_inner(node, slots);
    budget_.nodes_left += kNodesOfBoxed;
    return checked(value, node.type, node.at, "the value");
  }

  Value evaluate_inner(const Node& node, Slots& slots) {
    switch (node.kind) {
      case Boxed::Kind::absent:
      case Boxed::Kind::literal:
        return leaf(node, slots);
      case Boxed::Kind::function:
        return function_value(node, std::make_shared<const Slots>(slots));
      case Boxed::Kind::table:
        return ask_table(node, slots);
      case Boxed::Kind::context:
        return make_context(node, slots);
      case Boxed::Kind::relation:
        return make_relation(node, slots);
      case Boxed::Kind::list: {
        feel::List items;
        for (const Node& part : node.parts) items.push_back(evaluate(part, slots));
        return Value::list(std::move(items));
      }
      case Boxed::Kind::invocation:
        for (size_t i = 0; i < node.parts.size(); ++i) {
          Value argument = evaluate(node.parts[i], slots);
          set(slots, node.slots[i], checked(argument, node.types[i], node.parts[i].at, "the argument"));
        }
        return leaf(node, slots);
      case Boxed::Kind::conditional: {
        const Value condition = evaluate(node.parts[0], slots);
        if (condition.kind() != Value::Kind::boolean && !condition.is_null()) {
          fault(node.parts[0].at, "the condition is " + shortened(condition) + ", which is neither true nor false");
          return Value();
        }
        return evaluate(node.parts[condition.is_true() ? 1 : 2], slots);
      }
      case Boxed::Kind::filter:
        return filter(node, slots);
      case Boxed::Kind::for_loop:
      case Boxed::Kind::some:
      case Boxed::Kind::every:
        return iterate(node, slots);
    }
    return Value();
  }

  Value make_context(const Node& node, Slots& slots) {
    feel::Context entries;
    for (size_t i = 0; i < node.parts.size(); ++i) {
      Value value = evaluate(node.parts[i], slots);
      value = checked(value, node.types[i], node.parts[i].at, "the entry");
      if (node.names[i].empty()) return value;  // the result
      set(slots, node.slots[i], value);
      const auto same =
          std::find_if(entries.begin(), entries.end(), [&](const auto& each) { return each.first == node.names[i]; });
      if (same != entries.end()) {
        fault(node.parts[i].at, "two entries are named \"" + node.names[i] + "\"");
        return Value();
      }
      entries.emplace_back(node.names[i], std::move(value));
    }
    return Value::context(std::move(entries));
  }

  Value make_relation(const Node& node, Slots& slots) {
    feel::List rows;
    for (const Node& row : node.parts) {
      feel::Context entries;
      for (size_t i = 0; i < node.names.size() && i < row.parts.size(); ++i) {
        const Value cell = evaluate(row.parts[i], slots);
        entries.emplace_back(node.names[i], checked(cell, node.types[i], row.parts[i].at, "the cell"));
      }
      rows.push_back(Value::context(std::move(entries)));
    }
    return Value::list(std::move(rows));
  }

  Value filter(const Node& node, Slots& slots) {
    Value list = evaluate(node.parts[0], slots);
    set(slots, node.slots[0], list);
    if (list.is_null()) return list;
    if (!node.expression && !node.error.empty()) return leaf(node, slots);
    if (node.expression) {
      const Value wrong = leaf(node.parts[1], slots);
      if (wrong.kind() == Value::Kind::list && !wrong.as_list().empty()) {
        fault(node.parts[1].at,
              "the condition of the filter is neither true nor false for " + shortened(wrong.as_list()[0]));
        return Value();
      }
      return leaf(node, slots);
    }
    if (list.kind() != Value::Kind::list) list = Value::list({list});
    feel::List out;
    for (const Value& item : list.as_list()) {
      set(slots, node.slots[1], item);
      const Value holds = evaluate(node.parts[1], slots);
      if (holds.kind() != Value::Kind::boolean && !holds.is_null()) {
        fault(node.parts[1].at, "the condition of the filter is " + shortened(holds) + ", neither true nor false");
        return Value();
      }
      if (holds.is_true()) out.push_back(item);
    }
    return Value::list(std::move(out));
  }

  Value iterate(const Node& node, Slots& slots) {
    set(slots, node.slots[0], evaluate(node.parts[0], slots));
    const Value domain = leaf(node, slots);
    if (node.parts.size() == 1 || domain.kind() != Value::Kind::list) return domain;
    feel::List out;
    bool is_open = false;
    for (const Value& item : domain.as_list()) {
      set(slots, node.slots[1], item);
      if (node.kind == Boxed::Kind::for_loop) set(slots, node.slots[2], Value::list(out));
      Value value = evaluate(node.parts[1], slots);
      if (node.kind == Boxed::Kind::for_loop) {
        out.push_back(std::move(value));
        continue;
      }
      const bool decides = node.kind == Boxed::Kind::some ? value.is_true() : value.is_false();
      if (decides) return value;
      is_open = is_open || value.kind() != Value::Kind::boolean;
    }
    if (node.kind == Boxed::Kind::for_loop) return Value::list(std::move(out));
    return is_open ? Value() : Value::of(node.kind == Boxed::Kind::every);
  }

  Value ask_table(const Node& node, Slots& slots) {
    if (!node.table) {
      fault(node.at, node.error);
      return Value();
    }
    if (!spend()) return Value();
    Decision decision = dmn::evaluate(*node.table, slots, budget_, trace_);
    if (decision.status == Decision::Status::failed) fault(node.at, decision.error);
    Value value = typed_results(node, decision.value);
    if (trace_) outcome_.tables.push_back({element_, &node.table->table(), std::move(decision)});
    return value;
  }

  // Results under the types of their columns; an aggregate is of its own type.
  Value typed_results(const Node& node, Value value) {
    const Table& table = node.table->table();
    switch (table.hit_policy) {
      case HitPolicy::collect_sum:
      case HitPolicy::collect_min:
      case HitPolicy::collect_max:
      case HitPolicy::collect_count:
        return value;
      default:
        break;
    }
    const auto is_open = [](const TypeCheckPtr& type) { return type == nullptr; };
    if (std::all_of(node.output_types.begin(), node.output_types.end(), is_open)) return value;
    const bool many = table.hit_policy == HitPolicy::collect || table.hit_policy == HitPolicy::rule_order ||
                      table.hit_policy == HitPolicy::output_order;
    if (!many || value.kind() != Value::Kind::list) return typed_result(node, table, std::move(value));
    feel::List rows = value.as_list();
    for (Value& row : rows) row = typed_result(node, table, std::move(row));
    return Value::list(std::move(rows));
  }
  Value typed_result(const Node& node, const Table& table, Value value) {
    if (node.output_types.size() == 1) return checked(value, node.output_types[0], node.at, "the output");
    if (value.kind() != Value::Kind::context) return value;
    feel::Context row = value.as_context();
    for (size_t i = 0; i < node.output_types.size(); ++i) {
      for (auto& [name, output] : row) {
        if (name == table.outputs[i].name) output = checked(output, node.output_types[i], node.at, "the output");
      }
    }
    return Value::context(std::move(row));
  }

  // `body` as a call: bounded in depth, and the faults inside are named after what is called.
  template <class Body>
  Value call(feel::Budget& budget, const Body& body) {
    if (calls_ >= kMaxCalls) {
      budget.fail("functions call each other deeper than " + std::to_string(kMaxCalls) + " levels");
      return Value();
    }
    ++calls_;
    const std::string before = element_;
    Value value = body();
    element_ = before;
    --calls_;
    return value;
  }

  Value call_element(size_t index, std::span<const Value> arguments) {
    const CompiledElement& compiled = program_.elements[index];
    element_ = compiled.element->name;
    if (compiled.element->kind == Element::Kind::service) return call_service(compiled, arguments);
    Slots slots;
    World none;
    fill(compiled, none, slots);
    const Value value = call_function(compiled.function, arguments, slots, compiled.element->at);
    return checked(value, compiled.result, compiled.element->at, "the result");
  }

  Value call_function(const CompiledFunction& function, std::span<const Value> arguments, Slots& slots, Position at) {
    if (!function.error.empty()) {
      fault(at, function.error);
      return Value();
    }
    for (size_t i = 0; i < function.slots.size(); ++i) {
      const Value given = i < arguments.size() ? arguments[i] : Value();
      std::optional<Value> converted = conform(given, function.types[i], budget_);
      if (!converted) {
        fault(at, "the argument \"" + function.parameters[i] + "\", " + shortened(given) + ", is no " +
                      function.types[i]->name);
        return Value();
      }
      set(slots, function.slots[i], std::move(*converted));
    }
    return evaluate(function.body, slots);
  }

  Value call_service(const CompiledElement& compiled, std::span<const Value> arguments) {
    World world;
    size_t next = 0;
    for (const auto* list : {&compiled.input_data, &compiled.input_decisions}) {
      for (const size_t index : *list) {
        const Value given = next < arguments.size() ? arguments[next] : Value();
        ++next;
        std::optional<Value> converted = conform(given, program_.elements[index].type, budget_);
        if (!converted) {
          fault(compiled.element->at, "\"" + program_.elements[index].element->name + "\", " + shortened(given) +
                                          ", is no " + program_.elements[index].type->name);
          return Value();
        }
        world.values.emplace(index, std::move(*converted));
      }
    }
    return service_result(compiled, world);
  }

  Value service_result(const CompiledElement& compiled, World& world) {
    if (compiled.outputs.size() == 1) {
      const Value value = value_of(compiled.outputs[0], world);
      return checked(value, compiled.result, compiled.element->at, "the result");
    }
    feel::Context entries;
    for (const size_t index : compiled.outputs)
      entries.emplace_back(program_.elements[index].element->variable.name, value_of(index, world));
    return checked(Value::context(std::move(entries)), compiled.result, compiled.element->at, "the result");
  }

 private:
  const Engine::Program& program_;
  feel::Budget budget_;
  bool trace_ = false;
  std::map<size_t, Value> functions_;
  Outcome outcome_;
  World world_;
  std::string element_;
  uint64_t evaluations_ = 0;
  int calls_ = 0;
};

std::optional<size_t> find_element(const Engine::Program& program, std::string_view name, bool service) {
  const auto fits = [&](size_t index) {
    return (program.elements[index].element->kind == Element::Kind::service) == service;
  };
  for (const auto* map : {&program.by_id, &program.by_name}) {
    const auto found = map->find({0, std::string(name)});
    if (found != map->end() && fits(found->second)) return found->second;
  }
  for (size_t i = 0; i < program.elements.size(); ++i) {
    const CompiledElement& each = program.elements[i];
    if (each.model == 0 && (each.element->name == name || each.element->variable.name == name) && fits(i)) return i;
  }
  return std::nullopt;
}

// Whose value is given: by namespace where one is named, else in the first model, else where the name is known.
std::vector<size_t> find_given(const Engine::Program& program, const GivenValue& given) {
  std::vector<size_t> own, others;
  for (size_t i = 0; i < program.elements.size(); ++i) {
    const CompiledElement& each = program.elements[i];
    if (each.element->kind != Element::Kind::input && each.element->kind != Element::Kind::decision) continue;
    if (each.element->name != given.name && each.element->id != given.name && each.element->variable.name != given.name)
      continue;
    const std::string& uri = program.models[each.model].namespace_uri;
    if (!given.namespace_uri.empty() && uri != given.namespace_uri) continue;
    (each.model == 0 ? own : others).push_back(i);
  }
  return own.empty() ? others : own;
}

void bind(const Engine::Program& program, const std::vector<GivenValue>& given, Run& run) {
  for (const GivenValue& each : given) {
    for (const size_t index : find_given(program, each)) {
      const CompiledElement& compiled = program.elements[index];
      run.world().values.insert_or_assign(index,
                                          run.checked(each.value, compiled.type, compiled.element->at, "the input"));
    }
  }
}

}  // namespace

Engine::Loaded Engine::load(std::vector<Definitions> models, const Options& options) {
  return Builder::build(std::move(models), options);
}

const std::vector<Definitions>& Engine::models() const { return program_->models; }

Outcome Engine::evaluate(std::string_view name, const std::vector<GivenValue>& given, const feel::EvalContext& context,
                         bool trace) const {
  const auto shared = std::make_shared<Run>(*program_, context, trace);
  Run& run = *shared;
  const std::optional<size_t> found = find_element(*program_, name, false);
  if (!found) {
    run.fault({}, "there is no decision \"" + std::string(name) + "\"");
    return std::move(run.outcome());
  }
  const CompiledElement& compiled = program_->elements[*found];
  Value value;
  if (compiled.element->kind == Element::Kind::knowledge_model) {
    std::vector<Value> arguments;
    for (const std::string& parameter : compiled.function.parameters) {
      const auto match =
          std::find_if(given.begin(), given.end(), [&](const GivenValue& each) { return each.name == parameter; });
      arguments.push_back(match == given.end() ? Value() : match->value);
    }
    value = run.call_element(*found, arguments);
  } else {
    bind(*program_, given, run);
    value = run.value_of(*found, run.world());
  }
  Outcome out = std::move(run.outcome());
  out.value = std::move(value);
  return out;
}

Outcome Engine::evaluate_service(std::string_view name, const std::vector<GivenValue>& given,
                                 const feel::EvalContext& context, bool trace) const {
  const auto shared = std::make_shared<Run>(*program_, context, trace);
  Run& run = *shared;
  const std::optional<size_t> found = find_element(*program_, name, true);
  if (!found) {
    run.fault({}, "there is no decision service \"" + std::string(name) + "\"");
    return std::move(run.outcome());
  }
  const CompiledElement& compiled = program_->elements[*found];
  bind(*program_, given, run);
  // What the service takes as given is not computed: null when nobody gave it.
  for (const size_t index : compiled.input_decisions) run.world().values.emplace(index, Value());
  Value value = run.service_result(compiled, run.world());
  Outcome out = std::move(run.outcome());
  out.value = std::move(value);
  return out;
}

namespace {
void visit_tables(const Node& node, const std::string& name, const Engine::TableVisitor& visit) {
  if (node.table) visit(name, *node.table, node.places ? *node.places : TablePlaces());
  if (node.function) visit_tables(node.function->body, name, visit);
  for (const Node& part : node.parts) visit_tables(part, name, visit);
}
}  // namespace

void Engine::each_table(const TableVisitor& visit) const {
  for (const CompiledElement& each : program_->elements) {
    if (each.model != 0) continue;
    visit_tables(each.logic, each.element->name, visit);
    visit_tables(each.function.body, each.element->name, visit);
  }
}

std::vector<std::pair<Position, std::string>> Engine::unused() const {
  std::vector<std::pair<Position, std::string>> out;
  std::vector<bool> is_required(program_->elements.size(), false);
  for (const CompiledElement& each : program_->elements) {
    for (const auto& [slot, source] : each.sources) {
      if (source.kind == Source::Kind::element) is_required[source.element] = true;
    }
    for (const auto* list : {&each.outputs, &each.input_decisions, &each.input_data}) {
      for (const size_t index : *list) is_required[index] = true;
    }
  }
  for (size_t i = 0; i < program_->elements.size(); ++i) {
    const CompiledElement& each = program_->elements[i];
    if (each.model == 0 && each.element->kind == Element::Kind::input && !is_required[i])
      out.emplace_back(each.element->at, "no decision requires the input \"" + each.element->name + "\"");
  }
  for (const auto& [decision, required] : program_->unread) {
    const CompiledElement& each = program_->elements[decision];
    if (each.model != 0) continue;
    out.emplace_back(each.element->at, "\"" + each.element->name + "\" requires \"" +
                                           program_->elements[required].element->name + "\" and does not read it");
  }
  return out;
}

feel::Type Engine::type_of(std::string_view name) const {
  for (const CompiledElement& each : program_->elements) {
    if (each.element->name == name || each.element->id == name) return feel_type(each.type);
  }
  return feel::Type::any();
}

}  // namespace tongban::dmn
