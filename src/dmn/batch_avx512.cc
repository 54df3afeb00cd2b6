// AVX-512 forms of the batch's operations (F, BW, VL, DQ, VBMI: Ice Lake, Zen 4 and later). The attribute stands at
// each function, so that no inline function of the library is compiled for a processor that may not be there.
#include "dmn/batch.h"

#if defined(__x86_64__) && \
    !defined(__clang__)  // clang does not pass the attribute on to lambdas; it gets the portable form
// GCC 12 takes the deliberately undefined operands of its own intrinsics for a mistake (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

#define TONGBAN_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,bmi2,prefer-vector-width=512")))

namespace tongban::dmn::batch {
namespace {

constexpr size_t kLanes = 64;
constexpr size_t kMostClasses = 128;  // two registers of bytes
constexpr size_t kMostColumns = 8;

struct Table {  // the masks of 128 classes: low bytes and high bytes
  __m512i low_a, low_b, high_a, high_b;
};

TONGBAN_AVX512 inline __m512i low_bytes(__m512i words_a, __m512i words_b) {
  return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi16_epi8(words_a)), _mm512_cvtepi16_epi8(words_b), 1);
}

TONGBAN_AVX512 inline Table load(const uint16_t* lookup) {
  const __m512i a = _mm512_loadu_si512(lookup);
  const __m512i b = _mm512_loadu_si512(lookup + 32);
  const __m512i c = _mm512_loadu_si512(lookup + 64);
  const __m512i d = _mm512_loadu_si512(lookup + 96);
  return {low_bytes(a, b), low_bytes(c, d), low_bytes(_mm512_srli_epi16(a, 8), _mm512_srli_epi16(b, 8)),
          low_bytes(_mm512_srli_epi16(c, 8), _mm512_srli_epi16(d, 8))};
}

TONGBAN_AVX512 inline void store(__m512i low, __m512i high, uint16_t* out) {
  const __m512i order_a = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
  const __m512i order_b = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
  const __m512i first = _mm512_unpacklo_epi8(low, high);
  const __m512i second = _mm512_unpackhi_epi8(low, high);
  _mm512_storeu_si512(out, _mm512_permutex2var_epi64(first, order_a, second));
  _mm512_storeu_si512(out + 32, _mm512_permutex2var_epi64(first, order_b, second));
}

TONGBAN_AVX512 void masks(const uint16_t* const* lookup, const uint8_t* const* codes, const uint32_t* class_counts,
                          size_t columns, size_t count, uint16_t* out) {
  bool fits = columns <= kMostColumns;
  for (size_t at = 0; at < columns; ++at) fits = fits && class_counts[at] <= kMostClasses;
  if (!fits) return kPortable.masks(lookup, codes, class_counts, columns, count, out);
  Table tables[kMostColumns];
  for (size_t at = 0; at < columns; ++at) tables[at] = load(lookup[at]);
  size_t i = 0;
  if (columns == 4) {  // kept in registers
    const Table t0 = tables[0], t1 = tables[1], t2 = tables[2], t3 = tables[3];
    for (; i + kLanes <= count; i += kLanes) {
      const __m512i c0 = _mm512_loadu_si512(codes[0] + i);
      const __m512i c1 = _mm512_loadu_si512(codes[1] + i);
      const __m512i c2 = _mm512_loadu_si512(codes[2] + i);
      const __m512i c3 = _mm512_loadu_si512(codes[3] + i);
      const __m512i low = _mm512_and_si512(_mm512_and_si512(_mm512_permutex2var_epi8(t0.low_a, c0, t0.low_b),
                                                            _mm512_permutex2var_epi8(t1.low_a, c1, t1.low_b)),
                                           _mm512_and_si512(_mm512_permutex2var_epi8(t2.low_a, c2, t2.low_b),
                                                            _mm512_permutex2var_epi8(t3.low_a, c3, t3.low_b)));
      const __m512i high = _mm512_and_si512(_mm512_and_si512(_mm512_permutex2var_epi8(t0.high_a, c0, t0.high_b),
                                                             _mm512_permutex2var_epi8(t1.high_a, c1, t1.high_b)),
                                            _mm512_and_si512(_mm512_permutex2var_epi8(t2.high_a, c2, t2.high_b),
                                                             _mm512_permutex2var_epi8(t3.high_a, c3, t3.high_b)));
      store(low, high, out + i);
    }
  }
  for (; i + kLanes <= count; i += kLanes) {
    __m512i low = _mm512_set1_epi8(-1);
    __m512i high = low;
    for (size_t at = 0; at < columns; ++at) {
      const __m512i code = _mm512_loadu_si512(codes[at] + i);
      low = _mm512_and_si512(low, _mm512_permutex2var_epi8(tables[at].low_a, code, tables[at].low_b));
      high = _mm512_and_si512(high, _mm512_permutex2var_epi8(tables[at].high_a, code, tables[at].high_b));
    }
    store(low, high, out + i);
  }
  for (; i < count; ++i) {
    uint16_t mask = 0xffff;
    for (size_t at = 0; at < columns; ++at) mask &= lookup[at][codes[at][i]];
    out[i] = mask;
  }
}

