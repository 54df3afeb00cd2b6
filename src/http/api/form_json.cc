#include "http/api/form_json.h"

#include <algorithm>

#include "base/text.h"
#include "kernel/explain.h"

namespace tongban::http {
namespace {

using pack::Field;
using pack::FieldKind;

json::string str(std::string_view text) { return json::string(text.data(), text.size()); }

std::string_view name_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::text:
      return "text";
    case FieldKind::long_text:
      return "long_text";
    case FieldKind::number:
      return "number";
    case FieldKind::yes_no:
      return "yes_no";
    case FieldKind::date:
      return "date";
    case FieldKind::instant:
      return "instant";
    case FieldKind::limit:
      return "limit";
    case FieldKind::phone:
      return "phone";
    case FieldKind::one_of:
      return "one_of";
    case FieldKind::entry:
      return "entry";
    case FieldKind::file:
      return "file";
    case FieldKind::other_case:
      return "case";
  }
  return "text";
}

int64_t max_length_of(const Field& field) {
  return field.max_length > 0 ? field.max_length : field.kind == FieldKind::long_text ? 5000 : 200;
}

json::object one_schema(const Field& field) {
  json::object schema;
  switch (field.kind) {
    case FieldKind::number:
      schema["type"] = json::array{"number", "string"};
      schema["pattern"] = "^-?[0-9]+(\\.[0-9]+)?$";
      break;
    case FieldKind::date:
      schema["type"] = "string";
      schema["format"] = "date";
      break;
    case FieldKind::instant:
      schema["type"] = "string";
      schema["format"] = "date-time";
      break;
    case FieldKind::one_of: {
      schema["type"] = "string";
      json::array values;
      for (const auto& [id, label] : field.values) values.push_back(json::string(id));
      schema["enum"] = std::move(values);
      break;
    }
    case FieldKind::entry:
      schema["type"] = "string";
      schema["x-register"] = field.reg;
      break;
    case FieldKind::file:
      schema["type"] = "string";
      schema["format"] = "uuid";
      break;
    case FieldKind::other_case:
      schema["type"] = "string";
      schema["maxLength"] = 64;
      break;
    case FieldKind::text:
    case FieldKind::long_text:
      schema["type"] = "string";
      schema["maxLength"] = max_length_of(field);
      break;
    case FieldKind::yes_no:
      schema["type"] = "boolean";
      break;
    case FieldKind::limit:
    case FieldKind::phone:
      schema["type"] = "string";
  }
  return schema;
}

// What stands between two quotes, when the text is nothing else.
std::optional<std::string> quoted(std::string_view text) {
  text = trim(text);
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
  const std::string_view inside = text.substr(1, text.size() - 2);
  if (inside.find_first_of("\"\\") != std::string_view::npos) return std::nullopt;
  return std::string(inside);
}

// `form.x = "a"` → (x, a).
std::optional<std::pair<std::string, std::string>> one_equality(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view name = trim(text.substr(0, equals));
  const auto value = quoted(text.substr(equals + 1));
  if (!name.starts_with("form.") || !value) return std::nullopt;
  return std::pair{std::string(name.substr(5)), *value};
}

// Conditions that a page can decide alone; the others keep their formula and the field is always shown.
json::object show_if(const std::string& text) {
  const std::string_view condition = trim(text);
  const bool is_name = condition.starts_with("form.") && condition.find_first_of(" =()<>!") == std::string_view::npos;
  if (is_name) return {{"field", str(condition.substr(5))}, {"equals", true}};
  std::string name;
  json::array values;
  for (std::string_view rest = condition; !rest.empty();) {
    const size_t at = rest.find(" or ");
    const auto one = one_equality(rest.substr(0, at));
    if (!one || (!name.empty() && one->first != name)) return {{"formula", text}};
    name = one->first;
    values.push_back(json::string(one->second));
    rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 4);
  }
  if (values.size() == 1) return {{"field", name}, {"equals", values[0]}};
  return {{"field", name}, {"in", std::move(values)}};
}

