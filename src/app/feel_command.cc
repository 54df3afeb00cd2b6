#include "app/feel_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "app/calendar_at_hand.h"
#include "base/json.h"
#include "feel/feel.h"
#include "pack/load.h"

namespace tongban::app {
namespace {

constexpr int kEvaluated = 0;
constexpr int kFaults = 1;
constexpr int kWrongWords = 2;

void print(const std::vector<feel::Problem>& problems, const char* what, std::ostream& err) {
  for (const feel::Problem& problem : problems)
    err << what << problem.line << ":" << problem.column << ": " << problem.message << "\n";
}

// An expression may begin with a minus (-5 + a), which would be read as a flag: it is taken out of the words first.
std::string take_negative(std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--context") {
      ++i;
    } else if (words[i].starts_with("-") && !words[i].starts_with("--") && words[i] != "-h") {
      std::string expression = words[i];
      words.erase(words.begin() + static_cast<ptrdiff_t>(i));
      return expression;
    }
  }
  return {};
}

// JSON, or a FEEL context such as {days: 5, from: date("2021-02-05")}.
std::optional<feel::Value> read_context(const std::string& text, const feel::EvalContext& eval, std::ostream& err) {
  if (const auto json = parse_json(text); json.ok()) return feel::value_from_json(*json);
  const feel::Scope nothing;
  const feel::Compiled compiled = feel::compile(text, nothing, {.strict = false});
  print(compiled.problems, "--context:", err);
  if (!compiled.expression) return std::nullopt;
  feel::EvalResult result = feel::evaluate(*compiled.expression, {}, eval);
  if (!result.ok) err << "--context: " << result.error << "\n";
  return result.ok ? std::optional(std::move(result.value)) : std::nullopt;
}

json::array to_json(const std::vector<feel::Note>& notes) {
  json::array list;
  for (const feel::Note& note : notes) {
    list.push_back(json::object{
        {"function", note.function}, {"provisional", note.provisional}, {"text", note.text}, {"data", note.data}});
  }
  return list;
}

}  // namespace

int run_feel(const std::vector<std::string>& args, Instant now, std::ostream& out, std::ostream& err) {
  std::string expression;
  std::string context_text;
  bool functions = false;
  bool as_json = false;
  bool strict = false;
  bool explain = false;
  CLI::App app("计算一个 FEEL 表达式，或列出全部函数", "tongban feel");
  std::string positional;
  app.add_option("expression", positional, "表达式，如 'a + 1'");
  app.add_option("--context", context_text, "名称与值：JSON 对象，或 FEEL 的上下文 {d: date(\"2021-02-05\")}");
  app.add_flag("--functions", functions, "列出全部内置函数（Markdown）");
  app.add_flag("--json", as_json, "以 JSON 输出");
  app.add_flag("--explain", explain, "另说明工作日是怎样数出来的；与 --json 同用时以数据给出");
  app.add_flag("--strict", strict, "按规则包的严格方式：只能得 null 的写法即为错误");
  try {
    std::vector<std::string> flags = args;
    expression = take_negative(flags);
    std::vector<std::string> reversed(flags.rbegin(), flags.rend());  // CLI11 takes the last word first
    app.parse(reversed);
    if (expression.empty()) expression = positional;
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? kEvaluated : kWrongWords;
  }
  if (functions) {
    out << feel::functions_as_markdown(pack::host_functions({}));
    return kEvaluated;
  }
  if (expression.empty()) {
    err << "Write the expression in quotes, for example: tongban feel 'substring(\"abc\", 2)'\n";
    return kWrongWords;
  }
  std::vector<feel::Note> notes;
  feel::EvalContext eval{now};
  feel::Scope scope;
  for (feel::Function& function : pack::working_day_functions(calendar_at_hand())) scope.add(std::move(function));
  std::vector<feel::Value> slots;
  if (!context_text.empty()) {
    const std::optional<feel::Value> context = read_context(context_text, eval, err);
    if (!context) return kWrongWords;
    if (context->kind() != feel::Value::Kind::context) {
      err << "--context must be an object of names and values.\n";
      return kWrongWords;
    }
    for (const auto& [name, value] : context->as_context()) {
      scope.add(feel::Variable{name, feel::type_of(value)});
      slots.push_back(value);
    }
  }
  const feel::Compiled compiled = feel::compile(expression, scope, {.strict = strict});
  print(compiled.problems, "", err);
  if (!compiled.expression) return kFaults;
  eval.notes = &notes;
  const feel::EvalResult result = feel::evaluate(*compiled.expression, slots, eval);
  if (!result.ok) {
    err << result.error << "\n";
    return kFaults;
  }
  if (as_json && explain) {
    out << to_pretty_json_text(json::object{{"value", result.value.to_json()}, {"counted", to_json(notes)}}) << "\n";
    return kEvaluated;
  }
  out << (as_json ? to_json_text(result.value.to_json()) : result.value.to_text()) << "\n";
  if (explain) {
    for (const feel::Note& note : notes) out << "\n" << note.function << "：" << note.text << "\n";
  } else if (std::any_of(notes.begin(), notes.end(), [](const feel::Note& note) { return note.provisional; })) {
    err << "暂定：所涉日期的放假安排尚未公布（--explain 说明理由）。\n";
  }
  return kEvaluated;
}

}  // namespace tongban::app
