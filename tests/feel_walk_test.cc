// The compiled evaluator against a plain tree walk (tests/fuzz/feel_walk.h), on random expressions of fixed seeds.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "fuzz/feel_walk_make.h"

namespace tongban {
namespace {

TEST(FeelWalk, the_compiled_evaluator_gives_what_a_tree_walk_gives) {
  const char* more = std::getenv("TONGBAN_FEEL_WALKS");
  const uint32_t walks = more != nullptr ? static_cast<uint32_t>(std::strtoul(more, nullptr, 10)) : 10'000;
  uint32_t counted = 0, not_null = 0, failures = 0;
  for (uint32_t seed = 0; seed < walks && failures < 20; ++seed) {
    std::mt19937 random(seed);
    std::vector<uint8_t> bytes(32 + random() % 400);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    const walk::Compared compared = walk::compare(bytes, seed % 2 == 0);
    counted += compared.is_counted ? 1 : 0;
    not_null += compared.is_counted && compared.walked != "null" ? 1 : 0;
    if (compared.agree()) continue;
    ++failures;
    ADD_FAILURE() << "seed " << seed << (seed % 2 == 0 ? " typed" : "") << ": " << compared.expression
                  << "\n  walked   " << compared.walked << "\n  compiled " << compared.compiled;
  }
  // Most expressions must be worth comparing.
  EXPECT_GT(counted, walks * 9 / 10);
  EXPECT_GT(not_null, walks * 4 / 10);
  RecordProperty("counted", static_cast<int>(counted));
  RecordProperty("not_null", static_cast<int>(not_null));
}

}  // namespace
}  // namespace tongban
