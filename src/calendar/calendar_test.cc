#include "calendar/calendar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "calendar/test_support_test.h"

namespace tongban::calendar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Counted counted(std::string_view start, Unit unit, int64_t n, Kind kind = Kind::deadline) {
  const Instant at = start.size() == 10 ? start_of_day(day(start)) : instant(start);
  return count(tested_calendar(), at, unit, n, kind).value();
}

std::string due(std::string_view start, Unit unit, int64_t n, Kind kind = Kind::deadline) {
  return to_text(counted(start, unit, n, kind).due_on);
}

std::string refusal(std::string_view start, Unit unit, int64_t n, Kind kind = Kind::deadline) {
  const Instant at = start.size() == 10 ? start_of_day(day(start)) : instant(start);
  const Result<Counted> result = count(tested_calendar(), at, unit, n, kind);
  if (result.ok()) return "no refusal but " + to_text(result->due_on);
  EXPECT_EQ(result.error().trouble, Trouble::invalid_input);
  return result.error().message;
}

// 民法典 201
TEST(WorkingDays, the_start_day_does_not_count_and_adjusted_workdays_do) {
  const Counted answer = counted("2021-02-05", Unit::working_days, 5);
  EXPECT_EQ(to_text(answer.first_counted), "2021-02-06");
  EXPECT_EQ(to_text(answer.due_on), "2021-02-18");
  EXPECT_EQ(answer.raw_end, answer.due_on);
  EXPECT_EQ(to_text(answer.due_at), "2021-02-19T00:00:00+08:00");
  EXPECT_FALSE(answer.provisional);
  EXPECT_EQ(answer.edition, "2026");
  EXPECT_THAT(answer.specials, ElementsAre(SpecialDay{day("2021-02-07"), false, "春节", "2021"},
                                           SpecialDay{day("2021-02-11"), true, "春节", "2021"},
                                           SpecialDay{day("2021-02-12"), true, "春节", "2021"},
                                           SpecialDay{day("2021-02-15"), true, "春节", "2021"},
                                           SpecialDay{day("2021-02-16"), true, "春节", "2021"},
                                           SpecialDay{day("2021-02-17"), true, "春节", "2021"}));
}

TEST(WorkingDays, the_hour_of_the_start_does_not_matter) {
  EXPECT_EQ(due("2021-02-05T00:00:00+08:00", Unit::working_days, 1), "2021-02-07");
  EXPECT_EQ(due("2021-02-05T23:59:59+08:00", Unit::working_days, 1), "2021-02-07");
  // 16:00 UTC is the next day here.
  EXPECT_EQ(due("2021-02-05T16:00:00Z", Unit::working_days, 1), "2021-02-07");
  EXPECT_EQ(due("2021-02-06T16:00:00Z", Unit::working_days, 1), "2021-02-08");
}

TEST(WorkingDays, zero_days_end_on_the_start_day) {
  const Counted answer = counted("2021-02-12", Unit::working_days, 0);
  EXPECT_EQ(to_text(answer.due_on), "2021-02-12");
  EXPECT_THAT(answer.specials, IsEmpty());
}

TEST(WorkingDays, backward_counts_to_the_days_before) {
  EXPECT_EQ(due("2021-02-18", Unit::working_days, 1, Kind::backward), "2021-02-10");
  EXPECT_EQ(due("2021-02-18", Unit::working_days, 4, Kind::backward), "2021-02-07");
  const Counted answer = counted("2021-02-18", Unit::working_days, 5, Kind::backward);
  EXPECT_EQ(to_text(answer.due_on), "2021-02-05");
  EXPECT_EQ(to_text(answer.first_counted), "2021-02-17");
  EXPECT_EQ(answer.specials.size(), 6u);
}

