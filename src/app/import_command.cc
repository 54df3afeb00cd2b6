// `tongban import cases`: histories of another system.
#include <algorithm>
#include <cstdio>
#include <fstream>

#include "app/arguments.h"
#include "app/clock.h"
#include "app/commands.h"
#include "facility/import/import.h"
#include "pack/fault.h"

namespace tongban::app {
namespace {

// The mapping as a path, or by name in the packs' import folders.
std::string find_mapping(const Site& site, const Shell& shell, const std::string& given) {
  if (std::ifstream(shell.path(given))) return shell.path(given);
  for (const auto& pack : site.packs->packs) {
    const std::string path = pack->directory + "/import/" + given + (given.ends_with(".yaml") ? "" : ".yaml");
    if (std::ifstream(path)) return path;
  }
  return shell.path(given);
}

void draw(const Shell& shell, std::string_view what, uint64_t done, uint64_t all) {
  if (!shell.terminal || all == 0) return;
  const uint64_t tenths = std::min<uint64_t>(20, done * 20 / all);
  shell.err << "\r" << (what == "bytes" ? "reading " : "acts    ") << "[" << std::string(tenths, '#')
            << std::string(20 - tenths, '.') << "] " << done << "/" << all << (done >= all ? "\n" : "");
  shell.err.flush();
}

}  // namespace

int run_import(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  const std::vector<Option> options = {
      {"what", "what to import: cases", true},
      {"file", ".jsonl, .jsonl.gz or .csv"},
      {"--type", "the case type, e.g. hotline-12345/request; must be that of the mapping"},
      {"--mapping", "a mapping file, or the name of one in a pack's import folder"},
      {"--give-up", "no import: what earlier ones left unfinished stays as it is and lives on like any other case",
       false, true},
      {"--rejected", "where rows that are not taken go, with reasons (FILE.rejected.jsonl)"},
      {"--explain-late", "a file for the late cases, each with the explanation of its date"},
      {"--report", "a file for the report, besides printing it"}};
  if (const auto code =
          arguments.parse("import", "Import histories, played as commands at their own times; safe to run twice",
                          options, words, shell))
    return *code;
  if (arguments.get("what") != "cases") {
    shell.err << "tongban: only cases can be imported yet: tongban import cases FILE --mapping M.\n";
    return kWrongUsage;
  }
  if (arguments.has("--give-up") == (arguments.has("file") || arguments.has("--mapping")) ||
      arguments.has("file") != arguments.has("--mapping")) {
    shell.err
        << "tongban: either a file and its mapping: tongban import cases FILE --mapping M, or tongban import cases "
           "--give-up.\n";
    return kWrongUsage;
  }
  const Result<Site*> opened = sites.open(shell, {.messages = false});
  if (!opened.ok()) return complain(shell, opened.error());
  Site& site = **opened;
  const std::unique_lock alone(site.import, std::try_to_lock);
  if (!alone) {
    shell.err << "tongban: an import is running already. Wait for its end, then start this one.\n";
    return kEnvironment;
  }
  if (arguments.has("--give-up")) {
    const Result<size_t> count = facility::end_unfinished(*site.engine, *site.store);
    if (!count.ok()) return complain(shell, count.error());
    shell.out << *count << " unfinished cases live on like any other.\n";
    return kOk;
  }
  const std::string mapping_file = find_mapping(site, shell, arguments.get("--mapping"));
  std::vector<pack::Fault> faults;
  const auto mapping = facility::read_mapping(mapping_file, faults);
  if (!mapping || !faults.empty()) {
    for (const pack::Fault& fault : faults) shell.err << pack::to_text(fault) << "\n";
    return kWrongUsage;
  }
  if (arguments.has("--type") && arguments.get("--type") != mapping->pack + "/" + mapping->type &&
      arguments.get("--type") != mapping->type) {
    shell.err << "tongban: the mapping is for " << mapping->pack << "/" << mapping->type << ", not for "
              << arguments.get("--type") << ".\n";
    return kWrongUsage;
  }
  const std::string file = shell.path(arguments.get("file")),
                    rejected_file = shell.path(arguments.get("--rejected", arguments.get("file") + ".rejected.jsonl"));
  std::ofstream rejected(rejected_file, std::ios::trunc), late;
  if (arguments.has("--explain-late")) late.open(shell.path(arguments.get("--explain-late")), std::ios::trunc);
  if (!rejected || !late) {
    shell.err << "tongban: the file " << (rejected ? arguments.get("--explain-late") : rejected_file)
              << " cannot be written; name another one.\n";
    return kEnvironment;
  }
  facility::ImportOptions wanted{.file = file, .spool = site.folder + "/import.spool", .rejected = &rejected};
  if (arguments.has("--explain-late")) wanted.late = &late;
  wanted.progress = [&shell](std::string_view what, uint64_t done, uint64_t all) { draw(shell, what, done, all); };
  const Instant start = system_now();
  wanted.is_ended = shell.is_ended;
  const auto done = facility::import_cases(*site.engine, *site.store, *mapping, wanted);
  if (!done.ok()) return complain(shell, done.error());
  const auto pack = site.packs->find(mapping->pack);
  facility::print_report(*done, *mapping, *pack->find_case(mapping->type), shell.out);
  if (arguments.has("--report")) {
    std::ofstream report(shell.path(arguments.get("--report")), std::ios::trunc);
    facility::print_report(*done, *mapping, *pack->find_case(mapping->type), report);
  }
  shell.out << done->rows << " rows: " << done->taken << " taken, " << done->known << " known from an earlier run, "
            << done->rejected << " rejected; " << done->acts << " acts in " << (system_now().ms - start.ms) / 1000
            << " s.\n";
  rejected.close();
  if (done->rejected == 0) {
    std::remove(rejected_file.c_str());
    return kOk;
  }
  shell.err << "The rejected rows, with reasons: " << rejected_file << "\n";
  return kRowsRejected;
}

}  // namespace tongban::app
