#include "base/json.h"

#include <algorithm>
#include <array>
#include <boost/json/src.hpp>
#include <cmath>

namespace tongban {
namespace {

void print_pretty(const json::value& value, std::string& out, size_t indent) {
  const auto newline = [&](size_t by) {
    out += '\n';
    out.append(by, ' ');
  };
  if (const auto* object = value.if_object(); object && !object->empty()) {
    out += '{';
    bool first = true;
    for (const auto& [key, member] : *object) {
      if (!first) out += ',';
      first = false;
      newline(indent + 2);
      out += json::serialize(json::string_view(key));
      out += ": ";
      print_pretty(member, out, indent + 2);
    }
    newline(indent);
    out += '}';
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    out += '[';
    bool first = true;
    for (const auto& element : *array) {
      if (!first) out += ',';
      first = false;
      newline(indent + 2);
      print_pretty(element, out, indent + 2);
    }
    newline(indent);
    out += ']';
  } else {
    out += json::serialize(value);
  }
}

// The parser reads 1E400 as infinity, which no JSON text can say again. The depth is bounded by kJsonMaxDepth.
bool has_infinite_number(const json::value& value) {
  if (value.is_double()) return !std::isfinite(value.get_double());
  if (const auto* array = value.if_array()) return std::any_of(array->begin(), array->end(), has_infinite_number);
  if (const auto* object = value.if_object()) {
    return std::any_of(object->begin(), object->end(),
                       [](const auto& member) { return has_infinite_number(member.value()); });
  }
  return false;
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kJsonMaxDepth;
  std::array<unsigned char, 4096> scratch;  // for what is not complete yet; more comes from the heap
  json::stream_parser parser({}, options, scratch.data(), scratch.size());
  boost::system::error_code code;
  const size_t used = parser.write_some(json::string_view(text.data(), text.size()), code);
  if (!code) parser.finish(code);
  size_t rest = used;
  while (!code && rest < text.size() &&
         (text[rest] == ' ' || text[rest] == '\n' || text[rest] == '\r' || text[rest] == '\t'))
    ++rest;
  if (!code && rest < text.size()) code = json::error::extra_data;
  if (code) {
    return fail(Trouble::invalid_input,
                "This is not valid JSON at byte " + std::to_string(rest) + ": " + code.message() + ".");
  }
  json::value value = parser.release();
  if (has_infinite_number(value)) {
    return fail(Trouble::invalid_input, "A number in this JSON is too large. Write large numbers as text, in quotes.");
  }
  return value;
}

std::string to_json_text(const json::value& value) { return json::serialize(value); }
std::string to_json_text(const json::object& object) { return json::serialize(object); }

std::string to_pretty_json_text(const json::value& value) {
  std::string out;
  print_pretty(value, out, 0);
  out += '\n';
  return out;
}

std::string_view text_at(const json::object& object, std::string_view key) {
  const json::value* member = find_member(object, key);
  if (!member || !member->is_string()) return {};
  const auto& text = member->get_string();
  return {text.data(), text.size()};
}

const json::value* find_member(const json::object& object, std::string_view key) {
  return object.if_contains(json::string_view(key.data(), key.size()));
}

}  // namespace tongban
