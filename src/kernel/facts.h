// What the formulas of an action read: fills the slots of its scope from the case, the form, look-ups and decisions.
// Private to kernel.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "kernel/decide.h"
#include "kernel/host.h"

namespace tongban::kernel {

// The limit among the outputs of a table; `name` as a clock writes it, decision.output or decision (then the output
// `limit`, or the only one).
std::optional<Limit> limit_among(const feel::Value& outputs, const std::string& name);
// The limit that a parameter holds, with its basis; nothing: no such parameter, or no limit.
std::optional<Limit> limit_of_parameter(const pack::Pack& pack, const std::string& name, Basis& basis);

class Facts {
 public:
  // `form`: values already checked. All references must outlive this.
  Facts(const pack::Pack& pack, const pack::CaseType& type, const feel::Scope& scope,
        const std::vector<pack::Action::Variable>& variables, const CaseState& state,
        const std::vector<FormValue>& form, const pack::Action* action, const ActorRef& actor, Instant now,
        const Context& context);
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  void set_look_up(const std::string& id, feel::Value value);
  void set_decision(const std::string& id, feel::Value outputs);
  const feel::Value& decision(const std::string& id) const;

  feel::EvalResult evaluate(const feel::Expression& expression);
  dmn::Decision evaluate(const dmn::CompiledTable& table);
  // Does the formula read what only the form of the act, its look-ups or decisions give?
  bool needs_form(const feel::Expression& expression) const;
  // What was counted since this was last asked goes behind `into`, under the name of what it was counted for.
  void take_counted(const std::string& formula, std::vector<pack::DaysCounted>& into);

 private:
  void fill(const std::vector<std::string>& reads);
  feel::Value value_of(const pack::Action::Variable& variable) const;
  bool fills_field(const std::string& name) const;
  feel::Value form_context() const;
  feel::Value clock_context() const;
  feel::Value acts_context() const;
  static feel::Value assigned_context(const pack::CaseType& of_type, const CaseState& state);
  feel::Value other_context() const;
  feel::Value asked_context() const;

  const pack::Pack& pack_;
  const pack::CaseType& type_;
  const feel::Scope& scope_;
  const std::vector<pack::Action::Variable>& variables_;
  const CaseState& state_;
  const std::vector<FormValue>& form_;
  const pack::Action* action_;
  const ActorRef& actor_;
  const CaseState* other_;  // the case that the act names besides its own; null: none
  std::vector<pack::DaysCounted> counted_;
  Asked asked_;
  feel::EvalContext eval_;
  std::vector<feel::Value> slots_;
  std::vector<bool> filled_;
  std::map<std::string, feel::Value> look_ups_, decisions_;
};

}  // namespace tongban::kernel
