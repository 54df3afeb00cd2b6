#include "http/api/handles.h"

#include "base/crypto.h"

namespace tongban::http {

std::string Handles::issue(const Id& case_id, Instant now) {
  constexpr size_t kCharacters = 24;  // of 5 bits each
  std::string handle = random_code(kCharacters);
  const std::lock_guard lock(mutex_);
  entries_[handle] = {case_id, now.plus_ms(kLastsMs)};
  order_.push_back(handle);
  const auto is_old = [&](const std::string& one) {
    const auto found = entries_.find(one);
    return found == entries_.end() || found->second.until < now;
  };
  while (!order_.empty() && (order_.size() > kMost || is_old(order_.front()))) {
    entries_.erase(order_.front());
    order_.pop_front();
  }
  return handle;
}

std::optional<Id> Handles::find(const std::string& handle, Instant now) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(handle);
  return found == entries_.end() || found->second.until < now ? std::nullopt : std::optional(found->second.case_id);
}

}  // namespace tongban::http
