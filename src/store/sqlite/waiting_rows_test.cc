#include "store/sqlite/waiting_rows.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "base/crypto.h"

namespace tongban::store {
namespace {

struct Row {
  std::string bytes;
  int64_t number = 0;
  std::string_view key() const { return bytes; }
};

Row row_of(int64_t number) { return {std::string(view_of(sha256(std::to_string(number)))), number}; }

TEST(WaitingRows, WhatIsSaidToBeIndexedWaitsNowhere) {
  std::mt19937_64 random(7);
  for (const size_t most : {0, 1, 40, 700}) {
    WaitingRows<Row> rows;
    rows.start(0);
    std::set<int64_t> waiting;
    int64_t last = 0, indexed = 0;
    for (int commit = 0; commit < 3000; ++commit) {
      const size_t coming = random() % 12, count = rows.due(coming, most);
      for (size_t nth = 0; nth < count; ++nth) {
        for (const Row& one : rows.under_hand(nth)) EXPECT_EQ(waiting.erase(one.number), 1u);
      }
      rows.moved(count);
      EXPECT_LE(rows.size() + coming, std::max(most, coming));
      EXPECT_EQ(rows.size(), waiting.size());
      EXPECT_GE(rows.indexed(), indexed);
      indexed = rows.indexed();
      EXPECT_TRUE(waiting.empty() || *waiting.begin() > indexed) << "after commit " << commit;
      for (size_t i = 0; i < coming; ++i) {
        waiting.insert(++last);
        rows.add(row_of(last));
      }
    }
    EXPECT_GT(indexed, last / 2);  // the hand comes round
  }
}

TEST(WaitingRows, ARowIsFoundUnderItsKeyUntilItIsMovedOrRemoved) {
  WaitingRows<Row> rows;
  rows.start(10);
  const Row one = row_of(11);
  const auto is_one = [&](const Row& other) { return other.number == one.number; };
  const auto has_one = [&] { return std::any_of(rows.with(one.key()).begin(), rows.with(one.key()).end(), is_one); };
  EXPECT_FALSE(has_one());
  rows.add(one);
  EXPECT_TRUE(has_one());
  rows.remove(one.key(), is_one);
  EXPECT_FALSE(has_one());
  EXPECT_EQ(rows.size(), 0u);
  rows.add(one);
  rows.moved(WaitingRows<Row>::kShares);
  EXPECT_FALSE(has_one());
  EXPECT_EQ(rows.indexed(), 10);  // it came after the hand had set out
  rows.moved(WaitingRows<Row>::kShares);
  EXPECT_EQ(rows.indexed(), 11);
}

}  // namespace
}  // namespace tongban::store
