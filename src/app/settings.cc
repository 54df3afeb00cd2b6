#include "app/settings.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "http/pages.h"

namespace tongban::app {
namespace {

using Kind = SettingInfo::Kind;

bool is_number(std::string_view text) {
  int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && end == text.data() + text.size() && value >= 0;
}

const SettingInfo* find_setting(std::string_view name) {
  for (const SettingInfo& info : all_settings()) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

std::string value_fault(const SettingInfo& info, std::string_view value) {
  if (info.kind == Kind::number && !is_number(value)) return "takes a whole number, not \"" + std::string(value) + "\"";
  if (info.kind == Kind::yes_no && value != "yes" && value != "no")
    return "takes yes or no, not \"" + std::string(value) + "\"";
  if (info.name == "port" && (value.size() > 5 || (value.size() == 5 && value > "65535")))
    return "takes a port from 0 to 65535, not " + std::string(value);
  if (info.name == "path_prefix") return http::prefix_fault(value);
  return {};
}

std::string absolute(const std::string& path, const std::string& directory) {
  const std::filesystem::path given(path);
  return (given.is_absolute() ? given : std::filesystem::path(directory) / given).lexically_normal().string();
}

}  // namespace

const std::vector<SettingInfo>& all_settings() {
  static const std::vector<SettingInfo> settings = {
      {"data", "data", "the data folder: ledger, keys, attachments", Kind::path},
      {"packs", "", "the folder with the policy packs; empty: beside the program", Kind::path},
      {"address", "127.0.0.1", "the address to listen on; 0.0.0.0 for every network"},
      {"port", "8080", "the port to listen on; 0: any free one", Kind::number},
      {"tls.certificate", "", "PEM file with the certificate and its chain; with tls.key HTTPS is spoken", Kind::path},
      {"tls.key", "", "PEM file with the private key", Kind::path},
      {"path_prefix", "", "everything is also found below this path, such as /tongban; links and pages use it"},
      {"behind_proxy", "no", "a reverse proxy on this machine states the client's address", Kind::yes_no},
      {"workers", "4", "threads that read the database for requests", Kind::number},
      {"log", "", "file for the log of requests, one JSON line each; empty: standard error", Kind::path},
      {"log.requests", "yes", "write a line for each request", Kind::yes_no},
      {"api.lift_rate_limits", "no", "no limits of rate: for measuring only", Kind::yes_no},
      {"backup.warn_days", "2", "doctor warns when the last backup is older", Kind::number},
  };
  return settings;
}

std::string flag_of(std::string_view name) {
  std::string flag = "--" + std::string(name);
  std::replace(flag.begin(), flag.end(), '.', '-');
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

std::string variable_of(std::string_view name) {
  std::string variable = "TONGBAN_";
  for (const char c : name) variable += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return variable;
}

Result<Settings> Settings::load(Words& words, const std::string& directory,
                                const std::function<const char*(const char*)>& environment) {
  std::map<std::string, std::string, std::less<>> flags;
  std::string config, faults;
  const auto add_fault = [&faults](const std::string& sentence) { faults += (faults.empty() ? "" : "\n") + sentence; };
  Words rest;
  for (size_t i = 0; i < words.size(); ++i) {
    const size_t equals = words[i].find('=');
    const std::string flag = words[i].substr(0, equals);
    std::string name = flag == "--config" ? "config" : "";
    for (const SettingInfo& info : all_settings()) {
      if (flag == flag_of(info.name)) name = info.name;
    }
    if (name.empty()) {
      rest.push_back(words[i]);
      continue;
    }
    if (equals == std::string::npos && i + 1 >= words.size()) {
      add_fault(flag + " needs a value.");
      continue;
    }
    const std::string value = equals == std::string::npos ? words[++i] : words[i].substr(equals + 1);
    (name == "config" ? config : flags[name]) = value;
  }

  Settings settings;
  for (const SettingInfo& info : all_settings())
    settings.values_[std::string(info.name)] = {std::string(info.default_value), "default"};
  const auto put = [&](std::string_view name, const std::string& value, const std::string& source) {
    const SettingInfo* info = find_setting(name);
    if (const std::string fault = value_fault(*info, value); !fault.empty())
      return add_fault(source + ": " + std::string(name) + " " + fault + ".");
    settings.values_[std::string(name)] = {
        info->kind == Kind::path && !value.empty() ? absolute(value, directory) : value, source};
  };
  const auto put_outer = [&] {  // what stands above the file
    for (const SettingInfo& info : all_settings()) {
      if (const char* value = environment(variable_of(info.name).c_str()); value && *value)
        put(info.name, value, variable_of(info.name));
    }
    for (const auto& [name, value] : flags) put(name, value, "flag " + flag_of(name));
  };
  put_outer();
  settings.values_["data"].value = absolute(settings.values_["data"].value, directory);

  // The file stands in the data folder, unless it is named.
  if (const char* named = environment("TONGBAN_CONFIG"); config.empty() && named) config = named;
  const bool is_named = !config.empty();
  const std::string path = is_named ? absolute(config, directory) : settings.values_["data"].value + "/tongban.conf";
  std::ifstream file(path);
  if (!file && is_named) add_fault("The file " + path + " cannot be read.");
  if (file) {
    settings.file_ = path;
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
      const std::string where = path + ":" + std::to_string(number);
      const std::string_view text = trim(std::string_view(line).substr(0, line.find('#')));
      if (text.empty()) continue;
      const size_t equals = text.find('=');
      if (equals == std::string_view::npos) {
        add_fault(where + ": a line is `key = value`; a comment starts with #.");
        continue;
      }
      const std::string key(trim(text.substr(0, equals)));
      if (!find_setting(key)) {
        std::vector<std::string> names;
        for (const SettingInfo& info : all_settings()) names.emplace_back(info.name);
        const std::string near = nearest_word(key, names);
        add_fault(where + ": there is no setting \"" + key + "\"" +
                  (near.empty() ? "." : "; is \"" + near + "\" meant?"));
        continue;
      }
      put(key, std::string(trim(text.substr(equals + 1))), where);
    }
    // The environment and the flags once more, over the file; their faults have been named.
    std::string named = std::move(faults);
    put_outer();
    faults = std::move(named);
    settings.values_["data"].value = absolute(settings.values_["data"].value, directory);
  }
  if (!faults.empty()) return fail(Trouble::invalid_input, faults);
  words = std::move(rest);
  return settings;
}

const std::string& Settings::text(std::string_view name) const {
  const auto found = values_.find(name);
  CHECK(found != values_.end());
  return found->second.value;
}
int64_t Settings::number(std::string_view name) const {
  int64_t value = 0;
  const std::string& digits = text(name);
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}
bool Settings::yes(std::string_view name) const { return text(name) == "yes"; }
const std::string& Settings::source(std::string_view name) const {
  const auto found = values_.find(name);
  CHECK(found != values_.end());
  return found->second.source;
}

}  // namespace tongban::app
