// Context functions (DMN 1.5 §10.3.4.10), and the product's own question whether a value is there.
#include <algorithm>

#include "feel/built_ins.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;

Value is_defined(Arguments a, Call&) { return Value::of(!a[0].is_null()); }

Value get_value(Arguments a, Call& call) {
  if (const Value* key = as(a[1], Kind::text)) {
    const Value* context = as(a[0], Kind::context);
    return context != nullptr ? context->get(key->as_text()) : Value();
  }
  // A list of keys leads inwards.
  const Value* context = as(a[0], Kind::context);
  if (context == nullptr || a[1].kind() != Kind::list || a[1].as_list().empty()) return {};
  Value value = *context;
  for (const Value& key : a[1].as_list()) {
    if (key.kind() != Kind::text || !call.spend(1)) return {};
    value = value.get(key.as_text());
  }
  return value;
}

Value get_entries(Arguments a, Call& call) {
  const Value* context = as(a[0], Kind::context);
  if (context == nullptr || !call.spend(context->as_context().size())) return {};
  List out;
  for (const auto& [key, value] : context->as_context()) {
    out.push_back(Value::context({{"key", Value::text(key)}, {"value", value}}));
  }
  return Value::list(std::move(out));
}

void put(Context& entries, const std::string& key, Value value) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.first == key; });
  if (found != entries.end()) {
    found->second = std::move(value);
  } else {
    entries.emplace_back(key, std::move(value));
  }
}

Value make_context(Arguments a, Call& call) {
  const std::optional<List> list = list_of(a[0]);
  if (!list) return {};
  Context entries;
  for (const Value& item : *list) {
    const Value* key = item.find("key");
    const Value* value = item.find("value");
    if (key == nullptr || value == nullptr || key->kind() != Kind::text || !call.spend(1 + entries.size() / 8))
      return {};
    const bool is_double =
        std::any_of(entries.begin(), entries.end(), [&](const auto& entry) { return entry.first == key->as_text(); });
    if (is_double) return {};
    entries.emplace_back(key->as_text(), *value);
  }
  return Value::context(std::move(entries));
}

// The context with the value put where the keys lead; contexts on the way are made where they are absent.
std::optional<Value> put_at(const Value& context, std::span<const Value> keys, const Value& value, Call& call) {
  if (keys.empty() || keys[0].kind() != Kind::text || keys.size() > static_cast<size_t>(Value::kMaxDepth))
    return std::nullopt;
  if (context.kind() != Kind::context || !call.spend(context.as_context().size())) return std::nullopt;
  Context entries = context.as_context();
  const std::string& key = keys[0].as_text();
  if (keys.size() == 1) {
    put(entries, key, value);
  } else {
    const Value* inner = context.find(key);
    const std::optional<Value> changed =
        put_at(inner != nullptr && !inner->is_null() ? *inner : Value::context({}), keys.subspan(1), value, call);
    if (!changed) return std::nullopt;
    put(entries, key, *changed);
  }
  return Value::context(std::move(entries));
}

Value context_put(Arguments a, Call& call) {
  const Value* context = as(a[0], Kind::context);
  if (context == nullptr) return {};
  std::optional<Value> made;
  if (a[1].kind() == Kind::list) {
    made = put_at(*context, a[1].as_list(), a[2], call);
  } else {
    made = put_at(*context, a.subspan(1, 1), a[2], call);
  }
  return made ? *made : Value();
}

// By the name `key` one entry only.
Value context_put_key(Arguments a, Call& call) {
  return as(a[1], Kind::text) != nullptr ? context_put(a, call) : Value();
}

Value context_merge(Arguments a, Call& call) {
  const std::optional<List> list = list_of(a[0]);
  if (!list) return {};
  Context entries;
  for (const Value& item : *list) {
    if (item.kind() != Kind::context) return {};
    for (const auto& [key, value] : item.as_context()) {
      if (!call.spend(1 + entries.size() / 8)) return {};
      put(entries, key, value);
    }
  }
  return Value::context(std::move(entries));
}

}  // namespace

void add_contexts(std::vector<BuiltIn>& table) {
  const Type any = Type::any();
  const Type text = Type::text();
  const Type context = Type::open_context();
  BuiltInMaker make{"10.3.4.10", table};
  make.add("get value", {{"m", context}, {"key", any}}, any,
           "The context's entry of this name; a list of names leads inwards.", get_value);
  make.add("get value", {{"context", context}, {"keys", any}}, any, "The same, by the other names of the parameters.",
           get_value);
  make.add("get entries", {{"m", context}}, Type::list_of(Type::context_of({{"key", text}, {"value", any}})),
           "The context's entries as a list of key and value.", get_entries);
  make.add("context", {{"entries", {Type::Kind::list, {}, {}}}}, context,
           "The context of a list of key and value; null where a key stands twice.", make_context);
  make.add("context put", {{"context", context}, {"keys", any}, {"value", any}}, context,
           "The context with an entry put or replaced; a list of keys leads inwards.", context_put);
  make.add("context put", {{"context", context}, {"key", text}, {"value", any}}, context, "The same for one key.",
           context_put_key);
  make.add("context merge", {{"contexts", {Type::Kind::list, {}, {}}}}, context,
           "The contexts in one; a later entry replaces an earlier one of the same name.", context_merge);
  BuiltInMaker extension{"extension", table};
  extension
      .add("is defined", {{"value", any}}, Type::boolean(),
           "Is there a value (not null)? Nothing counts as missing for it.", is_defined)
      .names_null = true;
}

}  // namespace tongban::feel
