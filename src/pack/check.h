// The checker of packs: what a compiler is for code. It reports every fault at once, sorted by file and line, before a
// pack is ever run: names that do not exist, types, states that nobody can leave, clocks that nobody owns or ends,
// tables with gaps and overlaps, clauses without a rule, and what the formats know but this version does not build.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pack/fault.h"
#include "pack/load.h"
#include "pack/model.h"
#include "pack/scenario.h"

namespace tongban::pack {

struct Checked {
  std::shared_ptr<const Pack> pack;  // as far as it could be read; null when pack.yaml cannot be
  std::vector<Scenario> scenarios;
  std::vector<Fault> faults;  // of loading and checking, sorted; files are "<folder>/<file>"
  bool ok() const { return pack && faults.empty(); }
};

// Checks one pack; what it builds on is looked for in the folders beside it (their faults are not reported here).
Checked check(const std::string& directory);
// The same against packs that are loaded already.
Checked check(const std::string& directory, const Library& others);

// What stands in `undoes`, if anything, of one action.
void check_undo(const CaseType& type, const Action& action, std::vector<Fault>& faults);

// Only what can be said about a loaded pack; `scenarios` count as citations of clauses.
void check_portal(const Pack& pack, std::vector<Fault>& faults);  // a part of check_pack (read_portal.cc)
void check_hints(const Pack& pack, const Library& others, std::vector<Fault>& faults);  // another (read_pages.cc)
std::vector<Fault> check_pack(const Pack& pack, const Library& others, const std::vector<Scenario>& scenarios);

// The packs that the one in `directory` builds on, from the folders beside it, in dependency order.
Library load_foundations(const std::string& directory);

// Every basis in the pack and where it stands: used by the checker, the coverage and the printed manual.
struct Citation {
  Basis basis;
  Source source;
  std::string by;  // "action dispatch", "table handling_limit, row 2"
};
std::vector<Citation> citations(const Pack& pack);

}  // namespace tongban::pack
