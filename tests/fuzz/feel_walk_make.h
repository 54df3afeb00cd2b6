// Makes random expressions (feel_walk.h) out of bytes, and compares what the compiled evaluator and the walk say.
#pragma once

#include "feel_walk.h"

namespace tongban::walk {

// Numbers drawn from bytes; zeros when they are used up, so that every input ends.
class Choices {
 public:
  explicit Choices(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  uint32_t pick(uint32_t below) {
    if (at_ >= bytes_.size()) return 0;
    return bytes_[at_++] % below;
  }
  bool chance(uint32_t in_256) { return pick(256) < in_256; }
  bool used_up() const { return at_ >= bytes_.size(); }

 private:
  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
};

enum class Hint { any, number, text, boolean, date, list, rows, context };

struct Known {
  std::string name;
  Hint hint;
  size_t parameters = 0;  // of a function
};

// What the expressions read: the same for compiler and walk.
struct Given {
  std::string name;
  Hint hint;
  Val value;
};
inline const std::vector<Given>& givens() {
  static const std::vector<Given> all = [] {
    const auto row = [](Val k1, Val k2) {
      Val v;
      v.kind = Kind::context;
      v.keys = {"k1", "k2"};
      v.items = {std::move(k1), std::move(k2)};
      return v;
    };
    std::vector<Given> made;
    made.push_back({"n", Hint::number, integer(3)});
    made.push_back({"s", Hint::text, text("abc")});
    made.push_back({"b", Hint::boolean, boolean(true)});
    made.push_back({"d", Hint::date, of_days(Kind::date, 18'663)});
    made.push_back({"xs", Hint::list, list({integer(1), integer(3), Val(), integer(2)})});
    made.push_back(
        {"cs", Hint::rows, list({row(integer(1), text("a")), row(integer(2), Val()), row(Val(), text("c"))})});
    made.push_back({"c", Hint::context, row(integer(5), list({integer(7), text("x")}))});
    made.push_back({"none", Hint::any, Val()});
    return made;
  }();
  return all;
}

class Maker {
 public:
  explicit Maker(Choices& choices) : choices_(choices) {
    for (const Given& given : givens()) known_.push_back({given.name, given.hint});
  }
  using Ptr = std::unique_ptr<Tree>;

  Ptr make(Hint hint, int depth) {
    if (++made_ > 120) depth = 0;
    if (choices_.chance(20)) hint = static_cast<Hint>(choices_.pick(8));
    if (depth <= 0 || choices_.used_up()) return leaf(hint);
    if (choices_.chance(40)) return wrapped(hint, depth);
    switch (hint) {
      case Hint::number:
        return a_number(depth);
      case Hint::text:
        return a_text(depth);
      case Hint::boolean:
        return a_boolean(depth);
      case Hint::date:
        return a_date(depth);
      case Hint::list:
        return a_list(depth);
      case Hint::rows:
        return rows(depth);
      case Hint::context:
        return a_context(depth);
      case Hint::any:
        break;
    }
    return make(static_cast<Hint>(1 + choices_.pick(7)), depth);
  }

 private:
  static Ptr node(Op op, std::string sign = {}) {
    auto tree = std::make_unique<Tree>();
    tree->op = op;
    tree->sign = std::move(sign);
    return tree;
  }
  template <class... Kids>
  static Ptr node(Op op, std::string sign, Kids... kids) {
    Ptr tree = node(op, std::move(sign));
    (tree->kids.push_back(std::move(kids)), ...);
    return tree;
  }
  static Ptr literal(Val value) {
    Ptr tree = node(Op::literal);
    tree->value = std::move(value);
    return tree;
  }
  std::string one_of(std::initializer_list<const char*> words) {
    return words.begin()[choices_.pick(static_cast<uint32_t>(words.size()))];
  }

  Ptr leaf(Hint hint) {
    if (choices_.chance(120)) {
      std::vector<const Known*> fitting;
      for (const Known& each : known_) {
        if (each.parameters == 0 && (each.hint == hint || hint == Hint::any || each.hint == Hint::any))
          fitting.push_back(&each);
      }
      if (!fitting.empty()) return node(Op::name, fitting[choices_.pick(static_cast<uint32_t>(fitting.size()))]->name);
    }
    switch (hint) {
      case Hint::number: {
        constexpr int kNumbers[] = {1, 2, 0, 3, -1, 10, 7, -4};
        if (choices_.chance(40)) return literal(number(feel::Number::from_scaled(15, 1)));
        return literal(integer(kNumbers[choices_.pick(8)]));
      }
      case Hint::text:
        return literal(text(one_of({"a", "", "abc", "b", "c", "ab"})));
      case Hint::boolean:
        return literal(boolean(choices_.pick(2) == 0));
      case Hint::date:
        return literal(of_days(Kind::date, 18'660 + choices_.pick(6)));
      case Hint::list:
        return node(Op::list, "", leaf(Hint::number), leaf(Hint::any));
      case Hint::rows: {
        Ptr out = node(Op::list);
        for (uint32_t i = choices_.pick(3); i > 0; --i) out->kids.push_back(row(0));
        return out;
      }
      case Hint::context:
        return row(0);
      case Hint::any:
        break;
    }
    return choices_.chance(128) ? literal(Val()) : literal(of_days(Kind::days, int64_t{choices_.pick(5)} - 2));
  }

  // Ways to come to a value of any kind.
  Ptr wrapped(Hint hint, int depth) {
    switch (choices_.pick(7)) {
      case 0:
        return node(Op::if_, "", make(Hint::boolean, depth - 1), make(hint, depth - 1), make(hint, depth - 1));
      case 1:
        return node(Op::index, "", make(Hint::list, depth - 1), index(depth - 1));
      case 2: {  // {k1: …, k3: …}.k3
        Ptr context = a_context(depth - 1);
        const std::string key = context->op == Op::context && !context->names.empty() ? context->names.back() : "k1";
        return node(Op::path, key, std::move(context));
      }
      case 3:
        return applied(hint, depth);
      case 4: {  // a function that a later entry calls
        const size_t base = known_.size();
        Ptr context = node(Op::context);
        context->names = {"f1", "k1"};
        context->kids.push_back(function(hint, depth - 1));
        known_.push_back({"f1", Hint::any, context->kids[0]->names.size()});
        Ptr call = node(Op::apply, "", node(Op::name, "f1"));
        for (size_t i = 0; i < context->kids[0]->names.size(); ++i) call->kids.push_back(make(Hint::number, depth - 2));
        context->kids.push_back(std::move(call));
        known_.resize(base);
        return node(Op::path, "k1", std::move(context));
      }
      case 5:
        return node(Op::call, "get value", make(Hint::context, depth - 1), literal(text(one_of({"k1", "k2", "k3"}))));
      default:
        return node(Op::path, one_of({"k1", "k2", "k3"}), make(Hint::context, depth - 1));
    }
  }
  Ptr index(int depth) {
    if (choices_.chance(40)) return node(Op::call, "count", make(Hint::list, depth));
    constexpr int kPlaces[] = {1, 2, -1, 0, 3, -2, 9};
    return literal(integer(kPlaces[choices_.pick(7)]));
  }

  Ptr function(Hint result, int depth) {
    Ptr tree = node(Op::function);
    const uint32_t count = choices_.pick(3);
    for (uint32_t i = 0; i < count; ++i) tree->names.push_back(i == 0 ? "p1" : "p2");
    const size_t base = known_.size();
    for (const std::string& name : tree->names) known_.push_back({name, Hint::number});
    tree->kids.push_back(make(result, depth - 1));
    known_.resize(base);
    return tree;
  }
  Ptr applied(Hint hint, int depth) {
    Ptr callee = function(hint, depth - 1);
    const std::vector<std::string> parameters = callee->names;
    Ptr tree = node(Op::apply, "", bracketed(std::move(callee)));
    size_t arguments = parameters.size();
    if (choices_.chance(16)) ++arguments;  // one too many: null
    for (size_t i = 0; i < arguments; ++i) tree->kids.push_back(make(Hint::number, depth - 1));
    if (arguments == parameters.size() && arguments > 0 && choices_.chance(80)) {
      tree->names = parameters;
      if (choices_.chance(128)) std::reverse(tree->names.begin(), tree->names.end());
    }
    return tree;
  }
  static Ptr bracketed(Ptr tree) { return tree; }  // `write` sets the brackets

  Ptr a_number(int depth) {
    switch (choices_.pick(7)) {
      case 0:
      case 1:
      case 2:
        return node(Op::arithmetic, one_of({"+", "-", "*", "/"}), make(Hint::number, depth - 1),
                    make(Hint::number, depth - 1));
      case 3:
        return node(Op::arithmetic, "**", make(Hint::number, depth - 1), literal(integer(choices_.pick(4))));
      case 4:
        return node(Op::negate, "", make(Hint::number, depth - 1));
      case 5:
        return node(Op::call, one_of({"count", "sum", "min", "max"}), make(Hint::list, depth - 1));
      default:
        break;
    }
    if (choices_.chance(80)) return node(Op::call, "string length", make(Hint::text, depth - 1));
    if (choices_.chance(80)) {
      return node(Op::call, "modulo", make(Hint::number, depth - 1), make(Hint::number, depth - 1));
    }
    return node(Op::call, one_of({"abs", "floor"}), make(Hint::number, depth - 1));
  }

  Ptr a_text(int depth) {
    if (choices_.chance(140))
      return node(Op::arithmetic, "+", make(Hint::text, depth - 1), make(Hint::text, depth - 1));
    Ptr tree = node(Op::call, "substring", make(Hint::text, depth - 1), make(Hint::number, depth - 1));
    if (choices_.chance(90)) tree->names = {"string", "start position"};
    return tree;
  }

  Ptr a_date(int depth) {
    return node(Op::arithmetic, one_of({"+", "-"}), make(Hint::date, depth - 1),
                choices_.chance(60) ? make(Hint::date, depth - 1)
                                    : literal(of_days(Kind::days, int64_t{choices_.pick(7)} - 3)));
  }

  Ptr a_boolean(int depth) {
    const auto alike = static_cast<Hint>(1 + choices_.pick(4));
    switch (choices_.pick(12)) {
      case 0:
      case 1:
      case 2:
        return node(Op::compare, one_of({"=", "!=", "<", "<=", ">", ">="}), make(alike, depth - 1),
                    make(alike, depth - 1));
      case 3:
        return node(Op::compare, one_of({"=", "!="}), make(Hint::any, depth - 1), make(Hint::any, depth - 1));
      case 4:
      case 5:
        return node(Op::connective, one_of({"and", "or"}), make(Hint::boolean, depth - 1),
                    make(Hint::boolean, depth - 1));
      case 6:
        return node(Op::call, "not", make(Hint::boolean, depth - 1));
      case 7:
        return node(Op::between, "", make(alike, depth - 1), make(alike, depth - 1), make(alike, depth - 1));
      case 8:
        return in(alike, depth);
      case 9:
        return loop(Op::quantified, Hint::boolean, depth);
      case 10:
        return node(Op::instance, one_of({"number", "string", "boolean", "date", "context", "Any"}),
                    make(Hint::any, depth - 1));
      default:
        break;
    }
    if (choices_.chance(80))
      return node(Op::call, "list contains", make(Hint::list, depth - 1), make(Hint::any, depth - 1));
    if (choices_.chance(80)) return node(Op::call, one_of({"all", "any"}), booleans(depth));
    return node(Op::call, one_of({"contains", "starts with"}), make(Hint::text, depth - 1),
                make(Hint::text, depth - 1));
  }
  Ptr booleans(int depth) {
    Ptr out = node(Op::list);
    for (uint32_t i = choices_.pick(4); i > 0; --i) out->kids.push_back(make(Hint::boolean, depth - 2));
    return out;
  }

  Ptr in(Hint alike, int depth) {
    Ptr tree = node(Op::in, "", make(alike, depth - 1));
    for (uint32_t i = 1 + choices_.pick(3); i > 0; --i) {
      switch (choices_.pick(4)) {
        case 0:
          tree->names.push_back("value");
          tree->kids.push_back(range(alike, depth - 1));
          break;
        case 1:
          tree->names.push_back(one_of({"<", "<=", ">", ">="}));
          tree->kids.push_back(leaf(alike));
          break;
        case 2:
          tree->names.push_back("value");
          tree->kids.push_back(make(Hint::list, depth - 1));
          break;
        default:
          tree->names.push_back("value");
          tree->kids.push_back(leaf(alike));
      }
    }
    return tree;
  }
  Ptr range(Hint alike, int depth) {
    Ptr tree = node(Op::range, "", make(alike, depth - 1), make(alike, depth - 1));
    tree->low_open = choices_.chance(90);
    tree->high_open = choices_.chance(90);
    return tree;
  }

  // for, some and every.
  Ptr loop(Op op, Hint result, int depth) {
    Ptr tree = node(op, op == Op::for_ ? "" : one_of({"some", "every"}));
    const size_t base = known_.size();
    const uint32_t variables = 1 + (choices_.chance(70) ? 1 : 0);
    for (uint32_t i = 0; i < variables; ++i) {
      Hint item = Hint::number;
      if (i == 0 && choices_.chance(70)) {
        tree->spans = true;
        tree->kids.push_back(literal(integer(int64_t{choices_.pick(5)} - 1)));
        tree->kids.push_back(literal(integer(int64_t{choices_.pick(5)} - 1)));
      } else if (choices_.chance(60)) {
        item = Hint::context;
        tree->kids.push_back(make(Hint::rows, depth - 1));
      } else {
        tree->kids.push_back(choices_.chance(30) ? range(Hint::number, 1) : make(Hint::list, depth - 1));
      }
      tree->names.push_back(i == 0 ? "v1" : "v2");
      known_.push_back({tree->names.back(), item});
    }
    if (op == Op::for_ && variables == 1 && choices_.chance(50)) known_.push_back({"partial", Hint::list});
    tree->kids.push_back(make(result, depth - 1));
    known_.resize(base);
    return tree;
  }

  Ptr a_list(int depth) {
    switch (choices_.pick(6)) {
      case 0: {
        Ptr out = node(Op::list);
        for (uint32_t i = choices_.pick(4); i > 0; --i) out->kids.push_back(make(Hint::number, depth - 1));
        return out;
      }
      case 1:
        return loop(Op::for_, choices_.chance(180) ? Hint::number : Hint::any, depth);
      case 2: {
        Ptr source = make(Hint::list, depth - 1);
        const size_t base = known_.size();
        known_.push_back({"item", Hint::number});
        Ptr out = node(Op::filter, "", std::move(source), condition(depth - 1));
        known_.resize(base);
        return out;
      }
      case 3:
        return node(Op::path, one_of({"k1", "k2", "k3"}), make(Hint::rows, depth - 1));
      default:
        break;
    }
    const std::string name = one_of({"reverse", "distinct values", "flatten", "append", "concatenate", "index of",
                                     "sublist", "remove", "insert before"});
    Ptr out = node(Op::call, name, make(Hint::list, depth - 1));
    if (name == "append" || name == "index of") out->kids.push_back(make(Hint::any, depth - 1));
    if (name == "concatenate") out->kids.push_back(make(Hint::list, depth - 1));
    if (name == "sublist" || name == "remove" || name == "insert before") out->kids.push_back(index(depth - 1));
    if (name == "insert before") out->kids.push_back(make(Hint::any, depth - 1));
    return out;
  }

  // What a filter asks: never a number, which would be an index.
  Ptr condition(int depth) {
    Ptr tree = a_boolean(std::max(depth, 1));
    return tree;
  }

  Ptr rows(int depth) {
    if (choices_.chance(90)) {
      Ptr out = node(Op::list);
      for (uint32_t i = choices_.pick(4); i > 0; --i) out->kids.push_back(row(depth - 1));
      return out;
    }
    // A filter over rows: their members may be named alone.
    Ptr source = choices_.chance(128) ? node(Op::name, "cs") : rows_literal(depth - 1);
    const size_t base = known_.size();
    known_.push_back({"item", Hint::context});
    known_.push_back({"k1", Hint::number});
    known_.push_back({"k2", Hint::text});
    Ptr out = node(Op::filter, "", std::move(source), condition(depth - 1));
    known_.resize(base);
    return out;
  }
  Ptr rows_literal(int depth) {
    Ptr out = node(Op::list);
    for (uint32_t i = 1 + choices_.pick(3); i > 0; --i) out->kids.push_back(row(depth));
    return out;
  }
  Ptr row(int depth) {
    Ptr tree = node(Op::context);
    tree->names = {"k1", "k2"};
    tree->kids.push_back(make(Hint::number, depth - 1));
    const size_t base = known_.size();
    known_.push_back({"k1", Hint::number});
    tree->kids.push_back(make(Hint::text, depth - 1));
    known_.resize(base);
    return tree;
  }
  Ptr a_context(int depth) {
    if (choices_.chance(60)) return node(Op::index, "", make(Hint::rows, depth - 1), index(depth - 1));
    Ptr tree = node(Op::context);
    const size_t base = known_.size();
    for (const char* key : {"k1", "k2", "k3"}) {
      if (choices_.chance(60)) continue;
      const auto hint = static_cast<Hint>(choices_.pick(8));
      tree->names.push_back(key);
      tree->kids.push_back(make(hint, depth - 1));
      known_.push_back({key, hint});
    }
    known_.resize(base);
    return tree;
  }

  Choices& choices_;
  std::vector<Known> known_;
  int made_ = 0;
};

// ---- comparing -----------------------------------------------------------------------------------------------------

inline feel::Value to_feel(const Val& v) {
  using feel::Value;
  switch (v.kind) {
    case Kind::boolean:
      return Value::of(v.truth);
    case Kind::number:
      return Value::of(v.number);
    case Kind::text:
      return Value::text(v.text);
    case Kind::date:
      return Value::day(v.days);
    case Kind::list: {
      feel::List items;
      for (const Val& item : v.items) items.push_back(to_feel(item));
      return Value::list(std::move(items));
    }
    case Kind::context: {
      feel::Context entries;
      for (size_t i = 0; i < v.keys.size(); ++i) entries.emplace_back(v.keys[i], to_feel(v.items[i]));
      return Value::context(std::move(entries));
    }
    default:
      return {};
  }
}

struct Compared {
  bool is_counted = false;  // compared, not given up for its size
  std::string expression, walked, compiled;
  bool agree() const { return !is_counted || walked == compiled; }
};

// `typed`: the compiler is told the types of the variables, or that they may be anything.
inline Compared compare(std::span<const uint8_t> bytes, bool typed) {
  Choices choices(bytes);
  Maker maker(choices);
  const auto hint = static_cast<Hint>(choices.pick(8));
  const std::unique_ptr<Tree> tree = maker.make(hint, 2 + static_cast<int>(choices.pick(5)));
  Compared out;
  out.expression = write(*tree);
  Env env;
  feel::Scope scope;
  std::vector<feel::Value> slots;
  for (const Given& given : givens()) {
    env.push_back({given.name, given.value, false});
    slots.push_back(to_feel(given.value));
    scope.add(feel::Variable{given.name, typed ? feel::type_of(slots.back()) : feel::Type::any()});
  }
  Walk walk;
  const Val walked = walk.eval(*tree, env);
  if (walk.left < 0 || out.expression.size() > 20'000) return out;
  out.walked = show(walked);
  if (out.walked.size() > 100'000) return out;
  out.is_counted = true;
  const feel::Compiled compiled = feel::compile(out.expression, scope, {.strict = false});
  if (!compiled.expression) {
    const feel::Problem& problem = compiled.problems.front();
    out.compiled = std::to_string(problem.line) + ":" + std::to_string(problem.column) + " " + problem.message;
    return out;
  }
  const feel::EvalResult result = feel::evaluate(*compiled.expression, slots, feel::EvalContext{});
  out.compiled = result.ok ? result.value.to_text() : "error: " + result.error;
  return out;
}

}  // namespace tongban::walk
