// The store's own speed: commits as filing makes them, beside plain two-table inserts of the same file system in the
// same run; replay; inbox pages at eight connections. Folders are made under TONGBAN_BENCH_DIR, or the temporary
// folder.
#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/bytes.h"
#include "base/check.h"
#include "store/sqlite/sqlite_store.h"

namespace tongban::store {
namespace {

constexpr int kBatch = 64;
const std::string kAll = "position:dispatcher@hotline";  // has every case, to act on and as its desk

class BenchFolder {
 public:
  BenchFolder() {
    const char* given = std::getenv("TONGBAN_BENCH_DIR");
    std::string pattern = (given != nullptr ? std::string(given) : std::filesystem::temp_directory_path().string()) +
                          "/tongban_bench_XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~BenchFolder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::unique_ptr<SqliteStore> open_store(const std::string& path) {
  auto opened = SqliteStore::open(path);
  CHECK(opened.ok());
  return std::move(opened).value();
}

// A filed request: three events of about 250 bytes, its rows, an idempotency key, 60 words, a telephone's hash.
Transaction make_filing(uint64_t number, bool with_words = true, bool with_rows = true) {
  const Id id = make_id(Instant{1'700'000'000'000 + static_cast<int64_t>(number / 10)});
  Transaction t;
  t.appends.push_back({.stream = id});
  std::string filler(230, '\0');
  for (uint64_t i = 1; i <= 3; ++i) {
    fill_random(filler.data(), filler.size());
    ByteWriter writer;
    writer.put_byte(1);
    writer.put_byte(static_cast<uint8_t>(i));
    writer.put_id(id);
    writer.put_unsigned(i);
    writer.put_raw(filler);
    t.appends[0].events.push_back(writer.take());
  }
  if (!with_rows) return t;
  const Instant now{1'700'000'000'000 + static_cast<int64_t>(number)};
  const auto due = std::optional(now.plus_ms(static_cast<int64_t>(number * 2654435761u % 15) * kDayMs));
  t.views.cases.push_back({.case_id = id,
                           .type = "hotline-12345/request",
                           .number = "12345-2021-" + std::to_string(1'000'000 + number),
                           .edition = "2021-1",
                           .state = "dispatched",
                           .opened_at = now,
                           .changed_at = now,
                           .due_at = due,
                           .due_clock = "handling",
                           .held_by = "liaison",
                           .list_fields = std::string(120, 'f'),
                           .person = id,
                           .version = 3});
  const std::string unit = "unit:cq-" + std::to_string(number % 60);
  t.views.inboxes.push_back(
      {id,
       {{.case_id = id, .holder = unit, .relation = "lead", .to_act = true, .due_at = due, .opened_at = now},
        {.case_id = id, .holder = kAll, .relation = "desk", .due_at = due, .opened_at = now},
        {.case_id = id, .holder = kAll, .relation = "dispatcher", .to_act = true, .due_at = due, .opened_at = now}}});
  ViewChanges::Clocks clocks{id, {}};
  for (uint32_t i = 0; i < 3; ++i) {
    clocks.rows.push_back({.case_id = id,
                           .clock = i,
                           .name = "handling",
                           .wake_at = due->plus_ms(i * 1000),
                           .due_at = due,
                           .depends_from = local_date(now),
                           .depends_to = local_date(*due)});
  }
  t.views.clocks.push_back(std::move(clocks));
  Hash key;
  fill_random(key.data(), key.size());
  t.idempotency = IdempotencyRow{.actor = "token:bench",
                                 .key = to_hex(view_of(key)).substr(0, 36),
                                 .body_hash = key,
                                 .status = 201,
                                 .response = std::string(150, 'r'),
                                 .at = now};
  t.views.person_hashes.push_back({sha256(view_of(key)), id, id});
  if (with_words) {
    std::string words;
    for (int i = 0; i < 60; ++i) {
      uint16_t pair;
      fill_random(&pair, sizeof pair);
      const uint32_t common = pair % 3 == 0 ? pair % 200 : pair % 20000;
      words += (words.empty() ? "" : " ") + std::string("字") + std::to_string(common);
    }
    t.views.search.push_back({id, std::move(words)});
  }
  return t;
}

void commit_filings(benchmark::State& state, bool with_words, bool with_rows) {
  BenchFolder folder;
  auto store = open_store(folder.path() + "/data");
  uint64_t number = 0;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<Transaction> batch;
    for (int i = 0; i < kBatch; ++i) batch.push_back(make_filing(number++, with_words, with_rows));
    state.ResumeTiming();
    CHECK(store->commit(batch).ok());
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}
void CommitFilings(benchmark::State& state) { commit_filings(state, true, true); }
void CommitFilingsWithoutWords(benchmark::State& state) { commit_filings(state, false, true); }
void CommitEventsOnly(benchmark::State& state) { commit_filings(state, false, false); }
BENCHMARK(CommitFilings)->UseRealTime()->MinTime(2);
BENCHMARK(CommitFilingsWithoutWords)->UseRealTime()->MinTime(2);
BENCHMARK(CommitEventsOnly)->UseRealTime()->MinTime(2);

// What SQLite itself reaches with one row in each of two tables, the same batch and the same durability.
void PlainTwoTableInserts(benchmark::State& state) {
  BenchFolder folder;
  sqlite3* db = nullptr;
  CHECK(sqlite3_open((folder.path() + "/plain.db").c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=16384; PRAGMA "
                     "cache_size=-262144;"
                     "CREATE TABLE cases(id INTEGER PRIMARY KEY, body BLOB); CREATE TABLE events(id INTEGER PRIMARY "
                     "KEY, body BLOB)",
                     nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_stmt *one = nullptr, *two = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO cases(body) VALUES(?1)", -1, &one, nullptr);
  sqlite3_prepare_v2(db, "INSERT INTO events(body) VALUES(?1)", -1, &two, nullptr);
  const std::string body(250, 'x');
  for (auto _ : state) {
    sqlite3_exec(db, "BEGIN", nullptr, nullptr, nullptr);
    for (int i = 0; i < kBatch; ++i) {
      for (sqlite3_stmt* statement : {one, two}) {
        sqlite3_bind_blob(statement, 1, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
        CHECK(sqlite3_step(statement) == SQLITE_DONE);
        sqlite3_reset(statement);
      }
    }
    CHECK(sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
  sqlite3_finalize(one);
  sqlite3_finalize(two);
  sqlite3_close(db);
}
BENCHMARK(PlainTwoTableInserts)->UseRealTime()->MinTime(2);

// 100,000 cases, 1,666 in each unit's list and all in the dispatcher's.
SqliteStore& filled_store() {
  static BenchFolder folder;
  static std::unique_ptr<SqliteStore> store = [] {
    auto made = open_store(folder.path() + "/data");
    for (uint64_t number = 0; number < 100'000; number += 500) {
      std::vector<Transaction> batch;
      for (uint64_t i = 0; i < 500; ++i) batch.push_back(make_filing(number + i));
      CHECK(made->commit(batch).ok());
    }
    return made;
  }();
  return *store;
}

void Replay(benchmark::State& state) {
  SqliteStore& store = filled_store();
  uint64_t events = 0, bytes = 0;
  for (auto _ : state) {
    CHECK(store
              .scan(1,
                    [&](const LedgerEvent& event) {
                      ++events;
                      bytes += event.bytes.size();
                      return true;
                    })
              .ok());
  }
  benchmark::DoNotOptimize(bytes);
  state.SetItemsProcessed(static_cast<int64_t>(events));
}
BENCHMARK(Replay)->UseRealTime()->MinTime(2);

void Verify(benchmark::State& state) {
  SqliteStore& store = filled_store();
  for (auto _ : state) CHECK(store.verify_ledger()->empty());
  state.SetItemsProcessed(state.iterations() * 300'000);
}
BENCHMARK(Verify)->UseRealTime()->Iterations(1);

// Pages of 50 from random places of the list of 100,000, at eight threads; the counter p99_ms is over all pages.
void inbox_pages(benchmark::State& state, CaseQuery query) {
  SqliteStore& store = filled_store();
  std::vector<std::string> marks{""};
  for (int i = 0; i < 200; ++i) {
    query.after = marks.back();
    const auto page = store.list_cases(query);
    CHECK(page.ok());
    if (page->next.empty()) break;
    marks.push_back(page->next);
  }
  std::vector<double> times;
  std::mutex mutex;
  for (auto _ : state) {
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        std::vector<double> mine;
        CaseQuery own = query;
        for (size_t i = 0; i < 200; ++i) {
          own.after = marks[(i * 7919 + static_cast<size_t>(t) * 31) % marks.size()];
          const auto start = std::chrono::steady_clock::now();
          CHECK(store.list_cases(own).ok());
          mine.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
        }
        const std::lock_guard guard(mutex);
        times.insert(times.end(), mine.begin(), mine.end());
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  std::sort(times.begin(), times.end());
  state.counters["p50_ms"] = times[times.size() / 2];
  state.counters["p99_ms"] = times[times.size() * 99 / 100];
  state.SetItemsProcessed(static_cast<int64_t>(times.size()));
}
BENCHMARK_CAPTURE(inbox_pages, due, CaseQuery{.holder = kAll, .open = true})->UseRealTime()->Iterations(3);
BENCHMARK_CAPTURE(inbox_pages, due_late_state,
                  CaseQuery{.holder = kAll, .open = true, .states = {"dispatched"}, .late = false})
    ->UseRealTime()
    ->Iterations(3);
BENCHMARK_CAPTURE(inbox_pages, changed, CaseQuery{.holder = kAll, .open = true, .sort = Sort::changed})
    ->UseRealTime()
    ->Iterations(3);
BENCHMARK_CAPTURE(inbox_pages, unit_changed, CaseQuery{.holder = "unit:cq-7", .open = true, .sort = Sort::changed})
    ->UseRealTime()
    ->Iterations(3);
BENCHMARK_CAPTURE(inbox_pages, words, CaseQuery{.holder = kAll, .words = "字17 字18"})->UseRealTime()->Iterations(3);
BENCHMARK_CAPTURE(inbox_pages, all_cases_due, CaseQuery{.open = true})->UseRealTime()->Iterations(3);

}  // namespace
}  // namespace tongban::store
