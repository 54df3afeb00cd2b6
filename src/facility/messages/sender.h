// Where short messages go out. A city connects its own gateway by a Sender; the demo city has one that keeps the last
// messages in memory, so that a visitor can read the code that "arrived". What is sent is personal: no Sender may log
// number or text. All functions may be called from any thread.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/result.h"

namespace tongban::facility {

class Sender {
 public:
  virtual ~Sender() = default;
  // Hands the message over and returns soon (it may be called on the writer thread). A failure is temporary: the caller
  // tries again later or tells the person.
  virtual Result<void> send(const std::string& phone, const std::string& text, Instant at) = 0;
};

struct SentMessage {
  Instant at;
  std::string to;  // masked
  std::string text;
};

class DemoSender : public Sender {
 public:
  static constexpr size_t kKept = 50;
  Result<void> send(const std::string& phone, const std::string& text, Instant at) override;
  std::vector<SentMessage> list() const;  // the newest first

 private:
  mutable std::mutex mutex_;
  std::deque<SentMessage> kept_;
};

// The first three and the last two digits, the rest as dots: "138••••••01". Of a short one only the last two.
std::string masked_phone(std::string_view phone);

}  // namespace tongban::facility
