// Reading and checking of `portal:` in pack.yaml.
#include <algorithm>
#include <set>

#include "pack/check.h"
#include "pack/read.h"

namespace tongban::pack {

void read_portal(const Node& node, ReadContext& context) {
  Portal& portal = context.pack.portal;
  portal.source = node.source;
  MapReader reader(node, "portal", context.faults);
  portal.name = reader.text("name");
  portal.name_en = reader.text("name_en");
  portal.short_name = reader.text("short");
  portal.short_name_en = reader.text("short_en");
  portal.phone = reader.text("phone");
  portal.organiser = reader.text("organiser");
  portal.organiser_en = reader.text("organiser_en");
  portal.clause = reader.text("clause");
  if (const Node* list = reader.find_list("emergency")) {
    for (const Node& item : list->items) {
      MapReader one(item, "portal emergency", context.faults);
      portal.emergency.push_back({one.need_text("number"), one.need_text("title"), one.text("title_en")});
      one.finish();
    }
  }
  if (const Node* list = reader.find_list("entries")) {
    for (const Node& item : list->items) {
      MapReader one(item, "portal entry", context.faults);
      portal.entries.push_back({one.need_text("type"), one.need_text("title"), one.text("title_en"), one.text("help"),
                                one.text("help_en"), item.source});
      one.finish();
    }
  }
  portal.search = reader.text("search");
  if (const Node* list = reader.find_list("popular")) {
    for (const Node& item : list->items) {
      MapReader one(item, "portal popular", context.faults);
      portal.popular.push_back({one.need_text("register"), one.need_text("entry"), item.source});
      one.finish();
    }
  }
  reader.finish();
}

void check_portal(const Pack& pack, std::vector<Fault>& faults) {
  const Portal& portal = pack.portal;
  if (!portal.clause.empty() && !pack.find_clause(portal.clause)) {
    add_fault(faults, portal.source, "unknown-name", "portal: clauses.yaml has no clause `" + portal.clause + "`.");
  }
  for (const auto& [number, title, title_en] : portal.emergency) {
    const bool digits = !number.empty() && number.size() <= 20 && std::all_of(number.begin(), number.end(), [](char c) {
      return (c >= '0' && c <= '9') || c == '-';
    });
    if (!digits)
      add_fault(faults, portal.source, "form", "portal: `" + number + "` is no telephone number (digits and - only).");
  }
  const auto need_public = [&](const std::string& id, const Source& source) -> const RegisterType* {
    const RegisterType* reg = pack.find_register(id);
    if (!reg)
      add_fault(faults, source, "unknown-name", "portal: this pack has no register `" + id + "`.");
    else if (!reg->public_values)
      add_fault(faults, source, "portal",
                "portal: strangers may not read the register `" + id + "`. Set `public: values` in its file.");
    return reg;
  };
  if (!portal.search.empty()) need_public(portal.search, portal.source);
  for (const Portal::Popular& one : portal.popular) {
    const RegisterType* reg = need_public(one.reg, one.source);
    if (reg && std::none_of(reg->rows.begin(), reg->rows.end(), [&](const auto& row) { return row.id == one.entry; }))
      add_fault(faults, one.source, "unknown-name",
                "portal: the register `" + one.reg + "` has no entry `" + one.entry + "`.");
  }
  std::set<std::string> seen;
  for (const Portal::Entry& entry : portal.entries) {
    const CaseType* type = pack.find_case(entry.type);
    if (!type)
      add_fault(faults, entry.source, "unknown-name", "portal: this pack has no case type `" + entry.type + "`.");
    else if (type->public_opening != "yes")
      add_fault(
          faults, entry.source, "portal",
          "portal: `" + entry.type + "` may not be opened by everybody. Set `public_opening: yes` in its case file.");
    if (!seen.insert(entry.type).second)
      add_fault(faults, entry.source, "duplicate", "portal: the type `" + entry.type + "` has two entries.");
  }
}

}  // namespace tongban::pack
