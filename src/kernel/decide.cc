#include "kernel/decide.h"

#include <algorithm>

#include "base/text.h"
#include "kernel/facts.h"
#include "kernel/run.h"

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

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

Rejection not_there() {
  return reject(RejectionCode::not_found, "没有找到这个办件，或者您无权查看。",
                "请核对编号；如属工作需要，请联系承办单位。");
}

std::string join_missing(const std::vector<std::string>& missing) {
  return missing.empty() ? "所需信息" : join(missing, "、");
}

// ---- an act (also the one that opens a case)
// --------------------------------------------------------------------------

// The steps 3 to 9 of KERNEL §1 for one action. A step returns a rejection or nothing.
class Act {
 public:
  Act(const CaseState& before, const Command& command, const Context& context, const pack::CaseType& type,
      const Action& action, std::vector<FormValue> form, uint32_t assignment)
      : before_(before),
        context_(context),
        type_(type),
        action_(action),
        form_(std::move(form)),
        assignment_(assignment),
        is_open_(&action == &type.open),
        run_{.command = command,
             .context = context,
             .type = type,
             .actor = {},
             .happened_at = command.received_at,
             .after = before,
             .events = {},
             .follow_ups = {}} {}

  Verdict decide(const std::optional<CaseOpened>& opened, const std::vector<Linked>& links) {
    if (auto r = check_right()) return *r;
    if (auto r = check_the_form()) return *r;
    Facts facts(*context_.pack, type_, *action_.scope, action_.variables, before_, form_, &action_, run_.actor,
                run_.happened_at, context_);
    if (auto r = look_up(facts)) return *r;
    if (auto r = evaluate_decisions(facts)) return *r;
    if (auto r = check_requirements(facts)) return *r;
    if (auto r = choose_outcome(facts)) return *r;
    if (opened) run_.emit(*opened);
    if (auto r = take_effect(facts, links)) return *r;
    return run_.finish();
  }

  // The look-ups of the action, as far as the form allows; for `suggestions`. One that cannot be made yet finds
  // nothing.
  void look_up_for_suggestions(Facts& facts) {
    for (const pack::LookUp& look : action_.look_ups) {
      LookedUp found{.look_up = look.id, .reg = look.reg};
      if (const auto as_of = day_of(look.at)) (void)look_up_one(facts, look, *as_of, found);
    }
  }

  // Step 3: is the action possible in this state, and for this actor? Public for `offers`.
  std::optional<Rejection> check_right() {
    if (!is_open_ && !contains(action_.from, before_.state)) return wrong_state();
    const Date day = local_date(run_.command.happened_at.value_or(run_.command.received_at));
    const auto hits = roles_of(run_.command.actor, is_open_ ? nullptr : &before_, type_, *context_.registers, day);
    for (const RoleHit& hit : hits) {
      if (!contains(action_.by, hit.role->id)) continue;
      if (assignment_ != 0 && hit.assignment != 0 && hit.assignment != assignment_) continue;
      if (!action_.of_assignment.empty() &&
          (hit.assignment == 0 || before_.assignments[hit.assignment - 1].name != action_.of_assignment)) {
        continue;
      }
      hit_ = hit;
      break;
    }
    const bool system = run_.command.actor.kind == Actor::Kind::system;
    if (!hit_ && !(system && action_.by_timer)) {
      return reject(RejectionCode::not_allowed,
                    "“" + action_.title + "”由" + titles_of_roles(type_, action_.by) + "办理，您现在的身份不能办理。",
                    "请由" + titles_of_roles(type_, action_.by) + "办理，或请管理员核对您的岗位。", action_.basis);
    }
    run_.actor = hit_ ? ActorRef{hit_->role->id, hit_->person, hit_->position, hit_->unit} : ActorRef{.role = "system"};
    return check_ask();
  }

 private:
  Rejection wrong_state() const {
    std::vector<std::string> from;
    for (const auto& id : action_.from) from.push_back("“" + title_of_state(type_, id) + "”");
    return reject(RejectionCode::wrong_state,
                  name_case(before_, type_) + " 现在是“" + title_of_state(type_, before_.state) + "”，不能“" +
                      action_.title + "”。",
                  from.empty() ? "请查看办件现在可以办理的事项。" : "只有在" + join(from, "、") + "时才能办理这一步。",
                  action_.basis);
  }

