// `tongban pack test DIR…`: plays the scenarios of packs and, with --mutate, asks what the scenarios are worth.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace tongban::app {

// `args` without program name, `pack` and `test`. Exit codes: 0 all hold (with --mutate: no survivor), 1 a scenario
// differs or a mutation survives, 2 wrong use, unreadable folder or a pack with faults.
//   --only TEXT   scenarios whose name contains TEXT
//   --json        results as JSON
//   --story       each step as it is played
//   --mutate      changes one rule after the other in a copy of the pack and plays the scenarios; prints what no
//                 scenario notices. DIR/mutations_equivalent.txt lists changes that make no difference, each with its
//                 reason: `file: what: reason`, `what` as printed
//   --threads N   for --mutate, 2 when left out
// The packs that DIR builds on are looked for in the folder beside it.
int run_pack_test(const std::vector<std::string>& args, std::ostream& out, std::ostream& err);

// The same for one folder, without options (PackTest of pack_command.h).
int run_scenarios(const std::string& directory, std::ostream& out, std::ostream& err);

}  // namespace tongban::app
