// The template of the widened kernels: float32 rows against weights widened to float32, included once for each
// instruction set, which defines WIDENED_LANES, WIDENED_FMA(a, b, sum), WIDENED_NVFP4 (its decoder) and WIDENED_TARGET.
//
// Order of a sum: lane l adds the products k = l, l + lanes, ... one after the other; then the halves of the lanes are
// added until one is left.
#include "linear_prefetch.h"
#include "linear_quantize.h"
#include <stddef.h>

typedef float widened_lanes __attribute__((vector_size(4 * WIDENED_LANES)));
typedef float widened_load __attribute__((vector_size(4 * WIDENED_LANES), aligned(4)));

enum { WIDENED_ROWS = WIDENED_LANES == 16 ? 4 : 3, WIDENED_OUTPUTS = 4 };

/// One weight row as float32.
WIDENED_TARGET INLINE void widen_row(const struct monocle_weight *weight, size_t output, float *row) {
    const size_t inputs = weight->inputs;
    switch (weight->format) {
    case MONOCLE_WEIGHT_F32: memcpy(row, weight->elements + output * inputs * 4, inputs * 4); break;
    case MONOCLE_WEIGHT_BF16: {
        const uint8_t *source = weight->elements + output * inputs * 2;
        for (size_t start = 0; start < inputs; start += 256) {
            const size_t end = inputs - start < 256 ? inputs : start + 256;
            for (size_t line = 0; line < 8; line++) prefetch_stream(source + 2 * start + 64 * line);
            for (size_t k = start; k < end; k++) {
                uint16_t bits;
                memcpy(&bits, source + 2 * k, 2);
                row[k] = float_from_bits((uint32_t)bits << 16);
            }
        }
        break;
    }
    case MONOCLE_WEIGHT_F16: {
        const uint8_t *source = weight->elements + output * inputs * 2;
        for (size_t k = 0; k < inputs; k++) {
            uint16_t bits;
            memcpy(&bits, source + 2 * k, 2);
            // Exponent bias 15 to 127 by a product, which also normalises subnormals; infinity and NaN keep theirs.
            const uint32_t magnitude = bits & 0x7FFF;
            const uint32_t finite = float_bits(float_from_bits(magnitude << 13) * 0x1p112f);
            const uint32_t special = magnitude << 13 | 0x7F800000;
            const uint32_t value = magnitude >= 0x7C00 ? special : finite;
            row[k] = float_from_bits(value | (uint32_t)(bits & 0x8000) << 16);
        }
        break;
    }
    case MONOCLE_WEIGHT_FP8: {
        const uint8_t *source = weight->elements + output * inputs;
        for (size_t k = 0; k < inputs; k++) row[k] = e4m3_widen(source[k]) * weight->element_factor;
        break;
    }
    case MONOCLE_WEIGHT_NVFP4:
        WIDENED_NVFP4(weight->elements + output * (inputs / 2), weight->block_scales + output * (inputs / 16),
                      weight->element_factor, inputs / 16, row);
        break;
    }
}

WIDENED_TARGET INLINE float widened_total(widened_lanes lanes) {
    float parts[WIDENED_LANES];
    memcpy(parts, &lanes, sizeof parts);
    for (int half = WIDENED_LANES / 2; half; half /= 2)
        for (int lane = 0; lane < half; lane++) parts[lane] += parts[lane + half];
    return parts[0];
}

/// `rows` rows of x against four widened weight rows; steps: vectors in a row.
WIDENED_TARGET INLINE void widened_tile(const float *weights, const uint8_t *x, size_t stride, size_t steps,
                                        const int rows, float sums[WIDENED_ROWS][WIDENED_OUTPUTS]) {
    widened_lanes sum[WIDENED_ROWS][WIDENED_OUTPUTS];
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++)
#pragma clang loop unroll(full)
        for (int output = 0; output < WIDENED_OUTPUTS; output++) sum[row][output] = (widened_lanes){0};
    for (size_t step = 0; step < steps; step++) {
        widened_lanes a[WIDENED_ROWS];
#pragma clang loop unroll(full)
        for (int row = 0; row < rows; row++)
            a[row] = *(const widened_load *)(x + row * stride + step * sizeof(widened_lanes));
#pragma clang loop unroll(full)
        for (int output = 0; output < WIDENED_OUTPUTS; output++) {
            const widened_lanes w = *(const widened_load *)(weights + (output * steps + step) * WIDENED_LANES);
#pragma clang loop unroll(full)
            for (int row = 0; row < rows; row++) sum[row][output] = WIDENED_FMA(a[row], w, sum[row][output]);
        }
    }
#pragma clang loop unroll(full)
    for (int row = 0; row < rows; row++)
#pragma clang loop unroll(full)
        for (int output = 0; output < WIDENED_OUTPUTS; output++) sums[row][output] = widened_total(sum[row][output]);
}

WIDENED_TARGET INLINE void widened_multiply(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                            size_t first, size_t last, float *y, uint8_t *scratch) {
#pragma clang fp contract(off)
    const size_t filled = (weight->inputs + 15) / 16 * 16;
    float *const rows = (float *)(void *)scratch;
    for (size_t output = first; output < last; output += WIDENED_OUTPUTS) {
        const size_t outputs = last - output < WIDENED_OUTPUTS ? last - output : WIDENED_OUTPUTS;
        for (size_t i = 0; i < WIDENED_OUTPUTS; i++) {
            float *const row = rows + i * filled;
            if (i < outputs) widen_row(weight, output + i, row);
            const size_t used = i < outputs ? weight->inputs : 0;
            memset(row + used, 0, (filled - used) * sizeof(float));
        }
        for (size_t row = 0; row < x->rows; row += WIDENED_ROWS) {
            const size_t count = x->rows - row < WIDENED_ROWS ? x->rows - row : WIDENED_ROWS;
            const uint8_t *const start = x->bytes + row * x->stride;
            float sums[WIDENED_ROWS][WIDENED_OUTPUTS];
            switch (count) {
            case 1: widened_tile(rows, start, x->stride, filled / WIDENED_LANES, 1, sums); break;
            case 2: widened_tile(rows, start, x->stride, filled / WIDENED_LANES, 2, sums); break;
            case 3: widened_tile(rows, start, x->stride, filled / WIDENED_LANES, 3, sums); break;
            default: widened_tile(rows, start, x->stride, filled / WIDENED_LANES, WIDENED_ROWS, sums); break;
            }
            for (size_t r = 0; r < count; r++) {
                for (size_t i = 0; i < outputs; i++) {
                    const float product = sums[r][i] * weight->sum_factor;
                    const float bias = weight->bias ? weight->bias[output + i] : 0;
                    y[(row + r) * weight->outputs + output + i] = weight->bias ? product + bias : product;
                }
            }
        }
    }
}
