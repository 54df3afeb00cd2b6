// The dates counted by hand and by other programs, from the facts.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "calendar/test_support_test.h"

namespace tongban::calendar {
namespace {

json::value read_json(const std::string& path) {
  std::ifstream stream(path);
  std::stringstream text;
  text << stream.rdbuf();
  return parse_json(text.str()).value();
}

TEST(Vectors, periods_are_counted_as_in_the_facts) {
  const std::string path = shared_directory() + "/domain/periods.json";
  SKIP_WITHOUT_SHARED(path);
  const json::value facts = read_json(path);
  size_t checked = 0;
  for (const json::value& vector : facts.at("vectors").as_array()) {
    const json::object& object = vector.as_object();
    const std::string_view kind = text_at(object, "kind");
    const Unit unit = kind == "working_days"         ? Unit::working_days
                      : kind == "calendar_days_roll" ? Unit::calendar_days
                                                     : Unit::months;
    ASSERT_TRUE(unit != Unit::months || kind == "months_roll") << kind;
    const Result<Counted> counted =
        count(tested_calendar(), start_of_day(day(text_at(object, "start"))), unit, object.at("n").as_int64());
    ASSERT_TRUE(counted.ok()) << counted.error().message;
    EXPECT_EQ(to_text(counted->due_on), text_at(object, "due")) << to_json_text(object);
    EXPECT_EQ(to_text(counted->raw_end), text_at(object, object.contains("raw_end") ? "raw_end" : "due"));
    EXPECT_FALSE(counted->provisional);
    ++checked;
  }
  EXPECT_EQ(checked, 105u);
}

TEST(Vectors, dates_known_on_a_day_are_counted_as_in_the_facts) {
  const std::string path = shared_directory() + "/domain/known_on_vectors.json";
  SKIP_WITHOUT_SHARED(path);
  const json::value facts = read_json(path);
  size_t checked = 0;
  for (const json::value& vector : facts.at("vectors").as_array()) {
    const json::object& object = vector.as_object();
    const Calendar& calendar = editions().known_on(day(text_at(object, "known_on")));
    const Result<Counted> counted = count(calendar, start_of_day(day(text_at(object, "start"))),
                                          parse_unit(text_at(object, "unit")).value(), object.at("n").as_int64());
    ASSERT_TRUE(counted.ok()) << counted.error().message;
    EXPECT_EQ(to_text(counted->due_on), text_at(object, "due")) << to_json_text(object);
    EXPECT_EQ(counted->provisional, object.at("provisional").as_bool()) << to_json_text(object);
    ++checked;
  }
  EXPECT_EQ(checked, 35u);
}

}  // namespace
}  // namespace tongban::calendar
