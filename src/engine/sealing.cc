#include "engine/sealing.h"

#include "base/bytes.h"
#include "base/text.h"

namespace tongban::engine {
namespace {

std::string binding(const Id& case_id, std::string_view name) {
  ByteWriter out;
  out.put_text("tongban field");
  out.put_id(case_id);
  out.put_text(name);
  return out.take();
}

}  // namespace

std::string seal_value(const Key& key, const Id& case_id, std::string_view name, const feel::Value& value) {
  ByteWriter plain;
  value.encode(plain);
  ByteWriter out;
  out.put_text(name);
  out.put_text(seal(key, plain.bytes(), binding(case_id, name)));
  return out.take();
}

std::optional<feel::Value> unseal_value(const Key& key, const Id& case_id, std::string_view sealed) {
  ByteReader in(sealed);
  const std::string_view name = in.get_text_view();
  const std::string_view content = in.get_text_view();
  if (!in.ok() || !in.at_end()) return std::nullopt;
  const std::optional<std::string> plain = unseal(key, content, binding(case_id, name));
  if (!plain) return std::nullopt;
  ByteReader reader(*plain);
  feel::Value value = feel::Value::decode(reader);
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  return value;
}

std::string phone_digits(std::string_view phone) {
  const bool plus = trim(phone).starts_with('+');
  std::string digits;
  for (const char32_t c : to_code_points(phone)) {
    if (c >= U'0' && c <= U'9') digits += static_cast<char>(c);
    if (c >= 0xff10 && c <= 0xff19) digits += static_cast<char>('0' + (c - 0xff10));
  }
  if (digits.starts_with("0086")) return digits.substr(4);
  if (plus && digits.starts_with("86")) return digits.substr(2);
  return digits;
}

std::string normal_code(std::string_view typed) {
  std::string code;
  for (char32_t c : to_code_points(typed)) {
    if (c >= 0xff01 && c <= 0xff5e) c -= 0xfee0;
    if (c >= U'a' && c <= U'z') c -= 32;
    if (c == U'O') c = U'0';
    if (c == U'I' || c == U'L') c = U'1';
    if ((c >= U'0' && c <= U'9') || (c >= U'A' && c <= U'Z')) code += static_cast<char>(c);
  }
  return code;
}

}  // namespace tongban::engine
