#include "kernel/explain.h"

#include <algorithm>

#include "base/text.h"
#include "kernel/run.h"

namespace tongban::kernel {
namespace {

json::string text(std::string_view s) { return json::string(s.data(), s.size()); }

std::string_view to_text(pack::Force force) {
  return force == pack::Force::statutory ? "法定" : force == pack::Force::promise ? "承诺" : "力争";
}

std::string_view to_text(ClockStatus status) {
  switch (status) {
    case ClockStatus::running:
      return "running";
    case ClockStatus::paused:
      return "paused";
    case ClockStatus::claimed:
      return "claimed";
    case ClockStatus::stopped:
      return "stopped";
    case ClockStatus::cancelled:
      return "cancelled";
  }
  return "";
}

std::string_view to_text(Clock::Segment::Why why) {
  return why == Clock::Segment::Why::start       ? "start"
         : why == Clock::Segment::Why::extension ? "extension"
                                                 : "resumption";
}

std::string reason_of(const Clock::Segment& segment) {
  const std::string basis = segment.basis.clause.empty() ? "" : "（" + pack::to_text(segment.basis) + "）";
  switch (segment.why) {
    case Clock::Segment::Why::start:
      return "自 " + to_minutes_text(segment.counted.start) + " 起计" + basis + "：";
    case Clock::Segment::Why::extension:
      return "经同意延期，自原到期日起计" + basis + "：";
    case Clock::Segment::Why::resumption:
      return "恢复计时，剩余时间自恢复之日起计" + basis + "：";
  }
  return {};
}

std::string title_of_clock(const Clock& clock, const pack::CaseType* type) {
  const pack::ClockDef* def = type ? type->find_clock(clock.name) : nullptr;
  return def ? def->title : clock.name;
}

std::string value_text(const FieldValue& value) {
  return value.is_sealed() ? "（个人信息）" : value.plain.to_plain_text();
}

std::string_view title_of_channel(std::string_view channel) {
  return channel == "web"      ? "网上"
         : channel == "phone"  ? "电话"
         : channel == "api"    ? "系统对接"
         : channel == "import" ? "历史导入"
                               : channel;
}

const dmn::Output* find_output(const pack::Decision* decision, std::string_view name) {
  if (!decision) return nullptr;
  const std::vector<dmn::Output>& outputs = decision->table.outputs;
  const auto found =
      std::find_if(outputs.begin(), outputs.end(), [&](const dmn::Output& output) { return output.name == name; });
  return found == outputs.end() ? nullptr : &*found;
}

// A condition by its sentence, a field by its title.
std::string title_of_formula(const std::string& id, const pack::CaseType* type, const pack::Pack& pack) {
  if (const pack::Condition* condition = pack.find_condition(id)) {
    const std::string_view sentence = condition->sentence;
    return std::string(sentence.substr(0, sentence.size() - (sentence.ends_with("。") ? 3 : 0)));
  }
  const pack::Field* field = type ? type->find_field(id) : nullptr;
  return field ? field->title : id;
}

// What the event counted of working days; null where events of its kind never do.
const std::vector<DaysCounted>* counted_in(const Body& body) {
  if (const auto* taken = std::get_if<ActionTaken>(&body)) return &taken->counted;
  if (const auto* set = std::get_if<FieldsSet>(&body)) return &set->counted;
  if (const auto* made = std::get_if<DecisionMade>(&body)) return &made->counted;
  if (const auto* sent = std::get_if<LetterSent>(&body)) return &sent->counted;
  return nullptr;
}

// Tells one event as a line; empty for events that only carry data of another.
struct Teller {
  const Envelope& e;
  const CaseState& s;  // after the event
  const pack::Pack& pack;
  const pack::CaseType* type;
  const Registers& registers;

