// The HTTP/1.1 server. One I/O thread owns all sockets; a handler is called on it and must not block: it answers at
// once, or gives the Responder away (to a WorkerPool, to the engine's queue), which answers later from any thread.
//
// Promises: requests of one connection are answered in order, each exactly once; a client that is too slow, too large
// or malformed gets a clear problem+json answer and cannot hold more than a bounded part of memory; nothing of a
// request is ever logged but method, route, status, size, time and id. Boost.Asio and OpenSSL stand behind this face
// and appear in server.cc only; what the bytes mean is parser.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"
#include "http/worker_pool.h"

namespace tongban::http {

class Mailbox;    // server.cc: the way from any thread to the I/O thread
struct SseState;  // server.cc

// One event of a stream of server-sent events. `id` and `name` must not contain line breaks (they are cut off there);
// empty ones are left out. `data` may have several lines.
struct SseEvent {
  std::string_view id;
  std::string_view name;
  std::string_view data;
};

// The text on the wire of one event, for sending the same event to many clients.
std::string format_event(const SseEvent& event);

// The sending end of an event stream. Move-only; any thread, one at a time. Destroying it ends the stream.
class SseStream {
 public:
  SseStream() = default;
  SseStream(SseStream&&) noexcept = default;
  SseStream& operator=(SseStream&& other) noexcept;
  ~SseStream();
  // False when the stream has ended: the client has gone, or was too slow and more than the bound
  // (ServerOptions::sse_buffer_bytes) would have waited for it, in which case it is closed; it comes back with
  // Last-Event-ID and is sent what it missed.
  bool send(const SseEvent& event);
  bool send_formatted(std::string text);  // texts of format_event
  bool is_open() const;
  void close();

 private:
  friend class Responder;
  std::shared_ptr<SseState> state_;
};

// Answers one request, exactly once, from any thread. Destroyed without an answer, it answers 500. A client that has
// gone meanwhile is no error: the answer is dropped. A second answer is a bug (CHECK).
class Responder {
 public:
  Responder(Responder&& other) noexcept;
  Responder& operator=(Responder&&) = delete;
  ~Responder();
  void answer(Response response);
  // Answers 200 text/event-stream and keeps the connection open. `extra` may carry headers and the route. `on_closed`
  // is called once on the I/O thread when the stream has ended for whatever reason (also at once, when there are too
  // many streams already: then the client got 503).
  SseStream start_events(Response extra, std::function<void()> on_closed);

 private:
  friend class ServerCore;
  Responder(std::shared_ptr<Mailbox> mailbox, uint64_t connection, uint64_t exchange);
  std::shared_ptr<Mailbox> mailbox_;
  uint64_t connection_ = 0;
  uint64_t exchange_ = 0;
};

// Called on the I/O thread. Must not block. What it throws is a bug: it is reported and the client gets 500.
// (std::function copies its target: a lambda that owns move-only things takes them by shared_ptr.)
using Handler = std::function<void(Request&&, Responder)>;

// Runs `work` on a worker and answers with what it returns; busy_response when the queue is full, 500 when it throws.
// The usual way for a handler that reads the database.
void answer_from_worker(WorkerPool& workers, Request&& request, Responder responder,
                        std::function<Response(Request&)> work);

// What to do with a body that is about to come.
struct BodyPlan {
  uint64_t max_bytes = 0;             // more is answered with 413, before it is read where its length is announced
  std::shared_ptr<BodySink> sink;     // none: into Request::body
  std::shared_ptr<Response> refusal;  // answers at once without reading the body (not signed in, no such case)
};
// Called on the I/O thread after the head of a request that has a body, before "100 Continue". Must not block.
using BodyPolicy = std::function<BodyPlan(const Request& head)>;

// One finished exchange. Nothing personal: no query, no path, no address.
struct AccessRecord {
  std::string_view method;  // "-" when the head was malformed
  std::string_view route;   // Response::route; "-" when there is none; "(refused)" when no handler was asked
  int status;
  uint64_t bytes;   // of the answer's body
  uint64_t micros;  // from the complete head until the answer's last byte was ready to be sent
  Id id;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 8080;  // 0: any free port, see Server::port()
  // TLS 1.2 and later when both are set: PEM files, certificate with its chain.
  std::string tls_certificate_file;
  std::string tls_key_file;
  // A reverse proxy on this machine stands in front: take the client's address from the last element of
  // X-Forwarded-For and over_tls from X-Forwarded-Proto, from loopback peers only.
  bool behind_proxy = false;
  // "/tongban": what lies below it is also found below it, so that a proxy in front may cut it off or not. Handlers
  // never see it.
  std::string path_prefix;

