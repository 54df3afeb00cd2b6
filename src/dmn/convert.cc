// Between tables of their own and models.
#include <algorithm>

#include "base/text.h"
#include "dmn/roots.h"
#include "dmn/xml.h"

namespace tongban::dmn {
namespace {

using feel::Type;
using feel::Value;

bool is_basic(const Type& type) {
  switch (type.kind) {
    case Type::Kind::list:
    case Type::Kind::context:
    case Type::Kind::range:
      return false;
    default:
      return true;
  }
}

// Item definitions for a type that XML cannot name by itself: its own text is its name.
void define(const Type& type, std::vector<ItemDefinition>& out) {
  if (is_basic(type)) return;
  const std::string name = type.to_text();
  if (std::any_of(out.begin(), out.end(), [&](const ItemDefinition& each) { return each.name == name; })) return;
  ItemDefinition definition;
  definition.name = name;
  if (type.kind == Type::Kind::list) {
    definition.is_collection = true;
    definition.type_ref = type.element ? type.element->to_text() : "Any";
    if (type.element) define(*type.element, out);
  } else if (type.members) {
    for (const Type::Member& member : *type.members) {
      ItemDefinition component;
      component.name = member.name;
      component.type_ref = member.type.kind == Type::Kind::any ? "Any" : member.type.to_text();
      define(member.type, out);
      definition.components.push_back(std::move(component));
    }
  } else {
    definition.type_ref = "Any";
  }
  out.push_back(std::move(definition));
}

std::string limit_as_context(const std::string& text) {
  const std::optional<Value> limit = parse_limit(text);
  return limit ? limit->to_text() : text;
}

std::string limit_as_written(const std::string& text) {
  if (text.find("unit") == std::string::npos) return text;
  const feel::Compiled compiled = feel::compile(text, feel::Scope(), {.strict = false});
  if (!compiled.expression) return text;
  const std::optional<Value> value = compiled.expression->constant();
  const std::optional<std::string> limit = value ? limit_to_text(*value) : std::nullopt;
  return limit.value_or(text);
}

template <class Column>
void name_type(Column& column, std::vector<ItemDefinition>& types) {
  define(column.type, types);
  if (column.type_ref.empty() && column.type.kind != Type::Kind::any) column.type_ref = column.type.to_text();
}

template <class Column>
void read_type(Column& column) {
  if (const std::optional<Type> type = feel::parse_type(column.type_ref)) {
    column.type = *type;
    column.type_ref.clear();
  }
  if (column.type_ref == "Any") column.type_ref.clear();
  if (!column.allowed.empty()) column.allowed_text.clear();
  column.id.clear();
  column.line = 0;
}

void collect(const Boxed& boxed, std::vector<Table>& out) {
  if (boxed.table) {
    Table table = *boxed.table;
    for (Input& input : table.inputs) read_type(input);
    for (Output& output : table.outputs) {
      read_type(output);
      output.default_text = limit_as_written(output.default_text);
    }
    const bool has_text =
        std::any_of(table.rules.begin(), table.rules.end(), [](const Rule& rule) { return !rule.text.empty(); });
    if (has_text) table.annotation_names.insert(table.annotation_names.begin(), "description");
    for (Rule& rule : table.rules) {
      rule.id.clear();
      rule.line = 0;
      if (has_text) rule.annotations.insert(rule.annotations.begin(), std::exchange(rule.text, {}));
      rule.annotations.resize(table.annotation_names.size());
      for (std::string& cell : rule.outputs) cell = cell.empty() ? "null" : limit_as_written(cell);
    }
    table.id.clear();
    std::string text;
    for (const std::string_view line : split(table.text, '\n')) {
      const std::string_view trimmed = trim(line);
      if (trimmed.empty()) continue;
      text += (text.empty() ? "" : "\n") + std::string(trimmed.starts_with('|') ? "· " : "") + std::string(trimmed);
    }
    table.text = std::move(text);
    out.push_back(std::move(table));
  }
  for (const Boxed& part : boxed.parts) collect(part, out);
}

}  // namespace

Definitions model_of(const Table& given) {
  Definitions model;
  model.name = given.name;
  model.id = "table_of_" + given.name;
  model.namespace_uri = "urn:tongban:table:" + given.name;
  model.version = "1.5";
  Table table = given;
  for (Input& input : table.inputs) name_type(input, model.types);
  for (Output& output : table.outputs) {
    name_type(output, model.types);
    output.default_text = limit_as_context(output.default_text);
  }
  for (Rule& rule : table.rules) {
    for (std::string& cell : rule.outputs) cell = limit_as_context(cell);
  }
  Element decision;
  decision.kind = Element::Kind::decision;
  decision.name = table.name;
  decision.id = "decision_" + table.name;
  decision.label = table.title;
  decision.description = table.text;
  decision.variable.name = table.name;
  for (const std::string& root : roots_of(table)) {
    Element input;
    input.kind = Element::Kind::input;
    input.name = root;
    input.id = "input_" + root;
    input.variable.name = root;
    for (const Input& column : table.inputs) {
      if (column.expression == root) input.variable.type_ref = column.type_ref;
    }
    decision.required_inputs.push_back("#" + input.id);
    model.elements.push_back(std::move(input));
  }
  if (!table.clause.empty()) {
    Element source;
    source.kind = Element::Kind::knowledge_source;
    source.name = table.clause;
    source.id = "clause_" + table.name;
    decision.required_authority.push_back("#" + source.id);
    model.elements.push_back(std::move(source));
  }
  decision.logic.kind = Boxed::Kind::table;
  decision.logic.table = std::make_shared<const Table>(std::move(table));
  model.elements.push_back(std::move(decision));
  return model;
}

Definitions model_of(const std::vector<Table>& tables) {
  Definitions out;
  for (const Table& table : tables) {
    Definitions one = model_of(table);
    if (&table == &tables.front()) {
      out = std::move(one);
      continue;
    }
    for (ItemDefinition& type : one.types) {
      const bool is_known = std::any_of(out.types.begin(), out.types.end(),
                                        [&](const ItemDefinition& each) { return each.name == type.name; });
      if (!is_known) out.types.push_back(std::move(type));
    }
    for (Element& element : one.elements) {
      const bool is_known = std::any_of(out.elements.begin(), out.elements.end(),
                                        [&](const Element& each) { return each.id == element.id; });
      if (!is_known || element.kind == Element::Kind::decision) out.elements.push_back(std::move(element));
    }
  }
  return out;
}

std::vector<Table> tables_of(const Definitions& model) {
  std::vector<Table> out;
  for (const Element& element : model.elements) collect(element.logic, out);
  return out;
}

}  // namespace tongban::dmn
