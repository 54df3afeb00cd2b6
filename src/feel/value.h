// FEEL values: null, boolean, number, string, date, time, date and time, durations, list, context, range, function.
// Immutable and cheap to copy (small ones inline, the others shared between threads). Equality and ordering follow DMN
// 1.5 §10.3.2. A Value never changes after it was made and may be read from any thread.
//
// Dates have years ±999,999,999, times nanoseconds, an offset with seconds or a zone of the IANA. The product itself
// works with years 0001…9999, milliseconds and +08:00: DateTime, Time and DaysDuration are that view of a value,
// Moment, Clock and Span the whole of it.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/date.h"
#include "base/json.h"
#include "feel/number.h"

namespace tongban::feel {

class Value;
struct Range;
struct Callable;  // feel.h
using List = std::vector<Value>;
// Entries in order of writing; names are unique (the maker sees to it; decode refuses doubles).
using Context = std::vector<std::pair<std::string, Value>>;

struct Null {
  bool operator==(const Null&) const = default;
};
struct DateTime {  // a point in time with the offset it was written with
  Instant at;
  int32_t offset_minutes = 480;
  bool operator==(const DateTime& other) const { return at == other.at; }
};
struct Time {  // a time of day, local
  int64_t ms_of_day = 0;
  bool operator==(const Time&) const = default;
};
struct DaysDuration {  // days and time duration
  int64_t ms = 0;
  auto operator<=>(const DaysDuration&) const = default;
};
struct MonthsDuration {  // years and months duration
  int64_t months = 0;
  auto operator<=>(const MonthsDuration&) const = default;
};

inline constexpr int32_t kNoOffset = -8'000'000;  // written without offset and zone: local, wherever that is

struct Moment {           // a date and time in full
  int64_t seconds = 0;    // since 1970-01-01T00:00:00, of UTC; without an offset of the local clock
  int32_t nanos = 0;      // 0…999,999,999
  int32_t offset = 0;     // seconds east of UTC, or kNoOffset
  std::string_view zone;  // IANA name, or empty; lives as long as the value
  bool is_local() const { return offset == kNoOffset; }
  int64_t local_seconds() const { return is_local() ? seconds : seconds + offset; }
};
struct Clock {  // a time of day in full
  int64_t nanos = 0;
  int32_t offset = kNoOffset;  // with a zone: that of the zone in winter 2000
  std::string_view zone;
};
struct Span {  // a days and time duration in full: seconds + nanos / 10^9
  int64_t seconds = 0;
  int32_t nanos = 0;  // 0…999,999,999, also when seconds are negative
  auto operator<=>(const Span&) const = default;
};

class Value {
 public:
  enum class Kind : uint8_t {
    null,
    boolean,
    number,
    text,
    date,
    time,
    date_time,
    days_duration,
    months_duration,
    list,
    context,
    range,
    function
  };
  // Deeper bytes are refused by decode.
  static constexpr int kMaxDepth = 256;

  Value() = default;  // null
  static Value of(bool value);
  static Value of(Number value);
  static Value of(int64_t value);
  static Value of(int value) { return of(int64_t{value}); }
  static Value of(const char*) = delete;  // write Value::text
  static Value text(std::string value);
  static Value of(Date value);
  static Value of(Time value);
  static Value of(DateTime value);
  static Value of(DaysDuration value);
  static Value of(MonthsDuration value);
  static Value list(List value);
  static Value context(Context value);
  static Value range(Range value);
  // depth and weight: with what the function took from outside, if anything.
  static Value function(std::shared_ptr<const Callable> value, uint32_t depth = 1, uint64_t weight = 1);
  // Null beyond the years ±999,999,999.
  static Value day(int64_t days_since_1970);
  static Value of(const Moment& value);
  static Value of(const Clock& value);
  static Value of(const Span& value);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_true() const { return kind_ == Kind::boolean && small_ != 0; }
  bool is_false() const { return kind_ == Kind::boolean && small_ == 0; }
  // Needs the matching kind (a wrong call is a bug).
  bool as_boolean() const;
  Number as_number() const;
  const std::string& as_text() const;
  // Years beyond 0001…9999 give the nearest day of them, finer parts than milliseconds are cut off, a date and time
  // without offset is +08:00. Whoever wants all of it takes the functions behind.
  Date as_date() const;
  Time as_time() const;
  DateTime as_date_time() const;
  DaysDuration as_days_duration() const;
  int64_t as_day() const;
  Clock as_clock() const;
  Moment as_moment() const;
  Span as_span() const;
  MonthsDuration as_months_duration() const;
  const List& as_list() const;
  const Context& as_context() const;
  const Range& as_range() const;
  const std::shared_ptr<const Callable>& as_function() const;
  // A context's entry, or null when absent or when this is no context.
  Value get(std::string_view name) const;
  // The same without a copy; nullptr when absent. Lives as long as this value.
  const Value* find(std::string_view name) const;

