#include "dmn/archive.h"

#include <zip.h>

#include <memory>

namespace tongban::dmn {
namespace {

struct ZipCloser {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Archive = std::unique_ptr<zip_t, ZipCloser>;
using File = std::unique_ptr<zip_file_t, ZipCloser>;
using Source = std::unique_ptr<zip_source_t, ZipCloser>;

class ZipError {
 public:
  ZipError() { zip_error_init(&error_); }
  ~ZipError() { zip_error_fini(&error_); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  zip_error_t* get() { return &error_; }

 private:
  zip_error_t error_;
};

Result<std::string> read_part(zip_t* archive, zip_uint64_t index, const zip_stat_t& stat, size_t& rest) {
  if ((stat.valid & ZIP_STAT_SIZE) == 0 || stat.size > rest) {
    return fail(Trouble::no_space,
                "the workbook unpacks to more than " + std::to_string(kMaxArchiveBytes >> 20) + " MB");
  }
  rest -= stat.size;
  const File file(zip_fopen_index(archive, index, 0));
  if (!file) return fail(Trouble::invalid_input, "a part of the workbook is protected or damaged");
  std::string out(stat.size, '\0');
  zip_int64_t got = 0;
  for (size_t at = 0; at < out.size(); at += static_cast<size_t>(got)) {
    got = zip_fread(file.get(), out.data() + at, out.size() - at);
    if (got <= 0) return fail(Trouble::invalid_input, "a part of the workbook is damaged");
  }
  // Reading on to the end has the check sum compared.
  char beyond = 0;
  if (zip_fread(file.get(), &beyond, 1) != 0) return fail(Trouble::invalid_input, "a part of the workbook is damaged");
  return out;
}

}  // namespace

Result<ArchiveParts> unpack(std::string_view bytes) {
  if (bytes.starts_with("\xD0\xCF\x11\xE0")) {
    return fail(Trouble::invalid_input,
                "this is an .xls of old, or a file protected by a password; save it as .xlsx without a password");
  }
  ZipError error;
  Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, error.get()));
  if (!source) return fail(Trouble::no_space, "the workbook cannot be held in memory");
  const Archive archive(zip_open_from_source(source.get(), ZIP_RDONLY, error.get()));
  if (!archive) return fail(Trouble::invalid_input, "this is no .xlsx workbook (no ZIP archive)");
  static_cast<void>(source.release());  // the archive owns it now
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  if (count < 0 || static_cast<size_t>(count) > kMaxArchiveParts)
    return fail(Trouble::no_space, "the workbook has more than " + std::to_string(kMaxArchiveParts) + " parts");
  ArchiveParts out;
  size_t rest = kMaxArchiveBytes;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat_index(archive.get(), i, 0, &stat) != 0 || (stat.valid & ZIP_STAT_NAME) == 0) continue;
    const std::string name = stat.name;
    // Pictures and the like are not our business.
    if (!name.ends_with(".xml") && !name.ends_with(".rels")) continue;
    if (out.contains(name)) return fail(Trouble::invalid_input, "the workbook holds the part " + name + " twice");
    out[name] = TRY(read_part(archive.get(), i, stat, rest));
  }
  return out;
}

Result<std::string> pack(const ArchiveParts& parts) {
  constexpr zip_uint16_t kFirstOfJanuary1980 = 0x21;
  constexpr zip_uint32_t kQuick = 3;  // of zlib's levels: a fifth larger, several times faster
  ZipError error;
  const Source whole(zip_source_buffer_create(nullptr, 0, 0, error.get()));
  if (!whole) return fail(Trouble::no_space, "the workbook cannot be held in memory");
  zip_source_keep(whole.get());
  Archive archive(zip_open_from_source(whole.get(), ZIP_TRUNCATE, error.get()));
  if (!archive) {
    zip_source_free(whole.get());
    return fail(Trouble::io, "the workbook cannot be packed");
  }
  for (const auto& [name, bytes] : parts) {
    Source source(zip_source_buffer(archive.get(), bytes.data(), bytes.size(), 0));
    const zip_int64_t index = source ? zip_file_add(archive.get(), name.c_str(), source.get(), ZIP_FL_ENC_UTF_8) : -1;
    if (index < 0) return fail(Trouble::io, "the workbook cannot be packed");
    static_cast<void>(source.release());
    zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index), ZIP_CM_DEFLATE, kQuick);
    zip_file_set_dostime(archive.get(), static_cast<zip_uint64_t>(index), 0, kFirstOfJanuary1980, 0);
  }
  if (zip_close(archive.get()) != 0) return fail(Trouble::io, "the workbook cannot be packed");
  static_cast<void>(archive.release());
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_source_stat(whole.get(), &stat) != 0 || zip_source_open(whole.get()) != 0)
    return fail(Trouble::io, "the workbook cannot be packed");
  std::string out(stat.size, '\0');
  const zip_int64_t got = zip_source_read(whole.get(), out.data(), out.size());
  zip_source_close(whole.get());
  if (got < 0 || static_cast<size_t>(got) != out.size()) return fail(Trouble::io, "the workbook cannot be packed");
  return out;
}

}  // namespace tongban::dmn
