// Any bytes as a decision table in Markdown: it is refused with a line and a sentence, or what is written of it reads
// back to the same text; the check of it ends, and so does one evaluation.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "dmn/check.h"
#include "dmn/markdown.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tongban;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const dmn::ParsedTable parsed = dmn::parse_table_markdown("table", text);
  for (const dmn::TableProblem& problem : parsed.problems) CHECK(!problem.message.empty());
  if (parsed.problems.empty()) {
    const std::string printed = dmn::to_markdown(parsed.table);
    const dmn::ParsedTable again = dmn::parse_table_markdown("table", printed);
    CHECK(again.problems.empty());
    CHECK(dmn::to_markdown(again.table) == printed);
  }
  for (const dmn::Finding& finding : dmn::check_table("table.table.md", "table", text)) CHECK(!finding.message.empty());
  return 0;
}
