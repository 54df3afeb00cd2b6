// The texts of values: as FEEL literals, for people, as JSON, and back from text.
#include <algorithm>
#include <array>
#include <charconv>

#include "feel/feel.h"
#include "feel/temporal.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;
constexpr int64_t kMinuteMs = 60 * 1000;
constexpr int64_t kHourMs = 60 * kMinuteMs;

bool is_plain_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
  });
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += c;
    }
  }
  return out + "\"";
}

std::string range_text(const Range& range) {
  switch (range.form) {
    case Range::Form::interval:
      break;
    case Range::Form::less:
      return "(< " + range.high->to_text() + ")";
    case Range::Form::less_equal:
      return "(<= " + range.high->to_text() + ")";
    case Range::Form::greater:
      return "(> " + range.low->to_text() + ")";
    case Range::Form::greater_equal:
      return "(>= " + range.low->to_text() + ")";
    case Range::Form::equal:
      return "(= " + range.low->to_text() + ")";
    case Range::Form::not_equal:
      return "(!= " + range.low->to_text() + ")";
  }
  const auto end = [](const std::shared_ptr<const Value>& value) { return value ? value->to_text() : "null"; };
  return (range.low_open ? "(" : "[") + end(range.low) + ".." + end(range.high) + (range.high_open ? ")" : "]");
}

}  // namespace

std::string Value::to_text() const {
  switch (kind_) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return small_ != 0 ? "true" : "false";
    case Kind::number:
      return as_number().to_text();
    case Kind::text:
      return quoted(as_text());
    case Kind::date:
      return "date(\"" + day_to_text(small_) + "\")";
    case Kind::time:
      return "time(\"" + feel::to_text(as_clock()) + "\")";
    case Kind::date_time:
      return "date and time(\"" + feel::to_text(as_moment()) + "\")";
    case Kind::days_duration:
      return "duration(\"" + feel::to_text(as_span()) + "\")";
    case Kind::months_duration:
      return "duration(\"" + feel::to_text(as_months_duration()) + "\")";
    case Kind::list: {
      std::string out = "[";
      for (const Value& item : as_list()) out += (out.size() > 1 ? ", " : "") + item.to_text();
      return out + "]";
    }
    case Kind::context: {
      std::string out = "{";
      for (const auto& [key, value] : as_context()) {
        out += (out.size() > 1 ? ", " : "") + (is_plain_name(key) ? key : quoted(key)) + ": " + value.to_text();
      }
      return out + "}";
    }
    case Kind::range:
      return range_text(as_range());
    case Kind::function: {
      std::string out = "function(";
      for (const Function::Parameter& parameter : as_function()->parameters)
        out += (out.back() == '(' ? "" : ", ") + parameter.name;
      return out + ")";
    }
  }
  return "null";
}

namespace {

// XML Schema's canonical form: a fraction of seconds ends with no zero.
std::string without_trailing_zeros(std::string text) {
  const size_t point = text.find('.');
  if (point == std::string::npos) return text;
  size_t end = point + 1;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
  size_t keep = end;
  while (text[keep - 1] == '0') --keep;
  return text.erase(keep, end - keep);
}

}  // namespace

std::string to_feel_string(const Value& value) {
  switch (value.kind()) {
    case Kind::text:
      return value.as_text();
    case Kind::date:
      return day_to_text(value.as_day());
    case Kind::time:
      return without_trailing_zeros(to_text(value.as_clock()));
    case Kind::date_time:
      return without_trailing_zeros(to_text(value.as_moment()));
    case Kind::days_duration:
      return to_text(value.as_span());
    case Kind::months_duration:
      return to_text(value.as_months_duration());
    case Kind::list: {
      std::string out = "[";
      for (const Value& item : value.as_list()) {
        out +=
            (out.size() > 1 ? ", " : "") + (item.kind() == Kind::text ? quoted(item.as_text()) : to_feel_string(item));
      }
      return out + "]";
    }
    case Kind::context: {
      std::string out = "{";
      for (const auto& [key, item] : value.as_context()) {
        out += (out.size() > 1 ? ", " : "") + (is_plain_name(key) ? key : quoted(key)) + ": " +
               (item.kind() == Kind::text ? quoted(item.as_text()) : to_feel_string(item));
      }
      return out + "}";
    }
    case Kind::range: {
      const Range& range = value.as_range();
      if (range.form != Range::Form::interval) return range_text(range);
      const auto end = [](const std::shared_ptr<const Value>& bound) {
        if (!bound) return std::string("null");
        return bound->kind() == Kind::text ? quoted(bound->as_text()) : to_feel_string(*bound);
      };
      return (range.low_open ? "(" : "[") + end(range.low) + ".." + end(range.high) + (range.high_open ? ")" : "]");
    }
    default:
      return value.to_text();
  }
}

