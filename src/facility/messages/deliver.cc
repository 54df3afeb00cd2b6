#include "facility/messages/deliver.h"

#include "kernel/state.h"

namespace tongban::facility {
namespace {

constexpr std::string_view kShortMessages[] = {"message", "sms"};

bool is_short_message(std::string_view channel) {
  for (const auto one : kShortMessages) {
    if (channel == one) return true;
  }
  return false;
}

}  // namespace

Result<void> LetterDeliverer::deliver(const engine::Message& message) {
  if (!is_short_message(message.channel) || !message.to_unit.empty()) return {};
  const engine::Engine* engine = engine_;
  if (!engine) return fail(Trouble::unavailable, "The engine is starting.");
  const auto state = engine->load(message.case_id);
  const pack::Pack* pack = state && !state->erased ? engine->pack_of(*state) : nullptr;
  const pack::CaseType* type = pack ? pack->find_case(state->type) : nullptr;
  // Erased meanwhile, or a case without a number to call: nobody is left to be told.
  if (!type || type->party_phone.empty()) return {};
  const kernel::FieldValue* field = kernel::find_value(state->fields, type->party_phone);
  const auto phone = field ? engine->unseal(*state, *field) : std::nullopt;
  if (!phone || phone->empty()) return {};
  for (const kernel::LetterState& letter : state->letters) {
    if (letter.version == message.version && letter.letter == message.letter)
      return sender_.send(*phone, letter.text, engine->now());
  }
  return {};
}

}  // namespace tongban::facility
