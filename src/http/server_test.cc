// The server over real sockets on 127.0.0.1: raw bytes in, raw bytes out. Time limits are injected small; the tests
// wait on sockets with a bound, never on a clock.
#include "http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

namespace tongban::http {
namespace {

constexpr int kPatience = 10'000;  // milliseconds until a test gives up

// A client that sends what it is told.
class Client {
 public:
  explicit Client(uint16_t port, int receive_buffer = 0) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer) setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  Client(const Client&) = delete;
  ~Client() { close(); }
  bool connected() const { return connected_; }
  int socket() const { return socket_; }

  // Sends everything, as far as the server takes it.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }
  void close_sending() { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  // True when bytes (or the end) came within the time.
  bool wait_readable(int ms) {
    pollfd poll_fd{socket_, POLLIN, 0};
    return ::poll(&poll_fd, 1, ms) > 0;
  }
  // One more piece into `received`; false at the end, at a reset or when patience ends.
  bool receive(int ms = kPatience) {
    if (!wait_readable(ms)) {
      timed_out_ = true;
      return false;
    }
    char buffer[65536];
    const ssize_t n = ::recv(socket_, buffer, sizeof buffer, 0);
    if (n <= 0) {
      reset_ = n < 0;
      return false;
    }
    received.append(buffer, static_cast<size_t>(n));
    return true;
  }
  std::string receive_all() {
    while (receive()) continue;
    EXPECT_FALSE(timed_out_) << "the connection was not closed; so far: " << received.substr(0, 300);
    return received;
  }
  bool receive_until(std::string_view text) {
    while (received.find(text) == std::string::npos) {
      if (!receive()) return false;
    }
    return true;
  }
  // One answer with a Content-Length (or none for 204, 304 and answers to HEAD), taken off the front of `received`.
  std::string receive_answer(bool to_head = false) {
    if (!receive_until("\r\n\r\n")) return "(no answer) " + received;
    const size_t head = received.find("\r\n\r\n") + 4;
    size_t length = 0;
    const size_t at = received.find("Content-Length: ");
    if (at < head && !to_head) length = static_cast<size_t>(std::stoul(received.substr(at + 16)));
    while (received.size() < head + length && receive()) continue;
    std::string answer = received.substr(0, head + length);
    received.erase(0, answer.size());
    return answer;
  }
  bool was_reset() const { return reset_; }

  std::string received;

 private:
  int socket_;
  bool connected_ = false, timed_out_ = false, reset_ = false;
};

int status_of(std::string_view answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::stoi(std::string(answer.substr(9, 3))) : 0;
}
std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }
bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string get(std::string_view path, std::string_view fields = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(fields) + "\r\n";
}
std::string post(std::string_view path, std::string_view body, std::string_view fields = "") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

Response text(std::string body) {
  Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  response.route = "/text";
  return response;
}

// Something that one thread says and another waits for.
template <class T>
class Shared {
 public:
  void put(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  // The n-th value (from 0), or nothing when patience ends.
  std::optional<T> wait(size_t n = 0) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::milliseconds(kPatience), [&] { return values_.size() > n; })) return {};
    return values_[n];
  }
  size_t size() {
    const std::lock_guard lock(mutex_);
    return values_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> values_;
};

struct CountedSink : BodySink {
  struct Seen {
    std::atomic<uint64_t> bytes{0}, sum{0}, destroyed{0};
    uint64_t fail_after = UINT64_MAX;
    Trouble trouble = Trouble::no_space;
  };
  explicit CountedSink(std::shared_ptr<Seen> seen) : seen_(std::move(seen)) {}
  ~CountedSink() override { ++seen_->destroyed; }
  Result<void> write(std::string_view bytes) override {
    if (seen_->bytes + bytes.size() > seen_->fail_after) return fail(seen_->trouble, "the disk is full");
    for (const unsigned char c : bytes) seen_->sum += c;
    seen_->bytes += bytes.size();
    return {};
  }
  std::shared_ptr<Seen> seen_;
};

// Counts down pieces of "0123456789".
struct CountedSource : BodySource {
  CountedSource(int pieces, bool fails, std::shared_ptr<std::atomic<int>> alive)
      : pieces_(pieces), fails_(fails), alive_(std::move(alive)) {
    ++*alive_;
  }
  ~CountedSource() override { --*alive_; }
  Result<void> read(std::string& out, size_t) override {
    if (pieces_-- > 0)
      out += "0123456789";
    else if (fails_)
      return fail(Trouble::io, "the disk is gone");
    return {};
  }
  int pieces_;
  bool fails_;
  std::shared_ptr<std::atomic<int>> alive_;
};

std::unique_ptr<Server> start_on_free_port(ServerOptions options, WorkerPool& workers, const Handler& handler) {
  // Below 32768: the system hands higher ones out to clients. From a place that differs between test programs.
  const auto first = static_cast<uint16_t>(12'000 + ::getpid() % 15'000);
  for (uint16_t i = 0; i < 500; ++i) {
    options.port = static_cast<uint16_t>(first + i);
    auto started = Server::start(options, workers, handler);
    if (started.ok()) return std::move(started).value();
    if (started.error().trouble != Trouble::conflict) {
      ADD_FAILURE() << started.error().message;
      return nullptr;
    }
  }
  ADD_FAILURE() << "no free port";
  return nullptr;
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    options.clock = [] { return Instant{1'612'488'600'000}; };  // 2021-02-05T01:30:00Z
    options.trouble_log = [this](std::string_view sentence) { troubles.put(std::string(sentence)); };
    options.access_log = [this](const AccessRecord& record) {
      log.put(std::string(record.method) + " " + std::string(record.route) + " " + std::to_string(record.status) + " " +
              std::to_string(record.bytes));
    };
  }
  void TearDown() override { server.reset(); }  // before what its callbacks use
  void start(Handler handler) { server = start_on_free_port(options, workers, std::move(handler)); }
  void start_echo() {
    start([this](Request&& request, Responder responder) {
      ++handled;
      std::string answer = std::string(to_text(request.method)) + " " + request.path + " [" + request.body + "]";
      responder.answer(text(std::move(answer)));
    });
  }
  uint16_t port() const { return server->port(); }
  // Sends the bytes on a new connection and returns everything until the server closes it.
  std::string exchange(std::string_view bytes) {
    Client client(port());
    client.send(bytes);
    return client.receive_all();
  }

  Shared<std::string> troubles, log;
  std::atomic<int> handled{0};
  ServerOptions options;
  WorkerPool workers{2, 100};
  std::unique_ptr<Server> server;  // the first to be destroyed
};

