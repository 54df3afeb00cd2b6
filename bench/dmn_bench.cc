// How fast decision tables are answered on one core, on the tables of ../shared/bench/dmn/generate.py. Every result is
// first compared with a plain scan of the rules and with the answers that come with the table. CPU time, best of
// several rounds; the figures also go to --benchmark_out as JSON, for bench/dmn.sh, which sets the peers beside them.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/json.h"
#include "dmn/batch.h"
#include "dmn/bitmap_index.h"
#include "dmn/markdown.h"
#include "dmn/traced_table.h"
#include "feel/feel.h"

namespace {

using namespace tongban;
using dmn::BitmapIndex;
using feel::Type;
using feel::Value;

constexpr int kRounds = 7;
constexpr double kRoundSeconds = 0.15;

template <class T>
void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}
// Seconds for one call of `work`, the best of the rounds.
double best_seconds(const std::function<void()>& work) {
  double start = cpu_seconds();
  work();
  const double once = std::max(cpu_seconds() - start, 1e-7);
  const auto times = static_cast<int>(std::max(1.0, kRoundSeconds / once));
  double best = 1e9;
  for (int round = 0; round < kRounds; ++round) {
    start = cpu_seconds();
    for (int i = 0; i < times; ++i) work();
    best = std::min(best, (cpu_seconds() - start) / times);
  }
  return best;
}

json::array results;
int missed = 0;

void report(const std::string& name, double value, const char* unit, double target, bool more_is_better) {
  const bool reached = target == 0 || (more_is_better ? value >= target : value <= target);
  missed += reached ? 0 : 1;
  if (target == 0) {
    std::printf("%-66s %10.3f %s\n", name.c_str(), value, unit);
  } else {
    std::printf("%-66s %10.3f %-4s %s %g: %s\n", name.c_str(), value, unit, more_is_better ? "at least" : "at most",
                target, reached ? "reached" : "MISSED");
  }
  std::fflush(stdout);
  results.push_back(json::object{{"name", name}, {"value", value}, {"unit", unit}, {"target", target}});
}

// ---- the tables ----------------------------------------------------------------------------------------------------

constexpr const char* kNames[] = {"age", "income", "district", "status"};
constexpr const char* kLabels[] = {"年龄", "收入", "区县", "状态"};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path);
  CHECK(in.good());
  std::stringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}
