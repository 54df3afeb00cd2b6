#include "http/server.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstring>
#include <exception>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "http/parser.h"

namespace tongban::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
class Connection;

namespace {

constexpr size_t kSmallBuffer = 4 * 1024;
constexpr size_t kPiece = 64 * 1024;         // of a body, read or written
constexpr int kRequestsPerTurn = 64;         // of one connection, before others have their turn
constexpr size_t kRefusingConnections = 64;  // beyond max_connections, only to be told 503
constexpr uint64_t kSlotBits = 20;
constexpr uint64_t kSlotMask = (uint64_t{1} << kSlotBits) - 1;

int64_t steady_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

int64_t steady_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void append_number(std::string& out, uint64_t number, int base = 10) {
  std::array<char, 24> digits;
  size_t at = digits.size();
  do {
    digits[--at] = "0123456789abcdef"[number % static_cast<uint64_t>(base)];
    number /= static_cast<uint64_t>(base);
  } while (number);
  out.append(digits.data() + at, digits.size() - at);
}

// Sun, 06 Nov 1994 08:49:37 GMT
std::string http_date(Instant now) {
  static constexpr std::string_view kDays = "MonTueWedThuFriSatSun";
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const Date date{static_cast<int32_t>(now.ms / kDayMs)};
  const YearMonthDay civil = date.civil();
  const int64_t second = now.ms % kDayMs / 1000;
  const auto two = [](int64_t n) {
    return std::string{static_cast<char>('0' + n / 10 % 10), static_cast<char>('0' + n % 10)};
  };
  return std::string(kDays.substr(static_cast<size_t>(date.weekday() - 1) * 3, 3)) + ", " + two(civil.day) + " " +
         std::string(kMonths.substr(static_cast<size_t>(civil.month - 1) * 3, 3)) + " " + std::to_string(civil.year) +
         " " + two(second / 3600) + ":" + two(second / 60 % 60) + ":" + two(second % 60) + " GMT";
}

bool is_proper_header(const ResponseHeader& header) {
  static constexpr std::array<std::string_view, 5> kOwn = {"content-length", "transfer-encoding", "connection", "date",
                                                           "x-request-id"};
  for (const std::string_view own : kOwn) {
    if (equals_ignoring_case(header.name, own)) return false;
  }
  const auto is_bad = [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; };
  return !header.name.empty() && header.name.find_first_of(": ") == std::string::npos &&
         std::none_of(header.name.begin(), header.name.end(), is_bad) &&
         std::none_of(header.value.begin(), header.value.end(), is_bad);
}

bool is_proper(const Response& response) {
  if (response.status < 200 || response.status > 599) return false;
  return std::all_of(response.headers.begin(), response.headers.end(), is_proper_header) &&
         is_proper_header({"Content-Type", response.content_type});
}

Response server_error() {
  return problem(500, "internal_error", "系统出错",
                 "系统没能完成这次操作。请稍后再试；如仍不行，请把请求编号告诉管理员。");
}

Response too_large(uint64_t max_bytes) {
  return problem(413, "body_too_large", "内容太大",
                 "提交的内容超过了上限（" + std::to_string(max_bytes) + " 字节）。请缩小后再提交。");
}

Response to_response(const Refusal& refusal) {
  return problem(refusal.status, refusal.code, reason_phrase(refusal.status), refusal.detail);
}

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

}  // namespace

struct SseState {
  std::shared_ptr<Mailbox> mailbox;
  uint64_t connection = 0;
  uint64_t exchange = 0;
  size_t bound = 0;
  std::atomic<size_t> in_transit{0};  // bytes sent and not yet taken by the I/O thread
  std::atomic<bool> open{true};
};

namespace {

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

}  // namespace

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

// ---- Mailbox, Responder, SseStream

void Mailbox::post(Letter letter) {
  if (io_thread_.load(std::memory_order_relaxed) == std::this_thread::get_id()) {
    core_->deliver(std::move(letter));
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) {
      letters_.push_back(std::move(letter));
      if (!wake_pending_ && held_ == 0) {
        wake_pending_ = true;
        core_->wake();
      }
      return;
    }
  }
  drop(letter);
}

void Mailbox::release() {
  const std::lock_guard lock(mutex_);
  CHECK(held_ > 0);
  if (--held_ > 0 || letters_.empty() || wake_pending_ || closed_) return;
  wake_pending_ = true;
  core_->wake();
}

Responder::Responder(std::shared_ptr<Mailbox> mailbox, uint64_t connection, uint64_t exchange)
    : mailbox_(std::move(mailbox)), connection_(connection), exchange_(exchange) {}

Responder::Responder(Responder&& other) noexcept
    : mailbox_(std::move(other.mailbox_)), connection_(other.connection_), exchange_(other.exchange_) {}

Responder::~Responder() {
  if (mailbox_) mailbox_->post({connection_, exchange_, Abandoned{}});
}

void Responder::answer(Response response) {
  CHECK(mailbox_);
  const std::shared_ptr<Mailbox> mailbox = std::move(mailbox_);
  mailbox->post({connection_, exchange_, Answer{std::move(response)}});
}

