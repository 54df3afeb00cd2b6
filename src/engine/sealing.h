// Personal values in events: sealed with the key of the case's party, bound to the case and to the name of the field,
// so that a value copied to another case or under another name does not open. The name stands in front in plain text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/id.h"
#include "feel/value.h"

namespace tongban::engine {

std::string seal_value(const Key& key, const Id& case_id, std::string_view name, const feel::Value& value);
// Empty when the key, the case or the bytes are not the right ones.
std::optional<feel::Value> unseal_value(const Key& key, const Id& case_id, std::string_view sealed);

// The digits of a telephone number, without a leading +86 or 0086: what is hashed.
std::string phone_digits(std::string_view phone);

// The secret code as people type it → as it was made: upper case, without spaces and dashes, O as 0, I and L as 1.
std::string normal_code(std::string_view typed);

}  // namespace tongban::engine
