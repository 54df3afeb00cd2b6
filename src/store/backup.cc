#include "store/backup.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "store/file_system.h"
#include "store/head.h"

namespace tongban::store {
namespace {

constexpr char kManifest[] = "manifest.json";
constexpr int64_t kManifestFormat = 1;
constexpr size_t kMostManifestBytes = size_t{1} << 30;

Result<void> make_empty_folder(const std::string& path) {
  TRY(make_folder(path));
  if (TRY(list_folder(path)).empty()) return {};
  return fail(Trouble::conflict,
              "The folder " + path + " is not empty. Choose an empty or a new one; nothing was written.");
}

bool is_safe_name(std::string_view name) {
  if (name == "tongban.db" || name == "keys.db" || name == "head") return true;
  // attachments/ab/0190…
  return name.size() == 12 + 3 + 36 && name.starts_with("attachments/") && name[14] == '/' &&
         name.find('/', 15) == std::string_view::npos && parse_id(name.substr(15)).has_value() &&
         from_hex(name.substr(12, 2)).has_value();
}

Result<void> write_manifest(const std::string& folder, const Manifest& manifest) {
  json::array files;
  for (const BackupFile& file : manifest.files) {
    files.push_back(json::object{{"name", file.name}, {"bytes", file.bytes}, {"sha256", to_hex(view_of(file.hash))}});
  }
  const json::object object{{"format", kManifestFormat},
                            {"made_at", to_text(manifest.made_at)},
                            {"position", manifest.head.position},
                            {"sum", to_hex(view_of(manifest.head.sum))},
                            {"files", std::move(files)}};
  const std::string path = folder + "/" + kManifest;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return system_error("Making", path);
  const Result<void> written = write_all(descriptor, to_pretty_json_text(object) + "\n", path);
  ::close(descriptor);
  TRY(written);
  TRY(sync_path(path));
  return sync_path(folder);
}

Result<Hash> parse_hash(std::string_view hex) {
  const std::optional<std::string> bytes = from_hex(hex);
  Hash hash;
  if (!bytes || bytes->size() != hash.size())
    return fail(Trouble::corrupt, "The manifest of the backup has a damaged hash.");
  std::copy(bytes->begin(), bytes->end(), reinterpret_cast<char*>(hash.data()));
  return hash;
}

Result<Manifest> read_manifest(const std::string& folder) {
  std::string text;
  const Result<void> read = read_in_pieces(folder + "/" + kManifest, [&](std::string_view piece) -> Result<void> {
    text += piece;
    if (text.size() > kMostManifestBytes) return fail(Trouble::corrupt, "The manifest of the backup is too long.");
    return {};
  });
  if (!read.ok() && read.error().trouble == Trouble::not_found) {
    return fail(Trouble::not_found,
                "The folder " + folder + " has no manifest.json: it is no backup, or one that was not finished.");
  }
  TRY(read);
  const Error damaged = fail(Trouble::corrupt, "The manifest of the backup " + folder + " is damaged.");
  const Result<json::value> value = parse_json(text);
  if (!value.ok() || !value->is_object()) return damaged;
  const json::object& object = value->as_object();
  const json::value* format = find_member(object, "format");
  const json::value* position = find_member(object, "position");
  const json::value* files = find_member(object, "files");
  const auto natural = [](const json::value* v) { return v != nullptr && v->is_int64() && v->as_int64() >= 0; };
  if (!natural(format) || !natural(position) || files == nullptr || !files->is_array()) return damaged;
  if (format->as_int64() != kManifestFormat) {
    return fail(Trouble::unsupported, "The backup " + folder + " has format " + std::to_string(format->as_int64()) +
                                          "; this program reads format 1.");
  }
  Manifest manifest;
  manifest.made_at = TRY(parse_instant(text_at(object, "made_at")));
  manifest.head = {.position = static_cast<uint64_t>(position->as_int64()),
                   .sum = TRY(parse_hash(text_at(object, "sum")))};
  for (const json::value& entry : files->as_array()) {
    if (!entry.is_object() || !natural(find_member(entry.as_object(), "bytes"))) return damaged;
    const std::string name(text_at(entry.as_object(), "name"));
    // A name from a file must not lead out of the folder.
    if (!is_safe_name(name))
      return fail(Trouble::corrupt, "The manifest of the backup names a file that no backup has: " + name);
    manifest.files.push_back({name, static_cast<uint64_t>(find_member(entry.as_object(), "bytes")->as_int64()),
                              TRY(parse_hash(text_at(entry.as_object(), "sha256")))});
  }
  return manifest;
}

Result<std::vector<std::string>> files_below(const std::string& folder) {
  std::vector<std::string> files;
  for (const std::string& name : TRY(list_folder(folder))) {
    if (name != "attachments") {
      if (name != kManifest) files.push_back(name);
      continue;
    }
    for (const std::string& sub : TRY(list_folder(folder + "/attachments"))) {
      for (const std::string& file : TRY(list_folder(folder + "/attachments/" + sub)))
        files.push_back("attachments/" + sub + "/" + file);
    }
  }
  return files;
}

Error differs(const std::string& name) {
  return fail(Trouble::corrupt,
              "The file " + name + " of the backup is not the one that its manifest names. Use another backup.");
}

}  // namespace

Result<Manifest> make_backup(const SqliteStore& store, const SqliteKeyStore& keys, const Attachments& attachments,
                             const std::string& target, Instant now) {
  TRY(make_empty_folder(target));
  Manifest manifest{.made_at = now};
  manifest.head = TRY(store.copy_database(target + "/tongban.db"));
  // After the ledger: a key is durable before an event needs it, so every event in the copy finds its key.
  TRY(keys.copy_database(target + "/keys.db"));
  {
    const auto head = TRY(HeadFile::open(target + "/head"));
    if (!head->write(manifest.head) || !head->sync()) return system_error("Writing", target + "/head");
  }
  for (const char* name : {"tongban.db", "keys.db", "head"}) {
    TRY(sync_path(target + "/" + name));
    const FileSum sum = TRY(sum_file(target + "/" + name));
    manifest.files.push_back({name, sum.bytes, sum.hash});
  }
  // An attachment is in its folder before an event refers to it, so the copy has all that the ledger copy needs.
  TRY(make_folder(target + "/attachments"));
  for (const Id& id : TRY(attachments.list())) {
    const std::string from = attachments.path_of(id);
    const std::string name = "attachments/" + to_hex(id.view().substr(15)) + "/" + to_text(id);
    TRY(make_folder(target + "/" + name.substr(0, 14)));
    const Result<FileSum> sum = copy_file(from, target + "/" + name);
    if (!sum.ok() && sum.error().trouble == Trouble::not_found) continue;  // removed in between
    manifest.files.push_back({name, TRY(sum).bytes, sum->hash});
    TRY(sync_path(target + "/" + name.substr(0, 14)));
  }
  TRY(sync_path(target + "/attachments"));
  TRY(write_manifest(target, manifest));
  return manifest;
}

Result<Manifest> check_backup(const std::string& backup) {
  Manifest manifest = TRY(read_manifest(backup));
  std::set<std::string> named;
  for (const BackupFile& file : manifest.files) {
    named.insert(file.name);
    const Result<FileSum> sum = sum_file(backup + "/" + file.name);
    if (!sum.ok() && sum.error().trouble == Trouble::not_found)
      return fail(Trouble::corrupt, "The file " + file.name + " of the backup is missing.");
    if (TRY(sum).hash != file.hash || sum->bytes != file.bytes) return differs(file.name);
  }
  for (const char* name : {"tongban.db", "keys.db", "head"}) {
    if (!named.contains(name))
      return fail(Trouble::corrupt, std::string("The manifest of the backup does not name ") + name + ".");
  }
  for (const std::string& name : TRY(files_below(backup))) {
    if (!named.contains(name))
      return fail(Trouble::corrupt, "The backup has a file that its manifest does not name: " + name + ".");
  }
  return manifest;
}

Result<Manifest> restore_backup(const std::string& backup, const std::string& folder) {
  Manifest manifest = TRY(check_backup(backup));
  TRY(make_empty_folder(folder));
  TRY(make_folder(folder + "/attachments"));
  // The database last: until it is there, the folder does not open as a store with events.
  std::vector<BackupFile> files = manifest.files;
  std::stable_partition(files.begin(), files.end(), [](const BackupFile& file) { return file.name != "tongban.db"; });
  for (const BackupFile& file : files) {
    if (file.name.size() > 14) TRY(make_folder(folder + "/" + file.name.substr(0, 14)));
    const FileSum sum = TRY(copy_file(backup + "/" + file.name, folder + "/" + file.name));
    if (sum.hash != file.hash) return differs(file.name);
    if (file.name.size() > 14) TRY(sync_path(folder + "/" + file.name.substr(0, 14)));
  }
  TRY(sync_path(folder + "/attachments"));
  TRY(sync_path(folder));
  return manifest;
}

}  // namespace tongban::store
