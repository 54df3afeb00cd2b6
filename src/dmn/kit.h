// Cases of the DMN Technology Compatibility Kit (testCases.xsd): reading, and comparing what came out with what was
// expected. Numbers are compared exactly; only where the kit writes eight or more decimals may the value, rounded
// half-even or cut to those decimals, equal the expected one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dmn/engine.h"

namespace tongban::dmn {

struct KitExpectation {
  std::string node;
  bool may_fail = false;  // errorResult: null or an error is expected
  std::optional<feel::Value> value;
  // Decimals that the kit writes of numbers, by place: "" the value itself, ".name", "[0]"… are not needed: the number
  // texts stand here in order of the walk.
  std::vector<std::string> numbers;
};

struct KitCase {
  enum class Kind : uint8_t { decision, knowledge_model, service };
  std::string id;
  Kind kind = Kind::decision;
  std::string invocable;
  std::vector<GivenValue> given;
  std::vector<KitExpectation> expected;
};

struct KitFile {
  std::string model_name;  // file of the model, "" when the file names none
  std::vector<KitCase> cases;
  std::vector<ModelProblem> problems;
};

KitFile read_kit_cases(std::string_view file, std::string_view text);

struct KitVerdict {
  bool passed = false;
  bool is_near = false;          // failed, but only by less than 1e-8 of a number, which the published runners let pass
  std::string expected, actual;  // texts for people
};
// Evaluates one expectation of a case.
KitVerdict judge(const Engine& engine, const KitCase& one, const KitExpectation& expectation,
                 const feel::EvalContext& context);

}  // namespace tongban::dmn
