// Reactions in a circle: acts that make each other happen with no person and no clock between.
#include <optional>
#include <set>

#include "pack/check_parts.h"

namespace tongban::pack {

void check_reaction_circles(const Pack& pack, std::vector<Fault>& faults) {
  // Nodes are acts; an edge says: this act makes that act happen, with no person and no clock between.
  struct Edge {
    size_t to;
    Source source;
    std::string by;
  };
  std::vector<std::pair<const CaseType*, const Action*>> nodes;
  for (const auto& type : pack.cases) {
    for (const auto* action : all_acts(type)) nodes.emplace_back(&type, action);
  }
  const auto node_of = [&](const CaseType* type, std::string_view action) -> std::optional<size_t> {
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (nodes[i].first == type && nodes[i].second->id == action) return i;
    }
    return std::nullopt;
  };
  std::vector<std::vector<Edge>> edges(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto& [type, action] = nodes[i];
    for (const auto& outcome : action->outcomes) {
      for (const auto& open : outcome.open) {
        if (const auto to = node_of(pack.find_case(open.case_type), "open"))
          edges[i].push_back({*to, outcome.source, "action " + action->id});
      }
    }
    for (const auto& reaction : type->reactions) {
      if (reaction.trigger == Reaction::Trigger::late) continue;
      const bool fires = reaction.trigger == Reaction::Trigger::action
                             ? reaction.of == action->id
                             : std::any_of(action->outcomes.begin(), action->outcomes.end(),
                                           [&, of = reaction.of](const Outcome& o) { return o.to == of; });
      if (!fires) continue;
      if (reaction.open) {
        if (const auto to = node_of(pack.find_case(reaction.open->case_type), "open"))
          edges[i].push_back({*to, reaction.source, "reaction " + reaction.id});
      }
      if (reaction.act.empty()) continue;
      for (const auto& other : pack.cases) {
        const bool linked =
            std::any_of(
                other.links.begin(), other.links.end(),
                [&, type = type](const LinkKind& l) { return l.id == reaction.link_kind && l.to == type->id; }) ||
            std::any_of(type->links.begin(), type->links.end(),
                        [&](const LinkKind& l) { return l.id == reaction.link_kind && l.to == other.id; });
        if (!linked) continue;
        if (const auto to = node_of(&other, reaction.act))
          edges[i].push_back({*to, reaction.source, "reaction " + reaction.id});
      }
    }
  }
  for (size_t start = 0; start < nodes.size(); ++start) {
    for (const auto& first : edges[start]) {
      std::set<size_t> seen{first.to};
      std::vector<size_t> row{first.to};
      while (!row.empty()) {
        const size_t at = row.back();
        row.pop_back();
        for (const auto& edge : edges[at]) {
          if (seen.insert(edge.to).second) row.push_back(edge.to);
        }
      }
      if (seen.contains(start)) {
        add_fault(faults, first.source, "reaction-circle",
                  "case " + nodes[start].first->id + ": " + first.by +
                      " leads back to itself without a person or a clock between: cases would be made without end.");
      }
    }
  }
}

}  // namespace tongban::pack
