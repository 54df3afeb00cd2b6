#include "app/pack_command.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <filesystem>
#include <istream>
#include <ostream>

#include "base/json.h"
#include "base/text.h"
#include "pack/check.h"
#include "pack/coverage.h"
#include "pack/files.h"
#include "pack/manual.h"

namespace tongban::app {
namespace {

// Faults are named "<folder>/<file>"; a reader wants a path from where they stand.
std::string shown_file(const std::string& directory, const std::string& file) {
  std::string base = directory;
  while (base.size() > 1 && base.ends_with('/')) base.pop_back();
  return pack::join_path(pack::parent_path(base), file);
}

// What to say where a folder is no pack; "" when it is one (or has a file of one).
std::string why_no_pack(const std::string& directory) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_directory(directory, error)) return "there is no folder " + directory + ".";
  if (fs::exists(directory + "/pack.yaml", error)) return {};
  std::vector<std::string> below;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    if (fs::exists(entry->path() / "pack.yaml", error)) below.push_back(entry->path().filename().string());
  }
  if (below.empty()) return {};
  std::sort(below.begin(), below.end());
  std::string sentence = directory + " is no pack but holds packs:";
  for (const std::string& name : below) sentence += " " + name;
  return sentence + ". Name one of them, or several.";
}

int check(const std::vector<std::string>& directories, bool as_json, std::ostream& out, std::ostream& err) {
  size_t count = 0;
  for (const auto& directory : directories) {
    if (const std::string why = why_no_pack(directory); !why.empty()) {
      err << "tongban: " << why << "\n";
      return 2;
    }
  }
  json::array list;
  for (const auto& directory : directories) {
    const auto checked = pack::check(directory);
    count += checked.faults.size();
    for (const auto& fault : checked.faults) {
      const std::string file = shown_file(directory, fault.source.file);
      if (as_json)
        list.push_back(json::object{
            {"file", file}, {"line", fault.source.line}, {"code", fault.code}, {"sentence", fault.sentence}});
      else
        out << file << ":" << fault.source.line << ": " << fault.sentence << "\n";
    }
    if (!as_json && checked.ok()) {
      out << directory << ": no faults (" << checked.pack->cases.size() << " case types, "
          << checked.pack->decisions.size() << " tables, " << checked.scenarios.size() << " scenarios).\n";
    }
  }
  if (as_json)
    out << to_pretty_json_text(list) << "\n";
  else if (count > 0)
    out << count << (count == 1 ? " fault.\n" : " faults.\n");
  return count == 0 ? 0 : 1;
}

int print_coverage(const std::string& directory, bool as_json, bool strict, std::ostream& out, std::ostream& err) {
  const auto checked = pack::check(directory);
  if (!checked.pack) {
    for (const auto& fault : checked.faults) err << pack::to_text(fault) << "\n";
    return 2;
  }
  const auto coverage = pack::coverage(*checked.pack, checked.scenarios);
  if (as_json)
    out << to_pretty_json_text(pack::to_json(coverage)) << "\n";
  else
    out << pack::to_text(*checked.pack, coverage);
  return strict && (coverage.clauses_bare > 0 || coverage.requirements_bare > 0) ? 1 : 0;
}

int print(const std::string& directory, const std::string& file, std::ostream& out, std::ostream& err) {
  const pack::Library foundations = pack::load_foundations(directory);
  const auto loaded = pack::load_pack(directory, foundations);
  if (!loaded.ok()) {
    for (const auto& fault : loaded.faults) err << pack::to_text(fault) << "\n";
    err << "A pack with faults is not printed.\n";
    return 1;
  }
  const std::string manual = pack::print_manual(*loaded.pack, foundations);
  if (file.empty()) {
    out << manual;
    return 0;
  }
  const auto written = pack::write_file(file, manual);
  if (written.ok()) return 0;
  err << written.error().message << "\n";
  return 2;
}

}  // namespace

int run_pack(const std::vector<std::string>& args, std::istream&, std::ostream& out, std::ostream& err,
             const PackTest& test) {
  CLI::App app("Policy packs: check, coverage, printed manual, scenarios.", "tongban pack");
  app.require_subcommand(1);
  std::vector<std::string> directories;
  std::string directory, file;
  bool as_json = false, strict = false;
  auto* check_command = app.add_subcommand("check", "Report all faults of packs, each with file and line.");
  check_command->add_option("directory", directories, "Folders of packs")->required();
  check_command->add_flag("--json", as_json, "Print JSON");
  auto* coverage_command = app.add_subcommand("coverage", "Clauses and requirements without rule, scenario or reason.");
  coverage_command->add_option("directory", directory, "Folder of the pack")->required();
  coverage_command->add_flag("--json", as_json, "Print JSON");
  coverage_command->add_flag("--strict", strict, "Exit with 1 when anything is bare");
  auto* print_command = app.add_subcommand("print", "The manual for officials, as HTML.");
  print_command->add_option("directory", directory, "Folder of the pack")->required();
  print_command->add_option("--out", file, "Write to this file");
  auto* test_command = app.add_subcommand("test", "Run the scenarios of packs.");
  test_command->add_option("directory", directories, "Folders of packs")->required();
  try {
    std::vector<std::string> reversed(args.rbegin(), args.rend());  // CLI11 takes them from the back
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error, out, err), 0;
    const std::vector<std::string> known = {"check", "coverage", "print", "test"};
    const bool is_known = !args.empty() && std::find(known.begin(), known.end(), args[0]) != known.end();
    if (args.empty()) {
      err << "tongban: `tongban pack` knows check, coverage, print and test.";
    } else if (!is_known) {
      const std::string near = nearest_word(args[0], known);
      err << "tongban: `tongban pack` knows check, coverage, print and test, not \"" << args[0] << "\""
          << (near.empty() ? "." : "; is " + near + " meant?");
    } else if (args.size() == 1) {
      err << "tongban: `tongban pack " << args[0] << "` needs the folder of a pack, for example packs/hotline-12345.";
    } else {
      err << "tongban: " << error.what() << ".";
    }
    err << " See `tongban pack --help`.\n";
    return 2;
  }
  if (check_command->parsed()) return check(directories, as_json, out, err);
  if (coverage_command->parsed()) return print_coverage(directory, as_json, strict, out, err);
  if (print_command->parsed()) return print(directory, file, out, err);
  if (!test) {
    err << "This build has no scenario runner.\n";
    return 2;
  }
  int result = 0;
  for (const auto& folder : directories) result = std::max(result, test(folder, out, err));
  return result;
}

}  // namespace tongban::app
