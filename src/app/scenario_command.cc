#include "app/scenario_command.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <ostream>
#include <set>
#include <sstream>
#include <thread>

#include "base/digits.h"
#include "base/json.h"
#include "base/text.h"
#include "calendar/load.h"
#include "facility/scenario/mutation.h"
#include "facility/scenario/runner.h"
#include "kernel/host.h"

namespace tongban::app {
namespace {

namespace fs = std::filesystem;
using facility::Mutation;
using facility::ScenarioResult;
using facility::ScenarioRunner;

struct Options {
  std::vector<std::string> directories;
  std::string only;
  bool json = false, story = false, mutate = false;
  unsigned threads = 2;
};

struct Loaded {
  std::string directory;
  pack::Library others;  // without the pack itself
  std::shared_ptr<const pack::Pack> pack;
  std::shared_ptr<const calendar::Editions> calendar;
  std::vector<pack::Scenario> scenarios;
};

std::shared_ptr<const pack::Library> with(const pack::Library& others, std::shared_ptr<const pack::Pack> pack) {
  auto library = std::make_shared<pack::Library>(others);
  library->packs.push_back(std::move(pack));
  return library;
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The pack with what it builds on from the folder beside it. Only faults of these count.
std::optional<Loaded> load(const std::string& directory, std::ostream& err) {
  Loaded loaded;
  loaded.directory = directory;
  while (loaded.directory.size() > 1 && loaded.directory.ends_with('/')) loaded.directory.pop_back();
  const fs::path path = fs::path(loaded.directory).lexically_normal();
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const std::string folder = path.filename().string();
  const pack::LoadedLibrary library = pack::load_library(parent.string(), kernel::kernel_host());
  std::set<std::string> wanted;
  for (const auto& pack : library.content.packs) {
    if (fs::path(pack->directory).filename() == folder) loaded.pack = pack;
  }
  if (!loaded.pack) {
    err << directory << ": there is no pack in this folder.\n";
    return std::nullopt;
  }
  std::vector<std::string> queue{loaded.pack->id};
  for (size_t i = 0; i < queue.size(); ++i) {
    const auto pack = library.content.find(queue[i]);
    if (!pack || !wanted.insert(queue[i]).second) continue;
    queue.insert(queue.end(), pack->builds_on.begin(), pack->builds_on.end());
  }
  bool faulty = false;
  for (const pack::Fault& fault : library.faults) {
    const std::string first = fault.source.file.substr(0, fault.source.file.find('/'));
    const bool concerns =
        std::any_of(library.content.packs.begin(), library.content.packs.end(), [&](const auto& pack) {
          return wanted.contains(pack->id) && (fs::path(pack->directory).filename() == first ||
                                               fault.source.file.find("/" + pack->id + "/") != std::string::npos);
        });
    if (!concerns) continue;
    err << pack::to_text(fault) << "\n";
    faulty = true;
  }
  for (const auto& pack : library.content.packs) {
    if (wanted.contains(pack->id) && pack != loaded.pack) loaded.others.packs.push_back(pack);
  }
  std::vector<pack::Fault> faults;
  loaded.scenarios = pack::load_scenarios(loaded.directory, faults);
  pack::check_scenarios(*loaded.pack, loaded.scenarios, faults);
  for (const pack::Fault& fault : faults) err << folder << "/" << pack::to_text(fault) << "\n";
  if (faulty || !faults.empty()) return std::nullopt;
  std::error_code ignored;
  if (fs::is_directory(parent / "china" / "calendar", ignored)) {
    Result<calendar::Editions> editions = calendar::load_editions((parent / "china" / "calendar").string());
    if (!editions.ok()) {
      err << editions.error().message << "\n";
      return std::nullopt;
    }
    loaded.calendar = std::make_shared<const calendar::Editions>(std::move(editions).value());
  } else {
    loaded.calendar =
        std::make_shared<const calendar::Editions>(calendar::Editions::make("无节假日安排的日历", {}, {}).value());
  }
  return loaded;
}

int play(const Loaded& loaded, const Options& options, std::ostream& out) {
  const ScenarioRunner runner(with(loaded.others, loaded.pack), loaded.pack, loaded.calendar);
  size_t failed = 0, played = 0, steps = 0;
  json::array results;
  std::set<std::string> shown;
  for (const pack::Scenario& scenario : loaded.scenarios) {
    if (!options.only.empty() && scenario.name.find(options.only) == std::string::npos) continue;
    const ScenarioResult result = runner.run(scenario, loaded.scenarios, options.story);
    ++played;
    steps += result.steps;
    if (!result.ok())
      ++failed;
    else
      shown.insert(result.shows.begin(), result.shows.end());
    if (options.json) {
      json::array differences;
      for (const facility::Difference& d : result.differences) {
        differences.push_back(json::object{{"file", d.source.file},
                                           {"line", d.source.line},
                                           {"what", d.what},
                                           {"expected", d.expected},
                                           {"found", d.found}});
      }
      json::array shows;
      for (const std::string& id : result.shows) shows.push_back(json::string(id));
      results.push_back(json::object{{"scenario", result.name},
                                     {"file", result.source.file},
                                     {"line", result.source.line},
                                     {"ok", result.ok()},
                                     {"shows", std::move(shows)},
                                     {"differences", std::move(differences)}});
      continue;
    }
    if (options.story || !result.ok()) out << (result.ok() ? "ok " : "FAILED ") << result.name << "\n";
    for (const std::string& line : result.story) out << "    " << line << "\n";
    for (const facility::Difference& difference : result.differences)
      out << "    " << facility::to_text(difference) << "\n";
  }
  if (options.json) {
    json::array ids;
    for (const std::string& id : shown) ids.push_back(json::string(id));
    out << to_pretty_json_text(
               json::object{{"pack", loaded.pack->key()}, {"results", std::move(results)}, {"shows", std::move(ids)}})
        << "\n";
  } else {
    out << loaded.pack->id << ": " << played << " scenarios, " << steps << " steps, " << failed << " failed, "
        << shown.size() << " requirements shown.\n";
  }
  return failed == 0 ? 0 : 1;
}

// --- mutations ---

struct Equivalent {
  std::string file, what, reason;
};
std::vector<Equivalent> read_equivalents(const std::string& directory, std::ostream& err, bool& ok) {
  std::vector<Equivalent> list;
  int no = 0;
  const std::string text = read_text(fs::path(directory) / "mutations_equivalent.txt");
  for (const std::string_view raw : split(text, '\n')) {
    ++no;
    const std::string line(trim(raw));
    if (line.empty() || line[0] == '#') continue;
    const size_t first = line.find(": "), last = line.rfind(": ");
    if (first == std::string::npos || last <= first) {
      err << directory << "/mutations_equivalent.txt:" << no << ": `file: what: reason` is wanted.\n";
      ok = false;
      continue;
    }
    list.push_back({line.substr(0, first), line.substr(first + 2, last - first - 2), line.substr(last + 2)});
  }
  return list;
}

class Mutator {
 public:
  Mutator(const Loaded& loaded, const Options& options) : loaded_(loaded), options_(options) {}

  int run(std::ostream& out, std::ostream& err) {
    bool ok = true;
    const std::vector<Equivalent> equivalents = read_equivalents(loaded_.directory, err, ok);
    if (!ok) return 2;
    for (const auto& entry : fs::directory_iterator(loaded_.directory)) {
      if (!entry.is_regular_file()) continue;
      const std::string name = entry.path().filename().string();
      for (Mutation& mutation : facility::mutations_of(name, read_text(entry.path()))) {
        const bool same = std::any_of(equivalents.begin(), equivalents.end(),
                                      [&](const Equivalent& e) { return e.file == name && e.what == mutation.what; });
        if (same)
          ++skipped_;
        else if (options_.only.empty() ||
                 (mutation.file + ": " + mutation.what).find(options_.only) != std::string::npos)
          mutations_.push_back(std::move(mutation));
      }
    }
    std::sort(mutations_.begin(), mutations_.end(), [](const Mutation& a, const Mutation& b) {
      return std::tie(a.file, a.line, a.what) < std::tie(b.file, b.line, b.what);
    });
    survived_.resize(mutations_.size());
    choose_scenarios();
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < std::max(1u, options_.threads); ++t) threads.emplace_back([this, t] { work(t); });
    for (std::thread& thread : threads) thread.join();
    if (!trouble_.empty()) {
      err << trouble_ << "\n";
      return 2;
    }
    size_t survivors = 0;
    for (size_t i = 0; i < mutations_.size(); ++i) {
      if (!survived_[i]) continue;
      ++survivors;
      out << mutations_[i].file << ":" << mutations_[i].line << ": survives: " << mutations_[i].what << "\n";
    }
    out << loaded_.pack->id << ": " << mutations_.size() << " mutations, " << refused_ << " refused by the checker, "
        << mutations_.size() - refused_ - survivors << " noticed by a scenario, " << survivors << " survive, "
        << skipped_ << " left out as equivalent.\n";
    return survivors == 0 ? 0 : 1;
  }

 private:
  // What another scenario goes on from is played with that one; only its views and examples would be missed. Where
  // that one plays with other parameters it is another story.
  void choose_scenarios() {
    std::set<std::string> played_with_another;
    for (const pack::Scenario& scenario : loaded_.scenarios) {
      if (!scenario.after.empty() && scenario.parameters.empty()) played_with_another.insert(scenario.after);
    }
    for (const pack::Scenario& scenario : loaded_.scenarios) {
      if (!played_with_another.contains(scenario.name) || !scenario.views.empty() || !scenario.examples.empty())
        scenarios_.push_back(&scenario);
    }
  }

  void work(unsigned thread) {
    std::string pattern =
        (fs::temp_directory_path() / ("tongban_mutate_" + std::to_string(thread) + "_XXXXXX")).string();
    if (!::mkdtemp(pattern.data())) return note("cannot make a folder in " + fs::temp_directory_path().string());
    // Named like the pack, in a folder of its own.
    const fs::path copy = fs::path(pattern) / fs::path(loaded_.directory).filename();
    std::error_code failed;
    fs::copy(loaded_.directory, copy, fs::copy_options::recursive, failed);
    if (failed) note("cannot copy the pack: " + failed.message());
    std::vector<const pack::Scenario*> order = scenarios_;
    for (size_t i = next_++; i < mutations_.size() && trouble_empty(); i = next_++) try_one(i, copy, order);
    fs::remove_all(pattern, failed);
  }

  // The scenario that notices moves to the head of `order`: the next change stands on the same line or near it.
  void try_one(size_t i, const fs::path& copy, std::vector<const pack::Scenario*>& order) {
    const Mutation& mutation = mutations_[i];
    const fs::path path = copy / mutation.file;
    const std::string original = read_text(path);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << facility::mutated(mutation, original);
    const pack::Loaded changed = pack::load_pack(copy.string(), loaded_.others, kernel::kernel_host());
    std::ofstream(path, std::ios::binary | std::ios::trunc) << original;
    std::vector<pack::Fault> faults;
    if (changed.ok()) pack::check_scenarios(*changed.pack, loaded_.scenarios, faults);
    if (!changed.ok() || !faults.empty()) {
      ++refused_;
      return;
    }
    const ScenarioRunner runner(with(loaded_.others, changed.pack), changed.pack, loaded_.calendar);
    // Those that take the changed action come before all others.
    if (mutation.what.starts_with("actions ")) {
      const std::string action = mutation.what.substr(8, mutation.what.find(':') - 8);
      std::stable_partition(order.begin(), order.end(), [&](const pack::Scenario* scenario) {
        return std::any_of(scenario->steps.begin(), scenario->steps.end(),
                           [&](const pack::ScenarioStep& step) { return step.does == action; });
      });
    }
    for (auto it = order.begin(); it != order.end(); ++it) {
      if (runner.run(**it, loaded_.scenarios).ok()) continue;
      std::rotate(order.begin(), it, std::next(it));
      return;
    }
    survived_[i] = 1;
  }

  void note(const std::string& trouble) {
    const std::lock_guard lock(mutex_);
    if (trouble_.empty()) trouble_ = trouble;
  }
  bool trouble_empty() {
    const std::lock_guard lock(mutex_);
    return trouble_.empty();
  }

  const Loaded& loaded_;
  const Options& options_;
  std::vector<Mutation> mutations_;
  std::vector<const pack::Scenario*> scenarios_;
  std::vector<char> survived_;
  std::atomic<size_t> next_{0}, refused_{0};
  size_t skipped_ = 0;
  std::mutex mutex_;
  std::string trouble_;
};

std::optional<Options> parse(const std::vector<std::string>& args, std::ostream& err) {
  Options options;
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& word = args[i];
    const auto next = [&]() -> std::string { return i + 1 < args.size() ? args[++i] : std::string(); };
    if (word == "--json")
      options.json = true;
    else if (word == "--story")
      options.story = true;
    else if (word == "--mutate")
      options.mutate = true;
    else if (word == "--only")
      options.only = next();
    else if (word == "--threads")
      options.threads = static_cast<unsigned>(std::clamp<int64_t>(parse_digits(next()).value_or(1), 1, 64));
    else if (word.starts_with("--")) {
      err << "pack test: there is no option " << word
          << ". Known are --only TEXT, --json, --story, --mutate, --threads N.\n";
      return std::nullopt;
    } else {
      options.directories.push_back(word);
    }
  }
  if (options.directories.empty()) {
    err << "pack test: name the folder of a pack, for example: tongban pack test packs/hotline-12345\n";
    return std::nullopt;
  }
  return options;
}

}  // namespace

int run_pack_test(const std::vector<std::string>& args, std::ostream& out, std::ostream& err) {
  const std::optional<Options> options = parse(args, err);
  if (!options) return 2;
  int worst = 0;
  for (const std::string& directory : options->directories) {
    const std::optional<Loaded> loaded = load(directory, err);
    if (!loaded) {
      worst = 2;
      continue;
    }
    if (options->mutate) {
      Options quiet = *options;
      quiet.only.clear();
      std::ostringstream story;
      if (play(*loaded, quiet, story) != 0) {
        err << story.str() << "The scenarios must hold before they can notice anything.\n";
        worst = std::max(worst, 1);
        continue;
      }
      worst = std::max(worst, Mutator(*loaded, *options).run(out, err));
    } else {
      worst = std::max(worst, play(*loaded, *options, out));
    }
  }
  return worst;
}

int run_scenarios(const std::string& directory, std::ostream& out, std::ostream& err) {
  return run_pack_test({directory}, out, err);
}

}  // namespace tongban::app
