// How fast periods are counted, over random start days of the covered years. One item is one answer.
#include <benchmark/benchmark.h>

#include <random>
#include <sstream>

#include "calendar/batch.h"
#include "calendar/load.h"

namespace tongban::calendar {
namespace {

const Calendar& latest() {
  static const Editions editions = load_editions(TONGBAN_SOURCE_DIR "/packs/china/calendar").value();
  return editions.latest();
}

struct Question {
  Date start;
  int32_t n;
};

// A fixed seed: every run asks the same.
std::vector<Question> questions(int32_t max_n) {
  std::mt19937 random(20210205);
  std::uniform_int_distribution<int32_t> day(Date::from(2007, 1, 1).days, Date::from(2026, 12, 31).days);
  std::uniform_int_distribution<int32_t> n(1, max_n);
  std::vector<Question> questions(1 << 14);
  for (Question& question : questions) question = {Date{day(random)}, n(random)};
  return questions;
}

// As a caller writes it: the Result is looked at.
void add_working_days(benchmark::State& state) {
  const Calendar& calendar = latest();
  const std::vector<Question> asked = questions(static_cast<int32_t>(state.range(0)));
  int64_t sum = 0;
  for (auto _ : state) {
    for (const Question& question : asked) {
      const Result<Date> due = calendar.add_working_days(question.start, question.n);
      if (due.ok()) sum += due->days;
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(asked.size()));
}
BENCHMARK(add_working_days)->Arg(5)->Arg(40)->Arg(250);

// Each start depends on the answer before: the time of one addition, not how many overlap.
void add_working_days_in_a_chain(benchmark::State& state) {
  const Calendar& calendar = latest();
  const std::vector<Question> asked = questions(40);
  int32_t last = 0;
  for (auto _ : state) {
    for (const Question& question : asked) {
      last = calendar.add_working_days(question.start + (last & 1), question.n).value().days;
    }
    benchmark::DoNotOptimize(last);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(asked.size()));
}
BENCHMARK(add_working_days_in_a_chain);

// Beyond the tables: counts before each year and arithmetic inside one.
void add_working_days_far(benchmark::State& state) {
  const Calendar& calendar = latest();
  const std::vector<Question> asked = questions(40);
  int64_t sum = 0;
  for (auto _ : state) {
    for (const Question& question : asked) {
      sum += calendar.add_working_days(question.start + 365'250, question.n).value().days;
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(asked.size()));
}
BENCHMARK(add_working_days_far);

void due_of_unit(benchmark::State& state, Unit unit) {
  const Calendar& calendar = latest();
  const std::vector<Question> asked = questions(40);
  int64_t sum = 0;
  for (auto _ : state) {
    for (const Question& question : asked) {
      sum += find_due(calendar, start_of_day(question.start), unit, question.n).value().due_at.ms;
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(asked.size()));
}
BENCHMARK_CAPTURE(due_of_unit, working_days, Unit::working_days);
BENCHMARK_CAPTURE(due_of_unit, calendar_days, Unit::calendar_days);
BENCHMARK_CAPTURE(due_of_unit, months, Unit::months);
BENCHMARK_CAPTURE(due_of_unit, hours, Unit::hours);

void count_with_explanation(benchmark::State& state) {
  const Calendar& calendar = latest();
  const std::vector<Question> asked = questions(15);
  for (auto _ : state) {
    for (const Question& question : asked) {
      benchmark::DoNotOptimize(count(calendar, start_of_day(question.start), Unit::working_days, question.n));
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(asked.size()));
}
BENCHMARK(count_with_explanation);

void answer_lines_of_a_file(benchmark::State& state) {
  const Calendar& calendar = latest();
  std::string lines;
  const std::vector<Question> asked = questions(40);
  for (const Question& question : asked) {
    lines += "{\"start\":\"" + to_text(question.start) +
             "\",\"unit\":\"working_days\",\"n\":" + std::to_string(question.n) + "}\n";
  }
  for (auto _ : state) {
    std::istringstream in(lines);
    std::ostringstream out;
    benchmark::DoNotOptimize(answer_lines(calendar, in, out));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(asked.size()));
}
BENCHMARK(answer_lines_of_a_file);

void load_all_editions(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(load_editions(TONGBAN_SOURCE_DIR "/packs/china/calendar"));
  }
}
BENCHMARK(load_all_editions)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tongban::calendar
