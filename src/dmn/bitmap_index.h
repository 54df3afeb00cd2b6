// Which rows of a decision table hold, by bitmaps: strings are interned, the bounds of ranges cut each ordered column
// into classes, every class has a bitmap of the rows that it satisfies, and a case is the intersection over the
// columns.
//
// A column with so many bounds that a bitmap for each class would take too much memory keeps one for every few hundred
// bounds and, between them, the rows that each bound switches on or off (100,000 rows with all bounds distinct: a
// bitmap per class would take 2.5 GB).
//
// Promises: immutable, read from any thread. Agrees with dmn::evaluate on every input (three-valued: a null satisfies
// only `-` and cells that name null, and leaves other cells open). A cell that is no plain set of numbers, dates,
// strings or booleans is `residual`: the index takes it as satisfied, and the caller has to test it.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dmn/plain_cell.h"
#include "dmn/table.h"

namespace tongban::dmn {

struct BitmapIndexOptions {
  // Bitmaps of one ordered column beyond this are thinned out.
  size_t most_bytes = size_t{8} << 20;
  // Digits after the point that typed numbers of a column have, when that is more than its bounds have.
  std::vector<int> scales;
};

class BitmapIndex {
 public:
  // What typed numbers and identifiers are when the input is absent.
  static constexpr int64_t kNull = std::numeric_limits<int64_t>::min();

  enum class Kind : uint8_t {
    any,      // no row asks for it
    number,   // typed input: the number × 10^scale
    date,     // typed input: days since 1970-01-01
    text,     // typed input: an identifier, see `id_of`
    boolean,  // typed input: an identifier, see `id_of`
    residual  // its cells are of several types, or none of them is a plain set
  };
  struct Residual {
    uint32_t row = 0;  // 0…
    uint32_t column = 0;
  };

  // From compiled cells.
  explicit BitmapIndex(const CompiledTable& table, const BitmapIndexOptions& options = {});

  // Straight from the cells' text, with the same meaning and much faster; a cell that is not plain is compiled against
  // the scope to see whether it is a fault. Types and allowed values of the inputs are checked as dmn::compile does.
  // Outputs are not looked at.
  struct Loaded;
  static Loaded load(const Table& table, const feel::Scope& scope, const BitmapIndexOptions& options = {});

  size_t rows() const { return rows_; }
  size_t columns() const { return columns_.size(); }
  size_t words() const { return words_; }  // of a mask: row i (0…) is bit i % 64 of word i / 64
  const std::vector<Residual>& residual() const { return residual_; }
  size_t bytes() const;  // memory held, roughly

  Kind kind(size_t column) const { return columns_[column].kind; }
  int scale(size_t column) const { return columns_[column].scale; }
  // Strings and booleans as identifiers ("true", "false"); what no cell names is one identifier for all of them.
  uint32_t id_of(size_t column, std::string_view text) const;
  static constexpr uint32_t kNullId = 0;
  static constexpr uint32_t kOtherId = 1;

  // Every value belongs to a class; 0 is null. Texts and booleans: the identifier.
  size_t class_count(size_t column) const { return columns_[column].class_count; }
  // Empty: a value of a type that the column's cells do not have, or beyond its kind (the cells decide one by one).
  std::optional<uint32_t> class_of(size_t column, const feel::Value& value) const;
  uint32_t class_of_decimal(size_t column, const Decimal& value) const;  // number columns
  uint32_t class_of_typed(size_t column, int64_t value) const;           // any column but residual ones

  // Memory for one evaluation after the other; one per thread.
  struct Scratch {
    std::vector<uint64_t> words;
  };
  // `classes`: one for each column. The rows that hold → out[0…words).
  void match(std::span<const uint32_t> classes, std::span<uint64_t> out, Scratch& scratch) const;
  // The same with the rows that nulls leave open: what stands here and not in `match` is undecided.
  void match_open(std::span<const uint32_t> classes, std::span<uint64_t> out, Scratch& scratch) const;
  // Null pointer: the column has no bitmap of its own for this class (it is thinned out, or nobody asks).
  const uint64_t* bitmap_of(size_t column, uint32_t of_class, bool open) const;
  // Does a single cell hold (or stay open)? For traces.
  bool cell_holds(size_t row, size_t column, uint32_t of_class, bool open) const;

  // ---- at most 64 rows and no column with very many bounds: one word, for the hottest path.
  bool is_small() const { return is_small_; }
  // `values`: typed inputs, one for each column (kNull: absent). Needs is_small().
  uint64_t match_small(const int64_t* values) const;

  // ---- for the batch (batch.h)
  // The smallest typed values of classes 2, 3, … of an ordered column; below the first is class 1.
  std::vector<int64_t> typed_thresholds(size_t column) const;
  // The rows 16 × plane … as bits, for a class.
  uint16_t plane(size_t column, uint32_t of_class, size_t plane, bool open) const;

 private:
  struct HashOfText {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Ids = std::unordered_map<std::string, uint32_t, HashOfText, std::equal_to<>>;
  struct Bucket {
    int64_t threshold;
    uint64_t below, above;
  };
  struct Column {
    Kind kind = Kind::any;
    int scale = 0;
    uint32_t class_count = 2;
    Ids ids;
    // Ordered columns: class c ≥ 1 holds the keys with c - 1 thresholds at or below them. A key is twice the typed
    // value, and one more for what lies between two of them.
    std::vector<int64_t> thresholds;
    std::vector<uint32_t> toggle_start;  // by threshold, into toggles
    std::vector<uint32_t> toggles;       // rows that it switches
    uint32_t step = 1;                   // thresholds between two bitmaps; 1: one for each class
    std::vector<uint64_t> bitmaps;       // class 0, then class 1 and every step-th after it
    std::vector<uint64_t> open;          // of null: rows it leaves undecided, and those it satisfies
    // The small form.
    bool ordered = false;
    int64_t base = 0, top = 0;
    int shift = 0;
    std::vector<Bucket> buckets;
    std::vector<uint64_t> masks;
  };
  struct Builder;
  BitmapIndex() = default;
  void make_small();
  const uint64_t* bitmap(const Column& column, uint32_t of_class, uint64_t* scratch) const;
  void intersect(std::span<const uint32_t> classes, bool open, std::span<uint64_t> out, Scratch& scratch) const;

  size_t rows_ = 0, words_ = 0;
  bool is_small_ = false;
  uint64_t all_ = 0;
  std::vector<Column> columns_;
  std::vector<size_t> asked_;  // columns that some row asks for
  std::vector<Residual> residual_;
};

struct BitmapIndex::Loaded {
  std::optional<BitmapIndex> index;  // present exactly when `problems` is empty
  std::vector<TableProblem> problems;
};

inline uint64_t BitmapIndex::match_small(const int64_t* values) const {
  uint64_t mask = all_;
  for (const size_t at : asked_) {
    const Column& column = columns_[at];
    const int64_t value = values[at];
    if (column.ordered) {
      const int64_t low = value < column.base ? column.base : value;
      const int64_t inside = low > column.top ? column.top : low;
      const Bucket& bucket = column.buckets[static_cast<uint64_t>(inside - column.base) >> column.shift];
      mask &= value >= bucket.threshold ? bucket.above : bucket.below;
    } else {
      const auto id = static_cast<uint64_t>(value);
      mask &= column.masks[id < column.masks.size() ? id : value == kNull ? kNullId : kOtherId];
    }
  }
  return mask;
}

}  // namespace tongban::dmn
