// The system's clock: the one place from which the program takes the time. Tests and the demo give their own.
#pragma once

#include "base/date.h"

namespace tongban::app {

Instant system_now();

}  // namespace tongban::app
