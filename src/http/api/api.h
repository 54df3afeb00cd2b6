// The HTTP API: /api/v1, its description at /openapi.json made from the same table that routes, health and metrics. It
// turns requests into engine requests and states into JSON; it decides nothing. Everything it is given must outlive it.
#pragma once

#include <memory>
#include <string>

#include "base/json.h"
#include "engine/engine.h"
#include "facility/accounts/accounts.h"
#include "facility/messages/sender.h"
#include "http/server.h"
#include "http/worker_pool.h"
#include "store/store.h"

namespace tongban::store {
class Attachments;
}

namespace tongban::http {

struct ApiOptions {
  std::string version;            // of the program, shown in the description
  bool lift_rate_limits = false;  // for measuring only (setting api.lift_rate_limits)
  std::string path_prefix;        // goes into Location (setting path_prefix)
  bool demo = false;              // the data are those of the demo city
  bool secure_cookies = false;    // set when TLS is on or a proxy speaks it
};

struct ApiParts {
  engine::Engine* engine = nullptr;
  store::Store* store = nullptr;
  store::KeyStore* keys = nullptr;
  store::Attachments* attachments = nullptr;
  facility::Accounts* accounts = nullptr;
  WorkerPool* workers = nullptr;
  facility::Sender* sender = nullptr;           // null: no short messages, so nobody signs in by telephone
  facility::DemoSender* demo_sender = nullptr;  // the same, when it is the demo's
};

class Api {
 public:
  Api(ApiParts parts, ApiOptions options);
  ~Api();
  Handler handler();
  BodyPolicy body_policy();      // uploads are streamed
  json::object openapi() const;  // OpenAPI 3.1
  // Ends the event streams (before the server stops).
  void close_streams();
  // Reads the lists of those who have accounts into memory, beside the requests (after the start).
  void warm_up();
  // Ends what runs on threads of its own (after the server stopped, before the engine does).
  void stop_work();
  void set_server_stats(std::function<ServerStats()> stats);  // for /metrics

  struct Impl;  // impl.h, for the files of this folder

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace tongban::http
