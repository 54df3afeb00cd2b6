#include "store/head.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
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

// A slot that was never written is all zero, and so is everything between and behind the slots.
std::vector<std::string> faults_of(int descriptor, std::array<bool, 2> is_sound) {
  constexpr off_t kWhole = kSlotDistance + off_t{kSlotBytes};
  std::string bytes(kWhole + 1, '\0');
  const ssize_t size = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  if (size < 0) return {std::string("The file cannot be read: ") + std::strerror(errno) + "."};
  std::vector<std::string> faults;
  if (size > kWhole) faults.emplace_back("The file is longer than its two slots.");
  const auto is_zero = [&](off_t from, off_t to) {
    return std::all_of(bytes.begin() + from, bytes.begin() + to, [](char c) { return c == '\0'; });
  };
  for (const int slot : {0, 1}) {
    const off_t from = slot * kSlotDistance;
    if (!is_sound[static_cast<size_t>(slot)] && !is_zero(from, from + off_t{kSlotBytes})) {
      faults.push_back("Slot " + std::to_string(slot + 1) +
                       " does not match its check value: a write torn by a loss of power, or a change from outside.");
    }
  }
  if (!is_zero(kSlotBytes, kSlotDistance)) faults.emplace_back("There are bytes between the two slots.");
  return faults;
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
  file->faults_ = faults_of(descriptor, {first.has_value(), second.has_value()});
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

bool HeadFile::clear_rest() {
  const std::string zeros(kSlotDistance - kSlotBytes, '\0');
  written_ = true;
  return ::pwrite(descriptor_, zeros.data(), zeros.size(), kSlotBytes) == static_cast<ssize_t>(zeros.size()) &&
         ::ftruncate(descriptor_, kSlotDistance + off_t{kSlotBytes}) == 0;
}

bool HeadFile::sync() {
  if (!written_.exchange(false)) return true;
  return ::fdatasync(descriptor_) == 0;
}

}  // namespace tongban::store
