// Settings as an operator meets them: flags over environment over file over defaults, and every fault named.
#include "app/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace tongban::app {
namespace {

using testing::HasSubstr;

class SettingsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path().string() + "/tongban-settings-" + std::to_string(getpid());
    std::filesystem::create_directories(folder_ + "/data");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Result<Settings> load(Words words) {
    words_ = std::move(words);
    return Settings::load(words_, folder_, [this](const char* name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? nullptr : found->second.c_str();
    });
  }
  void file(const std::string& text) { std::ofstream(folder_ + "/data/tongban.conf") << text; }

  std::string folder_;
  std::map<std::string, std::string> environment_;
  Words words_;
};

TEST_F(SettingsTest, defaults_hold_where_nothing_is_said) {
  const auto settings = load({});
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->number("port"), 8080);
  EXPECT_EQ(settings->text("address"), "127.0.0.1");
  EXPECT_EQ(settings->text("data"), folder_ + "/data");
  EXPECT_EQ(settings->source("port"), "default");
}

TEST_F(SettingsTest, flags_go_before_environment_before_file) {
  file("port = 1001  # a comment\nworkers = 2\nlog.requests = no\n");
  environment_ = {{"TONGBAN_PORT", "1002"}, {"TONGBAN_WORKERS", "3"}};
  const auto settings = load({"--port", "1003"});
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->number("port"), 1003);
  EXPECT_EQ(settings->source("port"), "flag --port");
  EXPECT_EQ(settings->number("workers"), 3);
  EXPECT_EQ(settings->source("workers"), "TONGBAN_WORKERS");
  EXPECT_FALSE(settings->yes("log.requests"));
  EXPECT_EQ(settings->source("log.requests"), folder_ + "/data/tongban.conf:3");
}

TEST_F(SettingsTest, takes_its_flags_out_of_the_words_and_leaves_the_rest) {
  const auto settings = load({"add", "--data=there", "lisi", "--api-lift-rate-limits", "yes", "--person", "p-lisi"});
  ASSERT_TRUE(settings.ok());
  EXPECT_EQ(settings->text("data"), folder_ + "/there");
  EXPECT_TRUE(settings->yes("api.lift_rate_limits"));
  EXPECT_THAT(words_, testing::ElementsAre("add", "lisi", "--person", "p-lisi"));
}

TEST_F(SettingsTest, names_every_fault_at_once) {
  file("prot = 1\nworkers = many\nno equals sign\n");
  const auto settings = load({"--port", "70000", "--behind-proxy", "maybe"});
  ASSERT_FALSE(settings.ok());
  const std::string& message = settings.error().message;
  EXPECT_THAT(message, HasSubstr("no setting \"prot\"; is \"port\" meant?"));
  EXPECT_THAT(message, HasSubstr("tongban.conf:2: workers takes a whole number"));
  EXPECT_THAT(message, HasSubstr("tongban.conf:3"));
  EXPECT_THAT(message, HasSubstr("port takes a port from 0 to 65535, not 70000"));
  EXPECT_THAT(message, HasSubstr("behind_proxy takes yes or no"));
}

TEST_F(SettingsTest, a_named_file_must_be_there_and_a_flag_needs_a_value) {
  EXPECT_THAT(load({"--config", "nowhere.conf"}).error().message, HasSubstr("nowhere.conf cannot be read"));
  EXPECT_THAT(load({"--port"}).error().message, HasSubstr("--port needs a value"));
}

}  // namespace
}  // namespace tongban::app
