// The linear kernels with AVX2 and FMA.
#include "linear.h"

#if defined(__x86_64__)
#include "linear_avx2.h"
#include "linear_blocks.h"

#define WIDENED_LANES 8
#define WIDENED_FMA(a, b, sum) _mm256_fmadd_ps(a, b, sum)
#define WIDENED_NVFP4 decode_nvfp4_avx2
#define WIDENED_TARGET AVX2
#include "linear_widened.h"

AVX2 void monocle_linear_widened_avx2(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                      size_t first, size_t last, float *y, uint8_t *scratch) {
    widened_multiply(weight, x, first, last, y, scratch);
}

enum { LANES = 8, UNIT = 16 * LANES, UNIT_BYTES = 24 * LANES, GROUP = 16 };

AVX2 void monocle_pack_int8_avx2(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                 uint8_t *row) {
    pack_integers(x, inputs, input_scale, first, last, row, LANES, false, false);
}

AVX2 void monocle_pack_nvfp4_avx2(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                  uint8_t *row) {
    pack_integers(x, inputs, input_scale, first, last, row, LANES, true, false);
}

AVX2 INLINE __m256 widen_scales(__m128i scales) {
    const __m256i bits = _mm256_slli_epi32(_mm256_cvtepi8_epi32(scales), 20);
    const __m256i kept = _mm256_and_si256(bits, _mm256_set1_epi32((int)0x87F00000));
    const __m256i nan = _mm256_set1_epi32(0x07F00000);
    const __m256 values = _mm256_mul_ps(_mm256_castsi256_ps(kept), _mm256_set1_ps(0x1p120f));
    const __m256i is_nan = _mm256_cmpeq_epi32(_mm256_and_si256(kept, nan), nan);
    return _mm256_or_ps(values, _mm256_castsi256_ps(is_nan));
}

/// Adds one unit of a weight row, 64 packed bytes and 8 scales, to the sums of `rows` rows.
AVX2 INLINE void integer_unit(const uint8_t *packed, const uint8_t *scale_bytes, const uint8_t *x, size_t stride,
                              const int rows, __m256 *sums) {
    // e2m1 times two plus 12: unsigned, as the byte products want one side.
    const __m256i table = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0));
    const __m256i nibble = _mm256_set1_epi8(0xF);
    const __m256i ones = _mm256_set1_epi16(1);
    const __m256i a = _mm256_loadu_si256((const void *)packed);
    const __m256i b = _mm256_loadu_si256((const void *)(packed + 32));
    const __m256i front = _mm256_blend_epi32(a, _mm256_slli_epi64(b, 32), 0xAA);
    const __m256i back = _mm256_blend_epi32(_mm256_srli_epi64(a, 32), b, 0xAA);
    const __m256i w0 = _mm256_shuffle_epi8(table, _mm256_and_si256(front, nibble));
    const __m256i w1 = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(front, 4), nibble));
    const __m256i w2 = _mm256_shuffle_epi8(table, _mm256_and_si256(back, nibble));
    const __m256i w3 = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(back, 4), nibble));
    const __m128i order = _mm_setr_epi8(0, 4, 1, 5, 2, 6, 3, 7, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m256 scales = widen_scales(_mm_shuffle_epi8(_mm_loadl_epi64((const void *)scale_bytes), order));
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
        const __m256i *const codes = (const void *)(x + row * stride);
        // Four sums of two products, each at most 2 * 24 * 127, stay below 2^15.
        const __m256i s01 = _mm256_add_epi16(_mm256_maddubs_epi16(w0, codes[0]), _mm256_maddubs_epi16(w1, codes[1]));
        const __m256i s23 = _mm256_add_epi16(_mm256_maddubs_epi16(w2, codes[2]), _mm256_maddubs_epi16(w3, codes[3]));
        const __m256i pairs = _mm256_madd_epi16(_mm256_add_epi16(s01, s23), ones);
        const __m256 products = _mm256_cvtepi32_ps(_mm256_add_epi32(pairs, codes[4]));
        const __m256 scale = _mm256_mul_ps(scales, _mm256_castsi256_ps(codes[5]));
        sums[row] = _mm256_fmadd_ps(products, scale, sums[row]);
    }
}

/// Order of a sum: lane l adds its block of each unit, unit after unit; then the halves of the lanes are added.
AVX2 INLINE void integer_rows(const struct monocle_weight *weight, const uint8_t *x, size_t stride, size_t output,
                              const int rows, float *y) {
#pragma clang fp contract(off)
    const size_t blocks = weight->inputs / 16;
    const uint8_t *const packed = weight->elements + output * blocks * 8;
    const uint8_t *const scales = weight->block_scales + output * blocks;
    const size_t units = weight->inputs / UNIT;
    __m256 sums[4];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) sums[row] = _mm256_setzero_ps();
    for (size_t unit = 0; unit < units; unit++)
        integer_unit(packed + unit * (UNIT / 2), scales + unit * LANES, x + unit * UNIT_BYTES, stride, rows, sums);
    if (blocks % LANES) {
        uint8_t last[UNIT / 2] = {0}, last_scales[LANES] = {0};
        memcpy(last, packed + units * (UNIT / 2), blocks % LANES * 8);
        memcpy(last_scales, scales + units * LANES, blocks % LANES);
        integer_unit(last, last_scales, x + units * UNIT_BYTES, stride, rows, sums);
    }
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++) {
        const __m128 four = _mm_add_ps(_mm256_castps256_ps128(sums[row]), _mm256_extractf128_ps(sums[row], 1));
        const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        const float product = _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two))) * weight->sum_factor;
        y[row * weight->outputs] = weight->bias ? product + weight->bias[output] : product;
    }
}

AVX2 void monocle_linear_int8_avx2(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                   size_t first, size_t last, float *y, uint8_t *scratch) {
    (void)scratch;
    // A group of weight rows stays in the second-level cache while all rows of x pass it four by four.
    for (size_t group = first; group < last; group += GROUP) {
        const size_t end = last - group < GROUP ? last : group + GROUP;
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
