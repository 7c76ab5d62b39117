// What the AMX kernel shares with its companion for a few rows: the order of inputs, and packing. Knows nothing of tiles.
//
// A unit is 512 inputs: 256 pairs in 16 vectors of 16 lanes. TDPBF16PS adds a chunk of sixteen pairs to a sum: first
// halves' products one after the other, second halves' products likewise, then both to the sum. A chunk is a lane's
// pairs of vector 0, 1, ... 15, so that a vector unit computes sixteen chunks at once; the sum takes chunk after chunk,
// lanes 0 to 15. For bf16 and fp8 the pairs of a vector are neighbours in memory; for NVFP4 they are the pairs of
// sixteen blocks as `nvfp4_unit` and `pack_block_pairs` have them, vectors 8 to 15 those of the unit's second half.
#ifndef MONOCLE_LINEAR_TILES_H
#define MONOCLE_LINEAR_TILES_H

#include "linear_avx512.h"

enum {
    TILES_UNIT = 512,    // inputs
    TILES_VECTORS = 16,  // of a unit
    HALF_UNIT = TILES_UNIT / 2,
};

/// e2m1 values of sixteen lanes' lowest four bits.
AVX512 INLINE __m512 e2m1_values(__m512i codes) {
    const __m512 values = _mm512_setr_ps(0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0.0f, -0.5f, -1, -1.5f, -2, -3, -4, -6);
    return _mm512_permutexvar_ps(codes, values);
}

/// Pair `i`, 0 to 7, of sixteen blocks, times their scales: exact, in bf16 as well.
AVX512 INLINE void scaled_pair(__m512i front, __m512i back, __m512 scales, const int i, __m512 *first, __m512 *second) {
    const __m512i codes = i < 4 ? front : back;
    *first = _mm512_mul_ps(e2m1_values(i % 4 ? _mm512_srli_epi32(codes, 4 * (i % 4)) : codes), scales);
    *second = _mm512_mul_ps(e2m1_values(_mm512_srli_epi32(codes, 16 + 4 * (i % 4))), scales);
}

/// The pairs [vector][lane] of a unit of x, rounded to bf16, zeros where x ends.
INLINE void unit_pairs(const float *x, size_t inputs, size_t unit, bool blocks, uint32_t pairs[TILES_VECTORS][LANES]) {
    const size_t start = unit * TILES_UNIT, left = inputs - start;
    if (!blocks) {
        pack_pairs(x + start, left < TILES_UNIT ? left : TILES_UNIT, 0, TILES_VECTORS, (uint8_t *)pairs, LANES, false);
        return;
    }
    for (size_t half = 0; half < 2; half++) {
        const size_t first = half * HALF_UNIT;
        uint8_t *const target = (uint8_t *)pairs[8 * half];
        if (first < left)
            pack_block_pairs(x + start + first, left - first < HALF_UNIT ? left - first : HALF_UNIT, 0, 1, target, LANES,
                             false);
        else memset(target, 0, 8 * sizeof pairs[0]);
    }
}

#endif
