// Literals, brackets, ranges, lists, contexts, if, loops and functions.
#include "feel/compiler.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::feel {
Term Compiler::parse_postfix() {
  Term term = parse_primary();
  while (!failed_) {
    skip_space();
    if (rest().starts_with(".") && !rest().starts_with("..")) {
      ++pos_;
      term = parse_member(term);
    } else if (rest().starts_with("[") && !closes_range()) {
      ++pos_;
      term = parse_filter(term);
    } else if (rest().starts_with("(")) {
      term = parse_invocation(term);
    } else {
      return term;
    }
  }
  return {};
}

// Is this "[" the end of ]1..5[ and not the beginning of a filter? No filter is empty or begins with these.
bool Compiler::closes_range() const {
  size_t at = pos_ + 1;
  while (at < text_.size() && is_space(text_[at])) ++at;
  if (at >= text_.size() || std::string_view(",)]}=!<>*/").find(text_[at]) != std::string_view::npos) return true;
  // [1..10[.start, but not xs[.5]
  if (text_[at] == '.') return at + 1 >= text_.size() || !is_digit(text_[at + 1]);
  const std::string_view word = word_at(at);
  return word == "in" || word == "instance" || word == "between" || word == "and" || word == "or" || word == "then" ||
         word == "else" || word == "return" || word == "satisfies";
}

Term Compiler::parse_primary() {
  skip_space();
  if (failed_) return {};
  const size_t at = pos_;
  if (at_end()) return expected("a value");
  const char c = rest()[0];
  if (is_digit(c) || (c == '.' && rest().size() > 1 && is_digit(rest()[1]))) return parse_number();
  switch (c) {
    case '"': {
      std::optional<std::string> text = read_string();
      return text ? constant(Value::text(std::move(*text)), at) : Term{};
    }
    case '@':
      return parse_at_literal();
    case '(':
      return parse_bracket();
    case '[':
      return parse_list();
    case ']': {
      ++pos_;
      const Term low = parse_expression();
      if (failed_ || !expect("..")) return {};
      return parse_range_end(at, low, true);
    }
    case '{':
      return parse_context();
    case '?': {
      if (!has_input_) return syntax("\"?\" stands for the input of a table's cell; there is none here");
      ++pos_;
      uses_input_ = true;
      const auto [root, data] = reach(input_frame_, Root::input, 0);
      return {emit_path(root, data, {}, "?"), input_type_, at};
    }
    case '\'':
      return syntax("write strings in double quotes: \"…\"");
    default:
      return parse_word();
  }
}

Term Compiler::parse_at_literal() {
  const size_t at = pos_++;
  skip_space();
  if (!rest().starts_with("\"")) return expected("a string after @, as in @\"2021-02-05\"");
  const std::optional<std::string> text = read_string();
  if (!text) return {};
  if (Value value = at_literal(*text, options_.strict); !value.is_null()) return constant(std::move(value), at);
  type_problem(at,
               "@\"" + *text +
                   "\" is no date, time, date and time or duration; write @\"2021-02-05\", @\"09:30:00\" or @\"P5D\"");
  return null_term(at);
}

Term Compiler::parse_bracket() {
  const size_t at = pos_++;
  if (const std::optional<Op> op = take_comparison()) return parse_one_sided_range(at, *op);
  if (failed_) return {};
  const Term inner = parse_expression();
  if (failed_) return {};
  if (take("..")) return parse_range_end(at, inner, true);
  expect(")");
  return {inner.node, inner.type, at};
}

