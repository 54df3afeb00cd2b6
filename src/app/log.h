// The program's log: one JSON object a line, on standard error or in a file. Never a name, a number, an address, a
// query or a text of a case.
#pragma once

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace tongban::app {

class Log {
 public:
  // `file` empty: standard error. The file is appended to and made with 0600.
  static Result<std::unique_ptr<Log>> open(const std::string& file);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  // {"level":…,"at":…,"event":…, then `more`}. Any thread.
  void write(std::string_view level, std::string_view event, json::object more = {});
  Result<void> reopen();  // after the file was moved away (SIGHUP)

 private:
  Log(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  std::string path_;
  std::mutex mutex_;
  int descriptor_;
};

}  // namespace tongban::app
