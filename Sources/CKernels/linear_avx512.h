// What the AVX-512 linear kernels share: loads of weights, finishing of sums. Knows nothing of loops.
//
// One canonical order. A weight row is cut into units of sixteen lanes (a lane is a block of 16 inputs of NVFP4, a pair
// of inputs of bf16). Lane l adds its share of unit 0, 1, 2, ... in this order; then the lanes are added, 0 to 15. A
// rows kernel holds the sixteen lanes of one output in a vector. A panels kernel holds one lane of sixteen outputs in
// a vector, and takes lane after lane. Both give the same bits.
#ifndef MONOCLE_LINEAR_AVX512_H
#define MONOCLE_LINEAR_AVX512_H

#include "avx512.h"
#include "linear.h"
#include "linear_blocks.h"
#include "linear_prefetch.h"

enum {
    LANES = 16,  // lanes of a unit; outputs of a panel
    FEW = 4,     // rows a rows kernel takes at once
    TILE = 12,   // rows a panels kernel takes at once
    PAIRS_UNIT = 2 * LANES,  // inputs of a unit of bf16 pairs
};

/// Calls `call` with `rows`, 1 to TILE, as a constant.
#define WITH_CONSTANT_ROWS(rows, call) \
    switch (rows) {                    \
    case 1: call(1); break;            \
    case 2: call(2); break;            \
    case 3: call(3); break;            \
    case 4: call(4); break;            \
    case 5: call(5); break;            \
    case 6: call(6); break;            \
    case 7: call(7); break;            \
    case 8: call(8); break;            \
    case 9: call(9); break;            \
    case 10: call(10); break;          \
    case 11: call(11); break;          \
    default: call(12); break;          \
    }

AVX512 INLINE __mmask64 low_bits64(size_t count) {
    return count >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << count) - 1;
}

AVX512 INLINE __mmask16 low_bits16(size_t count) {
    return count >= 16 ? (__mmask16)0xFFFF : (__mmask16)((1u << count) - 1);
}

/// Sixteen e4m3 values as float32; exact, NaN and signs included.
AVX512 INLINE __m512 widen_scales(__m128i scales) {
    const __m512i bits = _mm512_slli_epi32(_mm512_cvtepi8_epi32(scales), 20);
    const __m512i kept = _mm512_and_epi32(bits, _mm512_set1_epi32((int)0x87F00000));
    const __m512 values = _mm512_mul_ps(_mm512_castsi512_ps(kept), _mm512_set1_ps(0x1p120f));
    const __m128i magnitude = _mm_and_si128(scales, _mm_set1_epi8(0x7F));
    const __mmask16 nan = _mm_cmpeq_epi8_mask(magnitude, _mm_set1_epi8(0x7F));
    return _mm512_mask_mov_ps(values, nan, _mm512_set1_ps(__builtin_nanf("")));
}

/// One unit of an NVFP4 row, 16 blocks: each lane's first and last eight codes, and its scale.
struct nvfp4_unit {
    __m512i front, back;
    __m512 scales;
};

/// `blocks`: how many of the unit's blocks exist; the others become zeros and are not read.
AVX512 INLINE struct nvfp4_unit load_unit(const uint8_t *packed, const uint8_t *scales, size_t blocks) {
    __m512i a, b;
    __m128i s;
    if (blocks >= LANES) {
        a = _mm512_loadu_si512(packed);
        b = _mm512_loadu_si512(packed + 64);
        s = _mm_loadu_si128((const void *)scales);
    } else {
        a = _mm512_maskz_loadu_epi8(low_bits64(8 * blocks), packed);
        b = blocks > 8 ? _mm512_maskz_loadu_epi8(low_bits64(8 * blocks - 64), packed + 64) : _mm512_setzero_si512();
        s = _mm_maskz_loadu_epi8(low_bits16(blocks), scales);
    }
    const __m128i order = _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    const __m512 fa = _mm512_castsi512_ps(a), fb = _mm512_castsi512_ps(b);
    return (struct nvfp4_unit){
        .front = _mm512_castps_si512(_mm512_shuffle_ps(fa, fb, 0x88)),
        .back = _mm512_castps_si512(_mm512_shuffle_ps(fa, fb, 0xDD)),
        .scales = widen_scales(_mm_shuffle_epi8(s, order)),
    };
}

