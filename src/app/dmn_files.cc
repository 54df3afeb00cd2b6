#include "app/dmn_files.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "dmn/xml.h"

namespace tongban::app {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxImports = 200;

}  // namespace

Result<std::string> read_text_file(const fs::path& path) {
  std::error_code error;
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (in && !fs::is_directory(path, error)) text << in.rdbuf();
  if (!in || fs::is_directory(path, error)) return fail(Trouble::not_found, path.string() + " cannot be read");
  return text.str();
}

Result<void> write_text_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) return fail(Trouble::io, path.string() + " cannot be written");
  return {};
}

bool is_table_file(const fs::path& path) { return path.filename().string().ends_with(".table.md"); }

std::string table_name(const fs::path& path) {
  std::string name = path.filename().string();
  if (name.ends_with(".table.md")) name.resize(name.size() - 9);
  return name;
}

Result<ModelFiles> read_models(const fs::path& path) {
  ModelFiles out;
  const std::string text = TRY(read_text_file(path));
  dmn::ReadModel main = dmn::read_xml(path.string(), text);
  out.models.push_back(std::move(main.model));
  out.problems = std::move(main.problems);
  if (out.models[0].imports.empty()) return out;
  // Every model beside it, by namespace; read once.
  std::vector<dmn::Definitions> others;
  std::error_code error;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".dmn" || fs::equivalent(entry.path(), path, error)) continue;
    if (others.size() >= kMaxImports) break;
    const Result<std::string> other = read_text_file(entry.path());
    if (other.ok()) others.push_back(dmn::read_xml(entry.path().string(), *other).model);
  }
  for (size_t i = 0; i < out.models.size(); ++i) {
    const std::vector<dmn::Import> imports = out.models[i].imports;
    for (const dmn::Import& import : imports) {
      const auto found = std::find_if(others.begin(), others.end(), [&](const dmn::Definitions& each) {
        return each.namespace_uri == import.namespace_uri;
      });
      if (found == others.end()) continue;
      out.models.push_back(std::move(*found));
      others.erase(found);
    }
  }
  return out;
}

}  // namespace tongban::app
