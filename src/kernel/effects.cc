// What an act changes, in a fixed order, so that the order of keys in a pack never matters.
#include <algorithm>

#include "base/text.h"
#include "kernel/act.h"
#include "kernel/undo.h"

namespace tongban::kernel {
namespace {

using feel::Value;
using pack::Action;
using pack::ClockEffect;

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

// ---- step 9: effects in a fixed order ----
std::optional<Rejection> Act::take_effect(Facts& facts, const std::vector<Linked>& links) {
  const std::string to = outcome_->to.empty() ? before_.state : outcome_->to;
  const pack::State* state = type_.find_state(to);
  CHECK(state);
  if (auto r = check_holds(*state)) return r;
  if (auto r = prepare_openings(facts)) return r;
  emit_record(*state);
  for (const Linked& link : links) run_.emit(link);
  if (auto r = emit_fields(facts)) return r;
  for (auto& made : made_) run_.emit(made);
  for (auto& found : looked_up_) run_.emit(found);
  emit_answers();
  change_links();
  if (!action_.undoes.action.empty()) undo_act(run_, act_to_undo(before_, action_)->version);
  if (auto r = touch_running_clocks()) return r;
  end_assignments();
  if (auto r = start_assignments(facts)) return r;
  if (auto r = start_clocks()) return r;
  open_ask();
  expire_after_refusal();
  if (state->final)
    close(*state);
  else if (auto r = check_holder(*state))
    return r;
  plan_follow_ups();
  const size_t first_letter = run_.events.size();
  send_letters(facts);
  hold_letters(run_, action_, first_letter);
  return std::nullopt;
}

std::optional<Rejection> Act::check_holds(const pack::State& to) const {
  for (const LinkState& link : before_.links) {
    if (link.released || !(contains(link.holds, to.id) || (to.final && contains(link.holds, "final")))) continue;
    return reject(RejectionCode::requirement_failed,
                  "关联办件 " + link.other_number + " 还没有办结，不能转为“" + to.title + "”。", "请先办结关联办件。",
                  action_.basis);
  }
  return std::nullopt;
}

void Act::emit_record(const pack::State& to) {
  ActionTaken taken{.action = action_.id.empty() ? "open" : action_.id,
                    .outcome = outcome_->id,
                    .from_state = before_.state,
                    .to_state = to.id,
                    .held_by = to.held_by,
                    .assignment = hit_ ? hit_->assignment : 0,
                    .flags = outcome_->flags,
                    .basis = basis(),
                    .counted = std::move(counted_)};
  if (is_open_) taken.action = "open";
  for (const FormValue& value : form_) {
    if (value.plain.is_null() && value.sealed.empty()) continue;
    taken.form.emplace_back(value.name, sealed_or_plain(value));
  }
  run_.emit(std::move(taken));
}

FieldValue Act::sealed_or_plain(const FormValue& value) {
  return value.sealed.empty() ? FieldValue{value.plain, {}} : FieldValue{Value(), value.sealed};
}

std::optional<Rejection> Act::emit_fields(Facts& facts) {
  FieldsSet set;
  for (const pack::Field& field : action_.form) {
    const FormValue* value = field.is_case_field ? find_form(field.id) : nullptr;
    if (value && !(value->plain.is_null() && value->sealed.empty()))
      set.fields.emplace_back(field.id, sealed_or_plain(*value));
  }
  for (const auto& [name, formula] : outcome_->set) {
    // Plain values only: the checker lets no formula set a personal field.
    feel::EvalResult result = facts.evaluate(formula.expression);
    if (!result.ok) return failed_formula(result, formula);
    facts.take_counted(name, set.counted);
    set.fields.emplace_back(name, FieldValue{std::move(result.value), {}});
  }
  if (!set.fields.empty()) run_.emit(std::move(set));
  return std::nullopt;
}

void Act::emit_answers() {
  if (answered_) run_.emit(AskAnswered{answered_->no, action_.grants ? Answer::granted : Answer::refused});
}

// To the case that the act names; the engine writes the other end in the same commit.
void Act::change_links() {
  for (const std::string& kind : outcome_->unlink) {
    if (const LinkState* link = run_.after.link(kind)) run_.emit(LinkEnded{kind, false, link->other});
  }
  if (!outcome_->links_other || !context_.other) return;
  const auto kind = std::find_if(type_.links.begin(), type_.links.end(),
                                 [&](const pack::LinkKind& link) { return link.id == action_.other.link; });
  CHECK(kind != type_.links.end());
  run_.emit(Linked{.kind = kind->id,
                   .inverse = false,
                   .other = context_.other->id,
                   .other_number = context_.other->number,
                   .other_type = context_.other->type,
                   .holds = kind->holds});
}

uint32_t Act::scope_of_actor(const pack::ClockDef& def) const {
  if (!hit_ || hit_->assignment == 0) return 0;
  const Assignment& a = run_.after.assignments[hit_->assignment - 1];
  return def.scope == pack::ClockScope::per_chain ? a.root : a.no;
}

std::optional<Rejection> Act::touch_running_clocks() {
  for (const auto& [name, effect] : outcome_->clocks) {
    if (effect == ClockEffect::start) continue;
    const pack::ClockDef& def = *type_.find_clock(name);
    Result<void> done;
    if (effect == ClockEffect::extend) {
      if (auto r = check_asked_in_time(def)) return r;
      const auto amount = extension_amount();
      if (!amount) return undecidable({"延期时长"});
      done = extend_clocks(run_, def, *amount, scope_of_actor(def), basis());
    } else if (effect == ClockEffect::resume) {
      done = resume_clocks(run_, def, scope_of_actor(def));
    } else {
      touch_clocks(run_, def, effect, scope_of_actor(def), basis());
      withdraw_asks_on_stopped();
    }
    if (!done.ok()) return reject(RejectionCode::not_decidable, done.error().message, "请核对时限。", basis());
  }
  return std::nullopt;
}

// A clock is extended only if that was asked before the due instant; by its own form, before it as well.
std::optional<Rejection> Act::check_asked_in_time(const pack::ClockDef& def) const {
  const Clock* clock = run_.after.running(def.id);
  if (answered_ || !clock || !clock->due_at() || run_.happened_at <= *clock->due_at()) return std::nullopt;
  return reject(RejectionCode::requirement_failed,
                "“" + def.title + "”已在 " + to_text(clock->segments.back().counted.due_on) +
                    " 届满，没有在届满前申请，不能延长。",
                "请尽快办结，并说明逾期原因。", action_.basis);
}

// The granting form may state another length than the one asked for.
std::optional<Limit> Act::extension_amount() const {
  for (const Action& asking : type_.actions) {
    if (!asking.ask || asking.ask->id != action_.answers) continue;
    if (const FormValue* own = find_form(asking.ask->amount)) {
      if (auto limit = pack::limit_of(own->plain)) return limit;
    }
  }
  if (answered_) return answered_->amount;
  for (const FormValue& value : form_) {  // extended without having been asked: by its own form
    if (auto limit = pack::limit_of(value.plain)) return limit;
  }
  return std::nullopt;
}

void Act::withdraw_asks_on_stopped() {
  for (size_t i = 0; i < run_.after.asks.size(); ++i) {
    const AskState& ask = run_.after.asks[i];
    if (!ask.open() || ask.shields == 0) continue;
    const Clock& clock = run_.after.clocks[ask.shields - 1];
    if (clock.over()) run_.emit(AskAnswered{ask.no, Answer::withdrawn});
  }
}

void Act::end_assignments() {
  for (const std::string& name : outcome_->end) {
    const pack::AssignmentType* type = type_.find_assignment(name);
    if (type && type->one) {
      if (const Assignment* current = own_or_current(name)) end_assignment(run_, current->no, EndReason::act);
      continue;
    }
    if (hit_ && hit_->assignment != 0 && before_.assignments[hit_->assignment - 1].name == name &&
        action_.of_assignment == name) {
      end_assignment(run_, hit_->assignment, EndReason::act);  // the actor's own only
      continue;
    }
    for (size_t i = 0; i < run_.after.assignments.size(); ++i) {
      const Assignment& a = run_.after.assignments[i];
      if (a.active() && a.name == name) end_assignment(run_, a.no, EndReason::act);
    }
  }
  withdraw_asks_on_stopped();
}

const Assignment* Act::own_or_current(const std::string& name) const {
  if (hit_ && hit_->assignment != 0) {
    const Assignment& own = run_.after.assignments[hit_->assignment - 1];
    if (own.active() && own.name == name) return &own;
  }
  return run_.after.current(name);
}

std::optional<Rejection> Act::start_assignments(Facts& facts) {
  for (const auto& [name, formula] : outcome_->assign) {
    const feel::EvalResult result = facts.evaluate(formula.expression);
    if (!result.ok) return failed_formula(result, formula);
    feel::List holders;
    if (result.value.kind() == Value::Kind::list)
      holders = result.value.as_list();
    else if (!result.value.is_null())
      holders.push_back(result.value);
    for (const Value& holder : holders) {
      if (holder.kind() != Value::Kind::text) return undecidable({name});
      start_assignment(*type_.find_assignment(name), holder.as_text());
    }
  }
  return std::nullopt;
}

void Act::start_assignment(const pack::AssignmentType& type, const std::string& holder) {
  const Assignment* parent = nullptr;
  if (!type.under.empty()) {
    if (!type.one) parent = own_assignment(type);  // several stand beside each other: under the one who hands on
    if (!parent) parent = run_.after.current(type.id);
    if (!parent) parent = run_.after.current(type.under);
  } else if (type.one) {
    if (const Assignment* old = run_.after.current(type.id)) end_assignment(run_, old->no, EndReason::replaced);
  }
  Assigned assigned{.no = static_cast<uint32_t>(run_.after.assignments.size() + 1),
                    .name = type.id,
                    .under = parent ? parent->no : 0,
                    // What the system hands on comes from the unit above.
                    .given_by = run_.actor.unit.empty() && parent ? parent->unit : run_.actor.unit,
                    .basis = basis()};
  (type.of_person ? assigned.person : assigned.unit) = holder;
  if (type.of_person) assigned.unit = run_.actor.unit;
  if (first_assigned_ == 0) first_assigned_ = assigned.no;
  const uint32_t handed_on = assigned.under;
  run_.emit(std::move(assigned));
  if (handed_on != 0) withdraw_asks_of(run_, handed_on);
}

// The actor's own assignment, where `type` may hang under it.
const Assignment* Act::own_assignment(const pack::AssignmentType& type) const {
  if (!hit_ || hit_->assignment == 0 || hit_->role->relation != pack::RoleRelation::assignment) return nullptr;
  const Assignment& own = run_.after.assignments[hit_->assignment - 1];
  return own.active() && (own.name == type.id || own.name == type.under) ? &own : nullptr;
}

// What a new clock hangs on: of the assignments that this act made those that its owner holds, whatever the order in
// the pack; else the first of them; else the actor's own.
std::vector<uint32_t> Act::scopes_of_new_clock(const pack::ClockDef& def) const {
  if (def.scope == pack::ClockScope::per_case) return {0};
  const pack::Role* owner = type_.find_role(def.owner);
  std::vector<uint32_t> scopes;
  const auto add = [&](const Assignment& assignment) {
    const uint32_t scope = def.scope == pack::ClockScope::per_chain ? assignment.root : assignment.no;
    if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) scopes.push_back(scope);
  };
  const auto& assignments = run_.after.assignments;
  for (size_t i = first_assigned_ == 0 ? assignments.size() : first_assigned_ - 1; i < assignments.size(); ++i) {
    if (owner && assignments[i].name == owner->assignment) add(assignments[i]);
  }
  const uint32_t other = first_assigned_ != 0 ? first_assigned_ : hit_ ? hit_->assignment : 0;
  if (scopes.empty() && other != 0) add(assignments[other - 1]);
  if (scopes.empty()) scopes.push_back(0);
  return scopes;
}

std::optional<Rejection> Act::start_clocks() {
  for (const auto& [name, effect] : outcome_->clocks) {
    if (effect != ClockEffect::start) continue;
    const pack::ClockDef& def = *type_.find_clock(name);
    Basis why = def.basis;
    std::optional<Limit> limit = def.limit;
    if (!def.limit_decision.empty())
      limit = decided_limit(def.limit_decision, why);
    else if (!def.limit_parameter.empty())
      limit = limit_of_parameter(*context_.pack, def.limit_parameter, why);
    if (!limit && def.type != pack::ClockType::elapsed) return undecidable({"“" + def.title + "”的时限"});
    for (const uint32_t scope_ref : scopes_of_new_clock(def)) {
      if (const auto done = start_clock(run_, def, limit, why, scope_ref); !done.ok())
        return reject(RejectionCode::not_decidable, done.error().message, "请核对时限。", why);
    }
  }
  return std::nullopt;
}

// What was chosen counts, where a suggestion was not taken.
std::optional<Limit> Act::decided_limit(const std::string& name, Basis& why) const {
  for (const DecisionMade& made : made_) {
    if (made.decision != name.substr(0, name.find('.'))) continue;
    if (!made.bases.empty()) why = made.bases.front();
    return limit_among(made.choice, name);
  }
  return std::nullopt;
}

void Act::open_ask() {
  if (!action_.ask) return;
  AskOpened ask{.no = static_cast<uint32_t>(run_.after.asks.size() + 1),
                .name = action_.ask->id,
                .of_role = action_.ask->of_role};
  if (const pack::Role* role = type_.find_role(action_.ask->of_role)) {
    const auto units = units_of(*role, run_.after);
    if (!units.empty()) ask.of_unit = units.front();
  }
  if (const Clock* clock = action_.ask->shields.empty() ? nullptr : run_.after.running(action_.ask->shields))
    ask.shields = clock->no;
  if (const FormValue* amount = find_form(action_.ask->amount)) ask.amount = pack::limit_of(amount->plain);
  run_.emit(std::move(ask));
}

// READING: refused, the case is late as of the old due date.
void Act::expire_after_refusal() {
  if (!answered_ || action_.grants || answered_->shields == 0) return;
  const Clock& clock = run_.after.clocks[answered_->shields - 1];
  if (clock.status == ClockStatus::running && !clock.expired && clock.due_at() && run_.happened_at > *clock.due_at()) {
    expire_clock(run_, clock);
  }
}

void Act::close(const pack::State& state) {
  for (size_t i = 0; i < run_.after.clocks.size(); ++i) {
    const Clock& clock = run_.after.clocks[i];
    if (clock.over()) continue;
    if (clock.status == ClockStatus::claimed)
      run_.emit(ClockStopped{clock.no, StopKind::confirm, *clock.claimed_at, clock.late});
    else
      run_.emit(ClockStopped{clock.no, StopKind::cancel, run_.happened_at, clock.late});
  }
  withdraw_asks_on_stopped();
  for (size_t i = 0; i < run_.after.asks.size(); ++i) {
    if (run_.after.asks[i].open()) run_.emit(AskAnswered{run_.after.asks[i].no, Answer::withdrawn});
  }
  for (size_t i = 0; i < run_.after.assignments.size(); ++i)
    end_assignment(run_, run_.after.assignments[i].no, EndReason::case_closed);
  run_.emit(CaseClosed{state.result, state.keep});
}

// Nobody is stuck: somebody must be able to act on the case afterwards.
std::optional<Rejection> Act::check_holder(const pack::State& state) const {
  for (const auto& id : state.held_by) {
    const pack::Role* role = type_.find_role(id);
    if (!role) continue;
    switch (role->relation) {
      case pack::RoleRelation::unit:
      case pack::RoleRelation::party:
      case pack::RoleRelation::system:
      case pack::RoleRelation::anyone:
        return std::nullopt;
      default:
        if (!units_of(*role, run_.after).empty()) return std::nullopt;
    }
  }
  return reject(RejectionCode::no_holder,
                "办理后“" + state.title + "”将没有" + titles_of_roles(type_, state.held_by) + "，办件会无人办理。",
                "请先指定承办单位。", action_.basis);
}

// The forms of the cases that the outcome opens: of the facts before the act, so that what they counted stands with it.
std::optional<Rejection> Act::prepare_openings(Facts& facts) {
  for (const pack::OpenCase& open : outcome_->open) {
    FollowUp follow{.rule = "outcome", .happened_at = run_.happened_at, .basis = basis()};
    follow.open.pack = context_.pack->id;
    follow.open.type = open.case_type;
    follow.open.channel = "reaction";
    for (const auto& [name, formula] : open.form) {
      feel::EvalResult result = facts.evaluate(formula.expression);
      if (!result.ok) return failed_formula(result, formula);
      facts.take_counted(name, counted_);
      follow.open.form.push_back({name, std::move(result.value), {}});
    }
    follow.open.links.push_back({open.link, run_.after.id, run_.after.number, type_.id, {}});
    openings_.push_back(std::move(follow));
  }
  return std::nullopt;
}

void Act::plan_follow_ups() {
  for (FollowUp& follow : openings_) run_.follow_ups.push_back(std::move(follow));
  add_reactions(run_, pack::Reaction::Trigger::action, is_open_ ? "open" : action_.id, run_.happened_at);
  if (run_.after.state != before_.state)
    add_reactions(run_, pack::Reaction::Trigger::state, run_.after.state, run_.happened_at);
}

void Act::send_letters(const Facts& before_facts) {
  if (outcome_->send.empty()) return;
  const CaseState& state = run_.after;  // letters are written from the result, all before the first is recorded
  std::vector<LetterSent> letters;
  for (const auto& [letter_id, role_id] : outcome_->send) {
    const pack::Letter* letter = context_.pack->find_letter(letter_id);
    const pack::Role* role = type_.find_role(role_id);
    CHECK(letter && role);
    Facts facts(*context_.pack, type_, letter->scope ? *letter->scope : *action_.scope,
                letter->scope ? letter->variables : action_.variables, state, form_, &action_, run_.actor,
                run_.happened_at, context_);
    for (const DecisionMade& made : made_) facts.set_decision(made.decision, before_facts.decision(made.decision));
    LetterSent sent{.letter = letter_id,
                    .channel = letter->channel,
                    .to_role = role_id,
                    .text = print(*letter, facts),
                    .basis = letter->basis};
    facts.take_counted({}, sent.counted);
    if (role->relation == pack::RoleRelation::party) {
      letters.push_back(std::move(sent));
      continue;
    }
    auto units = units_of(*role, state);
    if (units.empty()) units = units_of(*role, before_);  // who held it until this act is told of its end
    for (const std::string& unit : units) {
      sent.to_unit = unit;
      letters.push_back(sent);
    }
  }
  for (LetterSent& letter : letters) run_.emit(std::move(letter));
}

std::string Act::print(const pack::Letter& letter, Facts& facts) {
  std::string text;
  for (const auto& piece : letter.pieces) {
    text += piece.literal;
    if (!piece.formula) continue;
    const feel::EvalResult result = facts.evaluate(piece.formula->expression);
    text += result.value.is_null() ? "（待定）" : result.value.to_plain_text();
  }
  return text;
}

}  // namespace tongban::kernel
