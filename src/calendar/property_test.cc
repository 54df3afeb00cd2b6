// Every start day of 2007–2026 against the day-by-day model, and every explanation against a count by hand.
#include <gtest/gtest.h>

#include <set>

#include "calendar/day_by_day_model_test.h"
#include "calendar/test_support_test.h"

namespace tongban::calendar {
namespace {

using day_by_day::Day;
using day_by_day::Model;

Day to_model(Date date) { return Day(std::chrono::days(date.days)); }
Date from_model(Day day) { return Date{static_cast<int32_t>(day.time_since_epoch().count())}; }

constexpr int kCounts[] = {0, 1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90};

// What anyone can do with the explanation alone: weekends are off, the specials are the exceptions.
Date count_by_hand(const Counted& counted) {
  std::set<int32_t> off;
  std::set<int32_t> work;
  for (const SpecialDay& special : counted.specials) (special.off ? off : work).insert(special.date.days);
  const auto is_working = [&](Day day) {
    const int32_t number = from_model(day).days;
    if (work.contains(number)) return true;
    return std::chrono::weekday(day).iso_encoding() <= 5 && !off.contains(number);
  };
  const auto minutes =
      std::chrono::floor<std::chrono::days>(std::chrono::milliseconds(counted.start.ms + 8 * 3'600'000));
  const int step = counted.kind == Kind::backward ? -1 : 1;
  Day day = Day(minutes);
  switch (counted.unit) {
    case Unit::working_days:
      for (int64_t left = counted.n; left > 0; left -= is_working(day) ? 1 : 0) day += std::chrono::days(step);
      return from_model(day);
    case Unit::calendar_days:
      day += std::chrono::days(step * counted.n);
      break;
    case Unit::months:
      day = Model::add_months(day, step * static_cast<int>(counted.n));
      break;
    default:
      ADD_FAILURE() << "not a day unit";
  }
  if (counted.kind == Kind::deadline) {
    while (!is_working(day)) day += std::chrono::days(1);
  }
  return from_model(day);
}

struct Asked {
  Unit unit;
  Kind kind;
};

Day ask_model(const Model& model, Day start, Asked asked, int n) {
  const int step = asked.kind == Kind::backward ? -1 : 1;
  if (asked.unit == Unit::working_days) {
    return step > 0 ? model.add_working_days(start, n) : model.subtract_working_days(start, n);
  }
  const Day raw = asked.unit == Unit::months ? Model::add_months(start, step * n) : start + std::chrono::days(step * n);
  return asked.kind == Kind::deadline ? model.roll(raw) : raw;
}

std::vector<day_by_day::Notice> known_in_tests(const std::vector<day_by_day::Notice>& notices) {
  std::vector<day_by_day::Notice> known;
  for (const day_by_day::Notice& notice : notices) {
    if (from_model(notice.published) <= kKnownInTests) known.push_back(notice);
  }
  return known;
}

void check_all_days(const std::vector<day_by_day::Notice>& all_notices) {
  const std::vector<day_by_day::Notice> notices = known_in_tests(all_notices);
  ASSERT_EQ(notices.size(), 23u);
  const Model model(notices, 1998, 2037);
  const Calendar& calendar = tested_calendar();
  const Asked kinds[] = {{Unit::working_days, Kind::deadline},  {Unit::calendar_days, Kind::deadline},
                         {Unit::months, Kind::deadline},        {Unit::working_days, Kind::backward},
                         {Unit::calendar_days, Kind::backward}, {Unit::months, Kind::backward},
                         {Unit::calendar_days, Kind::validity}, {Unit::months, Kind::validity}};
  size_t checked = 0;
  for (Date start = Date::from(2007, 1, 1); start <= Date::from(2026, 12, 31); start = start + 1) {
    ASSERT_EQ(calendar.is_working_day(start), !model.is_off(to_model(start))) << to_text(start);
    for (const Asked asked : kinds) {
      for (const int n : kCounts) {
        // Before 2006-12-30 there are no notices in the facts, and the model does not know the law of those years.
        const Day expected = ask_model(model, to_model(start), asked, n);
        if (from_model(expected) < Date::from(2007, 1, 1)) continue;
        const Result<Counted> counted = count(calendar, start_of_day(start), asked.unit, n, asked.kind);
        ASSERT_TRUE(counted.ok()) << counted.error().message;
        ASSERT_EQ(to_text(counted->due_on), to_text(from_model(expected)))
            << to_text(start) << " + " << n << " " << to_text(asked.unit) << " " << to_text(asked.kind);
        ASSERT_EQ(count_by_hand(*counted), counted->due_on) << to_json_text(to_json(*counted));
        if (asked.unit == Unit::working_days && asked.kind == Kind::deadline) {
          ASSERT_EQ(counted->provisional, model.is_provisional(expected));
        }
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 700'000u);
}

TEST(EveryDay, agrees_with_the_model_over_the_pack) { check_all_days(day_by_day::read_editions(editions_directory())); }

TEST(EveryDay, agrees_with_the_model_over_the_facts) {
  const std::string path = shared_directory() + "/domain/notices.json";
  SKIP_WITHOUT_SHARED(path);
  check_all_days(day_by_day::read_json(path));
}

TEST(EveryDay, agrees_with_the_model_in_every_edition) {
  const std::vector<day_by_day::Notice> notices = known_in_tests(day_by_day::read_editions(editions_directory()));
  for (size_t known = 1; known <= notices.size(); ++known) {
    const std::vector<day_by_day::Notice> first(notices.begin(), notices.begin() + known);
    const Model model(first, 2006, 2029);
    const Calendar& calendar = editions().known_on(from_model(first.back().published));
    for (Date start = Date::from(2007, 1, 1); start <= Date::from(2026, 12, 31); start = start + 1) {
      for (const int n : {1, 5, 15}) {
        const Day expected = model.add_working_days(to_model(start), n);
        const Result<Due> due = find_due(calendar, start_of_day(start), Unit::working_days, n);
        ASSERT_TRUE(due.ok());
        ASSERT_EQ(due->due_on, from_model(expected))
            << to_text(start) << " + " << n << ", edition " << calendar.edition();
        ASSERT_EQ(due->provisional, model.is_provisional(expected)) << to_text(start) << " + " << n;
        const Result<Due> rolled = find_due(calendar, start_of_day(start), Unit::calendar_days, n);
        ASSERT_EQ(rolled->due_on, from_model(model.roll(to_model(start + n))));
        ASSERT_EQ(rolled->provisional, model.is_provisional(to_model(rolled->due_on)));
      }
    }
  }
}

TEST(EveryDay, far_arithmetic_agrees_with_a_walk_across_its_edges) {
  // The tables end some years after the last notice; a walk over single days must not notice the edge.
  const Calendar& calendar = tested_calendar();
  for (const int32_t year : {1, 1949, 1999, 2004, 2029, 2034, 2100, 2399, 9990}) {
    Date start = Date::from(year, 12, 1);
    std::vector<Date> working;
    for (Date date = start + 1; date <= start + 800; date = date + 1) {
      if (calendar.is_working_day(date)) working.push_back(date);
      ASSERT_EQ(calendar.working_days_between(start, date), static_cast<int64_t>(working.size())) << to_text(date);
      ASSERT_EQ(calendar.working_days_between(date, start), -static_cast<int64_t>(working.size()));
    }
    for (size_t n = 1; n <= working.size(); ++n) {
      ASSERT_EQ(calendar.add_working_days(start, static_cast<int64_t>(n)).value(), working[n - 1])
          << year << " + " << n;
      ASSERT_EQ(calendar.subtract_working_days(working.back(), static_cast<int64_t>(n - 1)).value(),
                n == 1 ? working.back() : working[working.size() - n]);
    }
  }
}

TEST(EveryDay, minutes_and_hours_are_elapsed_time) {
  const Calendar& calendar = tested_calendar();
  for (Date start = Date::from(2007, 1, 1); start <= Date::from(2026, 12, 31); start = start + 1) {
    const Instant at = at_local(start, 22, 15);
    for (const int64_t n : {0, 1, 2, 24, 48, 72, 1000}) {
      const Result<Due> hours = find_due(calendar, at, Unit::hours, n);
      ASSERT_EQ(hours->due_at.ms, at.ms + n * 3'600'000);
      ASSERT_EQ(hours->due_on, start + (22 * 60 + 15 + n * 60) / 1440);
      ASSERT_FALSE(hours->provisional);
      ASSERT_EQ(find_due(calendar, at, Unit::minutes, n)->due_at.ms, at.ms + n * 60'000);
    }
  }
}

}  // namespace
}  // namespace tongban::calendar