// Numbers are brought into 32 bits around the bounds, then five steps of a binary search in two registers.
TONGBAN_AVX512 void code_numbers(const Numbers& numbers, const int64_t* values, size_t count, uint8_t* out) {
  if (numbers.compressed.empty()) return kPortable.code_numbers(numbers, values, count, out);
  const __m512i bounds_a = _mm512_loadu_si512(numbers.compressed.data());
  const __m512i bounds_b = _mm512_loadu_si512(numbers.compressed.data() + 16);
  const __m512i origin = _mm512_set1_epi64(numbers.origin);
  const __m512i clamp = _mm512_set1_epi64(numbers.clamp);
  const __m512i null = _mm512_set1_epi64(BitmapIndex::kNull);
  const __m512i one = _mm512_set1_epi32(1);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m512i a = _mm512_loadu_si512(values + i);
    const __m512i b = _mm512_loadu_si512(values + i + 8);
    const auto is_null =
        static_cast<__mmask16>(_mm512_cmpeq_epi64_mask(a, null) | (_mm512_cmpeq_epi64_mask(b, null) << 8));
    const __m512i near_a = _mm512_sub_epi64(_mm512_min_epi64(_mm512_max_epi64(a, origin), clamp), origin);
    const __m512i near_b = _mm512_sub_epi64(_mm512_min_epi64(_mm512_max_epi64(b, origin), clamp), origin);
    const __m512i value =
        _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi64_epi32(near_a)), _mm512_cvtepi64_epi32(near_b), 1);
    __m512i position = _mm512_setzero_si512();
    for (int step = 16; step > 0; step /= 2) {
      const __m512i at = _mm512_add_epi32(position, _mm512_set1_epi32(step - 1));
      const __m512i bound = _mm512_permutex2var_epi32(bounds_a, at, bounds_b);
      position =
          _mm512_mask_add_epi32(position, _mm512_cmpge_epu32_mask(value, bound), position, _mm512_set1_epi32(step));
    }
    const __m512i code = _mm512_maskz_add_epi32(static_cast<__mmask16>(~static_cast<unsigned>(is_null)), position, one);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), _mm512_cvtepi32_epi8(code));
  }
  kPortable.code_numbers(numbers, values + i, count - i, out + i);
}

TONGBAN_AVX512 void code_ids(uint32_t class_count, const uint32_t* ids, size_t count, uint8_t* out) {
  const __m512i limit = _mm512_set1_epi32(static_cast<int>(class_count));
  const __m512i other = _mm512_set1_epi32(BitmapIndex::kOtherId);
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const __m512i id = _mm512_loadu_si512(ids + i);
    const __m512i known = _mm512_mask_mov_epi32(other, _mm512_cmplt_epu32_mask(id, limit), id);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), _mm512_cvtepi32_epi8(known));
  }
  kPortable.code_ids(class_count, ids + i, count - i, out + i);
}

const Kernels kKernels = {masks, code_numbers, code_ids};

}  // namespace

const Kernels* const kAvx512 = &kKernels;

}  // namespace tongban::dmn::batch
#else
namespace tongban::dmn::batch {
const Kernels* const kAvx512 = nullptr;
}
#endif
