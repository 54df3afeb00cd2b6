// Any bytes: dates and instants are refused, or come back as the same date and instant from their own text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/date.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto date = tongban::parse_date(text); date.ok()) {
    CHECK(*tongban::parse_date(tongban::to_text(*date)) == *date);
  }
  if (const auto instant = tongban::parse_instant(text); instant.ok()) {
    CHECK(*tongban::parse_instant(tongban::to_text(*instant)) == *instant);
  }
  return 0;
}
