// How fast expressions and tables are on one core. Results are checked once before measuring.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/check.h"
#include "dmn/analysis.h"
#include "dmn/table.h"
#include "feel/feel.h"

namespace {

using namespace tongban;
using feel::Type;
using feel::Value;

feel::Scope scope() {
  return feel::Scope(
      {{"类别", Type::text()},
       {"金额", Type::number()},
       {"form",
        Type::context_of({{"lead", Type::text()}, {"support", Type::list_of(Type::text())}, {"star", Type::text()}})}});
}
std::vector<Value> slots() {
  return {Value::text("咨询"), Value::of(*feel::Number::parse("1234.56")),
          Value::context({{"lead", Value::text("渝中区")},
                          {"support", Value::list({Value::text("江北区"), Value::text("渝北区")})},
                          {"star", Value::text("*")}})};
}

void run(benchmark::State& state, const char* text, const Value& expected) {
  const feel::Compiled compiled = feel::compile(text, scope());
  CHECK(compiled.expression.has_value());
  const std::vector<Value> values = slots();
  const feel::EvalContext context;
  CHECK(feel::evaluate(*compiled.expression, values, context).value == expected);
  for (auto _ : state) benchmark::DoNotOptimize(feel::evaluate(*compiled.expression, values, context));
  state.SetItemsProcessed(state.iterations());
}

void BM_Guard(benchmark::State& state) {
  run(state, "form.support = null or not(list contains(form.support, form.lead))", Value::of(true));
}
void BM_Decimals(benchmark::State& state) {
  run(state, "类别 = \"咨询\" and 金额 * 1.06 + 12.5 > 1000", Value::of(true));
}
// A constant pattern is compiled once; one out of a variable at every call.
void BM_ConstantPattern(benchmark::State& state) {
  run(state, "matches(类别, \"^(咨询|投诉|建议)\\\\p{L}*$\")", Value::of(true));
}
void BM_PatternOfAVariable(benchmark::State& state) {
  run(state, "matches(类别, \"^(咨询|投诉|建议)\\\\p{L}\" + form.star + \"$\")", Value::of(true));
}
BENCHMARK(BM_ConstantPattern);
BENCHMARK(BM_PatternOfAVariable);
BENCHMARK(BM_Guard);
BENCHMARK(BM_Decimals);

dmn::Table table(int rules) {
  dmn::Table made;
  made.hit_policy = dmn::HitPolicy::first;
  made.inputs = {{"类别", "类别", Type::any(), {}, 0}, {"金额", "金额", Type::any(), {}, 0}};
  made.outputs = {{"级", "grade", Type::any(), {}, "", 0}};
  for (int i = 0; i < rules; ++i) {
    made.rules.push_back(
        {{i % 2 == 0 ? "\"投诉\"" : "-", "[" + std::to_string(i * 100) + ".." + std::to_string(i * 100 + 100) + ")"},
         {std::to_string(i)},
         "第一条",
         i});
  }
  return made;
}

void BM_Table(benchmark::State& state) {
  const dmn::TableCompiled compiled = dmn::compile(table(static_cast<int>(state.range(0))), scope());
  CHECK(compiled.table.has_value());
  std::vector<Value> values = slots();
  values[1] = Value::of(150);
  const feel::EvalContext context;
  CHECK(dmn::evaluate(*compiled.table, values, context).decided_by == 2);
  for (auto _ : state) benchmark::DoNotOptimize(dmn::evaluate(*compiled.table, values, context));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Table)->Arg(12)->Arg(1000);

void BM_CompileTable(benchmark::State& state) {
  const dmn::Table made = table(static_cast<int>(state.range(0)));
  const feel::Scope names = scope();
  for (auto _ : state) benchmark::DoNotOptimize(dmn::compile(made, names));
}
BENCHMARK(BM_CompileTable)->Arg(1000)->Unit(benchmark::kMillisecond);

void BM_Analyse(benchmark::State& state) {
  const dmn::TableCompiled compiled = dmn::compile(table(static_cast<int>(state.range(0))), scope());
  for (auto _ : state) benchmark::DoNotOptimize(dmn::analyse(*compiled.table));
}
BENCHMARK(BM_Analyse)->Arg(12)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
