#include <algorithm>

#include "base/check.h"
#include "feel/code.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;

class Evaluator {
 public:
  Evaluator(const Code& code, uint32_t locals, std::span<const Value> slots, Budget& budget,
            const std::shared_ptr<const Code>* shared)
      : code_(code), shared_(shared), slots_(slots), budget_(budget), locals_(locals) {}

  Value eval(uint32_t index);
  // A boolean (or null) about `input`.
  Value eval_test(uint32_t index, const Value& input, std::span<const uint32_t> input_missing);

  bool failed() const { return !budget_.error.empty(); }
  void set_local(uint32_t slot, Value value) { locals_[slot] = std::move(value); }
  std::vector<std::string> missing_texts(bool result_is_null) const;
  bool has_missing() const { return !missing_.empty(); }
  const std::vector<uint32_t>& missing() const { return missing_; }

 private:
  // The value of a node without a copy where it is a constant or a variable; else it is made in `scratch`.
  const Value& peek(uint32_t index, Value& scratch);
  const Value& root_of(const Node& node) const;
  const Value* walk(const Node& node) const;
  Value eval_path(const Node& node);
  Value project(const Value& value, std::span<const std::string> names);
  Value eval_member_or(const Node& node);
  Value eval_context(const Node& node);
  Value eval_range(const Node& node);
  Value eval_span(const Node& node);
  Value make_span(const Value& from, const Value& to);
  Value items_of(const Range& range);
  Value eval_compare(const Node& node);
  Value eval_between(const Node& node);
  Value eval_in(const Node& node);
  Value eval_connective(const Node& node);
  Value eval_if(const Node& node);
  void iterate(const Node& node, size_t level, List& out, Value& verdict, size_t mark);
  Value eval_loop(const Node& node);
  Value eval_filter(const Node& node);
  Value eval_instance_of(const Node& node);
  Value eval_call(const Node& node);
  Value eval_closure(const Node& node);
  Value eval_invoke(const Node& node);
  Value test_value(const Node& node);
  Value test_input_missing();
  // What was built is paid for by its weight.
  Value paid(Value value) {
    if (!spend(value.weight())) return {};
    if (value.depth() > Value::kMaxDepth) {
      fail("the value is nested deeper than " + std::to_string(Value::kMaxDepth) + " levels");
      return {};
    }
    return value;
  }
  bool spend(uint64_t steps) {
    if (steps > budget_.steps_left) return budget_.spend(steps);
    budget_.steps_left -= steps;
    return true;
  }
  void fail(std::string message) { budget_.fail(std::move(message)); }

  const Code& code_;
  const std::shared_ptr<const Code>* shared_;  // for functions made here, which outlive the evaluation
  std::span<const Value> slots_;
  Budget& budget_;
  std::vector<Value> locals_;
  // Paths of null values on which what was computed so far rests; operators cut it back when they can do without.
  std::vector<uint32_t> missing_;
  std::vector<uint32_t> suspects_;  // lists with null inside: named only when the result is null and nothing else is
  const Value* input_ = nullptr;
  std::span<const uint32_t> input_missing_;
};

const Value kNull;
constexpr uint32_t kInputIsMissing[] = {kInputPath};

const Value& Evaluator::root_of(const Node& node) const {
  switch (static_cast<Root>(node.flag)) {
    case Root::slot:
      return node.data < slots_.size() ? slots_[node.data] : kNull;
    case Root::local:
    case Root::captured:
      return locals_[node.data];
    case Root::input:
      return input_ != nullptr ? *input_ : kNull;
  }
  return kNull;
}

// Contexts all the way: no copy. Null pointer: something else stands there.
const Value* Evaluator::walk(const Node& node) const {
  const Value* value = &root_of(node);
  for (const std::string& name : code_.names_of(node)) {
    if (value->kind() != Kind::context) return nullptr;
    value = value->find(name);
    if (value == nullptr) return nullptr;
  }
  return value;
}