TEST_F(ServerTest, answers_requests_one_after_another_on_one_connection) {
  start_echo();
  Client client(port());
  client.send(get("/a"));
  const std::string first = client.receive_answer();
  EXPECT_EQ(status_of(first), 200);
  EXPECT_EQ(body_of(first), "GET /a []");
  EXPECT_TRUE(has(first, "\r\nDate: Fri, 05 Feb 2021 01:30:00 GMT\r\n")) << first;
  EXPECT_TRUE(has(first, "\r\nX-Request-Id: ")) << first;
  EXPECT_FALSE(has(first, "Connection:")) << first;
  client.send(post("/b", "hello"));
  EXPECT_EQ(body_of(client.receive_answer()), "POST /b [hello]");
  client.send(get("/c", "Connection: close\r\n"));
  const std::string last = client.receive_all();
  EXPECT_EQ(body_of(last), "GET /c []");
  EXPECT_TRUE(has(last, "\r\nConnection: close\r\n")) << last;
}

TEST_F(ServerTest, a_request_that_comes_byte_by_byte_is_the_same_request) {
  start_echo();
  Client client(port());
  const std::string request =
      "POST /drip HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" +
      post("/next", "xyz", "Connection: close\r\n");
  for (const char c : request) client.send({&c, 1});
  const std::string all = client.receive_all();
  EXPECT_TRUE(has(all, "POST /drip [abc]")) << all;
  EXPECT_TRUE(has(all, "POST /next [xyz]")) << all;
}

TEST_F(ServerTest, pipelined_requests_are_answered_in_order_though_the_first_is_slow) {
  Shared<std::shared_ptr<Responder>> waiting;
  start([&](Request&& request, Responder responder) {
    ++handled;
    if (request.path == "/slow")
      waiting.put(std::make_shared<Responder>(std::move(responder)));
    else
      responder.answer(text(request.path));
  });
  Client client(port());
  client.send(get("/slow") + get("/fast") + get("/last", "Connection: close\r\n"));
  const auto slow = waiting.wait();
  ASSERT_TRUE(slow);
  EXPECT_FALSE(client.wait_readable(30));
  EXPECT_EQ(handled, 1) << "one at a time";
  (*slow)->answer(text("/slow"));
  const std::string all = client.receive_all();
  EXPECT_LT(all.find("/slow"), all.find("/fast"));
  EXPECT_LT(all.find("/fast"), all.find("/last"));
  EXPECT_NE(all.find("/last"), std::string::npos);
}

