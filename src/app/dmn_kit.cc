#include "app/dmn_kit.h"

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <set>

#include "app/dmn_files.h"
#include "base/json.h"
#include "dmn/kit.h"
#include "dmn/xml.h"

namespace tongban::app {
namespace {

namespace fs = std::filesystem;

// The kit never depends on the time but in `now()` and `today()`, of which it asks only that they are something.
constexpr Instant kKitTime{1'735'689'600'000};

struct Folder {
  fs::path path;
  std::vector<fs::path> models, cases;
};

bool is_case_file(const fs::path& path) {
  return path.extension() == ".xml" && path.filename().string().find("-test-") != std::string::npos;
}

Result<std::vector<Folder>> find_folders(const std::string& directory) {
  std::map<fs::path, Folder> found;
  std::error_code error;
  fs::recursive_directory_iterator files(directory, error);
  if (error) return fail(Trouble::not_found, "the folder " + directory + " cannot be read: " + error.message());
  for (const fs::recursive_directory_iterator end; files != end; files.increment(error)) {
    if (error) return fail(Trouble::not_found, directory + ": " + error.message());
    const fs::path& path = files->path();
    Folder& folder = found[path.parent_path()];
    folder.path = path.parent_path();
    if (path.extension() == ".dmn") folder.models.push_back(path);
    if (is_case_file(path)) folder.cases.push_back(path);
  }
  std::vector<Folder> out;
  for (auto& [path, folder] : found) {
    if (folder.cases.empty()) continue;
    std::sort(folder.models.begin(), folder.models.end());
    std::sort(folder.cases.begin(), folder.cases.end());
    out.push_back(std::move(folder));
  }
  return out;
}

std::string level_of(const fs::path& path) {
  for (const fs::path& part : path) {
    if (part.string().starts_with("compliance-level-")) return part.string().substr(17);
  }
  return "other";
}

class KitRun {
 public:
  explicit KitRun(KitScore& score) : score_(score) {}

  Result<void> run(const Folder& folder) {
    for (const fs::path& file : folder.cases) {
      const std::string text = TRY(read_text_file(file));
      const dmn::KitFile cases = dmn::read_kit_cases(file.filename().string(), text);
      for (const dmn::ModelProblem& each : cases.problems) {
        return fail(Trouble::invalid_input, file.string() + ":" + std::to_string(each.at.line) + ": " + each.message);
      }
      const dmn::Engine::Loaded loaded = TRY(load(folder, cases.model_name));
      for (const dmn::KitCase& each : cases.cases) judge_case(folder, loaded, each);
    }
    return {};
  }

 private:
  Result<dmn::Engine::Loaded> load(const Folder& folder, const std::string& main) {
    std::vector<dmn::Definitions> models;
    for (const fs::path& file : folder.models) {
      const std::string text = TRY(read_text_file(file));
      dmn::ReadModel read = dmn::read_xml(file.filename().string(), text);
      models.push_back(std::move(read.model));
      const bool is_main = file.filename() == main || folder.models.size() == 1;
      if (is_main) std::swap(models.front(), models.back());
    }
    return dmn::Engine::load(std::move(models));
  }

  void judge_case(const Folder& folder, const dmn::Engine::Loaded& loaded, const dmn::KitCase& one) {
    KitResult result;
    result.level = level_of(folder.path);
    result.folder = folder.path.filename().string();
    result.test_case = one.id;
    result.passed = true;
    result.expects_null = true;
    for (const dmn::KitExpectation& expectation : one.expected) {
      if (expectation.value && !expectation.value->is_null()) result.expects_null = false;
      if (!result.passed) continue;
      dmn::KitVerdict verdict;
      if (loaded.engine)
        verdict = dmn::judge(*loaded.engine, one, expectation, {kKitTime});
      else
        verdict.actual = "the model was refused: " + (loaded.problems.empty() ? "" : loaded.problems[0].message);
      if (result.node.empty() || !verdict.passed) {
        result.node = expectation.node;
        result.expected = verdict.expected;
        result.actual = verdict.actual;
      }
      result.passed = verdict.passed;
      result.is_near = verdict.is_near;
    }
    const auto count = [&](KitScore::Count& counter) {
      ++counter.total;
      counter.passed += result.passed ? 1 : 0;
    };
    score_.near += !result.passed && result.is_near ? 1 : 0;
    count(score_.all);
    count(score_.levels[result.level]);
    if (!result.expects_null) count(score_.non_null);
    score_.results.push_back(std::move(result));
  }

