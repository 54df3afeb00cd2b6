#include "dmn/xml.h"

#include <algorithm>
#include <array>
#include <pugixml.hpp>

#include "base/text.h"
#include "dmn/roots.h"
#include "dmn/xml_document.h"
#include "dmn/xml_names.h"

namespace tongban::dmn {
namespace {

struct NamespaceVersion {
  std::string_view uri;
  std::string_view version;
};
constexpr NamespaceVersion kModelNamespaces[] = {
    {"http://www.omg.org/spec/DMN/20151101/dmn.xsd", "1.1"},   {"http://www.omg.org/spec/DMN/20151101/DMN.xsd", "1.1"},
    {"http://www.omg.org/spec/DMN/20151101/dmn11.xsd", "1.1"}, {"http://www.omg.org/spec/DMN/20180521/MODEL/", "1.2"},
    {"https://www.omg.org/spec/DMN/20191111/MODEL/", "1.3"},   {"https://www.omg.org/spec/DMN/20211108/MODEL/", "1.4"},
    {"https://www.omg.org/spec/DMN/20230324/MODEL/", "1.5"},   {"https://www.omg.org/spec/DMN/20240513/MODEL/", "1.6"},
};

std::string_view version_of(std::string_view uri) {
  for (const NamespaceVersion& each : kModelNamespaces) {
    if (each.uri == uri) return each.version;
  }
  return {};
}

struct BoxedName {
  std::string_view element;
  Boxed::Kind kind;
};
constexpr BoxedName kBoxed[] = {{"literalExpression", Boxed::Kind::literal},
                                {"decisionTable", Boxed::Kind::table},
                                {"context", Boxed::Kind::context},
                                {"relation", Boxed::Kind::relation},
                                {"list", Boxed::Kind::list},
                                {"invocation", Boxed::Kind::invocation},
                                {"functionDefinition", Boxed::Kind::function},
                                {"conditional", Boxed::Kind::conditional},
                                {"filter", Boxed::Kind::filter},
                                {"for", Boxed::Kind::for_loop},
                                {"some", Boxed::Kind::some},
                                {"every", Boxed::Kind::every}};

Boxed::Kind boxed_kind(std::string_view element) {
  for (const BoxedName& each : kBoxed) {
    if (each.element == element) return each.kind;
  }
  return Boxed::Kind::absent;
}

// Annotation columns that carry the clause of a row.
constexpr std::array<std::string_view, 3> kClauseNames = {kClauseName, "clause", "Clause"};

class Reader {
 public:
  Reader(std::string_view file, const XmlDocument& document, ReadModel& out)
      : file_(file), document_(document), out_(out) {}

  void read() {
    const pugi::xml_node root = document_.root();
    prefix_ = prefix_of(root.name());
    const std::string declaration = prefix_.empty() ? "xmlns" : "xmlns:" + std::string(prefix_);
    const std::string_view uri = root.attribute(declaration.c_str()).value();
    Definitions& model = out_.model;
    model.version = version_of(uri);
    if (local_name(root) != "definitions") {
      problem(root, "the file holds no DMN model: its first element is <" + std::string(local_name(root)) +
                        ">, expected <definitions>");
      return;
    }
    if (model.version.empty()) {
      problem(root, "\"" + std::string(uri) + "\" is no namespace of DMN 1.1 to 1.5");
      return;
    }
    model.name = collapse(attribute_of(root, "name"));
    model.id = attribute_of(root, "id");
    model.namespace_uri = attribute_of(root, "namespace");
    for (const pugi::xml_node& child : root.children()) {
      if (is_ours(child)) read_top(child);
    }
    if (is_camunda(root)) declare_inputs();
    for (Element& element : model.elements) {
      if (element.kind == Element::Kind::decision || element.kind == Element::Kind::knowledge_model)
        name_tables(element.logic, element, element.name);
    }
  }

 private:
  // A table is called after what it defines; the knowledge sources of its element are the basis of rows that name none.
  void name_tables(Boxed& boxed, const Element& element, const std::string& name) {
    if (boxed.table) {
      auto table = std::make_shared<Table>(*boxed.table);
      table->name = name;
      table->title = element.label.empty() || name != element.name ? name : element.label;
      if (name == element.name) table->text = element.description;
      for (const std::string& href : element.required_authority) {
        for (const Element& source : out_.model.elements) {
          if (source.kind != Element::Kind::knowledge_source || "#" + source.id != href) continue;
          table->clause += (table->clause.empty() ? "" : "；") + source.name;
        }
      }
      boxed.table = std::move(table);
    }
    for (size_t i = 0; i < boxed.parts.size(); ++i) {
      const bool is_entry = boxed.kind == Boxed::Kind::context && !boxed.names[i].name.empty();
      name_tables(boxed.parts[i], element, is_entry ? boxed.names[i].name : name);
    }
  }

