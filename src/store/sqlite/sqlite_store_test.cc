// What the SQLite engine promises beyond the contract: refusals at open, faults of the disk, and that verify finds and
// locates every change of the ledger.
#include "store/sqlite/sqlite_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

#include "store/sqlite/vfs.h"
#include "store/test_support.h"

namespace tongban::store {
namespace {

using namespace testing;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

SqliteOptions quiet(bool accept = false) {
  return {.readers = 2, .cache_bytes = 1 << 20, .recent_cases = 0, .background = false, .accept_head = accept};
}

std::unique_ptr<SqliteStore> open_store(const std::string& folder, const SqliteOptions& options = quiet()) {
  auto opened = SqliteStore::open(folder, options);
  CHECK(opened.ok());
  return std::move(opened).value();
}
void run_sql(const std::string& file, const std::string& sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  char* message = nullptr;
  EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK)
      << sql << ": " << (message == nullptr ? "" : message);
  sqlite3_close(db);
}
int64_t number_in(const std::string& file, const std::string& sql) {
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  int64_t number = 0;
  const auto take = [](void* into, int, char** values, char**) {
    *static_cast<int64_t*>(into) = std::strtoll(values[0], nullptr, 10);
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(db, sql.c_str(), take, &number, nullptr), SQLITE_OK);
  sqlite3_close(db);
  return number;
}
// Six streams with three rows of one to three events each, whose bytes stand in the file as they are.
void fill(SqliteStore& store) {
  for (uint64_t round = 0; round < 3; ++round) {
    for (uint64_t stream = 1; stream <= 6; ++stream) {
      uint64_t version = store.load_stream(id_of(stream))->size();
      StreamAppend append{.stream = id_of(stream), .expected_version = version};
      for (uint64_t i = 1; i <= 1 + (stream + round) % 3; ++i) {
        std::string body(60, '\0');
        fill_random(body.data(), body.size());
        append.events.push_back(make_event(id_of(stream), version + i, body));
      }
      ASSERT_TRUE(store.commit({{.appends = {append}}}).ok());
    }
  }
}
std::vector<std::string> places(const std::string& folder, bool accept = true) {
  const auto store = open_store(folder, quiet(accept));
  const auto findings = store->verify_ledger();
  CHECK(findings.ok());
  std::vector<std::string> where;
  for (const Finding& finding : *findings) where.push_back(finding.where);
  return where;
}

class FilledStore : public ::testing::Test {
 protected:
  FilledStore() { fill(*open_store(folder())); }
  std::string folder() const { return temporary_.path("data"); }
  std::string database() const { return folder() + "/tongban.db"; }
  std::vector<LedgerEvent> events() {
    std::vector<LedgerEvent> all;
    CHECK(open_store(folder())
              ->scan(1,
                     [&](const LedgerEvent& e) {
                       all.push_back(e);
                       return true;
                     })
              .ok());
    return all;
  }
  TempFolder temporary_;
};

// ---- open ----

TEST_F(FilledStore, ASecondProcessOnTheFolderIsToldSo) {
  const auto first = open_store(folder());
  const auto second = SqliteStore::open(folder());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().trouble, Trouble::unavailable);
  EXPECT_THAT(second.error().message,
              HasSubstr("in use by another process (number " + std::to_string(::getpid()) + ")"));
}

TEST_F(FilledStore, ANewerDatabaseIsRefused) {
  run_sql(database(), "PRAGMA user_version = 99");
  const auto opened = SqliteStore::open(folder());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().trouble, Trouble::unsupported);
  EXPECT_THAT(opened.error().message, HasSubstr("newer Tongban (schema 99"));
}

TEST_F(FilledStore, ADatabaseOfAnotherProgramIsRefused) {
  run_sql(database(), "PRAGMA application_id = 7");
  EXPECT_EQ(SqliteStore::open(folder()).error().trouble, Trouble::invalid_input);
  write_file(database(),
             "this is no database at all, but long enough to be looked at as one by whoever opens it ............");
  std::filesystem::remove(database() + "-wal");
  EXPECT_EQ(SqliteStore::open(folder()).error().trouble, Trouble::corrupt);
}

