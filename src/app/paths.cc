#include "app/paths.h"

#include <cstdlib>
#include <filesystem>

namespace tongban::app {
namespace {

bool is_folder(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

Result<std::string> given_folder(const std::string& path, const std::string& by) {
  if (is_folder(path)) return path;
  return fail(Trouble::not_found, "There is no folder " + path + ", which " + by + " names as the packs' folder.");
}

}  // namespace

std::string program_directory() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : program.parent_path().string();
}

Result<std::string> find_packs_directory(const std::string& option) {
  if (!option.empty()) return given_folder(option, "--packs");
  const char* variable = std::getenv("TONGBAN_PACKS");
  if (variable != nullptr && *variable != '\0') return given_folder(variable, "TONGBAN_PACKS");
  const std::filesystem::path program = program_directory();
  std::string looked_at;
  for (const char* place : {"../../packs", "../share/tongban/packs"}) {
    const std::filesystem::path path = (program / place).lexically_normal();
    if (is_folder(path)) return path.string();
    looked_at += (looked_at.empty() ? "" : " and ") + path.string();
  }
  return fail(Trouble::not_found,
              "The packs were not found in " + looked_at + "; name their folder with --packs or TONGBAN_PACKS.");
}

}  // namespace tongban::app
