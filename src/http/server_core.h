// The inside of the server: connections, the I/O thread that owns them, and the way to it from other threads. Private
// to server.cc (threads, listening, stopping) and connection.cc (one client).
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "http/parser.h"
#include "http/server.h"

namespace tongban::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
class Connection;

inline constexpr size_t kSmallBuffer = 4 * 1024;
inline constexpr size_t kPiece = 64 * 1024;  // of a body, read or written

inline int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// What the server says itself: a refusal of the parser as an answer.
Response to_response(const Refusal& refusal);

struct InputBuffer {
  std::unique_ptr<char[]> bytes;
  size_t capacity = 0, begin = 0, end = 0;

  std::string_view view() const { return {bytes.get() + begin, end - begin}; }
  void consume(size_t n) {
    begin += n;
    if (begin == end) begin = end = 0;
  }
  // Makes room for at least one byte, moving or growing; prefers a buffer of `wanted` bytes.
  void make_room(size_t wanted) {
    if (capacity < wanted || (begin == 0 && end == capacity)) {
      const size_t bigger = std::max(wanted, end == capacity && begin == 0 ? capacity * 2 : capacity);
      auto grown = std::make_unique_for_overwrite<char[]>(bigger);
      if (end > begin) std::memcpy(grown.get(), bytes.get() + begin, end - begin);
      bytes = std::move(grown);
      capacity = bigger;
      end -= begin;
      begin = 0;
    } else if (end == capacity) {
      std::memmove(bytes.get(), bytes.get() + begin, end - begin);
      end -= begin;
      begin = 0;
    }
  }
  void shrink() {
    if (begin != end || capacity <= kSmallBuffer) return;
    bytes.reset();
    capacity = begin = end = 0;
  }
};

struct SseState {
  std::shared_ptr<Mailbox> mailbox;
  uint64_t connection = 0;
  uint64_t exchange = 0;
  size_t bound = 0;
  std::atomic<size_t> in_transit{0};  // bytes sent and not yet taken by the I/O thread
  std::atomic<bool> open{true};
};

// What can be sent to a connection from another thread.
struct Answer {
  Response response;
};
struct Abandoned {};
struct EventsStart {
  Response extra;
  std::shared_ptr<SseState> state;
  std::function<void()> on_closed;
};
struct EventsText {
  std::string text;
};
struct EventsEnd {};
struct SourcePiece {
  std::string bytes;
  Result<void> result;
};
struct SinkDone {
  Result<void> result;
};
using Message = std::variant<Answer, Abandoned, EventsStart, EventsText, EventsEnd, SourcePiece, SinkDone>;

struct Letter {
  uint64_t connection;
  uint64_t exchange;
  Message message;
};

// The way from any thread to the I/O thread. Outlives the server in the hands of responders; what comes then is
// dropped.
class Mailbox {
 public:
  explicit Mailbox(ServerCore& core, size_t sse_bound) : sse_bound_(sse_bound), core_(&core) {}
  void set_io_thread(std::thread::id id) { io_thread_ = id; }
  void post(Letter letter);
  void hold() {
    const std::lock_guard lock(mutex_);
    ++held_;
  }
  void release();
  std::vector<Letter> take() {
    const std::lock_guard lock(mutex_);
    wake_pending_ = false;
    return std::exchange(letters_, {});
  }
  void close() {
    std::vector<Letter> dropped;
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      dropped.swap(letters_);
    }
    for (Letter& letter : dropped) drop(letter);
  }
  size_t sse_bound() const { return sse_bound_; }

 private:
  static void drop(Letter& letter) {
    auto* start = std::get_if<EventsStart>(&letter.message);
    if (!start) return;
    start->state->open = false;
    if (start->on_closed) start->on_closed();
  }

  const size_t sse_bound_;
  std::atomic<std::thread::id> io_thread_{};
  std::mutex mutex_;
  ServerCore* core_;
  std::vector<Letter> letters_;
  int held_ = 0;
  bool wake_pending_ = false;
  bool closed_ = false;
};

class ServerCore {
 public:
  ServerCore(ServerOptions options, WorkerPool& workers, Handler handler);
  ~ServerCore();
  Result<void> listen();
  Result<void> load_tls();
  void run();
  bool stop(int64_t deadline_ms);
  uint16_t port() const { return port_; }

  void wake();  // any thread, under the mailbox's lock
  void deliver(Letter&& letter);
  void remove(uint64_t token, bool was_refusing);
  void trouble(std::string_view what) const {
    if (options.trouble_log) options.trouble_log(what);
  }
  const std::string& date_line(Instant now);
  // While the memory for bodies is full, false and nothing is counted.
  bool take_body_memory(uint64_t bytes) {
    if (body_memory_ + bytes > options.max_buffered_body_bytes) return false;
    body_memory_ += bytes;
    return true;
  }
  void give_body_memory(uint64_t bytes) { body_memory_ -= bytes; }

  const ServerOptions options;
  WorkerPool& workers;
  const Handler handler;
  const HeadLimits head_limits;
  asio::io_context io{1};
  std::shared_ptr<Mailbox> mailbox;
  bool stopping = false;

