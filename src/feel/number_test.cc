// Exact decimal arithmetic: examples of decimal128, and properties against __int128 and against long division on text.
#include "feel/number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace tongban::feel {
namespace {

Number n(std::string_view text) {
  const std::optional<Number> number = Number::parse(text);
  EXPECT_TRUE(number) << text;
  return number.value_or(Number());
}
std::string text(const std::optional<Number>& number) { return number ? number->to_text() : "none"; }

std::string text_of(__int128 value) {
  if (value == 0) return "0";
  const bool negative = value < 0;
  std::string digits;
  for (; value != 0; value /= 10) digits += static_cast<char>('0' + static_cast<int>(value % 10) * (negative ? -1 : 1));
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

TEST(Number, TextIsPlainAndCanonical) {
  for (const auto& [given, expected] : std::initializer_list<std::pair<const char*, const char*>>{
           {"0", "0"},
           {"-0", "0"},
           {"0.000", "0"},
           {"1.50", "1.5"},
           {"-0.05", "-0.05"},
           {".5", "0.5"},
           {"1200", "1200"},
           {"1.2E3", "1200"},
           {"12e-3", "0.012"},
           {"+7", "7"},
           {"007", "7"},
           {"1234567890123456789012345678901234", "1234567890123456789012345678901234"},
           {"12345678901234567890123456789012345", "12345678901234567890123456789012340"},  // half to even
           {"12345678901234567890123456789012355", "12345678901234567890123456789012360"},
           {"123456789012345678901234567890123450000000000001", "123456789012345678901234567890123500000000000000"},
           {"9999999999999999999999999999999999.5", "10000000000000000000000000000000000"},
           {"0.00000000000000000000000000000000000000000001", "0.00000000000000000000000000000000000000000001"}}) {
    EXPECT_EQ(n(given).to_text(), expected) << given;
  }
  for (const char* bad :
       {"", "-", ".", "1.", "1e", "1e+", "a", "1a", "1 ", " 1", "1,000", "--1", "1.2.3", "0x1", "1e7000", "∞", "NaN"}) {
    EXPECT_FALSE(Number::parse(bad)) << bad;
  }
}

TEST(Number, ThirtyFourDigitsHalfEven) {
  EXPECT_EQ(text(Number::divide(1, 3)), "0.3333333333333333333333333333333333");
  EXPECT_EQ(text(Number::divide(2, 3)), "0.6666666666666666666666666666666667");
  EXPECT_EQ(text(Number::divide(-2, 3)), "-0.6666666666666666666666666666666667");
  EXPECT_EQ(text(Number::divide(1, 8)), "0.125");
  EXPECT_EQ(text(Number::divide(n("1e34"), n("3"))), "3333333333333333333333333333333333");
  EXPECT_EQ(text(Number::divide(1, 0)), "none");
  EXPECT_EQ(text(Number::divide(0, 5)), "0");
  EXPECT_EQ(text(Number::add(n("1e34"), n("0.5"))), "10000000000000000000000000000000000");
  EXPECT_EQ(text(Number::add(n("1e33"), n("0.5"))), "1000000000000000000000000000000000");
  EXPECT_EQ(text(Number::add(n("1000000000000000000000000000000001"), n("0.5"))), "1000000000000000000000000000000002");
  EXPECT_EQ(text(Number::add(n("1e100"), n("1"))), n("1e100").to_text());
  EXPECT_EQ(text(Number::subtract(n("1e100"), n("1"))), n("1e100").to_text());
  EXPECT_EQ(text(Number::multiply(n("9999999999999999999999999999999999"), n("9999999999999999999999999999999999"))),
            n("9999999999999999999999999999999998e34").to_text());
  EXPECT_EQ(text(Number::multiply(n("1e4000"), n("1e4000"))), "none");
  EXPECT_EQ(text(Number::multiply(n("1e-4000"), n("1e-4000"))), "0");
  EXPECT_EQ(text(Number::power(2, 100)), "1267650600228229401496703205376");
  EXPECT_EQ(text(Number::power(10, -3)), "0.001");
  EXPECT_EQ(text(Number::power(2, n("0.5"))), "1.414213562373095048801688724209698");
  EXPECT_EQ(text(Number::power(10, 999'999'999)), "none");
  EXPECT_EQ(text(Number::modulo(n("10.1"), 3)), "1.1");
  EXPECT_EQ(text(Number::modulo(-10, 3)), "2");
  EXPECT_EQ(text(Number::modulo(10, -3)), "-2");
  EXPECT_EQ(text(Number::modulo(n("1e50"), 7)), "2");  // 10^50 mod 7
  EXPECT_EQ(text(Number::modulo(5, n("1e100"))), "5");
}

TEST(Number, Rounding) {
  using R = Number::Rounding;
  EXPECT_EQ(n("2.5").rounded(0, R::half_even), Number(2));
  EXPECT_EQ(n("3.5").rounded(0, R::half_even), Number(4));
  EXPECT_EQ(n("2.5").rounded(0, R::half_up), Number(3));
  EXPECT_EQ(n("-2.5").rounded(0, R::half_up), Number(-3));
  EXPECT_EQ(n("2.5").rounded(0, R::half_down), Number(2));
  EXPECT_EQ(n("2.1").rounded(0, R::up), Number(3));
  EXPECT_EQ(n("-2.9").rounded(0, R::down), Number(-2));
  EXPECT_EQ(n("-2.1").rounded(0, R::floor), Number(-3));
  EXPECT_EQ(n("-2.9").rounded(0, R::ceiling), Number(-2));
  EXPECT_EQ(n("1234").rounded(-2, R::half_even), Number(1200));
  EXPECT_EQ(n("49.99995").rounded(2, R::half_even), Number(50));
  EXPECT_EQ(n("1e-100").rounded(2, R::ceiling), n("0.01"));
  EXPECT_EQ(n("0.05").rounded(0, R::up), Number(1));
}

TEST(Number, IntegersAreIntegers) {
  EXPECT_TRUE(n("1.0").is_integer());
  EXPECT_FALSE(n("1.5").is_integer());
  EXPECT_EQ(n("9223372036854775807").to_int64(), INT64_MAX);
  EXPECT_EQ(n("-9223372036854775808").to_int64(), INT64_MIN);
  EXPECT_FALSE(n("9223372036854775808").to_int64());
  EXPECT_EQ(n("1.2E3").to_int64(), 1200);
  EXPECT_FALSE(n("0.5").to_int64());
  EXPECT_FALSE(n("1e100").to_int64());
}

TEST(Number, AgreesWithWholeNumbersOf128Bits) {
  std::mt19937_64 random(8);
  for (int i = 0; i < 20'000; ++i) {
    const auto shrink = [&] { return static_cast<int64_t>(random()) >> (random() % 63); };
    const int64_t a = shrink();
    const int64_t b = shrink();
    EXPECT_EQ(text(Number::add(a, b)), text_of(static_cast<__int128>(a) + b));
    EXPECT_EQ(text(Number::subtract(a, b)), text_of(static_cast<__int128>(a) - b));
    const __int128 product = static_cast<__int128>(a) * b;
    if (text_of(product).size() <= 34) {
      EXPECT_EQ(text(Number::multiply(a, b)), text_of(product));
    }
    EXPECT_EQ(Number(a) <=> Number(b), a <=> b);
    if (b != 0) {
      const __int128 rest = static_cast<__int128>(a) % b;
      const __int128 expected = rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
      EXPECT_EQ(text(Number::modulo(a, b)), text_of(expected));
    }
  }
}

// Long division digit by digit: 34 significant digits of a / b, half-even; both positive.
std::string divided_by_hand(uint64_t a, uint64_t b) {
  std::string digits;
  unsigned __int128 rest = a % b;
  std::string whole = text_of(static_cast<__int128>(a / b));
  digits = whole == "0" ? "" : whole;
  int exponent = 0;
  while (digits.size() < 34 && (rest != 0)) {
    rest *= 10;
    const char digit = static_cast<char>('0' + static_cast<int>(rest / b));
    if (!digits.empty() || digit != '0') digits += digit;
    rest %= b;
    --exponent;
  }
  rest *= 2;
  const bool is_odd = !digits.empty() && (digits.back() - '0') % 2 == 1;
  if (rest > b || (rest == b && is_odd)) {
    size_t i = digits.size();
    while (i > 0 && digits[i - 1] == '9') digits[--i] = '0';
    if (i == 0)
      digits.insert(0, "1");
    else
      ++digits[i - 1];
  }
  return digits + "e" + std::to_string(exponent);
}

TEST(Number, DivisionAgreesWithLongDivision) {
  std::mt19937_64 random(34);
  for (int i = 0; i < 5'000; ++i) {
    const uint64_t a = (random() >> 1) >> (random() % 62);
    const uint64_t b = 1 + ((random() >> 2) >> (random() % 61));
    EXPECT_EQ(text(Number::divide(static_cast<int64_t>(a), static_cast<int64_t>(b))),
              a == 0 ? "0" : n(divided_by_hand(a, b)).to_text())
        << a << " / " << b;
  }
}

Number random_number(std::mt19937_64& random) {
  std::string digits;
  const size_t length = 1 + random() % 34;
  for (size_t i = 0; i < length; ++i) digits += static_cast<char>('0' + random() % 10);
  const int exponent = static_cast<int>(random() % 90) - 45;
  return n((random() % 2 ? "-" : "") + digits + "e" + std::to_string(exponent));
}

TEST(Number, PropertiesOfWideNumbers) {
  std::mt19937_64 random(2021);
  for (int i = 0; i < 5'000; ++i) {
    const Number a = random_number(random);
    const Number b = random_number(random);
    EXPECT_EQ(n(a.to_text()), a);
    EXPECT_EQ(Number::add(a, b), Number::add(b, a));
    EXPECT_EQ(Number::multiply(a, b), Number::multiply(b, a));
    EXPECT_EQ(Number::add(a, a.negated()), Number(0));
    EXPECT_EQ(Number::subtract(a, b)->sign(), (a <=> b) < 0 ? -1 : (a <=> b) > 0 ? 1 : 0);
    EXPECT_EQ(a <=> b, b.negated() <=> a.negated());
    if (!b.is_zero()) {
      EXPECT_EQ(Number::divide(a.negated(), b), Number::divide(a, b)->negated());
      // |a / b * b - a| is at most a unit in the 33rd digit of a.
      const Number back = *Number::multiply(*Number::divide(a, b), b);
      const Number off = Number::subtract(back, a)->absolute();
      EXPECT_LE(off, *Number::multiply(a.absolute(), n("1e-32")));
      const Number rest = *Number::modulo(a, b);
      EXPECT_LE(rest.absolute(), b.absolute());  // equal where b plus a tiny rest rounds to b
      EXPECT_TRUE(rest.is_zero() || rest.sign() == b.sign());
    }
    ByteWriter out;
    a.encode(out);
    ByteReader in(out.bytes());
    EXPECT_EQ(Number::decode(in), a);
    EXPECT_TRUE(in.ok() && in.at_end());
  }
}

TEST(Number, EqualNumbersHaveEqualHashesAndBytes) {
  const auto bytes = [](const Number& number) {
    ByteWriter out;
    number.encode(out);
    return out.take();
  };
  EXPECT_EQ(n("1.0"), n("1.000"));
  EXPECT_EQ(n("1.0").hash(), n("1.000").hash());
  EXPECT_EQ(bytes(n("1.0")), bytes(n("1")));
  EXPECT_EQ(bytes(n("12e2")), bytes(n("1200")));
  EXPECT_EQ(bytes(Number::from_scaled(1250, 3)), bytes(n("1.25")));
  // Bytes that encode would not write are refused: 10 × 10^0.
  ByteWriter out;
  out.put_bool(false);
  out.put_signed(0);
  out.put_unsigned(10);
  out.put_unsigned(0);
  ByteReader in(out.bytes());
  Number::decode(in);
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace tongban::feel
