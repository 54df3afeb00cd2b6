#include "pack/model.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tongban::pack {
namespace {

template <class T>
const T* find_by_id(const std::vector<T>& list, std::string_view id) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const T& item) { return item.id == id; });
  return found == list.end() ? nullptr : &*found;
}

struct UnitWord {
  std::string_view word;
  calendar::Unit unit;
  int64_t times;
};
// Longest first: 个月 ends with 月, 自然日 and 工作日 with 日. `天` says not which days and is refused.
constexpr std::array<UnitWord, 9> kUnitWords = {{{"工作日", calendar::Unit::working_days, 1},
                                                 {"自然日", calendar::Unit::calendar_days, 1},
                                                 {"日历日", calendar::Unit::calendar_days, 1},
                                                 {"小时", calendar::Unit::hours, 1},
                                                 {"分钟", calendar::Unit::minutes, 1},
                                                 {"月", calendar::Unit::months, 1},
                                                 {"年", calendar::Unit::months, 12},
                                                 {"日", calendar::Unit::calendar_days, 1},
                                                 {"时", calendar::Unit::hours, 1}}};
constexpr int64_t kMaxLimit = 1'000'000;

}  // namespace

std::string to_text(const Basis& basis) {
  if (basis.kind == BasisKind::product) return "系统功能";
  std::string text = basis.document;
  if (!basis.clause.empty()) text += (text.empty() ? "" : " ") + basis.clause;
  if (basis.kind == BasisKind::parameter) text = "参数 " + basis.clause;
  if (basis.reading > 0)
    text += (text.empty() ? "解读 " : "（解读 ") + std::to_string(basis.reading) + (text.empty() ? "" : "）");
  return text;
}

std::optional<Limit> parse_limit(std::string_view text) {
  text = trim(text);
  int64_t n = 0;
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    n = n * 10 + (text[digits] - '0');
    if (n > kMaxLimit) return std::nullopt;
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  text = trim(text.substr(digits));
  if (text.starts_with("个")) text = trim(text.substr(std::string_view("个").size()));
  for (const auto& word : kUnitWords) {
    if (text == word.word) return Limit{n * word.times, word.unit};
  }
  return std::nullopt;
}

std::optional<Limit> limit_of(const feel::Value& value) {
  if (value.kind() == feel::Value::Kind::text) return parse_limit(value.as_text());
  const feel::Value* n = value.find("n");
  const feel::Value* unit = value.find("unit");
  if (!n || !unit || n->kind() != feel::Value::Kind::number || unit->kind() != feel::Value::Kind::text)
    return std::nullopt;
  const auto whole = n->as_number().to_int64();
  const auto parsed = calendar::parse_unit(unit->as_text());
  if (!whole || *whole < 0 || *whole > kMaxLimit || !parsed) return std::nullopt;
  return Limit{*whole, *parsed};
}

feel::Value to_value(const Limit& limit) {
  return feel::Value::context(
      {{"n", feel::Value::of(limit.n)}, {"unit", feel::Value::text(std::string(calendar::to_text(limit.unit)))}});
}

std::string to_text(const Limit& limit) {
  const std::string n = std::to_string(limit.n);
  switch (limit.unit) {
    case calendar::Unit::working_days:
      return n + " 个工作日";
    case calendar::Unit::calendar_days:
      return n + " 日";
    case calendar::Unit::hours:
      return n + " 小时";
    case calendar::Unit::minutes:
      return n + " 分钟";
    case calendar::Unit::months:
      return n + " 个月";
  }
  return n;
}

const Field* CaseType::find_field(std::string_view id) const { return find_by_id(fields, id); }
const Group* CaseType::find_group(std::string_view id) const { return find_by_id(groups, id); }
const Role* CaseType::find_role(std::string_view id) const { return find_by_id(roles, id); }
const AssignmentType* CaseType::find_assignment(std::string_view id) const { return find_by_id(assignments, id); }
const ClockDef* CaseType::find_clock(std::string_view id) const { return find_by_id(clocks, id); }
const State* CaseType::find_state(std::string_view id) const { return find_by_id(states, id); }
const Action* CaseType::find_action(std::string_view id) const { return find_by_id(actions, id); }
bool CaseType::shows_clock(std::string_view id) const {
  const ClockDef* clock = find_clock(id);
  if (!clock) return false;
  return clock->is_public.value_or(clock->force == Force::promise ||
                                   std::find(estimate.begin(), estimate.end(), id) != estimate.end());
}

const Step* CaseType::find_step(std::string_view state) const {
  for (const Step& step : steps) {
    if (std::find(step.states.begin(), step.states.end(), state) != step.states.end()) return &step;
  }
  return nullptr;
}

const CaseType* Pack::find_case(std::string_view id) const { return find_by_id(cases, id); }
const Decision* Pack::find_decision(std::string_view id) const { return find_by_id(decisions, id); }
const Condition* Pack::find_condition(std::string_view id) const { return find_by_id(conditions, id); }
const Letter* Pack::find_letter(std::string_view id) const { return find_by_id(letters, id); }
const Clause* Pack::find_clause(std::string_view id) const { return find_by_id(clauses, id); }
const RegisterType* Pack::find_register(std::string_view id) const { return find_by_id(registers, id); }
const Parameter* Pack::find_parameter(std::string_view id) const { return find_by_id(parameters, id); }

}  // namespace tongban::pack
