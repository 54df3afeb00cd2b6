// One client of the server.
#include <algorithm>
#include <array>
#include <exception>

#include "base/check.h"
#include "http/server_core.h"

namespace tongban::http {
namespace {

constexpr int kRequestsPerTurn = 64;  // of one connection, before others have their turn

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

std::string_view refusal_title(int status) {
  switch (status) {
    case 408:
      return "请求没有按时传完";
    case 414:
      return "地址太长";
    case 417:
      return "不支持这个 Expect";
    case 431:
      return "请求头太大";
    case 501:
      return "不支持这种请求";
    case 505:
      return "不支持这个 HTTP 版本";
    default:
      return "请求格式不对";
  }
}

}  // namespace

Response to_response(const Refusal& refusal) {
  return problem(refusal.status, refusal.code, refusal_title(refusal.status), refusal.detail);
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
      refuse({408, "header_timeout", "请求没有按时传完。请检查网络后再试。"});
      pump();
      return;
    case Phase::body: {
      if (sink_busy_) return;
      const int64_t elapsed = now - body_started_ms_;
      const int64_t due = (elapsed - options.body_grace_ms) * options.body_min_bytes_per_second / 1000;
      if (elapsed <= options.body_timeout_ms &&
          (elapsed <= options.body_grace_ms || static_cast<int64_t>(body_raw_) >= due))
        return;
      refuse({408, "body_timeout", "内容传得太慢，没有收完。请检查网络后再试；您填写的内容没有保存。"});
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

// The prefix consists of characters that are never percent-encoded, so the texts can be compared.
void Connection::cut_prefix() {
  const std::string& prefix = core_.options.path_prefix;
  if (prefix.empty() || !request_.path.starts_with(prefix)) return;
  if (request_.path.size() > prefix.size() && request_.path[prefix.size()] != '/') return;
  const auto parts = std::count(prefix.begin(), prefix.end(), '/');
  request_.path.erase(0, prefix.size());
  if (request_.path.empty()) request_.path = "/";
  request_.segments.erase(request_.segments.begin(), request_.segments.begin() + parts);
  if (request_.segments.size() == 1 && request_.segments[0].empty()) request_.segments.clear();
}

void Connection::begin_request() {
  cut_prefix();
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
    refuse({400, "bad_chunk", "分块传来的内容格式不对。"});
  } else if (request_.body_bytes > plan_.max_bytes) {
    refuse(too_large(plan_.max_bytes));
  } else if (body_raw_ > 8 * plan_.max_bytes + kPiece) {
    refuse({400, "bad_chunk", "分块太小、太多。请用大一些的分块。"});
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

}  // namespace tongban::http
