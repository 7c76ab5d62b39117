// bf16, fp8 and NVFP4 weights times one to four rows of bf16 activations, bit for bit as AMX tiles multiply them, but
// as the weights stream by: decoding into tiles would take longer than memory does.
#include "linear.h"

#if defined(__x86_64__)
#include "linear_tiles.h"

enum {
    UNIT_BYTES = 4 * TILES_UNIT,  // packed activations of a unit: each vector's first and second halves as float32
    SUMS_BYTES = 64 * LANES,      // sums of the chunks of a unit, for sixteen outputs
};

INLINE uint32_t without_denormals(uint32_t bits) { return bits & 0x7F800000 ? bits : bits & 0x80000000; }

AVX512 INLINE void pack(const float *x, size_t inputs, size_t first, size_t last, uint8_t *row, bool blocks) {
    for (size_t unit = first; unit < last; unit++) {
        uint32_t pairs[TILES_VECTORS][LANES];
        unit_pairs(x, inputs, unit, blocks, pairs);
        uint32_t *const target = (void *)(row + unit * UNIT_BYTES);
        for (size_t vector = 0; vector < TILES_VECTORS; vector++)
            for (size_t lane = 0; lane < LANES; lane++) {
                target[2 * vector * LANES + lane] = without_denormals(pairs[vector][lane] << 16);
                target[(2 * vector + 1) * LANES + lane] = without_denormals(pairs[vector][lane] & 0xFFFF0000);
            }
    }
}

AVX512 void monocle_pack_bf16_amx_rows(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                       uint8_t *row) {
    (void)input_scale;
    pack(x, inputs, first, last, row, false);
}

AVX512 void monocle_pack_blocks_amx_rows(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                         uint8_t *row) {
    (void)input_scale;
    pack(x, inputs, first, last, row, true);
}

struct chunk_sums {
    __m512 first[FEW], second[FEW];
};

/// Adds a vector of pairs of a weight row.
AVX512 INLINE void add_pair(struct chunk_sums *sums, __m512 first, __m512 second, const uint8_t *x, size_t stride,
                            const int rows) {
    UNROLL for (int r = 0; r < rows; r++) {
        const float *const pair = (const void *)(x + r * stride);
        sums->first[r] = _mm512_fmadd_ps(first, _mm512_load_ps(pair), sums->first[r]);
        sums->second[r] = _mm512_fmadd_ps(second, _mm512_load_ps(pair + LANES), sums->second[r]);
    }
}

/// Adds `inputs` inputs, at most a unit, of a weight row, from its input `start` on.
AVX512 INLINE void add_unit(const struct monocle_weight *weight, size_t output, size_t start, size_t inputs,
                            const uint8_t *x, size_t stride, const int rows, const enum monocle_weight_format format,
                            struct chunk_sums *sums) {
    if (format == MONOCLE_WEIGHT_NVFP4) {
        const uint8_t *codes = weight->elements + (output * weight->inputs + start) / 2;
        const uint8_t *scales = weight->block_scales + (output * weight->inputs + start) / 16;
        for (size_t done = 0; done < inputs; done += HALF_UNIT, codes += HALF_UNIT / 2, scales += LANES) {
            prefetch_stream(codes);
            prefetch_stream(codes + 64);
            const struct nvfp4_unit half = load_unit(codes, scales, (inputs - done) / 16);
            UNROLL for (int i = 0; i < 8; i++) {
                __m512 first, second;
                scaled_pair(half.front, half.back, half.scales, i, &first, &second);
                add_pair(sums, first, second, x + (done / HALF_UNIT * 8 + (size_t)i) * 128, stride, rows);
            }
        }
    } else {
        const bool fp8 = format == MONOCLE_WEIGHT_FP8;
        const uint8_t *const row = weight->elements + output * weight->inputs * (fp8 ? 1 : 2);
        for (size_t done = 0; done < inputs; done += PAIRS_UNIT, x += 128) {
            prefetch_stream(row + (start + done) * (fp8 ? 1 : 2));
            const __m512i pairs = load_pairs(row, start + done, inputs - done, fp8);
            const __m512i upper = _mm512_and_si512(pairs, _mm512_set1_epi32((int)0xFFFF0000));
            add_pair(sums, _mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)), _mm512_castsi512_ps(upper), x, stride,
                     rows);
        }
    }
}