  std::optional<Rejection> check_ask() {
    if (action_.ask && before_.open_ask(action_.ask->id)) {
      return reject(RejectionCode::wrong_state, "“" + action_.title + "”已经提出，还没有答复。",
                    "请等待答复，不要重复提出。", action_.basis);
    }
    if (action_.answers.empty()) return std::nullopt;
    answered_ = before_.open_ask(action_.answers);
    if (!answered_) {
      return reject(RejectionCode::wrong_state, "现在没有等待“" + action_.title + "”的申请。",
                    "请刷新页面，查看是否已经办理。", action_.basis);
    }
    if (!run_.actor.person.empty() && run_.actor.person == answered_->asker.person) {
      return reject(RejectionCode::not_allowed, "提出申请的人不能自己决定。",
                    "请由" + titles_of_roles(type_, action_.by) + "中的另一人决定。", action_.basis);
    }
    return std::nullopt;
  }

  std::optional<Rejection> check_the_form() {
    const Instant received = run_.command.received_at;
    auto faults =
        check_form(action_, form_, *context_.registers, local_date(run_.command.happened_at.value_or(received)));
    if (const FormValue* stated = action_.happened.empty() ? nullptr : find_form(action_.happened);
        stated && stated->plain.kind() == Value::Kind::date_time) {
      run_.happened_at = stated->plain.as_date_time().at;
      const int64_t back_ms = action_.happened_within_hours * 3'600'000;
      if (run_.happened_at > received)
        faults.push_back({action_.happened, "时间不能晚于现在。"});
      else if (!run_.command.imported && received.ms - run_.happened_at.ms > back_ms) {
        faults.push_back(
            {action_.happened, "时间不能早于 " + std::to_string(action_.happened_within_hours) + " 小时之前。"});
      } else if (!is_open_ && run_.happened_at < before_.opened_at) {
        faults.push_back({action_.happened, "时间不能早于登记时间 " + to_minutes_text(before_.opened_at) + "。"});
      }
    } else {
      run_.happened_at = run_.command.happened_at.value_or(received);
    }
    if (faults.empty()) return check_ask_in_time();
    Rejection r = reject(RejectionCode::invalid_form,
                         "“" + action_.title + "”有 " + std::to_string(faults.size()) + " 处需要修改。",
                         "请按各项提示修改后再提交。", action_.basis);
    r.fields = std::move(faults);
    return r;
  }

  // What is asked to shield a clock must be asked before it is due.
  std::optional<Rejection> check_ask_in_time() {
    if (!action_.ask || action_.ask->shields.empty()) return std::nullopt;
    const Clock* clock = before_.running(action_.ask->shields);
    const pack::ClockDef* def = type_.find_clock(action_.ask->shields);
    if (!clock || clock->status == ClockStatus::claimed) {
      return reject(RejectionCode::requirement_failed,
                    "“" + (def ? def->title : action_.ask->shields) + "”现在没有在计时，不能“" + action_.title + "”。",
                    "请查看办件的时限。", action_.basis);
    }
    if (clock->due_at() && run_.happened_at > *clock->due_at()) {
      return reject(RejectionCode::requirement_failed, "时限已届满，不能申请延期。",
                    "时限为 " + to_text(clock->segments.back().counted.due_on) + "。请尽快办结，并说明逾期原因。",
                    action_.basis);
    }
    return std::nullopt;
  }

  const FormValue* find_form(std::string_view name) const {
    for (const FormValue& value : form_) {
      if (value.name == name) return &value;
    }
    return nullptr;
  }

  // ---- step 5 ----
  std::optional<Rejection> look_up(Facts& facts) {
    for (const pack::LookUp& look : action_.look_ups) {
      const auto as_of = day_of(look.at);
      if (!as_of) return undecidable({look.at});
      LookedUp found{.look_up = look.id, .reg = look.reg};
      if (auto r = look_up_one(facts, look, *as_of, found)) return r;
      looked_up_.push_back(std::move(found));
    }
    return std::nullopt;
  }