SseStream Responder::start_events(Response extra, std::function<void()> on_closed) {
  CHECK(mailbox_);
  SseStream stream;
  stream.state_ = std::make_shared<SseState>();
  stream.state_->connection = connection_;
  stream.state_->exchange = exchange_;
  stream.state_->bound = mailbox_->sse_bound();
  stream.state_->mailbox = std::move(mailbox_);
  stream.state_->mailbox->post(
      {connection_, exchange_, EventsStart{std::move(extra), stream.state_, std::move(on_closed)}});
  return stream;
}

void answer_from_worker(WorkerPool& workers, Request&& request, Responder responder,
                        std::function<Response(Request&)> work) {
  struct Job {
    Request request;
    Responder responder;
    std::function<Response(Request&)> work;
  };
  auto job = std::make_shared<Job>(Job{std::move(request), std::move(responder), std::move(work)});
  if (!workers.try_post([job] { job->responder.answer(job->work(job->request)); }))
    job->responder.answer(busy_response());
}

SseStream& SseStream::operator=(SseStream&& other) noexcept {
  if (this != &other) {
    close();
    state_ = std::move(other.state_);
  }
  return *this;
}

SseStream::~SseStream() { close(); }

bool SseStream::is_open() const { return state_ && state_->open.load(std::memory_order_relaxed); }

void SseStream::close() {
  if (!state_) return;
  const std::shared_ptr<SseState> state = std::move(state_);
  if (state->open.exchange(false)) state->mailbox->post({state->connection, state->exchange, EventsEnd{}});
}

bool SseStream::send(const SseEvent& event) { return send_formatted(format_event(event)); }

bool SseStream::send_formatted(std::string text) {
  if (!is_open()) return false;
  if (state_->in_transit.fetch_add(text.size()) + text.size() > state_->bound) {
    close();
    return false;
  }
  // The I/O thread may end the stream (and call on_closed, which may destroy this) while the text is handed over.
  const std::shared_ptr<SseState> state = state_;
  state->mailbox->post({state->connection, state->exchange, EventsText{std::move(text)}});
  return state->open.load(std::memory_order_relaxed);
}

