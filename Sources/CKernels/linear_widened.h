// The template of the widened kernels: float32 rows against weights widened to float32, included once for each
// instruction set, which defines WIDENED_LANES, WIDENED_FMA(a, b, sum), WIDENED_NVFP4 (its decoder) and WIDENED_TARGET.
//
// Order of a sum: lane l adds the products k = l, l + lanes, ... one after the other; then the halves of the lanes are
// added until one is left. A few rows meet bf16 and fp8 weights as these stream by; otherwise sixteen weight rows are
// widened into a panel, a run of inputs at a time, and all rows pass it in tiles.
#include "linear_prefetch.h"
#include "linear_quantize.h"
#include <stddef.h>

typedef float widened_lanes __attribute__((vector_size(4 * WIDENED_LANES)));
typedef float widened_load __attribute__((vector_size(4 * WIDENED_LANES), aligned(4)));
typedef uint32_t widened_bits __attribute__((vector_size(4 * WIDENED_LANES)));
typedef uint16_t widened_halves __attribute__((vector_size(2 * WIDENED_LANES), aligned(2)));
typedef uint8_t widened_bytes __attribute__((vector_size(WIDENED_LANES), aligned(1)));

#define WIDENED_UNROLL _Pragma("clang loop unroll(full)")

enum {
    WIDENED_ROWS = WIDENED_LANES == 16 ? 4 : 3,  // of a tile
    WIDENED_OUTPUTS = 4,
    WIDENED_PANEL = MONOCLE_PANEL_OUTPUTS,
    WIDENED_RUN = 256,                    // inputs
    WIDENED_HEIGHT = MONOCLE_PANEL_ROWS,  // rows whose sums are kept from run to run
};

/// WIDENED_LANES bf16 or fp8 elements.
WIDENED_TARGET INLINE widened_lanes widened_at(const uint8_t *elements, const bool fp8, float factor) {
    if (!fp8) {
        const widened_halves halves = *(const widened_halves *)(const void *)elements;
        return (widened_lanes)(__builtin_convertvector(halves, widened_bits) << 16);
    }
    // As `e4m3_widen`.
    const widened_bits bits = __builtin_convertvector(*(const widened_bytes *)elements, widened_bits);
    const widened_bits magnitude = bits & 0x7F, sign = (bits & 0x80) << 24;
    const widened_bits finite = (widened_bits)((widened_lanes)(magnitude << 20) * 0x1p120f);
    const widened_bits nan = (widened_bits)(magnitude == 0x7F);
    return (widened_lanes)((finite & ~nan) | (nan & 0x7FC00000) | sign) * factor;
}

