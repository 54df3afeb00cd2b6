// Every input that the fuzzers start from, and every one that once broke something (tests/fuzz/corpus/NAME), goes
// through its target again. A target stops the process by CHECK; what hangs is ended by the alarm.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#define LLVMFuzzerTestOneInput fuzz_date
#include "fuzz/date_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_dmn_xml
#include "fuzz/dmn_xml_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_feel
#include "fuzz/feel_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_feel_tests
#include "fuzz/feel_tests_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_feel_walk
#include "fuzz/feel_walk_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_http
#include "fuzz/http_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_json
#include "fuzz/json_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_regex
#include "fuzz/regex_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_table
#include "fuzz/table_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_workbook
#include "fuzz/workbook_fuzz.cc"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_yaml
#include "fuzz/yaml_fuzz.cc"
#undef LLVMFuzzerTestOneInput

namespace {

constexpr unsigned kSecondsForAll = 120;  // they take about one
const std::string kFolder = TONGBAN_SOURCE_DIR "/tests/fuzz";

using Target = int (*)(const uint8_t*, size_t);
const std::map<std::string, Target> kTargets = {
    {"date", fuzz_date},           {"dmn_xml", fuzz_dmn_xml},   {"feel", fuzz_feel}, {"feel_tests", fuzz_feel_tests},
    {"feel_walk", fuzz_feel_walk}, {"http", fuzz_http},         {"json", fuzz_json}, {"regex", fuzz_regex},
    {"table", fuzz_table},         {"workbook", fuzz_workbook}, {"yaml", fuzz_yaml}};

std::vector<std::filesystem::path> inputs_of(const std::string& target) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder + "/corpus/" + target, error))
    found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

TEST(FuzzCorpus, EveryInputPassesItsTarget) {
  alarm(kSecondsForAll);
  for (const auto& [name, target] : kTargets) {
    const auto inputs = inputs_of(name);
    EXPECT_GE(inputs.size(), 5U) << name;
    for (const auto& path : inputs) {
      std::ifstream file(path, std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
      // Said before, because a target that finds something ends the process.
      std::cout << name << "/" << path.filename().string() << std::endl;
      EXPECT_EQ(target(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), 0);
    }
  }
  alarm(0);
}

TEST(FuzzCorpus, EveryTargetIsHere) {
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with("_fuzz.cc")) continue;
    EXPECT_TRUE(kTargets.count(file.substr(0, file.size() - std::string_view("_fuzz.cc").size()))) << file;
  }
}

}  // namespace
