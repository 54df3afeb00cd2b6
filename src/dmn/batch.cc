#include "dmn/batch.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace tongban::dmn {
namespace batch {
namespace {

constexpr size_t kMostBuckets = 4096;

void portable_masks(const uint16_t* const* lookup, const uint8_t* const* codes, const uint32_t*, size_t columns,
                    size_t count, uint16_t* out) {
  size_t at = 0;
  for (; at + 4 <= columns; at += 4) {
    const uint16_t *a = lookup[at], *b = lookup[at + 1], *c = lookup[at + 2], *d = lookup[at + 3];
    const uint8_t *x = codes[at], *y = codes[at + 1], *z = codes[at + 2], *w = codes[at + 3];
    if (at == 0) {
      for (size_t i = 0; i < count; ++i) out[i] = static_cast<uint16_t>(a[x[i]] & b[y[i]] & c[z[i]] & d[w[i]]);
    } else {
      for (size_t i = 0; i < count; ++i) out[i] &= static_cast<uint16_t>(a[x[i]] & b[y[i]] & c[z[i]] & d[w[i]]);
    }
  }
  if (at == 0) std::fill_n(out, count, uint16_t{0xffff});
  for (; at < columns; ++at) {
    const uint16_t* a = lookup[at];
    const uint8_t* x = codes[at];
    for (size_t i = 0; i < count; ++i) out[i] &= a[x[i]];
  }
}

void portable_code_numbers(const Numbers& numbers, const int64_t* values, size_t count, uint8_t* out) {
  if (numbers.bucket_bound.empty()) {
    const auto begin = numbers.bounds.begin();
    for (size_t i = 0; i < count; ++i) {
      const auto code = 1 + (std::upper_bound(begin, numbers.bounds.end(), values[i]) - begin);
      out[i] = values[i] == BitmapIndex::kNull ? uint8_t{0} : static_cast<uint8_t>(code);
    }
    return;
  }
  const int64_t* bound = numbers.bucket_bound.data();
  const uint8_t* code = numbers.bucket_code.data();
  for (size_t i = 0; i < count; ++i) {
    const int64_t value = values[i];
    const int64_t low = value < numbers.base ? numbers.base : value;
    const int64_t inside = low > numbers.top ? numbers.top : low;
    const uint64_t at = static_cast<uint64_t>(inside - numbers.base) >> numbers.shift;
    out[i] = static_cast<uint8_t>(code[at] + (value >= bound[at] ? 1 : 0));
  }
}

void portable_code_ids(uint32_t class_count, const uint32_t* ids, size_t count, uint8_t* out) {
  for (size_t i = 0; i < count; ++i)
    out[i] = static_cast<uint8_t>(ids[i] < class_count ? ids[i] : BitmapIndex::kOtherId);
}

// The buckets of BitmapIndex's small form, with codes. Several bounds may have the same typed value; then none.
void make_buckets(Numbers& numbers) {
  const std::vector<int64_t>& bounds = numbers.bounds;
  if (bounds.empty()) return;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (size_t i = 1; i < bounds.size(); ++i) least = std::min(least, bounds[i] - bounds[i - 1]);
  if (least == 0) return;
  const int shift =
      bounds.size() == 1 ? 32 : std::min(static_cast<int>(std::bit_width(static_cast<uint64_t>(least))) - 1, 56);
  const size_t count = static_cast<size_t>((bounds.back() - bounds.front()) >> shift) + 2;
  if (count > kMostBuckets) return;
  numbers.shift = shift;
  numbers.base = bounds.front() - (int64_t{1} << shift);
  numbers.top = numbers.base + (static_cast<int64_t>(count) << shift) - 1;
  numbers.bucket_bound = {BitmapIndex::kNull + 1};  // bucket 0: null, or below the first bound
  numbers.bucket_code = {0};
  size_t next = 0;
  for (size_t b = 1; b < count; ++b) {
    const int64_t end = numbers.base + (static_cast<int64_t>(b + 1) << shift);
    const bool has_bound = next < bounds.size() && bounds[next] < end;
    // Without a bound the comparison must be one that always holds.
    numbers.bucket_bound.push_back(has_bound ? bounds[next] : BitmapIndex::kNull);
    numbers.bucket_code.push_back(static_cast<uint8_t>(next + (has_bound ? 1 : 0)));
    if (has_bound) ++next;
  }
}

void compress(Numbers& numbers) {
  constexpr size_t kMost = 31;
  const std::vector<int64_t>& bounds = numbers.bounds;
  if (bounds.empty() || bounds.size() > kMost || bounds.back() - bounds.front() >= 0xfffffff0) return;
  numbers.origin = bounds.front() - 1;
  numbers.clamp = bounds.back();
  for (const int64_t bound : bounds) numbers.compressed.push_back(static_cast<uint32_t>(bound - numbers.origin));
  numbers.compressed.resize(kMost + 1, 0xffffffff);
}

const Kernels& kernels_of(BatchPath path) {
  if (path == BatchPath::avx512 && kAvx512 != nullptr) return *kAvx512;
  if (path != BatchPath::portable && kAvx2 != nullptr) return *kAvx2;
  return kPortable;
}

}  // namespace

const Kernels kPortable = {portable_masks, portable_code_numbers, portable_code_ids};

}  // namespace batch