// 民法典 203
TEST(CalendarDays, a_deadline_rolls_over_days_off_and_a_validity_does_not) {
  const Counted deadline = counted("2021-01-28", Unit::calendar_days, 14);
  EXPECT_EQ(to_text(deadline.raw_end), "2021-02-11");
  EXPECT_EQ(to_text(deadline.due_on), "2021-02-18");
  EXPECT_EQ(deadline.specials.size(), 5u);
  const Counted validity = counted("2021-01-28", Unit::calendar_days, 14, Kind::validity);
  EXPECT_EQ(to_text(validity.due_on), "2021-02-11");
  EXPECT_EQ(to_text(validity.raw_end), "2021-02-11");
  EXPECT_EQ(due("2021-02-18", Unit::calendar_days, 7, Kind::backward), "2021-02-11");
  EXPECT_EQ(due("2021-02-07", Unit::calendar_days, 0), "2021-02-07");
  EXPECT_EQ(due("2021-02-06", Unit::calendar_days, 0), "2021-02-07");
}

// 民法典 202
TEST(Months, end_on_the_same_day_of_the_month_or_its_last) {
  EXPECT_EQ(due("2022-01-31", Unit::months, 1), "2022-02-28");
  EXPECT_EQ(due("2024-01-31", Unit::months, 1), "2024-02-29");
  EXPECT_EQ(due("2020-02-29", Unit::months, 12, Kind::validity), "2021-02-28");
  EXPECT_EQ(due("2020-02-29", Unit::months, 48, Kind::validity), "2024-02-29");
  EXPECT_EQ(due("2022-08-31", Unit::months, 6, Kind::backward), "2022-02-28");
  EXPECT_EQ(due("2022-01-15", Unit::months, 1, Kind::backward), "2021-12-15");
  EXPECT_EQ(due("2021-12-31", Unit::months, 14, Kind::validity), "2023-02-28");
}

TEST(Hours, run_over_midnight_and_days_off) {
  const Counted answer = counted("2021-02-10T22:30:00+08:00", Unit::hours, 2);
  EXPECT_EQ(to_text(answer.due_at), "2021-02-11T00:30:00+08:00");
  EXPECT_EQ(to_text(answer.due_on), "2021-02-11");
  EXPECT_EQ(to_text(answer.first_counted), "2021-02-10");
  EXPECT_THAT(answer.specials, IsEmpty());
  EXPECT_EQ(to_text(counted("2021-02-10T23:59:00+08:00", Unit::minutes, 1).due_at), "2021-02-11T00:00:00+08:00");
  EXPECT_EQ(to_text(counted("2021-02-11T00:30:00+08:00", Unit::hours, 1, Kind::backward).due_at),
            "2021-02-10T23:30:00+08:00");
}

TEST(Far, the_year_2100_is_answered_and_marked) {
  const Counted answer = counted("2099-12-31", Unit::working_days, 5);
  EXPECT_EQ(to_text(answer.due_on), "2100-01-08");  // 1 January 2100 is a Friday
  EXPECT_TRUE(answer.provisional);
  EXPECT_THAT(answer.specials, ElementsAre(SpecialDay{day("2100-01-01"), true, "元旦", ""}));
  EXPECT_EQ(due("2100-01-31", Unit::months, 1), "2100-03-01");  // no 29 February 2100, the 28th is a Sunday
  EXPECT_EQ(due("2100-01-31", Unit::months, 1, Kind::validity), "2100-02-28");
}