  std::optional<Date> day_of(const std::string& at) const {
    if (at == "act") return local_date(run_.happened_at);
    if (at == "open") return local_date(is_open_ ? run_.happened_at : before_.opened_at);
    const FormValue* form = find_form(at);
    const FieldValue* field = find_value(before_.fields, at);
    const Value value = form ? form->plain : field ? field->plain : Value();
    if (value.kind() == Value::Kind::date) return value.as_date();
    if (value.kind() == Value::Kind::date_time) return local_date(value.as_date_time().at);
    return std::nullopt;
  }

  std::optional<Rejection> look_up_one(Facts& facts, const pack::LookUp& look, Date day, LookedUp& found) {
    std::vector<std::pair<std::string, Value>> where;
    for (const auto& [field, formula] : look.where) {
      feel::EvalResult result = facts.evaluate(formula.expression);
      if (!result.ok) return failed_formula(result, formula);
      where.emplace_back(field, std::move(result.value));
    }
    const auto fits = [&](const Entry& entry) {
      const Revision* revision = entry.as_of(day);
      return revision && std::all_of(where.begin(), where.end(),
                                     [&](const auto& w) { return revision->values.get(w.first) == w.second; });
    };
    const Entry* hit = nullptr;
    if (look.kind == pack::LookUpKind::by_key || look.kind == pack::LookUpKind::nearest) {
      const feel::EvalResult key = facts.evaluate(look.key.expression);
      if (!key.ok) return failed_formula(key, look.key);
      if (key.value.kind() == Value::Kind::text) hit = find_by_key(look, key.value.as_text(), day, where, fits);
    } else {
      const auto matching = find_where(look, day, where, fits);
      if (look.kind == pack::LookUpKind::count || look.kind == pack::LookUpKind::exists) {
        found.revision = static_cast<uint32_t>(matching.size());
        facts.set_look_up(look.id, look.kind == pack::LookUpKind::count
                                       ? Value::of(static_cast<int64_t>(matching.size()))
                                       : Value::of(!matching.empty()));
        return std::nullopt;
      }
      if (!matching.empty()) hit = matching.front();
    }
    if (hit) {
      const Revision* revision = hit->as_of(day);
      found.entry = hit->id;
      found.revision = revision->no;
      feel::Context values = revision->values.as_context();
      if (!revision->values.find("id")) values.emplace_back("id", Value::text(hit->id));
      facts.set_look_up(look.id, Value::context(std::move(values)));
    }
    return std::nullopt;
  }

  // By key: the entry itself. Nearest: the entry of that key, else of the key's parents in the hierarchy that the key
  // belongs to (a division's duties up the divisions).
  const Entry* find_by_key(const pack::LookUp& look, std::string key, Date day,
                           const std::vector<std::pair<std::string, Value>>& where, const auto& fits) {
    if (look.kind == pack::LookUpKind::by_key) {
      const Entry* entry = context_.registers->find(look.reg, key);
      return entry && fits(*entry) ? entry : nullptr;
    }
    for (int level = 0; level < 8 && !key.empty(); ++level) {
      auto narrowed = where;
      narrowed.emplace_back("division", Value::text(key));
      const auto matching = find_where(look, day, narrowed, [&](const Entry& entry) {
        const Revision* revision = entry.as_of(day);
        return fits(entry) && revision->values.get("division") == Value::text(key);
      });
      if (!matching.empty()) return matching.front();
      key = context_.registers->parent_of("divisions", key, day);
    }
    return nullptr;
  }

  std::vector<const Entry*> find_where(const pack::LookUp& look, Date day,
                                       const std::vector<std::pair<std::string, Value>>& where,
                                       const auto& fits) const {
    std::vector<const Entry*> matching;
    const auto candidates = where.empty()
                                ? context_.registers->all(look.reg)
                                : context_.registers->where(look.reg, where.back().first, where.back().second, day);
    for (const Entry* entry : candidates) {
      if (fits(*entry)) matching.push_back(entry);
    }
    return matching;
  }

