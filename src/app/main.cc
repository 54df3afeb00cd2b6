// tongban: the program. Finds the command, its settings, and who carries it out: a running server or this process.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <ext/stdio_sync_filebuf.h>
#include <filesystem>

#include "app/clock.h"
#include "app/commands.h"
#include "app/control.h"
#include "app/dmn_command.h"
#include "app/due_command.h"
#include "app/feel_command.h"
#include "app/pack_command.h"
#include "app/scenario_command.h"
#include "base/text.h"

namespace tongban::app {
namespace {

constexpr std::string_view kHelp = R"(tongban COMMAND …    turns a government document into a running service

  init       make the data folder; prints a one-time link for the first administrator
  serve      run the server
  demo       make a demo city with about 60 requests, print one as a story, run the server
  doctor     look at folder, space, clock, port, packs, calendar and backup, and say what to do
  user       add | list | reset | remove | token
  import     cases FILE: histories from another system, played at their own times
  export     give everything back as JSON lines
  backup     copy everything into a folder, while the server runs
  restore    a backup into an empty data folder
  verify     check every stored byte against its hashes, and the views against the ledger
  rebuild    derive the views from the ledger again
  erase      make a person's data unreadable for ever
  config     the settings, where each comes from, and what it means
  dmn        test | eval | check | convert decision models and tables
  due        when a period ends, and why
  feel       evaluate a FEEL expression, or list the functions
  pack       check | test | coverage | print a policy pack
  openapi    print the description of the API
  version    print the version

`tongban COMMAND --help` says more. A setting is a flag (--port 8081), an environment variable (TONGBAN_PORT) or a line
of the file tongban.conf in the data folder (port = 8081), in this order.

The program ends with 0: done. 1: the check found faults. 2: wrong words or settings. 3: folder, port, permission or
space. 4: stored data are damaged. 5: a rule refused it. 6: done, but some rows were not taken.
)";

int run(Words words, Shell& shell) {
  if (words.empty() || words[0] == "help" || words[0] == "--help" || words[0] == "-h") {
    (words.empty() ? shell.err : shell.out) << kHelp;
    return words.empty() ? kWrongUsage : kOk;
  }
  if (words[0] == "--version") words[0] = "version";
  const std::string name = words[0];
  words.erase(words.begin());
  __gnu_cxx::stdio_sync_filebuf<char> in_buffer(stdin);
  std::istream in(&in_buffer);
  if (name == "dmn") return run_dmn(words, system_now(), shell.out, shell.err);
  if (name == "due") return run_due(words, in, shell.out, shell.err);
  if (name == "feel") return run_feel(words, system_now(), shell.out, shell.err);
  if (name == "pack" && !words.empty() && words[0] == "test")
    return run_pack_test({words.begin() + 1, words.end()}, shell.out, shell.err);
  if (name == "pack") return run_pack(words, in, shell.out, shell.err, run_scenarios);
  const Result<Settings> settings =
      Settings::load(words, shell.directory, [](const char* variable) { return std::getenv(variable); });
  if (!settings.ok()) return complain(shell, settings.error());
  if (goes_through_server(name)) {
    Words with_name = words;
    with_name.insert(with_name.begin(), name);
    if (const auto code = ask_running_server(settings->text("data"), with_name, shell)) return *code;
  }
  Sites sites(*settings, nullptr);
  if (const auto code = run_command(name, words, sites, shell)) return *code;
  const std::string near = nearest_word(
      name, {"serve", "init", "demo",   "doctor",  "import",  "export", "backup", "restore", "rebuild", "verify",
             "erase", "user", "config", "openapi", "version", "dmn",    "due",    "feel",    "pack",    "help"});
  shell.err << "tongban: there is no command \"" << name << "\""
            << (near.empty() ? "." : "; is \"" + near + "\" meant?") << " See `tongban help`.\n";
  return kWrongUsage;
}

}  // namespace
}  // namespace tongban::app

int main(int count, char** words) {
  umask(0077);  // everything that the program makes is its owner's
  __gnu_cxx::stdio_sync_filebuf<char> out_buffer(stdout), err_buffer(stderr);
  std::ostream out(&out_buffer), err(&err_buffer);
  std::error_code error;
  tongban::app::Shell shell{out, err, isatty(STDERR_FILENO) == 1, std::filesystem::current_path(error).string()};
  const int code = tongban::app::run({words + 1, words + count}, shell);
  out.flush();
  return std::fflush(stdout) == 0 ? code : tongban::app::kEnvironment;
}
