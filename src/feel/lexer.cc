// Reading: white space, comments, names, numbers, strings, and the faults of form.
#include "feel/compiler.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::feel {
namespace {

constexpr std::string_view kKeywords[] = {"if",      "then",      "else", "for",      "in",   "return",  "some",
                                          "every",   "satisfies", "and",  "or",       "true", "false",   "null",
                                          "between", "instance",  "of",   "function", "not",  "external"};

struct FullWidth {
  std::string_view wide;
  std::string_view narrow;
};
constexpr FullWidth kFullWidth[] = {{"，", ","}, {"（", "("}, {"）", ")"}, {"：", ":"}, {"；", ";"}, {"“", "\""},
                                    {"”", "\""}, {"＝", "="}, {"＞", ">"}, {"＜", "<"}, {"【", "["}, {"】", "]"},
                                    {"。", "."}, {"、", ","}, {"‘", "'"},  {"’", "'"},  {"！", "!"}, {"？", "?"},
                                    {"－", "-"}, {"＋", "+"}, {"／", "/"}, {"《", "<"}, {"》", ">"}, {"≥", ">="},
                                    {"≤", "<="}, {"≠", "!="}, {"×", "*"},  {"÷", "/"}};

}  // namespace

// The length of the name character at the front, 0 when there is none.
size_t name_character(std::string_view text) {
  if (text.empty()) return 0;
  const char c = text[0];
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_') return 1;
  if ((c & 0x80) == 0) return 0;
  for (const FullWidth& sign : kFullWidth) {
    if (text.starts_with(sign.wide)) return 0;
  }
  if (text.starts_with("\u3000") || text.starts_with("\u00a0")) return 0;
  size_t length = 1;
  while (length < text.size() && (text[length] & 0xc0) == 0x80) ++length;
  return length;
}

bool Compiler::check_text() {
  if (text_.size() > kMaxTextBytes) {
    problem(0, "the expression is longer than " + std::to_string(kMaxTextBytes) + " bytes");
    failed_ = true;
  } else if (!is_valid_utf8(text_)) {
    problem(0, "the text is not valid UTF-8");
    failed_ = true;
  } else {
    skip_space();
    if (at_end()) syntax(has_input_ ? "the cell is empty; write - for any value" : "the expression is empty");
  }
  return !failed_;
}

void Compiler::skip_space() {
  while (!at_end()) {
    const std::string_view left = rest();
    if (is_space(left[0])) {
      ++pos_;
    } else if (left.starts_with("\u3000")) {
      pos_ += 3;
    } else if (left.starts_with("\u00a0")) {
      pos_ += 2;
    } else if (left.starts_with("//")) {
      const size_t end = left.find('\n');
      pos_ = end == std::string_view::npos ? text_.size() : pos_ + end;
    } else if (left.starts_with("/*")) {
      const size_t end = left.find("*/", 2);
      if (end == std::string_view::npos) {
        syntax("the comment has no end; close it with */");
        pos_ = text_.size();
      } else {
        pos_ += end + 2;
      }
    } else {
      return;
    }
  }
}

void Compiler::problem(size_t at, std::string message) {
  if (problems_.size() >= 50) return;
  Problem found{1, 1, std::move(message)};
  for (size_t i = 0; i < at && i < text_.size(); ++i) {
    if (text_[i] == '\n') {
      ++found.line;
      found.column = 1;
    } else if ((text_[i] & 0xc0) != 0x80) {
      ++found.column;
    }
  }
  problems_.push_back(std::move(found));
}

void Compiler::type_problem(size_t at, std::string message) {
  if (options_.strict) problem(at, std::move(message));
}

// The first fault of form ends reading.
Term Compiler::syntax(std::string message) {
  if (!failed_) problem(std::min(pos_, text_.size()), std::move(message));
  failed_ = true;
  pos_ = text_.size();
  return {};
}

// What stands here, for messages.
std::string Compiler::here() {
  if (at_end()) return "the text ends";
  for (const FullWidth& sign : kFullWidth) {
    if (rest().starts_with(sign.wide)) {
      return "the sign " + std::string(sign.wide) + " is full-width; write " + std::string(sign.narrow);
    }
  }
  size_t length = 0;
  while (pos_ + length < text_.size()) {
    const size_t more = name_character(text_.substr(pos_ + length));
    if (more == 0) break;
    length += more;
  }
  if (length == 0) {
    length = 1;
    while (pos_ + length < text_.size() && (text_[pos_ + length] & 0xc0) == 0x80) ++length;
  }
  return "found \"" + std::string(text_.substr(pos_, std::min<size_t>(length, 60))) + "\"";
}

