// Handles by which a stranger names a case that looked similar, without learning which it is: the case and the end of
// two hours, sealed with a key derived from that of the site. So nothing is kept, a handle outlives a restart of the
// program, two handles of one case do not look alike, and one that was changed is no handle. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/crypto.h"
#include "base/date.h"
#include "base/id.h"

namespace tongban::http {

class Handles {
 public:
  static constexpr int64_t kLastsMs = 2 * 3'600'000;

  explicit Handles(const Key& site_key);
  std::string issue(const Id& case_id, Instant now) const;
  std::optional<Id> find(std::string_view handle, Instant now) const;  // nothing: not ours, or too old

 private:
  Key key_;
};

}  // namespace tongban::http
