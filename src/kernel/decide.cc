#include "kernel/decide.h"

#include <algorithm>

#include "base/text.h"
#include "kernel/act.h"

namespace tongban::kernel {
namespace {

using feel::Value;
using pack::Action;
using pack::ClockEffect;
using pack::Outcome;

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

Rejection not_there() {
  return reject(RejectionCode::not_found, "没有找到这个办件，或者您无权查看。",
                "请核对编号；如属工作需要，请联系承办单位。");
}

// ---- the other commands
// -------------------------------------------------------------------------------------------------

Verdict decide_open(const Command& command, const OpenCase& open, const Context& context) {
  const pack::CaseType* type = context.pack->find_case(open.type);
  if (!type) return not_there();
  CaseState nothing;
  nothing.id = command.case_id;
  nothing.opened_at = command.happened_at.value_or(command.received_at);
  nothing.number = open.number;  // so that letters and formulas of the opening can name it
  nothing.channel = open.channel;
  nothing.type = type->id;
  std::vector<Linked> links;
  for (const auto& link : open.links) {
    links.push_back({.kind = link.kind,
                     .inverse = false,
                     .other = link.other,
                     .other_number = link.other_number,
                     .other_type = link.other_type,
                     .holds = link.holds});
  }
  const CaseOpened opened{context.pack->key(), type->id, open.number, open.channel, open.person, open.tracking_hash};
  return Act(nothing, command, context, *type, type->open, open.form, 0).decide(opened, links);
}

// The role that an actor stands in where no act asks for one: the first of the type that is not everybody's.
ActorRef actor_of(const std::vector<RoleHit>& hits) {
  const auto own = std::find_if(hits.begin(), hits.end(),
                                [](const RoleHit& hit) { return hit.role->relation != pack::RoleRelation::anyone; });
  if (own == hits.end()) return {};
  return {own->role->id, own->person, own->position, own->unit};
}

// A run for commands that are not acts of the pack.
Run plain_run(const CaseState& state, const Command& command, const Context& context, const pack::CaseType& type,
              const std::vector<RoleHit>& hits) {
  Run run{.command = command,
          .context = context,
          .type = type,
          .actor = {.role = "system"},
          .happened_at = command.happened_at.value_or(command.received_at),
          .after = state,
          .events = {},
          .follow_ups = {}};
  if (command.actor.kind != Actor::Kind::system) run.actor = actor_of(hits);
  return run;
}

Verdict decide_expiry(Run run, uint32_t no) {
  if (no == 0 || no > run.after.clocks.size()) return not_there();
  const Clock& clock = run.after.clocks[no - 1];
  const auto wake = wake_at(run.after, clock, 0);
  if (!wake || *wake >= run.command.received_at) {
    return reject(RejectionCode::wrong_state, "这个时限没有到期。", "无需处理。");
  }
  expire_clock(run, clock);
  return run.finish();
}

Verdict decide_recompute(Run run, uint32_t no) {
  if (no == 0 || no > run.after.clocks.size()) return not_there();
  const Result<void> done = recompute_clock(run, no);
  if (!done.ok()) return reject(RejectionCode::not_decidable, done.error().message, "请核对日历。");
  if (run.events.empty()) return reject(RejectionCode::wrong_state, "重新计算后时限没有变化。", "无需处理。");
  return run.finish();
}

}  // namespace

void add_reactions(Run& run, pack::Reaction::Trigger trigger, const std::string& of, Instant happened_at) {
  for (const pack::Reaction& reaction : run.type.reactions) {
    if (reaction.trigger != trigger || reaction.of != of) continue;
    FollowUp follow{.rule = reaction.id, .happened_at = happened_at, .basis = reaction.basis};
    const std::vector<FormValue> no_form;
    Facts facts(*run.context.pack, run.type, *run.type.scope, run.type.variables, run.after, no_form, nullptr,
                run.actor, happened_at, run.context);
    if (reaction.condition && !facts.evaluate(reaction.condition->expression).decided().value_or(false)) continue;
    if (reaction.open) {
      follow.open.pack = run.context.pack->id;
      follow.open.type = reaction.open->case_type;
      follow.open.channel = "reaction";
      for (const auto& [name, formula] : reaction.open->form) {
        follow.open.form.push_back({name, facts.evaluate(formula.expression).value, {}});
      }
      follow.open.links.push_back({reaction.open->link, run.after.id, run.after.number, run.type.id, {}});
      run.follow_ups.push_back(std::move(follow));
      continue;
    }
    for (const LinkState& link : run.after.links) {
      if (link.kind != reaction.link_kind || link.ended || (reaction.inverse && !link.inverse)) continue;
      FollowUp act = follow;
      for (const auto& [name, formula] : reaction.form)
        act.act.form.push_back({name, facts.evaluate(formula.expression).value, {}});
      act.subject = link.other;
      act.act.action = reaction.act;
      run.follow_ups.push_back(std::move(act));
    }
  }
}

std::optional<Rejection> refuse_document(const CaseState& state, const pack::CaseType& type, Actor::Kind kind) {
  const auto is_of_party = [&](const DocumentState& document) {
    const pack::Role* role = type.find_role(document.by.role);
    return role && role->relation == pack::RoleRelation::party;
  };
  const auto of_party = static_cast<size_t>(std::count_if(state.documents.begin(), state.documents.end(), is_of_party));
  const bool party = kind == Actor::Kind::caller;
  const size_t most = party ? kMostDocumentsOfParty : kMostDocuments;
  if ((party ? of_party : state.documents.size()) < most && state.documents.size() < kMostDocuments)
    return std::nullopt;
  return reject(RejectionCode::requirement_failed, "这个办件的附件已经有 " + std::to_string(most) + " 个，不能再加。",
                "请把几个文件合成一个，或者与承办单位联系。");
}

Verdict decide(const CaseState* state, const Command& command, const Context& context) {
  CHECK(context.pack && context.calendar && context.registers);
  if (const auto* open = std::get_if<OpenCase>(&command.body)) return decide_open(command, *open, context);
  if (!state) return not_there();
  const pack::CaseType* type = context.pack->find_case(state->type);
  if (!type) return not_there();
  const Date day = local_date(command.happened_at.value_or(command.received_at));
  const auto hits = roles_of(command.actor, state, *type, *context.registers, day);
  const bool system = command.actor.kind == Actor::Kind::system;
  if (!system && !may_see(hits, *state, *type)) return not_there();
  if (command.expected_version && *command.expected_version != state->version) {
    Rejection r = reject(RejectionCode::changed, "您打开之后，这个办件已被他人更新。",
                         "请查看最新内容，确认后再提交；您填写的内容仍然保留。");
    r.current_version = state->version;
    return r;
  }
  Run run = plain_run(*state, command, context, *type, hits);
  return std::visit(
      Overloaded{
          [&](const OpenCase&) -> Verdict { return not_there(); },
          [&](const TakeAction& take) -> Verdict {
            const Action* action = type->find_action(take.action);
            if (!action) {
              std::vector<std::string> names;
              for (const Action& a : type->actions) names.push_back(a.id);
              const std::string near = nearest_word(take.action, names);
              return reject(RejectionCode::wrong_state, type->title + "没有“" + take.action + "”这一步。",
                            near.empty() ? "请查看办件现在可以办理的事项。" : "是不是 " + near + "？");
            }
            return Act(*state, command, context, *type, *action, take.form, take.assignment).decide(std::nullopt, {});
          },
          [&](const AddNote& note) -> Verdict {
            run.emit(NoteAdded{note.text});
            return run.finish();
          },
          [&](const FileDocument& file) -> Verdict {
            if (auto r = refuse_document(*state, *type, command.actor.kind)) return *r;
            run.emit(
                DocumentFiled{file.document, file.name, file.media_type, file.bytes, file.stored_hash, file.group});
            return run.finish();
          },
          [&](const AddLink& link) -> Verdict {
            if (!system) return not_there();
            run.emit(link.link);
            return run.finish();
          },
          [&](const EndLink& end) -> Verdict {
            if (!system) return not_there();
            run.emit(end.link);
            return run.finish();
          },
          [&](const ReleaseHold& release) -> Verdict {
            if (!system) return not_there();
            run.emit(HoldReleased{release.other});
            return run.finish();
          },
          [&](const ExpireClock& expire) -> Verdict {
            return system ? decide_expiry(std::move(run), expire.clock) : Verdict(not_there());
          },
          [&](const RecomputeClock& recompute) -> Verdict {
            return system ? decide_recompute(std::move(run), recompute.clock) : Verdict(not_there());
          },
          [&](const MoveEdition& move) -> Verdict {
            if (!system) return not_there();
            run.emit(EditionMoved{state->pack, move.to, move.reason});
            return run.finish();
          },
          [&](const ErasePerson&) -> Verdict {
            if (!system) return not_there();
            run.emit(PersonErased{state->person, {.kind = pack::BasisKind::product}});
            return run.finish();
          },
      },
      command.body);
}

std::vector<Offer> offers(const CaseState& state, const Actor& actor, const Context& context, Instant now) {
  std::vector<Offer> list;
  const pack::CaseType* type = context.pack->find_case(state.type);
  if (!type) return list;
  Command command{.case_id = state.id, .actor = actor, .received_at = now, .body = TakeAction{}};
  for (const Action& action : type->actions) {
    Act act(state, command, context, *type, action, {}, 0);
    std::optional<Rejection> refused = act.check_right();
    if (!refused) refused = act.check_what_stands();
    list.push_back({&action, std::move(refused)});
  }
  return list;
}

std::vector<DecisionMade> suggestions(const CaseState& state, const pack::Action& action, const Actor& actor,
                                      const std::vector<FormValue>& form, const Context& context, Instant now) {
  std::vector<DecisionMade> list;
  const pack::CaseType* type = context.pack->find_case(state.type);
  if (!type) return list;
  const auto hits = roles_of(actor, &state, *type, *context.registers, local_date(now));
  const ActorRef ref = actor_of(hits);
  Facts facts(*context.pack, *type, *action.scope, action.variables, state, form, &action, ref, now, context);
  const Command command{.case_id = state.id, .actor = actor, .received_at = now, .body = TakeAction{}};
  Act(state, command, context, *type, action, form, 0).look_up_for_suggestions(facts);
  for (const std::string& id : action.decide) {
    const pack::Decision* decision = context.pack->find_decision(id);
    const auto table = action.decisions.find(id);
    if (!decision || !decision->suggested || table == action.decisions.end()) continue;
    const dmn::Decision result = facts.evaluate(table->second);
    DecisionMade made{.decision = id,
                      .suggestion = result.outputs,
                      .choice = result.outputs,
                      .decided_by = static_cast<uint32_t>(result.decided_by.value_or(0)),
                      .at_least = result.status == dmn::Decision::Status::at_least,
                      .missing = result.missing};
    for (const auto& read : result.inputs) made.inputs.emplace_back(read.name, read.value);
    for (const int row : result.matched) {
      made.matched.push_back(static_cast<uint32_t>(row));
      if (row >= 1 && row <= static_cast<int>(decision->row_bases.size()) &&
          (!result.decided_by || *result.decided_by == row)) {
        made.bases.push_back(decision->row_bases[row - 1]);
      }
    }
    list.push_back(std::move(made));
  }
  return list;
}

}  // namespace tongban::kernel
