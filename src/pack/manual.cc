#include "pack/manual.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "pack/check.h"
#include "pack/read.h"

namespace tongban::pack {
namespace {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string tag(std::string_view name, const std::string& inner, std::string_view cls = "") {
  std::string out = "<" + std::string(name);
  if (!cls.empty()) out += " class=\"" + std::string(cls) + "\"";
  return out + ">" + inner + "</" + std::string(name) + ">";
}

template <class T>
std::string title_of(const T* item, const std::string& id) {
  return item && !item->title.empty() ? item->title : id;
}

// The clause for the left column: our own document is not repeated on every row.
std::string clause_cell(const Pack& pack, const Basis& basis) {
  Basis shown = basis;
  if (shown.kind == BasisKind::clause && shown.document == (pack.document.empty() ? pack.title : pack.document))
    shown.document.clear();
  return escape(to_text(shown));
}

std::string_view force_text(Force force) {
  switch (force) {
    case Force::statutory:
      return "法定";
    case Force::promise:
      return "承诺";
    case Force::target:
      return "力争";
  }
  return "";
}

std::string_view effect_text(ClockEffect effect) {
  switch (effect) {
    case ClockEffect::start:
      return "开始计时";
    case ClockEffect::stop:
      return "停止计时";
    case ClockEffect::claim:
      return "视为已办，待审核确认";
    case ClockEffect::confirm:
      return "确认按时办结";
    case ClockEffect::reopen:
      return "恢复原时限";
    case ClockEffect::pause:
      return "暂停计时";
    case ClockEffect::resume:
      return "恢复计时";
    case ClockEffect::extend:
      return "延长";
    case ClockEffect::cancel:
      return "取消计时";
  }
  return "";
}

std::string_view hit_policy_text(dmn::HitPolicy policy) {
  switch (policy) {
    case dmn::HitPolicy::unique:
      return "只有一行符合";
    case dmn::HitPolicy::first:
      return "从上到下，第一个符合的行";
    case dmn::HitPolicy::any:
      return "符合的各行结果相同";
    case dmn::HitPolicy::rule_order:
      return "所有符合的行，按行的顺序";
    default:
      return "所有符合的行";
  }
}

class Manual {
 public:
  Manual(const Pack& pack, const Library& foundations) : pack_(pack), foundations_(foundations) {}

  std::string print() {
    head();
    for (const auto& type : pack_.cases) print_case(type);
    print_tables();
    print_conditions();
    print_parameters();
    print_letters();
    print_registers();
    print_clauses();
    print_readings();
    out_ += "</body></html>\n";
    return std::move(out_);
  }

 private:
  void head() {
    out_ +=
        "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width\"><title>" +
        escape(pack_.title) +
        "</title>\n<style>\n"
        "body{font:14px/1.7 \"Noto Serif CJK SC\",\"Source Han Serif "
        "SC\",SimSun,serif;color:#1a1a1a;max-width:60em;margin:2em auto;padding:0 1em}\n"
        "h1{font-size:1.7em}h2{font-size:1.35em;border-bottom:2px solid "
        "#333;margin-top:2em}h3{font-size:1.1em;margin-bottom:.3em}\n"
        "table{border-collapse:collapse;width:100%;margin:.5em 0 1em}th,td{border:1px solid #888;padding:.3em "
        ".5em;vertical-align:top;text-align:left}\n"
        "th{background:#eee;font-weight:600}.clause{width:9em;color:#444}.act{width:100%;display:grid;grid-template-"
        "columns:9em 1fr;gap:0 1em;border-top:1px solid #bbb;padding:.6em 0}\n"
        ".act>div:first-child{color:#444}.act h3{margin-top:0}dl{display:grid;grid-template-columns:5em "
        "1fr;margin:0;gap:.1em .8em}dt{color:#555}dd{margin:0}\n"
        ".demo{border:1px solid #888;padding:0 "
        ".4em;font-size:.85em}.note{color:#555}code{font-family:monospace;font-size:.9em}ol,ul{margin:0;padding-left:1."
        "4em}\n"
        "svg{max-width:100%;height:auto}pre{white-space:pre-wrap;font:inherit;margin:0}\n"
        "@media "
        "print{body{max-width:none;margin:0;font-size:10.5pt}h2{break-before:page}.act,tr,svg{break-inside:avoid}@page{"
        "size:A4;margin:18mm 15mm}}\n"
        "</style></head><body>\n";
    out_ += tag("h1", escape(pack_.title)) + "\n<p>";
    if (!pack_.document.empty()) out_ += escape(pack_.document) + "。";
    if (!pack_.issuer.empty()) out_ += "发布：" + escape(pack_.issuer) + "。";
    if (pack_.in_force_from) out_ += "自 " + to_text(*pack_.in_force_from) + " 起施行。";
    if (pack_.in_force_until) out_ += "至 " + to_text(*pack_.in_force_until) + " 止。";
    out_ += "规则版本 " + escape(pack_.key()) + "。</p>\n<p class=\"note\">本手册由规则包自动印制，左栏是依据。</p>\n";
  }

