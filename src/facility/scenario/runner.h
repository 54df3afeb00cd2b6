// Plays the scenarios of a pack (pack/scenario.h) on an engine with a store in memory and a virtual clock, and says
// what came out otherwise than written. Nothing is shared between two plays: each has its own world. Any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "calendar/calendar.h"
#include "pack/load.h"
#include "pack/scenario.h"

namespace tongban::facility {

struct Difference {
  pack::Source source;  // of the step, view or example
  std::string what;     // "due handling"
  std::string expected, found;
};

struct ScenarioResult {
  std::string name;
  pack::Source source;
  std::vector<std::string> shows;  // requirement ids that it shows, when it holds
  std::vector<Difference> differences;
  size_t steps = 0;                // played, without those of `given`
  std::vector<std::string> story;  // one line a step, when asked for
  bool ok() const { return differences.empty(); }
};

class ScenarioRunner {
 public:
  // `pack` and everything it builds on stand in `packs`.
  ScenarioRunner(std::shared_ptr<const pack::Library> packs, std::shared_ptr<const pack::Pack> pack,
                 std::shared_ptr<const calendar::Editions> calendar);

  // `all` holds what `given` names. A scenario whose given steps do not go through differs at its own head.
  ScenarioResult run(const pack::Scenario& scenario, const std::vector<pack::Scenario>& all, bool story = false) const;

 private:
  std::shared_ptr<const pack::Library> packs_;
  std::shared_ptr<const pack::Pack> pack_;
  std::shared_ptr<const calendar::Editions> calendar_;
};

std::string to_text(const Difference& difference);  // file:line: what: expected …, found …

}  // namespace tongban::facility