TEST(Far, what_ends_outside_the_years_1_to_9999_is_refused) {
  for (const Unit unit : {Unit::working_days, Unit::calendar_days, Unit::months, Unit::hours}) {
    EXPECT_THAT(refusal("2021-02-05", unit, 1'000'000'000), HasSubstr("end outside the years 1 to 9999"));
    EXPECT_THAT(refusal("2021-02-05", unit, INT64_MAX), HasSubstr("end outside the years 1 to 9999"));
    EXPECT_THAT(refusal("2021-02-05", unit, 1'000'000'000, Kind::backward), HasSubstr("end outside the years"));
    EXPECT_THAT(refusal("2021-02-05", unit, INT64_MAX, Kind::backward), HasSubstr("end outside the years"));
  }
  // A billion minutes are some 1,901 years.
  EXPECT_EQ(to_text(counted("2021-02-05", Unit::minutes, 1'000'000'000).due_at).substr(0, 4), "3922");
  EXPECT_THAT(refusal("2021-02-05", Unit::minutes, INT64_MAX), HasSubstr("end outside"));
  EXPECT_EQ(due("9999-12-29", Unit::calendar_days, 1), "9999-12-30");
  EXPECT_THAT(refusal("9999-12-29", Unit::calendar_days, 2), HasSubstr("end outside"));
  EXPECT_THAT(refusal("9999-12-31", Unit::calendar_days, 0), HasSubstr("The start lies outside"));
  EXPECT_EQ(due("0001-01-02", Unit::working_days, 1, Kind::backward), "0001-01-01");
  EXPECT_THAT(refusal("0001-01-02", Unit::working_days, 2, Kind::backward), HasSubstr("end outside"));
  EXPECT_THAT(refusal("0001-01-15", Unit::months, 1, Kind::backward), HasSubstr("end outside"));
  const Result<Counted> wild = count(tested_calendar(), Instant{INT64_MAX}, Unit::hours, 1);
  EXPECT_FALSE(wild.ok());
  EXPECT_FALSE(count(tested_calendar(), Instant{INT64_MIN}, Unit::working_days, 1).ok());
}

TEST(Far, a_negative_number_is_refused) {
  for (const Unit unit : {Unit::minutes, Unit::hours, Unit::working_days, Unit::calendar_days, Unit::months}) {
    EXPECT_EQ(refusal("2021-02-05", unit, -1), "The number of units is negative; give 0 or more.");
    EXPECT_EQ(refusal("2021-02-05", unit, INT64_MIN), "The number of units is negative; give 0 or more.");
  }
  EXPECT_FALSE(tested_calendar().add_working_days(day("2021-02-05"), -1).ok());
  EXPECT_FALSE(tested_calendar().subtract_working_days(day("2021-02-05"), INT64_MIN).ok());
}

TEST(Provisional, begins_on_29_December_of_the_last_year_noticed) {
  EXPECT_FALSE(counted("2026-12-25", Unit::working_days, 1).provisional);  // 28 December
  EXPECT_TRUE(counted("2026-12-25", Unit::working_days, 2).provisional);   // 29 December
  EXPECT_TRUE(counted("2026-12-25", Unit::calendar_days, 4).provisional);
  // A date that no notice can change is not provisional.
  EXPECT_FALSE(counted("2026-12-25", Unit::calendar_days, 10, Kind::validity).provisional);
  EXPECT_FALSE(counted("2026-12-25", Unit::months, 10, Kind::backward).provisional);
  EXPECT_FALSE(counted("2026-12-31T10:00:00+08:00", Unit::hours, 10).provisional);
  // Backward from beyond the notices into them.
  EXPECT_TRUE(counted("2027-01-10", Unit::working_days, 15, Kind::backward).provisional);
  EXPECT_FALSE(counted("2026-12-29", Unit::working_days, 1, Kind::backward).provisional);
}

TEST(Provisional, holds_before_the_first_notice_and_without_any) {
  EXPECT_TRUE(counted("2006-11-01", Unit::working_days, 5).provisional);
  EXPECT_FALSE(counted("2006-12-29", Unit::working_days, 1).provisional);  // the 2007 notice names the 30th
  EXPECT_TRUE(counted("2006-12-01", Unit::working_days, 40).provisional);  // ends in 2007, rests on days before
  const Calendar& nothing = editions().known_on(day("2006-12-17"));
  EXPECT_EQ(nothing.edition(), "");
  EXPECT_TRUE(count(nothing, start_of_day(day("2021-02-05")), Unit::working_days, 1)->provisional);
}

TEST(Editions, a_notice_counts_from_its_day_of_publication) {
  EXPECT_EQ(editions().known_on(day("2020-11-24")).edition(), "2020-amendment-1");
  EXPECT_EQ(editions().known_on(day("2020-11-25")).edition(), "2021");
  EXPECT_EQ(editions().known_on(day("2026-11-22")).edition(), "2026");
  EXPECT_EQ(editions().latest().edition(), editions().notices().back().id);
  EXPECT_EQ(editions().known_on(day("9999-12-31")).edition(), editions().latest().edition());
  EXPECT_EQ(editions().latest().name(), "中国工作日历");
}

TEST(Editions, the_amendments_of_2015_2019_and_2020_move_dates) {
  const auto due_known_on = [](std::string_view known_on, std::string_view start, int64_t n) {
    const Counted answer =
        count(editions().known_on(day(known_on)), start_of_day(day(start)), Unit::working_days, n).value();
    return to_text(answer.due_on) + " by " + answer.edition;
  };
  EXPECT_EQ(due_known_on("2015-05-12", "2015-09-02", 1), "2015-09-03 by 2015");
  EXPECT_EQ(due_known_on("2015-05-13", "2015-09-02", 1), "2015-09-06 by 2015-amendment-1");
  EXPECT_EQ(due_known_on("2019-03-21", "2019-04-26", 1), "2019-04-29 by 2019");
  EXPECT_EQ(due_known_on("2019-03-22", "2019-04-26", 1), "2019-04-28 by 2019-amendment-1");
  EXPECT_EQ(due_known_on("2020-01-26", "2020-01-22", 2), "2020-01-31 by 2020");
  EXPECT_EQ(due_known_on("2020-01-27", "2020-01-22", 2), "2020-02-03 by 2020-amendment-1");
  // The explanation names the notice that speaks last of a day.
  const std::optional<SpecialDay> changed = tested_calendar().find_special(day("2020-01-31"));
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->notice, "2020-amendment-1");
  // Until the amendment 1 February was an adjusted workday; now it is a Saturday as any other.
  EXPECT_FALSE(editions().known_on(day("2020-01-26")).find_special(day("2020-02-01"))->off);
  EXPECT_EQ(tested_calendar().find_special(day("2020-02-01")), std::nullopt);
}

TEST(Editions, lunar_holidays_are_not_guessed_and_fixed_ones_follow_the_law) {
  const Calendar& calendar = editions().known_on(day("2023-10-24"));  // knows 2023
  EXPECT_TRUE(calendar.is_working_day(day("2024-02-12")));            // in the Spring Festival of 2024
  EXPECT_EQ(calendar.find_special(day("2024-01-01")), (SpecialDay{day("2024-01-01"), true, "元旦", ""}));
  EXPECT_TRUE(calendar.is_working_day(day("2024-05-02")));
  EXPECT_FALSE(calendar.is_working_day(day("2025-05-02")));
  EXPECT_TRUE(calendar.is_working_day(day("2027-10-04")));  // no substitute for 2 and 3 October on a weekend
  EXPECT_FALSE(calendar.is_working_day(day("2027-10-01")));
}

TEST(Make, refuses_what_makes_no_calendar) {
  const auto refuses = [](std::vector<Notice> notices, std::vector<FixedHoliday> fixed, std::string_view sentence) {
    const Result<Calendar> calendar = Calendar::make("c", notices, fixed);
    ASSERT_FALSE(calendar.ok()) << sentence;
    EXPECT_THAT(calendar.error().message, HasSubstr(sentence));
    EXPECT_FALSE(Editions::make("c", notices, fixed).ok());
  };
  const Notice y2020{.id = "2020", .year = 2020, .published = day("2019-11-21")};
  const Notice y2021{.id = "2021", .year = 2021, .published = day("2020-11-25")};
  const Notice y2022{.id = "2022", .year = 2022, .published = day("2021-10-25")};
  refuses({y2021, y2020}, {}, "was published before the notice that it follows");
  refuses({y2020, y2022}, {}, "leaves out a year");
  refuses({y2020, y2020}, {}, "stands there twice");
  Notice other = y2021;
  other.id = "other";
  refuses({y2021, other}, {}, "arranges a year that another one did");
  other.amendment = true;
  other.published = day("2020-01-01");
  refuses({other, y2021}, {}, "amends a year that no notice before it arranges");
  other = y2021;
  other.days = {{day("2021-05-01"), true, "x"}, {day("2021-05-01"), true, "x"}};
  refuses({other}, {}, "names 2021-05-01 twice");
  other.days = {{day("2022-05-01"), true, "x"}};
  refuses({other}, {}, "neither in its year");
  other.days.clear();
  other.id = "";
  refuses({other}, {}, "has no id");
  other.id = "1";
  other.year = 1;
  refuses({other}, {}, "outside 1900 to 2400");
  refuses({y2020}, {{2, 29, 2000, 9999, "x"}}, "not on a day of every year");
  refuses({y2020}, {{5, 1, 2000, 1999, "x"}}, "not on a day of every year");
  refuses({y2020}, {{5, 1, 2000, 9999, "x"}, {5, 1, 1990, 2000, "y"}}, "stand on one day");
}

TEST(Make, works_without_notices_and_without_fixed_holidays) {
  const Calendar calendar = Calendar::make("weekends", {}, {}).value();
  EXPECT_EQ(calendar.add_working_days(day("2021-02-05"), 5).value(), day("2021-02-12"));
  EXPECT_TRUE(calendar.is_provisional(day("2021-02-05")));
}

TEST(Make, in_a_noticed_year_the_notices_alone_say_what_is_off) {
  // No notice leaves out 1 May; if one did, the calendar would not know better.
  const Notice y2024{
      .id = "2024", .year = 2024, .published = day("2023-10-25"), .days = {{day("2024-05-02"), true, "x"}}};
  const Calendar calendar = Calendar::make("c", {y2024}, {{5, 1, 1950, 9999, "y"}}).value();
  EXPECT_TRUE(calendar.is_working_day(day("2024-05-01")));
  EXPECT_EQ(calendar.find_special(day("2024-05-01")), std::nullopt);
  EXPECT_EQ(calendar.add_working_days(day("2024-04-30"), 2).value(), day("2024-05-03"));
  EXPECT_FALSE(calendar.is_working_day(day("2025-05-01")));
  EXPECT_FALSE(calendar.is_working_day(day("2023-05-01")));
}

TEST(Provisional, holds_where_a_period_rolls_into_the_first_noticed_year) {
  const Notice y2023{.id = "2023", .year = 2023, .published = day("2022-12-08")};
  const Calendar calendar = Calendar::make("c", {y2023}, {}).value();
  const Counted rolled = count(calendar, start_of_day(day("2022-12-30")), Unit::calendar_days, 1).value();
  EXPECT_EQ(to_text(rolled.due_on), "2023-01-02");
  EXPECT_TRUE(rolled.provisional);  // nobody knows whether Saturday 31 December 2022 was off
}

TEST(Json, goes_round) {
  const Counted all[] = {counted("2021-02-05", Unit::working_days, 5),
                         counted("2021-01-28", Unit::calendar_days, 14),
                         counted("2023-11-30T09:30:00.250+08:00", Unit::months, 3, Kind::validity),
                         counted("2021-02-10T22:30:00+08:00", Unit::hours, 2),
                         counted("9999-12-29", Unit::calendar_days, 1),
                         counted("2026-12-25", Unit::working_days, 15, Kind::backward)};
  for (const Counted& one : all) {
    const Result<Counted> back = counted_from_json(to_json(one));
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, one);
    const json::value reparsed = parse_json(to_json_text(to_json(one))).value();
    EXPECT_EQ(counted_from_json(reparsed.get_object()).value(), one);
  }
}

TEST(Json, a_missing_unknown_or_wrong_member_is_refused) {
  const json::object good = to_json(counted("2021-02-05", Unit::working_days, 5));
  for (const auto& member : good) {
    json::object bad = good;
    bad.erase(member.key());
    EXPECT_FALSE(counted_from_json(bad).ok()) << member.key();
    bad = good;
    bad[member.key()] = nullptr;
    EXPECT_FALSE(counted_from_json(bad).ok()) << member.key();
  }
  json::object bad = good;
  bad["more"] = 1;
  EXPECT_FALSE(counted_from_json(bad).ok());
  bad = good;
  bad["unit"] = "weeks";
  EXPECT_EQ(counted_from_json(bad).error().message, "This is no counted period: \"unit\" is not known.");
  bad = good;
  bad["specials"].as_array()[0].as_object()["date"] = "2021-02-30";
  EXPECT_FALSE(counted_from_json(bad).ok());
}

TEST(Explain, tells_what_was_counted_and_skipped) {
  EXPECT_EQ(
      explain(counted("2021-02-05", Unit::working_days, 5)),
      "自2021年2月5日（星期五）起5个工作日，当日不计入，从2021年2月6日起计算，至2021年2月18日（星期四）24时届满。\n"
      "计入的工作日：2021年2月7日至10日、18日。\n"
      "其中周末补班、照常计入：2021年2月7日（春节，依据2021年放假通知）。\n"
      "周六、周日不计入。\n"
      "因放假不计入：2021年2月11日至12日、15日至17日（春节，依据2021年放假通知）。\n"
      "日历版本：2026年放假通知。\n");
  const std::string rolled = explain(counted("2021-01-28", Unit::calendar_days, 14));
  EXPECT_THAT(rolled, HasSubstr("14日"));
  EXPECT_THAT(rolled, HasSubstr("期间至2021年2月11日（星期四）届满，该日休息，顺延"));
  EXPECT_THAT(explain(counted("2026-12-25", Unit::working_days, 5)), HasSubstr("元旦，依法固定日期推定"));
  EXPECT_THAT(explain(counted("2026-12-25", Unit::working_days, 5)), HasSubstr("暂定"));
  EXPECT_EQ(explain(counted("2021-02-10T22:30:00+08:00", Unit::hours, 2)),
            "自2021-02-10 22:30起2小时，按钟点连续计算，休息日不扣除，至2021-02-11 00:30（星期四）。\n");
  EXPECT_THAT(explain(counted("2020-01-22", Unit::working_days, 5)), HasSubstr("依据2020年放假调整通知1"));
  EXPECT_THAT(explain(counted("2021-01-28", Unit::months, 1, Kind::validity)), HasSubstr("不顺延"));
  EXPECT_THAT(explain(counted("2021-02-18", Unit::working_days, 5, Kind::backward)), HasSubstr("倒算5个工作日"));
}

TEST(Names, units_and_kinds_go_round) {
  for (const Unit unit : {Unit::minutes, Unit::hours, Unit::working_days, Unit::calendar_days, Unit::months}) {
    EXPECT_EQ(parse_unit(to_text(unit)), unit);
    EXPECT_FALSE(to_chinese(unit).empty());
  }
  EXPECT_EQ(parse_unit("weeks"), std::nullopt);
  for (const Kind kind : {Kind::deadline, Kind::validity, Kind::backward}) EXPECT_EQ(parse_kind(to_text(kind)), kind);
  EXPECT_EQ(parse_kind(""), std::nullopt);
  EXPECT_EQ(weekday_in_chinese(day("2021-02-05")), "星期五");
  EXPECT_EQ(weekday_in_chinese(day("2021-02-07")), "星期日");
}

}  // namespace
}  // namespace tongban::calendar