TEST_F(FilledStore, ALostTailIsRefusedUnlessAccepted) {
  const uint64_t end = open_store(folder())->head()->position;
  std::filesystem::copy_file(database(), temporary_.path("old.db"));
  ASSERT_TRUE(open_store(folder())->commit({{.appends = {make_append(id_of(50), 0, 2, "late")}}}).ok());
  std::filesystem::copy_file(temporary_.path("old.db"), database(), std::filesystem::copy_options::overwrite_existing);
  const auto opened = SqliteStore::open(folder());
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().trouble, Trouble::corrupt);
  EXPECT_THAT(opened.error().message, HasSubstr("ends at position " + std::to_string(end) +
                                                ", but events up to position " + std::to_string(end + 2)));
  EXPECT_EQ(open_store(folder(), quiet(true))->head()->position, end);
  EXPECT_TRUE(SqliteStore::open(folder()).ok());  // accepted once, it is the head
}

TEST_F(FilledStore, AMissingOrTornHeadShows) {
  std::string head = read_file(folder() + "/head");
  head[20] = static_cast<char>(head[20] ^ 1);
  write_file(folder() + "/head", head);
  EXPECT_TRUE(SqliteStore::open(folder()).ok());  // the other slot is one commit older, and sound
  std::filesystem::remove(folder() + "/head");
  EXPECT_THAT(SqliteStore::open(folder()).error().message, HasSubstr("is missing or unreadable"));
}

TEST_F(FilledStore, AFlippedBitAnywhereInTheHeadFileIsFound) {
  (void)open_store(folder());  // writes both slots
  const std::string sound = read_file(folder() + "/head"), ledger = read_file(database());
  ASSERT_EQ(sound.size(), 4096u + 80u);
  EXPECT_THAT(*open_store(folder())->verify_ledger(), IsEmpty());
  std::mt19937_64 random(1);
  std::vector<size_t> places;
  for (size_t i = 0; i < 80; ++i) places.insert(places.end(), {i, 4096 + i});
  for (int i = 0; i < 40; ++i) places.push_back(random() % sound.size());
  for (const size_t place : places) {
    std::string flipped = sound;
    flipped[place] = static_cast<char>(flipped[place] ^ (1 << random() % 8));
    write_file(folder() + "/head", flipped);
    const auto findings = *open_store(folder())->verify_ledger();
    ASSERT_THAT(findings, SizeIs(1)) << place;
    EXPECT_EQ(findings[0].where, "head") << place;
    EXPECT_EQ(read_file(folder() + "/head").size(), sound.size());  // written anew from the database
  }
}

TEST_F(FilledStore, AChangedIndexOfTheFullTextShows) {
  ASSERT_TRUE(open_store(folder())->commit({{.views = {.search = {{id_of(1), "漏水 公租"}}}}}).ok());
  EXPECT_THAT(*open_store(folder())->verify_ledger(), IsEmpty());
  {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(database().c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, "UPDATE search_words SET words = '漏水 公租房'", nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(handle);
  }
  const auto findings = *open_store(folder())->verify_ledger();
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].where, "view words");
}

TEST(SqliteVerify, AListThatDiffersFromTheInboxRowsIsFound) {
  TempFolder folder;
  ASSERT_TRUE(open_store(folder.path("data"))
                  ->commit({{.views = {.cases = {{.case_id = id_of(1)}},
                                       .inboxes = {{id_of(1), {{.holder = "unit:a", .relation = "lead"}}}}}}})
                  .ok());
  EXPECT_THAT(places(folder.path("data"), false), IsEmpty());
  run_sql(folder.path("data") + "/tongban.db", "UPDATE inbox_due SET flags = 3");
  EXPECT_THAT(places(folder.path("data"), false), Contains("view inbox"));
}

