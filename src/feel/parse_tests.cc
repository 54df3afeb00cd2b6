// Unary tests: the cells of a decision table and what stands behind `in`.
#include "feel/compiler.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::feel {
uint32_t Compiler::parse_top_tests() {
  skip_space();
  const size_t start = pos_;
  const size_t problems = problems_.size();
  if (take_keyword("not") && take("(")) {
    std::vector<uint32_t> tests{parse_test()};
    while (!failed_ && take(",")) tests.push_back(parse_test());
    if (!failed_ && take(")")) {
      skip_space();
      if (at_end()) return emit(Op::test_not, {tests.size() == 1 ? tests[0] : emit(Op::test_list, tests)});
    } else if (failed_) {
      return 0;
    }
    problems_.resize(problems);  // not(…) was the beginning of an expression
  }
  pos_ = start;
  std::vector<uint32_t> tests{parse_test()};
  while (!failed_ && take(",")) tests.push_back(parse_test());
  if (failed_) return 0;
  return tests.size() == 1 ? tests[0] : emit(Op::test_list, tests);
}

uint32_t Compiler::parse_test(bool within_comparison) {
  skip_space();
  if (failed_) return 0;
  last_value_.reset();
  if (const std::optional<Op> op = take_comparison()) {
    const Term bound = parse_sum();
    if (failed_) return 0;
    const bool asks_null = (*op == Op::equal || *op == Op::not_equal) && is_literal_null(bound);
    if (!asks_null) check_comparable(*op, {0, input_type_, bound.at}, bound);
    return emit(Op::test_compare, {bound.node}, 0, static_cast<uint8_t>(*op));
  }
  if (failed_) return 0;
  if (rest() == "-" || rest().starts_with("-,")) {
    syntax("\"-\" (any) stands alone in its cell");
    return 0;
  }
  uses_input_ = false;
  last_value_.reset();
  const Term term = within_comparison ? parse_sum() : parse_expression();
  if (failed_) return 0;
  if (uses_input_) {
    if (!conforms(term.type, Type::boolean())) {
      type_problem(term.at, "a test with \"?\" must be a condition (boolean), this is " + term.type.to_text());
    }
    return emit(Op::test_holds, {term.node});
  }
  if (rest().starts_with("..")) {
    last_value_ = term;  // the caller makes a range of it
    return 0;
  }
  check_test_type(term);
  return emit(Op::test_value, {term.node});
}

void Compiler::check_test_type(const Term& term) {
  const Type& type = term.type;
  const bool single = type.kind == Type::Kind::list || type.kind == Type::Kind::range;
  const Type inner = single ? (type.element ? *type.element : Type::any()) : type;
  const Type element = inner.kind == Type::Kind::range && inner.element ? *inner.element : inner;
  if (conforms(type, input_type_) || conforms(element, input_type_)) {
    check_allowed(input_type_, term);
    return;
  }
  std::string hint;
  if (type.kind == Type::Kind::boolean && !is_constant(term.node))
    hint = "; name the input as ? in a condition of your own";
  if (input_type_.kind == Type::Kind::date && type.kind == Type::Kind::text)
    hint = "; write a date as date(\"2021-02-05\")";
  if (input_type_.kind == Type::Kind::number && type.kind == Type::Kind::text)
    hint = "; write the number without quotes";
  type_problem(term.at, "the input is " + input_type_.to_text() + ", but this is " + type.to_text() + hint);
}

}  // namespace tongban::feel
