#include "app/dmn_command.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <ostream>

#include "app/dmn_files.h"
#include "app/dmn_kit.h"
#include "app/shell.h"
#include "base/json.h"
#include "base/text.h"
#include "dmn/check.h"
#include "dmn/explain.h"
#include "dmn/markdown.h"
#include "dmn/roots.h"
#include "dmn/xml.h"

namespace tongban::app {
namespace {

namespace fs = std::filesystem;
using feel::Value;

int complain(std::ostream& err, const Error& error) {
  err << "tongban dmn: " << error.message << ".\n";
  return error.trouble == Trouble::invalid_input ? kWrongUsage : kEnvironment;
}

int test(const std::vector<std::string>& directories, const KitPrint& how, const std::string& require,
         std::ostream& out, std::ostream& err) {
  const std::optional<feel::Number> least = feel::Number::parse(require.empty() ? "0" : require);
  if (!least) {
    err << "tongban dmn test: --require takes a percentage such as 99.5, not \"" << require << "\".\n";
    return kWrongUsage;
  }
  const Result<KitScore> score = run_kit(directories);
  if (!score.ok()) return complain(err, score.error());
  print(*score, how, out);
  const auto passed = feel::Number::multiply(feel::Number(static_cast<int64_t>(score->all.passed)), feel::Number(100));
  const auto wanted = feel::Number::multiply(*least, feel::Number(static_cast<int64_t>(score->all.total)));
  return passed && wanted && *passed < *wanted ? kFoundFaults : kOk;
}

// ---- eval ----------------------------------------------------------------------------------------------------------

struct EvalWords {
  std::string file, decision, input;
  bool trace = false, explain = false;
};

Result<json::object> read_input(const std::string& given) {
  if (given.empty()) return json::object();
  const std::string text = given.starts_with('@') ? TRY(read_text_file(given.substr(1))) : given;
  const json::value value = TRY(parse_json(text));
  if (!value.is_object()) return fail(Trouble::invalid_input, "--input takes a JSON object: {\"name\": value, …}");
  return value.as_object();
}

Result<Value> typed(const json::value& value, const feel::Type& type, const std::string& name) {
  Result<Value> out = feel::coerce(feel::value_from_json(value), type);
  if (!out.ok()) return fail(Trouble::invalid_input, "the input \"" + name + "\": " + out.error().message);
  return out;
}

void print_sentences(const dmn::Outcome& outcome, std::ostream& out) {
  for (const dmn::TableTrace& table : outcome.tables) out << dmn::to_sentence(table) << "\n";
}

int print_outcome(const dmn::Outcome& outcome, const EvalWords& words, std::ostream& out, std::ostream& err) {
  if (words.trace) {
    out << to_pretty_json_text(dmn::to_json(outcome)) << "\n";
  } else {
    if (words.explain) print_sentences(outcome, out);
    out << to_json_text(outcome.value.to_json()) << "\n";
  }
  for (const dmn::Fault& fault : outcome.faults) {
    err << words.file << ":" << fault.at.line << ":" << fault.at.column << ": "
        << (fault.element.empty() ? "" : "\"" + fault.element + "\": ") << fault.message << "\n";
  }
  return outcome.value.is_null() && !outcome.faults.empty() ? kFoundFaults : kOk;
}

// The values that the cells read, with the types the head declares for them or for paths into them.
Result<std::vector<Value>> table_slots(const dmn::Table& table, const std::vector<std::string>& roots,
                                       const json::object& input) {
  std::vector<Value> slots;
  for (const std::string& root : roots) {
    const json::value* given = find_member(input, root);
    feel::Type type;
    std::vector<feel::Type::Member> members;
    for (const dmn::Input& column : table.inputs) {
      if (column.expression == root) type = column.type;
      if (column.expression.starts_with(root + ".") && column.type.kind != feel::Type::Kind::any &&
          column.expression.find_first_of(". (=<>", root.size() + 1) == std::string::npos)
        members.push_back({column.expression.substr(root.size() + 1), column.type});
    }
    Value value = given ? TRY(typed(*given, type, root)) : Value();
    if (!members.empty() && value.kind() == Value::Kind::context) {
      feel::Context entries = value.as_context();
      for (auto& [name, entry] : entries) {
        for (const feel::Type::Member& member : members) {
          if (member.name == name) entry = TRY(feel::coerce(entry, member.type));
        }
      }
      value = Value::context(std::move(entries));
    }
    slots.push_back(std::move(value));
  }
  return slots;
}

int eval_table(const EvalWords& words, const json::object& input, Instant now, std::ostream& out, std::ostream& err) {
  const Result<std::string> text = read_text_file(words.file);
  if (!text.ok()) return complain(err, text.error());
  const dmn::ParsedTable parsed = dmn::parse_table_markdown(table_name(words.file), *text);
  std::vector<dmn::TableProblem> problems = parsed.problems;
  const std::vector<std::string> roots = dmn::roots_of(parsed.table);
  feel::Scope scope;
  for (const std::string& root : roots) {
    feel::Type type;
    for (const dmn::Input& column : parsed.table.inputs) {
      if (column.expression == root) type = column.type;
    }
    scope.add(feel::Variable{root, type});
  }
  dmn::TableCompiled compiled;
  if (problems.empty()) {
    compiled = dmn::compile(parsed.table, scope);
    problems = compiled.problems;
  }
  for (const dmn::TableProblem& each : problems) err << words.file << ":" << each.line << ": " << each.message << "\n";
  if (!compiled.table) return kFoundFaults;
  const Result<std::vector<Value>> slots = table_slots(parsed.table, roots, input);
  if (!slots.ok()) return complain(err, slots.error());
  feel::EvalContext context;
  context.now = now;
  dmn::Outcome outcome;
  dmn::Decision decision = dmn::evaluate(*compiled.table, *slots, context, true);
  outcome.value = decision.value;
  if (!decision.error.empty()) outcome.faults.push_back({parsed.table.name, {}, decision.error});
  outcome.tables.push_back({parsed.table.name, &parsed.table, std::move(decision)});
  return print_outcome(outcome, words, out, err);
}

int eval(const EvalWords& words, Instant now, std::ostream& out, std::ostream& err) {
  const Result<json::object> input = read_input(words.input);
  if (!input.ok()) return complain(err, input.error());
  if (is_table_file(words.file)) return eval_table(words, *input, now, out, err);
  Result<ModelFiles> files = read_models(words.file);
  if (!files.ok()) return complain(err, files.error());
  const dmn::Engine::Loaded loaded = dmn::Engine::load(std::move(files->models));
  for (const std::vector<dmn::ModelProblem>* list :
       std::initializer_list<const std::vector<dmn::ModelProblem>*>{&files->problems, &loaded.problems}) {
    for (const dmn::ModelProblem& each : *list) {
      if (!loaded.engine)
        err << each.file << ":" << each.at.line << ":" << each.at.column << ": " << each.message << "\n";
    }
  }
  if (!loaded.engine) return kFoundFaults;
  std::string name = words.decision;
  bool is_service = false;
  std::vector<std::string> names;
  for (const dmn::Element& each : loaded.engine->models()[0].elements) {
    if (each.kind == dmn::Element::Kind::input || each.kind == dmn::Element::Kind::knowledge_source) continue;
    names.push_back(each.name);
    if (each.name == name || each.id == name) is_service = each.kind == dmn::Element::Kind::service;
  }
  if (name.empty() && names.size() == 1) name = names[0];
  if (name.empty()) {
    err << "tongban dmn eval: --decision is missing; the model has " << join(names, ", ") << ".\n";
    return kWrongUsage;
  }
  std::vector<dmn::GivenValue> given;
  for (const auto& [key, value] : *input) {
    Result<Value> one = typed(value, loaded.engine->type_of(std::string_view(key)), std::string(key));
    if (!one.ok()) return complain(err, one.error());
    given.push_back({std::string(key), std::move(*one), ""});
  }
  feel::EvalContext context;
  context.now = now;
  const bool trace = words.trace || words.explain;
  const dmn::Outcome outcome = is_service ? loaded.engine->evaluate_service(name, given, context, trace)
                                          : loaded.engine->evaluate(name, given, context, trace);
  return print_outcome(outcome, words, out, err);
}

// ---- check ---------------------------------------------------------------------------------------------------------

Result<std::vector<dmn::Finding>> check_file(const std::string& file) {
  if (is_table_file(file)) {
    const std::string text = TRY(read_text_file(file));
    return dmn::check_table(file, table_name(file), text);
  }
  ModelFiles files = TRY(read_models(file));
  std::vector<dmn::Finding> findings;
  for (const dmn::ModelProblem& each : files.problems) findings.push_back({file, each.at, "form", "", each.message});
  if (!findings.empty() && files.models[0].elements.empty()) return findings;
  for (dmn::Finding& each : dmn::check_model(std::move(files.models))) findings.push_back(std::move(each));
  return findings;
}

int check(const std::vector<std::string>& files, bool as_json, std::ostream& out, std::ostream& err) {
  json::array list;
  size_t faults = 0;
  for (const std::string& file : files) {
    const Result<std::vector<dmn::Finding>> findings = check_file(file);
    if (!findings.ok()) return complain(err, findings.error());
    for (const dmn::Finding& each : *findings) {
      faults += each.is_fault() ? 1 : 0;
      if (as_json) {
        list.push_back(json::object{{"file", each.file},
                                    {"line", each.at.line},
                                    {"column", each.at.column},
                                    {"code", each.code},
                                    {"table", each.table},
                                    {"sentence", each.message}});
        continue;
      }
      out << each.file << ":" << each.at.line << ":" << each.at.column << ": " << each.code << ": "
          << (each.table.empty() ? "" : "table \"" + each.table + "\": ") << each.message << "\n";
    }
    if (!as_json && findings->empty()) out << file << ": no faults.\n";
  }
  if (as_json) out << to_pretty_json_text(list) << "\n";
  return faults == 0 ? kOk : kFoundFaults;
}

// ---- convert -------------------------------------------------------------------------------------------------------

int write_out(const std::string& path, const std::string& text, std::ostream& out, std::ostream& err) {
  if (path.empty()) {
    out << text;
    return kOk;
  }
  const Result<void> written = write_text_file(path, text);
  return written.ok() ? kOk : complain(err, written.error());
}

// A name that may stand in a path.
std::string file_name_of(const std::string& name) {
  std::string out;
  for (const char c : name) out += c == '/' || c == '\\' || c == ' ' || c == ':' || (c >= 0 && c < 32) ? '_' : c;
  return out.empty() || out[0] == '.' ? "_" + out : out;
}

int convert(const std::string& file, const std::string& to, const std::string& path, std::ostream& out,
            std::ostream& err) {
  std::vector<dmn::Table> tables;
  dmn::Definitions model;
  if (is_table_file(file)) {
    const Result<std::string> text = read_text_file(file);
    if (!text.ok()) return complain(err, text.error());
    dmn::ParsedTable parsed = dmn::parse_table_markdown(table_name(file), *text);
    for (const dmn::TableProblem& each : parsed.problems)
      err << file << ":" << each.line << ": " << each.message << "\n";
    if (!parsed.problems.empty()) return kFoundFaults;
    if (to == "dmn") return write_out(path, dmn::write_xml(dmn::model_of(parsed.table)), out, err);
    return write_out(path, dmn::to_markdown(parsed.table), out, err);
  }
  Result<ModelFiles> files = read_models(file);
  if (!files.ok()) return complain(err, files.error());
  for (const dmn::ModelProblem& each : files->problems)
    err << file << ":" << each.at.line << ":" << each.at.column << ": " << each.message << "\n";
  if (!files->problems.empty()) return kFoundFaults;
  if (to == "dmn") return write_out(path, dmn::write_xml(files->models[0]), out, err);
  tables = dmn::tables_of(files->models[0]);
  if (tables.empty()) {
    err << "tongban dmn convert: " << file << " holds no decision table.\n";
    return kFoundFaults;
  }
  if (tables.size() == 1) return write_out(path, dmn::to_markdown(tables[0]), out, err);
  if (path.empty()) {
    err << "tongban dmn convert: " << file << " holds " << tables.size()
        << " tables; name a folder for them with --out.\n";
    return kWrongUsage;
  }
  std::error_code error;
  fs::create_directories(path, error);
  std::vector<std::string> used;
  for (const dmn::Table& table : tables) {
    std::string name = file_name_of(table.name);
    const auto count = std::count(used.begin(), used.end(), name);
    used.push_back(name);
    if (count > 0) name += "_" + std::to_string(count + 1);
    const fs::path target = fs::path(path) / (name + ".table.md");
    const Result<void> written = write_text_file(target, dmn::to_markdown(table));
    if (!written.ok()) return complain(err, written.error());
    out << target.string() << "\n";
  }
  return kOk;
}

}  // namespace

int run_dmn(const std::vector<std::string>& args, Instant now, std::ostream& out, std::ostream& err) {
  CLI::App app("Decision models (DMN) and tables.", "tongban dmn");
  app.require_subcommand(1);
  std::vector<std::string> directories, check_files;
  KitPrint how;
  std::string require, convert_file, to, path;
  EvalWords words;
  bool as_json = false;
  auto* test_command = app.add_subcommand("test", "Run cases of the DMN conformance kit.");
  test_command->add_option("directory", directories, "Folders with models and cases")->required();
  test_command->add_flag("--json", how.json, "Print one JSON object");
  test_command->add_flag("--all", how.all, "List every case");
  test_command->add_flag("--failures", how.failures, "List the cases that failed");
  test_command->add_option("--require", require, "Exit with 1 below this percentage");
  auto* eval_command = app.add_subcommand("eval", "Evaluate a decision, service or table.");
  eval_command->add_option("file", words.file, "A .dmn or .table.md")->required();
  eval_command->add_option("--decision", words.decision, "Name or id; may be left out when there is one");
  eval_command->add_option("--input", words.input, "A JSON object, or @PATH of a file with one");
  eval_command->add_flag("--trace", words.trace, "Print the whole record as JSON");
  eval_command->add_flag("--explain", words.explain, "Say in sentences how the tables decided");
  auto* check_command = app.add_subcommand("check", "Find gaps, overlaps, dead rows, wrong types, unused inputs.");
  check_command->add_option("file", check_files, ".dmn or .table.md")->required();
  check_command->add_flag("--json", as_json, "Print JSON");
  auto* convert_command = app.add_subcommand("convert", "Turn tables into models and back.");
  convert_command->add_option("file", convert_file, "A .dmn or .table.md")->required();
  convert_command->add_option("--to", to, "table.md or dmn")->required()->check(CLI::IsMember({"table.md", "dmn"}));
  convert_command->add_option("--out", path, "File to write; a folder for several tables");
  try {
    std::vector<std::string> reversed(args.rbegin(), args.rend());  // CLI11 takes them from the back
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? kOk : kWrongUsage;
  }
  if (test_command->parsed()) return test(directories, how, require, out, err);
  if (eval_command->parsed()) return eval(words, now, out, err);
  if (check_command->parsed()) return check(check_files, as_json, out, err);
  return convert(convert_file, to, path, out, err);
}

}  // namespace tongban::app
