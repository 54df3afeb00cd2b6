#include "feel/number.h"

#include <algorithm>
#include <array>

#include "feel/decimal.h"

namespace tongban::feel {

using Unsigned = unsigned __int128;

// 256 bits hold every intermediate result: a product has at most 68 digits, an aligned sum 75, a scaled dividend 70.
struct U256 {
  std::array<uint64_t, 4> word{};  // least significant first

  static U256 of(Unsigned value) { return {{static_cast<uint64_t>(value), static_cast<uint64_t>(value >> 64), 0, 0}}; }
  bool is_zero() const { return (word[0] | word[1] | word[2] | word[3]) == 0; }
  bool fits_128() const { return (word[2] | word[3]) == 0; }
  Unsigned low_128() const { return static_cast<Unsigned>(word[1]) << 64 | word[0]; }
};

namespace {

constexpr int kMaxExponent = 6144;  // of the first digit
constexpr int kMinExponent = -6143;

constexpr std::array<Unsigned, 39> make_powers() {
  std::array<Unsigned, 39> powers{};
  powers[0] = 1;
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<Unsigned, 39> kPower = make_powers();
constexpr Unsigned kLimit = kPower[Number::kDigits];

Unsigned magnitude_of(__int128 value) {
  return value < 0 ? -static_cast<Unsigned>(value) : static_cast<Unsigned>(value);
}

int bits_of(Unsigned value) {
  const auto high = static_cast<uint64_t>(value >> 64);
  if (high != 0) return 128 - __builtin_clzll(high);
  const auto low = static_cast<uint64_t>(value);
  return low == 0 ? 0 : 64 - __builtin_clzll(low);
}

// 0 has no digits.
int digits_of(Unsigned value) {
  const int guess = bits_of(value) * 1233 >> 12;  // log10(2), one too small at most
  return guess + (guess < 39 && value >= kPower[guess] ? 1 : 0);
}

int compare(const U256& a, const U256& b) {
  for (int i = 3; i >= 0; --i) {
    if (a.word[i] != b.word[i]) return a.word[i] < b.word[i] ? -1 : 1;
  }
  return 0;
}

U256 add(const U256& a, const U256& b) {
  U256 sum;
  Unsigned carry = 0;
  for (int i = 0; i < 4; ++i) {
    carry += static_cast<Unsigned>(a.word[i]) + b.word[i];
    sum.word[i] = static_cast<uint64_t>(carry);
    carry >>= 64;
  }
  return sum;
}

// Needs a >= b.
U256 subtract(const U256& a, const U256& b) {
  U256 difference;
  uint64_t borrow = 0;
  for (int i = 0; i < 4; ++i) {
    const Unsigned step = static_cast<Unsigned>(a.word[i]) - b.word[i] - borrow;
    difference.word[i] = static_cast<uint64_t>(step);
    borrow = static_cast<uint64_t>(step >> 64) != 0 ? 1 : 0;
  }
  return difference;
}

// Needs the product to fit.
U256 multiply(const U256& a, uint64_t factor) {
  U256 product;
  Unsigned carry = 0;
  for (int i = 0; i < 4; ++i) {
    carry += static_cast<Unsigned>(a.word[i]) * factor;
    product.word[i] = static_cast<uint64_t>(carry);
    carry >>= 64;
  }
  return product;
}

U256 multiply(Unsigned a, Unsigned b) {
  const U256 low = multiply(U256::of(a), static_cast<uint64_t>(b));
  const U256 high = multiply(U256::of(a), static_cast<uint64_t>(b >> 64));
  return add(low, U256{{0, high.word[0], high.word[1], high.word[2]}});
}

// Needs the product to fit.
U256 times_power(U256 value, int exponent) {
  for (; exponent > 19; exponent -= 19) value = multiply(value, static_cast<uint64_t>(kPower[19]));
  return multiply(value, static_cast<uint64_t>(kPower[exponent]));
}

// The remainder is returned, `value` becomes the quotient.
uint64_t divide(U256& value, uint64_t divisor) {
  Unsigned rest = 0;
  for (int i = 3; i >= 0; --i) {
    rest = rest << 64 | value.word[i];
    value.word[i] = static_cast<uint64_t>(rest / divisor);
    rest %= divisor;
  }
  return static_cast<uint64_t>(rest);
}

// The same for a divisor below 2^127.
Unsigned divide(U256& value, Unsigned divisor) {
  if (divisor >> 64 == 0) return divide(value, static_cast<uint64_t>(divisor));
  if (value.fits_128()) {
    const Unsigned whole = value.low_128();
    value = U256::of(whole / divisor);
    return whole % divisor;
  }
  Unsigned rest = 0;
  U256 quotient;
  for (int bit = 255; bit >= 0; --bit) {
    rest = rest << 1 | (value.word[bit / 64] >> (bit % 64) & 1);
    if (rest >= divisor) {
      rest -= divisor;
      quotient.word[bit / 64] |= uint64_t{1} << (bit % 64);
    }
  }
  value = quotient;
  return rest;
}

// Divides by 10^exponent; true when anything but zeros was cut off.
bool drop_digits(U256& value, int exponent) {
  bool lost = false;
  for (; exponent > 19; exponent -= 19) lost |= divide(value, static_cast<uint64_t>(kPower[19])) != 0;
  lost |= divide(value, static_cast<uint64_t>(kPower[exponent])) != 0;
  return lost;
}

int digits_of(U256 value) {
  int more = 0;
  while (!value.fits_128()) {
    divide(value, static_cast<uint64_t>(kPower[19]));
    more += 19;
  }
  return more + digits_of(value.low_128());
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// How a cut-off part compares with one half, for rounding.
enum class Rest { none, below, half, above };

bool rounds_up(Rest rest, Number::Rounding rounding, bool odd, bool negative) {
  switch (rounding) {
    case Number::Rounding::half_even:
      return rest == Rest::above || (rest == Rest::half && odd);
    case Number::Rounding::half_up:
      return rest == Rest::above || rest == Rest::half;
    case Number::Rounding::half_down:
      return rest == Rest::above;
    case Number::Rounding::up:
      return rest != Rest::none;
    case Number::Rounding::down:
      return false;
    case Number::Rounding::floor:
      return rest != Rest::none && negative;
    case Number::Rounding::ceiling:
      return rest != Rest::none && !negative;
  }
  return false;
}

// Cuts `drop` >= 1 digits off; what was cut is told as Rest (with `sticky`: more was cut before).
Rest cut(U256& value, int drop, bool sticky) {
  sticky |= drop_digits(value, drop - 1);
  const uint64_t last = divide(value, uint64_t{10});
  if (last == 0) return sticky ? Rest::below : Rest::none;
  if (last < 5) return Rest::below;
  if (last > 5) return Rest::above;
  return sticky ? Rest::above : Rest::half;
}

}  // namespace

std::optional<Number> Number::make(bool negative, const U256& magnitude, int32_t exponent, bool sticky) {
  U256 value = magnitude;
  const int digits = digits_of(value);
  if (digits == 0) return Number();
  Unsigned coefficient;
  if (digits > kDigits) {
    const int drop = digits - kDigits;
    const Rest rest = cut(value, drop, sticky);
    exponent += drop;
    coefficient = value.low_128();
    if (rounds_up(rest, Rounding::half_even, coefficient % 2 == 1, negative) && ++coefficient == kLimit) {
      coefficient /= 10;
      ++exponent;
    }
  } else {
    coefficient = value.low_128();
  }
  const int first_digit = exponent + digits_of(coefficient) - 1;
  if (first_digit > kMaxExponent) return std::nullopt;
  if (first_digit < kMinExponent) return Number();
  const auto wide = static_cast<Wide>(coefficient);
  return Number(negative ? -wide : wide, exponent);
}

Number Number::from_scaled(int64_t coefficient, int scale) {
  return Number(static_cast<Wide>(coefficient), -scale).canonical();
}

std::optional<Number> Number::parse(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  // 38 digits fit 128 bits; four more than are kept, so that what follows only has to be remembered as "not zero".
  Unsigned coefficient = 0;
  int kept = 0;
  int64_t exponent = 0;
  bool sticky = false;
  bool after_point = false;
  size_t digits = 0;
  size_t i = 0;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (!is_digit(c)) break;
    ++digits;
    if (kept < 38) {
      coefficient = coefficient * 10 + static_cast<unsigned>(c - '0');
      if (coefficient != 0) ++kept;
      if (after_point) --exponent;
    } else {
      sticky |= c != '0';
      if (!after_point) ++exponent;
    }
  }
  if (digits == 0 || (i > 0 && text[i - 1] == '.')) return std::nullopt;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
    ++i;
    bool minus = false;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) minus = text[i++] == '-';
    if (i == text.size()) return std::nullopt;
    int64_t shift = 0;
    for (; i < text.size(); ++i) {
      if (!is_digit(text[i])) return std::nullopt;
      shift = std::min<int64_t>(shift * 10 + (text[i] - '0'), 1'000'000);
    }
    exponent += minus ? -shift : shift;
  }
  if (coefficient == 0) return Number();
  exponent = std::clamp<int64_t>(exponent, -2'000'000, 2'000'000);
  return make(negative, U256::of(coefficient), static_cast<int32_t>(exponent), sticky);
}