TEST(SqliteOpen, TheInboxesOfSchema2AreConverted) {
  TempFolder folder;
  const std::string database = folder.path("data") + "/tongban.db";
  ASSERT_TRUE(open_store(folder.path("data"))
                  ->commit({{.views = {.cases = {{.case_id = id_of(1)}, {.case_id = id_of(2)}}}}})
                  .ok());
  run_sql(database, R"(
    DROP INDEX cases_fresh; DROP TABLE inbox; DROP TABLE inbox_due; DROP TABLE relation_sets; DROP TABLE indexed;
    CREATE TABLE inbox(stream INTEGER NOT NULL, holder INTEGER NOT NULL, relation TEXT NOT NULL, flags INTEGER NOT NULL,
      due_key INTEGER NOT NULL, opened_at INTEGER NOT NULL, PRIMARY KEY(stream, holder, relation)) WITHOUT ROWID;
    CREATE INDEX inbox_due ON inbox(holder, flags, due_key, stream);
    INSERT INTO holders VALUES(1, 'unit:a'), (2, 'unit:b'), (3, 'person:00ff');
    INSERT INTO inbox VALUES(1, 1, 'lead', 3, 5000, 7), (1, 1, 'ask', 3, 5000, 7), (1, 1, 'desk', 2, 9000, 7),
      (1, 2, 'support', 2, 9223372036854775807, 7), (1, 3, 'party', 2, 5000, 7), (2, 2, 'lead', 3, 6000, 8);
    PRAGMA user_version = 2;)");
  const auto store = open_store(folder.path("data"));
  const auto row = [](uint64_t id, std::string holder, std::string relation, bool act, std::optional<int64_t> due) {
    return InboxRow{.case_id = id_of(id),
                    .holder = std::move(holder),
                    .relation = std::move(relation),
                    .to_act = act,
                    .due_at = due ? std::optional(Instant{*due}) : std::nullopt,
                    .opened_at = Instant{static_cast<int64_t>(id + 6)}};
  };
  EXPECT_THAT(*store->inbox_rows(id_of(1)),
              ElementsAre(row(1, "unit:a", "ask", true, 5000), row(1, "unit:a", "desk", false, 9000),
                          row(1, "unit:a", "lead", true, 5000), row(1, "unit:b", "support", false, {})));
  EXPECT_THAT(store->list_cases({.holder = "unit:b"})->rows,
              ElementsAre(CaseRow{.case_id = id_of(2)}, CaseRow{.case_id = id_of(1)}));
  EXPECT_EQ(*store->count_cases({.holder = "unit:a"}, 9), 1u);
  EXPECT_EQ(*store->count_cases({.holder = "person:00ff"}, 9), 0u);
  EXPECT_THAT(*store->verify_ledger(), IsEmpty());
}

TEST(SqliteOpen, AStoreOfSchema3KeepsItsListsAndWords) {
  TempFolder folder;
  const auto filed = [](uint64_t id) {
    return Transaction{.views = {.cases = {{.case_id = id_of(id)}},
                                 .inboxes = {{id_of(id), {{.holder = "unit:a", .relation = "lead"}}}},
                                 .search = {{id_of(id), "公租 漏水"}}}};
  };
  ASSERT_TRUE(open_store(folder.path("data"))->commit({filed(1)}).ok());
  run_sql(folder.path("data") + "/tongban.db", "DROP TABLE indexed; PRAGMA user_version = 3;");
  SqliteOptions waiting = quiet();
  waiting.recent_cases = 10;
  const auto store = open_store(folder.path("data"), waiting);
  ASSERT_TRUE(store->commit({filed(2)}).ok());
  for (const CaseQuery& query : {CaseQuery{.holder = "unit:a"}, CaseQuery{.words = "漏水"}}) {
    EXPECT_THAT(store->list_cases(query)->rows, SizeIs(2));
    EXPECT_EQ(*store->count_cases(query, 9), 2u);
  }
  EXPECT_THAT(*store->verify_ledger(), IsEmpty());
}

