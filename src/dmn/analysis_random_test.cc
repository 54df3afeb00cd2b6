// The analysis against a brute-force oracle: thousands of random small tables over every kind of domain; every
// combination of values of a grid fine enough for the cells goes through dmn::evaluate.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>

#include "dmn/analysis.h"

namespace tongban::dmn {
namespace {

using feel::Type;
using feel::Value;

// A kind of input: its type, values as FEEL text in order, and a grid with something between any two of them.
struct Domain {
  const char* name;
  Type type;
  std::vector<std::string> points;  // bounds and values of cells
  std::vector<std::string> grid;    // all of them, what lies between, and what lies outside
  bool ordered = true;
  std::vector<std::string> allowed;
};

std::vector<Domain> domains() {
  const auto day = [](int n) { return "date(\"2021-02-" + std::string(n < 10 ? "0" : "") + std::to_string(n) + "\")"; };
  const auto at = [](const char* time) { return "date and time(\"2021-02-05T" + std::string(time) + "+08:00\")"; };
  const auto clock = [](const char* time) { return "time(\"" + std::string(time) + "\")"; };
  const auto span = [](const char* text) { return "duration(\"" + std::string(text) + "\")"; };
  return {
      {"n", Type::number(), {"0", "1", "1.5", "7"}, {"-1", "0", "0.5", "1", "1.25", "1.5", "4", "7", "8"}},
      {"word",
       Type::text(),
       {"\"b\"", "\"bb\"", "\"渝\""},
       {"\"\"", "\"a\"", "\"b\"", "\"b1\"", "\"bb\"", "\"c\"", "\"渝\"", "\"长\""}},
      {"name", Type::text(), {"\"甲\"", "\"乙\"", "\"\""}, {"\"甲\"", "\"乙\"", "\"\"", "\"丙\""}, false},
      {"kind", Type::one_of({"a", "b", "c"}), {"\"a\"", "\"b\"", "\"c\""}, {"\"a\"", "\"b\"", "\"c\""}, false},
      {"yes", Type::boolean(), {"true", "false"}, {"true", "false"}, false},
      {"day",
       Type::date(),
       {day(1), day(2), day(9)},
       {day(1), day(2), day(5), day(9), day(20), "date(\"2021-01-01\")"}},
      {"at",
       Type::date_time(),
       {at("09:00:00"), at("17:30:00")},
       {at("08:00:00"), at("09:00:00"), at("12:00:00"), at("17:30:00"), at("20:00:00")}},
      {"clock",
       Type::time(),
       {clock("00:00:00"), clock("09:00:00")},
       {clock("00:00:00"), clock("05:00:00"), clock("09:00:00"), clock("12:00:00")}},
      {"span",
       Type::days_duration(),
       {span("P1D"), span("P2D")},
       {span("PT1H"), span("P1D"), span("P1DT1H"), span("P2D"), span("P9D")}},
      {"months",
       Type::months_duration(),
       {span("P1M"), span("P2M"), span("P1Y")},
       {span("P0M"), span("P1M"), span("P2M"), span("P7M"), span("P1Y"), span("P2Y")}},
      {"grade", Type::number(), {"1", "2", "3"}, {"1", "2", "3"}, true, {"1", "2", "3"}},
  };
}

Value value_of(const std::string& text) {
  if (text == "null") return {};
  const feel::Compiled compiled = feel::compile(text, feel::Scope());
  CHECK(compiled.expression && compiled.expression->constant());
  return *compiled.expression->constant();
}

class RandomTables {
 public:
  explicit RandomTables(uint32_t seed) : random_(seed), domains_(domains()) {}
  int pick(size_t n) { return static_cast<int>(random_() % n); }
  const std::vector<Domain>& all() const { return domains_; }

