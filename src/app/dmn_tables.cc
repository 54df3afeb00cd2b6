#include "app/dmn_tables.h"

#include <algorithm>
#include <ostream>

#include "app/dmn_files.h"
#include "app/shell.h"
#include "dmn/markdown.h"
#include "dmn/xml.h"

namespace tongban::app {
namespace {

namespace fs = std::filesystem;

int complain(std::ostream& err, const Error& error) {
  err << "tongban dmn: " << error.message << ".\n";
  return error.trouble == Trouble::invalid_input ? kWrongUsage : kEnvironment;
}

int write_out(const std::string& path, const std::string& text, std::ostream& out, std::ostream& err) {
  if (path.empty()) {
    out << text;
    return kOk;
  }
  const Result<void> written = write_text_file(path, text);
  return written.ok() ? kOk : complain(err, written.error());
}

// A name that may stand in a path.
std::string file_name_of(const std::string& name) {
  std::string out;
  for (const char c : name) out += c == '/' || c == '\\' || c == ' ' || c == ':' || (c >= 0 && c < 32) ? '_' : c;
  return out.empty() || out[0] == '.' ? "_" + out : out;
}

int write_markdown(const std::vector<dmn::Table>& tables, const std::string& file, const std::string& path,
                   std::ostream& out, std::ostream& err) {
  if (tables.size() == 1) return write_out(path, dmn::to_markdown(tables[0]), out, err);
  if (path.empty()) {
    err << "tongban dmn convert: " << file << " holds " << tables.size() << " tables; name a folder for them.\n";
    return kWrongUsage;
  }
  std::error_code error;
  fs::create_directories(path, error);
  std::vector<std::string> used;
  for (const dmn::Table& table : tables) {
    std::string name = file_name_of(table.name);
    const auto count = std::count(used.begin(), used.end(), name);
    used.push_back(name);
    if (count > 0) name += "_" + std::to_string(count + 1);
    const fs::path target = fs::path(path) / (name + ".table.md");
    const Result<void> written = write_text_file(target, dmn::to_markdown(table));
    if (!written.ok()) return complain(err, written.error());
    out << target.string() << "\n";
  }
  return kOk;
}

int write_sheets(const std::vector<dmn::Table>& tables, const std::string& path, std::ostream& out, std::ostream& err) {
  if (path.empty()) {
    err << "tongban dmn convert: a workbook is not printed; name a file for it.\n";
    return kWrongUsage;
  }
  const Result<std::string> bytes = dmn::write_workbook(tables);
  return bytes.ok() ? write_out(path, *bytes, out, err) : complain(err, bytes.error());
}

// The ending without its point: table.md, xlsx, dmn; "" for another.
std::string ending_of(const std::string& path) {
  for (const std::string ending : {"table.md", "xlsx", "dmn"}) {
    if (path.ends_with("." + ending)) return ending;
  }
  return "";
}

int convert_tables(const std::string& file, const std::string& to, const std::string& path, std::ostream& out,
                   std::ostream& err) {
  const Result<TableFile> read = read_tables(file);
  if (!read.ok()) return complain(err, read.error());
  for (const std::string& fault : read->faults) err << fault << "\n";
  if (!read->faults.empty()) return kFoundFaults;
  std::vector<dmn::Table> tables;
  for (const dmn::SheetTable& each : read->tables) tables.push_back(each.table);
  if (to == "dmn") return write_out(path, dmn::write_xml(dmn::model_of(tables)), out, err);
  return to == "xlsx" ? write_sheets(tables, path, out, err) : write_markdown(tables, file, path, out, err);
}

}  // namespace

bool is_workbook(const fs::path& path) { return path.extension() == ".xlsx"; }

std::string stem_of(const fs::path& path) { return is_workbook(path) ? path.stem().string() : table_name(path); }

Result<TableFile> read_tables(const fs::path& path) {
  const std::string bytes = TRY(read_text_file(path));
  TableFile out;
  if (is_workbook(path)) {
    dmn::ReadWorkbook book = dmn::read_workbook(stem_of(path), bytes);
    for (const dmn::SheetProblem& each : book.problems)
      out.faults.push_back(path.string() + ": " + (each.cell.empty() ? "" : each.cell + ": ") + each.message);
    out.tables = std::move(book.tables);
    return out;
  }
  dmn::ParsedTable parsed = dmn::parse_table_markdown(stem_of(path), bytes);
  dmn::SheetTable table;
  for (const dmn::TableProblem& each : parsed.problems) out.faults.push_back(place_fault(path, table, each));
  table.table = std::move(parsed.table);
  out.tables.push_back(std::move(table));
  return out;
}

std::string place_fault(const fs::path& path, const dmn::SheetTable& table, const dmn::TableProblem& problem) {
  const std::string place =
      table.sheet.empty() ? ":" + std::to_string(problem.line) : ": " + table.cell(problem.row, problem.column);
  return path.string() + place + ": " + problem.message;
}

int convert(const std::string& file, std::string to, const std::string& path, std::ostream& out, std::ostream& err) {
  if (to.empty()) to = ending_of(path);
  if (to.empty()) {
    err << "tongban dmn convert: name a file that ends in .table.md, .xlsx or .dmn, or say --to.\n";
    return kWrongUsage;
  }
  if (is_table_file(file) || is_workbook(file)) return convert_tables(file, to, path, out, err);
  Result<ModelFiles> files = read_models(file);
  if (!files.ok()) return complain(err, files.error());
  for (const dmn::ModelProblem& each : files->problems)
    err << file << ":" << each.at.line << ":" << each.at.column << ": " << each.message << "\n";
  if (!files->problems.empty()) return kFoundFaults;
  if (to == "dmn") return write_out(path, dmn::write_xml(files->models[0]), out, err);
  const std::vector<dmn::Table> tables = dmn::tables_of(files->models[0]);
  if (tables.empty()) {
    err << "tongban dmn convert: " << file << " holds no decision table.\n";
    return kFoundFaults;
  }
  return to == "xlsx" ? write_sheets(tables, path, out, err) : write_markdown(tables, file, path, out, err);
}

}  // namespace tongban::app
