#include "store/keys/sqlite_key_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <thread>

#include "store/keys/memory_key_store.h"
#include "store/sqlite/vfs.h"
#include "store/test_support.h"

namespace tongban::store {
namespace {

using namespace testing;
using ::testing::Contains;
using ::testing::Field;
using ::testing::IsEmpty;

std::unique_ptr<SqliteKeyStore> open_keys(const TempFolder& folder, const std::string& vfs = "") {
  auto opened = SqliteKeyStore::open(folder.path(), {.vfs = vfs, .block = 64, .cached = 50});
  CHECK(opened.ok());
  return std::move(opened).value();
}
bool is_in_a_file(const TempFolder& folder, const Key& key) {
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (read_file(entry.path()).find(std::string(key.begin(), key.end())) != std::string::npos) return true;
  }
  return false;
}

TEST(KeyStore, BothKindsGiveFreshKeysFindAndEraseThem) {
  TempFolder folder;
  MemoryKeyStore memory;
  const auto sqlite = open_keys(folder);
  for (KeyStore* keys : {static_cast<KeyStore*>(&memory), static_cast<KeyStore*>(sqlite.get())}) {
    std::set<Id> persons;
    std::vector<KeyStore::PersonKey> taken;
    for (int i = 0; i < 300; ++i) {
      const auto made = keys->take_key();
      ASSERT_TRUE(made.ok()) << made.error().message;
      EXPECT_TRUE(persons.insert(made->person).second);
      taken.push_back(*made);
    }
    for (const auto& made : taken) EXPECT_EQ(**keys->find_key(made.person), made.key);
    ASSERT_TRUE(keys->erase_key(taken[7].person).ok());
    EXPECT_FALSE(keys->find_key(taken[7].person)->has_value());
    EXPECT_TRUE(keys->erase_key(taken[7].person).ok());
    EXPECT_FALSE(keys->find_key(id_of(99))->has_value());
    EXPECT_TRUE(keys->erase_key(id_of(99)).ok());
    EXPECT_EQ(**keys->find_key(taken[8].person), taken[8].key);
    EXPECT_THAT(*keys->verify(), IsEmpty());
  }
}

TEST(KeyStore, AnErasedKeyIsInNoByteOfAnyFile) {
  TempFolder folder;
  auto keys = open_keys(folder);
  std::vector<KeyStore::PersonKey> taken;
  for (int i = 0; i < 200; ++i) taken.push_back(*keys->take_key());
  for (int round = 0; round < 40; ++round) {
    const KeyStore::PersonKey victim = taken[static_cast<size_t>(round * 5)];
    EXPECT_TRUE(is_in_a_file(folder, victim.key));  // the control: the search does find a key
    ASSERT_TRUE(keys->erase_key(victim.person).ok());
    EXPECT_FALSE(is_in_a_file(folder, victim.key));
    for (int i = 0; i < 10; ++i) taken.push_back(*keys->take_key());  // blocks are made in between
  }
  keys.reset();
  keys = open_keys(folder);
  for (int round = 0; round < 40; ++round) {
    EXPECT_FALSE(is_in_a_file(folder, taken[static_cast<size_t>(round * 5)].key));
    EXPECT_FALSE(keys->find_key(taken[static_cast<size_t>(round * 5)].person)->has_value());
    EXPECT_EQ(**keys->find_key(taken[static_cast<size_t>(round * 5 + 1)].person),
              taken[static_cast<size_t>(round * 5 + 1)].key);
  }
  EXPECT_THAT(*keys->verify(), IsEmpty());
}

TEST(KeyStore, ReopeningKeepsTheKeysAndHandsOutNoneTwice) {
  TempFolder folder, copy;
  std::set<Id> persons;
  Key search{};
  for (int round = 0; round < 5; ++round) {
    const auto keys = open_keys(folder);
    if (round == 0) search = keys->search_key();
    EXPECT_EQ(keys->search_key(), search);
    for (const Id& person : persons) EXPECT_TRUE(keys->find_key(person)->has_value());
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(persons.insert(keys->take_key()->person).second);
    if (round == 3)
      std::filesystem::copy(folder.path(), copy.path("crashed"), std::filesystem::copy_options::recursive);
  }
  // As after a crash in the fourth round: what was handed out by then is there and is not handed out again.
  const auto crashed = SqliteKeyStore::open(copy.path("crashed"), {.block = 64});
  ASSERT_TRUE(crashed.ok());
  std::set<Id> first_rounds;
  for (const Id& person : persons) {
    if ((*crashed)->find_key(person)->has_value()) first_rounds.insert(person);
  }
  EXPECT_GE(first_rounds.size(), 200u);
}

TEST(KeyStore, ManyThreadsGetDifferentKeys) {
  TempFolder folder;
  const auto keys = open_keys(folder);
  std::mutex mutex;
  std::set<Id> persons;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const auto made = keys->take_key();
        const std::lock_guard guard(mutex);
        persons.insert(made->person);
        EXPECT_EQ(**keys->find_key(made->person), made->key);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(persons.size(), 800u);
}

TEST(KeyStore, AFlippedBitInAnyKeyIsFoundAndLocated) {
  TempFolder folder;
  std::vector<KeyStore::PersonKey> taken;
  {
    const auto keys = open_keys(folder);
    for (int i = 0; i < 64; ++i) taken.push_back(*keys->take_key());
    ASSERT_TRUE(keys->erase_key(taken[5].person).ok());
  }
  const std::string sound = read_file(folder.path("keys.db"));
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (size_t i = 0; i < taken.size(); i += 3) {
    std::string flipped = sound;
    const size_t at = sound.find(std::string(taken[i].person.view()));
    ASSERT_NE(at, std::string::npos);
    const size_t byte = at + 16 + random() % 64;  // the key and its check value stand after the person
    flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << random() % 8));
    write_file(folder.path("keys.db"), flipped);
    const auto keys = open_keys(folder);
    EXPECT_THAT(*keys->verify(), Contains(Field(&Finding::where, "key " + to_text(taken[i].person))));
    EXPECT_EQ(keys->find_key(taken[i].person).error().trouble, Trouble::corrupt);
  }
}

class FullDisk : public VfsLayer {
 public:
  FullDisk() : VfsLayer("full-disk", "unix") {}
  int write(File& file, const void* bytes, int count, sqlite3_int64 offset) override {
    return full ? SQLITE_FULL : VfsLayer::write(file, bytes, count, offset);
  }
  std::atomic<bool> full = false;
};

TEST(KeyStore, AFullDiskRefusesNewKeysAndLaterOnesWork) {
  TempFolder folder;
  FullDisk disk;
  const auto keys = open_keys(folder, disk.name());
  const KeyStore::PersonKey first = *keys->take_key();
  disk.full = true;
  std::optional<Error> refused;
  for (int i = 0; i < 200 && !refused; ++i) {
    const auto made = keys->take_key();
    if (!made.ok()) refused = made.error();
  }
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->trouble, Trouble::no_space);
  EXPECT_FALSE(keys->erase_key(first.person).ok());  // never said to be erased when it is not
  disk.full = false;
  EXPECT_TRUE(keys->take_key().ok());
  EXPECT_TRUE(keys->erase_key(first.person).ok());
}

}  // namespace
}  // namespace tongban::store