const Value& Evaluator::peek(uint32_t index, Value& scratch) {
  const Node& node = code_.nodes[index];
  if (node.op == Op::constant) return code_.constants[node.data];
  if (node.op == Op::path) {
    const Value* found = walk(node);
    if (found != nullptr && !found->is_null()) {
      if (budget_.steps_left > 0) --budget_.steps_left;
      return *found;
    }
  }
  scratch = eval(index);
  return scratch;
}

Value Evaluator::project(const Value& value, std::span<const std::string> names) {
  Value current = value;
  for (size_t i = 0; i < names.size(); ++i) {
    if (current.kind() == Kind::context) {
      current = current.get(names[i]);
    } else if (current.kind() == Kind::list) {
      List items;
      if (!spend(current.as_list().size())) return {};
      items.reserve(current.as_list().size());
      for (const Value& item : current.as_list()) items.push_back(project(item, names.subspan(i, 1)));
      current = Value::list(std::move(items));
    } else {
      current = property_of(current, names[i]);
    }
  }
  return current;
}

Value Evaluator::eval_path(const Node& node) {
  const Value* found = walk(node);
  Value value = found != nullptr ? *found : project(root_of(node), code_.names_of(node));
  if (value.is_null()) {
    if (static_cast<Root>(node.flag) == Root::input && node.path != 0) {
      missing_.insert(missing_.end(), input_missing_.begin(), input_missing_.end());
    } else if (node.path != 0) {
      missing_.push_back(node.path);
    }
  } else if (value.kind() == Kind::list && node.path != 0) {
    const List& items = value.as_list();
    if (std::any_of(items.begin(), items.end(), [](const Value& item) { return item.is_null(); })) {
      suspects_.push_back(node.path);
    }
  }
  return value;
}

Value Evaluator::eval_member_or(const Node& node) {
  const auto children = code_.children_of(node);
  const Node& member = code_.nodes[children[0]];
  const Value& item = root_of(member);
  const std::string& name = code_.names_of(member)[0];
  if (children.size() < 2 || item.find(name) != nullptr) return eval(children[0]);
  return eval(children[1]);
}

Value Evaluator::eval_context(const Node& node) {
  const auto children = code_.children_of(node);
  const auto names = code_.names_of(node);
  Context entries;
  entries.reserve(children.size());
  for (size_t i = 0; i < children.size(); ++i) {
    locals_[node.data + i] = eval(children[i]);
    entries.emplace_back(names[i], locals_[node.data + i]);
  }
  return Value::context(std::move(entries));
}

Value Evaluator::eval_range(const Node& node) {
  const auto children = code_.children_of(node);
  Range range{(node.flag & 1) != 0, (node.flag & 2) != 0, nullptr, nullptr, static_cast<Range::Form>(node.flag >> 2)};
  using Form = Range::Form;
  if (range.form != Form::interval) {
    Value end = eval(children[0]);
    if (range.form != Form::equal && range.form != Form::not_equal && !compare(end, end)) return {};
    auto shared = std::make_shared<const Value>(std::move(end));
    if (range.form != Form::less && range.form != Form::less_equal) range.low = shared;
    if (range.form != Form::greater && range.form != Form::greater_equal) range.high = shared;
    return Value::range(std::move(range));
  }
  Value low = eval(children[0]);
  Value high = eval(children[1]);
  if (low.is_null() && high.is_null()) return {};
  if (!low.is_null() && !compare(low, low)) return {};
  if (!high.is_null() && !compare(high, high)) return {};
  if (!low.is_null() && !high.is_null()) {
    const auto order = compare(low, high);
    if (!order) return {};
  }
  // The standard keeps an end that is null and can say nothing of it; packs mean "without end" by it.
  if (code_.strict && low.is_null()) range.form = range.high_open ? Form::less : Form::less_equal;
  if (code_.strict && high.is_null()) range.form = range.low_open ? Form::greater : Form::greater_equal;
  if (!low.is_null()) range.low = std::make_shared<const Value>(std::move(low));
  if (!high.is_null()) range.high = std::make_shared<const Value>(std::move(high));
  return Value::range(std::move(range));
}

