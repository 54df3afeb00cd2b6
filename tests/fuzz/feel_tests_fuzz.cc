// Any text as a cell of a decision table. The first byte chooses the type of the input. Where the cell has a shape
// (what indexes and analysis work with), every input inside the shape passes the test and every other input does not.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "feel/feel.h"

namespace {

using namespace tongban;
using feel::Value;

bool is_inside(const feel::TestShape& shape, const Value& input) {
  if (shape.any) return true;
  bool found = false;
  for (const feel::Interval& each : shape.intervals) {
    const auto above = each.low ? feel::compare(input, *each.low) : std::optional(std::strong_ordering::greater);
    const auto below = each.high ? feel::compare(input, *each.high) : std::optional(std::strong_ordering::less);
    found |= above && below && (*above > 0 || (*above == 0 && !each.low_open)) &&
             (*below < 0 || (*below == 0 && !each.high_open));
  }
  return found != shape.negated;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::array<feel::Type, 4> types = {feel::Type::number(), feel::Type::text(), feel::Type::date(),
                                           feel::Type::any()};
  const std::array<std::vector<Value>, 4> samples = {
      std::vector<Value>{Value::of(-1), Value::of(0), Value::of(5), Value::of(1000)},
      {Value::text(""), Value::text("a"), Value::text("咨询")},
      {Value::of(*parse_date("2021-02-05")), Value::of(*parse_date("1999-12-31"))},
      {Value::of(5), Value::text("a"), Value::of(true)}};
  const size_t chosen = data[0] % types.size();
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const feel::Scope scope({{"n", feel::Type::number()}, {"xs", feel::Type::list_of(feel::Type::number())}});
  const std::array<Value, 2> slots = {Value::of(7), Value::list({Value::of(1), Value::of(5)})};
  feel::EvalContext context;
  context.now = *parse_instant("2021-02-05T09:30:00+08:00");
  context.max_steps = 30'000;
  for (const bool strict : {true, false}) {
    const feel::Compiled compiled = feel::compile_unary_tests(text, scope, types[chosen], {.strict = strict});
    CHECK(compiled.expression.has_value() == compiled.problems.empty());
    for (const feel::Problem& problem : compiled.problems)
      CHECK(problem.line >= 1 && problem.column >= 1 && !problem.message.empty());
    if (!compiled.expression) continue;
    const auto shape = feel::shape_of(*compiled.expression);
    std::vector<Value> inputs = samples[chosen];
    if (shape && chosen != 3) {
      for (const feel::Interval& each : shape->intervals) {
        for (const auto& bound : {each.low, each.high})
          if (bound && feel::has_type(*bound, types[chosen])) inputs.push_back(*bound);
      }
    }
    for (const Value& input : inputs) {
      const feel::TestResult result = feel::test(*compiled.expression, input, slots, context);
      // `?.n` of an input that has no n is missing too, but types that are known leave no such cell.
      if (strict && chosen != 3) CHECK(!result.input_missing);
      if (shape && strict && chosen != 3 && result.error.empty())
        CHECK(result.truth == (is_inside(*shape, input) ? feel::Truth::yes : feel::Truth::no));
    }
    feel::test(*compiled.expression, Value(), slots, context);
  }
  return 0;
}
