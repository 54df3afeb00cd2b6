#include "dmn/bitmap_index.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "dmn/compiled.h"

namespace tongban::dmn {
namespace {

constexpr size_t kMostBuckets = 4096;
constexpr int64_t kLargestKey = int64_t{1} << 62;

enum class NullTruth : uint8_t { no, yes, open };

// Twice the value at the column's scale, and one more when the value lies between two of them.
int64_t key_of(const Decimal& value, int scale) {
  if (value.scale <= scale) {
    const std::optional<int64_t> scaled = value.at_scale(scale);
    if (!scaled) return value.coefficient > 0 ? kLargestKey : -kLargestKey;
    return 2 * *scaled;
  }
  int64_t whole = value.coefficient;
  bool is_exact = true;
  for (int i = scale; i < value.scale; ++i) {
    is_exact = is_exact && whole % 10 == 0;
    whole = whole / 10 - (whole % 10 < 0 ? 1 : 0);
  }
  return std::clamp(whole, -kLargestKey / 2, kLargestKey / 2) * 2 + (is_exact ? 0 : 1);
}

// The smallest typed value at or above a key.
int64_t value_at(int64_t key) { return key >= 0 ? key / 2 + key % 2 : -(-key / 2); }

}  // namespace

// Takes the cells row by row, then makes the columns.
struct BitmapIndex::Builder {
  struct Item {
    uint32_t row = 0;
    uint8_t low_scale = 0, high_scale = 0;
    bool has_low = false, has_high = false, low_open = false, high_open = false;
    PlainItem::Kind kind = PlainItem::Kind::number;
    int64_t low = 0, high = 0;  // a text's identifier
  };
  struct Cell {
    uint32_t row = 0;
    bool negated = false;
    NullTruth on_null = NullTruth::open;
    uint32_t first = 0, count = 0;
  };
  struct Taken {
    std::vector<Item> items;
    std::vector<Cell> cells;
    Ids ids;
    std::string key;  // for look-ups without an allocation
    bool has_kind = false, is_mixed = false;
    PlainItem::Kind kind = PlainItem::Kind::number;
    int scale = 0;
  };

  Builder(size_t rows, size_t columns, const BitmapIndexOptions& options) : options_(options), taken_(columns) {
    index_.rows_ = rows;
    index_.words_ = (rows + 63) / 64;
    index_.columns_.resize(columns);
    for (size_t i = 0; i < std::min(columns, options.scales.size()); ++i) taken_[i].scale = options.scales[i];
  }

  void take_residual(size_t row, size_t column) {
    index_.residual_.push_back({static_cast<uint32_t>(row), static_cast<uint32_t>(column)});
  }

  void take(size_t row, size_t column, const PlainCell& plain) {
    if (plain.any) return;
    Taken& taken = taken_[column];
    Cell cell;
    cell.row = static_cast<uint32_t>(row);
    cell.negated = plain.negated;
    cell.first = static_cast<uint32_t>(taken.items.size());
    bool all_present = true;
    for (const PlainItem& each : plain.items) {
      Item item;
      item.row = cell.row;
      item.kind = each.kind;
      item.has_low = each.has_low;
      item.has_high = each.has_high;
      item.low_open = each.low_open;
      item.high_open = each.high_open;
      item.low = each.low.coefficient;
      item.high = each.high.coefficient;
      item.low_scale = static_cast<uint8_t>(each.low.scale);
      item.high_scale = static_cast<uint8_t>(each.high.scale);
      if (each.kind != PlainItem::Kind::present) {
        all_present = false;
        if (each.kind == PlainItem::Kind::number)
          taken.scale = std::max({taken.scale, each.low.scale, each.high.scale});
        taken.is_mixed = taken.is_mixed || (taken.has_kind && taken.kind != each.kind);
        taken.has_kind = true;
        taken.kind = each.kind;
      }
      if (each.kind == PlainItem::Kind::text) {
        taken.key.assign(each.text);
        item.low =
            taken.ids.try_emplace(taken.key, static_cast<uint32_t>(taken.ids.size()) + kOtherId + 1).first->second;
      }
      taken.items.push_back(item);
    }
    cell.count = static_cast<uint32_t>(plain.items.size());
    NullTruth truth = plain.names_null ? NullTruth::yes : all_present ? NullTruth::no : NullTruth::open;
    if (plain.negated && truth != NullTruth::open) truth = truth == NullTruth::yes ? NullTruth::no : NullTruth::yes;
    cell.on_null = truth;
    taken.cells.push_back(cell);
  }

