#include "feel/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "base/check.h"

namespace tongban::feel {

// What does not fit beside the kind: held once, shared, never changed.
struct Value::Shared {
  uint64_t weight = 1;
};
template <class T>
struct Value::Holder : Value::Shared {
  explicit Holder(T content, uint64_t weight = 1) : Shared{weight}, content(std::move(content)) {}
  T content;
};

namespace {

using Kind = Value::Kind;
constexpr uint64_t kMostWeight = uint64_t{1} << 60;
constexpr int64_t kSecondMs = 1000;
constexpr int64_t kMinuteMs = 60 * kSecondMs;
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
  if (!range.low && range.high) return (range.high_open ? "< " : "<= ") + range.high->to_text();
  if (range.low && !range.high) return (range.low_open ? "> " : ">= ") + range.low->to_text();
  const auto end = [](const std::shared_ptr<const Value>& value) { return value ? value->to_text() : "null"; };
  return (range.low_open ? "(" : "[") + end(range.low) + ".." + end(range.high) + (range.high_open ? ")" : "]");
}

bool same_end(const std::shared_ptr<const Value>& a, const std::shared_ptr<const Value>& b) {
  return a && b ? *a == *b : !a && !b;
}

std::vector<const std::pair<std::string, Value>*> sorted_entries(const Context& context) {
  std::vector<const std::pair<std::string, Value>*> entries;
  entries.reserve(context.size());
  for (const auto& entry : context) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  return entries;
}

size_t mix(size_t seed, size_t value) { return (seed ^ value) * 0x9e3779b97f4a7c15u + (seed >> 27); }

}  // namespace

Value Value::of(bool value) {
  Value v;
  v.kind_ = Kind::boolean;
  v.small_ = value ? 1 : 0;
  return v;
}

Value Value::of(Number value) {
  Value v;
  v.kind_ = Kind::number;
  if (static_cast<int64_t>(value.coefficient_) == value.coefficient_) {
    v.small_ = static_cast<int64_t>(value.coefficient_);
    v.extra_ = value.exponent_;
  } else {
    v.shared_ = std::make_shared<Holder<Number>>(value);
  }
  return v;
}

Value Value::of(int64_t value) {
  Value v;
  v.kind_ = Kind::number;
  v.small_ = value;
  return v;
}

Value Value::text(std::string value) {
  Value v;
  v.kind_ = Kind::text;
  const uint64_t weight = 1 + value.size() / 64;
  v.shared_ = std::make_shared<Holder<std::string>>(std::move(value), weight);
  return v;
}

Value Value::of(Date value) {
  Value v;
  v.kind_ = Kind::date;
  v.small_ = value.days;
  return v;
}

Value Value::of(Time value) {
  Value v;
  v.kind_ = Kind::time;
  v.small_ = value.ms_of_day;
  return v;
}

Value Value::of(DateTime value) {
  Value v;
  v.kind_ = Kind::date_time;
  v.small_ = value.at.ms;
  v.extra_ = value.offset_minutes;
  return v;
}

Value Value::of(DaysDuration value) {
  Value v;
  v.kind_ = Kind::days_duration;
  v.small_ = value.ms;
  return v;
}

Value Value::of(MonthsDuration value) {
  Value v;
  v.kind_ = Kind::months_duration;
  v.small_ = value.months;
  return v;
}

Value Value::list(List value) {
  Value v;
  v.kind_ = Kind::list;
  uint64_t weight = 1;
  for (const Value& item : value) weight = std::min(kMostWeight, weight + item.weight());
  v.shared_ = std::make_shared<Holder<List>>(std::move(value), weight);
  return v;
}

Value Value::context(Context value) {
  Value v;
  v.kind_ = Kind::context;
  uint64_t weight = 1;
  for (const auto& entry : value) weight = std::min(kMostWeight, weight + entry.second.weight());
  v.shared_ = std::make_shared<Holder<Context>>(std::move(value), weight);
  return v;
}

Value Value::range(Range value) {
  Value v;
  v.kind_ = Kind::range;
  const uint64_t weight = 1 + (value.low ? value.low->weight() : 0) + (value.high ? value.high->weight() : 0);
  v.shared_ = std::make_shared<Holder<Range>>(std::move(value), weight);
  return v;
}

bool Value::as_boolean() const {
  CHECK(kind_ == Kind::boolean);
  return small_ != 0;
}

