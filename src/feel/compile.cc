// One pass from text to Code: a recursive descent parser that resolves names as it reads (FEEL names may contain spaces
// and operators, so reading needs the scope), checks types and folds constants. Grammar: DMN 1.5 §10.3.1.2.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "base/text.h"
#include "feel/code.h"

namespace tongban::feel {
namespace {

constexpr int kMaxNodeDepth = 1000;  // of the compiled form: long chains of + nest without brackets

struct Term {
  uint32_t node = 0;
  Type type;
  size_t at = 0;  // byte where it begins
};

struct Local {
  std::string name;
  Type type;
  uint32_t slot = 0;
  std::string display;   // how a missing value is named: the domain's path
  bool is_item = false;  // of a filter: its members may be named alone
};

constexpr std::string_view kKeywords[] = {"if",      "then",      "else", "for",      "in",   "return",  "some",
                                          "every",   "satisfies", "and",  "or",       "true", "false",   "null",
                                          "between", "instance",  "of",   "function", "not",  "external"};

struct FullWidth {
  std::string_view wide;
  std::string_view narrow;
};
constexpr FullWidth kFullWidth[] = {{"，", ","}, {"（", "("}, {"）", ")"}, {"：", ":"}, {"；", ";"}, {"“", "\""},
                                    {"”", "\""}, {"＝", "="}, {"＞", ">"}, {"＜", "<"}, {"【", "["}, {"】", "]"},
                                    {"。", "."}, {"、", ","}, {"‘", "'"},  {"’", "'"},  {"！", "!"}, {"？", "?"},
                                    {"－", "-"}, {"＋", "+"}, {"／", "/"}, {"《", "<"}, {"》", ">"}, {"≥", ">="},
                                    {"≤", "<="}, {"≠", "!="}, {"×", "*"},  {"÷", "/"}};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The length of the name character at the front, 0 when there is none.
size_t name_character(std::string_view text) {
  if (text.empty()) return 0;
  const char c = text[0];
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_') return 1;
  if ((c & 0x80) == 0) return 0;
  for (const FullWidth& sign : kFullWidth) {
    if (text.starts_with(sign.wide)) return 0;
  }
  if (text.starts_with("\u3000") || text.starts_with("\u00a0")) return 0;
  size_t length = 1;
  while (length < text.size() && (text[length] & 0xc0) == 0x80) ++length;
  return length;
}

Type type_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::list: {
      if (value.as_list().empty()) return {Type::Kind::list, {}, {}};
      const Type first = type_of(value.as_list()[0]);
      for (const Value& item : value.as_list()) {
        if (!(type_of(item) == first)) return {Type::Kind::list, {}, {}};
      }
      return Type::list_of(first);
    }
    case Value::Kind::context: {
      std::vector<Type::Member> members;
      for (const auto& [name, entry] : value.as_context()) members.push_back({name, type_of(entry)});
      return Type::context_of(std::move(members));
    }
    case Value::Kind::range: {
      const Range& range = value.as_range();
      const std::shared_ptr<const Value>& end = range.low ? range.low : range.high;
      return end ? Type::range_of(type_of(*end)) : Type{Type::Kind::range, {}, {}};
    }
    default:
      return {static_cast<Type::Kind>(static_cast<int>(value.kind()) + 1), {}, {}};
  }
}

Type common_type(const Type& a, const Type& b) {
  if (a == b) return a.values && b.values && *a.values == *b.values ? a : Type{a.kind, a.element, a.members};
  if (a.kind == Type::Kind::null) return b;
  if (b.kind == Type::Kind::null) return a;
  if (a.kind == b.kind && (a.kind == Type::Kind::list || a.kind == Type::Kind::context)) return {a.kind, {}, {}};
  return Type::any();
}

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

bool is_ordered(Type::Kind kind) {
  using K = Type::Kind;
  return kind == K::any || kind == K::null || kind == K::number || kind == K::text || kind == K::date ||
         kind == K::time || kind == K::date_time || kind == K::days_duration || kind == K::months_duration;
}

class Compiler {
 public:
  Compiler(std::string_view text, const Scope& scope, const CompileOptions& options)
      : text_(text), scope_(scope), options_(options), code_(std::make_shared<Code>()) {
    code_->text = std::string(text);
  }

  Compiled expression() {
    if (!check_text()) return finish();
    const Term term = parse_expression();
    expect_end();
    code_->root = term.node;
    code_->type = term.type;
    return finish();
  }

  Compiled unary_tests(const Type& input_type) {
    has_input_ = true;
    input_type_ = input_type;
    code_->type = Type::boolean();
    if (!check_text()) return finish();
    skip_space();
    if (rest() == "-" || trim(rest()) == "-") {
      code_->root = emit(Op::test_any, {});
      return finish();
    }
    code_->root = parse_top_tests();
    expect_end();
    return finish();
  }

 private:
  // ---- reading

  std::string_view rest() const { return text_.substr(pos_); }
  bool at_end() const { return pos_ >= text_.size(); }

  bool check_text() {
    if (text_.size() > kMaxTextBytes) {
      problem(0, "the expression is longer than " + std::to_string(kMaxTextBytes) + " bytes");
      failed_ = true;
    } else if (!is_valid_utf8(text_)) {
      problem(0, "the text is not valid UTF-8");
      failed_ = true;
    } else {
      skip_space();
      if (at_end()) syntax(has_input_ ? "the cell is empty; write - for any value" : "the expression is empty");
    }
    return !failed_;
  }