// (< 10), (>= 10), (= 10), (!= 10)
Term Compiler::parse_one_sided_range(size_t at, Op op) {
  using Form = Range::Form;
  const Term end = parse_sum();
  expect(")");
  if (failed_) return {};
  const bool is_equality = op == Op::equal || op == Op::not_equal;
  if (!is_equality && !is_ordered(end.type.kind)) {
    type_problem(end.at, "a range needs an end of an ordered type, this is " + end.type.to_text());
  }
  const Form form = op == Op::less            ? Form::less
                    : op == Op::less_equal    ? Form::less_equal
                    : op == Op::greater       ? Form::greater
                    : op == Op::greater_equal ? Form::greater_equal
                    : op == Op::equal         ? Form::equal
                                              : Form::not_equal;
  const bool low_open = form != Form::greater_equal && form != Form::equal;
  const bool high_open = form != Form::less_equal && form != Form::equal;
  const auto flag = static_cast<uint8_t>((low_open ? 1 : 0) | (high_open ? 2 : 0) | static_cast<int>(form) << 2);
  return folded(emit(Op::range, {end.node, end.node}, 0, flag), Type::range_of(end.type), at);
}

Term Compiler::parse_range_end(size_t at, const Term& low, bool low_open) {
  const Term high = parse_expression();
  if (failed_) return {};
  bool high_open;
  if (take("]"))
    high_open = false;
  else if (take(")") || take("["))
    high_open = true;
  else
    return expected("\"]\" (with the end) or \")\" (without it)");
  const auto is_missing_end = [&](const Term& end) { return is_literal_null(end); };
  if (!are_comparable(low.type, high.type) || !is_ordered(low.type.kind) || !is_ordered(high.type.kind)) {
    type_problem(at, "a range needs two ends of one ordered type, these are " + low.type.to_text() + " and " +
                         high.type.to_text());
    if (options_.strict) return null_term(at);
  }
  if (is_constant(low.node) && is_constant(high.node) && !is_missing_end(low) && !is_missing_end(high)) {
    const auto order = compare(constant_at(low.node), constant_at(high.node));
    if (order && *order > 0) type_problem(at, "the range is empty: its first end is above its second");
  }
  const Type& element = is_missing_end(low) ? high.type : low.type;
  const auto flag = static_cast<uint8_t>((low_open ? 1 : 0) | (high_open ? 2 : 0));
  return folded(emit(Op::range, {low.node, high.node}, 0, flag), Type::range_of(element), at);
}

Term Compiler::parse_list() {
  const size_t at = pos_++;
  std::vector<uint32_t> items;
  std::optional<Type> element;
  if (!take("]")) {
    do {
      const Term item = parse_expression();
      if (failed_) return {};
      if (items.empty() && take("..")) return parse_range_end(at, item, false);
      element = element ? common_type(*element, item.type) : item.type;
      items.push_back(item.node);
    } while (take(","));
    expect("]");
  }
  if (failed_) return {};
  const Type type =
      element && element->kind != Type::Kind::any ? Type::list_of(*element) : Type{Type::Kind::list, {}, {}};
  return folded(emit(Op::list, items), type, at);
}

Term Compiler::parse_context() {
  const size_t at = pos_++;
  std::vector<uint32_t> values;
  std::vector<std::string> names;
  std::vector<Type::Member> members;
  const size_t outer = locals_.size();
  // The entries' locals stand together; those of inner expressions come after them. Their number is not known yet, so
  // that the entries are counted first by reading ahead: cheap, contexts are small.
  const size_t most = count_entries();
  const uint32_t base = new_locals(static_cast<uint32_t>(most));
  if (!take("}")) {
    do {
      skip_space();
      const size_t key_at = pos_;
      std::string name;
      if (rest().starts_with("\"")) {
        std::optional<std::string> text = read_string();
        if (!text) return {};
        name = std::move(*text);
      } else {
        name = read_new_name();
      }
      if (name.empty() && !rest().starts_with(":")) return expected("a name for the entry");
      expect(":");
      if (failed_) return {};
      if (std::find(names.begin(), names.end(), name) != names.end()) {
        problem(key_at, "the entry \"" + name + "\" stands here twice");
      }
      // A function may call itself by the entry's name.
      const bool is_function = is_keyword_here("function");
      const uint32_t slot = base + static_cast<uint32_t>(names.size());
      if (is_function) {
        locals_.push_back({name, {Type::Kind::function, {}, {}}, slot, "", false, frames_.size() - 1, true});
      }
      const Term value = parse_expression();
      if (is_function) locals_.pop_back();
      if (failed_ || names.size() >= most) return failed_ ? Term{} : syntax("the context cannot be read");
      // No display: what is null in an entry was missing when the entry was made.
      locals_.push_back({name, value.type, slot, "", false, frames_.size() - 1, false});
      names.push_back(name);
      values.push_back(value.node);
      members.push_back({name, value.type});
    } while (take(","));
    expect("}");
  }
  locals_.resize(outer);
  if (failed_) return {};
  return folded(emit(Op::context, values, base, 0, names), Type::context_of(std::move(members)), at);
}