Number Value::as_number() const {
  CHECK(kind_ == Kind::number);
  if (shared_) return static_cast<const Holder<Number>&>(*shared_).content;
  return Number(static_cast<Number::Wide>(small_), extra_);
}

const std::string& Value::as_text() const {
  CHECK(kind_ == Kind::text);
  return static_cast<const Holder<std::string>&>(*shared_).content;
}

Date Value::as_date() const {
  CHECK(kind_ == Kind::date);
  return Date{static_cast<int32_t>(small_)};
}

Time Value::as_time() const {
  CHECK(kind_ == Kind::time);
  return Time{small_};
}

DateTime Value::as_date_time() const {
  CHECK(kind_ == Kind::date_time);
  return DateTime{Instant{small_}, extra_};
}

DaysDuration Value::as_days_duration() const {
  CHECK(kind_ == Kind::days_duration);
  return DaysDuration{small_};
}

MonthsDuration Value::as_months_duration() const {
  CHECK(kind_ == Kind::months_duration);
  return MonthsDuration{small_};
}

const List& Value::as_list() const {
  CHECK(kind_ == Kind::list);
  return static_cast<const Holder<List>&>(*shared_).content;
}

const Context& Value::as_context() const {
  CHECK(kind_ == Kind::context);
  return static_cast<const Holder<Context>&>(*shared_).content;
}

const Range& Value::as_range() const {
  CHECK(kind_ == Kind::range);
  return static_cast<const Holder<Range>&>(*shared_).content;
}

const Value* Value::find(std::string_view name) const {
  if (kind_ != Kind::context) return nullptr;
  for (const auto& [key, value] : as_context()) {
    if (key == name) return &value;
  }
  return nullptr;
}

Value Value::get(std::string_view name) const {
  const Value* found = find(name);
  return found != nullptr ? *found : Value();
}

bool Value::operator==(const Value& other) const {
  if (kind_ != other.kind_) return false;
  switch (kind_) {
    case Kind::null:
      return true;
    case Kind::number:
      return as_number() == other.as_number();
    case Kind::text:
      return shared_ == other.shared_ || as_text() == other.as_text();
    case Kind::list:
      return shared_ == other.shared_ || as_list() == other.as_list();
    case Kind::context: {
      const Context& mine = as_context();
      if (shared_ == other.shared_) return true;
      if (mine.size() != other.as_context().size()) return false;
      return std::all_of(mine.begin(), mine.end(), [&](const auto& entry) {
        const Value* found = other.find(entry.first);
        return found != nullptr && *found == entry.second;
      });
    }
    case Kind::range: {
      const Range& a = as_range();
      const Range& b = other.as_range();
      return a.low_open == b.low_open && a.high_open == b.high_open && same_end(a.low, b.low) &&
             same_end(a.high, b.high);
    }
    default:
      return small_ == other.small_ && extra_ == other.extra_;
  }
}

size_t Value::hash() const {
  const auto seed = static_cast<size_t>(kind_) + 1;
  switch (kind_) {
    case Kind::number:
      return mix(seed, as_number().hash());
    case Kind::text:
      return mix(seed, std::hash<std::string>()(as_text()));
    case Kind::list: {
      size_t hash = seed;
      for (const Value& item : as_list()) hash = mix(hash, item.hash());
      return hash;
    }
    case Kind::context: {
      size_t hash = seed;  // a sum: the order of the entries does not matter
      for (const auto& [key, value] : as_context()) hash += mix(std::hash<std::string>()(key), value.hash());
      return hash;
    }
    case Kind::range: {
      const Range& r = as_range();
      return mix(mix(seed + (r.low_open ? 2 : 0) + (r.high_open ? 4 : 0), r.low ? r.low->hash() : 0),
                 r.high ? r.high->hash() : 0);
    }
    default:
      return mix(mix(seed, static_cast<size_t>(small_)), static_cast<size_t>(extra_));
  }
}

