// What every engine of the store promises: the same tests run on each, and random histories compare each with the
// oracle.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"
#include "store/test_support.h"

namespace tongban::store {

// Printed by GoogleTest when two answers differ.
void PrintTo(const CaseRow& row, std::ostream* out) {
  *out << to_text(row.case_id) << " " << row.number << " " << row.state;
}

namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

enum class Engine { memory, sqlite, sqlite_indexed };  // the last: nothing waits for others to be indexed

class StoreContract : public ::testing::TestWithParam<Engine> {
 protected:
  StoreContract() {
    if (GetParam() == Engine::memory) {
      store_ = std::make_unique<MemoryStore>();
    } else {
      const bool waits = GetParam() == Engine::sqlite;
      auto opened = SqliteStore::open(folder_.path("data"),
                                      {.recent_cases = waits ? 512u : 0u, .recent_rows = waits ? 1000u : 0u});
      EXPECT_TRUE(opened.ok()) << opened.error().message;
      store_ = std::move(opened).value();
    }
  }
  Committed commit(const Transaction& transaction) {
    const auto committed = store_->commit({transaction});
    EXPECT_TRUE(committed.ok()) << committed.error().message;
    return committed->at(0);
  }
  std::vector<Id> listed(const CaseQuery& query) {
    const auto page = store_->list_cases(query);
    EXPECT_TRUE(page.ok()) << page.error().message;
    std::vector<Id> ids;
    for (const CaseRow& row : page->rows) ids.push_back(row.case_id);
    return ids;
  }
  TempFolder folder_;
  std::unique_ptr<Store> store_;
};
INSTANTIATE_TEST_SUITE_P(Engines, StoreContract,
                         ::testing::Values(Engine::memory, Engine::sqlite, Engine::sqlite_indexed),
                         [](const auto& info) {
                           return info.param == Engine::memory   ? "Memory"
                                  : info.param == Engine::sqlite ? "Sqlite"
                                                                 : "SqliteIndexed";
                         });

TEST_P(StoreContract, AVisitOfAListGivesItsOpenRowsAndStopsWhenAsked) {
  Transaction t;
  t.appends.push_back(make_append(id_of(1), 0, 1, "a"));
  t.views.cases.push_back({.case_id = id_of(1), .type = "p/t", .number = "N1", .state = "handling", .late = true});
  t.views.inboxes.push_back({id_of(1),
                             {{.case_id = id_of(1), .holder = "unit:a", .relation = "lead", .to_act = true},
                              {.case_id = id_of(1), .holder = "unit:a", .relation = "old", .open = false},
                              {.case_id = id_of(1), .holder = "unit:b", .relation = "support", .due_at = Instant{5}}}});
  commit(t);
  std::vector<ListedRow> rows;
  ASSERT_TRUE(store_->visit_list("unit:a", [&](const ListedRow& row) { return rows.push_back(row), true; }).ok());
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].relation, "lead");
  EXPECT_TRUE(rows[0].to_act && rows[0].late && !rows[0].due_at);
  EXPECT_EQ(rows[0].state, "handling");
  int seen = 0;
  ASSERT_TRUE(store_
                  ->visit_list("unit:b",
                               [&](const ListedRow& row) {
                                 EXPECT_EQ(row.due_at, Instant{5});
                                 return ++seen, false;
                               })
                  .ok());
  EXPECT_EQ(seen, 1);
  ASSERT_TRUE(store_->visit_list("unit:c", [&](const ListedRow&) { return ++seen, true; }).ok());
  EXPECT_EQ(seen, 1);
}

TEST_P(StoreContract, AnEmptyStoreHasNothing) {
  EXPECT_EQ(store_->head()->position, 0u);
  EXPECT_THAT(*store_->load_stream(id_of(1)), IsEmpty());
  EXPECT_FALSE(store_->find_case(id_of(1))->has_value());
  EXPECT_FALSE(store_->find_case_by_number("")->has_value());
  EXPECT_THAT(store_->list_cases({})->rows, IsEmpty());
  EXPECT_FALSE(store_->next_wake()->has_value());
  EXPECT_THAT(*store_->verify_ledger(), IsEmpty());
  EXPECT_THAT(*store_->commit({}), IsEmpty());
}

