// Handles by which a stranger names a case that looked similar, without learning which it is: random, known to this
// process alone, good for two hours. Memory is bounded: beyond it the oldest are forgotten. Any thread.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/date.h"
#include "base/id.h"

namespace tongban::http {

class Handles {
 public:
  static constexpr int64_t kLastsMs = 2 * 3'600'000;
  static constexpr size_t kMost = 50'000;

  std::string issue(const Id& case_id, Instant now);
  std::optional<Id> find(const std::string& handle, Instant now) const;  // nothing: unknown or too old

 private:
  struct Entry {
    Id case_id;
    Instant until;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::deque<std::string> order_;  // oldest first
};

}  // namespace tongban::http
