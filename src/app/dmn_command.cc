#include "app/dmn_command.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <ostream>

#include "app/calendar_at_hand.h"
#include "app/dmn_files.h"
#include "app/dmn_kit.h"
#include "app/dmn_tables.h"
#include "app/shell.h"
#include "base/json.h"
#include "base/text.h"
#include "dmn/check.h"
#include "dmn/explain.h"
#include "dmn/markdown.h"
#include "dmn/roots.h"
#include "dmn/traced_table.h"
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

// Numbers stay exact: 0.1 and 2.50000000000000000001 are what they say.
Result<feel::Context> read_input(const std::string& given) {
  if (given.empty()) return feel::Context();
  const std::string text = given.starts_with('@') ? TRY(read_text_file(given.substr(1))) : given;
  const Value value = TRY(dmn::read_json_exactly(text));
  if (value.kind() != Value::Kind::context)
    return fail(Trouble::invalid_input, "--input takes a JSON object: {\"name\": value, …}");
  return value.as_context();
}

// One value where a list is wanted is a list of one (§10.3.2.9.4).
Result<Value> typed(const Value& value, const feel::Type& type, const std::string& name) {
  const bool is_single = type.kind == feel::Type::Kind::list && value.kind() != Value::Kind::list && !value.is_null();
  Result<Value> out = feel::coerce(is_single ? Value::list({value}) : value, type);
  if (!out.ok()) return fail(Trouble::invalid_input, "the input \"" + name + "\": " + out.error().message);
  return out;
}

// Texts of times as the standard reads them: 2021-02-05T09:30:00 has no offset. (In tables of packs it is local time.)
// The nesting is that of the type, which the model declares.
Value standard_times(const Value& value, const feel::Type& type) {
  using Kind = feel::Type::Kind;
  if (value.kind() == Value::Kind::text && (type.kind == Kind::date_time || type.kind == Kind::time)) {
    const Value read =
        type.kind == Kind::time ? feel::time_from_text(value.as_text()) : feel::date_time_from_text(value.as_text());
    return read.is_null() ? value : read;
  }
  if (value.kind() == Value::Kind::list && type.kind == Kind::list && type.element) {
    feel::List items;
    for (const Value& item : value.as_list()) items.push_back(standard_times(item, *type.element));
    return Value::list(std::move(items));
  }
  if (value.kind() == Value::Kind::context && type.kind == Kind::context && type.members) {
    feel::Context entries;
    for (const auto& [name, entry] : value.as_context()) {
      const feel::Type* member = type.find_member(name);
      entries.emplace_back(name, member != nullptr ? standard_times(entry, *member) : entry);
    }
    return Value::context(std::move(entries));
  }
  return value;
}

void print_sentences(const dmn::Outcome& outcome, std::ostream& out) {
  for (const dmn::TableTrace& table : outcome.tables) out << dmn::to_sentence(table) << "\n";
}