  void skip_space() {
    while (!at_end()) {
      const std::string_view left = rest();
      if (is_space(left[0])) {
        ++pos_;
      } else if (left.starts_with("\u3000")) {
        pos_ += 3;
      } else if (left.starts_with("\u00a0")) {
        pos_ += 2;
      } else if (left.starts_with("//")) {
        const size_t end = left.find('\n');
        pos_ = end == std::string_view::npos ? text_.size() : pos_ + end;
      } else if (left.starts_with("/*")) {
        const size_t end = left.find("*/", 2);
        if (end == std::string_view::npos) {
          syntax("the comment has no end; close it with */");
          pos_ = text_.size();
        } else {
          pos_ += end + 2;
        }
      } else {
        return;
      }
    }
  }

  void problem(size_t at, std::string message) {
    if (problems_.size() >= 50) return;
    Problem found{1, 1, std::move(message)};
    for (size_t i = 0; i < at && i < text_.size(); ++i) {
      if (text_[i] == '\n') {
        ++found.line;
        found.column = 1;
      } else if ((text_[i] & 0xc0) != 0x80) {
        ++found.column;
      }
    }
    problems_.push_back(std::move(found));
  }
  void type_problem(size_t at, std::string message) {
    if (options_.strict) problem(at, std::move(message));
  }
  // The first fault of form ends reading.
  Term syntax(std::string message) {
    if (!failed_) problem(std::min(pos_, text_.size()), std::move(message));
    failed_ = true;
    pos_ = text_.size();
    return {};
  }
  // What stands here, for messages.
  std::string here() {
    if (at_end()) return "the text ends";
    for (const FullWidth& sign : kFullWidth) {
      if (rest().starts_with(sign.wide)) {
        return "the sign " + std::string(sign.wide) + " is full-width; write " + std::string(sign.narrow);
      }
    }
    size_t length = 0;
    while (pos_ + length < text_.size()) {
      const size_t more = name_character(text_.substr(pos_ + length));
      if (more == 0) break;
      length += more;
    }
    if (length == 0) {
      length = 1;
      while (pos_ + length < text_.size() && (text_[pos_ + length] & 0xc0) == 0x80) ++length;
    }
    return "found \"" + std::string(text_.substr(pos_, std::min<size_t>(length, 60))) + "\"";
  }
  Term expected(std::string_view what) { return syntax("expected " + std::string(what) + ", but " + here()); }

  void expect_end() {
    if (failed_) return;
    skip_space();
    if (!at_end()) expected("an operator or the end");
  }

  bool take(std::string_view sign) {
    skip_space();
    if (!rest().starts_with(sign)) return false;
    pos_ += sign.size();
    return true;
  }
  bool expect(std::string_view sign) {
    if (failed_) return false;
    if (take(sign)) return true;
    expected("\"" + std::string(sign) + "\"");
    return false;
  }
  bool is_keyword_here(std::string_view word) {
    skip_space();
    return rest().starts_with(word) && name_character(rest().substr(word.size())) == 0;
  }
  bool take_keyword(std::string_view word) {
    if (!is_keyword_here(word)) return false;
    pos_ += word.size();
    return true;
  }
  bool expect_keyword(std::string_view word) {
    if (failed_) return false;
    if (take_keyword(word)) return true;
    expected("\"" + std::string(word) + "\"");
    return false;
  }

  // Bytes of the text at `at` that are this name (white space inside may be wider), or 0.
  size_t match_name(std::string_view name, size_t at) const {
    const size_t start = at;
    for (size_t i = 0; i < name.size();) {
      if (name[i] == ' ') {
        if (at >= text_.size() || !is_space(text_[at])) return 0;
        while (at < text_.size() && is_space(text_[at])) ++at;
        while (i < name.size() && name[i] == ' ') ++i;
        continue;
      }
      if (at >= text_.size() || text_[at] != name[i]) return 0;
      ++at;
      ++i;
    }
    if (name.empty()) return 0;
    const std::string_view last = name.substr(name.size() - 1);
    const bool ends_in_name = (last[0] & 0x80) != 0 || name_character(last) != 0;
    if (ends_in_name && name_character(text_.substr(at)) != 0) return 0;
    return at - start;
  }
  bool followed_by(size_t at, char sign) const {
    while (at < text_.size() && is_space(text_[at])) ++at;
    return at < text_.size() && text_[at] == sign;
  }
  // One word of name characters at `at`.
  std::string_view word_at(size_t at) const {
    size_t end = at;
    while (end < text_.size()) {
      const size_t more = name_character(text_.substr(end));
      if (more == 0) break;
      end += more;
    }
    return text_.substr(at, end - at);
  }
  static bool is_keyword(std::string_view word) {
    return std::find(std::begin(kKeywords), std::end(kKeywords), word) != std::end(kKeywords);
  }
  // Words up to a keyword or sign: a new name, or a member whose context is not known.
  std::string read_words() {
    skip_space();
    std::string name;
    for (;;) {
      size_t at = pos_;
      while (at < text_.size() && is_space(text_[at])) ++at;
      const std::string_view word = word_at(at);
      if (word.empty() || (!name.empty() && is_keyword(word)) || (name.empty() && is_digit(word[0]))) return name;
      if (!name.empty()) name += ' ';
      name += word;
      pos_ = at + word.size();
    }
  }

  // ---- building

