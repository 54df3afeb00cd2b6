// What a handler sees of HTTP: the request, taken apart and checked, and the response it gives. Plain values; no
// socket, no library. A Request that reaches a handler is well formed: one Host, one body length, a target without
// control characters, decoded texts that are valid UTF-8.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/date.h"
#include "base/id.h"
#include "base/result.h"

namespace tongban::http {

// The methods that the server knows; any other is answered with 501 before a handler sees it.
enum class Method : uint8_t { get, head, post, put, patch, remove, options };

std::string_view to_text(Method method);  // "GET", …, "DELETE"

// The standard reason phrase, or "Status" for a number without one.
std::string_view reason_phrase(int status);

// Letters of ASCII compare without case, as field names and tokens do.
bool equals_ignoring_case(std::string_view a, std::string_view b);

// The fields of a request's head, in their order. One block of bytes and positions in it: cheap to make and to move.
class Headers {
 public:
  // The value of the first field of that name, without white space around it; the view lives as long as this object
  // stays where it is.
  std::optional<std::string_view> find(std::string_view name) const;
  size_t count(std::string_view name) const;
  size_t size() const { return entries_.size(); }
  std::pair<std::string_view, std::string_view> at(size_t index) const;  // name as sent, value
  void add(std::string_view name, std::string_view value);
  void clear();

 private:
  struct Entry {
    uint32_t name_at, name_size, value_at, value_size;
  };
  std::string bytes_;
  std::vector<Entry> entries_;
};

// Takes a body in pieces. `write` is called on the worker pool, one call at a time and in order; a failure ends the
// request (507 for no_space, else 500). Destroyed without its handler having run: the upload was broken off, throw away
// what was written. The handler that finds it in its request finishes it (length check, sync, rename).
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
};

// Gives a body in pieces. `read` is called on the worker pool, one call at a time, and appends at most about
// `room` bytes to `out`; appending nothing means the end. A failure breaks the answer off so that the client sees that
// it is not whole. Destroyed when the answer is written or the client has gone.
class BodySource {
 public:
  virtual ~BodySource() = default;
  virtual Result<void> read(std::string& out, size_t room) = 0;
};

// A source that reads `size` bytes of a file from its start. Failure: not_found, io.
struct FileBody {
  std::unique_ptr<BodySource> source;
  uint64_t size = 0;
};
Result<FileBody> open_file_body(const std::string& path);

struct Request {
  Method method = Method::get;
  std::string path;  // as sent, without the query, still percent-encoded: for comparing and for nothing else
  // The decoded parts between the slashes: "/api/v1/a%2Fb" is {"api", "v1", "a/b"}; "/" is {}; a slash at the end gives
  // an empty last part. Never "." or "..".
  std::vector<std::string> segments;
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in their order, "+" is a space
  std::string raw_query;                                   // as sent, without "?"; may hold personal data: never log it
  Headers headers;
  std::string body;                     // empty when the body went into a sink
  std::shared_ptr<BodySink> body_sink;  // the sink of the body plan, complete; null when the body is in `body`
  uint64_t body_bytes = 0;              // length of the body wherever it went
  std::string remote_address;           // of the client, without port; personal data: never log it
  Id id;                                // sent back as X-Request-Id; the thing to quote in a log
  Instant received_at;                  // when the head was complete
  bool over_tls = false;

  std::optional<std::string_view> find_header(std::string_view name) const { return headers.find(name); }
  // The first query value of that name.
  std::optional<std::string_view> find_query(std::string_view name) const;
  // The value of a cookie of that name.
  std::optional<std::string_view> find_cookie(std::string_view name) const;
};

struct ResponseHeader {
  std::string name;
  std::string value;
};

// Content-Length, Transfer-Encoding, Connection, Date and X-Request-Id are the server's own; a handler that sets one of
// them, or puts a line break into a header, has a bug and the client gets 500.
struct Response {
  int status = 200;
  std::string content_type;  // none when empty
  std::vector<ResponseHeader> headers;
  std::string body;
  std::unique_ptr<BodySource> source;     // takes the place of `body` when set
  std::optional<uint64_t> source_length;  // when known before; else chunked
  // The route's template for the access log, such as "/api/v1/cases/{number}". Must live for ever (a literal or a table
  // of routes): it is not copied.
  std::string_view route;

  Response& with(std::string name, std::string value) & {
    headers.push_back({std::move(name), std::move(value)});
    return *this;
  }
  Response&& with(std::string name, std::string value) && {
    headers.push_back({std::move(name), std::move(value)});
    return std::move(*this);
  }
};

// application/problem+json (RFC 9457): status, code (stable, for programs), title and detail (for people).
Response problem(int status, std::string_view code, std::string_view title, std::string_view detail);
// 503 with Retry-After: all workers are busy and the queue is full.
Response busy_response();

}  // namespace tongban::http