AVX512 INLINE void multiply_rows(const struct monocle_weight *weight, const struct monocle_packed_rows *x, size_t first,
                                 size_t last, float *y, uint8_t *scratch, const int rows,
                                 const enum monocle_weight_format format) {
    const size_t inputs = weight->inputs, units = (inputs + TILES_UNIT - 1) / TILES_UNIT;
    for (size_t output = first; output < last; output += LANES) {
        const size_t outputs = last - output < LANES ? last - output : LANES;
        for (size_t i = 0; i < outputs; i++)
            for (size_t unit = 0; unit < units; unit++) {
                const size_t start = unit * TILES_UNIT, left = inputs - start;
                struct chunk_sums sums;
                UNROLL for (int r = 0; r < rows; r++) sums.first[r] = sums.second[r] = _mm512_setzero_ps();
                add_unit(weight, output + i, start, left < TILES_UNIT ? left : TILES_UNIT, x->bytes + unit * UNIT_BYTES,
                         x->stride, rows, format, &sums);
                UNROLL for (int r = 0; r < rows; r++)
                    _mm512_store_ps(scratch + ((size_t)r * units + unit) * SUMS_BYTES + 64 * i,
                                    _mm512_add_ps(sums.first[r], sums.second[r]));
            }
        for (int r = 0; r < rows; r++) {
            __m512 totals = _mm512_setzero_ps();
            for (size_t unit = 0; unit < units; unit++) {
                __m512i lanes[LANES];
                const uint8_t *const source = scratch + ((size_t)r * units + unit) * SUMS_BYTES;
                UNROLL for (int i = 0; i < LANES; i++)
                    lanes[i] = (size_t)i < outputs ? _mm512_load_si512(source + 64 * i) : _mm512_setzero_si512();
                transpose_words(lanes);
                UNROLL for (int i = 0; i < LANES; i++) totals = _mm512_add_ps(totals, _mm512_castsi512_ps(lanes[i]));
            }
            finish(weight, totals, (size_t)r, output, outputs, y);
        }
    }
}

AVX512 INLINE void multiply(const struct monocle_weight *weight, const struct monocle_packed_rows *x, size_t first,
                            size_t last, float *y, uint8_t *scratch, const enum monocle_weight_format format) {
    switch (x->rows) {
    case 1: multiply_rows(weight, x, first, last, y, scratch, 1, format); break;
    case 2: multiply_rows(weight, x, first, last, y, scratch, 2, format); break;
    case 3: multiply_rows(weight, x, first, last, y, scratch, 3, format); break;
    default: multiply_rows(weight, x, first, last, y, scratch, FEW, format); break;
    }
}

AVX512 void monocle_linear_amx_rows(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                    size_t first, size_t last, float *y, uint8_t *scratch) {
    const unsigned control = _mm_getcsr();
    // Sums that are denormal become zero, as in tiles, and bf16 weights that are; block scales may be on their way.
    _mm_setcsr(control | (weight->format == MONOCLE_WEIGHT_NVFP4 ? 0x8000 : 0x8040));
    switch (weight->format) {
    case MONOCLE_WEIGHT_NVFP4: multiply(weight, x, first, last, y, scratch, MONOCLE_WEIGHT_NVFP4); break;
    case MONOCLE_WEIGHT_FP8: multiply(weight, x, first, last, y, scratch, MONOCLE_WEIGHT_FP8); break;
    default: multiply(weight, x, first, last, y, scratch, MONOCLE_WEIGHT_BF16); break;
    }
    _mm_setcsr(control);
}
#endif
