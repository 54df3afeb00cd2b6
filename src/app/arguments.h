// The words after a command, parsed by CLI11 behind this small face (it is a heavy header, included by few files).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/shell.h"

namespace tongban::app {

struct Option {
  std::string name;  // "--case", or "file" for a word that stands by its place
  std::string meaning;
  bool required = false;
  bool is_flag = false;  // without a value
};

class Arguments {
 public:
  // Prints help or what is wrong, and returns the exit code then; nothing when the words are right.
  std::optional<int> parse(const std::string& command, const std::string& description,
                           const std::vector<Option>& options, const Words& words, Shell& shell);
  bool has(std::string_view name) const;
  std::string get(std::string_view name, std::string_view otherwise = {}) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace tongban::app