  std::string roles(const CaseType& type, const std::vector<std::string>& ids) const {
    std::vector<std::string> names;
    for (const auto& id : ids) names.push_back(title_of(type.find_role(id), id));
    return escape(join(names, "、"));
  }

  // A text of the first row of a register whose columns have these values; "" when there is none.
  static std::string text_in(const RegisterType* reg, const std::vector<std::pair<std::string, std::string>>& having,
                             std::string_view column) {
    const auto text_of = [](const RegisterEntry& row, std::string_view wanted) -> std::string_view {
      if (wanted == "id") return row.id;
      for (const auto& [name, value] : row.values) {
        if (name == wanted && value.kind() == feel::Value::Kind::text) return value.as_text();
      }
      return {};
    };
    if (!reg) return {};
    for (const RegisterEntry& row : reg->rows) {
      const bool fits = std::all_of(having.begin(), having.end(),
                                    [&](const auto& one) { return text_of(row, one.first) == one.second; });
      if (fits) return std::string(text_of(row, column));
    }
    return {};
  }

  std::string role_sentence(const CaseType& type, const Role& role) const {
    const RegisterType* positions = foundations_.find_register(pack_, "positions");
    const RegisterType* units = foundations_.find_register(pack_, "units");
    std::vector<std::string> names;
    for (const auto& id : role.positions) {
      std::string name = text_in(positions, {{"position", id}, {"unit", role.unit}}, "title");
      if (name.empty()) name = text_in(positions, {{"position", id}}, "title");
      if (name.empty()) name = id;
      if (positions) {
        for (const auto& field : positions->fields) {
          for (const auto& [value, label] : field.values) {
            if (field.id == "position" && value == id) name = label;
          }
        }
      }
      names.push_back(name);
    }
    const std::string position = join(names, "或");
    const std::string assignment = title_of(type.find_assignment(role.assignment), role.assignment);
    std::string text;
    switch (role.relation) {
      case RoleRelation::unit:
        text = text_in(units, {{"id", role.unit}}, "name");
        text = (text.empty() ? "单位 " + role.unit + " " : text) + "的岗位 " + position;
        break;
      case RoleRelation::assignment:
        text = assignment + "的岗位 " + position;
        break;
      case RoleRelation::root_of:
        text = assignment + "链条起点单位的岗位 " + position;
        break;
      case RoleRelation::superior_of:
        text = assignment + "上一级单位的岗位 " + position;
        break;
      case RoleRelation::any_assigned:
        text = "任一在办单位的岗位 " + position;
        break;
      case RoleRelation::party:
        text = "当事人";
        break;
      case RoleRelation::system:
        text = "系统（计时到期或者联动）";
        break;
      case RoleRelation::anyone:
        text = "任何人";
        break;
    }
    if (!role.not_acts.empty()) {
      std::vector<std::string> acts;
      for (const auto& id : role.not_acts) acts.push_back(title_of(type.find_action(id), id));
      text += "；办过“" + join(acts, "”“") + "”的人除外";
    }
    return escape(text);
  }

  std::string limit_of_clock(const ClockDef& clock) const {
    if (clock.limit) return to_text(*clock.limit);
    if (!clock.limit_parameter.empty()) {
      const Parameter* parameter = pack_.find_parameter(clock.limit_parameter);
      return "参数“" + title_of(parameter, clock.limit_parameter) + "”";
    }
    if (!clock.limit_decision.empty()) {
      const std::string name = clock.limit_decision.substr(0, clock.limit_decision.find('.'));
      return "按表“" + title_of(pack_.find_decision(name), name) + "”";
    }
    return "没有写明数字";
  }

