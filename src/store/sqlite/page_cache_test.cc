#include "store/sqlite/page_cache.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>
#include <random>
#include <string>

#include "store/sqlite/vfs.h"
#include "store/test_support.h"

namespace tongban::store {
namespace {

using testing::TempFolder;

// Growth, balanced trees, rollbacks and shrinking: whatever stands behind the end of the file must be forgotten.
TEST(PageCache, ADatabaseThatGrowsRollsBackAndShrinksHoldsWhatWasCommitted) {
  TempFolder folder;
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open_v2((folder.path("a.db")).c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                            guarded_vfs().c_str()),
            SQLITE_OK);
  const auto run = [&](const std::string& sql) {
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sql << sqlite3_errmsg(db);
  };
  run("PRAGMA page_size=512; PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA cache_size=200;"
      "CREATE TABLE t(k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID");
  const uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::map<std::string, int> expected;
  const auto key_of = [](uint32_t number) { return std::to_string(number * 2654435761u); };
  for (int round = 0; round < 60; ++round) {
    std::map<std::string, int> changed = expected;
    run("BEGIN IMMEDIATE");
    const bool removes = random() % 3 == 0;
    for (uint32_t i = random() % 200; i > 0; --i) {
      const std::string key = key_of(random() % 1500);
      if (removes) {
        run("DELETE FROM t WHERE k = '" + key + "'");
        changed.erase(key);
      } else {
        const int size = static_cast<int>(random() % 300);
        run("INSERT OR REPLACE INTO t VALUES('" + key + "', zeroblob(" + std::to_string(size) + "))");
        changed[key] = size;
      }
    }
    if (random() % 3 == 0) {
      run("ROLLBACK");
    } else {
      run("COMMIT");
      expected = changed;
    }
    if (random() % 10 == 0) run("VACUUM");
  }
  std::map<std::string, int> found;
  sqlite3_exec(
      db, "SELECT k, length(v) FROM t",
      [](void* into, int, char** columns, char**) {
        (*static_cast<std::map<std::string, int>*>(into))[columns[0]] = std::atoi(columns[1]);
        return 0;
      },
      &found, nullptr);
  EXPECT_EQ(found, expected);
  std::string sound;
  sqlite3_exec(
      db, "PRAGMA integrity_check",
      [](void* into, int, char** columns, char**) {
        *static_cast<std::string*>(into) += columns[0];
        return 0;
      },
      &sound, nullptr);
  EXPECT_EQ(sound, "ok");
  sqlite3_close(db);
}

}  // namespace
}  // namespace tongban::store
