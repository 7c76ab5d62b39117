// NVFP4 weights times bf16 activations with AVX-512 BF16: a block's products summed with e2m1 values, then scaled.
#include "linear.h"

#if defined(__x86_64__)
#include "linear_avx512.h"

enum {
    UNIT = 16 * LANES,        // inputs
    UNIT_BYTES = 32 * LANES,  // packed activations of a unit
    RECORD = 32,              // packed activations of a block: eight bf16 pairs
    PANEL_RECORD = 9 * 64,    // a block of sixteen outputs: eight vectors of bf16 pairs, one of scales
};

/// e2m1 values as bf16, twice: of a five-bit index the highest bit, the next code's lowest, does not count.
AVX512 INLINE __m512i bf16_values(void) {
    static const uint16_t values[32] = {
        0x0000, 0x3F00, 0x3F80, 0x3FC0, 0x4000, 0x4040, 0x4080, 0x40C0, 0x8000, 0xBF00, 0xBF80,
        0xBFC0, 0xC000, 0xC040, 0xC080, 0xC0C0, 0x0000, 0x3F00, 0x3F80, 0x3FC0, 0x4000, 0x4040,
        0x4080, 0x40C0, 0x8000, 0xBF00, 0xBF80, 0xBFC0, 0xC000, 0xC040, 0xC080, 0xC0C0};
    return _mm512_loadu_si512(values);
}

/// Pair `i`, 0 to 7, of each lane's block, in the order of `pack_block_pairs`.
AVX512 INLINE __m512i block_pair(__m512i table, __m512i front, __m512i back, const int i) {
    const __m512i codes = i < 4 ? front : back;
    return _mm512_permutexvar_epi16(i % 4 ? _mm512_srli_epi16(codes, 4 * (i % 4)) : codes, table);
}

AVX512 INLINE __m512 multiply_pairs(__m512 sums, __m512i a, __m512i b) {
    return _mm512_dpbf16_ps(sums, (__m512bh)a, (__m512bh)b);
}

AVX512 INLINE void add_unit(const uint8_t *packed, const uint8_t *scales, size_t blocks, const uint8_t *x,
                            size_t stride, const int rows, __m512 *lanes) {
    const __m512i table = bf16_values();
    prefetch_stream(packed);
    prefetch_stream(packed + 64);
    const struct nvfp4_unit unit = load_unit(packed, scales, blocks);
    __m512 products[FEW];
    UNROLL for (int row = 0; row < rows; row++) products[row] = _mm512_setzero_ps();
    UNROLL for (int i = 0; i < 8; i++) {
        const __m512i pair = block_pair(table, unit.front, unit.back, i);
        UNROLL for (int row = 0; row < rows; row++)
            products[row] = multiply_pairs(products[row], pair, _mm512_load_si512(x + row * stride + 64 * i));
    }
    UNROLL for (int row = 0; row < rows; row++)
        lanes[row] = _mm512_fmadd_ps(products[row], unit.scales, lanes[row]);
}

/// Up to sixteen outputs of `rows` rows.
AVX512 INLINE void few_rows(const struct monocle_weight *weight, const uint8_t *x, size_t stride, size_t row,
                            const int rows, size_t output, size_t outputs, float *y) {
    const size_t blocks = weight->inputs / 16, units = blocks / LANES;
    __m512i sums[FEW][LANES];
    for (size_t i = 0; i < outputs; i++) {
        const uint8_t *const packed = weight->elements + (output + i) * blocks * 8;
        const uint8_t *const scales = weight->block_scales + (output + i) * blocks;
        __m512 lanes[FEW];
        UNROLL for (int r = 0; r < rows; r++) lanes[r] = _mm512_setzero_ps();
        for (size_t unit = 0; unit < units; unit++)
            add_unit(packed + unit * UNIT / 2, scales + unit * LANES, LANES, x + unit * UNIT_BYTES, stride, rows,
                     lanes);
        if (blocks % LANES)
            add_unit(packed + units * UNIT / 2, scales + units * LANES, blocks % LANES, x + units * UNIT_BYTES,
                     stride, rows, lanes);
        UNROLL for (int r = 0; r < rows; r++) sums[r][i] = _mm512_castps_si512(lanes[r]);
    }
    for (size_t i = outputs; i < LANES; i++)
        UNROLL for (int r = 0; r < rows; r++) sums[r][i] = _mm512_setzero_si512();
    UNROLL for (int r = 0; r < rows; r++) finish_lanes(weight, sums[r], row + r, output, outputs, y);
}