// Commas at this level up to the closing brace, plus one: an upper bound for the entries.
size_t Compiler::count_entries() const {
  size_t count = 1;
  int depth = 0;
  for (size_t i = pos_; i < text_.size() && depth >= 0; ++i) {
    const char c = text_[i];
    if (c == '"') {
      for (++i; i < text_.size() && text_[i] != '"'; ++i) {
        if (text_[i] == '\\') ++i;
      }
    } else if (c == '{') {
      ++depth;
    } else if (c == '}') {
      --depth;
    } else if (c == ',' && depth == 0) {
      ++count;
    }
  }
  return count;
}

Term Compiler::parse_word() {
  const size_t at = pos_;
  const std::string_view word = word_at(pos_);
  const Candidate candidate = find_name();
  if (candidate.length <= word.size()) {
    if (take_keyword("if")) return parse_if(at);
    if (take_keyword("for")) return parse_loop(at, Op::for_);
    if (take_keyword("some")) return parse_loop(at, Op::some);
    if (take_keyword("every")) return parse_loop(at, Op::every);
    if (take_keyword("function")) return parse_function(at);
    if (take_keyword("true")) return constant(Value::of(true), at);
    if (take_keyword("false")) return constant(Value::of(false), at);
    if (take_keyword("null")) return constant(Value(), at);
  }
  if (candidate.length > 0) {
    pos_ += candidate.length;
    if (candidate.is_function) return parse_call(at, candidate.name);
    return candidate_term(candidate, at);
  }
  if (word.empty() || (is_keyword(word) && !followed_by(pos_ + word.size(), '('))) return expected("a value");
  return unknown_name(at);
}

Term Compiler::parse_if(size_t at) {
  const Term condition = parse_expression();
  if (!failed_ && !conforms(condition.type, Type::boolean())) {
    type_problem(condition.at, "\"if\" needs a condition (boolean), this is " + condition.type.to_text());
  }
  expect_keyword("then");
  const Term yes = parse_expression();
  expect_keyword("else");
  const Term no = parse_expression();
  if (failed_) return {};
  if (is_constant(condition.node)) {
    const Term& chosen = constant_at(condition.node).is_true() ? yes : no;
    return {chosen.node, chosen.type, at};
  }
  return {emit(Op::if_, {condition.node, yes.node, no.node}), common_type(yes.type, no.type), at};
}

