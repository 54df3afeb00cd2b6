// `tongban pack …`: check, coverage and print of policy packs (test comes from the scenario runner).
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace tongban::app {

// What `pack test` runs: the directory of the pack, where to print; gives the exit code. Left empty, the command says
// that this build has no runner.
using PackTest = std::function<int(const std::string& directory, std::ostream& out, std::ostream& err)>;

// `args` without program name and `pack`: {"check", "packs/hotline-12345", "--json"}. Exit codes: 0 no fault, 1 faults
// (or clauses without anything, for `coverage --strict`), 2 wrong use or unreadable folder.
//   check DIR… [--json]      every fault as `file:line: sentence`
//   coverage DIR [--json] [--strict]
//   print DIR [--out FILE]   the manual as HTML
//   test DIR…
int run_pack(const std::vector<std::string>& args, std::istream& in, std::ostream& out, std::ostream& err,
             const PackTest& test = {});

}  // namespace tongban::app
