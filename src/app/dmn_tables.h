// Decision tables from the files in which people keep them, for the commands: .table.md, .xlsx and models in XML; and
// back into them.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/result.h"
#include "dmn/sheet.h"

namespace tongban::app {

bool is_workbook(const std::filesystem::path& path);     // .xlsx
std::string stem_of(const std::filesystem::path& path);  // the file's name without its ending

// Tables by themselves, of a .table.md or an .xlsx.
struct TableFile {
  std::vector<dmn::SheetTable> tables;  // of a .table.md one, without a sheet
  std::vector<std::string> faults;      // of the file's form, with their places
};
Result<TableFile> read_tables(const std::filesystem::path& path);
// A fault that compile() found, with its place: "limit.table.md:12: …", "limits.xlsx: 时限!B7: …".
std::string place_fault(const std::filesystem::path& path, const dmn::SheetTable& table,
                        const dmn::TableProblem& problem);

// dmn convert: between .table.md, .xlsx and .dmn. `to` is one of the three without its point; an empty `path` prints
// (not a workbook). Returns the exit code.
int convert(const std::string& file, std::string to, const std::string& path, std::ostream& out, std::ostream& err);

}  // namespace tongban::app