  std::string form_list(const std::vector<Field>& form) const {
    std::string out;
    for (const bool must : {true, false}) {
      std::vector<std::string> names;
      for (const auto& field : form) {
        if (field.must != must) continue;
        std::string name = field.title.empty() ? field.id : field.title;
        if (!field.suggest.empty()) {
          const std::string table = field.suggest.substr(0, field.suggest.find('.'));
          name += "（建议值按表“" + title_of(pack_.find_decision(table), table) + "”，另选要写理由）";
        }
        names.push_back(escape(name));
      }
      if (!names.empty())
        out += (out.empty() ? "" : "；") + std::string(must ? "必填：" : "可填：") + join(names, "、");
    }
    return out;
  }

  std::string outcome_text(const CaseType& type, const Action& action, const Outcome& outcome) const {
    std::vector<std::string> parts;
    if (!outcome.to.empty()) parts.push_back("转为“" + escape(title_of(type.find_state(outcome.to), outcome.to)) + "”");
    for (const auto& [id, formula] : outcome.set) parts.push_back("记录" + escape(title_of(type.find_field(id), id)));
    for (const auto& id : outcome.end) parts.push_back(escape(title_of(type.find_assignment(id), id)) + "的承办结束");
    for (const auto& [id, formula] : outcome.assign)
      parts.push_back("确定" + escape(title_of(type.find_assignment(id), id)));
    for (const auto& [id, effect] : outcome.clocks) {
      const ClockDef* clock = type.find_clock(id);
      std::string text = "“" + escape(title_of(clock, id)) + "”" + std::string(effect_text(effect));
      if (effect == ClockEffect::start && clock)
        text += "（" + escape(limit_of_clock(*clock)) + "，" + std::string(force_text(clock->force)) + "）";
      parts.push_back(std::move(text));
    }
    for (const auto& [letter, role] : outcome.send) {
      parts.push_back("向" + escape(title_of(type.find_role(role), role)) + "发出“" +
                      escape(title_of(pack_.find_letter(letter), letter)) + "”");
    }
    for (const auto& open : outcome.open)
      parts.push_back("生成" + escape(title_of(pack_.find_case(open.case_type), open.case_type)));
    for (const auto& flag : outcome.flags) {
      const auto title = type.flag_titles.find(flag);
      parts.push_back("标记“" + escape(title == type.flag_titles.end() ? flag : title->second) + "”");
    }
    std::string text;
    if (outcome.condition)
      text = outcome.when.empty() ? "如果 <code>" + escape(outcome.condition->text) + "</code>："
                                  : escape(outcome.when) + "的：";
    else if (action.outcomes.size() > 1)
      text = "其他情形：";
    text += parts.empty() ? "记录在案" : join(parts, "；");
    if (outcome.basis != action.basis) text += "（" + clause_cell(pack_, outcome.basis) + "）";
    return text;
  }

