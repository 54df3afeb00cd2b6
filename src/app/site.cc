#include "app/site.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "app/paths.h"
#include "calendar/load.h"
#include "kernel/host.h"
#include "pack/fault.h"

namespace tongban::app {
namespace {

constexpr size_t kFaultsShown = 10;

// Accounts are records; they are written by the one writer there is.
facility::RecordWriter writer_through(engine::Engine& engine) {
  return [&engine](std::vector<store::Record> put,
                   std::vector<std::pair<std::string, std::string>> removed) -> Result<void> {
    engine::Request request;
    request.actor.kind = kernel::Actor::Kind::system;
    request.what = engine::Request::Keep{std::move(removed)};
    request.records = std::move(put);
    const engine::Reply reply = engine.ask(std::move(request));
    if (const Error* error = std::get_if<Error>(&reply.result)) return *error;
    if (const auto* why = std::get_if<kernel::Rejection>(&reply.result)) return fail(Trouble::conflict, why->sentence);
    return {};
  };
}

}  // namespace

Result<void> mark_as_demo(Site& site) { return writer_through(*site.engine)({{"site", "demo", "{}"}}, {}); }

bool is_initialised(const std::string& folder) {
  std::error_code error;
  return std::filesystem::exists(folder + "/tongban.db", error);
}

Result<void> make_data_folder(const std::string& folder) {
  std::error_code error;
  if (std::filesystem::is_directory(folder, error)) return {};
  const std::filesystem::path parent = std::filesystem::path(folder).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (mkdir(folder.c_str(), 0700) != 0) {
    return fail(errno == ENOSPC ? Trouble::no_space : Trouble::io,
                "The folder " + folder + " cannot be made: " + std::strerror(errno) +
                    ". Choose another place with --data, or ask for the right to write there.");
  }
  return {};
}

Result<Policies> load_policies(const std::string& packs_option) {
  Policies policies;
  policies.folder = TRY(find_packs_directory(packs_option));
  pack::LoadedLibrary loaded = pack::load_library(policies.folder, kernel::kernel_host());
  if (!loaded.ok()) {
    std::string message = "The packs in " + policies.folder + " have " + std::to_string(loaded.faults.size()) +
                          " faults and are not run:";
    for (size_t i = 0; i < loaded.faults.size() && i < kFaultsShown; ++i)
      message += "\n  " + pack::to_text(loaded.faults[i]);
    return fail(Trouble::unavailable, message + "\nCheck them with `tongban pack check`.");
  }
  policies.packs = std::make_shared<const pack::Library>(std::move(loaded.content));
  policies.calendar =
      std::make_shared<const calendar::Editions>(TRY(calendar::load_editions(policies.folder + "/china/calendar")));
  return policies;
}

Result<std::unique_ptr<Site>> open_site(SiteOptions options) {
  if (options.create) {
    TRY(make_data_folder(options.folder));
  } else if (!is_initialised(options.folder)) {
    return fail(Trouble::not_found, "There is no data in " + options.folder +
                                        " yet. Make it with `tongban init --data " + options.folder +
                                        "`, or a demo city with `tongban demo --data " + options.folder + "`.");
  }
  const auto report = [&options](const std::string& sentence) {
    if (options.report) options.report(sentence);
  };
  auto site = std::make_unique<Site>();
  site->folder = options.folder;
  site->now = options.now;
  // The lock first: loading the packs takes a moment, and a second process should hear at once that it is one.
  site->store = TRY(store::SqliteStore::open(options.folder));
  site->keys = TRY(store::SqliteKeyStore::open(options.folder));
  site->attachments = TRY(store::Attachments::open(options.folder + "/attachments"));
  const auto tell_newest = [&options, &site]() -> Result<void> {
    if (!options.not_before) return {};
    store::CaseQuery newest;
    newest.sort = store::Sort::changed;
    newest.limit = 1;
    const store::CasePage page = TRY(site->store->list_cases(newest));
    if (!page.rows.empty()) options.not_before(page.rows.front().changed_at);
    return {};
  };
  TRY(tell_newest());
  Policies policies = TRY(load_policies(options.packs));
  site->packs_folder = policies.folder;
  site->packs = policies.packs;
  site->calendar = policies.calendar;
  const bool half_rebuilt = TRY(site->store->find_record(engine::kRebuildRecord, "views")).has_value();
  if (half_rebuilt) report("A rebuild of the lists was stopped in the middle; doing it again.");
  for (const store::Record& record : TRY(site->store->list_records("site"))) site->demo |= record.key == "demo";
  if (site->demo && options.messages) {
    site->demo_sender = std::make_unique<facility::DemoSender>();
    site->deliverer = std::make_unique<facility::LetterDeliverer>(*site->demo_sender);
  }
  engine::Config config;
  config.deliverer = site->deliverer.get();
  config.store = site->store.get();
  config.keys = site->keys.get();
  config.packs = site->packs;
  config.calendar = site->calendar;
  config.now = options.now;
  config.messages = options.messages;
  site->engine = TRY(engine::Engine::start(std::move(config)));
  if (half_rebuilt) TRY(tell_newest());  // only now is every case in the lists
  if (site->deliverer) site->deliverer->set_engine(site->engine.get());
  site->accounts = TRY(facility::Accounts::load(*site->store, writer_through(*site->engine)));
  return site;
}

}  // namespace tongban::app
