// A second, plain evaluator of FEEL for comparing: random expressions as trees, written as text for the compiler, and
// walked here with values of their own. It shares with src/feel the arithmetic of single numbers and nothing else: no
// folding, no slots, no captures, no missing values. Where the standard leaves something open (docs/feel.md), the walk
// does what is written there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/date.h"
#include "feel/feel.h"

namespace tongban::walk {

// ---- values --------------------------------------------------------------------------------------------------------

struct Tree;
struct Val;
using Vals = std::vector<Val>;
struct Binding;
using Env = std::vector<Binding>;
struct Closure {
  std::vector<std::string> parameters;
  const Tree* body = nullptr;
  std::shared_ptr<const Env> env;
};

enum class Kind { null, boolean, number, text, date, days, list, context, range, function };

struct Val {
  Kind kind = Kind::null;
  bool truth = false;
  feel::Number number;
  std::string text;
  int64_t days = 0;               // of a date since 1970, or of a duration
  Vals items;                     // of a list; the two ends of a range
  std::vector<std::string> keys;  // of a context, items beside them
  bool low_open = false, high_open = false;
  std::shared_ptr<const Closure> closure;
};
struct Binding {
  std::string name;
  Val value;
  bool is_item = false;  // of a filter: its members may be named alone
};

inline Val boolean(bool truth) {
  Val v;
  v.kind = Kind::boolean;
  v.truth = truth;
  return v;
}
inline Val number(const feel::Number& n) {
  Val v;
  v.kind = Kind::number;
  v.number = n;
  return v;
}
inline Val number(const std::optional<feel::Number>& n) { return n ? number(*n) : Val(); }
inline Val integer(int64_t n) { return number(feel::Number(n)); }
inline Val text(std::string s) {
  Val v;
  v.kind = Kind::text;
  v.text = std::move(s);
  return v;
}
inline Val of_days(Kind kind, int64_t days) {
  Val v;
  v.kind = kind;
  v.days = days;
  return v;
}
inline Val list(Vals items) {
  Val v;
  v.kind = Kind::list;
  v.items = std::move(items);
  return v;
}
inline Val truth_of(std::optional<bool> truth) { return truth ? boolean(*truth) : Val(); }

inline std::string quoted(const std::string& s) { return "\"" + s + "\""; }  // no text made here needs an escape

// As feel::Value::to_text writes it.
inline std::string show(const Val& v) {
  std::string out;
  switch (v.kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return v.truth ? "true" : "false";
    case Kind::number:
      return v.number.to_text();
    case Kind::text:
      return quoted(v.text);
    case Kind::date:
      return "date(\"" + to_text(Date{static_cast<int32_t>(v.days)}) + "\")";
    case Kind::days:
      if (v.days == 0) return "duration(\"PT0S\")";
      return std::string("duration(\"") + (v.days < 0 ? "-" : "") + "P" + std::to_string(std::abs(v.days)) + "D\")";
    case Kind::list:
      for (const Val& item : v.items) out += (out.empty() ? "" : ", ") + show(item);
      return "[" + out + "]";
    case Kind::context:
      for (size_t i = 0; i < v.keys.size(); ++i) out += (out.empty() ? "" : ", ") + v.keys[i] + ": " + show(v.items[i]);
      return "{" + out + "}";
    case Kind::range:
      return (v.low_open ? "(" : "[") + show(v.items[0]) + ".." + show(v.items[1]) + (v.high_open ? ")" : "]");
    case Kind::function:
      for (const std::string& name : v.closure->parameters) out += (out.empty() ? "" : ", ") + name;
      return "function(" + out + ")";
  }
  return out;
}

// ---- relations -----------------------------------------------------------------------------------------------------

using Maybe = std::optional<bool>;
inline Maybe both(Maybe a, Maybe b) {
  if (a == false || b == false) return false;
  return a && b ? Maybe(true) : std::nullopt;
}
inline Maybe either(Maybe a, Maybe b) {
  if (a == true || b == true) return true;
  return a && b ? Maybe(false) : std::nullopt;
}
inline Maybe inverted(Maybe a) { return a ? Maybe(!*a) : std::nullopt; }
inline Maybe truth(const Val& v) { return v.kind == Kind::boolean ? Maybe(v.truth) : std::nullopt; }

// -1, 0, 1; empty when the two have no order.
inline std::optional<int> order(const Val& a, const Val& b) {
  if (a.kind != b.kind) return std::nullopt;
  switch (a.kind) {
    case Kind::number:
      return a.number < b.number ? -1 : b.number < a.number ? 1 : 0;
    case Kind::text:
      return a.text < b.text ? -1 : b.text < a.text ? 1 : 0;
    case Kind::date:
    case Kind::days:
      return a.days < b.days ? -1 : b.days < a.days ? 1 : 0;
    default:
      return std::nullopt;
  }
}

inline Maybe same(const Val& a, const Val& b) {
  if (a.kind == Kind::null || b.kind == Kind::null) return a.kind == b.kind;
  if (a.kind != b.kind) return std::nullopt;
  Maybe all = true;
  switch (a.kind) {
    case Kind::boolean:
      return a.truth == b.truth;
    case Kind::list:
      if (a.items.size() != b.items.size()) return false;
      for (size_t i = 0; i < a.items.size(); ++i) all = both(all, same(a.items[i], b.items[i]));
      return all;
    case Kind::context:
      if (a.keys.size() != b.keys.size()) return false;
      for (size_t i = 0; i < a.keys.size(); ++i) {
        const auto at = std::find(b.keys.begin(), b.keys.end(), a.keys[i]);
        if (at == b.keys.end()) return false;
      }
      for (size_t i = 0; i < a.keys.size(); ++i) {
        const auto at = std::find(b.keys.begin(), b.keys.end(), a.keys[i]);
        all = both(all, same(a.items[i], b.items[static_cast<size_t>(at - b.keys.begin())]));
      }
      return all;
    case Kind::range:
      return a.low_open == b.low_open && a.high_open == b.high_open && same(a.items[0], b.items[0]) == true &&
             same(a.items[1], b.items[1]) == true;
    case Kind::function:
      return a.closure == b.closure;
    default:
      return order(a, b) == 0;
  }
}

inline Maybe inside(const Val& range, const Val& v) {
  const auto low = order(v, range.items[0]);
  const auto high = order(v, range.items[1]);
  if (!low || !high) return std::nullopt;
  return (range.low_open ? *low > 0 : *low >= 0) && (range.high_open ? *high < 0 : *high <= 0);
}

// ---- trees ---------------------------------------------------------------------------------------------------------

enum class Op {
  literal,
  name,
  list,
  context,
  range,
  path,
  index,
  filter,
  negate,
  arithmetic,
  compare,
  connective,
  between,
  in,
  if_,
  for_,
  quantified,
  instance,
  call,      // a built-in
  function,  // a definition
  apply      // a call of a function value
};

struct Tree {
  Op op = Op::literal;
  Val value;                       // literal
  std::string sign;                // operator, name, key, built-in's name, type
  std::vector<std::string> names;  // keys, variables, parameters; of an `in`: what each test is
  std::vector<std::unique_ptr<Tree>> kids;
  bool low_open = false, high_open = false;
  bool spans = false;  // for_: the first domain is a..b, kids[0] and kids[1]
};

// How tightly it binds; a kid that binds more loosely stands in brackets.
inline int level(const Tree& t) {
  switch (t.op) {
    case Op::if_:
    case Op::for_:
    case Op::quantified:
    case Op::function:
      return 0;
    case Op::connective:
      return t.sign == "or" ? 1 : 2;
    case Op::compare:
    case Op::between:
    case Op::in:
      return 3;
    case Op::arithmetic:
      return t.sign == "+" || t.sign == "-" ? 4 : t.sign == "**" ? 6 : 5;
    case Op::negate:
      return 7;
    case Op::instance:
      return 8;
    case Op::literal:
      return t.value.kind == Kind::number && t.value.number.sign() < 0 ? 7 : 9;
    default:
      return 9;
  }
}

inline std::string write(const Tree& t);
inline std::string write(const Tree& t, int least) { return level(t) < least ? "(" + write(t) + ")" : write(t); }

inline std::string write(const Tree& t) {
  std::string out;
  const auto kid = [&](size_t i, int least) { return write(*t.kids[i], least); };
  switch (t.op) {
    case Op::literal:
      return show(t.value);
    case Op::name:
      return t.sign;
    case Op::list:
      for (size_t i = 0; i < t.kids.size(); ++i) out += (out.empty() ? "" : ", ") + kid(i, 0);
      return "[" + out + "]";
    case Op::context:
      for (size_t i = 0; i < t.kids.size(); ++i) out += (out.empty() ? "" : ", ") + t.names[i] + ": " + kid(i, 0);
      return "{" + out + "}";
    case Op::range:
      return (t.low_open ? "(" : "[") + kid(0, 4) + ".." + kid(1, 4) + (t.high_open ? ")" : "]");
    case Op::path:
      return kid(0, 9) + "." + t.sign;
    case Op::index:
    case Op::filter:
      return kid(0, 9) + "[" + kid(1, 0) + "]";
    case Op::negate:
      return "-" + kid(0, 8);
    case Op::arithmetic: {
      const int own = level(t);
      return kid(0, own) + " " + t.sign + " " + kid(1, own + 1);
    }
    case Op::compare:
      return kid(0, 4) + " " + t.sign + " " + kid(1, 4);
    case Op::connective: {
      const int own = level(t);
      return kid(0, own) + " " + t.sign + " " + kid(1, own + 1);
    }
    case Op::between:
      return kid(0, 4) + " between " + kid(1, 4) + " and " + kid(2, 4);
    case Op::in:
      for (size_t i = 1; i < t.kids.size(); ++i) {
        out += (out.empty() ? "" : ", ") + (t.names[i - 1] == "value" ? "" : t.names[i - 1] + " ") + kid(i, 9);
      }
      return kid(0, 4) + " in (" + out + ")";
    case Op::if_:
      return "if " + kid(0, 0) + " then " + kid(1, 0) + " else " + kid(2, 0);
    case Op::for_:
    case Op::quantified: {
      size_t next = 0;
      for (size_t i = 0; i < t.names.size(); ++i) {
        out += (out.empty() ? "" : ", ") + t.names[i] + " in " + kid(next++, 4);
        if (i == 0 && t.spans) out += ".." + kid(next++, 4);
      }
      return (t.op == Op::for_ ? "for " : t.sign + " ") + out + (t.op == Op::for_ ? " return " : " satisfies ") +
             kid(next, 0);
    }
    case Op::instance:
      return kid(0, 9) + " instance of " + t.sign;
    case Op::call:
      for (size_t i = 0; i < t.kids.size(); ++i) {
        out += (out.empty() ? "" : ", ") + (t.names.empty() ? std::string() : t.names[i] + ": ") + kid(i, 0);
      }
      return t.sign + "(" + out + ")";
    case Op::function:
      for (const std::string& name : t.names) out += (out.empty() ? "" : ", ") + name;
      return "function(" + out + ") " + kid(0, 0);
    case Op::apply:
      for (size_t i = 1; i < t.kids.size(); ++i) {
        out += (out.empty() ? "" : ", ") + (t.names.empty() ? std::string() : t.names[i - 1] + ": ") + kid(i, 0);
      }
      return kid(0, 9) + "(" + out + ")";
  }
  return out;
}

// ---- the walk ------------------------------------------------------------------------------------------------------

struct Walk {
  int left = 200'000;  // steps; what takes more is not compared

