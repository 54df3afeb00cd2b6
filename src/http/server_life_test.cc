// The server over real sockets, second part: event streams, stopping, TLS, workers.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "http/server_test_support.h"

namespace tongban::http {
namespace {

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

TEST(Workers, no_more_run_at_once_than_asked_for_but_who_waits_lends_its_place) {
  std::atomic<int> running{0}, most{0};
  Shared<int> ran;
  {
    WorkerPool pool(4, 1000, {}, 2);
    for (int i = 0; i < 500; ++i) {
      ASSERT_TRUE(pool.try_post([&] {
        const int now = ++running;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
        std::this_thread::yield();
        --running;
        ran.put(1);
      }));
    }
    ASSERT_TRUE(ran.wait(499));  // before the end, at which all threads empty the queue
  }
  EXPECT_GE(most, 1);
  EXPECT_LE(most, 2);
  Shared<int> second, first;
  WorkerPool narrow(2, 10, {}, 1);
  ASSERT_TRUE(narrow.try_post([&] {
    EXPECT_TRUE(narrow.try_post([&] { second.put(1); }));
    const WorkerPool::Waiting waiting(narrow);
    first.put(second.wait().has_value());
  }));
  EXPECT_EQ(first.wait(), 1) << "nothing ran in the place of a task that waits";
}

}  // namespace
}  // namespace tongban::http
