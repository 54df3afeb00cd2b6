// The working calendar of the packs beside the program, for commands that evaluate FEEL without a site. For src/app.
#pragma once

#include "pack/working_days.h"

namespace tongban::app {

// Reads the calendar (see find_packs_directory) at the first call that needs it; a failure is that call's refusal.
pack::FindCalendar calendar_at_hand();

}  // namespace tongban::app
