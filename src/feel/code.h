// The compiled form of an expression, private to feel: a flat array of nodes, children before parents, with names
// resolved to slots and constants folded. The evaluator switches over it; the compiler builds it in one pass.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "feel/feel.h"
#include "feel/regex.h"

namespace tongban::feel {

enum class Op : uint8_t {
  constant,   // data: index into constants
  path,       // flag: Root; data: slot or local; names: members to walk; path: for the list of missing values
  member,     // children: value; names: one member
  member_or,  // a name inside a filter over items of unknown type: children: path into the item, what else it may be
  list,
  context,  // children and names; entry i is kept in local data + i while the later ones are made
  range,    // children: low, high (a constant null: unbounded); flag: 1 low open, 2 high open, above: Range::Form
  span,     // children: from, to: the whole numbers of an iteration
  negate,
  add,
  subtract,
  multiply,
  divide,
  power,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  is_null,  // x = null and x != null (flag 1): asks for null by name, so nothing is missing
  between,
  in,      // children: value, tests; the value becomes the input of the tests
  all_of,  // and, n-ary
  any_of,  // or, n-ary
  if_,
  for_,  // children: domains…, body; data: first local; flag 1: the local behind kMostVariables holds `partial`
  some,
  every,
  filter,       // children: list, condition or index; data: the item's local
  instance_of,  // data: index into types
  built_in,     // data: index into built_in_functions()
  host,         // data: index into functions
  closure,      // data: index into lambdas; children: what it takes from outside
  invoke,       // children: function, arguments; names: of the arguments, or none
  // Unary tests; their value is a boolean or null about the current input.
  test_any,
  test_value,    // equals, is in the list, is inside the range
  test_compare,  // flag: Op of the comparison
  test_holds,    // an expression with `?`
  test_not,      // children: tests
  test_list      // children: tests, one of them
};

enum class Root : uint8_t { slot, local, input, captured };  // captured: a local that holds a slot, in a function

struct Node {
  Op op = Op::constant;
  uint8_t flag = 0;
  uint16_t depth = 1;
  uint32_t data = 0;
  uint32_t first = 0, count = 0;       // children: [first, first + count) of Code::children
  uint32_t first_name = 0, names = 0;  // of Code::names
  uint32_t path = 0;                   // of Code::paths; 0 none
};

inline constexpr uint32_t kMostVariables = 16;  // of one loop

// A function definition. Its frame holds the parameters first.
struct Lambda {
  std::vector<Function::Parameter> parameters;
  Type result;
  uint32_t body = 0;
  uint32_t locals = 0;
  std::vector<uint32_t> capture_slots;  // where what comes from outside is kept
  int32_t self = -1;                    // the local that holds the function itself, when it calls itself
};

inline constexpr uint32_t kInputPath = 1;  // Code::paths[1] stands for the input of unary tests

struct Code {
  std::string text;
  Type type;
  std::vector<Node> nodes;
  std::vector<uint32_t> children;
  std::vector<std::string> names;
  std::vector<std::string> paths{"", "?"};
  std::vector<Value> constants;
  std::vector<Type> types;
  std::vector<std::shared_ptr<const Function>> functions;
  std::vector<Lambda> lambdas;
  std::vector<Regex> patterns;  // constant ones, compiled once; a built-in's node holds its number + 1 in `path`
  std::vector<std::string> reads;
  uint32_t root = 0;
  uint32_t locals = 0;  // how many the frame needs
  bool strict = true;   // CompileOptions

  std::span<const uint32_t> children_of(const Node& node) const { return {children.data() + node.first, node.count}; }
  std::span<const std::string> names_of(const Node& node) const { return {names.data() + node.first_name, node.names}; }
};

// What a built-in may use of the evaluation.
struct Call {
  Budget& budget;
  bool strict;                     // of the compilation: how times are read
  const Regex* pattern = nullptr;  // the compiled pattern of matches, replace, split where it is constant
  bool spend(uint64_t steps) { return budget.spend(steps); }
};

struct BuiltIn {
  BuiltInInfo info;
  size_t least = 0;         // arguments at least; at most: parameters, or any number when variadic
  bool variadic = false;    // the last parameter repeats
  bool folds = true;        // depends on nothing but its arguments
  bool names_null = false;  // is defined: asking about null is its purpose
  Value (*call)(std::span<const Value>, Call&) = nullptr;
};
const std::vector<BuiltIn>& built_in_functions();

// Shared by evaluator, folding and built-ins (operators.cc). Null when the operands do not fit.
Value calculate(Op op, const Value& a, const Value& b);
Value negate(const Value& value);
Value compare_by(Op op, const Value& a, const Value& b);
// year, month, …, of dates and durations; start, end, … of ranges; null for others.
Value property_of(const Value& value, std::string_view name);
// The property's type; empty when the kind has no such property.
std::optional<Type> property_type(const Type& type, std::string_view name);
std::vector<std::string> property_names(Type::Kind kind);
// The result of `op` over two types, `any` when unknown; empty when it can only be null.
std::optional<Type> result_type(Op op, const Type& a, const Type& b);
// May values of the two types be equal or ordered at all?
bool are_comparable(const Type& a, const Type& b);

// Evaluates a literal's text: @"…". Null when it is none.
Value at_literal(const std::string& text, bool strict);

// Runs a node without variables (folding). Empty when the step bound was reached.
std::optional<Value> fold(const Code& code, uint32_t node, uint32_t locals);

}  // namespace tongban::feel
