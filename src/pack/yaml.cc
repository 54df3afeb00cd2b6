#include "pack/yaml.h"

#include <yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/text.h"

namespace tongban::pack {
namespace {

// Words of KERNEL and DESIGN that a pack may well use and that this version does not build.
constexpr std::array<std::string_view, 24> kKnownElsewhere = {
    "together", "ensure",       "plan",     "gather", "bundle", "correlate", "watch",   "obligations",
    "cells",    "credential",   "hold",     "merge",  "split",  "recount",   "counts",  "put",
    "reserve",  "commit_entry", "standing", "series", "relief", "indicator", "derived", "draw"};

class Events {
 public:
  Events(const std::string& file, std::string_view text, std::vector<Fault>& faults) : file_(file), faults_(faults) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Events() {
    if (has_event_) yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;

  // False at the end or after a fault that ends reading.
  bool next() {
    if (broken_) return false;
    if (has_event_) yaml_event_delete(&event_);
    has_event_ = yaml_parser_parse(&parser_, &event_) != 0;
    if (has_event_) return true;
    broken_ = true;
    std::string sentence = "YAML cannot be read here: " + std::string(parser_.problem ? parser_.problem : "unknown");
    if (parser_.context) sentence += " (" + std::string(parser_.context) + ")";
    sentence += ". Put free text that contains `: `, `#` or starts with `>`, `[`, `{` or `-` into quotes.";
    add_fault(faults_, {file_, static_cast<int>(parser_.problem_mark.line) + 1}, "yaml", std::move(sentence));
    return false;
  }
  yaml_event_type_t type() const { return event_.type; }
  const yaml_event_t& event() const { return event_; }
  Source source() const { return {file_, static_cast<int>(event_.start_mark.line) + 1}; }
  int column() const { return static_cast<int>(event_.start_mark.column) + 1; }
  void stop() { broken_ = true; }
  bool broken() const { return broken_; }
  void fault(Source source, std::string_view code, std::string sentence) {
    add_fault(faults_, std::move(source), code, std::move(sentence));
  }
  bool count_node() {
    if (++nodes_ <= kYamlMaxNodes) return true;
    fault(source(), "yaml-bound", "The file has more than " + std::to_string(kYamlMaxNodes) + " values. Split it.");
    stop();
    return false;
  }

 private:
  std::string file_;
  std::vector<Fault>& faults_;
  yaml_parser_t parser_{};
  yaml_event_t event_{};
  bool has_event_ = false;
  bool broken_ = false;
  size_t nodes_ = 0;
};

bool has_wide_separator(std::string_view text) {
  return text.find("，") != std::string_view::npos || text.find("：") != std::string_view::npos;
}

// The event is the start of a node; leaves the events at its end.
Node read_node(Events& events, int depth, bool in_flow_list);

void check_marks(Events& events, const yaml_char_t* anchor, const yaml_char_t* tag) {
  if (anchor) events.fault(events.source(), "yaml-anchor", "Anchors (&name) are not allowed. Write the value out.");
  if (tag) events.fault(events.source(), "yaml-tag", "Tags (!name) are not allowed. All values are texts.");
}

Node read_scalar(Events& events, bool in_flow_list) {
  const auto& scalar = events.event().data.scalar;
  Node node;
  node.source = events.source();
  node.column = events.column();
  node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
  node.quoted = scalar.style != YAML_PLAIN_SCALAR_STYLE;
  check_marks(events, scalar.anchor, scalar.tag);
  if (in_flow_list && !node.quoted && has_wide_separator(node.text)) {
    events.fault(
        node.source, "yaml-wide",
        "Full-width ， or ： in the list item `" + node.text +
            "`. Lists are separated by the half-width comma `,`; put the item into quotes if the mark belongs to it.");
  }
  return node;
}

Node read_list(Events& events, int depth) {
  Node node;
  node.kind = Node::Kind::list;
  node.source = events.source();
  node.column = events.column();
  const auto& start = events.event().data.sequence_start;
  check_marks(events, start.anchor, start.tag);
  const bool flow = start.style == YAML_FLOW_SEQUENCE_STYLE;
  while (events.next() && events.type() != YAML_SEQUENCE_END_EVENT) {
    Node item = read_node(events, depth + 1, flow);
    if (events.broken()) break;
    if (item.is_scalar() && item.text.empty() && !item.quoted) {
      events.fault(item.source, "yaml-empty", "An empty list item. Write a value or remove the line.");
      continue;
    }
    node.items.push_back(std::move(item));
  }
  return node;
}

Node read_map(Events& events, int depth) {
  Node node;
  node.kind = Node::Kind::map;
  node.source = events.source();
  node.column = events.column();
  const auto& start = events.event().data.mapping_start;
  check_marks(events, start.anchor, start.tag);
  const bool flow = start.style == YAML_FLOW_MAPPING_STYLE;
  std::set<std::string> keys;
  while (events.next() && events.type() != YAML_MAPPING_END_EVENT) {
    const Node key = read_node(events, depth + 1, false);
    if (events.broken() || !events.next()) break;
    Node value = read_node(events, depth + 1, false);
    if (events.broken()) break;
    if (!key.is_scalar() || key.text.empty()) {
      events.fault(key.source, "yaml-key", "A key must be a word. No expression may stand inside braces or brackets.");
      continue;
    }
    if (!key.quoted && has_wide_separator(key.text)) {
      events.fault(
          key.source, "yaml-wide",
          "Full-width ， or ： in the key `" + key.text + "`. Keys end with the half-width `: ` (with a space).");
      continue;
    }
    if (!keys.insert(key.text).second) {
      events.fault(key.source, "yaml-duplicate",
                   "The key `" + key.text + "` stands here a second time. Remove one of them.");
      continue;
    }
    if (value.is_scalar() && value.text.empty() && !value.quoted) {
      events.fault(key.source, "yaml-empty",
                   flow ? "`" + key.text +
                              "` has no value. A comma inside a text separates entries here: put the text into quotes."
                        : "`" + key.text + "` has no value. Write one, or remove the key.");
      continue;
    }
    Source source = key.source;
    node.entries.push_back({key.text, std::move(source), std::move(value)});
  }
  return node;
}

Node read_node(Events& events, int depth, bool in_flow_list) {
  Node none;
  none.source = events.source();
  if (!events.count_node()) return none;
  if (depth > kYamlMaxDepth) {
    events.fault(events.source(), "yaml-bound", "Nested deeper than " + std::to_string(kYamlMaxDepth) + " levels.");
    events.stop();
    return none;
  }
  switch (events.type()) {
    case YAML_SCALAR_EVENT:
      return read_scalar(events, in_flow_list);
    case YAML_SEQUENCE_START_EVENT:
      return read_list(events, depth);
    case YAML_MAPPING_START_EVENT:
      return read_map(events, depth);
    case YAML_ALIAS_EVENT:
      events.fault(events.source(), "yaml-anchor", "References (*name) are not allowed. Write the value out.");
      none.quoted = true;
      return none;
    default:
      return none;
  }
}

}  // namespace

std::string to_text(const Fault& fault) {
  return fault.source.file + ":" + std::to_string(fault.source.line) + ": " + fault.sentence;
}

void sort_faults(std::vector<Fault>& faults) {
  std::stable_sort(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) {
    if (a.source.file != b.source.file) return a.source.file < b.source.file;
    if (a.source.line != b.source.line) return a.source.line < b.source.line;
    return a.sentence < b.sentence;
  });
  faults.erase(std::unique(faults.begin(), faults.end()), faults.end());
}

const Node* Node::find(std::string_view key) const {
  for (const auto& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::vector<Node> parse_yaml_documents(const std::string& file, std::string_view text, std::vector<Fault>& faults) {
  std::vector<Node> documents;
  if (text.size() > kYamlMaxBytes) {
    add_fault(faults, {file, 1}, "yaml-bound", "The file is larger than " + std::to_string(kYamlMaxBytes) + " bytes.");
    return documents;
  }
  if (!is_valid_utf8(text)) {
    add_fault(faults, {file, 1}, "yaml", "The file is not valid UTF-8. Save it as UTF-8.");
    return documents;
  }
  Events events(file, text, faults);
  while (events.next() && events.type() != YAML_STREAM_END_EVENT) {
    if (events.type() != YAML_DOCUMENT_START_EVENT || !events.next()) continue;
    Node node = read_node(events, 0, false);
    const bool empty = node.is_scalar() && node.text.empty();
    if (!empty) documents.push_back(std::move(node));
  }
  return documents;
}

std::optional<Node> parse_yaml(const std::string& file, std::string_view text, std::vector<Fault>& faults) {
  const size_t before = faults.size();
  auto documents = parse_yaml_documents(file, text, faults);
  if (documents.empty()) {
    if (faults.size() == before) add_fault(faults, {file, 1}, "yaml-empty", "The file is empty.");
    return std::nullopt;
  }
  if (documents.size() > 1) {
    add_fault(faults, documents[1].source, "yaml", "Only one document may stand in this file; remove the line `---`.");
  }
  return std::move(documents.front());
}

feel::Value to_value(const Node& node) {
  switch (node.kind) {
    case Node::Kind::scalar:
      return feel::Value::text(node.text);
    case Node::Kind::list: {
      feel::List list;
      for (const auto& item : node.items) list.push_back(to_value(item));
      return feel::Value::list(std::move(list));
    }
    case Node::Kind::map: {
      feel::Context context;
      for (const auto& entry : node.entries) context.emplace_back(entry.key, to_value(entry.value));
      return feel::Value::context(std::move(context));
    }
  }
  return {};
}

MapReader::MapReader(const Node& node, std::string what, std::vector<Fault>& faults)
    : node_(node), what_(std::move(what)), faults_(faults), is_map_(node.is_map()) {
  if (!is_map_) add_fault(faults_, node_.source, "form", what_ + ": a map of keys was expected here, `key: value`.");
}

const Node* MapReader::find(std::string_view key) {
  known_.emplace_back(key);
  return node_.find(key);
}

std::string MapReader::text(std::string_view key) {
  const Node* node = find(key);
  if (!node) return {};
  if (!node->is_scalar()) {
    add_fault(faults_, node->source, "form",
              what_ + ": `" + std::string(key) + "` must be one text, not a list or map.");
    return {};
  }
  return node->text;
}

std::string MapReader::need_text(std::string_view key) {
  std::string value = text(key);
  if (is_map_ && !node_.find(key)) {
    add_fault(faults_, node_.source, key == "title" ? "no-title" : "missing",
              what_ + ": `" + std::string(key) + "` is missing.");
  }
  return value;
}

bool MapReader::yes_no(std::string_view key) {
  const Node* node = find(key);
  if (!node) return false;
  if (node->is_scalar() && (node->text == "yes" || node->text == "true")) return true;
  if (node->is_scalar() && (node->text == "no" || node->text == "false")) return false;
  add_fault(faults_, node->source, "form", what_ + ": `" + std::string(key) + "` must be yes or no.");
  return false;
}

std::optional<int64_t> MapReader::number(std::string_view key) {
  const Node* node = find(key);
  if (!node) return std::nullopt;
  int64_t value = 0;
  const char* end = node->text.data() + node->text.size();
  const auto [last, error] = std::from_chars(node->text.data(), end, value);
  if (node->is_scalar() && error == std::errc() && last == end) return value;
  add_fault(faults_, node->source, "form", what_ + ": `" + std::string(key) + "` must be a whole number.");
  return std::nullopt;
}

std::vector<std::string> MapReader::texts(std::string_view key) {
  const Node* node = find(key);
  std::vector<std::string> values;
  if (!node) return values;
  if (node->is_scalar()) {
    if (!node->quoted && has_wide_separator(node->text)) {
      add_fault(
          faults_, node->source, "yaml-wide",
          what_ + ": full-width ， or ： in `" + node->text + "`. A list is written [a, b] with half-width commas.");
    }
    values.push_back(node->text);
    return values;
  }
  for (const auto& item : node->items) {
    if (item.is_scalar())
      values.push_back(item.text);
    else
      add_fault(faults_, item.source, "form", what_ + ": `" + std::string(key) + "` must be a list of words.");
  }
  if (node->is_map()) {
    add_fault(faults_, node->source, "form", what_ + ": `" + std::string(key) + "` must be a list of words, [a, b].");
  }
  return values;
}

std::vector<std::pair<std::string, std::string>> MapReader::text_map(std::string_view key) {
  std::vector<std::pair<std::string, std::string>> values;
  const Node* node = find_map(key);
  if (!node) return values;
  for (const auto& entry : node->entries) {
    if (entry.value.is_scalar())
      values.emplace_back(entry.key, entry.value.text);
    else
      add_fault(faults_, entry.source, "form", what_ + ": `" + entry.key + "` must be one text.");
  }
  return values;
}

const Node* MapReader::find_map(std::string_view key) {
  const Node* node = find(key);
  if (!node || node->is_map()) return node;
  add_fault(faults_, node->source, "form", what_ + ": `" + std::string(key) + "` must be a map, {key: value}.");
  return nullptr;
}

const Node* MapReader::find_list(std::string_view key) {
  const Node* node = find(key);
  if (!node || node->is_list()) return node;
  add_fault(faults_, node->source, "form", what_ + ": `" + std::string(key) + "` must be a list.");
  return nullptr;
}

Source MapReader::source_of(std::string_view key) const {
  for (const auto& entry : node_.entries) {
    if (entry.key == key) return entry.source;
  }
  return node_.source;
}

void MapReader::not_supported(std::string_view key) {
  if (find(key)) {
    add_fault(faults_, source_of(key), "not-supported", what_ + ": `" + std::string(key) + "` is not supported yet.");
  }
}

void MapReader::finish() {
  if (!is_map_) return;
  for (const auto& entry : node_.entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    if (std::find(kKnownElsewhere.begin(), kKnownElsewhere.end(), entry.key) != kKnownElsewhere.end()) {
      add_fault(faults_, entry.source, "not-supported", what_ + ": `" + entry.key + "` is not supported yet.");
      continue;
    }
    const std::string near = nearest_word(entry.key, known_);
    std::string sentence = what_ + ": the key `" + entry.key + "` is not known here.";
    if (!near.empty()) sentence += " Did you mean `" + near + "`?";
    add_fault(faults_, entry.source, "unknown-key", std::move(sentence));
  }
}

}  // namespace tongban::pack
