// Models → XML of DMN 1.5. The order of elements is that of DMN15.xsd.
#include <pugixml.hpp>

#include "base/text.h"
#include "dmn/xml.h"
#include "dmn/xml_names.h"

namespace tongban::dmn {
namespace {

class Collector : public pugi::xml_writer {
 public:
  void write(const void* data, size_t size) override { text.append(static_cast<const char*>(data), size); }
  std::string text;
};

using pugi::xml_node;

void set(xml_node& node, const char* name, const std::string& value) {
  if (!value.empty()) node.append_attribute(name).set_value(value.c_str());
}
xml_node add(xml_node& parent, const char* name) { return parent.append_child(name); }
void add_text(xml_node& parent, const char* name, const std::string& text) {
  add(parent, name).append_child(pugi::node_pcdata).set_value(text.c_str());
}
// <name><text>…</text></name>
void add_nested(xml_node& parent, const char* name, const std::string& text) {
  if (text.empty()) return;
  xml_node child = add(parent, name);
  add_text(child, "text", text);
}
void add_description(xml_node& node, const std::string& text) {
  if (!text.empty()) add_text(node, "description", text);
}

class Writer {
 public:
  std::string write(const Definitions& model) {
    xml_node declaration = document_.append_child(pugi::node_declaration);
    declaration.append_attribute("version").set_value("1.0");
    declaration.append_attribute("encoding").set_value("UTF-8");
    xml_node root = document_.append_child("definitions");
    root.append_attribute("xmlns").set_value(std::string(kNamespace15).c_str());
    root.append_attribute("xmlns:tongban").set_value(std::string(kOwnNamespace).c_str());
    set(root, "id", model.id);
    root.append_attribute("name").set_value(model.name.c_str());
    root.append_attribute("namespace").set_value(model.namespace_uri.c_str());
    add_description(root, model.description);
    for (const Import& import : model.imports) write_import(root, import);
    for (const ItemDefinition& type : model.types) write_type(root, "itemDefinition", type);
    for (const Element& element : model.elements) write_element(root, element);
    Collector out;
    document_.save(out, "  ", pugi::format_indent, pugi::encoding_utf8);
    return std::move(out.text);
  }

 private:
  static void write_import(xml_node& root, const Import& import) {
    xml_node node = add(root, "import");
    node.append_attribute("name").set_value(import.name.c_str());
    node.append_attribute("namespace").set_value(import.namespace_uri.c_str());
    set(node, "locationURI", import.location);
    node.append_attribute("importType")
        .set_value(import.is_dmn ? std::string(kNamespace15).c_str() : "http://www.w3.org/2001/XMLSchema");
  }

  static void write_type(xml_node& parent, const char* name, const ItemDefinition& type) {
    xml_node node = add(parent, name);
    node.append_attribute("name").set_value(type.name.c_str());
    set(node, "id", type.id);
    set(node, "label", type.label);
    if (type.is_collection) set(node, "isCollection", "true");
    add_description(node, type.description);
    if (!type.type_ref.empty()) add_text(node, "typeRef", type.type_ref);
    add_nested(node, "allowedValues", type.allowed_values);
    add_nested(node, "typeConstraint", type.type_constraint);
    for (const ItemDefinition& component : type.components) write_type(node, "itemComponent", component);
    if (!type.is_function) return;
    xml_node function = add(node, "functionItem");
    set(function, "outputTypeRef", type.result_ref);
    for (const ItemDefinition::Parameter& parameter : type.parameters) {
      xml_node child = add(function, "parameters");
      child.append_attribute("name").set_value(parameter.name.c_str());
      set(child, "typeRef", parameter.type_ref);
    }
  }

  static void write_name(xml_node& parent, const char* element, const TypedName& name) {
    xml_node node = add(parent, element);
    node.append_attribute("name").set_value(name.name.c_str());
    set(node, "id", name.id);
    set(node, "typeRef", name.type_ref);
  }

  static void write_hrefs(xml_node& parent, const char* outer, const char* inner,
                          const std::vector<std::string>& hrefs) {
    for (const std::string& href : hrefs) {
      xml_node node = outer ? add(parent, outer) : parent;
      xml_node child = add(node, inner);
      child.append_attribute("href").set_value(href.c_str());
    }
  }

  static const char* element_name(Element::Kind kind) {
    switch (kind) {
      case Element::Kind::input:
        return "inputData";
      case Element::Kind::decision:
        return "decision";
      case Element::Kind::knowledge_model:
        return "businessKnowledgeModel";
      case Element::Kind::service:
        return "decisionService";
      case Element::Kind::knowledge_source:
        return "knowledgeSource";
    }
    return "";
  }

