// The parts of the checker, one file for each idea, and what they share. Private to check*.cc; check_pack calls them
// all.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "pack/check.h"
#include "pack/near.h"

namespace tongban::pack {

inline bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Every act of a case type, with the opening first.
inline std::vector<const Action*> all_acts(const CaseType& type) {
  std::vector<const Action*> acts{&type.open};
  for (const auto& action : type.actions) acts.push_back(&action);
  return acts;
}

// One case type: names, people, forms, acts, states, clocks, reactions (check_case.cc).
void check_case(const Pack& pack, const Library& others, const CaseType& type, std::vector<Fault>& faults);
// Acts that make each other happen without end (check_circles.cc).
void check_reaction_circles(const Pack& pack, std::vector<Fault>& faults);
// Gaps, overlaps, dead rows, unused inputs and cells that no value allows (check_tables.cc).
void check_tables(const Pack& pack, std::vector<Fault>& faults);

}  // namespace tongban::pack
