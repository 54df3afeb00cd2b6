// Any text as a FEEL expression: it is refused with a place and a sentence, or it compiles, ends within its steps,
// gives the same value twice, and a value of the type it was compiled to. What folds to a constant is that constant.
#include "feel/feel.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

namespace {

using namespace tongban;

const feel::Scope& scope() {
  static const feel::Scope made(
      {{"n", feel::Type::number()},
       {"s", feel::Type::text()},
       {"b", feel::Type::boolean()},
       {"d", feel::Type::date()},
       {"xs", feel::Type::list_of(feel::Type::number())},
       {"f", feel::Type::context_of({{"a", feel::Type::number()}, {"first name", feel::Type::text()}})},
       {"类别", feel::Type::text()},
       {"x", feel::Type::any()},
       {"none", feel::Type::number()}});
  return made;
}

const auto& slots() {
  using feel::Value;
  static const std::array<Value, 9> made = {Value::of(7),
                                            Value::text("abc城市"),
                                            Value::of(true),
                                            Value::of(*parse_date("2021-02-05")),
                                            Value::list({Value::of(1), Value::of(2), Value::of(3)}),
                                            Value::context({{"a", Value::of(5)}, {"first name", Value::text("张三")}}),
                                            Value::text("咨询"),
                                            Value::of(*parse_date("2024-02-29")),
                                            Value()};
  return made;
}

void try_text(std::string_view text, bool strict) {
  const feel::Compiled compiled = feel::compile(text, scope(), {.strict = strict});
  CHECK(compiled.expression.has_value() == compiled.problems.empty());
  for (const feel::Problem& problem : compiled.problems)
    CHECK(problem.line >= 1 && problem.column >= 1 && !problem.message.empty());
  if (!compiled.expression) return;
  feel::EvalContext context;
  context.now = *parse_instant("2021-02-05T09:30:00+08:00");
  context.max_steps = 30'000;
  const feel::EvalResult first = feel::evaluate(*compiled.expression, slots(), context);
  const feel::EvalResult again = feel::evaluate(*compiled.expression, slots(), context);
  CHECK(first.ok == again.ok && first.error == again.error && first.missing == again.missing);
  CHECK(first.ok == first.error.empty());
  if (!first.ok) return;
  // Functions are made anew by every evaluation, so values are compared by their texts.
  const std::string printed = first.value.to_text();
  CHECK(printed == again.value.to_text());
  CHECK(feel::has_type(first.value, compiled.expression->type()));
  if (const auto constant = compiled.expression->constant()) CHECK(constant->to_text() == printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_text(text, true);
  try_text(text, false);
  return 0;
}
