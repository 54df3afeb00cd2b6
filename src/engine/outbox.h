// What follows after a commit, as rows of the outbox: reactions on other cases, letters to deliver, and the erasure of
// a person's key. The bodies are private to the engine and versioned by their first byte; personal values never enter
// them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/result.h"
#include "kernel/decide.h"

namespace tongban::engine {

inline constexpr std::string_view kReaction = "reaction";
inline constexpr std::string_view kMessage = "message";
inline constexpr std::string_view kErasure = "erasure";
inline constexpr uint32_t kMaxReactionDepth = 8;

// One consequence, executed as a system command after the commit of its cause.
struct Reaction {
  enum class Kind : uint8_t { open, act, release };
  Kind kind = Kind::act;
  kernel::FollowUp follow_up;  // release: subject and rule only
  Id cause;                    // the command that it follows from
  Id cause_case;
  uint32_t index = 0;  // among the consequences of that command
  uint32_t depth = 1;
};
std::string encode_reaction(const Reaction& reaction);
Result<Reaction> decode_reaction(std::string_view bytes);
// The same consequence has the same key however often it is tried.
std::string key_of(const Reaction& reaction);

// A letter of a case, to be brought to its addressee; the text stands in the case's LetterSent event.
struct Message {
  Id case_id;
  uint64_t version = 0;  // of the LetterSent event
  std::string letter, channel;
  std::string to_role, to_unit;  // to_unit empty: the party
};
std::string encode_message(const Message& message);
Result<Message> decode_message(std::string_view bytes);

// Brings letters to people. Called on the writer thread, so it must hand over quickly; a failure is tried again later,
// each time after a longer wait.
class Deliverer {
 public:
  virtual ~Deliverer() = default;
  virtual Result<void> deliver(const Message& message) = 0;
};

}  // namespace tongban::engine
