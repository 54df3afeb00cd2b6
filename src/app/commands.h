// The commands of the program, one function each: the words after the command's name → an exit code (shell.h). A
// command gets its stores from `Sites`: the live ones when a server carries it out, else it opens the folder itself.
#pragma once

#include <memory>

#include "app/settings.h"
#include "app/shell.h"
#include "app/site.h"

namespace tongban::app {

class Sites {
 public:
  // `live` may be null: no server, open the folder of the settings when asked.
  Sites(const Settings& settings, Site* live) : settings_(settings), live_(live) {}
  struct Need {
    bool messages = true;
    bool create = false;
  };
  Result<Site*> open(const Shell& shell, Need need);
  Result<Site*> open(const Shell& shell) { return open(shell, Need()); }
  bool is_live() const { return live_ != nullptr; }
  Site* live() const { return live_; }
  const Settings& settings() const { return settings_; }

 private:
  const Settings& settings_;
  Site* live_;
  std::unique_ptr<Site> own_;
};

int run_init(const Words& words, Sites& sites, Shell& shell);
int run_serve(const Words& words, Sites& sites, Shell& shell);
int run_demo(const Words& words, Sites& sites, Shell& shell);
int run_user(const Words& words, Sites& sites, Shell& shell);
int run_erase(const Words& words, Sites& sites, Shell& shell);
int run_verify(const Words& words, Sites& sites, Shell& shell);
int run_rebuild(const Words& words, Sites& sites, Shell& shell);
int run_backup(const Words& words, Sites& sites, Shell& shell);
int run_restore(const Words& words, Sites& sites, Shell& shell);
int run_import(const Words& words, Sites& sites, Shell& shell);
int run_export(const Words& words, Sites& sites, Shell& shell);
int run_doctor(const Words& words, Sites& sites, Shell& shell);
int run_config(const Words& words, Sites& sites, Shell& shell);
int run_openapi(const Words& words, Sites& sites, Shell& shell);
int run_version(const Words& words, Sites& sites, Shell& shell);

// Dispatches one of the commands above; nothing when there is no command of that name.
std::optional<int> run_command(const std::string& name, const Words& words, Sites& sites, Shell& shell);
// The commands that a running server carries out.
bool goes_through_server(const std::string& name);

// Serves an opened site until a signal ends it (serve, demo). Prints one line with the address.
int serve_site(Site& site, const Settings& settings, Shell& shell);

// The page on which a set-up link is opened.
std::string link_address(const Settings& settings, const std::string& secret);

}  // namespace tongban::app
