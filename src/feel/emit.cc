// Building the compiled form: nodes, constants, folding, paths.
#include "feel/compiler.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::feel {
namespace {

constexpr int kMaxNodeDepth = 1000;  // of the compiled form: long chains of + nest without brackets

}  // namespace

Type type_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::list: {
      if (value.as_list().empty()) return {Type::Kind::list, {}, {}};
      const Type first = type_of(value.as_list()[0]);
      for (const Value& item : value.as_list()) {
        if (!(type_of(item) == first)) return {Type::Kind::list, {}, {}};
      }
      return Type::list_of(first);
    }
    case Value::Kind::context: {
      std::vector<Type::Member> members;
      for (const auto& [name, entry] : value.as_context()) members.push_back({name, type_of(entry)});
      return Type::context_of(std::move(members));
    }
    case Value::Kind::range: {
      const Range& range = value.as_range();
      const std::shared_ptr<const Value>& end = range.low ? range.low : range.high;
      return end ? Type::range_of(type_of(*end)) : Type{Type::Kind::range, {}, {}};
    }
    default:
      return {static_cast<Type::Kind>(static_cast<int>(value.kind()) + 1), {}, {}};
    case Value::Kind::function:
      return value.as_function()->type();
  }
}

Type common_type(const Type& a, const Type& b) {
  if (a == b) return a.values && b.values && *a.values == *b.values ? a : Type{a.kind, a.element, a.members};
  if (a.kind == Type::Kind::null) return b;
  if (b.kind == Type::Kind::null) return a;
  if (a.kind == b.kind && (a.kind == Type::Kind::list || a.kind == Type::Kind::context)) return {a.kind, {}, {}};
  return Type::any();
}

uint32_t Compiler::emit(Op op, const std::vector<uint32_t>& children, uint32_t data, uint8_t flag,
                        const std::vector<std::string>& names) {
  Node node;
  node.op = op;
  node.flag = flag;
  node.data = data;
  node.first = static_cast<uint32_t>(code_->children.size());
  node.count = static_cast<uint32_t>(children.size());
  node.first_name = static_cast<uint32_t>(code_->names.size());
  node.names = static_cast<uint32_t>(names.size());
  int depth = 1;
  for (const uint32_t child : children) depth = std::max(depth, code_->nodes[child].depth + 1);
  if (depth > kMaxNodeDepth) {
    syntax("the expression is nested or chained too deeply; split it");
    depth = kMaxNodeDepth;
    node.count = 0;
  } else {
    code_->children.insert(code_->children.end(), children.begin(), children.end());
  }
  node.depth = static_cast<uint16_t>(depth);
  code_->names.insert(code_->names.end(), names.begin(), names.end());
  code_->nodes.push_back(node);
  return static_cast<uint32_t>(code_->nodes.size() - 1);
}

uint32_t Compiler::emit_constant(Value value) {
  code_->constants.push_back(std::move(value));
  return emit(Op::constant, {}, static_cast<uint32_t>(code_->constants.size() - 1));
}

Term Compiler::constant(Value value, size_t at) {
  Type type = type_of(value);
  return {emit_constant(std::move(value)), std::move(type), at};
}

Term Compiler::null_term(size_t at) { return {emit_constant(Value()), Type::any(), at}; }

bool Compiler::is_literal_null(const Term& term) const {
  return term.type.kind == Type::Kind::null && is_constant(term.node) && constant_at(term.node).is_null();
}

// The node, or its value when everything below it is constant.
Term Compiler::folded(uint32_t index, Type type, size_t at) {
  const Node& node = code_->nodes[index];
  bool all_constant = true;
  bool has_null = false;
  for (const uint32_t child : code_->children_of(node)) {
    // A function may ask the host, who is not there yet.
    all_constant = all_constant && is_constant(child) && constant_at(child).kind() != Value::Kind::function;
    has_null = has_null || (is_constant(child) && constant_at(child).is_null());
  }
  if (failed_ || !all_constant) return {index, std::move(type), at};
  std::optional<Value> value = fold(*code_, index, frames_.back().locals);
  if (!value) return {index, std::move(type), at};
  if (value->is_null()) {
    if (!has_null && problems_.empty()) {
      std::string written(trim(text_.substr(at, pos_ - at)));
      if (written.size() > 80) written = written.substr(0, written.find(' ')) + " …";
      // The forms people miss most.
      constexpr std::pair<std::string_view, std::string_view> kForms[] = {
          {"date and time(", "write date and time(\"2021-02-05T09:30:00+08:00\")"},
          {"date(", "write date(\"2021-02-05\") or date(2021, 2, 5)"},
          {"time(", "write time(\"09:30:00\") or time(9, 30, 0)"},
          {"duration(", "write duration(\"P5D\"), \"PT2H30M\" or \"P1Y2M\""},
          {"number(", "write number(\"1000.5\") or number(\"1,000.5\", \",\", \".\")"}};
      std::string_view advice = "check the values";
      for (const auto& [start, form] : kForms) {
        if (written.starts_with(start)) {
          advice = form;
          break;
        }
      }
      if (written.size() == std::string_view("date(\"2021-02-30\")").size() && written.starts_with("date(\""))
        advice = "there is no such day";
      type_problem(at, written + " can only give null; " + std::string(advice));
    }
    Term term = null_term(at);
    term.type = std::move(type);
    return term;
  }
  type = type_of(*value);
  return {emit_constant(std::move(*value)), std::move(type), at};
}

uint32_t Compiler::add_path(std::string path) {
  const auto found = std::find(code_->paths.begin(), code_->paths.end(), path);
  if (found != code_->paths.end()) return static_cast<uint32_t>(found - code_->paths.begin());
  code_->paths.push_back(std::move(path));
  return static_cast<uint32_t>(code_->paths.size() - 1);
}

uint32_t Compiler::new_locals(uint32_t count) {
  const uint32_t first = frames_.back().locals;
  frames_.back().locals += count;
  return first;
}

uint32_t Compiler::emit_path(Root root, uint32_t data, const std::vector<std::string>& names, std::string display) {
  const uint32_t node = emit(Op::path, {}, data, static_cast<uint8_t>(root), names);
  code_->nodes[node].path = root == Root::input && names.empty() ? kInputPath : add_path(std::move(display));
  return node;
}

std::string Compiler::joined(const std::string& path, const std::string& name) {
  return path.empty() ? "" : path + "." + name;
}

Compiled Compiler::finish() {
  Compiled compiled;
  compiled.problems = std::move(problems_);
  if (!compiled.problems.empty() || failed_) return compiled;
  code_->locals = frames_[0].locals;
  collect_reads();
  compiled.expression = Expression(code_);
  return compiled;
}

// Paths of variables in what is left after folding.
void Compiler::collect_reads() {
  std::vector<uint32_t> open{code_->root};
  std::vector<bool> seen(code_->nodes.size());
  while (!open.empty()) {
    const uint32_t index = open.back();
    open.pop_back();
    if (seen[index]) continue;
    seen[index] = true;
    const Node& node = code_->nodes[index];
    const auto root = static_cast<Root>(node.flag);
    if (node.op == Op::path && (root == Root::slot || root == Root::captured) && node.path != 0)
      code_->reads.push_back(code_->paths[node.path]);
    if (node.op == Op::closure) open.push_back(code_->lambdas[node.data].body);
    for (const uint32_t child : code_->children_of(node)) open.push_back(child);
  }
  std::sort(code_->reads.begin(), code_->reads.end());
  code_->reads.erase(std::unique(code_->reads.begin(), code_->reads.end()), code_->reads.end());
}

}  // namespace tongban::feel
