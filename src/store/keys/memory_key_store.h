// Keys in memory, for tests above the store. Nothing outlives it.
#pragma once

#include <map>
#include <mutex>

#include "store/store.h"

namespace tongban::store {

class MemoryKeyStore : public KeyStore {
 public:
  Result<PersonKey> take_key() override {
    const std::lock_guard guard(mutex_);
    PersonKey fresh{.key = make_key()};
    fill_random(fresh.person.bytes.data(), fresh.person.bytes.size());
    keys_[fresh.person] = fresh.key;
    return fresh;
  }
  Result<std::optional<Key>> find_key(const Id& person) const override {
    const std::lock_guard guard(mutex_);
    const auto found = keys_.find(person);
    return found == keys_.end() ? std::optional<Key>() : std::optional<Key>(found->second);
  }
  Result<void> erase_key(const Id& person) override {
    const std::lock_guard guard(mutex_);
    keys_.erase(person);
    return {};
  }
  Key search_key() const override { return search_key_; }
  Result<std::vector<Finding>> verify() const override { return std::vector<Finding>(); }

 private:
  mutable std::mutex mutex_;
  std::map<Id, Key> keys_;
  Key search_key_ = make_key();
};

}  // namespace tongban::store