  size_t max_header_bytes = 16 * 1024;                   // request line and fields together → 431
  size_t max_header_count = 64;                          // → 431
  size_t max_target_bytes = 4 * 1024;                    // → 414
  size_t max_query_pairs = 128;                          // → 400
  uint64_t max_body_bytes = 1024 * 1024;                 // without a body policy → 413
  uint64_t max_buffered_body_bytes = 256 * 1024 * 1024;  // of all requests together → 503
  size_t max_connections = 10'000;                       // → 503
  size_t max_event_streams = 2'000;                      // → 503
  size_t sse_buffer_bytes = 256 * 1024;                  // per stream

  int64_t header_timeout_ms = 10'000;  // from the first byte to the end of the head; also the TLS handshake → 408
  int64_t body_timeout_ms = 300'000;   // whole body → 408
  int64_t body_grace_ms = 10'000;      // after it the body must have come at body_min_bytes_per_second → 408
  int64_t body_min_bytes_per_second = 1'024;
  int64_t idle_timeout_ms = 60'000;    // between requests: closed without a word
  int64_t write_timeout_ms = 30'000;   // for each 64 KB of an answer: closed
  int64_t linger_timeout_ms = 2'000;   // after an answer that ends the connection, for the client to read it
  int64_t sse_keep_alive_ms = 15'000;  // a comment line, so that proxies keep the stream

  BodyPolicy body_policy;                               // optional
  std::function<void(const AccessRecord&)> access_log;  // optional; I/O thread, must not block
  std::function<void(std::string_view)> trouble_log;    // optional; sentences for the operator; any thread
  std::function<Instant()> clock;                       // required: the shell's clock, for Date, ids and received_at
};

// A snapshot for /metrics. Counters since the start.
struct ServerStats {
  uint64_t connections_open = 0;
  uint64_t connections_accepted = 0;
  uint64_t connections_refused = 0;  // beyond max_connections
  uint64_t requests = 0;             // handed to the handler
  uint64_t refusals = 0;             // answered by the server itself (malformed, too large, too slow)
  uint64_t event_streams_open = 0;
  uint64_t in_flight = 0;  // handed out and not answered yet
};

class ServerCore;

class Server {
 public:
  // Listens and starts the I/O thread. `workers` serves streamed bodies (and what handlers post to it) and must outlive
  // the server. Failures: invalid_input (address, TLS files), conflict (port taken), io (others); each says what to do.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, WorkerPool& workers, Handler handler);
  ~Server();  // stops at once

  uint16_t port() const;
  ServerStats stats() const;  // any thread

  // Reads the TLS files again; connections made from now on use them. On failure the old ones stay.
  Result<void> reload_tls();

  // Stops accepting, ends event streams and idle connections, lets requests in flight finish for at most `deadline_ms`,
  // then closes the rest. Returns when the I/O thread has ended; true when nothing had to be cut off. Handlers' other
  // threads must keep running until then; Responders may outlive the server. Not from the I/O thread.
  bool stop(int64_t deadline_ms);

  // While one of these lives, answers given from other threads wait for its end and then wake the I/O thread once:
  // for the engine's writer thread, which acknowledges a whole commit. Must be short-lived. Any thread.
  class AnswerBatch {
   public:
    explicit AnswerBatch(Server& server);
    AnswerBatch(const AnswerBatch&) = delete;
    ~AnswerBatch();

   private:
    std::shared_ptr<Mailbox> mailbox_;
  };

 private:
  explicit Server(std::unique_ptr<ServerCore> core);
  std::unique_ptr<ServerCore> core_;
};

}  // namespace tongban::http