TEST(SqliteOpen, KeysAndHashesThatWaitAreFoundInWhateverShareAndAfterEachStart) {
  TempFolder folder;
  const std::string database = folder.path("data") + "/tongban.db";
  SqliteOptions waiting = quiet();
  waiting.recent_rows = 20;
  auto store = open_store(folder.path("data"), waiting);
  const auto hash_of = [](uint64_t i) { return sha256("phone " + std::to_string(i)); };
  constexpr uint64_t kFilings = 2500;
  std::vector<Transaction> batch, again;
  for (uint64_t i = 1; i <= kFilings; ++i) {
    const PersonHashRow person{hash_of(i), id_of(i, 2), id_of(i)};
    batch.push_back(
        {.views = {.person_hashes = {person}}, .idempotency = IdempotencyRow{.actor = "a", .key = std::to_string(i)}});
    again.push_back({.idempotency = batch.back().idempotency});
    if (i % 7 == 0) batch.push_back({.views = {.person_hashes_removed = {person}}});
    if (i % 10 == 0) {
      ASSERT_TRUE(store->commit(batch).ok());
      batch.clear();
    }
    if (i % 700 == 0) {
      store.reset();
      if (i == 700) run_sql(database, "PRAGMA user_version = 4");
      store = open_store(folder.path("data"), waiting);
    }
  }
  for (uint64_t i = 1; i <= kFilings; ++i) {
    ASSERT_THAT(*store->find_person(hash_of(i)), SizeIs(i % 7 == 0 ? 0 : 1)) << i;
    ASSERT_TRUE(store->find_idempotency("a", std::to_string(i))->has_value()) << i;
  }
  for (const Committed& one : *store->commit(again)) EXPECT_TRUE(one.conflict);
  // Most are in their index, and wait no longer: a round of the hand takes as many as wait for it.
  EXPECT_GT(number_in(database, "SELECT count(*) FROM person_hashes"), 2000);
  EXPECT_LT(number_in(database, "SELECT count(*) FROM person_hashes_recent"), 600);
  EXPECT_GT(number_in(database, "SELECT count(*) FROM idempotency_index"), 2400);
  EXPECT_GT(number_in(database, "SELECT number FROM idempotency_indexed"), 1900);
}