// The whole numbers or days from one to another, both included, up or down.
Value Evaluator::make_span(const Value& from, const Value& to) {
  const bool days = from.kind() == Kind::date && to.kind() == Kind::date;
  if (!days && (from.kind() != Kind::number || to.kind() != Kind::number)) return {};
  const std::optional<int64_t> first = days ? from.as_day() : from.as_number().to_int64();
  const std::optional<int64_t> last = days ? to.as_day() : to.as_number().to_int64();
  if (!first || !last) return {};
  const bool down = *last < *first;
  const uint64_t count = down ? static_cast<uint64_t>(*first) - static_cast<uint64_t>(*last)
                              : static_cast<uint64_t>(*last) - static_cast<uint64_t>(*first);
  if (!spend(count)) return {};
  List items;
  items.reserve(count + 1);
  for (uint64_t i = 0; i <= count; ++i) {
    const int64_t at = down ? *first - static_cast<int64_t>(i) : *first + static_cast<int64_t>(i);
    items.push_back(days ? Value::day(at) : Value::of(at));
  }
  return Value::list(std::move(items));
}

Value Evaluator::eval_span(const Node& node) {
  const auto children = code_.children_of(node);
  const Value from = eval(children[0]);
  const Value to = eval(children[1]);
  return make_span(from, to);
}

// A range of whole numbers or days as what a loop runs over; null when it has no end or other values.
Value Evaluator::items_of(const Range& range) {
  if (!range.low || !range.high || range.form == Range::Form::not_equal) return {};
  const auto step = [](const Value& value, int64_t by) -> Value {
    if (value.kind() == Kind::date) return Value::day(value.as_day() + by);
    const std::optional<int64_t> whole =
        value.kind() == Kind::number ? value.as_number().to_int64() : std::optional<int64_t>();
    return whole && *whole > INT64_MIN && *whole < INT64_MAX ? Value::of(*whole + by) : Value();
  };
  const Value first = range.low_open ? step(*range.low, 1) : *range.low;
  const Value last = range.high_open ? step(*range.high, -1) : *range.high;
  const auto order = compare(first, last);
  if (first.kind() != Kind::date && first.kind() != Kind::number) return {};
  if (order && *order > 0) return Value::list({});
  return make_span(first, last);
}

Value Evaluator::eval_compare(const Node& node) {
  const auto children = code_.children_of(node);
  Value scratch_a;
  Value scratch_b;
  const Value& a = peek(children[0], scratch_a);
  const Value& b = peek(children[1], scratch_b);
  if (!spend(std::min(a.weight(), b.weight()) - 1)) return {};
  return compare_by(node.op, a, b);
}

Value Evaluator::eval_between(const Node& node) {
  const auto children = code_.children_of(node);
  Value scratch[3];
  const Value& value = peek(children[0], scratch[0]);
  const Value& low = peek(children[1], scratch[1]);
  const Value& high = peek(children[2], scratch[2]);
  const auto from = compare(value, low);
  const auto to = compare(value, high);
  if ((from && *from < 0) || (to && *to > 0)) return Value::of(false);
  if (!from || !to) return {};
  return Value::of(true);
}

Value Evaluator::eval_in(const Node& node) {
  const auto children = code_.children_of(node);
  const size_t mark = missing_.size();
  const Value input = eval(children[0]);
  const std::vector<uint32_t> input_missing(missing_.begin() + static_cast<ptrdiff_t>(mark), missing_.end());
  missing_.resize(mark);
  return eval_test(children[1], input, input_missing);
}

