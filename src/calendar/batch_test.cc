#include "calendar/batch.h"

#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "calendar/test_support_test.h"

namespace tongban::calendar {
namespace {

std::string answer(std::string_view line) {
  std::string out;
  const bool answered = append_answer(tested_calendar(), line, out);
  EXPECT_EQ(answered, !out.starts_with("{\"error\"")) << out;
  return out;
}

std::string answer_all(const std::string& lines, bool expect_all_answered) {
  std::istringstream in(lines);
  std::ostringstream out;
  EXPECT_EQ(answer_lines(tested_calendar(), in, out), expect_all_answered);
  return out.str();
}

TEST(Batch, day_units_give_a_date_and_hours_an_instant) {
  EXPECT_EQ(answer(R"({"start":"2021-02-05","unit":"working_days","n":5})"),
            R"({"due":"2021-02-18","provisional":false})");
  EXPECT_EQ(answer(R"({"start":"2021-02-05T17:30:00+08:00","unit":"working_days","n":5})"),
            R"({"due":"2021-02-18","provisional":false})");
  EXPECT_EQ(answer(R"({"start":"2021-01-28","unit":"calendar_days","n":14})"),
            R"({"due":"2021-02-18","provisional":false})");
  EXPECT_EQ(answer(R"({"start":"2021-01-12","unit":"months","n":1})"), R"({"due":"2021-02-18","provisional":false})");
  EXPECT_EQ(answer(R"({"start":"2021-02-10T22:30:00+08:00","unit":"hours","n":2})"),
            R"({"due":"2021-02-11T00:30:00+08:00","provisional":false})");
  EXPECT_EQ(answer(R"({"start":"2021-02-10T23:59:00+08:00","unit":"minutes","n":1})"),
            R"({"due":"2021-02-11T00:00:00+08:00","provisional":false})");
  EXPECT_EQ(answer(R"({"start":"2026-12-25","unit":"working_days","n":5})"),
            R"({"due":"2027-01-04","provisional":true})");
  EXPECT_EQ(answer(R"({ "n" : 0, "unit" : "months", "start" : "0150-01-01" })"),
            R"({"due":"0150-01-01","provisional":true})");
}

TEST(Batch, a_bad_line_gives_a_sentence) {
  EXPECT_EQ(answer(R"({"start":"2021-02-05","unit":"hours","n":5})"),
            R"({"error":"Minutes and hours start at a point in time; write \"start\" as 2021-02-05T09:30:00+08:00."})");
  EXPECT_EQ(answer(R"({"start":"2021-02-30","unit":"working_days","n":5})"),
            R"({"error":"\"2021-02-30\" is not a date that exists; write it as 2021-02-05."})");
  EXPECT_EQ(answer(R"({"start":"2021-02-05","unit":"weeks","n":5})"),
            R"({"error":"\"unit\" is one of minutes, hours, working_days, calendar_days and months."})");
  EXPECT_EQ(answer(R"({"start":"2021-02-05","unit":"working_days","n":-5})"),
            R"({"error":"The number of units is negative; give 0 or more."})");
  const std::string no_number = R"({"error":"\"n\" is a whole number, 0 or more."})";
  EXPECT_EQ(answer(R"({"start":"2021-02-05","unit":"working_days","n":5.5})"), no_number);
  EXPECT_EQ(answer(R"({"start":"2021-02-05","unit":"working_days","n":"5"})"), no_number);
  EXPECT_EQ(answer(R"({"start":"2021-02-05","unit":"working_days"})"), no_number);
  EXPECT_EQ(answer(R"({"start":"2021-02-05","unit":"working_days","n":99999999999999999999})"), no_number);
  EXPECT_EQ(answer(R"({"start":5,"unit":"working_days","n":5})"),
            R"({"error":"\"start\" is a text, a date or a point in time."})");
  EXPECT_EQ(answer(R"({"start":"2021-02-05","unit":"working_days","n":5,"kind":"x"})"),
            R"({"error":"\"kind\" is not known; a line has start, unit and n."})");
  EXPECT_NE(answer("[]").find("A line is one object"), std::string::npos);
  EXPECT_NE(answer("{").find("error"), std::string::npos);
  EXPECT_NE(answer(std::string(10'000, '[')).find("error"), std::string::npos);
  EXPECT_NE(answer(R"({"start":"2021-02-05","unit":"working_days","n":1000000000})").find("end outside the years"),
            std::string::npos);
}

TEST(Batch, the_short_cut_agrees_with_the_general_road) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string starts[] = {"2021-02-05", "2021-02-05T09:30:00+08:00", "2021-02-05 09:30",
                                "2026-12-30", "2021-02-05T09:30:00Z",      "9999-12-30"};
  const std::string units[] = {"minutes", "hours", "working_days", "calendar_days", "months"};
  const std::string numbers[] = {
      "0", "1", "5", "40", "-1", "00", "05", "1e2", "1.0", "999999999999999999", "9223372036854775808"};
  const auto pick = [&](const auto& list) { return list[random() % std::size(list)]; };
  for (int round = 0; round < 20'000; ++round) {
    const std::string space = random() % 2 == 0 ? "" : " ";
    std::string line = "{\"start\":" + space + "\"" + pick(starts) + "\"," + space + "\"unit\":" + space + "\"" +
                       pick(units) + "\"," + space + "\"n\":" + space + pick(numbers) + "}";
    // Half of the lines are spoilt by one byte.
    if (random() % 2 == 0) line[random() % line.size()] = "\"\\,:{}0 9a\x80\n"[random() % 12];
    std::string fast;
    std::string general;
    ASSERT_EQ(append_answer(tested_calendar(), line, fast), append_answer_generally(tested_calendar(), line, general))
        << line;
    ASSERT_EQ(fast, general) << line;
  }
}

TEST(Batch, lines_are_answered_in_order_and_a_bad_one_in_its_place) {
  const std::string good = R"({"start":"2021-02-05","unit":"working_days","n":5})";
  const std::string due = R"({"due":"2021-02-18","provisional":false})";
  EXPECT_EQ(answer_all("", true), "");
  EXPECT_EQ(answer_all(good, true), due + "\n");
  EXPECT_EQ(answer_all(good + "\n" + good + "\r\n" + good + "\n", true), due + "\n" + due + "\n" + due + "\n");
  EXPECT_EQ(answer_all(good + "\n\n" + good + "\n", false),
            due + "\n{\"error\":\"The line is empty.\"}\n" + due + "\n");
  EXPECT_EQ(answer_all(good + "\n" + std::string(1'000'000, 'x') + "\n" + good, false),
            due + "\n{\"error\":\"The line is longer than 64 KiB.\"}\n" + due + "\n");
}

TEST(Batch, lines_cut_by_the_reading_block_come_out_whole) {
  // 20,000 lines of different lengths over several blocks of 256 KiB.
  std::string lines;
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    const std::string line = R"({"start":"2021-02-05","unit":"calendar_days","n":)" + std::to_string(i) + "}";
    lines += line + "\n";
    append_answer(tested_calendar(), line, expected);
    expected += "\n";
  }
  EXPECT_EQ(answer_all(lines, true), expected);
}

}  // namespace
}  // namespace tongban::calendar
