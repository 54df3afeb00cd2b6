// Hashes, random bytes and sealing. OpenSSL stands behind it and appears in crypto.cc only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tongban {

using Hash = std::array<uint8_t, 32>;
using Key = std::array<uint8_t, 32>;

void fill_random(void* bytes, size_t count);  // the system's generator; stops the process if there is none
Key make_key();
Hash sha256(std::string_view bytes);
Hash hmac_sha256(const Key& key, std::string_view bytes);

// An incremental SHA-256 for streams (attachments).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view bytes);
  Hash finish();

 private:
  void* context_;
};

// AES-256-GCM with a random 96-bit nonce: nonce, ciphertext, 128-bit tag. `bound_to` is authenticated, not stored.
std::string seal(const Key& key, std::string_view plain, std::string_view bound_to);
// Empty when the key, the binding or the bytes are not the right ones.
std::optional<std::string> unseal(const Key& key, std::string_view sealed, std::string_view bound_to);

std::string to_hex(std::string_view bytes);
inline std::string_view view_of(const Hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }
std::optional<std::string> from_hex(std::string_view hex);
// n characters of the 32-letter alphabet of Crockford's Base 32 (5 bits each), for codes people type.
std::string random_code(size_t n);
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace tongban
