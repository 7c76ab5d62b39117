// NVFP4 to float32 with AVX2, shared with the AVX-512 file.
#ifndef MONOCLE_LINEAR_AVX2_H
#define MONOCLE_LINEAR_AVX2_H

#include <immintrin.h>

#include "linear_quantize.h"
#include <stddef.h>

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

#endif
