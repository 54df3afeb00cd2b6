#include "store/attachments.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/bytes.h"
#include "base/check.h"
#include "store/file_system.h"
#include "store/sqlite/vfs.h"

namespace tongban::store {
namespace {

constexpr std::string_view kMark = "TBATT1\n";
constexpr size_t kChunk = size_t{64} << 10;
constexpr size_t kSealBytes = 28;
constexpr std::string_view kUnfinished = ".part";

std::string binding(const Id& id, uint64_t chunk, bool last) {
  ByteWriter writer;
  writer.put_id(id);
  writer.put_unsigned(chunk);
  writer.put_bool(last);
  return writer.take();
}

// Takes chunks apart as their bytes arrive.
class ChunkReader {
 public:
  explicit ChunkReader(std::function<Result<void>(uint64_t number, std::string_view sealed, bool last)> visit)
      : visit_(std::move(visit)) {}

  Result<void> add(std::string_view bytes) {
    waiting_ += bytes;
    size_t at = 0;
    if (!marked_) {
      if (waiting_.size() < kMark.size()) return {};
      if (std::string_view(waiting_).substr(0, kMark.size()) != kMark) return damaged("its first bytes");
      marked_ = true;
      at = kMark.size();
    }
    for (;;) {
      if (waiting_.size() - at < 4) break;
      uint32_t size = 0;
      for (int i = 3; i >= 0; --i) size = size << 8 | static_cast<uint8_t>(waiting_[at + static_cast<size_t>(i)]);
      if (size < kSealBytes || size > kChunk + kSealBytes)
        return damaged("the length of chunk " + std::to_string(number_));
      if (waiting_.size() - at - 4 < size) break;
      // Whether a chunk is the last is known when the next one, or the end, arrives.
      if (held_) TRY(visit_(number_++, *held_, false));
      held_ = waiting_.substr(at + 4, size);
      at += 4 + size;
    }
    waiting_.erase(0, at);
    return {};
  }
  Result<void> finish() {
    if (!marked_ || !waiting_.empty() || !held_) return damaged("its end, at chunk " + std::to_string(number_));
    return visit_(number_, *held_, true);
  }

 private:
  static Error damaged(const std::string& where) {
    return fail(Trouble::corrupt, "The attachment is damaged: " + where + ".");
  }
  std::function<Result<void>(uint64_t, std::string_view, bool)> visit_;
  std::string waiting_;
  std::optional<std::string> held_;
  uint64_t number_ = 0;
  bool marked_ = false;
};

}  // namespace

struct Attachments::Writer::Parts {
  const Attachments* owner;
  Id id;
  Key key;
  std::string path;  // of the unfinished file
  int descriptor = -1;
  std::string waiting;
  uint64_t chunk = 0;
  Stored stored;
  Sha256 hash;
  bool failed = false;

