#include "facility/accounts/phone_codes.h"

namespace tongban::facility {
namespace {

constexpr int64_t kSweepMs = 60 * 1000;

// Six digits, each code equally likely.
std::string random_digits() {
  constexpr uint32_t kCodes = 1'000'000;
  constexpr uint32_t kFair = UINT32_MAX - UINT32_MAX % kCodes;
  uint32_t number = 0;
  do fill_random(&number, sizeof number);
  while (number >= kFair);
  std::string digits = std::to_string(number % kCodes);
  return std::string(6 - digits.size(), '0') + digits;
}

std::string_view view(const Hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

}  // namespace

Hash PhoneCodes::hash_of(const Hash& phone, std::string_view code) const {
  return hmac_sha256(key_, std::string(view(phone)) + std::string(code));
}

// Numbers whose hour is over; at most once a minute, so that a full memory does not cost time as well.
void PhoneCodes::forget_old(Instant now) {
  if (now.ms >= swept_at_.ms && now.ms - swept_at_.ms < kSweepMs) return;
  swept_at_ = now;
  std::erase_if(entries_, [&](const auto& entry) { return now.ms - entry.second.window_start.ms >= kWindowMs; });
}

std::variant<PhoneCodes::Issued, PhoneCodes::Refused> PhoneCodes::issue(const Hash& phone, Instant now) {
  const std::lock_guard lock(mutex_);
  forget_old(now);
  auto it = entries_.find(phone);
  if (it == entries_.end()) {
    if (entries_.size() >= kMaxPhones) return Refused{kSweepMs};
    it = entries_.emplace(phone, Entry{.window_start = now}).first;
  }
  Entry& entry = it->second;
  if (now.ms - entry.window_start.ms >= kWindowMs) entry.window_start = now, entry.in_window = 0;
  if (entry.in_window > 0 && now < entry.resend_at) return Refused{entry.resend_at.ms - now.ms};
  if (entry.in_window >= kMaxInWindow) return Refused{entry.window_start.ms + kWindowMs - now.ms};
  const std::string code = random_digits();
  entry.code = hash_of(phone, code);
  entry.has_code = true;
  entry.expires_at = now.plus_ms(kValidMs);
  entry.resend_at = now.plus_ms(kResendMs);
  entry.tries = 0;
  ++entry.in_window;
  return Issued{code, entry.expires_at, entry.resend_at};
}

bool PhoneCodes::redeem(const Hash& phone, std::string_view code, Instant now) {
  const Hash typed = hash_of(phone, code);
  const std::lock_guard lock(mutex_);
  const auto it = entries_.find(phone);
  if (it == entries_.end() || !it->second.has_code || now >= it->second.expires_at) return false;
  Entry& entry = it->second;
  const bool right = equal_in_constant_time(view(typed), view(entry.code));
  if (right || ++entry.tries >= kMaxTries) entry.has_code = false;
  return right;
}

size_t PhoneCodes::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace tongban::facility
