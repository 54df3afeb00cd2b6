// The canonical bytes of values. They are for ever: what was written once is read the same.
#include <algorithm>

#include "feel/feel.h"
#include "feel/temporal.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;

std::vector<const std::pair<std::string, Value>*> sorted_entries(const Context& context) {
  std::vector<const std::pair<std::string, Value>*> entries;
  entries.reserve(context.size());
  for (const auto& entry : context) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  return entries;
}

// What the first edition of these bytes could not say has kinds of its own behind those of Value::Kind.
constexpr uint8_t kWideTime = 64;
constexpr uint8_t kWideDateTime = 65;
constexpr uint8_t kWideDuration = 66;
constexpr size_t kMostZone = 64;

bool is_date_in_bounds(int64_t days) { return days >= kFirstDay && days <= kLastDay; }

bool is_plain_moment(const Moment& moment) {
  const int64_t day = floor_div(moment.seconds, kDaySeconds);
  if (day < kFirstDay - 1 || day > kLastDay + 1) return false;
  return moment.zone.empty() && !moment.is_local() && moment.offset % 60 == 0 && moment.nanos % kNanosOfMs == 0 &&
         is_date_in_bounds((moment.seconds * 1000 + moment.nanos / kNanosOfMs) / kDayMs);
}

bool is_plain_span(const Span& span) {
  return span.nanos % kNanosOfMs == 0 && span.seconds > INT64_MIN / 1000 && span.seconds < INT64_MAX / 1000;
}

}  // namespace

void Value::encode(ByteWriter& out) const {
  const auto put_kind = [&](uint8_t kind) { out.put_byte(kind); };
  const auto kind = static_cast<uint8_t>(kind_);
  switch (kind_) {
    case Kind::null:
    case Kind::function:  // a function is nothing to keep
      return put_kind(0);
    case Kind::boolean:
      put_kind(kind);
      return out.put_bool(small_ != 0);
    case Kind::number:
      put_kind(kind);
      return as_number().encode(out);
    case Kind::text:
      put_kind(kind);
      return out.put_text(as_text());
    case Kind::date:
    case Kind::months_duration:
      put_kind(kind);
      return out.put_signed(small_);
    case Kind::time: {
      const Clock clock = as_clock();
      if (clock.offset == kNoOffset && clock.zone.empty() && clock.nanos % kNanosOfMs == 0) {
        put_kind(kind);
        return out.put_signed(clock.nanos / kNanosOfMs);
      }
      put_kind(kWideTime);
      out.put_signed(clock.nanos);
      out.put_signed(clock.offset);
      return out.put_text(clock.zone);
    }
    case Kind::days_duration: {
      const Span span = as_span();
      if (is_plain_span(span)) {
        put_kind(kind);
        return out.put_signed(as_days_duration().ms);
      }
      put_kind(kWideDuration);
      out.put_signed(span.seconds);
      return out.put_signed(span.nanos);
    }
    case Kind::date_time: {
      const Moment moment = as_moment();
      if (is_plain_moment(moment)) {
        put_kind(kind);
        out.put_signed(moment.seconds * 1000 + moment.nanos / kNanosOfMs);
        return out.put_signed(moment.offset / 60);
      }
      put_kind(kWideDateTime);
      out.put_signed(moment.seconds);
      out.put_signed(moment.nanos);
      out.put_signed(moment.offset);
      return out.put_text(moment.zone);
    }
    case Kind::list:
      put_kind(kind);
      out.put_unsigned(as_list().size());
      for (const Value& item : as_list()) item.encode(out);
      return;
    case Kind::context:
      put_kind(kind);
      out.put_unsigned(as_context().size());
      for (const auto* entry : sorted_entries(as_context())) {
        out.put_text(entry->first);
        entry->second.encode(out);
      }
      return;
    case Kind::range: {
      put_kind(kind);
      const Range& r = as_range();
      out.put_byte(static_cast<uint8_t>((r.low_open ? 1 : 0) | (r.high_open ? 2 : 0) | (r.low ? 4 : 0) |
                                        (r.high ? 8 : 0) | static_cast<int>(r.form) << 4));
      if (r.low) r.low->encode(out);
      if (r.high) r.high->encode(out);
      return;
    }
  }
}