  KitScore& score_;
};

json::object to_json(const KitResult& result) {
  return {{"folder", result.folder},
          {"case", result.test_case},
          {"node", result.node},
          {"expected", result.expected},
          {"actual", result.actual}};
}

std::string percent(const KitScore::Count& count) {
  if (count.total == 0) return "–";
  const size_t hundredths = count.passed * 10000 / count.total;
  const std::string rest = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + "." + (rest.size() < 2 ? "0" : "") + rest + " %";
}
std::string of(const KitScore::Count& count) {
  return std::to_string(count.passed) + " of " + std::to_string(count.total) + " (" + percent(count) + ")";
}

}  // namespace

Result<KitScore> run_kit(const std::vector<std::string>& directories) {
  KitScore score;
  std::map<std::pair<std::string, std::string>, bool> folders;
  for (const std::string& directory : directories) {
    const std::vector<Folder> found = TRY(find_folders(directory));
    if (found.empty()) return fail(Trouble::not_found, "there are no cases (*-test-*.xml) in " + directory);
    KitRun run(score);
    for (const Folder& folder : found) TRY(run.run(folder));
  }
  for (const KitResult& result : score.results) {
    const auto [place, is_new] = folders.emplace(std::pair(result.level, result.folder), true);
    place->second = place->second && result.passed;
  }
  for (const auto& [key, passed] : folders) {
    for (KitScore::Count* counter : {&score.folders, &score.level_folders[key.first]}) {
      ++counter->total;
      counter->passed += passed ? 1 : 0;
    }
  }
  return score;
}

void print(const KitScore& score, const KitPrint& how, std::ostream& out) {
  if (how.json) {
    json::array failures, cases;
    for (const KitResult& result : score.results) {
      if (!result.passed) failures.push_back(to_json(result));
      if (!how.all) continue;
      json::object entry = to_json(result);
      entry["passed"] = result.passed;
      cases.push_back(std::move(entry));
    }
    json::object levels;
    for (const auto& [level, count] : score.levels) {
      const KitScore::Count& folders = score.level_folders.at(level);
      levels[level] = {{"total", count.total},
                       {"passed", count.passed},
                       {"folders", folders.total},
                       {"folders_passed", folders.passed}};
    }
    json::object object{{"total", score.all.total},
                        {"passed", score.all.passed},
                        {"folders", {{"total", score.folders.total}, {"passed", score.folders.passed}}},
                        {"levels", std::move(levels)},
                        {"non_null", {{"total", score.non_null.total}, {"passed", score.non_null.passed}}},
                        {"failed_within_1e-8", score.near},
                        {"failures", std::move(failures)}};
    if (how.all) object["cases"] = std::move(cases);
    out << to_pretty_json_text(object) << "\n";
    return;
  }
  if (how.all || how.failures) {
    for (const KitResult& result : score.results) {
      if (result.passed && !how.all) continue;
      out << (result.passed ? "passed " : "failed ") << result.folder << " " << result.test_case << " " << result.node;
      if (!result.passed) out << "\n    expected " << result.expected << "\n    actual   " << result.actual;
      out << "\n";
    }
  }
  std::map<std::string, KitScore::Count> by_folder;
  for (const KitResult& result : score.results) {
    KitScore::Count& count = by_folder[result.folder];
    ++count.total;
    count.passed += result.passed ? 1 : 0;
  }
  for (const auto& [folder, count] : by_folder) {
    if (count.passed < count.total)
      out << folder << ": " << count.total - count.passed << " of " << count.total << " failed\n";
  }
  for (const auto& [level, count] : score.levels)
    out << "level " << level << ": " << of(count) << ", folders in full " << of(score.level_folders.at(level)) << "\n";
  out << "cases that expect a value: " << of(score.non_null) << "\n";
  if (score.near > 0)
    out << "failed only by less than 1e-8 of a number, which the published runners let pass: " << score.near << "\n";
  out << "all: " << of(score.all) << ", folders in full " << of(score.folders) << "\n";
}

}  // namespace tongban::app
