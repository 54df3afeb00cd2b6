// Who has a case open just now, so that two people do not answer the same caller. Kept in memory for 45 seconds after
// the page last said so; never written anywhere. Memory is bounded: beyond it newcomers are not shown. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/id.h"

namespace tongban::http {

struct Present {
  std::string person;  // who it is; one entry for each
  std::string name, unit;
  Instant since;
  bool editing = false;
};

class Presence {
 public:
  static constexpr int64_t kLastsMs = 45'000;
  static constexpr size_t kMostCases = 20'000;
  static constexpr size_t kMostAtOnce = 20;  // in one case

  // Notes the person (`since` stays that of her first sign) and returns the others, the longest present first.
  std::vector<Present> put(const Id& case_id, Present present, Instant now);
  void remove(const Id& case_id, const std::string& person);
  size_t case_count() const;

 private:
  struct Entry {
    Present present;
    Instant until;
  };
  void forget_old(Instant now);

  mutable std::mutex mutex_;
  std::map<Id, std::vector<Entry>> cases_;
  Instant swept_at_{};
};

}  // namespace tongban::http