namespace {

bool is_offset(int64_t offset) { return offset == kNoOffset || (offset >= -kMaxOffset && offset <= kMaxOffset); }

// The kinds behind Value::Kind; bytes that encode would not write fail the reader.
Value decode_wide(ByteReader& in, uint8_t kind) {
  if (kind == kWideDuration) {
    const int64_t seconds = in.get_signed();
    const int64_t nanos = in.get_signed();
    const Span span{seconds, static_cast<int32_t>(nanos)};
    if (nanos < 0 || nanos >= kNanos || is_plain_span(span)) in.fail();
    return in.ok() ? Value::of(span) : Value();
  }
  if (kind == kWideTime) {
    const int64_t nanos = in.get_signed();
    const int64_t offset = in.get_signed();
    const std::string zone = in.get_text();
    if (nanos < 0 || nanos >= kDayNanos || !is_offset(offset) || zone.size() > kMostZone) in.fail();
    if (offset == kNoOffset && zone.empty() && nanos % kNanosOfMs == 0) in.fail();
    return in.ok() ? Value::of(Clock{nanos, static_cast<int32_t>(offset), zone}) : Value();
  }
  const int64_t seconds = in.get_signed();
  const int64_t nanos = in.get_signed();
  const int64_t offset = in.get_signed();
  const std::string zone = in.get_text();
  if (nanos < 0 || nanos >= kNanos || !is_offset(offset) || zone.size() > kMostZone ||
      !is_supported_day(floor_div(seconds, kDaySeconds))) {
    in.fail();
  }
  const Moment moment{seconds, static_cast<int32_t>(nanos), static_cast<int32_t>(offset), zone};
  if (in.ok() && is_plain_moment(moment)) in.fail();
  return in.ok() ? Value::of(moment) : Value();
}

// What a broken reader gives is never looked at.
Value decode_at(ByteReader& in, int depth) {
  const uint8_t kind = in.get_byte();
  if (depth > Value::kMaxDepth) in.fail();
  if (in.ok() && kind >= kWideTime && kind <= kWideDuration) return decode_wide(in, kind);
  if (kind > static_cast<uint8_t>(Kind::range)) in.fail();
  if (!in.ok()) return {};
  switch (static_cast<Kind>(kind)) {
    case Kind::null:
    case Kind::function:
      return {};
    case Kind::boolean:
      return Value::of(in.get_bool());
    case Kind::number:
      return Value::of(Number::decode(in));
    case Kind::text:
      return Value::text(in.get_text());
    case Kind::date: {
      const int64_t days = in.get_signed();
      if (!is_supported_day(days)) in.fail();
      return in.ok() ? Value::day(days) : Value();
    }
    case Kind::time: {
      const int64_t ms = in.get_signed();
      if (ms < 0 || ms >= kDayMs) in.fail();
      return in.ok() ? Value::of(Time{ms}) : Value();
    }
    case Kind::date_time: {
      const int64_t ms = in.get_signed();
      const int64_t offset = in.get_signed();
      if (offset < -1080 || offset > 1080 || !is_date_in_bounds(ms / kDayMs)) in.fail();
      return in.ok() ? Value::of(DateTime{Instant{ms}, static_cast<int32_t>(offset)}) : Value();
    }
    case Kind::days_duration: {
      const Value value = Value::of(DaysDuration{in.get_signed()});
      if (!is_plain_span(value.as_span())) in.fail();
      return value;
    }
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
      const auto form = static_cast<uint8_t>(flags >> 4);
      Range range{(flags & 1) != 0, (flags & 2) != 0, nullptr, nullptr, static_cast<Range::Form>(form)};
      // The one-sided forms have their end, the interval what it has.
      const uint8_t ends = flags & 12;
      const bool fits = form == 0 || (form <= 2 && ends == 8) || (form > 2 && form <= 4 && ends == 4) ||
                        (form > 4 && form <= 6 && ends == 12);
      if (!fits) in.fail();
      if (in.ok() && (flags & 4) != 0) range.low = std::make_shared<Value>(decode_at(in, depth + 1));
      if (in.ok() && (flags & 8) != 0) range.high = std::make_shared<Value>(decode_at(in, depth + 1));
      return in.ok() ? Value::range(std::move(range)) : Value();
    }
  }
  return {};
}

}  // namespace

Value Value::decode(ByteReader& in) {
  Value value = decode_at(in, 0);
  return in.ok() ? value : Value();
}

}  // namespace tongban::feel
