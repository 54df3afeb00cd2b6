// The settings of the program: flags before the environment before the file before the defaults. Every setting has one
// name: `port` is --port, TONGBAN_PORT and `port = 8080` in the file; `api.lift_rate_limits` is
// --api-lift-rate-limits and TONGBAN_API_LIFT_RATE_LIMITS. Reads the environment and one file; called at the start.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/shell.h"
#include "base/result.h"

namespace tongban::app {

struct SettingInfo {
  std::string_view name, default_value, meaning;
  enum class Kind { text, path, number, yes_no } kind = Kind::text;
};
const std::vector<SettingInfo>& all_settings();

class Settings {
 public:
  // Takes the flags of settings out of `words` and leaves the rest in order. Fails (invalid_input) with every fault: a
  // flag without value, an unknown key in the file (with the nearest name), a value of the wrong kind, a file named
  // with
  // --config that is not there.
  static Result<Settings> load(Words& words, const std::string& directory,
                               const std::function<const char*(const char*)>& environment);

  const std::string& text(std::string_view name) const;
  int64_t number(std::string_view name) const;
  bool yes(std::string_view name) const;
  const std::string& source(
      std::string_view name) const;                  // "flag --port", "TONGBAN_PORT", "data/tongban.conf:3", "default"
  const std::string& file() const { return file_; }  // read from; "" when there is none

 private:
  struct Effective {
    std::string value, source;
  };
  std::map<std::string, Effective, std::less<>> values_;
  std::string file_;
};

std::string flag_of(std::string_view name);      // --api-lift-rate-limits
std::string variable_of(std::string_view name);  // TONGBAN_API_LIFT_RATE_LIMITS

}  // namespace tongban::app