Term Compiler::parse_loop(size_t at, Op op) {
  std::vector<uint32_t> children;
  const size_t outer = locals_.size();
  // As many locals as there may be variables, and `partial`; unused ones cost nothing worth counting.
  const uint32_t base = new_locals(kMostVariables + 1);
  do {
    const std::string name = read_new_name("in");
    if (name.empty()) return expected("a name for the variable");
    if (children.size() >= kMostVariables) return syntax("at most 16 variables in one loop");
    expect_keyword("in");
    Term domain = parse_expression();
    if (failed_) return {};
    Type item = Type::any();
    if (take("..")) {
      const Term end = parse_expression();
      if (failed_) return {};
      for (const Term* each : {static_cast<const Term*>(&domain), &end}) {
        if (!conforms(each->type, Type::number()) && !conforms(each->type, Type::date())) {
          type_problem(each->at, "an iteration from … to needs numbers or dates, this is " + each->type.to_text());
        }
      }
      item = domain.type;
      domain.node = emit(Op::span, {domain.node, end.node});
    } else if (domain.type.kind == Type::Kind::list || domain.type.kind == Type::Kind::range) {
      if (domain.type.element) item = *domain.type.element;
    } else if (domain.type.kind != Type::Kind::any && domain.type.kind != Type::Kind::null) {
      type_problem(domain.at, "a loop needs a list, this is " + domain.type.to_text());
      item = domain.type;
    }
    locals_.push_back({name, item, base + static_cast<uint32_t>(children.size()), display_of(domain), false,
                       frames_.size() - 1, false});
    if (code_->nodes[domain.node].op != Op::path && code_->nodes[domain.node].op != Op::filter)
      locals_.back().display = name;
    children.push_back(domain.node);
  } while (take(","));
  expect_keyword(op == Op::for_ ? "return" : "satisfies");
  // What came out so far; known only where the body names it.
  const uint32_t partial = base + kMostVariables;
  if (op == Op::for_) {
    locals_.push_back({"partial", {Type::Kind::list, {}, {}}, partial, "", false, frames_.size() - 1, false});
  }
  const size_t first_node = code_->nodes.size();
  const Term body = parse_expression();
  const bool names_partial =
      op == Op::for_ &&
      std::any_of(code_->nodes.begin() + static_cast<ptrdiff_t>(first_node), code_->nodes.end(), [&](const Node& node) {
        return node.op == Op::path && static_cast<Root>(node.flag) == Root::local && node.data == partial;
      });
  locals_.resize(outer);
  if (failed_) return {};
  if (op != Op::for_ && !conforms(body.type, Type::boolean())) {
    type_problem(body.at, "\"satisfies\" needs a condition (boolean), this is " + body.type.to_text());
  }
  children.push_back(body.node);
  const Type type = op != Op::for_                      ? Type::boolean()
                    : body.type.kind == Type::Kind::any ? Type{Type::Kind::list, {}, {}}
                                                        : Type::list_of(body.type);
  return {emit(op, children, base, names_partial ? 1 : 0), type, at};
}

// function(a: number, b) body
Term Compiler::parse_function(size_t at) {
  expect("(");
  Lambda lambda;
  const size_t outer = locals_.size();
  frames_.emplace_back();
  if (!failed_ && !take(")")) {
    do {
      Function::Parameter parameter;
      parameter.name = read_new_name();
      if (parameter.name.empty()) return expected("a name for the parameter");
      if (take(":")) {
        const std::optional<Type> type = take_type();
        if (!type) return expected("a type: number, string, boolean, date, time, date and time, list<…>, context, Any");
        parameter.type = *type;
      }
      locals_.push_back({parameter.name, parameter.type, new_local(), "", false, frames_.size() - 1, false});
      lambda.parameters.push_back(std::move(parameter));
    } while (take(","));
    expect(")");
  }
  if (failed_) return {};
  if (is_keyword_here("external")) {
    return syntax("external functions (Java, PMML) are not run; write the function's body in FEEL");
  }
  const Term body = parse_expression();
  locals_.resize(outer);
  const Frame frame = std::move(frames_.back());
  frames_.pop_back();
  if (failed_) return {};
  lambda.body = body.node;
  lambda.locals = frame.locals;
  lambda.self = frame.self;
  std::vector<uint32_t> taken;
  for (const Frame::Capture& capture : frame.captures) {
    lambda.capture_slots.push_back(capture.slot);
    const uint32_t node = emit(Op::path, {}, capture.data, static_cast<uint8_t>(capture.root));
    taken.push_back(node);
  }
  std::vector<Type::Member> members;
  for (const Function::Parameter& parameter : lambda.parameters) members.push_back({parameter.name, parameter.type});
  code_->lambdas.push_back(std::move(lambda));
  return {emit(Op::closure, taken, static_cast<uint32_t>(code_->lambdas.size() - 1)),
          Type::function_of(std::move(members), body.type), at};
}

}  // namespace tongban::feel
