#include "http/rate_limit.h"

#include <gtest/gtest.h>

namespace tongban::http {
namespace {

constexpr int64_t kNow = 1'600'000'000'000;
constexpr int64_t kDay = 86'400'000;

TEST(RateLimiter, the_burst_is_free_then_tokens_grow_back) {
  RateLimiter limiter({.burst = 3, .per_minute = 60}, 100);
  EXPECT_EQ(limiter.take("a", kNow).remaining, 2);
  EXPECT_EQ(limiter.take("a", kNow).remaining, 1);
  EXPECT_EQ(limiter.take("a", kNow).remaining, 0);
  const RateDecision refused = limiter.take("a", kNow + 400);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after_ms, 600);
  EXPECT_FALSE(limiter.take("a", kNow + 999).allowed);
  EXPECT_TRUE(limiter.take("a", kNow + 1000).allowed) << "exactly when it was promised";
  EXPECT_FALSE(limiter.take("a", kNow + 1000).allowed);
}

TEST(RateLimiter, a_refused_attempt_costs_nothing_and_keys_are_apart) {
  RateLimiter limiter({.burst = 1, .per_minute = 6}, 100);
  EXPECT_TRUE(limiter.take("a", kNow).allowed);
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(limiter.take("a", kNow + 5000).allowed);
  EXPECT_TRUE(limiter.take("b", kNow + 5000).allowed);
  EXPECT_TRUE(limiter.take("a", kNow + 10'000).allowed);
}

TEST(RateLimiter, the_bucket_never_holds_more_than_the_burst) {
  RateLimiter limiter({.burst = 2, .per_minute = 60}, 100);
  EXPECT_TRUE(limiter.take("a", kNow).allowed);
  const int64_t later = kNow + 3'600'000;
  EXPECT_TRUE(limiter.take("a", later).allowed);
  EXPECT_TRUE(limiter.take("a", later).allowed);
  EXPECT_FALSE(limiter.take("a", later).allowed);
}

TEST(RateLimiter, costs_are_taken_whole_or_not_at_all) {
  RateLimiter limiter({.burst = 10, .per_minute = 60}, 100);
  EXPECT_TRUE(limiter.take("a", kNow, 7).allowed);
  const RateDecision refused = limiter.take("a", kNow, 5);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 3);
  EXPECT_EQ(refused.retry_after_ms, 2000);
  EXPECT_TRUE(limiter.take("a", kNow, 3).allowed);
  EXPECT_FALSE(limiter.take("b", kNow, 11).allowed) << "more than the burst";
  EXPECT_FALSE(limiter.take("b", kNow + kDay, 11).allowed);
}

TEST(RateLimiter, memory_is_bounded_and_the_quietest_key_is_forgotten) {
  RateLimiter limiter({.burst = 1, .per_minute = 1}, 3);
  for (const char* key : {"a", "b", "c"}) EXPECT_TRUE(limiter.take(key, kNow).allowed);
  EXPECT_FALSE(limiter.take("a", kNow).allowed);
  EXPECT_TRUE(limiter.take("d", kNow).allowed);
  EXPECT_EQ(limiter.size(), 3u);
  EXPECT_FALSE(limiter.take("c", kNow).allowed) << "still known";
  EXPECT_FALSE(limiter.take("d", kNow).allowed) << "still known";
  for (int i = 0; i < 10'000; ++i) limiter.take("key " + std::to_string(i), kNow);
  EXPECT_EQ(limiter.size(), 3u);
}

TEST(RateLimiter, a_key_can_be_forgiven) {
  RateLimiter limiter({.burst = 1, .per_minute = 60}, 10);
  EXPECT_TRUE(limiter.take("a", kNow).allowed);
  EXPECT_FALSE(limiter.take("a", kNow).allowed);
  limiter.forget("a");
  limiter.forget("never seen");
  EXPECT_TRUE(limiter.take("a", kNow).allowed);
}

TEST(RateLimiter, a_clock_that_goes_back_a_moment_slows_and_one_that_goes_back_a_day_locks_nobody_out) {
  RateLimiter limiter({.burst = 2, .per_minute = 60}, 10);
  EXPECT_TRUE(limiter.take("a", kNow).allowed);
  EXPECT_EQ(limiter.take("a", kNow - 500).retry_after_ms, 500);
  const int64_t yesterday = kNow - 86'400'000;
  EXPECT_TRUE(limiter.take("a", yesterday).allowed);
  EXPECT_TRUE(limiter.take("a", yesterday).allowed);
  EXPECT_FALSE(limiter.take("a", yesterday).allowed) << "the limit holds in the new time";
}

}  // namespace
}  // namespace tongban::http
