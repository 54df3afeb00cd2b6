// What the formulas of an action read: fills the slots of its scope from the case, the form, look-ups and decisions.
// Private to kernel.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "kernel/decide.h"

namespace tongban::kernel {

class Facts {
 public:
  // `form`: values already checked. All references must outlive this.
  Facts(const pack::Pack& pack, const pack::CaseType& type, const feel::Scope& scope,
        const std::vector<pack::Action::Variable>& variables, const CaseState& state,
        const std::vector<FormValue>& form, const pack::Action* action, const ActorRef& actor, Instant now,
        const Context& context);

  void set_look_up(const std::string& id, feel::Value value);
  void set_decision(const std::string& id, feel::Value outputs);
  const feel::Value& decision(const std::string& id) const;

  feel::EvalResult evaluate(const feel::Expression& expression);
  dmn::Decision evaluate(const dmn::CompiledTable& table);

 private:
  void fill(const std::vector<std::string>& reads);
  feel::Value value_of(const pack::Action::Variable& variable) const;
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
  feel::EvalContext eval_;
  std::vector<feel::Value> slots_;
  std::vector<bool> filled_;
  std::map<std::string, feel::Value> look_ups_, decisions_;
};

}  // namespace tongban::kernel