  // Camunda's engine gives every variable to every decision; its modeler writes models without input data.
  static bool is_camunda(const pugi::xml_node& root) {
    if (attribute_of(root, "exporter").starts_with("Camunda")) return true;
    for (const pugi::xml_attribute& attribute : root.attributes()) {
      if (std::string_view(attribute.name()).starts_with("xmlns") &&
          std::string_view(attribute.value()).find("camunda.org/") != std::string_view::npos)
        return true;
    }
    return false;
  }

  // Makes input data of what the decisions read and nobody declares.
  void declare_inputs() {
    Definitions& model = out_.model;
    std::vector<Element> made;
    for (Element& decision : model.elements) {
      // There a decision of one output is known by the output's name.
      const Table* table = decision.logic.table.get();
      const bool is_unnamed = decision.variable.name == decision.name && decision.variable.type_ref.empty();
      if (table && table->outputs.size() == 1 && is_unnamed && !table->outputs[0].name.empty())
        decision.variable.name = table->outputs[0].name;
    }
    for (Element& decision : model.elements) {
      if (decision.kind != Element::Kind::decision) continue;
      std::vector<std::string> known{decision.variable.name};
      for (const auto* list : {&decision.required_inputs, &decision.required_decisions, &decision.required_knowledge}) {
        for (const std::string& href : *list) {
          for (const Element& each : model.elements) {
            if ("#" + each.id != href) continue;
            known.push_back(each.variable.name);
          }
        }
      }
      std::vector<std::pair<std::string, std::string>> reads;  // name and type
      note_reads(decision.logic, known, reads);
      for (const auto& [name, type] : reads) {
        const std::string id = "input_" + name;
        const auto has_id = [&](const Element& each) { return each.id == id; };
        if (std::none_of(made.begin(), made.end(), has_id) &&
            std::none_of(model.elements.begin(), model.elements.end(), has_id)) {
          Element input;
          input.id = id;
          input.name = input.variable.name = name;
          input.variable.type_ref = type;
          input.at = decision.at;
          made.push_back(std::move(input));
        }
        decision.required_inputs.push_back("#" + id);
      }
    }
    model.elements.insert(model.elements.begin(), made.begin(), made.end());
  }
  void note_reads(const Boxed& boxed, std::vector<std::string> known,
                  std::vector<std::pair<std::string, std::string>>& out) const {
    const auto note = [&](const std::vector<std::string>& roots, const std::string& type) {
      for (const std::string& root : roots) {
        const auto is_it = [&](const auto& each) { return each.first == root; };
        if (std::find(known.begin(), known.end(), root) == known.end() && std::none_of(out.begin(), out.end(), is_it))
          out.emplace_back(root, type);
      }
    };
    if (boxed.table) {
      for (const Input& input : boxed.table->inputs) {
        const std::vector<std::string> roots = roots_of(input.expression);
        note(roots, roots.size() == 1 && roots[0] == input.expression ? input.type_ref : "");
      }
      note(roots_of(*boxed.table), "");
    }
    if (boxed.kind == Boxed::Kind::literal) note(roots_of(boxed.text), "");
    for (const TypedName& name : boxed.names) known.push_back(name.name);
    if (!boxed.variable.empty()) known.push_back(boxed.variable);
    for (const Boxed& part : boxed.parts) note_reads(part, known, out);
  }

  bool is_ours(const pugi::xml_node& node) const {
    return node.type() == pugi::node_element && prefix_of(node.name()) == prefix_;
  }
  void problem(const pugi::xml_node& node, std::string message) {
    out_.problems.push_back({file_, document_.position(node), std::move(message)});
  }
  Position at(const pugi::xml_node& node) const { return document_.position(node); }
  int line_of(const pugi::xml_node& node) const { return at(node).line; }