/// `count` elements, at most PAIRS_UNIT, from element `start` of a weight row, zeros after them.
AVX512 INLINE __m512i load_pairs(const uint8_t *row, size_t start, size_t count, const bool fp8) {
    const __mmask32 kept = (__mmask32)low_bits64(count);
    if (fp8)
        return widen_e4m3(count >= PAIRS_UNIT ? _mm256_loadu_si256((const void *)(row + start))
                                        : _mm256_maskz_loadu_epi8(kept, row + start));
    return count >= PAIRS_UNIT ? _mm512_loadu_si512(row + 2 * start) : _mm512_maskz_loadu_epi16(kept, row + 2 * start);
}

/// One unit of sixteen NVFP4 rows, by lane: word i of a vector is row i's.
struct nvfp4_columns {
    __m512i front[LANES], back[LANES], scales[LANES];
};

/// Of `outputs` rows from `output` on, zeros where they end; rows that are not there repeat the first.
AVX512 INLINE struct nvfp4_columns load_columns(const struct monocle_weight *weight, size_t output, size_t outputs,
                                                size_t unit) {
    const size_t blocks = weight->inputs / 16, first = unit * LANES, left = first < blocks ? blocks - first : 0;
    struct nvfp4_columns columns;
    UNROLL for (size_t i = 0; i < LANES; i++) {
        const size_t block = (output + (i < outputs ? i : 0)) * blocks + first;
        const struct nvfp4_unit row = load_unit(weight->elements + block * 8, weight->block_scales + block, left);
        columns.front[i] = row.front;
        columns.back[i] = row.back;
        columns.scales[i] = _mm512_castps_si512(row.scales);
    }
    transpose_words(columns.front);
    transpose_words(columns.back);
    transpose_words(columns.scales);
    return columns;
}

/// Writes finished sums of `outputs` outputs, which start at `output`, to one row of y.
AVX512 INLINE void finish(const struct monocle_weight *weight, __m512 sums, size_t row, size_t output, size_t outputs,
                          float *y) {
    const __mmask16 kept = low_bits16(outputs);
    __m512 values = _mm512_mul_ps(sums, _mm512_set1_ps(weight->sum_factor));
    if (weight->bias) values = _mm512_add_ps(values, _mm512_maskz_loadu_ps(kept, weight->bias + output));
    _mm512_mask_storeu_ps(y + row * weight->outputs + output, kept, values);
}

/// Adds up the lanes of sixteen outputs' vectors, 0 to 15, and finishes them.
AVX512 INLINE void finish_lanes(const struct monocle_weight *weight, __m512i lanes[16], size_t row, size_t output,
                                size_t outputs, float *y) {
    transpose_words(lanes);
    __m512 sums = _mm512_castsi512_ps(lanes[0]);
    UNROLL for (int lane = 1; lane < LANES; lane++) sums = _mm512_add_ps(sums, _mm512_castsi512_ps(lanes[lane]));
    finish(weight, sums, row, output, outputs, y);
}

/// Asks for `line` of the sixteen weight rows after those at `rows`, while the latter are laid out; `bytes`: of a row.
INLINE void prefetch_panel(const uint8_t *rows, size_t bytes, size_t line) {
    if (line * 64 < bytes * LANES) _mm_prefetch((const char *)rows + bytes * LANES + 64 * line, _MM_HINT_T1);
}

/// Rows of the next tile: tiles of at most TILE rows, as even as possible.
INLINE size_t tile_rows(size_t rows, size_t done) {
    const size_t left = rows - done;
    const size_t tiles = (left + TILE - 1) / TILE;
    return (left + tiles - 1) / tiles;
}

INLINE uint32_t word_at(const uint8_t *bytes) {
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

INLINE float float_at(const uint8_t *bytes) { return float_from_bits(word_at(bytes)); }

#endif
