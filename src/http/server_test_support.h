// What the tests of the server share: a client that sends raw bytes, sinks and sources that count, and the fixture.
#pragma once

#include "http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
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

inline constexpr int kPatience = 10'000;  // milliseconds until a test gives up

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

inline int status_of(std::string_view answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::stoi(std::string(answer.substr(9, 3))) : 0;
}
inline std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }
inline bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

inline std::string get(std::string_view path, std::string_view fields = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n" + std::string(fields) + "\r\n";
}
inline std::string post(std::string_view path, std::string_view body, std::string_view fields = "") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

inline Response text(std::string body) {
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

inline std::unique_ptr<Server> start_on_free_port(ServerOptions options, WorkerPool& workers, const Handler& handler) {
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

}  // namespace tongban::http
