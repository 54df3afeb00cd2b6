// The compiled form of models, private to dmn: the builder (build.cc) makes it, the runner (run.cc) evaluates it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dmn/engine.h"
#include "dmn/types.h"

namespace tongban::dmn {

// A compiled boxed expression. Values stand in slots of the frame in which it is evaluated.
struct CompiledFunction;

struct Node {
  Boxed::Kind kind = Boxed::Kind::absent;
  Position at;
  std::optional<feel::Expression> expression;
  std::string error;  // why there is no expression: evaluating it is a fault
  TypeCheckPtr type;  // of the result
  std::vector<Node> parts;
  std::vector<std::string> names;
  std::vector<uint32_t> slots;      // where the parts' values go
  std::vector<TypeCheckPtr> types;  // of the parts' values
  std::optional<CompiledTable> table;
  std::shared_ptr<const TablePlaces> places;
  std::vector<TypeCheckPtr> output_types;
  std::shared_ptr<const CompiledFunction> function;
};

struct CompiledFunction {
  std::string name;
  std::vector<std::string> parameters;
  std::vector<TypeCheckPtr> types;
  std::vector<uint32_t> slots;   // of the parameters
  std::optional<uint32_t> self;  // where its own value stands, when it may call itself
  TypeCheckPtr result;
  Node body;
  std::string error;  // an external function: why it cannot be called
};

// How a slot of an element's frame is filled before its expression runs.
struct Source {
  enum class Kind : uint8_t { element, group };
  Kind kind = Kind::element;
  size_t element = 0;                                   // an input, decision, knowledge model or service
  std::vector<std::pair<std::string, size_t>> members;  // of a group (an import): name → element
};

struct CompiledElement {
  const Element* element = nullptr;
  size_t model = 0;
  TypeCheckPtr type;
  TypeCheckPtr result;  // of a call, for a knowledge model or service
  std::vector<std::pair<uint32_t, Source>> sources;
  Node logic;                 // of a decision
  CompiledFunction function;  // of a knowledge model
  // Of a service: indexes of elements.
  std::vector<size_t> outputs, input_decisions, input_data;
};

struct Engine::Program {
  std::vector<Definitions> models;
  std::vector<std::map<std::string, size_t>> imports;  // name → model
  std::vector<CompiledElement> elements;
  std::map<std::pair<size_t, std::string>, size_t> by_id, by_name;
  std::vector<std::pair<size_t, size_t>> unread;  // a decision, and what it requires without reading it
};

class Builder {
 public:
  static Engine::Loaded build(std::vector<Definitions> models, const Engine::Options& options);
};

}  // namespace tongban::dmn
