#include "store/head.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace tongban::store {
namespace {

constexpr std::string_view kMark("TBHEAD1\0", 8);
constexpr size_t kSlotBytes = 80;      // mark, position, sum, SHA-256 of these
constexpr off_t kSlotDistance = 4096;  // so that one torn sector touches one slot

uint64_t get_word(const uint8_t* bytes) {
  uint64_t word = 0;
  for (int i = 0; i < 8; ++i) word = word << 8 | bytes[i];
  return word;
}
void put_word(uint8_t* bytes, uint64_t word) {
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(word >> (56 - 8 * i));
}

std::optional<Head> read_slot(int descriptor, int slot) {
  std::array<uint8_t, kSlotBytes> bytes;
  if (::pread(descriptor, bytes.data(), bytes.size(), slot * kSlotDistance) != ssize_t{kSlotBytes}) return std::nullopt;
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (all.substr(0, 8) != kMark || view_of(sha256(all.substr(0, 48))) != all.substr(48)) return std::nullopt;
  Head head{.position = get_word(bytes.data() + 8)};
  std::memcpy(head.sum.data(), bytes.data() + 16, 32);
  return head;
}

}  // namespace

void extend_head(Head& head, uint64_t position, const Hash& hash) {
  std::array<uint8_t, 40> bytes;
  put_word(bytes.data(), position);
  std::memcpy(bytes.data() + 8, hash.data(), 32);
  const Hash addend = sha256({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  unsigned __int128 carry = 0;
  for (int word = 3; word >= 0; --word) {
    carry += static_cast<unsigned __int128>(get_word(head.sum.data() + 8 * word)) + get_word(addend.data() + 8 * word);
    put_word(head.sum.data() + 8 * word, static_cast<uint64_t>(carry));
    carry >>= 64;
  }
  head.position = position;
}

Result<std::unique_ptr<HeadFile>> HeadFile::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return fail(Trouble::unavailable,
                "The file " + path + " cannot be opened for writing: " + std::strerror(errno) + ".");
  }
  std::unique_ptr<HeadFile> file(new HeadFile(descriptor));
  const std::optional<Head> first = read_slot(descriptor, 0), second = read_slot(descriptor, 1);
  const bool first_is_newer = first && (!second || first->position >= second->position);
  file->found_ = first_is_newer ? first : second;
  file->next_slot_ = first_is_newer ? 1 : 0;
  return file;
}

HeadFile::~HeadFile() { ::close(descriptor_); }

bool HeadFile::write(const Head& head) {
  std::array<uint8_t, kSlotBytes> bytes;
  std::memcpy(bytes.data(), kMark.data(), 8);
  put_word(bytes.data() + 8, head.position);
  std::memcpy(bytes.data() + 16, head.sum.data(), 32);
  const Hash check = sha256({reinterpret_cast<const char*>(bytes.data()), 48});
  std::memcpy(bytes.data() + 48, check.data(), 32);
  if (::pwrite(descriptor_, bytes.data(), bytes.size(), next_slot_ * kSlotDistance) != ssize_t{kSlotBytes})
    return false;
  next_slot_ ^= 1;
  written_ = true;
  return true;
}

bool HeadFile::sync() {
  if (!written_.exchange(false)) return true;
  return ::fdatasync(descriptor_) == 0;
}

}  // namespace tongban::store