  std::string item(const Domain& domain) {
    const size_t at = static_cast<size_t>(pick(domain.points.size()));
    const std::string& a = domain.points[at];
    if (!domain.ordered) return a;
    static const char* const kSigns[] = {"< ", "<= ", "> ", ">= "};
    switch (pick(4)) {
      case 0:
        return a;
      case 1:
        if (at + 1 < domain.points.size()) {
          return (pick(2) ? "[" : "(") + a + ".." + domain.points[at + 1] + (pick(2) ? "]" : ")");
        }
        return a;
      default:
        return kSigns[pick(4)] + a;
    }
  }
  std::string cell(const Domain& domain) {
    switch (pick(8)) {
      case 0:
      case 1:
        return "-";
      case 2:
        return "not(" + item(domain) + ")";
      case 3:
        return item(domain) + ", " + item(domain);
      case 4:
        return pick(3) == 0 ? "null" : item(domain) + ", null";
      case 5:
        return pick(3) == 0 ? "!= null" : "not(" + item(domain) + ", " + item(domain) + ")";
      default:
        return item(domain);
    }
  }

 private:
  std::mt19937 random_;
  std::vector<Domain> domains_;
};

std::string shown(const Table& table, const Analysis& analysis) {
  std::string out;
  for (const Input& input : table.inputs) out += "| " + input.expression + " ";
  for (const Rule& rule : table.rules) {
    out += "\n";
    for (const std::string& cell : rule.cells) out += "| " + cell + " ";
    out += "→ " + rule.outputs[0];
  }
  out += "\npolicy " + std::string(to_text(table.hit_policy)) + "\n";
  for (const Gap& gap : analysis.gaps) out += "gap: " + gap.example.to_text() + "\n";
  for (const Overlap& each : analysis.overlaps)
    out +=
        "rows " + std::to_string(each.row_a) + "+" + std::to_string(each.row_b) + ": " + each.example.to_text() + "\n";
  for (const int row : analysis.never_match) out += "never " + std::to_string(row) + "\n";
  for (const std::string& sentence : analysis.not_decided) out += "? " + sentence + "\n";
  return out;
}

TEST(AnalysisOracle, AgreesOverEveryKindOfDomain) {
  constexpr uint32_t kSeed = 20210531;
  constexpr int kRounds = 4000;
  RandomTables tables(kSeed);
  std::map<std::string, int> seen;
  for (int round = 0; round < kRounds; ++round) {
    // One to three inputs of different kinds, one to six rows, sometimes a last row that takes all.
    std::vector<Domain> inputs;
    while (inputs.size() < 1 + static_cast<size_t>(round % 3)) {
      const Domain& each = tables.all()[static_cast<size_t>(tables.pick(tables.all().size()))];
      if (std::none_of(inputs.begin(), inputs.end(),
                       [&](const Domain& other) { return other.name == std::string(each.name); }))
        inputs.push_back(each);
    }
    Table table;
    constexpr HitPolicy kPolicies[] = {HitPolicy::unique, HitPolicy::first, HitPolicy::any, HitPolicy::collect};
    table.hit_policy = kPolicies[tables.pick(4)];
    std::vector<feel::Variable> variables;
    for (const Domain& domain : inputs) {
      Input input{domain.name, domain.name, Type::any(), {}, 0};
      for (const std::string& value : domain.allowed) input.allowed.push_back({value_of(value), ""});
      table.inputs.push_back(std::move(input));
      variables.push_back({domain.name, domain.type});
    }
    table.outputs.push_back({"出", "out", Type::any(), {}, "", 0});
    const int count = 1 + tables.pick(6);
    for (int i = 0; i < count; ++i) {
      Rule rule;
      const bool is_last = i + 1 == count && tables.pick(3) == 0;
      for (const Domain& domain : inputs) rule.cells.push_back(is_last ? "-" : tables.cell(domain));
      rule.outputs = {std::to_string(tables.pick(2))};
      table.rules.push_back(std::move(rule));
    }
    const feel::Scope scope(variables);
    const TableCompiled compiled = compile(table, scope);
    ASSERT_TRUE(compiled.table) << compiled.problems[0].message;
    Table collecting = table;
    collecting.hit_policy = HitPolicy::collect;
    const CompiledTable collected = *compile(collecting, scope).table;

    AnalysisOptions options;
    options.max_reports = 1000;
    const Analysis analysis = analyse(*compiled.table, options);
    const std::string text =
        "seed " + std::to_string(kSeed) + " round " + std::to_string(round) + "\n" + shown(table, analysis);

    // The oracle.
    std::vector<std::vector<Value>> grids;
    for (const Domain& domain : inputs) {
      grids.emplace_back(1);  // null
      for (const std::string& value : domain.grid) grids.back().push_back(value_of(value));
    }
    bool gap = false;
    std::set<std::pair<int, int>> overlaps;
    std::set<int> living;
    std::vector<size_t> at(inputs.size(), 0);
    for (bool more = true; more;) {
      std::vector<Value> slots;
      bool is_whole = true;
      for (size_t i = 0; i < at.size(); ++i) {
        slots.push_back(grids[i][at[i]]);
        is_whole = is_whole && !slots.back().is_null();
      }
      const std::vector<int> matched = evaluate(collected, slots, {}).matched;
      gap = gap || (is_whole && matched.empty());
      for (size_t i = 0; i < matched.size(); ++i) {
        if (i == 0 || table.hit_policy != HitPolicy::first) living.insert(matched[i]);
        for (size_t j = i + 1; j < matched.size(); ++j) {
          const bool same = table.rules[static_cast<size_t>(matched[i]) - 1].outputs ==
                            table.rules[static_cast<size_t>(matched[j]) - 1].outputs;
          if (table.hit_policy == HitPolicy::unique || (table.hit_policy == HitPolicy::any && !same))
            overlaps.insert({matched[i], matched[j]});
        }
      }
      more = false;
      for (size_t i = 0; i < at.size() && !more; ++i) {
        more = ++at[i] < grids[i].size();
        if (!more) at[i] = 0;
      }
    }
    if (table.hit_policy == HitPolicy::collect) gap = false;

    EXPECT_TRUE(analysis.not_decided.empty()) << text;
    EXPECT_EQ(!analysis.gaps.empty(), gap) << text;
    std::set<std::pair<int, int>> found;
    for (const Overlap& overlap : analysis.overlaps) found.insert({overlap.row_a, overlap.row_b});
    EXPECT_EQ(found, overlaps) << text;
    std::set<int> dead;
    for (int row = 1; row <= count; ++row) {
      if (living.count(row) == 0) dead.insert(row);
    }
    EXPECT_EQ(std::set<int>(analysis.never_match.begin(), analysis.never_match.end()), dead) << text;
    std::vector<int> unused;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (std::all_of(table.rules.begin(), table.rules.end(), [&](const Rule& rule) { return rule.cells[i] == "-"; }))
        unused.push_back(static_cast<int>(i) + 1);
    }
    EXPECT_EQ(analysis.unused_inputs, unused) << text;
    // Every example shows what it is an example of, whatever the inputs that it leaves out.
    const auto matched_by = [&](const Example& example) {
      std::vector<Value> slots;
      for (size_t i = 0; i < inputs.size(); ++i) {
        slots.push_back(grids[i][1]);
        for (const auto& [name, value] : example.inputs) {
          if (name == inputs[i].name) slots[i] = value;
        }
      }
      return evaluate(collected, slots, {}).matched;
    };
    for (const Gap& each : analysis.gaps) EXPECT_TRUE(matched_by(each.example).empty()) << text;
    for (const Overlap& each : analysis.overlaps) {
      const std::vector<int> matched = matched_by(each.example);
      EXPECT_EQ(std::count(matched.begin(), matched.end(), each.row_a), 1) << text;
      EXPECT_EQ(std::count(matched.begin(), matched.end(), each.row_b), 1) << text;
    }
    seen["gap"] += gap ? 1 : 0;
    seen["overlap"] += overlaps.empty() ? 0 : 1;
    seen["dead"] += dead.empty() ? 0 : 1;
    seen["unused"] += unused.empty() ? 0 : 1;
    seen["clean"] += !gap && overlaps.empty() && dead.empty() ? 1 : 0;
    if (HasFailure()) return;
  }
  for (const char* kind : {"gap", "overlap", "dead", "unused", "clean"}) EXPECT_GT(seen[kind], 150) << kind;
}

}  // namespace
}  // namespace tongban::dmn