  // Structural: same kind and equal content (numbers by value, contexts by names whatever their order, date and times
  // with their offset). Equal values have equal hashes and equal bytes. FEEL's own `=` is `equals` below.
  bool operator==(const Value& other) const;
  size_t hash() const;
  // How many values stand in it, itself among them; shared parts count each time (saturating). Evaluation pays for what
  // it builds by this, so that no short expression makes a value that takes for ever to compare or to print.
  uint64_t weight() const;
  // How deeply it is nested: 1 for what holds no other value. Evaluation refuses more than kMaxDepth.
  uint32_t depth() const;

  // FEEL literal text ("x", 5, date("2021-02-05"), [1, 2], {a: 1}), for messages and golden files.
  std::string to_text() const;
  // For people: strings bare, dates as 2021-02-05, instants as 2021-02-05 09:30, true as 是, null as 无.
  std::string to_plain_text() const;
  // Numbers become JSON integers when whole and below 2^53, else strings of digits; dates, times, durations ISO
  // strings; ranges an object {"range": text}.
  json::value to_json() const;

  void encode(ByteWriter& out) const;   // canonical (context entries sorted by name), versioned by the caller
  static Value decode(ByteReader& in);  // fails the reader on bad bytes; bounded depth

 private:
  struct Shared;
  template <class T>
  struct Holder;
  const std::string* zone() const;

  Kind kind_ = Kind::null;
  int32_t offset_ : 24 = 0;  // of a time or date and time
  int32_t extra_ = 0;        // exponent of a small number, nanoseconds
  int64_t small_ = 0;        // boolean, days, seconds, months, nanoseconds of the day, coefficient of a small number
  std::shared_ptr<const Shared> shared_;
};

struct Range {
  // How it was written: [a..b] or one of (<a) (<=a) (>a) (>=a) (=a) (!=a). (!=a) holds a in both ends and is all but a.
  enum class Form : uint8_t { interval, less, less_equal, greater, greater_equal, equal, not_equal };
  bool low_open = false, high_open = false;  // open = the end is excluded
  std::shared_ptr<const Value> low, high;    // null pointer: unbounded
  Form form = Form::interval;
};

// JSON to FEEL: null, booleans, whole numbers (64 bit), strings as text, arrays, objects as contexts. A double (JSON
// with a fraction) is read by its shortest decimal text. Strings stay text: who knows the type converts them
// (see `coerce` in feel.h).
Value value_from_json(const json::value& value);

// FEEL ordering (§10.3.2.3): numbers, strings, dates, times, date and times, durations, each with its own kind. Empty
// when the two cannot be compared (a date is not compared with a date and time: say which you mean).
std::optional<std::strong_ordering> compare(const Value& a, const Value& b);
// FEEL's `=`: null equals null only; empty when the kinds differ and neither is null.
std::optional<bool> equals(const Value& a, const Value& b);
// Is `value` inside the range? Empty when not comparable.
std::optional<bool> contains(const Range& range, const Value& value);

// The standard's text of a value: what string(…) gives. Strings inside lists and contexts stand in quotes.
std::string to_feel_string(const Value& value);
// The standard's forms of texts (XML Schema): 2021-02-05, -12021-02-05; 09:30:00.5+08:00, 09:30:00@Asia/Shanghai;
// 2021-02-05T09:30:00Z or a date alone. Null for another text.
Value date_from_text(std::string_view text);
Value time_from_text(std::string_view text);
Value date_time_from_text(std::string_view text);

// ISO texts: "P5D", "PT24H", "P1Y2M".
std::string to_text(DaysDuration duration);
std::string to_text(const Span& duration);
std::string to_text(const Clock& clock);
std::string to_text(const Moment& moment);
std::string day_to_text(int64_t days_since_1970);
std::string to_text(MonthsDuration duration);
std::string to_text(Time time);       // 09:30:00
std::string to_text(DateTime value);  // 2021-02-05T09:30:00+08:00 (with its own offset)

// From ISO text; empty when the text is no such value.
std::optional<Time> parse_time(std::string_view text);
std::optional<DateTime> parse_date_time(std::string_view text);  // without offset: +08:00; a bare date: 00:00
// Either kind of duration, or null.
Value parse_duration(std::string_view text);

}  // namespace tongban::feel