TEST(SqliteLists, CasesThatWaitForTheirIndexAreListedFoundAndRemovedLikeOthers) {
  TempFolder folder;
  SqliteOptions waiting = quiet();
  waiting.recent_cases = 3;
  auto store = open_store(folder.path("data"), waiting);
  const auto put = [&](uint64_t id, std::vector<InboxRow> rows, std::string words) {
    ASSERT_TRUE(store
                    ->commit({{.views = {.cases = {{.case_id = id_of(id)}},
                                         .inboxes = {{id_of(id), std::move(rows)}},
                                         .search = {{id_of(id), std::move(words)}}}}})
                    .ok());
  };
  const auto indexed = [&] {
    sqlite3* db = nullptr;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_open((folder.path("data") + "/tongban.db").c_str(), &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT count(*) FROM inbox_due", -1, &statement, nullptr);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
    const int count = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
  };
  const InboxRow lead{.holder = "unit:a", .relation = "lead", .to_act = true};
  const InboxRow desk{.holder = "unit:a", .relation = "desk"};
  for (uint64_t id = 1; id <= 12; ++id) {
    put(id, {lead, desk}, id % 2 == 0 ? "漏水" : "漏水管");
    // A change and a removal among those that wait, and among those that do not.
    if (id == 2) put(2, {desk}, "停电");
    if (id == 11) put(3, {}, "");
    for (const bool again : {false, true}) {
      if (again) {
        store.reset();
        store = open_store(folder.path("data"), waiting);
      }
      const uint64_t removed = id >= 11 ? 1 : 0, of_desk_only = id >= 2 ? 1 : 0;
      EXPECT_THAT(store->list_cases({.holder = "unit:a"})->rows, SizeIs(id - removed));
      EXPECT_EQ(*store->count_cases({.holder = "unit:a"}, 99), id - removed);
      EXPECT_EQ(*store->count_cases({.holder = "unit:a", .relation = "lead"}, 99), id - removed - of_desk_only);
      EXPECT_THAT(store->list_cases({.holder = "unit:a", .sort = Sort::opened})->rows, SizeIs(id - removed));
      EXPECT_THAT(store->list_cases({.words = "漏水"})->rows, SizeIs(id / 2 - of_desk_only));
      EXPECT_THAT(store->list_cases({.holder = "unit:a", .words = "停电"})->rows, SizeIs(of_desk_only));
      size_t visited = 0;
      ASSERT_TRUE(store->visit_list("unit:a", [&](const ListedRow&) { return ++visited > 0; }).ok());
      EXPECT_EQ(visited, 2 * (id - removed) - of_desk_only);
      EXPECT_THAT(*store->verify_ledger(), IsEmpty());
    }
    if (id == 3) {
      EXPECT_EQ(indexed(), 0);
    }
  }
  EXPECT_GT(indexed(), 6);
}

TEST(SqliteOpen, AFolderThatCannotBeMadeOrWrittenIsRefused) {
  for (const char* folder : {"/proc/tongban", "/proc/self", "/nowhere/at/all"}) {
    const auto opened = SqliteStore::open(folder);
    ASSERT_FALSE(opened.ok()) << folder;
    EXPECT_EQ(opened.error().trouble, Trouble::unavailable);
  }
}

// ---- faults of the disk ----

class Quota : public VfsLayer {
 public:
  Quota() : VfsLayer("quota", "unix") {}
  int write(File& file, const void* bytes, int count, sqlite3_int64 offset) override {
    if (full) return SQLITE_FULL;
    if (left >= 0 && (left -= count) < 0) return SQLITE_FULL;
    return VfsLayer::write(file, bytes, count, offset);
  }
  bool full = false;
  int64_t left = -1;
};

// More than the store keeps outside its indexes, so that some are in the index and some are not.
TEST(SqliteRecent, KeysAndHashesAreFoundAndRefusedTwiceBeforeAndAfterTheyAreIndexed) {
  constexpr uint64_t kCases = 5000;
  TempFolder folder;
  auto store = open_store(folder.path("data"));
  const auto filing = [](uint64_t i) {
    Transaction filing;
    filing.appends = {make_append(id_of(i), 0, 1, "a")};
    filing.views.person_hashes = {{sha256("phone " + std::to_string(i % 4000)), id_of(i % 4000, 2), id_of(i)}};
    filing.idempotency = IdempotencyRow{.actor = "a", .key = std::to_string(i), .status = static_cast<int32_t>(i)};
    filing.idempotency->at = Instant{static_cast<int64_t>(i)};
    return filing;
  };
  for (uint64_t i = 0; i < kCases; i += 250) {
    std::vector<Transaction> batch;
    for (uint64_t k = i; k < i + 250; ++k) batch.push_back(filing(k));
    const auto committed = store->commit(batch);
    ASSERT_TRUE(committed.ok());
    for (const Committed& one : *committed) ASSERT_FALSE(one.conflict);
  }
  for (int round = 0; round < 2; ++round) {
    for (uint64_t i = 0; i < kCases; i += 77) {
      const auto key = store->find_idempotency("a", std::to_string(i));
      ASSERT_TRUE(key.ok() && key->has_value()) << i;
      EXPECT_EQ((*key)->status, static_cast<int32_t>(i));
      EXPECT_EQ(store->find_person(sha256("phone " + std::to_string(i % 4000)))->size(), i % 4000 < 1000 ? 2u : 1u)
          << i;
      Transaction again = filing(i);
      again.appends = {make_append(id_of(i), 1, 1, "b")};
      EXPECT_TRUE(store->commit({again})->at(0).conflict) << i;
    }
    store.reset();
    store = open_store(folder.path("data"));
  }
  // What is pruned may be used again, in the index or not.
  ASSERT_TRUE(store->prune_idempotency(Instant{kCases}).ok());
  for (const uint64_t i : {uint64_t{0}, kCases - 1}) {
    EXPECT_FALSE(store->find_idempotency("a", std::to_string(i))->has_value());
    Transaction again = filing(i);
    again.appends = {make_append(id_of(i), 1, 1, "b")};
    EXPECT_FALSE(store->commit({again})->at(0).conflict);
    EXPECT_TRUE(store->find_idempotency("a", std::to_string(i))->has_value());
  }
}

void fill_the_disk(bool gathered) {
  TempFolder folder;
  Quota quota;
  LogGather gather("quota-gather", quota.name());
  SqliteOptions options = quiet();
  options.vfs = gathered ? gather.name() : quota.name();
  auto store = open_store(folder.path("data"), options);
  ASSERT_TRUE(store->commit({{.appends = {make_append(id_of(1), 0, 1, "a")}}}).ok());
  for (int64_t room : {0, 1000, 5000, 20000, 60000}) {
    quota.left = room;
    std::vector<Transaction> batch;
    for (uint64_t i = 0; i < 20; ++i) {
      batch.push_back({.appends = {make_append(id_of(100 + i), 0, 3, std::string(2000, 'b'))},
                       .views = {.cases = {{.case_id = id_of(100 + i), .number = std::to_string(i)}},
                                 .inboxes = {{id_of(100 + i), {{.holder = "unit:new", .relation = "lead"}}}},
                                 .search = {{id_of(100 + i), "词语"}}}});
    }
    const auto committed = store->commit(batch);
    ASSERT_FALSE(committed.ok());
    EXPECT_EQ(committed.error().trouble, Trouble::no_space);
    EXPECT_THAT(committed.error().message, HasSubstr("disk is full"));
    EXPECT_EQ(store->head()->position, 1u);
    EXPECT_THAT(*store->load_stream(id_of(100)), IsEmpty());
    EXPECT_THAT(store->list_cases({})->rows, IsEmpty());
    quota.left = -1;
  }
  EXPECT_EQ(store
                ->commit({{.appends = {make_append(id_of(1), 1, 1, "b")},
                           .views = {.cases = {{.case_id = id_of(1)}},
                                     .inboxes = {{id_of(1), {{.holder = "unit:new", .relation = "lead"}}}}}}})
                ->at(0)
                .first_position,
            2u);
  EXPECT_EQ(store->list_cases({.holder = "unit:new"})->rows.size(), 1u);
  EXPECT_THAT(*store->verify_ledger(), IsEmpty());
}
TEST(SqliteFaults, AFullDiskRefusesTheBatchWholeAndLaterCommitsWork) { fill_the_disk(false); }
TEST(SqliteFaults, AFullDiskRefusesTheBatchAlsoWhereTheLogIsGathered) { fill_the_disk(true); }

class FailingSync : public VfsLayer {
 public:
  FailingSync() : VfsLayer("failing-sync", "unix") {}
  int sync(File& file, int flags) override {
    if (!failing.empty() && file.path.ends_with(failing)) return SQLITE_IOERR_FSYNC;
    return VfsLayer::sync(file, flags);
  }
  std::string failing;
};
class FolderFails : public SyncGuard {
 public:
  FolderFails(const std::string& below, SyncFailed failed) : SyncGuard("guard", below, std::move(failed)) {}
  bool fails = false;

 protected:
  bool sync_folder_of(const std::string& path) override { return !fails && SyncGuard::sync_folder_of(path); }
};

TEST(SqliteFaults, AFailedSyncOfLogDatabaseOrFolderStopsTheProcess) {
  for (const std::string failing : {"tongban.db-wal", "tongban.db", "folder"}) {
    TempFolder folder;
    FailingSync disk;
    std::vector<std::string> stops;
    FolderFails guard(disk.name(), [&](const std::string& sentence) { stops.push_back(sentence); });
    SqliteOptions options = quiet();
    options.vfs = guard.name();
    options.checkpoint_pages = 1;  // each commit also moves the log into the database
    if (failing == "folder") {
      guard.fails = true;
      (void)SqliteStore::open(folder.path("data"), options);
    } else {
      auto store = open_store(folder.path("data"), options);
      EXPECT_THAT(stops, IsEmpty());
      disk.failing = failing;
      (void)store->commit({{.appends = {make_append(id_of(1), 0, 1, "a")}}});
    }
    ASSERT_FALSE(stops.empty()) << failing;
    EXPECT_THAT(stops[0], HasSubstr(failing == "folder" ? "folder of" : failing));
    EXPECT_THAT(stops[0], HasSubstr("could not be synced"));
  }
}

TEST(SqliteFaultsDeathTest, TheGuardEndsTheProcessWithASentence) {
  EXPECT_EXIT(stop_process("The file x could not be synced."), ::testing::ExitedWithCode(74),
              "The file x could not be synced");
}

// ---- verify ----

TEST_F(FilledStore, ASoundLedgerHasNoFindings) { EXPECT_THAT(places(folder(), false), IsEmpty()); }

TEST_F(FilledStore, AFlippedBitInAnyEventOrHashIsFoundAndLocated) {
  const std::vector<LedgerEvent> all = events();
  const std::string sound = read_file(database());
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const LedgerEvent& event : all) {
    for (const std::string_view target : {std::string_view(event.bytes), view_of(event.hash)}) {
      const size_t at = sound.find(target);
      ASSERT_NE(at, std::string::npos);
      std::string flipped = sound;
      const size_t byte = random() % target.size();
      const char mask = static_cast<char>(1 << random() % 8);
      // A split page leaves old copies in its unused part; only the one in use counts, so all are changed.
      for (size_t copy = at; copy != std::string::npos; copy = sound.find(target, copy + 1)) {
        flipped[copy + byte] = static_cast<char>(flipped[copy + byte] ^ mask);
      }
      write_file(database(), flipped);
      EXPECT_THAT(places(folder(), false), Contains("event " + std::to_string(event.position)));
    }
  }
}