  struct Counters {
    std::atomic<uint64_t> open{0}, accepted{0}, refused{0}, requests{0}, refusals{0}, streams{0}, in_flight{0};
  } counters;
  std::mutex tls_mutex;
  std::shared_ptr<asio::ssl::context> tls;

 private:
  friend class Connection;
  void accept_next();
  void on_accept(ErrorCode error, tcp::socket socket);
  void schedule_tick();
  void tick();
  void begin_stop(int64_t deadline_ms);
  void finish_if_empty();
  static Responder make_responder(const std::shared_ptr<Mailbox>& mailbox, uint64_t connection, uint64_t exchange) {
    return Responder(mailbox, connection, exchange);
  }

  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  int64_t tick_ms_;
  std::vector<std::shared_ptr<Connection>> slots_;
  std::vector<size_t> free_slots_;
  uint64_t next_generation_ = 1;
  size_t open_ = 0;
  size_t refusing_ = 0;  // of them, only to be told 503
  bool accept_paused_ = false;
  int64_t stop_at_ms_ = 0;
  bool cut_off_ = false;
  uint16_t port_ = 0;
  uint64_t body_memory_ = 0;
  int64_t date_second_ = -1;
  std::string date_line_;
  std::thread thread_;
};

// One client. All of it runs on the I/O thread. One request at a time is taken apart, handled and answered; what the
// client sends ahead waits in the buffer (or in the system's), so that answers keep their order.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(ServerCore& core, uint64_t token, tcp::socket socket, std::string address, bool is_local)
      : core_(core), token_(token), socket_(std::move(socket)), address_(std::move(address)), is_local_(is_local) {}

  uint64_t token() const { return token_; }
  void start();
  void start_refusing();  // only to say 503
  void receive(uint64_t exchange, Message&& message);
  void tick(int64_t now);
  void begin_stop();
  void close();
  bool is_lingering() const { return phase_ == Phase::lingering; }

 private:
  enum class Phase : uint8_t {
    handshake,
    head,  // between requests or in the middle of a head
    body,
    handling,   // a Responder is out
    streaming,  // an answer is being sent in pieces
    events,
    closing,    // what is to be sent is sent, then the end
    lingering,  // reading over what the client still sends, so that our answer is not lost by a reset
    closed
  };

  bool can_step() const {
    if (phase_ == Phase::head) return !needs_input_ && out_.size() < kPiece;
    return phase_ == Phase::body && !needs_input_ && !sink_busy_;
  }
  void pump();
  void step_head();
  void step_body();
  void begin_request();
  void take_proxy_headers();
  void cut_prefix();
  void begin_body();
  void start_sink(bool is_last);
  void dispatch();
  void refuse(const Refusal& refusal) { refuse(to_response(refusal)); }
  void refuse(Response response);
  void answer(Response response);
  void write_head(const Response& response, std::optional<uint64_t> length, bool is_chunked);
  void complete_exchange();
  void log_exchange();
  void release_body_memory();
  void start_events(EventsStart start);
  void end_events();
  void read_source();
  void take_source_piece(SourcePiece piece);
  void start_read();
  void on_read(ErrorCode error, size_t n);
  void flush();
  bool refill();
  void drained();
  void finish();
  void linger();

  ServerCore& core_;
  const uint64_t token_;
  tcp::socket socket_;
  std::unique_ptr<asio::ssl::stream<tcp::socket&>> tls_;
  bool tls_ended_ = false;  // what still comes is read over without being decrypted
  const std::string address_;
  const bool is_local_;
  bool is_refusing_ = false;

  Phase phase_ = Phase::head;
  bool pumping_ = false, reading_ = false, writing_ = false, needs_input_ = true;
  InputBuffer in_;
  std::string out_, wire_;  // collected; being written
  size_t wire_at_ = 0;
  int64_t deadline_ms_ = 0, write_deadline_ms_ = 0;

  // The request being read or handled.
  Request request_;
  Framing framing_;
  size_t scanned_ = 0;
  bool head_started_ = false, head_parsed_ = false, is_head_ = false, keep_ = true;
  bool body_complete_ = true;  // nothing of the request is left to be read
  uint64_t exchange_ = 0;
  int64_t started_us_ = 0;
  Instant received_at_;
  Id id_;
  Method method_ = Method::get;

  // Its body.
  BodyPlan plan_;
  ChunkDecoder chunks_;
  std::string sink_bytes_;
  bool sink_busy_ = false, sink_last_ = false;
  uint64_t body_left_ = 0, body_raw_ = 0, body_memory_ = 0;
  int64_t body_started_ms_ = 0, sink_started_ms_ = 0;

  // Its answer.
  int status_ = 0;
  std::string_view route_;
  uint64_t answer_bytes_ = 0;
  std::string big_body_;
  size_t big_at_ = 0;
  std::shared_ptr<BodySource> source_;
  std::optional<uint64_t> source_length_;
  bool source_busy_ = false, source_chunked_ = false;

  std::shared_ptr<SseState> sse_;
  std::function<void()> on_events_closed_;
  int64_t next_comment_ms_ = 0;
};

}  // namespace tongban::http
