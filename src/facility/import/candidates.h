// Who could take an action on a case: the people of the registers who hold the right position in the right unit that
// day. Used where nobody signs in: the demo's lives and imported histories are acted by the people whose duty it is.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "kernel/decide.h"

namespace tongban::facility {

// Staff first by the order of the action's roles, then by person id; those whom the role excludes (four eyes) are left
// out. A role of the party gives the caller, a role of anyone a stranger, a role of the system the system. Empty:
// nobody. `state` null: for opening a case.
std::vector<kernel::Actor> candidates(const pack::Action& action, const pack::CaseType& type,
                                      const kernel::CaseState* state, const kernel::Registers& registers, Date day);

// Puts the suggested value into each compulsory form field that has a suggestion and is not there yet.
void take_suggestions(const pack::Action& action, const kernel::CaseState& state, const kernel::Actor& actor,
                      const kernel::Context& context, Instant at,
                      std::vector<std::pair<std::string, feel::Value>>& form);

}  // namespace tongban::facility
