// Any bytes as a YAML file of a pack: faults have a sentence and a line, what could be read is a tree within its
// bounds.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "pack/yaml.h"

namespace {

void check_node(const tongban::pack::Node& node, int depth) {
  CHECK(depth <= tongban::pack::kYamlMaxDepth + 1);
  for (const auto& item : node.items) check_node(item, depth + 1);
  for (size_t i = 0; i < node.entries.size(); ++i) {
    CHECK(node.find(node.entries[i].key) == &node.entries[i].value);  // keys are unique
    check_node(node.entries[i].value, depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tongban;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<pack::Fault> faults;
  for (const pack::Node& node : pack::parse_yaml_documents("file.yaml", text, faults)) {
    check_node(node, 1);
    pack::to_value(node);
  }
  for (const pack::Fault& fault : faults) CHECK(!fault.sentence.empty());
  return 0;
}
