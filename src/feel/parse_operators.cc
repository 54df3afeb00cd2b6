// Expressions, the loosest operator first (grammar rules 1–5, 49–53).
#include "feel/compiler.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::feel {
namespace {

std::string_view sign_of(Op op) {
  switch (op) {
    case Op::add:
      return "+";
    case Op::subtract:
      return "-";
    case Op::multiply:
      return "*";
    case Op::divide:
      return "/";
    case Op::power:
      return "**";
    case Op::equal:
      return "=";
    case Op::not_equal:
      return "!=";
    case Op::less:
      return "<";
    case Op::less_equal:
      return "<=";
    case Op::greater:
      return ">";
    default:
      return ">=";
  }
}

}  // namespace

bool is_ordered(Type::Kind kind) {
  using K = Type::Kind;
  return kind == K::any || kind == K::null || kind == K::number || kind == K::text || kind == K::date ||
         kind == K::time || kind == K::date_time || kind == K::days_duration || kind == K::months_duration;
}

Term Compiler::parse_expression() {
  const Nesting nesting(*this);
  if (failed_) return {};
  return parse_connective(Op::any_of);
}

Term Compiler::parse_connective(Op op) {
  const bool is_or = op == Op::any_of;
  const std::string_view word = is_or ? "or" : "and";
  Term first = is_or ? parse_connective(Op::all_of) : parse_comparison();
  if (failed_ || !is_keyword_here(word)) return first;
  std::vector<uint32_t> children{first.node};
  check_boolean(first, word);
  while (!failed_ && take_keyword(word)) {
    const Term next = is_or ? parse_connective(Op::all_of) : parse_comparison();
    if (failed_) return {};
    check_boolean(next, word);
    children.push_back(next.node);
  }
  if (failed_) return {};
  return folded(emit(op, children), Type::boolean(), first.at);
}

void Compiler::check_boolean(const Term& term, std::string_view word) {
  if (!conforms(term.type, Type::boolean())) {
    type_problem(term.at, "\"" + std::string(word) + "\" needs yes or no (boolean) on both sides, this is " +
                              term.type.to_text());
  }
}

std::optional<Op> Compiler::take_comparison() {
  if (take("!=")) return Op::not_equal;
  if (take("<=")) return Op::less_equal;
  if (take(">=")) return Op::greater_equal;
  if (take("<")) return Op::less;
  if (take(">")) return Op::greater;
  if (rest().starts_with("==")) {
    syntax("write = for equality, not ==");
    return std::nullopt;
  }
  if (take("=")) return Op::equal;
  return std::nullopt;
}

Term Compiler::parse_comparison() {
  Term left = parse_sum();
  while (!failed_) {
    skip_space();
    if (const std::optional<Op> op = take_comparison()) {
      const Term right = parse_sum();
      if (failed_) return {};
      left = compared(*op, left, right);
    } else if (!failed_ && take_keyword("between")) {
      const Term low = parse_sum();
      expect_keyword("and");
      const Term high = parse_sum();
      if (failed_) return {};
      check_comparable(Op::less_equal, left, low);
      check_comparable(Op::less_equal, left, high);
      left = folded(emit(Op::between, {left.node, low.node, high.node}), Type::boolean(), left.at);
    } else if (!failed_ && take_keyword("in")) {
      left = parse_in(left);
    } else {
      return left;
    }
  }
  return {};
}

Term Compiler::compared(Op op, const Term& left, const Term& right) {
  const bool is_equality = op == Op::equal || op == Op::not_equal;
  if (is_equality && (is_literal_null(left) || is_literal_null(right))) {
    const Term& asked = is_literal_null(right) ? left : right;
    return folded(emit(Op::is_null, {asked.node}, 0, op == Op::equal ? 0 : 1), Type::boolean(), left.at);
  }
  check_comparable(op, left, right);
  return folded(emit(op, {left.node, right.node}), Type::boolean(), left.at);
}

void Compiler::check_comparable(Op op, const Term& left, const Term& right) {
  const bool is_equality = op == Op::equal || op == Op::not_equal;
  if (!are_comparable(left.type, right.type) ||
      (!is_equality && (!is_ordered(left.type.kind) || !is_ordered(right.type.kind)))) {
    std::string hint;
    const auto mixes = [&](Type::Kind a, Type::Kind b) {
      return (left.type.kind == a && right.type.kind == b) || (left.type.kind == b && right.type.kind == a);
    };
    if (mixes(Type::Kind::date, Type::Kind::text)) hint = "; write a date as date(\"2021-02-05\")";
    if (mixes(Type::Kind::date, Type::Kind::date_time)) hint = "; take the day with date(…)";
    if (mixes(Type::Kind::days_duration, Type::Kind::number)) hint = "; write days as duration(\"P5D\")";
    if (left.type.kind == Type::Kind::function || right.type.kind == Type::Kind::function)
      hint = "; a function is called with brackets, as in today()";
    type_problem(right.at, "\"" + std::string(sign_of(op)) + "\" cannot compare " + left.type.to_text() + " with " +
                               right.type.to_text() + hint);
    return;
  }
  if (is_equality) {
    check_allowed(left.type, right);
    check_allowed(right.type, left);
  }
}

// A literal (or list of literals) beside a string with allowed values must be one of them.
void Compiler::check_allowed(const Type& type, const Term& literal) {
  if (!type.values || !is_constant(literal.node)) return;
  const Value& value = constant_at(literal.node);
  if (value.kind() == Value::Kind::text) check_allowed(type, value, literal.at);
  if (value.kind() != Value::Kind::list) return;
  for (const Value& item : value.as_list()) {
    if (item.kind() == Value::Kind::text) check_allowed(type, item, literal.at);
  }
}