  void read_top(const pugi::xml_node& node) {
    const std::string_view name = local_name(node);
    Definitions& model = out_.model;
    if (name == "import") {
      Import import;
      import.name = collapse(attribute_of(node, "name"));
      import.namespace_uri = attribute_of(node, "namespace");
      import.location = attribute_of(node, "locationURI");
      import.is_dmn = !version_of(attribute_of(node, "importType")).empty();
      import.at = at(node);
      model.imports.push_back(std::move(import));
    } else if (name == "itemDefinition") {
      model.types.push_back(read_type(node));
    } else if (name == "inputData") {
      add_element(node, Element::Kind::input);
    } else if (name == "decision") {
      add_element(node, Element::Kind::decision);
    } else if (name == "businessKnowledgeModel") {
      add_element(node, Element::Kind::knowledge_model);
    } else if (name == "decisionService") {
      add_element(node, Element::Kind::service);
    } else if (name == "knowledgeSource") {
      add_element(node, Element::Kind::knowledge_source);
    } else if (name == "description") {
      model.description = trim(text_of(node));
    }
  }

  std::string child_text(const pugi::xml_node& node, std::string_view name) const {
    return std::string(trim(text_of(child_of(node, name))));
  }
  // <name><text>…</text></name>
  std::string nested_text(const pugi::xml_node& node, std::string_view name) const {
    return child_text(child_of(node, name), "text");
  }
  // typeRef: an attribute, in 1.1 perhaps an element; a prefix of 1.1 (feel:string) is dropped.
  std::string type_ref(const pugi::xml_node& node) const {
    std::string ref = collapse(attribute_of(node, "typeRef"));
    if (ref.empty()) ref = collapse(text_of(child_of(node, "typeRef")));
    return resolve(node, ref);
  }
  // Tools write types as qualified names: feel:number, tns:tPerson. A prefix that no declaration binds is part of the
  // name, but for 1.1, where every type has one.
  std::string resolve(const pugi::xml_node& node, const std::string& ref) const {
    const size_t colon = ref.find(':');
    if (colon == std::string::npos) return ref;
    const std::string local = ref.substr(colon + 1);
    const std::string declaration = "xmlns:" + ref.substr(0, colon);
    for (pugi::xml_node each = node; each; each = each.parent()) {
      const std::string_view uri = each.attribute(declaration.c_str()).value();
      if (uri.empty()) continue;
      if (uri == out_.model.namespace_uri || uri.ends_with("/FEEL/") || uri.ends_with("/FEEL")) return local;
      for (const pugi::xml_node& child : document_.root().children()) {
        if (!is_ours(child) || local_name(child) != "import" || attribute_of(child, "namespace") != uri) continue;
        const std::string name = collapse(attribute_of(child, "name"));
        return name.empty() || local.starts_with(name + ".") ? local : name + "." + local;
      }
      break;
    }
    return out_.model.version == "1.1" ? local : ref;
  }
  TypedName typed_name(const pugi::xml_node& node) const {
    return {collapse(attribute_of(node, "name")), type_ref(node), std::string(attribute_of(node, "id")), at(node)};
  }

  ItemDefinition read_type(const pugi::xml_node& node) {
    ItemDefinition type;
    type.name = collapse(attribute_of(node, "name"));
    type.id = attribute_of(node, "id");
    type.label = attribute_of(node, "label");
    type.description = child_text(node, "description");
    type.type_ref = type_ref(node);
    type.is_collection = attribute_of(node, "isCollection") == "true";
    type.allowed_values = nested_text(node, "allowedValues");
    type.type_constraint = nested_text(node, "typeConstraint");
    type.at = at(node);
    for (const pugi::xml_node& child : node.children()) {
      if (!is_ours(child)) continue;
      if (local_name(child) == "itemComponent") type.components.push_back(read_type(child));
      if (local_name(child) != "functionItem") continue;
      type.is_function = true;
      type.result_ref = collapse(attribute_of(child, "outputTypeRef"));
      for (const pugi::xml_node& parameter : child.children()) {
        if (local_name(parameter) == "parameters")
          type.parameters.push_back({collapse(attribute_of(parameter, "name")), type_ref(parameter)});
      }
    }
    return type;
  }

  void add_element(const pugi::xml_node& node, Element::Kind kind) {
    Element element;
    element.kind = kind;
    element.id = attribute_of(node, "id");
    element.name = collapse(attribute_of(node, "name"));
    element.label = attribute_of(node, "label");
    element.location = attribute_of(node, "locationURI");
    element.at = at(node);
    element.variable.name = element.name;
    element.variable.at = element.at;
    for (const pugi::xml_node& child : node.children()) {
      if (is_ours(child)) read_part(child, element);
    }
    if (element.variable.name.empty()) element.variable.name = element.name;
    if (element.name.empty()) element.name = element.variable.name;
    if (element.name.empty()) problem(node, "this " + std::string(local_name(node)) + " has no name");
    out_.model.elements.push_back(std::move(element));
  }

