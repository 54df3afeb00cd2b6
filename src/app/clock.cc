#include "app/clock.h"

#include <chrono>

namespace tongban::app {

Instant system_now() {
  return Instant{
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count()};
}

}  // namespace tongban::app
