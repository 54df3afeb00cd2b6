// The table of all built-ins, and what is shown of it.
#include "feel/built_ins.h"

#include <algorithm>

#include "base/check.h"

namespace tongban::feel {

const Value& single(const Value& value) {
  return value.kind() == Value::Kind::list && value.as_list().size() == 1 ? value.as_list()[0] : value;
}

const Value* as(const Value& value, Value::Kind wanted) {
  if (value.kind() == wanted) return &value;
  const Value& one = single(value);
  return one.kind() == wanted ? &one : nullptr;
}

bool has(Arguments a, size_t i) { return i < a.size() && !a[i].is_null(); }

std::optional<List> list_of(const Value& value) {
  if (value.is_null()) return std::nullopt;
  if (value.kind() == Value::Kind::list) return value.as_list();
  return List{value};
}

std::optional<List> variadic_list(Arguments a) {
  if (a.size() == 1) return list_of(a[0]);
  return List(a.begin(), a.end());
}

std::optional<int64_t> whole(const Value& value) {
  const Value* number = as(value, Value::Kind::number);
  return number != nullptr ? number->as_number().to_int64() : std::nullopt;
}

std::optional<int64_t> cut_to_whole(const Value& value) {
  const Value* number = as(value, Value::Kind::number);
  return number != nullptr ? number->as_number().rounded(0, Number::Rounding::down).to_int64() : std::nullopt;
}

std::optional<size_t> position_in(const List& list, const Value& position) {
  const auto at = cut_to_whole(position);
  const auto size = static_cast<int64_t>(list.size());
  if (!at || *at == 0 || *at > size || *at < -size) return std::nullopt;
  return static_cast<size_t>(*at > 0 ? *at - 1 : size + *at);
}

BuiltIn& BuiltInMaker::add(std::string name, std::vector<Parameter> parameters, Type result, std::string doc,
                           Value (*call)(Arguments, Call&)) {
  BuiltIn built_in{{std::move(name), std::move(parameters), std::move(result), std::move(doc), chapter}};
  for (const Parameter& parameter : built_in.info.parameters) built_in.least += parameter.optional ? 0 : 1;
  built_in.call = call;
  table.push_back(std::move(built_in));
  return table.back();
}

BuiltIn& BuiltInMaker::add_variadic(std::string name, std::vector<Parameter> parameters, Type result, std::string doc,
                                    Value (*call)(Arguments, Call&)) {
  BuiltIn& built_in = add(std::move(name), std::move(parameters), std::move(result), std::move(doc), call);
  built_in.variadic = true;
  built_in.info.variadic = true;
  return built_in;
}

const std::vector<BuiltIn>& built_in_functions() {
  static const std::vector<BuiltIn> table = [] {
    std::vector<BuiltIn> all;
    add_conversions(all);
    add_texts(all);
    add_lists(all);
    add_numbers(all);
    add_ranges(all);
    add_temporals(all);
    add_contexts(all);
    return all;
  }();
  return table;
}

const std::vector<BuiltInInfo>& built_ins() {
  static const std::vector<BuiltInInfo> infos = [] {
    std::vector<BuiltInInfo> all;
    for (const BuiltIn& built_in : built_in_functions()) all.push_back(built_in.info);
    return all;
  }();
  return infos;
}

std::string signature(const BuiltInInfo& function) {
  std::string out = function.name + "(";
  for (size_t i = 0; i < function.parameters.size(); ++i) {
    out += (i > 0 ? ", " : "") + function.parameters[i].name + (function.parameters[i].optional ? "?" : "");
  }
  return out + (function.variadic ? ", …)" : ")");
}

namespace {

struct Chapter {
  std::string_view number;
  std::string_view title;
};
constexpr Chapter kChapters[] = {
    {"10.3.4.1", "Conversion"}, {"10.3.4.2", "Boolean"},       {"10.3.4.3", "Strings"},
    {"10.3.4.4", "Lists"},      {"10.3.4.5", "Numbers"},       {"10.3.4.6", "Date and time"},
    {"10.3.4.7", "Ranges"},     {"10.3.4.8", "Temporal"},      {"10.3.4.9", "Sort"},
    {"10.3.4.10", "Contexts"},  {"10.3.4.11", "Present time"}, {"extension", "Extensions of this product"}};

std::string row(const BuiltInInfo& function) {
  std::string types;
  for (const Parameter& parameter : function.parameters)
    types += (types.empty() ? "" : ", ") + parameter.name + ": " + parameter.type.to_text();
  std::string cell;
  for (const char c : signature(function)) cell += c;
  return "| `" + cell + "` | " + types + " | " + function.result.to_text() + " | " + function.doc + " |\n";
}

}  // namespace

std::string functions_as_markdown(std::span<const Function> extensions) {
  std::vector<BuiltInInfo> all = built_ins();
  for (const Function& function : extensions) {
    all.push_back({function.name, function.parameters, function.result, function.doc, "extension"});
  }
  std::string out;
  for (const Chapter& chapter : kChapters) {
    out += (out.empty() ? "" : "\n") + std::string("## ") + std::string(chapter.title);
    if (chapter.number != "extension") out += " (DMN 1.5, " + std::string(chapter.number) + ")";
    out += "\n\n| Function | Parameters | Result | What it gives |\n|---|---|---|---|\n";
    for (const BuiltInInfo& function : all) {
      if (function.chapter == chapter.number) out += row(function);
    }
  }
  return out;
}

}  // namespace tongban::feel
