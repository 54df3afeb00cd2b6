// Attachments, backup and restore.
#include "store/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "store/test_support.h"

namespace tongban::store {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string random_bytes(size_t size) {
  std::string bytes(size, '\0');
  std::mt19937_64 random(size);
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

class AttachmentFolder : public ::testing::Test {
 protected:
  AttachmentFolder() : attachments_(std::move(Attachments::open(folder_.path("attachments"))).value()) {}
  Attachments::Stored put(const Id& id, const std::string& bytes) {
    auto writer = attachments_->begin(id, key_);
    CHECK(writer.ok());
    for (size_t at = 0; at < bytes.size(); at += 30000)
      CHECK((*writer)->add(std::string_view(bytes).substr(at, 30000)).ok());
    const auto stored = (*writer)->finish();
    CHECK(stored.ok());
    return *stored;
  }
  Result<std::string> get(const Id& id, const Key& key) {
    std::string bytes;
    TRY(attachments_->read(id, key, [&](std::string_view piece) {
      bytes += piece;
      return true;
    }));
    return bytes;
  }
  TempFolder folder_;
  Key key_ = make_key();
  std::unique_ptr<Attachments> attachments_;
};

TEST_F(AttachmentFolder, WhatGoesInComesOutAtEverySizeAroundAChunk) {
  uint64_t number = 1;
  for (const size_t size : {0, 1, 65535, 65536, 65537, 131072, 131073, 1000000}) {
    const std::string bytes = random_bytes(size);
    const Attachments::Stored stored = put(id_of(number), bytes);
    EXPECT_EQ(stored.bytes, size);
    EXPECT_EQ(stored.hash, sha256(read_file(attachments_->path_of(id_of(number)))));
    EXPECT_EQ(*get(id_of(number), key_), bytes);
    EXPECT_THAT(*attachments_->verify(id_of(number), stored.hash), IsEmpty());
    if (size > 100) {
      EXPECT_EQ(read_file(attachments_->path_of(id_of(number))).find(bytes.substr(0, 50)), std::string::npos);
    }
    ++number;
  }
  EXPECT_THAT(*attachments_->list(), SizeIs(8));
}

TEST_F(AttachmentFolder, MoreThan20MbIsRefusedAndLeavesNothing) {
  {
    auto writer = std::move(attachments_->begin(id_of(1), key_)).value();
    const std::string megabyte(1 << 20, 'x');
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(writer->add(megabyte).ok());
    EXPECT_EQ(writer->add("x").error().trouble, Trouble::no_space);
    EXPECT_FALSE(writer->finish().ok());
  }
  EXPECT_EQ(get(id_of(1), key_).error().trouble, Trouble::not_found);
  EXPECT_EQ(*attachments_->remove_unreferenced([](const Id&) { return true; }), 0u);
}

TEST_F(AttachmentFolder, AnotherKeyOrAnotherIdGivesNothing) {
  put(id_of(1), random_bytes(100000));
  EXPECT_EQ(get(id_of(1), make_key()).error().trouble, Trouble::corrupt);
  std::filesystem::create_directories(std::filesystem::path(attachments_->path_of(id_of(2))).parent_path());
  std::filesystem::copy_file(attachments_->path_of(id_of(1)), attachments_->path_of(id_of(2)));
  EXPECT_EQ(get(id_of(2), key_).error().trouble, Trouble::corrupt);
  EXPECT_EQ(attachments_->begin(id_of(1), key_).error().trouble, Trouble::conflict);
}

TEST_F(AttachmentFolder, AFlippedBitOrACutIsFoundAndTheChunkNamed) {
  const std::string bytes = random_bytes(300000);
  const Attachments::Stored stored = put(id_of(1), bytes);
  const std::string path = attachments_->path_of(id_of(1)), sound = read_file(path);
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 40; ++round) {
    std::string flipped = sound;
    const size_t byte = random() % sound.size();
    flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << random() % 8));
    write_file(path, flipped);
    const auto findings = *attachments_->verify(id_of(1), stored.hash, &key_);
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_EQ(findings[0].where, "attachment " + to_text(id_of(1)));
    const size_t chunk = byte < 7 ? 0 : (byte - 7) / (65536 + 28 + 4);
    if (byte >= 7 && (byte - 7) % (65536 + 32) >= 4) {
      EXPECT_THAT(findings[0].sentence, HasSubstr("Chunk " + std::to_string(chunk) + " "));
    }
    EXPECT_FALSE(get(id_of(1), key_).ok());
  }
  // Cut exactly between two chunks: each that is left is genuine, but the last one does not say it is the last.
  write_file(path, sound.substr(0, 7 + 2 * (65536 + 32)));
  EXPECT_FALSE(get(id_of(1), key_).ok());
  std::filesystem::remove(path);
  EXPECT_THAT(attachments_->verify(id_of(1), stored.hash)->front().sentence, HasSubstr("missing"));
}

TEST_F(AttachmentFolder, WhatNoEventRefersToCanBeRemoved) {
  for (uint64_t i = 1; i <= 3; ++i) put(id_of(i), "x");
  write_file(attachments_->path_of(id_of(1)) + ".part", "left by a process that died");
  EXPECT_EQ(*attachments_->remove_unreferenced([](const Id& id) { return id == id_of(2); }), 3u);
  EXPECT_THAT(*attachments_->list(), ElementsAre(id_of(2)));
  EXPECT_TRUE(attachments_->remove(id_of(2)).ok());
  EXPECT_TRUE(attachments_->remove(id_of(2)).ok());
}

