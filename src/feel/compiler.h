// The compiler's state and its steps, each group in a file of its own; private to feel. One object compiles one text,
// in one pass: the parser resolves names as it reads.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "feel/code.h"

namespace tongban::feel {

// What was read: its node, what is known of its type, and the byte where it begins.
struct Term {
  uint32_t node = 0;
  Type type;
  size_t at = 0;
};

struct Local {
  std::string name;
  Type type;
  uint32_t slot = 0;
  std::string display;      // how a missing value is named: the domain's path
  bool is_item = false;     // of a filter: its members may be named alone
  size_t frame = 0;         // the function definition it belongs to, 0 the expression itself
  bool is_pending = false;  // an entry whose function is being read: it may call itself
};

inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
// The length of the name character at the front, 0 when there is none.
size_t name_character(std::string_view text);
Type common_type(const Type& a, const Type& b);
bool is_ordered(Type::Kind kind);
// A type at `pos`, which moves behind it. Empty when none stands there; `pos` stays then.
std::optional<Type> read_type(std::string_view text, size_t& pos, const Scope* scope);

class Compiler {
 public:
  Compiler(std::string_view text, const Scope& scope, const CompileOptions& options)
      : text_(text), scope_(scope), options_(options), code_(std::make_shared<Code>()) {
    code_->text = std::string(text);
    code_->strict = options.strict;
  }
  Compiled expression();
  Compiled unary_tests(const Type& input_type);

 private:
  // ---- reading (lexer.cc)
  std::string_view rest() const { return text_.substr(pos_); }
  bool at_end() const { return pos_ >= text_.size(); }
  bool check_text();
  void skip_space();
  void problem(size_t at, std::string message);
  void type_problem(size_t at, std::string message);
  Term syntax(std::string message);  // the first fault of form ends reading
  std::string here();                // what stands here, for messages
  std::string_view habit() const;
  Term expected(std::string_view what);
  void expect_end();
  bool take(std::string_view sign);
  bool expect(std::string_view sign);
  bool is_keyword_here(std::string_view word);
  bool take_keyword(std::string_view word);
  bool expect_keyword(std::string_view word);
  // Bytes of the text at `at` that are this name (white space inside may be wider), or 0.
  size_t match_name(std::string_view name, size_t at) const;
  bool followed_by(size_t at, char sign) const;
  std::string_view word_at(size_t at) const;  // one word of name characters
  static bool is_keyword(std::string_view word);
  // Words up to a keyword or sign: a member whose context is not known.
  std::string read_words();
  // A new name with the signs that names may have (. / - ' + *), up to what cannot belong to it; with `stop` also up to
  // that word. Runs of white space become one space.
  std::string read_new_name(std::string_view stop = {});
  Term parse_number();
  std::optional<uint32_t> read_hex(size_t at, size_t digits) const;
  std::optional<std::string> read_string();

  // ---- building (emit.cc)
  uint32_t emit(Op op, const std::vector<uint32_t>& children, uint32_t data = 0, uint8_t flag = 0,
                const std::vector<std::string>& names = {});
  uint32_t emit_constant(Value value);
  Term constant(Value value, size_t at);
  Term null_term(size_t at);
  bool is_constant(uint32_t node) const { return code_->nodes[node].op == Op::constant; }
  const Value& constant_at(uint32_t node) const { return code_->constants[code_->nodes[node].data]; }
  bool is_literal_null(const Term& term) const;
  // The node, or its value when everything below it is constant.
  Term folded(uint32_t index, Type type, size_t at);
  uint32_t add_path(std::string path);
  uint32_t emit_path(Root root, uint32_t data, const std::vector<std::string>& names, std::string display);
  static std::string joined(const std::string& path, const std::string& name);
  uint32_t new_local() { return frames_.back().locals++; }
  uint32_t new_locals(uint32_t count);
  Compiled finish();
  void collect_reads();  // paths of variables in what is left after folding

  // ---- expressions, loosest first (parse_operators.cc)
  struct Nesting {
    explicit Nesting(Compiler& compiler) : compiler(compiler) {
      if (++compiler.depth_ > kMaxDepth)
        compiler.syntax("the expression is nested deeper than " + std::to_string(kMaxDepth) + " levels; split it");
    }
    ~Nesting() { --compiler.depth_; }
    Compiler& compiler;
  };
  Term parse_expression();
  Term parse_connective(Op op);
  void check_boolean(const Term& term, std::string_view word);
  std::optional<Op> take_comparison();
  Term parse_comparison();
  Term compared(Op op, const Term& left, const Term& right);
  void check_comparable(Op op, const Term& left, const Term& right);
  // A literal (or list of literals) beside a string with allowed values must be one of them.
  void check_allowed(const Type& type, const Term& literal);
  void check_allowed(const Type& type, const Value& value, size_t at);
  Term parse_in(const Term& left);
  Term parse_sum();
  Term parse_product();
  Term parse_power();
  Term calculated(Op op, const Term& left, const Term& right);
  Term parse_negation();
  Term parse_instance_of();
  std::optional<Type> take_type();

