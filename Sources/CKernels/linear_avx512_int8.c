// NVFP4 weights times int8 or NVFP4 activations with AVX-512 VNNI: integer sums of a block, exact, then scaled.
#include "linear.h"

#if defined(__x86_64__)
#include "linear_avx512.h"

enum {
    ROWS = 8,                  // that a rows kernel takes at once
    RUN = 8,                   // units that more than FEW rows take at a time
    UNIT = 16 * LANES,         // inputs
    UNIT_BYTES = 24 * LANES,   // packed activations of a unit
    RECORD = 24,               // packed activations of a block: 16 codes, correction, scale
    PANEL_RECORD = 5 * 64,     // a block of sixteen outputs: four vectors of weights, one of scales
};

/// A block's weights times two plus 12, unsigned, in the order of `pack_integers`.
struct offset_weights {
    __m512i quarter[4];
};

AVX512 INLINE struct offset_weights offset_weights(__m512i front, __m512i back) {
    const __m512i table =
        _mm512_broadcast_i32x4(_mm_setr_epi8(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0));
    const __m512i nibble = _mm512_set1_epi8(0xF);
    return (struct offset_weights){{
        _mm512_shuffle_epi8(table, _mm512_and_si512(front, nibble)),
        _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(front, 4), nibble)),
        _mm512_shuffle_epi8(table, _mm512_and_si512(back, nibble)),
        _mm512_shuffle_epi8(table, _mm512_and_si512(_mm512_srli_epi16(back, 4), nibble)),
    }};
}

/// Adds unit `unit` of a weight row to the lanes of `rows` rows.
AVX512 INLINE void add_unit(const uint8_t *packed, const uint8_t *scales, size_t blocks, const uint8_t *x,
                            size_t stride, const int rows, __m512 *lanes) {
    prefetch_stream(packed);
    prefetch_stream(packed + 64);
    const struct nvfp4_unit unit = load_unit(packed, scales, blocks);
    const struct offset_weights weights = offset_weights(unit.front, unit.back);
    UNROLL for (int row = 0; row < rows; row++) {
        const uint8_t *const a = x + row * stride;
        __m512i products = _mm512_load_si512(a + 256);
        UNROLL for (int i = 0; i < 4; i++)
            products = _mm512_dpbusd_epi32(products, weights.quarter[i], _mm512_load_si512(a + 64 * i));
        const __m512 scale = _mm512_mul_ps(unit.scales, _mm512_load_ps((const void *)(a + 320)));
        lanes[row] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products), scale, lanes[row]);
    }
}

/// Up to sixteen outputs of `rows` rows.
AVX512 INLINE void few_rows(const struct monocle_weight *weight, const uint8_t *x, size_t stride, size_t row,
                            const int rows, size_t output, size_t outputs, float *y) {
    const size_t blocks = weight->inputs / 16, units = blocks / LANES;
    // Many rows fit into the first-level cache a run of units at a time; few need no second pass of the sums.
    const size_t run = rows > FEW ? RUN : units + 1;
    __m512i sums[ROWS][LANES];
    for (size_t start = 0; start * LANES < blocks; start += run) {
        const size_t end = units - start < run ? units : start + run;
        for (size_t i = 0; i < outputs; i++) {
            const uint8_t *const packed = weight->elements + (output + i) * blocks * 8;
            const uint8_t *const scales = weight->block_scales + (output + i) * blocks;
            __m512 lanes[ROWS];
            UNROLL for (int r = 0; r < rows; r++)
                lanes[r] = start ? _mm512_castsi512_ps(sums[r][i]) : _mm512_setzero_ps();
            for (size_t unit = start; unit < end; unit++)
                add_unit(packed + unit * UNIT / 2, scales + unit * LANES, LANES, x + unit * UNIT_BYTES, stride, rows,
                         lanes);
            if (blocks % LANES && start + run > units)
                add_unit(packed + units * UNIT / 2, scales + units * LANES, blocks % LANES, x + units * UNIT_BYTES,
                         stride, rows, lanes);
            UNROLL for (int r = 0; r < rows; r++) sums[r][i] = _mm512_castps_si512(lanes[r]);
        }
    }
    for (size_t i = outputs; i < LANES; i++)
        UNROLL for (int r = 0; r < rows; r++) sums[r][i] = _mm512_setzero_si512();
    UNROLL for (int r = 0; r < rows; r++) finish_lanes(weight, sums[r], row + r, output, outputs, y);
}

