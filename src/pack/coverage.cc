#include "pack/coverage.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::pack {
namespace {

std::string per_cent(size_t part, size_t whole) {  // rounded down: 99.9 % is never printed as 100 %
  return whole == 0 ? "—" : std::to_string(part * 100 / whole) + "%";
}

json::array to_json(const std::vector<std::string>& list) {
  json::array array;
  for (const auto& item : list) array.emplace_back(item);
  return array;
}

}  // namespace

Coverage coverage(const Pack& pack, const std::vector<Scenario>& scenarios) {
  Coverage result;
  const std::string own = pack.document.empty() ? pack.title : pack.document;
  const auto all = citations(pack);
  for (const auto& clause : pack.clauses) {
    ClauseCoverage row{clause.id, clause.gist, {}, {}, clause.left, !clause.text.empty(), clause.source};
    for (const auto& citation : all) {
      const bool cites = citation.basis.kind == BasisKind::clause && citation.basis.document == own &&
                         citation.basis.clause == clause.id;
      if (cites && std::find(row.rules.begin(), row.rules.end(), citation.by) == row.rules.end())
        row.rules.push_back(citation.by);
    }
    for (const auto& scenario : scenarios) {
      bool shows = std::find(scenario.clauses.begin(), scenario.clauses.end(), clause.id) != scenario.clauses.end();
      for (const auto& step : scenario.steps) {
        shows = shows || std::find(step.then.basis.begin(), step.then.basis.end(), clause.id) != step.then.basis.end();
      }
      if (shows) row.scenarios.push_back(scenario.name);
    }
    result.clauses_with_rule += !row.rules.empty();
    result.clauses_with_scenario += !row.scenarios.empty();
    result.clauses_left += row.rules.empty() && row.scenarios.empty() && !row.left.empty();
    result.clauses_bare += !row.covered();
    result.clauses_without_text += !row.has_text;
    result.clauses.push_back(std::move(row));
  }
  for (const auto& id : pack.requirements) {
    RequirementCoverage row{id, {}, ""};
    for (const auto& scenario : scenarios) {
      if (std::find(scenario.shows.begin(), scenario.shows.end(), id) != scenario.shows.end())
        row.scenarios.push_back(scenario.name);
    }
    result.requirements_shown += !row.scenarios.empty();
    result.requirements_bare += !row.covered();
    result.requirements.push_back(std::move(row));
  }
  for (const auto& [id, reason] : pack.not_here) {
    result.requirements.push_back({id, {}, reason});
    ++result.requirements_not_here;
  }
  return result;
}

std::string to_text(const Pack& pack, const Coverage& c) {
  const size_t clauses = c.clauses.size();
  const size_t requirements = c.requirements.size();
  std::string out = pack.title + "（" + pack.key() + "）\n";
  out += "条款 " + std::to_string(clauses) + "：有规则 " + std::to_string(c.clauses_with_rule) + "（" +
         per_cent(c.clauses_with_rule, clauses) + "），有情景 " + std::to_string(c.clauses_with_scenario) + "（" +
         per_cent(c.clauses_with_scenario, clauses) + "），写明不由软件执行 " + std::to_string(c.clauses_left) +
         "，空白 " + std::to_string(c.clauses_bare) + "，没有原文 " + std::to_string(c.clauses_without_text) + "\n";
  out += "需求 " + std::to_string(requirements) + "：有情景 " + std::to_string(c.requirements_shown) +
         "，写明不在本包 " + std::to_string(c.requirements_not_here) + "，空白 " + std::to_string(c.requirements_bare) +
         "\n";
  for (const auto& row : c.clauses) {
    if (!row.covered())
      out += "  " + row.source.file + ":" + std::to_string(row.source.line) + ": " + row.clause +
             " 没有规则、情景，也没有写明理由。" + row.gist + "\n";
  }
  for (const auto& row : c.clauses) {
    if (row.covered() && row.left.empty() && row.scenarios.empty())
      out += "  " + row.clause + " 有规则，还没有情景（" + row.rules.front() + "）。\n";
  }
  for (const auto& row : c.clauses) {
    if (!row.has_text) out += "  " + row.clause + " 没有原文（text）：页面只能显示摘要。\n";
  }
  for (const auto& row : c.requirements) {
    if (!row.covered()) out += "  " + row.id + " 还没有情景。\n";
  }
  return out;
}

json::object to_json(const Coverage& c) {
  json::object object;
  json::array clauses, requirements;
  for (const auto& row : c.clauses) {
    clauses.push_back(json::object{{"clause", row.clause},
                                   {"gist", row.gist},
                                   {"rules", to_json(row.rules)},
                                   {"scenarios", to_json(row.scenarios)},
                                   {"left", row.left},
                                   {"has_text", row.has_text},
                                   {"covered", row.covered()}});
  }
  for (const auto& row : c.requirements) {
    requirements.push_back(json::object{
        {"id", row.id}, {"scenarios", to_json(row.scenarios)}, {"reason", row.reason}, {"covered", row.covered()}});
  }
  object["clauses"] = std::move(clauses);
  object["requirements"] = std::move(requirements);
  return object;
}

}  // namespace tongban::pack