BatchPath best_batch_path() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vbmi")) {
    return BatchPath::avx512;
  }
  if (__builtin_cpu_supports("avx2")) return BatchPath::avx2;
#endif
  return BatchPath::portable;
}

std::optional<Batch> Batch::make(std::shared_ptr<const BitmapIndex> index) {
  if (!index->residual().empty()) return std::nullopt;
  Batch batch;
  batch.planes_ = (index->rows() + 15) / 16;
  for (size_t at = 0; at < index->columns(); ++at) {
    if (index->class_count(at) > batch::kLookup) return std::nullopt;
    Column column;
    column.class_count = static_cast<uint32_t>(index->class_count(at));
    const BitmapIndex::Kind kind = index->kind(at);
    column.ordered =
        kind == BitmapIndex::Kind::number || kind == BitmapIndex::Kind::date || kind == BitmapIndex::Kind::any;
    if (column.ordered) {
      column.numbers.bounds = index->typed_thresholds(at);
      batch::make_buckets(column.numbers);
      batch::compress(column.numbers);
    }
    for (const bool open : {false, true}) {
      std::vector<uint16_t>& lookup = column.lookup[open ? 1 : 0];
      lookup.assign(batch.planes_ * batch::kLookup, 0);
      for (size_t plane = 0; plane < batch.planes_; ++plane) {
        for (uint32_t c = 0; c < column.class_count; ++c) {
          lookup[plane * batch::kLookup + c] = index->plane(at, c, plane, open);
        }
      }
    }
    batch.columns_.push_back(std::move(column));
  }
  batch.index_ = std::move(index);
  return batch;
}

void Batch::encode(size_t column, const BatchColumn& from, size_t count, uint8_t* out, BatchPath path) const {
  const batch::Kernels& kernels = batch::kernels_of(path);
  const Column& to = columns_[column];
  if (from.codes != nullptr) {
    std::copy_n(from.codes, count, out);
  } else if (from.numbers != nullptr) {
    CHECK(to.ordered);
    kernels.code_numbers(to.numbers, from.numbers, count, out);
  } else {
    CHECK(from.ids != nullptr);
    kernels.code_ids(to.class_count, from.ids, count, out);
  }
}

void Batch::run(std::span<const BatchColumn> columns, size_t count, uint16_t* out, BatchPath path, bool open) const {
  CHECK(columns.size() == columns_.size());
  const batch::Kernels& kernels = batch::kernels_of(path);
  constexpr size_t kBlock = 2048;  // codes and masks of a block stay in the first cache
  std::vector<uint8_t> coded(columns.size() * kBlock);
  std::vector<const uint8_t*> codes(columns.size());
  std::vector<const uint16_t*> lookup(columns.size());
  std::vector<uint32_t> class_counts;
  for (const Column& column : columns_) class_counts.push_back(column.class_count);
  for (size_t from = 0; from < count; from += kBlock) {
    const size_t n = std::min(kBlock, count - from);
    for (size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].codes != nullptr) {
        codes[i] = columns[i].codes + from;
        continue;
      }
      BatchColumn part = columns[i];
      if (part.numbers != nullptr) part.numbers += from;
      if (part.ids != nullptr) part.ids += from;
      encode(i, part, n, coded.data() + i * kBlock, path);
      codes[i] = coded.data() + i * kBlock;
    }
    for (size_t plane = 0; plane < planes_; ++plane) {
      for (size_t i = 0; i < columns.size(); ++i) {
        lookup[i] = columns_[i].lookup[open ? 1 : 0].data() + plane * batch::kLookup;
      }
      kernels.masks(lookup.data(), codes.data(), class_counts.data(), columns.size(), n, out + plane * count + from);
    }
  }
}

void Batch::first_rows(const uint16_t* masks, size_t count, uint32_t* out) const {
  if (planes_ == 1) {
    for (size_t i = 0; i < count; ++i) {
      const uint32_t mask = masks[i];
      out[i] = mask == 0 ? 0 : static_cast<uint32_t>(std::countr_zero(mask)) + 1;
    }
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    out[i] = 0;
    for (size_t plane = 0; plane < planes_; ++plane) {
      const uint32_t mask = masks[plane * count + i];
      if (mask == 0) continue;
      out[i] = static_cast<uint32_t>(plane * 16 + static_cast<size_t>(std::countr_zero(mask))) + 1;
      break;
    }
  }
}

}  // namespace tongban::dmn
