// HTTP/1.1 on the wire, read strictly (RFC 9110, 9112): pure functions over bytes, no socket, no clock. Whatever two
// readers might understand differently (two lengths, folded lines, bare line feeds, spaces before a colon, "gzip,
// chunked") is refused, because a proxy in front may read it the other way: that is how requests are smuggled.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace tongban::http {

// Why the server itself refuses. After it the connection is closed, since the place of the next request is unsure.
struct Refusal {
  int status = 400;
  std::string_view code;    // a literal
  std::string_view detail;  // a literal
};

enum class Parse { need_more, done, refused };

struct HeadLimits {
  size_t max_header_bytes = 16 * 1024;
  size_t max_header_count = 64;
  size_t max_target_bytes = 4 * 1024;
  size_t max_query_pairs = 128;
};

// How to go on after the head.
struct Framing {
  bool is_http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool is_chunked = false;
  std::optional<uint64_t> content_length;
  bool has_body() const { return is_chunked || (content_length && *content_length > 0); }
};

// Reads one head from the front of `bytes`. `scanned` starts at 0 and carries over between calls with more bytes.
// done: `consumed` bytes belong to the head; method, path, segments, query, raw_query and headers of `request` are set.
// refused: `refusal` says why; request and framing are unspecified.
Parse parse_head(std::string_view bytes, const HeadLimits& limits, size_t& scanned, size_t& consumed, Request& request,
                 Framing& framing, Refusal& refusal);

// Sets path, segments, query and raw_query from a target in origin form, made of visible ASCII. The refusal when it is
// malformed.
std::optional<Refusal> parse_target(std::string_view target, size_t max_query_pairs, Request& request);

// Undoes the chunked coding. Extensions and trailers are read over, within bounds.
class ChunkDecoder {
 public:
  // Takes bytes from the front of `in` (`consumed` of them) and appends what they carry to `out`. need_more: all of
  // `in` was taken. done: the body is complete; the rest of `in` is the next request. refused: no valid chunk.
  Parse feed(std::string_view in, size_t& consumed, std::string& out);

 private:
  enum class State : uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_line,
    trailer_lf,
    end_lf
  };
  State state_ = State::size;
  uint64_t left_ = 0;
  int digits_ = 0;
  size_t overhead_ = 0;  // bytes of extensions and trailers
};

}  // namespace tongban::http
