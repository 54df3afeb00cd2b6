// `tongban demo`: a demo city in a new data folder, with requests that have lived, accounts with random passwords, one
// request told as a story, and the server.
#include <filesystem>

#include "app/arguments.h"
#include "app/clock.h"
#include "app/commands.h"
#include "base/text.h"
#include "facility/demo/demo.h"
#include "kernel/explain.h"
#include "pack/files.h"

namespace tongban::app {
namespace {

struct DemoAccount {
  std::string name, password, duty;
};

std::string holder_of(const kernel::Registers& registers, std::string_view position, std::string_view unit, Date day,
                      std::string& title) {
  for (const kernel::Entry* entry : registers.where("positions", "unit", feel::Value::text(std::string(unit)), day)) {
    const kernel::Revision* row = entry->as_of(day);
    if (!row || row->values.get("position").to_plain_text() != position) continue;
    title = row->values.get("title").to_plain_text();
    return row->values.get("person").to_plain_text();
  }
  return {};
}

Result<std::vector<DemoAccount>> make_accounts(Site& site, const facility::Demo& demo, Instant now) {
  std::vector<DemoAccount> made;
  const auto registers = site.engine->registers();
  const Date today = local_date(now);
  const auto add = [&](facility::Account account, const std::string& duty) -> Result<void> {
    const std::string password = random_code(12);
    made.push_back({account.name, password, duty});
    return site.accounts->put_with_password(std::move(account), password);
  };
  TRY(add({.name = "admin", .administrator = true}, "系统管理员"));
  for (const auto& [position, unit] : demo.accounts) {
    std::string title;
    const std::string person = holder_of(*registers, position, unit, today, title);
    if (person.empty()) continue;
    const std::string name = person.starts_with("p-") ? person.substr(2) : person;
    TRY(add({.name = name, .person = person},
            registers->name_of("people", person, today) + "，" + registers->name_of("units", unit, today) + title));
  }
  return made;
}

// The pack with a demo folder: the first one found.
std::string demo_directory(const pack::Library& packs) {
  for (const auto& pack : packs.packs) {
    const std::string directory = pack::join_path(pack->directory, "demo");
    if (!pack::list_files(directory).empty()) return directory;
  }
  return {};
}

Result<facility::Demo> find_demo(const pack::Library& packs) {
  const std::string directory = demo_directory(packs);
  if (directory.empty()) return fail(Trouble::not_found, "No pack has a demo folder.");
  std::vector<pack::Fault> faults;
  auto demo = facility::read_demo(directory, faults);
  if (demo && faults.empty()) return std::move(*demo);
  std::string message = "The demo in " + directory + " cannot be read:";
  for (const pack::Fault& fault : faults) message += "\n  " + pack::to_text(fault);
  return fail(Trouble::invalid_input, message);
}

struct Made {
  facility::DemoResult played;
  std::string story;
  std::vector<DemoAccount> accounts;
};

// Plays the demo in `folder` and closes it again.
Result<Made> make_city(const std::string& folder, const std::string& packs, const facility::Demo& demo,
                       const calendar::Editions& calendar, Instant now, Shell& shell) {
  SiteOptions options;
  options.folder = folder;
  options.packs = packs;
  options.create = true;
  options.now = [before = facility::first_filing(demo, calendar.latest(), now).plus_ms(-kDayMs)] { return before; };
  const std::unique_ptr<Site> site = TRY(open_site(std::move(options)));
  Made made;
  made.played = TRY(facility::play_demo(*site->engine, demo, now, [&shell](size_t done, size_t all) {
    if (shell.terminal && (done % 10 == 0 || done == all)) {
      shell.err << "\rPlaying the demo city: " << done << " of " << all << " acts" << (done == all ? "\n" : "");
    }
  }));
  if (made.played.story) {
    const auto state = site->engine->load(*made.played.story);
    const auto events = TRY(site->engine->load_events(*made.played.story));
    if (const pack::Pack* pack = state ? site->engine->pack_of(*state) : nullptr) {
      made.story = kernel::tell(events, *pack, *site->engine->registers());
    }
  }
  made.accounts = TRY(make_accounts(*site, demo, now));
  TRY(mark_as_demo(*site));
  return made;
}

// The city is made beside the data folder and moved there when it is whole, so that an interrupted demo leaves no half
// city that a later start would take for data.
Result<Made> make_city_at(const Settings& settings, const facility::Demo& demo, const calendar::Editions& calendar,
                          Instant now, Shell& shell) {
  const std::string folder = settings.text("data"), making = folder + ".making";
  std::error_code error;
  const bool has_files = std::filesystem::exists(folder, error) && !std::filesystem::is_empty(folder, error);
  if (has_files) return make_city(folder, settings.text("packs"), demo, calendar, now, shell);  // a settings file
  std::filesystem::remove_all(making, error);
  Made made = TRY(make_city(making, settings.text("packs"), demo, calendar, now, shell));
  std::filesystem::rename(making, folder, error);
  if (error)
    return fail(Trouble::io,
                "The demo city in " + making + " cannot be moved to " + folder + ": " + error.message() + ".");
  return made;
}

}  // namespace

int run_demo(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  const std::vector<Option> options = {{"--no-serve", "make the demo city and end", false, true}};
  if (const auto code =
          arguments.parse("demo", "Make a demo city in a new data folder and run the server", options, words, shell))
    return *code;
  const Settings& settings = sites.settings();
  const std::string folder = settings.text("data");
  if (is_initialised(folder)) {
    shell.err << "tongban: " << folder << " already holds data. Start the server with `tongban serve --data " << folder
              << "`, or name another folder.\n";
    return kEnvironment;
  }
  const Instant start = system_now();
  const Result<Policies> policies = load_policies(settings.text("packs"));
  if (!policies.ok()) return complain(shell, policies.error());
  const Result<facility::Demo> demo = find_demo(*policies->packs);
  if (!demo.ok()) return complain(shell, demo.error());
  const Result<Made> made = make_city_at(settings, *demo, *policies->calendar, start, shell);
  if (!made.ok()) return complain(shell, made.error());
  for (const std::string& sentence : made->played.refused) shell.err << "not played: " << sentence << "\n";
  shell.out << "\n一件诉求的经过\n\n"
            << made->story << "\n演示数据：" << made->played.opened << " 件诉求，" << made->played.acts << " 次办理（"
            << system_now().ms - start.ms << " 毫秒）。\n演示账号（口令只显示这一次）：\n";
  for (const DemoAccount& account : made->accounts) {
    shell.out << "  " << account.name << "\t" << account.password << "\t" << account.duty << "\n";
  }
  shell.out.flush();
  if (!made->played.refused.empty()) return kRefused;
  if (arguments.has("--no-serve")) return kOk;
  const Result<Site*> site = sites.open(shell);
  return site.ok() ? serve_site(**site, settings, shell) : complain(shell, site.error());
}

}  // namespace tongban::app