uint64_t Value::weight() const { return shared_ ? shared_->weight : 1; }

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
      return "date(\"" + tongban::to_text(as_date()) + "\")";
    case Kind::time:
      return "time(\"" + feel::to_text(as_time()) + "\")";
    case Kind::date_time:
      return "date and time(\"" + feel::to_text(as_date_time()) + "\")";
    case Kind::days_duration:
      return "duration(\"" + feel::to_text(as_days_duration()) + "\")";
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
  }
  return "null";
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
      return tongban::to_text(as_date());
    case Kind::time:
      return feel::to_text(as_time());
    case Kind::date_time: {
      const DateTime value = as_date_time();
      return value.offset_minutes == 480 ? to_minutes_text(value.at) : feel::to_text(value);
    }
    case Kind::days_duration: {
      const int64_t ms = small_ < 0 ? -small_ : small_;
      std::string out = small_ < 0 ? "负" : "";
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
      return json::string(tongban::to_text(as_date()));
    case Kind::time:
      return json::string(feel::to_text(as_time()));
    case Kind::date_time:
      return json::string(feel::to_text(as_date_time()));
    case Kind::days_duration:
      return json::string(feel::to_text(as_days_duration()));
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
  }
  return nullptr;
}

void Value::encode(ByteWriter& out) const {
  out.put_byte(static_cast<uint8_t>(kind_));
  switch (kind_) {
    case Kind::null:
      return;
    case Kind::boolean:
      return out.put_bool(small_ != 0);
    case Kind::number:
      return as_number().encode(out);
    case Kind::text:
      return out.put_text(as_text());
    case Kind::date:
    case Kind::time:
    case Kind::days_duration:
    case Kind::months_duration:
      return out.put_signed(small_);
    case Kind::date_time:
      out.put_signed(small_);
      return out.put_signed(extra_);
    case Kind::list:
      out.put_unsigned(as_list().size());
      for (const Value& item : as_list()) item.encode(out);
      return;
    case Kind::context:
      out.put_unsigned(as_context().size());
      for (const auto* entry : sorted_entries(as_context())) {
        out.put_text(entry->first);
        entry->second.encode(out);
      }
      return;
    case Kind::range: {
      const Range& r = as_range();
      out.put_byte(
          static_cast<uint8_t>((r.low_open ? 1 : 0) | (r.high_open ? 2 : 0) | (r.low ? 4 : 0) | (r.high ? 8 : 0)));
      if (r.low) r.low->encode(out);
      if (r.high) r.high->encode(out);
      return;
    }
  }
}

namespace {

bool is_date_in_bounds(int64_t days) {
  static const int64_t kFirst = Date::from(1, 1, 1).days;
  static const int64_t kLast = Date::from(9999, 12, 31).days;
  return days >= kFirst && days <= kLast;
}

// What a broken reader gives is never looked at.
Value decode_at(ByteReader& in, int depth) {
  const uint8_t kind = in.get_byte();
  if (depth > Value::kMaxDepth || kind > static_cast<uint8_t>(Kind::range)) in.fail();
  if (!in.ok()) return {};
  switch (static_cast<Kind>(kind)) {
    case Kind::null:
      return {};
    case Kind::boolean:
      return Value::of(in.get_bool());
    case Kind::number:
      return Value::of(Number::decode(in));
    case Kind::text:
      return Value::text(in.get_text());
    case Kind::date: {
      const int64_t days = in.get_signed();
      if (!is_date_in_bounds(days)) in.fail();
      return in.ok() ? Value::of(Date{static_cast<int32_t>(days)}) : Value();
    }
    case Kind::time: {
      const int64_t ms = in.get_signed();
      if (ms < 0 || ms >= kDayMs) in.fail();
      return Value::of(Time{ms});
    }
    case Kind::date_time: {
      const int64_t ms = in.get_signed();
      const int64_t offset = in.get_signed();
      if (offset < -1080 || offset > 1080 || !is_date_in_bounds(ms / kDayMs)) in.fail();
      return in.ok() ? Value::of(DateTime{Instant{ms}, static_cast<int32_t>(offset)}) : Value();
    }
    case Kind::days_duration:
      return Value::of(DaysDuration{in.get_signed()});
    case Kind::months_duration:
      return Value::of(MonthsDuration{in.get_signed()});
    case Kind::list: {
      const uint64_t size = in.get_unsigned();
      if (size > in.left()) in.fail();  // every item takes a byte at least
      List items;
      for (uint64_t i = 0; in.ok() && i < size; ++i) items.push_back(decode_at(in, depth + 1));
      return Value::list(std::move(items));
    }
    case Kind::context: {
      const uint64_t size = in.get_unsigned();
      if (size > in.left()) in.fail();
      Context entries;
      for (uint64_t i = 0; in.ok() && i < size; ++i) {
        std::string name = in.get_text();
        if (i > 0 && name <= entries.back().first) in.fail();  // sorted, no name twice
        entries.emplace_back(std::move(name), decode_at(in, depth + 1));
      }
      return Value::context(std::move(entries));
    }
    case Kind::range: {
      const uint8_t flags = in.get_byte();
      if (flags > 15) in.fail();
      Range range{(flags & 1) != 0, (flags & 2) != 0, nullptr, nullptr};
      if (in.ok() && (flags & 4) != 0) range.low = std::make_shared<Value>(decode_at(in, depth + 1));
      if (in.ok() && (flags & 8) != 0) range.high = std::make_shared<Value>(decode_at(in, depth + 1));
      return Value::range(std::move(range));
    }
  }
  return {};
}

}  // namespace