  void print_action(const CaseType& type, const Action& action, bool opens) {
    std::string body = tag("h3", escape(title_of(&action, action.id))) + "<dl>";
    const auto row = [&](std::string_view name, const std::string& text) {
      if (!text.empty()) body += tag("dt", std::string(name)) + tag("dd", text);
    };
    std::string who = roles(type, action.by);
    if (action.by_timer)
      who += (who.empty() ? "" : "、") + std::string("“") +
             escape(title_of(type.find_clock(action.timer_clock), action.timer_clock)) + "”到期时由系统";
    row("谁", who);
    if (!opens) {
      std::vector<std::string> states;
      for (const auto& id : action.from) states.push_back(escape(title_of(type.find_state(id), id)));
      row("何时", states.size() == type.states.size() ? "任何状态" : join(states, "、"));
    }
    row("填写", form_list(action.form));
    if (!action.help.empty()) row("说明", escape(action.help));
    std::vector<std::string> tables;
    for (const auto& id : action.decide) tables.push_back("“" + escape(title_of(pack_.find_decision(id), id)) + "”");
    row("按表", join(tables, "、"));
    if (!action.require.empty()) {
      std::string list = "<ul>";
      for (const auto& id : action.require) {
        const Condition* condition = pack_.find_condition(id);
        list += tag("li", condition ? escape(condition->sentence) : escape(id));
      }
      row("前提", list + "</ul>");
    }
    if (!action.undoes.action.empty()) {
      row("撤回", "在“" + escape(title_of(type.find_action(action.undoes.action), action.undoes.action)) + "”后 " +
                      std::to_string(action.undoes.within_ms / 1000) + " 秒内，并且还没有别的办理时");
    }
    if (action.undo_within_ms > 0)
      row("通知", "等 " + std::to_string(action.undo_within_ms / 1000) + " 秒再发出，此前可以撤回");
    if (action.ask) {
      std::string text = "请示" + escape(title_of(type.find_role(action.ask->of_role), action.ask->of_role)) +
                         "：同意则“" + escape(title_of(type.find_action(action.ask->granted), action.ask->granted)) +
                         "”，不同意则“" + escape(title_of(type.find_action(action.ask->refused), action.ask->refused)) +
                         "”";
      if (!action.ask->shields.empty())
        text += "；答复前“" + escape(title_of(type.find_clock(action.ask->shields), action.ask->shields)) + "”不算逾期";
      row("请示", text);
    }
    std::string results;
    if (action.outcomes.size() == 1) {
      results = outcome_text(type, action, action.outcomes.front());
    } else {
      results = "<ol>";
      for (const auto& outcome : action.outcomes) results += tag("li", outcome_text(type, action, outcome));
      results += "</ol>";
    }
    row("然后", results);
    out_ += "<section class=\"act\"><div>" + clause_cell(pack_, action.basis) + "</div><div>" + body +
            "</dl></div></section>\n";
  }

  void print_case(const CaseType& type) {
    out_ += tag("h2", escape(type.title)) + "\n" + draw_states(type) + "\n";
    out_ += tag("h3", "状态") + "<table><tr><th>状态</th><th>来电人看到</th><th>由谁负责</th><th>终结</th></tr>\n";
    for (const auto& state : type.states) {
      out_ += "<tr>" + tag("td", escape(state.title)) +
              tag("td", escape(state.public_title.empty() ? state.title : state.public_title)) +
              tag("td", roles(type, state.held_by)) +
              tag("td", state.final ? "是" + (state.keep.empty() ? "" : "，保存 " + escape(state.keep)) : "") +
              "</tr>\n";
    }
    out_ += "</table>\n" + tag("h3", "办理") + "\n";
    print_action(type, type.open, true);
    for (const auto& action : type.actions) print_action(type, action, false);
    if (!type.clocks.empty()) {
      out_ += tag("h3", "时限") +
              "<table><tr><th class=\"clause\">依据</th><th>名称</th><th>多长</th><th>性质</th><th>谁负责</th></tr>\n";
      for (const auto& clock : type.clocks) {
        out_ += "<tr>" + tag("td", clause_cell(pack_, clock.basis)) + tag("td", escape(clock.title)) +
                tag("td", escape(limit_of_clock(clock))) + tag("td", std::string(force_text(clock.force))) +
                tag("td", roles(type, clock.owner.empty() ? std::vector<std::string>{}
                                                          : std::vector<std::string>{clock.owner})) +
                "</tr>\n";
      }
      out_ += "</table>\n";
    }
    out_ += tag("h3", "谁是谁") + "<table><tr><th>角色</th><th>是谁</th></tr>\n";
    for (const auto& role : type.roles)
      out_ += "<tr>" + tag("td", escape(role.title)) + tag("td", role_sentence(type, role)) + "</tr>\n";
    out_ += "</table>\n" + tag("h3", "谁看得到什么") + "<table><tr><th>内容</th><th>包括</th><th>谁看得到</th></tr>\n";
    for (const auto& group : type.groups) {
      std::vector<std::string> fields;
      for (const auto& field : type.fields) {
        if (field.group == group.id) fields.push_back(field.title);
      }
      std::string sees = roles(type, group.sees);
      if (group.purpose_required) sees += "；每次查看要写明目的";
      if (!group.hide_if.empty()) {
        const Condition* condition = pack_.find_condition(group.hide_if);
        sees += "；“" + escape(condition ? condition->sentence : group.hide_if) + "”时不给" +
                roles(type, group.hide_from) + "看";
      }
      out_ +=
          "<tr>" + tag("td", escape(group.title)) + tag("td", escape(join(fields, "、"))) + tag("td", sees) + "</tr>\n";
    }
    out_ += "</table>\n";
    if (!type.reactions.empty()) {
      out_ += tag("h3", "自动联动") + "<table><tr><th class=\"clause\">依据</th><th>联动</th></tr>\n";
      for (const auto& reaction : type.reactions) {
        std::string text;
        switch (reaction.trigger) {
          case Reaction::Trigger::late:
            text = "“" + title_of(type.find_clock(reaction.of), reaction.of) + "”逾期后";
            break;
          case Reaction::Trigger::action:
            text = "“" + title_of(type.find_action(reaction.of), reaction.of) + "”之后";
            break;
          case Reaction::Trigger::state:
            text = "转为“" + title_of(type.find_state(reaction.of), reaction.of) + "”之后";
            break;
        }
        if (reaction.open)
          text += "，生成" + title_of(pack_.find_case(reaction.open->case_type), reaction.open->case_type);
        if (!reaction.act.empty()) text += "，在相连的办件上办理“" + reaction.act + "”";
        out_ += "<tr>" + tag("td", clause_cell(pack_, reaction.basis)) + tag("td", escape(text)) + "</tr>\n";
      }
      out_ += "</table>\n";
    }
  }

