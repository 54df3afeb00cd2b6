// One act of a pack being decided: the steps 3 to 9 of KERNEL §1, each a method. Private to kernel.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kernel/facts.h"
#include "kernel/run.h"

namespace tongban::kernel {

// The steps 3 to 9 of KERNEL §1 for one action. A step returns a rejection or nothing.
class Act {
 public:
  Act(const CaseState& before, const Command& command, const Context& context, const pack::CaseType& type,
      const pack::Action& action, std::vector<FormValue> form, uint32_t assignment)
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
             .after = {},  // copied when the act takes effect: most questions end before
             .events = {},
             .follow_ups = {}} {}
  Verdict decide(const std::optional<CaseOpened>& opened, const std::vector<Linked>& links);

  // The look-ups of the action, as far as the form allows; for `suggestions`. One that cannot be made yet finds
  // nothing.
  void look_up_for_suggestions(Facts& facts);

  // Step 3: is the action possible in this state, and for this actor? Public for `offers`.
  std::optional<Rejection> check_right();
  // Of step 7 what needs no form, so that it is known before one is filled. After check_right. Public for `offers`.
  std::optional<Rejection> check_what_stands();

 private:
  Rejection wrong_state() const;
  std::optional<Rejection> check_ask();
  std::optional<Rejection> check_the_form();
  const ActRecord* act_that_led_here() const;
  void check_staff_only(std::vector<FieldFault>& faults) const;
  void check_other(std::vector<FieldFault>& faults) const;

  // What is asked to shield a clock must be asked before it is due.
  std::optional<Rejection> check_ask_in_time();
  const FormValue* find_form(std::string_view name) const;
  std::optional<Rejection> look_up(Facts& facts);
  std::optional<Date> day_of(const std::string& at) const;
  std::optional<Rejection> look_up_one(Facts& facts, const pack::LookUp& look, Date day, LookedUp& found);

  // By key: the entry itself. Nearest: the entry of that key, else of the key's parents in the hierarchy that the key
  // belongs to (a division's duties up the divisions).
  const Entry* find_by_key(const pack::LookUp& look, std::string key, Date day,
                           const std::vector<std::pair<std::string, feel::Value>>& where, const auto& fits);
  std::vector<const Entry*> find_where(const pack::LookUp& look, Date day,
                                       const std::vector<std::pair<std::string, feel::Value>>& where,
                                       const auto& fits) const;
  std::optional<Rejection> evaluate_decisions(Facts& facts);

  // A suggestion fills a form field; another choice needs a reason and is counted.
  std::optional<Rejection> compare_with_choice(const pack::Decision& decision, DecisionMade& made);
  std::string name_of_value(const pack::Field& field, const feel::Value& value) const;
  Rejection failed_requirements(std::vector<FailedCondition> failed) const;
  std::optional<Rejection> check_requirements(Facts& facts);
  Rejection undecidable(const std::vector<std::string>& missing) const;
  Rejection failed_formula(const feel::EvalResult& result, const pack::Formula& formula) const;
  std::optional<Rejection> choose_outcome(Facts& facts);
  const Basis& basis() const { return outcome_->basis.clause.empty() ? action_.basis : outcome_->basis; }
  std::optional<Rejection> take_effect(Facts& facts, const std::vector<Linked>& links);
  std::optional<Rejection> check_holds(const pack::State& to) const;
  void emit_record(const pack::State& to);
  static FieldValue sealed_or_plain(const FormValue& value);
  std::optional<Rejection> emit_fields(Facts& facts);
  void emit_answers();
  void change_links();
  uint32_t scope_of_actor(const pack::ClockDef& def) const;
  std::optional<Rejection> touch_running_clocks();
  std::optional<Rejection> check_asked_in_time(const pack::ClockDef& def) const;

  // The granting form may state another length than the one asked for.
  std::optional<Limit> extension_amount() const;
  void withdraw_asks_on_stopped();
  void end_assignments();
  const Assignment* own_or_current(const std::string& name) const;
  std::optional<Rejection> start_assignments(Facts& facts);
  void start_assignment(const pack::AssignmentType& type, const std::string& holder);
  const Assignment* own_assignment(const pack::AssignmentType& type) const;
  std::vector<uint32_t> scopes_of_new_clock(const pack::ClockDef& def) const;
  std::optional<Rejection> start_clocks();
  std::optional<Limit> decided_limit(const std::string& name, Basis& why) const;
  void open_ask();

  // READING: refused, the case is late as of the old due date.
  void expire_after_refusal();
  void close(const pack::State& state);

  // Nobody is stuck: somebody must be able to act on the case afterwards.
  std::optional<Rejection> check_holder(const pack::State& state) const;
  std::optional<Rejection> prepare_openings(Facts& facts);
  void plan_follow_ups();
  void send_letters(const Facts& before_facts);
  static std::string print(const pack::Letter& letter, Facts& facts);
  const CaseState& before_;
  const Context& context_;
  const pack::CaseType& type_;
  const pack::Action& action_;
  std::vector<FormValue> form_;
  uint32_t assignment_;
  bool is_open_;
  Run run_;
  std::optional<RoleHit> hit_;
  const AskState* answered_ = nullptr;
  std::vector<LookedUp> looked_up_;
  std::vector<DecisionMade> made_;
  std::vector<DaysCounted> counted_;  // by conditions, look-ups, choices of the outcome, forms of cases to be opened
  std::vector<FollowUp> openings_;
  const pack::Outcome* outcome_ = nullptr;
  uint32_t first_assigned_ = 0;
};

}  // namespace tongban::kernel
