#include "http/coding.h"

#include <zlib.h>

#include <algorithm>

#include "base/text.h"

namespace tongban::http {
namespace {

constexpr size_t kShort = 1400;  // fits one packet anyway
constexpr int kQuick = 3;        // of zlib's levels: a tenth larger than the usual, several times faster
constexpr int kGzip = 16 + MAX_WBITS;
constexpr int kMemory = 8;

}  // namespace

bool accepts_coding(const Request& request, std::string_view coding) {
  const auto header = request.find_header("Accept-Encoding");
  if (!header) return false;
  for (std::string_view part : split(*header, ',')) {
    part = trim(part);
    const size_t semicolon = part.find(';');
    if (!equals_ignoring_case(trim(part.substr(0, semicolon)), coding)) continue;
    const std::string_view weight = semicolon == std::string_view::npos ? "" : trim(part.substr(semicolon + 1));
    const bool none = weight.starts_with("q=0") && weight.find_first_of("123456789") == std::string_view::npos;
    return !none;
  }
  return false;
}

void compress(const Request& request, Response& response) {
  if (request.method != Method::get || response.status != 200 || response.source || response.body.size() < kShort)
    return;
  const bool is_excepted = std::any_of(response.headers.begin(), response.headers.end(), [](const auto& field) {
    return equals_ignoring_case(field.name, "ETag") || equals_ignoring_case(field.name, "Set-Cookie") ||
           equals_ignoring_case(field.name, "Content-Encoding");
  });
  if (is_excepted) return;
  response.with("Vary", "Accept-Encoding");
  if (!accepts_coding(request, "gzip")) return;
  z_stream stream{};
  if (deflateInit2(&stream, kQuick, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) return;
  std::string packed(response.body.size(), '\0');  // what does not get shorter stays as it is
  stream.next_in = reinterpret_cast<Bytef*>(response.body.data());
  stream.avail_in = static_cast<uInt>(response.body.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (!done) return;
  response.body = std::move(packed);
  response.with("Content-Encoding", "gzip");
}

}  // namespace tongban::http
