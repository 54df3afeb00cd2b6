// What makes an act one that can be taken back: it only begins things, and nothing outside the case rests on it.
#include <algorithm>

#include "pack/check.h"

namespace tongban::pack {
namespace {

class UndoChecker {
 public:
  UndoChecker(const CaseType& type, const Action& undoing, std::vector<Fault>& faults)
      : type_(type), undoing_(undoing), faults_(faults) {}

  void check() {
    const Action* undone = type_.find_action(undoing_.undoes.action);
    if (!undone) {
      const std::string& name = undoing_.undoes.action;
      return fault("unknown-name", name == "open" ? "the act that opens a case cannot be taken back."
                                                  : "there is no action `" + name + "` to take back.");
    }
    if (undone == &undoing_ || !undone->undoes.action.empty()) fault("undo", "an undoing act cannot be taken back.");
    for (const Action& other : type_.actions) {
      if (&other != &undoing_ && other.undoes.action == undone->id && &other < &undoing_)
        fault("undo", "`" + other.id + "` takes back `" + undone->id + "` already.");
    }
    check_undone(*undone);
    check_way_back(*undone);
  }

 private:
  void fault(std::string_view code, std::string sentence) {
    add_fault(faults_, undoing_.source, code,
              "case " + type_.id + ": action " + undoing_.id + ", undoes: " + std::move(sentence));
  }

  // Only what a compensating act can end without loss: assignments, clocks, messages, marks.
  void check_undone(const Action& undone) {
    const auto refuse = [&](const std::string& why) { fault("undo", "`" + undone.id + "` " + why); };
    if (undone.ask || !undone.answers.empty()) refuse("asks or answers a question and cannot be taken back.");
    if (std::any_of(undone.form.begin(), undone.form.end(), [](const Field& f) { return f.is_case_field; }))
      refuse("puts fields of the case by its form, and the old values would be lost.");
    for (const Outcome& outcome : undone.outcomes) {
      if (!outcome.set.empty()) refuse("sets fields of the case, and the old values would be lost.");
      if (!outcome.end.empty()) refuse("ends assignments and cannot be taken back.");
      if (outcome.links_other || !outcome.unlink.empty()) refuse("links another case and cannot be taken back.");
      if (!outcome.open.empty()) refuse("opens another case and cannot be taken back.");
      for (const auto& [name, effect] : outcome.clocks) {
        const ClockDef* clock = type_.find_clock(name);
        if (effect != ClockEffect::start || (clock && clock->again == Again::restart))
          refuse("changes the clock `" + name + "`; only a clock that it starts can be taken back.");
      }
    }
    for (const Reaction& reaction : type_.reactions) {
      const bool after_it = reaction.trigger == Reaction::Trigger::action && reaction.of == undone.id;
      const bool after_state = reaction.trigger == Reaction::Trigger::state &&
                               std::any_of(undone.outcomes.begin(), undone.outcomes.end(),
                                           [&](const Outcome& outcome) { return outcome.to == reaction.of; });
      if (after_it || after_state) refuse("causes the reaction `" + reaction.id + "` and cannot be taken back.");
    }
  }

  void check_way_back(const Action& undone) {
    if (undone.from.size() != 1)
      return fault("undo", "`" + undone.id + "` is possible in several states; where would the case go back to?");
    for (const Outcome& outcome : undoing_.outcomes) {
      if (outcome.to != undone.from.front())
        fault("undo",
              "the case must go back to `" + undone.from.front() + "`: write `to: " + undone.from.front() + "`.");
      if (!outcome.end.empty() || !outcome.assign.empty() || !outcome.clocks.empty())
        fault("undo", "what `" + undone.id + "` began is ended by itself; leave out `assign`, `end` and `clocks`.");
    }
    for (const Outcome& outcome : undone.outcomes) {
      const std::string& to = outcome.to.empty() ? undone.from.front() : outcome.to;
      if (std::find(undoing_.from.begin(), undoing_.from.end(), to) == undoing_.from.end())
        fault("undo", "`from` must contain `" + to + "`, where `" + undone.id + "` leads.");
    }
  }

  const CaseType& type_;
  const Action& undoing_;
  std::vector<Fault>& faults_;
};

}  // namespace

void check_undo(const CaseType& type, const Action& action, std::vector<Fault>& faults) {
  if (!action.undoes.action.empty()) UndoChecker(type, action, faults).check();
}

}  // namespace tongban::pack
