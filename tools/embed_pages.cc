// Packs the built pages into one file that the program carries (src/http/pages.h reads it):
//
//   embed_pages FOLDER OUT     FOLDER/portal/…, FOLDER/desk/…; an absent folder gives a bundle without pages
//
// The form: the line "TBPAGES1", one line for each file in the order of their paths
// (path TAB media type TAB sha256 TAB size TAB brotli size TAB gzip size), an empty line, then the bytes in the same
// order: the file, its brotli form, its gzip form. A form that would not be smaller has size 0. Runs at build time
// only.
#include <brotli/encode.h>
#include <openssl/sha.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr size_t kLeastCompressed = 256;

std::string_view media_type(std::string_view path) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".json", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".txt", "text/plain; charset=utf-8"},
      {".woff2", "font/woff2"},
  };
  for (const auto& [ending, type] : kTypes) {
    if (path.ends_with(ending)) return type;
  }
  return {};
}

std::string brotli(const std::string& raw) {
  size_t size = BrotliEncoderMaxCompressedSize(raw.size());
  std::string out(size, '\0');
  if (BrotliEncoderCompress(BROTLI_MAX_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, raw.size(),
                            reinterpret_cast<const uint8_t*>(raw.data()), &size,
                            reinterpret_cast<uint8_t*>(out.data())) != BROTLI_TRUE)
    return {};
  out.resize(size);
  return out;
}

std::string gzip(const std::string& raw) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(deflateBound(&stream, raw.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
  stream.avail_in = static_cast<uInt>(raw.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return code == Z_STREAM_END ? out : std::string();
}

std::string sha256_hex(const std::string& raw) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(raw.data()), raw.size(), digest);
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: embed_pages FOLDER OUT\n";
    return 2;
  }
  const std::filesystem::path folder(argv[1]);
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const std::string_view part : {"portal", "desk"}) {
    if (!std::filesystem::exists(folder / part / "index.html", error)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / part)) {
      if (entry.is_regular_file() && entry.path().extension() != ".map") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::string head = "TBPAGES1\n", bytes;
  for (const auto& path : files) {
    const std::string name = path.lexically_relative(folder).generic_string();
    const std::string_view type = media_type(name);
    if (type.empty() || name.find_first_of("\t\n") != std::string::npos) {
      std::cerr << "embed_pages: " << name << " has an ending that is not known here; add it to media_type.\n";
      return 1;
    }
    std::ifstream in(path, std::ios::binary);
    const std::string raw((std::istreambuf_iterator<char>(in)), {});
    if (!in) {
      std::cerr << "embed_pages: " << path << " cannot be read.\n";
      return 1;
    }
    std::string br, gz;
    if (raw.size() >= kLeastCompressed && !type.starts_with("image/png") && !type.starts_with("font/")) {
      br = brotli(raw);
      gz = gzip(raw);
      if (br.size() >= raw.size()) br.clear();
      if (gz.size() >= raw.size()) gz.clear();
    }
    head += name + '\t' + std::string(type) + '\t' + sha256_hex(raw) + '\t' + std::to_string(raw.size()) + '\t' +
            std::to_string(br.size()) + '\t' + std::to_string(gz.size()) + '\n';
    bytes += raw + br + gz;
  }
  std::ofstream out(argv[2], std::ios::binary | std::ios::trunc);
  out << head << '\n' << bytes;
  out.close();
  if (!out) {
    std::cerr << "embed_pages: " << argv[2] << " cannot be written.\n";
    return 1;
  }
  return 0;
}
