// Names: what one means here, members, filters, and what is said of an unknown one.
#include "feel/compiler.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::feel {
Term Compiler::member_of(const Term& source, const std::string& name, Type type) {
  const Node node = code_->nodes[source.node];
  if (node.op == Op::path) {
    std::vector<std::string> names(code_->names.begin() + node.first_name,
                                   code_->names.begin() + node.first_name + node.names);
    names.push_back(name);
    return {emit_path(static_cast<Root>(node.flag), node.data, names, joined(code_->paths[node.path], name)),
            std::move(type), source.at};
  }
  return folded(emit(Op::member, {source.node}, 0, 0, {name}), std::move(type), source.at);
}

Term Compiler::parse_member(const Term& source) {
  skip_space();
  const size_t at = pos_;
  const bool in_list = source.type.kind == Type::Kind::list;
  const Type holder = in_list ? (source.type.element ? *source.type.element : Type::any()) : source.type;
  std::vector<std::string> known;
  if (holder.members) {
    for (const Type::Member& member : *holder.members) known.push_back(member.name);
  } else {
    known = property_names(holder.kind);
  }
  const auto lifted = [&](Type type) { return in_list ? Type::list_of(std::move(type)) : type; };
  size_t longest = 0;
  std::string best;
  for (const std::string& name : known) {
    const size_t length = match_name(name, pos_);
    if (length > longest) {
      longest = length;
      best = name;
    }
  }
  if (longest > 0) {
    pos_ += longest;
    const Type* member = holder.find_member(best);
    return member_of(source, best, lifted(member != nullptr ? *member : *property_type(holder, best)));
  }
  if (word_at(pos_).empty()) return expected("a name after \".\"");
  const bool is_open = holder.kind == Type::Kind::any || (holder.kind == Type::Kind::context && !holder.members);
  const std::string name = is_open ? read_words() : std::string(word_at(pos_));
  if (is_open && !name.empty()) {
    if (holder.kind == Type::Kind::any) {
      // The properties with spaces first: read_words has them already.
      return member_of(source, name, Type::any());
    }
    return member_of(source, name, lifted(Type::any()));
  }
  pos_ = at + word_at(at).size();
  if (!options_.strict) return member_of(source, name, Type::any());
  const std::string near = nearest_word(name, known);
  type_problem(at, "there is no \"" + name + "\" in " + holder.to_text() +
                       (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  return null_term(source.at);
}

std::string Compiler::display_of(const Term& term) const {
  const Node& node = code_->nodes[term.node];
  if (node.op == Op::path) return code_->paths[node.path];
  if (node.op == Op::filter) return display_of({code_->children_of(node)[0], {}, 0});
  return "item";
}

Term Compiler::parse_filter(const Term& source) {
  const Type item_type =
      source.type.kind == Type::Kind::list ? (source.type.element ? *source.type.element : Type::any()) : source.type;
  const uint32_t slot = new_local();
  locals_.push_back({"item", item_type, slot, display_of(source), true, frames_.size() - 1, false});
  const Term condition = parse_expression();
  locals_.pop_back();
  expect("]");
  if (failed_) return {};
  const bool is_index = condition.type.kind == Type::Kind::number;
  if (!is_index && !conforms(condition.type, Type::boolean())) {
    type_problem(condition.at,
                 "a filter needs a condition (boolean) or a position (number), this is " + condition.type.to_text());
  }
  const uint32_t node = emit(Op::filter, {source.node, condition.node}, slot, is_index ? 1 : 0);
  if (is_index) return {node, item_type, source.at};
  if (condition.type.kind == Type::Kind::any) return {node, Type::any(), source.at};
  return {node, item_type.kind == Type::Kind::any ? Type{Type::Kind::list, {}, {}} : Type::list_of(item_type),
          source.at};
}

Compiler::Candidate Compiler::find_name() const {
  Candidate best;
  const auto offer = [&](std::string_view name, auto set) {
    const size_t length = match_name(name, pos_);
    if (length <= best.length) return;
    best = Candidate{length, false, std::string(name), nullptr, false, std::nullopt};
    set(best);
  };
  for (size_t i = locals_.size(); i-- > 0;) {
    const Local& local = locals_[i];
    if (local.is_item && local.type.members) {
      for (const Type::Member& member : *local.type.members) {
        offer(member.name, [&](Candidate& c) {
          c.local = &local;
          c.is_member = true;
        });
      }
    }
    offer(local.name, [&](Candidate& c) { c.local = &local; });
  }
  for (size_t i = 0; i < scope_.variables().size(); ++i) {
    offer(scope_.variables()[i].name, [&](Candidate& c) { c.slot = i; });
  }
  const auto offer_function = [&](const std::string& name) {
    const size_t length = match_name(name, pos_);
    if (length <= best.length || !followed_by(pos_ + length, '(')) return;
    best = Candidate{length, true, name, nullptr, false, std::nullopt};
  };
  // A variable's name before "(" can only be meant as a function.
  if (best.length > 0 && followed_by(pos_ + best.length, '(')) {
    const Candidate variable = best;
    const Type::Kind kind = best.local != nullptr && best.is_member ? Type::Kind::any
                            : best.local != nullptr                 ? best.local->type.kind
                            : best.slot                             ? scope_.variables()[*best.slot].type.kind
                                                                    : Type::Kind::any;
    if (kind == Type::Kind::function) return variable;
    best = {};
    for (const auto& function : scope_.functions()) offer_function(function->name);
    for (const BuiltIn& function : built_in_functions()) offer_function(function.info.name);
    if (best.length < variable.length) best = variable;
    return best;
  }
  for (const auto& function : scope_.functions()) offer_function(function->name);
  for (const BuiltIn& function : built_in_functions()) offer_function(function.info.name);
  return best;
}

// The item of a filter whose type is not known: a name may be one of its members.
bool Compiler::is_open_item(const Local& local) {
  const Type& type = local.type;
  return local.is_item && (type.kind == Type::Kind::any || (type.kind == Type::Kind::context && !type.members));
}

const Local* Compiler::open_item() const {
  for (size_t i = locals_.size(); i-- > 0;) {
    if (is_open_item(locals_[i])) return &locals_[i];
  }
  return nullptr;
}

// The name may be a member of the items of filters that stand further inside than `outside` locals: the innermost that
// has it gives it, else `found`.
Term Compiler::member_of_items(Term found, const std::string& name, size_t outside) {
  for (size_t i = outside; i < locals_.size(); ++i) {
    const Local& item = locals_[i];
    if (!is_open_item(item)) continue;
    const auto [root, data] = reach(item);
    const uint32_t member = emit_path(root, data, {name}, joined(item.display, name));
    found.node = emit(Op::member_or, {member, found.node});
    found.type = Type::any();
  }
  return found;
}

Term Compiler::candidate_term(const Candidate& found, size_t at) {
  Term term;
  term.at = at;
  size_t outside = 0;
  if (found.local != nullptr) {
    outside = static_cast<size_t>(found.local - locals_.data()) + 1;
    const std::string path = found.is_member ? joined(found.local->display, found.name) : found.local->display;
    term.type = found.is_member ? *found.local->type.find_member(found.name) : found.local->type;
    const auto [root, data] = reach(*found.local);
    term.node = emit_path(root, data, found.is_member ? std::vector{found.name} : std::vector<std::string>(), path);
  } else {
    term.type = scope_.variables()[*found.slot].type;
    const auto [root, data] = reach(0, Root::slot, static_cast<uint32_t>(*found.slot));
    term.node = emit_path(root, data, {}, found.name);
  }
  return member_of_items(std::move(term), found.name, outside);
}

// A function's name that is not called: the function as a value.
std::optional<Term> Compiler::function_value(size_t at) {
  size_t longest = 0;
  std::shared_ptr<const Function> host;
  const BuiltIn* built_in = nullptr;
  for (const auto& function : scope_.functions()) {
    const size_t length = match_name(function->name, at);
    if (length <= longest) continue;
    longest = length;
    host = function;
  }
  for (const BuiltIn& function : built_in_functions()) {
    const size_t length = match_name(function.info.name, at);
    if (length <= longest) continue;
    longest = length;
    built_in = &function;
    host = nullptr;
  }
  if (longest == 0 || followed_by(at + longest, '(') || text_.substr(at + longest).starts_with("（"))
    return std::nullopt;
  // Another word behind it, and no operator: a misspelt name that begins with a function's (`is working days`).
  size_t next = at + longest;
  while (next < text_.size() && is_space(text_[next])) ++next;
  if (const std::string_view word = word_at(next); next > at + longest && !word.empty() && !is_keyword(word))
    return std::nullopt;
  auto callable = std::make_shared<Callable>();
  if (host) {
    callable->parameters = host->parameters;
    callable->result = host->result;
    callable->call = [host](std::span<const Value> arguments, Budget& budget) {
      Result<Value> result = host->call(arguments, budget.context);
      if (result.ok()) return std::move(result).value();
      budget.fail(host->name + ": " + result.error().message);
      return Value();
    };
  } else {
    callable->parameters = built_in->info.parameters;
    callable->result = built_in->info.result;
    callable->variadic = built_in->variadic;
    // The forms with more parameters: date(from) and date(year, month, day). What follows the first form's parameters
    // is handed over as it is, and the number of arguments tells which form is meant.
    std::vector<const BuiltIn*> forms{built_in};
    for (const BuiltIn& form : built_in_functions()) {
      if (form.info.name != built_in->info.name || form.info.parameters.size() <= forms.back()->info.parameters.size())
        continue;
      forms.push_back(&form);
      callable->variadic = true;
      callable->result = Type::any();
    }
    callable->call = [forms, strict = options_.strict](std::span<const Value> arguments, Budget& budget) {
      Call call{budget, strict};
      const BuiltIn* form = forms[0];
      for (const BuiltIn* longer : forms) {
        if (arguments.size() > form->info.parameters.size() && !form->variadic) form = longer;
      }
      // What was left out at the end must not arrive as null.
      while (arguments.size() > form->least && arguments.back().is_null())
        arguments = arguments.first(arguments.size() - 1);
      const bool fits =
          arguments.size() >= form->least && (form->variadic || arguments.size() <= form->info.parameters.size());
      return fits ? form->call(arguments, call) : Value();
    };
  }
  pos_ = at + longest;
  return constant(Value::function(std::move(callable)), at);
}

Term Compiler::unknown_name(size_t at) {
  const Local* item = open_item();
  if (!item && !options_.strict) {
    // The standard asks the value: an item that lacks the member gives null.
    for (const Local& each : locals_) {
      if (each.is_item && each.type.kind == Type::Kind::context) item = &each;
    }
  }
  if (item) {
    const std::string name = read_words();
    if (!name.empty() && !followed_by(pos_, '(')) {
      const auto outer = std::find_if(locals_.begin(), locals_.end(), is_open_item);
      if (outer != locals_.end()) item = &*outer;
      const std::string path = joined(item->display, name);
      const auto [root, data] = reach(*item);
      return member_of_items({emit_path(root, data, {name}, path), Type::any(), at}, name,
                             static_cast<size_t>(item - locals_.data()) + 1);
    }
    pos_ = at;
  }
  if (std::optional<Term> function = function_value(at)) return *function;
  const std::string name(word_at(at));
  pos_ = at + name.size();
  if (rest().starts_with("（")) return expected("\"(\"");
  std::vector<std::string> known;
  bool is_call = followed_by(pos_, '(');
  if (!is_call) {  // a function of several words, `is working days(…)`
    pos_ = at;
    is_call = read_words() != name && followed_by(pos_, '(');
    pos_ = at + name.size();
  }
  if (is_call) {
    for (const auto& function : scope_.functions()) known.push_back(function->name);
    for (const BuiltIn& function : built_in_functions()) known.push_back(function.info.name);
  } else {
    for (const Local& local : locals_) {
      known.push_back(local.name);
      if (!local.is_item || !local.type.members) continue;
      for (const Type::Member& member : *local.type.members) known.push_back(member.name);
    }
    for (const Variable& variable : scope_.variables()) known.push_back(variable.name);
  }
  std::string near = is_call && !followed_by(pos_, '(') ? "" : nearest_word(name, known);
  std::string words = name;
  if (near.empty()) {  // names of several words
    const size_t start = pos_;
    pos_ = at;
    words = read_words();
    near = nearest_word(words, known);
    if (near.empty() && !(is_call && followed_by(pos_, '('))) {
      pos_ = start;
      words = name;
    }
  }
  constexpr std::pair<std::string_view, std::string_view> kValues[] = {
      {"TRUE", "true"},   {"True", "true"}, {"是", "true"},  {"真", "true"},       {"FALSE", "false"},
      {"False", "false"}, {"否", "false"},  {"假", "false"}, {"NULL", "null"},     {"Null", "null"},
      {"None", "null"},   {"空", "null"},   {"nil", "null"}, {"undefined", "null"}};
  for (const auto& [written, meant] : kValues) {
    if (!is_call && name == written) near = meant;
  }
  problem(at, (is_call ? "unknown function \"" : "unknown name \"") + words + "\"" +
                  (near.empty() ? std::string(is_call || words.empty() ? "" : "; strings stand in double quotes")
                                : "; did you mean \"" + near + "\"?"));
  if (followed_by(pos_, '(')) {  // read the arguments too: they may have faults of their own
    take("(");
    if (!take(")")) {
      do {
        parse_expression();
      } while (!failed_ && take(","));
      expect(")");
    }
  }
  // Whatever is said after the unknown name must not bury the message.
  if (!failed_) {
    skip_space();
    const std::string_view next = word_at(pos_);
    if (!next.empty() && !is_keyword(next)) {
      failed_ = true;
      pos_ = text_.size();
    }
  }
  return null_term(at);
}

std::pair<Root, uint32_t> Compiler::reach(size_t frame, Root root, uint32_t data) {
  for (size_t i = frame + 1; i < frames_.size(); ++i) {
    Frame& inner = frames_[i];
    const auto found = std::find_if(inner.captures.begin(), inner.captures.end(), [&](const Frame::Capture& capture) {
      return capture.root == root && capture.data == data;
    });
    const Root seen = root == Root::slot || root == Root::captured ? Root::captured : Root::local;
    if (found != inner.captures.end()) {
      data = found->slot;
    } else {
      inner.captures.push_back({root, data, inner.locals});
      data = inner.locals++;
    }
    root = seen;
  }
  return {root, data};
}

std::pair<Root, uint32_t> Compiler::reach(const Local& local) {
  if (!local.is_pending || local.frame + 1 >= frames_.size()) return reach(local.frame, Root::local, local.slot);
  Frame& own = frames_[local.frame + 1];  // the function that bears the name
  if (own.self < 0) own.self = static_cast<int32_t>(own.locals++);
  return reach(local.frame + 1, Root::local, static_cast<uint32_t>(own.self));
}

}  // namespace tongban::feel