  void print_tables() {
    if (pack_.decisions.empty()) return;
    out_ += tag("h2", "判断表") + "\n";
    for (const auto& decision : pack_.decisions) {
      out_ += tag("h3", escape(decision.title) + (decision.demo ? " <span class=\"demo\">演示数据</span>" : ""));
      out_ += tag("p",
                  std::string(hit_policy_text(decision.table.hit_policy)) + "；" +
                      (decision.suggested ? "是建议，经办人可以另选并写理由。" : "必须照此办理。"),
                  "note");
      out_ += "<table><tr><th class=\"clause\">依据</th>";
      for (const auto& input : decision.table.inputs)
        out_ += tag("th", escape(input.label.empty() ? input.expression : input.label));
      for (const auto& output : decision.table.outputs)
        out_ += tag("th", "→ " + escape(output.label.empty() ? output.name : output.label));
      out_ += "</tr>\n";
      for (size_t i = 0; i < decision.table.rules.size(); ++i) {
        const auto& rule = decision.table.rules[i];
        out_ += "<tr>" + tag("td", i < decision.row_bases.size() ? clause_cell(pack_, decision.row_bases[i]) : "");
        for (size_t c = 0; c < rule.cells.size(); ++c) out_ += tag("td", escape(cell_text(decision, c, rule.cells[c])));
        for (const auto& cell : rule.outputs) out_ += tag("td", escape(cell));
        out_ += "</tr>\n";
      }
      out_ += "</table>\n";
    }
  }

  // `"consultation"` is printed as 咨询 where the input names a field with labels.
  std::string cell_text(const Decision& decision, size_t column, const std::string& cell) const {
    if (trim(cell) == "-") return "不论";
    if (trim(cell) == "true") return "是";
    if (trim(cell) == "false") return "否";
    std::string text = cell;
    if (column >= decision.table.inputs.size()) return text;
    std::string name = decision.table.inputs[column].expression;
    if (name.starts_with("form.")) name = name.substr(5);
    for (const auto& type : pack_.cases) {
      const Field* field = type.find_field(name);
      if (!field) continue;
      for (const auto& [id, label] : field->values) text = replace_all(text, "\"" + id + "\"", label);
    }
    return text;
  }

  void print_conditions() {
    if (pack_.conditions.empty()) return;
    out_ += tag("h2", "条件") + "<table><tr><th class=\"clause\">依据</th><th>条件</th><th>不符合时怎么办</th></tr>\n";
    for (const auto& condition : pack_.conditions) {
      out_ += "<tr>" + tag("td", clause_cell(pack_, condition.basis)) + tag("td", escape(condition.sentence)) +
              tag("td", escape(condition.instead)) + "</tr>\n";
    }
    out_ += "</table>\n";
  }

