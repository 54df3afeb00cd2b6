#include <algorithm>

#include "base/text.h"
#include "feel/feel.h"

namespace tongban::feel {
namespace {

constexpr int kTypeDepth = 32;

bool conforms_at(const Type& actual, const Type& wanted, int depth) {
  if (depth > kTypeDepth) return true;
  using Kind = Type::Kind;
  if (actual.kind == Kind::any || wanted.kind == Kind::any || actual.kind == Kind::null) return true;
  if (actual.kind != wanted.kind) return false;
  if (actual.element && wanted.element) return conforms_at(*actual.element, *wanted.element, depth + 1);
  if (!actual.members || !wanted.members) return true;
  return std::all_of(wanted.members->begin(), wanted.members->end(), [&](const Type::Member& member) {
    const Type* mine = actual.find_member(member.name);
    return mine == nullptr || conforms_at(*mine, member.type, depth + 1);  // an absent member is null
  });
}

struct Word {
  std::string_view name;
  Type::Kind kind;
};
// Longer names first, so that a prefix does not win.
constexpr Word kWords[] = {{"days and time duration", Type::Kind::days_duration},
                           {"years and months duration", Type::Kind::months_duration},
                           {"date and time", Type::Kind::date_time},
                           {"number", Type::Kind::number},
                           {"string", Type::Kind::text},
                           {"text", Type::Kind::text},
                           {"boolean", Type::Kind::boolean},
                           {"date", Type::Kind::date},
                           {"time", Type::Kind::time},
                           {"context", Type::Kind::context},
                           {"list", Type::Kind::list},
                           {"range", Type::Kind::range},
                           {"Any", Type::Kind::any},
                           {"any", Type::Kind::any},
                           {"Null", Type::Kind::null}};

std::optional<Type> parse_type_at(std::string_view text, int depth) {
  text = trim(text);
  if (depth > kTypeDepth) return std::nullopt;
  if (text == "limit") return Type::limit();
  for (const Word& word : kWords) {
    if (text == word.name) return Type{word.kind, {}, {}};
  }
  const auto of_element = [&](std::string_view inner, Type::Kind kind) -> std::optional<Type> {
    const std::optional<Type> element = parse_type_at(inner, depth + 1);
    if (!element) return std::nullopt;
    return Type{kind, std::make_shared<Type>(*element), {}};
  };
  if (text.starts_with("list of ")) return of_element(text.substr(8), Type::Kind::list);
  if (text.starts_with("range of ")) return of_element(text.substr(9), Type::Kind::range);
  if (text.ends_with(">")) {
    const size_t open = text.find('<');
    if (open == std::string_view::npos) return std::nullopt;
    const std::string_view head = trim(text.substr(0, open));
    const std::string_view inner = text.substr(open + 1, text.size() - open - 2);
    if (head == "list") return of_element(inner, Type::Kind::list);
    if (head == "range") return of_element(inner, Type::Kind::range);
    if (head == "context") {
      std::vector<Type::Member> members;
      size_t start = 0;
      int nested = 0;
      for (size_t i = 0; i <= inner.size(); ++i) {
        if (i < inner.size() && inner[i] == '<') ++nested;
        if (i < inner.size() && inner[i] == '>') --nested;
        if (i < inner.size() && (inner[i] != ',' || nested > 0)) continue;
        const std::string_view part = inner.substr(start, i - start);
        start = i + 1;
        const size_t colon = part.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        std::optional<Type> type = parse_type_at(part.substr(colon + 1), depth + 1);
        if (!type) return std::nullopt;
        members.push_back({std::string(trim(part.substr(0, colon))), std::move(*type)});
      }
      return Type::context_of(std::move(members));
    }
  }
  return std::nullopt;
}

bool has_type_at(const Value& value, const Type& type, int depth) {
  if (value.is_null() || type.kind == Type::Kind::any || depth > kTypeDepth) return true;
  if (static_cast<int>(value.kind()) != static_cast<int>(type.kind) - 1) return false;
  switch (type.kind) {
    case Type::Kind::list:
      return !type.element || std::all_of(value.as_list().begin(), value.as_list().end(), [&](const Value& item) {
        return has_type_at(item, *type.element, depth + 1);
      });
    case Type::Kind::context:
      return !type.members || std::all_of(type.members->begin(), type.members->end(), [&](const Type::Member& member) {
        const Value* entry = value.find(member.name);
        return entry == nullptr || has_type_at(*entry, member.type, depth + 1);
      });
    case Type::Kind::range: {
      const Range& range = value.as_range();
      return !type.element || ((!range.low || has_type_at(*range.low, *type.element, depth + 1)) &&
                               (!range.high || has_type_at(*range.high, *type.element, depth + 1)));
    }
    default:
      return true;
  }
}

Error not_of_type(const Value& value, const Type& type, const std::string& where) {
  std::string shown = value.to_text();
  if (shown.size() > 80) shown = shown.substr(0, 60) + "…";
  return fail(Trouble::invalid_input,
              (where.empty() ? "the value " : where + ": the value ") + shown + " is no " + type.to_text());
}

Result<Value> coerce_at(const Value& value, const Type& type, const std::string& where, int depth) {
  using Kind = Type::Kind;
  if (value.is_null() || type.kind == Kind::any || depth > kTypeDepth) return value;
  if (value.kind() == Value::Kind::text && type.kind != Kind::text) {
    const std::string& text = value.as_text();
    switch (type.kind) {
      case Kind::number:
        if (const auto number = Number::parse(text)) return Value::of(*number);
        break;
      case Kind::date:
        if (const auto date = parse_date(text); date.ok()) return Value::of(date.value());
        break;
      case Kind::time:
        if (const auto time = parse_time(text)) return Value::of(*time);
        break;
      case Kind::date_time:
        if (const auto at = parse_date_time(text)) return Value::of(*at);
        break;
      case Kind::days_duration:
      case Kind::months_duration:
        if (Value duration = parse_duration(text); has_type(duration, type) && !duration.is_null()) return duration;
        break;
      default:
        break;
    }
    return not_of_type(value, type, where);
  }
  if (type.kind == Kind::list && value.kind() == Value::Kind::list) {
    if (!type.element) return value;
    List items;
    items.reserve(value.as_list().size());
    for (const Value& item : value.as_list()) {
      items.push_back(
          TRY(coerce_at(item, *type.element, where + "[" + std::to_string(items.size() + 1) + "]", depth + 1)));
    }
    return Value::list(std::move(items));
  }
  if (type.kind == Kind::context && value.kind() == Value::Kind::context) {
    if (!type.members) return value;
    Context entries;
    std::vector<std::string> known;
    for (const Type::Member& member : *type.members) known.push_back(member.name);
    for (const auto& [name, entry] : value.as_context()) {
      const std::string path = where.empty() ? name : where + "." + name;
      const Type* member = type.find_member(name);
      if (member == nullptr) {
        const std::string near = nearest_word(name, known);
        return fail(Trouble::invalid_input,
                    path + ": there is no member of this name" + (near.empty() ? "" : "; did you mean " + near + "?"));
      }
      entries.emplace_back(name, TRY(coerce_at(entry, *member, path, depth + 1)));
    }
    return Value::context(std::move(entries));
  }
  if (!has_type(value, type)) return not_of_type(value, type, where);
  return value;
}

}  // namespace

Type Type::one_of(std::vector<std::string> values) {
  return {Kind::text, {}, {}, std::make_shared<std::vector<std::string>>(std::move(values))};
}
Type Type::list_of(Type element) { return {Kind::list, std::make_shared<Type>(std::move(element)), {}}; }
Type Type::range_of(Type element) { return {Kind::range, std::make_shared<Type>(std::move(element)), {}}; }
Type Type::context_of(std::vector<Member> members) {
  return {Kind::context, {}, std::make_shared<std::vector<Member>>(std::move(members))};
}
Type Type::limit() { return context_of({{"n", number()}, {"unit", text()}}); }

bool Type::operator==(const Type& other) const {
  if (kind != other.kind || !element != !other.element || !members != !other.members) return false;
  if (element && !(*element == *other.element)) return false;
  if (!members || members == other.members) return true;
  return members->size() == other.members->size() &&
         std::equal(members->begin(), members->end(), other.members->begin(),
                    [](const Member& a, const Member& b) { return a.name == b.name && a.type == b.type; });
}

const Type* Type::find_member(std::string_view name) const {
  if (!members) return nullptr;
  for (const Member& member : *members) {
    if (member.name == name) return &member.type;
  }
  return nullptr;
}

std::string Type::to_text() const {
  switch (kind) {
    case Kind::any:
      return "any";
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "boolean";
    case Kind::number:
      return "number";
    case Kind::text:
      return "string";
    case Kind::date:
      return "date";
    case Kind::time:
      return "time";
    case Kind::date_time:
      return "date and time";
    case Kind::days_duration:
      return "days and time duration";
    case Kind::months_duration:
      return "years and months duration";
    case Kind::list:
      return element ? "list of " + element->to_text() : "list";
    case Kind::range:
      return element ? "range of " + element->to_text() : "range";
    case Kind::context: {
      if (!members) return "context";
      if (*this == limit()) return "limit";
      std::string out = "context {";
      for (const Member& member : *members) {
        out += (out.back() == '{' ? "" : ", ") + member.name + ": " + member.type.to_text();
      }
      return out + "}";
    }
  }
  return "any";
}

std::optional<Type> parse_type(std::string_view text) { return parse_type_at(text, 0); }
bool conforms(const Type& actual, const Type& wanted) { return conforms_at(actual, wanted, 0); }
bool has_type(const Value& value, const Type& type) { return has_type_at(value, type, 0); }
Result<Value> coerce(const Value& value, const Type& type) { return coerce_at(value, type, "", 0); }

Scope::Scope(std::vector<Variable> variables) {
  for (Variable& variable : variables) add(std::move(variable));
}

size_t Scope::add(Variable variable) {
  CHECK(!find(variable.name));
  variables_.push_back(std::move(variable));
  return variables_.size() - 1;
}

void Scope::add(Function function) { functions_.push_back(std::make_shared<const Function>(std::move(function))); }

std::optional<size_t> Scope::find(std::string_view name) const {
  for (size_t i = 0; i < variables_.size(); ++i) {
    if (variables_[i].name == name) return i;
  }
  return std::nullopt;
}

}  // namespace tongban::feel
