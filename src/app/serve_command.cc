// `tongban serve`: the server, from the opened data folder to the last answered request.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "app/arguments.h"
#include "app/commands.h"
#include "app/control.h"
#include "app/log.h"
#include "base/text.h"
#include "http/api/api.h"
#include "http/pages.h"

namespace tongban::app {
namespace {

constexpr int64_t kStopMs = 10'000;
constexpr size_t kWorkerQueue = 4096;

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

http::ServerOptions server_options(const Settings& settings, http::Api& api, Log& log,
                                   const std::function<Instant()>& now) {
  http::ServerOptions options;
  options.address = settings.text("address");
  options.port = static_cast<uint16_t>(settings.number("port"));
  options.tls_certificate_file = settings.text("tls.certificate");
  options.tls_key_file = settings.text("tls.key");
  options.behind_proxy = settings.yes("behind_proxy");
  options.body_policy = api.body_policy();
  options.path_prefix = settings.text("path_prefix");
  options.clock = now;
  if (settings.yes("log.requests")) {
    options.access_log = [&log](const http::AccessRecord& record) {
      log.write("info", "request",
                json::object{{"method", record.method},
                             {"route", record.route},
                             {"status", record.status},
                             {"bytes", record.bytes},
                             {"micros", record.micros},
                             {"request", to_text(record.id)}});
    };
  }
  options.trouble_log = [&log](std::string_view sentence) {
    log.write("error", "trouble", json::object{{"sentence", sentence}});
  };
  return options;
}

void wait_for_signal(http::Server& server, Log& log) {
  const sigset_t signals = ending_signals();
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) return;
    const Result<void> tls = server.reload_tls();
    const Result<void> file = log.reopen();
    log.write(tls.ok() && file.ok() ? "info" : "error", "reload",
              json::object{{"sentence", !tls.ok()    ? tls.error().message
                                        : !file.ok() ? file.error().message
                                                     : "The TLS files and the log were opened again."}});
  }
}

}  // namespace

std::string link_address(const Settings& settings, const std::string& secret) {
  const std::string scheme = settings.text("tls.certificate").empty() ? "http" : "https";
  const std::string address = settings.text("address") == "0.0.0.0" ? "127.0.0.1" : settings.text("address");
  return scheme + "://" + address + ":" + settings.text("port") + settings.text("path_prefix") + "/desk/set-up#" +
         secret;
}

int serve_site(Site& site, const Settings& settings, Shell& shell) {
  const Result<std::unique_ptr<Log>> log = Log::open(settings.text("log"));
  if (!log.ok()) return complain(shell, log.error());
  if (settings.text("tls.certificate").empty() != settings.text("tls.key").empty()) {
    shell.err << "tongban: tls.certificate and tls.key belong together; one of them is not set.\n";
    return kWrongUsage;
  }
  // Before any thread starts, so that all inherit it and only this one hears the signals.
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  http::WorkerPool workers(
      static_cast<size_t>(std::max<int64_t>(1, settings.number("workers"))), kWorkerQueue,
      [&log](std::string_view sentence) {
        (*log)->write("error", "trouble", json::object{{"sentence", sentence}});
      },
      std::max<size_t>(2, std::thread::hardware_concurrency()));
  const Result<std::unique_ptr<http::Pages>> pages =
      http::Pages::load(http::embedded_pages(), settings.text("path_prefix"));
  if (!pages.ok()) return complain(shell, pages.error());
  http::ApiOptions api_options;
  api_options.demo = site.demo;
  api_options.path_prefix = settings.text("path_prefix");
  api_options.version = TONGBAN_VERSION;
  api_options.lift_rate_limits = settings.yes("api.lift_rate_limits");
  api_options.secure_cookies = !settings.text("tls.certificate").empty() || settings.yes("behind_proxy");
  http::Api api({.engine = site.engine.get(),
                 .store = site.store.get(),
                 .keys = site.keys.get(),
                 .attachments = site.attachments.get(),
                 .accounts = site.accounts.get(),
                 .workers = &workers,
                 .sender = site.demo_sender.get(),
                 .demo_sender = site.demo_sender.get()},
                std::move(api_options));
  site.engine->run_thread();
  site.live = true;
  Result<std::unique_ptr<http::Server>> server = http::Server::start(
      server_options(settings, api, **log, site.now), workers,
      [pages = pages->get(), api = api.handler()](http::Request&& request, http::Responder responder) {
        if (http::Pages::is_page(request)) return responder.answer(pages->answer(request));
        api(std::move(request), std::move(responder));
      });
  if (!server.ok()) {
    shell.err << "tongban: " << server.error().message << "\n";
    site.engine->stop();
    return server.error().trouble == Trouble::invalid_input ? kWrongUsage : kEnvironment;
  }
  site.engine->set_answer_scope([&server] { return std::make_shared<http::Server::AnswerBatch>(**server); });
  api.set_server_stats([&server] { return (*server)->stats(); });
  Result<std::unique_ptr<ControlServer>> control =
      ControlServer::start(site.folder, [&](const Words& words, Shell& caller) {
        if (words.empty() || !goes_through_server(words[0])) return static_cast<int>(kWrongUsage);
        (*log)->write("info", "command", json::object{{"command", words[0]}});
        Sites sites(settings, &site);
        return run_command(words[0], Words(words.begin() + 1, words.end()), sites, caller).value_or(kWrongUsage);
      });
  if (!control.ok()) {
    (*server)->stop(0);
    site.engine->stop();
    site.engine->set_answer_scope({});
    return complain(shell, control.error());
  }
  const std::string scheme = settings.text("tls.certificate").empty() ? "http" : "https";
  const std::string host = settings.text("address") == "0.0.0.0" ? "127.0.0.1" : settings.text("address");
  shell.out << "Tongban 通办 listens on " << scheme << "://" << host << ":" << (*server)->port()
            << "/ (data: " << site.folder << "). End it with Ctrl-C.\n";
  if (const uint64_t unfinished = site.engine->status().unfinished_histories; unfinished > 0) {
    shell.out << unfinished
              << " cases are in the middle of an import; their timers wait. Run the import again, or give "
              << "it up: tongban import cases --give-up\n";
  }
  shell.out.flush();
  (*log)->write(
      "info", "started",
      json::object{
          {"port", (*server)->port()}, {"version", TONGBAN_VERSION}, {"position", site.engine->status().position}});

  api.warm_up();
  wait_for_signal(**server, **log);
  (*log)->write("info", "stopping");
  api.close_streams();
  const bool clean = (*server)->stop(kStopMs);
  control = fail(Trouble::unavailable, "stopped");  // waits for its commands
  workers.stop();
  api.stop_work();
  site.engine->stop();
  site.engine->set_answer_scope({});
  (*log)->write("info", "stopped", json::object{{"clean", clean}});
  return kOk;
}

int run_serve(const Words& words, Sites& sites, Shell& shell) {
  Arguments arguments;
  if (const auto code = arguments.parse("serve", "Run the server on a data folder", {}, words, shell)) return *code;
  const Result<Site*> site = sites.open(shell);
  if (!site.ok()) return complain(shell, site.error());
  if ((*site)->accounts->count() == 0) {
    shell.err << "There is no account yet: make the first one with `tongban user add NAME --administrator`.\n";
  }
  return serve_site(**site, sites.settings(), shell);
}

}  // namespace tongban::app