Value Evaluator::eval_test(uint32_t index, const Value& input, std::span<const uint32_t> input_missing) {
  const Value* outer = input_;
  const std::span<const uint32_t> outer_missing = input_missing_;
  input_ = &input;
  input_missing_ = input_missing;
  Value result = eval(index);
  input_ = outer;
  input_missing_ = outer_missing;
  return result;
}

// Kleene's logic; what a definite false (and) or true (or) settles needs no other operand, so that their missing values
// are forgotten.
Value Evaluator::eval_connective(const Node& node) {
  const bool settles = node.op == Op::any_of || node.op == Op::test_list;
  const size_t mark = missing_.size();
  bool unknown = false;
  bool settled = false;
  for (const uint32_t child : code_.children_of(node)) {
    const size_t before = missing_.size();
    const Value value = eval(child);
    if (value.kind() != Kind::boolean) {
      unknown = true;
    } else if (value.is_true() == settles) {
      settled = true;
      if (missing_.size() == before) {
        missing_.resize(mark);
        return value;
      }
    }
    if (failed()) return {};
  }
  if (settled) return Value::of(settles);
  return unknown ? Value() : Value::of(!settles);
}

Value Evaluator::eval_if(const Node& node) {
  const auto children = code_.children_of(node);
  Value scratch;
  return eval(peek(children[0], scratch).is_true() ? children[1] : children[2]);
}

// One domain after the other; `out` collects (for), `verdict` is what some and every found so far.
void Evaluator::iterate(const Node& node, size_t level, List& out, Value& verdict, size_t mark) {
  const auto children = code_.children_of(node);
  const bool is_for = node.op == Op::for_;
  if (level + 1 == children.size()) {
    const size_t before = missing_.size();
    Value value = eval(children[level]);
    if (is_for) {
      out.push_back(std::move(value));
      if ((node.flag & 1) != 0 && spend(out.size())) locals_[node.data + kMostVariables] = Value::list(out);
      return;
    }
    const bool settles = node.op == Op::some;
    if (value.kind() != Kind::boolean) {
      if (verdict.kind() == Kind::boolean && verdict.is_true() != settles) verdict = Value();
    } else if (value.is_true() == settles) {
      verdict = value;
      if (missing_.size() == before) {
        missing_.resize(mark);
        out.push_back(value);  // settled: stop
      }
    }
    return;
  }
  Value domain = eval(children[level]);
  if (domain.kind() == Kind::range) domain = items_of(domain.as_range());
  if (domain.is_null()) {
    verdict = Value();
    if (is_for) out.clear();
    out.push_back(Value());
    return;
  }
  const bool is_list = domain.kind() == Kind::list;
  const size_t count = is_list ? domain.as_list().size() : 1;
  for (size_t i = 0; i < count && !failed() && spend(1); ++i) {
    locals_[node.data + level] = is_list ? domain.as_list()[i] : domain;
    iterate(node, level + 1, out, verdict, mark);
    if (!is_for && !out.empty()) return;
  }
}

Value Evaluator::eval_loop(const Node& node) {
  const size_t mark = missing_.size();
  List out;
  if (node.op == Op::for_) {
    Value whole = Value::of(true);
    if ((node.flag & 1) != 0) locals_[node.data + kMostVariables] = Value::list({});
    iterate(node, 0, out, whole, mark);
    if (failed() || whole.is_null()) return {};
    return Value::list(std::move(out));
  }
  Value verdict = Value::of(node.op == Op::every);
  iterate(node, 0, out, verdict, mark);
  return failed() ? Value() : verdict;
}

