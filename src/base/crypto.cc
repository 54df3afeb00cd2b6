// SHA256_Init and its kin, which OpenSSL 3 would rather see replaced by its general interface: that costs more than the
// hashing of a small event.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <memory>

#include "base/check.h"

namespace tongban {
namespace {

constexpr size_t kNonceBytes = 12;
constexpr size_t kTagBytes = 16;

struct CipherFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

// Fetched once: looking up an algorithm by name costs more than hashing a small event.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}
const EVP_CIPHER* gcm_algorithm() {
  static const EVP_CIPHER* const algorithm = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return algorithm;
}
EVP_CIPHER_CTX* cipher_context() {
  thread_local std::unique_ptr<EVP_CIPHER_CTX, CipherFree> context(EVP_CIPHER_CTX_new());
  return context.get();
}

// Two keys in turn, made ready once: the fields of a person are sealed one after the other, and the answer with the key
// of answers. Of each thread.
EVP_CIPHER_CTX* sealing_context(const Key& key) {
  struct Ready {
    std::unique_ptr<EVP_CIPHER_CTX, CipherFree> context{EVP_CIPHER_CTX_new()};
    Key key{};
    bool is_set = false;
    ~Ready() { OPENSSL_cleanse(key.data(), key.size()); }
  };
  thread_local std::array<Ready, 2> ready;
  thread_local size_t last = 0;
  for (size_t i = 0; i < ready.size(); ++i) {
    if (!ready[i].is_set || CRYPTO_memcmp(ready[i].key.data(), key.data(), key.size()) != 0) continue;
    last = i;
    return ready[i].context.get();
  }
  last = 1 - last;
  ready[last].is_set = false;
  CHECK(EVP_EncryptInit_ex(ready[last].context.get(), gcm_algorithm(), nullptr, key.data(), nullptr) == 1);
  ready[last].key = key;
  ready[last].is_set = true;
  return ready[last].context.get();
}

Hash digest_of(std::string_view first, std::string_view second) {
  SHA256_CTX context;
  Hash hash;
  CHECK(SHA256_Init(&context) == 1 && SHA256_Update(&context, first.data(), first.size()) == 1 &&
        SHA256_Update(&context, second.data(), second.size()) == 1 && SHA256_Final(hash.data(), &context) == 1);
  return hash;
}
const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

void fill_random(void* bytes, size_t count) {
  // A pool, because one request for 16 bytes costs as much as one for 4,096.
  thread_local std::array<unsigned char, 4096> pool;
  thread_local size_t used = pool.size();
  if (count > pool.size() / 4) {
    CHECK(RAND_bytes(static_cast<unsigned char*>(bytes), static_cast<int>(count)) == 1);
    return;
  }
  if (used + count > pool.size()) {
    CHECK(RAND_bytes(pool.data(), static_cast<int>(pool.size())) == 1);
    used = 0;
  }
  std::copy_n(pool.data() + used, count, static_cast<unsigned char*>(bytes));
  OPENSSL_cleanse(pool.data() + used, count);
  used += count;
}

Key make_key() {
  Key key;
  fill_random(key.data(), key.size());
  return key;
}

Hash sha256(std::string_view bytes) { return digest_of(bytes, {}); }

// FIPS 198-1, for keys shorter than a block. OpenSSL's own looks its algorithm up by name at each call.
Hash hmac_sha256(const Key& key, std::string_view bytes) {
  constexpr size_t kBlock = 64;
  static_assert(std::tuple_size_v<Key> <= kBlock);
  std::string inner(kBlock, '\x36'), outer(kBlock, '\x5c');
  for (size_t i = 0; i < key.size(); ++i) {
    inner[i] = static_cast<char>(inner[i] ^ key[i]);
    outer[i] = static_cast<char>(outer[i] ^ key[i]);
  }
  const Hash first = digest_of(inner, bytes);
  const Hash hash = digest_of(outer, view_of(first));
  OPENSSL_cleanse(inner.data(), inner.size());
  OPENSSL_cleanse(outer.data(), outer.size());
  return hash;
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  CHECK(EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), sha256_algorithm(), nullptr) == 1);
}
Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }
void Sha256::add(std::string_view bytes) {
  CHECK(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size()) == 1);
}
Hash Sha256::finish() {
  Hash hash;
  CHECK(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), hash.data(), nullptr) == 1);
  return hash;
}

std::string seal(const Key& key, std::string_view plain, std::string_view bound_to) {
  std::string sealed(kNonceBytes + plain.size() + kTagBytes, '\0');
  fill_random(sealed.data(), kNonceBytes);
  EVP_CIPHER_CTX* context = sealing_context(key);
  int length = 0;
  CHECK(EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, bytes_of(sealed)) == 1);
  CHECK(EVP_EncryptUpdate(context, nullptr, &length, bytes_of(bound_to), static_cast<int>(bound_to.size())) == 1);
  CHECK(EVP_EncryptUpdate(context, bytes_of(sealed) + kNonceBytes, &length, bytes_of(plain),
                          static_cast<int>(plain.size())) == 1);
  CHECK(EVP_EncryptFinal_ex(context, bytes_of(sealed) + kNonceBytes + length, &length) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kTagBytes, bytes_of(sealed) + kNonceBytes + plain.size()) ==
        1);
  return sealed;
}

std::optional<std::string> unseal(const Key& key, std::string_view sealed, std::string_view bound_to) {
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  std::string plain(sealed.size() - kNonceBytes - kTagBytes, '\0');
  std::string tag(sealed.substr(sealed.size() - kTagBytes));
  EVP_CIPHER_CTX* context = cipher_context();
  int length = 0;
  CHECK(EVP_DecryptInit_ex(context, gcm_algorithm(), nullptr, key.data(), bytes_of(sealed)) == 1);
  CHECK(EVP_DecryptUpdate(context, nullptr, &length, bytes_of(bound_to), static_cast<int>(bound_to.size())) == 1);
  CHECK(EVP_DecryptUpdate(context, bytes_of(plain), &length, bytes_of(sealed) + kNonceBytes,
                          static_cast<int>(plain.size())) == 1);
  CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kTagBytes, tag.data()) == 1);
  unsigned char rest[16];
  if (EVP_DecryptFinal_ex(context, rest, &length) != 1) return std::nullopt;
  return plain;
}

std::string to_hex(std::string_view bytes) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const unsigned char c : bytes) {
    hex += kHex[c >> 4];
    hex += kHex[c & 15];
  }
  return hex;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit(hex[i]), low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::string random_code(size_t n) {
  static constexpr char kLetters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::string code(n, '0');
  fill_random(code.data(), n);
  for (char& c : code) c = kLetters[static_cast<unsigned char>(c) & 31];
  return code;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tongban
