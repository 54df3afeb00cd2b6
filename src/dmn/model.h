// A DMN model as data (DMN 1.5 chapters 6, 7 and 10.2): what XML compiles to and is written from. Plain structs with
// positions; nothing here is checked beyond its form. The engine (engine.h) makes it run.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dmn/table.h"

namespace tongban::dmn {

// Where something stands in its file; lines and columns count from 1, 0: unknown.
struct Position {
  int line = 0;
  int column = 0;
};

// A fault of a model, for its author.
struct ModelProblem {
  std::string file;
  Position at;
  std::string message;   // what is wrong, what was expected
  bool is_type = false;  // a type or an allowed value does not fit: evaluation gives null there
};

// A name with a type: a variable, a parameter, a column of a relation, an entry of a context.
struct TypedName {
  std::string name;
  std::string type_ref;  // "" when none is given
  std::string id;
  Position at;
};

// Where the parts of a decision table stand in its file.
struct TablePlaces {
  struct Row {
    Position at;
    std::vector<Position> cells;  // of inputs, then of outputs
  };
  std::vector<Position> heads;  // of inputs, then of outputs
  std::vector<Row> rows;
  // As rows and columns are counted in TableProblem: from 1, row 0 the head, column 0 the row itself.
  Position at(int row, int column) const;
};

// A boxed expression (chapter 10.2).
struct Boxed {
  enum class Kind : uint8_t {
    absent,
    literal,      // text
    table,        // table
    context,      // names[i] = parts[i]; an empty name is the result
    relation,     // names: columns; parts: rows, each a list
    list,         // parts
    invocation,   // parts[0] the function; names[i] = parts[i + 1]
    function,     // names: parameters; parts[0] the body; text: FEEL, Java or PMML
    conditional,  // parts: if, then, else
    filter,       // parts: in, match
    for_loop,     // variable; parts: in, return
    some,         // variable; parts: in, satisfies
    every
  };
  Kind kind = Kind::absent;
  std::string id;
  std::string label;
  std::string description;
  std::string type_ref;
  std::string text;
  std::string variable;
  std::string language;  // expressionLanguage, "" for FEEL
  std::vector<TypedName> names;
  std::vector<Boxed> parts;
  std::shared_ptr<const Table> table;
  std::shared_ptr<const TablePlaces> places;  // of the table
  Position at;                                // of the text for a literal
};

struct ItemDefinition {
  struct Parameter {
    std::string name;
    std::string type_ref;
  };
  std::string name;
  std::string id;
  std::string label;
  std::string description;
  std::string type_ref;
  bool is_collection = false;
  std::string allowed_values;   // unary tests for the value, of a collection for each item; "" none
  std::string type_constraint;  // unary tests for the whole value (1.4 and later)
  std::vector<ItemDefinition> components;
  bool is_function = false;
  std::vector<Parameter> parameters;  // of a function
  std::string result_ref;
  Position at;
};

// A node of the requirements graph.
struct Element {
  enum class Kind : uint8_t { input, decision, knowledge_model, service, knowledge_source };
  Kind kind = Kind::input;
  std::string id;
  std::string name;
  std::string label;
  std::string description;
  std::string question;
  std::string allowed_answers;
  std::string location;  // of a knowledge source
  TypedName variable;    // its name is that of the element when the file names none
  // hrefs as written: "#id" or "namespace#id".
  std::vector<std::string> required_inputs;
  std::vector<std::string> required_decisions;
  std::vector<std::string> required_knowledge;
  std::vector<std::string> required_authority;
  // Of a decision: its expression. Of a knowledge model: a function.
  Boxed logic;
  // Of a service.
  std::vector<std::string> output_decisions;
  std::vector<std::string> encapsulated_decisions;
  std::vector<std::string> input_decisions;
  std::vector<std::string> input_data;
  Position at;
};

struct Import {
  std::string name;  // how its elements are called: name.element; "" they stand beside our own
  std::string namespace_uri;
  std::string location;
  bool is_dmn = true;
  Position at;
};

struct Definitions {
  std::string file;
  std::string name;
  std::string id;
  std::string namespace_uri;
  std::string description;
  std::string version;  // 1.1 … 1.5
  std::vector<Import> imports;
  std::vector<ItemDefinition> types;
  std::vector<Element> elements;
};

}  // namespace tongban::dmn