  std::string unit(const std::string& id) const { return registers.name_of("units", id, local_date(e.happened_at)); }
  std::string cite(const Basis& basis) const {
    return basis.kind == pack::BasisKind::product && basis.clause.empty() ? "" : "〔" + pack::to_text(basis) + "〕";
  }
  std::string who() const {
    if (e.actor.role == "system") return "系统";
    const pack::Role* role = type ? type->find_role(e.actor.role) : nullptr;
    const std::string title = role ? role->title : e.actor.role;
    return e.actor.unit.empty() ? title : unit(e.actor.unit) + title;
  }

  // What a table decided, in its labels, in names of units and in limits as people write them.
  std::string decided(const feel::Value& value, const dmn::Output* output) const {
    if (value.is_null()) return "无";
    if (const auto limit = pack::limit_of(value)) return pack::to_text(*limit);
    if (value.kind() == feel::Value::Kind::boolean) return value.is_true() ? "是" : "否";
    if (value.kind() != feel::Value::Kind::text) return value.to_plain_text();
    if (output) {
      for (const dmn::AllowedValue& allowed : output->allowed) {
        if (allowed.value == value && !allowed.label.empty()) return allowed.label;
      }
    }
    return unit(value.as_text());
  }
  std::string decided(const DecisionMade& b, const pack::Decision* decision) const {
    if (b.choice.kind() != feel::Value::Kind::context || pack::limit_of(b.choice)) return decided(b.choice, nullptr);
    std::vector<std::string> parts;
    for (const auto& [name, value] : b.choice.as_context()) {
      const dmn::Output* output = find_output(decision, name);
      parts.push_back((output && !output->label.empty() ? output->label : std::string(name)) + " " +
                      decided(value, output));
    }
    return join(parts, "，");
  }

