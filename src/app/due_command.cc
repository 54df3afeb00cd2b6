#include "app/due_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <fstream>
#include <iostream>
#include <optional>

#include "app/paths.h"
#include "base/json.h"
#include "base/text.h"
#include "calendar/batch.h"
#include "calendar/load.h"

namespace tongban::app {
namespace {

using calendar::Calendar;
using calendar::Counted;
using calendar::Editions;
using calendar::Kind;
using calendar::Unit;

constexpr int kAnswered = 0;
constexpr int kNoAnswer = 1;
constexpr int kWrongWords = 2;
constexpr int kCannotReadOrWrite = 3;

// A refusal in the words of both: Chinese first, as the answer is.
void say(std::ostream& err, const std::string& chinese, const std::string& english) {
  err << chinese << "\n" << english << "\n";
}

struct Asked {
  std::string from;
  std::string minutes;
  std::string hours;
  std::string working_days;
  std::string calendar_days;
  std::string months;
  bool validity = false;
  bool backward = false;
  bool as_json = false;
  std::string known_on;
  std::string batch;
  std::string packs;
};

void describe(CLI::App& app, Asked& asked) {
  app.add_option("--from", asked.from, "起算的日期 2021-02-05 或时刻 2021-02-05T09:30:00+08:00");
  CLI::Option_group* units = app.add_option_group("期间");
  units->add_option("--minutes", asked.minutes, "分钟")->type_name("N");
  units->add_option("--hours", asked.hours, "小时")->type_name("N");
  units->add_option("--working-days", asked.working_days, "工作日")->type_name("N");
  units->add_option("--calendar-days", asked.calendar_days, "日（自然日），届满遇休息日顺延")->type_name("N");
  units->add_option("--months", asked.months, "个月，届满遇休息日顺延")->type_name("N");
  units->require_option(0, 1);
  CLI::Option* validity = app.add_flag("--validity", asked.validity, "有效期：届满日不顺延");
  app.add_flag("--backward", asked.backward, "倒算：从起算日向前数")->excludes(validity);
  app.add_flag("--json", asked.as_json, "以 JSON 输出");
  app.add_option("--known-on", asked.known_on, "按该日已公布的放假通知计算，默认为全部通知");
  CLI::Option* batch =
      app.add_option("--batch", asked.batch,
                     "逐行计算文件（- 为标准输入）：{\"start\":\"2021-02-05\",\"unit\":\"working_days\",\"n\":5}");
  for (const char* single : {"--from", "--validity", "--backward", "--json"}) batch->excludes(app.get_option(single));
  app.add_option("--packs", asked.packs, "规则包所在文件夹");
}

struct Period {
  Unit unit;
  int64_t n;
};

// The one period asked for. CLI11's own numbers would read 010 as eight.
Result<Period> asked_period(const Asked& asked) {
  const std::pair<Unit, const std::string*> given[] = {{Unit::minutes, &asked.minutes},
                                                       {Unit::hours, &asked.hours},
                                                       {Unit::working_days, &asked.working_days},
                                                       {Unit::calendar_days, &asked.calendar_days},
                                                       {Unit::months, &asked.months}};
  for (const auto& [unit, text] : given) {
    if (text->empty()) continue;
    int64_t n = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), n);
    if (error == std::errc() && end == text->data() + text->size()) return Period{unit, n};
    return fail(Trouble::invalid_input, "“" + *text + "”不是 0 到 9223372036854775807 之间的整数。\n\"" + *text +
                                            "\" is not a whole number between 0 and 9223372036854775807.");
  }
  return fail(
      Trouble::invalid_input,
      "请写明从哪天起算、期间多长，例如：tongban due --from 2021-02-05 --working-days 5\n"
      "Say when the period starts and how long it is, for example: tongban due --from 2021-02-05 --working-days 5");
}

bool has_period(const Asked& asked) {
  return !(asked.minutes + asked.hours + asked.working_days + asked.calendar_days + asked.months).empty();
}

