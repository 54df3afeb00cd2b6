// Server-sent events: what changed, without personal data, to those whose lists it touches. Keeps the last changes so
// that a client that comes back with Last-Event-ID misses nothing; when it was away too long it is told to read anew.
// Any thread.
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "engine/engine.h"
#include "http/server.h"

namespace tongban::http {

class EventStreams {
 public:
  static constexpr size_t kKept = 20'000;
  void publish(const engine::Change& change);
  // Streams changes whose holders meet `holders` (all changes when `everything`), after `last_position`.
  void open(Responder responder, Response extra, std::set<std::string> holders, bool everything,
            std::optional<uint64_t> last_position);
  void close_all();
  size_t count() const;

 private:
  struct Client {
    SseStream stream;
    std::set<std::string> holders;
    bool everything = false;
  };
  static bool concerns(const Client& client, const engine::Change& change);
  static SseEvent event_of(const engine::Change& change, std::string& id, std::string& data);
  mutable std::mutex mutex_;
  std::deque<engine::Change> kept_;
  std::list<std::shared_ptr<Client>> clients_;
};

}  // namespace tongban::http
