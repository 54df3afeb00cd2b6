// Gaps and overlaps: by examples, and against a brute-force oracle over thousands of random small tables.
#include "dmn/analysis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

namespace tongban::dmn {
namespace {

using feel::Type;
using feel::Value;

feel::Scope scope() {
  return feel::Scope({{"kind", Type::one_of({"a", "b", "c"})},
                      {"n", Type::number()},
                      {"yes", Type::boolean()},
                      {"day", Type::date()},
                      {"word", Type::text()},
                      {"duty", Type::context_of({{"lead", Type::text()}})}});
}

Table make_table(HitPolicy policy, const std::vector<std::string>& inputs,
                 const std::vector<std::vector<std::string>>& rows) {
  Table table;
  table.hit_policy = policy;
  for (const std::string& input : inputs) table.inputs.push_back({input, input, Type::any(), {}, 0});
  table.outputs.push_back({"出", "out", Type::any(), {}, "", 0});
  for (const auto& row : rows) {
    Rule rule;
    rule.cells.assign(row.begin(), row.begin() + static_cast<ptrdiff_t>(inputs.size()));
    rule.outputs = {row.size() > inputs.size() ? row.back() : std::to_string(table.rules.size() + 1)};
    table.rules.push_back(std::move(rule));
  }
  return table;
}

std::string report(const Analysis& analysis) {
  std::string out;
  for (const Gap& gap : analysis.gaps) out += "gap: " + gap.example.to_text() + "; ";
  for (const Overlap& overlap : analysis.overlaps) {
    out += "rows " + std::to_string(overlap.row_a) + "+" + std::to_string(overlap.row_b) + ": " +
           overlap.example.to_text() + "; ";
  }
  for (const int row : analysis.never_match) out += "never: " + std::to_string(row) + "; ";
  for (const std::string& sentence : analysis.not_decided) out += "? " + sentence + "; ";
  return out;
}
std::string analysed(const Table& table) {
  const TableCompiled compiled = compile(table, scope());
  if (!compiled.table) return "problem: " + compiled.problems[0].message;
  return report(analyse(*compiled.table));
}

TEST(Analysis, GapsWithAnExampleInTermsOfTheDomain) {
  using H = HitPolicy;
  EXPECT_EQ(analysed(make_table(H::unique, {"kind"}, {{"\"a\""}, {"\"b\", \"c\""}})), "");
  EXPECT_EQ(analysed(make_table(H::unique, {"kind"}, {{"\"a\""}, {"\"b\""}})), "gap: kind = \"c\"; ");
  EXPECT_EQ(analysed(make_table(H::unique, {"word"}, {{"\"x\""}, {"not(\"x\")"}})), "");
  EXPECT_EQ(analysed(make_table(H::unique, {"word"}, {{"\"x\""}, {"\"y\""}})), "gap: word = \"其他值\"; ");
  EXPECT_EQ(analysed(make_table(H::unique, {"n"}, {{"< 5"}, {"> 5"}})), "gap: n = 5; ");
  EXPECT_EQ(analysed(make_table(H::unique, {"n"}, {{"<= 5"}, {"[6..10]"}, {"> 10"}})), "gap: n = 5.5; ");
  EXPECT_EQ(analysed(make_table(H::unique, {"n"}, {{"<= 5"}, {"(5..10]"}, {"> 10"}})), "");
  EXPECT_EQ(analysed(make_table(H::unique, {"yes", "n"}, {{"true", "-"}, {"false", "> 0"}})),
            "gap: yes = false, n = -1; ");
  EXPECT_EQ(analysed(make_table(H::unique, {"day"}, {{"< date(\"2021-01-01\")"}, {">= date(\"2021-01-02\")"}})),
            "gap: day = date(\"2021-01-01\"); ");
  EXPECT_EQ(analysed(make_table(H::unique, {"day"}, {{"<= date(\"2021-01-01\")"}, {">= date(\"2021-01-02\")"}})), "");
  EXPECT_EQ(analysed(make_table(H::first, {"kind", "n"}, {{"\"a\"", "-"}, {"-", "< 3"}, {"-", "-"}})), "");
  EXPECT_EQ(analysed(make_table(H::collect, {"kind"}, {{"\"a\""}})), "");
  Table with_default = make_table(H::unique, {"kind"}, {{"\"a\""}});
  with_default.outputs[0].default_text = "0";
  EXPECT_EQ(analysed(with_default), "");
}

TEST(Analysis, OverlapsFollowTheHitPolicy) {
  using H = HitPolicy;
  const std::vector<std::vector<std::string>> rows = {{"<= 5", "1"}, {">= 5", "2"}};
  EXPECT_EQ(analysed(make_table(H::unique, {"n"}, rows)), "rows 1+2: n = 5; ");
  EXPECT_EQ(analysed(make_table(H::any, {"n"}, rows)), "rows 1+2: n = 5; ");
  EXPECT_EQ(analysed(make_table(H::any, {"n"}, {{"<= 5", "1"}, {">= 5", "1"}})), "");
  EXPECT_EQ(analysed(make_table(H::first, {"n"}, rows)), "");
  EXPECT_EQ(
      analysed(make_table(H::unique, {"kind", "yes"}, {{"\"a\"", "-"}, {"-", "true"}, {"\"b\", \"c\"", "false"}})),
      "rows 1+2: kind = \"a\", yes = true; ");
}

TEST(Analysis, RowsThatNeverMatch) {
  using H = HitPolicy;
  EXPECT_EQ(analysed(make_table(H::first, {"n"}, {{"> 5"}, {"> 7"}, {"-"}})), "never: 2; ");
  EXPECT_EQ(analysed(make_table(H::first, {"n"}, {{"-"}, {"> 7"}})), "never: 2; ");
  // All values are covered by earlier rows, an absent one is not: the last row catches it.
  EXPECT_EQ(analysed(make_table(H::first, {"kind"}, {{"\"a\""}, {"\"b\", \"c\""}, {"-"}})), "");
}

TEST(Analysis, WhatIsBeyondTheCheckIsSaid) {
  using H = HitPolicy;
  EXPECT_EQ(analysed(make_table(H::unique, {"n"}, {{"? > 5"}, {"<= 5"}})),
            "? row 1, column 1: the test \"? > 5\" is beyond the check; ? perhaps no row for n = 6: row 1 has a test "
            "beyond the check; "
            "? rows 1 and 2 may both match: a test is beyond the check; ");
  EXPECT_EQ(
      analysed(make_table(H::first, {"duty != null", "duty.lead = \"x\""}, {{"true", "true"}, {"false", "false"}})),
      "? no row for duty != null = true, duty.lead = \"x\" = false, if that combination can happen (the inputs read "
      "the same value); "
      "? no row for duty != null = false, duty.lead = \"x\" = true, if that combination can happen (the inputs read "
      "the same value); ");
  AnalysisOptions small;
  small.max_effort = 3;
  const TableCompiled compiled =
      compile(make_table(H::unique, {"n", "yes"}, {{"1", "true"}, {"2", "false"}, {"3", "-"}}), scope());
  ASSERT_TRUE(compiled.table);
  const Analysis analysis = analyse(*compiled.table, small);
  ASSERT_FALSE(analysis.not_decided.empty());
  EXPECT_EQ(analysis.not_decided[0], "the effort bound was reached; what is listed is right, but there may be more");
}

// ---- the oracle: every combination of values on a grid fine enough for the cells, through `evaluate`.

class RandomTables {
 public:
  explicit RandomTables(uint32_t seed) : random_(seed) {}
  int pick(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }

  std::string number_cell() {
    const std::string a = std::to_string(pick(4));
    const std::string b = std::to_string(4 + pick(2));
    switch (pick(7)) {
      case 0:
        return "-";
      case 1:
        return a;
      case 2:
        return "< " + b;
      case 3:
        return ">= " + a;
      case 4:
        return (pick(2) ? "[" : "(") + a + ".." + b + (pick(2) ? "]" : ")");
      case 5:
        return "not(" + a + ", > " + b + ")";
      default:
        return a + ", > " + b + (pick(3) == 0 ? ", null" : "");
    }
  }
  std::string kind_cell() {
    static const char* const kCells[] = {"-", "\"a\"", "\"b\"", "\"a\", \"c\"", "not(\"b\")", "null", "null, \"b\""};
    return kCells[pick(7)];
  }
  std::string yes_cell() {
    static const char* const kCells[] = {"-", "true", "false", "not(true)", "true, false", "null"};
    return kCells[pick(6)];
  }
  Table make(HitPolicy policy) {
    std::vector<std::vector<std::string>> rows;
    const int count = 1 + pick(6);
    for (int i = 0; i < count; ++i) rows.push_back({kind_cell(), number_cell(), yes_cell(), std::to_string(pick(2))});
    if (pick(4) == 0) rows.push_back({"-", "-", pick(3) == 0 ? yes_cell() : "-", "1"});
    return make_table(policy, {"kind", "n", "yes"}, rows);
  }