  // ---- step 6 ----
  std::optional<Rejection> evaluate_decisions(Facts& facts) {
    for (const std::string& id : action_.decide) {
      const auto table = action_.decisions.find(id);
      const pack::Decision* decision = context_.pack->find_decision(id);
      CHECK(table != action_.decisions.end() && decision);
      dmn::Decision result = facts.evaluate(table->second);
      if (result.status == dmn::Decision::Status::failed) {
        Rejection r = undecidable(result.missing);
        r.sentence = "决策表“" + decision->title + "”无法得出结果：" + result.error;
        return r;
      }
      DecisionMade made{.decision = id,
                        .suggestion = result.outputs,
                        .choice = result.outputs,
                        .decided_by = static_cast<uint32_t>(result.decided_by.value_or(0)),
                        .at_least = result.status == dmn::Decision::Status::at_least,
                        .missing = result.missing};
      for (const auto& read : result.inputs) made.inputs.emplace_back(read.name, read.value);
      for (const int row : result.matched) made.matched.push_back(static_cast<uint32_t>(row));
      const auto add_basis = [&](int row) {
        if (row >= 1 && row <= static_cast<int>(decision->row_bases.size()))
          made.bases.push_back(decision->row_bases[row - 1]);
      };
      if (result.decided_by)
        add_basis(*result.decided_by);
      else
        for (const int row : result.matched) add_basis(row);
      if (auto r = compare_with_choice(*decision, made)) return r;
      facts.set_decision(id, made.suggestion);
      made_.push_back(std::move(made));
    }
    return std::nullopt;
  }

  // A suggestion fills a form field; another choice needs a reason and is counted.
  std::optional<Rejection> compare_with_choice(const pack::Decision& decision, DecisionMade& made) {
    if (!decision.suggested) return std::nullopt;
    made.mode = DecisionMode::confirmed;
    feel::Context choice =
        made.suggestion.kind() == Value::Kind::context ? made.suggestion.as_context() : feel::Context{};
    for (const pack::Field& field : action_.form) {
      const size_t dot = field.suggest.find('.');
      if (dot == std::string::npos || field.suggest.substr(0, dot) != decision.id) continue;
      const std::string output = field.suggest.substr(dot + 1);
      const Value suggested = made.suggestion.get(output);
      const FormValue* chosen = find_form(field.id);
      const Value value = chosen ? chosen->plain : Value();
      if (suggested.is_null() || suggested == value) continue;
      const FormValue* why = find_form("why_" + field.id);
      if (!why || why->plain.kind() != Value::Kind::text || trim(why->plain.as_text()).empty()) {
        Rejection r = reject(RejectionCode::invalid_form, "“" + field.title + "”与建议不同。",
                             "请说明不采用建议的理由，或改用建议。", action_.basis);
        r.fields.push_back(
            {"why_" + field.id, "建议是“" + name_of_value(field, suggested) + "”，请说明不采用的理由。"});
        return r;
      }
      made.mode = DecisionMode::overridden;
      made.reason = why->plain.as_text();
      for (auto& [name, old] : choice) {
        if (name == output) old = value;
      }
    }
    made.choice = Value::context(std::move(choice));
    return std::nullopt;
  }

  std::string name_of_value(const pack::Field& field, const Value& value) const {
    if (field.kind == pack::FieldKind::entry && value.kind() == Value::Kind::text) {
      return context_.registers->name_of(field.reg, value.as_text(), local_date(run_.happened_at));
    }
    for (const auto& [id, label] : field.values) {
      if (value.kind() == Value::Kind::text && value.as_text() == id) return label;
    }
    return value.to_plain_text();
  }

  // ---- step 7 ----
  std::optional<Rejection> check_requirements(Facts& facts) {
    Rejection failed = reject(RejectionCode::requirement_failed, "", "", action_.basis);
    std::optional<Rejection> undecided;
    for (size_t i = 0; i < action_.require.size(); ++i) {
      const feel::EvalResult result = facts.evaluate(action_.require_formulas[i].expression);
      const pack::Condition* condition = context_.pack->find_condition(action_.require[i]);
      CHECK(condition);
      if (const auto decided = result.decided(); decided && !*decided) {
        failed.conditions.push_back({condition->id, condition->sentence, condition->instead, condition->basis});
      } else if (!decided && !undecided) {
        undecided = result.ok ? undecidable(result.missing) : failed_formula(result, action_.require_formulas[i]);
        undecided->basis = condition->basis;
      }
    }
    if (!failed.conditions.empty()) {
      failed.sentence = failed.conditions.front().sentence;
      failed.instead = failed.conditions.front().instead;
      failed.basis = failed.conditions.front().basis;
      return failed;
    }
    return undecided;
  }