Value Evaluator::eval_filter(const Node& node) {
  const auto children = code_.children_of(node);
  const Value source = eval(children[0]);
  if (source.is_null() || failed()) return {};
  const List single = source.kind() == Kind::list ? List{} : List{source};
  const List& items = source.kind() == Kind::list ? source.as_list() : single;
  if ((node.flag & 1) != 0) {  // an index: counted from 1, from the end when negative; `item` is the first one
    locals_[node.data] = items.empty() ? Value() : items[0];
    const Value index = eval(children[1]);
    if (index.kind() != Kind::number) return {};
    const std::optional<int64_t> at = index.as_number().to_int64();
    const auto size = static_cast<int64_t>(items.size());
    if (!at || *at == 0 || *at > size || *at < -size) return {};
    return items[static_cast<size_t>(*at > 0 ? *at - 1 : size + *at)];
  }
  List kept;
  for (const Value& item : items) {
    if (!spend(1)) return {};
    locals_[node.data] = item;
    const Value verdict = eval(children[1]);
    if (failed()) return {};
    if (verdict.kind() == Kind::number) {  // the type was not known when compiled: an index after all
      const std::optional<int64_t> at = verdict.as_number().to_int64();
      const auto size = static_cast<int64_t>(items.size());
      if (!at || *at == 0 || *at > size || *at < -size) return {};
      return items[static_cast<size_t>(*at > 0 ? *at - 1 : size + *at)];
    }
    if (verdict.is_true()) kept.push_back(item);
  }
  return Value::list(std::move(kept));
}

Value Evaluator::eval_instance_of(const Node& node) {
  return Value::of(is_instance(eval(code_.children_of(node)[0]), code_.types[node.data]));
}

Value Evaluator::eval_call(const Node& node) {
  const auto children = code_.children_of(node);
  const size_t mark = missing_.size();
  constexpr size_t kInline = 4;
  Value few[kInline];
  List many;
  std::span<Value> arguments;
  if (children.size() <= kInline) {
    arguments = {few, children.size()};
  } else {
    many.resize(children.size());
    arguments = many;
  }
  uint64_t work = 0;
  for (size_t i = 0; i < children.size(); ++i) {
    arguments[i] = eval(children[i]);
    work += arguments[i].weight() / 8;
  }
  if (failed() || !spend(work)) return {};
  if (node.op == Op::host) {
    const Function& function = *code_.functions[node.data];
    Result<Value> result = function.call(arguments, budget_.context);
    if (!result.ok()) {
      fail(function.name + ": " + result.error().message);
      return {};
    }
    return std::move(result).value();
  }
  const BuiltIn& function = built_in_functions()[node.data];
  if (function.names_null) missing_.resize(mark);
  Call call{budget_, code_.strict, node.path > 0 ? &code_.patterns[node.path - 1] : nullptr};
  return paid(function.call(arguments, call));
}

// The function with what it takes from here. It keeps the code alive.
Value Evaluator::eval_closure(const Node& node) {
  const Lambda& lambda = code_.lambdas[node.data];
  if (shared_ == nullptr) return {};  // folding makes no functions
  List taken;
  uint32_t depth = 1;
  uint64_t weight = 1;
  for (const uint32_t child : code_.children_of(node)) {
    taken.push_back(eval(child));
    depth = std::max(depth, taken.back().depth() + 1);
    weight += taken.back().weight();
  }
  auto callable = std::make_shared<Callable>();
  callable->parameters = lambda.parameters;
  callable->result = lambda.result;
  callable->call = [code = *shared_, at = node.data, taken = std::move(taken), self = std::weak_ptr(callable)](
                       std::span<const Value> arguments, Budget& budget) {
    const Lambda& called = code->lambdas[at];
    Evaluator evaluator(*code, called.locals, {}, budget, &code);
    for (size_t i = 0; i < arguments.size(); ++i) evaluator.set_local(static_cast<uint32_t>(i), arguments[i]);
    for (size_t i = 0; i < taken.size(); ++i) evaluator.set_local(called.capture_slots[i], taken[i]);
    if (called.self >= 0) evaluator.set_local(static_cast<uint32_t>(called.self), Value::function(self.lock()));
    const int open = code->nodes[called.body].depth + 4;  // what a call keeps on the stack
    if (open > budget.nodes_left) {
      budget.fail("the functions call each other too deeply");
      return Value();
    }
    budget.nodes_left -= open;
    Value value = evaluator.eval(called.body);
    budget.nodes_left += open;
    for (std::string& path : evaluator.missing_texts(value.is_null())) budget.missing.push_back(std::move(path));
    return budget.error.empty() ? value : Value();
  };
  return paid(Value::function(std::move(callable), depth, weight));
}

