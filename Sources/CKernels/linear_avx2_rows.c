// NVFP4 weights times integer activations with AVX2, for a few rows: each weight row is decoded once as it streams by.
#include "linear.h"

#if defined(__x86_64__)
#include "linear_avx2.h"

AVX2 void monocle_pack_int8_avx2(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                 uint8_t *row) {
    pack_integers(x, inputs, input_scale, first, last, row, AVX2_LANES, false, false);
}

AVX2 void monocle_pack_nvfp4_avx2(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                  uint8_t *row) {
    pack_integers(x, inputs, input_scale, first, last, row, AVX2_LANES, true, false);
}

AVX2 void monocle_pack_int16_rows_avx2(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                       uint8_t *row) {
    (void)input_scale;
    pack_wide_integers(x, inputs, first, last, row, AVX2_LANES, false);
}

enum { ROWS = 4 };

/// Four sums of two byte products each, at most 2 * 24 * 128, which stay below 2^15.
AVX2 INLINE __m256i byte_products(const __m256i weights[4], const __m256i codes[4]) {
    const __m256i s01 =
        _mm256_add_epi16(_mm256_maddubs_epi16(weights[0], codes[0]), _mm256_maddubs_epi16(weights[1], codes[1]));
    const __m256i s23 =
        _mm256_add_epi16(_mm256_maddubs_epi16(weights[2], codes[2]), _mm256_maddubs_epi16(weights[3], codes[3]));
    return _mm256_add_epi16(s01, s23);
}

/// Adds one unit of a weight row to the sums of `rows` rows; wide: of int16 codes.
AVX2 INLINE void add_unit(const struct avx2_unit w, const uint8_t *x, size_t stride, const int rows, const bool wide,
                          __m256 *sums) {
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
        const __m256i *const codes = (const void *)(x + row * stride);
        __m256i products;
        if (wide) {
            const __m256i high = _mm256_madd_epi16(byte_products(w.quarter, codes), _mm256_set1_epi16(256));
            const __m256i low = _mm256_madd_epi16(byte_products(w.quarter, codes + 4), _mm256_set1_epi16(1));
            products = _mm256_add_epi32(_mm256_add_epi32(high, low), codes[8]);
        } else {
            products = _mm256_add_epi32(
                _mm256_madd_epi16(byte_products(w.quarter, codes), _mm256_set1_epi16(1)), codes[4]);
        }
        const __m256 scale = _mm256_mul_ps(w.scales, _mm256_castsi256_ps(codes[wide ? 9 : 5]));
        sums[row] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(products), scale, sums[row]);
    }
}

AVX2 INLINE void multiply_row(const struct monocle_weight *weight, const uint8_t *x, size_t stride, size_t output,
                              const int rows, const bool wide, float *y) {
    const size_t blocks = weight->inputs / 16, units = blocks / AVX2_LANES, unit_bytes = wide ? 320 : 192;
    const uint8_t *const packed = weight->elements + output * blocks * 8;
    const uint8_t *const scales = weight->block_scales + output * blocks;
    const __m128i table = offset_e2m1_avx2();
    __m256 sums[ROWS];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) sums[row] = _mm256_setzero_ps();
    for (size_t unit = 0; unit < units; unit++) {
        prefetch_stream(packed + unit * (AVX2_UNIT / 2));
        add_unit(load_unit_avx2(packed + unit * (AVX2_UNIT / 2), scales + unit * AVX2_LANES, table),
                 x + unit * unit_bytes, stride, rows, wide, sums);
    }
    if (blocks % AVX2_LANES)
        add_unit(load_last_unit_avx2(packed + units * (AVX2_UNIT / 2), scales + units * AVX2_LANES,
                                     blocks % AVX2_LANES, table),
                 x + units * unit_bytes, stride, rows, wide, sums);
    const bool nan = has_nan_scale_avx2(scales, blocks);
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++)
        y[row * weight->outputs] = nan ? __builtin_nanf("") : finish_avx2(weight, sums[row], output);
}

AVX2 INLINE void multiply_rows(const struct monocle_weight *weight, const struct monocle_packed_rows *x, size_t first,
                               size_t last, float *y, const bool wide) {
    enum { GROUP = 16 };  // weight rows that stay in the second-level cache while all rows of x pass them
    for (size_t group = first; group < last; group += GROUP) {
        const size_t end = last - group < GROUP ? last : group + GROUP;
        for (size_t row = 0; row < x->rows; row += ROWS) {
            const uint8_t *const start = x->bytes + row * x->stride;
            for (size_t output = group; output < end; output++) {
                float *const target = y + row * weight->outputs + output;
                switch (x->rows - row) {
                case 1: multiply_row(weight, start, x->stride, output, 1, wide, target); break;
                case 2: multiply_row(weight, start, x->stride, output, 2, wide, target); break;
                case 3: multiply_row(weight, start, x->stride, output, 3, wide, target); break;
                default: multiply_row(weight, start, x->stride, output, ROWS, wide, target); break;
                }
            }
        }
    }
}

AVX2 void monocle_linear_int8_rows_avx2(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                        size_t first, size_t last, float *y, uint8_t *scratch) {
    (void)scratch;
    multiply_rows(weight, x, first, last, y, false);
}

AVX2 void monocle_linear_int16_rows_avx2(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                         size_t first, size_t last, float *y, uint8_t *scratch) {
    (void)scratch;
    multiply_rows(weight, x, first, last, y, true);
}
#endif
