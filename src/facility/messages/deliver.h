// Brings the letters of the outbox that go to a case's party by short message to the Sender: the text from the case,
// the number from its sealed field. Letters to units and on paper count as delivered: they stand in the case.
#pragma once

#include <atomic>

#include "engine/engine.h"
#include "facility/messages/sender.h"

namespace tongban::facility {

class LetterDeliverer : public engine::Deliverer {
 public:
  explicit LetterDeliverer(Sender& sender) : sender_(sender) {}
  // The engine takes its deliverer at its start, so it is named afterwards; until then letters wait.
  void set_engine(const engine::Engine* engine) { engine_ = engine; }
  Result<void> deliver(const engine::Message& message) override;

 private:
  Sender& sender_;
  std::atomic<const engine::Engine*> engine_{nullptr};
};

}  // namespace tongban::facility