Value Value::decode(ByteReader& in) {
  Value value = decode_at(in, 0);
  return in.ok() ? value : Value();
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

std::optional<std::strong_ordering> compare(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return std::nullopt;
  switch (a.kind()) {
    case Kind::number:
      return a.as_number() <=> b.as_number();
    case Kind::text:
      return a.as_text().compare(b.as_text()) <=> 0;
    case Kind::date:
      return a.as_date() <=> b.as_date();
    case Kind::time:
      return a.as_time().ms_of_day <=> b.as_time().ms_of_day;
    case Kind::date_time:
      return a.as_date_time().at <=> b.as_date_time().at;
    case Kind::days_duration:
      return a.as_days_duration() <=> b.as_days_duration();
    case Kind::months_duration:
      return a.as_months_duration() <=> b.as_months_duration();
    default:
      return std::nullopt;
  }
}

std::optional<bool> equals(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return a.is_null() && b.is_null();
  if (a.kind() != b.kind()) return std::nullopt;
  switch (a.kind()) {
    case Kind::date_time:
      return a.as_date_time() == b.as_date_time();
    case Kind::list: {
      const List& x = a.as_list();
      const List& y = b.as_list();
      if (x.size() != y.size()) return false;
      for (size_t i = 0; i < x.size(); ++i) {
        const std::optional<bool> same = equals(x[i], y[i]);
        if (!same || !*same) return same;
      }
      return true;
    }
    case Kind::context: {
      const Context& x = a.as_context();
      if (x.size() != b.as_context().size()) return false;
      for (const auto& [key, value] : x) {
        const Value* other = b.find(key);
        if (other == nullptr) return false;
        const std::optional<bool> same = equals(value, *other);
        if (!same || !*same) return same;
      }
      return true;
    }
    default:
      return a == b;
  }
}

std::optional<bool> contains(const Range& range, const Value& value) {
  if (value.is_null()) return std::nullopt;
  bool inside = true;
  if (range.low) {
    const auto order = compare(value, *range.low);
    if (!order) return std::nullopt;
    inside = range.low_open ? *order > 0 : *order >= 0;
  }
  if (range.high) {
    const auto order = compare(value, *range.high);
    if (!order) return std::nullopt;
    inside = inside && (range.high_open ? *order < 0 : *order <= 0);
  }
  return inside;
}

std::string to_text(DaysDuration duration) {
  if (duration.ms == 0) return "PT0S";
  // In unsigned, so that the least value has a magnitude too.
  const uint64_t ms = duration.ms < 0 ? 0 - static_cast<uint64_t>(duration.ms) : static_cast<uint64_t>(duration.ms);
  std::string out = duration.ms < 0 ? "-P" : "P";
  if (ms / kDayMs != 0) out += std::to_string(ms / kDayMs) + "D";
  const uint64_t rest = ms % kDayMs;
  if (rest == 0) return out;
  out += "T";
  if (rest / kHourMs != 0) out += std::to_string(rest / kHourMs) + "H";
  if (rest % kHourMs / kMinuteMs != 0) out += std::to_string(rest % kHourMs / kMinuteMs) + "M";
  if (rest % kMinuteMs != 0) out += Number::from_scaled(static_cast<int64_t>(rest % kMinuteMs), 3).to_text() + "S";
  return out;
}

std::string to_text(MonthsDuration duration) {
  if (duration.months == 0) return "P0M";
  const uint64_t months =
      duration.months < 0 ? 0 - static_cast<uint64_t>(duration.months) : static_cast<uint64_t>(duration.months);
  std::string out = duration.months < 0 ? "-P" : "P";
  if (months / 12 != 0) out += std::to_string(months / 12) + "Y";
  if (months % 12 != 0) out += std::to_string(months % 12) + "M";
  return out;
}

std::string to_text(Time time) {
  const int64_t seconds = time.ms_of_day / 1000;
  char buffer[48];
  int n = std::snprintf(buffer, sizeof buffer, "%02d:%02d:%02d", static_cast<int>(seconds / 3600),
                        static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  if (time.ms_of_day % 1000 != 0) {
    n += std::snprintf(buffer + n, sizeof buffer - static_cast<size_t>(n), ".%03d",
                       static_cast<int>(time.ms_of_day % 1000));
  }
  return std::string(buffer, static_cast<size_t>(n));
}

std::string to_text(DateTime value) {
  // The instant's own text is local time +08:00: shift it and write the value's offset.
  const int64_t offset_ms = int64_t{value.offset_minutes} * kMinuteMs;
  std::string text = tongban::to_text(Instant{value.at.ms - kLocalOffsetMs + offset_ms});
  text.resize(text.size() - 6);
  if (value.offset_minutes == 0) return text + "Z";
  const int minutes = value.offset_minutes < 0 ? -value.offset_minutes : value.offset_minutes;
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%c%02d:%02d", value.offset_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
  return text + buffer;
}

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

// Reads a number of at most 15 digits (with a fraction of at most 3 when `fraction` is given, in thousandths).
std::optional<int64_t> take_number(std::string_view& text, int64_t* thousandths) {
  int64_t value = 0;
  size_t digits = 0;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9' && digits < 15) {
    value = value * 10 + (text[0] - '0');
    text.remove_prefix(1);
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  if (thousandths != nullptr && !text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    int64_t scale = 100;
    size_t after = 0;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; ++after, scale /= 10) {
      *thousandths += (text[0] - '0') * scale;
      text.remove_prefix(1);
    }
    if (after == 0 || after > 9) return std::nullopt;
  }
  return value;
}

}  // namespace