TEST_F(FilledStore, AFlippedByteAnywhereInALedgerPageIsFound) {
  // Not every byte of a page means something; those that change what is read must show.
  const std::string sound = read_file(database());
  const std::vector<LedgerEvent> before = events();
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  ASSERT_NE(sound.find(before.back().bytes), std::string::npos);
  const size_t page = sound.find(before.back().bytes) / 4096 * 4096;  // the last one, never split and full of rows
  int changed = 0;
  for (int round = 0; round < 250; ++round) {
    std::string flipped = sound;
    const size_t byte = page + random() % 4096;
    flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << random() % 8));
    write_file(database(), flipped);
    const auto opened = SqliteStore::open(folder(), quiet());
    if (!opened.ok()) continue;
    std::vector<std::string> now, then;
    const auto scanned = (*opened)->scan(1, [&](const LedgerEvent& e) {
      now.push_back(to_text(e.stream) + e.bytes + std::string(view_of(e.hash)));
      return true;
    });
    for (const LedgerEvent& e : before) then.push_back(to_text(e.stream) + e.bytes + std::string(view_of(e.hash)));
    if (scanned.ok() && now == then) continue;
    ++changed;
    const auto findings = (*opened)->verify_ledger();
    ASSERT_TRUE(findings.ok()) << findings.error().message;
    EXPECT_FALSE(findings->empty()) << "byte " << byte - page;
  }
  EXPECT_GT(changed, 2);
}

