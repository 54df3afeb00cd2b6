#include "kernel/registers.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "base/bytes.h"

namespace tongban::kernel {
namespace {

constexpr uint8_t kEntryFormat = 1;

bool covers(const Revision& revision, Date day) {
  return (!revision.valid_from || *revision.valid_from <= day) && (!revision.valid_to || day < *revision.valid_to);
}

std::string text_of(const feel::Value& value) {
  return value.kind() == feel::Value::Kind::text ? value.as_text() : std::string();
}

std::optional<Date> date_of(const feel::Value& value) {
  if (value.kind() == feel::Value::Kind::date) return value.as_date();
  if (value.kind() == feel::Value::Kind::text) {
    if (const auto date = parse_date(value.as_text()); date.ok()) return *date;
  }
  return std::nullopt;
}

}  // namespace

const Revision* Entry::as_of(Date day) const {
  for (size_t i = revisions.size(); i-- > 0;) {
    if (covers(revisions[i], day)) return &revisions[i];
  }
  return nullptr;
}

std::string encode_entry(const Entry& entry) {
  ByteWriter out;
  out.put_byte(kEntryFormat);
  out.put_text(entry.id);
  out.put_unsigned(entry.revisions.size());
  const auto put_date = [&](const std::optional<Date>& date) {
    out.put_bool(date.has_value());
    if (date) out.put_signed(date->days);
  };
  for (const Revision& revision : entry.revisions) {
    out.put_unsigned(revision.no);
    put_date(revision.valid_from);
    put_date(revision.valid_to);
    revision.values.encode(out);
  }
  return out.take();
}

Result<Entry> decode_entry(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.get_byte() != kEntryFormat) in.fail();
  Entry entry;
  entry.id = in.get_text();
  const uint64_t count = in.get_unsigned();
  const auto get_date = [&]() -> std::optional<Date> {
    if (!in.get_bool()) return std::nullopt;
    return Date{static_cast<int32_t>(in.get_signed())};
  };
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    Revision revision;
    revision.no = static_cast<uint32_t>(in.get_unsigned());
    revision.valid_from = get_date();
    revision.valid_to = get_date();
    revision.values = feel::Value::decode(in);
    entry.revisions.push_back(std::move(revision));
  }
  if (!in.ok() || !in.at_end())
    return fail(Trouble::corrupt, "A stored register entry is damaged; run `tongban rebuild`.");
  return entry;
}

void apply(Entry& entry, const RegisterEntryPut& event) {
  entry.id = event.entry;
  entry.revisions.push_back({event.revision, event.valid_from, event.valid_to, event.values});
}

// Entries by id, and per field an index from value to entries over all revisions (validity is checked at the read).
struct Registers::Register {
  std::map<std::string, std::shared_ptr<const Entry>, std::less<>> entries;
  std::string parent_field;
  using Index = std::unordered_map<std::string, std::vector<const Entry*>>;
  mutable std::mutex mutex;
  mutable std::map<std::string, std::shared_ptr<const Index>, std::less<>> indexes;

  std::shared_ptr<const Index> index(std::string_view field) const {
    const std::lock_guard lock(mutex);
    if (const auto it = indexes.find(field); it != indexes.end()) return it->second;
    auto made = std::make_shared<Index>();
    for (const auto& [id, entry] : entries) {
      for (const Revision& revision : entry->revisions) {
        auto& list = (*made)[revision.values.get(field).to_text()];
        if (list.empty() || list.back() != entry.get()) list.push_back(entry.get());
      }
    }
    indexes.emplace(std::string(field), made);
    return made;
  }
};

Registers::Registers() = default;

Registers Registers::with(const std::string& reg, std::shared_ptr<const Entry> entry) const {
  Registers copy = *this;
  copy.put(reg, std::move(entry));
  return copy;
}

void Registers::put(const std::string& reg, std::shared_ptr<const Entry> entry) {
  auto next = std::make_shared<Register>();
  if (const auto it = registers_.find(reg); it != registers_.end()) {
    if (it->second.use_count() == 1) {  // not shared with another snapshot: still being built
      auto& own = const_cast<Register&>(*it->second);
      own.entries[entry->id] = std::move(entry);
      own.indexes.clear();
      return;
    }
    next->entries = it->second->entries;
    next->parent_field = it->second->parent_field;
  }
  next->entries[entry->id] = std::move(entry);
  registers_[reg] = std::move(next);
}

void Registers::set_parent_field(const std::string& reg, const std::string& field) {
  auto next = std::make_shared<Register>();
  if (const auto it = registers_.find(reg); it != registers_.end()) next->entries = it->second->entries;
  next->parent_field = field;
  registers_[reg] = std::move(next);
}

const Entry* Registers::find(std::string_view reg, std::string_view id) const {
  const auto it = registers_.find(reg);
  if (it == registers_.end()) return nullptr;
  const auto entry = it->second->entries.find(id);
  return entry == it->second->entries.end() ? nullptr : entry->second.get();
}

std::vector<const Entry*> Registers::all(std::string_view reg) const {
  std::vector<const Entry*> list;
  if (const auto it = registers_.find(reg); it != registers_.end()) {
    for (const auto& [id, entry] : it->second->entries) list.push_back(entry.get());
  }
  return list;
}

std::vector<const Entry*> Registers::where(std::string_view reg, std::string_view field, const feel::Value& value,
                                           Date day) const {
  std::vector<const Entry*> list;
  const auto it = registers_.find(reg);
  if (it == registers_.end()) return list;
  const auto index = it->second->index(field);
  const auto found = index->find(value.to_text());
  if (found == index->end()) return list;
  for (const Entry* entry : found->second) {
    const Revision* revision = entry->as_of(day);
    if (revision && revision->values.get(field) == value) list.push_back(entry);
  }
  return list;
}

std::string Registers::parent_of(std::string_view reg, std::string_view id, Date day) const {
  const auto it = registers_.find(reg);
  if (it == registers_.end() || it->second->parent_field.empty()) return {};
  const Entry* entry = find(reg, id);
  const Revision* revision = entry ? entry->as_of(day) : nullptr;
  return revision ? text_of(revision->values.get(it->second->parent_field)) : std::string();
}

std::vector<Post> Registers::posts_of(std::string_view person, Date day) const {
  std::vector<Post> posts;
  const feel::Value who = feel::Value::text(std::string(person));
  const auto add = [&](const Entry& entry, bool as_deputy) {
    const feel::Value& values = entry.as_of(day)->values;
    posts.push_back({text_of(values.get("position")), text_of(values.get("unit")), as_deputy});
  };
  for (const Entry* entry : where("positions", "person", who, day)) add(*entry, false);
  for (const Entry* entry : where("positions", "deputy", who, day)) {
    const feel::Value& values = entry->as_of(day)->values;
    const auto from = date_of(values.get("absent_from")), until = date_of(values.get("absent_until"));
    const bool vacant = text_of(values.get("person")).empty();
    const bool absent = from && *from <= day && (!until || day <= *until);
    if (vacant || absent) add(*entry, true);
  }
  return posts;
}

std::string Registers::name_of(std::string_view reg, std::string_view id, Date day) const {
  const Entry* entry = find(reg, id);
  const Revision* revision = entry ? entry->as_of(day) : nullptr;
  if (!revision && entry && !entry->revisions.empty()) revision = &entry->revisions.back();
  if (revision) {
    for (const char* field : {"name", "title"}) {
      if (std::string name = text_of(revision->values.get(field)); !name.empty()) return name;
    }
  }
  return std::string(id);
}

}  // namespace tongban::kernel
