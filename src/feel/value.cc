// What a value is made of, and how two of them compare.
#include "feel/value.h"

#include <algorithm>

#include "base/check.h"
#include "feel/feel.h"
#include "feel/temporal.h"

namespace tongban::feel {

// What does not fit beside the kind: held once, shared, never changed.
struct Value::Shared {
  uint64_t weight = 1;
  uint32_t depth = 1;
};
template <class T>
struct Value::Holder : Value::Shared {
  explicit Holder(T content, uint64_t weight = 1, uint32_t depth = 1)
      : Shared{weight, depth}, content(std::move(content)) {}
  T content;
};

namespace {

using Kind = Value::Kind;
constexpr uint64_t kMostWeight = uint64_t{1} << 60;
static_assert(sizeof(Value) == 32);

bool same_end(const std::shared_ptr<const Value>& a, const std::shared_ptr<const Value>& b) {
  return a && b ? *a == *b : !a && !b;
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

Value Value::day(int64_t days_since_1970) {
  if (!is_supported_day(days_since_1970)) return {};
  Value v;
  v.kind_ = Kind::date;
  v.small_ = days_since_1970;
  return v;
}

Value Value::of(Time value) { return of(Clock{value.ms_of_day * kNanosOfMs, kNoOffset, {}}); }

Value Value::of(const Clock& value) {
  Value v;
  v.kind_ = Kind::time;
  v.small_ = value.nanos;
  v.offset_ = value.offset;
  if (!value.zone.empty()) v.shared_ = std::make_shared<Holder<std::string>>(std::string(value.zone));
  return v;
}

Value Value::of(DateTime value) {
  const int64_t seconds = floor_div(value.at.ms, 1000);
  return of(Moment{
      seconds, static_cast<int32_t>((value.at.ms - seconds * 1000) * kNanosOfMs), value.offset_minutes * 60, {}});
}

Value Value::of(const Moment& value) {
  Value v;
  v.kind_ = Kind::date_time;
  v.small_ = value.seconds;
  v.extra_ = value.nanos;
  v.offset_ = value.offset;
  if (!value.zone.empty()) v.shared_ = std::make_shared<Holder<std::string>>(std::string(value.zone));
  return v;
}

Value Value::of(DaysDuration value) {
  const int64_t seconds = floor_div(value.ms, 1000);
  return of(Span{seconds, static_cast<int32_t>((value.ms - seconds * 1000) * kNanosOfMs)});
}

Value Value::of(const Span& value) {
  Value v;
  v.kind_ = Kind::days_duration;
  v.small_ = value.seconds;
  v.extra_ = value.nanos;
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
  uint32_t depth = 1;
  for (const Value& item : value) {
    weight = std::min(kMostWeight, weight + item.weight());
    depth = std::max(depth, item.depth() + 1);
  }
  v.shared_ = std::make_shared<Holder<List>>(std::move(value), weight, depth);
  return v;
}

Value Value::context(Context value) {
  Value v;
  v.kind_ = Kind::context;
  uint64_t weight = 1;
  uint32_t depth = 1;
  for (const auto& entry : value) {
    weight = std::min(kMostWeight, weight + entry.second.weight());
    depth = std::max(depth, entry.second.depth() + 1);
  }
  v.shared_ = std::make_shared<Holder<Context>>(std::move(value), weight, depth);
  return v;
}

Value Value::range(Range value) {
  Value v;
  v.kind_ = Kind::range;
  const uint64_t weight = 1 + (value.low ? value.low->weight() : 0) + (value.high ? value.high->weight() : 0);
  const uint32_t depth = 1 + std::max(value.low ? value.low->depth() : 0, value.high ? value.high->depth() : 0);
  v.shared_ = std::make_shared<Holder<Range>>(std::move(value), weight, depth);
  return v;
}

Value Value::function(std::shared_ptr<const Callable> value, uint32_t depth, uint64_t weight) {
  Value v;
  v.kind_ = Kind::function;
  v.shared_ = std::make_shared<Holder<std::shared_ptr<const Callable>>>(std::move(value), weight, depth);
  return v;
}

const std::shared_ptr<const Callable>& Value::as_function() const {
  CHECK(kind_ == Kind::function);
  return static_cast<const Holder<std::shared_ptr<const Callable>>&>(*shared_).content;
}

const std::string* Value::zone() const {
  return shared_ && (kind_ == Kind::time || kind_ == Kind::date_time)
             ? &static_cast<const Holder<std::string>&>(*shared_).content
             : nullptr;
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

int64_t Value::as_day() const {
  CHECK(kind_ == Kind::date);
  return small_;
}

Clock Value::as_clock() const {
  CHECK(kind_ == Kind::time);
  const std::string* name = zone();
  return {small_, offset_, name != nullptr ? std::string_view(*name) : std::string_view()};
}

Moment Value::as_moment() const {
  CHECK(kind_ == Kind::date_time);
  const std::string* name = zone();
  return {small_, extra_, offset_, name != nullptr ? std::string_view(*name) : std::string_view()};
}

Span Value::as_span() const {
  CHECK(kind_ == Kind::days_duration);
  return {small_, extra_};
}

Date Value::as_date() const {
  CHECK(kind_ == Kind::date);
  return Date{static_cast<int32_t>(std::clamp(small_, kFirstDay, kLastDay))};
}

Time Value::as_time() const {
  CHECK(kind_ == Kind::time);
  return Time{small_ / kNanosOfMs};
}

DateTime Value::as_date_time() const {
  CHECK(kind_ == Kind::date_time);
  const int32_t offset = offset_ == kNoOffset ? static_cast<int32_t>(kLocalOffsetMs / 1000) : offset_;
  const int64_t utc = offset_ == kNoOffset ? small_ - offset : small_;
  const int64_t seconds = std::clamp(utc, (kFirstDay - 1) * kDaySeconds, (kLastDay + 2) * kDaySeconds);
  return DateTime{Instant{seconds * 1000 + extra_ / kNanosOfMs}, offset / 60};
}

DaysDuration Value::as_days_duration() const {
  CHECK(kind_ == Kind::days_duration);
  int64_t ms = 0;
  if (__builtin_mul_overflow(small_, int64_t{1000}, &ms)) return DaysDuration{small_ < 0 ? INT64_MIN : INT64_MAX};
  int64_t all = 0;
  if (__builtin_add_overflow(ms, extra_ / kNanosOfMs, &all)) return DaysDuration{INT64_MAX};
  return DaysDuration{all};
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
      return a.form == b.form && a.low_open == b.low_open && a.high_open == b.high_open && same_end(a.low, b.low) &&
             same_end(a.high, b.high);
    }
    case Kind::function:
      return as_function() == other.as_function();
    default: {
      if (small_ != other.small_ || extra_ != other.extra_ || offset_ != other.offset_) return false;
      const std::string* mine = zone();
      const std::string* theirs = other.zone();
      return mine == theirs || (mine != nullptr && theirs != nullptr && *mine == *theirs);
    }
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
    case Kind::function:
      return mix(seed, std::hash<const void*>()(as_function().get()));
    default:
      return mix(mix(seed, static_cast<size_t>(small_)), static_cast<size_t>(extra_));
  }
}

uint64_t Value::weight() const { return shared_ ? shared_->weight : 1; }
uint32_t Value::depth() const { return shared_ ? shared_->depth : 1; }

namespace {

// Both on one line of time: nanoseconds may pass the day's ends by the offset. Empty when only one of them has an
// offset: nobody knows where the other was meant.
std::optional<std::strong_ordering> compare_clocks(const Clock& a, const Clock& b) {
  if ((a.offset == kNoOffset) != (b.offset == kNoOffset)) return std::nullopt;
  if (a.offset == kNoOffset) return a.nanos <=> b.nanos;
  return a.nanos - a.offset * kNanos <=> b.nanos - b.offset * kNanos;
}

std::optional<std::strong_ordering> compare_moments(const Moment& a, const Moment& b) {
  if (a.is_local() != b.is_local()) return std::nullopt;
  return a.seconds != b.seconds ? a.seconds <=> b.seconds : a.nanos <=> b.nanos;
}

}  // namespace

std::optional<std::strong_ordering> compare(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return std::nullopt;
  switch (a.kind()) {
    case Kind::number:
      return a.as_number() <=> b.as_number();
    case Kind::text:
      return a.as_text().compare(b.as_text()) <=> 0;
    case Kind::date:
      return a.as_day() <=> b.as_day();
    case Kind::time:
      return compare_clocks(a.as_clock(), b.as_clock());
    case Kind::date_time:
      return compare_moments(a.as_moment(), b.as_moment());
    case Kind::days_duration:
      return a.as_span() <=> b.as_span();
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
    case Kind::time:
    case Kind::date_time: {
      const auto order = compare(a, b);
      return order ? std::optional(*order == 0) : std::nullopt;
    }
    case Kind::list: {
      const List& x = a.as_list();
      const List& y = b.as_list();
      if (x.size() != y.size()) return false;
      std::optional<bool> all = true;  // of all items, as `and` has it: one that differs settles it
      for (size_t i = 0; i < x.size(); ++i) {
        const std::optional<bool> same = equals(x[i], y[i]);
        if (same == false) return false;
        if (!same) all = std::nullopt;
      }
      return all;
    }
    case Kind::context: {
      const Context& x = a.as_context();
      if (x.size() != b.as_context().size()) return false;
      std::optional<bool> all = true;
      for (const auto& [key, value] : x) {
        const Value* other = b.find(key);
        if (other == nullptr) return false;
        const std::optional<bool> same = equals(value, *other);
        if (same == false) return false;
        if (!same) all = std::nullopt;
      }
      return all;
    }
    default:
      return a == b;
  }
}

std::optional<bool> contains(const Range& range, const Value& value) {
  if (value.is_null()) return std::nullopt;
  if (range.form == Range::Form::equal || range.form == Range::Form::not_equal) {
    const std::optional<bool> same = equals(*range.low, value);
    return same ? std::optional(*same == (range.form == Range::Form::equal)) : std::nullopt;
  }
  if (range.form == Range::Form::interval && (!range.low || !range.high)) return std::nullopt;
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

}  // namespace tongban::feel