// What a page says before the server does, in the words of the kernel's check (kernel/form.cc).
void add_sentences(const Field& field, json::object& o) {
  const std::string& english = field.title_en.empty() ? field.title : field.title_en;
  const bool chosen = field.kind == FieldKind::one_of || field.kind == FieldKind::yes_no;
  json::object says{{"missing", (chosen ? "请选择" : "请填写") + field.title + "。"},
                    {"missing_en", (chosen ? "Choose: " : "Enter: ") + english + "."}};
  const auto format = [&](std::string_view chinese, std::string_view in_english) {
    says["format"] = str(chinese);
    says["format_en"] = str(in_english);
  };
  switch (field.kind) {
    case FieldKind::phone:
      o["pattern"] = "^\\+?[0-9 ()-]{7,24}$";
      format("请填写电话号码，例如 13812345678 或 023-12345678。",
             "Enter a telephone number, for example 13812345678 or 023-12345678.");
      break;
    case FieldKind::number:
      o["pattern"] = "^-?[0-9]+(\\.[0-9]+)?$";
      format("请填写数字。", "Enter a number.");
      break;
    case FieldKind::date:
      format("请填写存在的日期，例如 2021-02-05。", "Enter a date that exists, for example 2021-02-05.");
      break;
    case FieldKind::instant:
      format("请填写时间，例如 2021-02-05T09:30:00+08:00。", "Enter a time, for example 2021-02-05T09:30:00+08:00.");
      break;
    case FieldKind::limit:
      o["pattern"] = "^[1-9][0-9]{0,4} ?(个)?(工作日|自然日|日|小时|分钟|月)$";
      o["units"] = json::array{"工作日", "自然日", "小时", "分钟", "个月"};
      format("请填写时限，例如 5 工作日。", "Enter a period, for example 5 工作日 (working days).");
      break;
    case FieldKind::yes_no:
      format("请选择是或否。", "Choose yes or no.");
      break;
    case FieldKind::one_of: {
      std::vector<std::string> labels, english_labels;
      for (const auto& [id, label] : field.values) {
        labels.push_back(label);
        const auto it = field.values_en.find(id);
        english_labels.push_back(it == field.values_en.end() ? label : it->second);
      }
      format("请从这些中选择：" + join(labels, "、") + "。", "Choose one of: " + join(english_labels, ", ") + ".");
      break;
    }
    case FieldKind::entry:
      format("名录中没有这一项，请从名录中选择。", "The list has no such entry. Choose one from the list.");
      break;
    case FieldKind::other_case:
      o["max_length"] = 64;
      format("请填写办件的编号。", "Enter the number of a case.");
      break;
    case FieldKind::file:
      format("请先上传附件，再填写附件编号。", "Upload the file first.");
      break;
    case FieldKind::text:
    case FieldKind::long_text:
      format("最多 " + std::to_string(max_length_of(field)) + " 个字。",
             "At most " + std::to_string(max_length_of(field)) + " characters.");
  }
  o["says"] = std::move(says);
}

json::object field_json(const Field& field, bool in_form) {
  json::object o{{"id", field.id},
                 {"kind", str(name_of(field.kind))},
                 {"list", field.list},
                 {"title", field.title},
                 {"title_en", field.title_en},
                 {"help", field.help},
                 {"help_en", field.help_en},
                 {"must", in_form && field.must},
                 {"personal", field.personal},
                 {"case_field", !in_form || field.is_case_field},
                 {"group", field.group}};
  if (field.kind == FieldKind::text || field.kind == FieldKind::long_text) o["max_length"] = max_length_of(field);
  if (field.min) o["min"] = field.min->to_text();
  if (field.max) o["max"] = field.max->to_text();
  if (field.kind == FieldKind::one_of) {
    json::array& options = o["options"].emplace_array();
    for (const auto& [id, label] : field.values) {
      const auto english = field.values_en.find(id);
      options.push_back(titled(id, label, english == field.values_en.end() ? "" : english->second));
    }
  }
  if (field.kind == FieldKind::entry) o["register"] = field.reg;
  if (!field.suggest.empty()) o["suggest"] = field.suggest;
  if (!field.show_if.empty()) o["show_if"] = show_if(field.show_if);
  add_sentences(field, o);
  if (!field.basis.clause.empty()) o["basis"] = kernel::to_json(field.basis);
  return o;
}