  uint32_t emit(Op op, const std::vector<uint32_t>& children, uint32_t data = 0, uint8_t flag = 0,
                const std::vector<std::string>& names = {}) {
    Node node;
    node.op = op;
    node.flag = flag;
    node.data = data;
    node.first = static_cast<uint32_t>(code_->children.size());
    node.count = static_cast<uint32_t>(children.size());
    node.first_name = static_cast<uint32_t>(code_->names.size());
    node.names = static_cast<uint32_t>(names.size());
    int depth = 1;
    for (const uint32_t child : children) depth = std::max(depth, code_->nodes[child].depth + 1);
    if (depth > kMaxNodeDepth) {
      syntax("the expression is nested or chained too deeply; split it");
      depth = kMaxNodeDepth;
      node.count = 0;
    } else {
      code_->children.insert(code_->children.end(), children.begin(), children.end());
    }
    node.depth = static_cast<uint16_t>(depth);
    code_->names.insert(code_->names.end(), names.begin(), names.end());
    code_->nodes.push_back(node);
    return static_cast<uint32_t>(code_->nodes.size() - 1);
  }
  uint32_t emit_constant(Value value) {
    code_->constants.push_back(std::move(value));
    return emit(Op::constant, {}, static_cast<uint32_t>(code_->constants.size() - 1));
  }
  Term constant(Value value, size_t at) {
    Type type = type_of(value);
    return {emit_constant(std::move(value)), std::move(type), at};
  }
  Term null_term(size_t at) { return {emit_constant(Value()), Type::any(), at}; }
  bool is_constant(uint32_t node) const { return code_->nodes[node].op == Op::constant; }
  const Value& constant_at(uint32_t node) const { return code_->constants[code_->nodes[node].data]; }
  bool is_literal_null(const Term& term) const {
    return term.type.kind == Type::Kind::null && is_constant(term.node) && constant_at(term.node).is_null();
  }

  // The node, or its value when everything below it is constant.
  Term folded(uint32_t index, Type type, size_t at) {
    const Node& node = code_->nodes[index];
    bool all_constant = true;
    bool has_null = false;
    for (const uint32_t child : code_->children_of(node)) {
      all_constant = all_constant && is_constant(child);
      has_null = has_null || (is_constant(child) && constant_at(child).is_null());
    }
    if (failed_ || !all_constant) return {index, std::move(type), at};
    std::optional<Value> value = fold(*code_, index);
    if (!value) return {index, std::move(type), at};
    if (value->is_null()) {
      if (!has_null && problems_.empty()) {
        std::string written(trim(text_.substr(at, pos_ - at)));
        if (written.size() > 80) written = written.substr(0, written.find(' ')) + " …";
        type_problem(at, written + " can only give null; check the values");
      }
      Term term = null_term(at);
      term.type = std::move(type);
      return term;
    }
    type = type_of(*value);
    return {emit_constant(std::move(*value)), std::move(type), at};
  }

  uint32_t add_path(std::string path) {
    const auto found = std::find(code_->paths.begin(), code_->paths.end(), path);
    if (found != code_->paths.end()) return static_cast<uint32_t>(found - code_->paths.begin());
    code_->paths.push_back(std::move(path));
    return static_cast<uint32_t>(code_->paths.size() - 1);
  }
  uint32_t emit_path(Root root, uint32_t data, const std::vector<std::string>& names, std::string display) {
    const uint32_t node = emit(Op::path, {}, data, static_cast<uint8_t>(root), names);
    code_->nodes[node].path = root == Root::input && names.empty() ? kInputPath : add_path(std::move(display));
    return node;
  }
  static std::string joined(const std::string& path, const std::string& name) {
    return path.empty() ? "" : path + "." + name;
  }
  uint32_t new_local() { return code_->locals++; }

  // ---- expressions, loosest first

  struct Nesting {
    explicit Nesting(Compiler& compiler) : compiler(compiler) {
      if (++compiler.depth_ > kMaxDepth)
        compiler.syntax("the expression is nested deeper than " + std::to_string(kMaxDepth) + " levels; split it");
    }
    ~Nesting() { --compiler.depth_; }
    Compiler& compiler;
  };

  Term parse_expression() {
    const Nesting nesting(*this);
    if (failed_) return {};
    return parse_connective(Op::any_of);
  }