// Events of one command that repeat each other stand packed in their row.
TEST(SqliteVerify, AFlippedBitInAPackedRowIsFoundAndLocated) {
  TempFolder folder;
  const std::string database = folder.path("data") + "/tongban.db";
  ASSERT_TRUE(
      open_store(folder.path("data"))
          ->commit({{.appends = {make_append(id_of(1), 0, 1, "first")}},
                    {.appends = {make_append(id_of(2), 0, 3, "人民路十号的下水道堵塞，" + std::string(150, 'x'))}},
                    {.appends = {make_append(id_of(3), 0, 1, "last")}}})
          .ok());
  const std::string sound = read_file(database);
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(database.c_str(), &db), SQLITE_OK);
  sqlite3_stmt* select = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(db, "SELECT bytes FROM ledger WHERE position = 2", -1, &select, nullptr), SQLITE_OK);
  ASSERT_EQ(sqlite3_step(select), SQLITE_ROW);
  const std::string packed(static_cast<const char*>(sqlite3_column_blob(select, 0)),
                           static_cast<size_t>(sqlite3_column_bytes(select, 0)));
  sqlite3_finalize(select);
  sqlite3_close(db);
  ASSERT_EQ(packed.front(), '\0');
  ASSERT_LT(packed.size(), 200u);
  const size_t at = sound.find(packed);
  ASSERT_NE(at, std::string::npos);
  for (size_t byte = 0; byte < packed.size(); ++byte) {
    std::string flipped = sound;
    flipped[at + byte] = static_cast<char>(flipped[at + byte] ^ (1 << byte % 8));
    write_file(database, flipped);
    EXPECT_THAT(places(folder.path("data"), false), Contains(AnyOf("event 2", "event 3", "event 4"))) << byte;
  }
  write_file(database, sound);
  EXPECT_THAT(places(folder.path("data"), false), IsEmpty());
}