  Rejection undecidable(const std::vector<std::string>& missing) const {
    return reject(RejectionCode::not_decidable,
                  "还缺少" + join_missing(missing) + "，无法判断能否“" + action_.title + "”。", "请补充后再办理。",
                  action_.basis);
  }

  Rejection failed_formula(const feel::EvalResult& result, const pack::Formula& formula) const {
    return reject(RejectionCode::not_decidable, "规则 " + formula.text + " 无法计算：" + result.error,
                  "请联系规则维护人员。", action_.basis);
  }

  // ---- step 8 ----
  std::optional<Rejection> choose_outcome(Facts& facts) {
    for (const Outcome& outcome : action_.outcomes) {
      if (outcome.condition) {
        const feel::EvalResult result = facts.evaluate(outcome.condition->expression);
        const auto decided = result.decided();
        if (!decided) return result.ok ? undecidable(result.missing) : failed_formula(result, *outcome.condition);
        if (!*decided) continue;
      }
      outcome_ = &outcome;
      return std::nullopt;
    }
    return reject(RejectionCode::not_decidable, "“" + action_.title + "”没有适用的结果。", "请联系规则维护人员。",
                  action_.basis);
  }

  const Basis& basis() const { return outcome_->basis.clause.empty() ? action_.basis : outcome_->basis; }

  // ---- step 9: effects in a fixed order ----
  std::optional<Rejection> take_effect(Facts& facts, const std::vector<Linked>& links) {
    const std::string to = outcome_->to.empty() ? before_.state : outcome_->to;
    const pack::State* state = type_.find_state(to);
    CHECK(state);
    if (auto r = check_holds(*state)) return r;
    emit_record(*state);
    for (const Linked& link : links) run_.emit(link);
    if (auto r = emit_fields(facts)) return r;
    for (auto& made : made_) run_.emit(made);
    for (auto& found : looked_up_) run_.emit(found);
    emit_answers();
    if (auto r = touch_running_clocks()) return r;
    end_assignments();
    if (auto r = start_assignments(facts)) return r;
    if (auto r = start_clocks(facts)) return r;
    open_ask();
    expire_after_refusal();
    if (state->final)
      close(*state);
    else if (auto r = check_holder(*state))
      return r;
    if (auto r = plan_follow_ups(facts)) return r;
    send_letters(facts);
    return std::nullopt;
  }

  std::optional<Rejection> check_holds(const pack::State& to) const {
    for (const LinkState& link : before_.links) {
      if (link.released || !(contains(link.holds, to.id) || (to.final && contains(link.holds, "final")))) continue;
      return reject(RejectionCode::requirement_failed,
                    "关联办件 " + link.other_number + " 还没有办结，不能转为“" + to.title + "”。", "请先办结关联办件。",
                    action_.basis);
    }
    return std::nullopt;
  }

  void emit_record(const pack::State& to) {
    ActionTaken taken{.action = action_.id.empty() ? "open" : action_.id,
                      .outcome = outcome_->id,
                      .from_state = before_.state,
                      .to_state = to.id,
                      .held_by = to.held_by,
                      .assignment = hit_ ? hit_->assignment : 0,
                      .flags = outcome_->flags,
                      .basis = basis()};
    if (is_open_) taken.action = "open";
    for (const FormValue& value : form_) {
      if (value.plain.is_null() && value.sealed.empty()) continue;
      taken.form.emplace_back(value.name, sealed_or_plain(value));
    }
    run_.emit(std::move(taken));
  }

  static FieldValue sealed_or_plain(const FormValue& value) {
    return value.sealed.empty() ? FieldValue{value.plain, {}} : FieldValue{Value(), value.sealed};
  }