std::vector<std::string> read_lines(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::string markdown_of(const std::filesystem::path& directory) {
  const Value rules = dmn::read_json_exactly(read_file(directory / "rules.json")).value();
  std::string out = "---\ntitle: 速度\nhit policy: first\nclause: 第一条\n---\n\n|";
  for (size_t i = 0; i < 4; ++i) out += std::string(" ") + kLabels[i] + " " + kNames[i] + " |";
  out += " → 行 row | 依据 |\n|---|---|---|---|---|---|\n";
  for (const Value& rule : rules.as_list()) {
    out += '|';
    for (const char* name : kNames) {
      const Value* cell = rule.find(name);
      out += ' ';
      if (cell == nullptr) {
        out += '-';
      } else if (cell->as_list()[0].kind() == Value::Kind::text) {
        for (size_t i = 0; i < cell->as_list().size(); ++i) {
          out += (i > 0 ? ", \"" : "\"") + cell->as_list()[i].as_text() + "\"";
        }
      } else {
        out += "[" + cell->as_list()[0].to_text() + ".." + cell->as_list()[1].to_text() + ")";
      }
      out += " |";
    }
    const std::string id = rule.get("id").to_text();
    out += " " + id + " | 第" + id + "条 |\n";
  }
  return out;
}

feel::Scope scope() {
  return feel::Scope(
      {{"age", Type::number()}, {"income", Type::number()}, {"district", Type::text()}, {"status", Type::text()}});
}

// A rule as a plain struct, for the plain scan: numbers × 10^4.
struct PlainRule {
  bool has[2] = {false, false};
  int64_t low[2] = {0, 0}, high[2] = {0, 0};
  std::vector<std::string> words[2];
};
struct PlainInput {
  int64_t numbers[2] = {0, 0};
  std::string words[2];
};
struct Data {
  std::filesystem::path directory;
  std::vector<PlainRule> rules;
  std::vector<PlainInput> inputs;
  std::vector<std::string> lines;
  std::vector<std::vector<int>> expected;  // all rows
};

int64_t scaled(const Value& number) { return *dmn::parse_decimal(number.to_text())->at_scale(4); }

Data load_data(const std::filesystem::path& directory) {
  Data data;
  data.directory = directory;
  const Value rules = dmn::read_json_exactly(read_file(directory / "rules.json")).value();
  for (const Value& each : rules.as_list()) {
    PlainRule rule;
    for (size_t i = 0; i < 4; ++i) {
      const Value* cell = each.find(kNames[i]);
      if (cell == nullptr) continue;
      if (i < 2) {
        rule.has[i] = true;
        rule.low[i] = scaled(cell->as_list()[0]);
        rule.high[i] = scaled(cell->as_list()[1]);
      } else {
        for (const Value& word : cell->as_list()) rule.words[i - 2].push_back(word.as_text());
      }
    }
    data.rules.push_back(std::move(rule));
  }
  data.lines = read_lines(directory / "inputs.jsonl");
  const std::vector<std::string> answers = read_lines(directory / "expected.jsonl");
  for (size_t i = 0; i < data.lines.size(); ++i) {
    const Value line = dmn::read_json_exactly(data.lines[i]).value();
    PlainInput input;
    for (size_t k = 0; k < 2; ++k) {
      input.numbers[k] = scaled(line.get(kNames[k]));
      input.words[k] = line.get(kNames[k + 2]).as_text();
    }
    std::vector<int> found;
    for (size_t row = 0; row < data.rules.size(); ++row) {
      const PlainRule& rule = data.rules[row];
      bool holds = true;
      for (size_t k = 0; k < 2; ++k) {
        holds = holds && (!rule.has[k] || (rule.low[k] <= input.numbers[k] && input.numbers[k] < rule.high[k]));
        holds = holds && (rule.words[k].empty() ||
                          std::find(rule.words[k].begin(), rule.words[k].end(), input.words[k]) != rule.words[k].end());
      }
      if (holds) found.push_back(static_cast<int>(row) + 1);
    }
    // The plain scan and the answers that came with the table say the same.
    const json::value answer = parse_json(answers[i]).value();
    const json::array& collect = find_member(answer.get_object(), "collect")->get_array();
    CHECK(collect.size() == found.size());
    for (size_t k = 0; k < found.size(); ++k) CHECK(collect[k].get_int64() == found[k]);
    data.expected.push_back(std::move(found));
    data.inputs.push_back(std::move(input));
  }
  return data;
}

std::vector<int64_t> typed_of(const BitmapIndex& index, const PlainInput& input) {
  std::vector<int64_t> out;
  for (size_t k = 0; k < 2; ++k) {
    int64_t value = input.numbers[k];
    for (int s = index.scale(k); s < 4; ++s) {
      CHECK(value % 10 == 0);
      value /= 10;
    }
    out.push_back(value);
  }
  for (size_t k = 0; k < 2; ++k) out.push_back(index.id_of(k + 2, input.words[k]));
  return out;
}

dmn::Table table_of(const Data& data, dmn::HitPolicy policy) {
  dmn::ParsedTable parsed = dmn::parse_table_markdown("speed", read_file(data.directory / "speed.table.md"));
  CHECK(parsed.problems.empty());
  parsed.table.hit_policy = policy;
  return std::move(parsed.table);
}

std::vector<int> rows_of(std::span<const uint64_t> mask) {
  std::vector<int> rows;
  for (size_t w = 0; w < mask.size(); ++w) {
    for (uint64_t left = mask[w]; left != 0; left &= left - 1)
      rows.push_back(static_cast<int>(w * 64) + std::countr_zero(left) + 1);
  }
  return rows;
}

// ---- 12 rules: one case at a time ---------------------------------------------------------------------------------

void bench_single(const Data& data) {
  const dmn::TableCompiled compiled = dmn::compile(table_of(data, dmn::HitPolicy::first), scope());
  CHECK(compiled.table.has_value());
  dmn::BitmapIndexOptions options;
  options.scales = {0, 2};
  const BitmapIndex index(*compiled.table, options);
  CHECK(index.is_small());
  const size_t count = std::min<size_t>(data.inputs.size(), 4096);
  std::vector<int64_t> typed;
  for (size_t i = 0; i < data.inputs.size(); ++i) {
    const std::vector<int64_t> values = typed_of(index, data.inputs[i]);
    const uint64_t mask = index.match_small(values.data());
    CHECK(rows_of({&mask, 1}) == data.expected[i]);
    std::vector<Value> slots;
    for (size_t k = 0; k < 2; ++k) slots.push_back(Value::of(feel::Number::from_scaled(data.inputs[i].numbers[k], 4)));
    for (size_t k = 0; k < 2; ++k) slots.push_back(Value::text(data.inputs[i].words[k]));
    const dmn::Decision decision = dmn::evaluate(*compiled.table, slots, {});
    CHECK(decision.matched == data.expected[i]);
    if (i < count) typed.insert(typed.end(), values.begin(), values.end());
  }
  const auto rate = [&](const std::function<void()>& work) {
    return static_cast<double>(count) / best_seconds(work) / 1e6;
  };
  report("12 rules, one case, typed: COLLECT as mask", rate([&] {
           for (size_t i = 0; i < count; ++i) keep(index.match_small(typed.data() + 4 * i));
         }),
         "M/s", 50, true);
  report("12 rules, one case, typed: FIRST", rate([&] {
           for (size_t i = 0; i < count; ++i) {
             const uint64_t mask = index.match_small(typed.data() + 4 * i);
             keep(mask == 0 ? 0 : std::countr_zero(mask) + 1);
           }
         }),
         "M/s", 50, true);
  uint8_t list[64];
  report("12 rules, one case, typed: COLLECT as list", rate([&] {
           for (size_t i = 0; i < count; ++i) {
             size_t n = 0;
             for (uint64_t left = index.match_small(typed.data() + 4 * i); left != 0; left &= left - 1)
               list[n++] = static_cast<uint8_t>(std::countr_zero(left) + 1);
             keep(n);
             keep(list);
           }
         }),
         "M/s", 50, true);
  // The strings looked up each time, instead of identifiers.
  report("12 rules, one case, numbers typed, strings as text: FIRST", rate([&] {
           for (size_t i = 0; i < count; ++i) {
             int64_t values[4] = {typed[4 * i], typed[4 * i + 1]};
             for (size_t k = 0; k < 2; ++k) values[k + 2] = index.id_of(k + 2, data.inputs[i].words[k]);
             keep(std::countr_zero(index.match_small(values)));
           }
         }),
         "M/s", 0, true);

  for (const dmn::HitPolicy policy : {dmn::HitPolicy::first, dmn::HitPolicy::collect}) {
    const dmn::TableCompiled each = dmn::compile(table_of(data, policy), scope());
    const dmn::TracedTable traced(*each.table, scope());
    CHECK(traced.is_quick());
    std::string out;
    std::string plain;
    size_t bytes = 0;
    for (size_t i = 0; i < data.lines.size(); ++i) {
      out.clear();
      plain.clear();
      CHECK(traced.decide(data.lines[i], out, {}).ok());
      CHECK(traced.decide_plainly(data.lines[i], plain, {}).ok());
      CHECK(out == plain);
      const json::value record = parse_json(out).value();
      const json::array& matched = find_member(record.get_object(), "matched")->get_array();
      CHECK(matched.size() == data.expected[i].size());
      for (size_t k = 0; k < matched.size(); ++k) CHECK(matched[k].get_int64() == data.expected[i][k]);
      bytes += out.size();
    }
    const std::string name = policy == dmn::HitPolicy::first ? "FIRST" : "COLLECT";
    report("12 rules, JSON in, full trace out: " + name, rate([&] {
                                                           for (size_t i = 0; i < count; ++i) {
                                                             out.clear();
                                                             keep(traced.decide(data.lines[i], out, {}).ok());
                                                           }
                                                         }) * 1000,
           "k/s", 300, true);
    report("  mean size of that trace", static_cast<double>(bytes) / static_cast<double>(data.lines.size()), "B", 0,
           true);
  }
}

// ---- 12 rules: the batch -------------------------------------------------------------------------------------------

void bench_batch(const Data& data, const std::string& title, double coded_target, double typed_target) {
  dmn::BitmapIndexOptions options;
  options.scales = {0, 2};
  BitmapIndex::Loaded loaded = BitmapIndex::load(table_of(data, dmn::HitPolicy::collect), scope(), options);
  CHECK(loaded.index.has_value());
  const auto index = std::make_shared<const BitmapIndex>(std::move(*loaded.index));
  const std::optional<dmn::Batch> batch = dmn::Batch::make(index);
  CHECK(batch.has_value());
  constexpr size_t kCount = 16'384;
  std::vector<int64_t> numbers[2];
  std::vector<uint32_t> ids[2];
  std::vector<uint8_t> codes[4];
  for (size_t i = 0; i < kCount; ++i) {
    const std::vector<int64_t> values = typed_of(*index, data.inputs[i % data.inputs.size()]);
    for (size_t k = 0; k < 4; ++k) {
      if (k < 2) numbers[k].push_back(values[k]);
      if (k >= 2) ids[k - 2].push_back(static_cast<uint32_t>(values[k]));
      codes[k].push_back(static_cast<uint8_t>(index->class_of_typed(k, values[k])));
    }
  }
  std::vector<dmn::BatchColumn> typed(4);
  std::vector<dmn::BatchColumn> coded(4);
  for (size_t k = 0; k < 4; ++k) {
    coded[k].codes = codes[k].data();
    if (k < 2) typed[k].numbers = numbers[k].data();
    if (k >= 2) typed[k].ids = ids[k - 2].data();
  }
  std::vector<uint16_t> masks(kCount * batch->planes());
  std::vector<uint32_t> firsts(kCount);
  constexpr const char* kPaths[] = {"portable", "AVX2", "AVX-512"};
  for (const dmn::BatchPath path : {dmn::BatchPath::portable, dmn::BatchPath::avx2, dmn::BatchPath::avx512}) {
    if (path > dmn::best_batch_path()) continue;
    const bool is_best = path == dmn::best_batch_path();
    for (const auto* columns : {&coded, &typed}) {
      const bool is_coded = columns == &coded;
      const auto run = [&] { batch->run(*columns, kCount, masks.data(), path); };
      std::fill(masks.begin(), masks.end(), uint16_t{0xaaaa});
      run();
      batch->first_rows(masks.data(), kCount, firsts.data());
      for (size_t i = 0; i < kCount; ++i) {
        const std::vector<int>& expected = data.expected[i % data.inputs.size()];
        std::vector<int> found;
        for (size_t row = 0; row < index->rows(); ++row) {
          if ((masks[row / 16 * kCount + i] >> (row % 16) & 1) != 0) found.push_back(static_cast<int>(row) + 1);
        }
        CHECK(found == expected);
        CHECK(firsts[i] == (expected.empty() ? 0u : static_cast<uint32_t>(expected[0])));
      }
      const double target = is_best ? (is_coded ? coded_target : typed_target) : 0;
      const std::string name =
          title + ", batch " + kPaths[static_cast<size_t>(path)] + (is_coded ? ", coded columns" : ", int64 and ids");
      report(name + ": masks", kCount / best_seconds(run) / 1e6, "M/s", target, true);
      if (is_best) {
        report(name + ": FIRST", kCount / best_seconds([&] {
                                   run();
                                   batch->first_rows(masks.data(), kCount, firsts.data());
                                 }) / 1e6,
               "M/s", 0, true);
      }
    }
  }
}

// ---- many rules ----------------------------------------------------------------------------------------------------

void bench_index(const Data& data, const BitmapIndex& index, const std::string& title, double most_us) {
  std::vector<uint64_t> mask(index.words());
  BitmapIndex::Scratch scratch;
  std::vector<std::vector<int64_t>> typed;
  uint64_t matched = 0;
  for (size_t i = 0; i < data.inputs.size(); ++i) {
    typed.push_back(typed_of(index, data.inputs[i]));
    std::vector<uint32_t> classes;
    for (size_t k = 0; k < 4; ++k) classes.push_back(index.class_of_typed(k, typed[i][k]));
    index.match(classes, mask, scratch);
    CHECK(rows_of(mask) == data.expected[i]);
    matched += data.expected[i].size();
  }
  std::printf("  (%s: %.1f rows match in the mean; index %.1f MB)\n", title.c_str(),
              static_cast<double>(matched) / static_cast<double>(typed.size()),
              static_cast<double>(index.bytes()) / 1e6);
  const auto match = [&](const std::vector<int64_t>& values) {
    uint32_t classes[4];
    for (size_t k = 0; k < 4; ++k) classes[k] = index.class_of_typed(k, values[k]);
    index.match(classes, mask, scratch);
  };
  const auto micros = [&](const std::function<void()>& work) {
    return best_seconds(work) * 1e6 / static_cast<double>(typed.size());
  };
  report(title + ": one COLLECT as mask", micros([&] {
           for (const auto& values : typed) {
             match(values);
             keep(mask[0]);
           }
         }),
         "us", most_us, false);
  std::vector<uint32_t> list(index.rows());
  report(title + ": one COLLECT as list", micros([&] {
           for (const auto& values : typed) {
             match(values);
             size_t n = 0;
             for (size_t w = 0; w < mask.size(); ++w) {
               for (uint64_t left = mask[w]; left != 0; left &= left - 1)
                 list[n++] = static_cast<uint32_t>(w * 64 + static_cast<size_t>(std::countr_zero(left)));
             }
             keep(n);
             keep(list[0]);
           }
         }),
         "us", most_us, false);
  report(title + ": one FIRST", micros([&] {
           for (const auto& values : typed) {
             match(values);
             const auto found = std::find_if(mask.begin(), mask.end(), [](uint64_t word) { return word != 0; });
             keep(found == mask.end() ? 0 : std::countr_zero(*found) + (found - mask.begin()) * 64 + 1);
           }
         }),
         "us", most_us, false);
}

void bench_thousand(const Data& data) {
  const dmn::Table table = table_of(data, dmn::HitPolicy::collect);
  const feel::Scope names = scope();
  dmn::BitmapIndexOptions options;
  options.scales = {0, 2};
  report("1000 rules: compile every cell, and the index", best_seconds([&] {
                                                            const dmn::TableCompiled compiled =
                                                                dmn::compile(table, names);
                                                            keep(BitmapIndex(*compiled.table, options).rows());
                                                          }) * 1e3,
         "ms", 20, false);
  report("1000 rules: the index straight from the cells",
         best_seconds([&] { keep(BitmapIndex::load(table, names, options).index->rows()); }) * 1e3, "ms", 20, false);
  const dmn::TableCompiled compiled = dmn::compile(table, names);
  const BitmapIndex index(*compiled.table, options);
  bench_index(data, index, "1000 rules", 5);
  for (size_t i = 0; i < std::min<size_t>(data.inputs.size(), 50); ++i) {
    std::vector<Value> slots;
    for (size_t k = 0; k < 2; ++k) slots.push_back(Value::of(feel::Number::from_scaled(data.inputs[i].numbers[k], 4)));
    for (size_t k = 0; k < 2; ++k) slots.push_back(Value::text(data.inputs[i].words[k]));
    CHECK(dmn::evaluate(*compiled.table, slots, {}).matched == data.expected[i]);
  }
}

// Its own process, so that what it takes is its own.
int load_only(const std::filesystem::path& file) {
  const double start = cpu_seconds();
  const std::string text = read_file(file);
  dmn::ParsedTable parsed = dmn::parse_table_markdown("speed", text);
  for (size_t i = 0; i < std::min<size_t>(parsed.problems.size(), 5); ++i)
    std::fprintf(stderr, "line %d: %s\n", parsed.problems[i].line, parsed.problems[i].message.c_str());
  CHECK(parsed.problems.empty());
  const double read = cpu_seconds();
  const BitmapIndex::Loaded loaded = BitmapIndex::load(parsed.table, scope());
  CHECK(loaded.index.has_value());
  const double end = cpu_seconds();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%.4f %.4f %.1f\n", read - start, end - start, static_cast<double>(usage.ru_maxrss) / 1024);
  return 0;
}

void bench_hundred_thousand(const Data& data, const std::string& self) {
  double read = 1e9;
  double load = 1e9;
  double megabytes = 0;
  for (int round = 0; round < 3; ++round) {
    const std::string command = "'" + self + "' --load '" + (data.directory / "speed.table.md").string() + "'";
    FILE* pipe = popen(command.c_str(), "r");
    CHECK(pipe != nullptr);
    double a = 0;
    double b = 0;
    double c = 0;
    CHECK(std::fscanf(pipe, "%lf %lf %lf", &a, &b, &c) == 3);
    CHECK(pclose(pipe) == 0);
    read = std::min(read, a);
    load = std::min(load, b);
    megabytes = std::max(megabytes, c);
  }
  report("100000 rules, distinct bounds: load from the table file", load, "s", 2, false);
  report("  of it: reading the Markdown", read, "s", 0, false);
  report("100000 rules, distinct bounds: memory of the process at most", megabytes, "MB", 300, false);
  BitmapIndex::Loaded loaded = BitmapIndex::load(table_of(data, dmn::HitPolicy::collect), scope());
  CHECK(loaded.index.has_value());
  bench_index(data, *loaded.index, "100000 rules, distinct bounds", 50);
}

// ---- an expression -------------------------------------------------------------------------------------------------

void bench_expression() {
  const feel::Scope names({{"类别", Type::text()}, {"金额", Type::number()}, {"税率", Type::number()}});
  const feel::Compiled compiled = feel::compile("if 类别 = \"咨询\" then 金额 * 税率 + 12.5 else 0", names);
  CHECK(compiled.expression.has_value());
  const std::vector<Value> slots{Value::text("咨询"), Value::of(*feel::Number::parse("1234.56")),
                                 Value::of(*feel::Number::parse("1.06"))};
  const feel::EvalContext context;
  CHECK(feel::evaluate(*compiled.expression, slots, context).value == Value::of(*feel::Number::parse("1321.1336")));
  constexpr int kTimes = 10'000;
  report("FEEL: if 类别 = \"咨询\" then 金额 * 税率 + 12.5 else 0",
         kTimes / best_seconds([&] {
           for (int i = 0; i < kTimes; ++i) keep(feel::evaluate(*compiled.expression, slots, context).ok);
         }) / 1e6,
         "M/s", 5, true);
}

Data prepare(const std::filesystem::path& generator, const std::string& name, const std::string& arguments) {
  const std::filesystem::path directory = std::filesystem::path("build/bench/dmn") / name;
  if (!std::filesystem::exists(directory / "expected.jsonl")) {
    std::filesystem::create_directories(directory);
    std::printf("  (making the table of %s rules)\n", name.c_str());
    std::fflush(stdout);
    const std::string command = "python3 '" + generator.string() + "' " + arguments + " '" + directory.string() + "'";
    CHECK(std::system(command.c_str()) == 0);
  }
  std::ofstream(directory / "speed.table.md") << markdown_of(directory);
  return load_data(directory);
}

}  // namespace

