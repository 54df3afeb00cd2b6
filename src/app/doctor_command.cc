// `tongban doctor`: looks at what a server needs, one line a check: ok, warn or fail, and what to do. Writes nothing
// but a file that it removes.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <filesystem>
#include <fstream>

#include "app/arguments.h"
#include "app/clock.h"
#include "app/commands.h"
#include "app/control.h"

namespace tongban::app {
namespace {

constexpr uint64_t kLeastFree = uint64_t{200} << 20;
constexpr uint64_t kEnoughFree = uint64_t{2} << 30;

class Doctor {
 public:
  Doctor(const Settings& settings, Shell& shell) : settings_(settings), shell_(shell), folder_(settings.text("data")) {}

  int run() {
    check_folder();
    check_space();
    check_clock();
    check_server_and_port();
    check_policies();
    check_backup();
    return fails_ > 0 ? kFoundFaults : kOk;
  }

 private:
  void say(const char* word, const std::string& sentence) {
    if (std::string_view(word) == "fail") ++fails_;
    shell_.out << (std::string(word) + "    ").substr(0, 5) << sentence << "\n";
  }

  void check_folder() {
    struct stat found {};
    if (stat(folder_.c_str(), &found) != 0)
      return say("fail", "There is no folder " + folder_ + ". Make it with `tongban init`.");
    if (!is_initialised(folder_))
      return say("fail", "The folder " + folder_ + " holds no data yet. Run `tongban init`.");
    has_data_ = true;
    if ((found.st_mode & 077) != 0)
      say("warn", "Others may look into " + folder_ + ". Run: chmod 700 " + folder_);
    else
      say("ok", "The folder " + folder_ + " is its owner's only.");
    const std::string trial = folder_ + "/.doctor";
    const int file = open(trial.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
      return say("fail", "Nothing can be written to " + folder_ +
                             ". Is it mounted read-only, or does it belong to another user?");
    close(file);
    unlink(trial.c_str());
    say("ok", "The folder can be written to.");
  }

  void check_space() {
    struct statvfs found {};
    if (statvfs(folder_.c_str(), &found) != 0) return;
    const uint64_t free = uint64_t{found.f_bavail} * found.f_frsize;
    const std::string text = std::to_string(free >> 20) + " MiB are free for " + folder_ + ".";
    if (free < kLeastFree)
      say("fail", text + " Free some space: the server stops taking requests when the disk is full.");
    else
      say(free < kEnoughFree ? "warn" : "ok", text);
  }

  void check_clock() {
    struct stat found {};
    if (!has_data_ || stat((folder_ + "/head").c_str(), &found) != 0) return;
    const int64_t last_ms = int64_t{found.st_mtime} * 1000;
    if (last_ms > system_now().ms + 60'000)
      return say("fail", "The clock says " + to_minutes_text(system_now()) + ", but the ledger was written at " +
                             to_minutes_text(Instant{last_ms}) + ". Set the clock first: deadlines follow it.");
    say("ok", "The clock says " + to_minutes_text(system_now()) + " (+08:00), not before the last entry.");
  }

  void check_server_and_port() {
    const int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(settings_.number("port")));
    const int yes = 1;
    setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (inet_pton(AF_INET, settings_.text("address").c_str(), &address.sin_addr) != 1) {
      close(probe);
      return say("warn", "The address " + settings_.text("address") + " is no IPv4 address; the port was not tried.");
    }
    const bool is_free = bind(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(probe);
    std::error_code error;
    const bool is_running = std::filesystem::exists(control_path(folder_), error);
    const std::string where = settings_.text("address") + ":" + settings_.text("port");
    if (is_free)
      say("ok", "The port " + where + " is free.");
    else if (is_running)
      say("ok", "The port " + where + " is taken; a server runs on this folder.");
    else
      say("fail", "The port " + where + " is taken by another program, or not allowed. Choose another with --port.");
  }

  void check_policies() {
    const Result<Policies> policies = load_policies(settings_.text("packs"));
    if (!policies.ok()) return say("fail", policies.error().message);
    say("ok", std::to_string(policies->packs->packs.size()) + " packs in " + policies->folder + " have no faults.");
    const int32_t year = local_date(system_now()).civil().year;
    const auto covered = [&policies](int32_t asked) {
      for (const calendar::Notice& notice : policies->calendar->notices()) {
        if (notice.year == asked && !notice.amendment) return true;
      }
      return false;
    };
    if (!covered(year))
      return say("fail", "There is no holiday notice for " + std::to_string(year) +
                             " in packs/china/calendar: due dates are provisional. Add it.");
    if (!covered(year + 1)) {
      return say("warn", "There is no holiday notice for " + std::to_string(year + 1) +
                             " yet: due dates from 29 December " + std::to_string(year) +
                             " on are provisional. Add it to packs/china/calendar when the State Council has published "
                             "it (usually in November).");
    }
    say("ok", "The working calendar covers " + std::to_string(year) + " and " + std::to_string(year + 1) + ".");
  }

  void check_backup() {
    if (!has_data_) return;
    std::ifstream mark(folder_ + "/last_backup");
    std::string text;
    std::getline(mark, text);
    const Result<Instant> last = parse_instant(text);
    if (!last.ok())
      return say("warn", "There is no backup yet. Make one with `tongban backup FOLDER`; it needs no pause.");
    const int64_t days = (system_now().ms - last->ms) / kDayMs;
    say(days > settings_.number("backup.warn_days") ? "warn" : "ok",
        "The last backup is of " + to_minutes_text(*last) + " (" + std::to_string(days) + " days ago).");
  }

  const Settings& settings_;
  Shell& shell_;
  const std::string folder_;
  bool has_data_ = false;
  int fails_ = 0;
};

}  // namespace

int run_doctor(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  if (const auto code = arguments.parse("doctor", "Look at what a server needs, and say what to do", {}, words, shell))
    return *code;
  return Doctor(sites.settings(), shell).run();
}

}  // namespace tongban::app