Error no_date(const std::string& text, const Error& error) {
  return fail(Trouble::invalid_input, "“" + text + "”不是存在的日期，请写成 2021-02-05。\n" + error.message);
}

Result<Instant> parse_from(const std::string& text, Unit unit) {
  if (text.empty()) {
    return fail(Trouble::invalid_input,
                "请用 --from 写明从哪天起算，例如：--from 2021-02-05\n"
                "Say with --from when the period starts, for example: --from 2021-02-05");
  }
  if (text.size() != 10) {
    Result<Instant> instant = parse_instant(text);
    if (instant.ok()) return instant;
    return fail(Trouble::invalid_input,
                "“" + text + "”不是日期，也不是时刻，请写成 2021-02-05 或 2021-02-05T09:30:00+08:00。\n" +
                    instant.error().message);
  }
  const Result<Date> date = parse_date(text);
  if (!date.ok()) return no_date(text, date.error());
  if (unit == Unit::minutes || unit == Unit::hours) {
    return fail(Trouble::invalid_input, "分钟和小时从时刻起算，--from 请写成 " + text +
                                            "T09:30:00+08:00。\n"
                                            "Minutes and hours start at a point in time; write --from as " +
                                            text + "T09:30:00+08:00.");
  }
  return start_of_day(*date);
}

// The notices that the answer rests on, each with its day of publication.
void print_notices(const Counted& counted, const Editions& editions, std::ostream& out) {
  for (const calendar::Notice& notice : editions.notices()) {
    const bool named = std::any_of(counted.specials.begin(), counted.specials.end(),
                                   [&](const calendar::SpecialDay& special) { return special.notice == notice.id; });
    if (!named) continue;
    out << "通知 " << notice.id << "：" << to_text(notice.published) << " 公布"
        << (notice.number.empty() ? "" : "，" + notice.number) << "\n";
  }
}

void print(const Counted& counted, const Editions& editions, bool as_json, std::ostream& out) {
  const bool by_instant = counted.unit == Unit::minutes || counted.unit == Unit::hours;
  if (as_json) {
    json::object object{{"due", by_instant ? to_text(counted.due_at) : to_text(counted.due_on)}};
    for (const auto& member : calendar::to_json(counted)) object[member.key()] = member.value();
    object["explanation"] = calendar::explain(counted);
    out << to_pretty_json_text(object) << "\n";
    return;
  }
  out << (by_instant ? to_minutes_text(counted.due_at) : to_text(counted.due_on)) << " "
      << calendar::weekday_in_chinese(counted.due_on) << (counted.provisional ? "（暂定）" : "") << "\n\n"
      << calendar::explain(counted);
  print_notices(counted, editions, out);
}

int answer_one(const Calendar& calendar, const Editions& editions, const Asked& asked, std::ostream& out,
               std::ostream& err) {
  const Result<Period> period = asked_period(asked);
  if (!period.ok()) {
    err << period.error().message << "\n";
    return kWrongWords;
  }
  const Result<Instant> start = parse_from(asked.from, period->unit);
  if (!start.ok()) {
    err << start.error().message << "\n";
    return kWrongWords;
  }
  const Kind kind = asked.validity ? Kind::validity : asked.backward ? Kind::backward : Kind::deadline;
  const Result<Counted> counted = calendar::count(calendar, *start, period->unit, period->n, kind);
  if (!counted.ok()) {
    say(err,
        period->n < 0 ? "期间的长短不能是负数，请写 0 或者更大的数；向前数请用 --backward。"
                      : "算出的日期超出公元 1 年至 9999 年，没有结果；请缩短期间。",
        counted.error().message);
    return kNoAnswer;
  }
  print(*counted, editions, asked.as_json, out);
  return kAnswered;
}