AVX512 void monocle_linear_int8_rows_avx512(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                            size_t first, size_t last, float *y, uint8_t *scratch) {
    (void)scratch;
    // The rows pass the same sixteen weight rows, which stay in a cache, eight by eight.
    for (size_t output = first; output < last; output += LANES) {
        const size_t outputs = last - output < LANES ? last - output : LANES;
        for (size_t row = 0; row < x->rows; row += ROWS) {
            const uint8_t *const start = x->bytes + row * x->stride;
            switch (x->rows - row) {
            case 1: few_rows(weight, start, x->stride, row, 1, output, outputs, y); break;
            case 2: few_rows(weight, start, x->stride, row, 2, output, outputs, y); break;
            case 3: few_rows(weight, start, x->stride, row, 3, output, outputs, y); break;
            case 4: few_rows(weight, start, x->stride, row, 4, output, outputs, y); break;
            case 5: few_rows(weight, start, x->stride, row, 5, output, outputs, y); break;
            case 6: few_rows(weight, start, x->stride, row, 6, output, outputs, y); break;
            case 7: few_rows(weight, start, x->stride, row, 7, output, outputs, y); break;
            default: few_rows(weight, start, x->stride, row, ROWS, output, outputs, y); break;
            }
        }
    }
}

/// Lays out sixteen weight rows as records of (lane, unit): four vectors of offset weights, then the scales.
AVX512 static void fill_panel(const struct monocle_weight *weight, size_t output, size_t outputs, uint8_t *panel) {
    const size_t blocks = weight->inputs / 16, units = (blocks + LANES - 1) / LANES;
    for (size_t unit = 0; unit < units; unit++) {
        for (size_t line = 0; line < 32; line++)
            prefetch_panel(weight->elements + output * blocks * 8, blocks * 8, unit * 32 + line);
        const struct nvfp4_columns columns = load_columns(weight, output, outputs, unit);
        for (size_t lane = 0; lane < LANES; lane++) {
            uint8_t *const record = panel + (lane * units + unit) * PANEL_RECORD;
            const struct offset_weights weights = offset_weights(columns.front[lane], columns.back[lane]);
            UNROLL for (int i = 0; i < 4; i++) _mm512_store_si512(record + 64 * i, weights.quarter[i]);
            _mm512_store_si512(record + 256, columns.scales[lane]);
        }
    }
}

AVX512 INLINE void multiply_tile(const struct monocle_weight *weight, const uint8_t *panel, const uint8_t *x,
                                 size_t stride, size_t row, const int rows, size_t output, size_t outputs, float *y) {
    const size_t units = (weight->inputs + UNIT - 1) / UNIT;
    __m512 totals[TILE];
    for (size_t lane = 0; lane < LANES; lane++) {
        __m512 sums[TILE];
        UNROLL for (int r = 0; r < rows; r++) sums[r] = _mm512_setzero_ps();
        for (size_t unit = 0; unit < units; unit++) {
            const uint8_t *const record = panel + (lane * units + unit) * PANEL_RECORD;
            const uint8_t *const a = x + (lane * units + unit) * RECORD;
            __m512i products[TILE];
            UNROLL for (int r = 0; r < rows; r++)
                products[r] = _mm512_set1_epi32((int)word_at(a + r * stride + 16));
            UNROLL for (int i = 0; i < 4; i++) {
                const __m512i w = _mm512_load_si512(record + 64 * i);
                UNROLL for (int r = 0; r < rows; r++)
                    products[r] = _mm512_dpbusd_epi32(products[r], w,
                                                      _mm512_set1_epi32((int)word_at(a + r * stride + 4 * i)));
            }
            const __m512 scales = _mm512_load_ps((const void *)(record + 256));
            UNROLL for (int r = 0; r < rows; r++) {
                const __m512 scale = _mm512_mul_ps(scales, _mm512_set1_ps(float_at(a + r * stride + 20)));
                sums[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(products[r]), scale, sums[r]);
            }
        }
        UNROLL for (int r = 0; r < rows; r++) totals[r] = lane ? _mm512_add_ps(totals[r], sums[r]) : sums[r];
    }
    UNROLL for (int r = 0; r < rows; r++) finish(weight, totals[r], row + r, output, outputs, y);
}

AVX512 void monocle_linear_int8_panels_avx512(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                              size_t first, size_t last, float *y, uint8_t *scratch) {
    for (size_t output = first; output < last; output += LANES) {
        const size_t outputs = last - output < LANES ? last - output : LANES;
        fill_panel(weight, output, outputs, scratch);
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
