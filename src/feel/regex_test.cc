// Patterns of XPath: what they match, what is refused, and that no pattern can blow up.
#include "feel/regex.h"

#include <gtest/gtest.h>

#include "feel/test_support.h"

namespace tongban::feel {
namespace {

constexpr uint64_t kWork = 10'000'000;

// "from-to:text" of the first match, with groups behind; "none"; or "refused".
std::string first(std::string_view text, std::string_view pattern, std::string_view flags = "") {
  const Result<Regex> compiled = Regex::compile(pattern, flags);
  if (!compiled.ok()) return "refused";
  uint64_t work = kWork;
  const auto match = compiled->find(text, 0, work);
  if (!match) return work == 0 ? "too much" : "none";
  std::string out;
  for (size_t i = 0; i < match->bounds.size(); i += 2) {
    out += i > 0 ? "|" : "";
    const int64_t from = match->bounds[i];
    out += from < 0 ? "-" : text.substr(static_cast<size_t>(from), static_cast<size_t>(match->bounds[i + 1] - from));
  }
  return out;
}

TEST(Regex, TheLeftmostMatchAndThenThePreferredOne) {
  EXPECT_EQ(first("xaab", "a+"), "aa");
  EXPECT_EQ(first("xaab", "a+?"), "a");
  EXPECT_EQ(first("abcd", "(a|ab)(c|bcd)"), "abcd|a|bcd");
  EXPECT_EQ(first("abcd", "a|abcd"), "a");
  EXPECT_EQ(first("aaa", "a{2}"), "aa");
  EXPECT_EQ(first("aaaa", "a{1,3}?"), "a");
  EXPECT_EQ(first("aaaa", "a{2,}"), "aaaa");
  EXPECT_EQ(first("foobar", "(foo)?(bar)?(baz)?"), "foobar|foo|bar|-");
  EXPECT_EQ(first("abab", "(?:ab)+"), "abab");
  EXPECT_EQ(first("ab", "(a*)*b"), "ab|a");
  EXPECT_EQ(first("", "^$"), "");
  EXPECT_EQ(first("办理时限5个工作日", "([0-9]+)个(..)日"), "5个工作日|5|工作");
}

TEST(Regex, ClassesWithRangesNegationAndSubtraction) {
  EXPECT_EQ(first("xyz5", "[0-9]"), "5");
  EXPECT_EQ(first("aeb", "[a-z-[aeiou]]"), "b");
  EXPECT_EQ(first("a-b", "[a\\-]{2}"), "a-");
  EXPECT_EQ(first("a-b", "[-b]"), "-");
  EXPECT_EQ(first("]x", "[^x]"), "]");
  EXPECT_EQ(first("a^", "[\\^]"), "^");
  EXPECT_EQ(first("k", "[a-z-[a-k-[k]]]"), "k");
  EXPECT_EQ(first("重庆Chongqing", "\\p{Lu}\\p{Ll}+"), "Chongqing");
  EXPECT_EQ(first("abc重庆", "\\p{IsCJKUnifiedIdeographs}+"), "重庆");
  EXPECT_EQ(first("é", "\\P{IsBasicLatin}"), "é");
  EXPECT_EQ(first("a1 _:", "\\d\\s\\i\\c"), "1 _:");
  EXPECT_EQ(first("!?x", "\\w"), "x");
  EXPECT_EQ(first("ab", "\\S\\D"), "ab");
}

TEST(Regex, FlagsChangeDotLinesCaseAndSpace) {
  EXPECT_EQ(first("a\nb", "a.b"), "none");
  EXPECT_EQ(first("a\nb", "a.b", "s"), "a\nb");
  EXPECT_EQ(first("a\nb", "^b$"), "none");
  EXPECT_EQ(first("a\nb", "^b$", "m"), "b");
  EXPECT_EQ(first("ABC", "b", "i"), "B");
  EXPECT_EQ(first("q", "[^Q]", "i"), "none");
  EXPECT_EQ(first("\u212a", "[A-Z]", "i"), "\u212a");  // the sign of kelvin is a form of k
  EXPECT_EQ(first("k", "\u212a", "i"), "k");
  EXPECT_EQ(first("K", "[\u212a]", "i"), "K");
  EXPECT_EQ(first("a", "\\p{Lu}", "i"), "none");
  EXPECT_EQ(first("i", "[A-Z-[OI]]", "i"), "none");
  EXPECT_EQ(first("hello world", "hello\\ sworld", "x"), "hello world");
  EXPECT_EQ(first("ab", "a b # no comment", "x"), "none");
  EXPECT_EQ(first("ab", " a  b ", "x"), "ab");
  EXPECT_EQ(first("a b", "a[ ]b", "x"), "a b");
  EXPECT_EQ(first("a.b", ".", "q"), ".");
  EXPECT_EQ(first("x", "x", "y"), "refused");
}

TEST(Regex, WhatTheStandardRefusesIsRefused) {
  for (const char* pattern :
       {"(",     ")",     "a)",    "[",      "[]",    "[a",        "a**", "a{2,1}",   "a{x}",           "{1}",
        "*a",    "+",     "?",     "(a)\\1", "[\\1]", "\\q",       "\\",  "\\p{Zzz}", "\\p{IsNoBlock}", "\\pL",
        "(?=a)", "(?i)a", "[z-a]", "]",      "a}",    "[a-z-[b]c]"}) {
    EXPECT_EQ(first("a", pattern), "refused") << pattern;
  }
}

// Backtracking engines need years for these.
TEST(Regex, NoPatternBlowsUp) {
  const std::string text(2'000, 'a');
  EXPECT_EQ(first(text, "(a+)+b"), "none");
  EXPECT_EQ(first(text, "(a|a)*b"), "none");
  EXPECT_EQ(first(text, "(a?){50}a{50}b"), "none");
  EXPECT_EQ(first("x", "a{1000}{1000}"), "refused");
  EXPECT_EQ(first("x", "((a{100}){100}){100}"), "refused");
  EXPECT_EQ(first("x", "(?:){999999999}"), "refused");
  EXPECT_EQ(first("x", std::string(10'000, '(') + "a" + std::string(10'000, ')')), "refused");
  const Result<Regex> compiled = Regex::compile("(a+)+b", "");
  uint64_t work = 1'000;
  EXPECT_FALSE(compiled->find(text, 0, work).has_value());
  EXPECT_EQ(work, 0u);
}

// Constant patterns are compiled with the expression: the answers are those of patterns that are made at run time.
TEST(Regex, ConstantPatternsGiveWhatOthersGive) {
  for (const char* pattern : {"a+", "(a)(b)?", "[a", "", "a|b", "^$", "(?i)", "\\\\d"}) {
    for (const char* flags : {"", "i", "q", "z"}) {
      const std::string p = std::string("\"") + pattern + "\"";
      const std::string f = std::string("\"") + flags + "\"";
      for (const char* call :
           {"matches(\"xAab1\", %, #)", "split(\"xAab1\", %, #)", "replace(\"xAab1\", %, \"<$0>\", #)"}) {
        const auto filled = [&](const std::string& by, const std::string& with) {
          std::string text = call;
          text.replace(text.find('%'), 1, by);
          return text.replace(text.find('#'), 1, with);
        };
        // `for` variables are no constants.
        const std::string late = "(for p in [" + p + "], f in [" + f + "] return " + filled("p", "f") + ")[1]";
        EXPECT_EQ(standard(filled(p, f)), standard(late)) << filled(p, f);
      }
    }
  }
  const Scope scope({{"s", Type::text()}});
  const Compiled strict = compile("matches(s, \"[a\")", scope);
  ASSERT_EQ(strict.problems.size(), 1u);
  EXPECT_EQ(strict.problems[0].column, 12);
  EXPECT_TRUE(strict.problems[0].message.starts_with("matches: the pattern")) << strict.problems[0].message;
}

TEST(Regex, FunctionsOfFeel) {
  all_give({{R"x(matches("abracadabra", "bra"))x", "true"},
            {R"x(matches("abc", "^B", "i"))x", "false"},
            {R"x(matches("abc", "(a)\1"))x", "null"},
            {R"x(matches(null, "a"))x", "null"},
            {R"x(replace("abracadabra", "bra", "*"))x", "\"a*cada*\""},
            {R"x(replace("abracadabra", "a.*?a", "*"))x", "\"*c*bra\""},
            {R"x(replace("abracadabra", "a(.)", "a$1$1"))x", "\"abbraccaddabbra\""},
            {R"x(replace("AAAA", "A+?", "b"))x", "\"bbbb\""},
            {R"x(replace("darted", "^(.*?)d(.*)$", "$1c$2"))x", "\"carted\""},
            {R"x(replace("abc", "b*", "x"))x", "null"},
            {R"x(replace("abc", "b", "$"))x", "null"},
            {R"x(replace("abc", "b", "\$"))x", "\"a$c\""},
            {R"x(replace("a.b", ".", "$1", "q"))x", "\"a$1b\""},
            {R"x(replace("0123456789", "(\d{3})(\d{3})(\d{4})", "($1) $2-$3"))x", "\"(012) 345-6789\""},
            {R"x(split("a;b;;c;;", ";"))x", "[\"a\", \"b\", \"\", \"c\", \"\", \"\"]"},
            {R"x(split("John  Doe", "\s+"))x", "[\"John\", \"Doe\"]"},
            {R"x(split("abc", ""))x", "null"},
            {R"x(split("甲、乙和丙", "[、和]"))x", "[\"甲\", \"乙\", \"丙\"]"}});
}

}  // namespace
}  // namespace tongban::feel
