// Any bytes as a stream of HTTP requests. Read in one go and byte by byte, they are understood alike: whoever saw a
// difference could smuggle a request past a proxy.
// Sources: http/parser.cc http/message.cc
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/parser.h"

namespace {

using namespace tongban::http;

struct Head {
  Parse parse = Parse::need_more;
  size_t consumed = 0;
  Request request;
  Framing framing;
  Refusal refusal;
};

Head read_head(std::string_view bytes, bool in_pieces) {
  size_t scanned = 0;
  if (in_pieces) {
    for (size_t end = 0; end < bytes.size(); ++end) {
      Head head;
      head.parse =
          parse_head(bytes.substr(0, end), {}, scanned, head.consumed, head.request, head.framing, head.refusal);
      if (head.parse != Parse::need_more) return head;
    }
  }
  Head head;
  head.parse = parse_head(bytes, {}, scanned, head.consumed, head.request, head.framing, head.refusal);
  return head;
}

struct Body {
  Parse parse = Parse::need_more;
  size_t consumed = 0;
  std::string bytes;
};

Body read_chunks(std::string_view bytes, size_t piece) {
  Body body;
  ChunkDecoder decoder;
  while (body.parse == Parse::need_more && body.consumed < bytes.size()) {
    size_t consumed = 0;
    const std::string_view in = bytes.substr(body.consumed, piece);
    body.parse = decoder.feed(in, consumed, body.bytes);
    CHECK(consumed <= in.size());
    CHECK(body.parse != Parse::need_more || consumed == in.size());
    body.consumed += consumed;
  }
  return body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  if (rest.size() > 4096) return 0;  // the piecewise reading is quadratic
  while (!rest.empty()) {
    const Head whole = read_head(rest, false);
    const Head pieces = read_head(rest, true);
    CHECK(whole.parse == pieces.parse);
    // Which of several faults is named may differ: the pieces are judged before the rest is there.
    for (const Head* head : {&whole, &pieces})
      CHECK(head->parse != Parse::refused || (head->refusal.status >= 400 && !head->refusal.detail.empty()));
    if (whole.parse != Parse::done) return 0;
    CHECK(whole.consumed == pieces.consumed && whole.consumed > 0 && whole.consumed <= rest.size());
    CHECK(whole.request.path == pieces.request.path && whole.request.segments == pieces.request.segments);
    CHECK(whole.framing.is_chunked == pieces.framing.is_chunked);
    CHECK(whole.framing.content_length == pieces.framing.content_length);
    CHECK(!(whole.framing.is_chunked && whole.framing.content_length));
    rest.remove_prefix(whole.consumed);
    if (whole.framing.is_chunked) {
      const Body body = read_chunks(rest, rest.size());
      const Body slow = read_chunks(rest, 1);
      CHECK(body.parse == slow.parse);
      if (body.parse != Parse::done) return 0;
      CHECK(body.consumed == slow.consumed && body.bytes == slow.bytes);
      rest.remove_prefix(body.consumed);
    } else if (whole.framing.content_length) {
      if (*whole.framing.content_length >= rest.size()) return 0;
      rest.remove_prefix(static_cast<size_t>(*whole.framing.content_length));
    }
  }
  return 0;
}