std::string format_event(const SseEvent& event) {
  const auto first_line = [](std::string_view text) {
    return text.substr(0, text.find_first_of(std::string_view("\r\n\0", 3)));
  };
  std::string text;
  text.reserve(event.data.size() + event.id.size() + event.name.size() + 32);
  if (!event.id.empty()) text.append("id: ").append(first_line(event.id)).append("\n");
  if (!event.name.empty()) text.append("event: ").append(first_line(event.name)).append("\n");
  for (std::string_view left = event.data;;) {
    const size_t end = left.find_first_of("\r\n");
    text.append("data: ").append(left.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    left.remove_prefix(end + (left.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  text += '\n';
  return text;
}

// ---- Connection: life

void Connection::start() {
  deadline_ms_ = steady_ms() + core_.options.header_timeout_ms;
  std::shared_ptr<asio::ssl::context> context;
  {
    const std::lock_guard lock(core_.tls_mutex);
    context = core_.tls;
  }
  if (!context) {
    pump();
    return;
  }
  phase_ = Phase::handshake;
  tls_ = std::make_unique<asio::ssl::stream<tcp::socket&>>(socket_, *context);
  tls_->async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](ErrorCode error) {
    if (self->phase_ != Phase::handshake) return;
    if (error) {
      self->close();
      return;
    }
    self->phase_ = Phase::head;
    self->pump();
  });
}

void Connection::start_refusing() {
  deadline_ms_ = steady_ms() + core_.options.header_timeout_ms;
  is_refusing_ = true;
  body_complete_ = false;
  keep_ = false;
  const Response response = busy_response();
  received_at_ = core_.options.clock();
  write_head(response, response.body.size(), false);
  out_ += response.body;
  phase_ = Phase::closing;
  pump();
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  const auto self = shared_from_this();
  const bool was_out = phase_ == Phase::handling;
  phase_ = Phase::closed;
  if (was_out) core_.counters.in_flight.fetch_sub(1, std::memory_order_relaxed);
  release_body_memory();
  source_.reset();
  plan_ = {};
  request_ = {};
  end_events();
  core_.remove(token_, is_refusing_);
  ErrorCode ignored;
  socket_.close(ignored);  // last: whoever sees the end of the connection finds it counted out
}

void Connection::end_events() {
  if (!sse_) return;
  sse_->open = false;
  sse_.reset();
  core_.counters.streams.fetch_sub(1, std::memory_order_relaxed);
  if (const auto on_closed = std::exchange(on_events_closed_, nullptr)) on_closed();
}

void Connection::begin_stop() {
  keep_ = false;
  if (phase_ == Phase::handshake || phase_ == Phase::events || (phase_ == Phase::head && !head_started_ && !writing_))
    close();
  else if (phase_ == Phase::head && !head_started_)
    phase_ = Phase::closing;  // an answer is still being written
}

void Connection::tick(int64_t now) {
  const ServerOptions& options = core_.options;
  if (writing_ && now > write_deadline_ms_) {
    close();
    return;
  }
  switch (phase_) {
    case Phase::head:
      if (now <= deadline_ms_) return;
      if (!head_started_ || writing_) {
        close();
        return;
      }
      body_complete_ = false;
      refuse({408, "header_timeout", "The head of the request did not arrive in time."});
      pump();
      return;
    case Phase::body: {
      if (sink_busy_) return;
      const int64_t elapsed = now - body_started_ms_;
      const int64_t due = (elapsed - options.body_grace_ms) * options.body_min_bytes_per_second / 1000;
      if (elapsed <= options.body_timeout_ms &&
          (elapsed <= options.body_grace_ms || static_cast<int64_t>(body_raw_) >= due))
        return;
      refuse({408, "body_timeout", "The body of the request came too slowly."});
      pump();
      return;
    }
    case Phase::events:
      if (now < next_comment_ms_) return;
      next_comment_ms_ = now + options.sse_keep_alive_ms;
      if (!writing_) out_ += ":\n\n";
      pump();
      return;
    case Phase::handshake:
    case Phase::lingering:
      if (now > deadline_ms_) close();
      return;
    case Phase::handling:
    case Phase::streaming:
    case Phase::closing:
    case Phase::closed:
      return;
  }
}

// ---- Connection: reading

// The one driver: takes every step that is possible now, sends what came of it, then waits for input. Called again
// from inside (a handler that answers at once), it does nothing, and the outer call goes on.
void Connection::pump() {
  if (pumping_ || phase_ == Phase::closed) return;
  const auto self = shared_from_this();
  pumping_ = true;
  int turns = kRequestsPerTurn;
  while (phase_ != Phase::closed) {
    while (can_step() && turns > 0) {
      if (phase_ == Phase::head) {
        --turns;
        step_head();
      } else {
        step_body();
      }
    }
    flush();
    if (turns <= 0 || !can_step()) break;
  }
  pumping_ = false;
  if (phase_ == Phase::closed) return;
  if (can_step())
    asio::post(core_.io, [self] { self->pump(); });
  else if (((phase_ == Phase::head || phase_ == Phase::body) && needs_input_) || phase_ == Phase::events ||
           (phase_ == Phase::lingering && (!tls_ || tls_ended_)))
    start_read();
}

void Connection::start_read() {
  if (reading_) return;
  reading_ = true;
  in_.make_room(phase_ == Phase::body && (framing_.is_chunked || body_left_ > kSmallBuffer) ? kPiece : kSmallBuffer);
  const auto room = asio::buffer(in_.bytes.get() + in_.end, in_.capacity - in_.end);
  const auto done = [self = shared_from_this()](ErrorCode error, size_t n) { self->on_read(error, n); };
  if (tls_ && !tls_ended_)
    tls_->async_read_some(room, done);
  else
    socket_.async_read_some(room, done);
}

void Connection::on_read(ErrorCode error, size_t n) {
  reading_ = false;
  if (phase_ == Phase::closed) return;
  if (error) {
    // A client may have closed its sending half and still wait for the answers to what it sent.
    if (error == asio::error::eof && phase_ == Phase::head && !head_started_ && writing_)
      phase_ = Phase::closing;
    else
      close();
    return;
  }
  if (phase_ == Phase::events || phase_ == Phase::lingering) {
    in_.begin = in_.end = 0;  // nobody asks what it was
  } else {
    in_.end += n;
    needs_input_ = false;
  }
  pump();
}

void Connection::step_head() {
  if (in_.view().empty()) {
    needs_input_ = true;
    in_.shrink();
    return;
  }
  if (!head_started_) {
    head_started_ = true;
    deadline_ms_ = steady_ms() + core_.options.header_timeout_ms;
  }
  size_t consumed = 0;
  Refusal refusal;
  switch (parse_head(in_.view(), core_.head_limits, scanned_, consumed, request_, framing_, refusal)) {
    case Parse::need_more:
      needs_input_ = true;
      return;
    case Parse::refused:
      body_complete_ = false;
      refuse(refusal);
      return;
    case Parse::done:
      break;
  }
  in_.consume(consumed);
  head_parsed_ = true;
  begin_request();
}

void Connection::take_proxy_headers() {
  if (!core_.options.behind_proxy || !is_local_) return;
  if (const auto forwarded = request_.find_header("x-forwarded-for")) {
    std::string_view last = forwarded->substr(forwarded->rfind(',') + 1);
    while (last.starts_with(' ')) last.remove_prefix(1);
    ErrorCode error;
    const auto address = asio::ip::make_address(std::string(last), error);
    if (!error) request_.remote_address = address.to_string();
  }
  if (const auto scheme = request_.find_header("x-forwarded-proto"))
    request_.over_tls = equals_ignoring_case(*scheme, "https");
}

void Connection::begin_request() {
  started_us_ = steady_us();
  received_at_ = core_.options.clock();
  id_ = make_id(received_at_);
  method_ = request_.method;
  is_head_ = method_ == Method::head;
  keep_ = framing_.keep_alive && !core_.stopping;
  request_.id = id_;
  request_.received_at = received_at_;
  request_.remote_address = address_;
  request_.over_tls = tls_ != nullptr;
  take_proxy_headers();
  if (framing_.has_body())
    begin_body();
  else
    dispatch();
}

void Connection::begin_body() {
  body_complete_ = false;
  plan_ = {.max_bytes = core_.options.max_body_bytes};
  if (core_.options.body_policy) {
    try {
      plan_ = core_.options.body_policy(request_);
    } catch (const std::exception& thrown) {
      core_.trouble(std::string("body policy: ") + thrown.what());
      refuse(server_error());
      return;
    }
  }
  if (plan_.refusal) {
    const std::shared_ptr<Response> refusal = std::move(plan_.refusal);
    keep_ = false;
    answer(std::move(*refusal));
    return;
  }
  if (framing_.content_length && *framing_.content_length > plan_.max_bytes) {
    refuse(too_large(plan_.max_bytes));
    return;
  }
  phase_ = Phase::body;
  body_left_ = framing_.content_length.value_or(0);
  body_raw_ = 0;
  body_started_ms_ = steady_ms();
  chunks_ = {};
  sink_last_ = false;
  sink_bytes_.clear();
  if (framing_.expects_continue && in_.view().empty()) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
}

void Connection::step_body() {
  const std::string_view bytes = in_.view();
  if (bytes.empty()) {
    needs_input_ = true;
    return;
  }
  std::string& into = plan_.sink ? sink_bytes_ : request_.body;
  const size_t before = into.size();
  size_t consumed = 0;
  Parse parsed;
  if (framing_.is_chunked) {
    parsed = chunks_.feed(bytes, consumed, into);
  } else {
    consumed = static_cast<size_t>(std::min<uint64_t>(body_left_, bytes.size()));
    into.append(bytes.substr(0, consumed));
    body_left_ -= consumed;
    parsed = body_left_ == 0 ? Parse::done : Parse::need_more;
  }
  in_.consume(consumed);
  body_raw_ += consumed;
  const uint64_t added = into.size() - before;
  request_.body_bytes += added;
  if (parsed == Parse::refused) {
    refuse({400, "bad_chunk", "The chunked body is malformed."});
  } else if (request_.body_bytes > plan_.max_bytes) {
    refuse(too_large(plan_.max_bytes));
  } else if (body_raw_ > 8 * plan_.max_bytes + kPiece) {
    refuse({400, "bad_chunk", "The chunks are too small for their number."});
  } else if (!core_.take_body_memory(added)) {
    refuse(busy_response());
  } else {
    body_memory_ += added;
    if (plan_.sink && !sink_bytes_.empty() && (sink_bytes_.size() >= kPiece || parsed == Parse::done))
      start_sink(parsed == Parse::done);
    else if (parsed == Parse::done)
      dispatch();
  }
}

// The sink may wait for a disk, so a worker calls it; meanwhile nothing is read, which slows the client down.
void Connection::start_sink(bool is_last) {
  sink_busy_ = true;
  sink_last_ = is_last;
  sink_started_ms_ = steady_ms();
  auto task = [mailbox = core_.mailbox, token = token_, exchange = exchange_, sink = plan_.sink,
               bytes = std::exchange(sink_bytes_, {})]() mutable {
    Result<void> result = sink->write(bytes);
    sink.reset();  // the handler is to be its only owner
    mailbox->post({token, exchange, SinkDone{std::move(result)}});
  };
  if (!core_.workers.post_continuation(std::move(task))) {
    sink_busy_ = false;
    refuse(busy_response());
  }
}

void Connection::release_body_memory() { core_.give_body_memory(std::exchange(body_memory_, 0)); }

void Connection::dispatch() {
  body_complete_ = true;
  phase_ = Phase::handling;
  request_.body_sink = std::move(plan_.sink);
  core_.counters.requests.fetch_add(1, std::memory_order_relaxed);
  core_.counters.in_flight.fetch_add(1, std::memory_order_relaxed);
  Responder responder = ServerCore::make_responder(core_.mailbox, token_, exchange_);
  try {
    core_.handler(std::move(request_), std::move(responder));
  } catch (const std::exception& thrown) {
    core_.trouble(std::string("handler: ") + thrown.what());
  } catch (...) {
    core_.trouble("handler: something unknown was thrown");
  }
}

// ---- Connection: answering

void Connection::receive(uint64_t exchange, Message&& message) {
  if (exchange != exchange_ || phase_ == Phase::closed) return;
  const auto self = shared_from_this();
  if (auto* done = std::get_if<SinkDone>(&message)) {
    if (!sink_busy_) return;
    sink_busy_ = false;
    body_started_ms_ += steady_ms() - sink_started_ms_;  // that was our time, not the client's
    release_body_memory();
    if (phase_ != Phase::body) return;
    if (!done->result.ok()) {
      core_.trouble("body sink: " + done->result.error().message);
      refuse(
          done->result.error().trouble == Trouble::no_space
              ? problem(507, "no_space", "存储空间不足", "服务器的存储空间不足，内容没有保存。请联系管理员后再提交。")
              : server_error());
    } else if (sink_last_) {
      dispatch();
    }
  } else if (auto* piece = std::get_if<SourcePiece>(&message)) {
    if (phase_ == Phase::streaming && source_busy_) take_source_piece(std::move(*piece));
  } else if (auto* text = std::get_if<EventsText>(&message)) {
    if (!sse_) return;
    sse_->in_transit.fetch_sub(text->text.size());
    if (out_.size() + wire_.size() - wire_at_ + text->text.size() > core_.options.sse_buffer_bytes) {
      close();  // too slow
      return;
    }
    out_ += text->text;
  } else if (std::holds_alternative<EventsEnd>(message)) {
    if (phase_ == Phase::events) {
      phase_ = Phase::closing;
      end_events();
    }
  } else if (phase_ == Phase::handling) {
    core_.counters.in_flight.fetch_sub(1, std::memory_order_relaxed);
    if (auto* start = std::get_if<EventsStart>(&message)) {
      start_events(std::move(*start));
    } else if (auto* given = std::get_if<Answer>(&message)) {
      answer(std::move(given->response));
    } else {
      core_.trouble("a request was dropped without an answer");
      answer(server_error());
    }
  }
  pump();
}

void Connection::refuse(Response response) {
  keep_ = false;
  if (!head_parsed_) {
    received_at_ = core_.options.clock();
    id_ = make_id(received_at_);
    started_us_ = steady_us();
    is_head_ = false;
  }
  core_.counters.refusals.fetch_add(1, std::memory_order_relaxed);
  response.route = "(refused)";
  answer(std::move(response));
}

void Connection::answer(Response response) {
  if (!is_proper(response)) {
    core_.trouble("an answer had a status or header that is not allowed");
    const std::string_view route = response.route;
    response = server_error();
    response.route = route;
  }
  plan_ = {};
  status_ = response.status;
  route_ = response.route;
  answer_bytes_ = 0;
  const bool may_have_body = status_ != 204 && status_ != 304;
  if (!may_have_body) {
    write_head(response, std::nullopt, false);
    complete_exchange();
    return;
  }
  if (!response.source) {
    write_head(response, response.body.size(), false);
    if (!is_head_) answer_bytes_ = response.body.size();
    if (is_head_ || response.body.size() <= kPiece) {
      if (!is_head_) out_ += response.body;
      complete_exchange();
      return;
    }
    big_body_ = std::move(response.body);
    big_at_ = 0;
    phase_ = Phase::streaming;
    return;
  }
  source_length_ = response.source_length;
  source_chunked_ = !source_length_ && !framing_.is_http_1_0;
  if (!source_length_ && framing_.is_http_1_0) keep_ = false;  // the end of the connection is the end of the body
  write_head(response, source_length_, source_chunked_);
  if (is_head_ || source_length_ == uint64_t{0}) {
    complete_exchange();
    return;
  }
  source_ = std::move(response.source);
  phase_ = Phase::streaming;  // the first piece is asked for when the head is sent
}

void Connection::write_head(const Response& response, std::optional<uint64_t> length, bool is_chunked) {
  if (core_.stopping) keep_ = false;
  out_ += "HTTP/1.1 ";
  append_number(out_, static_cast<uint64_t>(response.status));
  out_ += ' ';
  out_ += reason_phrase(response.status);
  out_ += "\r\n";
  out_ += core_.date_line(received_at_);
  if (!response.content_type.empty()) out_.append("Content-Type: ").append(response.content_type).append("\r\n");
  for (const ResponseHeader& header : response.headers)
    out_.append(header.name).append(": ").append(header.value).append("\r\n");
  if (!id_.is_nil()) out_.append("X-Request-Id: ").append(to_text(id_)).append("\r\n");
  if (length) {
    out_ += "Content-Length: ";
    append_number(out_, *length);
    out_ += "\r\n";
  }
  if (is_chunked) out_ += "Transfer-Encoding: chunked\r\n";
  if (!keep_)
    out_ += "Connection: close\r\n";
  else if (framing_.is_http_1_0)
    out_ += "Connection: keep-alive\r\n";
  out_ += "\r\n";
}

void Connection::log_exchange() {
  if (!core_.options.access_log) return;
  core_.options.access_log({.method = head_parsed_ ? to_text(method_) : "-",
                            .route = route_.empty() ? "-" : route_,
                            .status = status_,
                            .bytes = answer_bytes_,
                            .micros = static_cast<uint64_t>(std::max<int64_t>(0, steady_us() - started_us_)),
                            .id = id_});
}

void Connection::complete_exchange() {
  log_exchange();
  release_body_memory();
  ++exchange_;  // later letters for this request find nobody
  head_started_ = head_parsed_ = false;
  scanned_ = 0;
  request_ = {};
  sink_busy_ = false;
  if (!keep_ || core_.stopping) {
    phase_ = Phase::closing;
    return;
  }
  phase_ = Phase::head;
  needs_input_ = in_.view().empty();
  if (needs_input_) in_.shrink();
  deadline_ms_ = steady_ms() + core_.options.idle_timeout_ms;
}

void Connection::start_events(EventsStart start) {
  const std::shared_ptr<SseState> state = std::move(start.state);
  on_events_closed_ = std::move(start.on_closed);
  const bool is_full = core_.counters.streams.load(std::memory_order_relaxed) >= core_.options.max_event_streams;
  if (is_full || core_.stopping || is_head_ || !is_proper(start.extra)) {
    state->open = false;
    const std::string_view route = start.extra.route;
    Response response = is_full || core_.stopping ? busy_response()
                        : is_head_                ? std::move(start.extra)
                                                  : server_error();
    response.route = route;
    answer(std::move(response));
    if (const auto on_closed = std::exchange(on_events_closed_, nullptr)) on_closed();
    return;
  }
  keep_ = false;  // the stream ends with the connection
  start.extra.status = 200;
  start.extra.content_type = "text/event-stream";
  start.extra.headers.push_back({"Cache-Control", "no-store"});
  start.extra.headers.push_back({"X-Accel-Buffering", "no"});
  write_head(start.extra, std::nullopt, false);
  status_ = 200;
  route_ = start.extra.route;
  answer_bytes_ = 0;
  log_exchange();
  release_body_memory();
  core_.counters.streams.fetch_add(1, std::memory_order_relaxed);
  sse_ = state;
  phase_ = Phase::events;
  next_comment_ms_ = steady_ms() + core_.options.sse_keep_alive_ms;
}

void Connection::read_source() {
  source_busy_ = true;
  auto task = [mailbox = core_.mailbox, token = token_, exchange = exchange_, source = source_]() mutable {
    SourcePiece piece;
    piece.result = source->read(piece.bytes, kPiece);
    source.reset();
    mailbox->post({token, exchange, std::move(piece)});
  };
  if (!core_.workers.post_continuation(std::move(task))) close();
}

void Connection::take_source_piece(SourcePiece piece) {
  source_busy_ = false;
  const bool is_end = piece.bytes.empty();
  answer_bytes_ += piece.bytes.size();
  const bool is_wrong_length =
      source_length_ && (answer_bytes_ > *source_length_ || (is_end && answer_bytes_ < *source_length_));
  if (!piece.result.ok() || is_wrong_length) {
    core_.trouble("body source: " + (piece.result.ok() ? "not as long as announced" : piece.result.error().message));
    close();  // the missing end tells the client
    return;
  }
  if (source_chunked_) {
    append_number(out_, piece.bytes.size(), 16);
    out_ += "\r\n";
    out_ += piece.bytes;
    out_ += "\r\n";  // after the size 0 it ends the empty trailer
  } else {
    out_ += piece.bytes;
  }
  if (is_end || (source_length_ && answer_bytes_ == *source_length_)) {
    source_.reset();
    complete_exchange();
  }
}

// ---- Connection: writing

void Connection::flush() {
  while (!writing_ && phase_ != Phase::closed) {
    if (wire_at_ == wire_.size()) {
      wire_.clear();
      wire_at_ = 0;
      if (out_.empty() && !refill()) {
        if (wire_.capacity() > kSmallBuffer) std::string().swap(wire_);
        if (out_.capacity() > kSmallBuffer) std::string().swap(out_);
        drained();
        return;
      }
      wire_.swap(out_);
      write_deadline_ms_ = steady_ms() + core_.options.write_timeout_ms;
    }
    const auto left = asio::buffer(wire_.data() + wire_at_, wire_.size() - wire_at_);
    if (!tls_) {
      ErrorCode error;
      wire_at_ += socket_.write_some(left, error);
      if (error && error != asio::error::would_block && error != asio::error::try_again) {
        close();
        return;
      }
      if (wire_at_ == wire_.size()) continue;
      if (!error) continue;
    }
    writing_ = true;
    auto done = [self = shared_from_this()](ErrorCode error, size_t n) {
      self->writing_ = false;
      if (self->phase_ == Phase::closed) return;
      if (error) {
        self->close();
        return;
      }
      self->wire_at_ += n;
      self->pump();
    };
    if (tls_)
      tls_->async_write_some(left, std::move(done));
    else
      socket_.async_write_some(left, std::move(done));
  }
}

// The next piece of a large body in memory.
bool Connection::refill() {
  if (big_body_.empty()) return false;
  const size_t n = std::min(kPiece, big_body_.size() - big_at_);
  out_.append(big_body_, big_at_, n);
  big_at_ += n;
  if (big_at_ == big_body_.size()) {
    std::string().swap(big_body_);
    complete_exchange();
  }
  return true;
}

// Everything is with the system.
void Connection::drained() {
  if (phase_ == Phase::streaming && source_ && !source_busy_) read_source();
  if (phase_ == Phase::closing) finish();
}

void Connection::finish() {
  const bool is_clean = body_complete_ && in_.view().empty();
  deadline_ms_ = steady_ms() + core_.options.linger_timeout_ms;
  in_.begin = in_.end = 0;
  if (tls_ && !reading_) {
    phase_ = Phase::lingering;
    tls_->async_shutdown([self = shared_from_this(), is_clean](ErrorCode) {
      if (is_clean)
        self->close();
      else
        self->linger();
    });
  } else if (is_clean) {
    close();
  } else {
    linger();  // a TLS read is still waiting (408), so the closing alert must be left out
  }
}

void Connection::linger() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::lingering;
  tls_ended_ = tls_ != nullptr;
  ErrorCode ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  pump();
}

// ---- ServerCore

ServerCore::ServerCore(ServerOptions given, WorkerPool& pool, Handler handle)
    : options(std::move(given)),
      workers(pool),
      handler(std::move(handle)),
      head_limits{.max_header_bytes = options.max_header_bytes,
                  .max_header_count = options.max_header_count,
                  .max_target_bytes = options.max_target_bytes,
                  .max_query_pairs = options.max_query_pairs},
      mailbox(std::make_shared<Mailbox>(*this, options.sse_buffer_bytes)),
      acceptor_(io),
      timer_(io) {
  CHECK(options.clock && handler);
  CHECK(options.max_connections + kRefusingConnections < kSlotMask);
  const int64_t shortest =
      std::min({options.header_timeout_ms, options.body_timeout_ms, options.body_grace_ms, options.idle_timeout_ms,
                options.write_timeout_ms, options.linger_timeout_ms, options.sse_keep_alive_ms});
  tick_ms_ = std::clamp<int64_t>(shortest / 4, 5, 250);
}

ServerCore::~ServerCore() {
  if (thread_.joinable()) stop(0);
  mailbox->close();
}

Result<void> ServerCore::load_tls() {
  const bool has_certificate = !options.tls_certificate_file.empty();
  if (has_certificate != !options.tls_key_file.empty())
    return fail(Trouble::invalid_input,
                "For TLS both the certificate file and the key file are needed; one is missing.");
  if (!has_certificate) return {};
  try {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(
        context->native_handle(),
        [](SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size, void*) {
          static constexpr unsigned char kOurs[] = "\x08http/1.1";
          unsigned char* chosen = nullptr;
          if (SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, in, in_size) != OPENSSL_NPN_NEGOTIATED)
            return SSL_TLSEXT_ERR_NOACK;
          *out = chosen;
          return SSL_TLSEXT_ERR_OK;
        },
        nullptr);
    ErrorCode error;
    context->use_certificate_chain_file(options.tls_certificate_file, error);
    if (error)
      return fail(Trouble::invalid_input,
                  "The TLS certificate " + options.tls_certificate_file + " cannot be read as PEM: " + error.message());
    context->use_private_key_file(options.tls_key_file, asio::ssl::context::pem, error);
    if (error)
      return fail(Trouble::invalid_input,
                  "The TLS key " + options.tls_key_file +
                      " cannot be read as PEM or does not belong to the certificate: " + error.message());
    const std::lock_guard lock(tls_mutex);
    tls = std::move(context);
    return {};
  } catch (const std::exception& thrown) {
    return fail(Trouble::io, std::string("TLS cannot be set up: ") + thrown.what());
  }
}