  BitmapIndex finish() {
    for (size_t i = 0; i < taken_.size(); ++i) {
      if (taken_[i].cells.empty()) continue;
      index_.asked_.push_back(i);
      finish_column(i);
      taken_[i] = {};
    }
    std::sort(index_.residual_.begin(), index_.residual_.end(), [](const Residual& a, const Residual& b) {
      return std::pair(a.row, a.column) < std::pair(b.row, b.column);
    });
    index_.make_small();
    return std::move(index_);
  }

 private:
  using Words = std::vector<uint64_t>;
  static void put(uint64_t* words, uint32_t row) { words[row / 64] |= uint64_t{1} << (row % 64); }

  // All cells of the column are left to the caller.
  void leave(size_t at) {
    for (const Cell& cell : taken_[at].cells) take_residual(cell.row, at);
    index_.asked_.pop_back();
    index_.columns_[at] = {};
    index_.columns_[at].kind = Kind::residual;
  }

  void finish_column(size_t at) {
    Taken& taken = taken_[at];
    Column& column = index_.columns_[at];
    if (taken.is_mixed) return leave(at);
    Words any(index_.words_, ~uint64_t{0});
    if (index_.rows_ % 64 != 0) any.back() = (uint64_t{1} << (index_.rows_ % 64)) - 1;
    for (const Cell& cell : taken.cells) any[cell.row / 64] &= ~(uint64_t{1} << (cell.row % 64));
    Words on_null = any;
    column.open = any;
    for (const Cell& cell : taken.cells) {
      if (cell.on_null == NullTruth::yes) put(on_null.data(), cell.row);
      if (cell.on_null != NullTruth::no) put(column.open.data(), cell.row);
    }
    column.bitmaps = std::move(on_null);
    const bool is_named =
        taken.has_kind && (taken.kind == PlainItem::Kind::text || taken.kind == PlainItem::Kind::boolean);
    if (is_named) {
      finish_named(taken, column, any);
    } else if (!finish_ordered(taken, column, any)) {
      leave(at);
    }
  }

  void finish_named(Taken& taken, Column& column, const Words& any) {
    const bool is_text = taken.kind == PlainItem::Kind::text;
    column.kind = is_text ? Kind::text : Kind::boolean;
    column.ids = is_text ? std::move(taken.ids) : Ids{{"false", 2}, {"true", 3}};
    column.class_count = static_cast<uint32_t>(column.ids.size()) + 2;
    for (uint32_t c = 1; c < column.class_count; ++c)
      column.bitmaps.insert(column.bitmaps.end(), any.begin(), any.end());
    std::vector<bool> named;
    for (const Cell& cell : taken.cells) {
      named.assign(column.class_count, false);
      bool is_present = false;
      for (uint32_t i = cell.first; i < cell.first + cell.count; ++i) {
        const Item& item = taken.items[i];
        if (item.kind == PlainItem::Kind::present) {
          is_present = true;
        } else {
          named[static_cast<size_t>(item.low) + (is_text ? 0 : 2)] = true;
        }
      }
      for (uint32_t c = 1; c < column.class_count; ++c) {
        if ((is_present || named[c]) != cell.negated) put(column.bitmaps.data() + c * index_.words_, cell.row);
      }
    }
  }

