// The runner of the DMN conformance kit: folders of models and cases → a score.
#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace tongban::app {

struct KitResult {
  std::string level, folder, test_case, node;
  bool passed = false;
  bool is_near = false;  // failed, but only by less than 1e-8 of a number
  bool expects_null = false;
  std::string expected, actual;
};

struct KitScore {
  struct Count {
    size_t total = 0, passed = 0;
  };
  std::vector<KitResult> results;  // one for each case; of a case with several nodes the first that failed
  size_t near = 0;                 // of those that failed
  Count all, non_null, folders;
  std::map<std::string, Count> levels, level_folders;
};

// Runs every folder at or below `directory` that holds cases (*-test-*.xml) and models (*.dmn).
Result<KitScore> run_kit(const std::vector<std::string>& directories);

struct KitPrint {
  bool json = false, all = false, failures = false;
};
void print(const KitScore& score, const KitPrint& how, std::ostream& out);

}  // namespace tongban::app
