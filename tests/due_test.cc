// `tongban due` as a user meets it: words in, text and exit code out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "app/due_command.h"
#include "base/json.h"

namespace tongban::app {
namespace {

using testing::HasSubstr;

struct Answer {
  int code = 0;
  std::string out;
  std::string err;
};

Answer due(std::vector<std::string> args, const std::string& input = "") {
  args.insert(args.end(), {"--packs", TONGBAN_SOURCE_DIR "/packs"});
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  const int code = run_due(args, in, out, err);
  return {code, out.str(), err.str()};
}

TEST(Due, prints_date_weekday_explanation_and_notice) {
  const Answer run = due({"--from", "2021-02-05", "--working-days", "5"});
  EXPECT_EQ(run.code, 0);
  EXPECT_TRUE(run.out.starts_with("2021-02-18 星期四\n")) << run.out;
  EXPECT_THAT(run.out, HasSubstr("2021年2月7日（春节"));
  EXPECT_THAT(run.out, HasSubstr("通知 2021：2020-11-25 公布"));
  EXPECT_EQ(run.err, "");
}

TEST(Due, prints_json) {
  const Answer run = due({"--from", "2021-02-10 22:30", "--hours", "2", "--json"});
  const json::value value = parse_json(run.out).value();
  EXPECT_EQ(value.at("due").as_string(), "2021-02-11T00:30:00+08:00");
  EXPECT_EQ(value.at("provisional").as_bool(), false);
}

TEST(Due, counts_with_what_was_known_on_a_day) {
  const auto first_line = [](const Answer& run) { return run.out.substr(0, run.out.find('\n')); };
  EXPECT_EQ(first_line(due({"--from", "2020-01-22", "--working-days", "5", "--known-on", "2020-01-26"})),
            "2020-02-04 星期二");
  EXPECT_EQ(first_line(due({"--from", "2020-01-22", "--working-days", "5", "--known-on", "2020-01-27"})),
            "2020-02-06 星期四");
  EXPECT_EQ(first_line(due({"--from", "2025-12-31", "--working-days", "1", "--known-on", "2025-11-03"})),
            "2026-01-02 星期五（暂定）");
  EXPECT_EQ(first_line(due({"--from", "2021-01-28", "--calendar-days", "14"})), "2021-02-18 星期四");
  EXPECT_EQ(first_line(due({"--from", "2021-01-28", "--calendar-days", "14", "--validity"})), "2021-02-11 星期四");
  EXPECT_EQ(first_line(due({"--from", "2021-02-18", "--working-days", "4", "--backward"})), "2021-02-07 星期日");
  EXPECT_EQ(first_line(due({"--from", "2024-01-31", "--months", "1"})), "2024-02-29 星期四");
  // A leading zero does not make the number octal.
  EXPECT_EQ(first_line(due({"--from", "2021-03-01", "--calendar-days", "010"})), "2021-03-11 星期四");
}

TEST(Due, answers_lines_in_order_and_says_by_its_code_that_one_was_bad) {
  const std::string good = "{\"start\":\"2021-02-05\",\"unit\":\"working_days\",\"n\":5}\n";
  const Answer fine = due({"--batch", "-"}, good + good);
  EXPECT_EQ(fine.code, 0);
  EXPECT_EQ(fine.out,
            "{\"due\":\"2021-02-18\",\"provisional\":false}\n{\"due\":\"2021-02-18\",\"provisional\":false}\n");
  const Answer bad = due({"--batch", "-"}, "bad\n" + good);
  EXPECT_EQ(bad.code, 1);
  EXPECT_THAT(bad.out, HasSubstr("{\"error\":"));
  EXPECT_THAT(bad.out, HasSubstr("2021-02-18"));
  EXPECT_EQ(due({"--batch", "-", "--known-on", "2006-01-01"}, good).out,
            "{\"due\":\"2021-02-12\",\"provisional\":true}\n");
}

TEST(Due, wrong_words_give_code_2_and_a_sentence) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"--from", "2021-02-05"},
      {"--working-days", "5"},
      {"--from", "2021-02-30", "--working-days", "5"},
      {"--from", "2021-02-05", "--hours", "5"},
      {"--from", "2021-02-05", "--working-days", "five"},
      {"--from", "2021-02-05", "--working-days", "5", "--months", "1"},
      {"--from", "2021-02-05", "--working-days", "5", "--known-on", "x"},
      {"--from", "2021-02-05", "--batch", "-"},
      {"--batch", "-", "--months", "1"},
      {"--weeks", "1"}};
  for (const auto& args : wrong) {
    const Answer run = due(args);
    EXPECT_EQ(run.code, 2) << testing::PrintToString(args);
    EXPECT_EQ(run.out, "");
    EXPECT_NE(run.err, "");
    const std::string first = run.err.substr(0, run.err.find('\n'));
    EXPECT_TRUE(std::ranges::any_of(first, [](char c) { return static_cast<unsigned char>(c) > 0x7f; }))
        << "Chinese first: " << run.err;
  }
}

TEST(Due, a_question_without_an_answer_gives_code_1_and_what_cannot_be_read_code_3) {
  EXPECT_EQ(due({"--from", "2021-02-05", "--working-days", "1000000000"}).code, 1);
  EXPECT_EQ(due({"--from", "2021-02-05", "--working-days", "-1"}).code, 1);
  EXPECT_EQ(due({"--batch", "/no/such/file"}).code, 3);
  EXPECT_EQ(due({"--batch", "/"}).code, 3);
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(run_due({"--from", "2021-02-05", "--working-days", "5", "--packs", "/no/such/folder"}, in, out, err), 3);
  EXPECT_THAT(err.str(), HasSubstr("There is no folder /no/such/folder"));
}

TEST(Due, help_is_an_answer) {
  const Answer run = due({"--help"});
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, HasSubstr("--working-days"));
}

}  // namespace
}  // namespace tongban::app