  Term parse_connective(Op op) {
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
  void check_boolean(const Term& term, std::string_view word) {
    if (!conforms(term.type, Type::boolean())) {
      type_problem(term.at, "\"" + std::string(word) + "\" needs yes or no (boolean) on both sides, this is " +
                                term.type.to_text());
    }
  }

  std::optional<Op> take_comparison() {
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

  Term parse_comparison() {
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

  Term compared(Op op, const Term& left, const Term& right) {
    const bool is_equality = op == Op::equal || op == Op::not_equal;
    if (is_equality && (is_literal_null(left) || is_literal_null(right))) {
      const Term& asked = is_literal_null(right) ? left : right;
      return folded(emit(Op::is_null, {asked.node}, 0, op == Op::equal ? 0 : 1), Type::boolean(), left.at);
    }
    check_comparable(op, left, right);
    return folded(emit(op, {left.node, right.node}), Type::boolean(), left.at);
  }
  void check_comparable(Op op, const Term& left, const Term& right) {
    const bool is_equality = op == Op::equal || op == Op::not_equal;
    if (!are_comparable(left.type, right.type) ||
        (!is_equality && (!is_ordered(left.type.kind) || !is_ordered(right.type.kind)))) {
      std::string hint;
      const auto mixes = [&](Type::Kind a, Type::Kind b) {
        return (left.type.kind == a && right.type.kind == b) || (left.type.kind == b && right.type.kind == a);
      };
      if (mixes(Type::Kind::date, Type::Kind::text)) hint = "; write a date as date(\"2021-02-05\")";
      if (mixes(Type::Kind::date, Type::Kind::date_time)) hint = "; take the day with date(…)";
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
  void check_allowed(const Type& type, const Term& literal) {
    if (!type.values || !is_constant(literal.node)) return;
    const Value& value = constant_at(literal.node);
    if (value.kind() == Value::Kind::text) check_allowed(type, value, literal.at);
    if (value.kind() != Value::Kind::list) return;
    for (const Value& item : value.as_list()) {
      if (item.kind() == Value::Kind::text) check_allowed(type, item, literal.at);
    }
  }
  void check_allowed(const Type& type, const Value& value, size_t at) {
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

  Term parse_in(const Term& left) {
    const Type outer_type = input_type_;
    const bool outer_has = has_input_;
    const bool outer_uses = uses_input_;
    input_type_ = left.type;
    has_input_ = true;
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
    uses_input_ = outer_uses;
    if (failed_) return {};
    return {emit(Op::in, {left.node, tests}), Type::boolean(), left.at};
  }

  Term parse_sum() {
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
  Term parse_product() {
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
  Term parse_power() {
    Term left = parse_negation();
    while (!failed_ && take("**")) left = calculated(Op::power, left, parse_negation());
    return left;
  }
  Term calculated(Op op, const Term& left, const Term& right) {
    if (failed_) return {};
    std::optional<Type> type;
    if (left.type.kind != Type::Kind::null && right.type.kind != Type::Kind::null)
      type = result_type(op, left.type, right.type);
    if (!type) {
      std::string hint;
      if (op == Op::add && (left.type.kind == Type::Kind::text || right.type.kind == Type::Kind::text)) {
        hint = "; turn a value into text with string(…)";
      }
      type_problem(left.at, "\"" + std::string(sign_of(op)) + "\" does not fit " + left.type.to_text() + " and " +
                                right.type.to_text() + hint);
      return null_term(left.at);
    }
    type->values = nullptr;
    return folded(emit(op, {left.node, right.node}), std::move(*type), left.at);
  }

  Term parse_negation() {
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
      return null_term(at);
    }
    return folded(emit(Op::negate, {term.node}), term.type, at);
  }

  Term parse_instance_of() {
    Term term = parse_postfix();
    while (!failed_ && take_keyword("instance")) {
      expect_keyword("of");
      skip_space();
      const std::optional<Type> type = read_type();
      if (failed_) return {};
      if (!type) return expected("a type: number, string, boolean, date, time, date and time, list<…>, context, Any");
      code_->types.push_back(*type);
      term = {emit(Op::instance_of, {term.node}, static_cast<uint32_t>(code_->types.size() - 1)), Type::boolean(),
              term.at};
    }
    return term;
  }
  std::optional<Type> read_type() {
    constexpr std::string_view kNames[] = {"days and time duration",
                                           "years and months duration",
                                           "date and time",
                                           "number",
                                           "string",
                                           "boolean",
                                           "date",
                                           "time",
                                           "context",
                                           "list",
                                           "range",
                                           "Any",
                                           "limit"};
    for (const std::string_view name : kNames) {
      const size_t length = match_name(name, pos_);
      if (length == 0) continue;
      const size_t start = pos_;
      pos_ += length;
      size_t end = pos_;
      if (followed_by(pos_, '<') && (name == "list" || name == "range" || name == "context")) {
        int open = 0;
        for (end = text_.find('<', pos_); end < text_.size(); ++end) {
          if (text_[end] == '<') ++open;
          if (text_[end] == '>' && --open == 0) break;
        }
        if (end >= text_.size()) return std::nullopt;
        pos_ = ++end;
        return parse_type(text_.substr(start, end - start));
      }
      return parse_type(name);
    }
    return std::nullopt;
  }

  Term parse_postfix() {
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
        return syntax("a function's name must stand before \"(\"");
      } else {
        return term;
      }
    }
    return {};
  }

  // Is this "[" the end of ]1..5[ and not the beginning of a filter? No filter is empty or begins with these.
  bool closes_range() const {
    size_t at = pos_ + 1;
    while (at < text_.size() && is_space(text_[at])) ++at;
    if (at >= text_.size() || std::string_view(",)]}").find(text_[at]) != std::string_view::npos) return true;
    const std::string_view word = word_at(at);
    return word == "and" || word == "or" || word == "then" || word == "else" || word == "return" || word == "satisfies";
  }

  Term member_of(const Term& source, const std::string& name, Type type) {
    const Node node = code_->nodes[source.node];
    if (node.op == Op::path) {
      std::vector<std::string> names(code_->names.begin() + node.first_name,
                                     code_->names.begin() + node.first_name + node.names);
      names.push_back(name);
      return {emit_path(static_cast<Root>(node.flag), node.data, names, joined(code_->paths[node.path], name)),
              std::move(type), source.at};
    }
    return folded(emit(Op::member, {source.node}, 0, 0, {name}), std::move(type), source.at);
  }

  Term parse_member(const Term& source) {
    skip_space();
    const size_t at = pos_;
    const bool in_list = source.type.kind == Type::Kind::list;
    const Type holder = in_list ? (source.type.element ? *source.type.element : Type::any()) : source.type;
    std::vector<std::string> known;
    if (holder.members) {
      for (const Type::Member& member : *holder.members) known.push_back(member.name);
    } else {
      known = property_names(holder.kind);
    }
    const auto lifted = [&](Type type) { return in_list ? Type::list_of(std::move(type)) : type; };
    size_t longest = 0;
    std::string best;
    for (const std::string& name : known) {
      const size_t length = match_name(name, pos_);
      if (length > longest) {
        longest = length;
        best = name;
      }
    }
    if (longest > 0) {
      pos_ += longest;
      const Type* member = holder.find_member(best);
      return member_of(source, best, lifted(member != nullptr ? *member : *property_type(holder, best)));
    }
    if (word_at(pos_).empty()) return expected("a name after \".\"");
    const bool is_open = holder.kind == Type::Kind::any || (holder.kind == Type::Kind::context && !holder.members);
    const std::string name = is_open ? read_words() : std::string(word_at(pos_));
    if (is_open && !name.empty()) {
      if (holder.kind == Type::Kind::any) {
        // The properties with spaces first: read_words has them already.
        return member_of(source, name, Type::any());
      }
      return member_of(source, name, lifted(Type::any()));
    }
    pos_ = at + word_at(at).size();
    const std::string near = nearest_word(name, known);
    type_problem(at, "there is no \"" + name + "\" in " + holder.to_text() +
                         (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
    return null_term(source.at);
  }

  std::string display_of(const Term& term) const {
    const Node& node = code_->nodes[term.node];
    if (node.op == Op::path) return code_->paths[node.path];
    if (node.op == Op::filter) return display_of({code_->children_of(node)[0], {}, 0});
    return "item";
  }

  Term parse_filter(const Term& source) {
    const Type item_type =
        source.type.kind == Type::Kind::list ? (source.type.element ? *source.type.element : Type::any()) : source.type;
    const uint32_t slot = new_local();
    locals_.push_back({"item", item_type, slot, display_of(source), true});
    const Term condition = parse_expression();
    locals_.pop_back();
    expect("]");
    if (failed_) return {};
    const bool is_index = condition.type.kind == Type::Kind::number;
    if (!is_index && !conforms(condition.type, Type::boolean())) {
      type_problem(condition.at,
                   "a filter needs a condition (boolean) or a position (number), this is " + condition.type.to_text());
    }
    const uint32_t node = emit(Op::filter, {source.node, condition.node}, slot, is_index ? 1 : 0);
    if (is_index) return {node, item_type, source.at};
    if (condition.type.kind == Type::Kind::any) return {node, Type::any(), source.at};
    return {node, item_type.kind == Type::Kind::any ? Type{Type::Kind::list, {}, {}} : Type::list_of(item_type),
            source.at};
  }

  // ---- primary

  Term parse_primary() {
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
        return {emit_path(Root::input, 0, {}, "?"), input_type_, at};
      }
      case '\'':
        return syntax("write strings in double quotes: \"…\"");
      default:
        return parse_word();
    }
  }

  Term parse_number() {
    const size_t at = pos_;
    size_t end = pos_;
    while (end < text_.size() && is_digit(text_[end])) ++end;
    if (end + 1 < text_.size() && text_[end] == '.' && is_digit(text_[end + 1])) {
      ++end;
      while (end < text_.size() && is_digit(text_[end])) ++end;
    }
    if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
      size_t i = end + 1;
      if (i < text_.size() && (text_[i] == '+' || text_[i] == '-')) ++i;
      if (i < text_.size() && is_digit(text_[i])) {
        while (i < text_.size() && is_digit(text_[i])) ++i;
        end = i;
      }
    }
    const std::optional<Number> number = Number::parse(text_.substr(at, end - at));
    if (!number) return syntax("the number is too large");
    pos_ = end;
    const std::string_view unit = word_at(pos_);
    if (!unit.empty()) {
      return syntax("\"" + std::string(unit.substr(0, 60)) +
                    "\" stands right behind a number; put a space or an operator between them");
    }
    return constant(Value::of(*number), at);
  }

  std::optional<uint32_t> read_hex(size_t at, size_t digits) const {
    uint32_t value = 0;
    if (at + digits > text_.size()) return std::nullopt;
    for (size_t i = at; i < at + digits; ++i) {
      const char c = text_[i];
      uint32_t digit;
      if (is_digit(c))
        digit = static_cast<uint32_t>(c - '0');
      else if (c >= 'a' && c <= 'f')
        digit = static_cast<uint32_t>(c - 'a' + 10);
      else if (c >= 'A' && c <= 'F')
        digit = static_cast<uint32_t>(c - 'A' + 10);
      else
        return std::nullopt;
      value = value * 16 + digit;
    }
    return value;
  }
  std::optional<std::string> read_string() {
    std::string out;
    size_t i = pos_ + 1;
    for (; i < text_.size() && text_[i] != '"'; ++i) {
      if (text_[i] != '\\') {
        out += text_[i];
        continue;
      }
      const char escaped = i + 1 < text_.size() ? text_[i + 1] : '\0';
      constexpr std::string_view kFrom = "nrt\"\\'/";
      constexpr std::string_view kTo = "\n\r\t\"\\'/";
      if (const size_t which = kFrom.find(escaped); escaped != '\0' && which != std::string_view::npos) {
        out += kTo[which];
        ++i;
        continue;
      }
      const size_t digits = escaped == 'u' ? 4 : escaped == 'U' ? 6 : 0;
      constexpr uint32_t kNone = 0x110000;
      uint32_t point = digits > 0 ? read_hex(i + 2, digits).value_or(kNone) : kNone;
      if (point >= 0xd800 && point < 0xdc00 && text_.substr(std::min(i + 6, text_.size())).starts_with("\\u")) {
        const uint32_t low = read_hex(i + 8, 4).value_or(kNone);
        if (low >= 0xdc00 && low < 0xe000) {
          point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
          i += 6;
        }
      }
      if (point >= kNone || (point >= 0xd800 && point < 0xe000)) {
        pos_ = i;
        syntax("this \\ escapes nothing; write \\\\ for one, or \\n \\t \\\" \\u4e2d");
        return std::nullopt;
      }
      append_utf8(out, static_cast<char32_t>(point));
      i += 1 + digits;
    }
    if (i >= text_.size()) {
      syntax("the string has no end; close it with \"");
      return std::nullopt;
    }
    pos_ = i + 1;
    return out;
  }

  Term parse_at_literal() {
    const size_t at = pos_++;
    skip_space();
    if (!rest().starts_with("\"")) return expected("a string after @, as in @\"2021-02-05\"");
    const std::optional<std::string> text = read_string();
    if (!text) return {};
    if (const auto date = parse_date(*text); date.ok()) return constant(Value::of(date.value()), at);
    if (const auto time = parse_time(*text)) return constant(Value::of(*time), at);
    if (const auto when = parse_date_time(*text)) return constant(Value::of(*when), at);
    if (Value duration = parse_duration(*text); !duration.is_null()) return constant(std::move(duration), at);
    problem(at, "@\"" + *text +
                    "\" is no date, time, date and time or duration; write @\"2021-02-05\", @\"09:30:00\" or @\"P5D\"");
    return null_term(at);
  }

  Term parse_bracket() {
    const size_t at = pos_++;
    const Term inner = parse_expression();
    if (failed_) return {};
    if (take("..")) return parse_range_end(at, inner, true);
    expect(")");
    return {inner.node, inner.type, at};
  }

  Term parse_range_end(size_t at, const Term& low, bool low_open) {
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
      return null_term(at);
    }
    if (is_constant(low.node) && is_constant(high.node) && !is_missing_end(low) && !is_missing_end(high)) {
      const auto order = compare(constant_at(low.node), constant_at(high.node));
      if (order && *order > 0) type_problem(at, "the range is empty: its first end is above its second");
    }
    const Type& element = is_missing_end(low) ? high.type : low.type;
    const auto flag = static_cast<uint8_t>((low_open ? 1 : 0) | (high_open ? 2 : 0));
    return folded(emit(Op::range, {low.node, high.node}, 0, flag), Type::range_of(element), at);
  }

  Term parse_list() {
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

  Term parse_context() {
    const size_t at = pos_++;
    std::vector<uint32_t> values;
    std::vector<std::string> names;
    std::vector<Type::Member> members;
    const size_t outer = locals_.size();
    // The entries' locals stand together; those of inner expressions come after them. Their number is not known yet, so
    // that the entries are counted first by reading ahead: cheap, contexts are small.
    const uint32_t base = code_->locals;
    const size_t most = count_entries();
    code_->locals += static_cast<uint32_t>(most);
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
          name = read_words();
        }
        if (name.empty()) return expected("a name for the entry");
        expect(":");
        if (failed_) return {};
        if (std::find(names.begin(), names.end(), name) != names.end()) {
          problem(key_at, "the entry \"" + name + "\" stands here twice");
        }
        const Term value = parse_expression();
        if (failed_ || names.size() >= most) return failed_ ? Term{} : syntax("the context cannot be read");
        // No display: what is null in an entry was missing when the entry was made.
        locals_.push_back({name, value.type, base + static_cast<uint32_t>(names.size()), "", false});
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
  size_t count_entries() const {
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

  Term parse_word() {
    const size_t at = pos_;
    const std::string_view word = word_at(pos_);
    const Candidate candidate = find_name();
    if (candidate.length <= word.size()) {
      if (take_keyword("if")) return parse_if(at);
      if (take_keyword("for")) return parse_loop(at, Op::for_);
      if (take_keyword("some")) return parse_loop(at, Op::some);
      if (take_keyword("every")) return parse_loop(at, Op::every);
      if (take_keyword("function")) return syntax("function definitions are not supported yet");
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

  struct Candidate {
    size_t length = 0;
    bool is_function = false;
    std::string name;
    const Local* local = nullptr;  // a local or a filter's item
    bool is_member = false;        // a member of the item
    std::optional<size_t> slot;
  };

  Candidate find_name() const {
    Candidate best;
    const auto offer = [&](std::string_view name, auto set) {
      const size_t length = match_name(name, pos_);
      if (length <= best.length) return;
      best = Candidate{length, false, std::string(name), nullptr, false, std::nullopt};
      set(best);
    };
    for (size_t i = locals_.size(); i-- > 0;) {
      const Local& local = locals_[i];
      if (local.is_item && local.type.members) {
        for (const Type::Member& member : *local.type.members) {
          offer(member.name, [&](Candidate& c) {
            c.local = &local;
            c.is_member = true;
          });
        }
      }
      offer(local.name, [&](Candidate& c) { c.local = &local; });
    }
    for (size_t i = 0; i < scope_.variables().size(); ++i) {
      offer(scope_.variables()[i].name, [&](Candidate& c) { c.slot = i; });
    }
    const auto offer_function = [&](const std::string& name) {
      const size_t length = match_name(name, pos_);
      if (length <= best.length || !followed_by(pos_ + length, '(')) return;
      best = Candidate{length, true, name, nullptr, false, std::nullopt};
    };
    // A variable's name before "(" can only be meant as a function.
    if (best.length > 0 && followed_by(pos_ + best.length, '(')) {
      const Candidate variable = best;
      best = {};
      for (const auto& function : scope_.functions()) offer_function(function->name);
      for (const BuiltIn& function : built_in_functions()) offer_function(function.info.name);
      if (best.length < variable.length) best = variable;
      return best;
    }
    for (const auto& function : scope_.functions()) offer_function(function->name);
    for (const BuiltIn& function : built_in_functions()) offer_function(function.info.name);
    return best;
  }

  // The innermost filter over items of unknown type: a name may be one of their members.
  const Local* open_item() const {
    for (size_t i = locals_.size(); i-- > 0;) {
      if (!locals_[i].is_item) continue;
      const Type& type = locals_[i].type;
      if (type.kind == Type::Kind::any || (type.kind == Type::Kind::context && !type.members)) return &locals_[i];
    }
    return nullptr;
  }

  Term candidate_term(const Candidate& found, size_t at) {
    Term term;
    term.at = at;
    if (found.local != nullptr && found.is_member) {
      term.type = *found.local->type.find_member(found.name);
      term.node = emit_path(Root::local, found.local->slot, {found.name}, joined(found.local->display, found.name));
      return term;
    }
    if (found.local != nullptr) {
      term.type = found.local->type;
      term.node = emit_path(Root::local, found.local->slot, {}, found.local->display);
      return term;
    }
    term.type = scope_.variables()[*found.slot].type;
    term.node = emit_path(Root::slot, static_cast<uint32_t>(*found.slot), {}, found.name);
    if (const Local* item = open_item()) {
      const uint32_t member = emit_path(Root::local, item->slot, {found.name}, joined(item->display, found.name));
      term.node = emit(Op::member_or, {member, term.node});
      term.type = Type::any();
    }
    return term;
  }

  Term unknown_name(size_t at) {
    if (const Local* item = open_item()) {
      const std::string name = read_words();
      if (!name.empty() && !followed_by(pos_, '(')) {
        return {emit_path(Root::local, item->slot, {name}, joined(item->display, name)), Type::any(), at};
      }
      pos_ = at;
    }
    const std::string name(word_at(at));
    pos_ = at + name.size();
    if (rest().starts_with("（")) return expected("\"(\"");
    std::vector<std::string> known;
    const bool is_call = followed_by(pos_, '(');
    if (is_call) {
      for (const auto& function : scope_.functions()) known.push_back(function->name);
      for (const BuiltIn& function : built_in_functions()) known.push_back(function.info.name);
    } else {
      for (const Local& local : locals_) {
        known.push_back(local.name);
        if (!local.is_item || !local.type.members) continue;
        for (const Type::Member& member : *local.type.members) known.push_back(member.name);
      }
      for (const Variable& variable : scope_.variables()) known.push_back(variable.name);
    }
    std::string near = nearest_word(name, known);
    std::string words = name;
    if (near.empty()) {  // names of several words
      const size_t start = pos_;
      pos_ = at;
      words = read_words();
      near = nearest_word(words, known);
      pos_ = near.empty() ? start : at + (pos_ - at);
      if (near.empty()) words = name;
    }
    problem(at, (is_call ? "unknown function \"" : "unknown name \"") + words + "\"" +
                    (near.empty() ? std::string(is_call || words.empty() ? "" : "; strings stand in double quotes")
                                  : "; did you mean \"" + near + "\"?"));
    if (followed_by(pos_, '(')) {  // read the arguments too: they may have faults of their own
      take("(");
      if (!take(")")) {
        do {
          parse_expression();
        } while (!failed_ && take(","));
        expect(")");
      }
    }
    // Whatever is said after the unknown name must not bury the message.
    if (!failed_) {
      skip_space();
      const std::string_view next = word_at(pos_);
      if (!next.empty() && !is_keyword(next)) {
        failed_ = true;
        pos_ = text_.size();
      }
    }
    return null_term(at);
  }

  Term parse_if(size_t at) {
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

  Term parse_loop(size_t at, Op op) {
    std::vector<uint32_t> children;
    const size_t outer = locals_.size();
    const uint32_t base = code_->locals;
    // As many locals as there may be variables; unused ones cost nothing worth counting.
    constexpr size_t kMostVariables = 16;
    code_->locals += kMostVariables;
    do {
      const std::string name = read_words();
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
      } else if (domain.type.kind == Type::Kind::list) {
        if (domain.type.element) item = *domain.type.element;
      } else if (domain.type.kind != Type::Kind::any && domain.type.kind != Type::Kind::null) {
        type_problem(domain.at, "a loop needs a list, this is " + domain.type.to_text());
        item = domain.type;
      }
      locals_.push_back({name, item, base + static_cast<uint32_t>(children.size()), display_of(domain), false});
      if (code_->nodes[domain.node].op != Op::path && code_->nodes[domain.node].op != Op::filter)
        locals_.back().display = name;
      children.push_back(domain.node);
    } while (take(","));
    expect_keyword(op == Op::for_ ? "return" : "satisfies");
    const Term body = parse_expression();
    locals_.resize(outer);
    if (failed_) return {};
    if (op != Op::for_ && !conforms(body.type, Type::boolean())) {
      type_problem(body.at, "\"satisfies\" needs a condition (boolean), this is " + body.type.to_text());
    }
    children.push_back(body.node);
    const Type type = op != Op::for_                      ? Type::boolean()
                      : body.type.kind == Type::Kind::any ? Type{Type::Kind::list, {}, {}}
                                                          : Type::list_of(body.type);
    return {emit(op, children, base), type, at};
  }

  // ---- calls

  struct Argument {
    std::string name;  // "" when by position
    Term term;
  };

  static std::string signature(const std::string& name, const std::vector<Function::Parameter>& parameters,
                               bool variadic) {
    std::string out = name + "(";
    for (size_t i = 0; i < parameters.size(); ++i) {
      out += (i > 0 ? ", " : "") + parameters[i].name + (parameters[i].optional ? "?" : "");
    }
    return out + (variadic ? ", …)" : ")");
  }

  // Named arguments: every parameter's name of every overload is tried.
  std::optional<std::string> take_argument_name(const std::vector<std::string>& names) {
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
    if (longest == 0) return std::nullopt;
    pos_ += longest;
    take(":");
    return best;
  }

  Term parse_call(size_t at, const std::string& name) {
    const Function* host = nullptr;
    size_t host_index = 0;
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
    expect("(");
    std::vector<Argument> arguments;
    if (!take(")")) {
      do {
        std::string argument_name = take_argument_name(parameter_names).value_or("");
        Term term = parse_expression();
        if (failed_) return {};
        arguments.push_back({std::move(argument_name), std::move(term)});
      } while (take(","));
      expect(")");
    }
    if (failed_) return {};

    if (host != nullptr) {
      const std::optional<std::vector<Term>> ordered = arrange(arguments, host->parameters, false);
      if (!ordered) {
        problem(at, "expected " + signature(name, host->parameters, false));
        return null_term(at);
      }
      std::vector<uint32_t> nodes = check_arguments(name, *ordered, host->parameters, false);
      while (host_index < code_->functions.size() && code_->functions[host_index].get() != host) ++host_index;
      if (host_index == code_->functions.size()) {
        for (const auto& function : scope_.functions()) {
          if (function.get() == host) code_->functions.push_back(function);
        }
      }
      return {emit(Op::host, nodes, static_cast<uint32_t>(host_index)), host->result, at};
    }
    for (const size_t index : overloads) {
      const BuiltIn& function = built_in_functions()[index];
      const std::optional<std::vector<Term>> ordered = arrange(arguments, function.info.parameters, function.variadic);
      if (!ordered) continue;
      const size_t before = problems_.size();
      const std::vector<uint32_t> nodes = check_arguments(name, *ordered, function.info.parameters, function.variadic);
      const uint32_t node = emit(Op::built_in, nodes, static_cast<uint32_t>(index));
      Type type = call_type(function, *ordered);
      if (!function.folds || problems_.size() != before) return {node, std::move(type), at};
      return folded(node, std::move(type), at);
    }
    std::string forms;
    for (const size_t index : overloads) {
      const BuiltIn& function = built_in_functions()[index];
      forms += (forms.empty() ? "" : " or ") + signature(name, function.info.parameters, function.variadic);
    }
    if (options_.strict) problem(at, "expected " + forms);
    return null_term(at);
  }

  // Arguments in the order of the parameters, with null for optional ones in between; empty when they do not fit.
  std::optional<std::vector<Term>> arrange(const std::vector<Argument>& arguments,
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
    for (const Function::Parameter& parameter : parameters) {
      const auto found =
          std::find_if(arguments.begin(), arguments.end(), [&](const Argument& a) { return a.name == parameter.name; });
      if (found != arguments.end()) {
        ordered.push_back(found->term);
        ++used;
      } else if (parameter.optional) {
        ordered.push_back({emit_constant(Value()), Type{Type::Kind::null, {}, {}}, 0});
      } else {
        return std::nullopt;
      }
    }
    return used == arguments.size() ? std::optional(ordered) : std::nullopt;
  }

  std::vector<uint32_t> check_arguments(const std::string& name, const std::vector<Term>& arguments,
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
      if (!conforms(arguments[i].type, wanted)) {
        type_problem(arguments[i].at, name + ": \"" + parameter.name + "\" must be " + parameter.type.to_text() +
                                          ", this is " + arguments[i].type.to_text());
      }
    }
    return nodes;
  }

  static Type call_type(const BuiltIn& function, const std::vector<Term>& arguments) {
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

  // ---- unary tests

  uint32_t parse_top_tests() {
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

  uint32_t parse_test(bool within_comparison = false) {
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

  void check_test_type(const Term& term) {
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

  // ---- the end

  Compiled finish() {
    Compiled compiled;
    compiled.problems = std::move(problems_);
    if (!compiled.problems.empty() || failed_) return compiled;
    collect_reads();
    compiled.expression = Expression(code_);
    return compiled;
  }

  // Paths of variables in what is left after folding.
  void collect_reads() {
    std::vector<uint32_t> open{code_->root};
    std::vector<bool> seen(code_->nodes.size());
    while (!open.empty()) {
      const uint32_t index = open.back();
      open.pop_back();
      if (seen[index]) continue;
      seen[index] = true;
      const Node& node = code_->nodes[index];
      if (node.op == Op::path && static_cast<Root>(node.flag) == Root::slot)
        code_->reads.push_back(code_->paths[node.path]);
      for (const uint32_t child : code_->children_of(node)) open.push_back(child);
    }
    std::sort(code_->reads.begin(), code_->reads.end());
    code_->reads.erase(std::unique(code_->reads.begin(), code_->reads.end()), code_->reads.end());
  }

  std::string_view text_;
  const Scope& scope_;
  const CompileOptions& options_;
  std::shared_ptr<Code> code_;
  std::vector<Problem> problems_;
  std::vector<Local> locals_;
  Type input_type_;
  bool has_input_ = false;
  bool uses_input_ = false;
  std::optional<Term> last_value_;  // of a test that turned out to be the first end of a range
  bool failed_ = false;
  size_t pos_ = 0;
  int depth_ = 0;
};

// ---- shape ---------------------------------------------------------------------------------------------------------

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

const Type& Expression::type() const { return code_->type; }
const std::string& Expression::text() const { return code_->text; }
const std::vector<std::string>& Expression::reads() const { return code_->reads; }
std::optional<Value> Expression::constant() const {
  const Node& node = code_->nodes[code_->root];
  if (node.op != Op::constant) return std::nullopt;
  return code_->constants[node.data];
}

Compiled compile(std::string_view text, const Scope& scope, const CompileOptions& options) {
  return Compiler(text, scope, options).expression();
}

Compiled compile_unary_tests(std::string_view text, const Scope& scope, const Type& input_type,
                             const CompileOptions& options) {
  return Compiler(text, scope, options).unary_tests(input_type);
}

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