  void write_element(xml_node& root, const Element& element) {
    xml_node node = add(root, element_name(element.kind));
    node.append_attribute("name").set_value(element.name.c_str());
    set(node, "id", element.id);
    set(node, "label", element.label);
    if (element.kind == Element::Kind::knowledge_source) set(node, "locationURI", element.location);
    add_description(node, element.description);
    if (!element.question.empty()) add_text(node, "question", element.question);
    if (!element.allowed_answers.empty()) add_text(node, "allowedAnswers", element.allowed_answers);
    if (element.kind == Element::Kind::knowledge_source) {
      write_authority(node, element);
      return;
    }
    write_name(node, "variable", element.variable);
    if (element.kind == Element::Kind::service) {
      write_hrefs(node, nullptr, "outputDecision", element.output_decisions);
      write_hrefs(node, nullptr, "encapsulatedDecision", element.encapsulated_decisions);
      write_hrefs(node, nullptr, "inputDecision", element.input_decisions);
      write_hrefs(node, nullptr, "inputData", element.input_data);
      return;
    }
    if (element.kind == Element::Kind::knowledge_model) {
      if (element.logic.kind == Boxed::Kind::function) write_function(node, "encapsulatedLogic", element.logic);
      write_hrefs(node, "knowledgeRequirement", "requiredKnowledge", element.required_knowledge);
      write_authority(node, element);
      return;
    }
    write_hrefs(node, "informationRequirement", "requiredDecision", element.required_decisions);
    write_hrefs(node, "informationRequirement", "requiredInput", element.required_inputs);
    write_hrefs(node, "knowledgeRequirement", "requiredKnowledge", element.required_knowledge);
    write_authority(node, element);
    write_boxed(node, element.logic);
  }
  static void write_authority(xml_node& node, const Element& element) {
    write_hrefs(node, "authorityRequirement", "requiredAuthority", element.required_authority);
  }

  static xml_node start_boxed(xml_node& parent, const char* name, const Boxed& boxed) {
    xml_node node = add(parent, name);
    set(node, "id", boxed.id);
    set(node, "label", boxed.label);
    set(node, "typeRef", boxed.type_ref);
    add_description(node, boxed.description);
    return node;
  }

  void write_function(xml_node& parent, const char* name, const Boxed& boxed) {
    xml_node node = start_boxed(parent, name, boxed);
    if (boxed.text != "FEEL") set(node, "kind", boxed.text);
    for (const TypedName& parameter : boxed.names) write_name(node, "formalParameter", parameter);
    write_boxed(node, boxed.parts[0]);
  }

  void write_part(xml_node& parent, const char* name, const Boxed& boxed) {
    xml_node node = add(parent, name);
    write_boxed(node, boxed);
  }

  void write_boxed(xml_node& parent, const Boxed& boxed) {
    switch (boxed.kind) {
      case Boxed::Kind::absent:
        return;
      case Boxed::Kind::function:
        write_function(parent, "functionDefinition", boxed);
        return;
      case Boxed::Kind::table:
        write_table(parent, boxed);
        return;
      default:
        break;
    }
    xml_node node = start_boxed(parent, std::string(boxed_name(boxed.kind)).c_str(), boxed);
    switch (boxed.kind) {
      case Boxed::Kind::literal:
        set(node, "expressionLanguage", boxed.language);
        add_text(node, "text", boxed.text);
        break;
      case Boxed::Kind::context:
        for (size_t i = 0; i < boxed.parts.size(); ++i) {
          xml_node entry = add(node, "contextEntry");
          if (!boxed.names[i].name.empty()) write_name(entry, "variable", boxed.names[i]);
          write_boxed(entry, boxed.parts[i]);
        }
        break;
      case Boxed::Kind::relation:
        for (const TypedName& column : boxed.names) write_name(node, "column", column);
        for (const Boxed& row : boxed.parts) {
          xml_node child = add(node, "row");
          set(child, "id", row.id);
          for (const Boxed& cell : row.parts) write_boxed(child, cell);
        }
        break;
      case Boxed::Kind::list:
        for (const Boxed& part : boxed.parts) write_boxed(node, part);
        break;
      case Boxed::Kind::invocation:
        if (!boxed.parts.empty()) write_boxed(node, boxed.parts[0]);
        for (size_t i = 0; i < boxed.names.size(); ++i) {
          xml_node binding = add(node, "binding");
          write_name(binding, "parameter", boxed.names[i]);
          write_boxed(binding, boxed.parts[i + 1]);
        }
        break;
      case Boxed::Kind::conditional:
        write_part(node, "if", boxed.parts[0]);
        write_part(node, "then", boxed.parts[1]);
        write_part(node, "else", boxed.parts[2]);
        break;
      case Boxed::Kind::filter:
        write_part(node, "in", boxed.parts[0]);
        write_part(node, "match", boxed.parts[1]);
        break;
      default:
        set(node, "iteratorVariable", boxed.variable);
        write_part(node, "in", boxed.parts[0]);
        write_part(node, boxed.kind == Boxed::Kind::for_loop ? "return" : "satisfies", boxed.parts[1]);
        break;
    }
  }