Value Evaluator::eval_invoke(const Node& node) {
  const auto children = code_.children_of(node);
  const auto names = code_.names_of(node);
  const Value callee = eval(children[0]);
  List given;
  for (size_t i = 1; i < children.size(); ++i) given.push_back(eval(children[i]));
  if (failed() || callee.kind() != Kind::function) return {};
  const Callable& function = *callee.as_function();
  if (names.empty()) return paid(call(function, given, budget_));
  List ordered(function.parameters.size());
  size_t used = 0;
  for (size_t p = 0; p < ordered.size(); ++p) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] != function.parameters[p].name) continue;
      ordered[p] = given[i];
      ++used;
      break;
    }
  }
  if (used != names.size()) return {};
  return paid(call(function, ordered, budget_));
}

Value Evaluator::test_input_missing() {
  missing_.insert(missing_.end(), input_missing_.begin(), input_missing_.end());
  return {};
}

// Is the input equal to the value, in the list, inside the range?
Value Evaluator::test_value(const Node& node) {
  Value scratch;
  const Value& value = peek(code_.children_of(node)[0], scratch);
  const Value& input = *input_;
  const bool is_literal_null = code_.nodes[code_.children_of(node)[0]].op == Op::constant && value.is_null();
  if (is_literal_null) return Value::of(input.is_null());
  // By the standard a value in the list of tests means equality, and null is equal to null alone. In packs null is what
  // is not known, and says nothing.
  const bool is_standard = !code_.strict;
  if (value.is_null()) return is_standard ? Value::of(input.is_null()) : Value();
  if (value.kind() == Kind::list && input.kind() != Kind::list) {
    bool unknown = false;
    bool unknown_range = false;
    for (const Value& item : value.as_list()) {
      if (!spend(1)) return {};
      if (item.is_null()) {
        if (input.is_null()) return Value::of(true);
        continue;
      }
      if (input.is_null()) {
        unknown = true;
        unknown_range = unknown_range || item.kind() == Kind::range;
        continue;
      }
      const std::optional<bool> same = item.kind() == Kind::range && input.kind() != Kind::range
                                           ? contains(item.as_range(), input)
                                           : equals(input, item);
      if (same && *same) return Value::of(true);
    }
    if (!unknown) return Value::of(false);
    test_input_missing();
    return is_standard && !unknown_range ? Value::of(false) : Value();
  }
  if (input.is_null()) {
    test_input_missing();
    return is_standard && value.kind() != Kind::range ? Value::of(false) : Value();
  }
  if (value.kind() == Kind::range && input.kind() != Kind::range) {
    const std::optional<bool> inside = contains(value.as_range(), input);
    return inside ? Value::of(*inside) : Value();
  }
  if (value.kind() == Kind::list) {
    // The input is a list too: equal, or one of a list of lists.
    const std::optional<bool> same = equals(input, value);
    if (same && *same) return Value::of(true);
    const List& items = value.as_list();
    return Value::of(
        std::any_of(items.begin(), items.end(), [&](const Value& item) { return equals(input, item) == true; }));
  }
  const std::optional<bool> same = equals(input, value);
  return same ? Value::of(*same) : Value();
}

