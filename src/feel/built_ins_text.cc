// String functions (DMN 1.5 §10.3.4.3).
#include <unicode/locid.h>
#include <unicode/unistr.h>

#include "base/text.h"
#include "feel/built_ins.h"
#include "feel/regex.h"

namespace tongban::feel {
namespace {

using Kind = Value::Kind;

Value substring(Arguments a, Call&) {
  const Value* text = as(a[0], Kind::text);
  const auto start = cut_to_whole(a[1]);
  if (text == nullptr || !start || *start == 0) return {};
  const std::vector<char32_t> points = to_code_points(text->as_text());
  const auto size = static_cast<int64_t>(points.size());
  int64_t first = *start > 0 ? *start - 1 : size + *start;
  if (first < 0 || first >= size) return *start > 0 ? Value::text("") : Value();
  int64_t count = size - first;
  if (has(a, 2)) {
    const auto length = cut_to_whole(a[2]);
    if (!length || *length < 1) return {};
    count = std::min(count, *length);
  }
  std::string out;
  for (int64_t i = first; i < first + count; ++i) append_utf8(out, points[static_cast<size_t>(i)]);
  return Value::text(std::move(out));
}

Value string_length(Arguments a, Call&) {
  const Value* text = as(a[0], Kind::text);
  return text != nullptr ? Value::of(static_cast<int64_t>(count_characters(text->as_text()))) : Value();
}

template <bool upper>
Value change_case(Arguments a, Call& call) {
  const Value* text = as(a[0], Kind::text);
  if (text == nullptr || !call.spend(text->as_text().size() / 16)) return {};
  icu::UnicodeString letters = icu::UnicodeString::fromUTF8(text->as_text());
  upper ? letters.toUpper(icu::Locale::getRoot()) : letters.toLower(icu::Locale::getRoot());
  std::string out;
  letters.toUTF8String(out);
  return Value::text(std::move(out));
}

template <class F>
Value of_two_texts(Arguments a, F f) {
  const Value* text = as(a[0], Kind::text);
  const Value* other = as(a[1], Kind::text);
  return text != nullptr && other != nullptr ? f(text->as_text(), other->as_text()) : Value();
}
Value contains_text(Arguments a, Call&) {
  return of_two_texts(
      a, [](const std::string& x, const std::string& y) { return Value::of(x.find(y) != std::string::npos); });
}
Value starts_with(Arguments a, Call&) {
  return of_two_texts(a, [](const std::string& x, const std::string& y) { return Value::of(x.starts_with(y)); });
}
Value ends_with(Arguments a, Call&) {
  return of_two_texts(a, [](const std::string& x, const std::string& y) { return Value::of(x.ends_with(y)); });
}
Value substring_before(Arguments a, Call&) {
  return of_two_texts(a, [](const std::string& x, const std::string& y) {
    const size_t at = x.find(y);
    return Value::text(at == std::string::npos ? "" : x.substr(0, at));
  });
}
Value substring_after(Arguments a, Call&) {
  return of_two_texts(a, [](const std::string& x, const std::string& y) {
    const size_t at = x.find(y);
    return Value::text(at == std::string::npos ? "" : x.substr(at + y.size()));
  });
}

Value string_join(Arguments a, Call& call) {
  const std::optional<List> list = list_of(a[0]);
  if (!list) return {};
  std::string delimiter;
  if (has(a, 1)) {
    const Value* text = as(a[1], Kind::text);
    if (text == nullptr) return {};
    delimiter = text->as_text();
  }
  std::string out;
  bool first = true;
  for (const Value& item : *list) {
    if (item.is_null()) continue;
    if (item.kind() != Kind::text || !call.spend(1 + (item.as_text().size() + delimiter.size()) / 64)) return {};
    if (!first) out += delimiter;
    first = false;
    out += item.as_text();
  }
  return Value::text(std::move(out));
}

// The compiled pattern of the argument: the constant one of the call, or one made in `made`; nullptr when it is none.
const Regex* regex_of(Arguments a, size_t flags_at, const Call& call, std::optional<Regex>& made) {
  if (call.pattern != nullptr) return call.pattern;
  const Value* text = as(a[1], Kind::text);
  std::string flags;
  if (has(a, flags_at)) {
    const Value* given = as(a[flags_at], Kind::text);
    if (given == nullptr) return nullptr;
    flags = given->as_text();
  }
  if (text == nullptr) return nullptr;
  Result<Regex> compiled = Regex::compile(text->as_text(), flags);
  if (!compiled.ok()) return nullptr;
  made = std::move(compiled).value();
  return &*made;
}

// Steps of the engine are cheaper than those of the evaluation.
constexpr uint64_t kWorkPerStep = 64;
struct Work {
  explicit Work(Call& call) : call(call), given(call.budget.steps_left * kWorkPerStep), left(given) {}
  ~Work() { call.spend(left == 0 ? call.budget.steps_left + 1 : (given - left) / kWorkPerStep); }
  Call& call;
  uint64_t given, left;
};

Value matches(Arguments a, Call& call) {
  const Value* text = as(a[0], Kind::text);
  std::optional<Regex> made;
  const Regex* compiled = regex_of(a, 2, call, made);
  if (text == nullptr || !compiled) return {};
  Work work(call);
  const std::optional<bool> found = compiled->matches(text->as_text(), work.left);
  return found ? Value::of(*found) : Value();
}

// $0…$n and \$ \\ in a replacement; false for anything else (F&O: err:FORX0004).
bool expand(const std::string& replacement, const std::string& text, const Regex::Match& match, size_t groups,
            std::string& out) {
  for (size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    if (c == '\\') {
      if (i + 1 >= replacement.size() || (replacement[i + 1] != '\\' && replacement[i + 1] != '$')) return false;
      out += replacement[++i];
    } else if (c == '$') {
      const auto digit_at = [&](size_t at) {
        return at < replacement.size() && replacement[at] >= '0' && replacement[at] <= '9' ? replacement[at] - '0' : -1;
      };
      if (digit_at(i + 1) < 0) return false;
      // As many digits as name a group; what follows is text.
      auto group = static_cast<size_t>(digit_at(++i));
      while (digit_at(i + 1) >= 0 && group * 10 + static_cast<size_t>(digit_at(i + 1)) <= groups)
        group = group * 10 + static_cast<size_t>(digit_at(++i));
      if (group > groups || match.bounds[2 * group] < 0) continue;
      const auto from = static_cast<size_t>(match.bounds[2 * group]);
      out += text.substr(from, static_cast<size_t>(match.bounds[2 * group + 1]) - from);
    } else {
      out += c;
    }
  }
  return true;
}

Value replace(Arguments a, Call& call) {
  const Value* input = as(a[0], Kind::text);
  const Value* replacement = as(a[2], Kind::text);
  std::optional<Regex> made;
  const Regex* compiled = regex_of(a, 3, call, made);
  if (input == nullptr || replacement == nullptr || !compiled) return {};
  const bool is_literal = has(a, 3) && as(a[3], Kind::text)->as_text().find('q') != std::string::npos;
  const std::string& text = input->as_text();
  Work work(call);
  // A pattern that matches nothing at all is refused (F&O: err:FORX0003).
  const std::optional<bool> takes_nothing = compiled->matches("", work.left);
  if (!takes_nothing || *takes_nothing) return {};
  std::string out;
  size_t at = 0;
  while (const std::optional<Regex::Match> match = compiled->find(text, at, work.left)) {
    out += text.substr(at, match->from() - at);
    if (is_literal) {
      out += replacement->as_text();
    } else if (!expand(replacement->as_text(), text, *match, compiled->groups(), out)) {
      return {};
    }
    if (match->to() == match->from()) {  // an anchor: go on behind one character
      if (match->to() >= text.size()) {
        at = text.size();
        break;
      }
      size_t next = match->to() + 1;
      while (next < text.size() && (text[next] & 0xc0) == 0x80) ++next;
      out += text.substr(match->to(), next - match->to());
      at = next;
    } else {
      at = match->to();
    }
    if (!call.spend(1 + out.size() / 1024)) return {};
  }
  if (work.left == 0) return {};
  out += text.substr(at);
  return Value::text(std::move(out));
}

Value split(Arguments a, Call& call) {
  const Value* input = as(a[0], Kind::text);
  std::optional<Regex> made;
  const Regex* compiled = regex_of(a, 2, call, made);
  if (input == nullptr || !compiled) return {};
  const std::string& text = input->as_text();
  Work work(call);
  const std::optional<bool> takes_nothing = compiled->matches("", work.left);
  if (!takes_nothing || *takes_nothing) return {};
  List parts;
  size_t at = 0;
  while (const std::optional<Regex::Match> match = compiled->find(text, at, work.left)) {
    if (match->to() == match->from()) break;
    parts.push_back(Value::text(text.substr(at, match->from() - at)));
    at = match->to();
    if (!call.spend(1)) return {};
  }
  if (work.left == 0) return {};
  parts.push_back(Value::text(text.substr(at)));
  return Value::list(std::move(parts));
}

}  // namespace

std::optional<size_t> flags_of_pattern(std::string_view function) {
  if (function == "matches" || function == "split") return 2;
  return function == "replace" ? std::optional<size_t>(3) : std::nullopt;
}

void add_texts(std::vector<BuiltIn>& table) {
  const Type text = Type::text();
  const Type number = Type::number();
  const Type boolean = Type::boolean();
  BuiltInMaker make{"10.3.4.3", table};
  make.add("substring", {{"string", text}, {"start position", number}, {"length", number, true}}, text,
           "The part from a position (counted from 1, negative from the end), at most length characters.", substring);
  make.add("string length", {{"string", text}}, number, "The number of characters.", string_length);
  make.add("upper case", {{"string", text}}, text, "With capital letters.", change_case<true>);
  make.add("lower case", {{"string", text}}, text, "With small letters.", change_case<false>);
  make.add("substring before", {{"string", text}, {"match", text}}, text,
           "What stands before the first match, or nothing.", substring_before);
  make.add("substring after", {{"string", text}, {"match", text}}, text,
           "What stands behind the first match, or nothing.", substring_after);
  make.add("replace", {{"input", text}, {"pattern", text}, {"replacement", text}, {"flags", text, true}}, text,
           "Every match of the pattern replaced; $1 is what the first group took.", replace);
  make.add("contains", {{"string", text}, {"match", text}}, boolean, "Does the text contain the match?", contains_text);
  make.add("starts with", {{"string", text}, {"match", text}}, boolean, "Does the text begin with the match?",
           starts_with);
  make.add("ends with", {{"string", text}, {"match", text}}, boolean, "Does the text end with the match?", ends_with);
  make.add("matches", {{"input", text}, {"pattern", text}, {"flags", text, true}}, boolean,
           "Does the regular expression match anywhere? Flags: s m i x q.", matches);
  make.add("split", {{"string", text}, {"delimiter", text}, {"flags", text, true}}, Type::list_of(text),
           "The parts between the matches of the delimiter, a regular expression.", split);
  make.add("string join", {{"list", Type::list_of(text)}, {"delimiter", text, true}}, text,
           "The texts of the list joined; null items are left out.", string_join);
}

}  // namespace tongban::feel
