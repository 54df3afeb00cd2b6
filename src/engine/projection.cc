#include "engine/projection.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/text.h"
#include "engine/words.h"

namespace tongban::engine {
namespace {

using kernel::CaseState;
using kernel::Clock;
using kernel::ClockStatus;

// A deadline that somebody still has to keep. A claimed one waits for its review, a paused one has no date now.
bool is_pending_deadline(const Clock& clock) {
  return clock.type == pack::ClockType::deadline && clock.status == ClockStatus::running && clock.due_at();
}

// Does the clock concern that unit? Clocks of the case concern everybody; those of an assignment or chain its units.
bool concerns(const CaseState& state, const Clock& clock, std::string_view unit) {
  if (clock.scope != pack::ClockScope::per_assignment && clock.scope != pack::ClockScope::per_chain) return true;
  for (const kernel::Assignment& assignment : state.assignments) {
    const uint32_t ref = clock.scope == pack::ClockScope::per_chain ? assignment.root : assignment.no;
    if (ref == clock.scope_ref && assignment.unit == unit && assignment.active()) return true;
  }
  return false;
}

std::optional<Instant> earliest_due(const CaseState& state, std::optional<std::string_view> unit) {
  std::optional<Instant> due;
  for (const Clock& clock : state.clocks) {
    if (!is_pending_deadline(clock) || (unit && !concerns(state, clock, *unit))) continue;
    if (!due || *clock.due_at() < *due) due = clock.due_at();
  }
  return due;
}

store::CaseRow case_row(const CaseState& state, const pack::CaseType& type) {
  store::CaseRow row;
  row.case_id = state.id;
  row.type = pack_id_of(state.pack) + "/" + state.type;
  row.number = state.number;
  row.edition = edition_of(state.pack);
  row.state = state.state;
  row.open = state.open();
  row.opened_at = state.opened_at;
  row.changed_at = state.changed_at;
  row.closed_at = state.closed_at;
  for (const Clock& clock : state.clocks) {
    if (clock.type == pack::ClockType::deadline && clock.late) row.late = true;
    if (!is_pending_deadline(clock) || (row.due_at && *row.due_at <= *clock.due_at())) continue;
    row.due_at = clock.due_at();
    row.due_clock = clock.name;
    row.due_provisional = clock.provisional();
  }
  row.held_by = join(state.held_by, ",");
  kernel::Fields listed;
  for (const pack::Field& field : type.fields) {
    if (!field.in_list && field.id != type.title_field) continue;
    if (const kernel::FieldValue* value = kernel::find_value(state.fields, field.id))
      listed.emplace_back(field.id, *value);
  }
  row.list_fields = kernel::encode_fields(listed);
  row.person = state.person;
  row.version = state.version;
  return row;
}

class InboxBuilder {
 public:
  explicit InboxBuilder(const CaseState& state) : state_(state) {}

  void add(const std::string& holder, const std::string& relation, bool to_act, std::optional<std::string_view> unit) {
    store::InboxRow& row = row_of(holder, relation);
    row.to_act = row.to_act || (to_act && state_.open());
    row.open = state_.open();
    row.due_at = earliest_due(state_, unit);
    row.opened_at = state_.opened_at;
  }

  // A second row, beside the holder's others, under which lists of marked cases are found.
  void mark(const std::string& relation) {
    std::map<std::string, store::InboxRow> marks;
    for (const store::InboxRow& row : rows_) {
      if (is_mark(row.relation)) continue;
      const auto [at, fresh] = marks.try_emplace(row.holder, row);
      at->second.relation = relation;
      at->second.to_act = at->second.to_act || row.to_act;
      if (row.due_at && (!at->second.due_at || *row.due_at < *at->second.due_at)) at->second.due_at = row.due_at;
    }
    for (auto& [holder, row] : marks) row_of(holder, relation) = std::move(row);
  }
  static bool is_mark(std::string_view relation) { return relation == "paused" || relation.starts_with("flag:"); }

  std::vector<store::InboxRow> take() {
    std::sort(rows_.begin(), rows_.end(), [](const store::InboxRow& a, const store::InboxRow& b) {
      return std::tie(a.holder, a.relation) < std::tie(b.holder, b.relation);
    });
    return std::move(rows_);
  }

 private:
  store::InboxRow& row_of(const std::string& holder, const std::string& relation) {
    for (store::InboxRow& row : rows_) {
      if (row.holder == holder && row.relation == relation) return row;
    }
    return rows_.emplace_back(store::InboxRow{.case_id = state_.id, .holder = holder, .relation = relation});
  }

