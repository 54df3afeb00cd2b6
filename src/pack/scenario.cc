#include "pack/scenario.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "calendar/calendar.h"
#include "pack/files.h"

namespace tongban::pack {
namespace {

// Takes a weekday written with the instant ("2021-03-22 16:00 星期一", "2021-03-22（周一）16:00") out of the text.
// Gives 1…7, or 0 when none is written.
int take_weekday(std::string& text) {
  static constexpr std::string_view kDays[] = {"一", "二", "三", "四", "五", "六", "日", "天"};
  for (const std::string_view prefix : {"星期", "周"}) {
    for (size_t i = 0; i < std::size(kDays); ++i) {
      const std::string word = std::string(prefix) + std::string(kDays[i]);
      for (const std::string& form : {"（" + word + "）", "(" + word + ")", word}) {
        const size_t at = text.find(form);
        if (at == std::string::npos) continue;
        text.replace(at, form.size(), " ");
        text = replace_all(std::string(trim(text)), "  ", " ");
        return i == 7 ? 7 : static_cast<int>(i) + 1;
      }
    }
  }
  return 0;
}

// The instant of a step; a bare date is refused, because order within the day matters.
std::optional<Instant> read_instant(const Node& node, const std::string& weekday_key, std::vector<Fault>& faults) {
  std::string text = node.text;
  int weekday = take_weekday(text);
  if (weekday == 0 && !weekday_key.empty()) {
    std::string rest = weekday_key;
    weekday = take_weekday(rest);
    if (weekday == 0)
      add_fault(faults, node.source, "scenario-weekday", "`" + weekday_key + "` is no weekday (星期一…星期日).");
  }
  const auto instant = parse_instant(text);
  if (!instant.ok()) {
    add_fault(faults, node.source, "scenario-instant",
              "`" + node.text + "` is no instant. Write 2021-03-22 16:00, the weekday may follow.");
    return std::nullopt;
  }
  const Date day = local_date(*instant);
  if (weekday != 0 && day.weekday() != weekday) {
    add_fault(faults, node.source, "scenario-weekday",
              to_text(day) + " is a " + std::string(calendar::weekday_in_chinese(day)) + ", not what is written (`" +
                  node.text + "`).");
  }
  return *instant;
}

std::vector<std::pair<std::string, feel::Value>> read_values(const Node& node) {
  std::vector<std::pair<std::string, feel::Value>> values;
  for (const auto& entry : node.entries) values.emplace_back(entry.key, to_value(entry.value));
  return values;
}

std::optional<std::string> optional_text(MapReader& reader, std::string_view key) {
  std::string text = reader.text(key);
  if (text.empty()) return std::nullopt;
  return text;
}

Expectation read_expectation(const Node& node, std::vector<Fault>& faults) {
  Expectation e;
  MapReader reader(node, "then", faults);
  e.sources.push_back(node.source);
  e.state = optional_text(reader, "state");
  e.outcome = optional_text(reader, "outcome");
  e.holder = optional_text(reader, "holder");
  e.asked = optional_text(reader, "asked");
  e.due = reader.text_map("due");
  e.sent = reader.text_map("sent");
  e.counted = reader.text_map("counted");
  if (const Node* assigned = reader.find_map("assigned")) {
    for (const auto& entry : assigned->entries) {
      std::vector<std::string> units;
      if (entry.value.is_scalar()) {
        if (entry.value.text != "none") units.push_back(entry.value.text);
      }
      for (const auto& item : entry.value.items) units.push_back(item.text);
      e.assigned.emplace_back(entry.key, std::move(units));
    }
  }
  if (const Node* fields = reader.find_map("fields")) e.fields = read_values(*fields);
  e.basis = reader.texts("basis");
  e.late = reader.texts("late");
  e.not_late = reader.texts("not_late");
  e.running = reader.texts("running");
  e.stopped = reader.texts("stopped");
  e.force = reader.text_map("force");
  if (reader.find("holders")) e.holders = reader.texts("holders");
  e.flags = reader.texts("flags");
  e.not_flags = reader.texts("not_flags");
  e.opened = reader.texts("opened");
  reader.finish();
  return e;
}

std::optional<ScenarioStep> read_step(const Node& node, std::vector<Fault>& faults) {
  ScenarioStep step;
  step.source = node.source;
  MapReader reader(node, "step", faults);
  const std::string weekday = reader.text("weekday");
  const std::string at_text = reader.need_text("at");
  bool usable = node.is_map();
  if (!at_text.empty()) {
    const auto at = read_instant(*node.find("at"), weekday, faults);
    if (at)
      step.at = *at;
    else
      usable = false;
  } else {
    usable = false;
  }
  const std::string nothing = reader.text("nothing");
  const std::string who = reader.text("who");
  step.does = reader.text("does");
  step.on = reader.text("on");
  if (!nothing.empty()) {
    step.nothing = true;
    step.who = parse_actor("计时");
    if (nothing != "happens") add_fault(faults, node.source, "scenario", "Write `nothing: happens`.");
    if (!who.empty() || !step.does.empty()) {
      add_fault(faults, node.source, "scenario",
                "Where nothing happens nobody does anything: remove `who` and `does`.");
    }
  } else {
    if (who.empty())
      add_fault(faults, node.source, "scenario",
                "step: `who` is missing: 姓名（单位名）, 来电人, 市民, or `nothing: happens`.");
    if (step.does.empty())
      add_fault(faults, node.source, "scenario", "step: `does` is missing: the id of an action, or open.");
    step.who = parse_actor(who);
  }
  if (const Node* with = reader.find_map("with")) step.with = read_values(*with);
  if (const Node* then = reader.find_map("then")) {
    step.then = read_expectation(*then, faults);
    step.has_then = true;
  }
  if (const Node* here = reader.find_map("here")) {
    step.here = read_expectation(*here, faults);
    step.has_here = true;
  }
  step.rejected = optional_text(reader, "rejected");
  if (step.rejected && step.has_then) {
    const auto& e = step.then;
    if (e.state || e.outcome || !e.sent.empty() || !e.opened.empty()) {
      add_fault(faults, node.source, "scenario",
                "A rejected step changes nothing: it cannot have an outcome, letters or opened cases.");
    }
  }
  reader.finish();
  if (!usable) return std::nullopt;
  return step;
}

// One view for each of those who look.
void read_view(const Node& node, std::vector<ScenarioView>& views, std::vector<Fault>& faults) {
  ScenarioView view;
  view.source = node.source;
  MapReader reader(node, "view", faults);
  std::vector<std::string> people = reader.texts("who");
  if (people.empty()) {
    add_fault(faults, node.source, "scenario", "view: `who` is missing: who looks?");
    people.emplace_back();
  }
  view.sees = reader.texts("sees");
  if (view.sees.size() == 1 && view.sees[0] == "nothing") {
    view.sees.clear();
    view.sees_nothing = true;
  }
  view.not_sees = reader.texts("not");
  reader.finish();
  if (node.is_map() && !view.sees_nothing && view.sees.empty() && view.not_sees.empty()) {
    add_fault(faults, node.source, "scenario", "view: write `sees: nothing`, `sees: [field, …]` or `not: [field, …]`.");
  }
  for (const std::string& person : people) {
    view.who = parse_actor(person);
    views.push_back(view);
  }
}

void read_example_value(ScenarioExample& example, const std::string& key, const Node& value,
                        std::vector<Fault>& faults) {
  if (key == "at") {
    example.at = read_instant(value, "", faults);
  } else if (key == "why") {
    example.why = value.text;
  } else if (key == "due") {
    if (value.is_scalar()) example.due.emplace_back("", value.text);
    for (const auto& entry : value.entries) example.due.emplace_back(entry.key, entry.value.text);
  } else if (key.starts_with("due.")) {
    example.due.emplace_back(key.substr(4), value.text);
  } else {
    example.values.emplace_back(key, to_value(value));
  }
}

std::vector<ScenarioExample> read_examples(const std::string& file, const std::string& directory, const Node& node,
                                           std::vector<Fault>& faults) {
  std::vector<ScenarioExample> examples;
  if (node.is_scalar()) {  // a spreadsheet beside the file
    const std::string csv_file = join_path(parent_path(file), node.text);
    const auto text = read_file(join_path(directory, node.text));
    if (!text.ok()) {
      add_fault(faults, node.source, "missing-file", "The file of examples `" + node.text + "` cannot be read.");
      return examples;
    }
    const auto rows = parse_csv(csv_file, *text, faults);
    for (size_t i = 1; i < rows.size(); ++i) {
      ScenarioExample example;
      example.source = rows[i].source;
      for (size_t c = 0; c < rows[i].cells.size() && c < rows[0].cells.size(); ++c) {
        if (rows[i].cells[c].empty()) continue;
        Node cell;
        cell.source = rows[i].source;
        cell.text = rows[i].cells[c];
        read_example_value(example, rows[0].cells[c], cell, faults);
      }
      examples.push_back(std::move(example));
    }
    return examples;
  }
  for (const auto& item : node.items) {
    ScenarioExample example;
    example.source = item.source;
    for (const auto& entry : item.entries) read_example_value(example, entry.key, entry.value, faults);
    examples.push_back(std::move(example));
  }
  return examples;
}

Scenario read_scenario(const std::string& file, const std::string& directory, const Node& node,
                       std::vector<Fault>& faults) {
  Scenario s;
  s.source = node.source;
  MapReader reader(node, "scenario", faults);
  s.name = reader.need_text("scenario");
  s.clauses = reader.texts("clause");
  s.shows = reader.texts("shows");
  s.world = reader.text("world");
  s.case_type = reader.text("case");
  const Node* given = reader.find("given");
  if (given && given->is_map()) {
    MapReader given_reader(*given, "given", faults);
    s.after = given_reader.text("after");
    s.parameters = given_reader.text_map("parameters");
    given_reader.finish();
  } else if (given && given->text != "nothing") {
    add_fault(faults, given->source, "scenario",
              "`given` is {after: name of another scenario, parameters: {name: value}} or nothing.");
  }
  if (const Node* steps = reader.find_list("steps")) {
    for (const auto& item : steps->items) {
      if (auto step = read_step(item, faults)) s.steps.push_back(std::move(*step));
    }
  }
  for (size_t i = 1; i < s.steps.size(); ++i) {
    if (s.steps[i].at < s.steps[i - 1].at) {
      add_fault(faults, s.steps[i].source, "scenario-order",
                "This step lies before the one above it. Steps stand in order of time.");
    }
  }
  if (const Node* views = reader.find_list("views")) {
    for (const auto& item : views->items) read_view(item, s.views, faults);
  }
  if (const Node* examples = reader.find("examples")) s.examples = read_examples(file, directory, *examples, faults);
  reader.finish();
  const bool opens = !s.steps.empty() && s.steps.front().does == "open";
  s.start = s.after.empty();
  if (!given && !opens && s.examples.empty() && node.is_map()) {
    add_fault(faults, s.source, "scenario-given",
              "scenario `" + s.name +
                  "`: `given` is missing. Write {after: name of another scenario}, or begin with `does: open`.");
  }
  if (opens && s.case_type.empty()) {
    add_fault(faults, s.source, "scenario",
              "scenario `" + s.name + "`: `case` is missing: which case type does the first step open?");
  }
  if (!node.find("steps") && s.views.empty() && s.examples.empty() && node.is_map()) {
    add_fault(faults, s.source, "scenario",
              "scenario `" + s.name + "` has no steps, views or examples: it shows nothing.");
  }
  return s;
}

}  // namespace

ScenarioActor parse_actor(std::string_view text) {
  ScenarioActor actor;
  actor.text = std::string(trim(text));
  const std::string& t = actor.text;
  if (t == "来电人")
    actor.kind = ScenarioActor::Kind::caller;
  else if (t == "市民")
    actor.kind = ScenarioActor::Kind::anyone;
  else if (t == "计时")
    actor.kind = ScenarioActor::Kind::timer;
  if (actor.kind != ScenarioActor::Kind::person) return actor;
  for (const auto& [open, close] : {std::pair<std::string_view, std::string_view>{"（", "）"}, {"(", ")"}}) {
    const size_t from = t.find(open);
    if (from == std::string::npos) continue;
    const size_t to = t.rfind(close);
    actor.person = std::string(trim(std::string_view(t).substr(0, from)));
    const size_t start = from + open.size();
    actor.unit = std::string(trim(
        std::string_view(t).substr(start, to == std::string::npos || to < start ? std::string::npos : to - start)));
    return actor;
  }
  actor.person = t;
  return actor;
}

std::vector<Scenario> parse_scenarios(const std::string& file, std::string_view text, std::vector<Fault>& faults,
                                      const std::string& directory) {
  std::vector<Scenario> scenarios;
  for (const Node& node : parse_yaml_documents(file, text, faults)) {
    if (node.is_list()) {
      for (const Node& item : node.items) scenarios.push_back(read_scenario(file, directory, item, faults));
    } else {
      scenarios.push_back(read_scenario(file, directory, node, faults));
    }
  }
  return scenarios;
}

std::vector<Scenario> load_scenarios(const std::string& pack_directory, std::vector<Fault>& faults) {
  std::vector<Scenario> all;
  for (const std::string& name : list_files(join_path(pack_directory, "scenarios"))) {
    if (!name.ends_with(".yaml")) continue;
    const std::string directory = join_path(pack_directory, "scenarios");
    const std::string file = file_name(pack_directory) + "/scenarios/" + name;
    const auto text = read_file(join_path(directory, name));
    if (!text.ok()) {
      add_fault(faults, {file, 0}, "missing-file", text.error().message);
      continue;
    }
    for (auto& scenario : parse_scenarios(file, *text, faults, directory)) all.push_back(std::move(scenario));
  }
  std::map<std::string, size_t> by_name;
  for (size_t i = 0; i < all.size(); ++i) {
    if (!all[i].name.empty() && !by_name.emplace(all[i].name, i).second) {
      add_fault(
          faults, all[i].source, "duplicate",
          "A scenario named `" + all[i].name + "` stands already in " + all[by_name[all[i].name]].source.file + ".");
    }
  }
  std::vector<std::string> names;
  for (const auto& [name, index] : by_name) names.push_back(name);
  // 0 not yet, 1 placed. Passes until nothing more can be placed: what is left stands in a circle.
  std::vector<char> placed(all.size(), 0);
  std::vector<Scenario> ordered;
  for (bool moved = true; moved;) {
    moved = false;
    for (size_t i = 0; i < all.size(); ++i) {
      if (placed[i]) continue;
      const auto found = by_name.find(all[i].after);
      if (!all[i].after.empty() && found != by_name.end() && !placed[found->second]) continue;
      if (!all[i].after.empty() && found == by_name.end()) {
        const std::string near = nearest_word(all[i].after, names);
        add_fault(faults, all[i].source, "unknown-name",
                  "scenario `" + all[i].name + "` goes on after `" + all[i].after + "`, which does not exist." +
                      (near.empty() ? "" : " Did you mean `" + near + "`?"));
      }
      placed[i] = 1;
      moved = true;
      ordered.push_back(all[i]);
    }
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (placed[i]) continue;
    add_fault(faults, all[i].source, "scenario-circle",
              "scenario `" + all[i].name + "` goes on after itself, in a circle.");
  }
  return ordered;
}

}  // namespace tongban::pack
