// Versions of kernels that lost, for the gallery alone. README.md says what each was to gain and what it did.
#include "versions.h"

#if defined(__x86_64__)
#include "linear_avx2.h"

/// Sixteen words a block: inputs rounded to bf16, as float32, in the order of `pack_integers`.
static void pack_block_floats(const float *x, size_t inputs, size_t first, size_t last, uint8_t *row, size_t lanes) {
    const size_t units = (inputs + 16 * lanes - 1) / (16 * lanes);
    for (size_t unit = first; unit < last; unit++) {
        for (size_t block = 0; block < lanes; block++) {
            float copy[16];
            const float *values = block_inputs(x, inputs, (unit * lanes + block) * 16, copy);
            const size_t lane = block_lane(block, lanes);
            for (size_t word = 0; word < 16; word++) {
                const size_t input = word / 8 * 8 + word % 4 * 2 + word / 4 % 2;
                const uint32_t bits = (uint32_t)bf16_round(values[input]) << 16;
                memcpy(packed_word(row, units, unit, lane, word, lanes, 16, false), &bits, 4);
            }
        }
    }
}

enum { UNIT_BYTES = 64 * AVX2_LANES, ROWS = 4 };
#define UNROLL _Pragma("clang loop unroll(full)")

AVX2 void version_pack_block_floats(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                    uint8_t *row) {
    (void)input_scale;
    pack_block_floats(x, inputs, first, last, row, AVX2_LANES);
}

AVX2 INLINE void multiply_row(const struct monocle_weight *weight, const uint8_t *x, size_t stride, size_t output,
                              const int rows, float *y) {
    const size_t blocks = weight->inputs / 16, units = blocks / AVX2_LANES;
    const uint8_t *const packed = weight->elements + output * blocks * 8;
    const uint8_t *const scales = weight->block_scales + output * blocks;
    __m256 sums[ROWS];
    UNROLL for (int row = 0; row < rows; row++) sums[row] = _mm256_setzero_ps();
    for (size_t unit = 0; unit < units; unit++, x += UNIT_BYTES) {
        prefetch_stream(packed + unit * (AVX2_UNIT / 2));
        const struct avx2_unit w = load_unit_avx2(packed + unit * (AVX2_UNIT / 2), scales + unit * AVX2_LANES,
                                                  doubled_e2m1_avx2());
        __m256 products[ROWS];
        UNROLL for (int row = 0; row < rows; row++) products[row] = _mm256_setzero_ps();
        UNROLL for (int word = 0; word < 16; word++) {
            const __m256i shifted = _mm256_slli_epi32(w.quarter[word / 4], 24 - 8 * (word % 4));
            const __m256 weights = _mm256_cvtepi32_ps(_mm256_srai_epi32(shifted, 24));
            UNROLL for (int row = 0; row < rows; row++)
                products[row] = _mm256_fmadd_ps(weights, ((const __m256 *)(const void *)(x + row * stride))[word],
                                                products[row]);
        }
        UNROLL for (int row = 0; row < rows; row++) sums[row] = _mm256_fmadd_ps(products[row], w.scales, sums[row]);
    }
    UNROLL for (int row = 0; row < rows; row++) y[row * weight->outputs] = finish_avx2(weight, sums[row], output);
}

AVX2 void version_block_floats(const struct monocle_weight *weight, const struct monocle_packed_rows *x, size_t first,
                               size_t last, float *y, uint8_t *scratch) {
    (void)scratch;
    for (size_t output = first; output < last; output++) {
        for (size_t row = 0; row < x->rows; row += ROWS) {
            const uint8_t *const start = x->bytes + row * x->stride;
            float *const target = y + row * weight->outputs + output;
            if (x->rows - row >= ROWS) multiply_row(weight, start, x->stride, output, ROWS, target);
            else
                for (size_t i = row; i < x->rows; i++)
                    multiply_row(weight, x->bytes + i * x->stride, x->stride, output, 1, target + (i - row) * weight->outputs);
        }
    }
}
#endif