int answer_batch(const Calendar& calendar, const Asked& asked, std::istream& in, std::ostream& out, std::ostream& err) {
  if (has_period(asked)) {
    say(err, "用 --batch 时，期间写在各行里；请去掉 --working-days 等选项。",
        "With --batch the periods stand in the lines; leave out --working-days and the like.");
    return kWrongWords;
  }
  std::ifstream file;
  if (asked.batch != "-") file.open(asked.batch, std::ios::binary);
  if (!file) {
    say(err, "文件 " + asked.batch + " 打不开。", "The file " + asked.batch + " cannot be opened.");
    return kCannotReadOrWrite;
  }
  std::istream& source = asked.batch == "-" ? in : file;
  const bool all_answered = calendar::answer_lines(calendar, source, out);
  if (source.bad() || !out) {
    if (out)
      say(err, "文件没有读完。", "The lines cannot be read to their end.");
    else
      say(err, "结果写不出去。", "The answers cannot be written.");
    return kCannotReadOrWrite;
  }
  return all_answered ? kAnswered : kNoAnswer;
}

}  // namespace

namespace {

// What is wrong with the words themselves; CLI11's own sentence follows it.
std::string wrong_words(const CLI::App& app, const std::vector<std::string>& args, const CLI::ParseError& error) {
  std::vector<std::string> known{"--help"};
  for (const CLI::App* group : app.get_subcommands({})) {
    for (const CLI::Option* option : group->get_options()) known.push_back(option->get_name());
  }
  for (const CLI::Option* option : app.get_options()) known.push_back(option->get_name());
  for (const std::string& word : args) {
    const std::string name = word.substr(0, word.find('='));
    if (!name.starts_with("-") || name == "-" || name == "-h" ||
        std::find(known.begin(), known.end(), name) != known.end())
      continue;
    if (name.size() > 1 && name[1] >= '0' && name[1] <= '9') continue;  // a negative number
    const std::string near = nearest_word(name, known);
    return "没有选项 " + name + "。" + (near.empty() ? "" : "是不是 " + near + "？") + "写法见 tongban due --help。";
  }
  if (error.get_name() == "RequiredError") return "一次只能算一种期间，请只写一个，例如 --working-days 5。";
  if (error.get_name() == "ExcludesError")
    return "--batch 不能和 --from、--validity、--backward、--json 一起用，--validity 不能和 --backward 一起用。";
  if (error.get_name() == "ArgumentMismatch") return "选项后面缺少内容，或者同一个选项写了两次。";
  return "命令的写法不对。写法见 tongban due --help。";
}

}  // namespace

int run_due(const std::vector<std::string>& args, std::istream& in, std::ostream& out, std::ostream& err) {
  Asked asked;
  CLI::App app("算出期限届满的日期，并说明理由", "tongban due");
  describe(app, asked);
  try {
    std::vector<std::string> reversed(args.rbegin(), args.rend());  // CLI11 takes the last word first
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error, out, err), kAnswered;
    say(err, wrong_words(app, args, error), error.what());
    return kWrongWords;
  }
  std::optional<Date> known_on;
  if (!asked.known_on.empty()) {
    const Result<Date> date = parse_date(asked.known_on);
    if (!date.ok()) {
      err << "--known-on：" << no_date(asked.known_on, date.error()).message << "\n";
      return kWrongWords;
    }
    known_on = *date;
  }
  const Result<std::string> packs = find_packs_directory(asked.packs);
  if (!packs.ok()) {
    err << packs.error().message << "\n";
    return kCannotReadOrWrite;
  }
  const Result<Editions> editions = calendar::load_editions(*packs + "/china/calendar");
  if (!editions.ok()) {
    err << editions.error().message << "\n";
    return kCannotReadOrWrite;
  }
  const Calendar& calendar = known_on ? editions->known_on(*known_on) : editions->latest();
  return asked.batch.empty() ? answer_one(calendar, *editions, asked, out, err)
                             : answer_batch(calendar, asked, in, out, err);
}

}  // namespace tongban::app