  // ---- what binds tightest (parse_primary.cc)
  Term parse_postfix();
  // Is this "[" the end of ]1..5[ and not the beginning of a filter? No filter is empty or begins with these.
  bool closes_range() const;
  Term parse_primary();
  Term parse_at_literal();
  Term parse_bracket();
  Term parse_one_sided_range(size_t at, Op op);
  Term parse_range_end(size_t at, const Term& low, bool low_open);
  Term parse_list();
  Term parse_context();
  // Commas at this level up to the closing brace, plus one: an upper bound for the entries.
  size_t count_entries() const;
  Term parse_word();
  Term parse_if(size_t at);
  Term parse_loop(size_t at, Op op);
  Term parse_function(size_t at);

  // ---- names (names.cc)
  struct Candidate {
    size_t length = 0;
    bool is_function = false;
    std::string name;
    const Local* local = nullptr;  // a local or a filter's item
    bool is_member = false;        // a member of the item
    std::optional<size_t> slot;
  };
  Term member_of(const Term& source, const std::string& name, Type type);
  Term parse_member(const Term& source);
  std::string display_of(const Term& term) const;
  Term parse_filter(const Term& source);
  Candidate find_name() const;
  // The innermost filter over items of unknown type: a name may be one of their members.
  const Local* open_item() const;  // the innermost
  static bool is_open_item(const Local& local);
  Term member_of_items(Term found, const std::string& name, size_t outside);
  Term candidate_term(const Candidate& found, size_t at);
  Term unknown_name(size_t at);
  std::optional<Term> function_value(size_t at);
  // What belongs to an outer frame is handed in when the function is made. The root and slot to read it by here.
  std::pair<Root, uint32_t> reach(size_t frame, Root root, uint32_t data);
  std::pair<Root, uint32_t> reach(const Local& local);

  // ---- calls (parse_call.cc)
  struct Argument {
    std::string name;  // "" when by position
    Term term;
  };
  static std::string signature(const std::string& name, const std::vector<Function::Parameter>& parameters,
                               bool variadic);
  std::optional<std::string> take_argument_name(const std::vector<std::string>& names);
  std::optional<std::vector<Argument>> parse_arguments(const std::vector<std::string>& names);
  Term parse_call(size_t at, const std::string& name);
  Term parse_host_call(size_t at, const Function& host, const std::vector<Argument>& arguments);
  Term parse_invocation(const Term& callee);
  // Arguments in the order of the parameters, with null for optional ones in between; empty when they do not fit.
  std::optional<std::vector<Term>> arrange(const std::vector<Argument>& arguments,
                                           const std::vector<Function::Parameter>& parameters, bool variadic);
  std::vector<uint32_t> check_arguments(const std::string& name, const std::vector<Term>& arguments,
                                        const std::vector<Function::Parameter>& parameters, bool variadic);
  static std::string unknown_parameter(const std::vector<Argument>& arguments, const std::vector<std::string>& known);
  void keep_pattern(uint32_t node, const std::string& function, const std::vector<Term>& arguments);
  static Type call_type(const BuiltIn& function, const std::vector<Term>& arguments);

  // ---- unary tests (parse_tests.cc)
  uint32_t parse_top_tests();
  uint32_t parse_test(bool within_comparison = false);
  void check_test_type(const Term& term);

  // A function definition being read, or the expression itself: how many locals it needs, what it takes from outside.
  struct Frame {
    struct Capture {
      Root root;
      uint32_t data;
      uint32_t slot;
    };
    uint32_t locals = 0;
    std::vector<Capture> captures;
    int32_t self = -1;
  };

  std::string_view text_;
  const Scope& scope_;
  const CompileOptions& options_;
  std::shared_ptr<Code> code_;
  std::vector<Problem> problems_;
  std::vector<Local> locals_;
  std::vector<Frame> frames_ = std::vector<Frame>(1);
  Type input_type_;
  bool has_input_ = false;
  size_t input_frame_ = 0;
  bool uses_input_ = false;
  std::optional<Term> last_value_;  // of a test that turned out to be the first end of a range
  bool failed_ = false;
  size_t pos_ = 0;
  int depth_ = 0;
};

}  // namespace tongban::feel
