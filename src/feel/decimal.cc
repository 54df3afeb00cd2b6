#include "feel/decimal.h"

#include <algorithm>
#include <string>

#include "feel/natural.h"

namespace tongban::feel {
namespace {

// Results are worked out to this many digits, then rounded once to kKept (which heals what falls short of an exact
// result or of a tie by the last digits worked with) and once half-even to the 34 of a Number.
constexpr int kLimbs = 14;
constexpr int kDigitsWorked = kLimbs * Natural::kLimbDigits;  // after the point
constexpr int kKept = 70;

// coefficient × 10^exponent
struct Parts {
  bool negative = false;
  Natural coefficient;
  int64_t exponent = 0;
};

Parts parts_of(const Number& x) {
  std::string text = x.to_text();
  Parts parts;
  if (text[0] == '-') {
    parts.negative = true;
    text.erase(0, 1);
  }
  if (const size_t point = text.find('.'); point != std::string::npos) {
    parts.exponent = -static_cast<int64_t>(text.size() - point - 1);
    text.erase(point, 1);
  }
  // Zeros at the end of large numbers are the exponent's.
  while (text.size() > 1 && text.back() == '0') {
    text.pop_back();
    ++parts.exponent;
  }
  parts.coefficient = Natural::from_digits(text);
  return parts;
}

// coefficient × 10^exponent as a Number. `inexact`: something beyond its last digit was cut off.
std::optional<Number> number_of(bool negative, const Natural& coefficient, int64_t exponent, bool inexact) {
  std::string text = coefficient.to_text();
  if (inexact) {
    text += '1';
    --exponent;
  }
  return Number::parse((negative ? "-" : "") + text + "E" + std::to_string(exponent));
}

// The same after rounding to kKept digits, half up.
std::optional<Number> healed(bool negative, const Natural& coefficient, int64_t exponent) {
  const int drop = coefficient.digits() - kKept;
  if (drop <= 0) return number_of(negative, coefficient, exponent, false);
  const Natural unit = Natural::power_of_ten(drop);
  Natural half = unit;
  half.divide_small(2);
  return number_of(negative, Natural::divide(coefficient + half, unit).quotient, exponent + drop, false);
}

// A fixed-point number: value / 10^kDigitsWorked, with a sign.
struct Fixed {
  Natural value;
  bool negative = false;
};

const Natural& one() {
  static const Natural value = Natural(1).shifted(kLimbs);
  return value;
}

Fixed add(const Fixed& a, const Fixed& b) {
  if (a.negative == b.negative) return {a.value + b.value, a.negative};
  return compare(a.value, b.value) >= 0 ? Fixed{a.value - b.value, a.negative} : Fixed{b.value - a.value, b.negative};
}
Fixed multiply(const Fixed& a, const Fixed& b) {
  return {(a.value * b.value).shifted(-kLimbs), a.negative != b.negative};
}

// coefficient × 10^exponent with the digits worked with; what lies behind them is cut off.
Natural fixed_of(const Natural& coefficient, int64_t exponent) {
  const int64_t shift = exponent + kDigitsWorked;
  if (shift >= 0) return coefficient * Natural::power_of_ten(static_cast<int>(shift));
  if (-shift > coefficient.digits()) return {};
  return Natural::divide(coefficient, Natural::power_of_ten(static_cast<int>(-shift))).quotient;
}

// 2 × artanh(y) = 2 (y + y³/3 + y⁵/5 + …), |y| < 1.
Fixed twice_artanh(const Fixed& y) {
  const Natural square = multiply(y, y).value;
  Natural power = y.value;
  Natural sum;
  for (uint32_t k = 1; !power.is_zero(); k += 2) {
    Natural term = power;
    term.divide_small(k);
    sum = sum + term;
    power = (power * square).shifted(-kLimbs);
  }
  sum *= 2;
  return {sum, y.negative};
}

// ln 10 = 3 ln 2 + ln 1.25 = 6 artanh(1/3) + 2 artanh(1/9)
const Natural& ln_10() {
  static const Natural value = [] {
    Natural third = one();
    third.divide_small(3);
    Natural ninth = one();
    ninth.divide_small(9);
    Natural ln_2 = twice_artanh({third, false}).value;
    ln_2 *= 3;
    return ln_2 + twice_artanh({ninth, false}).value;
  }();
  return value;
}

// ln of coefficient × 10^exponent, which is above 0. Near 1 nothing cancels.
Fixed ln(const Natural& coefficient, int64_t exponent) {
  // m × 10^shift with m in (0.3, 3.2]
  int64_t shift = exponent + coefficient.digits() - 1;
  Natural m = fixed_of(coefficient, exponent - shift);
  Natural limit = one();
  limit *= 32;
  limit.divide_small(10);
  if (compare(m, limit) > 0) {
    m = fixed_of(coefficient, exponent - shift - 1);
    ++shift;
  }
  const bool below = compare(m, one()) < 0;
  const Natural difference = below ? one() - m : m - one();
  const Fixed y{Natural::divide(difference.shifted(kLimbs), m + one()).quotient, below};
  Natural tens = ln_10();
  tens *= static_cast<uint32_t>(shift < 0 ? -shift : shift);
  return add(twice_artanh(y), {tens, shift < 0});
}

// e^x as mantissa (fixed, in [1, 10)) × 10^exponent. Empty where |x| is beyond what a Number holds.
struct Power {
  Natural mantissa;
  int64_t exponent = 0;
};
std::optional<Power> exp(const Fixed& x) {
  Natural::Division by_ten = Natural::divide(x.value, ln_10());
  if (by_ten.quotient.digits() > 5) return std::nullopt;
  int64_t exponent = 0;
  for (const char c : by_ten.quotient.to_text()) exponent = exponent * 10 + (c - '0');
  Natural rest = by_ten.remainder;
  if (x.negative) {
    exponent = -exponent;
    if (!rest.is_zero()) {
      rest = ln_10() - rest;
      --exponent;
    }
  }
  Natural term = one();
  Natural sum = term;
  for (uint32_t k = 1; !term.is_zero(); ++k) {
    term = (term * rest).shifted(-kLimbs);
    term.divide_small(k);
    sum = sum + term;
  }
  return Power{sum, exponent};
}

std::optional<Number> number_of(bool negative, const Power& power) {
  return healed(negative, power.mantissa, power.exponent - kDigitsWorked);
}

// Whole powers by squaring, with the digits worked with; exact while the result has no more.
Parts whole_power(Parts base, uint64_t exponent) {
  const auto shortened = [](Parts parts) {
    const int drop = parts.coefficient.digits() - kDigitsWorked;
    if (drop > 0) {
      parts.coefficient = Natural::divide(parts.coefficient, Natural::power_of_ten(drop)).quotient;
      parts.exponent += drop;
    }
    return parts;
  };
  Parts result{false, Natural(1), 0};
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1)
      result = shortened({false, result.coefficient * base.coefficient, result.exponent + base.exponent});
    if (exponent > 1) base = shortened({false, base.coefficient * base.coefficient, 2 * base.exponent});
  }
  return result;
}

}  // namespace

