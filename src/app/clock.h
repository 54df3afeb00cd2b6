// The system's clock: the one place from which the program takes the time. Tests and the demo give their own.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>

#include "base/date.h"

namespace tongban::app {

Instant system_now();

// The time that the ledger follows: the system's, but it never goes back, so that events keep their order and nobody
// loses a day because a clock was set back. After a step back of up to a minute it stands still until the system's
// clock has caught up; after one of up to kMostBackMs it goes on by the monotonic clock. A larger step is taken for the
// correction of a clock that was wrong before, and followed. Any thread.
class ForwardClock {
 public:
  static constexpr int64_t kStandStillMs = 60'000;
  static constexpr int64_t kMostBackMs = 48 * 3600 * 1000;
  using Steady = std::function<int64_t()>;  // milliseconds of a clock that nobody sets
  ForwardClock(std::function<Instant()> system, Steady steady);
  ForwardClock();  // the machine's clocks
  Instant now();
  // The ledger holds something of this instant: the time is later.
  void not_before(Instant known);

 private:
  std::function<Instant()> system_;
  Steady steady_;
  std::mutex mutex_;
  Instant last_{0};
  int64_t last_steady_ = 0;
};

}  // namespace tongban::app
