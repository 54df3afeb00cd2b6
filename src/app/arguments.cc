#include "app/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>

#include "app/settings.h"
#include "base/text.h"

namespace tongban::app {
namespace {

// The first flag among the words that no option and no setting knows, with the nearest one that is known.
std::string unknown_flag(const std::vector<Option>& options, const Words& words) {
  std::vector<std::string> known = {"--help"};
  for (const Option& option : options) known.push_back(option.name);
  for (const SettingInfo& setting : all_settings()) known.push_back(flag_of(setting.name));
  for (const std::string& word : words) {
    const std::string flag = word.substr(0, word.find('='));
    if (!flag.starts_with("--") || std::find(known.begin(), known.end(), flag) != known.end()) continue;
    const std::string near = nearest_word(flag, known);
    return "there is no option " + flag + (near.empty() ? "." : "; is " + near + " meant?");
  }
  return {};
}

}  // namespace

std::optional<int> Arguments::parse(const std::string& command, const std::string& description,
                                    const std::vector<Option>& options, const Words& words, Shell& shell) {
  CLI::App app(description, "tongban " + command);
  app.footer("The settings (`tongban config`) may stand among the words as flags, for example --data DIR.");
  std::deque<std::string> texts(options.size());
  std::deque<bool> flags(options.size(), false);
  std::vector<CLI::Option*> parsed;
  for (size_t i = 0; i < options.size(); ++i) {
    CLI::Option* option = options[i].is_flag ? app.add_flag(options[i].name, flags[i], options[i].meaning)
                                             : app.add_option(options[i].name, texts[i], options[i].meaning);
    if (options[i].required) option->required();
    parsed.push_back(option);
  }
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 takes the last word first
  } catch (const CLI::ExtrasError&) {
    const std::string sentence = unknown_flag(options, words);
    shell.err << "tongban: " << (sentence.empty() ? "too many words for `tongban " + command + "`." : sentence)
              << " See `tongban " << command << " --help`.\n";
    return kWrongUsage;
  } catch (const CLI::RequiredError&) {
    for (size_t i = 0; i < options.size(); ++i) {
      if (!options[i].required || parsed[i]->count() > 0) continue;
      const bool by_place = !options[i].name.starts_with("-");
      shell.err << "tongban: " << (by_place ? "a word is missing: " : options[i].name + " is missing: ")
                << options[i].meaning << ". See `tongban " << command << " --help`.\n";
      break;
    }
    return kWrongUsage;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error, shell.out, shell.err), kOk;
    shell.err << "tongban: " << error.what() << ". See `tongban " << command << " --help`.\n";
    return kWrongUsage;
  }
  for (size_t i = 0; i < options.size(); ++i) {
    if (parsed[i]->count() > 0) values_[options[i].name] = options[i].is_flag ? "yes" : texts[i];
  }
  return std::nullopt;
}

bool Arguments::has(std::string_view name) const { return values_.find(name) != values_.end(); }

std::string Arguments::get(std::string_view name, std::string_view otherwise) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string(otherwise) : found->second;
}

}  // namespace tongban::app