TEST_F(FilledStore, ChangesBySqlAreFoundAndLocated) {
  const std::string sound = read_file(database());
  const auto check = [&](const std::string& sql, const std::string& where) {
    write_file(database(), sound);
    run_sql(database(), sql);
    EXPECT_THAT(places(folder(), false), Contains(where)) << sql;
  };
  // Rows start at positions 1 (two events), 3 (three), 6, 7, 9, 12; the second round follows.
  check("DELETE FROM ledger WHERE position = 7", "event 7");                                  // in the middle
  check("DELETE FROM ledger WHERE position = (SELECT max(position) FROM ledger)", "ledger");  // the last
  check("DELETE FROM ledger WHERE position = 1", "event 1");                                  // the first
  check(
      "UPDATE ledger SET bytes = (SELECT bytes FROM ledger WHERE position = 6), hashes = (SELECT hashes FROM ledger "
      "WHERE position = 6) "
      "WHERE position = 1",
      "event 1");  // copied over another
  check(
      "CREATE TEMP TABLE t AS SELECT * FROM ledger WHERE position IN (3, 12); UPDATE ledger SET bytes = (SELECT bytes "
      "FROM t WHERE t.position = "
      "15 - ledger.position), hashes = (SELECT hashes FROM t WHERE t.position = 15 - ledger.position), count = (SELECT "
      "count FROM t WHERE "
      "t.position = 15 - ledger.position) WHERE position IN (3, 12)",
      "event 3");  // exchanged
  check("UPDATE ledger SET stream = (SELECT stream FROM ledger WHERE position = 1) WHERE position = 3",
        "event 3");  // moved to another case
  check("UPDATE ledger SET first_version = first_version + 1 WHERE position = 9", "event 9");
  check("UPDATE ledger SET previous = 1 WHERE position = 9", "event 9");
  check("UPDATE ledger SET count = count + 1 WHERE position = 9", "event 9");
  check("UPDATE ledger SET bytes = x'00' || bytes WHERE position = 9", "event 9");
  check("UPDATE ledger SET stream = 999 WHERE position = 9", "event 9");
  check("UPDATE streams SET version = version + 1 WHERE number = 2", "stream " + to_text(id_of(2)));
  check("UPDATE streams SET id = zeroblob(16) WHERE number = 2", "event 3");
}

TEST_F(FilledStore, AnEventReplacedWithItsHashShowsAgainstTheHead) {
  // Bytes and hash fit each other and the envelope is right; only the sum over the ledger tells.
  const LedgerEvent victim = events().back();  // on the last page, which was never split
  std::string forged = victim.bytes;
  forged.back() = static_cast<char>(forged.back() ^ 1);
  std::string file = read_file(database());
  const size_t bytes_at = file.find(victim.bytes), hash_at = file.find(view_of(victim.hash));
  ASSERT_TRUE(bytes_at != std::string::npos && hash_at != std::string::npos);
  file.replace(bytes_at, forged.size(), forged);
  file.replace(hash_at, 32, std::string(view_of(sha256(forged))));
  write_file(database(), file);
  EXPECT_THAT(places(folder(), false), Contains("ledger"));
}

TEST_F(FilledStore, LoadingADamagedStreamIsAFailureAndNotAnotherHistory) {
  const LedgerEvent victim = events().front();
  std::string file = read_file(database());
  for (size_t at = file.find(victim.bytes); at != std::string::npos; at = file.find(victim.bytes, at + 1)) {
    file[at + victim.bytes.size() - 1] = static_cast<char>(file[at + victim.bytes.size() - 1] ^ 4);
  }
  write_file(database(), file);
  EXPECT_EQ(open_store(folder())->load_stream(victim.stream).error().trouble, Trouble::corrupt);
}

}  // namespace
}  // namespace tongban::store
