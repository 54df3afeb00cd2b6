// AVX2 forms of the batch's operations. The attribute stands at each function, so that no inline function of the
// library is compiled for a processor that may not be there.
#include "dmn/batch.h"

#if defined(__x86_64__) && \
    !defined(__clang__)  // clang does not pass the attribute on to lambdas; it gets the portable form
#include <immintrin.h>

#define TONGBAN_AVX2 __attribute__((target("avx2")))

namespace tongban::dmn::batch {
namespace {

constexpr size_t kLanes = 32;
constexpr size_t kMostCompares = 32;

// A table look-up in registers, sixteen classes at a time: the index shifted so that only its own sixteen have the top
// bit clear, which `shuffle` turns into zero otherwise. `low` and `high` are the two bytes of the masks.
struct Halves {
  __m256i low, high;
};
TONGBAN_AVX2 inline Halves look_up(const uint16_t* lookup, uint32_t classes, __m256i codes) {
  const __m256i even = _mm256_set1_epi16(0x00ff);
  const __m256i bias = _mm256_set1_epi8(0x70);
  Halves out{_mm256_setzero_si256(), _mm256_setzero_si256()};
  for (uint32_t c = 0; c < classes; c += 16) {
    const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lookup + c));
    const __m256i low =
        _mm256_permute4x64_epi64(_mm256_packus_epi16(_mm256_and_si256(words, even), _mm256_setzero_si256()), 0x88);
    const __m256i high =
        _mm256_permute4x64_epi64(_mm256_packus_epi16(_mm256_srli_epi16(words, 8), _mm256_setzero_si256()), 0x88);
    // Both halves of the register hold the same sixteen bytes.
    const __m256i low_both = _mm256_permute4x64_epi64(low, 0x44);
    const __m256i high_both = _mm256_permute4x64_epi64(high, 0x44);
    const __m256i index = _mm256_adds_epu8(_mm256_sub_epi8(codes, _mm256_set1_epi8(static_cast<char>(c))), bias);
    out.low = _mm256_or_si256(out.low, _mm256_shuffle_epi8(low_both, index));
    out.high = _mm256_or_si256(out.high, _mm256_shuffle_epi8(high_both, index));
  }
  return out;
}

TONGBAN_AVX2 void masks(const uint16_t* const* lookup, const uint8_t* const* codes, const uint32_t* class_counts,
                        size_t columns, size_t count, uint16_t* out) {
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    __m256i low = _mm256_set1_epi8(-1);
    __m256i high = low;
    for (size_t at = 0; at < columns; ++at) {
      const __m256i code = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes[at] + i));
      const Halves found = look_up(lookup[at], class_counts[at], code);
      low = _mm256_and_si256(low, found.low);
      high = _mm256_and_si256(high, found.high);
    }
    const __m256i first = _mm256_unpacklo_epi8(low, high);
    const __m256i second = _mm256_unpackhi_epi8(low, high);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), _mm256_permute2x128_si256(first, second, 0x20));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i + 16), _mm256_permute2x128_si256(first, second, 0x31));
  }
  for (; i < count; ++i) {
    uint16_t mask = 0xffff;
    for (size_t at = 0; at < columns; ++at) mask &= lookup[at][codes[at][i]];
    out[i] = mask;
  }
}

TONGBAN_AVX2 void code_numbers(const Numbers& numbers, const int64_t* values, size_t count, uint8_t* out) {
  const size_t n = numbers.bounds.size();
  if (n > kMostCompares) return kPortable.code_numbers(numbers, values, count, out);
  const int64_t* bounds = numbers.bounds.data();
  const __m256i null = _mm256_set1_epi64x(BitmapIndex::kNull);
  const __m256i one = _mm256_set1_epi64x(1);
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + i));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + i + 4));
    __m256i code_a = _mm256_add_epi64(one, _mm256_cmpeq_epi64(a, null));
    __m256i code_b = _mm256_add_epi64(one, _mm256_cmpeq_epi64(b, null));
    for (size_t t = 0; t < n; ++t) {
      // value ≥ bound, as value > bound - 1; bounds are far from the smallest number.
      const __m256i below = _mm256_set1_epi64x(bounds[t] - 1);
      code_a = _mm256_sub_epi64(code_a, _mm256_cmpgt_epi64(a, below));
      code_b = _mm256_sub_epi64(code_b, _mm256_cmpgt_epi64(b, below));
    }
    // The low byte of each of the eight.
    const __m256i packed = _mm256_or_si256(code_a, _mm256_slli_epi64(code_b, 32));
    alignas(32) uint32_t lanes[8];
    _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), packed);
    for (size_t k = 0; k < 4; ++k) {
      out[i + k] = static_cast<uint8_t>(lanes[2 * k]);
      out[i + 4 + k] = static_cast<uint8_t>(lanes[2 * k + 1]);
    }
  }
  kPortable.code_numbers(numbers, values + i, count - i, out + i);
}

TONGBAN_AVX2 void code_ids(uint32_t class_count, const uint32_t* ids, size_t count, uint8_t* out) {
  const __m256i last = _mm256_set1_epi32(static_cast<int>(class_count - 1));
  const __m256i other = _mm256_set1_epi32(BitmapIndex::kOtherId);
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    __m256i part[4];
    for (size_t k = 0; k < 4; ++k) {
      const __m256i id = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(ids + i + 8 * k));
      const __m256i known = _mm256_cmpeq_epi32(_mm256_min_epu32(id, last), id);
      part[k] = _mm256_blendv_epi8(other, id, known);
    }
    const __m256i words_a = _mm256_packus_epi32(part[0], part[1]);
    const __m256i words_b = _mm256_packus_epi32(part[2], part[3]);
    const __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packus_epi16(words_a, words_b), order);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), bytes);
  }
  kPortable.code_ids(class_count, ids + i, count - i, out + i);
}

const Kernels kKernels = {masks, code_numbers, code_ids};

}  // namespace

const Kernels* const kAvx2 = &kKernels;

}  // namespace tongban::dmn::batch
#else
namespace tongban::dmn::batch {
const Kernels* const kAvx2 = nullptr;
}
#endif