  void print_parameters() {
    if (pack_.parameters.empty()) return;
    out_ += tag("h2", "可以由市里决定的事") +
            "<table><tr><th class=\"clause\">依据</th><th>事项</th><th>现在</th><th>可选</th></tr>\n";
    for (const auto& parameter : pack_.parameters) {
      std::string now =
          limit_of(parameter.value) ? to_text(*limit_of(parameter.value)) : parameter.value.to_plain_text();
      std::vector<std::string> choices;
      for (const auto& [id, label] : parameter.values) {
        choices.push_back(label);
        if (id == parameter.value.to_plain_text()) now = label;
      }
      out_ += "<tr>" + tag("td", clause_cell(pack_, parameter.basis)) + tag("td", escape(parameter.title)) +
              tag("td", escape(now)) + tag("td", escape(join(choices, "、"))) + "</tr>\n";
    }
    out_ += "</table>\n";
  }

  void print_letters() {
    if (pack_.letters.empty()) return;
    out_ += tag("h2", "文书和消息") + "<table><tr><th class=\"clause\">依据</th><th>名称</th><th>正文</th></tr>\n";
    for (const auto& letter : pack_.letters) {
      out_ += "<tr>" + tag("td", clause_cell(pack_, letter.basis)) + tag("td", escape(letter.title)) +
              tag("td", tag("pre", escape(letter.text))) + "</tr>\n";
    }
    out_ += "</table>\n";
  }

  void print_registers() {
    constexpr size_t kRowsPrinted = 60;  // a longer register is data, not rules
    if (pack_.registers.empty()) return;
    out_ += tag("h2", "名录") + "\n";
    for (const auto& reg : pack_.registers) {
      out_ += tag("h3", escape(reg.title) + (reg.demo ? " <span class=\"demo\">演示数据</span>" : ""));
      if (reg.rows.size() > kRowsPrinted) {
        out_ += tag("p", "共 " + std::to_string(reg.rows.size()) + " 条，不在此印出。", "note");
        continue;
      }
      out_ += "<table><tr>";
      for (const auto& field : reg.fields) out_ += tag("th", escape(field.title));
      out_ += "</tr>\n";
      for (const auto& row : reg.rows) {
        out_ += "<tr>";
        for (const auto& field : reg.fields) {
          std::string text;
          for (const auto& [id, value] : row.values) {
            if (id == field.id) text = value.to_plain_text();
          }
          for (const auto& [id, label] : field.values) {
            if (id == text) text = label;
          }
          out_ += tag("td", escape(text));
        }
        out_ += "</tr>\n";
      }
      out_ += "</table>\n";
    }
  }

  void print_clauses() {
    if (pack_.clauses.empty()) return;
    std::map<std::string, std::vector<std::string>> by_clause;
    for (const auto& citation : citations(pack_)) {
      if (citation.basis.kind == BasisKind::clause) by_clause[citation.basis.clause].push_back(citation.by);
    }
    out_ += tag("h2", "条款对照") + "<table><tr><th class=\"clause\">条款</th><th>要旨</th><th>落实</th></tr>\n";
    for (const auto& clause : pack_.clauses) {
      const auto found = by_clause.find(clause.id);
      std::string how = found == by_clause.end() ? "" : "有 " + std::to_string(found->second.size()) + " 处规则";
      if (!clause.left.empty()) how += (how.empty() ? "" : "；") + std::string("不由软件执行：") + clause.left;
      out_ +=
          "<tr>" + tag("td", escape(clause.id)) + tag("td", escape(clause.gist)) + tag("td", escape(how)) + "</tr>\n";
    }
    out_ += "</table>\n";
  }

  // The readings themselves stand in docs/document_issues.md, whose numbers never change.
  void print_readings() {
    std::map<int, std::vector<std::string>> by_number;
    for (const auto& citation : citations(pack_)) {
      auto& list = by_number[citation.basis.reading];
      if (std::find(list.begin(), list.end(), citation.by) == list.end()) list.push_back(citation.by);
    }
    by_number.erase(0);
    if (by_number.empty()) return;
    out_ += tag("h2", "用到的解读") +
            "<p class=\"note\">文件不明确之处的解读，编号见 docs/document_issues.md。</p><table><tr><th "
            "class=\"clause\">编号</th><th>用在</th></tr>\n";
    for (const auto& [number, list] : by_number)
      out_ += "<tr>" + tag("td", "解读 " + std::to_string(number)) + tag("td", escape(join(list, "；"))) + "</tr>\n";
    out_ += "</table>\n";
  }

