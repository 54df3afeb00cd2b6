// Natural numbers of any size in base 10^9, for the few functions that need more digits than a Number holds. Private to
// feel.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tongban::feel {

class Natural {
 public:
  static constexpr uint32_t kBase = 1'000'000'000;
  static constexpr int kLimbDigits = 9;

  Natural() = default;  // 0
  Natural(uint64_t value);
  static Natural from_digits(std::string_view digits);  // digits only
  static Natural power_of_ten(int exponent);

  bool is_zero() const { return limbs_.empty(); }
  int digits() const;                // 0 has none
  std::string to_text() const;       // "0" for zero
  Natural shifted(int limbs) const;  // × 10^(9 × limbs); negative: the quotient

  friend int compare(const Natural& a, const Natural& b);
  friend Natural operator+(const Natural& a, const Natural& b);
  friend Natural operator-(const Natural& a, const Natural& b);  // needs a >= b
  friend Natural operator*(const Natural& a, const Natural& b);
  Natural& operator*=(uint32_t factor);
  uint32_t divide_small(uint32_t divisor);  // becomes the quotient; the remainder
  struct Division;
  static Division divide(const Natural& a, const Natural& b);  // b is not 0

 private:
  void trim();
  std::vector<uint32_t> limbs_;  // least first; the last is not 0
};

struct Natural::Division {
  Natural quotient, remainder;
};

Natural square_root(const Natural& n);  // rounded down

}  // namespace tongban::feel
