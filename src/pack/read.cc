#include "pack/read.h"

#include <algorithm>
#include <set>

#include "base/digits.h"
#include "base/text.h"
#include "dmn/markdown.h"
#include "pack/files.h"

namespace tongban::pack {
namespace {

bool is_identifier(std::string_view text) {
  if (text.empty() || !((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'))) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

std::optional<Date> optional_date(MapReader& reader, std::string_view key, ReadContext& context) {
  const std::string text = reader.text(key);
  if (text.empty()) return std::nullopt;
  const auto date = parse_date(text);
  if (date.ok()) return *date;
  add_fault(context.faults, reader.source_of(key), "form", "`" + text + "` is no date. Write 2021-01-29.");
  return std::nullopt;
}

// Parses YAML that stands inside another file: lines are moved to where the head begins.
std::optional<Node> parse_head(const std::string& file, const Headed& headed, std::vector<Fault>& faults) {
  return parse_yaml(file, std::string(static_cast<size_t>(headed.head_line - 1), '\n') + headed.head, faults);
}

// "- 公式：…" → "…" when the line starts with that bullet.
std::optional<std::string> bullet(std::string_view line, std::string_view name) {
  line = trim(line);
  if (!line.starts_with("-")) return std::nullopt;
  line = trim(line.substr(1));
  if (!line.starts_with(name)) return std::nullopt;
  line = trim(line.substr(name.size()));
  if (line.starts_with("："))
    line.remove_prefix(std::string_view("：").size());
  else if (line.starts_with(":"))
    line.remove_prefix(1);
  else
    return std::nullopt;
  return std::string(trim(line));
}

std::string without_backticks(std::string_view text) {
  text = trim(text);
  while (text.starts_with('`') && text.ends_with('`') && text.size() >= 2) text = text.substr(1, text.size() - 2);
  return std::string(trim(text));
}

}  // namespace

feel::Expression null_expression() {
  static const feel::Expression expression = *feel::compile("null", feel::Scope()).expression;
  return expression;
}

Formula make_formula(std::string text, Source source) {
  return {std::move(text), null_expression(), std::move(source)};
}

std::string sentence_of(std::string message) {
  if (!message.ends_with(".") && !message.ends_with("?") && !message.ends_with("。")) message += ".";
  return message;
}

Headed split_head(std::string_view text) {
  Headed headed;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const auto lines = split(text, '\n');
  size_t i = 0;
  while (i < lines.size() && trim(lines[i]).empty()) ++i;
  if (i >= lines.size() || trim(lines[i]) != "---") {
    headed.rest = std::string(text);
    return headed;
  }
  size_t end = i + 1;
  while (end < lines.size() && trim(lines[end]) != "---") ++end;
  headed.has_head = true;
  headed.head_line = static_cast<int>(i) + 2;
  for (size_t k = i + 1; k < end; ++k) headed.head += std::string(lines[k]) + "\n";
  headed.rest_line = static_cast<int>(end) + 2;
  for (size_t k = end + 1; k < lines.size(); ++k)
    headed.rest += std::string(lines[k]) + (k + 1 < lines.size() ? "\n" : "");
  return headed;
}

Basis read_basis_text(std::string_view raw, const Source& source, ReadContext& context) {
  Basis basis;
  std::string text(trim(raw));
  for (const std::string_view word : {"解读", "reading"}) {
    const size_t at = text.rfind(word);
    if (at == std::string::npos) continue;
    std::string digits;
    for (const char c : text.substr(at + word.size())) {
      if (c >= '0' && c <= '9' && digits.size() < 6) digits += c;
    }
    if (digits.empty()) continue;
    basis.reading = static_cast<int>(parse_digits(digits).value_or(0));
    text = text.substr(0, at);
    for (bool cut = true; cut;) {
      cut = false;
      text = std::string(trim(text));
      for (const std::string_view mark : {"；", "，", "、", "（", "(", ";", ","}) {
        if (text.ends_with(mark)) {
          text.resize(text.size() - mark.size());
          cut = true;
        }
      }
    }
  }
  if (text == "系统" || text == "产品") {
    basis.kind = BasisKind::product;
    return basis;
  }
  if (text.empty()) {
    basis.kind = BasisKind::reading;
    return basis;
  }
  const Pack& pack = context.pack;
  for (const auto& [alias, title] : pack.sources) {
    if (text != alias && !text.starts_with(alias + " ")) continue;
    basis.kind = BasisKind::law;
    basis.document = title;
    basis.clause = std::string(trim(std::string_view(text).substr(alias.size())));
    return basis;
  }
  const size_t space = text.find(' ');
  if (space != std::string::npos && !text.starts_with("第") && !text.starts_with("附件")) {
    std::vector<std::string> aliases;
    for (const auto& [alias, title] : pack.sources) aliases.push_back(alias);
    const std::string alias = text.substr(0, space);
    const std::string near = nearest_word(alias, aliases);
    add_fault(
        context.faults, source, "unknown-source",
        "`" + alias + "` is not among the sources in pack.yaml." +
            (near.empty() ? " Add it there: sources: {" + alias + ": full title}." : " Did you mean `" + near + "`?"));
  }
  basis.document = pack.document.empty() ? pack.title : pack.document;
  basis.clause = text;
  return basis;
}

Basis read_basis(MapReader& reader, const Basis& fallback, ReadContext& context) {
  const std::string clause = reader.text("clause");
  const std::string parameter = reader.text("parameter");
  const auto reading = reader.number("reading");
  Basis basis = fallback;
  if (!clause.empty()) {
    basis = read_basis_text(clause, reader.source_of("clause"), context);
  } else if (!parameter.empty()) {
    basis = {};
    basis.kind = BasisKind::parameter;
    basis.clause = parameter;
  }
  if (reading) {
    if (*reading < 1 || *reading > 9999)
      add_fault(context.faults, reader.source_of("reading"), "form", "A reading has a number from 1.");
    basis.reading = static_cast<int>(*reading);
    if (basis.clause.empty() && basis.kind == BasisKind::clause) basis.kind = BasisKind::reading;
  }
  return basis;
}

bool read_kind(std::string_view text, Field& field) {
  text = trim(text);
  if (text.starts_with("list of ")) {
    field.list = true;
    text = trim(text.substr(8));
  }
  if (text.starts_with("entry of ")) {
    field.kind = FieldKind::entry;
    field.reg = std::string(trim(text.substr(9)));
    return is_identifier(field.reg);
  }
  static constexpr std::pair<std::string_view, FieldKind> kKinds[] = {
      {"text", FieldKind::text},     {"long text", FieldKind::long_text}, {"number", FieldKind::number},
      {"yes/no", FieldKind::yes_no}, {"date", FieldKind::date},           {"instant", FieldKind::instant},
      {"limit", FieldKind::limit},   {"phone", FieldKind::phone},         {"one of", FieldKind::one_of},
      {"file", FieldKind::file},     {"case", FieldKind::other_case}};
  for (const auto& [word, kind] : kKinds) {
    if (text != word) continue;
    field.kind = kind;
    return true;
  }
  return false;
}

std::string to_text(const Field& field) {
  static constexpr std::string_view kNames[] = {"text",  "long text", "number", "yes/no", "date", "instant",
                                                "limit", "phone",     "one of", "entry",  "file"};
  std::string text = field.list ? "list of " : "";
  text += kNames[static_cast<size_t>(field.kind)];
  if (field.kind == FieldKind::entry) text += " of " + field.reg;
  return text;
}

static Result<feel::Value> one_value(const Field& field, std::string_view text) {
  using feel::Value;
  switch (field.kind) {
    case FieldKind::number: {
      const auto number = feel::Number::parse(text);
      if (!number) return fail(Trouble::invalid_input, "`" + std::string(text) + "` is no number.");
      return Value::of(*number);
    }
    case FieldKind::yes_no:
      if (text == "yes" || text == "是" || text == "true") return Value::of(true);
      if (text == "no" || text == "否" || text == "false") return Value::of(false);
      return fail(Trouble::invalid_input, "`" + std::string(text) + "` is neither yes nor no.");
    case FieldKind::date: {
      const auto date = parse_date(text);
      if (!date.ok()) return fail(Trouble::invalid_input, "`" + std::string(text) + "` is no date. Write 2021-01-29.");
      return Value::of(*date);
    }
    case FieldKind::instant: {
      const auto instant = parse_instant(text);
      if (!instant.ok())
        return fail(Trouble::invalid_input, "`" + std::string(text) + "` is no instant. Write 2021-01-29 09:30.");
      return Value::of(feel::DateTime{*instant});
    }
    case FieldKind::limit: {
      const auto limit = parse_limit(text);
      if (!limit)
        return fail(Trouble::invalid_input,
                    "`" + std::string(text) + "` is no limit. Write 5 工作日, 10 自然日, 24 小时.");
      return to_value(*limit);
    }
    case FieldKind::one_of:
      for (const auto& [id, label] : field.values) {
        if (text == id || text == label) return Value::text(id);
      }
      return fail(Trouble::invalid_input, "`" + std::string(text) + "` is none of the values of `" + field.id + "`.");
    default:
      return Value::text(std::string(text));
  }
}

Result<feel::Value> value_of_text(const Field& field, std::string_view text) {
  text = trim(text);
  if (!field.list) return one_value(field, text);
  feel::List list;
  const std::string normal = replace_all(std::string(text), "；", "|");
  for (const auto part : split(normal, '|')) {
    if (trim(part).empty()) continue;
    list.push_back(TRY(one_value(field, trim(part))));
  }
  return feel::Value::list(std::move(list));
}

void read_pack_file(const Node& root, ReadContext& context) {
  Pack& pack = context.pack;
  MapReader reader(root, "pack.yaml", context.faults);
  pack.id = reader.text("pack");
  if (pack.id.empty()) pack.id = reader.text("id");
  if (pack.id.empty())
    add_fault(context.faults, root.source, "missing", "pack.yaml: `pack` (the pack's id) is missing.");
  else if (!is_identifier(pack.id))
    add_fault(context.faults, reader.source_of("pack"), "form", "pack.yaml: an id has letters, digits, - and _ only.");
  pack.title = reader.need_text("title");
  pack.title_en = reader.text("title_en");
  pack.document = reader.text("document");
  pack.issuer = reader.text("issuer");
  pack.edition = reader.text("edition");
  if (pack.edition.empty()) pack.edition = "1";
  pack.builds_on = reader.texts("builds_on");
  if (const Node* in_force = reader.find_map("in_force")) {
    MapReader force(*in_force, "in_force", context.faults);
    pack.in_force_from = optional_date(force, "from", context);
    pack.in_force_until = optional_date(force, "until", context);
    force.finish();
  }
  const Node* sources = reader.find("sources");
  if (sources && sources->is_map()) {
    pack.sources = reader.text_map("sources");
  } else if (sources && sources->is_list()) {  // [{alias, title, …}]: the rest is a note for readers
    for (const auto& item : sources->items) {
      const Node* title = item.find("title");
      const Node* alias = item.find("alias");
      if (!title)
        add_fault(context.faults, item.source, "missing", "sources: `title` is missing.");
      else
        pack.sources.emplace_back(alias ? alias->text : title->text, title->text);
    }
  } else if (sources) {
    add_fault(context.faults, sources->source, "form", "sources: {alias: full title} was expected.");
  }
  // The longest alias is tried first, so that 民法典 does not hide 民法典总则.
  std::stable_sort(pack.sources.begin(), pack.sources.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  pack.requirements = reader.texts("requirements");
  pack.not_here = reader.text_map("not_here");
  pack.terms = reader.texts("terms");
  if (const Node* portal = reader.find_map("portal")) read_portal(*portal, context);
  reader.finish();
}

void read_clauses(const Node& root, ReadContext& context) {
  MapReader reader(root, "clauses.yaml", context.faults);
  if (const Node* list = reader.find_list("clauses")) {
    std::set<std::string> seen;
    for (const auto& item : list->items) {
      Clause clause;
      clause.source = item.source;
      MapReader row(item, "clause", context.faults);
      clause.id = row.need_text("id");
      clause.gist = row.need_text("gist");
      clause.text = row.text("text");
      clause.left = row.text("left");
      row.finish();
      if (clause.id.empty()) continue;
      if (!seen.insert(clause.id).second)
        add_fault(context.faults, item.source, "duplicate",
                  "The clause `" + clause.id + "` stands here a second time.");
      context.pack.clauses.push_back(std::move(clause));
    }
  }
  reader.finish();
}

void read_parameters(const Node& root, ReadContext& context) {
  MapReader reader(root, "parameters.yaml", context.faults);
  const Node* map = reader.find_map("parameters");
  reader.finish();
  if (!map) return;
  for (const auto& entry : map->entries) {
    Parameter parameter;
    parameter.id = entry.key;
    parameter.source = entry.source;
    MapReader row(entry.value, "parameter " + entry.key, context.faults);
    parameter.title = row.need_text("title");
    const std::string text = row.need_text("value");
    const std::string is = row.text("is");
    parameter.values = row.text_map("values");
    parameter.basis = read_basis(row, {}, context);
    parameter.reading = parameter.basis.reading;
    row.finish();
    if (!is_identifier(entry.key))
      add_fault(context.faults, entry.source, "form", "`" + entry.key + "`: an id has letters, digits, - and _ only.");
    if (!parameter.values.empty() && std::none_of(parameter.values.begin(), parameter.values.end(),
                                                  [&](const auto& v) { return v.first == text; })) {
      add_fault(context.faults, row.source_of("value"), "parameter",
                "parameter " + entry.key + ": the value `" + text + "` is none of its values.");
    }
    Field field;
    field.id = entry.key;
    field.values = parameter.values;
    if (!is.empty() && !read_kind(is, field)) {
      add_fault(context.faults, row.source_of("is"), "form",
                "parameter " + entry.key + ": `is: " + is + "` is no kind of field.");
    } else if (is.empty() && parameter.values.empty()) {
      if (feel::Number::parse(text))
        field.kind = FieldKind::number;
      else if (parse_limit(text))
        field.kind = FieldKind::limit;
      else if (parse_date(text).ok())
        field.kind = FieldKind::date;
      else if (text == "yes" || text == "no")
        field.kind = FieldKind::yes_no;
    }
    auto value = value_of_text(field, text);
    if (value.ok())
      parameter.value = std::move(*value);
    else
      add_fault(context.faults, row.source_of("value"), "type",
                "parameter " + entry.key + ": " + value.error().message);
    context.pack.parameters.push_back(std::move(parameter));
  }
}

void read_conditions(const std::string& file, std::string_view text, ReadContext& context) {
  Condition* now = nullptr;
  bool formula_seen = false, in_formula = false, in_instead = false;
  std::set<std::string> seen;
  const auto finish = [&] {
    if (!now) return;
    now->formula = without_backticks(now->formula);
    if (now->formula.empty())
      add_fault(context.faults, now->source, "missing", "condition " + now->id + ": the line `- 公式：` is missing.");
    if (now->sentence.empty())
      add_fault(context.faults, now->source, "missing",
                "condition " + now->id + ": the sentence for people is missing.");
    if (now->instead.empty())
      add_fault(context.faults, now->source, "missing", "condition " + now->id + ": the line `- 怎么办：` is missing.");
    if (now->basis.clause.empty() && now->basis.kind == BasisKind::clause) {
      add_fault(context.faults, now->source, "no-basis",
                "condition " + now->id + ": the line `- 依据：` is missing (系统 for a product act).");
    }
  };
  int line_number = 0;
  for (const std::string_view raw : split(text, '\n')) {
    ++line_number;
    const std::string_view line = trim(raw);
    if (line.starts_with("## ")) {
      finish();
      Condition condition;
      condition.id = without_backticks(line.substr(3));
      condition.source = {file, line_number};
      if (!is_identifier(condition.id))
        add_fault(context.faults, condition.source, "form",
                  "`" + condition.id + "`: the heading of a condition is its id (letters, digits, - and _).");
      if (!seen.insert(condition.id).second)
        add_fault(context.faults, condition.source, "duplicate",
                  "The condition `" + condition.id + "` stands here a second time.");
      context.pack.conditions.push_back(std::move(condition));
      now = &context.pack.conditions.back();
      formula_seen = in_formula = in_instead = false;
      continue;
    }
    if (line.starts_with("#") || !now) continue;
    if (line.empty()) {
      continue;
    }
    if (auto value = bullet(line, "公式")) {
      now->formula = *value;
      now->source.line = line_number;
      formula_seen = in_formula = true;
      in_instead = false;
    } else if (auto instead = bullet(line, "怎么办")) {
      now->instead = *instead;
      in_formula = false;
      in_instead = true;
    } else if (auto basis = bullet(line, "依据")) {
      now->basis = read_basis_text(*basis, {file, line_number}, context);
      in_formula = in_instead = false;
    } else if (in_formula && !line.starts_with("- ")) {
      if (line.starts_with("```")) continue;
      now->formula += "\n" + std::string(line);
    } else if (in_instead && !line.starts_with("- ")) {
      now->instead += std::string(line);
    } else if (!formula_seen && !line.starts_with("- ")) {
      now->sentence += std::string(line);
    } else {
      add_fault(context.faults, {file, line_number}, "form",
                "condition " + now->id + ": this line is none of `- 公式：`, `- 怎么办：`, `- 依据：`.");
    }
  }
  finish();
}

Field read_field(const std::string& id, const Node& node, const Basis& fallback, ReadContext& context) {
  Field field;
  field.id = id;
  field.source = node.source;
  MapReader reader(node, "field " + id, context.faults);
  field.title = reader.text("title");
  field.title_en = reader.text("title_en");
  field.help = reader.text("help");
  field.help_en = reader.text("help_en");
  const std::string is = reader.need_text("is");
  if (!is.empty() && is != "field" && !read_kind(is, field)) {
    static const std::vector<std::string> kinds = {"text",    "long text", "number", "yes/no", "date",
                                                   "instant", "limit",     "phone",  "one of", "entry of",
                                                   "list of", "file",      "case"};
    const std::string near = nearest_word(is, kinds);
    const bool known = is == "place" || is == "person" || is.starts_with("answers to ");
    add_fault(context.faults, reader.source_of("is"), known ? "not-supported" : "unknown-kind",
              known ? "field " + id + ": the kind `" + is + "` is not supported yet."
                    : "field " + id + ": the kind `" + is + "` is not known." +
                          (near.empty() ? "" : " Did you mean `" + near + "`?"));
  }
  field.is_case_field = is == "field";
  field.values = reader.text_map("values");
  for (auto& [value, label] : reader.text_map("values_en")) {
    const bool known =
        std::any_of(field.values.begin(), field.values.end(), [&](const auto& v) { return v.first == value; });
    if (!known)
      add_fault(context.faults, reader.source_of("values_en"), "unknown-name",
                "field " + id + ": `values_en` names `" + value + "`, which `values` does not have.");
    field.values_en[value] = std::move(label);
  }
  if (field.kind == FieldKind::one_of && field.values.empty() && !field.is_case_field) {
    add_fault(context.faults, field.source, "missing", "field " + id + ": `one of` needs `values: {id: label}`.");
  }
  field.group = reader.text("group");
  field.personal = reader.yes_no("personal");
  field.search = reader.yes_no("search");
  field.in_list = reader.yes_no("in_list");
  field.max_length = reader.number("max_length").value_or(0);
  for (const auto& [key, target] : {std::pair{"min", &field.min}, std::pair{"max", &field.max}}) {
    const std::string text = reader.text(key);
    if (text.empty()) continue;
    *target = feel::Number::parse(text);
    if (!*target)
      add_fault(context.faults, reader.source_of(key), "form", "field " + id + ": `" + key + "` must be a number.");
  }
  field.suggest = reader.text("suggest");
  field.show_if = reader.text("show_if");
  field.basis = read_basis(reader, fallback, context);
  reader.finish();
  return field;
}

void read_register(const Node& root, const std::string& directory, const std::string& label, ReadContext& context) {
  RegisterType reg;
  reg.source = root.source;
  MapReader reader(root, "register", context.faults);
  reg.id = reader.need_text("register");
  reg.title = reader.need_text("title");
  reg.title_en = reader.text("title_en");
  const std::string visible = reader.text("public");
  reg.public_values = visible == "values";
  reg.is_public = reg.public_values || visible == "yes" || visible == "true";
  if (!visible.empty() && visible != "yes" && visible != "true" && visible != "no" && visible != "false" &&
      visible != "values")
    add_fault(context.faults, reader.source_of("public"), "form",
              "register " + reg.id + ": `public` is yes (the names), values (all of it) or no.");
  const std::string key = reader.text("key");
  if (!key.empty() && key != "id")
    add_fault(context.faults, reader.source_of("key"), "not-supported",
              "register " + reg.id + ": another key than id is not supported yet.");
  reg.parent_field = reader.text("parent");
  reg.title_field = reader.text("title_field");
  reg.demo = reader.yes_no("demo");
  reg.basis = read_basis(reader, {}, context);
  if (const Node* fields = reader.find_map("fields")) {
    for (const auto& entry : fields->entries) {
      Field field = read_field(entry.key, entry.value, reg.basis, context);
      field.source = entry.source;
      if (field.title.empty())
        add_fault(context.faults, entry.source, "no-title",
                  "register " + reg.id + ": the field `" + entry.key + "` has no title.");
      reg.fields.push_back(std::move(field));
    }
  }
  const Node* rows = reader.find("rows");
  reader.finish();
  for (const std::string& needed : {reg.parent_field, reg.title_field}) {
    if (!needed.empty() &&
        std::none_of(reg.fields.begin(), reg.fields.end(), [&](const Field& f) { return f.id == needed; })) {
      add_fault(context.faults, reg.source, "unknown-name",
                "register " + reg.id + ": there is no field `" + needed + "`.");
    }
  }
  std::set<std::string> seen;
  const auto add_row = [&](const std::vector<std::pair<std::string, std::string>>& cells, const Source& source) {
    RegisterEntry entry;
    entry.source = source;
    for (const auto& [name, text] : cells) {
      if (text.empty()) continue;
      if (name == "id") {
        entry.id = text;
      } else if (name == "valid_from" || name == "valid_to") {
        const auto date = parse_date(text);
        if (!date.ok())
          add_fault(context.faults, source, "type",
                    "register " + reg.id + ": `" + text + "` in " + name + " is no date.");
        else
          (name == "valid_from" ? entry.valid_from : entry.valid_to) = *date;
      } else {
        const auto field =
            std::find_if(reg.fields.begin(), reg.fields.end(), [&](const Field& f) { return f.id == name; });
        if (field == reg.fields.end()) {
          add_fault(context.faults, source, "unknown-name",
                    "register " + reg.id + ": there is no field `" + name + "`.");
          continue;
        }
        auto value = value_of_text(*field, text);
        if (value.ok())
          entry.values.emplace_back(name, std::move(*value));
        else
          add_fault(context.faults, source, "type",
                    "register " + reg.id + ": field " + name + ": " + value.error().message);
      }
    }
    if (entry.id.empty()) add_fault(context.faults, source, "missing", "register " + reg.id + ": a row without id.");
    // A unit may stand in several rows when it changed: the periods tell them apart.
    const std::string unique = entry.id + "@" + (entry.valid_from ? tongban::to_text(*entry.valid_from) : "");
    if (!seen.insert(unique).second)
      add_fault(context.faults, source, "duplicate",
                "register " + reg.id + ": `" + entry.id + "` stands here a second time.");
    if (entry.valid_from && entry.valid_to && !(*entry.valid_from < *entry.valid_to)) {
      add_fault(context.faults, source, "form", "register " + reg.id + ": `" + entry.id + "` ends before it begins.");
    }
    reg.rows.push_back(std::move(entry));
  };
  if (rows && rows->is_scalar()) {
    const auto text = read_file(join_path(directory, rows->text));
    if (!text.ok()) {
      add_fault(context.faults, rows->source, "missing-file",
                "register " + reg.id + ": the file of rows `" + rows->text + "` cannot be read.");
    } else {
      const auto table = parse_csv(join_path(label, rows->text), *text, context.faults);
      for (size_t i = 1; i < table.size(); ++i) {
        std::vector<std::pair<std::string, std::string>> cells;
        for (size_t c = 0; c < table[i].cells.size(); ++c) cells.emplace_back(table[0].cells[c], table[i].cells[c]);
        add_row(cells, table[i].source);
      }
    }
  } else if (rows && rows->is_list()) {
    for (const auto& item : rows->items) {
      std::vector<std::pair<std::string, std::string>> cells;
      for (const auto& entry : item.entries) {
        std::string text = entry.value.text;
        for (const auto& part : entry.value.items) text += (text.empty() ? "" : "|") + part.text;
        cells.emplace_back(entry.key, std::move(text));
      }
      add_row(cells, item.source);
    }
  }
  context.pack.registers.push_back(std::move(reg));
}

void read_table(const std::string& id, const std::string& file, std::string_view text, ReadContext& context) {
  Decision decision;
  decision.id = id;
  decision.source = {file, 1};
  const Headed headed = split_head(text);
  Basis fallback;
  std::string for_dmn(text);
  if (headed.has_head) {
    const auto head = parse_head(file, headed, context.faults);
    if (head && head->is_map()) {
      if (const Node* demo = head->find("demo")) decision.demo = demo->text == "yes" || demo->text == "true";
      if (const Node* clause = head->find("clause")) fallback = read_basis_text(clause->text, clause->source, context);
      if (const Node* reading = head->find("reading"))
        fallback.reading = static_cast<int>(parse_digits(reading->text).value_or(0));
    }
    // dmn does not know these two keys of the head; the lines stay, so that its line numbers hold.
    for_dmn.clear();
    int line = 0;
    for (const std::string_view raw : split(text, '\n')) {
      ++line;
      const bool in_head = line >= headed.head_line && line < headed.rest_line - 1;
      const std::string_view t = trim(raw);
      const bool ours = in_head && (t.starts_with("demo:") || t.starts_with("clause:") || t.starts_with("reading:"));
      for_dmn += (line > 1 ? "\n" : "") + std::string(ours ? std::string_view() : raw);
    }
  }
  auto parsed = dmn::parse_table_markdown(id, for_dmn);
  for (const auto& problem : parsed.problems) {
    add_fault(context.faults, {file, std::max(problem.line, 1)}, "table",
              "table " + id + ": " + sentence_of(problem.message));
  }
  const auto reported = [&](int line) {
    return std::any_of(parsed.problems.begin(), parsed.problems.end(), [&](const auto& p) { return p.line == line; });
  };
  decision.table = std::move(parsed.table);
  decision.title = decision.table.title.empty() ? id : decision.table.title;
  decision.suggested = decision.table.force == dmn::Force::suggested;
  for (auto& rule : decision.table.rules) {
    const std::string clause(trim(rule.clause));
    if (clause.empty() || clause == "-") {
      Basis basis = fallback;
      if (fallback.clause.empty() && fallback.kind != BasisKind::product) {
        if (decision.demo)
          basis.kind = BasisKind::product;
        else if (!reported(rule.line))
          add_fault(context.faults, {file, rule.line}, "row-no-clause",
                    "table " + id + ": this row has no clause in the last column 依据.");
      }
      decision.row_bases.push_back(std::move(basis));
    } else if (decision.demo && !clause.starts_with("第") && clause.find(' ') == std::string::npos) {
      Basis basis;  // 示例: data made by us, in no document
      basis.kind = BasisKind::product;
      decision.row_bases.push_back(std::move(basis));
    } else {
      decision.row_bases.push_back(read_basis_text(clause, {file, rule.line}, context));
    }
    rule.clause = to_text(decision.row_bases.back());
  }
  context.pack.decisions.push_back(std::move(decision));
}

void read_letter(const std::string& id, const std::string& file, std::string_view text, ReadContext& context) {
  Letter letter;
  letter.id = id;
  letter.source = {file, 1};
  const Headed headed = split_head(text);
  if (!headed.has_head) {
    add_fault(context.faults, letter.source, "missing",
              "letter " + id + ": the head between two lines --- is missing (title, channel, clause).");
  } else if (const auto head = parse_head(file, headed, context.faults)) {
    MapReader reader(*head, "letter " + id, context.faults);
    letter.title = reader.need_text("title");
    letter.channel = reader.text("channel");
    if (letter.channel.empty()) letter.channel = "message";
    if (letter.channel != "message" && letter.channel != "letter" && letter.channel != "desk") {
      add_fault(context.faults, reader.source_of("channel"), "form",
                "letter " + id + ": `channel` is message, letter or desk.");
    }
    letter.basis = read_basis(reader, {}, context);
    reader.finish();
  }
  letter.text = std::string(trim(headed.rest));
  if (letter.text.empty()) add_fault(context.faults, letter.source, "missing", "letter " + id + " has no text.");
  const std::string& rest = headed.rest;
  size_t at = 0;
  const auto line_at = [&](size_t position) {
    return headed.rest_line +
           static_cast<int>(std::count(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
  };
  while (at < rest.size()) {
    const size_t open = rest.find("{{", at);
    const size_t close = open == std::string::npos ? std::string::npos : rest.find("}}", open);
    if (open != std::string::npos && close == std::string::npos) {
      add_fault(context.faults, {file, line_at(open)}, "form", "letter " + id + ": `{{` is not closed by `}}`.");
      break;
    }
    if (open == std::string::npos) {
      letter.pieces.push_back({rest.substr(at), std::nullopt});
      break;
    }
    if (open > at) letter.pieces.push_back({rest.substr(at, open - at), std::nullopt});
    const std::string formula(trim(std::string_view(rest).substr(open + 2, close - open - 2)));
    letter.pieces.push_back({"", make_formula(formula, {file, line_at(open)})});
    at = close + 2;
  }
  context.pack.letters.push_back(std::move(letter));
}

}  // namespace tongban::pack