// What people write by habit, from other languages or from speech, and how FEEL has it; empty when it is nothing of
// the kind.
std::string_view Compiler::habit() const {
  struct Habit {
    std::string_view written;
    std::string_view advice;
  };
  constexpr Habit kSigns[] = {{"&&", "write and"},
                              {"&", "join texts with +, conditions with and"},
                              {"||", "write or"},
                              {"!=", ""},
                              {"!", "write not(…)"},
                              {"%", "write 5% as 0.05"},
                              {";", "there is one expression only; entries are separated by commas"}};
  constexpr Habit kWords[] = {{"AND", "write and, in small letters"},
                              {"OR", "write or, in small letters"},
                              {"NOT", "write not(…), in small letters"},
                              {"not", "write not(…)"},
                              {"IF", "write if … then … else …, in small letters"},
                              {"is", "write = (x = null, x != null)"},
                              {"且", "write and"},
                              {"并且", "write and"},
                              {"而且", "write and"},
                              {"和", "write and"},
                              {"或", "write or"},
                              {"或者", "write or"},
                              {"非", "write not(…)"},
                              {"等于", "write ="},
                              {"不等于", "write !="},
                              {"大于", "write >"},
                              {"小于", "write <"},
                              {"为", "write ="},
                              {"是", "write ="},
                              {"属于", "write in"},
                              {"包含", "write contains(…)"},
                              {"elseif", "write else if"},
                              {"elif", "write else if"},
                              {"like", "write matches(…) or contains(…)"}};
  const std::string_view left = rest();
  for (const Habit& each : kSigns) {
    if (left.starts_with(each.written)) return each.advice;
  }
  const char before = pos_ > 0 ? text_[pos_ - 1] : ' ';
  if (left.starts_with(">") && before == '<') return "write != for inequality";
  if (left.starts_with("?") && !has_input_) return "write if … then … else …";
  if (left.starts_with(",") && is_digit(before) && left.size() > 3 && is_digit(left[1]) && is_digit(left[3]))
    return "write numbers without commas";
  const std::string_view word = word_at(pos_);
  for (const Habit& each : kWords) {
    if (word == each.written) return each.advice;
  }
  return {};
}

Term Compiler::expected(std::string_view what) {
  const std::string_view advice = habit();
  return syntax("expected " + std::string(what) + ", but " + here() +
                (advice.empty() ? std::string() : "; " + std::string(advice)));
}

void Compiler::expect_end() {
  if (failed_) return;
  skip_space();
  if (!at_end()) expected("an operator or the end");
}

bool Compiler::take(std::string_view sign) {
  skip_space();
  if (!rest().starts_with(sign)) return false;
  pos_ += sign.size();
  return true;
}

bool Compiler::expect(std::string_view sign) {
  if (failed_) return false;
  if (take(sign)) return true;
  expected("\"" + std::string(sign) + "\"");
  return false;
}

bool Compiler::is_keyword_here(std::string_view word) {
  skip_space();
  return rest().starts_with(word) && name_character(rest().substr(word.size())) == 0;
}

bool Compiler::take_keyword(std::string_view word) {
  if (!is_keyword_here(word)) return false;
  pos_ += word.size();
  return true;
}

bool Compiler::expect_keyword(std::string_view word) {
  if (failed_) return false;
  if (take_keyword(word)) return true;
  expected("\"" + std::string(word) + "\"");
  return false;
}

// Bytes of the text at `at` that are this name (white space inside may be wider), or 0.
size_t Compiler::match_name(std::string_view name, size_t at) const {
  const size_t start = at;
  for (size_t i = 0; i < name.size();) {
    if (name[i] == ' ') {
      if (at >= text_.size() || !is_space(text_[at])) return 0;
      while (at < text_.size() && is_space(text_[at])) ++at;
      while (i < name.size() && name[i] == ' ') ++i;
      continue;
    }
    if (at >= text_.size() || text_[at] != name[i]) return 0;
    ++at;
    ++i;
  }
  if (name.empty()) return 0;
  const std::string_view last = name.substr(name.size() - 1);
  const bool ends_in_name = (last[0] & 0x80) != 0 || name_character(last) != 0;
  if (ends_in_name && name_character(text_.substr(at)) != 0) return 0;
  return at - start;
}

bool Compiler::followed_by(size_t at, char sign) const {
  while (at < text_.size() && is_space(text_[at])) ++at;
  return at < text_.size() && text_[at] == sign;
}

// One word of name characters at `at`.
std::string_view Compiler::word_at(size_t at) const {
  size_t end = at;
  while (end < text_.size()) {
    const size_t more = name_character(text_.substr(end));
    if (more == 0) break;
    end += more;
  }
  return text_.substr(at, end - at);
}

bool Compiler::is_keyword(std::string_view word) {
  return std::find(std::begin(kKeywords), std::end(kKeywords), word) != std::end(kKeywords);
}