// ---- backup ----

struct City {
  explicit City(const std::string& folder)
      : store(std::move(SqliteStore::open(folder)).value()),
        keys(std::move(SqliteKeyStore::open(folder, {.block = 64})).value()),
        attachments(std::move(Attachments::open(folder + "/attachments")).value()) {}
  std::unique_ptr<SqliteStore> store;
  std::unique_ptr<SqliteKeyStore> keys;
  std::unique_ptr<Attachments> attachments;
};

TEST(Backup, ABackupWhileCommitsGoOnRestoresToOneMomentWithAllKeysAndAttachments) {
  TempFolder folder;
  City city(folder.path("data"));
  const Key key = make_key();
  auto writer = std::move(city.attachments->begin(id_of(1), key)).value();
  ASSERT_TRUE(writer->add("photo").ok());
  const Attachments::Stored stored = *writer->finish();
  std::atomic<bool> done = false;
  std::atomic<uint64_t> written = 0;
  // Each event carries the id of a person whose key was taken for it.
  std::thread committing([&] {
    for (uint64_t i = 0; !done; ++i) {
      const Id person = city.keys->take_key()->person;
      CHECK(city.store
                ->commit({{.appends = {make_append(id_of(7), i, 1, std::string(person.view()))},
                           .views = {.cases = {{.case_id = id_of(7), .version = i + 1}}}}})
                .ok());
      written = i + 1;
    }
  });
  while (written < 50) std::this_thread::yield();
  const auto manifest =
      make_backup(*city.store, *city.keys, *city.attachments, folder.path("backup"), Instant{1'600'000'000'000});
  const uint64_t after = written;
  done = true;
  committing.join();
  ASSERT_TRUE(manifest.ok()) << manifest.error().message;
  EXPECT_GE(manifest->head.position, 50u);
  EXPECT_LE(manifest->head.position, after + 1);

  const auto restored = restore_backup(folder.path("backup"), folder.path("restored"));
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  City again(folder.path("restored"));
  EXPECT_EQ(*again.store->head(), manifest->head);
  EXPECT_THAT(*again.store->verify_ledger(), IsEmpty());
  EXPECT_THAT(*again.keys->verify(), IsEmpty());
  EXPECT_EQ((*again.store->find_case(id_of(7)))->version, manifest->head.position);  // views as of the same moment
  const auto events = *again.store->load_stream(id_of(7));
  for (const LedgerEvent& event : events) {
    const size_t body = make_event(id_of(7), event.version, "").size();
    EXPECT_TRUE(again.keys->find_key(id_from_bytes(std::string_view(event.bytes).substr(body, 16)))->has_value());
  }
  EXPECT_THAT(*again.attachments->verify(id_of(1), stored.hash, &key), IsEmpty());
  EXPECT_EQ(again.keys->search_key(), city.keys->search_key());
}

TEST(Backup, ADamagedBackupOrAFullTargetIsRefused) {
  TempFolder folder;
  {
    City city(folder.path("data"));
    ASSERT_TRUE(city.store->commit({{.appends = {make_append(id_of(1), 0, 2, "a")}}}).ok());
    (void)city.keys->take_key();
    auto writer = std::move(city.attachments->begin(id_of(1), make_key())).value();
    (void)writer->finish();
    ASSERT_TRUE(make_backup(*city.store, *city.keys, *city.attachments, folder.path("backup"), Instant{0}).ok());
    EXPECT_EQ(
        make_backup(*city.store, *city.keys, *city.attachments, folder.path("backup"), Instant{0}).error().trouble,
        Trouble::conflict);
  }
  EXPECT_EQ(restore_backup(folder.path("backup"), folder.path("data")).error().trouble, Trouble::conflict);
  EXPECT_EQ(restore_backup(folder.path("nothing"), folder.path("new")).error().trouble, Trouble::not_found);
  ASSERT_TRUE(check_backup(folder.path("backup")).ok());
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path("backup"))) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  EXPECT_EQ(files.size(), 5u);
  for (const std::string& file : files) {
    const std::string sound = read_file(file);
    if (!file.ends_with("manifest.json")) {
      std::string flipped = sound;
      flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
      write_file(file, flipped);
      EXPECT_EQ(restore_backup(folder.path("backup"), folder.path("new")).error().trouble, Trouble::corrupt) << file;
      write_file(file, sound);
    }
    std::filesystem::rename(file, folder.path("away"));
    EXPECT_FALSE(restore_backup(folder.path("backup"), folder.path("new")).ok()) << file;
    std::filesystem::rename(folder.path("away"), file);
  }
  write_file(folder.path("backup/extra"), "x");
  EXPECT_THAT(check_backup(folder.path("backup")).error().message, HasSubstr("does not name: extra"));
  std::filesystem::remove(folder.path("backup/extra"));
  std::string manifest = read_file(folder.path("backup/manifest.json"));
  const size_t name = manifest.find("tongban.db");
  write_file(folder.path("backup/manifest.json"), manifest.substr(0, name) + "../../evil" + manifest.substr(name + 10));
  EXPECT_EQ(restore_backup(folder.path("backup"), folder.path("new")).error().trouble, Trouble::corrupt);
  EXPECT_FALSE(std::filesystem::exists(folder.path("new")));
}

}  // namespace
}  // namespace tongban::store
