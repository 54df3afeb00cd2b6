// The YAML of packs, as a small tree with positions: libyaml's events, narrowed to what a clerk can read without
// surprise (KERNEL §11). Every scalar is a string. Refused, each with a hint: duplicate keys, anchors, aliases, tags,
// empty values, full-width ，： in keys and flow lists, and anything beyond the bounds below.
// Pure; libyaml stands behind it in yaml.cc only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "feel/value.h"
#include "pack/fault.h"

namespace tongban::pack {

inline constexpr size_t kYamlMaxBytes = 4'000'000;  // one file
inline constexpr size_t kYamlMaxNodes = 200'000;    // one file
inline constexpr int kYamlMaxDepth = 24;

struct Node {
  enum class Kind { scalar, list, map };
  struct Entry;
  Kind kind = Kind::scalar;
  std::string text;            // scalar
  bool quoted = false;         // scalar written in quotes or as a block
  std::vector<Node> items;     // list
  std::vector<Entry> entries;  // map, in order of the file; keys are unique
  Source source;
  int column = 0;

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
  const Node* find(std::string_view key) const;  // nullptr when absent or no map
};
struct Node::Entry {
  std::string key;
  Source source;
  Node value;
};

// All documents of a file (separated by ---). Faults are added; what could be read is returned.
std::vector<Node> parse_yaml_documents(const std::string& file, std::string_view text, std::vector<Fault>& faults);
// One document; more than one is a fault. Empty when nothing could be read.
std::optional<Node> parse_yaml(const std::string& file, std::string_view text, std::vector<Fault>& faults);

// Scalars as texts, lists and maps as FEEL lists and contexts; types are put in by who knows them (feel::coerce).
feel::Value to_value(const Node& node);

// Reads one map: each key asked for is known, and `finish` names every other one (with the nearest known key, or "not
// supported yet" for what KERNEL describes and this version does not build).
class MapReader {
 public:
  // `what` names the thing in messages: "action dispatch". A node that is no map is a fault and reads as empty.
  MapReader(const Node& node, std::string what, std::vector<Fault>& faults);
  ~MapReader() = default;

  const Node* find(std::string_view key);       // any kind; nullptr when absent
  std::string text(std::string_view key);       // "" when absent
  std::string need_text(std::string_view key);  // absent: a fault
  bool yes_no(std::string_view key);            // absent: no
  std::optional<int64_t> number(std::string_view key);
  std::vector<std::string> texts(std::string_view key);  // a scalar counts as a list of one
  std::vector<std::pair<std::string, std::string>> text_map(std::string_view key);
  const Node* find_map(std::string_view key);  // nullptr when absent; another kind is a fault
  const Node* find_list(std::string_view key);
  Source source_of(std::string_view key) const;  // of the value; the map's own when absent
  // A key that KERNEL knows and this version does not build: its presence is a fault.
  void not_supported(std::string_view key);
  void finish();

 private:
  const Node& node_;
  std::string what_;
  std::vector<Fault>& faults_;
  std::vector<std::string> known_;
  bool is_map_ = false;
};

}  // namespace tongban::pack
