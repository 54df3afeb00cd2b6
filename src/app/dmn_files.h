// Files of decision models and tables, for the commands.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "dmn/model.h"

namespace tongban::app {

Result<std::string> read_text_file(const std::filesystem::path& path);
Result<void> write_text_file(const std::filesystem::path& path, const std::string& text);

bool is_table_file(const std::filesystem::path& path);      // .table.md
std::string table_name(const std::filesystem::path& path);  // the file's name without .table.md

struct ModelFiles {
  std::vector<dmn::Definitions> models;  // the file itself first, then what it imports, however far
  std::vector<dmn::ModelProblem> problems;
};
// Reads a model and, from its folder, the models whose namespaces it imports.
Result<ModelFiles> read_models(const std::filesystem::path& path);

}  // namespace tongban::app
