// `tongban doctor` as an operator meets it: exit code and sentences for a good folder and for what goes wrong.
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/clock.h"
#include "app/commands.h"
#include "base/text.h"

namespace tongban::app {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr uid_t kNobody = 65534;

class DoctorTest : public testing::Test {
 protected:
  struct Answer {
    int code = 0;
    std::string out;
  };
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path().string() + "/tongban-doctor-" + std::to_string(getpid());
    data_ = folder_ + "/data";
    std::filesystem::create_directories(folder_);
    chmod(folder_.c_str(), 0755);
  }
  void TearDown() override {
    std::error_code error;
    std::filesystem::permissions(data_, std::filesystem::perms::owner_all, error);
    std::filesystem::remove_all(folder_, error);
  }

  using Command = int (*)(const Words&, Sites&, Shell&);
  Answer run(Command command, const std::string& data) {
    Words words = {"--data", data, "--packs", packs_, "--address", "127.0.0.1", "--port", port_};
    const auto settings = Settings::load(words, folder_, [](const char*) -> const char* { return nullptr; });
    EXPECT_TRUE(settings.ok());
    std::ostringstream out, err;
    Shell shell{out, err, false, folder_};
    Sites sites(*settings, nullptr);
    const int code = command(words, sites, shell);
    return {code, out.str() + err.str()};
  }
  Answer doctor() { return run(run_doctor, data_); }
  void init() { ASSERT_EQ(run(run_init, data_).code, kOk); }

  // What doctor says as another process, which `prepare` has put into trouble; code 200: it could not be.
  Answer doctor_after(const std::function<bool()>& prepare) {
    const std::string report = folder_ + "/report";
    std::ofstream(report).close();
    chmod(report.c_str(), 0666);
    const pid_t child = fork();
    if (child == 0) {
      std::ofstream out(report);
      if (!prepare()) _exit(200);
      const Answer answer = doctor();
      out << answer.out;
      out.close();
      _exit(answer.code);
    }
    int status = 0;
    waitpid(child, &status, 0);
    std::ifstream in(report);
    std::stringstream text;
    text << in.rdbuf();
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text.str()};
  }

  std::string folder_, data_;
  std::string packs_ = TONGBAN_SOURCE_DIR "/packs";
  std::string port_ = "21987";
};

TEST_F(DoctorTest, a_good_folder_has_no_fault) {
  init();
  const Answer answer = doctor();
  EXPECT_THAT(answer.out, HasSubstr("ok   The folder " + data_ + " is its owner's only."));
  EXPECT_THAT(answer.out, HasSubstr("ok   The folder can be written to."));
  EXPECT_THAT(answer.out, ContainsRegex("ok   The clock says [-0-9 :]+ \\(\\+08:00\\), not before the last entry"));
  EXPECT_THAT(answer.out, ContainsRegex("ok   [0-9]+ packs in .*/packs have no faults"));
  EXPECT_THAT(answer.out, HasSubstr("warn There is no backup yet."));
  // The machine may be short of space or port, and a later year may have no holiday notice; nothing else may fail.
  int fails = 0;
  for (const std::string_view line : split(answer.out, '\n')) {
    if (!line.starts_with("fail")) continue;
    ++fails;
    EXPECT_TRUE(line.find("holiday notice") != line.npos || line.find("MiB are free") != line.npos ||
                line.find("The port") != line.npos)
        << line;
  }
  EXPECT_EQ(answer.code, fails > 0 ? kFoundFaults : kOk) << answer.out;
  EXPECT_FALSE(std::filesystem::exists(data_ + "/.doctor"));
}

TEST_F(DoctorTest, no_folder_and_an_empty_one_say_how_to_make_it) {
  const Answer none = doctor();
  EXPECT_EQ(none.code, kFoundFaults);
  EXPECT_THAT(none.out, HasSubstr("fail There is no folder " + data_ + ". Make it with `tongban init`."));
  std::filesystem::create_directories(data_);
  const Answer empty = doctor();
  EXPECT_EQ(empty.code, kFoundFaults);
  EXPECT_THAT(empty.out, HasSubstr("fail The folder " + data_ + " holds no data yet. Run `tongban init`."));
}

TEST_F(DoctorTest, a_folder_that_others_may_read_is_a_warning) {
  init();
  chmod(data_.c_str(), 0755);
  EXPECT_THAT(doctor().out, HasSubstr("warn Others may look into " + data_ + ". Run: chmod 700 " + data_));
}

TEST_F(DoctorTest, a_missing_pack_is_named) {
  init();
  packs_ = folder_ + "/packs";
  std::filesystem::copy(TONGBAN_SOURCE_DIR "/packs", packs_, std::filesystem::copy_options::recursive);
  std::filesystem::remove_all(packs_ + "/chongqing");
  const Answer answer = doctor();
  EXPECT_EQ(answer.code, kFoundFaults);
  EXPECT_THAT(answer.out, ContainsRegex("fail The packs in .* have [0-9]+ faults and are not run:"));
  EXPECT_THAT(answer.out, AllOf(HasSubstr("chongqing"), HasSubstr("Check them with `tongban pack check`.")));
}

TEST_F(DoctorTest, a_ledger_from_the_future_means_that_the_clock_went_back) {
  init();
  const auto tomorrow = std::filesystem::file_time_type::clock::now() + std::chrono::hours(24);
  std::filesystem::last_write_time(data_ + "/head", tomorrow);
  const Answer answer = doctor();
  EXPECT_EQ(answer.code, kFoundFaults);
  EXPECT_THAT(answer.out, ContainsRegex("fail The clock says [-0-9 :]+, but the ledger was written at [-0-9 :]+\\. "
                                        "Set the clock first"));
}

TEST_F(DoctorTest, a_folder_that_cannot_be_written_is_a_fault) {
  init();
  // Root may write everywhere, so root becomes somebody else, who owns the folder.
  const bool is_root = geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(chown(data_.c_str(), kNobody, kNobody), 0);
  }
  chmod(data_.c_str(), 0500);
  const Answer answer = doctor_after([&] { return !is_root || (setgroups(0, nullptr) == 0 && setuid(kNobody) == 0); });
  EXPECT_EQ(answer.code, kFoundFaults);
  EXPECT_THAT(answer.out, HasSubstr("fail Nothing can be written to " + data_ + ". Is it mounted read-only"));
  EXPECT_THAT(answer.out, Not(HasSubstr("The folder can be written to.")));
}

TEST_F(DoctorTest, little_space_is_a_fault) {
  init();
  // A small file system of its own, seen by the one process only; a copy of what init has made lies on it.
  const std::string small = folder_ + "/small";
  std::filesystem::create_directories(small);
  const std::string before = data_;
  data_ = small + "/data";
  const Answer answer = doctor_after([&] {
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    if (mount("tmpfs", small.c_str(), "tmpfs", 0, "size=100m") != 0) return false;
    std::filesystem::copy(before, data_, std::filesystem::copy_options::recursive);
    return true;
  });
  data_ = before;
  if (answer.code == 200) GTEST_SKIP() << "this system lets nobody mount a small file system for the test";
  EXPECT_EQ(answer.code, kFoundFaults);
  EXPECT_THAT(answer.out, ContainsRegex("fail [0-9]+ MiB are free for .*/small/data\\. Free some space"));
}

}  // namespace
}  // namespace tongban::app
