#include "app/clock.h"

#include <algorithm>

namespace tongban::app {
namespace {

template <class C>
int64_t ms_of() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(C::now().time_since_epoch()).count();
}

}  // namespace

Instant system_now() { return Instant{ms_of<std::chrono::system_clock>()}; }

ForwardClock::ForwardClock(std::function<Instant()> system, Steady steady)
    : system_(std::move(system)), steady_(std::move(steady)), last_steady_(steady_()) {}

ForwardClock::ForwardClock() : ForwardClock(system_now, ms_of<std::chrono::steady_clock>) {}

Instant ForwardClock::now() {
  const std::lock_guard lock(mutex_);
  const Instant system = system_();
  const int64_t steady = steady_();
  const int64_t back_ms = last_.ms - system.ms;
  if (back_ms <= 0 || back_ms > kMostBackMs) {
    last_ = system;
  } else if (back_ms > kStandStillMs) {
    last_ = last_.plus_ms(std::max<int64_t>(0, steady - last_steady_));
  }
  last_steady_ = steady;
  return last_;
}

void ForwardClock::not_before(Instant known) {
  const std::lock_guard lock(mutex_);
  if (known < last_) return;
  last_ = known.plus_ms(1);
  last_steady_ = steady_();
}

}  // namespace tongban::app
