// `tongban user`: accounts of staff and tokens of programs.
#include <charconv>

#include "app/arguments.h"
#include "app/commands.h"

namespace tongban::app {
namespace {

std::optional<facility::Account> find_account(const Site& site, const std::string& name) {
  for (facility::Account& account : site.accounts->list()) {
    if (account.name == name) return account;
  }
  return std::nullopt;
}

int print_link(Site& site, const Settings& settings, facility::Account account, Shell& shell) {
  const std::string name = account.name;
  const Result<std::string> link = site.accounts->make_link(std::move(account), site.now());
  if (!link.ok()) return complain(shell, link.error());
  shell.out << "Give this link to " << name << "; it sets the password, once, within a day:\n  "
            << link_address(settings, *link) << "\n(code: " << *link << ")\n";
  return kOk;
}

int list_users(const Site& site, Shell& shell) {
  const auto registers = site.engine->registers();
  const Date today = local_date(site.now());
  for (const facility::Account& account : site.accounts->list()) {
    shell.out << account.name << "\t" << (account.administrator ? "administrator" : "staff") << "\t"
              << (account.person.empty() ? "-"
                                         : account.person + " " + registers->name_of("people", account.person, today))
              << "\n";
  }
  return kOk;
}

int add_user(Site& site, const Settings& settings, const Arguments& arguments, Shell& shell) {
  facility::Account account{.name = arguments.get("name"),
                            .person = arguments.get("--person"),
                            .administrator = arguments.has("--administrator")};
  if (find_account(site, account.name)) {
    shell.err << "tongban: there is an account \"" << account.name
              << "\" already. A new link for it: tongban user reset " << account.name << "\n";
    return kRefused;
  }
  if (!account.person.empty() && !site.engine->registers()->find("people", account.person)) {
    shell.err << "tongban: the register people has no entry \"" << account.person << "\".\n";
    return kRefused;
  }
  if (account.person.empty() && !account.administrator) {
    shell.err << "tongban: an account is for a person (--person ID of the register people), or for an administrator "
                 "(--administrator), or both.\n";
    return kWrongUsage;
  }
  return print_link(site, settings, std::move(account), shell);
}

}  // namespace

int run_user(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  const std::vector<Option> options = {{"what", "add | list | reset | remove | token", true},
                                       {"name", "the account"},
                                       {"--person", "add: its id in the register people"},
                                       {"--administrator", "add: may manage accounts and registers", false, true},
                                       {"--label", "token: what it is for"},
                                       {"--days", "token: for how long (90)"}};
  if (const auto code = arguments.parse("user", "Accounts and tokens", options, words, shell)) return *code;
  const std::string what = arguments.get("what"), name = arguments.get("name");
  if (what != "list" && what != "add" && what != "reset" && what != "remove" && what != "token") {
    shell.err << "tongban: `tongban user` knows add, list, reset, remove and token, not \"" << what << "\".\n";
    return kWrongUsage;
  }
  if (what != "list" && name.empty()) {
    shell.err << "tongban: `tongban user " << what << "` needs the name of an account.\n";
    return kWrongUsage;
  }
  const Result<Site*> opened = sites.open(shell);
  if (!opened.ok()) return complain(shell, opened.error());
  Site& site = **opened;
  if (what == "list") return list_users(site, shell);
  if (what == "add") return add_user(site, sites.settings(), arguments, shell);
  const auto account = find_account(site, name);
  if (!account) {
    shell.err << "tongban: there is no account \"" << name << "\". See `tongban user list`.\n";
    return kRefused;
  }
  if (what == "reset") return print_link(site, sites.settings(), *account, shell);
  if (what == "remove") {
    if (const Result<void> removed = site.accounts->remove(name); !removed.ok())
      return complain(shell, removed.error());
    shell.out << "The account " << name << " is gone, and its sessions and tokens with it.\n";
    return kOk;
  }
  const std::string text = arguments.get("--days", "90");
  int64_t days = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (fault != std::errc() || end != text.data() + text.size() || days < 1 || days > 3650) {
    shell.err << "tongban: --days takes a number from 1 to 3650.\n";
    return kWrongUsage;
  }
  const Result<std::string> token =
      site.accounts->make_token(name, arguments.get("--label", "command line"), days, site.now());
  if (!token.ok()) return complain(shell, token.error());
  shell.out << *token << "\n";
  return kOk;
}

}  // namespace tongban::app