  static void add_href(const pugi::xml_node& node, std::vector<std::string>& list) {
    const std::string_view href = attribute_of(node, "href");
    if (!href.empty()) list.emplace_back(href);
  }

  void read_part(const pugi::xml_node& node, Element& element) {
    const std::string_view name = local_name(node);
    if (name == "variable") {
      element.variable = typed_name(node);
    } else if (name == "description") {
      element.description = trim(text_of(node));
    } else if (name == "question") {
      element.question = trim(text_of(node));
    } else if (name == "allowedAnswers") {
      element.allowed_answers = trim(text_of(node));
    } else if (name == "informationRequirement" || name == "knowledgeRequirement" || name == "authorityRequirement") {
      for (const pugi::xml_node& child : node.children()) {
        const std::string_view what = local_name(child);
        if (what == "requiredInput" && name == "informationRequirement") add_href(child, element.required_inputs);
        if (what == "requiredDecision" && name == "informationRequirement") add_href(child, element.required_decisions);
        if (what == "requiredKnowledge") add_href(child, element.required_knowledge);
        if (name == "authorityRequirement") add_href(child, element.required_authority);
      }
    } else if (name == "outputDecision") {
      add_href(node, element.output_decisions);
    } else if (name == "encapsulatedDecision") {
      add_href(node, element.encapsulated_decisions);
    } else if (name == "inputDecision") {
      add_href(node, element.input_decisions);
    } else if (name == "inputData") {
      add_href(node, element.input_data);
    } else if (name == "encapsulatedLogic") {
      element.logic = read_function(node);
    } else if (boxed_kind(name) != Boxed::Kind::absent) {
      // 1.1 let a knowledge model hold a bare expression.
      element.logic = read_boxed(node);
    }
  }

  // The first boxed expression inside.
  Boxed read_inside(const pugi::xml_node& node) {
    for (const pugi::xml_node& child : node.children()) {
      if (is_ours(child) && boxed_kind(local_name(child)) != Boxed::Kind::absent) return read_boxed(child);
    }
    Boxed absent;
    absent.at = at(node);
    return absent;
  }

  void read_common(const pugi::xml_node& node, Boxed& out) const {
    out.id = attribute_of(node, "id");
    out.label = attribute_of(node, "label");
    out.description = child_text(node, "description");
    out.type_ref = type_ref(node);
    out.at = at(node);
  }

  Boxed read_function(const pugi::xml_node& node) {
    Boxed out;
    read_common(node, out);
    out.kind = Boxed::Kind::function;
    out.text = attribute_of(node, "kind");
    if (out.text.empty()) out.text = "FEEL";
    if (out.text == "J") out.text = "Java";
    if (out.text == "F") out.text = "FEEL";
    if (out.text == "P") out.text = "PMML";
    for (const pugi::xml_node& child : node.children()) {
      if (is_ours(child) && local_name(child) == "formalParameter") out.names.push_back(typed_name(child));
    }
    out.parts.push_back(read_inside(node));
    return out;
  }

  Boxed read_boxed(const pugi::xml_node& node) {
    Boxed out;
    out.kind = boxed_kind(local_name(node));
    if (out.kind == Boxed::Kind::function) return read_function(node);
    read_common(node, out);
    switch (out.kind) {
      case Boxed::Kind::literal:
        read_literal(node, out);
        break;
      case Boxed::Kind::table:
        read_table(node, out);
        break;
      case Boxed::Kind::context:
        for (const pugi::xml_node& child : node.children()) {
          if (!is_ours(child) || local_name(child) != "contextEntry") continue;
          TypedName name = typed_name(child_of(child, "variable"));
          if (name.at.line == 0) name.at = at(child);
          out.names.push_back(std::move(name));
          out.parts.push_back(read_inside(child));
        }
        break;
      case Boxed::Kind::relation:
        read_relation(node, out);
        break;
      case Boxed::Kind::list:
        for (const pugi::xml_node& child : node.children()) {
          if (is_ours(child) && boxed_kind(local_name(child)) != Boxed::Kind::absent)
            out.parts.push_back(read_boxed(child));
        }
        break;
      case Boxed::Kind::invocation:
        out.parts.push_back(read_inside(node));
        for (const pugi::xml_node& child : node.children()) {
          if (!is_ours(child) || local_name(child) != "binding") continue;
          out.names.push_back(typed_name(child_of(child, "parameter")));
          out.parts.push_back(read_inside(child));
        }
        break;
      case Boxed::Kind::conditional:
        for (const char* part : {"if", "then", "else"}) out.parts.push_back(read_inside(child_of(node, part)));
        break;
      case Boxed::Kind::filter:
        for (const char* part : {"in", "match"}) out.parts.push_back(read_inside(child_of(node, part)));
        break;
      case Boxed::Kind::for_loop:
      case Boxed::Kind::some:
      case Boxed::Kind::every:
        out.variable = collapse(attribute_of(node, "iteratorVariable"));
        out.parts.push_back(read_inside(child_of(node, "in")));
        out.parts.push_back(read_inside(child_of(node, out.kind == Boxed::Kind::for_loop ? "return" : "satisfies")));
        break;
      default:
        break;
    }
    return out;
  }

