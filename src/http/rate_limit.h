// Limits how often a key (an address, an account) may do something: a token bucket, kept as the one instant at which it
// would be full again (the "generic cell rate algorithm"), so that there is no timer and no floating point. Memory is
// bounded: beyond max_keys the key that was quiet longest is forgotten, which errs on the side of letting people in.
// Any thread. Time is passed in and need not be monotonic: a clock that was set back lets a key start afresh.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tongban::http {

struct RateLimit {
  int64_t burst = 60;       // so many at once
  int64_t per_minute = 60;  // and so many in each minute after that
};

struct RateDecision {
  bool allowed = false;
  int64_t retry_after_ms = 0;  // when not allowed: the earliest moment for this cost
  int64_t remaining = 0;       // whole tokens left now
};

class RateLimiter {
 public:
  // Both numbers at least 1; max_keys at least 1.
  RateLimiter(RateLimit limit, size_t max_keys);
  // Takes `cost` tokens (at least 1) if there are so many; else takes none. A cost beyond the burst is never allowed.
  RateDecision take(std::string_view key, int64_t now_ms, int64_t cost = 1);
  // Gives everything back to a key (a right password after wrong ones).
  void forget(std::string_view key);
  size_t size() const;

 private:
  struct Bucket {
    std::string key;
    int64_t full_at_us;  // when the bucket is full again
  };
  const int64_t token_us_;  // time in which one token grows
  const int64_t burst_us_;
  const size_t max_keys_;
  mutable std::mutex mutex_;
  std::list<Bucket> by_age_;  // the most recently used first
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> buckets_;
};

}  // namespace tongban::http