Number Number::canonical() const {
  if (coefficient_ == 0) return Number();
  Number result = *this;
  if (static_cast<int64_t>(coefficient_) == coefficient_) {
    auto small = static_cast<int64_t>(coefficient_);
    while (small % 10 == 0) {
      small /= 10;
      ++result.exponent_;
    }
    result.coefficient_ = small;
    return result;
  }
  for (const int step : {16, 8, 4, 2, 1, 1}) {
    const auto power = static_cast<Wide>(kPower[step]);
    while (result.coefficient_ % power == 0) {
      result.coefficient_ /= power;
      result.exponent_ += step;
    }
  }
  return result;
}

std::string Number::to_text() const {
  const Number number = canonical();
  Unsigned rest = magnitude_of(number.coefficient_);
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  std::reverse(digits.begin(), digits.end());
  if (number.exponent_ >= 0) {
    digits.append(static_cast<size_t>(number.exponent_), '0');
  } else {
    const auto after = static_cast<size_t>(-number.exponent_);
    if (digits.size() <= after) digits.insert(0, after + 1 - digits.size(), '0');
    digits.insert(digits.size() - after, ".");
  }
  return number.coefficient_ < 0 ? "-" + digits : digits;
}

std::optional<Number> Number::add(const Number& a, const Number& b) {
  if (a.exponent_ == b.exponent_) {
    const Wide sum = a.coefficient_ + b.coefficient_;  // below 2 * 10^34: fits
    if (magnitude_of(sum) < kLimit) return Number(sum, sum == 0 ? 0 : a.exponent_);
  }
  if (b.coefficient_ == 0) return a;
  if (a.coefficient_ == 0) return b;
  const Number& high = a.exponent_ >= b.exponent_ ? a : b;
  const Number& low = a.exponent_ >= b.exponent_ ? b : a;
  int shift = high.exponent_ - low.exponent_;
  const bool high_negative = high.coefficient_ < 0;
  const bool low_negative = low.coefficient_ < 0;
  constexpr int kFar = 40;
  if (shift > kFar) {
    // The low number only decides which way the high one, drawn out to 41 digits or more, is rounded.
    U256 drawn = times_power(U256::of(magnitude_of(high.coefficient_)), kFar);
    if (high_negative != low_negative) drawn = feel::subtract(drawn, U256::of(1));
    return make(high_negative, drawn, high.exponent_ - kFar, true);
  }
  const U256 x = times_power(U256::of(magnitude_of(high.coefficient_)), shift);
  const U256 y = U256::of(magnitude_of(low.coefficient_));
  if (high_negative == low_negative) return make(high_negative, feel::add(x, y), low.exponent_, false);
  if (feel::compare(x, y) >= 0) return make(high_negative, feel::subtract(x, y), low.exponent_, false);
  return make(low_negative, feel::subtract(y, x), low.exponent_, false);
}

