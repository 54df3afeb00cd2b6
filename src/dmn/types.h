// Item definitions (chapter 7.3.2) as checks, private to dmn: what a value must be to stand under a typeRef, with the
// implicit conversions of chapter 10.3.2.9.4 (a value and a list of it, a date and its midnight).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dmn/model.h"

namespace tongban::dmn {

struct TypeCheck;
using TypeCheckPtr = std::shared_ptr<const TypeCheck>;  // nullptr: anything goes

struct TypeCheck {
  std::string name;
  feel::Type type;       // as far as feel can say it
  TypeCheckPtr element;  // of a collection
  bool is_collection = false;
  TypeCheckPtr base;                                          // a named type that this one narrows
  std::vector<std::pair<std::string, TypeCheckPtr>> members;  // of a context
  bool is_function = false;
  size_t parameters = 0;
  TypeCheckPtr result;                         // of a function
  std::optional<feel::Expression> allowed;     // of the value; of each item when it is a collection
  std::optional<feel::Expression> constraint;  // of the whole value
};

// What feel knows of the type: any without one.
feel::Type feel_type(const TypeCheckPtr& check);

// The value as it stands under the type; nothing when it does not conform. Null conforms to every type. What allowed
// values cost is spent of the budget; nothing conforms when it is used up.
std::optional<feel::Value> conform(const feel::Value& value, const TypeCheckPtr& check, feel::Budget& budget);

// The types of a set of models. Resolving finds own item definitions, those of imports by "import.name", the names of
// FEEL's own types, and what feel::parse_type reads. A definition that contains itself is a problem.
class TypeTable {
 public:
  // `imports` of each model: name → index of the model.
  TypeTable(const std::vector<Definitions>& models, const std::vector<std::map<std::string, size_t>>& imports,
            std::vector<ModelProblem>& problems);
  // nullptr for "", Any, and for an unknown name, which is a problem at `at`.
  TypeCheckPtr resolve(size_t model, const std::string& ref, Position at);
  // The names of types that expressions of the model may use.
  void add_types(size_t model, feel::Scope& scope);

 private:
  feel::Scope type_scope(size_t model);
  struct Entry {
    const ItemDefinition* definition = nullptr;
    TypeCheckPtr check;
    int state = 0;  // 1: being made, 2: made
  };
  Entry* find(size_t model, const std::string& ref, size_t& owner);
  TypeCheckPtr make(size_t model, const ItemDefinition& definition);
  std::optional<feel::Expression> compile_tests(size_t model, const std::string& text, const feel::Type& type,
                                                const ItemDefinition& definition);
  const std::vector<Definitions>& models_;
  const std::vector<std::map<std::string, size_t>>& imports_;
  std::vector<ModelProblem>& problems_;
  std::vector<std::map<std::string, Entry, std::less<>>> entries_;
  int depth_ = 0;
};

}  // namespace tongban::dmn
