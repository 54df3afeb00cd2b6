// Counts over a holder's list of open cases: how many, overdue, due today, by state, by due day. The rows of a list
// that is asked for are kept in memory in a compact form and follow the commits, because a count over a hundred
// thousand rows of the store takes longer than a page may wait. Nothing here is a second truth: each row is read from
// the store, and a changed case is read again before the next count. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "store/store.h"

namespace tongban::facility {

// As store::CaseQuery for the list of one holder, open cases only; without words, number and ids.
struct BoardQuery {
  std::string holder;
  std::optional<bool> to_act, late;
  std::string relation, type;
  std::vector<std::string> states;
  std::vector<std::string> hidden_types;  // types that are not there for the reader
  std::optional<Instant> due_from, due_before, opened_from, opened_before;
  std::string by;  // a listed field whose values are counted too; empty: none
};

struct BoardCounts {
  struct State {
    std::string type, state;
    uint64_t count = 0;
  };
  struct Day {
    Date due_on;
    uint64_t count = 0, late = 0;  // late: the instant has passed
  };
  struct Value {
    std::string value;  // plain text; "" where the field is empty
    uint64_t count = 0, late = 0;
  };
  uint64_t total = 0, paused = 0, to_decide = 0;
  std::vector<State> states;  // by type and state
  std::vector<Day> days;      // by day, only those with cases
  uint64_t without_due = 0;
  std::vector<Value> values;  // of `by`, most frequent first
};

class Board {
 public:
  static constexpr size_t kMostLists = 64;        // kept; the one not asked for longest goes first
  static constexpr size_t kMostRows = 2'000'000;  // of all lists together
  static constexpr size_t kFewChanges = 500;      // as many are read again for one page of a list
  static constexpr size_t kMostChanges = 20'000;  // waiting; beyond it the lists are read anew when asked for

  Board(engine::Engine& engine, const store::Store& store);
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  // What `at` counts as overdue and today is the caller's clock.
  Result<BoardCounts> count(const BoardQuery& query, Instant at);

  // The open cases that stand in the holder's list under this relation, in no order. Nothing: the list is not kept, or
  // there are more than `most`.
  std::optional<std::vector<Id>> find_few(std::string_view holder, std::string_view relation, size_t most);

  // Reads these lists on a thread of its own, so that the first count after a start does not wait for it. Once.
  void warm(std::vector<std::string> holders);
  void stop();  // ends that thread; before the engine and the store do

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tongban::facility
