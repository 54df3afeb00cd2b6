// JSON values are Boost.JSON's. This wrapper adds what the product promises: a depth limit, strict UTF-8, failures as
// Result instead of exceptions, and printing that keeps the order of keys. Numbers that carry meaning (money, ratios,
// FEEL numbers) travel as strings or integers, never as doubles.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tongban {

namespace json = boost::json;

inline constexpr size_t kJsonMaxDepth = 32;

// The failure names the position in bytes. Duplicate keys: the last counts.
Result<json::value> parse_json(std::string_view text);
std::string to_json_text(const json::value& value);         // compact
std::string to_json_text(const json::object& object);       // the same, without a copy of the object as a value
std::string to_pretty_json_text(const json::value& value);  // two spaces, for people and golden files

// A member of an object as text, or "" when it is absent or no string.
std::string_view text_at(const json::object& object, std::string_view key);
// A member of an object, or null.
const json::value* find_member(const json::object& object, std::string_view key);

}  // namespace tongban