  Result<void> put(std::string_view bytes) {
    hash.add(bytes);
    stored.stored_bytes += bytes.size();
    const Result<void> written = write_all(descriptor, bytes, path);
    failed = failed || !written.ok();
    return written;
  }
  Result<void> put_chunk(std::string_view plain, bool last) {
    const std::string sealed = seal(key, plain, binding(id, chunk++, last));
    std::string length;
    for (int i = 0; i < 4; ++i) length += static_cast<char>(sealed.size() >> (8 * i));
    TRY(put(length));
    return put(sealed);
  }
};

Attachments::Attachments(std::string folder, std::function<void(const std::string&)> on_sync_failure)
    : folder_(std::move(folder)), on_sync_failure_(std::move(on_sync_failure)) {}

Result<std::unique_ptr<Attachments>> Attachments::open(const std::string& folder,
                                                       std::function<void(const std::string&)> on_sync_failure) {
  TRY(make_folder(folder));
  if (!on_sync_failure) on_sync_failure = stop_process;
  return std::unique_ptr<Attachments>(new Attachments(folder, std::move(on_sync_failure)));
}

// Ids are ordered by time; their last byte spreads them over 256 folders.
std::string Attachments::path_of(const Id& id) const {
  return folder_ + "/" + to_hex(id.view().substr(15)) + "/" + to_text(id);
}

Attachments::Writer::Writer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Attachments::Writer::~Writer() {
  if (parts_->descriptor < 0) return;
  ::close(parts_->descriptor);
  ::unlink(parts_->path.c_str());
}

Result<std::unique_ptr<Attachments::Writer>> Attachments::begin(const Id& id, const Key& key) const {
  const std::string path = path_of(id);
  if (::access(path.c_str(), F_OK) == 0)
    return fail(Trouble::conflict, "There is already an attachment " + to_text(id) + ".");
  const std::string folder = path.substr(0, path.rfind('/'));
  if (::access(folder.c_str(), F_OK) != 0) {
    TRY(make_folder(folder));
    TRY(sync_path(folder_));
  }
  auto parts = std::make_unique<Writer::Parts>();
  parts->owner = this;
  parts->id = id;
  parts->key = key;
  parts->path = path + std::string(kUnfinished);
  parts->descriptor = ::open(parts->path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (parts->descriptor < 0) return system_error("Making", parts->path);
  std::unique_ptr<Writer> writer(new Writer(std::move(parts)));
  TRY(writer->parts_->put(kMark));
  return writer;
}

Result<void> Attachments::Writer::add(std::string_view bytes) {
  if (parts_->failed || parts_->descriptor < 0)
    return fail(Trouble::invalid_input, "This attachment was finished or failed before.");
  if (parts_->stored.bytes + bytes.size() > kMostAttachmentBytes) {
    parts_->failed = true;
    return fail(Trouble::no_space, "An attachment has at most 20 MB. Split it or make it smaller.");
  }
  parts_->stored.bytes += bytes.size();
  parts_->waiting += bytes;
  size_t at = 0;
  for (; parts_->waiting.size() - at > kChunk; at += kChunk)
    TRY(parts_->put_chunk(std::string_view(parts_->waiting).substr(at, kChunk), false));
  parts_->waiting.erase(0, at);
  return {};
}

Result<Attachments::Stored> Attachments::Writer::finish() {
  if (parts_->failed || parts_->descriptor < 0)
    return fail(Trouble::invalid_input, "This attachment was finished or failed before.");
  TRY(parts_->put_chunk(parts_->waiting, true));
  const std::string path = parts_->owner->path_of(parts_->id);
  const std::string folder = path.substr(0, path.rfind('/'));
  const auto stop = [&](const std::string& what) {
    const Error error = system_error("Syncing", what);
    if (error.trouble != Trouble::no_space)
      parts_->owner->on_sync_failure_(error.message + " The process stops. Check the disk and start again.");
    return error;
  };
  if (::fsync(parts_->descriptor) != 0) return stop(parts_->path);
  // link() and not rename(): it refuses when another one was faster.
  if (::link(parts_->path.c_str(), path.c_str()) != 0) return system_error("Naming", path);
  ::unlink(parts_->path.c_str());
  if (!sync_path(folder).ok()) return stop(folder);
  ::close(parts_->descriptor);
  parts_->descriptor = -1;
  parts_->stored.hash = parts_->hash.finish();
  return parts_->stored;
}

Result<void> Attachments::read(const Id& id, const Key& key, const std::function<bool(std::string_view)>& visit) const {
  bool wanted = true;
  ChunkReader chunks([&](uint64_t number, std::string_view sealed, bool last) -> Result<void> {
    if (!wanted) return {};
    const std::optional<std::string> plain = unseal(key, sealed, binding(id, number, last));
    if (!plain) {
      return fail(Trouble::corrupt, "Chunk " + std::to_string(number) + " of attachment " + to_text(id) +
                                        " is damaged, or the key is another one. Run verify.");
    }
    wanted = visit(*plain);
    return {};
  });
  TRY(read_in_pieces(path_of(id), [&](std::string_view piece) { return chunks.add(piece); }));
  return chunks.finish();
}

Result<std::vector<Id>> Attachments::list() const {
  std::vector<Id> ids;
  for (const std::string& sub : TRY(list_folder(folder_))) {
    for (const std::string& name : TRY(list_folder(folder_ + "/" + sub))) {
      if (const std::optional<Id> id = parse_id(name)) ids.push_back(*id);
    }
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<uint64_t> Attachments::remove_unreferenced(const std::function<bool(const Id&)>& is_referred_to) const {
  uint64_t removed = 0;
  for (const std::string& sub : TRY(list_folder(folder_))) {
    const std::string folder = folder_ + "/" + sub;
    for (const std::string& name : TRY(list_folder(folder))) {
      const std::optional<Id> id = parse_id(name);
      if (id ? is_referred_to(*id) : !name.ends_with(kUnfinished)) continue;
      if (::unlink((folder + "/" + name).c_str()) != 0) return system_error("Removing", folder + "/" + name);
      ++removed;
    }
  }
  return removed;
}

Result<void> Attachments::remove(const Id& id) const {
  if (::unlink(path_of(id).c_str()) != 0 && errno != ENOENT) return system_error("Removing", path_of(id));
  return {};
}

Result<std::vector<Finding>> Attachments::verify(const Id& id, const Hash& expected, const Key* key) const {
  std::vector<Finding> findings;
  const std::string where = "attachment " + to_text(id);
  const Result<FileSum> sum = sum_file(path_of(id));
  if (!sum.ok()) {
    if (sum.error().trouble != Trouble::not_found) return sum.error();
    findings.push_back({where, "The file of attachment " + to_text(id) + " is missing."});
    return findings;
  }
  if (sum->hash == expected) return findings;
  std::string detail;
  if (key != nullptr) {
    const Result<void> read_result = read(id, *key, [](std::string_view) { return true; });
    if (!read_result.ok()) detail = " " + read_result.error().message;
  }
  findings.push_back({where, "The stored bytes of attachment " + to_text(id) +
                                 " do not have the hash that the ledger names." + detail});
  return findings;
}

}  // namespace tongban::store
