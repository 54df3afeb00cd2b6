// `tongban erase`: deletes the key of a person, so that her data are unreadable in every case, backup copies of the
// ledger included.
#include "app/arguments.h"
#include "app/commands.h"

namespace tongban::app {
namespace {

// A case of the person; nothing when there is none.
Result<std::optional<store::CaseRow>> case_of_person(const Site& site, const Id& person) {
  store::CaseQuery query;
  query.person = person;
  query.limit = 1;
  query.sort = store::Sort::opened;
  const store::CasePage page = TRY(site.store->list_cases(query));
  if (page.rows.empty()) return std::optional<store::CaseRow>();
  return std::optional(page.rows.front());
}

}  // namespace

int run_erase(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  const std::vector<Option> options = {{"--case", "number of a case of that person"}, {"--person", "id of the person"}};
  if (const auto code =
          arguments.parse("erase", "Make a person's data unreadable for ever, in all her cases", options, words, shell))
    return *code;
  if (arguments.has("--case") == arguments.has("--person")) {
    shell.err << "tongban: say whom: --case NUMBER or --person ID.\n";
    return kWrongUsage;
  }
  const Result<Site*> opened = sites.open(shell);
  if (!opened.ok()) return complain(shell, opened.error());
  Site& site = **opened;
  Result<std::optional<store::CaseRow>> row = std::optional<store::CaseRow>();
  if (arguments.has("--case")) {
    row = site.store->find_case_by_number(arguments.get("--case"));
  } else {
    const std::optional<Id> person = parse_id(arguments.get("--person"));
    if (!person) {
      shell.err << "tongban: \"" << arguments.get("--person") << "\" is not an id.\n";
      return kWrongUsage;
    }
    row = case_of_person(site, *person);
  }
  if (!row.ok()) return complain(shell, row.error());
  if (!*row) {
    shell.err << "tongban: there is no such case.\n";
    return kRefused;
  }
  engine::Request request;
  request.actor.kind = kernel::Actor::Kind::system;
  request.case_id = (*row)->case_id;
  request.what = engine::Request::Erase{};
  const engine::Reply reply = site.engine->ask(std::move(request));
  if (const Error* error = std::get_if<Error>(&reply.result)) return complain(shell, *error);
  if (const auto* why = std::get_if<kernel::Rejection>(&reply.result)) {
    shell.err << "tongban: " << why->sentence << why->instead << "\n";
    return kRefused;
  }
  // The key goes with a follow-up of the commit; without a thread it is done here.
  if (!sites.is_live()) {
    if (const auto pumped = site.engine->pump(); !pumped.ok()) return complain(shell, pumped.error());
  }
  shell.out << "The person of case " << (*row)->number
            << " is erased. Backups made before keep her key: delete their keys.db when their time is over.\n";
  return kOk;
}

}  // namespace tongban::app
