#include <charconv>

#include "base/text.h"
#include "facility/demo/demo.h"
#include "pack/files.h"
#include "pack/yaml.h"

namespace tongban::facility {
namespace {

using pack::Fault;
using pack::MapReader;
using pack::Node;

std::optional<int64_t> whole(std::string_view text) {
  int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// "09:24" as minutes of the day.
std::optional<int> clock_time(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = whole(text.substr(0, 2)), minute = whole(text.substr(3));
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  return static_cast<int>(*hour * 60 + *minute);
}

// "30 09:24" or "0 +15".
bool read_time(std::string_view text, int64_t& day, std::optional<int>& minute_of_day, int64_t& minutes) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return false;
  const auto days = whole(text.substr(0, space));
  const std::string_view rest = text.substr(space + 1);
  if (!days || rest.empty()) return false;
  day = *days;
  if (rest.front() == '+') {
    const auto after = whole(rest.substr(1));
    if (after) minutes = *after;
    return after.has_value();
  }
  minute_of_day = clock_time(rest);
  return minute_of_day.has_value();
}

std::vector<std::pair<std::string, feel::Value>> values_of(const Node* node) {
  std::vector<std::pair<std::string, feel::Value>> values;
  if (!node) return values;
  for (const Node::Entry& entry : node->entries) values.emplace_back(entry.key, pack::to_value(entry.value));
  return values;
}

std::vector<DemoStep> read_life(const Node& node, const std::string& life, std::vector<Fault>& faults) {
  std::vector<DemoStep> steps;
  for (const Node& item : node.items) {
    MapReader reader(item, "step of " + life, faults);
    DemoStep step;
    const std::string at = reader.need_text("at");
    if (!read_time(at, step.day, step.minute_of_day, step.minutes)) {
      add_fault(faults, item.source, "demo-time",
                "The time of a step is \"N HH:MM\" or \"N +MINUTES\", not \"" + at + "\".");
    }
    step.does = reader.need_text("does");
    step.who = reader.text("who");
    step.on = reader.text("on");
    if (const Node* with = reader.find("with")) {
      if (with->is_map())
        step.with = values_of(with);
      else if (with->is_scalar() && with->text == "accept")
        step.with_accept = true;
      else
        add_fault(faults, with->source, "demo-with", "`with` is a map of form fields, or the word accept.");
    }
    reader.finish();
    steps.push_back(std::move(step));
  }
  return steps;
}

std::optional<Node> read_yaml(const std::string& directory, const std::string& name, std::vector<Fault>& faults) {
  const Result<std::string> text = pack::read_file(pack::join_path(directory, name));
  if (!text.ok()) {
    add_fault(faults, {.file = name}, "demo-file", text.error().message);
    return std::nullopt;
  }
  return pack::parse_yaml(name, *text, faults);
}

DemoRequest read_request(const Node& item, const Demo& demo, std::vector<Fault>& faults) {
  MapReader reader(item, "request", faults);
  DemoRequest request;
  request.source = item.source;
  request.life = reader.need_text("life");
  request.channel = reader.text("channel");
  const std::string opened = reader.need_text("opened");
  std::optional<int> minute;
  int64_t minutes = 0;
  if (!read_time(opened, request.days_ago, minute, minutes) || !minute) {
    add_fault(faults, item.source, "demo-time",
              "`opened` is \"N HH:MM\": working days before today and the time, not \"" + opened + "\".");
  }
  request.minute_of_day = minute.value_or(0);
  request.form = values_of(reader.find_map("form"));
  request.accept = values_of(reader.find_map("accept"));
  request.texts = values_of(reader.find_map("texts"));
  reader.finish();
  bool known = false;
  for (const auto& [name, steps] : demo.lives) known = known || name == request.life;
  if (!known) add_fault(faults, item.source, "demo-life", "lives.yaml has no life \"" + request.life + "\".");
  return request;
}

}  // namespace

std::optional<Demo> read_demo(const std::string& directory, std::vector<Fault>& faults) {
  const auto lives = read_yaml(directory, "lives.yaml", faults);
  const auto requests = read_yaml(directory, "requests.yaml", faults);
  if (!lives || !requests) return std::nullopt;
  Demo demo;
  {
    MapReader reader(*lives, "lives.yaml", faults);
    if (const Node* map = reader.find_map("lives")) {
      for (const Node::Entry& entry : map->entries)
        demo.lives.emplace_back(entry.key, read_life(entry.value, entry.key, faults));
    }
    reader.finish();
  }
  MapReader reader(*requests, "requests.yaml", faults);
  const std::string type = reader.need_text("case");
  demo.pack = type.substr(0, type.find('/'));
  demo.type = type.find('/') == std::string::npos ? "" : type.substr(type.find('/') + 1);
  demo.story = reader.text("story");
  if (const Node* list = reader.find_list("accounts")) {
    for (const Node& item : list->items) {
      MapReader account(item, "account", faults);
      demo.accounts.emplace_back(account.need_text("position"), account.need_text("unit"));
      account.finish();
    }
  }
  if (const Node* list = reader.find_list("requests")) {
    for (const Node& item : list->items) demo.requests.push_back(read_request(item, demo, faults));
  }
  reader.finish();
  return demo;
}

}  // namespace tongban::facility