  Val eval(const Tree& t, Env& env);
  Val look_up(const std::string& name, const Env& env) const;
  Val path(const Val& v, const std::string& key) const;
  Val arithmetic(const std::string& sign, const Val& a, const Val& b);
  Val whole_days(const std::optional<feel::Number>& days);
  Maybe compare(const std::string& sign, const Val& a, const Val& b) const;
  Maybe test(const std::string& sign, const Val& input, const Val& v) const;
  Val loop(const Tree& t, Env& env);
  Val built_in(const std::string& name, const Vals& a);
};

inline Val Walk::look_up(const std::string& name, const Env& env) const {
  for (size_t i = env.size(); i-- > 0;) {
    const Binding& binding = env[i];
    if (binding.is_item) {
      const auto at = std::find(binding.value.keys.begin(), binding.value.keys.end(), name);
      if (at != binding.value.keys.end())
        return binding.value.items[static_cast<size_t>(at - binding.value.keys.begin())];
    }
    if (binding.name == name) return binding.value;
  }
  return {};
}

inline Val Walk::path(const Val& v, const std::string& key) const {
  if (v.kind == Kind::context) {
    const auto at = std::find(v.keys.begin(), v.keys.end(), key);
    return at == v.keys.end() ? Val() : v.items[static_cast<size_t>(at - v.keys.begin())];
  }
  if (v.kind != Kind::list) return {};
  Vals out;
  for (const Val& item : v.items) out.push_back(path(item, key));
  return list(std::move(out));
}

// Durations are whole days here; an expression that comes to parts of days is given up.
inline Val Walk::whole_days(const std::optional<feel::Number>& days) {
  if (!days) return {};
  const auto whole = days->to_int64();
  if (!whole || std::abs(*whole) > 1'000'000) left = -1;
  return of_days(Kind::days, whole.value_or(0));
}

inline Val Walk::arithmetic(const std::string& sign, const Val& a, const Val& b) {
  using feel::Number;
  if (a.kind == Kind::number && b.kind == Kind::number) {
    if (sign == "+") return number(Number::add(a.number, b.number));
    if (sign == "-") return number(Number::subtract(a.number, b.number));
    if (sign == "*") return number(Number::multiply(a.number, b.number));
    if (sign == "/") return number(Number::divide(a.number, b.number));
    return number(Number::power(a.number, b.number));
  }
  if (sign == "+") {
    if (a.kind == Kind::text && b.kind == Kind::text) return text(a.text + b.text);
    if (a.kind == Kind::days && (b.kind == Kind::days || b.kind == Kind::date)) return of_days(b.kind, a.days + b.days);
    if (a.kind == Kind::date && b.kind == Kind::days) return of_days(a.kind, a.days + b.days);
  } else if (sign == "-") {
    if (a.kind == Kind::days && b.kind == Kind::days) return of_days(Kind::days, a.days - b.days);
    if (a.kind == Kind::date && b.kind == Kind::date) return of_days(Kind::days, a.days - b.days);
    if (a.kind == Kind::date && b.kind == Kind::days) return of_days(Kind::date, a.days - b.days);
  } else if (sign == "*") {
    if (a.kind == Kind::days && b.kind == Kind::number) return whole_days(Number::multiply(Number(a.days), b.number));
    if (b.kind == Kind::days && a.kind == Kind::number) return whole_days(Number::multiply(Number(b.days), a.number));
  } else if (sign == "/" && a.kind == Kind::days) {
    if (b.kind == Kind::number) return whole_days(Number::divide(Number(a.days), b.number));
    if (b.kind == Kind::days) return number(Number::divide(Number(a.days), Number(b.days)));
  }
  return {};
}

inline Maybe Walk::compare(const std::string& sign, const Val& a, const Val& b) const {
  if (sign == "=") return same(a, b);
  if (sign == "!=") return inverted(same(a, b));
  const auto o = order(a, b);
  if (!o) return std::nullopt;
  return sign == "<" ? *o < 0 : sign == "<=" ? *o <= 0 : sign == ">" ? *o > 0 : *o >= 0;
}

inline Maybe Walk::test(const std::string& sign, const Val& input, const Val& v) const {
  if (sign != "value") return compare(sign, input, v);
  if (v.kind == Kind::range && input.kind != Kind::range) return inside(v, input);
  if (v.kind == Kind::list) {
    if (input.kind == Kind::list && same(input, v) == true) return true;
    Maybe any = false;
    for (const Val& item : v.items) {
      if (item.kind == Kind::range && input.kind != Kind::range && input.kind != Kind::list) {
        const Maybe in = inside(item, input);
        if (in == true) return true;
        if (!in && input.kind == Kind::null) any = std::nullopt;
      } else if (same(input, item) == true) {
        return true;
      }
    }
    return any;
  }
  return same(input, v);
}

inline Val Walk::loop(const Tree& t, Env& env) {
  const bool is_for = t.op == Op::for_;
  const bool settles = t.sign == "some";
  Vals out;
  Maybe verdict = !settles;
  bool broken = false, settled = false;
  const size_t base = env.size();
  // One domain after the other; `next` is the kid that comes.
  const auto run = [&](const auto& self, size_t variable, size_t next) -> void {
    if (--left < 0 || broken || settled) return;
    if (variable == t.names.size()) {
      if (is_for && t.names.size() == 1) env.push_back({"partial", list(out), false});
      Val v = eval(*t.kids[next], env);
      if (is_for && t.names.size() == 1) env.pop_back();
      if (is_for) {
        out.push_back(std::move(v));
        return;
      }
      const Maybe holds = truth(v);
      if (holds == settles) settled = true;
      if (!holds) verdict = std::nullopt;
      return;
    }
    Vals domain;
    Val v = eval(*t.kids[next++], env);
    const auto add_all = [&](const Val& first, const Val& last) {
      const auto from = first.kind == Kind::date ? std::optional(first.days) : first.number.to_int64();
      const auto to = last.kind == Kind::date ? std::optional(last.days) : last.number.to_int64();
      const bool fits = first.kind == last.kind && (first.kind == Kind::date || first.kind == Kind::number);
      if (!fits || !from || !to) {
        broken = true;
        return;
      }
      if (std::abs(*to - *from) > 10'000) {
        left = -1;
        return;
      }
      for (int64_t i = *from;; i += *from <= *to ? 1 : -1) {
        domain.push_back(first.kind == Kind::date ? of_days(Kind::date, i) : integer(i));
        if (i == *to) break;
      }
    };
    if (variable == 0 && t.spans) {
      const Val last = eval(*t.kids[next++], env);
      add_all(v, last);
    } else if (v.kind == Kind::range) {
      Val first = v.items[0], last = v.items[1];
      const auto step = [](Val& end, int by) {
        if (end.kind == Kind::date) end.days += by;
        if (end.kind == Kind::number) end = end.number.to_int64() ? integer(*end.number.to_int64() + by) : Val();
      };
      if (v.low_open) step(first, 1);
      if (v.high_open) step(last, -1);
      const auto o = order(first, last);
      const bool countable = first.kind == Kind::date || first.kind == Kind::number;
      if (!countable || !o || *o <= 0) add_all(first, last);
    } else if (v.kind == Kind::list) {
      domain = std::move(v.items);
    } else if (v.kind == Kind::null) {
      broken = true;
    } else {
      domain.push_back(std::move(v));
    }
    for (Val& item : domain) {
      if (broken || settled || left < 0) break;
      env.push_back({t.names[variable], std::move(item), false});
      self(self, variable + 1, next);
      env.pop_back();
    }
  };
  run(run, 0, 0);
  env.resize(base);
  if (left < 0 || broken) return {};
  if (is_for) return list(std::move(out));
  return truth_of(settled ? Maybe(settles) : verdict);
}

inline Val Walk::eval(const Tree& t, Env& env) {
  if (--left < 0) return {};
  const auto kid = [&](size_t i) { return eval(*t.kids[i], env); };
  switch (t.op) {
    case Op::literal:
      return t.value;
    case Op::name:
      return look_up(t.sign, env);
    case Op::list: {
      Vals items;
      for (size_t i = 0; i < t.kids.size(); ++i) items.push_back(kid(i));
      return list(std::move(items));
    }
    case Op::context: {
      Val v;
      v.kind = Kind::context;
      const size_t base = env.size();
      for (size_t i = 0; i < t.kids.size(); ++i) {
        v.keys.push_back(t.names[i]);
        v.items.push_back(kid(i));
        env.push_back({t.names[i], v.items.back(), false});
      }
      env.resize(base);
      return v;
    }
    case Op::range: {
      Val v;
      v.kind = Kind::range;
      v.items = {kid(0), kid(1)};
      v.low_open = t.low_open;
      v.high_open = t.high_open;
      // With one end that is null it is a range that says nothing of any value.
      const auto is_end = [](const Val& end) { return end.kind == Kind::null || order(end, end); };
      const bool low_null = v.items[0].kind == Kind::null, high_null = v.items[1].kind == Kind::null;
      if ((low_null && high_null) || !is_end(v.items[0]) || !is_end(v.items[1])) return {};
      return low_null || high_null || order(v.items[0], v.items[1]) ? v : Val();
    }
    case Op::path:
      return path(kid(0), t.sign);
    case Op::index: {
      Val v = kid(0);
      if (v.kind == Kind::null) return {};
      if (v.kind != Kind::list) v = list({std::move(v)});
      env.push_back({"item", v.items.empty() ? Val() : v.items[0], true});
      const Val at = kid(1);
      env.pop_back();
      const auto i = at.kind == Kind::number ? at.number.to_int64() : std::nullopt;
      const auto size = static_cast<int64_t>(v.items.size());
      if (!i || *i == 0 || *i > size || *i < -size) return {};
      return v.items[static_cast<size_t>(*i > 0 ? *i - 1 : size + *i)];
    }
    case Op::filter: {
      Val v = kid(0);
      if (v.kind == Kind::null) return {};
      if (v.kind != Kind::list) v = list({std::move(v)});
      Vals kept;
      for (const Val& item : v.items) {
        env.push_back({"item", item, true});
        if (truth(kid(1)) == true) kept.push_back(item);
        env.pop_back();
      }
      return list(std::move(kept));
    }
    case Op::negate: {
      const Val v = kid(0);
      if (v.kind == Kind::number) return number(v.number.negated());
      return v.kind == Kind::days ? of_days(Kind::days, -v.days) : Val();
    }
    case Op::arithmetic: {
      const Val a = kid(0);
      return arithmetic(t.sign, a, kid(1));
    }
    case Op::compare: {
      const Val a = kid(0);
      return truth_of(compare(t.sign, a, kid(1)));
    }
    case Op::connective: {
      const Maybe a = truth(kid(0));
      const Maybe b = truth(kid(1));
      return truth_of(t.sign == "or" ? either(a, b) : both(a, b));
    }
    case Op::between: {
      const Val v = kid(0);
      const Val low = kid(1);
      return truth_of(both(compare(">=", v, low), compare("<=", v, kid(2))));
    }
    case Op::in: {
      const Val input = kid(0);
      Maybe any = false;
      for (size_t i = 1; i < t.kids.size(); ++i) any = either(any, test(t.names[i - 1], input, kid(i)));
      return truth_of(any);
    }
    case Op::if_:
      return kid(truth(kid(0)) == true ? 1 : 2);
    case Op::for_:
    case Op::quantified:
      return loop(t, env);
    case Op::instance: {
      const Val v = kid(0);
      if (t.sign == "number") return boolean(v.kind == Kind::number);
      if (t.sign == "string") return boolean(v.kind == Kind::text);
      if (t.sign == "boolean") return boolean(v.kind == Kind::boolean);
      if (t.sign == "date") return boolean(v.kind == Kind::date);
      if (t.sign == "context") return boolean(v.kind == Kind::context);
      return boolean(v.kind != Kind::null);  // Any
    }
    case Op::call: {
      Vals arguments;
      for (size_t i = 0; i < t.kids.size(); ++i) arguments.push_back(kid(i));
      return built_in(t.sign, arguments);
    }
    case Op::function: {
      Val v;
      v.kind = Kind::function;
      v.closure = std::make_shared<const Closure>(Closure{t.names, t.kids[0].get(), std::make_shared<const Env>(env)});
      return v;
    }
    case Op::apply: {
      const Val callee = kid(0);
      Vals arguments;
      for (size_t i = 1; i < t.kids.size(); ++i) arguments.push_back(kid(i));
      if (callee.kind != Kind::function || arguments.size() != callee.closure->parameters.size()) return {};
      Env inner = *callee.closure->env;
      for (size_t i = 0; i < arguments.size(); ++i) {
        const std::string& name = callee.closure->parameters[i];
        size_t from = i;
        if (!t.names.empty()) {
          const auto at = std::find(t.names.begin(), t.names.end(), name);
          if (at == t.names.end()) return {};
          from = static_cast<size_t>(at - t.names.begin());
        }
        inner.push_back({name, arguments[from], false});
      }
      return eval(*callee.closure->body, inner);
    }
  }
  return {};
}

inline Val Walk::built_in(const std::string& name, const Vals& a) {
  using feel::Number;
  const auto one = [](const Val& v) -> const Val& {
    return v.kind == Kind::list && v.items.size() == 1 ? v.items[0] : v;
  };
  // A position: what stands behind the point is cut off.
  const auto cut = [](const Val& v) { return v.number.rounded(0, Number::Rounding::down).to_int64(); };
  const auto whole = [&](const Val& v) { return one(v).kind == Kind::number ? cut(one(v)) : std::nullopt; };
  const auto as_list = [](const Val& v) -> Vals { return v.kind == Kind::list ? v.items : Vals{v}; };
  if (name == "not") return truth_of(inverted(truth(one(a[0]))));
  if (name == "abs" || name == "floor") {
    const Val& v = one(a[0]);
    if (name == "abs" && v.kind == Kind::days) return of_days(Kind::days, std::abs(v.days));
    if (v.kind != Kind::number) return {};
    return number(name == "abs" ? v.number.absolute() : v.number.rounded(0, Number::Rounding::floor));
  }
  if (name == "modulo") {
    if (one(a[0]).kind != Kind::number || one(a[1]).kind != Kind::number) return {};
    return number(Number::modulo(one(a[0]).number, one(a[1]).number));
  }
  if (name == "string length") {
    return one(a[0]).kind == Kind::text ? integer(static_cast<int64_t>(one(a[0]).text.size())) : Val();
  }
  if (name == "contains" || name == "starts with") {
    if (one(a[0]).kind != Kind::text || one(a[1]).kind != Kind::text) return {};
    const size_t at = one(a[0]).text.find(one(a[1]).text);
    return boolean(name == "contains" ? at != std::string::npos : at == 0);
  }
  if (name == "substring") {
    const auto start = whole(a[1]);
    if (one(a[0]).kind != Kind::text || !start || *start == 0) return {};
    const std::string& s = one(a[0]).text;
    const auto size = static_cast<int64_t>(s.size());
    if (*start < -size) return {};
    const int64_t from = *start > 0 ? *start - 1 : size + *start;
    return text(from >= size ? "" : s.substr(static_cast<size_t>(from)));
  }
  if (name == "get value") {
    const Val& c = one(a[0]);
    return c.kind == Kind::context && one(a[1]).kind == Kind::text ? path(c, one(a[1]).text) : Val();
  }
  // The functions of lists; null is no list.
  if (a[0].kind == Kind::null) return {};
  Vals items = as_list(a[0]);
  if (name == "count") return integer(static_cast<int64_t>(items.size()));
  if (name == "sum") {
    if (items.empty()) return {};
    Val total = items[0];
    if (total.kind != Kind::number && total.kind != Kind::days) return {};
    for (size_t i = 1; i < items.size(); ++i) {
      if (items[i].kind != total.kind) return {};
      total = arithmetic("+", total, items[i]);
      if (total.kind == Kind::null) return {};
    }
    return total;
  }
  if (name == "min" || name == "max") {
    if (items.empty()) return {};
    Val best = items[0];
    for (const Val& item : items) {
      const auto o = order(item, best);
      if (!o) return {};
      if (name == "min" ? *o < 0 : *o > 0) best = item;
    }
    return best;
  }
  if (name == "all" || name == "any") {
    Maybe so_far = name == "all";
    for (const Val& item : items) so_far = name == "all" ? both(so_far, truth(item)) : either(so_far, truth(item));
    return truth_of(so_far);
  }
  if (name == "reverse") {
    std::reverse(items.begin(), items.end());
    return list(std::move(items));
  }
  if (name == "append") {
    items.push_back(a[1]);
    return list(std::move(items));
  }
  if (name == "concatenate") {
    if (a[1].kind == Kind::null) return {};
    for (const Val& item : as_list(a[1])) items.push_back(item);
    return list(std::move(items));
  }
  if (name == "list contains" || name == "index of") {
    Vals at;
    for (size_t i = 0; i < items.size(); ++i) {
      if (same(items[i], a[1]) == true) at.push_back(integer(static_cast<int64_t>(i) + 1));
    }
    return name == "index of" ? list(std::move(at)) : boolean(!at.empty());
  }
  if (name == "distinct values") {
    Vals out;
    for (const Val& item : items) {
      if (std::none_of(out.begin(), out.end(), [&](const Val& seen) { return same(seen, item) == true; }))
        out.push_back(item);
    }
    return list(std::move(out));
  }
  if (name == "flatten") {
    Vals out;
    const auto open = [&](const auto& self, const Val& v) -> void {
      if (v.kind != Kind::list) return out.push_back(v);
      for (const Val& item : v.items) self(self, item);
    };
    open(open, a[0]);
    return list(std::move(out));
  }
  // remove, sublist, insert before: at a position.
  const auto at = whole(a[1]);
  const auto size = static_cast<int64_t>(items.size());
  if (!at || *at == 0 || *at > size || *at < -size) return {};
  const auto here = items.begin() + (*at > 0 ? *at - 1 : size + *at);
  if (name == "sublist") return list(Vals(here, items.end()));
  if (name == "remove") {
    items.erase(here);
  } else {
    items.insert(here, a[2]);
  }
  return list(std::move(items));
}

}  // namespace tongban::walk
