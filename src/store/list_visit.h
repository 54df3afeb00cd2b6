// One row of a holder's list with what counts ask of its case: what facility/board keeps in memory. Read by
// Store::visit_list, which gives every open row of the list, in no order.
#pragma once

#include <optional>
#include <string>

#include "base/date.h"
#include "base/id.h"

namespace tongban::store {

struct ListedRow {
  Id case_id;
  std::string relation;
  bool to_act = false;
  std::optional<Instant> due_at;  // the deadline that concerns this holder
  std::string type, state;        // of the case
  bool late = false;              // of the case: some deadline was or is missed
  Instant opened_at;
  std::string list_fields;
  bool operator==(const ListedRow&) const = default;
};

}  // namespace tongban::store
