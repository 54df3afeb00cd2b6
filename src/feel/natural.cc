#include "feel/natural.h"

namespace tongban::feel {

Natural::Natural(uint64_t value) {
  for (; value != 0; value /= kBase) limbs_.push_back(static_cast<uint32_t>(value % kBase));
}

Natural Natural::from_digits(std::string_view digits) {
  Natural out;
  for (size_t end = digits.size(); end > 0;) {
    const size_t start = end > kLimbDigits ? end - kLimbDigits : 0;
    uint32_t limb = 0;
    for (size_t i = start; i < end; ++i) limb = limb * 10 + static_cast<uint32_t>(digits[i] - '0');
    out.limbs_.push_back(limb);
    end = start;
  }
  out.trim();
  return out;
}

Natural Natural::power_of_ten(int exponent) {
  Natural out;
  out.limbs_.assign(static_cast<size_t>(exponent / kLimbDigits), 0);
  uint32_t top = 1;
  for (int i = 0; i < exponent % kLimbDigits; ++i) top *= 10;
  out.limbs_.push_back(top);
  return out;
}

void Natural::trim() {
  while (!limbs_.empty() && limbs_.back() == 0) limbs_.pop_back();
}

int Natural::digits() const {
  if (limbs_.empty()) return 0;
  int count = static_cast<int>(limbs_.size() - 1) * kLimbDigits;
  for (uint32_t top = limbs_.back(); top != 0; top /= 10) ++count;
  return count;
}

std::string Natural::to_text() const {
  if (limbs_.empty()) return "0";
  std::string out = std::to_string(limbs_.back());
  for (size_t i = limbs_.size() - 1; i-- > 0;) {
    const std::string part = std::to_string(limbs_[i]);
    out.append(static_cast<size_t>(kLimbDigits) - part.size(), '0');
    out += part;
  }
  return out;
}

Natural Natural::shifted(int limbs) const {
  Natural out;
  if (limbs_.empty()) return out;
  if (limbs >= 0) {
    out.limbs_.assign(static_cast<size_t>(limbs), 0);
    out.limbs_.insert(out.limbs_.end(), limbs_.begin(), limbs_.end());
  } else if (static_cast<size_t>(-limbs) < limbs_.size()) {
    out.limbs_.assign(limbs_.begin() - limbs, limbs_.end());
  }
  return out;
}

int compare(const Natural& a, const Natural& b) {
  if (a.limbs_.size() != b.limbs_.size()) return a.limbs_.size() < b.limbs_.size() ? -1 : 1;
  for (size_t i = a.limbs_.size(); i-- > 0;) {
    if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] < b.limbs_[i] ? -1 : 1;
  }
  return 0;
}

Natural operator+(const Natural& a, const Natural& b) {
  Natural sum;
  uint32_t carry = 0;
  for (size_t i = 0; i < std::max(a.limbs_.size(), b.limbs_.size()) || carry != 0; ++i) {
    uint32_t limb = carry;
    if (i < a.limbs_.size()) limb += a.limbs_[i];
    if (i < b.limbs_.size()) limb += b.limbs_[i];
    carry = limb >= Natural::kBase ? 1 : 0;
    sum.limbs_.push_back(limb - carry * Natural::kBase);
  }
  return sum;
}

Natural operator-(const Natural& a, const Natural& b) {
  Natural difference = a;
  uint32_t borrow = 0;
  for (size_t i = 0; i < a.limbs_.size(); ++i) {
    const uint32_t less = borrow + (i < b.limbs_.size() ? b.limbs_[i] : 0);
    borrow = difference.limbs_[i] < less ? 1 : 0;
    difference.limbs_[i] += borrow * Natural::kBase;
    difference.limbs_[i] -= less;
  }
  difference.trim();
  return difference;
}

Natural operator*(const Natural& a, const Natural& b) {
  Natural product;
  if (a.limbs_.empty() || b.limbs_.empty()) return product;
  product.limbs_.assign(a.limbs_.size() + b.limbs_.size(), 0);
  for (size_t i = 0; i < a.limbs_.size(); ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < b.limbs_.size() || carry != 0; ++j) {
      uint64_t limb = product.limbs_[i + j] + carry;
      if (j < b.limbs_.size()) limb += uint64_t{a.limbs_[i]} * b.limbs_[j];
      product.limbs_[i + j] = static_cast<uint32_t>(limb % Natural::kBase);
      carry = limb / Natural::kBase;
    }
  }
  product.trim();
  return product;
}

