#include "facility/messages/sender.h"

namespace tongban::facility {

std::string masked_phone(std::string_view phone) {
  std::string digits;
  for (const char c : phone) {
    if (c >= '0' && c <= '9') digits += c;
  }
  const size_t shown = std::min<size_t>(digits.size(), 2), front = digits.size() >= 8 ? 3 : 0;
  std::string out = digits.substr(0, front);
  for (size_t i = front; i + shown < digits.size() && i < 20; ++i) out += "•";
  return out + digits.substr(digits.size() - shown);
}

Result<void> DemoSender::send(const std::string& phone, const std::string& text, Instant at) {
  const std::lock_guard lock(mutex_);
  kept_.push_front({at, masked_phone(phone), text});
  if (kept_.size() > kKept) kept_.pop_back();
  return {};
}

std::vector<SentMessage> DemoSender::list() const {
  const std::lock_guard lock(mutex_);
  return {kept_.begin(), kept_.end()};
}

}  // namespace tongban::facility