 private:
  std::mt19937 random_;
};

TEST(Analysis, AgreesWithABruteForceOracle) {
  const uint32_t seed = 20210208;
  RandomTables tables(seed);
  std::vector<Value> kinds{Value(), Value::text("a"), Value::text("b"), Value::text("c")};
  std::vector<Value> numbers{Value()};
  for (int half = -2; half <= 14; ++half) numbers.push_back(Value::of(feel::Number::from_scaled(half * 5, 1)));
  const std::vector<Value> booleans{Value(), Value::of(true), Value::of(false)};
  int with_gap = 0;
  int with_overlap = 0;
  int with_dead = 0;
  for (int round = 0; round < 3000; ++round) {
    const HitPolicy policy = round % 3 == 0 ? HitPolicy::unique : round % 3 == 1 ? HitPolicy::first : HitPolicy::any;
    const Table table = tables.make(policy);
    const TableCompiled compiled = compile(table, scope());
    ASSERT_TRUE(compiled.table) << compiled.problems[0].message;
    // The same rows, collected: `matched` is then the plain truth about every row.
    Table collecting = table;
    collecting.hit_policy = HitPolicy::collect;
    const TableCompiled collected = compile(collecting, scope());
    bool gap = false;
    std::set<std::pair<int, int>> overlaps;
    std::set<int> deciding;
    std::set<int> matching;
    for (const Value& kind : kinds) {
      for (const Value& n : numbers) {
        for (const Value& yes : booleans) {
          const std::vector<Value> slots{kind, n, yes};
          const Decision decision = evaluate(*collected.table, slots, {});
          const bool is_whole = !kind.is_null() && !n.is_null() && !yes.is_null();
          if (is_whole && decision.matched.empty()) gap = true;
          if (!decision.matched.empty()) deciding.insert(decision.matched[0]);
          for (size_t i = 0; i < decision.matched.size(); ++i) {
            matching.insert(decision.matched[i]);
            for (size_t j = i + 1; j < decision.matched.size(); ++j) {
              const int a = decision.matched[i];
              const int b = decision.matched[j];
              const bool same =
                  table.rules[static_cast<size_t>(a) - 1].outputs == table.rules[static_cast<size_t>(b) - 1].outputs;
              if (policy == HitPolicy::unique || (policy == HitPolicy::any && !same)) overlaps.insert({a, b});
            }
          }
        }
      }
    }
    AnalysisOptions options;
    options.max_reports = 1000;
    const Analysis analysis = analyse(*compiled.table, options);
    const std::string shown =
        "seed " + std::to_string(seed) + " round " + std::to_string(round) + "\n" + report(analysis);
    EXPECT_TRUE(analysis.not_decided.empty()) << shown;
    EXPECT_EQ(!analysis.gaps.empty(), gap) << shown;
    std::set<std::pair<int, int>> found;
    for (const Overlap& overlap : analysis.overlaps) found.insert({overlap.row_a, overlap.row_b});
    EXPECT_EQ(found, overlaps) << shown;
    std::set<int> dead;
    for (int row = 1; row <= static_cast<int>(table.rules.size()); ++row) {
      const bool lives = policy == HitPolicy::first ? deciding.count(row) != 0 : matching.count(row) != 0;
      if (!lives) dead.insert(row);
    }
    EXPECT_EQ(std::set<int>(analysis.never_match.begin(), analysis.never_match.end()), dead) << shown;
    // Every example shows what it is an example of.
    for (const Gap& each : analysis.gaps) {
      std::vector<Value> slots{Value::text("a"), Value::of(0), Value::of(true)};
      for (const auto& [name, value] : each.example.inputs) slots[name == "kind" ? 0 : name == "n" ? 1 : 2] = value;
      EXPECT_TRUE(evaluate(*collected.table, slots, {}).matched.empty()) << shown;
    }
    for (const Overlap& each : analysis.overlaps) {
      std::vector<Value> slots{Value::text("a"), Value::of(0), Value::of(true)};
      for (const auto& [name, value] : each.example.inputs) slots[name == "kind" ? 0 : name == "n" ? 1 : 2] = value;
      const std::vector<int> matched = evaluate(*collected.table, slots, {}).matched;
      EXPECT_TRUE(std::count(matched.begin(), matched.end(), each.row_a) == 1 &&
                  std::count(matched.begin(), matched.end(), each.row_b) == 1)
          << shown;
    }
    with_gap += gap ? 1 : 0;
    with_overlap += overlaps.empty() ? 0 : 1;
    with_dead += dead.empty() ? 0 : 1;
    if (HasFailure()) return;
  }
  // The random tables are worth looking at.
  EXPECT_GT(with_gap, 300);
  EXPECT_GT(3000 - with_gap, 100);
  EXPECT_GT(with_overlap, 300);
  EXPECT_GT(with_dead, 50);
}

}  // namespace
}  // namespace tongban::dmn