int print_outcome(const dmn::Outcome& outcome, const std::vector<feel::Note>& notes, const EvalWords& words,
                  std::ostream& out, std::ostream& err) {
  bool provisional = false;
  json::array counted;
  for (const feel::Note& note : notes) {
    provisional = provisional || note.provisional;
    counted.push_back(json::object{
        {"function", note.function}, {"provisional", note.provisional}, {"text", note.text}, {"data", note.data}});
  }
  if (words.trace) {
    json::object trace = dmn::to_json(outcome);
    if (!counted.empty()) trace["counted"] = std::move(counted);
    out << to_pretty_json_text(trace) << "\n";
  } else {
    if (words.explain) {
      print_sentences(outcome, out);
      for (const feel::Note& note : notes) out << note.text << "\n";
    } else if (provisional) {
      err << "暂定：所涉日期的放假安排尚未公布（--explain 说明理由）。\n";
    }
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
                                       const feel::Context& input) {
  std::vector<Value> slots;
  for (const std::string& root : roots) {
    const auto given = std::find_if(input.begin(), input.end(), [&](const auto& entry) { return entry.first == root; });
    feel::Type type;
    std::vector<feel::Type::Member> members;
    for (const dmn::Input& column : table.inputs) {
      if (column.expression == root) type = column.type;
      if (column.expression.starts_with(root + ".") && column.type.kind != feel::Type::Kind::any &&
          column.expression.find_first_of(". (=<>", root.size() + 1) == std::string::npos)
        members.push_back({column.expression.substr(root.size() + 1), column.type});
    }
    Value value = given != input.end() ? TRY(typed(given->second, type, root)) : Value();
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

// The table of that name, title or sheet; the only one where none is named.
Result<const dmn::SheetTable*> choose(const TableFile& file, const EvalWords& words) {
  std::vector<std::string> names;
  for (const dmn::SheetTable& each : file.tables) {
    if (words.decision.empty()
            ? file.tables.size() == 1
            : each.table.name == words.decision || each.table.title == words.decision || each.sheet == words.decision)
      return &each;
    names.push_back(each.table.name);
  }
  return fail(Trouble::invalid_input, (words.decision.empty() ? std::string("--decision is missing")
                                                              : "there is no table \"" + words.decision + "\"") +
                                          "; the file has " + join(names, ", "));
}

int eval_table(const EvalWords& words, const feel::Context& input, Instant now, std::ostream& out, std::ostream& err) {
  const Result<TableFile> file = read_tables(words.file);
  if (!file.ok()) return complain(err, file.error());
  for (const std::string& fault : file->faults) err << fault << "\n";
  if (!file->faults.empty()) return kFoundFaults;
  const Result<const dmn::SheetTable*> chosen = choose(*file, words);
  if (!chosen.ok()) return complain(err, chosen.error());
  const dmn::Table& table = (*chosen)->table;
  const std::vector<std::string> roots = dmn::roots_of(table);
  const dmn::TableCompiled compiled =
      dmn::compile(table, dmn::scope_of(table, pack::working_day_functions(calendar_at_hand())));
  for (const dmn::TableProblem& each : compiled.problems) err << place_fault(words.file, **chosen, each) << "\n";
  if (!compiled.table) return kFoundFaults;
  const Result<std::vector<Value>> slots = table_slots(table, roots, input);
  if (!slots.ok()) return complain(err, slots.error());
  std::vector<feel::Note> notes;
  feel::EvalContext context;
  context.now = now;
  context.notes = &notes;
  dmn::Outcome outcome;
  dmn::Decision decision = dmn::evaluate(*compiled.table, *slots, context, true);
  outcome.value = decision.value;
  if (!decision.error.empty()) outcome.faults.push_back({table.name, {}, decision.error});
  outcome.tables.push_back({table.name, &table, std::move(decision)});
  return print_outcome(outcome, notes, words, out, err);
}

int eval(const EvalWords& words, Instant now, std::ostream& out, std::ostream& err) {
  const Result<feel::Context> input = read_input(words.input);
  if (!input.ok()) return complain(err, input.error());
  if (is_table_file(words.file) || is_workbook(words.file)) return eval_table(words, *input, now, out, err);
  Result<ModelFiles> files = read_models(words.file);
  if (!files.ok()) return complain(err, files.error());
  const dmn::Engine::Loaded loaded =
      dmn::Engine::load(std::move(files->models), {pack::working_day_functions(calendar_at_hand()), false});
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
    const feel::Type type = loaded.engine->type_of(key);
    Result<Value> one = typed(standard_times(value, type), type, key);
    if (!one.ok()) return complain(err, one.error());
    given.push_back({key, std::move(*one), ""});
  }
  std::vector<feel::Note> notes;
  feel::EvalContext context;
  context.now = now;
  context.notes = &notes;
  const bool trace = words.trace || words.explain;
  const dmn::Outcome outcome = is_service ? loaded.engine->evaluate_service(name, given, context, trace)
                                          : loaded.engine->evaluate(name, given, context, trace);
  return print_outcome(outcome, notes, words, out, err);
}

// ---- check ---------------------------------------------------------------------------------------------------------

Result<std::vector<dmn::Finding>> check_file(const std::string& file) {
  const dmn::HostFunctions functions = pack::working_day_functions(calendar_at_hand());
  if (is_table_file(file)) {
    const std::string text = TRY(read_text_file(file));
    return dmn::check_table(file, table_name(file), text, functions);
  }
  if (is_workbook(file)) {
    const std::string bytes = TRY(read_text_file(file));
    return dmn::check_workbook(file, stem_of(file), bytes, functions);
  }
  ModelFiles files = TRY(read_models(file));
  std::vector<dmn::Finding> findings;
  for (const dmn::ModelProblem& each : files.problems)
    findings.push_back({file, each.at, "form", "", each.message, ""});
  if (!findings.empty() && files.models[0].elements.empty()) return findings;
  for (dmn::Finding& each : dmn::check_model(std::move(files.models), functions)) findings.push_back(std::move(each));
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
        json::object one{{"file", each.file}, {"line", each.at.line}, {"column", each.at.column},
                         {"code", each.code}, {"table", each.table},  {"sentence", each.message}};
        if (is_workbook(file)) one["cell"] = each.cell;
        list.push_back(std::move(one));
        continue;
      }
      const std::string place = is_workbook(file)
                                    ? (each.cell.empty() ? "" : " " + each.cell + ":")
                                    : std::to_string(each.at.line) + ":" + std::to_string(each.at.column) + ":";
      out << each.file << ":" << place << " " << each.code << ": "
          << (each.table.empty() ? "" : "table \"" + each.table + "\": ") << each.message << "\n";
    }
    if (!as_json && findings->empty()) out << file << ": no faults.\n";
  }
  if (as_json) out << to_pretty_json_text(list) << "\n";
  return faults == 0 ? kOk : kFoundFaults;
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
  eval_command->add_option("file", words.file, "A .dmn, .table.md or .xlsx")->required();
  eval_command->add_option("--decision", words.decision, "Name or id; may be left out when there is one");
  eval_command->add_option("--input", words.input, "A JSON object, or @PATH of a file with one");
  eval_command->add_flag("--trace", words.trace, "Print the whole record as JSON");
  eval_command->add_flag("--explain", words.explain, "Say in sentences how the tables decided");
  auto* check_command = app.add_subcommand("check", "Find gaps, overlaps, dead rows, wrong types, unused inputs.");
  check_command->add_option("file", check_files, ".dmn, .table.md or .xlsx")->required();
  check_command->add_flag("--json", as_json, "Print JSON");
  auto* convert_command = app.add_subcommand("convert", "Turn tables into models and back.");
  convert_command->add_option("file", convert_file, "A .dmn, .table.md or .xlsx")->required();
  convert_command->add_option("target", path, "File to write, by its ending; a folder for several .table.md");
  convert_command->add_option("--to", to, "table.md, xlsx or dmn")->check(CLI::IsMember({"table.md", "xlsx", "dmn"}));
  convert_command->add_option("--out", path, "The same as the second word");
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
