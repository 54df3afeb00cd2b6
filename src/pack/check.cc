#include "pack/check.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "pack/check_parts.h"
#include "pack/files.h"
#include "pack/yaml.h"

namespace tongban::pack {
namespace {

// Clauses lie one character apart, so the nearest word says nothing; a clause that begins the other may be meant.
std::string clause_hint(const std::string& clause, const std::vector<std::string>& known) {
  std::vector<std::string> related;
  for (const auto& other : known) {
    if (other.starts_with(clause) || clause.starts_with(other)) related.push_back("`" + other + "`");
  }
  return related.empty() || related.size() > 5 ? "" : " There is " + join(related, ", ") + ".";
}

// Two or three capital letters, a dash, digits: HL-36.
bool is_requirement_id(std::string_view id) {
  const size_t dash = id.find('-');
  if (dash == std::string_view::npos || dash < 2 || dash > 3 || id.size() < dash + 3 || id.size() > dash + 4)
    return false;
  const auto all = [](std::string_view part, char low, char high) {
    return std::all_of(part.begin(), part.end(), [&](char c) { return c >= low && c <= high; });
  };
  return all(id.substr(0, dash), 'A', 'Z') && all(id.substr(dash + 1), '0', '9');
}

// ---- clauses, requirements, what is used by nothing -----------------------------------------------------------------

void check_clauses(const Pack& pack, const std::vector<Scenario>& scenarios, std::vector<Fault>& faults) {
  const std::string own = pack.document.empty() ? pack.title : pack.document;
  const auto known = ids_of(pack.clauses);
  std::set<std::string> cited;
  for (const auto& citation : citations(pack)) {
    if (citation.basis.kind == BasisKind::parameter) {
      if (!pack.find_parameter(citation.basis.clause)) {
        add_fault(faults, citation.source, "unknown-name",
                  citation.by + ": there is no parameter `" + citation.basis.clause + "`." +
                      did_you_mean(citation.basis.clause, ids_of(pack.parameters)));
      }
      continue;
    }
    if (citation.basis.kind != BasisKind::clause || citation.basis.document != own || citation.basis.clause.empty())
      continue;
    cited.insert(citation.basis.clause);
    if (!contains(known, citation.basis.clause)) {
      add_fault(faults, citation.source, "unknown-clause",
                citation.by + " cites `" + citation.basis.clause + "`, which is not in clauses.yaml." +
                    clause_hint(citation.basis.clause, known));
    }
  }
  for (const auto& scenario : scenarios) {
    for (const auto& clause : scenario.clauses) {
      const bool elsewhere =
          clause == "系统" || std::any_of(pack.sources.begin(), pack.sources.end(),
                                          [&](const auto& s) { return clause.starts_with(s.first); });
      if (elsewhere) continue;
      cited.insert(clause);
      if (!contains(known, clause)) {
        add_fault(faults, scenario.source, "unknown-clause",
                  "scenario `" + scenario.name + "` cites `" + clause + "`, which is not in clauses.yaml." +
                      clause_hint(clause, known));
      }
    }
  }
  for (const auto& clause : pack.clauses) {
    if (clause.left.empty() && !cited.contains(clause.id)) {
      add_fault(faults, clause.source, "clause-unbound",
                "The clause `" + clause.id +
                    "` is bound to nothing: no rule, row, letter or scenario cites it. Bind it, or say why software "
                    "does not enforce it: `left: …`.");
    }
  }
}

void check_requirements(const Pack& pack, const std::vector<Scenario>& scenarios, std::vector<Fault>& faults) {
  const Source source{file_name(pack.directory) + "/pack.yaml", 1};
  std::set<std::string> seen;
  const auto check_id = [&](const std::string& id) {
    if (!is_requirement_id(id))
      add_fault(faults, source, "requirement", "`" + id + "` is no requirement id (such as HL-36).");
    if (!seen.insert(id).second)
      add_fault(faults, source, "duplicate",
                "The requirement `" + id + "` stands twice in `requirements` and `not_here`.");
  };
  for (const auto& id : pack.requirements) check_id(id);
  for (const auto& [id, reason] : pack.not_here) check_id(id);
  for (const auto& scenario : scenarios) {
    for (const auto& id : scenario.shows) {
      if (!is_requirement_id(id))
        add_fault(faults, scenario.source, "requirement",
                  "scenario `" + scenario.name + "` shows `" + id + "`, which is no requirement id (such as HL-36).");
      else if (!contains(pack.requirements, id))
        add_fault(
            faults, scenario.source, "requirement",
            "scenario `" + scenario.name + "` shows `" + id + "`, which pack.yaml does not list under `requirements`.");
    }
  }
}

void check_used(const Pack& pack, std::vector<Fault>& faults) {
  std::set<std::string> letters, conditions;
  for (const auto& type : pack.cases) {
    for (const auto* action : all_acts(type)) {
      conditions.insert(action->require.begin(), action->require.end());
      for (const auto& outcome : action->outcomes) {
        for (const auto& [letter, role] : outcome.send) letters.insert(letter);
      }
    }
    for (const auto& group : type.groups) conditions.insert(group.hide_if);
  }
  for (const auto& letter : pack.letters) {
    if (!letters.contains(letter.id))
      add_fault(faults, letter.source, "unused", "letter " + letter.id + ": no action sends it.");
  }
  for (const auto& condition : pack.conditions) {
    if (!conditions.contains(condition.id))
      add_fault(faults, condition.source, "unused", "condition " + condition.id + ": no action requires it.");
  }
}

void check_registers(const Pack& pack, const Library& others, std::vector<Fault>& faults) {
  for (const auto& reg : pack.registers) {
    for (const auto& field : reg.fields) {
      if (field.kind != FieldKind::entry) continue;
      const RegisterType* target = others.find_register(pack, field.reg);
      if (!target) {
        add_fault(faults, field.source, "unknown-name",
                  "register " + reg.id + ", field " + field.id + ": there is no register `" + field.reg + "`.");
        continue;
      }
      std::set<std::string> ids;
      for (const auto& row : target->rows) ids.insert(row.id);
      if (ids.empty()) continue;
      for (const auto& row : reg.rows) {
        for (const auto& [name, value] : row.values) {
          if (name != field.id) continue;
          std::vector<std::string> named;
          if (value.kind() == feel::Value::Kind::text) named.push_back(value.as_text());
          if (value.kind() == feel::Value::Kind::list) {
            for (const auto& item : value.as_list()) named.push_back(item.to_plain_text());
          }
          for (const auto& id : named) {
            if (!ids.contains(id))
              add_fault(faults, row.source, "unknown-name",
                        "register " + reg.id + ", row " + row.id + ": `" + id + "` in " + name + " is no entry of `" +
                            field.reg + "`.");
          }
        }
      }
    }
  }
}

}  // namespace

std::vector<Citation> citations(const Pack& pack) {
  std::vector<Citation> all;
  const auto add = [&](const Basis& basis, const Source& source, std::string by) {
    all.push_back({basis, source, std::move(by)});
  };
  for (const auto& type : pack.cases) {
    add(type.basis, type.source, "case " + type.id);
    for (const auto& field : type.fields) add(field.basis, field.source, "field " + field.id);
    for (const auto& clock : type.clocks) add(clock.basis, clock.source, "clock " + clock.id);
    for (const auto* action : all_acts(type)) {
      add(action->basis, action->source, "action " + action->id);
      for (const auto& field : action->form) {
        if (!field.is_case_field && !field.basis.clause.empty())
          add(field.basis, field.source, "form entry " + field.id);
      }
      for (const auto& outcome : action->outcomes)
        add(outcome.basis, outcome.source, "action " + action->id + ", outcome " + outcome.id);
    }
    for (const auto& reaction : type.reactions) add(reaction.basis, reaction.source, "reaction " + reaction.id);
  }
  for (const auto& decision : pack.decisions) {
    for (size_t i = 0; i < decision.row_bases.size(); ++i) {
      const int line = i < decision.table.rules.size() ? decision.table.rules[i].line : decision.source.line;
      add(decision.row_bases[i], {decision.source.file, line},
          "table " + decision.id + ", row " + std::to_string(i + 1));
    }
  }
  for (const auto& condition : pack.conditions) add(condition.basis, condition.source, "condition " + condition.id);
  for (const auto& parameter : pack.parameters) add(parameter.basis, parameter.source, "parameter " + parameter.id);
  for (const auto& letter : pack.letters) add(letter.basis, letter.source, "letter " + letter.id);
  for (const auto& reg : pack.registers) add(reg.basis, reg.source, "register " + reg.id);
  return all;
}

std::vector<Fault> check_pack(const Pack& pack, const Library& others, const std::vector<Scenario>& scenarios) {
  std::vector<Fault> faults;
  for (const auto& type : pack.cases) check_case(pack, others, type, faults);
  check_tables(pack, faults);
  check_reaction_circles(pack, faults);
  check_clauses(pack, scenarios, faults);
  check_requirements(pack, scenarios, faults);
  check_used(pack, faults);
  check_registers(pack, others, faults);
  check_portal(pack, faults);
  check_hints(pack, others, faults);
  check_scenarios(pack, scenarios, faults);
  sort_faults(faults);
  return faults;
}

Library load_foundations(const std::string& directory) {
  Library library;
  std::string own = directory;
  while (own.ends_with('/')) own.pop_back();
  const std::string beside = parent_path(own).empty() ? "." : parent_path(own);
  // Folder by pack id, and what each builds on; only the closure is loaded.
  std::map<std::string, std::pair<std::string, std::vector<std::string>>> packs;
  const auto read = [&](const std::string& folder) -> std::pair<std::string, std::vector<std::string>> {
    const auto text = read_file(join_path(folder, "pack.yaml"));
    if (!text.ok()) return {};
    std::vector<Fault> ignored;  // load_pack of that pack reports them
    const auto root = parse_yaml("pack.yaml", *text, ignored);
    if (!root) return {};
    std::pair<std::string, std::vector<std::string>> result;
    if (const Node* id = root->find("pack"))
      result.first = id->text;
    else if (const Node* other = root->find("id"))
      result.first = other->text;
    if (const Node* builds_on = root->find("builds_on")) {
      if (builds_on->is_scalar()) result.second.push_back(builds_on->text);
      for (const auto& item : builds_on->items) result.second.push_back(item.text);
    }
    return result;
  };
  for (const auto& name : list_folders(beside)) {
    const std::string folder = join_path(beside, name);
    auto [id, builds_on] = read(folder);
    if (!id.empty()) packs[id] = {folder, std::move(builds_on)};
  }
  // Depth first with an explicit stack; a pack is loaded when everything below it is. A circle is cut.
  std::set<std::string> entered{read(own).first}, loaded;
  std::vector<std::pair<std::string, bool>> stack;
  const auto first = read(own).second;
  for (auto it = first.rbegin(); it != first.rend(); ++it) stack.emplace_back(*it, false);
  while (!stack.empty()) {
    auto [id, children_done] = stack.back();
    stack.pop_back();
    const auto found = packs.find(id);
    if (found == packs.end() || loaded.contains(id)) continue;
    if (children_done) {
      loaded.insert(id);
      if (auto pack = load_pack(found->second.first, library).pack) library.packs.push_back(std::move(pack));
      continue;
    }
    if (!entered.insert(id).second) continue;
    stack.emplace_back(id, true);
    for (const auto& child : found->second.second) stack.emplace_back(child, false);
  }
  return library;
}

Checked check(const std::string& directory) { return check(directory, load_foundations(directory)); }

Checked check(const std::string& directory, const Library& others) {
  Checked checked;
  Loaded loaded = load_pack(directory, others);
  checked.pack = loaded.pack;
  checked.faults = std::move(loaded.faults);
  if (checked.pack) {
    checked.scenarios = load_scenarios(directory, checked.faults);
    auto more = check_pack(*checked.pack, others, checked.scenarios);
    checked.faults.insert(checked.faults.end(), more.begin(), more.end());
  }
  sort_faults(checked.faults);
  return checked;
}

}  // namespace tongban::pack