std::optional<Number> Number::subtract(const Number& a, const Number& b) { return add(a, b.negated()); }

std::optional<Number> Number::multiply(const Number& a, const Number& b) {
  const bool negative = (a.coefficient_ < 0) != (b.coefficient_ < 0);
  const Unsigned x = magnitude_of(a.coefficient_);
  const Unsigned y = magnitude_of(b.coefficient_);
  return make(negative, (x >> 64) == 0 && (y >> 64) == 0 ? U256::of(x * y) : feel::multiply(x, y),
              a.exponent_ + b.exponent_, false);
}

std::optional<Number> Number::divide(const Number& a, const Number& b) {
  if (b.coefficient_ == 0) return std::nullopt;
  if (a.coefficient_ == 0) return Number();
  const bool negative = (a.coefficient_ < 0) != (b.coefficient_ < 0);
  const Unsigned x = magnitude_of(a.coefficient_);
  const Unsigned y = magnitude_of(b.coefficient_);
  if (x % y == 0) return make(negative, U256::of(x / y), a.exponent_ - b.exponent_, false);
  // At least 35 digits of quotient; what remains is sticky.
  const int draw = std::max(0, kDigits + 2 + digits_of(y) - digits_of(x));
  U256 quotient = times_power(U256::of(x), draw);
  const bool sticky = feel::divide(quotient, y) != 0;
  std::optional<Number> result = make(negative, quotient, a.exponent_ - b.exponent_ - draw, sticky);
  if (result) result = result->canonical();
  return result;
}

