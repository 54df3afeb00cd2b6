// DMN models as XML, versions 1.1 to 1.5. Text in, data out: no file is opened, nothing is fetched. A document type
// declaration is refused, so no entity can grow; size, depth and number of elements are bounded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dmn/model.h"

namespace tongban::dmn {

inline constexpr size_t kMaxXmlBytes = 32u << 20;
inline constexpr int kMaxXmlDepth = 120;

struct ReadModel {
  Definitions model;                   // as far as it could be read
  std::vector<ModelProblem> problems;  // all of them
};

// `file` is only for messages.
ReadModel read_xml(std::string_view file, std::string_view text);

// Writes DMN 1.5; reading it back gives an equal model (positions aside; pictures and foreign extensions are left out).
// A row's clause stands in the annotation column 依据; labels of allowed values and the table's mode in extension
// elements of our own namespace.
std::string write_xml(const Definitions& model);

// A model of one decision, made of a table of its own: what its cells read becomes input data, its clause a knowledge
// source, its limits contexts of number and unit.
Definitions model_of(const Table& table);
// The same of several tables, a decision for each; what several read is one input.
Definitions model_of(const std::vector<Table>& tables);
// Every decision table of a model, made fit for a Markdown file: named after its element or entry, types and limits as
// people write them.
std::vector<Table> tables_of(const Definitions& model);

}  // namespace tongban::dmn