int main(int argc, char** argv) {
  std::string out_file;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--load" && i + 1 < argc) return load_only(argv[i + 1]);
    constexpr std::string_view kOut = "--benchmark_out=";
    if (argument.starts_with(kOut)) out_file = argument.substr(kOut.size());
  }
  const char* shared = std::getenv("TONGBAN_SHARED");
  const std::filesystem::path generator =
      std::filesystem::path(shared != nullptr ? shared : TONGBAN_SOURCE_DIR "/../shared") / "bench/dmn/generate.py";
  bench_expression();
  if (!std::filesystem::exists(generator)) {
    std::printf("skipped: the tables are made by %s, which is not there (set TONGBAN_SHARED).\n", generator.c_str());
  } else {
    const Data twelve = prepare(generator, "12", "--inputs 10000");
    bench_single(twelve);
    bench_batch(twelve, "12 rules", 1000, 300);
    const Data thousand = prepare(generator, "1000", "--rules 1000 --inputs 1000");
    bench_thousand(thousand);
    bench_batch(thousand, "1000 rules", 0, 0);
    bench_hundred_thousand(prepare(generator, "100000", "--rules 100000 --distinct-bounds --inputs 60"), argv[0]);
  }
  if (!out_file.empty()) std::ofstream(out_file) << to_pretty_json_text(json::object{{"results", results}});
  if (missed > 0) std::printf("%d targets missed\n", missed);
  return 0;
}