  // Every interval as keys [low, high); a row's intervals merged, so that each bound switches it.
  bool finish_ordered(Taken& taken, Column& column, const Words& any) {
    const bool is_date = taken.has_kind && taken.kind == PlainItem::Kind::date;
    column.kind = taken.has_kind ? (is_date ? Kind::date : Kind::number) : Kind::any;
    column.scale = taken.scale;
    std::vector<std::pair<int64_t, uint32_t>> switches;
    Words running = any;  // of class 1: below every bound
    std::vector<std::pair<int64_t, int64_t>> spans;
    for (const Cell& cell : taken.cells) {
      spans.clear();
      for (uint32_t i = cell.first; i < cell.first + cell.count; ++i) {
        const Item& item = taken.items[i];
        int64_t low = -kLargestKey;
        int64_t high = kLargestKey;
        if (item.has_low) {
          const std::optional<int64_t> scaled = Decimal{item.low, item.low_scale}.at_scale(taken.scale);
          if (!scaled) return false;
          low = 2 * *scaled + (item.low_open ? 1 : 0);
        }
        if (item.has_high) {
          const std::optional<int64_t> scaled = Decimal{item.high, item.high_scale}.at_scale(taken.scale);
          if (!scaled) return false;
          high = 2 * *scaled + (item.high_open ? 0 : 1);
        }
        if (low < high) spans.emplace_back(low, high);
      }
      if (spans.size() > 1) {
        std::sort(spans.begin(), spans.end());
        size_t last = 0;
        for (size_t i = 1; i < spans.size(); ++i) {
          if (spans[i].first <= spans[last].second) {
            spans[last].second = std::max(spans[last].second, spans[i].second);
          } else {
            spans[++last] = spans[i];
          }
        }
        spans.resize(last + 1);
      }
      const bool starts_inside = !spans.empty() && spans[0].first == -kLargestKey;
      if (starts_inside != cell.negated) put(running.data(), cell.row);
      for (const auto& [low, high] : spans) {
        if (low != -kLargestKey) switches.emplace_back(low, cell.row);
        if (high != kLargestKey) switches.emplace_back(high, cell.row);
      }
    }
    std::sort(switches.begin(), switches.end());
    column.toggles.reserve(switches.size());
    for (size_t i = 0; i < switches.size(); ++i) {
      if (i == 0 || switches[i].first != switches[i - 1].first) {
        column.thresholds.push_back(switches[i].first);
        column.toggle_start.push_back(static_cast<uint32_t>(i));
      }
      column.toggles.push_back(switches[i].second);
    }
    column.toggle_start.push_back(static_cast<uint32_t>(switches.size()));
    column.class_count = static_cast<uint32_t>(column.thresholds.size()) + 2;
    const size_t bitmap_bytes = index_.words_ * sizeof(uint64_t);
    const size_t kept = std::max<size_t>(options_.most_bytes / bitmap_bytes, 2);
    column.step = static_cast<uint32_t>((column.thresholds.size() + kept) / kept);
    const auto keep = [&] { column.bitmaps.insert(column.bitmaps.end(), running.begin(), running.end()); };
    column.bitmaps.reserve((2 + column.thresholds.size() / column.step) * index_.words_);
    keep();
    for (size_t i = 0; i < column.thresholds.size(); ++i) {
      for (uint32_t t = column.toggle_start[i]; t < column.toggle_start[i + 1]; ++t) {
        running[column.toggles[t] / 64] ^= uint64_t{1} << (column.toggles[t] % 64);
      }
      if ((i + 1) % column.step == 0) keep();
    }
    if (column.step == 1) {
      column.toggles = {};
      column.toggle_start = {};
    }
    return true;
  }

