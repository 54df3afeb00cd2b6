// Functions of decimal numbers that need more than one operation: correctly rounded to 34 digits, half-even, by working
// with more digits until the rounding is certain. Decimal throughout, no binary floating point. Private to feel.
#pragma once

#include <optional>
#include <vector>

#include "feel/number.h"

namespace tongban::feel {

// Empty where the function has no value (a negative root…) or the result is beyond 10^6144.
std::optional<Number> square_root(const Number& x);
std::optional<Number> exponential(const Number& x);
std::optional<Number> natural_logarithm(const Number& x);
// Any exponent; 0 ** 0 is 1, a negative base takes whole exponents only.
std::optional<Number> power_of(const Number& base, const Number& exponent);
// Of a sample (divided by n - 1); needs two numbers at least.
std::optional<Number> sample_deviation(const std::vector<Number>& sample);

}  // namespace tongban::feel