Value Evaluator::eval(uint32_t index) {
  const Node& node = code_.nodes[index];
  if (!spend(1) || failed()) return {};
  switch (node.op) {
    case Op::constant:
      return code_.constants[node.data];
    case Op::path:
      return eval_path(node);
    case Op::member: {
      const Value value = eval(code_.children_of(node)[0]);
      return project(value, code_.names_of(node));
    }
    case Op::member_or:
      return eval_member_or(node);
    case Op::list: {
      List items;
      items.reserve(node.count);
      for (const uint32_t child : code_.children_of(node)) items.push_back(eval(child));
      return paid(Value::list(std::move(items)));
    }
    case Op::context:
      return paid(eval_context(node));
    case Op::range:
      return eval_range(node);
    case Op::span:
      return eval_span(node);
    case Op::negate:
      return negate(eval(code_.children_of(node)[0]));
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::power: {
      const auto children = code_.children_of(node);
      Value scratch_a;
      Value scratch_b;
      const Value& a = peek(children[0], scratch_a);
      const Value& b = peek(children[1], scratch_b);
      if (a.kind() == Kind::text && b.kind() == Kind::text && !spend((a.as_text().size() + b.as_text().size()) / 64))
        return {};
      return calculate(node.op, a, b);
    }
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
      return eval_compare(node);
    case Op::is_null: {
      const size_t mark = missing_.size();
      Value scratch;
      const bool is_null = peek(code_.children_of(node)[0], scratch).is_null();
      missing_.resize(mark);
      return Value::of(is_null == (node.flag == 0));
    }
    case Op::between:
      return eval_between(node);
    case Op::in:
      return eval_in(node);
    case Op::all_of:
    case Op::any_of:
    case Op::test_list:
      return eval_connective(node);
    case Op::if_:
      return eval_if(node);
    case Op::for_:
    case Op::some:
    case Op::every:
      return paid(eval_loop(node));
    case Op::filter:
      return eval_filter(node);
    case Op::instance_of:
      return eval_instance_of(node);
    case Op::built_in:
    case Op::host:
      return eval_call(node);
    case Op::closure:
      return eval_closure(node);
    case Op::invoke:
      return eval_invoke(node);
    case Op::test_any:
      return Value::of(true);
    case Op::test_value:
      return test_value(node);
    case Op::test_compare: {
      Value scratch;
      const Value& bound = peek(code_.children_of(node)[0], scratch);
      const auto op = static_cast<Op>(node.flag);
      const bool is_literal_null = code_.nodes[code_.children_of(node)[0]].op == Op::constant && bound.is_null();
      if (is_literal_null && (op == Op::equal || op == Op::not_equal)) return compare_by(op, *input_, bound);
      if (input_->is_null()) return test_input_missing();
      if (bound.is_null()) return {};
      return compare_by(op, *input_, bound);
    }
    case Op::test_holds: {
      const Value value = eval(code_.children_of(node)[0]);
      return value.kind() == Kind::boolean ? value : Value();
    }
    case Op::test_not: {
      const Value value = eval(code_.children_of(node)[0]);
      return value.kind() == Kind::boolean ? Value::of(!value.is_true()) : Value();
    }
  }
  return {};
}

std::vector<std::string> Evaluator::missing_texts(bool result_is_null) const {
  const std::vector<uint32_t>& ids = missing_.empty() && result_is_null ? suspects_ : missing_;
  std::vector<std::string> texts;
  for (const uint32_t id : ids) {
    if (std::find(texts.begin(), texts.end(), code_.paths[id]) == texts.end()) texts.push_back(code_.paths[id]);
  }
  return texts;
}

}  // namespace

bool Budget::spend(uint64_t steps) {
  if (steps > steps_left) {
    steps_left = 0;
    fail("the evaluation took more than " + std::to_string(context.max_steps) + " steps");
    return false;
  }
  steps_left -= steps;
  return true;
}

