// Vectors of AVX-512 in ways that linear kernels and attention share. Knows nothing of either.
#ifndef MONOCLE_AVX512_H
#define MONOCLE_AVX512_H

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))
#define AVX512 __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16")))
#define UNROLL _Pragma("clang loop unroll(full)")

/// bf16 bits of the 128 e4m3 magnitudes.
AVX512 INLINE __m512i widen_e4m3(__m256i bytes) {
    const __m512i codes = _mm512_cvtepu8_epi16(bytes);
    const __m512i magnitude = _mm512_and_si512(codes, _mm512_set1_epi16(0x7F));
    const __m512i sign = _mm512_slli_epi16(_mm512_and_si512(codes, _mm512_set1_epi16(0x80)), 8);
    // Normal numbers: exponent bias 7 to 127. Subnormals: the multiples 0 ... 7 of 2^-9. 0x7F: NaN.
    const __m512i normal = _mm512_add_epi16(_mm512_slli_epi16(magnitude, 4), _mm512_set1_epi16(120 << 7));
    const __m512i multiples =
        _mm512_broadcast_i32x4(_mm_setr_epi16(0, 0x3B00, 0x3B80, 0x3BC0, 0x3C00, 0x3C20, 0x3C40, 0x3C60));
    const __mmask32 subnormal = _mm512_cmplt_epu16_mask(magnitude, _mm512_set1_epi16(8));
    const __mmask32 nan = _mm512_cmpeq_epi16_mask(magnitude, _mm512_set1_epi16(0x7F));
    __m512i value = _mm512_mask_permutexvar_epi16(normal, subnormal, magnitude, multiples);
    value = _mm512_mask_mov_epi16(value, nan, _mm512_set1_epi16(0x7FC0));
    return _mm512_or_si512(value, sign);
}

/// Sixteen vectors of sixteen 32-bit words, transposed in place.
AVX512 INLINE void transpose_words(__m512i v[16]) {
    __m512i t[16];
    UNROLL for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
    }
    UNROLL for (int i = 0; i < 16; i += 4) {
        v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    // v[4g + c]: quarter q holds words (row 4g ... 4g + 3) of column 4q + c.
    UNROLL for (int c = 0; c < 4; c++) {
        const __m512i low01 = _mm512_shuffle_i32x4(v[c], v[4 + c], 0x44);
        const __m512i high01 = _mm512_shuffle_i32x4(v[c], v[4 + c], 0xEE);
        const __m512i low23 = _mm512_shuffle_i32x4(v[8 + c], v[12 + c], 0x44);
        const __m512i high23 = _mm512_shuffle_i32x4(v[8 + c], v[12 + c], 0xEE);
        t[c] = _mm512_shuffle_i32x4(low01, low23, 0x88);
        t[4 + c] = _mm512_shuffle_i32x4(low01, low23, 0xDD);
        t[8 + c] = _mm512_shuffle_i32x4(high01, high23, 0x88);
        t[12 + c] = _mm512_shuffle_i32x4(high01, high23, 0xDD);
    }
    UNROLL for (int i = 0; i < 16; i++) v[i] = t[i];
}

#endif
