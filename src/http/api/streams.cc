#include "http/api/streams.h"

#include <algorithm>

#include "base/json.h"

namespace tongban::http {

SseEvent EventStreams::event_of(const engine::Change& change, std::string& id, std::string& data) {
  id = std::to_string(change.position);
  data = to_json_text(json::object{{"case", to_text(change.case_id)},
                                   {"number", change.number},
                                   {"type", change.type},
                                   {"state", change.state},
                                   {"what", change.what},
                                   {"version", change.version}});
  return {.id = id, .name = "changed", .data = data};
}

bool EventStreams::concerns(const Client& client, const engine::Change& change) {
  return client.rights.everything ||
         std::any_of(change.hearers.begin(), change.hearers.end(),
                     [&](const std::string& hearer) { return client.rights.stands.contains(hearer); });
}

void EventStreams::publish(const engine::Change& change) {
  const std::lock_guard lock(mutex_);
  kept_.push_back(change);
  if (kept_.size() > kKept) kept_.pop_front();
  std::string id, data;
  for (auto it = clients_.begin(); it != clients_.end();) {
    Client& client = **it;
    bool stays = true;
    if (concerns(client, change)) {
      const std::optional<Rights> rights = client.ask();
      if (rights) client.rights = *rights;
      stays = rights && (!concerns(client, change) || client.stream.send(event_of(change, id, data)));
    }
    it = stays ? std::next(it) : clients_.erase(it);
  }
}

void EventStreams::open(Responder responder, Response extra, AskRights ask, std::optional<uint64_t> last_position) {
  auto client = std::make_shared<Client>();
  client->ask = std::move(ask);
  client->rights = client->ask().value_or(Rights{});
  const std::lock_guard lock(mutex_);
  // Nothing to do when it ends: the next send returns false, and the client is taken out there.
  client->stream = responder.start_events(std::move(extra), [] {});
  if (last_position) {
    const bool complete = kept_.empty() || kept_.front().position <= *last_position + 1;
    if (!complete) client->stream.send({.id = {}, .name = "reset", .data = "{}"});
    std::string id, data;
    for (const auto& change : kept_) {
      if (complete && change.position > *last_position && concerns(*client, change))
        client->stream.send(event_of(change, id, data));
    }
  }
  client->stream.send({.id = {}, .name = "ready", .data = "{}"});
  std::erase_if(clients_, [](const auto& old) { return !old->stream.is_open(); });
  clients_.push_back(std::move(client));
}

void EventStreams::close_all() {
  const std::lock_guard lock(mutex_);
  clients_.clear();
}

size_t EventStreams::count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<size_t>(
      std::count_if(clients_.begin(), clients_.end(), [](const auto& client) { return client->stream.is_open(); }));
}

}  // namespace tongban::http
