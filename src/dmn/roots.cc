#include "dmn/roots.h"

#include <algorithm>

#include "base/text.h"

namespace tongban::dmn {
namespace {

constexpr std::string_view kWords[] = {"true",      "false",   "null", "and",     "or",      "not",      "if",
                                       "then",      "else",    "for",  "in",      "return",  "some",     "every",
                                       "satisfies", "between", "date", "time",    "item",    "instance", "of",
                                       "function",  "partial", "is",   "defined", "external"};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (static_cast<unsigned char>(c) & 0x80) != 0;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Full-width signs and quotes are slips, not letters: “a” reads no variable, and feel says what is wrong with it.
bool has_wide_sign(std::string_view name) {
  const std::vector<char32_t> letters = to_code_points(name);
  return std::any_of(letters.begin(), letters.end(), [](char32_t c) {
    return (c >= 0x2010 && c <= 0x205E) || (c >= 0x3000 && c <= 0x303F && c != 0x3005 && c != 0x3007) ||
           (c >= 0xFF00 && c <= 0xFF0F) || (c >= 0xFF1A && c <= 0xFF20) || (c >= 0xFF3B && c <= 0xFF65);
  });
}

void add(std::vector<std::string>& out, std::string name) {
  if (has_wide_sign(name)) return;
  if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(std::move(name));
}

// Variables that the expression itself declares: for x in, some x in, function(x) are rare in tables; `x in` after a
// word of iteration.
void scan(std::string_view text, std::vector<std::string>& out) {
  std::vector<std::string> own;
  std::string before;  // the word before
  char last = ' ';     // the character before, spaces aside
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\') ++i;
      }
      ++i;
      last = '"';
      continue;
    }
    if (is_digit(c)) {
      while (i < text.size() && (is_digit(text[i]) || text[i] == '.' || is_letter(text[i]))) {
        if (text[i] == '.' && i + 1 < text.size() && text[i + 1] == '.') break;
        ++i;
      }
      last = '0';
      continue;
    }
    if (!is_letter(c)) {
      // The two dots of a range are no path.
      const bool is_range = c == '.' && i + 1 < text.size() && text[i + 1] == '.';
      if (is_range) ++i;
      if (c != ' ' && c != '\n' && c != '\t' && c != '\r') last = is_range ? ' ' : c;
      ++i;
      continue;
    }
    const size_t start = i;
    while (i < text.size() && (is_letter(text[i]) || is_digit(text[i]))) ++i;
    std::string word(text.substr(start, i - start));
    size_t next = i;
    while (next < text.size() && text[next] == ' ') ++next;
    const bool is_call = next < text.size() && text[next] == '(';
    const bool is_key = next < text.size() && text[next] == ':';
    const bool is_word = std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
    if (before == "for" || before == "some" || before == "every") {
      own.push_back(word);
    } else if (last != '.' && !is_call && !is_key && !is_word && std::find(own.begin(), own.end(), word) == own.end()) {
      // A function's name may have several words: the last one stands before the bracket.
      size_t end = next;
      bool calls = false;
      while (end < text.size() && is_letter(text[end])) {
        while (end < text.size() && (is_letter(text[end]) || is_digit(text[end]))) ++end;
        while (end < text.size() && text[end] == ' ') ++end;
        if (end < text.size() && text[end] == '(') calls = true;
      }
      const std::string_view following = text.substr(next, end - next);
      const bool is_operator = std::any_of(std::begin(kWords), std::end(kWords), [&](std::string_view each) {
        return following.starts_with(each) && (following.size() == each.size() || following[each.size()] == ' ');
      });
      if (!calls || is_operator) add(out, word);
    }
    before = std::move(word);
    last = 'a';
  }
}

}  // namespace

std::vector<std::string> roots_of(std::string_view expression) {
  std::vector<std::string> out;
  scan(expression, out);
  return out;
}

std::vector<std::string> roots_of(const Table& table) {
  std::vector<std::string> out;
  for (const Input& input : table.inputs) scan(input.expression, out);
  for (const Rule& rule : table.rules) {
    for (const std::string& cell : rule.cells) scan(cell, out);
    for (const std::string& cell : rule.outputs) {
      if (!parse_limit(cell)) scan(cell, out);
    }
  }
  for (const Output& output : table.outputs) {
    if (!parse_limit(output.default_text)) scan(output.default_text, out);
  }
  return out;
}

feel::Scope scope_of(const Table& table, const std::vector<feel::Function>& functions) {
  feel::Scope scope;
  for (const feel::Function& function : functions) scope.add(function);
  for (const std::string& root : roots_of(table)) {
    feel::Type type;
    for (const Input& input : table.inputs) {
      if (input.expression == root) type = input.type;
    }
    scope.add(feel::Variable{root, type});
  }
  return scope;
}

}  // namespace tongban::dmn
