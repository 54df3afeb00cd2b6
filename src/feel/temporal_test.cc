// Dates, times, zones and durations as the standard reads, writes and calculates them.
#include "feel/temporal.h"

#include <gtest/gtest.h>

#include "feel/test_support.h"

namespace tongban::feel {
namespace {

TEST(Temporal, DaysAndDatesOfAllYearsGoThereAndBack) {
  for (const int64_t year : {-kMaxYear, int64_t{-2017}, int64_t{-1}, int64_t{1}, int64_t{1600}, int64_t{1970},
                             int64_t{2000}, int64_t{2021}, kMaxYear}) {
    for (const int month : {1, 2, 3, 12}) {
      for (const int day : {1, days_of_month(year, month)}) {
        const Civil civil = civil_of(day_of(year, month, day));
        ASSERT_EQ(civil.year, year);
        ASSERT_EQ(civil.month, month);
        ASSERT_EQ(civil.day, day);
      }
    }
  }
  EXPECT_EQ(day_of(1970, 1, 1), 0);
  for (int64_t day = -800'000; day < 800'000; day += 997) {
    const Civil civil = civil_of(day);
    ASSERT_EQ(day_of(civil.year, civil.month, civil.day), day);
    ASSERT_EQ(weekday_of(day + 7), weekday_of(day));
  }
}

TEST(Temporal, TextsAreReadAsXmlSchemaHasThem) {
  all_give({{R"(@"2021-02-05")", R"(date("2021-02-05"))"},
            {R"(date("-2017-12-31"))", R"(date("-2017-12-31"))"},
            {R"(date("999999999-12-31"))", R"(date("999999999-12-31"))"},
            {R"(date("2021-02-29"))", "null"},
            {R"(date("02021-02-05"))", "null"},
            {R"(date("998-12-31"))", "null"},
            {R"(date("0000-12-25"))", "null"},
            {R"(date("2021-2-5"))", "null"},
            {R"(@"09:30:00")", R"(time("09:30:00"))"},
            {R"(time("09:30"))", "null"},
            {R"(time("23:59:01.987654321+02:00"))", R"(time("23:59:01.987654321+02:00"))"},
            {R"(time("11:00:00-02:45:55"))", R"(time("11:00:00-02:45:55"))"},
            {R"(time("11:00:00+00:00"))", R"(time("11:00:00Z"))"},
            {R"(time("11:00:00+19:00"))", "null"},
            {R"(time("11:00:00@Asia/Shanghai"))", R"(time("11:00:00@Asia/Shanghai"))"},
            {R"(time("11:00:00@Asia/Chongqing_"))", "null"},
            {R"(time("11:00:00+08:00@Asia/Shanghai"))", "null"},
            {R"(time("24:00:00"))", R"(time("00:00:00"))"},
            {R"(time("24:00:01"))", "null"},
            {R"(date and time("2021-01-01T24:00:00"))", R"(date and time("2021-01-02T00:00:00"))"},
            {R"(date and time("2021-01-01"))", R"(date and time("2021-01-01T00:00:00"))"},
            {R"(date and time("2021-01-01 09:30"))", "null"},
            {R"(@"no date")", "null"}});
}

TEST(Temporal, PartsAndOffsets) {
  all_give({{R"(date(2021, 2, 5).weekday)", "5"},
            {R"(time(9, 30, 15.5).second)", "15.5"},
            {R"(time(11, 59, 45, duration("-PT2H")))", R"(time("11:59:45-02:00"))"},
            {R"(time(11, 59, 45, duration("PT19H")))", "null"},
            {R"(time("10:00:00+05:00").time offset)", R"(duration("PT5H"))"},
            {R"(time("10:00:00").time offset)", "null"},
            {R"(@"2021-07-01T10:00:00@Europe/Paris".timezone)", "\"Europe/Paris\""},
            {R"(@"2021-07-01T10:00:00@Europe/Paris".time offset)", R"(duration("PT2H"))"},
            {R"(@"2021-01-01T10:00:00@Europe/Paris".time offset)", R"(duration("PT1H"))"},
            {R"(date and time(2021, 2, 5, 9, 30, 0))", R"(date and time("2021-02-05T09:30:00"))"},
            {R"(date and time(2021, 2, 5, 9, 30, 0, 8))", R"(date and time("2021-02-05T09:30:00+08:00"))"},
            {R"(date and time(2021, 2, 5, 9, 30, 0, "Asia/Shanghai"))",
             R"(date and time("2021-02-05T09:30:00@Asia/Shanghai"))"},
            {R"(date and time(@"2021-02-05T09:30:00+08:00", "Europe/Paris"))",
             R"(date and time("2021-02-05T02:30:00@Europe/Paris"))"},
            {R"(time(@"2021-02-05"))", R"(time("00:00:00Z"))"}});
}

TEST(Temporal, ComparingNeedsAnOffsetOnBothSidesOrNone) {
  all_give({{R"(@"2018-02-08T00:00:00+01:00" = @"2018-02-08T00:00:00@Europe/Paris")", "true"},
            {R"(@"2002-04-02T12:00:00-01:00" = @"2002-04-02T17:00:00+04:00")", "true"},
            {R"(@"2021-01-01T00:00:00" = @"2021-01-01T00:00:00Z")", "null"},
            {R"(@"2021-01-01T00:00:00" < @"2021-01-01T00:00:00Z")", "null"},
            {R"(@"10:00:00+08:00" < @"03:00:00Z")", "true"},
            {R"(is(@"10:00:00Z", @"10:00:00+00:00"))", "true"},
            {R"(is(@"10:00:00@Etc/GMT", @"10:00:00Z"))", "false"},
            {R"(@"2021-01-01" = @"2021-01-01T00:00:00")", "null"}});
}

TEST(Temporal, SumsAndDifferences) {
  all_give({{R"(@"2021-01-31" + @"P1M")", R"(date("2021-02-28"))"},
            {R"(@"2021-01-01" + @"PT36H")", R"(date("2021-01-02"))"},
            {R"(@"2021-01-01" - @"PT1S")", R"(date("2020-12-31"))"},
            {R"(@"999999999-12-31" + @"P1D")", "null"},
            {R"(@"2021-03-27T12:00:00@Europe/Paris" + @"P1D")", R"(date and time("2021-03-28T13:00:00@Europe/Paris"))"},
            {R"(@"2021-03-27T12:00:00@Europe/Paris" + @"P1M")", R"(date and time("2021-04-27T12:00:00@Europe/Paris"))"},
            {R"(@"23:30:00" + @"PT1H")", R"(time("00:30:00"))"},
            {R"(@"00:30:00" - @"P1DT1H")", R"(time("23:30:00"))"},
            {R"(@"10:00:00+08:00" - @"01:00:00Z")", R"(duration("PT1H"))"},
            {R"(@"2021-01-02T00:00:00Z" - @"2021-01-02")", R"(duration("PT0S"))"},
            {R"(@"2021-01-02T00:00:00" - @"2021-01-02")", "null"},
            {R"(@"2021-01-02" - @"2020-01-02")", R"(duration("P366D"))"},
            {R"(@"PT0.000000001S" * 3)", R"(duration("PT0.000000003S"))"},
            {R"(-@"PT0.5S" + @"PT0.25S")", R"(duration("-PT0.25S"))"},
            {R"(@"P10DT23H" / 2.5)", R"(duration("P4DT9H12M"))"},
            {R"(@"P1Y11M" * -2.5)", R"(duration("-P4Y9M"))"},
            {R"(@"P1D" / @"PT1H")", "24"},
            {R"(@"P1D" / @"P1M")", "null"},
            {R"(@"-P1DT2H3M4.5S".seconds)", "-4.5"},
            {R"(years and months duration(@"2021-01-31", @"2021-03-01"))", R"(duration("P1M"))"},
            {R"(years and months duration(@"2016-01-30", @"-2017-02-28"))", R"(duration("-P4032Y11M"))"}});
}

TEST(Temporal, WeeksAndPresentTime) {
  all_give({{R"(week of year(@"2005-01-01"))", "53"},
            {R"(week of year(@"2003-12-29"))", "1"},
            {R"(day of year(@"2020-12-31"))", "366"},
            {R"(day of week(@"2021-02-05"))", "\"Friday\""},
            {R"(month of year(@"2021-02-05T00:00:00"))", "\"February\""},
            {"today()", R"(date("1970-01-01"))"},
            {"now()", R"(date and time("1970-01-01T08:00:00+08:00"))"}});
  EvalContext without_time;
  without_time.has_now = false;
  EXPECT_EQ(standard("now()", without_time), "null");
  EXPECT_EQ(standard("today()", without_time), "null");
}

TEST(Temporal, BytesOfWideValuesReadBack) {
  for (const char* text : {R"(@"-12021-02-05")", R"(@"09:30:00.000000001")", R"(@"09:30:00@Asia/Shanghai")",
                           R"(@"2021-02-05T09:30:00.123456789-02:45:55")", R"(@"999999999-02-05T09:30:00")",
                           R"(@"2021-02-05T09:30:00@Europe/Paris")", R"(@"-PT0.000000001S")", "(< 5)", "(!= \"a\")"}) {
    const Compiled compiled = compile(text, Scope(), {.strict = false});
    ASSERT_TRUE(compiled.expression) << text;
    const Value value = *compiled.expression->constant();
    ASSERT_FALSE(value.is_null()) << text;
    ByteWriter out;
    value.encode(out);
    const std::string bytes = out.bytes();
    ByteReader in(bytes);
    EXPECT_EQ(Value::decode(in), value) << text;
    EXPECT_TRUE(in.ok()) << text;
  }
}

// Packs: a date and time without offset is China Standard Time, and texts are read as people write them.
TEST(Temporal, StrictTextsAreOurTime) {
  const auto strict = [](const char* text) {
    const Compiled compiled = compile(text, Scope());
    return compiled.expression ? evaluate(*compiled.expression, {}, EvalContext()).value.to_text() : "fault";
  };
  EXPECT_EQ(strict(R"(date and time("2021-02-05 09:30"))"), R"(date and time("2021-02-05T09:30:00+08:00"))");
  EXPECT_EQ(strict(R"(date and time("2021-02-05T09:30:00") < now())"), "false");
  EXPECT_EQ(strict(R"(time("09:30"))"), R"(time("09:30:00"))");
  EXPECT_EQ(strict(R"(date and time(date("2021-02-05"), time("09:30:00")))"),
            R"(date and time("2021-02-05T09:30:00+08:00"))");
}

}  // namespace
}  // namespace tongban::feel