/// The inputs [first, last) of one weight row as float32.
WIDENED_TARGET INLINE void widen_run(const struct monocle_weight *weight, size_t output, size_t first, size_t last,
                                     float *row) {
    const size_t inputs = weight->inputs, count = last - first, whole = count / WIDENED_LANES * WIDENED_LANES;
    switch (weight->format) {
    case MONOCLE_WEIGHT_F32: memcpy(row, weight->elements + (output * inputs + first) * 4, count * 4); break;
    case MONOCLE_WEIGHT_BF16: {
        const uint8_t *const source = weight->elements + (output * inputs + first) * 2;
        for (size_t k = 0; k < whole; k += WIDENED_LANES) {
            // The next run of this row.
            if (k % 32 == 0) __builtin_prefetch(source + 2 * (k + WIDENED_RUN), 0, 3);
            *(widened_load *)(row + k) = widened_at(source + 2 * k, false, 1);
        }
        for (size_t k = whole; k < count; k++) {
            uint16_t bits;
            memcpy(&bits, source + 2 * k, 2);
            row[k] = float_from_bits((uint32_t)bits << 16);
        }
        break;
    }
    case MONOCLE_WEIGHT_F16: {
        const uint8_t *const source = weight->elements + (output * inputs + first) * 2;
        for (size_t k = 0; k < count; k++) {
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
        const uint8_t *const source = weight->elements + output * inputs + first;
        for (size_t k = 0; k < whole; k += WIDENED_LANES)
            *(widened_load *)(row + k) = widened_at(source + k, true, weight->element_factor);
        for (size_t k = whole; k < count; k++) row[k] = e4m3_widen(source[k]) * weight->element_factor;
        break;
    }
    case MONOCLE_WEIGHT_NVFP4:
        WIDENED_NVFP4(weight->elements + (output * inputs + first) / 2,
                      weight->block_scales + (output * inputs + first) / 16, weight->element_factor, count / 16, row);
        break;
    }
}

typedef float widened_four __attribute__((vector_size(16)));

/// The lanes of a sum added down to four.
WIDENED_TARGET INLINE widened_four widened_quarters(widened_lanes lanes) {
    widened_four parts[WIDENED_LANES / 4];
    memcpy(parts, &lanes, sizeof parts);
    WIDENED_UNROLL for (int half = WIDENED_LANES / 8; half; half /= 2)
        WIDENED_UNROLL for (int part = 0; part < half; part++) parts[part] += parts[part + half];
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

/// Adds `steps` vectors of four weight rows, `weight_stride` floats apart, to the sums of `rows` rows,
/// [rows, WIDENED_PANEL].
WIDENED_TARGET INLINE void widened_tile(const float *weights, size_t weight_stride, const uint8_t *x, size_t stride,
                                        size_t steps, const int rows, widened_lanes *sums) {
    widened_lanes sum[WIDENED_ROWS][WIDENED_OUTPUTS];
    WIDENED_UNROLL for (int row = 0; row < rows; row++)
        WIDENED_UNROLL for (int output = 0; output < WIDENED_OUTPUTS; output++)
            sum[row][output] = sums[row * WIDENED_PANEL + output];
    for (size_t step = 0; step < steps; step++) {
        widened_lanes a[WIDENED_ROWS];
        WIDENED_UNROLL for (int row = 0; row < rows; row++)
            a[row] = *(const widened_load *)(x + row * stride + step * sizeof(widened_lanes));
        WIDENED_UNROLL for (int output = 0; output < WIDENED_OUTPUTS; output++) {
            const widened_lanes w = *(const widened_load *)(weights + output * weight_stride + step * WIDENED_LANES);
            WIDENED_UNROLL for (int row = 0; row < rows; row++)
                sum[row][output] = WIDENED_FMA(a[row], w, sum[row][output]);
        }
    }
    WIDENED_UNROLL for (int row = 0; row < rows; row++)
        WIDENED_UNROLL for (int output = 0; output < WIDENED_OUTPUTS; output++)
            sums[row * WIDENED_PANEL + output] = sum[row][output];
}

/// The same of a whole panel and `rows` rows, any number: a tile's rows stay in the first-level cache with the panel.
WIDENED_TARGET INLINE void widened_run(const float *panel, size_t outputs, const uint8_t *x, size_t stride,
                                       size_t steps, size_t rows, widened_lanes *sums) {
    for (size_t row = 0; row < rows; row += WIDENED_ROWS) {
        const uint8_t *const start = x + row * stride;
        for (size_t i = 0; i < outputs; i += WIDENED_OUTPUTS) {
            const float *const weights = panel + i * WIDENED_RUN;
            widened_lanes *const target = sums + row * WIDENED_PANEL + i;
            switch (rows - row) {
            case 1: widened_tile(weights, WIDENED_RUN, start, stride, steps, 1, target); break;
            case 2: widened_tile(weights, WIDENED_RUN, start, stride, steps, 2, target); break;
            case 3: widened_tile(weights, WIDENED_RUN, start, stride, steps, 3, target); break;
            default: widened_tile(weights, WIDENED_RUN, start, stride, steps, WIDENED_ROWS, target); break;
            }
        }
    }
}

/// Adds up the lanes of four outputs' sums and writes them to `rows` rows of y.
WIDENED_TARGET INLINE void widened_finish(const struct monocle_weight *weight, const widened_lanes *sums, size_t rows,
                                          size_t output, size_t outputs, float *y) {
#pragma clang fp contract(off)
    widened_four bias = {0};
    if (weight->bias) memcpy(&bias, weight->bias + output, outputs * sizeof(float));
    for (size_t row = 0; row < rows; row++) {
        const widened_four products = widened_totals(sums + row * WIDENED_PANEL) * weight->sum_factor;
        const widened_four result = weight->bias ? products + bias : products;
        float *const target = y + row * weight->outputs + output;
        if (outputs == WIDENED_OUTPUTS) memcpy(target, &result, sizeof result);
        else memcpy(target, &result, outputs * sizeof(float));
    }
}

/// Four outputs of at most WIDENED_ROWS rows, from bf16 or fp8 weights as they lie.
WIDENED_TARGET INLINE void widened_stream(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                          size_t output, size_t outputs, const int rows, const bool fp8, float *y) {
    const size_t inputs = weight->inputs, size = fp8 ? 1 : 2, whole = inputs / 16 * 16;
    const float factor = weight->element_factor;
    const uint8_t *weights[WIDENED_OUTPUTS];
    widened_lanes sums[WIDENED_ROWS][WIDENED_PANEL], sum[WIDENED_ROWS][WIDENED_OUTPUTS];
    WIDENED_UNROLL for (int i = 0; i < WIDENED_OUTPUTS; i++) {
        weights[i] = weight->elements + (output + ((size_t)i < outputs ? (size_t)i : 0)) * inputs * size;
        WIDENED_UNROLL for (int row = 0; row < rows; row++) sum[row][i] = (widened_lanes){0};
    }
    for (size_t k = 0; k < whole; k += WIDENED_LANES) {
        widened_lanes a[WIDENED_ROWS];
        WIDENED_UNROLL for (int row = 0; row < rows; row++)
            a[row] = *(const widened_load *)(x->bytes + row * x->stride + 4 * k);
        WIDENED_UNROLL for (int i = 0; i < WIDENED_OUTPUTS; i++) {
            if (k % (64 / size) == 0) prefetch_stream(weights[i] + size * k);
            const widened_lanes w = widened_at(weights[i] + size * k, fp8, factor);
            WIDENED_UNROLL for (int row = 0; row < rows; row++) sum[row][i] = WIDENED_FMA(a[row], w, sum[row][i]);
        }
    }
    WIDENED_UNROLL for (int row = 0; row < rows; row++)
        WIDENED_UNROLL for (int i = 0; i < WIDENED_OUTPUTS; i++) sums[row][i] = sum[row][i];
    if (whole < inputs) {
        float rest[WIDENED_OUTPUTS * 16] = {0};
        for (size_t i = 0; i < outputs; i++) widen_run(weight, output + i, whole, inputs, rest + 16 * i);
        widened_tile(rest, 16, x->bytes + 4 * whole, x->stride, 16 / WIDENED_LANES, rows, sums[0]);
    }
    widened_finish(weight, sums[0], (size_t)rows, output, outputs, y);
}

WIDENED_TARGET INLINE void widened_few(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                       size_t first, size_t last, float *y, const bool fp8) {
    for (size_t output = first; output < last; output += WIDENED_OUTPUTS) {
        const size_t outputs = last - output < WIDENED_OUTPUTS ? last - output : WIDENED_OUTPUTS;
        switch (x->rows) {
        case 1: widened_stream(weight, x, output, outputs, 1, fp8, y); break;
        case 2: widened_stream(weight, x, output, outputs, 2, fp8, y); break;
        case 3: widened_stream(weight, x, output, outputs, 3, fp8, y); break;
        default: widened_stream(weight, x, output, outputs, WIDENED_ROWS, fp8, y); break;
        }
    }
}

/// scratch: MONOCLE_WIDENED_SCRATCH bytes.
WIDENED_TARGET INLINE void widened_many(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                        size_t first, size_t last, float *y, uint8_t *scratch) {
    widened_lanes *const sums = (void *)scratch;
    float *const panel = (float *)(void *)(sums + WIDENED_HEIGHT * WIDENED_PANEL);
    for (size_t output = first; output < last; output += WIDENED_PANEL) {
        const size_t outputs = last - output < WIDENED_PANEL ? last - output : WIDENED_PANEL;
        for (size_t row = 0; row < x->rows; row += WIDENED_HEIGHT) {
            const size_t rows = x->rows - row < WIDENED_HEIGHT ? x->rows - row : WIDENED_HEIGHT;
            memset(sums, 0, rows * WIDENED_PANEL * sizeof *sums);
            for (size_t k = 0; k < weight->inputs; k += WIDENED_RUN) {
                const size_t run = weight->inputs - k < WIDENED_RUN ? weight->inputs - k : WIDENED_RUN;
                const size_t steps = (run + 15) / 16 * (16 / WIDENED_LANES);
                for (size_t i = 0; i < outputs; i++) {
                    widen_run(weight, output + i, k, k + run, panel + i * WIDENED_RUN);
                    for (size_t j = run; j < steps * WIDENED_LANES; j++) panel[i * WIDENED_RUN + j] = 0;
                }
                // The last tile may reach weight rows that are not there: what they add is not used.
                const uint8_t *const start = x->bytes + row * x->stride + 4 * k;
                widened_run(panel, outputs, start, x->stride, steps, rows, sums);
            }
            for (size_t i = 0; i < outputs; i += WIDENED_OUTPUTS)
                widened_finish(weight, sums + i, rows, output + i,
                               outputs - i < WIDENED_OUTPUTS ? outputs - i : WIDENED_OUTPUTS,
                               y + row * weight->outputs);
        }
    }
}

WIDENED_TARGET INLINE void widened_multiply(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                            size_t first, size_t last, float *y, uint8_t *scratch) {
    if (x->rows > WIDENED_ROWS) widened_many(weight, x, first, last, y, scratch);
    else if (weight->format == MONOCLE_WEIGHT_BF16) widened_few(weight, x, first, last, y, false);
    else if (weight->format == MONOCLE_WEIGHT_FP8) widened_few(weight, x, first, last, y, true);
    else widened_many(weight, x, first, last, y, scratch);
}
