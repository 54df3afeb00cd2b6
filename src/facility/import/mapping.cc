#include "facility/import/mapping.h"

#include <algorithm>

#include "base/text.h"
#include "pack/files.h"
#include "pack/yaml.h"

namespace tongban::facility {
namespace {

using pack::Fault;
using pack::MapReader;
using pack::Node;

MappedValue read_value(const Node& node, std::vector<Fault>& faults) {
  MapReader reader(node, "value", faults);
  MappedValue value;
  value.name = reader.need_text("value");
  value.title = reader.text("title");
  value.read = reader.texts("read");
  value.otherwise = reader.text("otherwise");
  value.none = reader.text("none");
  value.one = reader.text("one");
  value.several = reader.text("several");
  value.prefix = reader.text("prefix");
  value.text = reader.text("text");
  value.longest = reader.number("longest").value_or(0);
  const std::string count_of = reader.text("count_of"), digits_of = reader.text("digits_of");
  const Node* rows = reader.find_list("rows");
  const Node* find = reader.find_map("find");
  if (rows) {
    value.how = MappedValue::How::words;
    for (const Node& item : rows->items) {
      MapReader row(item, "row of " + value.name, faults);
      std::vector<std::string> words = row.texts("words");
      value.rows.emplace_back(std::move(words), row.need_text("is"));
      row.finish();
    }
  } else if (find) {
    value.how = MappedValue::How::find;
    for (const Node::Entry& entry : find->entries) value.names.emplace_back(entry.key, entry.value.text);
  } else if (!count_of.empty()) {
    value.how = MappedValue::How::count;
    value.of = count_of;
  } else if (!digits_of.empty()) {
    value.how = MappedValue::How::digits;
    value.of = digits_of;
  } else if (value.text.empty()) {
    add_fault(faults, node.source, "mapping-value",
              "The value " + value.name + " needs one of rows, find, count_of, digits_of, text.");
  }
  reader.finish();
  return value;
}

MappedStep read_step(const Node& node, std::vector<Fault>& faults) {
  MapReader reader(node, "step", faults);
  MappedStep step;
  step.does = reader.need_text("does");
  step.who = reader.text("who");
  const std::string at = reader.need_text("at");
  step.at_done = at == "done";
  if (at != "done" && at != "opened")
    add_fault(faults, node.source, "mapping-at", "`at` is opened or done, not \"" + at + "\".");
  if (!step.who.empty() && step.who != "system" && step.who != "caller" && step.who != "anyone") {
    add_fault(faults, node.source, "mapping-who",
              "`who` is system, caller or anyone; left out, whoever's duty it is acts.");
  }
  step.with = reader.text_map("with");
  step.unless_suggested = reader.text_map("unless_suggested");
  reader.finish();
  return step;
}

std::string text_of(const json::value* value) {
  if (!value || value->is_null()) return {};
  if (value->is_string()) return std::string(value->get_string());
  return to_json_text(*value);
}

// "2019-04-25T09:32:09" is local time.
Result<Instant> instant_of(std::string text) {
  if (text.size() == 19 && (text[10] == 'T' || text[10] == ' ')) {
    text[10] = 'T';
    text += "+08:00";
  }
  return parse_instant(text);
}

std::string fill_in(const std::string& pattern, const json::object& source, const MappedRow& row) {
  std::string out;
  for (size_t i = 0; i < pattern.size();) {
    const size_t end = pattern[i] == '{' ? pattern.find('}', i) : std::string::npos;
    if (end == std::string::npos) {
      out += pattern[i++];
      continue;
    }
    const std::string name = pattern.substr(i + 1, end - i - 1);
    const std::string* value = row.find(name);
    out += value ? *value : text_of(find_member(source, name));
    i = end + 1;
  }
  return out;
}

// The first `most` characters and a mark that says so.
std::string cut(const std::string& text, int64_t most, bool& was_cut) {
  const size_t characters = count_characters(text);
  if (most <= 0 || characters <= static_cast<size_t>(most)) return text;
  was_cut = true;
  const std::string mark = "……（原文" + std::to_string(characters) + "字，导入时截短）";
  const std::vector<char32_t> points = to_code_points(text);
  std::string out;
  for (size_t i = 0; i + count_characters(mark) < static_cast<size_t>(most); ++i) append_utf8(out, points[i]);
  return out + mark;
}

std::string title_of(const MappedValue& value) { return value.title.empty() ? value.name : value.title; }

std::string read_together(const MappedValue& value, const json::object& source) {
  std::string text;
  for (const std::string& field : value.read) text += text_of(find_member(source, field)) + "\n";
  return text;
}

std::vector<std::string> names_found(const MappedValue& value, const json::object& source) {
  const std::string text = read_together(value, source);
  std::vector<std::string> found;
  for (const auto& [name, is] : value.names) {
    if (text.find(name) != std::string::npos) found.push_back(name);
  }
  return found;
}

std::string value_by_words(const MappedValue& value, const json::object& source, MappedRow& row) {
  const std::string text = read_together(value, source);
  for (const auto& [words, is] : value.rows) {
    for (const std::string& word : words) {
      if (text.find(word) == std::string::npos) continue;
      row.reasons.push_back(title_of(value) + "：含“" + word + "”，归为 " + is);
      return is;
    }
  }
  row.reasons.push_back(title_of(value) + "：没有词表中的词，归为 " + value.otherwise);
  return value.otherwise;
}

std::string value_by_names(const MappedValue& value, const json::object& source, MappedRow& row) {
  const std::vector<std::string> found = names_found(value, source);
  if (found.size() == 1) {
    for (const auto& [name, is] : value.names) {
      if (name != found.front()) continue;
      row.reasons.push_back(title_of(value) + "：写了" + name + "，对应 " + is);
      return is;
    }
  }
  const std::string& is = found.empty() ? value.none : value.several;
  row.reasons.push_back(title_of(value) + (found.empty() ? "：没有写，取 " : "：写了" + join(found, "、") + "，取 ") +
                        is);
  return is;
}

Result<std::string> compute(const Mapping& mapping, const MappedValue& value, const json::object& source,
                            MappedRow& row) {
  switch (value.how) {
    case MappedValue::How::words:
      return value_by_words(value, source, row);
    case MappedValue::How::find:
      return value_by_names(value, source, row);
    case MappedValue::How::count: {
      for (const MappedValue& other : mapping.values) {
        if (other.name != value.of) continue;
        const size_t n = names_found(other, source).size();
        return n == 0 ? value.none : n == 1 ? value.one : value.several;
      }
      return fail(Trouble::invalid_input, "The mapping has no value " + value.of + ".");
    }
    case MappedValue::How::digits: {
      std::string digits = value.prefix;
      for (const char c : text_of(find_member(source, value.of))) {
        if (c >= '0' && c <= '9') digits += c;
      }
      if (digits.size() == value.prefix.size())
        return fail(Trouble::invalid_input, "The field " + value.of + " has no digits.");
      return digits;
    }
    case MappedValue::How::text: {
      bool was_cut = false;
      std::string text = cut(fill_in(value.text, source, row), value.longest, was_cut);
      if (was_cut) row.reasons.push_back(title_of(value) + "：超过" + std::to_string(value.longest) + "字，已截短");
      return text;
    }
  }
  return std::string();
}

}  // namespace

std::optional<Mapping> read_mapping(const std::string& file, std::vector<Fault>& faults) {
  const Result<std::string> text = pack::read_file(file);
  if (!text.ok()) {
    add_fault(faults, {.file = file}, "mapping-file", text.error().message);
    return std::nullopt;
  }
  const auto root = pack::parse_yaml(file, *text, faults);
  if (!root) return std::nullopt;
  MapReader reader(*root, "mapping", faults);
  Mapping mapping;
  mapping.name = reader.need_text("mapping");
  mapping.title = reader.text("title");
  const std::string type = reader.need_text("case");
  mapping.pack = type.substr(0, type.find('/'));
  mapping.type = type.find('/') == std::string::npos ? "" : type.substr(type.find('/') + 1);
  if (const Node* source = reader.find_map("source")) {
    MapReader fields(*source, "source", faults);
    mapping.id_field = fields.need_text("id");
    mapping.opened_field = fields.need_text("opened");
    mapping.done_field = fields.text("done");
    fields.finish();
  }
  mapping.notes = reader.texts("notes");
  if (const Node* list = reader.find_list("values")) {
    for (const Node& item : list->items) mapping.values.push_back(read_value(item, faults));
  }
  if (const Node* list = reader.find_list("steps")) {
    for (const Node& item : list->items) mapping.steps.push_back(read_step(item, faults));
  }
  if (const Node* report = reader.find_map("report")) {
    MapReader fields(*report, "report", faults);
    mapping.report_clock = fields.need_text("clock");
    mapping.report_class = fields.need_text("class");
    fields.finish();
  }
  reader.finish();
  if (mapping.steps.empty() || mapping.steps.front().does != "open" || mapping.steps.front().at_done) {
    add_fault(faults, root->source, "mapping-steps", "The first step opens the case: {does: open, at: opened, …}.");
  }
  if (mapping.steps.size() < 2)
    add_fault(faults, root->source, "mapping-steps", "A mapping has at least two steps; the second may be a note.");
  if (mapping.id_field.empty())
    add_fault(faults, root->source, "mapping-source", "`source` names the fields id and opened.");
  return mapping;
}

const std::string* MappedRow::find(std::string_view name) const {
  for (const auto& [key, value] : values) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<MappedRow> map_row(const Mapping& mapping, const json::object& source) {
  MappedRow row;
  row.id = text_of(find_member(source, mapping.id_field));
  if (row.id.empty()) return fail(Trouble::invalid_input, "The row has no " + mapping.id_field + ".");
  const Result<Instant> opened = instant_of(text_of(find_member(source, mapping.opened_field)));
  if (!opened.ok())
    return fail(Trouble::invalid_input, "The field " + mapping.opened_field + " is no time: " + opened.error().message);
  row.opened = row.done = *opened;
  if (!mapping.done_field.empty()) {
    const Result<Instant> done = instant_of(text_of(find_member(source, mapping.done_field)));
    if (!done.ok())
      return fail(Trouble::invalid_input, "The field " + mapping.done_field + " is no time: " + done.error().message);
    if (*done < *opened) return fail(Trouble::invalid_input, "The row was done before it was opened.");
    row.done = *done;
  }
  row.values.emplace_back("opened", to_text(row.opened));
  row.values.emplace_back("done", to_text(row.done));
  for (const MappedValue& value : mapping.values)
    row.values.emplace_back(value.name, TRY(compute(mapping, value, source, row)));
  return row;
}

std::vector<std::pair<std::string, feel::Value>> form_of(const std::vector<std::pair<std::string, std::string>>& with,
                                                         const MappedRow& row) {
  std::vector<std::pair<std::string, feel::Value>> form;
  for (const auto& [name, text] : with) {
    if (!text.starts_with('$')) {
      form.emplace_back(name, feel::Value::text(text));
      continue;
    }
    const std::string* value = row.find(std::string_view(text).substr(1));
    if (value && !value->empty()) form.emplace_back(name, feel::Value::text(*value));
  }
  return form;
}

}  // namespace tongban::facility
