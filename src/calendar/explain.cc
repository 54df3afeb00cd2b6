// A counted period as JSON and as Chinese sentences.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "calendar/calendar.h"

namespace tongban::calendar {
namespace {

struct UnitName {
  Unit unit;
  std::string_view identifier;
  std::string_view chinese;
};
constexpr std::array<UnitName, 5> kUnits{{{Unit::minutes, "minutes", "分钟"},
                                          {Unit::hours, "hours", "小时"},
                                          {Unit::working_days, "working_days", "工作日"},
                                          {Unit::calendar_days, "calendar_days", "日"},
                                          {Unit::months, "months", "个月"}}};

struct KindName {
  Kind kind;
  std::string_view identifier;
};
constexpr std::array<KindName, 3> kKinds{
    {{Kind::deadline, "deadline"}, {Kind::validity, "validity"}, {Kind::backward, "backward"}}};

bool is_weekend(Date date) { return date.weekday() >= 6; }

std::string month_and_day(Date date) {
  const YearMonthDay civil = date.civil();
  return std::to_string(civil.month) + "月" + std::to_string(civil.day) + "日";
}

std::string in_chinese(Date date) { return std::to_string(date.civil().year) + "年" + month_and_day(date); }

std::string in_chinese_with_weekday(Date date) {
  return in_chinese(date) + "（" + std::string(weekday_in_chinese(date)) + "）";
}

// "2020" is a yearly notice and "2020-amendment-1" a change of it; another id stands for itself.
std::string notice_in_chinese(const std::string& id) {
  constexpr std::string_view kAmendment = "-amendment-";
  const bool has_year =
      id.size() >= 4 && std::all_of(id.begin(), id.begin() + 4, [](char c) { return c >= '0' && c <= '9'; });
  if (has_year && id.size() == 4) return id + "年放假通知";
  if (has_year && id.compare(4, kAmendment.size(), kAmendment) == 0) {
    return id.substr(0, 4) + "年放假调整通知" + id.substr(4 + kAmendment.size());
  }
  return "放假通知" + id;
}

// Collects days into runs and prints them as 2021年2月7日至10日、2月18日: the year and the month once where they stay.
class DayRuns {
 public:
  void add(Date date) {
    if (!runs_.empty() && runs_.back().second + 1 == date) {
      runs_.back().second = date;
    } else {
      runs_.emplace_back(date, date);
    }
  }
  bool empty() const { return runs_.empty(); }
  std::string text() const {
    std::string text;
    int32_t year = 0;
    int32_t month = 0;
    const auto append = [&](Date date) {
      const YearMonthDay civil = date.civil();
      if (civil.year != year) text += std::to_string(civil.year) + "年";
      if (civil.year != year || civil.month != month) text += std::to_string(civil.month) + "月";
      text += std::to_string(civil.day) + "日";
      year = civil.year;
      month = civil.month;
    };
    for (const auto& [first, last] : runs_) {
      if (!text.empty()) text += "、";
      append(first);
      if (last > first) text += "至";
      if (last > first) append(last);
    }
    return text;
  }

