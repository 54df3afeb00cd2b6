// Codes by which somebody shows that a telephone is hers. They live in memory only: of the number its keyed hash, of
// the code a keyed hash under a key of this process. Guessing is bounded: six digits, five tries for each code, five
// codes an hour for each number. Memory is bounded: beyond kMaxPhones numbers within an hour nobody gets a code. Any
// thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>

#include "base/crypto.h"
#include "base/date.h"

namespace tongban::facility {

class PhoneCodes {
 public:
  static constexpr int64_t kValidMs = 10 * 60 * 1000;
  static constexpr int64_t kResendMs = 60 * 1000;
  static constexpr int64_t kWindowMs = 60 * 60 * 1000;
  static constexpr int kMaxTries = 5;
  static constexpr int kMaxInWindow = 5;
  static constexpr size_t kMaxPhones = 100'000;

  PhoneCodes() : key_(make_key()) {}

  struct Issued {
    std::string code;  // to be sent, and to be forgotten
    Instant expires_at, resend_at;
  };
  struct Refused {
    int64_t retry_after_ms = 0;
  };
  // A new code takes the place of the one before. Refused within a minute of it, after kMaxInWindow within the hour,
  // and when the memory is full.
  std::variant<Issued, Refused> issue(const Hash& phone, Instant now);
  // True once, for the right code in time. A wrong one counts; after kMaxTries the code is void.
  bool redeem(const Hash& phone, std::string_view code, Instant now);
  size_t size() const;

 private:
  struct Entry {
    Hash code{};  // all zero: none
    Instant expires_at, resend_at, window_start;
    int tries = 0, in_window = 0;
    bool has_code = false;
  };
  Hash hash_of(const Hash& phone, std::string_view code) const;
  void forget_old(Instant now);

  const Key key_;
  mutable std::mutex mutex_;
  std::map<Hash, Entry> entries_;
  Instant swept_at_{};
};

}  // namespace tongban::facility
