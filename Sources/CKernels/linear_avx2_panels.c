// NVFP4 weights times integer activations with AVX2, for many rows: weights are decoded once into a panel that stays in
// a cache, and all rows of x pass it in tiles.
#include "linear.h"

#if defined(__x86_64__)
#include "linear_avx2.h"

AVX2 void monocle_pack_int16_panels_avx2(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                         uint8_t *row) {
    (void)input_scale;
    pack_wide_integers(x, inputs, first, last, row, AVX2_LANES, true);
}

#define UNROLL _Pragma("clang loop unroll(full)")

enum {
    OUTPUTS = MONOCLE_PANEL_OUTPUTS,  // of a panel
    UNITS = 12,                       // of a run: the part of a panel that is decoded at a time
    ROWS = MONOCLE_PANEL_ROWS,        // rows of x whose sums are kept from run to run
    TILE_ROWS = 4,
    TILE_OUTPUTS = 2,
    LANE_BYTES = 4 * AVX2_LANES,
};

/// Bytes of a decoded unit: 16-bit integers and scales, or bytes plus 12 and scales.
INLINE size_t record_bytes(const bool wide) { return wide ? 9 * LANE_BYTES : 5 * LANE_BYTES; }

AVX2 INLINE __m256i vector_at(const uint8_t *bytes, int index) {
    return ((const __m256i *)(const void *)bytes)[index];
}

/// Decodes `units` units of `outputs` weight rows from unit `first` on, output after output.
AVX2 INLINE void fill_run(const struct monocle_weight *weight, size_t output, size_t outputs, size_t first,
                          size_t units, const bool wide, uint8_t *panel) {
    const size_t blocks = weight->inputs / 16;
    const __m128i table = wide ? doubled_e2m1_avx2() : offset_e2m1_avx2();
    for (size_t i = 0; i < outputs; i++, output++) {
        const uint8_t *const packed = weight->elements + output * blocks * 8 + first * (AVX2_UNIT / 2);
        const uint8_t *const scales = weight->block_scales + output * blocks + first * AVX2_LANES;
        uint8_t *record = panel + i * UNITS * record_bytes(wide);
        for (size_t unit = 0; unit < units; unit++, record += record_bytes(wide)) {
            const uint8_t *const codes = packed + unit * (AVX2_UNIT / 2), *const bytes = scales + unit * AVX2_LANES;
            // The next run of this row.
            __builtin_prefetch(codes + UNITS * (AVX2_UNIT / 2), 0, 3);
            const size_t left = blocks - (first + unit) * AVX2_LANES;
            const struct avx2_unit w = left < AVX2_LANES ? load_last_unit_avx2(codes, bytes, left, table)
                                                         : load_unit_avx2(codes, bytes, table);
            __m256i *const words = (void *)record;
            UNROLL for (int quarter = 0; quarter < 4; quarter++) {
                if (wide) {
                    words[2 * quarter] = _mm256_srai_epi16(_mm256_slli_epi16(w.quarter[quarter], 8), 8);
                    words[2 * quarter + 1] = _mm256_srai_epi16(w.quarter[quarter], 8);
                } else {
                    words[quarter] = w.quarter[quarter];
                }
            }
            words[wide ? 8 : 4] = _mm256_castps_si256(w.scales);
        }
    }
}

// The compiler would finish one sum after the other, keep all operands on the stack meanwhile, and load the scales again
// for every sum: it must take values in the order in which they are written.
#define IN_THIS_ORDER(vector) __asm__ volatile("" : "+x"(vector))