TEST_P(StoreContract, PositionsHaveNoGapsAndVersionsCountPerStream) {
  EXPECT_EQ(commit({.appends = {make_append(id_of(1), 0, 3, "a"), make_append(id_of(2), 0, 1, "b")}}).first_position,
            1u);
  EXPECT_EQ(commit({.appends = {make_append(id_of(1), 3, 2, "c")}}).first_position, 5u);
  std::vector<std::pair<uint64_t, uint64_t>> seen;
  ASSERT_TRUE(store_
                  ->scan(2,
                         [&](const LedgerEvent& e) {
                           seen.emplace_back(e.position, e.version);
                           EXPECT_EQ(e.hash, sha256(e.bytes));
                           return seen.size() < 4;
                         })
                  .ok());
  EXPECT_THAT(seen, ElementsAre(std::pair(2, 2), std::pair(3, 3), std::pair(4, 1), std::pair(5, 4)));
  const auto tail = *store_->load_stream(id_of(1), 2);
  ASSERT_THAT(tail, SizeIs(3));
  EXPECT_EQ(tail[0].position, 3u);
  EXPECT_EQ(tail[2].version, 5u);
  EXPECT_EQ(tail[2].bytes, make_event(id_of(1), 5, "c2"));
  EXPECT_EQ(store_->head()->position, 6u);
  EXPECT_THAT(*store_->verify_ledger(), IsEmpty());
}

TEST_P(StoreContract, AWrongExpectedVersionDropsItsOwnTransactionOnly) {
  Transaction wrong{.appends = {make_append(id_of(1), 1, 1, "x"), make_append(id_of(3), 0, 1, "x")},
                    .records = {{"kind", "key", "body"}}};
  const auto committed = *store_->commit(
      {{.appends = {make_append(id_of(1), 0, 2, "a")}}, wrong, {.appends = {make_append(id_of(2), 0, 1, "b")}}});
  EXPECT_FALSE(committed[0].conflict);
  EXPECT_TRUE(committed[1].conflict);
  EXPECT_EQ(committed[2].first_position, 3u);
  EXPECT_THAT(*store_->load_stream(id_of(3)), IsEmpty());
  EXPECT_FALSE(store_->find_record("kind", "key")->has_value());
}

TEST_P(StoreContract, TransactionsOfOneBatchSeeEachOther) {
  const auto committed = *store_->commit({{.appends = {make_append(id_of(1), 0, 2, "a")}},
                                          {.appends = {make_append(id_of(1), 2, 1, "b")}},
                                          {.appends = {make_append(id_of(1), 2, 1, "late")}}});
  EXPECT_EQ(committed[1].first_position, 3u);
  EXPECT_TRUE(committed[2].conflict);
}

TEST_P(StoreContract, ATakenIdempotencyKeyIsAConflict) {
  const IdempotencyRow row{
      .actor = "person:1", .key = "k", .body_hash = sha256("b"), .status = 201, .response = "r", .at = Instant{5}};
  EXPECT_FALSE(commit({.appends = {make_append(id_of(1), 0, 1, "a")}, .idempotency = row}).conflict);
  EXPECT_TRUE(commit({.appends = {make_append(id_of(1), 1, 1, "b")}, .idempotency = row}).conflict);
  EXPECT_THAT(*store_->load_stream(id_of(1)), SizeIs(1));
  EXPECT_EQ(**store_->find_idempotency("person:1", "k"), row);
  EXPECT_FALSE(store_->find_idempotency("person:", "1k")->has_value());
  ASSERT_TRUE(store_->prune_idempotency(Instant{5}).ok());
  EXPECT_TRUE(store_->find_idempotency("person:1", "k")->has_value());
  ASSERT_TRUE(store_->prune_idempotency(Instant{6}).ok());
  EXPECT_FALSE(store_->find_idempotency("person:1", "k")->has_value());
}

TEST_P(StoreContract, ANumberBelongsToOneCase) {
  EXPECT_FALSE(commit({.views = {.cases = {{.case_id = id_of(1), .number = "A-1"}}}}).conflict);
  EXPECT_FALSE(commit({.views = {.cases = {{.case_id = id_of(1), .number = "A-1", .state = "again"}}}}).conflict);
  EXPECT_TRUE(commit({.views = {.cases = {{.case_id = id_of(2), .number = "A-1"}}}}).conflict);
  EXPECT_EQ((*store_->find_case_by_number("A-1"))->state, "again");
  EXPECT_FALSE(store_->find_case(id_of(2))->has_value());
}

