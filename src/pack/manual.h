// A pack as a printed manual for officials, in Chinese: one self-contained HTML page with print CSS. Clause at the
// left; who, when, may do what, how long, then; with a picture of the states. Tables are printed as tables, conditions
// as sentences; parameters, letters and the list of clauses follow. Nothing is said here that the pack does not say.
#pragma once

#include <string>
#include <vector>

#include "pack/load.h"
#include "pack/model.h"

namespace tongban::pack {

// `foundations`: the packs it builds on, whose units and positions give the roles their names.
std::string print_manual(const Pack& pack, const Library& foundations = {});

// The states of one case type as an SVG picture: layers from the opening to the final states, one arrow for each pair
// of states (its tooltip names the actions).
std::string draw_states(const CaseType& type);

}  // namespace tongban::pack
