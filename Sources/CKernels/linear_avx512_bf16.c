// bf16 and fp8 weights times bf16 activations with AVX-512 BF16; an e4m3 value is exact in bf16.
#include "linear.h"

#if defined(__x86_64__)
#include "linear_avx512.h"

enum { UNIT = PAIRS_UNIT, UNIT_BYTES = 4 * LANES, RECORD = 4, PANEL_RECORD = 64 };

/// Adds a unit of a weight row to the lanes of `rows` rows.
AVX512 INLINE void add_pairs(__m512i weights, const uint8_t *x, size_t stride, const int rows, __m512 *lanes) {
    UNROLL for (int r = 0; r < rows; r++)
        lanes[r] = _mm512_dpbf16_ps(lanes[r], (__m512bh)weights, (__m512bh)_mm512_load_si512(x + r * stride));
}

/// Up to sixteen outputs of `rows` rows.
AVX512 INLINE void few_rows(const struct monocle_weight *weight, const uint8_t *x, size_t stride, size_t row,
                            const int rows, size_t output, size_t outputs, float *y, const bool fp8) {
    const size_t inputs = weight->inputs, units = inputs / UNIT, bytes = inputs * (fp8 ? 1 : 2);
    // One long stream is read fastest. An fp8 row, half as long, needs two chains to keep up with memory, and several
    // rows of x load each of their vectors for two outputs.
    const int chains = fp8 || rows > 1 ? 2 : 1;
    __m512i sums[FEW][LANES];
    for (size_t i = 0; i < LANES; i += (size_t)chains) {
        const uint8_t *weights[2];
        __m512 lanes[2][FEW];
        UNROLL for (int j = 0; j < chains; j++) {
            const size_t chosen = i + (size_t)j < outputs ? i + (size_t)j : 0;
            weights[j] = weight->elements + (output + chosen) * bytes;
            UNROLL for (int r = 0; r < rows; r++) lanes[j][r] = _mm512_setzero_ps();
        }
        for (size_t unit = 0; unit < units; unit++) {
            UNROLL for (int j = 0; j < chains; j++) {
                prefetch_stream(weights[j] + unit * UNIT * (fp8 ? 1 : 2));
                add_pairs(load_pairs(weights[j], unit * UNIT, UNIT, fp8), x + unit * UNIT_BYTES, stride, rows,
                          lanes[j]);
            }
        }
        if (inputs % UNIT) {
            UNROLL for (int j = 0; j < chains; j++)
                add_pairs(load_pairs(weights[j], units * UNIT, inputs % UNIT, fp8), x + units * UNIT_BYTES, stride,
                          rows, lanes[j]);
        }
        UNROLL for (int j = 0; j < chains; j++)
            UNROLL for (int r = 0; r < rows; r++) sums[r][i + (size_t)j] = _mm512_castps_si512(lanes[j][r]);
    }
    UNROLL for (int r = 0; r < rows; r++) finish_lanes(weight, sums[r], row + r, output, outputs, y);
}

AVX512 INLINE void all_rows(const struct monocle_weight *weight, const struct monocle_packed_rows *x, size_t first,
                            size_t last, float *y, const bool fp8) {
    // The rows pass the same sixteen weight rows, which stay in a cache, four by four.
    for (size_t output = first; output < last; output += LANES) {
        const size_t outputs = last - output < LANES ? last - output : LANES;
        for (size_t row = 0; row < x->rows; row += FEW) {
            const uint8_t *const start = x->bytes + row * x->stride;
            switch (x->rows - row) {
            case 1: few_rows(weight, start, x->stride, row, 1, output, outputs, y, fp8); break;
            case 2: few_rows(weight, start, x->stride, row, 2, output, outputs, y, fp8); break;
            case 3: few_rows(weight, start, x->stride, row, 3, output, outputs, y, fp8); break;
            default: few_rows(weight, start, x->stride, row, 4, output, outputs, y, fp8); break;
            }
        }
    }
}