  std::optional<Rejection> emit_fields(Facts& facts) {
    FieldsSet set;
    for (const pack::Field& field : action_.form) {
      const FormValue* value = field.is_case_field ? find_form(field.id) : nullptr;
      if (value && !(value->plain.is_null() && value->sealed.empty()))
        set.fields.emplace_back(field.id, sealed_or_plain(*value));
    }
    for (const auto& [name, formula] : outcome_->set) {
      // A personal value passes from form to field as it is, sealed: formulas cannot read it.
      feel::EvalResult result = facts.evaluate(formula.expression);
      if (!result.ok) return failed_formula(result, formula);
      set.fields.emplace_back(name, FieldValue{std::move(result.value), {}});
    }
    if (!set.fields.empty()) run_.emit(std::move(set));
    return std::nullopt;
  }

  void emit_answers() {
    if (answered_) run_.emit(AskAnswered{answered_->no, action_.grants ? Answer::granted : Answer::refused});
  }

  uint32_t scope_of_actor(const pack::ClockDef& def) const {
    if (!hit_ || hit_->assignment == 0) return 0;
    const Assignment& a = run_.after.assignments[hit_->assignment - 1];
    return def.scope == pack::ClockScope::per_chain ? a.root : a.no;
  }

  std::optional<Rejection> touch_running_clocks() {
    for (const auto& [name, effect] : outcome_->clocks) {
      if (effect == ClockEffect::start) continue;
      const pack::ClockDef& def = *type_.find_clock(name);
      Result<void> done;
      if (effect == ClockEffect::extend) {
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

  // The granting form may state another length than the one asked for.
  std::optional<Limit> extension_amount() const {
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

  void withdraw_asks_on_stopped() {
    for (size_t i = 0; i < run_.after.asks.size(); ++i) {
      const AskState& ask = run_.after.asks[i];
      if (!ask.open() || ask.shields == 0) continue;
      const Clock& clock = run_.after.clocks[ask.shields - 1];
      if (clock.over()) run_.emit(AskAnswered{ask.no, Answer::withdrawn});
    }
  }

  void end_assignments() {
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

  const Assignment* own_or_current(const std::string& name) const {
    if (hit_ && hit_->assignment != 0) {
      const Assignment& own = run_.after.assignments[hit_->assignment - 1];
      if (own.active() && own.name == name) return &own;
    }
    return run_.after.current(name);
  }

  std::optional<Rejection> start_assignments(Facts& facts) {
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

  void start_assignment(const pack::AssignmentType& type, const std::string& holder) {
    const Assignment* parent = nullptr;
    if (!type.under.empty()) {
      parent = run_.after.current(type.id);
      if (!parent) parent = run_.after.current(type.under);
    } else if (type.one) {
      if (const Assignment* old = run_.after.current(type.id)) end_assignment(run_, old->no, EndReason::replaced);
    }
    Assigned assigned{.no = static_cast<uint32_t>(run_.after.assignments.size() + 1),
                      .name = type.id,
                      .under = parent ? parent->no : 0,
                      .given_by = run_.actor.unit,
                      .basis = basis()};
    (type.of_person ? assigned.person : assigned.unit) = holder;
    if (type.of_person) assigned.unit = run_.actor.unit;
    if (first_assigned_ == 0) first_assigned_ = assigned.no;
    run_.emit(std::move(assigned));
  }

  std::optional<Rejection> start_clocks(Facts& facts) {
    for (const auto& [name, effect] : outcome_->clocks) {
      if (effect != ClockEffect::start) continue;
      const pack::ClockDef& def = *type_.find_clock(name);
      Basis why = def.basis;
      std::optional<Limit> limit = def.limit;
      if (!def.limit_decision.empty())
        limit = decided_limit(facts, def.limit_decision, why);
      else if (!def.limit_parameter.empty())
        limit = parameter_limit(def.limit_parameter, why);
      if (!limit && def.type != pack::ClockType::elapsed) return undecidable({"“" + def.title + "”的时限"});
      uint32_t scope_ref = 0;
      if (def.scope != pack::ClockScope::per_case) {
        const uint32_t base = first_assigned_ != 0 ? first_assigned_ : hit_ ? hit_->assignment : 0;
        if (base != 0)
          scope_ref = def.scope == pack::ClockScope::per_chain ? run_.after.assignments[base - 1].root : base;
      }
      if (const auto done = start_clock(run_, def, limit, why, scope_ref); !done.ok()) {
        return reject(RejectionCode::not_decidable, done.error().message, "请核对时限。", why);
      }
    }
    return std::nullopt;
  }

  std::optional<Limit> decided_limit(const Facts& facts, const std::string& name, Basis& why) const {
    const size_t dot = name.find('.');
    const std::string decision = name.substr(0, dot),
                      output = dot == std::string::npos ? "limit" : name.substr(dot + 1);
    const Value& outputs = facts.decision(decision);
    for (const DecisionMade& made : made_) {
      if (made.decision == decision && !made.bases.empty()) why = made.bases.front();
    }
    if (outputs.kind() != Value::Kind::context) return pack::limit_of(outputs);
    if (auto limit = pack::limit_of(outputs.get(output))) return limit;
    return outputs.as_context().size() == 1 ? pack::limit_of(outputs.as_context().front().second) : std::nullopt;
  }

  std::optional<Limit> parameter_limit(const std::string& name, Basis& why) const {
    const pack::Parameter* parameter =
        context_.pack->find_parameter(name.starts_with("param.") ? name.substr(6) : name);
    if (!parameter) return std::nullopt;
    why = parameter->basis;
    return parameter->value.kind() == Value::Kind::text ? pack::parse_limit(parameter->value.as_text())
                                                        : pack::limit_of(parameter->value);
  }

  void open_ask() {
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
  void expire_after_refusal() {
    if (!answered_ || action_.grants || answered_->shields == 0) return;
    const Clock& clock = run_.after.clocks[answered_->shields - 1];
    if (clock.status == ClockStatus::running && !clock.expired && clock.due_at() &&
        run_.happened_at > *clock.due_at()) {
      expire_clock(run_, clock);
    }
  }

  void close(const pack::State& state) {
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
  std::optional<Rejection> check_holder(const pack::State& state) const {
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

  std::optional<Rejection> plan_follow_ups(Facts& facts) {
    for (const pack::OpenCase& open : outcome_->open) {
      FollowUp follow{.rule = "outcome", .happened_at = run_.happened_at, .basis = basis()};
      if (auto r = fill_opening(facts, open, follow)) return r;
      run_.follow_ups.push_back(std::move(follow));
    }
    add_reactions(run_, pack::Reaction::Trigger::action, is_open_ ? "open" : action_.id, run_.happened_at);
    if (run_.after.state != before_.state)
      add_reactions(run_, pack::Reaction::Trigger::state, run_.after.state, run_.happened_at);
    return std::nullopt;
  }

  std::optional<Rejection> fill_opening(Facts& facts, const pack::OpenCase& open, FollowUp& follow) const {
    follow.open.pack = context_.pack->id;
    follow.open.type = open.case_type;
    follow.open.channel = "reaction";
    for (const auto& [name, formula] : open.form) {
      feel::EvalResult result = facts.evaluate(formula.expression);
      if (!result.ok) return failed_formula(result, formula);
      follow.open.form.push_back({name, std::move(result.value), {}});
    }
    follow.open.links.push_back({open.link, run_.after.id, run_.after.number, type_.id, {}});
    return std::nullopt;
  }

  void send_letters(const Facts& before_facts) {
    if (outcome_->send.empty()) return;
    const CaseState state = run_.after;  // letters are written from the result
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
      if (role->relation == pack::RoleRelation::party) {
        run_.emit(sent);
        continue;
      }
      auto units = units_of(*role, state);
      if (units.empty()) units = units_of(*role, before_);  // who held it until this act is told of its end
      for (const std::string& unit : units) {
        sent.to_unit = unit;
        run_.emit(sent);
      }
    }
  }

  static std::string print(const pack::Letter& letter, Facts& facts) {
    std::string text;
    for (const auto& piece : letter.pieces) {
      text += piece.literal;
      if (!piece.formula) continue;
      const feel::EvalResult result = facts.evaluate(piece.formula->expression);
      text += result.value.is_null() ? "（待定）" : result.value.to_plain_text();
    }
    return text;
  }

  const CaseState& before_;
  const Context& context_;
  const pack::CaseType& type_;
  const Action& action_;
  std::vector<FormValue> form_;
  uint32_t assignment_;
  bool is_open_;
  Run run_;
  std::optional<RoleHit> hit_;
  const AskState* answered_ = nullptr;
  std::vector<LookedUp> looked_up_;
  std::vector<DecisionMade> made_;
  const Outcome* outcome_ = nullptr;
  uint32_t first_assigned_ = 0;
};

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
  if (command.actor.kind != Actor::Kind::system && !hits.empty()) {
    run.actor = {hits.front().role->id, hits.front().person, hits.front().position, hits.front().unit};
  }
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

// A notice arrived: each counted segment again with the calendar as known now, later segments from their new start.
Verdict decide_recompute(Run run, uint32_t no) {
  if (no == 0 || no > run.after.clocks.size()) return not_there();
  for (uint32_t i = 0; i < run.after.clocks[no - 1].segments.size(); ++i) {
    const Clock& clock = run.after.clocks[no - 1];
    const calendar::Counted old = clock.segments[i].counted;
    Instant start = old.start;
    if (i > 0 && clock.segments[i].why == Clock::Segment::Why::extension) {
      const calendar::Counted& previous = clock.segments[i - 1].counted;
      const bool days = old.unit != calendar::Unit::minutes && old.unit != calendar::Unit::hours;
      start = days ? start_of_day(previous.due_on) : previous.due_at;
    }
    const auto counted = calendar::count(*run.context.calendar, start, old.unit, old.n, old.kind);
    if (!counted.ok()) return reject(RejectionCode::not_decidable, counted.error().message, "请核对日历。");
    calendar::Counted fresh = *counted;
    const bool same_days =
        fresh.due_at == old.due_at && fresh.provisional == old.provisional && fresh.specials == old.specials;
    if (!same_days) run.emit(ClockRecomputed{no, i, std::move(fresh), old.due_on});
  }
  if (run.events.empty()) return reject(RejectionCode::wrong_state, "重新计算后时限没有变化。", "无需处理。");
  return run.finish();
}

}  // namespace

void add_reactions(Run& run, pack::Reaction::Trigger trigger, const std::string& of, Instant happened_at) {
  for (const pack::Reaction& reaction : run.type.reactions) {
    if (reaction.trigger != trigger || reaction.of != of) continue;
    FollowUp follow{.rule = reaction.id, .happened_at = happened_at, .basis = reaction.basis};
    if (reaction.open) {
      const std::vector<FormValue> no_form;
      Facts facts(*run.context.pack, run.type, *run.type.scope, run.type.variables, run.after, no_form, nullptr,
                  run.actor, happened_at, run.context);
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
      if (link.kind != reaction.link_kind) continue;
      FollowUp act = follow;
      act.subject = link.other;
      act.act.action = reaction.act;
      run.follow_ups.push_back(std::move(act));
    }
  }
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
            run.emit(
                DocumentFiled{file.document, file.name, file.media_type, file.bytes, file.stored_hash, file.group});
            return run.finish();
          },
          [&](const AddLink& link) -> Verdict {
            if (!system) return not_there();
            run.emit(link.link);
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
    list.push_back({&action, Act(state, command, context, *type, action, {}, 0).check_right()});
  }
  return list;
}

std::vector<DecisionMade> suggestions(const CaseState& state, const pack::Action& action, const Actor& actor,
                                      const std::vector<FormValue>& form, const Context& context, Instant now) {
  std::vector<DecisionMade> list;
  const pack::CaseType* type = context.pack->find_case(state.type);
  if (!type) return list;
  const auto hits = roles_of(actor, &state, *type, *context.registers, local_date(now));
  const ActorRef ref =
      hits.empty() ? ActorRef{}
                   : ActorRef{hits.front().role->id, hits.front().person, hits.front().position, hits.front().unit};
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
