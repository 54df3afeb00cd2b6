#include "kernel/estimate.h"

#include <algorithm>

#include "kernel/facts.h"

namespace tongban::kernel {
namespace {

const pack::Action* starter_of(const pack::CaseType& type, const std::string& clock) {
  const auto starts = [&](const pack::Action& action) {
    return std::any_of(action.outcomes.begin(), action.outcomes.end(), [&](const pack::Outcome& outcome) {
      return std::any_of(outcome.clocks.begin(), outcome.clocks.end(), [&](const auto& effect) {
        return effect.first == clock && effect.second == pack::ClockEffect::start;
      });
    });
  };
  if (starts(type.open)) return &type.open;
  for (const pack::Action& action : type.actions) {
    if (starts(action)) return &action;
  }
  return nullptr;
}

struct LimitFound {
  Limit limit;
  Basis basis;
};

// The limit by the table that the clock names; nothing when what is known does not decide it.
std::optional<LimitFound> by_table(const pack::ClockDef& def, const pack::Action& action, Facts& facts,
                                   const pack::Pack& pack, std::vector<std::string>& missing) {
  const std::string id = def.limit_decision.substr(0, def.limit_decision.find('.'));
  const pack::Decision* decision = pack.find_decision(id);
  const auto table = action.decisions.find(id);
  if (!decision || table == action.decisions.end()) return std::nullopt;
  const dmn::Decision result = facts.evaluate(table->second);
  missing.insert(missing.end(), result.missing.begin(), result.missing.end());
  if (result.status != dmn::Decision::Status::complete || result.outputs.kind() != feel::Value::Kind::context)
    return std::nullopt;
  const std::optional<Limit> limit = limit_among(result.outputs, def.limit_decision);
  if (!limit) return std::nullopt;
  LimitFound found{*limit, def.basis};
  const int row = static_cast<int>(result.decided_by.value_or(0));
  if (row >= 1 && row <= static_cast<int>(decision->row_bases.size())) found.basis = decision->row_bases[row - 1];
  return found;
}

}  // namespace

Verdict preview(const CaseState* state, Command command, const Context& context) {
  if (!state) return decide(nullptr, command, context);
  CaseState now = *state;
  for (const uint32_t no : due_timers(now, command.received_at, context.grace_ms)) {
    Command expire{.id = command.id,
                   .case_id = command.case_id,
                   .actor = {.kind = Actor::Kind::system},
                   .received_at = command.received_at,
                   .body = ExpireClock{no}};
    Verdict fired = decide(&now, expire, context);
    if (auto* decided = std::get_if<Decided>(&fired)) now = std::move(decided->state);
  }
  // What the person saw is compared with the stored version; the timers fired here are nobody's change.
  if (command.expected_version && *command.expected_version == state->version) command.expected_version = now.version;
  return decide(&now, command, context);
}

Estimates estimate(const pack::CaseType& type, const std::vector<FormValue>& fields, const Context& context,
                   Instant now) {
  Estimates estimates;
  CaseState state;
  state.type = type.id;
  state.pack = context.pack->key();
  state.opened_at = state.changed_at = now;
  pack::Action known;  // a form of every field, so that values are put into their kinds as at the opening
  known.form = type.fields;
  std::vector<FormValue> values = fields;
  const auto faults = check_form(known, values, *context.registers, local_date(now));
  for (const FormValue& value : values) {
    const pack::Field* field = type.find_field(value.name);
    const bool is_bad = std::any_of(faults.begin(), faults.end(), [&](const auto& f) { return f.field == value.name; });
    if (field && !field->personal && !is_bad && !value.plain.is_null())
      state.fields.emplace_back(value.name, FieldValue{value.plain, {}});
  }
  const Actor asker{.kind = Actor::Kind::anyone};
  for (const pack::Way& way : type.ways) {
    const pack::Action* action = type.find_action(way.action);
    if (!action) continue;
    for (DecisionMade& made : suggestions(state, *action, asker, {}, context, now)) {
      const auto& outputs = made.suggestion;
      const bool says = outputs.kind() == feel::Value::Kind::context &&
                        std::any_of(outputs.as_context().begin(), outputs.as_context().end(),
                                    [](const auto& output) { return !output.second.is_null(); });
      const bool known = std::any_of(estimates.decisions.begin(), estimates.decisions.end(),
                                     [&](const auto& other) { return other.decision == made.decision; });
      if (says && !known) estimates.decisions.push_back(std::move(made));
    }
  }
  for (const std::string& name : type.estimate) {
    const pack::ClockDef* def = type.find_clock(name);
    const pack::Action* action = starter_of(type, name);
    if (!def || !action) continue;
    const ActorRef nobody;
    const std::vector<FormValue> no_form;
    Facts facts(*context.pack, type, *action->scope, action->variables, state, no_form, action, nobody, now, context);
    std::optional<LimitFound> found;
    if (def->limit) {
      found = LimitFound{*def->limit, def->basis};
    } else if (!def->limit_parameter.empty()) {
      Basis basis;
      if (const auto limit = limit_of_parameter(*context.pack, def->limit_parameter, basis))
        found = LimitFound{*limit, basis};
    } else if (!def->limit_decision.empty()) {
      found = by_table(*def, *action, facts, *context.pack, estimates.missing);
    }
    if (!found) continue;
    const auto counted = calendar::count(*context.calendar, now, found->limit.unit, found->limit.n, def->kind);
    if (!counted.ok()) continue;
    Clock clock;
    clock.no = 1;
    clock.name = def->id;
    clock.owner = def->owner;
    clock.type = def->type;
    clock.scope = def->scope;
    clock.force = def->force;
    clock.basis = def->basis;
    clock.started_at = now;
    clock.segments.push_back(
        {.why = Clock::Segment::Why::start, .counted = *counted, .basis = found->basis, .at = now, .version = 0});
    estimates.clocks.push_back({std::move(clock), found->basis});
  }
  return estimates;
}

bool may_be_joined(const pack::CaseType& type, const Context& context, Instant now) {
  CaseState nothing;
  nothing.type = type.id;
  nothing.opened_at = now;
  const ActorRef nobody;
  const std::vector<FormValue> no_form;
  Facts facts(*context.pack, type, *type.open.scope, type.open.variables, nothing, no_form, &type.open, nobody, now,
              context);
  return std::all_of(type.open.require_formulas.begin(), type.open.require_formulas.end(), [&](const auto& formula) {
    const auto& reads = formula.expression.reads();
    const bool speaks_of_it = std::any_of(reads.begin(), reads.end(), [](const std::string& path) {
      return path == "other" || path.starts_with("other.");
    });
    return !speaks_of_it || facts.evaluate(formula.expression).decided().value_or(false);
  });
}

}  // namespace tongban::kernel
