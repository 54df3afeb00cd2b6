// Registers as decide sees them: an immutable snapshot of dated entries, cheap to copy, safe to share between threads.
// Well-known registers (packs/chongqing) answer who holds which position: units, positions, people, divisions.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "feel/value.h"
#include "kernel/event.h"
#include "pack/model.h"

namespace tongban::kernel {

struct Revision {
  uint32_t no = 0;                           // from 1
  std::optional<Date> valid_from, valid_to;  // valid_to is exclusive
  feel::Value values;                        // context
};

struct Entry {
  std::string id;
  std::vector<Revision> revisions;  // in order of recording
  // The revision that holds on that day: the latest recorded one whose validity covers it; nullptr: none.
  const Revision* as_of(Date day) const;
};

std::string encode_entry(const Entry& entry);
Result<Entry> decode_entry(std::string_view bytes);
void apply(Entry& entry, const RegisterEntryPut& event);

// A position that a person may act in.
struct Post {
  std::string position, unit;
  bool as_deputy = false;
};

class Registers {
 public:
  Registers();
  // A new snapshot with the entry put; the old one stays as it was. O(1) amortised copies of shared parts.
  Registers with(const std::string& reg, std::shared_ptr<const Entry> entry) const;
  void put(const std::string& reg, std::shared_ptr<const Entry> entry);  // while it is being built, not shared
  void set_parent_field(const std::string& reg, const std::string& field);

  const Entry* find(std::string_view reg, std::string_view id) const;
  std::vector<const Entry*> all(std::string_view reg) const;  // by id
  // Entries whose value of `field` equals `value` on that day, by an index made once per register and field.
  std::vector<const Entry*> where(std::string_view reg, std::string_view field, const feel::Value& value,
                                  Date day) const;
  std::string parent_of(std::string_view reg, std::string_view id, Date day) const;  // "" at the top

  // People. A deputy acts where the position is vacant, or its holder absent on that day (absent_from…absent_until).
  std::vector<Post> posts_of(std::string_view person, Date day) const;
  std::string name_of(std::string_view reg, std::string_view id, Date day) const;  // field name; the id where unknown

 private:
  struct Register;
  std::map<std::string, std::shared_ptr<const Register>, std::less<>> registers_;
};

}  // namespace tongban::kernel
