// An opened data folder: the stores in it, the packs, the calendar, the engine and the accounts, wired together. The
// only place that names the embedded store engines. One process opens a folder at a time (its lock).
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "calendar/calendar.h"
#include "engine/engine.h"
#include "facility/accounts/accounts.h"
#include "facility/messages/deliver.h"
#include "pack/load.h"
#include "store/attachments.h"
#include "store/keys/sqlite_key_store.h"
#include "store/sqlite/sqlite_store.h"

namespace tongban::app {

struct SiteOptions {
  std::string folder;
  std::string packs;     // folder of the packs; empty: found beside the program
  bool create = false;   // make the folder and the stores; else both must be there
  bool messages = true;  // false: an import of history
  std::function<Instant()> now;
  std::function<void(Instant)> not_before;  // hears the last instant of the ledger before anything asks for `now`
  std::function<void(const std::string&)> report;  // what a person should know who waits; optional
};

struct Site {
  std::string folder, packs_folder;
  std::unique_ptr<store::SqliteStore> store;
  std::unique_ptr<store::SqliteKeyStore> keys;
  std::unique_ptr<store::Attachments> attachments;
  std::shared_ptr<const pack::Library> packs;
  std::shared_ptr<const calendar::Editions> calendar;
  // Of the demo city only; before the engine, which delivers through them until it ends.
  std::unique_ptr<facility::DemoSender> demo_sender;
  std::unique_ptr<facility::LetterDeliverer> deliverer;
  std::unique_ptr<engine::Engine> engine;
  std::unique_ptr<facility::Accounts> accounts;
  std::function<Instant()> now;
  bool demo = false;  // made by `tongban demo` (mark_as_demo)
  bool live = false;  // a server is running on it, in this process
  std::mutex import;  // held by the one import that may run
};

// Failures are sentences for the operator: no such folder, not initialised, held by another process, newer database,
// damaged, packs with faults.
Result<std::unique_ptr<Site>> open_site(SiteOptions options);

// From now on the data are known as the demo city's: pages say so, and short messages stay in memory.
Result<void> mark_as_demo(Site& site);

struct Policies {
  std::string folder;
  std::shared_ptr<const pack::Library> packs;
  std::shared_ptr<const calendar::Editions> calendar;
};
// Packs and calendar alone; fails with the first faults.
Result<Policies> load_policies(const std::string& packs_option);

bool is_initialised(const std::string& folder);            // a database is there
Result<void> make_data_folder(const std::string& folder);  // 0700

}  // namespace tongban::app
