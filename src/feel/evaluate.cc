#include <algorithm>

#include "base/check.h"
#include "feel/code.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;

class Evaluator {
 public:
  Evaluator(const Code& code, std::span<const Value> slots, const EvalContext& context)
      : code_(code), slots_(slots), context_(context), steps_left_(context.max_steps), locals_(code.locals) {}

  Value eval(uint32_t index);
  // A boolean (or null) about `input`.
  Value eval_test(uint32_t index, const Value& input, std::span<const uint32_t> input_missing);

  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }
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
  Value test_value(const Node& node);
  Value test_input_missing();
  // What was built is paid for by its weight.
  Value paid(Value value) {
    if (!spend(value.weight())) return {};
    return value;
  }
  bool spend(uint64_t steps) {
    if (steps > steps_left_) {
      steps_left_ = 0;
      fail("the evaluation took more than " + std::to_string(context_.max_steps) + " steps");
      return false;
    }
    steps_left_ -= steps;
    return true;
  }
  void fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
  }

  const Code& code_;
  std::span<const Value> slots_;
  const EvalContext& context_;
  uint64_t steps_left_;
  std::vector<Value> locals_;
  // Paths of null values on which what was computed so far rests; operators cut it back when they can do without.
  std::vector<uint32_t> missing_;
  std::vector<uint32_t> suspects_;  // lists with null inside: named only when the result is null and nothing else is
  const Value* input_ = nullptr;
  std::span<const uint32_t> input_missing_;
  std::string error_;
};

const Value kNull;
constexpr uint32_t kInputIsMissing[] = {kInputPath};

const Value& Evaluator::root_of(const Node& node) const {
  switch (static_cast<Root>(node.flag)) {
    case Root::slot:
      return node.data < slots_.size() ? slots_[node.data] : kNull;
    case Root::local:
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
      if (steps_left_ > 0) --steps_left_;
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
    if (static_cast<Root>(node.flag) == Root::input) {
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
  Range range{(node.flag & 1) != 0, (node.flag & 2) != 0, nullptr, nullptr};
  Value low = eval(children[0]);
  Value high = eval(children[1]);
  if (low.is_null() && high.is_null()) return {};
  if (!low.is_null() && !high.is_null() && !compare(low, high)) return {};
  if (!low.is_null()) range.low = std::make_shared<const Value>(std::move(low));
  if (!high.is_null()) range.high = std::make_shared<const Value>(std::move(high));
  return Value::range(std::move(range));
}

Value Evaluator::eval_span(const Node& node) {
  const auto children = code_.children_of(node);
  const Value from = eval(children[0]);
  const Value to = eval(children[1]);
  if (from.kind() == Kind::date && to.kind() == Kind::date) {
    const int64_t count = to.as_date() - from.as_date();
    List items;
    if (!spend(static_cast<uint64_t>(count < 0 ? -count : count))) return {};
    for (int64_t i = 0; i <= (count < 0 ? -count : count); ++i)
      items.push_back(Value::of(from.as_date() + (count < 0 ? -i : i)));
    return Value::list(std::move(items));
  }
  if (from.kind() != Kind::number || to.kind() != Kind::number) return {};
  const std::optional<int64_t> first = from.as_number().to_int64();
  const std::optional<int64_t> last = to.as_number().to_int64();
  if (!first || !last) return {};
  const bool down = *last < *first;
  const uint64_t count = down ? static_cast<uint64_t>(*first) - static_cast<uint64_t>(*last)
                              : static_cast<uint64_t>(*last) - static_cast<uint64_t>(*first);
  if (!spend(count)) return {};
  List items;
  items.reserve(count + 1);
  for (uint64_t i = 0; i <= count; ++i) {
    items.push_back(Value::of(down ? *first - static_cast<int64_t>(i) : *first + static_cast<int64_t>(i)));
  }
  return Value::list(std::move(items));
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
  if ((node.flag & 1) != 0) {  // an index: counted from 1, from the end when negative
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
  const Value value = eval(code_.children_of(node)[0]);
  const Type& type = code_.types[node.data];
  if (value.is_null()) return Value::of(type.kind == Type::Kind::null);
  return Value::of(has_type(value, type));
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
    Result<Value> result = function.call(arguments, context_);
    if (!result.ok()) {
      fail(function.name + ": " + result.error().message);
      return {};
    }
    return std::move(result).value();
  }
  const BuiltIn& function = built_in_functions()[node.data];
  if (function.names_null) missing_.resize(mark);
  Call call{context_, steps_left_, {}};
  Value value = function.call(arguments, call);
  if (!call.error.empty()) fail(std::move(call.error));
  return paid(std::move(value));
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
  if (value.is_null()) return {};
  if (value.kind() == Kind::list && input.kind() != Kind::list) {
    bool unknown = false;
    for (const Value& item : value.as_list()) {
      if (!spend(1)) return {};
      if (item.is_null()) {
        if (input.is_null()) return Value::of(true);
        continue;
      }
      if (input.is_null()) {
        unknown = true;
        continue;
      }
      const std::optional<bool> same = item.kind() == Kind::range && input.kind() != Kind::range
                                           ? contains(item.as_range(), input)
                                           : equals(input, item);
      if (same && *same) return Value::of(true);
    }
    return unknown ? test_input_missing() : Value::of(false);
  }
  if (input.is_null()) return test_input_missing();
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

bool Call::spend(uint64_t steps) {
  if (steps > steps_left) {
    steps_left = 0;
    if (error.empty()) error = "the evaluation took more than " + std::to_string(context.max_steps) + " steps";
    return false;
  }
  steps_left -= steps;
  return true;
}

EvalResult evaluate(const Expression& expression, std::span<const Value> slots, const EvalContext& context) {
  const Code& code = expression.code();
  EvalResult result;
  Evaluator evaluator(code, slots, context);
  result.value = evaluator.eval(code.root);
  if (evaluator.failed()) {
    result.ok = false;
    result.error = evaluator.error();
    result.value = Value();
    return result;
  }
  if (evaluator.has_missing() || result.value.is_null())
    result.missing = evaluator.missing_texts(result.value.is_null());
  return result;
}

TestResult test(const Expression& unary_tests, const Value& input, std::span<const Value> slots,
                const EvalContext& context) {
  const Code& code = unary_tests.code();
  TestResult result;
  if (code.nodes[code.root].op == Op::test_any) {
    result.truth = Truth::yes;
    return result;
  }
  Evaluator evaluator(code, slots, context);
  const Value value = evaluator.eval_test(code.root, input, kInputIsMissing);
  if (evaluator.failed()) {
    result.error = evaluator.error();
    return result;
  }
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

std::optional<Value> fold(const Code& code, uint32_t node) {
  EvalContext context{Instant{}, 10'000};
  Evaluator evaluator(code, {}, context);
  Value value = evaluator.eval(node);
  if (evaluator.failed()) return std::nullopt;
  return value;
}

}  // namespace tongban::feel
