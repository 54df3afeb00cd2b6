// What the server reads as a request, and what it refuses because another reader might understand it differently.
#include "http/parser.h"

#include <gtest/gtest.h>

#include <random>

namespace tongban::http {
namespace {

struct Read {
  Parse parse;
  Request request;
  Framing framing;
  Refusal refusal;
  size_t consumed = 0;
};

Read read_head(std::string_view bytes, HeadLimits limits = {}) {
  Read read;
  size_t scanned = 0;
  read.parse = parse_head(bytes, limits, scanned, read.consumed, read.request, read.framing, read.refusal);
  return read;
}

// "200" for an accepted head, the status for a refused one, "more" for an incomplete one.
std::string status_of(std::string_view bytes, HeadLimits limits = {}) {
  const Read read = read_head(bytes, limits);
  if (read.parse == Parse::need_more) return "more";
  return read.parse == Parse::done ? "200" : std::to_string(read.refusal.status);
}

std::string with_fields(std::string_view fields) {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

TEST(Head, a_plain_request_is_taken_apart) {
  const Read read = read_head(
      "GET /api/v1/%E5%8A%9E%E4%BB%B6/a%2Fb/?q=%E4%BD%8E%E4%BF%9D+1&empty=&flag HTTP/1.1\r\n"
      "Host: example.org:8080\r\nX-Thing: \t two words \t\r\nx-thing: second\r\nCookie: a=1; sid=abc=\r\n\r\nrest");
  ASSERT_EQ(read.parse, Parse::done) << read.refusal.detail;
  const Request& request = read.request;
  EXPECT_EQ(request.method, Method::get);
  EXPECT_EQ(request.path, "/api/v1/%E5%8A%9E%E4%BB%B6/a%2Fb/");
  EXPECT_EQ(request.segments, (std::vector<std::string>{"api", "v1", "办件", "a/b", ""}));
  ASSERT_EQ(request.query.size(), 3u);
  EXPECT_EQ(request.find_query("q"), "低保 1");
  EXPECT_EQ(request.find_query("empty"), "");
  EXPECT_EQ(request.find_query("flag"), "");
  EXPECT_EQ(request.find_query("other"), std::nullopt);
  EXPECT_EQ(request.find_header("X-THING"), "two words");
  EXPECT_EQ(request.headers.count("x-thing"), 2u);
  EXPECT_EQ(request.find_cookie("sid"), "abc=");
  EXPECT_EQ(request.find_cookie("id"), std::nullopt);
  EXPECT_TRUE(read.framing.keep_alive);
  EXPECT_FALSE(read.framing.has_body());
}

TEST(Head, it_does_not_matter_in_which_pieces_it_comes) {
  const std::string text = "\r\nPOST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\nExpect: 100-continue\r\n\r\n";
  size_t scanned = 0, consumed = 0;
  Request request;
  Framing framing;
  Refusal refusal;
  for (size_t n = 1; n < text.size(); ++n) {
    ASSERT_EQ(parse_head(text.substr(0, n), {}, scanned, consumed, request, framing, refusal), Parse::need_more) << n;
  }
  ASSERT_EQ(parse_head(text + "1234567", {}, scanned, consumed, request, framing, refusal), Parse::done);
  EXPECT_EQ(consumed, text.size());
  EXPECT_EQ(framing.content_length, 7u);
  EXPECT_TRUE(framing.expects_continue);
  EXPECT_EQ(request.path, "/a");
}

TEST(Head, http_1_0_closes_unless_asked_to_keep_alive) {
  EXPECT_FALSE(read_head("GET / HTTP/1.0\r\n\r\n").framing.keep_alive);
  EXPECT_TRUE(read_head("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").framing.keep_alive);
  EXPECT_FALSE(read_head("GET / HTTP/1.1\r\nHost: a\r\nConnection: foo , Close\r\n\r\n").framing.keep_alive);
}

TEST(Head, absolute_form_is_accepted_when_it_names_the_same_host) {
  const Read read = read_head("GET http://Example.org/a?b HTTP/1.1\r\nHost: example.org\r\n\r\n");
  ASSERT_EQ(read.parse, Parse::done);
  EXPECT_EQ(read.request.path, "/a");
  EXPECT_EQ(read.request.raw_query, "b");
  EXPECT_EQ(read_head("GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n").request.path, "/");
  EXPECT_EQ(status_of("GET http://evil/a HTTP/1.1\r\nHost: example.org\r\n\r\n"), "400");
  EXPECT_EQ(status_of("GET ftp://a/a HTTP/1.1\r\nHost: a\r\n\r\n"), "400");
  EXPECT_EQ(status_of("GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n"), "400");
}

TEST(Head, what_cannot_be_understood_in_one_way_is_refused) {
  struct Case {
    const char* what;
    std::string text;
    const char* status;
  };
  const Case cases[] = {
      {"two lengths, equal", with_fields("Content-Length: 5\r\nContent-Length: 5\r\n"), "400"},
      {"two lengths, different", with_fields("Content-Length: 5\r\nContent-Length: 6\r\n"), "400"},
      {"a list of lengths", with_fields("Content-Length: 5, 5\r\n"), "400"},
      {"a signed length", with_fields("Content-Length: +5\r\n"), "400"},
      {"a negative length", with_fields("Content-Length: -1\r\n"), "400"},
      {"a hex length", with_fields("Content-Length: 0x5\r\n"), "400"},
      {"an empty length", with_fields("Content-Length:\r\n"), "400"},
      {"a length beyond 64 bits", with_fields("Content-Length: 18446744073709551621\r\n"), "400"},
      {"length and chunks", with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), "400"},
      {"chunks and length", with_fields("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), "400"},
      {"chunks twice", with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "400"},
      {"another coding", with_fields("Transfer-Encoding: gzip, chunked\r\n"), "501"},
      {"a coding that looks like chunked", with_fields("Transfer-Encoding: xchunked\r\n"), "501"},
      {"identity", with_fields("Transfer-Encoding: identity\r\n"), "501"},
      {"vertical tab before chunked",
       with_fields("Transfer-Encoding: \x0b"
                   "chunked\r\n"),
       "400"},
      {"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {"space before the colon", with_fields("Content-Length : 5\r\n"), "400"},
      {"a folded line", with_fields("X-A: b\r\n c\r\n"), "400"},
      {"a folded first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", "400"},
      {"a line without a colon", with_fields("nonsense\r\n"), "400"},
      {"an empty name", with_fields(": x\r\n"), "400"},
      {"a NUL in a value", with_fields(std::string("X-A: b\0c\r\n", 10)), "400"},
      {"a control character in a value", with_fields("X-A: b\x01\r\n"), "400"},
      {"a bare CR in a value", with_fields("X-A: b\rContent-Length: 5\r\n"), "400"},
      {"a bare LF in a value", with_fields("X-A: b\nContent-Length: 5\r\n"), "400"},
      {"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"},
      {"a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"},
      {"HTTP/0.9", "GET /\r\n\r\n", "400"},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", "505"},
      {"no version", "GET / FOO\r\nHost: a\r\n\r\n", "400"},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"two spaces and no address", "GET  HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"a space in the address", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"a space at the end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "400"},
      {"a tab in the request line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"authority form", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "501"},
      {"an unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "501"},
      {"a method in small letters", "get / HTTP/1.1\r\nHost: a\r\n\r\n", "501"},
      {"no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"a backslash", "GET /..\\etc HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"a raw byte above ASCII", "GET /\xe5\x8a\x9e HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"dot dot", "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"encoded dot dot", "GET /a/%2e%2E/b HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"dot", "GET /./b HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"half a percent sequence", "GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"a percent sequence of no hex digits", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"an encoded NUL in the path", "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"an encoded line break in the query", "GET /?a=b%0d%0ac HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"invalid UTF-8 in the path", "GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"overlong UTF-8 in the path", "GET /%c0%af HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"invalid UTF-8 in the query", "GET /?a=%e5%8a HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"another expectation", with_fields("Expect: miracles\r\n"), "417"},
      {"not HTTP at all", std::string("\x16\x03\x01\x02\x00", 5), "400"},
      {"a bare LF, head not complete", "GET / HTTP/1.1\nHost: a\n\n", "400"},
      {"only line breaks", "\r\n\r\n\r\n\r\n", "400"},
      {"an upper-case coding, which is fine", with_fields("Transfer-Encoding: Chunked\r\n"), "200"},
      {"leading line breaks, which are fine", "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "200"},
      {"an upgrade, which is passed over", "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n\r\n", "200"},
      {"an empty host, which is allowed", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "200"},
  };
  for (const Case& one : cases) EXPECT_EQ(status_of(one.text), one.status) << one.what;
}

TEST(Head, limits_are_exact) {
  const HeadLimits limits{.max_header_bytes = 200, .max_header_count = 3, .max_target_bytes = 20, .max_query_pairs = 2};
  const auto get = [](std::string_view target, std::string_view fields = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
  };
  EXPECT_EQ(status_of(get("/" + std::string(19, 'a')), limits), "200");
  EXPECT_EQ(status_of(get("/" + std::string(20, 'a')), limits), "414");
  EXPECT_EQ(status_of("GET /" + std::string(60, 'a'), limits), "414") << "before the line is complete";
  EXPECT_EQ(status_of("GET /" + std::string(10, 'a'), limits), "more");
  EXPECT_EQ(status_of(get("/", "A: b\r\nC: d\r\n"), limits), "200");
  EXPECT_EQ(status_of(get("/", "A: b\r\nC: d\r\nE: f\r\n"), limits), "431");
  const size_t frame = get("/", "A: \r\n").size();
  EXPECT_EQ(status_of(get("/", "A: " + std::string(200 - frame, 'x') + "\r\n"), limits), "200");
  EXPECT_EQ(status_of(get("/", "A: " + std::string(201 - frame, 'x') + "\r\n"), limits), "431");
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nA: " + std::string(300, 'x'), limits), "431") << "before the head is complete";
  EXPECT_EQ(status_of(get("/?a&b"), limits), "200");
  EXPECT_EQ(status_of(get("/?a&b&c"), limits), "400");
}

// The decoded body and how reading ended; the input is given in pieces of `step` bytes.
std::string decode_chunks(std::string_view text, size_t step) {
  ChunkDecoder decoder;
  std::string body;
  Parse parse = Parse::need_more;
  size_t at = 0;
  while (at < text.size() && parse == Parse::need_more) {
    size_t consumed = 0;
    parse = decoder.feed(text.substr(at, step), consumed, body);
    at += consumed;
  }
  const char* end = parse == Parse::done ? "done" : parse == Parse::need_more ? "more" : "refused";
  return body + "|" + end + (parse == Parse::done ? "|" + std::string(text.substr(at)) : "");
}

TEST(Chunks, are_decoded_in_whatever_pieces_they_come) {
  const std::string text = "4\r\nWiki\r\n5;name=\"value\"\r\npedia\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET /";
  for (size_t step = 1; step <= text.size(); ++step)
    EXPECT_EQ(decode_chunks(text, step), "Wikipedia0123456789|done|GET /") << step;
  for (size_t step = 1; step <= 5; ++step) EXPECT_EQ(decode_chunks("0\r\n\r\n", step), "|done|") << step;
  EXPECT_EQ(decode_chunks("4\r\nWiki\r\n", 100), "Wiki|more");
}

TEST(Chunks, malformed_ones_are_refused) {
  const std::vector<std::string> cases = {
      "x\r\n",         "\r\n",           " 4\r\nWiki\r\n",        "4 \r\nWiki\r\n", "-1\r\n",       "0x4\r\nWiki\r\n",
      "4\nWiki\r\n",   "4\r\nWikiX\r\n", "4\r\nWiki\n0\r\n\r\n",  "4\rXWiki",       "4\r\nWiki\rX", "0\r\n\n",
      "0\r\n bad\r\n", "0\r\n\rX",       "10000000000000000\r\n", "4;a\nb\r\n",     "4;a\x01\r\n",  "0\r\nA: \x02",
      "0\r\nA: b\rX"};
  for (const std::string& text : cases) {
    const std::string decoded = decode_chunks(text, 1);
    EXPECT_TRUE(decoded.ends_with("|refused")) << text << " → " << decoded;
  }
}

TEST(Chunks, endless_extensions_and_trailers_are_refused) {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "1;" + std::string(30, 'e') + "\r\nx\r\n";
  EXPECT_TRUE(decode_chunks(many, 4096).ends_with("|refused"));
  std::string trailers = "0\r\n";
  for (int i = 0; i < 10'000; ++i) trailers += "T:\r\n";
  EXPECT_TRUE(decode_chunks(trailers, 4096).ends_with("|refused"));
}

// Whatever comes, the answer is the same in one piece and in many, and no read goes beyond the bytes (the sanitizers
// watch).
TEST(Fuzz, random_changes_of_requests_never_confuse_the_parser) {
  const uint32_t seed = 20210205;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string sample =
      "POST /a/b%2Fc?x=1&y=%E5%8A%9E HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n";
  const std::string_view bits[] = {"\r\n", "\r", "\n", " ", ":", "%", "\t", "Content-Length: 3\r\n",
                                   "?",    "&",  "/",  ".."};
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = sample;
    for (uint32_t n = random() % 3 + 1; n > 0; --n) {
      const size_t at = random() % (text.size() + 1);
      if (random() % 3 == 0)
        text.insert(at, bits[random() % std::size(bits)]);
      else if (at < text.size())
        random() % 2 ? (void)(text[at] = static_cast<char>(random())) : (void)text.erase(at, 1);
    }
    const Read whole = read_head(text);
    size_t scanned = 0, consumed = 0;
    Request request;
    Framing framing;
    Refusal refusal;
    Parse parse = Parse::need_more;
    for (size_t n = 1; n <= text.size() && parse == Parse::need_more; ++n)
      parse = parse_head(std::string_view(text).substr(0, n), {}, scanned, consumed, request, framing, refusal);
    ASSERT_EQ(parse, whole.parse) << text;
    if (parse != Parse::done) continue;
    ++accepted;
    ASSERT_EQ(consumed, whole.consumed);
    ASSERT_EQ(request.segments, whole.request.segments);
    ASSERT_FALSE(framing.is_chunked && framing.content_length);
  }
  EXPECT_GT(accepted, 1'000);
}

}  // namespace
}  // namespace tongban::http
