// FEEL and decision tables without the rest of Tongban: a table in Markdown, a function of the program's own, a
// decision with its record, and an expression by itself.
//
//   rules parking_fee.table.md car 95
#include <dmn/explain.h>
#include <dmn/markdown.h>
#include <dmn/table.h>
#include <feel/feel.h>

#include <fstream>
#include <iostream>
#include <sstream>

namespace feel = tongban::feel;
namespace dmn = tongban::dmn;

namespace {

int refuse(const std::string& sentence) {
  std::cerr << sentence << "\n";
  return 1;
}

// A function that FEEL does not have. Expressions that call it stay bounded: it is one step.
feel::Function hours_begun() {
  feel::Function out;
  out.name = "hours begun";
  out.parameters = {{"minutes", feel::Type::number()}};
  out.result = feel::Type::number();
  out.doc = "How many hours have begun after so many minutes.";
  out.call = [](std::span<const feel::Value> arguments, const feel::EvalContext&) -> tongban::Result<feel::Value> {
    const auto hours = feel::Number::divide(arguments[0].as_number(), feel::Number(60));
    return feel::Value::of(hours->rounded(0, feel::Number::Rounding::ceiling));
  };
  return out;
}

}  // namespace

int main(int count, char** words) {
  if (count != 4) return refuse("usage: rules TABLE VEHICLE MINUTES");
  std::ifstream file(words[1]);
  std::ostringstream text;
  text << file.rdbuf();
  const dmn::ParsedTable parsed = dmn::parse_table_markdown("parking_fee", text.str());
  for (const dmn::TableProblem& each : parsed.problems) std::cerr << each.line << ": " << each.message << "\n";
  if (!parsed.problems.empty()) return 1;

  // What the cells may read: the inputs, and our function.
  feel::Scope scope({{"vehicle", feel::Type::text()}, {"minutes", feel::Type::number()}});
  scope.add(hours_begun());
  const dmn::TableCompiled compiled = dmn::compile(parsed.table, scope);
  for (const dmn::TableProblem& each : compiled.problems) std::cerr << each.line << ": " << each.message << "\n";
  if (!compiled.table) return 1;

  const auto minutes = feel::Number::parse(words[3]);
  const std::vector<feel::Value> values = {feel::Value::text(words[2]),
                                           minutes ? feel::Value::of(*minutes) : feel::Value()};
  dmn::TableTrace trace{"parking fee", &parsed.table,
                        dmn::evaluate(*compiled.table, values, feel::EvalContext(), true)};
  std::cout << trace.decision.value.to_text() << "\n" << dmn::to_sentence(trace) << "\n";

  const feel::Compiled expression = feel::compile("0.1 + 0.2 = 0.3", feel::Scope());
  std::cout << feel::evaluate(*expression.expression, {}, feel::EvalContext()).value.to_text() << "\n";
  return 0;
}
