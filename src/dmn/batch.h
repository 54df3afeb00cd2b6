// One table over many cases at a time, for simulation: a column per input, rule masks out. Uses AVX-512 or AVX2 where
// the processor has them, chosen at run time; the portable path gives the same bits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dmn/bitmap_index.h"

namespace tongban::dmn {

// One input of all cases. Exactly one pointer stands.
struct BatchColumn {
  const uint8_t* codes = nullptr;    // BitmapIndex classes; 0 null
  const int64_t* numbers = nullptr;  // typed numbers or days; BitmapIndex::kNull null
  const uint32_t* ids = nullptr;     // identifiers of strings or booleans; 0 null
};

enum class BatchPath : uint8_t { portable, avx2, avx512 };
// The best that this processor can do.
BatchPath best_batch_path();

namespace batch {

constexpr size_t kLookup = 256;  // classes of a column at most

struct Numbers {
  std::vector<int64_t> bounds;       // typed: class c ≥ 2 starts at bounds[c - 2]
  std::vector<uint32_t> compressed;  // bounds - origin for AVX-512, padded to 32; empty when they do not fit
  int64_t origin = 0, clamp = 0;
  // One comparison in a bucket settles it; no buckets: binary search.
  int64_t base = 0, top = 0;
  int shift = 0;
  std::vector<int64_t> bucket_bound;
  std::vector<uint8_t> bucket_code;
};

// The operations that have several forms. `lookup` is, for each column, the 16 rows of the plane by class.
struct Kernels {
  void (*masks)(const uint16_t* const* lookup, const uint8_t* const* codes, const uint32_t* class_counts,
                size_t columns, size_t count, uint16_t* out);
  void (*code_numbers)(const Numbers& numbers, const int64_t* values, size_t count, uint8_t* out);
  void (*code_ids)(uint32_t class_count, const uint32_t* ids, size_t count, uint8_t* out);
};
extern const Kernels kPortable;
extern const Kernels* const kAvx2;  // nullptr where the program was built for another processor
extern const Kernels* const kAvx512;

}  // namespace batch

class Batch {
 public:
  // Empty when a column has more than 256 classes, or a cell is residual: such tables go case by case.
  static std::optional<Batch> make(std::shared_ptr<const BitmapIndex> index);

  // Sixteen rows make a plane. Row r (0…) of case i is bit r % 16 of out[r / 16 × count + i].
  size_t planes() const { return planes_; }
  // `open`: also the rows that nulls leave undecided.
  void run(std::span<const BatchColumn> columns, size_t count, uint16_t* out, BatchPath path, bool open = false) const;
  // The first row (1…) of each case from `run`'s masks, 0 none.
  void first_rows(const uint16_t* masks, size_t count, uint32_t* out) const;
  // Typed inputs to codes, for columns that are used again and again.
  void encode(size_t column, const BatchColumn& from, size_t count, uint8_t* out, BatchPath path) const;

 private:
  struct Column {
    uint32_t class_count = 0;
    bool ordered = false;
    batch::Numbers numbers;
    std::vector<uint16_t> lookup[2];  // matched and open: planes × kLookup
  };
  std::shared_ptr<const BitmapIndex> index_;
  size_t planes_ = 0;
  std::vector<Column> columns_;
};

}  // namespace tongban::dmn
