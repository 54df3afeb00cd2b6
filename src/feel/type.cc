#include <algorithm>

#include "base/text.h"
#include "feel/compiler.h"
#include "feel/temporal.h"

namespace tongban::feel {
namespace {

constexpr int kTypeDepth = 32;

bool conforms_at(const Type& actual, const Type& wanted, int depth) {
  if (depth > kTypeDepth) return true;
  using Kind = Type::Kind;
  if (actual.kind == Kind::any || wanted.kind == Kind::any || actual.kind == Kind::null) return true;
  if (actual.kind != wanted.kind) return false;
  if (actual.kind == Kind::function) {
    // As many parameters, each as wide as wanted or wider, and a result that fits.
    if (actual.element && wanted.element && !conforms_at(*actual.element, *wanted.element, depth + 1)) return false;
    if (!actual.members || !wanted.members) return true;
    return std::equal(actual.members->begin(), actual.members->end(), wanted.members->begin(), wanted.members->end(),
                      [&](const Type::Member& mine, const Type::Member& theirs) {
                        return conforms_at(theirs.type, mine.type, depth + 1);
                      });
  }
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

// Reads types from a text: §10.3.1.2, rule 55, and "list of …".
class TypeReader {
 public:
  TypeReader(std::string_view text, size_t pos, const Scope* scope) : text_(text), pos_(pos), scope_(scope) {}
  size_t pos() const { return pos_; }

  std::optional<Type> read(int depth) {
    skip_space();
    if (depth > kTypeDepth) return std::nullopt;
    if (take_word("list of")) return wrap(Type::Kind::list, read(depth + 1));
    if (take_word("range of")) return wrap(Type::Kind::range, read(depth + 1));
    size_t longest = 0;
    Type type;
    if (scope_ != nullptr) {
      for (const auto& [name, named] : scope_->types()) {
        if (matches(name) && name.size() > longest) {
          longest = name.size();
          type = named;
        }
      }
    }
    if (longest > 0) {
      pos_ += longest;
      return type;
    }
    if (take_word("limit")) return Type::limit();
    if (take_word("function")) return read_function(depth);
    for (const Word& word : kWords) {
      if (!take_word(word.name)) continue;
      const bool has_parts =
          word.kind == Type::Kind::list || word.kind == Type::Kind::range || word.kind == Type::Kind::context;
      if (!has_parts || !take("<")) return Type{word.kind, {}, {}};
      if (word.kind == Type::Kind::context) {
        const size_t sign = pos_ - 1;
        if (std::optional<Type> members = read_members(depth)) return members;
        pos_ = sign;  // a comparison: x instance of context < y
        return Type::open_context();
      }
      const std::optional<Type> element = read(depth + 1);
      if (!element || !take(">")) return std::nullopt;
      return wrap(word.kind, element);
    }
    return std::nullopt;
  }
  void skip_space() {
    while (pos_ < text_.size() && is_space(text_[pos_])) ++pos_;
  }

 private:
  static std::optional<Type> wrap(Type::Kind kind, const std::optional<Type>& element) {
    if (!element) return std::nullopt;
    return Type{kind, std::make_shared<Type>(*element), {}};
  }
  bool matches(std::string_view name) const {
    return !name.empty() && text_.substr(pos_).starts_with(name) &&
           name_character(text_.substr(pos_ + name.size())) == 0;
  }
  // The word, with white space of any length between its parts.
  bool take_word(std::string_view name) {
    size_t at = pos_;
    for (const char c : name) {
      if (c == ' ') {
        if (at >= text_.size() || !is_space(text_[at])) return false;
        while (at < text_.size() && is_space(text_[at])) ++at;
      } else if (at < text_.size() && text_[at] == c) {
        ++at;
      } else {
        return false;
      }
    }
    if (name_character(text_.substr(at)) != 0) return false;
    pos_ = at;
    return true;
  }
  bool take(std::string_view sign) {
    skip_space();
    if (!text_.substr(pos_).starts_with(sign)) return false;
    pos_ += sign.size();
    return true;
  }
  std::optional<Type> read_members(int depth) {
    std::vector<Type::Member> members;
    if (take(">")) return Type::context_of({});
    do {
      skip_space();
      const size_t colon = text_.find(':', pos_);
      if (colon == std::string_view::npos) return std::nullopt;
      const std::string name(trim(text_.substr(pos_, colon - pos_)));
      if (name.empty() || name.find_first_of("<>,(){}\"") != std::string::npos) return std::nullopt;
      pos_ = colon + 1;
      std::optional<Type> type = read(depth + 1);
      if (!type) return std::nullopt;
      members.push_back({name, std::move(*type)});
    } while (take(","));
    if (!take(">")) return std::nullopt;
    return Type::context_of(std::move(members));
  }
  std::optional<Type> read_function(int depth) {
    if (!take("<")) return Type{Type::Kind::function, {}, {}};
    std::vector<Type::Member> parameters;
    if (!take(">")) {
      do {
        std::optional<Type> type = read(depth + 1);
        if (!type) return std::nullopt;
        parameters.push_back({"", std::move(*type)});
      } while (take(","));
      if (!take(">")) return std::nullopt;
    }
    if (!take("->")) return std::nullopt;
    std::optional<Type> result = read(depth + 1);
    if (!result) return std::nullopt;
    return Type::function_of(std::move(parameters), std::move(*result));
  }

  std::string_view text_;
  size_t pos_;
  const Scope* scope_;
};

std::optional<Type> parse_whole_type(std::string_view text, const Scope* scope) {
  TypeReader reader(text, 0, scope);
  std::optional<Type> type = reader.read(0);
  reader.skip_space();
  return type && reader.pos() == text.size() ? type : std::nullopt;
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
    case Type::Kind::function:
      return conforms_at(value.as_function()->type(), type, depth + 1);
    default:
      return true;
  }
}

// A null inside a list or context is a value like any other there.
bool is_instance_at(const Value& value, const Type& type, int depth) {
  if (depth > kTypeDepth) return true;
  if (value.is_null()) return depth > 0 || type.kind == Type::Kind::null;
  if (type.kind == Type::Kind::any) return true;
  if (static_cast<int>(value.kind()) != static_cast<int>(type.kind) - 1) return false;
  switch (type.kind) {
    case Type::Kind::list:
      return !type.element || std::all_of(value.as_list().begin(), value.as_list().end(), [&](const Value& item) {
        return is_instance_at(item, *type.element, depth + 1);
      });
    case Type::Kind::context:
      return !type.members || std::all_of(type.members->begin(), type.members->end(), [&](const Type::Member& member) {
        const Value* entry = value.find(member.name);
        return entry != nullptr && is_instance_at(*entry, member.type, depth + 1);
      });
    default:
      return has_type_at(value, type, depth);
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
Type Type::function_of(std::vector<Member> parameters, Type result) {
  return {Kind::function, std::make_shared<Type>(std::move(result)),
          std::make_shared<std::vector<Member>>(std::move(parameters))};
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
    case Kind::function: {
      if (!members) return "function";
      std::string out = "function<";
      for (const Member& member : *members) out += (out.back() == '<' ? "" : ", ") + member.type.to_text();
      return out + "> -> " + (element ? element->to_text() : "any");
    }
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

std::optional<Type> parse_type(std::string_view text) { return parse_whole_type(text, nullptr); }
std::optional<Type> parse_type(std::string_view text, const Scope& scope) { return parse_whole_type(text, &scope); }
std::optional<Type> read_type(std::string_view text, size_t& pos, const Scope* scope) {
  TypeReader reader(text, pos, scope);
  std::optional<Type> type = reader.read(0);
  if (type) pos = reader.pos();
  return type;
}
bool is_instance(const Value& value, const Type& type) { return is_instance_at(value, type, 0); }

std::optional<Value> convert(const Value& value, const Type& type) {
  if (has_type(value, type)) return value;
  if (value.kind() == Value::Kind::date && type.kind == Type::Kind::date_time) {
    return moment_at_local(value.as_day() * kDaySeconds, 0, 0, {});
  }
  if (value.kind() == Value::Kind::list) {
    if (type.kind == Type::Kind::list || value.as_list().size() != 1) return std::nullopt;
    return has_type(value.as_list()[0], type) ? std::optional(value.as_list()[0]) : std::nullopt;
  }
  if (type.kind == Type::Kind::list && (!type.element || has_type(value, *type.element))) return Value::list({value});
  return std::nullopt;
}

Type Callable::type() const {
  std::vector<Type::Member> members;
  for (const Function::Parameter& parameter : parameters) members.push_back({parameter.name, parameter.type});
  return Type::function_of(std::move(members), result);
}
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

void Scope::add_type(std::string name, Type type) { types_.emplace_back(std::move(name), std::move(type)); }
const Type* Scope::find_type(std::string_view name) const {
  for (const auto& [known, type] : types_) {
    if (known == name) return &type;
  }
  return nullptr;
}

void Scope::add(Function function) { functions_.push_back(std::make_shared<const Function>(std::move(function))); }

std::optional<size_t> Scope::find(std::string_view name) const {
  for (size_t i = 0; i < variables_.size(); ++i) {
    if (variables_[i].name == name) return i;
  }
  return std::nullopt;
}

}  // namespace tongban::feel
