// The check of decision tables finds nothing in the tables of the packs (src/dmn/analysis_tables_test.cc has the
// others).
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "dmn/analysis.h"
#include "kernel/host.h"
#include "pack/load.h"

namespace tongban {
namespace {

TEST(DmnTables, NothingIsFoundInTheTablesOfThePacks) {
  const pack::LoadedLibrary loaded = pack::load_library(TONGBAN_SOURCE_DIR "/packs", kernel::kernel_host());
  ASSERT_TRUE(loaded.ok());
  std::set<std::string> seen;
  for (const auto& each : loaded.content.packs) {
    const auto check = [&](const std::map<std::string, dmn::CompiledTable>& decisions) {
      for (const auto& [id, table] : decisions) {
        const dmn::Analysis analysis = dmn::analyse(table);
        EXPECT_TRUE(analysis.gaps.empty()) << id << ": " << analysis.gaps[0].example.to_text();
        EXPECT_TRUE(analysis.overlaps.empty()) << id << ": " << analysis.overlaps[0].example.to_text();
        EXPECT_TRUE(analysis.never_match.empty()) << id << ": row " << analysis.never_match[0];
        EXPECT_TRUE(analysis.not_allowed.empty()) << id << ": row " << analysis.not_allowed[0].row;
        EXPECT_TRUE(analysis.unused_inputs.empty()) << id << ": column " << analysis.unused_inputs[0];
        seen.insert(id);
      }
    };
    for (const auto& type : each->cases) {
      check(type.open.decisions);
      for (const auto& action : type.actions) check(action.decisions);
    }
  }
  EXPECT_GE(seen.size(), 5u);
}

}  // namespace
}  // namespace tongban
