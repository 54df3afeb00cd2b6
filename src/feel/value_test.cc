// Values: texts, JSON, bytes, equality, order, conversion by type.
#include "feel/value.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "feel/feel.h"

namespace tongban::feel {
namespace {

Value span_of(int low, int high) {
  return Value::range({false, true, std::make_shared<Value>(Value::of(low)), std::make_shared<Value>(Value::of(high))});
}
Value number(std::string_view text) { return Value::of(*Number::parse(text)); }

std::vector<Value> samples() {
  return {Value(),
          Value::of(true),
          Value::of(false),
          Value::of(5),
          number("0.1"),
          number("1234567890123456789012345678901234"),
          Value::text(""),
          Value::text("井盖“破损”\n\"x\""),
          Value::of(Date::from(2021, 2, 5)),
          Value::of(Date::from(1, 1, 1)),
          Value::of(Time{34'200'000}),
          Value::of(DateTime{at_local(Date::from(2021, 2, 5), 9, 30)}),
          Value::of(DateTime{at_local(Date::from(2021, 2, 5), 9, 30), 0}),
          Value::of(DaysDuration{-90'061'001}),
          Value::of(MonthsDuration{14}),
          Value::list({Value::of(1), Value(), Value::list({})}),
          Value::context({{"n", Value::of(5)}, {"unit", Value::text("working_days")}}),
          Value::context({{"first name", Value()}}),
          span_of(1, 5)};
}

std::string bytes_of(const Value& value) {
  ByteWriter out;
  value.encode(out);
  return out.take();
}

TEST(Value, LiteralTextReadsBackAsTheSameValue) {
  const Scope scope;
  for (const Value& value : samples()) {
    const Compiled compiled = compile(value.to_text(), scope);
    ASSERT_TRUE(compiled.expression) << value.to_text() << ": " << compiled.problems[0].message;
    EXPECT_EQ(evaluate(*compiled.expression, {}, {}).value, value) << value.to_text();
  }
  EXPECT_EQ(samples()[13].to_text(), "duration(\"-P1DT1H1M1.001S\")");
  EXPECT_EQ(samples()[12].to_text(), "date and time(\"2021-02-05T01:30:00Z\")");
}

TEST(Value, BytesReadBackAndAreCanonical) {
  for (const Value& value : samples()) {
    const std::string bytes = bytes_of(value);
    ByteReader in(bytes);
    EXPECT_EQ(Value::decode(in), value) << value.to_text();
    EXPECT_TRUE(in.ok() && in.at_end());
    // Every shorter prefix is refused, never read past its end.
    for (size_t length = 0; length < bytes.size(); ++length) {
      ByteReader cut(std::string_view(bytes).substr(0, length));
      Value::decode(cut);
      EXPECT_FALSE(cut.ok());
    }
  }
  const Value one = Value::context({{"a", Value::of(1)}, {"b", number("2.0")}});
  const Value two = Value::context({{"b", Value::of(2)}, {"a", number("1.00")}});
  EXPECT_EQ(one, two);
  EXPECT_EQ(bytes_of(one), bytes_of(two));
  EXPECT_EQ(one.hash(), two.hash());
}

TEST(Value, RandomBytesNeverBreakTheReader) {
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes;
    const size_t length = random() % 40;
    for (size_t j = 0; j < length; ++j) bytes += static_cast<char>(random() % (j % 3 == 0 ? 14 : 256));
    ByteReader in(bytes);
    const Value value = Value::decode(in);
    if (in.ok() && in.at_end()) {
      EXPECT_EQ(bytes_of(value), bytes) << value.to_text();
    }
  }
  std::string deep(100'000, '\x09');
  for (size_t i = 1; i < deep.size(); i += 2) deep[i] = 1;  // lists of one list of one list…
  ByteReader in(deep);
  Value::decode(in);
  EXPECT_FALSE(in.ok());
}

TEST(Value, EqualityAndOrderFollowTheStandard) {
  EXPECT_EQ(equals(Value(), Value()), true);
  EXPECT_EQ(equals(Value(), Value::of(1)), false);
  EXPECT_EQ(equals(Value::of(1), Value::text("1")), std::nullopt);
  EXPECT_EQ(equals(Value::of(1), number("1.0")), true);
  EXPECT_EQ(equals(samples()[11], samples()[12]), true);  // one instant, two offsets
  EXPECT_NE(samples()[11], samples()[12]);
  EXPECT_EQ(compare(Value::text("a"), Value::text("b")), std::strong_ordering::less);
  EXPECT_EQ(compare(Value::of(true), Value::of(false)), std::nullopt);
  EXPECT_EQ(compare(Value::of(Date::from(2021, 2, 5)), samples()[11]), std::nullopt);
  EXPECT_EQ(contains(span_of(1, 5).as_range(), Value::of(5)), false);
  EXPECT_EQ(contains(span_of(1, 5).as_range(), Value::of(1)), true);
  EXPECT_EQ(contains(span_of(1, 5).as_range(), Value::text("x")), std::nullopt);
}

TEST(Value, JsonBothWays) {
  const Value value = Value::context(
      {{"n", Value::of(5)}, {"share", number("0.1")}, {"day", Value::of(Date::from(2021, 2, 5))}, {"none", Value()}});
  EXPECT_EQ(json::serialize(value.to_json()), R"({"n":5,"share":"0.1","day":"2021-02-05","none":null})");
  EXPECT_EQ(number("9007199254740993").to_json(), json::value("9007199254740993"));
  EXPECT_EQ(value_from_json(json::parse(R"({"a":[1,"2021-02-05",0.1,true,null]})")).to_text(),
            "{a: [1, \"2021-02-05\", 0.1, true, null]}");
}

TEST(Value, PlainTextIsForPeople) {
  EXPECT_EQ(Value::of(true).to_plain_text(), "是");
  EXPECT_EQ(Value::text("甲").to_plain_text(), "甲");
  EXPECT_EQ(Value::list({Value::text("甲"), Value::text("乙")}).to_plain_text(), "甲、乙");
  EXPECT_EQ(Value::of(DateTime{at_local(Date::from(2021, 2, 5), 9, 30)}).to_plain_text(), "2021-02-05 09:30");
  EXPECT_EQ(Value::of(DaysDuration{kDayMs + 3'600'000}).to_plain_text(), "1天1小时");
  EXPECT_EQ(Value::of(MonthsDuration{14}).to_plain_text(), "1年2个月");
}

TEST(Value, Durations) {
  EXPECT_EQ(parse_duration("P1DT2H30M0.5S").to_text(), "duration(\"P1DT2H30M0.5S\")");
  EXPECT_EQ(parse_duration("PT36H").to_text(), "duration(\"P1DT12H\")");
  EXPECT_EQ(parse_duration("P14M").to_text(), "duration(\"P1Y2M\")");
  for (const char* bad :
       {"", "P", "PT", "P1", "1D", "P1Y1D", "PT1D", "P1H", "P1M1Y", "P1.5D", "PT.5S", "P1DT", "-", "P-1D"}) {
    EXPECT_TRUE(parse_duration(bad).is_null()) << bad;
  }
}

TEST(Value, CoerceReadsTextByType) {
  const Type type = Type::context_of(
      {{"day", Type::date()}, {"n", Type::number()}, {"at", Type::date_time()}, {"days", Type::list_of(Type::date())}});
  const Value given = value_from_json(
      json::parse(R"({"day":"2021-02-05","n":"1.50","at":"2021-02-05T09:30:00+08:00","days":["2021-02-06"]})"));
  const Result<Value> read = coerce(given, type);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_TRUE(has_type(read.value(), type));
  EXPECT_EQ(read.value().get("n"), number("1.5"));
  EXPECT_EQ(coerce(value_from_json(json::parse(R"({"dya":1})")), type).error().message,
            "dya: there is no member of this name; did you mean day?");
  EXPECT_EQ(coerce(value_from_json(json::parse(R"({"days":["2021-02-30"]})")), type).error().message,
            "days[1]: the value \"2021-02-30\" is no date");
  EXPECT_EQ(coerce(Value::of(5), Type::text()).error().message, "the value 5 is no string");
}

TEST(Type, TextReadsBack) {
  for (const char* text : {"number", "string", "boolean", "date", "time", "date and time", "days and time duration",
                           "years and months duration", "any", "limit", "list of string", "list of list of date",
                           "range of number", "context"}) {
    const std::optional<Type> type = parse_type(text);
    ASSERT_TRUE(type) << text;
    EXPECT_EQ(type->to_text(), text);
  }
  EXPECT_EQ(parse_type("list<context<a: number, b: list<string>>>")->to_text(),
            "list of context {a: number, b: list of string}");
  EXPECT_FALSE(parse_type("nubmer"));
  EXPECT_FALSE(parse_type(""));
}

}  // namespace
}  // namespace tongban::feel
