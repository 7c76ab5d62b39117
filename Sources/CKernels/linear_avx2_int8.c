// NVFP4 weights times int8 or NVFP4 activations with AVX2: integer sums of a block, exact, then scaled.
#include "linear.h"

#if defined(__x86_64__)
#include "linear_avx2.h"

enum { UNIT_BYTES = 24 * AVX2_LANES };

AVX2 void monocle_pack_int8_avx2(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                 uint8_t *row) {
    pack_integers(x, inputs, input_scale, first, last, row, AVX2_LANES, false, false);
}

AVX2 void monocle_pack_nvfp4_avx2(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                  uint8_t *row) {
    pack_integers(x, inputs, input_scale, first, last, row, AVX2_LANES, true, false);
}

/// Adds one unit of a weight row to the sums of `rows` rows.
AVX2 INLINE void integer_unit(const uint8_t *packed, const uint8_t *scales, const uint8_t *x, size_t stride,
                              const int rows, __m256 *sums) {
    // e2m1 times two plus 12: unsigned, as the byte products want one side.
    const __m128i table = _mm_setr_epi8(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0);
    const struct avx2_unit w = load_unit_avx2(packed, scales, table);
    const __m256i ones = _mm256_set1_epi16(1);
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
        const __m256i *const codes = (const void *)(x + row * stride);
        // Four sums of two products, each at most 2 * 24 * 127, stay below 2^15.
        const __m256i s01 = _mm256_add_epi16(_mm256_maddubs_epi16(w.quarter[0], codes[0]),
                                             _mm256_maddubs_epi16(w.quarter[1], codes[1]));
        const __m256i s23 = _mm256_add_epi16(_mm256_maddubs_epi16(w.quarter[2], codes[2]),
                                             _mm256_maddubs_epi16(w.quarter[3], codes[3]));
        const __m256i pairs = _mm256_madd_epi16(_mm256_add_epi16(s01, s23), ones);
        const __m256 products = _mm256_cvtepi32_ps(_mm256_add_epi32(pairs, codes[4]));
        const __m256 scale = _mm256_mul_ps(w.scales, _mm256_castsi256_ps(codes[5]));
        sums[row] = _mm256_fmadd_ps(products, scale, sums[row]);
    }
}

/// Order of a sum: lane l adds its block of each unit, unit after unit; then the halves of the lanes are added.
AVX2 INLINE void integer_rows(const struct monocle_weight *weight, const uint8_t *x, size_t stride, size_t output,
                              const int rows, float *y) {
    const size_t blocks = weight->inputs / 16, units = blocks / AVX2_LANES;
    const uint8_t *const packed = weight->elements + output * blocks * 8;
    const uint8_t *const scales = weight->block_scales + output * blocks;
    __m256 sums[4];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) sums[row] = _mm256_setzero_ps();
    for (size_t unit = 0; unit < units; unit++)
        integer_unit(packed + unit * (AVX2_UNIT / 2), scales + unit * AVX2_LANES, x + unit * UNIT_BYTES, stride, rows,
                     sums);
    if (blocks % AVX2_LANES) {
        uint8_t last[AVX2_UNIT / 2] = {0}, last_scales[AVX2_LANES] = {0};
        memcpy(last, packed + units * (AVX2_UNIT / 2), blocks % AVX2_LANES * 8);
        memcpy(last_scales, scales + units * AVX2_LANES, blocks % AVX2_LANES);
        integer_unit(last, last_scales, x + units * UNIT_BYTES, stride, rows, sums);
    }
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) y[row * weight->outputs] = finish_avx2(weight, sums[row], output);
}

AVX2 void monocle_linear_int8_avx2(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                   size_t first, size_t last, float *y, uint8_t *scratch) {
    (void)scratch;
    for (size_t group = first; group < last; group += AVX2_GROUP) {
        const size_t end = last - group < AVX2_GROUP ? last : group + AVX2_GROUP;
        for (size_t row = 0; row < x->rows; row += 4) {
            const uint8_t *const start = x->bytes + row * x->stride;
            for (size_t output = group; output < end; output++) {
                float *const target = y + row * weight->outputs + output;
                switch (x->rows - row) {
                case 1: integer_rows(weight, start, x->stride, output, 1, target); break;
                case 2: integer_rows(weight, start, x->stride, output, 2, target); break;
                case 3: integer_rows(weight, start, x->stride, output, 3, target); break;
                default: integer_rows(weight, start, x->stride, output, 4, target); break;
                }
            }
        }
    }
}
#endif
