// Any bytes: parse_json refuses them or gives a value that prints and parses back to the same value.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = tongban::parse_json(text);
  if (!value.ok()) {
    CHECK(!value.error().message.empty());
    return 0;
  }
  const auto printed = tongban::to_json_text(*value);
  const auto again = tongban::parse_json(printed);
  CHECK(again.ok());
  // Printed text and not values are compared: -0 equals 0 as a value.
  CHECK(tongban::to_json_text(*again) == printed);
  return 0;
}