std::string Compiler::read_new_name(std::string_view stop) {
  skip_space();
  const size_t start = pos_;
  std::string name;
  bool gap = false;
  for (;;) {
    size_t at = pos_;
    while (at < text_.size() && is_space(text_[at])) ++at;
    gap = at > pos_;
    const std::string_view word = word_at(at);
    if (!word.empty()) {
      if (name.empty() && is_digit(word[0])) break;
      if (gap && !stop.empty() && !name.empty() && word == stop) break;
      if (gap && !name.empty()) name += ' ';
      name += word;
      pos_ = at + word.size();
      continue;
    }
    const bool is_sign = at < text_.size() && (std::string_view("./-'+*").find(text_[at]) != std::string_view::npos ||
                                               (text_[at] == '?' && !gap));
    if (!is_sign || name.empty() || text_.substr(at).starts_with("//") || text_.substr(at).starts_with("/*")) break;
    if (gap) name += ' ';
    name += text_[at];
    pos_ = at + 1;
  }
  if (name.empty()) pos_ = start;
  return name;
}

// Words up to a keyword or sign: a new name, or a member whose context is not known.
std::string Compiler::read_words() {
  skip_space();
  std::string name;
  for (;;) {
    size_t at = pos_;
    while (at < text_.size() && is_space(text_[at])) ++at;
    const std::string_view word = word_at(at);
    if (word.empty() || (!name.empty() && is_keyword(word)) || (name.empty() && is_digit(word[0]))) return name;
    if (!name.empty()) name += ' ';
    name += word;
    pos_ = at + word.size();
  }
}

Term Compiler::parse_number() {
  const size_t at = pos_;
  size_t end = pos_;
  while (end < text_.size() && is_digit(text_[end])) ++end;
  if (end + 1 < text_.size() && text_[end] == '.' && is_digit(text_[end + 1])) {
    ++end;
    while (end < text_.size() && is_digit(text_[end])) ++end;
  }
  if (end < text_.size() && (text_[end] == 'e' || text_[end] == 'E')) {
    size_t i = end + 1;
    if (i < text_.size() && (text_[i] == '+' || text_[i] == '-')) ++i;
    if (i < text_.size() && is_digit(text_[i])) {
      while (i < text_.size() && is_digit(text_[i])) ++i;
      end = i;
    }
  }
  const std::optional<Number> number = Number::parse(text_.substr(at, end - at));
  if (!number) return syntax("the number is too large");
  pos_ = end;
  const std::string_view unit = word_at(pos_);
  if (!unit.empty()) {
    return syntax("\"" + std::string(unit.substr(0, 60)) +
                  "\" stands right behind a number; put a space or an operator between them");
  }
  return constant(Value::of(*number), at);
}

std::optional<uint32_t> Compiler::read_hex(size_t at, size_t digits) const {
  uint32_t value = 0;
  if (at + digits > text_.size()) return std::nullopt;
  for (size_t i = at; i < at + digits; ++i) {
    const char c = text_[i];
    uint32_t digit;
    if (is_digit(c))
      digit = static_cast<uint32_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = static_cast<uint32_t>(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
      digit = static_cast<uint32_t>(c - 'A' + 10);
    else
      return std::nullopt;
    value = value * 16 + digit;
  }
  return value;
}

std::optional<std::string> Compiler::read_string() {
  std::string out;
  size_t i = pos_ + 1;
  for (; i < text_.size() && text_[i] != '"'; ++i) {
    if (text_[i] != '\\') {
      out += text_[i];
      continue;
    }
    const char escaped = i + 1 < text_.size() ? text_[i + 1] : '\0';
    constexpr std::string_view kFrom = "nrt\"\\'/";
    constexpr std::string_view kTo = "\n\r\t\"\\'/";
    if (const size_t which = kFrom.find(escaped); escaped != '\0' && which != std::string_view::npos) {
      out += kTo[which];
      ++i;
      continue;
    }
    const size_t digits = escaped == 'u' ? 4 : escaped == 'U' ? 6 : 0;
    constexpr uint32_t kNone = 0x110000;
    uint32_t point = digits > 0 ? read_hex(i + 2, digits).value_or(kNone) : kNone;
    if (point >= 0xd800 && point < 0xdc00 && text_.substr(std::min(i + 6, text_.size())).starts_with("\\u")) {
      const uint32_t low = read_hex(i + 8, 4).value_or(kNone);
      if (low >= 0xdc00 && low < 0xe000) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        i += 6;
      }
    }
    const bool is_none = point >= kNone || (point >= 0xd800 && point < 0xe000);
    if (is_none && !options_.strict && digits == 0) {  // the standard takes a lone backslash as it is: "\\s+"
      out += text_[i];
      continue;
    }
    if (is_none) {
      pos_ = i;
      syntax("this \\ escapes nothing; write \\\\ for one, or \\n \\t \\\" \\u4e2d");
      return std::nullopt;
    }
    append_utf8(out, static_cast<char32_t>(point));
    i += 1 + digits;
  }
  if (i >= text_.size()) {
    syntax("the string has no end; close it with \"");
    return std::nullopt;
  }
  pos_ = i + 1;
  return out;
}

}  // namespace tongban::feel
