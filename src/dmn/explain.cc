#include "dmn/explain.h"

namespace tongban::dmn {
namespace {

using feel::Value;

std::string value_text(const Value& value) {
  if (const auto limit = limit_to_text(value)) return *limit;
  if (value.kind() != Value::Kind::list) return value.to_text();
  std::string out;
  for (const Value& item : value.as_list()) {
    const auto limit = limit_to_text(item);
    out += (out.empty() ? "" : "、") + (limit ? *limit : item.to_text());
  }
  return out.empty() ? "空列表" : out;
}

std::string head_of(const Input& input) {
  return input.label.empty() || input.label == input.expression ? input.expression
                                                                : input.label + " " + input.expression;
}

const Value* value_at(const Decision& decision, size_t column) {
  return column < decision.inputs.size() ? &decision.inputs[column].value : nullptr;
}

std::string join(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : std::string(between)) + word;
  return out;
}

std::string numbers(const std::vector<int>& rows) {
  std::vector<std::string> words;
  for (const int row : rows) words.push_back(std::to_string(row));
  return "第 " + join(words, "、") + " 行";
}

std::string stopped_text(const Table& table, const Decision& decision, const Decision::RowTrace& row) {
  const size_t column = static_cast<size_t>(row.stopped_at) - 1;
  const std::string& cell = table.rules[static_cast<size_t>(row.row) - 1].cells[column];
  const Value* value = value_at(decision, column);
  const std::string head = head_of(table.inputs[column]);
  const std::string place = "第 " + std::to_string(row.row) + " 行";
  if (row.is_open) return place + "不能判定：" + head + " 没有值，该格是 " + cell;
  return place + "不符合：" + head + " 是 " + (value ? value_text(*value) : "无") + "，该格是 " + cell;
}

}  // namespace

json::object to_json(const TableTrace& trace) {
  const Table& table = *trace.table;
  json::object out = trace.decision.to_json().as_object();
  out["element"] = trace.element;
  out["table"] = table.title.empty() ? table.name : table.title;
  out["hit_policy"] = to_text(table.hit_policy);
  json::array rows;
  for (const Decision::RowTrace& row : trace.decision.rows) {
    json::object entry{{"row", row.row}, {"matched", row.stopped_at == 0}};
    const Rule& rule = table.rules[static_cast<size_t>(row.row) - 1];
    if (!rule.clause.empty()) entry["clause"] = rule.clause;
    if (row.stopped_at > 0) {
      const size_t column = static_cast<size_t>(row.stopped_at) - 1;
      entry["column"] = row.stopped_at;
      entry["input"] = table.inputs[column].expression;
      entry["cell"] = rule.cells[column];
      const Value* value = value_at(trace.decision, column);
      entry["value"] = value ? value->to_json() : json::value(nullptr);
      if (row.is_open) entry["undecided"] = true;
    }
    rows.push_back(std::move(entry));
  }
  out["rows"] = std::move(rows);
  out["sentence"] = to_sentence(trace);
  return out;
}

std::string to_sentence(const TableTrace& trace) {
  const Table& table = *trace.table;
  const Decision& decision = trace.decision;
  std::string out = "表「" + (table.title.empty() ? table.name : table.title) + "」（" +
                    std::string(word_of(table.hit_policy)) + "）：";
  std::vector<std::string> read;
  for (size_t i = 0; i < decision.inputs.size() && i < table.inputs.size(); ++i)
    read.push_back(head_of(table.inputs[i]) + " = " + value_text(decision.inputs[i].value));
  out += join(read, "，") + "。";
  if (decision.status == Decision::Status::failed) return out + "没有结果：" + decision.error + "。";
  const std::string basis = decision.clauses.empty() ? "" : "，依据 " + join(decision.clauses, "；");
  const std::string result = "得 " + value_text(decision.value) + basis + "。";
  if (decision.used_default) {
    out += "没有符合的行，取缺省值，" + result;
  } else if (decision.matched.empty()) {
    out += "没有符合的行，" + result;
  } else if (decision.decided_by) {
    out += "第 " + std::to_string(*decision.decided_by) + " 行符合" +
           (decision.matched.size() > 1 ? "（共" + numbers(decision.matched) + "符合）" : "") + "，" + result;
  } else {
    out += numbers(decision.matched) + "符合，" + result;
  }
  if (decision.status == Decision::Status::at_least)
    out += "这只是「至少」：缺少 " + join(decision.missing, "、") + "，" + numbers(decision.stopped) + "因此不能判定。";
  std::vector<std::string> others;
  for (const Decision::RowTrace& row : decision.rows) {
    if (row.stopped_at == 0) continue;
    if (others.size() == 20) {
      others.push_back("其余从略");
      break;
    }
    others.push_back(stopped_text(table, decision, row));
  }
  if (!others.empty()) out += join(others, "；") + "。";
  return out;
}

json::object to_json(const Outcome& outcome) {
  json::object out{{"value", outcome.value.to_json()}};
  json::array faults;
  for (const Fault& fault : outcome.faults) {
    faults.push_back(json::object{
        {"element", fault.element}, {"line", fault.at.line}, {"column", fault.at.column}, {"message", fault.message}});
  }
  out["faults"] = std::move(faults);
  if (!outcome.decisions.empty()) {
    json::object decisions;
    for (const auto& [name, value] : outcome.decisions) decisions[name] = value.to_json();
    out["decisions"] = std::move(decisions);
  }
  if (!outcome.tables.empty()) {
    json::array tables;
    for (const TableTrace& trace : outcome.tables) tables.push_back(to_json(trace));
    out["tables"] = std::move(tables);
  }
  return out;
}

}  // namespace tongban::dmn