  static void write_policy(xml_node& node, HitPolicy policy) {
    const auto put = [&](const char* name, const char* aggregation) {
      node.append_attribute("hitPolicy").set_value(name);
      if (aggregation) node.append_attribute("aggregation").set_value(aggregation);
    };
    switch (policy) {
      case HitPolicy::unique:
        return put("UNIQUE", nullptr);
      case HitPolicy::first:
        return put("FIRST", nullptr);
      case HitPolicy::any:
        return put("ANY", nullptr);
      case HitPolicy::priority:
        return put("PRIORITY", nullptr);
      case HitPolicy::collect:
        return put("COLLECT", nullptr);
      case HitPolicy::collect_sum:
        return put("COLLECT", "SUM");
      case HitPolicy::collect_min:
        return put("COLLECT", "MIN");
      case HitPolicy::collect_max:
        return put("COLLECT", "MAX");
      case HitPolicy::collect_count:
        return put("COLLECT", "COUNT");
      case HitPolicy::rule_order:
        return put("RULE ORDER", nullptr);
      case HitPolicy::output_order:
        return put("OUTPUT ORDER", nullptr);
    }
  }

  static void write_labels(xml_node& node, const std::vector<AllowedValue>& allowed) {
    xml_node extension;
    for (const AllowedValue& each : allowed) {
      if (each.label.empty()) continue;
      if (!extension) extension = add(node, "extensionElements");
      xml_node value = add(extension, "tongban:value");
      value.append_attribute("literal").set_value(each.value.to_text().c_str());
      value.append_attribute("label").set_value(each.label.c_str());
    }
  }
  static std::string allowed_text(const std::vector<AllowedValue>& allowed, const std::string& text) {
    if (!text.empty()) return text;
    std::string out;
    for (const AllowedValue& each : allowed) out += (out.empty() ? "" : ",") + each.value.to_text();
    return out;
  }
  // The type as XML names it.
  static std::string type_text(const feel::Type& type, const std::string& ref) {
    if (!ref.empty() || type.kind == feel::Type::Kind::any) return ref;
    return type.to_text();
  }

  static void write_table(xml_node& parent, const Boxed& boxed) {
    const Table& table = *boxed.table;
    xml_node node = start_boxed(parent, "decisionTable", boxed);
    write_policy(node, table.hit_policy);
    set(node, "outputLabel", table.output_label);
    if (table.force == Force::suggested || table.demo) {
      xml_node extension = add(node, "extensionElements");
      xml_node own = add(extension, "tongban:table");
      if (table.force == Force::suggested) set(own, "mode", "suggested");
      if (table.demo) set(own, "demo", "yes");
    }
    for (const Input& input : table.inputs) {
      xml_node child = add(node, "input");
      set(child, "id", input.id);
      set(child, "label", input.label);
      write_labels(child, input.allowed);
      xml_node expression = add(child, "inputExpression");
      set(expression, "typeRef", type_text(input.type, input.type_ref));
      add_text(expression, "text", input.expression);
      add_nested(child, "inputValues", allowed_text(input.allowed, input.allowed_text));
    }
    for (const Output& output : table.outputs) {
      xml_node child = add(node, "output");
      set(child, "id", output.id);
      set(child, "label", output.label);
      set(child, "name", output.name);
      set(child, "typeRef", type_text(output.type, output.type_ref));
      write_labels(child, output.allowed);
      add_nested(child, "outputValues", allowed_text(output.allowed, output.allowed_text));
      add_nested(child, "defaultOutputEntry", output.default_text);
    }
    bool has_clause = false;
    for (const Rule& rule : table.rules) has_clause = has_clause || !rule.clause.empty();
    for (const std::string& name : table.annotation_names)
      add(node, "annotation").append_attribute("name").set_value(name.c_str());
    if (has_clause) add(node, "annotation").append_attribute("name").set_value(std::string(kClauseName).c_str());
    for (const Rule& rule : table.rules) write_rule(node, table, rule, has_clause);
  }

  static void write_rule(xml_node& parent, const Table& table, const Rule& rule, bool has_clause) {
    xml_node node = add(parent, "rule");
    set(node, "id", rule.id);
    add_description(node, rule.text);
    for (const std::string& cell : rule.cells) {
      xml_node entry = add(node, "inputEntry");
      add_text(entry, "text", cell);
    }
    for (const std::string& cell : rule.outputs) {
      xml_node entry = add(node, "outputEntry");
      add_text(entry, "text", cell);
    }
    for (size_t i = 0; i < table.annotation_names.size(); ++i) {
      xml_node entry = add(node, "annotationEntry");
      add_text(entry, "text", i < rule.annotations.size() ? rule.annotations[i] : "");
    }
    if (!has_clause) return;
    xml_node entry = add(node, "annotationEntry");
    add_text(entry, "text", rule.clause);
  }

  pugi::xml_document document_;
};

}  // namespace

std::string write_xml(const Definitions& model) { return Writer().write(model); }

}  // namespace tongban::dmn