json::object action_json(const pack::Pack& pack, const pack::CaseType& type, const pack::Action& action,
                         bool for_staff) {
  json::object o{{"id", action.id},
                 {"title", action.title},
                 {"title_en", action.title_en},
                 {"help", action.help},
                 {"help_en", action.help_en},
                 {"basis", kernel::to_json(action.basis)},
                 {"form", form_schema(action, for_staff)},
                 {"primary", action.primary},
                 {"irreversible", action.irreversible}};
  json::array& fields = o["fields"].emplace_array();
  for (const Field& field : action.form) {
    if (field.staff_only && !for_staff) continue;
    json::object one = field_json(field, true);
    if (field.staff_only) one["staff"] = true;
    fields.push_back(std::move(one));
  }
  json::array& from = o["from"].emplace_array();
  for (const auto& state : action.from) from.push_back(json::string(state));
  json::array& by = o["by"].emplace_array();
  for (const auto& role : action.by) by.push_back(json::string(role));
  json::array& letters = o["letters"].emplace_array();
  for (const auto& outcome : action.outcomes) {
    for (const auto& [id, to] : outcome.send) {
      const pack::Letter* letter = pack.find_letter(id);
      const pack::Role* role = type.find_role(to);
      letters.push_back(json::object{{"letter", id},
                                     {"title", letter ? letter->title : id},
                                     {"to", to},
                                     {"to_title", role ? role->title : to},
                                     {"outcome", outcome.id}});
    }
  }
  if (!action.key.empty()) o["key"] = action.key;
  if (!action.happened.empty()) o["happened"] = action.happened;
  return o;
}

std::optional<FieldKind> field_of_way(const pack::CaseType& type, const pack::Way& way, std::string_view name) {
  std::vector<std::string> acts = way.before;
  acts.push_back(way.action);
  for (const auto& id : acts) {
    const pack::Action* action = id == "open" ? &type.open : type.find_action(id);
    for (const Field& field : action ? action->form : std::vector<Field>{}) {
      if (field.id == name) return field.kind;
    }
  }
  return std::nullopt;
}

// The preset values are typed as the form wants them.
json::object way_json(const pack::CaseType& type, const pack::Way& way) {
  json::object o{{"id", way.id},     {"title", way.title},     {"title_en", way.title_en},
                 {"help", way.help}, {"help_en", way.help_en}, {"action", way.action}};
  json::array& before = o["before"].emplace_array();
  for (const auto& id : way.before) before.push_back(json::string(id));
  json::object with;
  for (const auto& [name, text] : way.with) {
    const bool yes_no = field_of_way(type, way, name) == FieldKind::yes_no;
    with[name] = yes_no ? json::value(text == "yes" || text == "true" || text == "是") : json::value(text);
  }
  o["with"] = std::move(with);
  return o;
}

}  // namespace

