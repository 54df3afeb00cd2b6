#include "http/api/csv.h"

namespace tongban::http {
namespace {

// A minus before a figure is a number, not a formula.
bool is_formula(std::string_view cell) {
  if (cell.empty()) return false;
  if (cell.front() == '-')
    return cell.size() > 18 || cell.find_first_not_of("0123456789", 1) != std::string_view::npos || cell.size() == 1;
  return std::string_view("=+@\t\r\n").find(cell.front()) != std::string_view::npos;
}

}  // namespace

void add_csv_row(std::string& out, const std::vector<std::string>& cells) {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += ',';
    const std::string cell = (is_formula(cells[i]) ? "'" : "") + cells[i];
    if (cell.find_first_of(",\"\r\n") == std::string::npos) {
      out += cell;
      continue;
    }
    out += '"';
    for (const char c : cell) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  out += "\r\n";
}

}  // namespace tongban::http
