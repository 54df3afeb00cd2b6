// Small parts that the deciding files of the writer share. Private to engine.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/writer.h"

namespace tongban::engine {

inline kernel::Actor system_actor() { return {.kind = kernel::Actor::Kind::system}; }

inline kernel::Rejection rejection(kernel::RejectionCode code, std::string sentence, std::string instead = {}) {
  kernel::Rejection rejection;
  rejection.code = code;
  rejection.sentence = std::move(sentence);
  rejection.instead = std::move(instead);
  rejection.basis.kind = pack::BasisKind::product;
  return rejection;
}

inline Decision answer_with(Reply reply, std::vector<Id> read = {}) {
  Decision decision;
  decision.reply = std::move(reply);
  decision.read = std::move(read);
  return decision;
}

}  // namespace tongban::engine