 private:
  std::vector<std::pair<Date, Date>> runs_;
};

// Neighbours of one holiday and one notice become one sentence part: 春节 2021年2月11日至17日（2021年放假通知）.
std::string list_specials(const std::vector<SpecialDay>& specials, bool off) {
  std::vector<std::string> parts;
  for (size_t i = 0; i < specials.size();) {
    if (specials[i].off != off) {
      ++i;
      continue;
    }
    const SpecialDay& first = specials[i];
    DayRuns runs;
    for (; i < specials.size() && specials[i].name == first.name && specials[i].notice == first.notice; ++i) {
      if (specials[i].off == off) runs.add(specials[i].date);
    }
    parts.push_back(runs.text() + "（" + first.name + "，" +
                    (first.notice.empty() ? "依法固定日期推定" : "依据" + notice_in_chinese(first.notice)) + "）");
  }
  return join(parts, "；");
}

// A list of days longer than this helps nobody.
constexpr int64_t kMaxListedDays = 60;

std::string counted_days(const Counted& counted) {
  DayRuns runs;
  const Date from = std::min(counted.first_counted, counted.due_on);
  const Date to = std::max(counted.first_counted, counted.due_on);
  auto special = counted.specials.begin();
  for (Date date = from; date <= to; date = date + 1) {
    bool off = is_weekend(date);
    while (special != counted.specials.end() && special->date < date) ++special;
    if (special != counted.specials.end() && special->date == date) off = special->off;
    if (!off) runs.add(date);
  }
  return runs.text();
}

void explain_working_days(const Counted& counted, std::string& text) {
  if (counted.n == 0) return;
  if (counted.n <= kMaxListedDays) text += "计入的工作日：" + counted_days(counted) + "。\n";
  const std::string adjusted = list_specials(counted.specials, false);
  if (!adjusted.empty()) text += "其中周末补班、照常计入：" + adjusted + "。\n";
  text += "周六、周日不计入。\n";
  const std::string skipped = list_specials(counted.specials, true);
  if (!skipped.empty()) text += "因放假不计入：" + skipped + "。\n";
}

void explain_date(const Counted& counted, std::string& text) {
  if (counted.kind == Kind::validity) {
    text += "有效期届满日遇休息日不顺延。\n";
    return;
  }
  if (counted.kind == Kind::backward) {
    text += "倒算的日期遇休息日不移动。\n";
    return;
  }
  if (counted.raw_end == counted.due_on) {
    const bool adjusted = is_weekend(counted.due_on);
    text += "期间内的休息日不扣除；届满日" + in_chinese_with_weekday(counted.raw_end) +
            (adjusted ? "是补班日，不顺延。\n" : "是工作日，不顺延。\n");
  } else {
    text += "期间内的休息日不扣除；期间至" + in_chinese_with_weekday(counted.raw_end) +
            "届满，该日休息，顺延至休息结束后的第一个工作日。\n";
  }
  const std::string skipped = list_specials(counted.specials, true);
  if (!skipped.empty()) text += "届满时的放假：" + skipped + "。\n";
  const std::string adjusted = list_specials(counted.specials, false);
  if (!adjusted.empty()) text += "周末补班：" + adjusted + "。\n";
}

// Reads members strictly; after the first fault the rest is skipped.
class FieldReader {
 public:
  explicit FieldReader(const json::object& object) : object_(object) {}
  std::string text(std::string_view key) {
    const json::value* value = get(key);
    if (value == nullptr) return {};
    if (!value->is_string()) return fault(key, "is no text"), std::string();
    return std::string(value->get_string());
  }
  bool boolean(std::string_view key) {
    const json::value* value = get(key);
    if (value == nullptr) return false;
    if (!value->is_bool()) return fault(key, "is neither true nor false"), false;
    return value->get_bool();
  }
  int64_t integer(std::string_view key) {
    const json::value* value = get(key);
    if (value == nullptr) return 0;
    if (!value->is_int64()) return fault(key, "is no whole number"), 0;
    return value->get_int64();
  }
  Date date(std::string_view key) {
    const std::string content = text(key);
    if (!ok()) return {};
    const Result<Date> date = parse_date(content);
    if (!date.ok()) return fault(key, "is no date"), Date{};
    return *date;
  }
  Instant instant(std::string_view key) {
    const std::string content = text(key);
    if (!ok()) return {};
    const Result<Instant> instant = parse_instant(content);
    if (!instant.ok()) return fault(key, "is no point in time"), Instant{};
    return *instant;
  }
  const json::array* array(std::string_view key) {
    const json::value* value = get(key);
    if (value == nullptr) return nullptr;
    if (!value->is_array()) return fault(key, "is no list"), nullptr;
    return &value->get_array();
  }
  // All members must have been read.
  void finish() {
    if (ok() && read_ != object_.size()) error_ = "it has a member that is not known";
  }
  void fault(std::string_view key, std::string_view what) {
    if (ok()) error_ = "\"" + std::string(key) + "\" " + std::string(what);
  }
  bool ok() const { return error_.empty(); }
  Error error() const { return fail(Trouble::invalid_input, "This is no counted period: " + error_ + "."); }

 private:
  const json::value* get(std::string_view key) {
    if (!ok()) return nullptr;
    const json::value* value = find_member(object_, key);
    if (value == nullptr) {
      fault(key, "is missing");
    } else {
      ++read_;
    }
    return value;
  }

