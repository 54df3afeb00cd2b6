// The set of inputs that a cell stands for, where it is one.
#include <algorithm>

#include "feel/code.h"

namespace tongban::feel {
namespace {

bool add_value(const Value& value, TestShape& shape) {
  switch (value.kind()) {
    case Value::Kind::null:
      shape.names_null = true;
      return true;
    case Value::Kind::list:
      for (const Value& item : value.as_list()) {
        if (item.kind() == Value::Kind::list || !add_value(item, shape)) return false;
      }
      return true;
    case Value::Kind::range: {
      const Range& range = value.as_range();
      Interval interval{std::nullopt, std::nullopt, range.low_open, range.high_open};
      if (range.low) interval.low = *range.low;
      if (range.high) interval.high = *range.high;
      shape.intervals.push_back(std::move(interval));
      return true;
    }
    case Value::Kind::context:
      return false;
    default:
      shape.intervals.push_back({value, value, false, false});
      return true;
  }
}

bool add_test(const Code& code, uint32_t index, TestShape& shape) {
  const Node& node = code.nodes[index];
  const auto children = code.children_of(node);
  switch (node.op) {
    case Op::test_list:
      return std::all_of(children.begin(), children.end(),
                         [&](uint32_t child) { return add_test(code, child, shape); });
    case Op::test_value: {
      const Node& value = code.nodes[children[0]];
      return value.op == Op::constant && add_value(code.constants[value.data], shape);
    }
    case Op::test_compare: {
      const Node& bound = code.nodes[children[0]];
      if (bound.op != Op::constant) return false;
      const Value& value = code.constants[bound.data];
      const auto op = static_cast<Op>(node.flag);
      if (op == Op::equal) return add_value(value, shape);
      if (value.is_null()) {
        if (op != Op::not_equal) return false;
        shape.intervals.push_back({});  // anything that is there
        return true;
      }
      if (op == Op::not_equal) {
        if (value.kind() == Value::Kind::boolean) return add_value(Value::of(!value.is_true()), shape);
        if (!compare(value, value)) return false;
        shape.intervals.push_back({std::nullopt, value, false, true});
        shape.intervals.push_back({value, std::nullopt, true, false});
        return true;
      }
      Interval interval;
      if (op == Op::less || op == Op::less_equal) {
        interval.high = value;
        interval.high_open = op == Op::less;
      } else {
        interval.low = value;
        interval.low_open = op == Op::greater;
      }
      shape.intervals.push_back(std::move(interval));
      return true;
    }
    default:
      return false;
  }
}

}  // namespace

std::optional<TestShape> shape_of(const Expression& unary_tests) {
  const Code& code = unary_tests.code();
  const Node& root = code.nodes[code.root];
  TestShape shape;
  if (root.op == Op::test_any) {
    shape.any = true;
    return shape;
  }
  if (root.op == Op::test_not) {
    shape.negated = true;
    if (!add_test(code, code.children_of(root)[0], shape)) return std::nullopt;
    return shape;
  }
  if (!add_test(code, code.root, shape)) return std::nullopt;
  return shape;
}

}  // namespace tongban::feel
