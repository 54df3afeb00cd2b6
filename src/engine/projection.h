// The views of one case, derived from its state: the row of lists, the inbox rows of everybody concerned, the clock
// rows of the scheduler, search words and the keyed hash of the party's telephone. Pure: the same state and pack give
// the same rows, which is why a rebuild from the ledger equals the live views.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kernel/decide.h"
#include "kernel/registers.h"
#include "kernel/state.h"
#include "pack/model.h"
#include "store/store.h"

namespace tongban::engine {

struct ProjectionContext {
  const pack::Pack* pack = nullptr;
  const kernel::Registers* registers = nullptr;
  int64_t grace_ms = 0;
  // The keyed hash of the party's telephone; nothing when there is none or the person was erased.
  std::function<std::optional<Hash>(const kernel::CaseState&)> phone_hash;
};

// `before` null: everything is written. Otherwise search words and person hashes are written only where they changed.
store::ViewChanges project(const kernel::CaseState* before, const kernel::CaseState& after,
                           const ProjectionContext& context);

// The parts. Inbox rows are sorted by holder and relation, one each.
//   unit:<id>                the unit holds an active assignment (relation: its name), or a role that must act
//   (relation:
//                            the role), or is the fixed unit of some role (relation: desk)
//   position:<p>@<unit>      a position of a fixed unit that must act (relation: the role)
//   unit:<id>                the unit must decide an open ask of the case (relation: ask)
//   any of these             again under "paused" while a clock is paused, and under "flag:<id>" for each flag, so that
//                            lists of marked cases are found as fast as others
//   person:<id>              a person of the register people to whom an assignment was given (relation: its name)
//   person:<32 hex digits>   the party's id (relation: party)
std::vector<store::InboxRow> inbox_of(const kernel::CaseState& state, const pack::CaseType& type);
std::vector<store::ClockRow> clocks_of(const kernel::CaseState& state, int64_t grace_ms);
std::string search_text_of(const kernel::CaseState& state,
                           const pack::CaseType& type);  // number and fields with `search`
std::string search_words_of(const kernel::CaseState& state, const pack::CaseType& type);

// "hotline-12345" and "2021-01-29" of "hotline-12345@2021-01-29".
std::string pack_id_of(std::string_view pack_key);
std::string edition_of(std::string_view pack_key);

}  // namespace tongban::engine