std::string Value::to_plain_text() const {
  switch (kind_) {
    case Kind::null:
      return "无";
    case Kind::boolean:
      return small_ != 0 ? "是" : "否";
    case Kind::text:
      return as_text();
    case Kind::date:
      return day_to_text(small_);
    case Kind::time:
      return feel::to_text(as_clock());
    case Kind::date_time: {
      const bool is_chinese = zone() == nullptr && (offset_ == kNoOffset || offset_ == kLocalOffsetMs / 1000);
      const int64_t day = floor_div(as_moment().local_seconds(), kDaySeconds);
      const bool is_ours = day >= kFirstDay && day <= kLastDay;
      return is_chinese && is_ours ? to_minutes_text(as_date_time().at) : feel::to_text(as_moment());
    }
    case Kind::days_duration: {
      const int64_t signed_ms = as_days_duration().ms;
      if (signed_ms == INT64_MIN || signed_ms == INT64_MAX) return feel::to_text(as_span());
      const int64_t ms = signed_ms < 0 ? -signed_ms : signed_ms;
      std::string out = signed_ms < 0 ? "负" : "";
      if (ms / kDayMs != 0) out += std::to_string(ms / kDayMs) + "天";
      if (ms % kDayMs / kHourMs != 0) out += std::to_string(ms % kDayMs / kHourMs) + "小时";
      if (ms % kHourMs / kMinuteMs != 0) out += std::to_string(ms % kHourMs / kMinuteMs) + "分钟";
      if (ms % kMinuteMs != 0) out += Number::from_scaled(ms % kMinuteMs, 3).to_text() + "秒";
      return ms == 0 ? "0天" : out;
    }
    case Kind::months_duration: {
      const int64_t months = small_ < 0 ? -small_ : small_;
      std::string out = small_ < 0 ? "负" : "";
      if (months / 12 != 0) out += std::to_string(months / 12) + "年";
      if (months % 12 != 0 || months == 0) out += std::to_string(months % 12) + "个月";
      return out;
    }
    case Kind::list: {
      std::string out;
      for (const Value& item : as_list()) out += (out.empty() ? "" : "、") + item.to_plain_text();
      return out;
    }
    case Kind::context: {
      std::string out;
      for (const auto& [key, value] : as_context())
        out += (out.empty() ? "" : "，") + key + "：" + value.to_plain_text();
      return out;
    }
    default:
      return to_text();
  }
}

json::value Value::to_json() const {
  switch (kind_) {
    case Kind::null:
      return nullptr;
    case Kind::boolean:
      return small_ != 0;
    case Kind::number: {
      constexpr int64_t kSafe = int64_t{1} << 53;
      const Number number = as_number();
      const std::optional<int64_t> whole = number.to_int64();
      if (whole && *whole<kSafe&& * whole> - kSafe) return *whole;
      return json::string(number.to_text());
    }
    case Kind::text:
      return json::string(as_text());
    case Kind::date:
      return json::string(day_to_text(small_));
    case Kind::time:
      return json::string(feel::to_text(as_clock()));
    case Kind::date_time:
      return json::string(feel::to_text(as_moment()));
    case Kind::days_duration:
      return json::string(feel::to_text(as_span()));
    case Kind::months_duration:
      return json::string(feel::to_text(as_months_duration()));
    case Kind::list: {
      json::array out;
      for (const Value& item : as_list()) out.push_back(item.to_json());
      return out;
    }
    case Kind::context: {
      json::object out;
      for (const auto& [key, value] : as_context()) out[key] = value.to_json();
      return out;
    }
    case Kind::range:
      return json::object{{"range", range_text(as_range())}};
    case Kind::function:
      return json::object{{"function", to_text()}};
  }
  return nullptr;
}

Value value_from_json(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return {};
    case json::kind::bool_:
      return Value::of(value.get_bool());
    case json::kind::int64:
      return Value::of(value.get_int64());
    case json::kind::uint64:
      return Value::of(Number::parse(std::to_string(value.get_uint64())).value_or(Number()));
    case json::kind::double_: {
      std::array<char, 64> buffer;
      const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.get_double()).ptr;
      const std::optional<Number> number = Number::parse(std::string_view(buffer.data(), end));
      return number ? Value::of(*number) : Value();
    }
    case json::kind::string:
      return Value::text(std::string(value.get_string()));
    case json::kind::array: {
      List items;
      items.reserve(value.get_array().size());
      for (const json::value& item : value.get_array()) items.push_back(value_from_json(item));
      return Value::list(std::move(items));
    }
    case json::kind::object: {
      Context entries;
      for (const auto& member : value.get_object()) {
        entries.emplace_back(std::string(member.key()), value_from_json(member.value()));
      }
      return Value::context(std::move(entries));
    }
  }
  return {};
}

std::string to_text(DaysDuration duration) { return to_text(Value::of(duration).as_span()); }