AVX512 void monocle_linear_bf16_rows_avx512(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                            size_t first, size_t last, float *y, uint8_t *scratch) {
    (void)scratch;
    if (weight->format == MONOCLE_WEIGHT_FP8)
        all_rows(weight, x, first, last, y, true);
    else
        all_rows(weight, x, first, last, y, false);
}

/// Where the record of (lane, unit) starts. Lanes are a cache line further apart than their units fill, because at a
/// power of two their lines would meet in one set of the cache.
INLINE size_t panel_record(size_t lane, size_t units, size_t unit) {
    return (lane * (units + 1) + unit) * PANEL_RECORD;
}

/// Lays out sixteen weight rows as records of (lane, unit): a vector of bf16 pairs.
AVX512 INLINE void fill_panel(const struct monocle_weight *weight, size_t output, size_t outputs, uint8_t *panel,
                              const bool fp8) {
    const size_t inputs = weight->inputs, units = (inputs + UNIT - 1) / UNIT, bytes = inputs * (fp8 ? 1 : 2);
    for (size_t unit = 0; unit < units; unit++) {
        __m512i pairs[16];
        for (size_t i = 0; i < 16; i++) {
            const size_t row = output + (i < outputs ? i : 0);
            prefetch_panel(weight->elements + output * bytes, bytes, unit * 16 + i);
            pairs[i] = load_pairs(weight->elements + row * bytes, unit * UNIT, inputs - unit * UNIT, fp8);
        }
        transpose_words(pairs);
        for (size_t lane = 0; lane < LANES; lane++)
            _mm512_store_si512(panel + panel_record(lane, units, unit), pairs[lane]);
    }
}

AVX512 static void fill_panel_of_format(const struct monocle_weight *weight, size_t output, size_t outputs,
                                        uint8_t *panel) {
    if (weight->format == MONOCLE_WEIGHT_FP8)
        fill_panel(weight, output, outputs, panel, true);
    else
        fill_panel(weight, output, outputs, panel, false);
}

AVX512 INLINE void multiply_tile(const struct monocle_weight *weight, const uint8_t *panel, const uint8_t *x,
                                 size_t stride, size_t row, const int rows, size_t output, size_t outputs, float *y) {
    const size_t units = (weight->inputs + UNIT - 1) / UNIT;
    __m512 totals[TILE];
    for (size_t lane = 0; lane < LANES; lane++) {
        __m512 sums[TILE];
        UNROLL for (int r = 0; r < rows; r++) sums[r] = _mm512_setzero_ps();
        for (size_t unit = 0; unit < units; unit++) {
            const __m512i w = _mm512_load_si512(panel + panel_record(lane, units, unit));
            const uint8_t *const a = x + (lane * units + unit) * RECORD;
            UNROLL for (int r = 0; r < rows; r++)
                sums[r] = _mm512_dpbf16_ps(sums[r], (__m512bh)w,
                                           (__m512bh)_mm512_set1_epi32((int)word_at(a + r * stride)));
        }
        UNROLL for (int r = 0; r < rows; r++) totals[r] = lane ? _mm512_add_ps(totals[r], sums[r]) : sums[r];
    }
    UNROLL for (int r = 0; r < rows; r++) finish(weight, totals[r], row + r, output, outputs, y);
}

AVX512 void monocle_linear_bf16_panels_avx512(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                              size_t first, size_t last, float *y, uint8_t *scratch) {
    for (size_t output = first; output < last; output += LANES) {
        const size_t outputs = last - output < LANES ? last - output : LANES;
        fill_panel_of_format(weight, output, outputs, scratch);
        for (size_t row = 0, rows; row < x->rows; row += rows) {
            rows = tile_rows(x->rows, row);
            const uint8_t *const start = x->bytes + row * x->stride;
#define CALL(count) multiply_tile(weight, scratch, start, x->stride, row, count, output, outputs, y)
            WITH_CONSTANT_ROWS(rows, CALL)
#undef CALL
        }
    }
}
#endif
