// The demo city's requests: written in the pack's folder demo/ (lives.yaml: how a request goes on; requests.yaml: the
// requests) and played through the engine on its virtual clock, act by act, by the people whose duty each act is. So a
// demo shows what the rules make of them, and nothing that the rules would refuse.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/date.h"
#include "base/result.h"
#include "engine/engine.h"
#include "pack/fault.h"

namespace tongban::facility {

struct DemoStep {
  int64_t day = 0;                   // working days after the day of filing
  std::optional<int> minute_of_day;  // else: after the minutes of filing
  int64_t minutes = 0;
  std::string who;  // "": whoever's duty it is; caller
  std::string does;
  std::string on;                                         // link kind: the act belongs to the linked case
  std::vector<std::pair<std::string, feel::Value>> with;  // values as written; texts may be $names or "-25 minutes"
  bool with_accept = false;                               // `with: accept`
};
struct DemoRequest {
  std::string life, channel;
  int64_t days_ago = 0;  // working days
  int minute_of_day = 0;
  std::vector<std::pair<std::string, feel::Value>> form, accept;
  std::vector<std::pair<std::string, feel::Value>> texts;
  pack::Source source;
};
struct Demo {
  std::string pack, type;  // hotline-12345, request
  std::string story;       // the life of the request that is told
  std::vector<std::pair<std::string, std::vector<DemoStep>>> lives;
  std::vector<DemoRequest> requests;
  std::vector<std::pair<std::string, std::string>> accounts;  // position and unit: whose holder gets an account
};

// Every fault of both files is added; an empty result when a file cannot be read.
std::optional<Demo> read_demo(const std::string& directory, std::vector<pack::Fault>& faults);

struct DemoResult {
  size_t opened = 0, acts = 0;
  std::vector<std::string> refused;  // "title: action: sentence": must stay empty
  std::optional<Id> story;
  std::vector<std::string> people;  // who acted, in order of first act
};

// When the first request is filed; the engine's clock must stand before it.
Instant first_filing(const Demo& demo, const calendar::Calendar& calendar, Instant now);
// Plays what lies before `now` and leaves the engine's virtual clock at `now`. The engine must run without a thread.
// Fails only on trouble with the store; what a rule refuses stands in the result.
Result<DemoResult> play_demo(engine::Engine& engine, const Demo& demo, Instant now,
                             const std::function<void(size_t done, size_t all)>& progress = {});

}  // namespace tongban::facility