void Compiler::check_allowed(const Type& type, const Value& value, size_t at) {
  const std::vector<std::string>& allowed = *type.values;
  if (std::find(allowed.begin(), allowed.end(), value.as_text()) != allowed.end()) return;
  std::string list;
  for (const std::string& each : allowed) {
    if (list.size() > 200) {
      list += ", …";
      break;
    }
    list += (list.empty() ? "" : ", ") + Value::text(each).to_text();
  }
  const std::string near = nearest_word(value.as_text(), allowed);
  type_problem(at, value.to_text() + " is none of the allowed values " + list +
                       (near.empty() ? "" : "; did you mean " + Value::text(near).to_text() + "?"));
}

Term Compiler::parse_in(const Term& left) {
  const Type outer_type = input_type_;
  const bool outer_has = has_input_;
  const bool outer_uses = uses_input_;
  const size_t outer_frame = input_frame_;
  input_type_ = left.type;
  has_input_ = true;
  input_frame_ = frames_.size() - 1;
  skip_space();
  const size_t start = pos_;
  uint32_t tests = 0;
  if (rest().starts_with("(")) {
    // A list of tests in brackets, or a range (1..5).
    ++pos_;
    std::vector<uint32_t> list{parse_test()};
    if (!failed_ && last_value_ && take("..")) {
      const Term range = parse_range_end(start, *last_value_, true);
      if (!failed_) check_test_type(range);
      tests = failed_ ? 0 : emit(Op::test_value, {range.node});
    } else {
      while (!failed_ && take(",")) list.push_back(parse_test());
      expect(")");
      tests = failed_ ? 0 : list.size() == 1 ? list[0] : emit(Op::test_list, list);
    }
  } else {
    tests = parse_test(/*within_comparison=*/true);
  }
  input_type_ = outer_type;
  has_input_ = outer_has;
  input_frame_ = outer_frame;
  uses_input_ = outer_uses;
  if (failed_) return {};
  return {emit(Op::in, {left.node, tests}), Type::boolean(), left.at};
}

Term Compiler::parse_sum() {
  Term left = parse_product();
  while (!failed_) {
    skip_space();
    Op op;
    if (take("+"))
      op = Op::add;
    else if (take("-"))
      op = Op::subtract;
    else
      return left;
    left = calculated(op, left, parse_product());
  }
  return {};
}

Term Compiler::parse_product() {
  Term left = parse_power();
  while (!failed_) {
    skip_space();
    Op op;
    if (rest().starts_with("**")) return left;
    if (take("*"))
      op = Op::multiply;
    else if (take("/"))
      op = Op::divide;
    else
      return left;
    left = calculated(op, left, parse_power());
  }
  return {};
}

Term Compiler::parse_power() {
  Term left = parse_negation();
  while (!failed_ && take("**")) left = calculated(Op::power, left, parse_negation());
  return left;
}

Term Compiler::calculated(Op op, const Term& left, const Term& right) {
  if (failed_) return {};
  std::optional<Type> type;
  if (left.type.kind != Type::Kind::null && right.type.kind != Type::Kind::null)
    type = result_type(op, left.type, right.type);
  if (!type) {
    std::string hint;
    if (op == Op::add && (left.type.kind == Type::Kind::text || right.type.kind == Type::Kind::text)) {
      hint = "; turn a value into text with string(…)";
    }
    const auto is_point = [](Type::Kind kind) { return kind == Type::Kind::date || kind == Type::Kind::date_time; };
    if (is_point(left.type.kind) && right.type.kind == Type::Kind::number) hint = "; write days as duration(\"P5D\")";
    if (left.type.kind == Type::Kind::function || right.type.kind == Type::Kind::function)
      hint = "; a function is called with brackets, as in today()";
    type_problem(left.at, "\"" + std::string(sign_of(op)) + "\" does not fit " + left.type.to_text() + " and " +
                              right.type.to_text() + hint);
    if (options_.strict) return null_term(left.at);
    type = Type::any();
  }
  type->values = nullptr;
  return folded(emit(op, {left.node, right.node}), std::move(*type), left.at);
}

Term Compiler::parse_negation() {
  skip_space();
  const size_t at = pos_;
  if (!rest().starts_with("-")) return parse_instance_of();
  const Nesting nesting(*this);
  ++pos_;
  if (failed_) return {};
  const Term term = parse_negation();
  if (failed_) return {};
  const Type::Kind kind = term.type.kind;
  if (kind != Type::Kind::any && kind != Type::Kind::number && kind != Type::Kind::days_duration &&
      kind != Type::Kind::months_duration) {
    type_problem(at, "\"-\" needs a number or a duration, this is " + term.type.to_text());
    if (options_.strict) return null_term(at);
  }
  return folded(emit(Op::negate, {term.node}), term.type, at);
}

Term Compiler::parse_instance_of() {
  Term term = parse_postfix();
  while (!failed_ && take_keyword("instance")) {
    expect_keyword("of");
    const std::optional<Type> type = take_type();
    if (failed_) return {};
    if (!type) return expected("a type: number, string, boolean, date, time, date and time, list<…>, context, Any");
    code_->types.push_back(*type);
    term = {emit(Op::instance_of, {term.node}, static_cast<uint32_t>(code_->types.size() - 1)), Type::boolean(),
            term.at};
  }
  return term;
}

std::optional<Type> Compiler::take_type() {
  skip_space();
  return feel::read_type(text_, pos_, &scope_);
}

}  // namespace tongban::feel