  void read_literal(const pugi::xml_node& node, Boxed& out) {
    out.language = attribute_of(node, "expressionLanguage");
    const pugi::xml_node text = child_of(node, "text");
    out.text = text_of(text);
    if (text.first_child()) out.at = at(text.first_child());
    if (child_of(node, "importedValues")) problem(node, "importedValues are not supported");
  }

  void read_relation(const pugi::xml_node& node, Boxed& out) {
    for (const pugi::xml_node& child : node.children()) {
      if (!is_ours(child)) continue;
      if (local_name(child) == "column") out.names.push_back(typed_name(child));
      if (local_name(child) != "row") continue;
      Boxed row;
      row.kind = Boxed::Kind::list;
      row.id = attribute_of(child, "id");
      row.at = at(child);
      for (const pugi::xml_node& cell : child.children()) {
        if (is_ours(cell) && boxed_kind(local_name(cell)) != Boxed::Kind::absent) row.parts.push_back(read_boxed(cell));
      }
      if (row.parts.size() != out.names.size()) {
        problem(child, "this row has " + std::to_string(row.parts.size()) + " cells, the relation has " +
                           std::to_string(out.names.size()) + " columns");
      }
      out.parts.push_back(std::move(row));
    }
  }

  HitPolicy hit_policy(const pugi::xml_node& node) {
    const std::string_view name = attribute_of(node, "hitPolicy");
    const std::string_view aggregation = attribute_of(node, "aggregation");
    if (name == "COLLECT" && !aggregation.empty()) {
      if (aggregation == "SUM") return HitPolicy::collect_sum;
      if (aggregation == "MIN") return HitPolicy::collect_min;
      if (aggregation == "MAX") return HitPolicy::collect_max;
      if (aggregation == "COUNT") return HitPolicy::collect_count;
      problem(node, "\"" + std::string(aggregation) + "\" is no aggregation; expected SUM, MIN, MAX or COUNT");
      return HitPolicy::collect;
    }
    if (name.empty()) return HitPolicy::unique;
    const std::optional<HitPolicy> policy = parse_hit_policy(name);
    if (!policy) problem(node, "\"" + std::string(name) + "\" is no hit policy");
    return policy.value_or(HitPolicy::unique);
  }

  // Values in their order when the text is a plain list of literals.
  static std::vector<AllowedValue> allowed_values(const std::string& text) {
    std::vector<AllowedValue> out;
    if (text.empty()) return out;
    const feel::Compiled compiled = feel::compile("[" + text + "]", feel::Scope(), {.strict = false});
    if (!compiled.expression) return out;
    const std::optional<feel::Value> list = compiled.expression->constant();
    if (!list || list->kind() != feel::Value::Kind::list) return out;
    for (const feel::Value& value : list->as_list()) {
      switch (value.kind()) {
        case feel::Value::Kind::list:
        case feel::Value::Kind::context:
        case feel::Value::Kind::range:
          return {};
        default:
          out.push_back({value, ""});
      }
    }
    return out;
  }