Result<void> ServerCore::listen() {
  ErrorCode error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error)
    return fail(Trouble::invalid_input, "\"" + options.address +
                                            "\" is not an IP address to listen on; use 127.0.0.1 "
                                            "for this machine only or 0.0.0.0 for all networks.");
  const tcp::endpoint endpoint(address, options.port);
  const std::string where = "Port " + std::to_string(options.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(1024, error);
  if (!error) acceptor_.non_blocking(true, error);
  if (error == asio::error::address_in_use)
    return fail(Trouble::conflict, where + " is already in use by another program; choose another with --port");
  if (error == asio::error::access_denied)
    return fail(Trouble::io, where + " may not be opened by this user; choose one above 1023 with --port");
  if (error == ErrorCode(EADDRNOTAVAIL, boost::system::system_category()))
    return fail(Trouble::invalid_input,
                "This machine has no address " + options.address + "; choose another with --address");
  if (error) return fail(Trouble::io, where + " on " + options.address + " cannot be opened: " + error.message());
  port_ = acceptor_.local_endpoint(error).port();
  if (error) return fail(Trouble::io, "The address of the listening socket cannot be read: " + error.message());
  return {};
}

void ServerCore::run() {
  std::promise<void> ready;
  thread_ = std::thread([this, &ready] {
    mailbox->set_io_thread(std::this_thread::get_id());
    accept_next();
    schedule_tick();
    ready.set_value();
    while (true) {
      try {
        io.run();
        break;
      } catch (const std::exception& thrown) {  // a bug in a callback; the others go on
        trouble(std::string("I/O thread: ") + thrown.what());
      }
    }
    for (auto& slot : slots_) {
      if (const auto connection = slot) connection->close();
    }
    mailbox->close();
    mailbox->set_io_thread({});
  });
  ready.get_future().wait();
}