TEST_F(ServerTest, a_thousand_pipelined_requests_get_a_thousand_answers) {
  start_echo();
  std::string many;
  for (int i = 0; i < 1000; ++i) many += get("/n" + std::to_string(i));
  Client client(port());
  std::thread sender([&] { client.send(many + get("/end", "Connection: close\r\n")); });
  const std::string all = client.receive_all();
  sender.join();
  size_t at = 0;
  for (int i = 0; i < 1000; ++i) {
    at = all.find("GET /n" + std::to_string(i) + " []", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_EQ(handled, 1001);
}

TEST_F(ServerTest, a_client_that_closes_its_sending_half_still_gets_its_answer) {
  Shared<std::shared_ptr<Responder>> waiting;
  start([&](Request&&, Responder responder) { waiting.put(std::make_shared<Responder>(std::move(responder))); });
  Client client(port());
  client.send(get("/"));
  client.close_sending();
  (*waiting.wait())->answer(text("there you are"));
  EXPECT_EQ(body_of(client.receive_all()), "there you are");
}

TEST_F(ServerTest, head_204_and_304_have_no_body) {
  start([](Request&& request, Responder responder) {
    Response response = text("four");
    if (request.path == "/204") response.status = 204;
    if (request.path == "/304") response.status = 304;
    responder.answer(std::move(response));
  });
  Client client(port());
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string head = client.receive_answer(true);
  EXPECT_TRUE(has(head, "Content-Length: 4\r\n"));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  client.send(get("/204"));
  EXPECT_FALSE(has(client.receive_answer(), "Content-Length"));
  client.send(get("/304"));
  EXPECT_FALSE(has(client.receive_answer(), "Content-Length"));
  client.send(get("/"));
  EXPECT_EQ(body_of(client.receive_answer()), "four") << "nothing was left over from the answers before";
}

TEST_F(ServerTest, http_1_0_is_answered_and_closed_unless_it_asks_to_keep_alive) {
  start_echo();
  EXPECT_TRUE(has(exchange("GET /old HTTP/1.0\r\n\r\n"), "GET /old []"));
  Client client(port());
  client.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(has(client.receive_answer(), "Connection: keep-alive\r\n"));
  client.send("GET /b HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(has(client.receive_all(), "GET /b []"));
}

TEST_F(ServerTest, smuggled_requests_are_refused_and_what_follows_is_never_read) {
  start_echo();
  const std::string hidden = get("/hidden");
  const std::string cases[] = {
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n" + hidden,
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + hidden,
      "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n folded\r\n\r\n" + hidden,
      "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n" + hidden,
  };
  for (const std::string& bytes : cases) {
    const std::string answer = exchange(bytes);
    EXPECT_EQ(status_of(answer), 400) << bytes;
    EXPECT_TRUE(has(answer, "application/problem+json")) << answer;
    EXPECT_TRUE(has(answer, "Connection: close")) << answer;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << "one answer only: " << answer;
  }
  EXPECT_EQ(handled, 0);
  EXPECT_EQ(server->stats().refusals, std::size(cases));
}

TEST_F(ServerTest, too_large_heads_and_targets_get_their_own_answers) {
  start_echo();
  EXPECT_EQ(status_of(exchange(get("/" + std::string(5'000, 'a')))), 414);
  EXPECT_EQ(status_of(exchange("GET /" + std::string(100'000, 'a'))), 414);
  EXPECT_EQ(status_of(exchange(get("/", "X: " + std::string(17'000, 'x') + "\r\n"))), 431);
  EXPECT_EQ(status_of(exchange("GET / HTTP/1.1\r\nX: " + std::string(1'000'000, 'x'))), 431);
  std::string many;
  for (int i = 0; i < 65; ++i) many += "X: y\r\n";
  EXPECT_EQ(status_of(exchange(get("/", many))), 431);
  EXPECT_EQ(status_of(exchange("BREW / HTTP/1.1\r\nHost: a\r\n\r\n")), 501);
  EXPECT_EQ(handled, 0);
  Client client(port());
  client.send(get("/", "X: " + std::string(15'000, 'x') + "\r\n"));
  EXPECT_EQ(status_of(client.receive_answer()), 200) << "within the limit";
}

TEST_F(ServerTest, a_body_beyond_the_limit_is_refused_before_it_is_read) {
  options.max_body_bytes = 1000;
  start_echo();
  Client exact(port());
  exact.send(post("/", std::string(1000, 'b')));
  EXPECT_EQ(status_of(exact.receive_answer()), 200);
  const std::string announced =
      exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status_of(announced), 413) << "and no 100 before";
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n";
  EXPECT_EQ(status_of(exchange(chunked + std::string(1001, 'b') + "\r\n0\r\n\r\n")), 413);
  std::string tiny = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 20'000; ++i) tiny += "1\r\nx\r\n";
  EXPECT_EQ(status_of(exchange(tiny)), 413);
  EXPECT_EQ(handled, 1);
}

TEST_F(ServerTest, the_client_reads_the_refusal_though_it_was_still_sending) {
  options.max_body_bytes = 1000;
  start_echo();
  Client client(port());
  client.send(post("/", std::string(3'000'000, 'b')));  // the server reads over what it does not want
  EXPECT_EQ(status_of(client.receive_all()), 413);
  EXPECT_FALSE(client.was_reset()) << "a reset could overtake the answer";
}

TEST_F(ServerTest, expect_100_continue_is_answered_when_the_body_is_wanted) {
  start_echo();
  Client client(port());
  client.send("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(client.receive_until("HTTP/1.1 100 Continue\r\n\r\n"));
  client.received.clear();
  client.send("hello");
  EXPECT_EQ(body_of(client.receive_answer()), "POST /e [hello]");
}

TEST_F(ServerTest, memory_for_bodies_of_all_clients_is_bounded) {
  options.max_buffered_body_bytes = 1500;
  start_echo();
  Client first(port());
  first.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(first.receive_until("100 Continue\r\n\r\n"));
  first.received.clear();
  first.send(std::string(1000, 'x'));
  // When the first client's bytes are counted, the second must be refused; until then it may come through.
  int refused = 0;
  for (int i = 0; i < 1000 && !refused; ++i) {
    Client second(port());
    second.send(post("/", std::string(1000, 'y'), "Connection: close\r\n"));
    const std::string answer = second.receive_all();
    if (status_of(answer) == 503) {
      ++refused;
      EXPECT_TRUE(has(answer, "Retry-After: ")) << answer;
    }
  }
  EXPECT_EQ(refused, 1);
  first.send("x");
  EXPECT_EQ(status_of(first.receive_answer()), 200);
  Client third(port());
  third.send(post("/", std::string(1000, 'y')));
  EXPECT_EQ(status_of(third.receive_answer()), 200) << "the memory was given back";
}

TEST_F(ServerTest, drip_fed_heads_are_closed_with_408) {
  options.header_timeout_ms = 60;
  start_echo();
  Client client(port());
  client.send("GET / HTTP/1.1\r\n");
  while (!client.wait_readable(5)) client.send("X: y\r\n");  // each line in time, the whole too late
  EXPECT_EQ(status_of(client.receive_all()), 408);
  EXPECT_EQ(handled, 0);
}

TEST_F(ServerTest, idle_connections_are_closed_without_a_word) {
  options.header_timeout_ms = 60;
  options.idle_timeout_ms = 60;
  start_echo();
  Client silent(port());
  EXPECT_EQ(silent.receive_all(), "");
  Client idle(port());
  idle.send(get("/"));
  EXPECT_EQ(status_of(idle.receive_answer()), 200);
  EXPECT_EQ(idle.receive_all(), "");
  EXPECT_EQ(server->stats().connections_open, 0u);
}

TEST_F(ServerTest, slow_bodies_are_closed_with_408) {
  options.body_timeout_ms = 60;
  start_echo();
  EXPECT_EQ(status_of(exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")), 408);
}

TEST_F(ServerTest, bodies_below_the_least_rate_are_closed_with_408) {
  options.body_grace_ms = 40;
  options.body_min_bytes_per_second = 1'000'000;
  start_echo();
  Client client(port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  while (!client.wait_readable(5)) client.send("xxxx");
  EXPECT_EQ(status_of(client.receive_all()), 408);
}

TEST_F(ServerTest, clients_that_do_not_read_are_closed) {
  options.write_timeout_ms = 60;
  Shared<int> gone;
  struct EndlessSource : BodySource {
    explicit EndlessSource(Shared<int>& gone) : gone_(gone) {}
    ~EndlessSource() override { gone_.put(1); }
    Result<void> read(std::string& out, size_t room) override {
      out.append(room, 'x');
      return {};
    }
    Shared<int>& gone_;
  };
  start([&](Request&&, Responder responder) {
    Response response;
    response.source = std::make_unique<EndlessSource>(gone);
    responder.answer(std::move(response));
  });
  Client client(port(), 4096);
  client.send(get("/"));
  EXPECT_TRUE(gone.wait());
  client.receive_all();
}

TEST_F(ServerTest, answers_for_a_client_that_does_not_read_do_not_pile_up) {
  options.write_timeout_ms = 200;
  start([this](Request&& request, Responder responder) {
    if (request.path == "/big") ++handled;
    responder.answer(text(std::string(request.path == "/big" ? 60'000 : 1, 'x')));
  });
  Client greedy(port(), 4096), probe(port());
  std::string many;
  for (int i = 0; i < 2000; ++i) many += get("/big");
  std::thread sender([&] { greedy.send(many); });  // 120 MB of answers, of which it reads none
  do {
    probe.send(get("/"));
    ASSERT_EQ(status_of(probe.receive_answer()), 200);
  } while (server->stats().connections_open > 1);
  sender.join();
  EXPECT_GT(handled, 1);
  EXPECT_LT(handled, 1000);
}

TEST_F(ServerTest, connections_beyond_the_limit_get_503) {
  options.max_connections = 2;
  start_echo();
  Client first(port()), second(port());
  for (Client* client : {&first, &second}) {
    client->send(get("/"));
    EXPECT_EQ(status_of(client->receive_answer()), 200);
  }
  Client third(port());
  third.send(get("/"));
  const std::string refused = third.receive_answer();
  EXPECT_EQ(status_of(refused), 503);
  EXPECT_TRUE(has(refused, "Retry-After: ")) << refused;
  EXPECT_EQ(server->stats().connections_refused, 1u);
  first.send(get("/", "Connection: close\r\n"));
  EXPECT_EQ(status_of(first.receive_all()), 200);
  Client fourth(port());
  fourth.send(get("/"));
  EXPECT_EQ(status_of(fourth.receive_answer()), 200) << "a place became free";
}

TEST_F(ServerTest, an_upload_goes_into_the_sink_in_pieces) {
  const auto seen = std::make_shared<CountedSink::Seen>();
  options.body_policy = [&](const Request& head) {
    EXPECT_EQ(head.path, "/upload");
    return BodyPlan{.max_bytes = 20'000'000, .sink = std::make_shared<CountedSink>(seen)};
  };
  start([&](Request&& request, Responder responder) {
    EXPECT_TRUE(request.body.empty());
    EXPECT_TRUE(request.body_sink);
    responder.answer(text(std::to_string(request.body_bytes)));
  });
  Client client(port());
  const std::string body(20'000'000, '\x01');
  client.send(post("/upload", body));
  EXPECT_EQ(body_of(client.receive_answer()), "20000000");
  EXPECT_EQ(seen->bytes, 20'000'000u);
  EXPECT_EQ(seen->sum, 20'000'000u);
  client.send("POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n");
  EXPECT_EQ(body_of(client.receive_answer()), "5");
  client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 20000001\r\n\r\n");
  EXPECT_EQ(status_of(client.receive_answer()), 413);
  EXPECT_EQ(seen->destroyed, 3u);
}

TEST_F(ServerTest, an_upload_that_breaks_off_destroys_its_sink_and_reaches_no_handler) {
  const auto seen = std::make_shared<CountedSink::Seen>();
  Shared<int> destroyed;
  struct TellingSink : CountedSink {
    TellingSink(std::shared_ptr<Seen> seen, Shared<int>& destroyed)
        : CountedSink(std::move(seen)), destroyed_(destroyed) {}
    ~TellingSink() override { destroyed_.put(1); }
    Shared<int>& destroyed_;
  };
  options.body_policy = [&](const Request&) {
    return BodyPlan{.max_bytes = 20'000'000, .sink = std::make_shared<TellingSink>(seen, destroyed)};
  };
  start_echo();
  {
    Client client(port());
    client.send("POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n" + std::string(500'000, 'x'));
  }
  EXPECT_TRUE(destroyed.wait());
  EXPECT_EQ(handled, 0);
}

TEST_F(ServerTest, a_sink_that_fails_ends_the_upload_with_507_or_500) {
  const auto seen = std::make_shared<CountedSink::Seen>();
  seen->fail_after = 100'000;
  options.body_policy = [&](const Request&) {
    return BodyPlan{.max_bytes = 20'000'000, .sink = std::make_shared<CountedSink>(seen)};
  };
  start_echo();
  Client client(port());
  client.send(post("/upload", std::string(1'000'000, 'x')));
  EXPECT_EQ(status_of(client.receive_answer()), 507);
  seen->trouble = Trouble::io;
  Client second(port());
  second.send(post("/upload", std::string(1'000'000, 'x')));
  EXPECT_EQ(status_of(second.receive_answer()), 500);
  EXPECT_TRUE(has(troubles.wait().value_or(""), "the disk is full"));
  EXPECT_EQ(handled, 0);
}

TEST_F(ServerTest, the_time_that_a_sink_needs_is_not_counted_against_the_client) {
  struct WaitingSink : BodySink {
    WaitingSink(std::mutex& gate, Shared<int>& begun) : gate_(gate), begun_(begun) {}
    Result<void> write(std::string_view) override {
      begun_.put(1);
      const std::lock_guard wait(gate_);
      return {};
    }
    std::mutex& gate_;
    Shared<int>& begun_;
  };
  std::mutex gate;
  std::unique_lock closed_gate(gate);
  Shared<int> begun;
  options.body_timeout_ms = 600;
  options.body_policy = [&](const Request&) {
    return BodyPlan{.max_bytes = 200'000, .sink = std::make_shared<WaitingSink>(gate, begun)};
  };
  start_echo();
  Client client(port());
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + std::string(99'999, 'x'));
  ASSERT_TRUE(begun.wait());
  EXPECT_FALSE(client.wait_readable(700)) << "the disk is slow";
  closed_gate.unlock();
  EXPECT_FALSE(client.wait_readable(200)) << "no 408";
  client.send("x");
  EXPECT_EQ(status_of(client.receive_answer()), 200);
  server.reset();
}

TEST_F(ServerTest, a_body_plan_may_refuse_before_the_body) {
  options.body_policy = [](const Request& head) {
    BodyPlan plan{.max_bytes = 1000};
    if (!head.find_header("authorization"))
      plan.refusal = std::make_shared<Response>(problem(401, "not_signed_in", "未登录", "请先登录。"));
    return plan;
  };
  start_echo();
  const std::string answer =
      exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status_of(answer), 401);
  Client client(port());
  client.send(post("/", "x", "Authorization: Bearer t\r\n"));
  EXPECT_EQ(status_of(client.receive_answer()), 200);
}

TEST_F(ServerTest, answers_can_come_from_a_source_with_known_or_unknown_length) {
  const auto alive = std::make_shared<std::atomic<int>>(0);
  start([&](Request&& request, Responder responder) {
    Response response;
    response.source = std::make_unique<CountedSource>(1000, request.path == "/fails", alive);
    if (request.path == "/known") response.source_length = 10'000;
    if (request.path == "/short") response.source_length = 10'001;
    if (request.path == "/long") response.source_length = 9'995;
    responder.answer(std::move(response));
  });
  std::string whole;
  for (int i = 0; i < 1000; ++i) whole += "0123456789";
  Client client(port());
  client.send(get("/known"));
  EXPECT_EQ(body_of(client.receive_answer()), whole);
  client.send("HEAD /known HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(has(client.receive_answer(true), "Content-Length: 10000\r\n"));
  client.send(get("/chunked", "Connection: close\r\n"));
  const std::string chunked = client.receive_all();
  EXPECT_TRUE(has(chunked, "Transfer-Encoding: chunked\r\n"));
  EXPECT_TRUE(body_of(chunked).starts_with("a\r\n0123456789\r\na\r\n")) << chunked.substr(0, 300);
  EXPECT_TRUE(chunked.ends_with("\r\n0\r\n\r\n"));
  EXPECT_EQ(body_of(exchange("GET /old HTTP/1.0\r\n\r\n")), whole);
  const std::string broken = exchange(get("/fails"));
  EXPECT_TRUE(has(broken, "0123456789")) << "it began";
  EXPECT_FALSE(broken.ends_with("\r\n0\r\n\r\n")) << "and the client sees that it is not whole";
  EXPECT_LT(body_of(exchange(get("/short"))).size(), 10'001u);
  EXPECT_LE(body_of(exchange(get("/long"))).size(), 9'995u);
  EXPECT_EQ(troubles.size(), 3u);
  server->stop(0);
  EXPECT_EQ(*alive, 0);
}

TEST_F(ServerTest, files_are_sent_whole) {
  const auto path = std::filesystem::temp_directory_path() / ("tongban_http_" + std::to_string(::getpid()));
  std::string content;
  for (int i = 0; i < 300'000; ++i) content += std::to_string(i) + "\n";
  std::ofstream(path, std::ios::binary) << content;
  start([&](Request&&, Responder responder) {
    auto file = open_file_body(path.string());
    ASSERT_TRUE(file.ok());
    Response response;
    response.source = std::move(file->source);
    response.source_length = file->size;
    responder.answer(std::move(response));
  });
  Client client(port());
  for (int i = 0; i < 2; ++i) {
    client.send(get("/"));
    EXPECT_TRUE(body_of(client.receive_answer()) == content);
  }
  std::filesystem::remove(path);
  EXPECT_EQ(open_file_body(path.string()).error().trouble, Trouble::not_found);
  EXPECT_EQ(open_file_body("/").error().trouble, Trouble::not_found);
}

TEST_F(ServerTest, a_large_body_in_memory_is_sent_whole_and_the_connection_goes_on) {
  std::string content;
  for (int i = 0; i < 500'000; ++i) content += std::to_string(i);
  start([&](Request&&, Responder responder) { responder.answer(text(content)); });
  Client client(port(), 8192);
  client.send(get("/1") + get("/2"));
  EXPECT_TRUE(body_of(client.receive_answer()) == content);
  EXPECT_TRUE(body_of(client.receive_answer()) == content);
}

TEST_F(ServerTest, what_a_handler_forgets_or_throws_becomes_500) {
  start([](Request&& request, Responder responder) {
    if (request.path == "/throws") throw std::runtime_error("a bug");
    Response response = text("x");
    if (request.path == "/splits") response.headers.push_back({"X-A", "b\r\nSet-Cookie: c"});
    if (request.path == "/own") response.headers.push_back({"content-length", "5"});
    if (request.path == "/status") response.status = 99;
    if (request.path != "/forgets") responder.answer(std::move(response));
  });
  Client client(port());
  for (const char* path : {"/throws", "/forgets", "/splits", "/own", "/status"}) {
    client.send(get(path));
    const std::string answer = client.receive_answer();
    EXPECT_EQ(status_of(answer), 500) << path;
    EXPECT_TRUE(has(answer, "application/problem+json")) << path;
    EXPECT_FALSE(has(answer, "Set-Cookie")) << path;
    EXPECT_FALSE(has(answer, "a bug")) << path;
  }
  client.send(get("/"));
  EXPECT_EQ(status_of(client.receive_answer()), 200);
  EXPECT_EQ(troubles.wait(1), "handler: a bug");
}

TEST_F(ServerTest, handlers_may_answer_from_workers) {
  start([&](Request&& request, Responder responder) {
    answer_from_worker(workers, std::move(request), std::move(responder), [](Request& request) {
      if (request.path == "/throws") throw std::runtime_error("a bug");
      return text(request.path);
    });
  });
  std::vector<std::thread> clients;
  std::atomic<int> right{0};
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&, c] {
      Client client(port());
      for (int i = 0; i < 50; ++i) {
        const std::string path = "/" + std::to_string(c) + "-" + std::to_string(i);
        client.send(get(path));
        right += body_of(client.receive_answer()) == path;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 400);
  EXPECT_EQ(status_of(exchange(get("/throws", "Connection: close\r\n"))), 500);
}

TEST_F(ServerTest, when_all_workers_are_busy_and_the_queue_is_full_the_answer_is_503) {
  WorkerPool narrow(1, 1);
  std::mutex gate;
  std::unique_lock closed_gate(gate);
  Shared<int> begun;
  start([&](Request&& request, Responder responder) {
    answer_from_worker(narrow, std::move(request), std::move(responder), [&](Request& request) {
      begun.put(1);
      const std::lock_guard wait(gate);
      return text(request.path);
    });
  });
  Client first(port()), second(port()), third(port());
  first.send(get("/1"));
  ASSERT_TRUE(begun.wait());
  second.send(get("/2"));
  // Either of them takes the one place in the queue; the other is refused at once.
  third.send(get("/3"));
  pollfd both[] = {{second.socket(), POLLIN, 0}, {third.socket(), POLLIN, 0}};
  ASSERT_EQ(::poll(both, 2, kPatience), 1);
  const bool second_refused = both[0].revents != 0;
  const std::string refused = (second_refused ? second : third).receive_answer();
  EXPECT_EQ(status_of(refused), 503);
  EXPECT_TRUE(has(refused, "Retry-After: ")) << refused;
  closed_gate.unlock();
  EXPECT_EQ(body_of(first.receive_answer()), "/1");
  EXPECT_EQ(body_of((second_refused ? third : second).receive_answer()), second_refused ? "/3" : "/2");
  server.reset();  // before the pool
}

TEST_F(ServerTest, answers_for_clients_that_have_gone_are_dropped) {
  Shared<std::shared_ptr<Responder>> waiting;
  start([&](Request&&, Responder responder) { waiting.put(std::make_shared<Responder>(std::move(responder))); });
  {
    Client client(port());
    client.send(get("/"));
    ASSERT_TRUE(waiting.wait());
  }
  (*waiting.wait())->answer(text("too late"));
  Client next(port());
  next.send(get("/"));
  (*waiting.wait(1))->answer(text("in time"));
  EXPECT_EQ(body_of(next.receive_answer()), "in time");
}

TEST_F(ServerTest, answers_within_a_batch_wait_for_its_end) {
  Shared<std::shared_ptr<Responder>> waiting;
  start([&](Request&&, Responder responder) { waiting.put(std::make_shared<Responder>(std::move(responder))); });
  Client first(port()), second(port());
  first.send(get("/1"));
  second.send(get("/2"));
  ASSERT_TRUE(waiting.wait(1));
  {
    const Server::AnswerBatch batch(*server);
    (*waiting.wait(0))->answer(text("a"));
    (*waiting.wait(1))->answer(text("a"));
    EXPECT_FALSE(first.wait_readable(30));
    EXPECT_FALSE(second.wait_readable(0));
  }
  EXPECT_EQ(body_of(first.receive_answer()), "a");
  EXPECT_EQ(body_of(second.receive_answer()), "a");
}

TEST_F(ServerTest, the_access_log_names_the_route_and_nothing_personal) {
  start([](Request&& request, Responder responder) {
    Response response = text("12345");
    response.route = request.path == "/cases/1" ? "/cases/{number}" : "";
    responder.answer(std::move(response));
  });
  Client client(port());
  client.send(get("/cases/1?phone=13800000000"));
  client.receive_answer();
  client.send(get("/secret"));
  client.receive_answer();
  client.send("GET /secret HTTP/3.0\r\n\r\n");
  client.receive_all();
  EXPECT_EQ(log.wait(0), "GET /cases/{number} 200 5");
  EXPECT_EQ(log.wait(1), "GET - 200 5");
  EXPECT_TRUE(log.wait(2)->starts_with("- (refused) 505 ")) << *log.wait(2);
}

TEST_F(ServerTest, behind_a_proxy_the_last_forwarded_address_counts) {
  options.behind_proxy = true;
  start([](Request&& request, Responder responder) {
    responder.answer(text(request.remote_address + (request.over_tls ? " tls" : " plain")));
  });
  Client client(port());
  client.send(get("/", "X-Forwarded-For: 6.6.6.6, 192.0.2.7\r\nX-Forwarded-Proto: https\r\n"));
  EXPECT_EQ(body_of(client.receive_answer()), "192.0.2.7 tls");
  client.send(get("/", "X-Forwarded-For: nonsense\r\n"));
  EXPECT_EQ(body_of(client.receive_answer()), "127.0.0.1 plain");
}

TEST_F(ServerTest, without_a_proxy_forwarded_addresses_are_not_believed) {
  start([](Request&& request, Responder responder) { responder.answer(text(request.remote_address)); });
  Client client(port());
  client.send(get("/", "X-Forwarded-For: 192.0.2.7\r\n"));
  EXPECT_EQ(body_of(client.receive_answer()), "127.0.0.1");
}

// ---- event streams

class EventsTest : public ServerTest {
 protected:
  void start_events() {
    start([this](Request&& request, Responder responder) {
      if (request.path != "/events") {
        responder.answer(text("plain"));
        return;
      }
      Response extra;
      extra.route = "/events";
      streams.put(std::make_shared<SseStream>(responder.start_events(std::move(extra), [this] { closed.put(1); })));
    });
  }
  Shared<std::shared_ptr<SseStream>> streams;
  Shared<int> closed;
};

TEST_F(EventsTest, events_reach_the_client_as_they_are_sent) {
  start_events();
  Client client(port());
  client.send(get("/events"));
  const auto stream = *streams.wait();
  EXPECT_TRUE(stream->send({.id = "7", .name = "case", .data = "{\"number\":1}"}));
  EXPECT_TRUE(stream->send({.id = "8\nevil: x", .data = "two\r\nlines\nand\rmore"}));
  ASSERT_TRUE(client.receive_until("more\n\n"));
  EXPECT_TRUE(has(client.received, "Content-Type: text/event-stream\r\n"));
  EXPECT_TRUE(has(client.received, "Cache-Control: no-store\r\n"));
  EXPECT_EQ(body_of(client.received),
            "id: 7\nevent: case\ndata: {\"number\":1}\n\nid: 8\ndata: two\ndata: lines\ndata: and\ndata: more\n\n");
  EXPECT_EQ(server->stats().event_streams_open, 1u);
  stream->close();
  client.receive_all();
  EXPECT_TRUE(closed.wait());
  EXPECT_FALSE(stream->is_open());
  EXPECT_FALSE(stream->send({.data = "late"}));
  EXPECT_EQ(server->stats().event_streams_open, 0u);
}

TEST_F(EventsTest, a_comment_keeps_the_stream_alive) {
  options.sse_keep_alive_ms = 20;
  start_events();
  Client client(port());
  client.send(get("/events"));
  EXPECT_TRUE(client.receive_until(":\n\n:\n\n"));
}

TEST_F(EventsTest, the_owner_is_told_when_the_client_goes) {
  start_events();
  auto client = std::make_unique<Client>(port());
  client->send(get("/events"));
  const auto stream = *streams.wait();
  client.reset();
  EXPECT_TRUE(closed.wait());
  EXPECT_FALSE(stream->send({.data = "nobody"}));
  EXPECT_EQ(closed.size(), 1u);
}

TEST_F(EventsTest, a_client_that_does_not_read_is_closed_and_the_sender_never_waits) {
  options.sse_buffer_bytes = 20'000;
  start_events();
  Client client(port(), 4096);
  client.send(get("/events"));
  const auto stream = *streams.wait();
  const std::string data(1'000, 'x');
  int sent = 0;
  while (stream->send({.data = data})) ASSERT_LT(++sent, 100'000);
  EXPECT_TRUE(closed.wait());
  EXPECT_FALSE(stream->is_open());
}

TEST_F(EventsTest, there_is_a_limit_of_streams) {
  options.max_event_streams = 1;
  start_events();
  Client first(port()), second(port());
  first.send(get("/events"));
  ASSERT_TRUE(streams.wait());
  second.send(get("/events"));
  EXPECT_EQ(status_of(second.receive_answer()), 503);
  EXPECT_TRUE(closed.wait());
  EXPECT_FALSE((*streams.wait(1))->is_open());
  second.send(get("/plain"));
  EXPECT_EQ(body_of(second.receive_answer()), "plain") << "the connection goes on";
}

TEST_F(EventsTest, streams_may_outlive_the_server) {
  start_events();
  Client client(port());
  client.send(get("/events"));
  const auto stream = *streams.wait();
  EXPECT_TRUE(server->stop(1000));
  server.reset();
  EXPECT_TRUE(closed.wait());
  EXPECT_FALSE(stream->send({.data = "late"}));
  client.receive_all();
}

// ---- stopping

TEST_F(ServerTest, stopping_finishes_what_is_in_flight_and_takes_nothing_new) {
  options.linger_timeout_ms = 60;
  Shared<std::shared_ptr<Responder>> waiting;
  start([&](Request&& request, Responder responder) {
    if (request.path == "/idle")
      responder.answer(text("idle"));
    else
      waiting.put(std::make_shared<Responder>(std::move(responder)));
  });
  Client busy(port()), idle(port());
  idle.send(get("/idle"));
  EXPECT_EQ(status_of(idle.receive_answer()), 200);
  busy.send(get("/busy") + get("/next"));
  ASSERT_TRUE(waiting.wait());
  std::atomic<bool> clean{false};
  std::thread stopper([&] { clean = server->stop(kPatience); });
  EXPECT_EQ(idle.receive_all(), "") << "idle connections are closed at once";
  EXPECT_FALSE(Client(port()).connected());
  (*waiting.wait())->answer(text("finished"));
  const std::string answer = busy.receive_all();
  EXPECT_EQ(body_of(answer), "finished");
  EXPECT_TRUE(has(answer, "Connection: close\r\n"));
  stopper.join();
  EXPECT_TRUE(clean);
  EXPECT_EQ(waiting.size(), 1u) << "the pipelined request was not begun";
}

TEST_F(ServerTest, stopping_cuts_off_what_takes_too_long) {
  Shared<std::shared_ptr<Responder>> waiting;
  start([&](Request&&, Responder responder) { waiting.put(std::make_shared<Responder>(std::move(responder))); });
  Client client(port());
  client.send(get("/"));
  ASSERT_TRUE(waiting.wait());
  EXPECT_FALSE(server->stop(30));
  EXPECT_EQ(client.receive_all(), "");
  server.reset();
  (*waiting.wait())->answer(text("after the end"));  // is dropped
}

// ---- starting

TEST_F(ServerTest, a_port_that_is_taken_is_told_clearly) {
  start_echo();
  ServerOptions second = options;
  second.port = port();
  const auto failed = Server::start(second, workers, [](Request&&, Responder) {});
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().trouble, Trouble::conflict);
  EXPECT_EQ(failed.error().message,
            "Port " + std::to_string(port()) + " is already in use by another program; choose another with --port");
}

TEST_F(ServerTest, an_address_that_cannot_be_used_is_told_clearly) {
  const Handler none = [](Request&&, Responder) {};
  options.address = "localhost";
  EXPECT_TRUE(has(Server::start(options, workers, none).error().message, "\"localhost\" is not an IP address"));
  options.address = "192.0.2.1";
  EXPECT_TRUE(has(Server::start(options, workers, none).error().message, "no address 192.0.2.1"));
  options.address = "127.0.0.1";
  options.tls_certificate_file = "/nonexistent/certificate.pem";
  EXPECT_TRUE(has(Server::start(options, workers, none).error().message, "one is missing"));
  options.tls_key_file = "/nonexistent/key.pem";
  EXPECT_TRUE(has(Server::start(options, workers, none).error().message, "/nonexistent/certificate.pem"));
}

// ---- TLS

class TlsTest : public ServerTest {
 protected:
  TlsTest() : folder_(std::filesystem::temp_directory_path() / ("tongban_tls_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    options.tls_certificate_file = folder_ / "certificate.pem";
    options.tls_key_file = folder_ / "key.pem";
    write_certificate("first");
  }
  ~TlsTest() override { std::filesystem::remove_all(folder_); }

  void write_certificate(const char* name) {
    EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_sign(certificate, key, EVP_sha256());
    FILE* file = std::fopen(options.tls_certificate_file.c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(options.tls_key_file.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  // The name on the certificate, a bar, and the answers to `bytes` until the server ends the connection.
  std::string tls_exchange(std::string_view bytes) {
    Client client(port());
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, client.socket());
    std::string result;
    if (SSL_connect(ssl) == 1) {
      X509* certificate = SSL_get1_peer_certificate(ssl);
      char name[100] = "";
      X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
      X509_free(certificate);
      result = std::string(name) + "|";
      SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size()));
      char buffer[16384];
      for (int n; (n = SSL_read(ssl, buffer, sizeof buffer)) > 0;) result.append(buffer, static_cast<size_t>(n));
      clean_end = (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
      SSL_shutdown(ssl);
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    return result;
  }

  const std::filesystem::path folder_;
  bool clean_end = false;
};

TEST_F(TlsTest, requests_are_answered_over_tls) {
  const std::string content(1'000'000, 'z');
  start([&](Request&& request, Responder responder) {
    EXPECT_TRUE(request.over_tls);
    responder.answer(text(request.path == "/big" ? content : request.body));
  });
  const std::string answers = tls_exchange(post("/a", "hello") + get("/big", "Connection: close\r\n"));
  EXPECT_TRUE(answers.starts_with("first|HTTP/1.1 200 OK\r\n")) << answers.substr(0, 200);
  EXPECT_TRUE(has(answers, "\r\n\r\nhello"));
  EXPECT_TRUE(answers.ends_with(content));
  EXPECT_TRUE(clean_end);
}

TEST_F(TlsTest, a_refusal_reaches_a_client_that_is_still_sending) {
  options.max_body_bytes = 1000;
  start_echo();
  const std::string answer = tls_exchange(post("/", std::string(300'000, 'b')));
  EXPECT_TRUE(answer.starts_with("first|HTTP/1.1 413")) << answer.substr(0, 200);
}

TEST_F(TlsTest, new_certificates_can_be_loaded_while_running) {
  start_echo();
  EXPECT_TRUE(tls_exchange(get("/", "Connection: close\r\n")).starts_with("first|HTTP/1.1 200"));
  write_certificate("second");
  ASSERT_TRUE(server->reload_tls().ok());
  EXPECT_TRUE(tls_exchange(get("/", "Connection: close\r\n")).starts_with("second|HTTP/1.1 200"));
  std::filesystem::remove(options.tls_key_file);
  EXPECT_FALSE(server->reload_tls().ok());
  EXPECT_TRUE(tls_exchange(get("/", "Connection: close\r\n")).starts_with("second|")) << "the old one stays";
}

TEST_F(TlsTest, a_client_that_never_finishes_the_handshake_is_closed) {
  options.header_timeout_ms = 60;
  start_echo();
  Client silent(port()), plain(port());
  plain.send(get("/"));
  silent.receive_all();
  while (plain.receive()) continue;
  EXPECT_FALSE(has(plain.received, "HTTP/1.1 200"));
  EXPECT_EQ(handled, 0);
}

// ---- workers

TEST(Workers, a_full_queue_refuses_and_what_is_queued_still_runs) {
  std::mutex gate;
  gate.lock();
  Shared<int> begun;
  std::atomic<int> ran{0};
  std::vector<std::string> thrown;
  {
    WorkerPool pool(1, 2, [&](std::string_view what) { thrown.emplace_back(what); });
    ASSERT_TRUE(pool.try_post([&] {
      begun.put(1);
      const std::lock_guard wait(gate);
      ++ran;
    }));
    ASSERT_TRUE(begun.wait());
    EXPECT_TRUE(pool.try_post([&] { ++ran; }));
    EXPECT_TRUE(pool.try_post([] { throw std::runtime_error("a bug"); }));
    EXPECT_EQ(pool.queued(), 2u);
    WorkerPool::Task task = [&] { ++ran; };
    EXPECT_FALSE(pool.try_post(std::move(task)));
    EXPECT_TRUE(task) << "untouched";
    EXPECT_TRUE(pool.post_continuation(std::move(task)));
    gate.unlock();
    pool.stop();
    EXPECT_FALSE(pool.try_post([] {}));
  }
  EXPECT_EQ(ran, 3);
  EXPECT_EQ(thrown, std::vector<std::string>{"a bug"});
}

}  // namespace
}  // namespace tongban::http
