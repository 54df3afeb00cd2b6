#include "app/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/clock.h"

namespace tongban::app {
namespace {

Result<int> open_file(const std::string& path) {
  if (path.empty()) return STDERR_FILENO;
  const int descriptor = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0)
    return fail(Trouble::io, "The log " + path + " cannot be written: " + std::strerror(errno) +
                                 ". Choose another file with --log.");
  return descriptor;
}

}  // namespace

Result<std::unique_ptr<Log>> Log::open(const std::string& file) {
  const int descriptor = TRY(open_file(file));
  return std::unique_ptr<Log>(new Log(file, descriptor));
}

Log::~Log() {
  if (!path_.empty()) close(descriptor_);
}

void Log::write(std::string_view level, std::string_view event, json::object more) {
  json::object line{{"level", level}, {"at", to_text(system_now())}, {"event", event}};
  for (auto& [key, value] : more) line[key] = std::move(value);
  const std::string text = to_json_text(line) + "\n";
  const std::lock_guard guard(mutex_);
  // One call a line keeps lines whole; a log that cannot be written must not stop the work.
  [[maybe_unused]] const ssize_t written = ::write(descriptor_, text.data(), text.size());
}

Result<void> Log::reopen() {
  if (path_.empty()) return {};
  const int fresh = TRY(open_file(path_));
  const std::lock_guard guard(mutex_);
  close(descriptor_);
  descriptor_ = fresh;
  return {};
}

}  // namespace tongban::app
