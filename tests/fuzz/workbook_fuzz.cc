// A workbook of which one part is made of the bytes (the first byte says which; 0: the bytes are the whole file): it is
// refused with a place and a sentence, or what is written of its tables reads back to the same tables.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "dmn/archive.h"
#include "dmn/markdown.h"
#include "dmn/sheet.h"

namespace {

using namespace tongban;

constexpr std::array<std::string_view, 6> kParts = {"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml",
                                                    "xl/sharedStrings.xml",     "xl/styles.xml",
                                                    "xl/workbook.xml",          "xl/_rels/workbook.xml.rels"};

// A small workbook of our own, taken apart.
const dmn::ArchiveParts& sound_parts() {
  static const dmn::ArchiveParts parts = [] {
    const dmn::ParsedTable parsed = dmn::parse_table_markdown(
        "fees",
        "---\ntitle: 费用\nhit policy: first\ninputs:\n  area: number\n  on: date\n---\n\n"
        "| 面积 area | 日期 on | → 费用 fee | 依据 |\n|---|---|---|---|\n| < 20 | - | 5 | 第一条 |\n"
        "| [20..50) | >= date(\"2026-01-01\") | 7.5 | 第二条 |\n| - | - | null | 第三条 |\n");
    CHECK(parsed.problems.empty());
    return *dmn::unpack(*dmn::write_workbook({parsed.table}));
  }();
  return parts;
}

std::string workbook_of(std::string_view bytes) {
  if (bytes.empty() || bytes[0] == 0) return std::string(bytes.substr(bytes.empty() ? 0 : 1));
  dmn::ArchiveParts parts = sound_parts();
  const std::string part(kParts[static_cast<uint8_t>(bytes[0]) % kParts.size()]);
  parts[part] = bytes.substr(1);
  return *dmn::pack(parts);
}

std::string text_of(const dmn::Table& table) {
  return table.name + "\n" + table.title + "\n" + dmn::to_markdown(table);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes = workbook_of({reinterpret_cast<const char*>(data), size});
  const dmn::ReadWorkbook read = dmn::read_workbook("book", bytes);
  for (const dmn::SheetProblem& problem : read.problems) CHECK(!problem.message.empty());
  if (!read.problems.empty()) return 0;
  std::vector<dmn::Table> tables;
  for (const dmn::SheetTable& each : read.tables) tables.push_back(each.table);
  const tongban::Result<std::string> written = dmn::write_workbook(tables);
  if (!written.ok()) {
    CHECK(!written.error().message.empty());
    return 0;
  }
  const dmn::ReadWorkbook again = dmn::read_workbook("book", *written);
  CHECK(again.problems.empty());
  CHECK(again.tables.size() == tables.size());
  for (size_t i = 0; i < tables.size(); ++i) CHECK(text_of(again.tables[i].table) == text_of(tables[i]));
  return 0;
}