  std::string operator()(const CaseOpened& b) const {
    return "编号 " + b.number + "，渠道：" + std::string(title_of_channel(b.channel));
  }
  std::string operator()(const ActionTaken& b) const {
    const pack::Action* action = !type ? nullptr : b.action == "open" ? &type->open : type->find_action(b.action);
    std::string line = who() + "：" + (action ? action->title : b.action);
    if (b.from_state != b.to_state && type) line += "，转为“" + title_of_state(*type, b.to_state) + "”";
    std::vector<std::string> flags;
    for (const auto& flag : b.flags) {
      const auto it = type ? type->flag_titles.find(flag) : std::map<std::string, std::string>::const_iterator{};
      flags.push_back(type && it != type->flag_titles.end() ? it->second : flag);
    }
    if (!flags.empty()) line += "（" + join(flags, "、") + "）";
    return line + cite(b.basis);
  }
  std::string operator()(const FieldsSet&) const { return {}; }
  std::string operator()(const DecisionMade& b) const {
    const pack::Decision* decision = pack.find_decision(b.decision);
    std::string line = "决策“" + (decision ? decision->title : b.decision) + "”：" + decided(b, decision);
    if (b.decided_by) line += "，第 " + std::to_string(b.decided_by) + " 行";
    if (b.mode == DecisionMode::overridden) line += "，未采用建议，理由：" + b.reason;
    if (b.at_least) line += "，资料不全：" + join(b.missing, "、");
    for (const Basis& basis : b.bases) line += cite(basis);
    return line;
  }
  std::string operator()(const LookedUp&) const { return {}; }
  std::string operator()(const Assigned& b) const {
    const pack::AssignmentType* kind = type ? type->find_assignment(b.name) : nullptr;
    return (kind ? kind->title : b.name) + "：" +
           (b.person.empty() ? unit(b.unit) : registers.name_of("people", b.person, local_date(e.happened_at)));
  }
  std::string operator()(const AssignmentEnded& b) const {
    const Assignment& a = s.assignments[b.no - 1];
    if (b.reason == EndReason::case_closed) return {};
    const pack::AssignmentType* kind = type ? type->find_assignment(a.name) : nullptr;
    return (kind ? kind->title : a.name) + " " + unit(a.unit) + " 结束";
  }
  std::string clock_line(uint32_t no, const std::string& what) const {
    const Clock& clock = s.clocks[no - 1];
    return "时限“" + title_of_clock(clock, type) + "”" + what;
  }
  std::string operator()(const ClockStarted& b) const {
    if (!b.counted) return clock_line(b.no, "开始计时（未规定数字，只显示已用时间）") + cite(b.basis);
    return clock_line(b.no, "到 " + to_text(b.counted->due_on) + (b.counted->provisional ? "（暂定）" : "") + "。" +
                                calendar::explain(*b.counted)) +
           cite(b.basis);
  }
  std::string operator()(const ClockPaused& b) const { return clock_line(b.no, "暂停") + cite(b.basis); }
  std::string operator()(const ClockResumed& b) const {
    return clock_line(b.no, b.counted ? "恢复，到 " + to_text(b.counted->due_on) : "恢复");
  }
  std::string operator()(const ClockExtended& b) const {
    return clock_line(b.no, "延长到 " + to_text(b.counted.due_on) + "。" + calendar::explain(b.counted)) +
           cite(b.basis);
  }
  std::string operator()(const ClockStopped& b) const {
    if (b.how == StopKind::cancel) return {};
    return clock_line(
        b.no, std::string(b.how == StopKind::claim ? "已答复，待确认" : "停止") + (b.late ? "，超期" : "，按时"));
  }
  std::string operator()(const ClockReopened& b) const { return clock_line(b.no, "继续，仍按原到期日"); }
  std::string operator()(const ClockExpired& b) const {
    return clock_line(b.no, "在 " + to_minutes_text(b.due_at) + " 届满");
  }
  std::string operator()(const ClockRecomputed& b) const {
    return clock_line(b.no, "因放假通知重新计算：原 " + to_text(b.old_due_on) + "，现 " + to_text(b.counted.due_on));
  }
  std::string operator()(const AskOpened& b) const {
    return "向" + (b.of_unit.empty() ? b.of_role : unit(b.of_unit)) + "提出申请" +
           (b.amount ? "：" + pack::to_text(*b.amount) : "");
  }
  std::string operator()(const AskAnswered& b) const {
    return b.answer == Answer::granted ? "申请获同意" : b.answer == Answer::refused ? "申请未获同意" : "申请撤回";
  }
  std::string operator()(const LetterSent& b) const {
    const pack::Role* role = type ? type->find_role(b.to_role) : nullptr;
    const std::string party = role ? role->title : "当事人";
    return "告知" + (b.to_unit.empty() ? party : unit(b.to_unit)) + "：" + b.text + cite(b.basis);
  }
  std::string operator()(const LettersHeld& b) const {
    const std::string until = to_text(b.until);  // to the second: the wait is short
    return "以上通知等到 " + until.substr(0, 10) + " " + until.substr(11, 8) + " 发出，此前可以撤回";
  }
  std::string operator()(const ActUndone&) const { return "上一步已撤回，未发出的通知不再发出"; }
  std::string operator()(const Linked& b) const { return "关联 " + b.other_number; }
  std::string operator()(const LinkEnded&) const { return "解除关联"; }
  std::string operator()(const HoldReleased&) const { return "关联办件已办结"; }
  std::string operator()(const CaseClosed& b) const {
    return "办件结束" + (b.keep.empty() ? "" : "，保管 " + b.keep);  // with what result, its state says
  }
  std::string operator()(const NoteAdded& b) const { return who() + "：备注 " + value_text(b.text); }
  std::string operator()(const DocumentFiled&) const { return who() + "：附件"; }
  std::string operator()(const EditionMoved& b) const { return "改用规则版本 " + b.to + "：" + b.reason; }
  std::string operator()(const PersonErased&) const { return "个人信息已删除"; }
  std::string operator()(const RegisterEntryPut& b) const { return "名录 " + b.reg + " 更新 " + b.entry; }
};

}  // namespace

json::object to_json(const Basis& basis) {
  static constexpr std::string_view kKinds[] = {"clause", "law", "reading", "parameter", "product"};
  json::object object;
  object["kind"] = text(kKinds[static_cast<size_t>(basis.kind)]);
  if (!basis.document.empty()) object["document"] = basis.document;
  if (!basis.clause.empty()) object["clause"] = basis.clause;
  if (basis.reading) object["reading"] = basis.reading;
  object["text"] = pack::to_text(basis);
  return object;
}

json::object to_json(const Rejection& rejection) {
  json::object object;
  object["code"] = text(to_text(rejection.code));
  object["sentence"] = rejection.sentence;
  object["instead"] = rejection.instead;
  object["basis"] = to_json(rejection.basis);
  if (!rejection.fields.empty()) {
    json::array& fields = object["fields"].emplace_array();
    for (const auto& fault : rejection.fields)
      fields.push_back(json::object{{"field", fault.field}, {"sentence", fault.sentence}});
  }
  if (!rejection.conditions.empty()) {
    json::array& conditions = object["conditions"].emplace_array();
    for (const auto& c : rejection.conditions) {
      conditions.push_back(
          json::object{{"id", c.id}, {"sentence", c.sentence}, {"instead", c.instead}, {"basis", to_json(c.basis)}});
    }
  }
  if (rejection.code == RejectionCode::changed) object["current_version"] = rejection.current_version;
  return object;
}

json::object explain_clock(const CaseState& state, const Clock& clock, const pack::Pack& pack) {
  const pack::CaseType* type = pack.find_case(state.type);
  json::object object;
  object["no"] = clock.no;
  object["name"] = clock.name;
  object["title"] = title_of_clock(clock, type);
  object["force"] = text(to_text(clock.force));
  object["basis"] = to_json(clock.basis);
  object["started_at"] = tongban::to_text(clock.started_at);
  object["started_by_event"] = clock.started_version;
  object["status"] = text(to_text(clock.status));
  object["late"] = clock.late;
  object["owner"] = clock.owner;
  if (const auto due = clock.due_at()) {
    object["due_on"] = to_text(clock.segments.back().counted.due_on);
    object["due_at"] = tongban::to_text(*due);
    object["provisional"] = clock.provisional();
  }
  if (clock.claimed_at) object["claimed_at"] = tongban::to_text(*clock.claimed_at);
  if (clock.stopped_at) object["stopped_at"] = tongban::to_text(*clock.stopped_at);
  std::string sentence;
  json::array& segments = object["segments"].emplace_array();
  for (const auto& segment : clock.segments) {
    const std::string why = reason_of(segment) + calendar::explain(segment.counted);
    if (!sentence.empty()) sentence += "\n";
    sentence += why;
    segments.push_back(json::object{{"why", text(to_text(segment.why))},
                                    {"counted", calendar::to_json(segment.counted)},
                                    {"basis", to_json(segment.basis)},
                                    {"event", segment.version},
                                    {"sentence", why}});
  }
  json::array& pauses = object["pauses"].emplace_array();
  for (const auto& pause : clock.pauses) {
    json::object one{{"from", tongban::to_text(pause.from)}, {"basis", to_json(pause.basis)}};
    if (pause.to) one["to"] = tongban::to_text(*pause.to);
    pauses.push_back(std::move(one));
  }
  json::array& former = object["former_due"].emplace_array();
  for (const Date date : clock.former_due) former.push_back(text(to_text(date)));
  object["sentence"] = sentence.empty() ? "未规定数字，只显示已用时间。" : sentence;
  return object;
}

// A cell as people read it: a listed value of the case's field by its label, its quotation marks gone.
static std::string cell_words(std::string cell, const std::string& expression, const pack::Pack& pack) {
  if (cell == "true") return "是";
  if (cell == "false") return "否";
  for (const pack::CaseType& type : pack.cases) {
    const pack::Field* field = type.find_field(expression);
    if (!field) continue;
    for (const auto& [id, label] : field->values) cell = replace_all(cell, "\"" + id + "\"", label);
  }
  cell = replace_all(replace_all(cell, ", ", "或"), ",", "或");
  if (cell.starts_with("not(") && cell.ends_with(")")) cell = "不是" + cell.substr(4, cell.size() - 5);
  return replace_all(cell, "\"", "");
}

// What the deciding row asks for, in the words of the table's heads: 复杂程度：区域明确，有职责登记：是。
static std::string why_row(const pack::Decision& decision, uint32_t row, const pack::Pack& pack) {
  if (row == 0 || row > decision.table.rules.size()) return {};
  const dmn::Rule& rule = decision.table.rules[row - 1];
  std::vector<std::string> parts;
  for (size_t i = 0; i < rule.cells.size() && i < decision.table.inputs.size(); ++i) {
    const dmn::Input& input = decision.table.inputs[i];
    const std::string cell(trim(rule.cells[i]));
    if (cell == "-") continue;
    parts.push_back((input.label.empty() ? input.expression : input.label) + "：" +
                    cell_words(cell, input.expression, pack));
  }
  return parts.empty() ? "没有更具体的规则，按一般情形。" : "因为" + join(parts, "，") + "。";
}

json::object explain_days(const DaysCounted& days, const CaseState& state, const pack::Pack& pack) {
  json::object object{{"function", text(name_of(days.function))},
                      {"sentence", explain(days)},
                      {"provisional", days.counted.provisional},
                      {"counted", calendar::to_json(days.counted)}};
  if (!days.formula.empty()) {
    object["of"] = days.formula;
    object["title"] = title_of_formula(days.formula, pack.find_case(state.type), pack);
  }
  return object;
}

json::object explain_decision(const DecisionMade& decision, const pack::Pack& pack) {
  static constexpr std::string_view kModes[] = {"automatic", "confirmed", "overridden"};
  const pack::Decision* table = pack.find_decision(decision.decision);
  json::object object;
  object["decision"] = decision.decision;
  object["title"] = table ? table->title : decision.decision;
  object["mode"] = text(kModes[static_cast<size_t>(decision.mode)]);
  object["suggestion"] = decision.suggestion.to_json();
  object["choice"] = decision.choice.to_json();
  if (!decision.reason.empty()) object["reason"] = decision.reason;
  object["decided_by"] = decision.decided_by;
  object["complete"] = !decision.at_least;
  json::array& matched = object["matched"].emplace_array();
  for (const uint32_t row : decision.matched) matched.push_back(row);
  json::object& inputs = object["inputs"].emplace_object();
  for (const auto& [name, value] : decision.inputs) inputs[name] = value.to_json();
  json::array& missing = object["missing"].emplace_array();
  for (const auto& name : decision.missing) missing.push_back(text(name));
  json::array& bases = object["bases"].emplace_array();
  for (const Basis& basis : decision.bases) bases.push_back(to_json(basis));
  object["sentence"] = table ? why_row(*table, decision.decided_by, pack) : "";
  if (!decision.counted.empty()) {
    json::array& counted = object["counted"].emplace_array();
    for (const DaysCounted& one : decision.counted) counted.push_back(explain_days(one, {}, pack));
  }
  return object;
}

std::string tell(const std::vector<Event>& events, const pack::Pack& pack, const Registers& registers) {
  std::string story;
  CaseState state;
  Id command;
  for (const Event& event : events) {
    apply(state, event);
    const pack::CaseType* type = pack.find_case(state.type);
    std::string line = std::visit(Teller{event.envelope, state, pack, type, registers}, event.body);
    if (const auto* counted = counted_in(event.body)) {
      for (const DaysCounted& one : *counted) {
        line += (line.empty() ? "" : "\n") +
                std::string(one.formula.empty() ? "" : title_of_formula(one.formula, type, pack) + "：") + explain(one);
      }
    }
    if (line.empty()) continue;
    if (event.envelope.command != command) {
      command = event.envelope.command;
      story += to_minutes_text(event.envelope.happened_at) + "\n";
    }
    story += "  " + replace_all(line, "\n", "\n    ") + "\n";
  }
  return story;
}

}  // namespace tongban::kernel
