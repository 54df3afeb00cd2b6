// Number: an exact decimal number as FEEL wants it (DMN 1.5 §10.3.2.3.1: decimal128, 34 significant digits, rounding
// half-even). A small immutable value: the coefficient is a 128-bit integer, the exponent a power of ten; while the
// coefficient fits 64 bits arithmetic takes a short road. Callers see neither. Binary floating point appears nowhere.
//
// Equality, order, hash and bytes go by value: 1.0 and 1.00 are the same number. Any thread may use it; nothing
// allocates except the text forms.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace tongban::feel {

class Number {
 public:
  static constexpr int kDigits = 34;  // significant digits of every result

  constexpr Number() = default;  // 0
  constexpr Number(int64_t value) : coefficient_(value) {}
  constexpr Number(int value) : coefficient_(value) {}
  // coefficient × 10^-scale, for example from_scaled(125, 2) is 1.25.
  static Number from_scaled(int64_t coefficient, int scale);
  // "12", "-0.5", ".5", "1.2E+3". Empty for anything else, and for a number beyond 10^6144. More than 34 significant
  // digits are rounded half-even.
  static std::optional<Number> parse(std::string_view text);

  // Plain decimal, no exponent, no trailing zeros after the point: "0", "-1.5", "1200".
  std::string to_text() const;

  // Correctly rounded to 34 digits, half-even. Empty on overflow (beyond 10^6144) or division by zero; FEEL makes null
  // of it.
  static std::optional<Number> add(const Number& a, const Number& b);
  static std::optional<Number> subtract(const Number& a, const Number& b);
  static std::optional<Number> multiply(const Number& a, const Number& b);
  static std::optional<Number> divide(const Number& a, const Number& b);
  // Any exponent. Empty also for a negative base with a broken exponent, and for 0 with a negative one.
  static std::optional<Number> power(const Number& base, const Number& exponent);
  // a - b * floor(a / b): has the sign of b (DMN 1.5, modulo). Empty when b is zero.
  static std::optional<Number> modulo(const Number& a, const Number& b);
  Number negated() const;
  Number absolute() const;

  enum class Rounding : uint8_t { half_even, half_up, half_down, up, down, floor, ceiling };
  // To `scale` digits after the point (negative: tens, hundreds…). `up` and `down` are away from and towards zero.
  Number rounded(int scale, Rounding rounding) const;

  std::strong_ordering operator<=>(const Number& other) const;
  bool operator==(const Number& other) const { return (*this <=> other) == 0; }
  int sign() const { return coefficient_ < 0 ? -1 : coefficient_ > 0 ? 1 : 0; }
  bool is_zero() const { return coefficient_ == 0; }
  bool is_integer() const;
  // The value when it is whole and fits; else empty.
  std::optional<int64_t> to_int64() const;

  size_t hash() const;                   // equal numbers, equal hashes
  void encode(ByteWriter& out) const;    // equal numbers, equal bytes
  static Number decode(ByteReader& in);  // fails the reader on bytes that encode would not write

 private:
  friend class Value;  // keeps small numbers without an allocation
  using Wide = __int128;
  constexpr Number(Wide coefficient, int32_t exponent) : coefficient_(coefficient), exponent_(exponent) {}
  static std::optional<Number> make(bool negative, const struct U256& magnitude, int32_t exponent, bool sticky);
  Number canonical() const;  // no trailing zeros in the coefficient; zero has exponent 0

  Wide coefficient_ = 0;  // |coefficient| < 10^34
  int32_t exponent_ = 0;  // value = coefficient × 10^exponent
};

}  // namespace tongban::feel

template <>
struct std::hash<tongban::feel::Number> {
  size_t operator()(const tongban::feel::Number& number) const noexcept { return number.hash(); }
};
