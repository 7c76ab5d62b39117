// NVFP4 weights times bf16 activations with AVX2: float32 products of a block, summed, then scaled.
#include "linear.h"

#if defined(__x86_64__)
#include "linear_avx2.h"

enum { UNIT_BYTES = 64 * AVX2_LANES };

AVX2 void monocle_pack_blocks_avx2(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                   uint8_t *row) {
    (void)input_scale;
    pack_block_floats(x, inputs, first, last, row, AVX2_LANES);
}

/// Adds one unit of a weight row to the sums of `rows` rows.
AVX2 INLINE void block_unit(const uint8_t *packed, const uint8_t *scales, const uint8_t *x, size_t stride,
                            const int rows, __m256 *sums) {
    const __m128i doubled = _mm_setr_epi8(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);
    const struct avx2_unit w = load_unit_avx2(packed, scales, doubled);
    __m256 products[4];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) products[row] = _mm256_setzero_ps();
#pragma clang loop unroll(full)
    for (int word = 0; word < 16; word++) {
        const __m256i shifted = _mm256_slli_epi32(w.quarter[word / 4], 24 - 8 * (word % 4));
        const __m256 weights = _mm256_cvtepi32_ps(_mm256_srai_epi32(shifted, 24));
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; row++) {
            const __m256 *const inputs = (const void *)(x + row * stride);
            products[row] = _mm256_fmadd_ps(weights, inputs[word], products[row]);
        }
    }
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) sums[row] = _mm256_fmadd_ps(products[row], w.scales, sums[row]);
}

/// Order of a sum: lane l adds its block of each unit, unit after unit; then the halves of the lanes are added.
AVX2 INLINE void block_rows(const struct monocle_weight *weight, const uint8_t *x, size_t stride, size_t output,
                              const int rows, float *y) {
    const size_t blocks = weight->inputs / 16, units = blocks / AVX2_LANES;
    const uint8_t *const packed = weight->elements + output * blocks * 8;
    const uint8_t *const scales = weight->block_scales + output * blocks;
    __m256 sums[4];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) sums[row] = _mm256_setzero_ps();
    for (size_t unit = 0; unit < units; unit++)
        block_unit(packed + unit * (AVX2_UNIT / 2), scales + unit * AVX2_LANES, x + unit * UNIT_BYTES, stride, rows,
                     sums);
    if (blocks % AVX2_LANES) {
        uint8_t last[AVX2_UNIT / 2] = {0}, last_scales[AVX2_LANES] = {0};
        memcpy(last, packed + units * (AVX2_UNIT / 2), blocks % AVX2_LANES * 8);
        memcpy(last_scales, scales + units * AVX2_LANES, blocks % AVX2_LANES);
        block_unit(last, last_scales, x + units * UNIT_BYTES, stride, rows, sums);
    }
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) y[row * weight->outputs] = finish_avx2(weight, sums[row], output);
}

AVX2 void monocle_linear_blocks_avx2(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                   size_t first, size_t last, float *y, uint8_t *scratch) {
    (void)scratch;
    for (size_t group = first; group < last; group += AVX2_GROUP) {
        const size_t end = last - group < AVX2_GROUP ? last : group + AVX2_GROUP;
        for (size_t row = 0; row < x->rows; row += 4) {
            const uint8_t *const start = x->bytes + row * x->stride;
            for (size_t output = group; output < end; output++) {
                float *const target = y + row * weight->outputs + output;
                switch (x->rows - row) {
                case 1: block_rows(weight, start, x->stride, output, 1, target); break;
                case 2: block_rows(weight, start, x->stride, output, 2, target); break;
                case 3: block_rows(weight, start, x->stride, output, 3, target); break;
                default: block_rows(weight, start, x->stride, output, 4, target); break;
                }
            }
        }
    }
}
#endif
