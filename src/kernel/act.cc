// What is asked before an act takes effect: rights, form, look-ups, decisions, conditions, outcome.
#include <algorithm>

#include "base/text.h"
#include "kernel/act.h"
#include "kernel/undo.h"

namespace tongban::kernel {
namespace {

using feel::Value;
using pack::Outcome;

bool contains(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

std::string join_missing(const std::vector<std::string>& missing) {
  return missing.empty() ? "所需信息" : join(missing, "、");
}

}  // namespace

Verdict Act::decide(const std::optional<CaseOpened>& opened, const std::vector<Linked>& links) {
  if (auto r = check_right()) return *r;
  if (auto r = check_the_form()) return *r;
  Facts facts(*context_.pack, type_, *action_.scope, action_.variables, before_, form_, &action_, run_.actor,
              run_.happened_at, context_);
  if (auto r = look_up(facts)) return *r;
  if (auto r = evaluate_decisions(facts)) return *r;
  if (auto r = check_requirements(facts)) return *r;
  if (auto r = choose_outcome(facts)) return *r;
  run_.after = before_;
  if (opened) run_.emit(*opened);
  if (auto r = take_effect(facts, links)) return *r;
  return run_.finish();
}

// The look-ups of the action, as far as the form allows; for `suggestions`. One that cannot be made yet finds
// nothing.
void Act::look_up_for_suggestions(Facts& facts) {
  for (const pack::LookUp& look : action_.look_ups) {
    LookedUp found{.look_up = look.id, .reg = look.reg};
    if (const auto as_of = day_of(look.at)) (void)look_up_one(facts, look, *as_of, found);
  }
}

// Step 3: is the action possible in this state, and for this actor? Public for `offers`.
std::optional<Rejection> Act::check_right() {
  if (!is_open_ && !contains(action_.from, before_.state)) return wrong_state();
  const Date day = local_date(run_.command.happened_at.value_or(run_.command.received_at));
  const auto hits = roles_of(run_.command.actor, is_open_ ? nullptr : &before_, type_, *context_.registers, day);
  for (const RoleHit& hit : hits) {  // who stands in several roles acts in the one that the type names first
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
  if (!action_.undoes.action.empty()) {
    if (auto r = refuse_undo(before_, type_, action_, run_.command.received_at)) return r;
  }
  return check_ask();
}

Rejection Act::wrong_state() const {
  std::vector<std::string> from;
  for (const auto& id : action_.from) from.push_back("“" + title_of_state(type_, id) + "”");
  // What was asked stays open while the act that claims its clock waits for confirmation: confirmed, it is withdrawn
  // and nothing is left to decide; taken back, the clock runs on from its old due date and the question can be decided.
  if (const AskState* ask = action_.answers.empty() ? nullptr : before_.open_ask(action_.answers);
      ask && ask->shields != 0 && before_.clocks[ask->shields - 1].status == ClockStatus::claimed) {
    return reject(RejectionCode::wrong_state,
                  name_case(before_, type_) + " 现在是“" + title_of_state(type_, before_.state) +
                      "”，申请所涉的事项已经办完，等待确认，现在不能“" + action_.title + "”。",
                  "确认通过的，申请自动撤回，不用再决定；没有通过、退回" + join(from, "、") + "的，可以接着决定。",
                  action_.basis);
  }
  return reject(RejectionCode::wrong_state,
                name_case(before_, type_) + " 现在是“" + title_of_state(type_, before_.state) + "”，不能“" +
                    action_.title + "”。",
                from.empty() ? "请查看办件现在可以办理的事项。" : "只有在" + join(from, "、") + "时才能办理这一步。",
                action_.basis);
}

std::optional<Rejection> Act::check_ask() {
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

std::optional<Rejection> Act::check_the_form() {
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
    } else if (const ActRecord* entered = act_that_led_here();
               !run_.command.imported && entered && run_.happened_at < entered->happened_at) {
      // What is answered or explained in a state cannot have happened before the case came there.
      faults.push_back({action_.happened, "时间不能早于转为“" + title_of_state(type_, before_.state) + "”的时间 " +
                                              to_minutes_text(entered->happened_at) + "。"});
    } else if (!is_open_ && run_.happened_at < before_.opened_at) {
      faults.push_back({action_.happened, "时间不能早于登记时间 " + to_minutes_text(before_.opened_at) + "。"});
    }
  } else {
    run_.happened_at = run_.command.happened_at.value_or(received);
  }
  check_staff_only(faults);
  check_other(faults);
  if (faults.empty()) return check_ask_in_time();
  Rejection r = reject(RejectionCode::invalid_form,
                       "“" + action_.title + "”有 " + std::to_string(faults.size()) + " 处需要修改。",
                       "请按各项提示修改后再提交。", action_.basis);
  r.fields = std::move(faults);
  return r;
}

// The latest act that changed the state, as long as it was not taken back; null: none since the opening.
const ActRecord* Act::act_that_led_here() const {
  for (size_t i = before_.acts.size(); i-- > 0;) {
    const ActRecord& act = before_.acts[i];
    if (!act.undone && act.action != "open" && act.from_state != act.to_state) return &act;
  }
  return nullptr;
}

// What only staff give; a page does not offer it to others.
void Act::check_staff_only(std::vector<FieldFault>& faults) const {
  const auto relation = hit_ ? hit_->role->relation : pack::RoleRelation::system;
  if (relation != pack::RoleRelation::anyone && relation != pack::RoleRelation::party) return;
  for (const pack::Field& field : action_.form) {
    const FormValue* value = field.staff_only ? find_form(field.id) : nullptr;
    if (value && !value->plain.is_null())
      faults.push_back({field.id, "“" + field.title + "”由工作人员填写，请去掉这一项。"});
  }
}

// The other case that the form names is there for the actor, of the right type, and not this one.
void Act::check_other(std::vector<FieldFault>& faults) const {
  if (action_.other.link.empty()) return;
  const std::string& field = action_.other.field;
  const bool is_named = field.empty() || (find_form(field) && !find_form(field)->plain.is_null());
  if (!is_named || (is_open_ && !context_.other)) return;  // an entry that must be filled was reported already
  if (!context_.other) return faults.push_back({field, "没有找到这个办件，或者您无权查看，请核对编号。"});
  const auto kind = std::find_if(type_.links.begin(), type_.links.end(),
                                 [&](const pack::LinkKind& link) { return link.id == action_.other.link; });
  CHECK(kind != type_.links.end());
  if (context_.other->id == before_.id) {
    faults.push_back({field, "填的是这个办件自己，请填另一个办件的编号。"});
  } else if (context_.other->type != kind->to || context_.other->pack != context_.pack->key()) {
    const pack::CaseType* wanted = context_.pack->find_case(kind->to);
    faults.push_back({field, "这个编号不是现行的" + (wanted ? wanted->title : kind->to) + "，请核对编号。"});
  }
}

// What is asked to shield a clock must be asked before it is due.
std::optional<Rejection> Act::check_ask_in_time() {
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

const FormValue* Act::find_form(std::string_view name) const {
  for (const FormValue& value : form_) {
    if (value.name == name) return &value;
  }
  return nullptr;
}

// ---- step 5 ----
std::optional<Rejection> Act::look_up(Facts& facts) {
  for (const pack::LookUp& look : action_.look_ups) {
    const auto as_of = day_of(look.at);
    if (!as_of) return undecidable({look.at});
    LookedUp found{.look_up = look.id, .reg = look.reg};
    if (auto r = look_up_one(facts, look, *as_of, found)) return r;
    facts.take_counted(look.id, counted_);
    looked_up_.push_back(std::move(found));
  }
  return std::nullopt;
}

std::optional<Date> Act::day_of(const std::string& at) const {
  if (at == "act") return local_date(run_.happened_at);
  if (at == "open") return local_date(is_open_ ? run_.happened_at : before_.opened_at);
  const FormValue* form = find_form(at.starts_with("form.") ? at.substr(5) : at);
  const FieldValue* field = find_value(before_.fields, at);
  const Value value = form && !form->plain.is_null() ? form->plain : field ? field->plain : Value();
  if (value.kind() == Value::Kind::date) return value.as_date();
  if (value.kind() == Value::Kind::date_time) return local_date(value.as_date_time().at);
  return std::nullopt;
}

std::optional<Rejection> Act::look_up_one(Facts& facts, const pack::LookUp& look, Date day, LookedUp& found) {
  std::vector<std::pair<std::string, Value>> where;
  for (const auto& [field, formula] : look.where) {
    feel::EvalResult result = facts.evaluate(formula.expression);
    if (!result.ok) return failed_formula(result, formula);
    // By what is not known nothing is found, not even that there is none; `null` itself may be written.
    if (result.value.is_null() && formula.text != "null") return std::nullopt;
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
      facts.set_look_up(look.id, look.kind == pack::LookUpKind::count ? Value::of(static_cast<int64_t>(matching.size()))
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
const Entry* Act::find_by_key(const pack::LookUp& look, std::string key, Date day,
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

std::vector<const Entry*> Act::find_where(const pack::LookUp& look, Date day,
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
std::optional<Rejection> Act::evaluate_decisions(Facts& facts) {
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
    facts.take_counted({}, made.counted);
    if (auto r = compare_with_choice(*decision, made)) return r;
    facts.set_decision(id, made.suggestion);
    made_.push_back(std::move(made));
  }
  return std::nullopt;
}

// A suggestion fills a form field; another choice needs a reason and is counted.
std::optional<Rejection> Act::compare_with_choice(const pack::Decision& decision, DecisionMade& made) {
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
      r.fields.push_back({"why_" + field.id, "建议是“" + name_of_value(field, suggested) + "”，请说明不采用的理由。"});
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

std::string Act::name_of_value(const pack::Field& field, const Value& value) const {
  if (field.kind == pack::FieldKind::entry && value.kind() == Value::Kind::text) {
    return context_.registers->name_of(field.reg, value.as_text(), local_date(run_.happened_at));
  }
  for (const auto& [id, label] : field.values) {
    if (value.kind() == Value::Kind::text && value.as_text() == id) return label;
  }
  return value.to_plain_text();
}

// ---- step 7 ----
static FailedCondition failed_condition(const pack::Condition& condition) {
  return {condition.id, condition.sentence, condition.instead, condition.basis};
}

Rejection Act::failed_requirements(std::vector<FailedCondition> failed) const {
  Rejection rejection =
      reject(RejectionCode::requirement_failed, failed.front().sentence, failed.front().instead, failed.front().basis);
  rejection.conditions = std::move(failed);
  return rejection;
}

// Where the form says when it happened, a condition that time has ended since then is asked with the form.
std::optional<Rejection> Act::check_what_stands() {
  if (is_open_ || action_.require.empty()) return std::nullopt;
  Facts now(*context_.pack, type_, *action_.scope, action_.variables, before_, form_, &action_, run_.actor,
            run_.happened_at, context_);
  std::optional<Facts> earliest;
  if (!action_.happened.empty()) {
    earliest.emplace(*context_.pack, type_, *action_.scope, action_.variables, before_, form_, &action_, run_.actor,
                     run_.happened_at.plus_ms(-action_.happened_within_hours * 3'600'000), context_);
  }
  std::vector<FailedCondition> failed;
  for (size_t i = 0; i < action_.require.size(); ++i) {
    const feel::Expression& expression = action_.require_formulas[i].expression;
    const auto fails = [&](Facts& facts) { return facts.evaluate(expression).decided() == false; };
    if (now.needs_form(expression) || !fails(now) || (earliest && !fails(*earliest))) continue;
    const pack::Condition* condition = context_.pack->find_condition(action_.require[i]);
    CHECK(condition);
    failed.push_back(failed_condition(*condition));
  }
  if (failed.empty()) return std::nullopt;
  return failed_requirements(std::move(failed));
}

std::optional<Rejection> Act::check_requirements(Facts& facts) {
  std::vector<FailedCondition> failed;
  std::optional<Rejection> undecided;
  for (size_t i = 0; i < action_.require.size(); ++i) {
    const feel::EvalResult result = facts.evaluate(action_.require_formulas[i].expression);
    facts.take_counted(action_.require[i], counted_);
    const pack::Condition* condition = context_.pack->find_condition(action_.require[i]);
    CHECK(condition);
    if (const auto decided = result.decided(); decided && !*decided) {
      failed.push_back(failed_condition(*condition));
    } else if (!decided && !undecided) {
      undecided = result.ok ? undecidable(result.missing) : failed_formula(result, action_.require_formulas[i]);
      undecided->basis = condition->basis;
    }
  }
  if (!failed.empty()) return failed_requirements(std::move(failed));
  return undecided;
}

Rejection Act::undecidable(const std::vector<std::string>& missing) const {
  return reject(RejectionCode::not_decidable,
                "还缺少" + join_missing(missing) + "，无法判断能否“" + action_.title + "”。", "请补充后再办理。",
                action_.basis);
}

Rejection Act::failed_formula(const feel::EvalResult& result, const pack::Formula& formula) const {
  return reject(RejectionCode::not_decidable, "规则 " + formula.text + " 无法计算：" + result.error,
                "请联系规则维护人员。", action_.basis);
}

// ---- step 8 ----
std::optional<Rejection> Act::choose_outcome(Facts& facts) {
  for (const Outcome& outcome : action_.outcomes) {
    if (outcome.condition) {
      const feel::EvalResult result = facts.evaluate(outcome.condition->expression);
      facts.take_counted({}, counted_);
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

}  // namespace tongban::kernel
