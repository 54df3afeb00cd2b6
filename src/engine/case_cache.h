// The states of cases used last, shared with readers. Any thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/id_hash.h"
#include "kernel/state.h"

namespace tongban::engine {

class CaseCache {
 public:
  using State = std::shared_ptr<const kernel::CaseState>;
  explicit CaseCache(size_t capacity) : capacity_(capacity) {}

  State find(const Id& id) {
    const std::lock_guard lock(mutex_);
    const auto it = index_.find(id);
    if (it == index_.end()) return nullptr;
    states_.splice(states_.begin(), states_, it->second);
    return it->second->second;
  }
  // Counts commits: a state read from the store may be kept only when no commit came between (see put_if_unchanged).
  uint64_t generation() const {
    const std::lock_guard lock(mutex_);
    return generation_;
  }
  void put(const Id& id, State state) {
    const std::lock_guard lock(mutex_);
    put_locked(id, std::move(state));
  }
  void put_if_unchanged(const Id& id, State state, uint64_t generation) {
    const std::lock_guard lock(mutex_);
    if (generation == generation_) put_locked(id, std::move(state));
  }
  void next_generation() {
    const std::lock_guard lock(mutex_);
    ++generation_;
  }
  void erase(const Id& id) {
    const std::lock_guard lock(mutex_);
    const auto it = index_.find(id);
    if (it == index_.end()) return;
    states_.erase(it->second);
    index_.erase(it);
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    ++generation_;
    states_.clear();
    index_.clear();
  }

 private:
  void put_locked(const Id& id, State state) {
    if (const auto it = index_.find(id); it != index_.end()) {
      it->second->second = std::move(state);
      states_.splice(states_.begin(), states_, it->second);
      return;
    }
    states_.emplace_front(id, std::move(state));
    index_.emplace(id, states_.begin());
    if (states_.size() > capacity_) {
      index_.erase(states_.back().first);
      states_.pop_back();
    }
  }

  const size_t capacity_;
  mutable std::mutex mutex_;
  uint64_t generation_ = 0;
  std::list<std::pair<Id, State>> states_;
  std::unordered_map<Id, std::list<std::pair<Id, State>>::iterator, HashByAge> index_;
};

}  // namespace tongban::engine