Natural& Natural::operator*=(uint32_t factor) {
  uint64_t carry = 0;
  for (uint32_t& limb : limbs_) {
    carry += uint64_t{limb} * factor;
    limb = static_cast<uint32_t>(carry % kBase);
    carry /= kBase;
  }
  for (; carry != 0; carry /= kBase) limbs_.push_back(static_cast<uint32_t>(carry % kBase));
  trim();
  return *this;
}

uint32_t Natural::divide_small(uint32_t divisor) {
  uint64_t rest = 0;
  for (size_t i = limbs_.size(); i-- > 0;) {
    rest = rest * kBase + limbs_[i];
    limbs_[i] = static_cast<uint32_t>(rest / divisor);
    rest %= divisor;
  }
  trim();
  return static_cast<uint32_t>(rest);
}

// Knuth, The Art of Computer Programming 2, 4.3.1, algorithm D, in base 10^9.
Natural::Division Natural::divide(const Natural& a, const Natural& b) {
  Division result;
  if (compare(a, b) < 0) {
    result.remainder = a;
    return result;
  }
  if (b.limbs_.size() == 1) {
    result.quotient = a;
    result.remainder = Natural(result.quotient.divide_small(b.limbs_[0]));
    return result;
  }
  const uint32_t scale = kBase / (b.limbs_.back() + 1);
  Natural u = a;
  Natural v = b;
  u *= scale;
  v *= scale;
  const size_t n = v.limbs_.size();
  u.limbs_.resize(std::max(u.limbs_.size(), a.limbs_.size()) + 1, 0);
  const size_t m = u.limbs_.size() - n - 1;
  result.quotient.limbs_.assign(m + 1, 0);
  for (size_t j = m + 1; j-- > 0;) {
    const uint64_t top = uint64_t{u.limbs_[j + n]} * kBase + u.limbs_[j + n - 1];
    uint64_t guess = top / v.limbs_[n - 1];
    uint64_t rest = top % v.limbs_[n - 1];
    while (guess >= kBase || guess * v.limbs_[n - 2] > rest * kBase + u.limbs_[j + n - 2]) {
      --guess;
      rest += v.limbs_[n - 1];
      if (rest >= kBase) break;
    }
    uint64_t borrow = 0;
    for (size_t i = 0; i < n; ++i) {
      const uint64_t product = guess * v.limbs_[i] + borrow;
      const auto less = static_cast<uint32_t>(product % kBase);
      borrow = product / kBase;
      if (u.limbs_[i + j] < less) {
        u.limbs_[i + j] += kBase;
        ++borrow;
      }
      u.limbs_[i + j] -= less;
    }
    int64_t last = int64_t{u.limbs_[j + n]} - static_cast<int64_t>(borrow);
    if (last < 0) {  // the guess was one too large
      last += kBase;
      --guess;
      uint32_t carry = 0;
      for (size_t i = 0; i < n; ++i) {
        uint32_t limb = u.limbs_[i + j] + v.limbs_[i] + carry;
        carry = limb >= kBase ? 1 : 0;
        u.limbs_[i + j] = limb - carry * kBase;
      }
      last = (last + carry) % kBase;
    }
    u.limbs_[j + n] = static_cast<uint32_t>(last);
    result.quotient.limbs_[j] = static_cast<uint32_t>(guess);
  }
  result.quotient.trim();
  u.trim();
  u.divide_small(scale);
  result.remainder = std::move(u);
  return result;
}

Natural square_root(const Natural& n) {
  if (n.is_zero()) return n;
  Natural root = Natural::power_of_ten((n.digits() + 1) / 2);  // above the root: Newton falls to it
  for (;;) {
    Natural next = root + Natural::divide(n, root).quotient;
    next.divide_small(2);
    if (compare(next, root) >= 0) return root;
    root = std::move(next);
  }
}

}  // namespace tongban::feel