std::optional<Number> Number::power(const Number& base, const Number& exponent) { return power_of(base, exponent); }

std::optional<Number> Number::modulo(const Number& a, const Number& b) {
  if (b.coefficient_ == 0) return std::nullopt;
  if (a.coefficient_ == 0) return Number();
  const int shift = a.exponent_ - b.exponent_;
  const Unsigned y = magnitude_of(b.coefficient_);
  Number rest;  // of |a| by |b|, exact
  if (shift >= 0) {
    Unsigned r = magnitude_of(a.coefficient_) % y;
    for (int left = shift; left > 0 && r != 0;) {
      const int step = std::min(left, 38);
      U256 drawn = times_power(U256::of(r), step);
      r = feel::divide(drawn, y);
      left -= step;
    }
    rest = Number(static_cast<Wide>(r), b.exponent_);
  } else if (-shift > 40) {
    rest = a.absolute();  // |a| < |b|
  } else {
    // a = A, b = B * 10^-shift in units of a's exponent.
    const U256 divisor = times_power(U256::of(y), -shift);
    const U256 x = U256::of(magnitude_of(a.coefficient_));
    if (feel::compare(x, divisor) < 0) {
      rest = a.absolute();
    } else {
      rest = Number(static_cast<Wide>(magnitude_of(a.coefficient_) % divisor.low_128()), a.exponent_);
    }
  }
  if (rest.coefficient_ == 0) return Number();
  if (a.coefficient_ < 0) rest = rest.negated();
  if ((a.coefficient_ < 0) != (b.coefficient_ < 0)) return add(rest, b);
  return rest;
}

Number Number::negated() const { return Number(-coefficient_, exponent_); }
Number Number::absolute() const { return coefficient_ < 0 ? negated() : *this; }