/// Adds `units` units of TILE_OUTPUTS decoded weight rows to the sums of `rows` rows, [rows, OUTPUTS].
AVX2 INLINE void multiply_tile(const uint8_t *panel, const uint8_t *x, size_t stride, size_t units, const int rows,
                               const bool wide, __m256 *sums) {
    const size_t panel_stride = UNITS * record_bytes(wide), unit_bytes = wide ? 288 : 192;
    for (size_t unit = 0; unit < units; unit++, panel += record_bytes(wide), x += unit_bytes) {
        __m256i products[TILE_ROWS][TILE_OUTPUTS];
        UNROLL for (int word = 0; word < (wide ? 8 : 4); word++) {
            __m256i weights[TILE_OUTPUTS];
            UNROLL for (int output = 0; output < TILE_OUTPUTS; output++)
                weights[output] = vector_at(panel + output * panel_stride, word);
            UNROLL for (int row = 0; row < rows; row++) {
                const __m256i codes = vector_at(x + row * stride, word);
                UNROLL for (int output = 0; output < TILE_OUTPUTS; output++) {
                    __m256i *const sum = &products[row][output];
                    if (wide) {
                        const __m256i pairs = _mm256_madd_epi16(weights[output], codes);
                        *sum = word ? _mm256_add_epi32(*sum, pairs) : pairs;
                    } else {
                        const __m256i pairs = _mm256_maddubs_epi16(weights[output], codes);
                        *sum = word ? _mm256_add_epi16(*sum, pairs) : pairs;
                    }
                    IN_THIS_ORDER(*sum);
                }
            }
        }
        __m256 scales[TILE_OUTPUTS];
        UNROLL for (int output = 0; output < TILE_OUTPUTS; output++) {
            scales[output] = _mm256_castsi256_ps(vector_at(panel + output * panel_stride, wide ? 8 : 4));
            IN_THIS_ORDER(scales[output]);
        }
        UNROLL for (int row = 0; row < rows; row++) {
            __m256i correction = wide ? _mm256_setzero_si256() : vector_at(x + row * stride, 4);
            __m256 factor = _mm256_castsi256_ps(vector_at(x + row * stride, wide ? 8 : 5));
            IN_THIS_ORDER(correction);
            IN_THIS_ORDER(factor);
            UNROLL for (int output = 0; output < TILE_OUTPUTS; output++) {
                __m256i sum = products[row][output];
                if (!wide) sum = _mm256_add_epi32(_mm256_madd_epi16(sum, _mm256_set1_epi16(1)), correction);
                __m256 *const total = &sums[row * OUTPUTS + output];
                *total = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), _mm256_mul_ps(scales[output], factor), *total);
            }
        }
    }
}

/// The run of all rows with all outputs of the panel.
AVX2 INLINE void multiply_run(const uint8_t *panel, size_t outputs, const uint8_t *x, size_t stride, size_t rows,
                              size_t units, const bool wide, __m256 *sums) {
    for (size_t row = 0; row < rows; row += TILE_ROWS) {
        const uint8_t *const start = x + row * stride;
        for (size_t output = 0; output < outputs; output += TILE_OUTPUTS) {
            const uint8_t *const weights = panel + output * UNITS * record_bytes(wide);
            __m256 *const target = sums + row * OUTPUTS + output;
            // An odd last output is joined by a row of the panel that is not used.
            switch (rows - row) {
            case 1: multiply_tile(weights, start, stride, units, 1, wide, target); break;
            case 2: multiply_tile(weights, start, stride, units, 2, wide, target); break;
            case 3: multiply_tile(weights, start, stride, units, 3, wide, target); break;
            default: multiply_tile(weights, start, stride, units, 4, wide, target); break;
            }
        }
    }
}

AVX2 INLINE void multiply_panels(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                 size_t first, size_t last, float *y, uint8_t *scratch, const bool wide) {
    const size_t blocks = weight->inputs / 16, units = (blocks + AVX2_LANES - 1) / AVX2_LANES;
    const size_t unit_bytes = wide ? 288 : 192;
    __m256 *const sums = (void *)scratch;
    uint8_t *const panel = scratch + ROWS * OUTPUTS * LANE_BYTES;
    for (size_t output = first; output < last; output += OUTPUTS) {
        const size_t outputs = last - output < OUTPUTS ? last - output : OUTPUTS;
        bool nan[OUTPUTS] = {false};
        for (size_t i = 0; i < outputs; i++)
            nan[i] = has_nan_scale_avx2(weight->block_scales + (output + i) * blocks, blocks);
        for (size_t row = 0; row < x->rows; row += ROWS) {
            const size_t rows = x->rows - row < ROWS ? x->rows - row : ROWS;
            const uint8_t *const start = x->bytes + row * x->stride;
            memset(sums, 0, rows * OUTPUTS * LANE_BYTES);
            for (size_t unit = 0; unit < units; unit += UNITS) {
                const size_t run = units - unit < UNITS ? units - unit : UNITS;
                fill_run(weight, output, outputs, unit, run, wide, panel);
                multiply_run(panel, outputs, start + unit * unit_bytes, x->stride, rows, run, wide, sums);
            }
            for (size_t r = 0; r < rows; r++)
                for (size_t i = 0; i < outputs; i++)
                    y[(row + r) * weight->outputs + output + i] =
                        nan[i] ? __builtin_nanf("") : finish_avx2(weight, sums[r * OUTPUTS + i], output + i);
        }
    }
}

AVX2 void monocle_linear_int8_panels_avx2(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                          size_t first, size_t last, float *y, uint8_t *scratch) {
    multiply_panels(weight, x, first, last, y, scratch, false);
}

AVX2 void monocle_linear_int16_panels_avx2(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                           size_t first, size_t last, float *y, uint8_t *scratch) {
    multiply_panels(weight, x, first, last, y, scratch, true);
}
#endif