TEST_P(StoreContract, TooMuchInOneTransactionIsRefusedAndNothingIsStored) {
  Transaction nine;
  for (int i = 0; i < 9; ++i) nine.appends.push_back(make_append(id_of(i), 0, 1, "a"));
  const Transaction good{.appends = {make_append(id_of(20), 0, 1, "a")}};
  for (const Transaction& bad :
       {nine, Transaction{.appends = {{.stream = id_of(1)}}},
        Transaction{.appends = {{.stream = id_of(1), .events = {std::string((1 << 20) + 1, 'x')}}}}}) {
    const auto committed = store_->commit({good, bad});
    ASSERT_FALSE(committed.ok());
    EXPECT_EQ(committed.error().trouble, Trouble::invalid_input);
  }
  EXPECT_EQ(store_->head()->position, 0u);
  EXPECT_FALSE(commit({.appends = {{.stream = id_of(1), .events = {std::string(1 << 20, 'x')}}}}).conflict);
}

TEST_P(StoreContract, AListPagesThroughEqualKeysWithoutLossOrRepetition) {
  std::vector<Id> all;
  for (int i = 0; i < 25; ++i) {
    commit({.views = {.cases = {{.case_id = id_of(i), .due_at = i < 12 ? std::optional(Instant{7}) : std::nullopt}},
                      .inboxes = {{id_of(i),
                                   {{.case_id = id_of(i),
                                     .holder = "unit:1",
                                     .relation = "lead",
                                     .to_act = i % 2 == 0,
                                     .due_at = i < 12 ? std::optional(Instant{7}) : std::nullopt}}}}}});
    all.push_back(id_of(i));
  }
  for (const std::string holder : {"", "unit:1"}) {
    for (const Sort sort : {Sort::due, Sort::opened, Sort::changed}) {
      CaseQuery query{.holder = holder, .sort = sort, .limit = 4};
      std::vector<Id> seen;
      do {
        const auto page = store_->list_cases(query);
        ASSERT_TRUE(page.ok()) << page.error().message;
        for (const CaseRow& row : page->rows) seen.push_back(row.case_id);
        query.after = page->next;
      } while (!query.after.empty() && seen.size() < 100);
      if (sort != Sort::due) std::reverse(seen.begin(), seen.end());  // the latest first
      EXPECT_EQ(seen, all);
    }
  }
}

TEST_P(StoreContract, ACaseWithTwoRowsInOneListIsListedOnceAtItsEarliest) {
  const auto row = [](int c, std::string relation, int due) {
    return InboxRow{.case_id = id_of(c), .holder = "unit:1", .relation = std::move(relation), .due_at = Instant{due}};
  };
  commit({.views = {
              .cases = {{.case_id = id_of(1)}, {.case_id = id_of(2)}},
              .inboxes = {{id_of(1), {row(1, "lead", 30), row(1, "support", 10)}}, {id_of(2), {row(2, "lead", 20)}}}}});
  EXPECT_THAT(listed({.holder = "unit:1"}), ElementsAre(id_of(1), id_of(2)));
  EXPECT_THAT(listed({.holder = "unit:1", .relation = "lead"}), ElementsAre(id_of(2), id_of(1)));
  EXPECT_EQ(*store_->count_cases({.holder = "unit:1"}, 10), 2u);
}

TEST_P(StoreContract, ABadCursorOrQueryIsRefused) {
  for (int i = 0; i < 3; ++i) commit({.views = {.cases = {{.case_id = id_of(i)}}}});
  const std::string mark = store_->list_cases({.limit = 1})->next;
  ASSERT_FALSE(mark.empty());
  std::string flipped = mark;
  flipped[20] = flipped[20] == '0' ? '1' : '0';
  for (const CaseQuery& query :
       {CaseQuery{.after = flipped, .limit = 1}, CaseQuery{.sort = Sort::opened, .after = mark, .limit = 1},
        CaseQuery{.after = "zz"}, CaseQuery{.after = std::string(10000, 'a')}, CaseQuery{.limit = 0},
        CaseQuery{.limit = 201}, CaseQuery{.to_act = true}, CaseQuery{.relation = "lead"}}) {
    const auto page = store_->list_cases(query);
    ASSERT_FALSE(page.ok());
    EXPECT_EQ(page.error().trouble, Trouble::invalid_input);
  }
  EXPECT_TRUE(store_->list_cases({.after = mark, .limit = 2}).ok());  // another page length is no other list
}

