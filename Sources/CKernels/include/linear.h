// Products of activations with weights as the checkpoint stores them. Knows nothing of threads, layers or files.
//
// A kernel is a pair: `pack` rounds one row of activations to the kernel's format and order, `multiply` computes a
// range of outputs for all packed rows. Every output element is reduced in one order that depends on the instruction
// set, the format and the number of inputs only; a `rows` and a `panels` kernel of the same name share it.
#ifndef MONOCLE_LINEAR_H
#define MONOCLE_LINEAR_H

#include <stddef.h>
#include <stdint.h>

enum monocle_weight_format {
    MONOCLE_WEIGHT_BF16,
    MONOCLE_WEIGHT_F16,
    MONOCLE_WEIGHT_F32,
    MONOCLE_WEIGHT_FP8,    // e4m3
    MONOCLE_WEIGHT_NVFP4,  // e2m1 pairs, the low nibble first, with an e4m3 scale for every 16 inputs
};

enum {
    /// Weight rows that the widened and the AVX2 panels kernels decode at a time, and rows of activations they take
    /// past them.
    MONOCLE_PANEL_OUTPUTS = 16,
    MONOCLE_PANEL_ROWS = 96,
    /// Their sums, a vector each, and for each weight row 12 units of 288 bytes or 256 float32 values.
    MONOCLE_PANEL_SCRATCH = MONOCLE_PANEL_OUTPUTS * (MONOCLE_PANEL_ROWS * 32 + 12 * 288),
    MONOCLE_WIDENED_SCRATCH = MONOCLE_PANEL_OUTPUTS * (MONOCLE_PANEL_ROWS * 64 + 256 * 4),
    /// The AMX kernel: outputs and rows whose float32 sums it keeps, outputs it decodes at a time, 512 inputs of them in
    /// bf16; its scratch, both.
    MONOCLE_AMX_OUTPUTS = 256,
    MONOCLE_AMX_ROWS = 512,
    MONOCLE_AMX_PANEL = 128,
    MONOCLE_AMX_SCRATCH = MONOCLE_AMX_OUTPUTS * MONOCLE_AMX_ROWS * 4 + MONOCLE_AMX_PANEL * 1024,
};

/// A weight matrix [outputs, inputs], row-major, at any address; nothing is read outside it.
struct monocle_weight {
    enum monocle_weight_format format;
    size_t outputs, inputs;
    const uint8_t *elements;
    /// NVFP4: [outputs, inputs/16].
    const uint8_t *block_scales;
    /// Widened kernels multiply it into each fp8 element or NVFP4 block scale.
    float element_factor;
    /// Multiplies each finished sum.
    float sum_factor;
    /// [outputs], added last; or NULL.
    const float *bias;
};

/// Rows packed by the kernel's `pack`, `stride` bytes apart, 64-byte aligned. In tiles: the units of all rows are `stride`
/// bytes apart; in a unit sixteen rows are a run of tiles, 16 x 64 bytes each, of which a row is a line.
struct monocle_packed_rows {
    const uint8_t *bytes;
    size_t stride, rows;
};

/// Packs the units [first, last) of one row x [inputs]; the last unit is filled with zeros. A unit is the kernel's own
/// number of inputs. `input_scale` is read by NVFP4 activations only.
typedef void monocle_pack(const float *x, size_t inputs, float input_scale, size_t first, size_t last, uint8_t *row);

/// y [rows, outputs]: columns [first, last). `scratch` is the calling thread's own, 64-byte aligned.
typedef void monocle_multiply(const struct monocle_weight *weight, const struct monocle_packed_rows *x, size_t first,
                              size_t last, float *y, uint8_t *scratch);

// float32 activations, or activations rounded to bf16 and held as float32, against weights widened to float32.
// Units of 16 inputs, 64 bytes. Scratch: MONOCLE_WIDENED_SCRATCH bytes.
monocle_pack monocle_pack_f32;
monocle_pack monocle_pack_bf16_as_f32;
monocle_multiply monocle_linear_widened_scalar;
monocle_multiply monocle_linear_widened_avx2;
monocle_multiply monocle_linear_widened_avx512;

// int8 (w4a8) or NVFP4 (w4a4) activations against NVFP4 weights, exact integer products of a block.
// scalar: units of 16 inputs, 24 bytes; scratch: 20 bytes for each 16 inputs.
monocle_pack monocle_pack_int8_scalar;
monocle_pack monocle_pack_nvfp4_scalar;
monocle_multiply monocle_linear_int8_scalar;
// avx2: units of 128 inputs, 192 bytes; panels' scratch: MONOCLE_PANEL_SCRATCH bytes.
monocle_pack monocle_pack_int8_avx2;
monocle_pack monocle_pack_nvfp4_avx2;
monocle_multiply monocle_linear_int8_rows_avx2;
monocle_multiply monocle_linear_int8_panels_avx2;
// avx512: units of 256 inputs, 384 bytes; panels' scratch: 320 bytes for each 16 inputs.
monocle_pack monocle_pack_int8_rows_avx512;
monocle_pack monocle_pack_nvfp4_rows_avx512;
monocle_multiply monocle_linear_int8_rows_avx512;
monocle_pack monocle_pack_int8_panels_avx512;
monocle_pack monocle_pack_nvfp4_panels_avx512;
monocle_multiply monocle_linear_int8_panels_avx512;

// int16 (w4a16) activations against NVFP4 weights, exact integer products of a block.
// avx2: units of 128 inputs, rows 320 bytes, panels 288; panels' scratch: MONOCLE_PANEL_SCRATCH bytes.
monocle_pack monocle_pack_int16_rows_avx2;
monocle_multiply monocle_linear_int16_rows_avx2;
monocle_pack monocle_pack_int16_panels_avx2;
monocle_multiply monocle_linear_int16_panels_avx2;

// bf16 (w4a16) activations against NVFP4 weights.
// avx512: units of 256 inputs, 512 bytes; panels' scratch: 576 bytes for each 16 inputs.
monocle_pack monocle_pack_blocks_rows_avx512;
monocle_multiply monocle_linear_blocks_rows_avx512;
monocle_pack monocle_pack_blocks_panels_avx512;
monocle_multiply monocle_linear_blocks_panels_avx512;

// bf16 activations against bf16 or fp8 weights. Units of 32 inputs, 64 bytes; panels' scratch: 512 bytes for each 16
// inputs and 1024 more.
monocle_pack monocle_pack_bf16_rows_avx512;
monocle_multiply monocle_linear_bf16_rows_avx512;
monocle_pack monocle_pack_bf16_panels_avx512;
monocle_multiply monocle_linear_bf16_panels_avx512;

// bf16 activations against bf16, fp8 or NVFP4 (`blocks`) weights. Units of 512 inputs.
// Tiles: 1024 bytes, packed unit by unit to lines 1024 bytes apart. Scratch: MONOCLE_AMX_SCRATCH bytes.
// Up to four rows: 2048 bytes; scratch: 128 bytes for each 16 inputs, units filled up.
monocle_pack monocle_pack_bf16_amx;
monocle_pack monocle_pack_blocks_amx;
monocle_multiply monocle_linear_amx;
monocle_pack monocle_pack_bf16_amx_rows;
monocle_pack monocle_pack_blocks_amx_rows;
monocle_multiply monocle_linear_amx_rows;

#endif
