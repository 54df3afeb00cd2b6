#include "http/api/presence.h"

#include <algorithm>

namespace tongban::http {

void Presence::forget_old(Instant now) {
  if (now.ms >= swept_at_.ms && now.ms - swept_at_.ms < kLastsMs) return;
  swept_at_ = now;
  for (auto it = cases_.begin(); it != cases_.end();) {
    std::erase_if(it->second, [&](const Entry& entry) { return entry.until <= now; });
    it = it->second.empty() ? cases_.erase(it) : std::next(it);
  }
}

std::vector<Present> Presence::put(const Id& case_id, Present present, Instant now) {
  const std::lock_guard lock(mutex_);
  forget_old(now);
  auto it = cases_.find(case_id);
  if (it == cases_.end()) {
    if (cases_.size() >= kMostCases) return {};
    it = cases_.emplace(case_id, std::vector<Entry>()).first;
  }
  std::vector<Entry>& entries = it->second;
  std::erase_if(entries, [&](const Entry& entry) { return entry.until <= now; });
  std::vector<Present> others;
  Entry* own = nullptr;
  for (Entry& entry : entries) {
    if (entry.present.person == present.person)
      own = &entry;
    else
      others.push_back(entry.present);
  }
  present.since = own ? own->present.since : now;
  if (own)
    *own = {std::move(present), now.plus_ms(kLastsMs)};
  else if (entries.size() < kMostAtOnce)
    entries.push_back({std::move(present), now.plus_ms(kLastsMs)});
  std::stable_sort(others.begin(), others.end(), [](const auto& a, const auto& b) { return a.since < b.since; });
  return others;
}

void Presence::remove(const Id& case_id, const std::string& person) {
  const std::lock_guard lock(mutex_);
  const auto it = cases_.find(case_id);
  if (it == cases_.end()) return;
  std::erase_if(it->second, [&](const Entry& entry) { return entry.present.person == person; });
  if (it->second.empty()) cases_.erase(it);
}

size_t Presence::case_count() const {
  const std::lock_guard lock(mutex_);
  return cases_.size();
}

}  // namespace tongban::http
