// Scopes, and everything that is compiled against them: used by load.cc only. The names of a scope are listed in
// docs/formats/case.md; `variables[i]` says what fills slot i.
#pragma once

#include <vector>

#include "pack/fault.h"
#include "pack/load.h"
#include "pack/model.h"

namespace tongban::pack {

// Names that no field, look-up or decision may have.
inline constexpr std::string_view kReservedNames[] = {"form",     "case",  "acts",  "clock",
                                                      "assigned", "actor", "param", "asked"};

void compile_pack(Pack& pack, const Library& others, const Host& host, std::vector<Fault>& faults);

}  // namespace tongban::pack