TEST_P(StoreContract, WordsMatchExactlyAndCanBeRemoved) {
  commit({.views = {.cases = {{.case_id = id_of(1)}, {.case_id = id_of(2)}},
                    .search = {{id_of(1), "公租 租房 漏水 Ab x.y-z ÉÀ a\"b"}, {id_of(2), "公租 ab éà"}}}});
  EXPECT_THAT(listed({.words = "公租"}), SizeIs(2));
  EXPECT_THAT(listed({.words = "租房 公租"}), ElementsAre(id_of(1)));
  EXPECT_THAT(listed({.words = "ab"}), ElementsAre(id_of(2)));
  EXPECT_THAT(listed({.words = "éà"}), ElementsAre(id_of(2)));
  EXPECT_THAT(listed({.words = "x.y-z a\"b"}), ElementsAre(id_of(1)));
  EXPECT_THAT(listed({.words = "y"}), IsEmpty());
  EXPECT_THAT(listed({.words = "公租 NOT ab"}), IsEmpty());
  EXPECT_THAT(listed({.words = "公*"}), IsEmpty());
  commit({.views = {.search = {{id_of(1), "漏水"}, {id_of(2), ""}}}});
  EXPECT_THAT(listed({.words = "公租"}), IsEmpty());
  EXPECT_THAT(listed({.words = "漏水"}), ElementsAre(id_of(1)));
}

TEST_P(StoreContract, ARemovedPersonHashFindsNothingAnyMore) {
  const Hash hash = sha256("a telephone");
  const PersonHashRow first{hash, id_of(1, 2), id_of(1)}, second{hash, id_of(1, 2), id_of(2)};
  commit({.views = {.person_hashes = {first, second}}});
  commit({.views = {.person_hashes_removed = {first}}});
  EXPECT_THAT(*store_->find_person(hash), ElementsAre(second));
  commit({.views = {.person_hashes_removed = {first, second}, .person_hashes = {first}}});  // removed, then added
  EXPECT_THAT(*store_->find_person(hash), ElementsAre(first));
  // In one batch, and after so many others that the first ones moved into their index.
  std::vector<Transaction> many;
  for (uint64_t i = 0; i < 3000; ++i)
    many.push_back({.views = {.person_hashes = {{sha256(std::to_string(i)), id_of(i, 2), id_of(i)}}}});
  ASSERT_TRUE(store_->commit(many).ok());
  commit({.views = {.person_hashes_removed = {first, {sha256("7"), id_of(7, 2), id_of(7)}}}});
  EXPECT_THAT(*store_->find_person(hash), IsEmpty());
  EXPECT_THAT(*store_->find_person(sha256("7")), IsEmpty());
  EXPECT_THAT(*store_->find_person(sha256("8")), SizeIs(1));
  const PersonHashRow short_lived{sha256("short"), id_of(1, 2), id_of(1)};
  ASSERT_TRUE(
      store_->commit({{.views = {.person_hashes = {short_lived}}}, {.views = {.person_hashes_removed = {short_lived}}}})
          .ok());
  EXPECT_THAT(*store_->find_person(short_lived.hash), IsEmpty());
}

TEST_P(StoreContract, TheWordsOfACaseCanBeReadBack) {
  commit({.views = {.search = {{id_of(1), "漏水 公租 漏水"}}}});
  EXPECT_THAT(*store_->words_of(id_of(1)), ElementsAre("公租", "漏水"));
  EXPECT_THAT(*store_->words_of(id_of(2)), IsEmpty());
}

