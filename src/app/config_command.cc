// `tongban config`, `version`, `openapi`.
#include "app/arguments.h"
#include "app/clock.h"
#include "app/commands.h"
#include "http/api/api.h"
#include "store/keys/memory_key_store.h"
#include "store/memory/memory_store.h"

namespace tongban::app {

int run_config(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  if (const auto code = arguments.parse("config", "The settings: value, where it comes from, meaning",
                                        {{"--check", "only say whether they are right", false, true}}, words, shell))
    return *code;
  const Settings& settings = sites.settings();
  if (arguments.has("--check")) {  // what is wrong was said before this command began
    shell.out << "The settings are right"
              << (settings.file().empty() ? "; there is no settings file." : "; read from " + settings.file() + ".")
              << "\n";
    return kOk;
  }
  for (const SettingInfo& info : all_settings()) {
    shell.out << "# " << info.meaning << " (" << flag_of(info.name) << ", " << variable_of(info.name) << "; from "
              << settings.source(info.name) << ")\n"
              << info.name << " = " << settings.text(info.name) << "\n";
  }
  return kOk;
}

int run_version(const Words&, Sites&, Shell& shell) {
  shell.out << "tongban " << TONGBAN_VERSION << ", store " << store::kSchemaVersion << "\n";
  return kOk;
}

int run_openapi(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  if (const auto code = arguments.parse("openapi", "Print the description of the API (OpenAPI 3.1)", {}, words, shell))
    return *code;
  const Result<Policies> policies = load_policies(sites.settings().text("packs"));
  if (!policies.ok()) return complain(shell, policies.error());
  // The description comes from the tables that route, so it needs an API, over a store that keeps nothing.
  store::MemoryStore store;
  store::MemoryKeyStore keys;
  engine::Config config;
  config.store = &store;
  config.keys = &keys;
  config.packs = policies->packs;
  config.calendar = policies->calendar;
  config.now = system_now;
  const auto engine = engine::Engine::start(std::move(config));
  if (!engine.ok()) return complain(shell, engine.error());
  const auto accounts = facility::Accounts::load(store, [](auto, auto) { return Result<void>(); });
  if (!accounts.ok()) return complain(shell, accounts.error());
  http::WorkerPool workers(1, 16);
  const http::Api api(
      {.engine = engine->get(), .store = &store, .keys = &keys, .accounts = accounts->get(), .workers = &workers},
      {.version = TONGBAN_VERSION});
  shell.out << to_pretty_json_text(api.openapi()) << "\n";
  return kOk;
}

}  // namespace tongban::app