AVX512 void monocle_linear_blocks_rows_avx512(const struct monocle_weight *weight,
                                              const struct monocle_packed_rows *x, size_t first, size_t last, float *y,
                                              uint8_t *scratch) {
    (void)scratch;
    // The rows pass the same sixteen weight rows, which stay in a cache, four by four.
    for (size_t output = first; output < last; output += LANES) {
        const size_t outputs = last - output < LANES ? last - output : LANES;
        for (size_t row = 0; row < x->rows; row += FEW) {
            const uint8_t *const start = x->bytes + row * x->stride;
            switch (x->rows - row) {
            case 1: few_rows(weight, start, x->stride, row, 1, output, outputs, y); break;
            case 2: few_rows(weight, start, x->stride, row, 2, output, outputs, y); break;
            case 3: few_rows(weight, start, x->stride, row, 3, output, outputs, y); break;
            default: few_rows(weight, start, x->stride, row, 4, output, outputs, y); break;
            }
        }
    }
}

/// Lays out sixteen weight rows as records of (lane, unit): eight vectors of bf16 pairs, then the scales.
AVX512 static void fill_panel(const struct monocle_weight *weight, size_t output, size_t outputs, uint8_t *panel) {
    const __m512i table = bf16_values();
    const size_t blocks = weight->inputs / 16, units = (blocks + LANES - 1) / LANES;
    for (size_t unit = 0; unit < units; unit++) {
        for (size_t line = 0; line < 32; line++)
            prefetch_panel(weight->elements + output * blocks * 8, blocks * 8, unit * 32 + line);
        const struct nvfp4_columns columns = load_columns(weight, output, outputs, unit);
        for (size_t lane = 0; lane < LANES; lane++) {
            uint8_t *const record = panel + (lane * units + unit) * PANEL_RECORD;
            UNROLL for (int i = 0; i < 8; i++)
                _mm512_store_si512(record + 64 * i, block_pair(table, columns.front[lane], columns.back[lane], i));
            _mm512_store_si512(record + 512, columns.scales[lane]);
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
            __m512 products[TILE];
            UNROLL for (int r = 0; r < rows; r++) products[r] = _mm512_setzero_ps();
            UNROLL for (int i = 0; i < 8; i++) {
                const __m512i w = _mm512_load_si512(record + 64 * i);
                UNROLL for (int r = 0; r < rows; r++)
                    products[r] =
                        multiply_pairs(products[r], w, _mm512_set1_epi32((int)word_at(a + r * stride + 4 * i)));
            }
            const __m512 scales = _mm512_load_ps((const void *)(record + 512));
            UNROLL for (int r = 0; r < rows; r++) sums[r] = _mm512_fmadd_ps(products[r], scales, sums[r]);
        }
        UNROLL for (int r = 0; r < rows; r++) totals[r] = lane ? _mm512_add_ps(totals[r], sums[r]) : sums[r];
    }
    UNROLL for (int r = 0; r < rows; r++) finish(weight, totals[r], row + r, output, outputs, y);
}

AVX512 void monocle_linear_blocks_panels_avx512(const struct monocle_weight *weight,
                                                const struct monocle_packed_rows *x, size_t first, size_t last,
                                                float *y, uint8_t *scratch) {
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