Number Number::rounded(int scale, Rounding rounding) const {
  const int64_t drop = -static_cast<int64_t>(scale) - exponent_;
  if (drop <= 0 || coefficient_ == 0) return *this;
  const bool negative = coefficient_ < 0;
  U256 value = U256::of(magnitude_of(coefficient_));
  Rest rest;
  if (drop > 40) {
    value = U256{};
    rest = Rest::below;
  } else {
    rest = cut(value, static_cast<int>(drop), false);
  }
  Unsigned coefficient = value.low_128();
  if (rounds_up(rest, rounding, coefficient % 2 == 1, negative)) ++coefficient;
  return make(negative, U256::of(coefficient), -scale, false).value_or(Number());
}

std::strong_ordering Number::operator<=>(const Number& other) const {
  if (exponent_ == other.exponent_) return coefficient_ <=> other.coefficient_;
  const int sign_a = sign();
  const int sign_b = other.sign();
  if (sign_a != sign_b || sign_a == 0) return sign_a <=> sign_b;
  Unsigned a = magnitude_of(coefficient_);
  Unsigned b = magnitude_of(other.coefficient_);
  const int digits_a = digits_of(a);
  const int digits_b = digits_of(b);
  const int first_a = digits_a + exponent_;
  const int first_b = digits_b + other.exponent_;
  std::strong_ordering order = first_a <=> first_b;
  if (first_a == first_b) {
    if (digits_a < digits_b) a *= kPower[digits_b - digits_a];
    if (digits_b < digits_a) b *= kPower[digits_a - digits_b];
    order = a <=> b;
  }
  return sign_a > 0 ? order : 0 <=> order;
}

bool Number::is_integer() const { return exponent_ >= 0 || canonical().exponent_ >= 0; }

std::optional<int64_t> Number::to_int64() const {
  const Number number = exponent_ == 0 ? *this : canonical();
  if (number.exponent_ < 0 || number.exponent_ > 18) return std::nullopt;
  const Unsigned magnitude = magnitude_of(number.coefficient_);
  if (magnitude >> 64 != 0) return std::nullopt;
  const Unsigned scaled = magnitude * kPower[number.exponent_];
  const bool negative = number.coefficient_ < 0;
  if (scaled > static_cast<Unsigned>(INT64_MAX) + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<int64_t>(negative ? -static_cast<Wide>(scaled) : static_cast<Wide>(scaled));
}

size_t Number::hash() const {
  const Number number = canonical();
  auto mix = static_cast<uint64_t>(number.coefficient_) * 0x9e3779b97f4a7c15u;
  mix ^= static_cast<uint64_t>(number.coefficient_ >> 64) + (mix >> 29);
  mix = (mix ^ static_cast<uint64_t>(static_cast<int64_t>(number.exponent_))) * 0xbf58476d1ce4e5b9u;
  return static_cast<size_t>(mix ^ mix >> 32);
}

void Number::encode(ByteWriter& out) const {
  const Number number = canonical();
  const Unsigned magnitude = magnitude_of(number.coefficient_);
  out.put_bool(number.coefficient_ < 0);
  out.put_signed(number.exponent_);
  out.put_unsigned(static_cast<uint64_t>(magnitude));
  out.put_unsigned(static_cast<uint64_t>(magnitude >> 64));
}

Number Number::decode(ByteReader& in) {
  const bool negative = in.get_bool();
  const int64_t exponent = in.get_signed();
  const uint64_t low = in.get_unsigned();
  const uint64_t high = in.get_unsigned();
  const Unsigned magnitude = static_cast<Unsigned>(high) << 64 | low;
  if (!in.ok()) return Number();
  const bool is_zero = magnitude == 0;
  if (magnitude >= kLimit || (is_zero && (negative || exponent != 0)) || (!is_zero && magnitude % 10 == 0) ||
      exponent > kMaxExponent || exponent < kMinExponent - kDigits ||
      (!is_zero && exponent + digits_of(magnitude) - 1 > kMaxExponent) ||
      (!is_zero && exponent + digits_of(magnitude) - 1 < kMinExponent)) {
    in.fail();
    return Number();
  }
  const auto wide = static_cast<Wide>(magnitude);
  return Number(negative ? -wide : wide, static_cast<int32_t>(exponent));
}

}  // namespace tongban::feel