  void read_table(const pugi::xml_node& node, Boxed& out) {
    auto table = std::make_shared<Table>();
    table->hit_policy = hit_policy(node);
    table->id = out.id;
    table->output_label = attribute_of(node, "outputLabel");
    table->type_ref = out.type_ref;
    const pugi::xml_node own = child_of(child_of(node, "extensionElements"), "table");
    if (attribute_of(own, "mode") == "suggested") table->force = Force::suggested;
    table->demo = attribute_of(own, "demo") == "yes";
    auto places = std::make_shared<TablePlaces>();
    std::vector<std::string> annotations;
    for (const pugi::xml_node& child : node.children()) {
      if (!is_ours(child)) continue;
      const std::string_view name = local_name(child);
      if (name == "input" || name == "output") places->heads.push_back(at(child));
      if (name == "input") table->inputs.push_back(read_input(child));
      if (name == "output") table->outputs.push_back(read_output(child));
      if (name == "rule") places->rows.push_back(row_places(child));
      if (name == "annotation") annotations.push_back(collapse(attribute_of(child, "name")));
      if (name == "rule") read_rule(child, annotations, *table);
    }
    for (const std::string& each : annotations) {
      if (!is_clause(each)) table->annotation_names.push_back(each);
    }
    out.table = std::move(table);
    out.places = std::move(places);
  }
  // Where the texts of the cells begin.
  TablePlaces::Row row_places(const pugi::xml_node& rule) const {
    TablePlaces::Row out{at(rule), {}};
    for (const char* kind : {"inputEntry", "outputEntry"}) {
      for (const pugi::xml_node& entry : rule.children()) {
        if (!is_ours(entry) || local_name(entry) != kind) continue;
        const pugi::xml_node text = child_of(entry, "text");
        out.cells.push_back(at(text && text.first_child() ? text.first_child() : entry));
      }
    }
    return out;
  }
  static bool is_clause(std::string_view name) {
    return std::find(kClauseNames.begin(), kClauseNames.end(), name) != kClauseNames.end();
  }

  static void read_labels(const pugi::xml_node& node, std::vector<AllowedValue>& allowed) {
    for (const pugi::xml_node& child : child_of(node, "extensionElements").children()) {
      if (local_name(child) != "value") continue;
      for (AllowedValue& each : allowed) {
        if (each.value.to_text() == attribute_of(child, "literal")) each.label = attribute_of(child, "label");
      }
    }
  }

  Input read_input(const pugi::xml_node& node) {
    Input input;
    const pugi::xml_node expression = child_of(node, "inputExpression");
    input.label = attribute_of(node, "label");
    input.expression = child_text(expression, "text");
    if (input.expression.empty()) input.expression = input.label;
    input.type_ref = type_ref(expression);
    input.allowed_text = nested_text(node, "inputValues");
    input.allowed = allowed_values(input.allowed_text);
    read_labels(node, input.allowed);
    input.id = attribute_of(node, "id");
    input.line = line_of(expression ? expression : node);
    return input;
  }

  Output read_output(const pugi::xml_node& node) {
    Output output;
    output.label = attribute_of(node, "label");
    output.name = collapse(attribute_of(node, "name"));
    output.type_ref = type_ref(node);
    output.allowed_text = nested_text(node, "outputValues");
    output.allowed = allowed_values(output.allowed_text);
    read_labels(node, output.allowed);
    output.default_text = nested_text(node, "defaultOutputEntry");
    output.id = attribute_of(node, "id");
    output.line = line_of(node);
    return output;
  }

  void read_rule(const pugi::xml_node& node, const std::vector<std::string>& annotations, Table& table) {
    Rule rule;
    rule.id = attribute_of(node, "id");
    rule.line = line_of(node);
    size_t annotation = 0;
    for (const pugi::xml_node& child : node.children()) {
      if (!is_ours(child)) continue;
      const std::string_view name = local_name(child);
      std::string text = child_text(child, "text");
      if (name == "inputEntry") {
        rule.cells.push_back(text.empty() ? "-" : std::move(text));
      } else if (name == "outputEntry") {
        rule.outputs.push_back(std::move(text));
      } else if (name == "annotationEntry") {
        const bool is_the_clause = annotation < annotations.size() && is_clause(annotations[annotation]);
        (is_the_clause ? rule.clause : rule.annotations.emplace_back()) = std::move(text);
        ++annotation;
      } else if (name == "description" && rule.annotations.empty()) {
        rule.text = trim(text_of(child));
      }
    }
    table.rules.push_back(std::move(rule));
  }

  std::string file_;
  const XmlDocument& document_;
  ReadModel& out_;
  std::string_view prefix_;
};

}  // namespace

std::string_view boxed_name(Boxed::Kind kind) {
  for (const BoxedName& each : kBoxed) {
    if (each.kind == kind) return each.element;
  }
  return {};
}

ReadModel read_xml(std::string_view file, std::string_view text) {
  ReadModel out;
  out.model.file = file;
  const Result<XmlDocument> document = XmlDocument::parse(text);
  if (!document.ok()) {
    out.problems.push_back({std::string(file), {}, document.error().message});
    return out;
  }
  Reader(file, *document, out).read();
  return out;
}

}  // namespace tongban::dmn
