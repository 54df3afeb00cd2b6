// DMN models made to run: decisions, knowledge models, services, boxed expressions, imports (DMN 1.5 chapters 6, 7,
// 10).
//
// Promises: an Engine is immutable and may be evaluated from any thread. Evaluation reads the inputs and the
// EvalContext and nothing else; it ends within its bounds (steps, nesting of calls); it never throws. As the standard
// says, a fault inside an expression gives null there and evaluation goes on; the faults are listed beside the value.
// Models whose decisions require each other in a circle are refused at load.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmn/model.h"
#include "dmn/table.h"

namespace tongban::dmn {

inline constexpr int kMaxCalls = 120;                   // nested calls of knowledge models, services and functions
inline constexpr int kMaxRequirements = 300;            // decisions that rest on each other in a row
inline constexpr uint64_t kMaxEvaluations = 1'000'000;  // expressions evaluated in one question

// A value given from outside. The namespace is empty for a name of the first model, or where the name is known once.
struct GivenValue {
  std::string name;  // name or id of an input or a decision
  feel::Value value;
  std::string namespace_uri;
};

// What went wrong, or stood in the way, inside one element.
struct Fault {
  std::string element;  // name of the decision, knowledge model or service
  Position at;
  std::string message;
};

// A decision table that was asked, with its record.
struct TableTrace {
  std::string element;
  const Table* table = nullptr;  // lives as long as the engine
  Decision decision;
};

struct Outcome {
  feel::Value value;
  std::vector<Fault> faults;
  std::vector<TableTrace> tables;  // with trace, in order of evaluation
  // Decisions that were evaluated, with their values, in order; with trace.
  std::vector<std::pair<std::string, feel::Value>> decisions;
  bool ok() const { return faults.empty(); }
};

class Engine {
 public:
  struct Options {
    std::vector<feel::Function> functions;  // of the host, for every expression
    // Types and allowed values that do not fit are problems too, as in tables of packs.
    bool check = false;
  };
  struct Loaded {
    std::shared_ptr<const Engine> engine;  // null when the models cannot be used at all
    std::vector<ModelProblem> problems;    // a faulty expression gives null; the rest of the model works
  };
  // The first model is the one that is asked; the others may be imported by it and by each other.
  static Loaded load(std::vector<Definitions> models, const Options& options);
  static Loaded load(std::vector<Definitions> models) { return load(std::move(models), Options()); }

  const std::vector<Definitions>& models() const;
  // The decision, or the knowledge model (given values are its parameters by name), of that name or id in the first
  // model. A fault says when there is none.
  Outcome evaluate(std::string_view name, const std::vector<GivenValue>& given, const feel::EvalContext& context,
                   bool trace = false) const;
  // A decision service: its input decisions and input data are taken from `given`. With one output decision its value,
  // with several a context of them.
  Outcome evaluate_service(std::string_view name, const std::vector<GivenValue>& given,
                           const feel::EvalContext& context, bool trace = false) const;
  // The type an input or decision is declared with, for reading JSON; any when unknown.
  feel::Type type_of(std::string_view name) const;

  // Every decision table of the first model, in the order of the file.
  using TableVisitor =
      std::function<void(const std::string& element, const CompiledTable& table, const TablePlaces& places)>;
  void each_table(const TableVisitor& visit) const;
  // Inputs and decisions of the first model that are required and not read, or that nobody requires.
  std::vector<std::pair<Position, std::string>> unused() const;

  struct Program;  // private to dmn
  explicit Engine(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

 private:
  std::shared_ptr<const Program> program_;
};

}  // namespace tongban::dmn
