// Clause coverage: which clauses of a document have a rule, which a scenario, which a stated reason why software does
// not enforce them, and which nothing; and the same for the requirement ids that the pack lists.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "pack/check.h"
#include "pack/model.h"
#include "pack/scenario.h"

namespace tongban::pack {

struct ClauseCoverage {
  std::string clause, gist;
  std::vector<std::string> rules;      // "action dispatch", "table routing, row 2"
  std::vector<std::string> scenarios;  // names
  std::string left;                    // the stated reason
  bool has_text = false;               // the pack carries the article
  Source source;
  bool covered() const { return !rules.empty() || !scenarios.empty() || !left.empty(); }
};
struct RequirementCoverage {
  std::string id;
  std::vector<std::string> scenarios;
  std::string reason;  // from not_here
  bool covered() const { return !scenarios.empty() || !reason.empty(); }
};
struct Coverage {
  std::vector<ClauseCoverage> clauses;  // in the order of clauses.yaml
  std::vector<RequirementCoverage> requirements;
  size_t clauses_with_rule = 0, clauses_with_scenario = 0, clauses_left = 0, clauses_bare = 0, clauses_without_text = 0;
  size_t requirements_shown = 0, requirements_not_here = 0, requirements_bare = 0;
};

Coverage coverage(const Pack& pack, const std::vector<Scenario>& scenarios);
// For people, in Chinese: totals first, then every clause and requirement without anything.
std::string to_text(const Pack& pack, const Coverage& coverage);
json::object to_json(const Coverage& coverage);

}  // namespace tongban::pack
