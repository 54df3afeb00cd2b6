// What is packed comes back; what is damaged is refused, whatever its bytes.
#include "store/sqlite/row_pack.h"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.h"

namespace tongban::store {
namespace {

uint64_t seed_of_run() {
  const char* given = std::getenv("TONGBAN_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
}

// As a ledger row: it never begins with 0.
std::string random_row(std::mt19937_64& random) {
  std::string row(1, static_cast<char>(1 + random() % 255));
  const size_t size = random() % 5000;
  while (row.size() < size) {
    if (row.size() > 20 && random() % 2 == 0) {
      const size_t from = random() % row.size();
      row += row.substr(from, random() % 900);
    } else {
      for (size_t i = random() % 40; i > 0; --i) row += static_cast<char>(random());
    }
  }
  return row;
}

TEST(RowPack, WhatIsPackedComesBack) {
  const uint64_t seed = seed_of_run();
  std::mt19937_64 random(seed);
  size_t packed_rows = 0;
  for (int round = 0; round < 2000; ++round) {
    const std::string row = random_row(random);
    std::string packed, unpacked;
    const std::string stored(pack_row(row, packed));
    packed_rows += stored != row;
    EXPECT_LE(stored.size(), row.size());
    std::string_view back;
    ASSERT_TRUE(unpack_row(stored, unpacked, back)) << "TONGBAN_SEED=" << seed << " round " << round;
    ASSERT_EQ(back, row) << "TONGBAN_SEED=" << seed << " round " << round;
  }
  EXPECT_GT(packed_rows, 500u);
}

TEST(RowPack, ARowWithoutRepetitionOrAShortOneStaysAsItIs) {
  std::mt19937_64 random(1);
  std::string row(3000, 'x'), scratch;
  for (char& c : row) c = static_cast<char>(random());
  row[0] = 1;
  EXPECT_EQ(pack_row(row, scratch), row);
  EXPECT_EQ(pack_row(std::string(100, 'x'), scratch), std::string(100, 'x'));
  EXPECT_EQ(pack_row("", scratch), "");
}

TEST(RowPack, OneByteAgainAndAgainOverlapsItself) {
  const std::string row(4000, 'x');
  std::string packed, unpacked;
  const std::string stored(pack_row(row, packed));
  EXPECT_LT(stored.size(), 20u);
  std::string_view back;
  ASSERT_TRUE(unpack_row(stored, unpacked, back));
  EXPECT_EQ(back, row);
}

TEST(RowPack, DamagedBytesAreRefusedOrGiveOtherBytes) {
  const uint64_t seed = seed_of_run();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 3000; ++round) {
    const std::string row = random_row(random);
    std::string packed, unpacked;
    std::string stored(pack_row(row, packed));
    const std::string before = stored;  // the row itself where it was not packed
    for (size_t i = 1 + random() % 3; i > 0 && !stored.empty(); --i)
      stored[random() % stored.size()] = static_cast<char>(random());
    if (random() % 3 == 0) stored.resize(random() % (stored.size() + 1));
    std::string_view back;
    if (before == row || stored.empty() || !unpack_row(stored, unpacked, back) || stored.front() != '\0') continue;
    ByteReader claimed(std::string_view(stored).substr(1));
    EXPECT_EQ(back.size(), claimed.get_unsigned()) << "TONGBAN_SEED=" << seed << " round " << round;
  }
  std::string scratch;
  std::string_view back;
  const std::string huge("\0\xff\xff\xff\xff\xff\x7f", 7);
  EXPECT_FALSE(unpack_row(huge, scratch, back));
  EXPECT_FALSE(unpack_row(std::string_view("\0\x05\x00\x00\x01", 5), scratch, back));  // refers before the start
  EXPECT_FALSE(unpack_row(std::string_view("\0", 1), scratch, back));
}

}  // namespace
}  // namespace tongban::store
