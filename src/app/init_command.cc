// `tongban init`: an empty data folder, with a link for the first administrator.
#include "app/arguments.h"
#include "app/commands.h"

namespace tongban::app {

int run_init(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  const std::vector<Option> options = {{"--administrator", "name of the first account (admin)"}};
  if (const auto code =
          arguments.parse("init", "Make the data folder: stores, keys, registers of the packs", options, words, shell))
    return *code;
  const std::string folder = sites.settings().text("data");
  const Result<Site*> site = sites.open(shell, {.create = true});
  if (!site.ok()) return complain(shell, site.error());
  if ((*site)->accounts->count() > 0) {
    shell.err << "tongban: " << folder << " already holds data. Start the server with `tongban serve --data " << folder
              << "`, or name another folder.\n";
    return kEnvironment;
  }
  const std::string name = arguments.get("--administrator", "admin");
  const Result<std::string> link = (*site)->accounts->make_link({.name = name, .administrator = true}, (*site)->now());
  if (!link.ok()) return complain(shell, link.error());
  shell.out << "The data folder is " << folder << ".\n"
            << "Set the password of the account \"" << name << "\" within a day; the link works once:\n  "
            << link_address(sites.settings(), *link) << "\n(code: " << *link
            << ")\nStart the server with: tongban serve --data " << folder << "\n";
  return kOk;
}

}  // namespace tongban::app