  const CaseState& state_;
  std::vector<store::InboxRow> rows_;  // few: one for each holder and relation
};

bool holds(const CaseState& state, const std::string& role) {
  return std::find(state.held_by.begin(), state.held_by.end(), role) != state.held_by.end();
}

}  // namespace

std::string pack_id_of(std::string_view pack_key) { return std::string(pack_key.substr(0, pack_key.find('@'))); }

std::string edition_of(std::string_view pack_key) {
  const size_t at = pack_key.find('@');
  return at == std::string_view::npos ? std::string() : std::string(pack_key.substr(at + 1));
}

std::vector<store::InboxRow> inbox_of(const CaseState& state, const pack::CaseType& type) {
  InboxBuilder inbox(state);
  for (const kernel::Assignment& assignment : state.assignments) {
    // Who had the case when it closed still finds it among the closed ones.
    if (!assignment.active() && assignment.end_reason != kernel::EndReason::case_closed) continue;
    inbox.add("unit:" + assignment.unit, assignment.name, false, assignment.unit);
    if (!assignment.person.empty()) inbox.add("person:" + assignment.person, assignment.name, false, assignment.unit);
  }
  for (const pack::Role& role : type.roles) {
    const bool to_act = holds(state, role.id);
    if (role.relation == pack::RoleRelation::party) continue;  // she finds her cases by code and telephone
    if (role.relation == pack::RoleRelation::unit) {
      inbox.add("unit:" + role.unit, "desk", false, std::nullopt);
      if (!to_act) continue;
      inbox.add("unit:" + role.unit, role.id, true, std::nullopt);
      for (const std::string& position : role.positions) {
        inbox.add("position:" + position + "@" + role.unit, role.id, true, std::nullopt);
      }
      continue;
    }
    if (!to_act) continue;
    for (const std::string& unit : kernel::units_of(role, state)) inbox.add("unit:" + unit, role.id, true, unit);
  }
  for (const kernel::AskState& ask : state.asks) {
    if (ask.open() && state.open() && !ask.of_unit.empty()) inbox.add("unit:" + ask.of_unit, "ask", true, ask.of_unit);
  }
  const auto paused = [](const Clock& clock) { return clock.status == ClockStatus::paused; };
  if (state.open() && std::any_of(state.clocks.begin(), state.clocks.end(), paused)) inbox.mark("paused");
  for (const std::string& flag : state.flags) inbox.mark("flag:" + flag);
  return inbox.take();
}

std::vector<store::ClockRow> clocks_of(const CaseState& state, int64_t grace_ms) {
  std::vector<store::ClockRow> rows;
  for (const Clock& clock : state.clocks) {
    if (clock.over()) continue;
    store::ClockRow row;
    row.case_id = state.id;
    row.clock = clock.no;
    row.name = clock.name;
    row.wake_at = kernel::wake_at(state, clock, grace_ms);
    row.due_at = clock.due_at();
    row.provisional = clock.provisional();
    row.depends_from = Date{1};  // an empty range: depends on no day
    row.depends_to = Date{0};
    for (const Clock::Segment& segment : clock.segments) {
      const calendar::Counted& counted = segment.counted;
      const Date from = std::min(counted.first_counted, counted.due_on);
      const Date to = std::max({counted.first_counted, counted.raw_end, counted.due_on});
      const bool first = row.depends_from > row.depends_to;
      row.depends_from = first ? from : std::min(row.depends_from, from);
      row.depends_to = first ? to : std::max(row.depends_to, to);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string search_text_of(const CaseState& state, const pack::CaseType& type) {
  std::string text = state.number;
  const auto add = [&text](const kernel::FieldValue& value) {
    if (value.is_sealed() || value.plain.is_null()) return;
    text += ' ';
    text += value.plain.to_plain_text();
  };
  for (const pack::Field& field : type.fields) {
    if (!field.search || field.personal) continue;
    if (const kernel::FieldValue* value = kernel::find_value(state.fields, field.id)) add(*value);
  }
  for (const kernel::ActRecord& act : state.acts) {
    const pack::Action* action = act.action == "open" ? &type.open : type.find_action(act.action);
    if (!action) continue;
    for (const pack::Field& field : action->form) {
      if (!field.search || field.personal || field.is_case_field) continue;
      if (const kernel::FieldValue* value = kernel::find_value(act.form, field.id)) add(*value);
    }
  }
  return text;
}

std::string search_words_of(const CaseState& state, const pack::CaseType& type) {
  return search_words_text(search_text_of(state, type));
}

store::ViewChanges project(const CaseState* before, const CaseState& after, const ProjectionContext& context) {
  store::ViewChanges views;
  const pack::CaseType* type = context.pack->find_case(after.type);
  CHECK(type != nullptr);
  views.cases.push_back(case_row(after, *type));
  views.inboxes.push_back({after.id, inbox_of(after, *type)});
  views.clocks.push_back({after.id, clocks_of(after, context.grace_ms)});
  const std::string text = search_text_of(after, *type);
  if (!before || text != search_text_of(*before, *type)) views.search.push_back({after.id, search_words_text(text)});
  if (!type->party_phone.empty() && !after.person.is_nil() && context.phone_hash) {
    const kernel::FieldValue* now = after.erased ? nullptr : kernel::find_value(after.fields, type->party_phone);
    const kernel::FieldValue* then =
        before && !before->erased ? kernel::find_value(before->fields, type->party_phone) : nullptr;
    // A corrected telephone no longer finds the case, and nothing finds an erased person.
    if (then && (!now || !(*now == *then))) {
      if (const std::optional<Hash> hash = context.phone_hash(*before))
        views.person_hashes_removed.push_back({*hash, after.person, after.id});
    }
    if (now && (!then || !(*now == *then))) {
      if (const std::optional<Hash> hash = context.phone_hash(after))
        views.person_hashes.push_back({*hash, after.person, after.id});
    }
  }
  return views;
}

}  // namespace tongban::engine