  const json::object& object_;
  size_t read_ = 0;
  std::string error_;
};

Result<SpecialDay> special_from_json(const json::value& value) {
  if (!value.is_object()) return fail(Trouble::invalid_input, "This is no counted period: a special day is no object.");
  FieldReader reader(value.get_object());
  SpecialDay special;
  special.date = reader.date("date");
  special.off = reader.boolean("off");
  special.name = reader.text("name");
  special.notice = reader.text("notice");
  reader.finish();
  if (!reader.ok()) return reader.error();
  return special;
}

}  // namespace

json::object to_json(const Counted& counted) {
  json::array specials;
  specials.reserve(counted.specials.size());
  for (const SpecialDay& special : counted.specials) {
    specials.push_back(json::object{{"date", tongban::to_text(special.date)},
                                    {"off", special.off},
                                    {"name", special.name},
                                    {"notice", special.notice}});
  }
  return json::object{{"start", tongban::to_text(counted.start)},
                      {"unit", to_text(counted.unit)},
                      {"n", counted.n},
                      {"kind", to_text(counted.kind)},
                      {"first_counted", tongban::to_text(counted.first_counted)},
                      {"raw_end", tongban::to_text(counted.raw_end)},
                      {"due_on", tongban::to_text(counted.due_on)},
                      {"due_at", tongban::to_text(counted.due_at)},
                      {"provisional", counted.provisional},
                      {"edition", counted.edition},
                      {"specials", std::move(specials)}};
}

Result<Counted> counted_from_json(const json::object& object) {
  FieldReader reader(object);
  Counted counted;
  counted.start = reader.instant("start");
  const std::optional<Unit> unit = parse_unit(reader.text("unit"));
  if (!unit) reader.fault("unit", "is not known");
  counted.n = reader.integer("n");
  const std::optional<Kind> kind = parse_kind(reader.text("kind"));
  if (!kind) reader.fault("kind", "is not known");
  counted.first_counted = reader.date("first_counted");
  counted.raw_end = reader.date("raw_end");
  counted.due_on = reader.date("due_on");
  counted.due_at = reader.instant("due_at");
  counted.provisional = reader.boolean("provisional");
  counted.edition = reader.text("edition");
  const json::array* specials = reader.array("specials");
  reader.finish();
  if (!reader.ok()) return reader.error();
  counted.unit = *unit;
  counted.kind = *kind;
  for (const json::value& value : *specials) counted.specials.push_back(TRY(special_from_json(value)));
  return counted;
}

std::string explain(const Counted& counted) {
  const bool by_instant = counted.unit == Unit::minutes || counted.unit == Unit::hours;
  const std::string amount = std::to_string(counted.n) + (counted.unit == Unit::working_days ? "个" : "") +
                             std::string(to_chinese(counted.unit));
  const bool backward = counted.kind == Kind::backward;
  std::string text;
  if (by_instant) {
    text += "自" + to_minutes_text(counted.start) + "起" + (backward ? "倒算" : "") + amount +
            "，按钟点连续计算，休息日不扣除，至" + to_minutes_text(counted.due_at) + "（" +
            std::string(weekday_in_chinese(counted.due_on)) + "）。\n";
    return text;
  }
  const Date start_day = local_date(counted.start);
  text += "自" + in_chinese_with_weekday(start_day) + (backward ? "倒算" : "起") + amount + "，当日不计入，从" +
          in_chinese(counted.first_counted) + "起" + (backward ? "向前" : "") + "计算，至" +
          in_chinese_with_weekday(counted.due_on) + "24时届满。\n";
  if (counted.unit == Unit::working_days) {
    explain_working_days(counted, text);
  } else {
    explain_date(counted, text);
  }
  if (counted.provisional) {
    text += "暂定：所涉日期尚无放假通知覆盖，只按周末和法定固定日期推算，通知公布后可能改变。\n";
  }
  text += counted.edition.empty() ? "日历版本：尚无放假通知。\n"
                                  : "日历版本：" + notice_in_chinese(counted.edition) + "。\n";
  return text;
}

std::string_view to_text(Unit unit) { return kUnits[static_cast<size_t>(unit)].identifier; }
std::string_view to_chinese(Unit unit) { return kUnits[static_cast<size_t>(unit)].chinese; }

std::optional<Unit> parse_unit(std::string_view text) {
  for (const UnitName& name : kUnits) {
    if (name.identifier == text) return name.unit;
  }
  return std::nullopt;
}

std::string_view to_text(Kind kind) { return kKinds[static_cast<size_t>(kind)].identifier; }

std::optional<Kind> parse_kind(std::string_view text) {
  for (const KindName& name : kKinds) {
    if (name.identifier == text) return name.kind;
  }
  return std::nullopt;
}

std::string_view weekday_in_chinese(Date date) {
  constexpr std::array<std::string_view, 7> kNames{"星期一", "星期二", "星期三", "星期四",
                                                   "星期五", "星期六", "星期日"};
  return kNames[static_cast<size_t>(date.weekday() - 1)];
}

}  // namespace tongban::calendar
