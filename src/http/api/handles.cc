#include "http/api/handles.h"

#include <charconv>

namespace tongban::http {
namespace {

constexpr std::string_view kPurpose = "handle of a similar case";
constexpr size_t kMostCharacters = 256;  // ours are shorter; no more is worth deciphering

}  // namespace

Handles::Handles(const Key& site_key) : key_(hmac_sha256(site_key, kPurpose)) {}

std::string Handles::issue(const Id& case_id, Instant now) const {
  const std::string plain = to_text(case_id) + " " + std::to_string(now.plus_ms(kLastsMs).ms);
  return to_hex(seal(key_, plain, kPurpose));
}

std::optional<Id> Handles::find(std::string_view handle, Instant now) const {
  if (handle.size() > kMostCharacters) return std::nullopt;
  const auto sealed = from_hex(handle);
  const auto plain = sealed ? unseal(key_, *sealed, kPurpose) : std::nullopt;
  if (!plain) return std::nullopt;
  const size_t space = plain->find(' ');
  int64_t until = 0;
  std::from_chars(plain->data() + space + 1, plain->data() + plain->size(), until);
  return until < now.ms ? std::nullopt : parse_id(std::string_view(*plain).substr(0, space));
}

}  // namespace tongban::http
