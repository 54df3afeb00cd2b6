// A case as one actor may see it: fields by visibility group, clocks with their reasons, the acts, the letters, what
// may be done next. The same function serves the API, the export and the pages, so they agree. Private to http/api.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "engine/engine.h"

namespace tongban::http {

struct CaseView {
  json::object body;
  std::vector<std::string> shown_with_purpose;  // groups whose reading is recorded
};

// `roles` as of today. Groups that require a purpose are left out (and named in `withheld`) while `purpose` is empty,
// but for the party itself.
CaseView render_case(const engine::Engine& engine, const kernel::CaseState& state, const pack::Pack& pack,
                     const kernel::Actor& actor, const kernel::Registers& registers, const std::string& purpose,
                     Instant now);

// One clock with its explanation, what remains of it today in working days (and minutes, where it counts those) and the
// length the document gives. What remains is left out while the clock does not run.
json::object clock_json(const kernel::CaseState& state, const kernel::Clock& clock, const pack::Pack& pack,
                        const calendar::Calendar& calendar, Instant now);

// A row of a list: only plain fields of groups without purpose or hiding that the reader sees on the page too, with
// what remains until it is due today.
struct RowContext {
  // `memory`: where the rows are built; it lives as long as they do. One piece for a page spares thousands of takings.
  RowContext(const engine::Engine& engine, const kernel::Registers& registers, kernel::Actor actor, Instant now,
             json::storage_ptr memory = {});
  const engine::Engine& engine;
  const kernel::Registers& registers;
  const kernel::Actor actor;  // who reads
  const Instant now;
  const Date today;
  const std::vector<kernel::Post> posts;  // of who reads
  const json::storage_ptr memory;
};
// Nothing: the case is not there for the reader.
std::optional<json::object> render_row(const RowContext& context, const store::CaseRow& row);
// The same for the party: its state as the public reads it, and as due only what is promised to it (the clocks of
// `estimate` and the promises), of the leading case where this one was joined to another. `state` may be null.
json::object render_own_row(const RowContext& context, const store::CaseRow& row, const kernel::CaseState* state);

}  // namespace tongban::http
