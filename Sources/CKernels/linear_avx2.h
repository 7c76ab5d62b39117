// What the AVX2 linear kernels share: loads of NVFP4 weights. Knows nothing of loops.
//
// One canonical order of integer products: a unit of a weight row is eight blocks, one a lane. A lane's sum over its
// block is an exact integer, whichever way it is found; lane l adds it, times both scales, unit after unit; then the
// halves of the lanes are added.
#ifndef MONOCLE_LINEAR_AVX2_H
#define MONOCLE_LINEAR_AVX2_H

#include <immintrin.h>

#include "linear.h"
#include "linear_blocks.h"
#include "linear_prefetch.h"

#define AVX2 __attribute__((target("avx2,fma,f16c")))

/// Widens `blocks` blocks: e2m1 * (e4m3 * factor), each product rounded once.
AVX2 INLINE void decode_nvfp4_avx2(const uint8_t *packed, const uint8_t *scales, float factor, size_t blocks,
                                   float *row) {
    const __m256 magnitudes = _mm256_setr_ps(0, .5f, 1, 1.5f, 2, 3, 4, 6);
    const __m256i sign = _mm256_set1_epi32((int)0x80000000);
    for (size_t block = 0; block < blocks; block++) {
        const float product = e4m3_widen(scales[block]) * factor;
        const __m256 scale = _mm256_set1_ps(product);
        const __m256i bytes = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const void *)(packed + 8 * block)));
        const __m256i high = _mm256_srli_epi32(bytes, 4);
        const __m256 even = _mm256_mul_ps(
            _mm256_xor_ps(_mm256_permutevar8x32_ps(magnitudes, bytes),
                          _mm256_castsi256_ps(_mm256_and_si256(_mm256_slli_epi32(bytes, 28), sign))),
            scale);
        const __m256 odd = _mm256_mul_ps(
            _mm256_xor_ps(_mm256_permutevar8x32_ps(magnitudes, high),
                          _mm256_castsi256_ps(_mm256_and_si256(_mm256_slli_epi32(high, 28), sign))),
            scale);
        const __m256 low = _mm256_unpacklo_ps(even, odd);    // 0 1 2 3, 8 9 10 11
        const __m256 upper = _mm256_unpackhi_ps(even, odd);  // 4 5 6 7, 12 13 14 15
        _mm256_storeu_ps(row + 16 * block, _mm256_permute2f128_ps(low, upper, 0x20));
        _mm256_storeu_ps(row + 16 * block + 8, _mm256_permute2f128_ps(low, upper, 0x31));
    }
}

enum {
    AVX2_LANES = 8,
    AVX2_UNIT = 16 * AVX2_LANES,  // inputs
};

/// Eight e4m3 values as float32, exact; but 480 for NaN, which `has_nan_scale_avx2` looks for.
AVX2 INLINE __m256 widen_scales_avx2(__m128i scales) {
    const __m256i bits = _mm256_slli_epi32(_mm256_cvtepi8_epi32(scales), 20);
    const __m256i kept = _mm256_and_si256(bits, _mm256_set1_epi32((int)0x87F00000));
    return _mm256_mul_ps(_mm256_castsi256_ps(kept), _mm256_set1_ps(0x1p120f));
}

/// Whether any of the e4m3 scales of a weight row is NaN: then its products are.
AVX2 INLINE bool has_nan_scale_avx2(const uint8_t *scales, size_t blocks) {
    const __m256i magnitude = _mm256_set1_epi8(0x7F);
    __m256i found = _mm256_setzero_si256();
    size_t done = 0;
    for (; done + 32 <= blocks; done += 32) {
        const __m256i bytes = _mm256_loadu_si256((const void *)(scales + done));
        found = _mm256_or_si256(found, _mm256_cmpeq_epi8(_mm256_and_si256(bytes, magnitude), magnitude));
    }
    bool any = !_mm256_testz_si256(found, found);
    for (; done < blocks; done++) any |= (scales[done] & 0x7F) == 0x7F;
    return any;
}

/// One unit of an NVFP4 row, 8 blocks: four vectors of codes in the order of `pack_integers`, looked up in a table, and
/// the lanes' scales.
struct avx2_unit {
    __m256i quarter[4];
    __m256 scales;
};

AVX2 INLINE struct avx2_unit load_unit_avx2(const uint8_t *packed, const uint8_t *scales, __m128i table) {
    const __m256i values = _mm256_broadcastsi128_si256(table), nibble = _mm256_set1_epi8(0xF);
    const __m256 a = _mm256_loadu_ps((const void *)packed);
    const __m256 b = _mm256_loadu_ps((const void *)(packed + 32));
    const __m256i front = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88));
    const __m256i back = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xDD));
    const __m128i order = _mm_setr_epi8(0, 1, 4, 5, 2, 3, 6, 7, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m128i scale_bytes = _mm_shuffle_epi8(_mm_loadl_epi64((const void *)scales), order);
    return (struct avx2_unit){
        .quarter = {_mm256_shuffle_epi8(values, _mm256_and_si256(front, nibble)),
                    _mm256_shuffle_epi8(values, _mm256_and_si256(_mm256_srli_epi16(front, 4), nibble)),
                    _mm256_shuffle_epi8(values, _mm256_and_si256(back, nibble)),
                    _mm256_shuffle_epi8(values, _mm256_and_si256(_mm256_srli_epi16(back, 4), nibble))},
        .scales = widen_scales_avx2(scale_bytes),
    };
}

/// The same of the row's last unit, of which `blocks` blocks exist; the others are zeros and not read.
AVX2 INLINE struct avx2_unit load_last_unit_avx2(const uint8_t *packed, const uint8_t *scales, size_t blocks,
                                                 __m128i table) {
    uint8_t codes[AVX2_UNIT / 2] = {0}, bytes[AVX2_LANES] = {0};
    memcpy(codes, packed, 8 * blocks);
    memcpy(bytes, scales, blocks);
    return load_unit_avx2(codes, bytes, table);
}

/// e2m1 times two plus 12: unsigned, as the byte products want one side.
AVX2 INLINE __m128i offset_e2m1_avx2(void) {
    return _mm_setr_epi8(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0);
}

/// e2m1 times two.
AVX2 INLINE __m128i doubled_e2m1_avx2(void) {
    return _mm_setr_epi8(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);
}

/// The sum of eight lanes, halves first, times the weight's factor, plus the bias of `output`.
AVX2 INLINE float finish_avx2(const struct monocle_weight *weight, __m256 lanes, size_t output) {
#pragma clang fp contract(off)
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    const float product = _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two))) * weight->sum_factor;
    return weight->bias ? product + weight->bias[output] : product;
}

#endif
