// Server-sent events: what changed, without personal data, to those who may open the case. Keeps the last changes so
// that a client that comes back with Last-Event-ID misses nothing; when it was away too long it is told to read anew.
// Who may hear of a change is asked before each event, so that a stream ends with its session, and with a post.
// Any thread.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "engine/engine.h"
#include "http/server.h"

namespace tongban::http {

class EventStreams {
 public:
  static constexpr size_t kKept = 20'000;
  void publish(const engine::Change& change);
  struct Rights {
    std::set<std::string> stands;  // changes whose hearers (kernel::hearers_of) meet these …
    bool everything = false;       // … or all
  };
  // What the client may hear of now; nothing: its session is over. Called from publish, must be short.
  using AskRights = std::function<std::optional<Rights>()>;
  void open(Responder responder, Response extra, AskRights rights, std::optional<uint64_t> last_position);
  void close_all();
  size_t count() const;

 private:
  struct Client {
    SseStream stream;
    AskRights ask;
    Rights rights;
  };
  static bool concerns(const Client& client, const engine::Change& change);
  static SseEvent event_of(const engine::Change& change, std::string& id, std::string& data);
  mutable std::mutex mutex_;
  std::deque<engine::Change> kept_;
  std::list<std::shared_ptr<Client>> clients_;
};

}  // namespace tongban::http