  BitmapIndexOptions options_;
  BitmapIndex index_;
  std::vector<Taken> taken_;
};

BitmapIndex::BitmapIndex(const CompiledTable& table, const BitmapIndexOptions& options) {
  const CompiledTable::Parts& parts = table.parts();
  Builder builder(parts.rows.size(), parts.inputs.size(), options);
  PlainCell cell;
  for (size_t row = 0; row < parts.rows.size(); ++row) {
    for (size_t column = 0; column < parts.inputs.size(); ++column) {
      const auto& test = parts.rows[row].tests[column];
      if (!test) continue;
      const std::optional<feel::TestShape> shape = feel::shape_of(*test);
      if (shape && to_plain_cell(*shape, cell)) {
        builder.take(row, column, cell);
      } else {
        builder.take_residual(row, column);
      }
    }
  }
  *this = builder.finish();
}

BitmapIndex::Loaded BitmapIndex::load(const Table& table, const feel::Scope& scope, const BitmapIndexOptions& options) {
  Loaded loaded;
  Table head = table.rules.empty() ? table : Table{};
  if (!table.rules.empty()) {
    head.name = table.name;
    head.hit_policy = table.hit_policy;
    head.inputs = table.inputs;
  }
  std::vector<feel::Type> types;
  for (size_t i = 0; i < table.inputs.size(); ++i) {
    const Input& input = table.inputs[i];
    feel::Compiled compiled = feel::compile(input.expression, scope);
    for (feel::Problem& each : compiled.problems) {
      loaded.problems.push_back({input.line, 0, static_cast<int>(i) + 1, std::move(each.message)});
    }
    feel::Type type = input.type;
    if (compiled.expression && type.kind == feel::Type::Kind::any) type = compiled.expression->type();
    if (!input.allowed.empty() && (type.kind == feel::Type::Kind::any || type.kind == feel::Type::Kind::text)) {
      std::vector<std::string> values;
      for (const AllowedValue& allowed : input.allowed) {
        if (allowed.value.kind() == feel::Value::Kind::text) values.push_back(allowed.value.as_text());
      }
      if (values.size() == input.allowed.size()) type = feel::Type::one_of(std::move(values));
    }
    types.push_back(std::move(type));
  }
  const auto fits = [](const PlainItem& item, const feel::Type& type) {
    using Type = feel::Type::Kind;
    if (item.kind == PlainItem::Kind::text) {
      if (type.values) return std::find(type.values->begin(), type.values->end(), item.text) != type.values->end();
      return type.kind == Type::any || type.kind == Type::text;
    }
    if (item.kind == PlainItem::Kind::boolean) return type.kind == Type::any || type.kind == Type::boolean;
    return type.kind == Type::any || type.kind == Type::number;
  };
  Builder builder(table.rules.size(), table.inputs.size(), options);
  PlainCell cell;
  for (size_t row = 0; row < table.rules.size(); ++row) {
    const Rule& rule = table.rules[row];
    const int number = static_cast<int>(row) + 1;
    if (rule.cells.size() != table.inputs.size()) {
      loaded.problems.push_back({rule.line, number, 0,
                                 "the row has " + std::to_string(rule.cells.size()) + " input cells, the head " +
                                     std::to_string(table.inputs.size())});
      continue;
    }
    for (size_t column = 0; column < rule.cells.size(); ++column) {
      const bool is_plain = parse_plain_cell(rule.cells[column], cell) &&
                            std::all_of(cell.items.begin(), cell.items.end(),
                                        [&](const PlainItem& item) { return fits(item, types[column]); });
      if (is_plain) {
        builder.take(row, column, cell);
        continue;
      }
      feel::Compiled compiled = feel::compile_unary_tests(rule.cells[column], scope, types[column]);
      for (const feel::Problem& each : compiled.problems) {
        loaded.problems.push_back(
            {rule.line, number, static_cast<int>(column) + 1,
             "in \"" + rule.cells[column] + "\", column " + std::to_string(each.column) + ": " + each.message});
      }
      const std::optional<feel::TestShape> shape =
          compiled.expression ? feel::shape_of(*compiled.expression) : std::nullopt;
      if (shape && to_plain_cell(*shape, cell)) {
        builder.take(row, column, cell);
      } else {
        builder.take_residual(row, column);
      }
    }
  }
  if (loaded.problems.empty()) loaded.index = builder.finish();
  return loaded;
}

size_t BitmapIndex::bytes() const {
  size_t sum = sizeof(*this) + residual_.size() * sizeof(Residual);
  for (const Column& column : columns_) {
    sum += sizeof(column) + 8 * (column.thresholds.size() + column.bitmaps.size() + column.open.size()) +
           4 * (column.toggles.size() + column.toggle_start.size()) + sizeof(Bucket) * column.buckets.size() +
           8 * column.masks.size();
    for (const auto& [text, id] : column.ids) sum += 64 + text.capacity();
  }
  return sum;
}

uint32_t BitmapIndex::id_of(size_t column, std::string_view text) const {
  const auto& ids = columns_[column].ids;
  const auto found = ids.find(text);
  return found == ids.end() ? kOtherId : found->second;
}

std::optional<uint32_t> BitmapIndex::class_of(size_t at, const feel::Value& value) const {
  const Column& column = columns_[at];
  if (value.is_null()) return 0;
  switch (column.kind) {
    case Kind::any:
    case Kind::residual:
      return 1;
    case Kind::text:
      if (value.kind() != feel::Value::Kind::text) return std::nullopt;
      return id_of(at, value.as_text());
    case Kind::boolean:
      if (value.kind() != feel::Value::Kind::boolean) return std::nullopt;
      return value.is_true() ? 3 : 2;
    case Kind::date:
      if (value.kind() != feel::Value::Kind::date || !(feel::Value::of(value.as_date()) == value)) return std::nullopt;
      return class_of_typed(at, value.as_date() - Date{});
    case Kind::number: {
      if (value.kind() != feel::Value::Kind::number) return std::nullopt;
      if (const std::optional<int64_t> whole = value.as_number().to_int64()) return class_of_decimal(at, {*whole, 0});
      const std::optional<Decimal> decimal = parse_decimal(value.as_number().to_text());
      if (!decimal) return std::nullopt;
      return class_of_decimal(at, *decimal);
    }
  }
  return std::nullopt;
}

uint32_t BitmapIndex::class_of_decimal(size_t at, const Decimal& value) const {
  const Column& column = columns_[at];
  const int64_t key = key_of(value, column.scale);
  return 1 + static_cast<uint32_t>(std::upper_bound(column.thresholds.begin(), column.thresholds.end(), key) -
                                   column.thresholds.begin());
}

uint32_t BitmapIndex::class_of_typed(size_t at, int64_t value) const {
  const Column& column = columns_[at];
  if (value == kNull) return 0;
  if (column.kind == Kind::any || column.kind == Kind::residual) return 1;
  if (column.kind == Kind::text || column.kind == Kind::boolean) {
    return value >= 0 && value < column.class_count ? static_cast<uint32_t>(value) : kOtherId;
  }
  const int64_t key = std::clamp(value, -kLargestKey / 2, kLargestKey / 2) * 2;
  return 1 + static_cast<uint32_t>(std::upper_bound(column.thresholds.begin(), column.thresholds.end(), key) -
                                   column.thresholds.begin());
}

const uint64_t* BitmapIndex::bitmap(const Column& column, uint32_t of_class, uint64_t* scratch) const {
  const uint64_t* all = column.bitmaps.data();
  if (column.step == 1 || of_class == 0) return all + of_class * words_;
  const uint32_t position = of_class - 1;  // thresholds at or below
  const auto last = static_cast<uint32_t>(column.bitmaps.size() / words_ - 2);
  const uint32_t near = std::min((position + column.step / 2) / column.step, last);
  std::copy_n(all + (1 + near) * words_, words_, scratch);
  const uint32_t from = std::min(near * column.step, position);
  const uint32_t to = std::max(near * column.step, position);
  for (uint32_t t = column.toggle_start[from]; t < column.toggle_start[to]; ++t) {
    scratch[column.toggles[t] / 64] ^= uint64_t{1} << (column.toggles[t] % 64);
  }
  return scratch;
}

void BitmapIndex::intersect(std::span<const uint32_t> classes, bool open, std::span<uint64_t> out,
                            Scratch& scratch) const {
  CHECK(classes.size() == columns_.size() && out.size() >= words_);
  if (rows_ == 0) return;
  bool is_first = true;
  for (const size_t at : asked_) {
    const Column& column = columns_[at];
    if (column.step != 1) scratch.words.resize(words_);
    const uint64_t* from =
        open && classes[at] == 0 ? column.open.data() : bitmap(column, classes[at], scratch.words.data());
    uint64_t* to = out.data();
    if (is_first) {
      std::copy_n(from, words_, to);
      is_first = false;
      continue;
    }
    for (size_t i = 0; i < words_; ++i) to[i] &= from[i];
  }
  if (!is_first) return;
  std::fill_n(out.data(), words_, ~uint64_t{0});
  if (rows_ % 64 != 0) out[words_ - 1] = (uint64_t{1} << (rows_ % 64)) - 1;
}

void BitmapIndex::match(std::span<const uint32_t> classes, std::span<uint64_t> out, Scratch& scratch) const {
  intersect(classes, false, out, scratch);
}

void BitmapIndex::match_open(std::span<const uint32_t> classes, std::span<uint64_t> out, Scratch& scratch) const {
  intersect(classes, true, out, scratch);
}

const uint64_t* BitmapIndex::bitmap_of(size_t at, uint32_t of_class, bool open) const {
  const Column& column = columns_[at];
  if (column.bitmaps.empty() || column.step != 1) return nullptr;
  return of_class == 0 && open ? column.open.data() : column.bitmaps.data() + of_class * words_;
}

bool BitmapIndex::cell_holds(size_t row, size_t at, uint32_t of_class, bool open) const {
  const Column& column = columns_[at];
  if (column.bitmaps.empty()) return true;
  const auto bit = [&](const uint64_t* words) { return (words[row / 64] >> (row % 64) & 1) != 0; };
  if (of_class == 0) return bit(open ? column.open.data() : column.bitmaps.data());
  if (column.step == 1) return bit(column.bitmaps.data() + of_class * words_);
  const uint32_t position = of_class - 1;
  const uint32_t from = position / column.step * column.step;
  bool holds = bit(column.bitmaps.data() + (1 + position / column.step) * words_);
  for (uint32_t t = column.toggle_start[from]; t < column.toggle_start[position]; ++t) {
    if (column.toggles[t] == row) holds = !holds;
  }
  return holds;
}

std::vector<int64_t> BitmapIndex::typed_thresholds(size_t at) const {
  std::vector<int64_t> out;
  for (const int64_t key : columns_[at].thresholds) out.push_back(value_at(key));
  return out;
}

uint16_t BitmapIndex::plane(size_t at, uint32_t of_class, size_t plane, bool open) const {
  const Column& column = columns_[at];
  const size_t row = plane * 16;
  uint64_t word = 0;
  if (column.bitmaps.empty()) {
    const size_t left = rows_ - row;
    return left >= 16 ? 0xffff : static_cast<uint16_t>((1u << left) - 1);
  }
  CHECK(column.step == 1);
  word = of_class == 0 && open ? column.open[row / 64] : column.bitmaps[of_class * words_ + row / 64];
  return static_cast<uint16_t>(word >> (row % 64));
}

// A number falls into a bucket by a shift; each bucket has at most one bound, so one comparison settles it.
void BitmapIndex::make_small() {
  if (rows_ == 0 || rows_ > 64) return;
  all_ = rows_ == 64 ? ~uint64_t{0} : (uint64_t{1} << rows_) - 1;
  for (const size_t at : asked_) {
    Column& column = columns_[at];
    if (column.step != 1) return;
    column.ordered = column.kind == Kind::number || column.kind == Kind::date || column.kind == Kind::any;
    if (!column.ordered) {
      column.masks = column.bitmaps;
      continue;
    }
    // Distinct typed bounds, with the class that starts there.
    std::vector<std::pair<int64_t, uint32_t>> bounds;
    for (size_t i = 0; i < column.thresholds.size(); ++i) {
      const int64_t value = value_at(column.thresholds[i]);
      if (!bounds.empty() && bounds.back().first == value) bounds.pop_back();
      bounds.emplace_back(value, static_cast<uint32_t>(i) + 2);
    }
    if (bounds.empty()) {
      column.base = column.top = 0;
      column.shift = 0;
      column.buckets = {{kNull + 1, column.bitmaps[0], column.bitmaps[1]}};
      continue;
    }
    int64_t least = std::numeric_limits<int64_t>::max();
    for (size_t i = 1; i < bounds.size(); ++i) least = std::min(least, bounds[i].first - bounds[i - 1].first);
    // The largest width of which no bucket holds two bounds whatever their places.
    column.shift =
        bounds.size() == 1 ? 32 : std::min(static_cast<int>(std::bit_width(static_cast<uint64_t>(least))) - 1, 56);
    const int64_t width = int64_t{1} << column.shift;
    const int64_t first = bounds.front().first;
    const size_t count = static_cast<size_t>((bounds.back().first - first) >> column.shift) + 2;
    if (count > kMostBuckets) return;
    // Bucket 0 is everything below the first bound; null stands apart by its own.
    column.base = first - width;
    column.top = column.base + (static_cast<int64_t>(count) << column.shift) - 1;
    column.buckets.push_back({kNull + 1, column.bitmaps[0], column.bitmaps[1]});
    size_t next = 0;
    uint64_t mask = column.bitmaps[1];
    for (size_t b = 1; b < count; ++b) {
      const int64_t end = column.base + (static_cast<int64_t>(b + 1) << column.shift);
      if (next < bounds.size() && bounds[next].first < end) {
        const uint64_t above = column.bitmaps[bounds[next].second];
        column.buckets.push_back({bounds[next].first, mask, above});
        mask = above;
        ++next;
      } else {
        column.buckets.push_back({kNull, mask, mask});
      }
    }
    CHECK(next == bounds.size());
  }
  is_small_ = true;
}

}  // namespace tongban::dmn
