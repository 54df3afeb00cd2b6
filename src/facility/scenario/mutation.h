// Small changes of a pack's files, one at a time: another limit, a dropped row, a negated guard, a removed role, clock
// effect or letter, another state, a form entry that may instead of must be filled in… A scenario suite that notices
// none of them says nothing about that rule. The changes are made in the text of the files, so that what is tested is
// what a clerk could have typed. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tongban::facility {

struct Mutation {
  std::string file;  // name within the pack
  int line = 0;
  std::string what;  // "action dispatch: clock handling: start removed"
  std::string text;  // the changed line or lines; empty and `drop`: the line goes
  bool drop = false;
  int lines = 1;  // as many lines are replaced by `text`
};

// By the file's name: *.case.yaml, *.table.md, *.register.yaml, conditions.md, parameters.yaml; others have none.
std::vector<Mutation> mutations_of(const std::string& file, std::string_view text);
std::string mutated(const Mutation& mutation, std::string_view text);

}  // namespace tongban::facility
