// What the host functions of formulas (unit_name, entry_name, working_days_after) answer while the kernel evaluates: it
// hands what is Asked to every evaluation (feel::EvalContext::host), so a function sees the registers and the calendar
// of the act and nothing else; what working-day functions counted goes into the events of the act. Give it to
// pack::load_library.
#pragma once

#include <vector>

#include "pack/load.h"

namespace tongban::kernel {

struct Context;  // decide.h

struct Asked {
  const Context* context = nullptr;
  std::vector<pack::DaysCounted>* counted = nullptr;  // where they tell what they counted; null: nowhere
};

pack::Host kernel_host();

}  // namespace tongban::kernel
