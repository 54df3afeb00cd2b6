// Any bytes as a DMN model in XML: it is refused with a place and a sentence, or what is written of it reads back to
// the same text, it loads, and every decision of it ends within its steps.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "dmn/engine.h"
#include "dmn/xml.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tongban;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  dmn::ReadModel read = dmn::read_xml("model.dmn", text);
  for (const dmn::ModelProblem& problem : read.problems) CHECK(!problem.message.empty());
  if (read.problems.empty()) {
    const std::string printed = dmn::write_xml(read.model);
    const dmn::ReadModel again = dmn::read_xml("model.dmn", printed);
    CHECK(again.problems.empty());
    CHECK(dmn::write_xml(again.model) == printed);
  }
  dmn::tables_of(read.model);
  const dmn::Engine::Loaded loaded = dmn::Engine::load({read.model});
  if (!loaded.engine) {
    CHECK(!loaded.problems.empty());
    return 0;
  }
  feel::EvalContext context;
  context.now = *parse_instant("2021-02-05T09:30:00+08:00");
  context.max_steps = 30'000;
  for (const dmn::Element& element : read.model.elements) {
    if (element.kind == dmn::Element::Kind::decision) loaded.engine->evaluate(element.name, {}, context, true);
    if (element.kind == dmn::Element::Kind::service) loaded.engine->evaluate_service(element.name, {}, context, true);
  }
  return 0;
}