  const Pack& pack_;
  const Library& foundations_;
  std::string out_;
};

}  // namespace

std::string draw_states(const CaseType& type) {
  constexpr int kBoxWidth = 132, kBoxHeight = 40, kGapX = 26, kGapY = 62, kMargin = 16, kLoop = 30, kNameSize = 11;
  const size_t n = type.states.size();
  if (n == 0) return "";
  const auto index_of = [&](const std::string& id) -> size_t {
    for (size_t i = 0; i < n; ++i) {
      if (type.states[i].id == id) return i;
    }
    return n;
  };
  // One arrow for each pair of states, with the titles of the acts.
  std::map<std::pair<size_t, size_t>, std::vector<std::string>> arrows;
  for (const auto& action : type.actions) {
    for (const auto& outcome : action.outcomes) {
      const size_t to = index_of(outcome.to);
      for (const auto& from : action.from) {
        const size_t at = index_of(from);
        if (to == n || at == n || at == to) continue;
        auto& titles = arrows[{at, to}];
        if (std::find(titles.begin(), titles.end(), action.title) == titles.end()) titles.push_back(action.title);
      }
    }
  }
  // Layer = distance from the opening; final states stand below everything else.
  std::vector<size_t> layer(n, n), row;
  const auto place = [&](size_t state, size_t at) {
    if (state < n && layer[state] == n) {
      layer[state] = at;
      row.push_back(state);
    }
  };
  for (const auto& outcome : type.open.outcomes) place(outcome.to.empty() ? 0 : index_of(outcome.to), 0);
  for (size_t i = 0; i < row.size(); ++i) {
    for (const auto& [pair, titles] : arrows) {
      if (pair.first == row[i]) place(pair.second, layer[row[i]] + 1);
    }
  }
  size_t deepest = 0;
  for (size_t i = 0; i < n; ++i) {
    if (!type.states[i].final && layer[i] < n) deepest = std::max(deepest, layer[i]);
  }
  for (size_t i = 0; i < n; ++i) {
    if (type.states[i].final || layer[i] == n) layer[i] = deepest + 1;
  }
  std::vector<std::vector<size_t>> layers(deepest + 2);
  for (size_t i = 0; i < n; ++i) layers[layer[i]].push_back(i);
  // Drawn is what crosses no box: one layer down, or one layer up between the first boxes of both. Every other way is
  // named at the right of its box.
  const auto is_down = [&](size_t from, size_t to) { return layer[to] == layer[from] + 1; };
  const auto is_up = [&](size_t from, size_t to) {
    return layer[from] == layer[to] + 1 && layers[layer[from]].front() == from && layers[layer[to]].front() == to;
  };
  std::vector<std::vector<std::string>> named(n);
  size_t longest = 0;
  for (const auto& [pair, titles] : arrows) {
    if (is_down(pair.first, pair.second) || is_up(pair.first, pair.second)) continue;
    const bool is_back = layer[pair.second] <= layer[pair.first];
    named[pair.first].push_back((is_back ? "↩ " : "→ ") + type.states[pair.second].title);
    longest = std::max(longest, count_characters(named[pair.first].back()));
  }
  // The room that a layer keeps at the right of every box.
  const auto room_of = [&](const std::vector<size_t>& states) {
    const bool has_names = std::any_of(states.begin(), states.end(), [&](size_t i) { return !named[i].empty(); });
    return has_names ? static_cast<int>(longest) * kNameSize : 0;
  };
  int width = 0;
  for (const auto& states : layers) {
    const int room = room_of(states);
    width = std::max(width, static_cast<int>(states.size()) * (kBoxWidth + room + kGapX) - kGapX + room);
  }
  width += 2 * (kMargin + kLoop);
  const int height = 2 * kMargin + static_cast<int>(layers.size()) * (kBoxHeight + kGapY) - kGapY + 24;
  std::vector<std::pair<int, int>> centre(n);
  for (size_t l = 0; l < layers.size(); ++l) {
    const int room = room_of(layers[l]);
    const int used = static_cast<int>(layers[l].size()) * (kBoxWidth + room + kGapX) - kGapX - room;
    int x = (width - used) / 2 + kBoxWidth / 2;
    for (const size_t state : layers[l]) {
      centre[state] = {x, kMargin + 24 + static_cast<int>(l) * (kBoxHeight + kGapY) + kBoxHeight / 2};
      x += kBoxWidth + room + kGapX;
    }
  }
  const auto num = [](int value) { return std::to_string(value); };
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + num(width) + " " + num(height) +
                    "\" width=\"" + num(width) + "\" role=\"img\" aria-label=\"" + escape(type.title) +
                    "的状态图\"><defs><marker id=\"arrow-" + escape(type.id) +
                    "\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
                    "orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"#555\"/></marker></defs>\n";
  for (const auto& outcome : type.open.outcomes) {
    const size_t to = outcome.to.empty() ? 0 : index_of(outcome.to);
    if (to == n) continue;
    const auto [x, y] = centre[to];
    svg += "<path d=\"M" + num(x) + " " + num(y - kBoxHeight / 2 - 22) + " L" + num(x) + " " +
           num(y - kBoxHeight / 2 - 2) + "\" stroke=\"#555\" fill=\"none\" marker-end=\"url(#arrow-" + escape(type.id) +
           ")\"><title>" + escape(type.open.title) + "</title></path>\n";
  }
  for (const auto& [pair, titles] : arrows) {
    const bool goes_down = is_down(pair.first, pair.second);
    if (!goes_down && !is_up(pair.first, pair.second)) continue;
    const auto [x1, y1] = centre[pair.first];
    const auto [x2, y2] = centre[pair.second];
    std::string path;
    if (goes_down) {  // from the lower edge to the upper edge
      const int from = y1 + kBoxHeight / 2, to = y2 - kBoxHeight / 2 - 2, middle = (from + to) / 2;
      path = "M" + num(x1) + " " + num(from) + " C" + num(x1) + " " + num(middle) + " " + num(x2) + " " + num(middle) +
             " " + num(x2) + " " + num(to);
    } else {  // around the left side
      const int side = std::min(x1, x2) - kBoxWidth / 2 - kLoop;
      path = "M" + num(x1 - kBoxWidth / 2) + " " + num(y1 - 6) + " C" + num(side) + " " + num(y1 - 6) + " " +
             num(side) + " " + num(y2 + 8) + " " + num(x2 - kBoxWidth / 2 - 2) + " " + num(y2 + 8);
    }
    svg += "<path d=\"" + path + "\" stroke=\"#555\" fill=\"none\"" + (goes_down ? "" : " stroke-dasharray=\"4 3\"") +
           " marker-end=\"url(#arrow-" + escape(type.id) + ")\"><title>" +
           escape(type.states[pair.first].title + " → " + type.states[pair.second].title + "：" + join(titles, "、")) +
           "</title></path>\n";
  }
  for (size_t i = 0; i < n; ++i) {
    const auto [x, y] = centre[i];
    const bool final = type.states[i].final;
    svg += "<rect x=\"" + num(x - kBoxWidth / 2) + "\" y=\"" + num(y - kBoxHeight / 2) + "\" width=\"" +
           num(kBoxWidth) + "\" height=\"" + num(kBoxHeight) + "\" rx=\"" + (final ? "20" : "4") + "\" fill=\"" +
           (final ? "#eee" : "#fff") + "\" stroke=\"#333\"/><text x=\"" + num(x) + "\" y=\"" + num(y + 5) +
           "\" font-size=\"" + (count_characters(type.states[i].title) > 9 ? "11" : "13") +
           "\" text-anchor=\"middle\">" + escape(type.states[i].title) + "</text>\n";
    int line = y + 4 - (static_cast<int>(named[i].size()) - 1) * (kNameSize + 3) / 2;
    for (const std::string& name : named[i]) {
      svg += "<text x=\"" + num(x + kBoxWidth / 2 + 6) + "\" y=\"" + num(line) + "\" font-size=\"" + num(kNameSize) +
             "\" fill=\"#333\">" + escape(name) + "</text>\n";
      line += kNameSize + 3;
    }
  }
  return svg + "</svg>";
}

std::string print_manual(const Pack& pack, const Library& foundations) { return Manual(pack, foundations).print(); }

}  // namespace tongban::pack
