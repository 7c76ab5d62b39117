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

typedef float widened_four __attribute__((vector_size(16)));

/// The lanes of a sum added down to four.
WIDENED_TARGET INLINE widened_four widened_quarters(widened_lanes lanes) {
    widened_four parts[WIDENED_LANES / 4];
    memcpy(parts, &lanes, sizeof parts);
#pragma clang loop unroll(full)
    for (int half = WIDENED_LANES / 8; half; half /= 2)
#pragma clang loop unroll(full)
        for (int part = 0; part < half; part++) parts[part] += parts[part + half];
    return parts[0];
}

/// The totals of four sums.
WIDENED_TARGET INLINE widened_four widened_totals(const widened_lanes sums[WIDENED_OUTPUTS]) {
    const widened_four a = widened_quarters(sums[0]), b = widened_quarters(sums[1]);
    const widened_four c = widened_quarters(sums[2]), d = widened_quarters(sums[3]);
    const widened_four ab =
        __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
    const widened_four cd =
        __builtin_shufflevector(c, d, 0, 1, 4, 5) + __builtin_shufflevector(c, d, 2, 3, 6, 7);
    return __builtin_shufflevector(ab, cd, 0, 2, 4, 6) + __builtin_shufflevector(ab, cd, 1, 3, 5, 7);
}

/// `rows` rows of x against four widened weight rows; steps: vectors in a row.
WIDENED_TARGET INLINE void widened_tile(const float *weights, const uint8_t *x, size_t stride, size_t steps,
                                        const int rows, widened_four sums[WIDENED_ROWS]) {
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
    for (int row = 0; row < rows; row++) sums[row] = widened_totals(sum[row]);
}

/// Outputs [first, last) of the rows [begin, end).
WIDENED_TARGET INLINE void widened_rows(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                        size_t begin, size_t end, size_t first, size_t last, float *y, float *rows) {
#pragma clang fp contract(off)
    const size_t filled = (weight->inputs + 15) / 16 * 16;
    for (size_t output = first; output < last; output += WIDENED_OUTPUTS) {
        const size_t outputs = last - output < WIDENED_OUTPUTS ? last - output : WIDENED_OUTPUTS;
        widened_four bias = {0};
        if (weight->bias) memcpy(&bias, weight->bias + output, outputs * sizeof(float));
        for (size_t i = 0; i < WIDENED_OUTPUTS; i++) {
            float *const row = rows + i * filled;
            if (i < outputs) widen_row(weight, output + i, row);
            const size_t used = i < outputs ? weight->inputs : 0;
            memset(row + used, 0, (filled - used) * sizeof(float));
        }
        for (size_t row = begin; row < end; row += WIDENED_ROWS) {
            const size_t count = end - row < WIDENED_ROWS ? end - row : WIDENED_ROWS;
            const uint8_t *const start = x->bytes + row * x->stride;
            widened_four sums[WIDENED_ROWS];
            switch (count) {
            case 1: widened_tile(rows, start, x->stride, filled / WIDENED_LANES, 1, sums); break;
            case 2: widened_tile(rows, start, x->stride, filled / WIDENED_LANES, 2, sums); break;
            case 3: widened_tile(rows, start, x->stride, filled / WIDENED_LANES, 3, sums); break;
            default: widened_tile(rows, start, x->stride, filled / WIDENED_LANES, WIDENED_ROWS, sums); break;
            }
            for (size_t r = 0; r < count; r++) {
                float *const target = y + (row + r) * weight->outputs + output;
                const widened_four products = sums[r] * weight->sum_factor;
                const widened_four result = weight->bias ? products + bias : products;
                if (outputs == WIDENED_OUTPUTS) memcpy(target, &result, sizeof result);
                else memcpy(target, &result, outputs * sizeof(float));
            }
        }
    }
}

/// As many rows at a time as stay in the second cache, but so many that widening the weights again weighs nothing.
WIDENED_TARGET INLINE void widened_multiply(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                            size_t first, size_t last, float *y, uint8_t *scratch) {
    const size_t fitting = (1 << 17) / (x->stride + 1), height = fitting > 96 ? fitting / 12 * 12 : 96;
    for (size_t begin = 0; begin < x->rows; begin += height)
        widened_rows(weight, x, begin, x->rows - begin < height ? x->rows : begin + height, first, last, y,
                     (float *)(void *)scratch);
}