json::object form_schema(const pack::Action& action, bool for_staff) {
  json::object properties;
  json::array required;
  for (const Field& field : action.form) {
    if (field.staff_only && !for_staff) continue;
    json::object schema = one_schema(field);
    if (field.list) schema = json::object{{"type", "array"}, {"items", std::move(schema)}, {"maxItems", 100}};
    schema["title"] = field.title;
    if (!field.help.empty()) schema["description"] = field.help;
    if (field.personal) schema["x-personal"] = true;
    if (!field.group.empty()) schema["x-group"] = field.group;
    if (field.kind == FieldKind::one_of) {
      json::object labels;
      for (const auto& [id, label] : field.values) labels[id] = label;
      schema["x-labels"] = std::move(labels);
    }
    if (!field.suggest.empty()) {
      schema["x-suggest"] = field.suggest;
      properties["why_" + field.id] =
          json::object{{"type", "string"}, {"maxLength", 200}, {"title", "不采用建议的理由"}};
    }
    if (!field.show_if.empty()) schema["x-show-if"] = field.show_if;
    properties[field.id] = std::move(schema);
    if (field.must) required.push_back(json::string(field.id));
  }
  json::object schema{{"type", "object"},
                      {"title", action.title},
                      {"additionalProperties", false},
                      {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

json::object titled(std::string_view id, std::string_view title, std::string_view title_en) {
  return {{"id", str(id)}, {"title", str(title)}, {"title_en", str(title_en)}};
}

json::object type_json(const pack::Pack& pack, const pack::CaseType& type, bool for_staff) {
  json::object o{{"id", type.id},
                 {"title", type.title},
                 {"title_en", type.title_en},
                 {"help", type.help},
                 {"help_en", type.help_en},
                 {"pack", pack.id},
                 {"document", pack.document},
                 {"title_field", type.title_field},
                 {"open", action_json(pack, type, type.open, for_staff)}};
  json::array& steps = o["steps"].emplace_array();
  for (const auto& step : type.steps) {
    json::object one = titled(step.id, step.title, step.title_en);
    one["help"] = step.help;
    one["help_en"] = step.help_en;
    steps.push_back(std::move(one));
  }
  json::array& groups = o["groups"].emplace_array();
  for (const auto& group : type.groups) groups.push_back(titled(group.id, group.title, group.title_en));
  json::array& roles = o["roles"].emplace_array();
  for (const auto& role : type.roles) roles.push_back(titled(role.id, role.title, role.title_en));
  json::array& flags = o["flags"].emplace_array();
  for (const auto& flag : type.flags) {
    const auto chinese = type.flag_titles.find(flag), english = type.flag_titles_en.find(flag);
    flags.push_back(titled(flag, chinese == type.flag_titles.end() ? flag : chinese->second,
                           english == type.flag_titles_en.end() ? "" : english->second));
  }
  json::array& clocks = o["clocks"].emplace_array();
  for (const auto& clock : type.clocks) {
    json::object one = titled(clock.id, clock.title, clock.title_en);
    one["force"] = str(clock.force == pack::Force::statutory ? "法定"
                       : clock.force == pack::Force::promise ? "承诺"
                                                             : "力争");
    one["basis"] = kernel::to_json(clock.basis);
    clocks.push_back(std::move(one));
  }
  json::array& states = o["states"].emplace_array();
  for (const auto& state : type.states) {
    json::object one = titled(state.id, state.title, state.title_en);
    one["public_title"] = state.public_title.empty() ? state.title : state.public_title;
    one["public_title_en"] = state.public_title_en.empty() ? state.title_en : state.public_title_en;
    one["final"] = state.final;
    if (const pack::Step* step = type.find_step(state.id)) one["step"] = step->id;
    states.push_back(std::move(one));
  }
  json::array& fields = o["fields"].emplace_array();
  for (const auto& field : type.fields) fields.push_back(field_json(field, false));
  json::array& actions = o["actions"].emplace_array();
  for (const auto& action : type.actions) {
    if (!action.by_timer) actions.push_back(action_json(pack, type, action, for_staff));
  }
  json::array& ways = o["ways"].emplace_array();
  for (const auto& way : type.ways) ways.push_back(way_json(type, way));
  return o;
}

json::array columns_json(const pack::RegisterType& type) {
  json::array columns;
  for (const Field& field : type.fields) {
    const json::object whole = field_json(field, false);
    json::object& one = columns.emplace_back(json::object()).as_object();
    for (const std::string_view member : {"id", "kind", "list", "title", "title_en", "register", "options"}) {
      if (const json::value* value = whole.if_contains(member)) one[member] = *value;
    }
  }
  return columns;
}

}  // namespace tongban::http