Value parse_duration(std::string_view text) {
  const bool negative = text.starts_with("-");
  if (negative) text.remove_prefix(1);
  if (!text.starts_with("P") || text.size() < 3) return {};
  text.remove_prefix(1);
  int64_t months = 0;
  Number ms = 0;
  bool has_months = false;
  bool has_days = false;
  bool in_time = false;
  int last = -1;  // units must fall: Y M D T H M S
  while (!text.empty()) {
    if (text[0] == 'T' && !in_time) {
      in_time = true;
      text.remove_prefix(1);
      if (text.empty()) return {};
      continue;
    }
    int64_t thousandths = 0;
    const std::string_view before = text;
    const std::optional<int64_t> amount = take_number(text, in_time ? &thousandths : nullptr);
    if (!amount || text.empty()) return {};
    const bool has_fraction = before.substr(0, before.size() - text.size()).find('.') != std::string_view::npos;
    const char unit = text[0];
    text.remove_prefix(1);
    if (has_fraction && unit != 'S') return {};
    int rank;
    int64_t factor = 0;
    if (!in_time && unit == 'Y') {
      rank = 0;
      months += *amount * 12;
      has_months = true;
    } else if (!in_time && unit == 'M') {
      rank = 1;
      months += *amount;
      has_months = true;
    } else if (!in_time && unit == 'D') {
      rank = 2;
      factor = kDayMs;
    } else if (in_time && unit == 'H') {
      rank = 3;
      factor = kHourMs;
    } else if (in_time && unit == 'M') {
      rank = 4;
      factor = kMinuteMs;
    } else if (in_time && unit == 'S') {
      rank = 5;
      factor = kSecondMs;
    } else
      return {};
    if (rank <= last) return {};
    last = rank;
    if (factor != 0) {
      has_days = true;
      ms = *Number::add(ms, *Number::add(*Number::multiply(*amount, factor), thousandths));
    }
  }
  if (has_months == has_days) return {};
  if (has_months) return Value::of(MonthsDuration{negative ? -months : months});
  const std::optional<int64_t> total = ms.to_int64();
  return total ? Value::of(DaysDuration{negative ? -*total : *total}) : Value();
}

}  // namespace tongban::feel
