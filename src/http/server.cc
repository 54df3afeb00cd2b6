#include "http/server.h"

#include <algorithm>
#include <array>
#include <future>

#include "base/check.h"
#include "http/server_core.h"

namespace tongban::http {
namespace {

constexpr size_t kRefusingConnections = 64;  // beyond max_connections, only to be told 503
constexpr uint64_t kSlotBits = 20;
constexpr uint64_t kSlotMask = (uint64_t{1} << kSlotBits) - 1;

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

}  // namespace

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
