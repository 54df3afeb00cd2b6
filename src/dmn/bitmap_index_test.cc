// The index and the batch against the cells themselves (feel::test), on random tables and values.
#include "dmn/bitmap_index.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "dmn/batch.h"
#include "dmn/compiled.h"

namespace tongban::dmn {
namespace {

using feel::Type;
using feel::Value;

feel::Scope scope() {
  return feel::Scope(
      {{"年龄", Type::number()}, {"区县", Type::any()}, {"本地", Type::boolean()}, {"日期", Type::date()}});
}

class RandomTables {
 public:
  explicit RandomTables(uint32_t seed) : random_(seed) {}
  int pick(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }

  std::string number() {
    return std::to_string(pick(12) - 3) + (pick(3) == 0 ? "." + std::to_string(1 + pick(99)) : "");
  }
  std::string number_item() {
    switch (pick(7)) {
      case 0:
        return number();
      case 1:
        return (pick(2) ? "<" : "<= ") + number();
      case 2:
        return (pick(2) ? "> " : ">=") + number();
      case 3:
        return "!= null";
      case 4:
        return "null";
      default:
        return std::string(pick(2) ? "[" : "(") + std::to_string(pick(5) - 3) + ".." + std::to_string(3 + pick(6)) +
               (pick(2) ? "." + std::to_string(1 + pick(9)) : "") + (pick(2) ? "]" : ")");
    }
  }
  std::string word_item() {
    static const char* const kItems[] = {"\"渝中区\"", "\"江北区\"", "\"巴南区\"", "\"a, b\"", "null", "!= null"};
    return kItems[pick(6)];
  }
  std::string yes_item() {
    static const char* const kItems[] = {"true", "false", "null", "!= null"};
    return kItems[pick(4)];
  }
  std::string date_item() {
    const std::string day = "date(\"2021-01-0" + std::to_string(1 + pick(8)) + "\")";
    switch (pick(4)) {
      case 0:
        return day;
      case 1:
        return "< " + day;
      case 2:
        return ">= " + day;
      default:
        return "[date(\"2021-01-02\").." + std::string("date(\"2021-01-0") + std::to_string(3 + pick(6)) +
               (pick(2) ? "\")]" : "\"))");
    }
  }
  std::string cell(int column) {
    if (pick(3) == 0) return "-";
    if (residual && pick(12) == 0 && column == 0) return "? * ? > 9";
    std::string out;
    const int count = 1 + (pick(2) ? 0 : pick(3));
    for (int i = 0; i < count; ++i) {
      if (i > 0) out += ", ";
      out += column == 0 ? number_item() : column == 1 ? word_item() : column == 2 ? yes_item() : date_item();
    }
    return pick(5) == 0 ? "not(" + out + ")" : out;
  }
  Table make(int rows) {
    Table table;
    table.hit_policy = HitPolicy::collect;
    for (const char* name : {"年龄", "区县", "本地", "日期"}) table.inputs.push_back({name, name, Type::any(), {}, 0});
    table.outputs.push_back({"出", "out", Type::any(), {}, "", 0});
    for (int i = 0; i < rows; ++i) {
      Rule rule;
      for (int column = 0; column < 4; ++column) rule.cells.push_back(cell(column));
      rule.outputs = {std::to_string(i)};
      table.rules.push_back(std::move(rule));
    }
    return table;
  }
  std::vector<Value> values() {
    static const char* const kWords[] = {"渝中区", "江北区", "巴南区", "a, b", "别处"};
    std::vector<Value> out;
    const int scale = pick(4);
    out.push_back(pick(6) == 0 ? Value() : Value::of(feel::Number::from_scaled(pick(14'000) - 4000, 3 - scale)));
    if (pick(2) && !out[0].is_null()) out[0] = Value::of(pick(13) - 3);
    out.push_back(pick(6) == 0 ? Value() : Value::text(kWords[pick(5)]));
    out.push_back(pick(6) == 0 ? Value() : Value::of(pick(2) == 0));
    out.push_back(pick(6) == 0 ? Value() : Value::of(Date::from(2021, 1, 1 + pick(9))));
    return out;
  }
  bool residual = false;

 private:
  std::mt19937 random_;
};

struct Truth {
  std::vector<uint64_t> matched, open;
};
Truth truth_of(const CompiledTable& table, const std::vector<Value>& values, size_t words) {
  Truth truth{std::vector<uint64_t>(words), std::vector<uint64_t>(words)};
  for (size_t row = 0; row < table.parts().rows.size(); ++row) {
    bool matched = true;
    bool open = true;
    for (size_t i = 0; i < values.size(); ++i) {
      const auto& cell = table.parts().rows[row].tests[i];
      if (!cell) continue;
      const feel::Truth each = feel::test(*cell, values[i], values, {}).truth;
      matched = matched && each == feel::Truth::yes;
      open = open && each != feel::Truth::no;
    }
    if (matched) truth.matched[row / 64] |= uint64_t{1} << (row % 64);
    if (open) truth.open[row / 64] |= uint64_t{1} << (row % 64);
  }
  return truth;
}

std::string shown(const Table& table, const std::vector<Value>& values) {
  std::string out = "for";
  for (const Value& value : values) out += " " + value.to_text();
  for (const Rule& rule : table.rules) {
    out += "\n|";
    for (const std::string& cell : rule.cells) out += " " + cell + " |";
  }
  return out;
}

// Typed inputs, where the values have them exactly.
std::optional<std::vector<int64_t>> typed(const BitmapIndex& index, const std::vector<Value>& values) {
  std::vector<int64_t> out;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].is_null()) {
      const bool named = index.kind(i) == BitmapIndex::Kind::text || index.kind(i) == BitmapIndex::Kind::boolean;
      out.push_back(named ? BitmapIndex::kNullId : BitmapIndex::kNull);
      continue;
    }
    switch (index.kind(i)) {
      case BitmapIndex::Kind::number: {
        const std::optional<Decimal> decimal = parse_decimal(values[i].as_number().to_text());
        if (!decimal || decimal->scale > index.scale(i)) return std::nullopt;
        out.push_back(*decimal->at_scale(index.scale(i)));
        break;
      }
      case BitmapIndex::Kind::date:
        out.push_back(values[i].as_date() - Date{});
        break;
      case BitmapIndex::Kind::text:
      case BitmapIndex::Kind::boolean:
        out.push_back(*index.class_of(i, values[i]));
        break;
      default:
        out.push_back(1);
    }
  }
  return out;
}

TEST(BitmapIndex, AgreesWithTheCellsOnRandomTables) {
  const uint32_t seed = 20210129;
  RandomTables tables(seed);
  int small = 0;
  int thinned = 0;
  for (int round = 0; round < 400; ++round) {
    const Table table = tables.make(1 + tables.pick(round % 4 == 0 ? 150 : 20));
    const TableCompiled compiled = compile(table, scope());
    if (!compiled.table) continue;  // an empty range
    BitmapIndexOptions options;
    if (round % 2 == 1) options.most_bytes = 8 * (1 + static_cast<size_t>(tables.pick(40)));
    const BitmapIndex index(*compiled.table, options);
    if (round % 3 == 0) options.scales = {3};
    BitmapIndex::Loaded loaded = BitmapIndex::load(table, scope(), options);
    ASSERT_TRUE(loaded.index) << loaded.problems[0].message;
    ASSERT_TRUE(index.residual().empty()) << shown(table, {});
    ASSERT_TRUE(loaded.index->residual().empty());
    small += index.is_small() ? 1 : 0;
    thinned += options.most_bytes < 100 ? 1 : 0;
    BitmapIndex::Scratch scratch;
    std::vector<uint64_t> out(index.words());
    std::vector<uint64_t> open(index.words());
    for (int i = 0; i < 60; ++i) {
      const std::vector<Value> values = tables.values();
      const Truth truth = truth_of(*compiled.table, values, index.words());
      for (const BitmapIndex* each : {&index, static_cast<const BitmapIndex*>(&*loaded.index)}) {
        std::vector<uint32_t> classes;
        for (size_t column = 0; column < values.size(); ++column) {
          const std::optional<uint32_t> of_class = each->class_of(column, values[column]);
          ASSERT_TRUE(of_class) << shown(table, values);
          classes.push_back(*of_class);
        }
        each->match(classes, out, scratch);
        each->match_open(classes, open, scratch);
        ASSERT_EQ(out, truth.matched) << "seed " << seed << " round " << round << "\n" << shown(table, values);
        ASSERT_EQ(open, truth.open) << "seed " << seed << " round " << round << "\n" << shown(table, values);
        for (size_t row = 0; row < table.rules.size(); ++row) {
          bool holds = true;
          for (size_t c = 0; c < values.size(); ++c) holds = holds && each->cell_holds(row, c, classes[c], false);
          ASSERT_EQ(holds, (out[row / 64] >> (row % 64) & 1) != 0);
        }
        const auto inputs = typed(*each, values);
        if (inputs && each->is_small()) {
          ASSERT_EQ(each->match_small(inputs->data()), truth.matched[0]) << shown(table, values);
        }
        if (inputs) {
          for (size_t c = 0; c < values.size(); ++c) ASSERT_EQ(each->class_of_typed(c, (*inputs)[c]), classes[c]);
        }
      }
    }
  }
  EXPECT_GT(small, 100);
  EXPECT_GT(thinned, 20);
}

TEST(BitmapIndex, LeavesWhatIsNoPlainSetToTheCaller) {
  RandomTables tables(7);
  tables.residual = true;
  int seen = 0;
  for (int round = 0; round < 60; ++round) {
    const Table table = tables.make(12);
    const TableCompiled compiled = compile(table, scope());
    if (!compiled.table) continue;
    const BitmapIndex index(*compiled.table);
    seen += static_cast<int>(index.residual().size());
    BitmapIndex::Scratch scratch;
    std::vector<uint64_t> open(1);
    for (int i = 0; i < 40; ++i) {
      const std::vector<Value> values = tables.values();
      std::vector<uint32_t> classes;
      for (size_t column = 0; column < values.size(); ++column)
        classes.push_back(*index.class_of(column, values[column]));
      index.match_open(classes, open, scratch);
      for (const BitmapIndex::Residual& each : index.residual()) {
        const auto& cell = compiled.table->parts().rows[each.row].tests[each.column];
        if (feel::test(*cell, values[each.column], values, {}).truth == feel::Truth::no)
          open[0] &= ~(uint64_t{1} << each.row);
      }
      EXPECT_EQ(open, truth_of(*compiled.table, values, 1).open) << shown(table, values);
    }
  }
  EXPECT_GT(seen, 20);
}

TEST(BitmapIndex, NamesWhatIsWrongWithACell) {
  Table table;
  table.inputs.push_back({"年龄", "年龄", Type::any(), {}, 3});
  table.rules.push_back({{"\"五\""}, {"1"}, "第一条", 9});
  const BitmapIndex::Loaded loaded = BitmapIndex::load(table, scope());
  EXPECT_FALSE(loaded.index);
  ASSERT_EQ(loaded.problems.size(), 1u);
  EXPECT_EQ(loaded.problems[0].line, 9);
  EXPECT_EQ(loaded.problems[0].row, 1);
  EXPECT_EQ(loaded.problems[0].column, 1);
}

TEST(BitmapIndex, NumbersBeyondTheScaleOfTheColumn) {
  Table table;
  table.inputs.push_back({"年龄", "年龄", Type::any(), {}, 0});
  for (const char* cell : {"5", "> 5", "< 5", "[5..6]", "(5..6)"}) table.rules.push_back({{cell}, {"1"}, "一", 0});
  const BitmapIndex::Loaded loaded = BitmapIndex::load(table, scope());
  ASSERT_TRUE(loaded.index);
  const auto rows = [&](const char* number) {
    const std::vector<uint32_t> classes{*loaded.index->class_of(0, Value::of(*feel::Number::parse(number)))};
    std::vector<uint64_t> out(1);
    BitmapIndex::Scratch scratch;
    loaded.index->match(classes, out, scratch);
    return out[0];
  };
  EXPECT_EQ(rows("5"), 0b01001u);
  EXPECT_EQ(rows("5.000000001"), 0b11010u);
  EXPECT_EQ(rows("4.99999999999"), 0b00100u);
  EXPECT_EQ(rows("-4.5"), 0b00100u);
  EXPECT_EQ(rows("99999999999999999"), 0b00010u);
  EXPECT_EQ(rows("-99999999999999999"), 0b00100u);
}

TEST(Batch, EveryPathGivesTheSameBits) {
  const uint32_t seed = 4;
  RandomTables tables(seed);
  int compared = 0;
  for (int round = 0; round < 60; ++round) {
    const Table table = tables.make(1 + tables.pick(round % 3 == 0 ? 40 : 14));
    BitmapIndex::Loaded loaded = BitmapIndex::load(table, scope());
    if (!loaded.index) continue;
    const auto index = std::make_shared<const BitmapIndex>(std::move(*loaded.index));
    const std::optional<Batch> batch = Batch::make(index);
    ASSERT_TRUE(batch);
    const size_t count = 1 + static_cast<size_t>(tables.pick(5000));
    std::vector<std::vector<int64_t>> numbers(4);
    std::vector<std::vector<uint32_t>> ids(4);
    std::vector<std::vector<uint8_t>> codes(4);
    for (size_t i = 0; i < count; ++i) {
      for (size_t c = 0; c < 4; ++c) {
        const int64_t number = tables.pick(20) == 0   ? BitmapIndex::kNull
                               : tables.pick(20) == 0 ? (tables.pick(2) ? 1 : -1) * (int64_t{1} << 62)
                                                      : (c == 3 ? 18'620 + tables.pick(20) : tables.pick(1400) - 400);
        const auto id = static_cast<uint32_t>(tables.pick(8) == 0 ? tables.pick(100'000) : tables.pick(8));
        const bool named = index->kind(c) == BitmapIndex::Kind::text || index->kind(c) == BitmapIndex::Kind::boolean;
        numbers[c].push_back(number);
        ids[c].push_back(id);
        codes[c].push_back(static_cast<uint8_t>(index->class_of_typed(c, named ? int64_t{id} : number)));
      }
    }
    std::vector<BatchColumn> typed(4);
    std::vector<BatchColumn> coded(4);
    for (size_t c = 0; c < 4; ++c) {
      const bool named = index->kind(c) == BitmapIndex::Kind::text || index->kind(c) == BitmapIndex::Kind::boolean;
      if (named) {
        typed[c].ids = ids[c].data();
      } else {
        typed[c].numbers = numbers[c].data();
      }
      coded[c].codes = codes[c].data();
    }
    for (const bool open : {false, true}) {
      // The reference: the index, case by case.
      std::vector<uint16_t> expected(batch->planes() * count);
      std::vector<uint32_t> firsts(count);
      BitmapIndex::Scratch scratch;
      std::vector<uint64_t> mask(index->words());
      for (size_t i = 0; i < count; ++i) {
        const std::vector<uint32_t> classes{codes[0][i], codes[1][i], codes[2][i], codes[3][i]};
        open ? index->match_open(classes, mask, scratch) : index->match(classes, mask, scratch);
        for (size_t p = 0; p < batch->planes(); ++p)
          expected[p * count + i] = static_cast<uint16_t>(mask[p / 4] >> (p % 4 * 16));
        for (size_t row = table.rules.size(); row-- > 0;) {
          if ((mask[row / 64] >> (row % 64) & 1) != 0) firsts[i] = static_cast<uint32_t>(row) + 1;
        }
      }
      for (const BatchPath path : {BatchPath::portable, BatchPath::avx2, BatchPath::avx512}) {
        if (path > best_batch_path()) continue;
        for (const auto* columns : {&typed, &coded}) {
          std::vector<uint16_t> out(expected.size(), 0xaaaa);
          batch->run(*columns, count, out.data(), path, open);
          ASSERT_EQ(out, expected) << "round " << round << " path " << static_cast<int>(path);
          ++compared;
        }
      }
      std::vector<uint32_t> found(count);
      batch->first_rows(expected.data(), count, found.data());
      ASSERT_EQ(found, firsts);
    }
  }
  EXPECT_GT(compared, 100);
}

// Without a trace a large table is asked by its index first; with a trace every row is walked.
TEST(BitmapIndex, LargeTablesDecideTheSameWithAndWithoutIt) {
  RandomTables tables(20260722);
  int compared = 0, open = 0;
  for (int round = 0; round < 60; ++round) {
    tables.residual = round % 3 == 0;
    Table table = tables.make(64 + tables.pick(200));
    constexpr HitPolicy kPolicies[] = {HitPolicy::collect, HitPolicy::first, HitPolicy::collect_sum, HitPolicy::unique};
    table.hit_policy = kPolicies[round % 4];
    const TableCompiled compiled = compile(table, scope(), {.strict = round % 2 == 0});
    if (!compiled.table) continue;
    ASSERT_NE(compiled.table->parts().index, nullptr);
    for (int i = 0; i < 50; ++i) {
      std::vector<Value> values = tables.values();
      if (i % 10 == 0) values[1] = Value::of(7);  // a value of another type
      const Decision quick = evaluate(*compiled.table, values, feel::EvalContext());
      const Decision walked = evaluate(*compiled.table, values, feel::EvalContext(), true);
      ASSERT_EQ(to_json_text(quick.to_json()), to_json_text(walked.to_json())) << shown(table, values);
      ASSERT_EQ(quick.stopped, walked.stopped) << shown(table, values);
      ASSERT_EQ(quick.error, walked.error) << shown(table, values);
      ++compared;
      open += quick.status == Decision::Status::at_least ? 1 : 0;
    }
  }
  EXPECT_GE(compared, 1000);
  EXPECT_GE(open, 100);
}

}  // namespace
}  // namespace tongban::dmn