TEST_P(StoreContract, ClearingViewsKeepsWhatCannotBeRebuilt) {
  commit({.appends = {make_append(id_of(1), 0, 1, "a")},
          .views = {.cases = {{.case_id = id_of(1), .number = "1"}},
                    .inboxes = {{id_of(1), {{.holder = "unit:1", .relation = "lead"}}}},
                    .clocks = {{id_of(1), {{.clock = 1, .wake_at = Instant{1}}}}},
                    .registers = {{"r", "e", 1, "b"}},
                    .person_hashes = {{sha256("p"), id_of(1, 2), id_of(1)}},
                    .search = {{id_of(1), "词语"}}},
          .outbox = {{.id = id_of(1, 3), .case_id = id_of(1)}},
          .idempotency = IdempotencyRow{.actor = "a", .key = "k"},
          .audit = {{id_of(1), Instant{1}, "person:1", "u", "p", "w"}},
          .records = {{"kind", "key", "body"}},
          .counters = {{"n", 7}}});
  ASSERT_TRUE(store_->clear_views().ok());
  EXPECT_FALSE(store_->find_case(id_of(1))->has_value());
  EXPECT_THAT(*store_->inbox_rows(id_of(1)), IsEmpty());
  EXPECT_FALSE(store_->next_wake()->has_value());
  EXPECT_THAT(*store_->load_registers(), IsEmpty());
  EXPECT_THAT(*store_->find_person(sha256("p")), IsEmpty());
  EXPECT_THAT(*store_->load_stream(id_of(1)), SizeIs(1));
  EXPECT_THAT(*store_->due_outbox(Instant{9}, 9), SizeIs(1));
  EXPECT_TRUE(store_->find_idempotency("a", "k")->has_value());
  EXPECT_THAT(*store_->audit_of(id_of(1)), SizeIs(1));
  EXPECT_TRUE(store_->find_record("kind", "key")->has_value());
  EXPECT_THAT(*store_->load_counters(), SizeIs(1));
  // A rebuild writes the same rows again.
  commit({.views = {.cases = {{.case_id = id_of(1), .number = "1"}}, .search = {{id_of(1), "词语"}}}});
  EXPECT_THAT(listed({.words = "词语"}), ElementsAre(id_of(1)));
}

TEST_P(StoreContract, AReadSeesEveryCommitThatReturnedBefore) {
  std::atomic<uint64_t> acknowledged = 0;
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  std::atomic<int> stale = 0, reads = 0;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      for (bool last = false; !last;) {
        last = done;
        const uint64_t before = acknowledged;
        if (store_->load_stream(id_of(1))->size() < before || store_->head()->position < before) ++stale;
        ++reads;
      }
    });
  }
  for (uint64_t i = 0; i < 200; ++i) {
    commit({.appends = {make_append(id_of(1), i, 1, "a")}});
    acknowledged = i + 1;
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(stale, 0);
  EXPECT_GT(reads, 0);
}

