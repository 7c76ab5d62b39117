// The linear kernels in portable C, and the packing of float32 rows, which all instruction sets share.
#include "linear.h"

#include "linear_quantize.h"

/// e2m1 values times two.
static const int8_t doubled_e2m1[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

INLINE void decode_nvfp4(const uint8_t *packed, const uint8_t *scales, float factor, size_t blocks, float *row) {
    static const float values[16] = {0, .5f, 1, 1.5f, 2, 3, 4, 6, -0.0f, -.5f, -1, -1.5f, -2, -3, -4, -6};
    for (size_t block = 0; block < blocks; block++) {
        const float scale = e4m3_widen(scales[block]) * factor;
        for (size_t i = 0; i < 8; i++) {
            const uint8_t byte = packed[8 * block + i];
            row[16 * block + 2 * i] = values[byte & 0xF] * scale;
            row[16 * block + 2 * i + 1] = values[byte >> 4] * scale;
        }
    }
}

#pragma clang fp contract(off)
#define WIDENED_LANES 4
#define WIDENED_FMA(a, b, sum) ((sum) + (a) * (b))
#define WIDENED_NVFP4 decode_nvfp4
#define WIDENED_TARGET
#include "linear_widened.h"

void monocle_linear_widened_scalar(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                   size_t first, size_t last, float *y, uint8_t *scratch) {
    widened_multiply(weight, x, first, last, y, scratch);
}

void monocle_pack_f32(const float *x, size_t inputs, float input_scale, size_t first, size_t last, uint8_t *row) {
    (void)input_scale;
    float *const packed = (float *)(void *)row;
    for (size_t k = first * 16; k < last * 16; k++) packed[k] = k < inputs ? x[k] : 0;
}

void monocle_pack_bf16_as_f32(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                              uint8_t *row) {
    (void)input_scale;
    float *const packed = (float *)(void *)row;
    for (size_t k = first * 16; k < last * 16; k++)
        packed[k] = k < inputs ? float_from_bits((uint32_t)bf16_round(x[k]) << 16) : 0;
}

/// A block of packed integer activations.
struct integer_block {
    int8_t codes[16];
    float scale;
    uint32_t filler;
};

INLINE void pack_integer_blocks(const float *x, float input_scale, size_t first, size_t last, uint8_t *row,
                                bool nvfp4) {
    struct integer_block *const blocks = (struct integer_block *)(void *)row;
    for (size_t block = first; block < last; block++) {
        const float *values = x + 16 * block;
        blocks[block].scale = nvfp4 ? quantize_nvfp4(values, input_scale, blocks[block].codes)
                                    : quantize_int8(values, blocks[block].codes);
    }
}

void monocle_pack_int8_scalar(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                              uint8_t *row) {
    (void)inputs;
    pack_integer_blocks(x, input_scale, first, last, row, false);
}

void monocle_pack_nvfp4_scalar(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                               uint8_t *row) {
    (void)inputs;
    pack_integer_blocks(x, input_scale, first, last, row, true);
}

/// Order of a sum: block after block, each block's integer sum (exact) times the product of its two scales.
void monocle_linear_int8_scalar(const struct monocle_weight *weight, const struct monocle_packed_rows *x, size_t first,
                                size_t last, float *y, uint8_t *scratch) {
    const size_t blocks = weight->inputs / 16;
    int8_t *const codes = (int8_t *)scratch;
    float *const scales = (float *)(void *)(scratch + weight->inputs);
    for (size_t output = first; output < last; output++) {
        const uint8_t *const packed = weight->elements + output * blocks * 8;
        for (size_t i = 0; i < blocks * 8; i++) {
            codes[2 * i] = doubled_e2m1[packed[i] & 0xF];
            codes[2 * i + 1] = doubled_e2m1[packed[i] >> 4];
        }
        for (size_t block = 0; block < blocks; block++)
            scales[block] = e4m3_widen(weight->block_scales[output * blocks + block]);
        for (size_t row = 0; row < x->rows; row++) {
            const struct integer_block *const a = (const void *)(x->bytes + row * x->stride);
            float sum = 0;
            for (size_t block = 0; block < blocks; block++) {
                int32_t products = 0;
                for (size_t i = 0; i < 16; i++) products += (int16_t)codes[16 * block + i] * (int16_t)a[block].codes[i];
                const float scale = scales[block] * a[block].scale;
                sum += (float)products * scale;
            }
            const float product = sum * weight->sum_factor;
            y[row * weight->outputs + output] = weight->bias ? product + weight->bias[output] : product;
        }
    }
}
