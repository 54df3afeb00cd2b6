// What follows on other cases: reactions, each executed once, as commands of the system.
#include <algorithm>

#include "base/text.h"
#include "engine/decide_parts.h"
#include "engine/sealing.h"

namespace tongban::engine {

using kernel::CaseState;
using kernel::Command;
using kernel::Decided;
using kernel::Rejection;
using kernel::RejectionCode;
using kernel::Verdict;

void Writer::fail_reaction(Step& step, const Reaction& reaction, const Rejection& why, Instant at) const {
  const Id subject = reaction.follow_up.subject.is_nil() ? reaction.cause_case : reaction.follow_up.subject;
  json::object body;
  body["case"] = to_text(subject);
  body["cause_case"] = to_text(reaction.cause_case);
  body["rule"] = reaction.follow_up.rule;
  body["sentence"] = why.sentence;
  body["instead"] = why.instead;
  body["at"] = to_text(at);
  step.transaction.records.push_back(
      {"failed_reaction", to_text(subject) + "/" + key_of(reaction), to_json_text(body)});
}

// A case that follows from another takes over the party's personal fields of the same names, where its form asks for
// them: formulas cannot read them, and the outbox never holds them.
void Writer::take_over_party(const CaseState& cause, Opening& opening) const {
  const std::string pack_id = pack_id_of(opening.pack);
  const auto pack = config_.packs->find(pack_id);
  const pack::CaseType* type = pack ? pack->find_case(opening.type) : nullptr;
  if (!type || pack_id != pack_id_of(cause.pack)) return;
  for (const pack::Field& field : type->open.form) {
    const bool given = std::any_of(opening.form.begin(), opening.form.end(),
                                   [&](const auto& value) { return value.first == field.id; });
    const kernel::FieldValue* value = field.personal && !given ? kernel::find_value(cause.fields, field.id) : nullptr;
    if (!value || !value->is_sealed()) continue;
    if (const auto plain = unseal(cause.id, cause.person, value->sealed)) opening.form.emplace_back(field.id, *plain);
  }
}

Result<Decision> Writer::decide_reaction(Batch& batch, const Task::React& react, Instant at) {
  Decision decision;
  Step step;
  const auto finish = [&]() -> Decision& {
    step.transaction.outbox_done.push_back(react.row.id);
    decision.step = push(batch, std::move(step));
    return decision;
  };
  Result<Reaction> decoded = decode_reaction(react.row.body);
  if (!decoded.ok()) {
    step.transaction.records.push_back(
        {"failed_reaction", to_text(react.row.case_id) + "/" + to_text(react.row.id), decoded.error().message});
    return finish();
  }
  const Reaction& reaction = *decoded;
  const kernel::FollowUp& follow = reaction.follow_up;
  const std::string key = key_of(reaction);
  if (TRY(config_.store->find_idempotency("system", key))) return finish();  // done before a stop of the process
  const auto refuse = [&](const Rejection& why) -> Decision& {
    step = Step{};
    fail_reaction(step, reaction, why, at);
    return finish();
  };
  if (reaction.depth > kMaxReactionDepth) {
    return refuse(rejection(RejectionCode::wrong_state,
                            "连锁办理超过 " + std::to_string(kMaxReactionDepth) + " 层，已停止。",
                            "请由人核对这些办件。"));
  }
  if (reaction.kind == Reaction::Kind::open) {
    Opening opening;
    opening.actor = system_actor();
    const StatePtr cause = TRY(state_of(batch, reaction.cause_case));
    opening.pack = !follow.open.pack.empty() ? follow.open.pack : cause ? cause->pack : std::string();
    opening.type = follow.open.type;
    opening.channel = "system";
    for (const kernel::FormValue& value : follow.open.form) opening.form.emplace_back(value.name, value.plain);
    if (cause) take_over_party(*cause, opening);
    opening.links = follow.open.links;
    opening.received_at = at;
    opening.happened_at = follow.happened_at;
    opening.cause = reaction.cause;
    opening.depth = reaction.depth;
    Opened opened = TRY(open_case(batch, opening));
    if (auto* why = std::get_if<Rejection>(&opened.result)) return refuse(*why);
    step = std::get<Step>(std::move(opened.result));
  } else {
    TRY(fire_due(batch, follow.subject, at, at, false));
    const StatePtr state = TRY(state_of(batch, follow.subject));
    const pack::Pack* pack = state ? pack_by_key(state->pack) : nullptr;
    if (!pack) return refuse(case_not_found(batch));
    Command command;
    command.id = make_id(at);
    command.case_id = follow.subject;
    command.actor = system_actor();
    command.received_at = at;
    command.happened_at = follow.happened_at;
    command.cause = reaction.cause;
    if (reaction.kind == Reaction::Kind::act) {
      command.body = follow.act;
    } else {
      const bool held = std::any_of(state->links.begin(), state->links.end(), [&](const kernel::LinkState& link) {
        return link.other == reaction.cause_case && link.inverse && !link.released && !link.holds.empty();
      });
      if (!held) return finish();
      command.body = kernel::ReleaseHold{reaction.cause_case};
    }
    Verdict verdict = kernel::decide(state.get(), command, context(batch, *pack, at));
    if (auto* why = std::get_if<Rejection>(&verdict)) return refuse(*why);
    Decided& decided = std::get<Decided>(verdict);
    add_decided(batch, step, state, decided, reaction.depth, *pack);
    TRY(link_back(batch, step, decided.events, command));
  }
  step.transaction.idempotency = store::IdempotencyRow{"system", key, {}, 0, {}, at};
  return finish();
}

}  // namespace tongban::engine