std::string to_text(MonthsDuration duration) {
  if (duration.months == 0) return "P0M";
  const uint64_t months =
      duration.months < 0 ? 0 - static_cast<uint64_t>(duration.months) : static_cast<uint64_t>(duration.months);
  std::string out = duration.months < 0 ? "-P" : "P";
  if (months / 12 != 0) out += std::to_string(months / 12) + "Y";
  if (months % 12 != 0) out += std::to_string(months % 12) + "M";
  return out;
}

std::string to_text(Time time) { return to_text(Clock{time.ms_of_day * kNanosOfMs, kNoOffset, {}}); }
std::string to_text(DateTime value) { return to_text(Value::of(value).as_moment()); }

std::optional<Time> parse_time(std::string_view text) {
  // Read by the strict reader of instants, on a day of its own. A time with an offset is not built yet.
  if (text.size() < 5 || text.find_first_not_of("0123456789:.") != std::string_view::npos) return std::nullopt;
  const Result<Instant> at = parse_instant("2000-01-01T" + std::string(text));
  if (!at.ok()) return std::nullopt;
  return Time{at.value().ms - start_of_day(Date::from(2000, 1, 1)).ms};
}

std::optional<DateTime> parse_date_time(std::string_view text) {
  if (const Result<Date> day = parse_date(text); day.ok()) return DateTime{start_of_day(day.value())};
  const Result<Instant> at = parse_instant(text);
  if (!at.ok()) return std::nullopt;
  DateTime value{at.value()};
  if (text.ends_with("Z")) {
    value.offset_minutes = 0;
  } else if (text.size() > 6 && text[text.size() - 3] == ':' &&
             (text[text.size() - 6] == '+' || text[text.size() - 6] == '-')) {
    const std::string_view offset = text.substr(text.size() - 5);
    const int minutes = ((offset[0] - '0') * 10 + offset[1] - '0') * 60 + (offset[3] - '0') * 10 + offset[4] - '0';
    value.offset_minutes = text[text.size() - 6] == '-' ? -minutes : minutes;
  }
  return value;
}

namespace {

// Reads a number of at most 18 digits (with a fraction of any length where `nanos` is given; what is finer than a
// nanosecond is cut off; the kit writes "PT0.S", so that the fraction may be empty).
std::optional<int64_t> take_number(std::string_view& text, int64_t* nanos, bool& has_fraction) {
  int64_t value = 0;
  size_t digits = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9' && digits < 18) {
    value = value * 10 + (text[0] - '0');
    text.remove_prefix(1);
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  has_fraction = nanos != nullptr && !text.empty() && text[0] == '.';
  if (has_fraction) {
    text.remove_prefix(1);
    int64_t scale = kNanos / 10;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; scale /= 10) {
      *nanos += (text[0] - '0') * scale;
      text.remove_prefix(1);
    }
  }
  return value;
}

// Adds amount × factor; false when it does not fit.
bool accumulate(int64_t& total, int64_t amount, int64_t factor) {
  int64_t product = 0;
  return !__builtin_mul_overflow(amount, factor, &product) && !__builtin_add_overflow(total, product, &total);
}

}  // namespace

Value parse_duration(std::string_view text) {
  const bool negative = text.starts_with("-");
  if (negative) text.remove_prefix(1);
  if (!text.starts_with("P") || text.size() < 3) return {};
  text.remove_prefix(1);
  int64_t months = 0;
  int64_t seconds = 0;
  int64_t nanos = 0;
  bool has_months = false;
  bool has_days = false;
  bool in_time = false;
  int last = -1;
  struct Unit {
    char letter;
    bool in_time;
    bool is_months;
    int64_t factor;
  };
  constexpr Unit kUnits[] = {{'Y', false, true, 12},   {'M', false, true, 1},  {'D', false, false, kDaySeconds},
                             {'H', true, false, 3600}, {'M', true, false, 60}, {'S', true, false, 1}};
  while (!text.empty()) {
    if (text[0] == 'T' && !in_time) {
      in_time = true;
      text.remove_prefix(1);
      if (text.empty()) return {};
      continue;
    }
    bool has_fraction = false;
    const std::optional<int64_t> amount = take_number(text, in_time ? &nanos : nullptr, has_fraction);
    if (!amount || text.empty()) return {};
    const char letter = text[0];
    text.remove_prefix(1);
    const auto unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                   [&](const Unit& u) { return u.letter == letter && u.in_time == in_time; });
    if (unit == std::end(kUnits) || (has_fraction && letter != 'S')) return {};
    const int rank = static_cast<int>(unit - std::begin(kUnits));
    if (rank <= last) return {};  // units must fall
    last = rank;
    (unit->is_months ? has_months : has_days) = true;
    if (!accumulate(unit->is_months ? months : seconds, *amount, unit->factor)) return {};
  }
  if (has_months == has_days) return {};
  if (has_months) return Value::of(MonthsDuration{negative ? -months : months});
  const Value value = Value::of(Span{seconds, static_cast<int32_t>(nanos)});
  return negative ? Value::of(negated(value.as_span())) : value;
}

}  // namespace tongban::feel
