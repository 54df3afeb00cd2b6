// The working-day functions of FEEL (src/pack/working_days.h) against `tongban due`, in all the places they can be
// used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/dmn_command.h"
#include "app/due_command.h"
#include "app/feel_command.h"
#include "base/json.h"
#include "calendar/load.h"
#include "kernel/decide.h"
#include "kernel/host.h"
#include "pack/working_days.h"

namespace tongban {
namespace {

using feel::Value;
using testing::HasSubstr;

const std::string kPacks = TONGBAN_SOURCE_DIR "/packs";

std::shared_ptr<const calendar::Editions> editions() {
  static const auto loaded =
      std::make_shared<const calendar::Editions>(calendar::load_editions(kPacks + "/china/calendar").value());
  return loaded;
}

const feel::Function& function(std::string_view name) {
  static const std::vector<feel::Function> all = pack::working_day_functions(pack::calendar_of(editions()));
  return *std::find_if(all.begin(), all.end(), [&](const feel::Function& each) { return each.name == name; });
}

Value ask(std::string_view name, std::vector<Value> arguments, const feel::EvalContext& context = {}) {
  arguments.resize(function(name).parameters.size());
  return function(name).call(arguments, context).value();
}

struct Answer {
  int code;
  std::string out, err;
};
Answer evaluate(std::vector<std::string> words) {
  setenv("TONGBAN_PACKS", kPacks.c_str(), 1);
  std::ostringstream out;
  std::ostringstream err;
  const int code = app::run_feel(words, at_local(Date::from(2021, 2, 5), 9, 30), out, err);
  return {code, out.str(), err.str()};
}

// Every third day of 2007–2026 through the command `due`, all at once; backwards every 97th day.
TEST(WorkingDays, agree_with_due) {
  std::string lines;
  std::vector<std::pair<Date, int64_t>> asked;
  constexpr int64_t kLengths[] = {0, 1, 2, 5, 15, 60, 250};
  size_t turn = 0;
  for (Date date = Date::from(2007, 1, 1); date <= Date::from(2026, 12, 31); date = date + 3) {
    const int64_t n = kLengths[turn++ % std::size(kLengths)];
    asked.emplace_back(date, n);
    lines += to_json_text(json::object{{"start", to_text(date)}, {"unit", "working_days"}, {"n", n}}) + "\n";
  }
  std::istringstream in(lines);
  std::ostringstream out;
  std::ostringstream err;
  ASSERT_EQ(app::run_due({"--batch", "-", "--packs", kPacks}, in, out, err), 0) << err.str();
  std::istringstream answers(out.str());
  for (const auto& [date, n] : asked) {
    std::string line;
    ASSERT_TRUE(std::getline(answers, line));
    std::vector<feel::Note> notes;
    feel::EvalContext context;
    context.notes = &notes;
    const Value found = ask("working days after", {Value::of(date), Value::of(n)}, context);
    ASSERT_EQ(line, "{\"due\":\"" + to_text(found.as_date()) +
                        "\",\"provisional\":" + (notes.at(0).provisional ? "true}" : "false}"))
        << to_text(date) << " " << n;
    ASSERT_EQ(ask("working days between", {Value::of(date), found}), Value::of(n)) << to_text(date);
  }
  for (Date date = Date::from(2007, 1, 9); date <= Date::from(2026, 12, 31); date = date + 97) {
    const int64_t n = kLengths[turn++ % std::size(kLengths)];
    std::ostringstream one;
    std::istringstream none;
    ASSERT_EQ(
        app::run_due({"--from", to_text(date), "--working-days", std::to_string(n), "--backward", "--packs", kPacks},
                     none, one, err),
        0)
        << err.str();
    const Value found = ask("working days after", {Value::of(date), Value::of(-n)});
    ASSERT_EQ(one.str().substr(0, 10), to_text(found.as_date())) << to_text(date) << " -" << n;
  }
}

// The four functions say the same of every day of 2007–2026.
TEST(WorkingDays, agree_with_each_other_on_every_day) {
  for (Date date = Date::from(2007, 1, 1); date <= Date::from(2026, 12, 31); date = date + 1) {
    const Value day = Value::of(date);
    const Value next = ask("next working day", {day});
    ASSERT_EQ(next, ask("working days after", {day, Value::of(1)})) << to_text(date);
    ASSERT_TRUE(ask("is working day", {next}).is_true()) << to_text(date);
    const Value before = Value::of(date + -1);
    ASSERT_EQ(ask("is working day", {day}).is_true(), ask("working days between", {before, day}) == Value::of(1))
        << to_text(date);
    ASSERT_EQ(ask("working days between", {next, day}), Value::of(-1)) << to_text(date);
    ASSERT_EQ(editions()->latest().is_working_day(date), ask("is working day", {day}).is_true()) << to_text(date);
  }
}

TEST(WorkingDays, are_null_where_feel_says_null) {
  for (const char* text :
       {"working days after(null, 3)", "working days after(@\"2021-02-05\", null)",
        "working days after(\"2021-02-05\", 3)", "working days after(@\"2021-02-05\", \"3\")",
        "working days after(@\"2021-02-05\", 1.5)", "working days after(@\"2021-02-05\", 10 ** 30)",
        "working days after(@\"2021-02-05\", 9000000)", "working days after(@\"10000-01-01\", 1)",
        "working days after(@\"9999-12-30\", 1)", "working days after(@\"0001-01-02\", -9)",
        "working days after(@\"2021-02-05\")", "working days after(date: @\"2021-02-05\", days: 3)",
        "working days after(@\"2021-02-05\", 1, 5)", "working days after(@\"2021-02-05\", 1, {nam: \"china\"})",
        "working days between(@\"2021-02-05\", @\"10:00:00\")", "working days between(@\"2021-02-05\", null)",
        "is working day(2021)", "is working day(null)", "next working day([])"}) {
    const Answer answer = evaluate({text});
    EXPECT_EQ(answer.out, "null\n") << text << " " << answer.err;
  }
}

TEST(WorkingDays, take_names_calendars_and_single_items) {
  const std::pair<const char*, const char*> table[] = {
      {"working days after(@\"2021-02-05\", 5)", "date(\"2021-02-18\")"},
      {"working days after(n: -3, date: @\"2021-02-20\")", "date(\"2021-02-10\")"},
      {"working days after([@\"2021-02-05\"], [5])", "date(\"2021-02-18\")"},
      {"working days after(@\"2021-02-05\", 0)", "date(\"2021-02-05\")"},
      {"working days after(@\"2021-02-05T20:00:00Z\", 0)", "date(\"2021-02-06\")"},
      {"working days after(date: @\"2021-02-05\", n: 5, calendar: \"china\")", "date(\"2021-02-18\")"},
      {"working days after(@\"2021-02-05\", 5, null)", "date(\"2021-02-18\")"},
      {"working days after(@\"2020-01-22\", 5, {known on: @\"2020-01-26\"})", "date(\"2020-02-04\")"},
      {"working days after(@\"2020-01-22\", 5, {name: \"china\", known on: @\"2020-01-27\"})", "date(\"2020-02-06\")"},
      {"working days between(@\"2021-02-05\", @\"2021-02-20\")", "7"},
      {"working days between(from: @\"2021-02-20\", to: @\"2021-02-05\")", "-7"},
      {"working days between(@\"2021-02-05\", @\"2021-02-05\")", "0"},
      {"for d in @\"2021-02-05\"..@\"2021-02-08\" return is working day(d)", "[true, false, true, true]"},
      {"{f: is working day, r: f(@\"2021-02-07\")}.r", "true"},
      {"next working day(@\"2021-02-10\")", "date(\"2021-02-18\")"}};
  for (const auto& [text, expected] : table) EXPECT_EQ(evaluate({text}).out, std::string(expected) + "\n") << text;
  const Answer unknown = evaluate({"is working day(@\"2021-02-07\", \"japan\")"});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("there is no calendar \"japan\"; there is china"));
  EXPECT_THAT(evaluate({"is working days(@\"2021-02-07\")"}).err, HasSubstr("did you mean \"is working day\"?"));
}

TEST(WorkingDays, explain_themselves_and_say_when_they_are_provisional) {
  const Answer due = evaluate({"working days after(@\"2021-02-05\", 5)", "--explain"});
  EXPECT_THAT(due.out, HasSubstr("因放假不计入：2021年2月11日至12日、15日至17日（春节，依据2021年放假通知）"));
  const json::value data =
      parse_json(evaluate({"working days between(@\"2021-02-05\", @\"2021-02-20\")", "--explain", "--json"}).out)
          .value();
  EXPECT_EQ(data.at("value").as_int64(), 7);
  const json::value& note = data.at("counted").at(0);
  EXPECT_EQ(note.at("data").at("specials").as_array().size(), 7u);
  EXPECT_FALSE(note.at("provisional").as_bool());
  // Behind the last notice weekends and fixed holidays are assumed: an answer, but a provisional one.
  const Answer far = evaluate({"is working day(@\"2040-02-08\")"});
  EXPECT_EQ(far.out, "true\n");
  EXPECT_THAT(far.err, HasSubstr("暂定"));
  EXPECT_EQ(evaluate({"is working day(@\"2021-02-07\")"}).err, "");
  std::vector<feel::Note> notes;
  feel::EvalContext context;
  context.notes = &notes;
  for (const auto& [name, arguments] : std::vector<std::pair<const char*, std::vector<Value>>>{
           {"working days after", {Value::of(Date::from(2040, 1, 3)), Value::of(3)}},
           {"working days after", {Value::of(Date::from(2021, 1, 3)), Value::of(6000)}},
           {"working days between", {Value::of(Date::from(2021, 1, 3)), Value::of(Date::from(2040, 1, 3))}},
           {"next working day", {Value::of(Date::from(2040, 1, 3))}},
           {"is working day", {Value::of(Date::from(2040, 1, 3))}}}) {
    ask(name, arguments, context);
    EXPECT_EQ(notes.back().function, name);
    EXPECT_TRUE(notes.back().provisional) << name;
    EXPECT_FALSE(notes.back().text.empty()) << name;
    EXPECT_TRUE(notes.back().data.at("provisional").as_bool()) << name;
  }
}

TEST(WorkingDays, stand_in_tables_and_models) {
  const std::string file = testing::TempDir() + "/limit.table.md";
  std::ofstream(file)
      << "---\ntitle: 期限\nhit policy: first\nmode: binding\nclause: 第一条\ninputs:\n  start: date\n---\n\n"
         "| 受理日 start | → 办结日 due | 依据 |\n|---|---|---|\n"
         "| is working day(?) | working days after(start, 5) | 第一条 |\n"
         "| - | next working day(start) | 第二条 |\n";
  setenv("TONGBAN_PACKS", kPacks.c_str(), 1);
  const auto eval = [&](const std::string& input, const char* flag) {
    std::ostringstream out;
    std::ostringstream err;
    app::run_dmn({"eval", file, "--input", input, flag}, Instant{}, out, err);
    return out.str() + err.str();
  };
  EXPECT_THAT(eval(R"({"start": "2021-02-05"})", "--explain"), HasSubstr("2021-02-18"));
  EXPECT_THAT(eval(R"({"start": "2021-02-06"})", "--explain"), HasSubstr("2021-02-07"));
  EXPECT_THAT(eval(R"({"start": "2021-02-05"})", "--trace"), HasSubstr("\"counted\""));
  std::filesystem::remove(file);
}

TEST(WorkingDays, in_packs_count_by_the_calendar_of_the_act) {
  kernel::Context act;
  act.calendar = &editions()->known_on(Date::from(2020, 1, 26));
  std::vector<pack::DaysCounted> counted;
  const kernel::Asked asked{&act, &counted};
  feel::EvalContext context;
  context.host = &asked;
  feel::Scope scope;
  for (feel::Function& each : pack::host_functions(kernel::kernel_host())) scope.add(std::move(each));
  const auto give = [&](const char* text, const feel::EvalContext& in) {
    const feel::Compiled compiled = feel::compile(text, scope);
    EXPECT_TRUE(compiled.expression.has_value()) << text;
    const feel::EvalResult result = feel::evaluate(*compiled.expression, {}, in);
    return result.ok ? result.value.to_text() : result.error;
  };
  EXPECT_EQ(give("working days after(date(\"2020-01-22\"), 5)", context), "date(\"2020-02-04\")");
  ASSERT_EQ(counted.size(), 1u);
  EXPECT_EQ(counted[0].counted.due_on, Date::from(2020, 2, 4));
  EXPECT_EQ(give("working_days_after(date(\"2020-01-22\"), 5)", context), "date(\"2020-02-04\")");
  EXPECT_EQ(counted.size(), 2u) << "the older name tells it too";
  EXPECT_THAT(give("is working day(date(\"2020-01-22\"), {known on: date(\"2020-01-27\")})", context),
              HasSubstr("the calendar known at the act"));
  EXPECT_THAT(give("is working day(date(\"2020-01-22\"))", {}), HasSubstr("need a calendar"));
  EXPECT_EQ(give("working days after(date and time(\"2020-01-22 10:00\"), 5)", context), "date(\"2020-02-04\")");
  const feel::Compiled wrong = feel::compile("is working day(\"2020-01-22\")", scope);
  ASSERT_EQ(wrong.problems.size(), 1u);
  EXPECT_EQ(wrong.problems[0].message, "is working day: \"date\" must be date, this is string");
}

}  // namespace
}  // namespace tongban