Value call(const Callable& function, std::span<const Value> arguments, Budget& budget) {
  const std::vector<Function::Parameter>& parameters = function.parameters;
  if (!budget.spend(1)) return {};
  if (function.variadic && arguments.size() > parameters.size()) return function.call(arguments, budget);
  if (arguments.size() > parameters.size()) return {};
  if (std::any_of(parameters.begin() + static_cast<ptrdiff_t>(arguments.size()), parameters.end(),
                  [](const Function::Parameter& parameter) { return !parameter.optional; })) {
    return {};
  }
  List converted;
  converted.reserve(parameters.size());
  for (size_t i = 0; i < arguments.size(); ++i) {
    const Function::Parameter& parameter = function.parameters[i];
    std::optional<Value> value = convert(arguments[i], parameter.type);
    if (!value && parameter.also) value = convert(arguments[i], *parameter.also);
    if (!value) return {};
    converted.push_back(std::move(*value));
  }
  converted.resize(parameters.size());
  Value result = function.call(converted, budget);
  const std::optional<Value> fitting = convert(result, function.result);
  return fitting ? *fitting : Value();
}

EvalResult evaluate(const Expression& expression, std::span<const Value> slots, const EvalContext& context) {
  Budget budget(context);
  return evaluate(expression, slots, budget);
}

EvalResult evaluate(const Expression& expression, std::span<const Value> slots, Budget& budget) {
  const Code& code = expression.code();
  EvalResult result;
  const size_t mark = budget.missing.size();
  const int open = code.nodes[code.root].depth;
  if (open > budget.nodes_left) {
    budget.fail("the functions call each other too deeply");
  } else {
    budget.nodes_left -= open;
    Evaluator evaluator(code, code.locals, slots, budget, &expression.shared_code());
    result.value = evaluator.eval(code.root);
    if (evaluator.has_missing() || result.value.is_null())
      result.missing = evaluator.missing_texts(result.value.is_null());
    budget.nodes_left += open;
  }
  if (!budget.error.empty()) {
    result.ok = false;
    result.error = budget.error;
    result.value = Value();
    result.missing.clear();
    return result;
  }
  for (size_t i = mark; i < budget.missing.size(); ++i) {
    if (std::find(result.missing.begin(), result.missing.end(), budget.missing[i]) == result.missing.end())
      result.missing.push_back(budget.missing[i]);
  }
  budget.missing.resize(mark);
  return result;
}

TestResult test(const Expression& unary_tests, const Value& input, std::span<const Value> slots,
                const EvalContext& context) {
  Budget budget(context);
  return test(unary_tests, input, slots, budget);
}

TestResult test(const Expression& unary_tests, const Value& input, std::span<const Value> slots, Budget& budget) {
  const Code& code = unary_tests.code();
  TestResult result;
  if (code.nodes[code.root].op == Op::test_any) {
    result.truth = Truth::yes;
    result.holds = true;
    return result;
  }
  Evaluator evaluator(code, code.locals, slots, budget, &unary_tests.shared_code());
  const Value value = evaluator.eval_test(code.root, input, kInputIsMissing);
  if (evaluator.failed()) {
    result.error = budget.error;
    return result;
  }
  result.holds = value.is_true();
  if (!evaluator.has_missing()) {
    // A test that gives null without anything missing does not hold (values that cannot be compared).
    result.truth = value.is_true() ? Truth::yes : Truth::no;
    return result;
  }
  for (const uint32_t id : evaluator.missing()) {
    if (id == kInputPath) {
      result.input_missing = true;
    } else if (std::find(result.missing.begin(), result.missing.end(), code.paths[id]) == result.missing.end()) {
      result.missing.push_back(code.paths[id]);
    }
  }
  return result;
}

std::optional<Value> fold(const Code& code, uint32_t node, uint32_t locals) {
  const EvalContext context{Instant{}, 10'000};
  Budget budget(context);
  Evaluator evaluator(code, locals, {}, budget, nullptr);
  Value value = evaluator.eval(node);
  if (evaluator.failed()) return std::nullopt;
  return value;
}

}  // namespace tongban::feel