void ServerCore::wake() {
  asio::post(io, [this] {
    for (Letter& letter : mailbox->take()) deliver(std::move(letter));
  });
}

void ServerCore::deliver(Letter&& letter) {
  const size_t slot = letter.connection & kSlotMask;
  // A copy, because the connection may end while it reads the letter.
  const std::shared_ptr<Connection> connection = slot < slots_.size() ? slots_[slot] : nullptr;
  if (connection && connection->token() == letter.connection) {
    connection->receive(letter.exchange, std::move(letter.message));
  } else if (auto* start = std::get_if<EventsStart>(&letter.message)) {
    start->state->open = false;
    if (start->on_closed) start->on_closed();
  }
}

void ServerCore::remove(uint64_t token, bool was_refusing) {
  const size_t slot = token & kSlotMask;
  CHECK(slots_[slot]);
  slots_[slot].reset();
  free_slots_.push_back(slot);
  --open_;
  if (was_refusing) --refusing_;
  counters.open.store(open_, std::memory_order_relaxed);
  finish_if_empty();
}

const std::string& ServerCore::date_line(Instant now) {
  const int64_t second = now.ms / 1000;
  if (second != date_second_) {
    date_second_ = second;
    date_line_ = "Date: " + http_date(now) + "\r\n";
  }
  return date_line_;
}

