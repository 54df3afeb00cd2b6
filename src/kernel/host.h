// What the host functions of formulas (unit_name, entry_name, working_days_after) answer while the kernel evaluates: it
// hands its Context to every evaluation (feel::EvalContext::host), so a function sees the registers and the calendar of
// the act and nothing else. Give it to pack::load_library.
#pragma once

#include "pack/load.h"

namespace tongban::kernel {

pack::Host kernel_host();

}  // namespace tongban::kernel
