#include "app/commands.h"

#include "app/clock.h"

namespace tongban::app {
namespace {

struct Command {
  std::string_view name;
  int (*run)(const Words&, Sites&, Shell&);
  bool through_server;
};
constexpr Command kCommands[] = {
    {"serve", run_serve, false},   {"init", run_init, false},       {"demo", run_demo, false},
    {"doctor", run_doctor, false}, {"import", run_import, true},    {"export", run_export, true},
    {"backup", run_backup, true},  {"restore", run_restore, false}, {"rebuild", run_rebuild, true},
    {"verify", run_verify, true},  {"erase", run_erase, true},      {"user", run_user, true},
    {"config", run_config, false}, {"openapi", run_openapi, false}, {"version", run_version, false},
};

}  // namespace

std::optional<int> run_command(const std::string& name, const Words& words, Sites& sites, Shell& shell) {
  for (const Command& command : kCommands) {
    if (command.name == name) return command.run(words, sites, shell);
  }
  return std::nullopt;
}

bool goes_through_server(const std::string& name) {
  for (const Command& command : kCommands) {
    if (command.name == name) return command.through_server;
  }
  return false;
}

Result<Site*> Sites::open(const Shell& shell, Need need) {
  if (live_) return live_;
  SiteOptions options;
  options.report = [&shell](const std::string& sentence) { shell.err << sentence << "\n"; };
  options.folder = settings_.text("data");
  options.packs = settings_.text("packs");
  options.create = need.create;
  options.messages = need.messages;
  const auto clock = std::make_shared<ForwardClock>();
  options.now = [clock] { return clock->now(); };
  options.not_before = [clock](Instant known) { clock->not_before(known); };
  own_ = TRY(open_site(std::move(options)));
  return own_.get();
}

}  // namespace tongban::app