void ServerCore::accept_next() {
  acceptor_.async_accept(io, [this](ErrorCode error, tcp::socket socket) { on_accept(error, std::move(socket)); });
}

void ServerCore::on_accept(ErrorCode error, tcp::socket socket) {
  if (stopping || error == asio::error::operation_aborted) return;
  if (error == asio::error::no_descriptors || error == ErrorCode(ENFILE, boost::system::system_category()) ||
      error == asio::error::no_memory || error == asio::error::no_buffer_space) {
    trouble("no new connection can be accepted now: " + error.message());
    accept_paused_ = true;  // the next tick tries again
    return;
  }
  accept_next();
  if (error) return;  // that client has gone already
  ErrorCode ignored, failed;
  const auto peer = socket.remote_endpoint(failed);
  socket.non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  if (failed) return;
  counters.accepted.fetch_add(1, std::memory_order_relaxed);
  const bool is_refused = open_ - refusing_ >= options.max_connections;
  if (is_refused) {
    counters.refused.fetch_add(1, std::memory_order_relaxed);
    if (refusing_ >= kRefusingConnections || !options.tls_key_file.empty()) return;
  }
  size_t slot;
  if (free_slots_.empty()) {
    slot = slots_.size();
    slots_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  const uint64_t token = (next_generation_++ << kSlotBits) | slot;
  const auto connection = std::make_shared<Connection>(*this, token, std::move(socket), peer.address().to_string(),
                                                       peer.address().is_loopback());
  slots_[slot] = connection;
  counters.open.store(++open_, std::memory_order_relaxed);
  if (is_refused) {
    ++refusing_;
    connection->start_refusing();
  } else {
    connection->start();
  }
}

void ServerCore::schedule_tick() {
  timer_.expires_after(std::chrono::milliseconds(tick_ms_));
  timer_.async_wait([this](ErrorCode error) {
    if (!error) tick();
  });
}

// One timer for all: deadlines are met to a quarter of the shortest time limit, for a few nanoseconds a connection.
void ServerCore::tick() {
  const int64_t now = steady_ms();
  for (size_t i = 0; i < slots_.size(); ++i) {  // slots may be emptied meanwhile
    if (const std::shared_ptr<Connection> connection = slots_[i]) {
      if (stopping && now >= stop_at_ms_) {
        cut_off_ |= !connection->is_lingering();
        connection->close();
      } else {
        connection->tick(now);
      }
    }
  }
  if (accept_paused_ && !stopping) {
    accept_paused_ = false;
    accept_next();
  }
  schedule_tick();
}

void ServerCore::begin_stop(int64_t deadline_ms) {
  stopping = true;
  stop_at_ms_ = steady_ms() + deadline_ms;
  ErrorCode ignored;
  acceptor_.close(ignored);
  for (size_t i = 0; i < slots_.size(); ++i) {
    if (const std::shared_ptr<Connection> connection = slots_[i]) connection->begin_stop();
  }
  finish_if_empty();
}

void ServerCore::finish_if_empty() {
  if (stopping && open_ == 0) io.stop();
}

bool ServerCore::stop(int64_t deadline_ms) {
  if (!thread_.joinable()) return !cut_off_;
  CHECK(thread_.get_id() != std::this_thread::get_id());
  asio::post(io, [this, deadline_ms] { begin_stop(deadline_ms); });
  thread_.join();
  return !cut_off_;
}

// ---- Server

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, WorkerPool& workers, Handler handler) {
  auto core = std::make_unique<ServerCore>(std::move(options), workers, std::move(handler));
  TRY(core->load_tls());
  TRY(core->listen());
  core->run();
  return std::unique_ptr<Server>(new Server(std::move(core)));
}

Server::Server(std::unique_ptr<ServerCore> core) : core_(std::move(core)) {}

Server::~Server() = default;

uint16_t Server::port() const { return core_->port(); }

ServerStats Server::stats() const {
  const auto& from = core_->counters;
  return {.connections_open = from.open,
          .connections_accepted = from.accepted,
          .connections_refused = from.refused,
          .requests = from.requests,
          .refusals = from.refusals,
          .event_streams_open = from.streams,
          .in_flight = from.in_flight};
}

Result<void> Server::reload_tls() { return core_->load_tls(); }

bool Server::stop(int64_t deadline_ms) { return core_->stop(deadline_ms); }

Server::AnswerBatch::AnswerBatch(Server& server) : mailbox_(server.core_->mailbox) { mailbox_->hold(); }

Server::AnswerBatch::~AnswerBatch() { mailbox_->release(); }

}  // namespace tongban::http
