// The server over real sockets on 127.0.0.1: raw bytes in, raw bytes out. Time limits are injected small; the tests
// wait on sockets with a bound, never on a clock.
#include "http/server_test_support.h"

namespace tongban::http {
namespace {

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

TEST_F(ServerTest, everything_is_also_found_below_the_prefix) {
  options.path_prefix = "/city/x";
  start([](Request&& request, Responder responder) {
    responder.answer(text(request.path + " " + std::to_string(request.segments.size())));
  });
  const std::pair<const char*, const char*> kExpected[] = {
      {"/city/x/api/v1?a=b", "/api/v1 2"}, {"/api/v1", "/api/v1 2"},       {"/city/x", "/ 0"}, {"/city/x/", "/ 0"},
      {"/city/xy/a", "/city/xy/a 3"},      {"/city/x/city/x", "/city/x 2"}};
  for (const auto& [target, seen] : kExpected) {
    Client client(port());
    client.send(get(target));
    EXPECT_EQ(body_of(client.receive_answer()), seen) << target;
  }
}

TEST_F(ServerTest, without_a_proxy_forwarded_addresses_are_not_believed) {
  start([](Request&& request, Responder responder) { responder.answer(text(request.remote_address)); });
  Client client(port());
  client.send(get("/", "X-Forwarded-For: 192.0.2.7\r\n"));
  EXPECT_EQ(body_of(client.receive_answer()), "127.0.0.1");
}

// ---- event streams

}  // namespace
}  // namespace tongban::http