// Every read of both stores gives the same answer.
void expect_same(const Store& a, const Store& b, RandomHistory& history) {
  EXPECT_EQ(*a.head(), *b.head());
  std::vector<std::string> scan_a, scan_b;
  const auto into = [](std::vector<std::string>& out) {
    return [&out](const LedgerEvent& e) {
      out.push_back(std::to_string(e.position) + to_text(e.stream) + std::to_string(e.version) + e.bytes +
                    to_hex(view_of(e.hash)));
      return true;
    };
  };
  const uint64_t from = static_cast<uint64_t>(history.below(10));
  ASSERT_TRUE(a.scan(from, into(scan_a)).ok());
  ASSERT_TRUE(b.scan(from, into(scan_b)).ok());
  EXPECT_EQ(scan_a, scan_b);
  for (int i = 0; i < 40; ++i) {
    const uint64_t after = static_cast<uint64_t>(history.below(4));
    const auto events_a = *a.load_stream(id_of(i), after), events_b = *b.load_stream(id_of(i), after);
    ASSERT_EQ(events_a.size(), events_b.size());
    for (size_t k = 0; k < events_a.size(); ++k) {
      EXPECT_EQ(events_a[k].bytes, events_b[k].bytes);
      EXPECT_EQ(events_a[k].position, events_b[k].position);
      EXPECT_EQ(events_a[k].version, events_b[k].version);
    }
    EXPECT_EQ(*a.find_case(id_of(i)), *b.find_case(id_of(i)));
    EXPECT_EQ(*a.inbox_rows(id_of(i)), *b.inbox_rows(id_of(i)));
    EXPECT_EQ(*a.audit_of(id_of(i)), *b.audit_of(id_of(i)));
    EXPECT_EQ(*a.find_case_by_number("N" + std::to_string(i)), *b.find_case_by_number("N" + std::to_string(i)));
  }
  for (int i = 0; i < 3; ++i) {
    const Instant until = history.instant();
    const uint32_t limit = static_cast<uint32_t>(history.below(20));
    EXPECT_EQ(*a.due_clocks(until, limit), *b.due_clocks(until, limit));
    EXPECT_EQ(*a.due_outbox(until, limit), *b.due_outbox(until, limit));
    const Date day{history.below(50)};
    EXPECT_EQ(*a.clocks_depending_on(day, day + i), *b.clocks_depending_on(day, day + i));
    const Hash hash = history.hash();
    EXPECT_EQ(*a.find_person(hash), *b.find_person(hash));
  }
  for (int i = 0; i < 4; ++i) {
    const auto list_of = [&](const Store& store) {
      std::vector<ListedRow> rows;
      const auto seen = store.visit_list("unit:" + std::to_string(i), [&](const ListedRow& row) {
        rows.push_back(row);
        return true;
      });
      EXPECT_TRUE(seen.ok());
      std::sort(rows.begin(), rows.end(), [](const ListedRow& x, const ListedRow& y) {
        return std::tie(x.case_id, x.relation) < std::tie(y.case_id, y.relation);
      });
      return rows;
    };
    EXPECT_EQ(list_of(a), list_of(b));
  }
  EXPECT_EQ(*a.next_wake(), *b.next_wake());
  EXPECT_EQ(*a.load_registers(), *b.load_registers());
  EXPECT_EQ(*a.list_records("account"), *b.list_records("account"));
  EXPECT_EQ(*a.load_counters(), *b.load_counters());
  for (int i = 0; i < 30; ++i) {
    CaseQuery query = history.query();
    for (int page = 0; page < 20; ++page) {
      const auto page_a = a.list_cases(query), page_b = b.list_cases(query);
      ASSERT_TRUE(page_a.ok()) << page_a.error().message;
      ASSERT_TRUE(page_b.ok()) << page_b.error().message;
      ASSERT_EQ(page_a->rows, page_b->rows)
          << "holder=" << query.holder << " sort=" << static_cast<int>(query.sort) << " words=" << query.words;
      ASSERT_EQ(page_a->next, page_b->next);
      if (page_a->next.empty()) break;
      query.after = page_a->next;
    }
    EXPECT_EQ(*a.count_cases(query, 5), *b.count_cases(query, 5));
    EXPECT_EQ(*a.count_cases(query, 1000), *b.count_cases(query, 1000));
  }
}

TEST(StoreHistories, RandomHistoriesGiveTheSameAnswersAsTheOracle) {
  const char* given = std::getenv("TONGBAN_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  for (uint64_t round = 0; round < 6; ++round) {
    SCOPED_TRACE("TONGBAN_SEED=" + std::to_string(seed + round));
    RandomHistory history(seed + round);
    TempFolder folder;
    MemoryStore oracle;
    // None waits, all wait, or some do.
    const SqliteOptions options{.recent_cases = std::vector<uint32_t>{0, 1000, 5}[round % 3],
                                .recent_rows = std::vector<uint32_t>{0, 5, 1000}[round % 3]};
    auto opened = SqliteStore::open(folder.path("data"), options);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    std::unique_ptr<SqliteStore> store = std::move(opened).value();
    for (int step = 0; step < 60; ++step) {
      std::vector<Transaction> batch;
      for (int i = 1 + history.below(6); i > 0; --i) batch.push_back(history.next());
      const auto expected = oracle.commit(batch), found = store->commit(batch);
      ASSERT_TRUE(expected.ok() && found.ok()) << (found.ok() ? "" : found.error().message);
      for (size_t i = 0; i < batch.size(); ++i) {
        EXPECT_EQ((*expected)[i].conflict, (*found)[i].conflict);
        EXPECT_EQ((*expected)[i].first_position, (*found)[i].first_position);
      }
      history.settle_versions(oracle);
      if (step % 10 == 9) expect_same(oracle, *store, history);
      if (history.below(30) == 0) {
        const Instant before = history.instant();
        ASSERT_TRUE(oracle.prune_idempotency(before).ok() && store->prune_idempotency(before).ok());
      }
      if (history.below(20) == 0) {
        store.reset();
        opened = SqliteStore::open(folder.path("data"), options);
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        store = std::move(opened).value();
      }
      if (HasFailure()) return;
    }
    EXPECT_THAT(*store->verify_ledger(), IsEmpty());
  }
}

}  // namespace
}  // namespace tongban::store
