#include "http/rate_limit.h"

#include <algorithm>

#include "base/check.h"

namespace tongban::http {

RateLimiter::RateLimiter(RateLimit limit, size_t max_keys)
    : token_us_(std::max<int64_t>(1, 60'000'000 / std::max<int64_t>(1, limit.per_minute))),
      burst_us_(token_us_ * limit.burst),
      max_keys_(max_keys) {
  CHECK(limit.burst >= 1 && limit.burst <= 1'000'000'000 && limit.per_minute >= 1 && max_keys >= 1);
}

RateDecision RateLimiter::take(std::string_view key, int64_t now_ms, int64_t cost) {
  CHECK(cost >= 1);
  const int64_t now_us = now_ms * 1000;
  const std::lock_guard lock(mutex_);
  const auto found = buckets_.find(key);
  int64_t full_at = found == buckets_.end() ? now_us : std::max(found->second->full_at_us, now_us);
  // Further ahead than an empty bucket can be: the clock was set back, and that must not lock anybody out.
  if (full_at - now_us > burst_us_) full_at = now_us;
  const int64_t missing_us = full_at - now_us;  // what the bucket lacks, as time
  if (cost > burst_us_ / token_us_) return {false, burst_us_ / 1000, (burst_us_ - missing_us) / token_us_};
  const int64_t over_us = missing_us + cost * token_us_ - burst_us_;
  if (over_us > 0) return {false, (over_us + 999) / 1000, std::max<int64_t>(0, (burst_us_ - missing_us) / token_us_)};
  const int64_t new_full_at = full_at + cost * token_us_;
  if (found != buckets_.end()) {
    found->second->full_at_us = new_full_at;
    by_age_.splice(by_age_.begin(), by_age_, found->second);
  } else {
    if (buckets_.size() >= max_keys_) {
      buckets_.erase(by_age_.back().key);
      by_age_.pop_back();
    }
    by_age_.push_front({std::string(key), new_full_at});
    buckets_.emplace(by_age_.front().key, by_age_.begin());
  }
  return {true, 0, (burst_us_ - (new_full_at - now_us)) / token_us_};
}

void RateLimiter::forget(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = buckets_.find(key);
  if (found == buckets_.end()) return;
  const auto bucket = found->second;
  buckets_.erase(found);
  by_age_.erase(bucket);
}

size_t RateLimiter::size() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

}  // namespace tongban::http
