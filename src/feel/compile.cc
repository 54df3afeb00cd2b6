// From text to Code: a recursive descent parser that resolves names as it reads (FEEL names may contain spaces and
// operators, so reading needs the scope), checks types and folds constants. Grammar: DMN 1.5 §10.3.1.2.
#include "feel/compiler.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::feel {
Compiled Compiler::expression() {
  if (!check_text()) return finish();
  const Term term = parse_expression();
  expect_end();
  code_->root = term.node;
  code_->type = term.type;
  return finish();
}

Compiled Compiler::unary_tests(const Type& input_type) {
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

}  // namespace tongban::feel