std::optional<Number> square_root(const Number& x) {
  if (x.sign() < 0) return std::nullopt;
  if (x.is_zero()) return Number();
  Parts parts = parts_of(x);
  int draw = std::max(0, 2 * (Number::kDigits + 2) - parts.coefficient.digits());
  if ((parts.exponent - draw) % 2 != 0) ++draw;
  const Natural drawn = parts.coefficient * Natural::power_of_ten(draw);
  const Natural root = square_root(drawn);
  const bool inexact = compare(root * root, drawn) != 0;
  return number_of(false, root, (parts.exponent - draw) / 2, inexact);
}

std::optional<Number> exponential(const Number& x) {
  if (x > Number(20'000)) return std::nullopt;
  if (x < Number(-20'000)) return Number();
  const Parts parts = parts_of(x);
  const std::optional<Power> power = exp({fixed_of(parts.coefficient, parts.exponent), parts.negative});
  return power ? number_of(false, *power) : std::nullopt;
}

std::optional<Number> natural_logarithm(const Number& x) {
  if (x.sign() <= 0) return std::nullopt;
  const Parts parts = parts_of(x);
  const Fixed result = ln(parts.coefficient, parts.exponent);
  return healed(result.negative, result.value, -kDigitsWorked);
}

std::optional<Number> power_of(const Number& base, const Number& exponent) {
  if (exponent.is_zero() || base == Number(1)) return Number(1);
  const bool is_whole = exponent.is_integer();
  if (base.is_zero()) return exponent.sign() > 0 ? std::optional(Number()) : std::nullopt;
  if (base.sign() < 0 && !is_whole) return std::nullopt;
  const bool negative = base.sign() < 0 && *Number::modulo(exponent, 2) == Number(1);
  const Parts parts = parts_of(base.absolute());
  const std::optional<int64_t> whole = exponent.to_int64();
  constexpr int64_t kMostSquared = 4096;
  if (whole && *whole >= -kMostSquared && *whole <= kMostSquared) {
    const Parts power = whole_power(parts, static_cast<uint64_t>(*whole < 0 ? -*whole : *whole));
    if (*whole > 0) return healed(negative, power.coefficient, power.exponent);
    const int draw = kDigitsWorked + power.coefficient.digits();
    const Natural inverse = Natural::divide(Natural::power_of_ten(draw), power.coefficient).quotient;
    return healed(negative, inverse, -draw - power.exponent);
  }
  // base^y = e^(y ln base), in more digits by as many as y has before the point.
  const Fixed logarithm = ln(parts.coefficient, parts.exponent);
  if (logarithm.value.is_zero()) return Number(negative ? -1 : 1);
  const Parts y = parts_of(exponent);
  const bool shrinks = logarithm.negative != y.negative;
  if (y.exponent + y.coefficient.digits() > 45) return shrinks ? std::optional(Number()) : std::nullopt;
  const Natural product = logarithm.value * y.coefficient;
  const Natural scaled =
      y.exponent >= 0
          ? product * Natural::power_of_ten(static_cast<int>(y.exponent))
          : Natural::divide(product, Natural::power_of_ten(static_cast<int>(std::min<int64_t>(-y.exponent, 7000))))
                .quotient;
  const std::optional<Power> power = exp({scaled, shrinks});
  if (!power) return shrinks ? std::optional(Number()) : std::nullopt;
  return number_of(negative, *power);
}

std::optional<Number> sample_deviation(const std::vector<Number>& sample) {
  const auto count = static_cast<uint64_t>(sample.size());
  if (count < 2 || count > UINT32_MAX / 2) return std::nullopt;
  // All on one scale; digits 200 places below the first of all have no say in 34.
  std::vector<Parts> all;
  int64_t top = INT64_MIN;
  int64_t bottom = INT64_MAX;
  for (const Number& number : sample) {
    all.push_back(parts_of(number));
    if (number.is_zero()) continue;
    top = std::max(top, all.back().exponent + all.back().coefficient.digits());
    bottom = std::min(bottom, all.back().exponent);
  }
  if (top == INT64_MIN) return Number();
  bottom = std::max(bottom, top - 200);
  // n Σx² - (Σx)², exact.
  Natural squares;
  Natural positive;
  Natural negative;
  for (const Parts& parts : all) {
    if (parts.coefficient.is_zero()) continue;
    const int64_t shift = parts.exponent - bottom;
    const Natural scaled =
        shift >= 0 ? parts.coefficient * Natural::power_of_ten(static_cast<int>(shift))
        : -shift > parts.coefficient.digits()
            ? Natural()
            : Natural::divide(parts.coefficient, Natural::power_of_ten(static_cast<int>(-shift))).quotient;
    squares = squares + scaled * scaled;
    Natural& side = parts.negative ? negative : positive;
    side = side + scaled;
  }
  const Natural sum = compare(positive, negative) >= 0 ? positive - negative : negative - positive;
  const Natural spread = squares * Natural(count) - sum * sum;
  if (spread.is_zero()) return Number();
  const int draw = std::max(0, 2 * (Number::kDigits + 14) - spread.digits()) / 2 * 2;
  const Natural::Division variance =
      Natural::divide(spread * Natural::power_of_ten(draw), Natural(count) * Natural(count - 1));
  const Natural root = square_root(variance.quotient);
  const bool inexact = !variance.remainder.is_zero() || compare(root * root, variance.quotient) != 0;
  return number_of(false, root, bottom - draw / 2, inexact);
}

}  // namespace tongban::feel
