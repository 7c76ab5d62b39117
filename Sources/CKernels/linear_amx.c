// bf16, fp8 and NVFP4 weights times bf16 activations in AMX tiles, for four rows and more. An e4m3 value, and an e2m1
// value times its e4m3 block scale, are exact in bf16: whatever the format, weights become bf16 and are multiplied by one
// instruction. The order of sums stands in linear_tiles.h; a sum's bits do not depend on the other rows and outputs of its
// tile. Denormals count as zero.
#include "linear.h"

#if defined(__x86_64__)
#include "linear_tiles.h"
#include "tile_configuration.h"

#define AMX __attribute__((target("amx-tile,amx-bf16,avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16")))

enum {
    SIDE = 16,                  // rows and outputs of a tile
    TILE_BYTES = 64 * SIDE,     // of sums, of a chunk of sixteen rows, of a chunk of sixteen outputs
    CHUNKS = LANES,             // of a unit
    UNIT_BYTES = CHUNKS * TILE_BYTES,     // packed activations of a unit of sixteen rows
    DECODED_BYTES = CHUNKS * TILE_BYTES,  // a unit of sixteen outputs
    PANEL_TILES = MONOCLE_AMX_PANEL / SIDE,
    SUM_TILES = MONOCLE_AMX_OUTPUTS / SIDE,
    HALF = CHUNKS / 2,  // what fits into the first cache: of two tiles of rows and of two tiles of outputs
};

AMX INLINE void pack(const float *x, size_t inputs, size_t first, size_t last, uint8_t *row, bool blocks) {
    for (size_t unit = first; unit < last; unit++) {
        uint32_t pairs[TILES_VECTORS][LANES];
        unit_pairs(x, inputs, unit, blocks, pairs);
        uint32_t *const target = (void *)(row + unit * UNIT_BYTES);
        for (size_t lane = 0; lane < LANES; lane++)
            for (size_t vector = 0; vector < TILES_VECTORS; vector++)
                target[lane * TILE_BYTES / 4 + vector] = pairs[vector][lane];
    }
}

AMX void monocle_pack_bf16_amx(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                               uint8_t *row) {
    (void)input_scale;
    pack(x, inputs, first, last, row, false);
}

AMX void monocle_pack_blocks_amx(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                 uint8_t *row) {
    (void)input_scale;
    pack(x, inputs, first, last, row, true);
}

/// A unit of up to sixteen outputs as tiles of weights, one for each chunk: line `vector` holds a pair of sixteen outputs.
/// `ahead`: bytes from a weight row's unit to what will be decoded next.
AMX INLINE void decode_pairs(const struct monocle_weight *weight, size_t output, size_t outputs, size_t unit,
                             size_t ahead, uint8_t *tiles, const bool fp8) {
    const size_t inputs = weight->inputs, size = fp8 ? 1 : 2;
    for (size_t vector = 0; vector < TILES_VECTORS; vector++) {
        const size_t start = unit * TILES_UNIT + vector * PAIRS_UNIT, left = start < inputs ? inputs - start : 0;
        __m512i pairs[16];
        for (size_t i = 0; i < 16; i++) {
            const uint8_t *const row = weight->elements + (output + (i < outputs ? i : 0)) * inputs * size;
            if (!fp8 || vector % 2 == 0) __builtin_prefetch(row + start * size + ahead, 0, 2);
            pairs[i] = left ? load_pairs(row, start, left, fp8) : _mm512_setzero_si512();
        }
        transpose_words(pairs);
        UNROLL for (int lane = 0; lane < LANES; lane++)
            _mm512_store_si512(tiles + lane * TILE_BYTES + 64 * vector, pairs[lane]);
    }
}

AMX INLINE void decode_nvfp4(const struct monocle_weight *weight, size_t output, size_t outputs, size_t unit,
                             size_t ahead, uint8_t *tiles) {
    const size_t blocks = weight->inputs / 16;
    for (size_t half = 0; half < 2; half++, tiles += TILE_BYTES / 2) {
        for (size_t i = 0; i < outputs; i++) {
            const size_t block = (output + i) * blocks + (2 * unit + half) * LANES;
            __builtin_prefetch(weight->elements + block * 8 + ahead, 0, 2);
            __builtin_prefetch(weight->elements + block * 8 + ahead + 64, 0, 2);
            __builtin_prefetch(weight->block_scales + block + ahead / 8, 0, 2);
        }
        const struct nvfp4_columns columns = load_columns(weight, output, outputs, 2 * unit + half);
        for (size_t lane = 0; lane < LANES; lane++) {
            const __m512 factors = _mm512_castsi512_ps(columns.scales[lane]);
            UNROLL for (int i = 0; i < 8; i++) {
                __m512 first, second;
                scaled_pair(columns.front[lane], columns.back[lane], factors, i, &first, &second);
                const __m512i lower = _mm512_srli_epi32(_mm512_castps_si512(first), 16);
                _mm512_store_si512(tiles + lane * TILE_BYTES + 64 * i,
                                   _mm512_mask_mov_epi16(lower, 0xAAAAAAAA, _mm512_castps_si512(second)));
            }
        }
    }
}

AMX INLINE void decode(const struct monocle_weight *weight, size_t output, size_t outputs, size_t unit, size_t ahead,
                       uint8_t *tiles, const enum monocle_weight_format format) {
    if (format == MONOCLE_WEIGHT_NVFP4) decode_nvfp4(weight, output, outputs, unit, ahead, tiles);
    else decode_pairs(weight, output, outputs, unit, ahead, tiles, format == MONOCLE_WEIGHT_FP8);
}

/// Bytes of `inputs` elements.
INLINE size_t element_bytes(size_t inputs, const enum monocle_weight_format format) {
    return format == MONOCLE_WEIGHT_NVFP4 ? inputs / 2 : format == MONOCLE_WEIGHT_FP8 ? inputs : 2 * inputs;
}

// Tiles 0 to 3 hold sums, 4 and 5 activations, 6 and 7 weights.

/// Adds a unit of sixteen outputs to the sums of up to sixteen rows.
AMX INLINE void add_unit(const uint8_t *tiles, const uint8_t *x) {
    UNROLL for (int chunk = 0; chunk < CHUNKS; chunk++) {
        _tile_loadd(4, x + TILE_BYTES * chunk, 64);
        _tile_loadd(6, tiles + TILE_BYTES * chunk, 64);
        _tile_dpbf16ps(0, 4, 6);
    }
}

/// Up to sixteen rows: every weight is decoded once and used at once; while tiles multiply a unit the next is decoded.
AMX INLINE void few_rows(const struct monocle_weight *weight, const struct monocle_packed_rows *x, size_t first,
                         size_t last, float *y, uint8_t *scratch, const enum monocle_weight_format format) {
    const size_t units = (weight->inputs + TILES_UNIT - 1) / TILES_UNIT;
    // What is read next of a row are the sixteen rows behind these, which lie behind them.
    const size_t ahead = SIDE * element_bytes(weight->inputs, format);
    float *const sums = (void *)(scratch + 2 * DECODED_BYTES);
    configure_tiles((uint8_t)x->rows);
    for (size_t output = first; output < last; output += SIDE) {
        const size_t outputs = last - output < SIDE ? last - output : SIDE;
        decode(weight, output, outputs, 0, ahead, scratch, format);
        _tile_zero(0);
        for (size_t unit = 0; unit < units; unit++) {
            if (unit + 1 < units)
                decode(weight, output, outputs, unit + 1, ahead, scratch + (unit + 1) % 2 * DECODED_BYTES, format);
            add_unit(scratch + unit % 2 * DECODED_BYTES, x->bytes + unit * x->stride);
        }
        _tile_stored(0, sums, 64);
        for (size_t row = 0; row < x->rows; row++)
            finish(weight, _mm512_load_ps(sums + row * SIDE), row, output, outputs, y);
    }
    _tile_release();
}

/// Adds half a unit of two tiles of outputs to the sums of one or two tiles of rows: `sums` [rows, SUM_TILES] tiles.
AMX INLINE void add_tiles(const uint8_t *tiles, const uint8_t *x, bool begun, uint8_t *sums, const bool two) {
    uint8_t *const below = sums + SUM_TILES * TILE_BYTES;
    if (begun) {
        _tile_loadd(0, sums, 64);
        _tile_loadd(1, sums + TILE_BYTES, 64);
        if (two) {
            _tile_loadd(2, below, 64);
            _tile_loadd(3, below + TILE_BYTES, 64);
        }
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    UNROLL for (int chunk = 0; chunk < HALF; chunk++) {
        _tile_loadd(6, tiles + TILE_BYTES * chunk, 64);
        _tile_loadd(4, x + TILE_BYTES * chunk, 64);
        _tile_dpbf16ps(0, 4, 6);
        if (two) {
            _tile_loadd(5, x + UNIT_BYTES + TILE_BYTES * chunk, 64);
            _tile_dpbf16ps(2, 5, 6);
        }
        _tile_loadd(7, tiles + DECODED_BYTES + TILE_BYTES * chunk, 64);
        _tile_dpbf16ps(1, 4, 7);
        if (two) _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, sums, 64);
    _tile_stored(1, sums + TILE_BYTES, 64);
    if (two) {
        _tile_stored(2, below, 64);
        _tile_stored(3, below + TILE_BYTES, 64);
    }
}

/// The tiles of rows [first, last) of a unit, packed at `x`, with `count` tiles of a panel; their sums start at `sums`.
AMX INLINE void multiply_panel(const uint8_t *panel, size_t count, const uint8_t *x, size_t first, size_t last,
                               bool begun, uint8_t *sums) {
    for (size_t half = 0; half < CHUNKS; half += HALF)
        for (size_t r = first; r < last; r += 2)
            for (size_t tile = 0; tile < count; tile += 2) {
                uint8_t *const target = sums + ((r - first) * SUM_TILES + tile) * TILE_BYTES;
                const uint8_t *const weights = panel + tile * DECODED_BYTES + half * TILE_BYTES;
                const uint8_t *const rows = x + r * UNIT_BYTES + half * TILE_BYTES;
                if (r + 1 < last) add_tiles(weights, rows, begun || half, target, true);
                else add_tiles(weights, rows, begun || half, target, false);
            }
}

/// Rows [row, end) of up to MONOCLE_AMX_OUTPUTS outputs; `row` is a multiple of sixteen. The rows' unit is read from the
/// caches for all of them, one panel after the other.
AMX INLINE void many_rows(const struct monocle_weight *weight, const struct monocle_packed_rows *x, size_t row,
                          size_t end, size_t output, size_t outputs, float *y, uint8_t *scratch,
                          const enum monocle_weight_format format) {
    const size_t units = (weight->inputs + TILES_UNIT - 1) / TILES_UNIT, next_unit = element_bytes(TILES_UNIT, format);
    const size_t first = row / SIDE, last = (end + SIDE - 1) / SIDE, tiles = (outputs + SIDE - 1) / SIDE;
    uint8_t *const panel = scratch, *const sums = scratch + PANEL_TILES * DECODED_BYTES;
    for (size_t unit = 0; unit < units; unit++)
        for (size_t start = 0; start < tiles; start += PANEL_TILES) {
            const size_t count = tiles - start < PANEL_TILES ? tiles - start : PANEL_TILES;
            // The partner of an odd last tile.
            if (count % 2) memset(panel + count * DECODED_BYTES, 0, DECODED_BYTES);
            for (size_t tile = 0; tile < count; tile++) {
                const size_t skipped = (start + tile) * SIDE, left = outputs - skipped;
                decode(weight, output + skipped, left < SIDE ? left : SIDE, unit, next_unit,
                       panel + tile * DECODED_BYTES, format);
            }
            multiply_panel(panel, count, x->bytes + unit * x->stride, first, last, unit > 0, sums + start * TILE_BYTES);
        }
    for (size_t r = row; r < end; r++)
        for (size_t tile = 0; tile < tiles; tile++) {
            const size_t left = outputs - tile * SIDE;
            const float *const source =
                (const void *)(sums + ((r / SIDE - first) * SUM_TILES + tile) * TILE_BYTES + r % SIDE * 64);
            finish(weight, _mm512_load_ps(source), r, output + tile * SIDE, left < SIDE ? left : SIDE, y);
        }
}

AMX INLINE void all_rows(const struct monocle_weight *weight, const struct monocle_packed_rows *x, size_t first,
                         size_t last, float *y, uint8_t *scratch, const enum monocle_weight_format format) {
    if (x->rows <= SIDE) {
        few_rows(weight, x, first, last, y, scratch, format);
        return;
    }
    configure_tiles(SIDE);
    // Parts of about equal size.
    const size_t parts = (x->rows + MONOCLE_AMX_ROWS - 1) / MONOCLE_AMX_ROWS;
    const size_t tiles = (x->rows + SIDE - 1) / SIDE;
    for (size_t part = 0; part < parts; part++) {
        const size_t row = tiles * part / parts * SIDE, next = tiles * (part + 1) / parts * SIDE;
        const size_t end = next < x->rows ? next : x->rows;
        for (size_t output = first; output < last; output += MONOCLE_AMX_OUTPUTS) {
            const size_t left = last - output;
            many_rows(weight, x, row, end, output, left < MONOCLE_AMX_OUTPUTS ? left : MONOCLE_AMX_OUTPUTS, y,
                      scratch, format);
        }
    }
    _tile_release();
}

AMX void monocle_linear_amx(const struct monocle_weight *weight, const struct monocle_packed_rows *x, size_t first,
                            size_t last, float *y, uint8_t *scratch) {
    switch (weight->format) {
    case MONOCLE_WEIGHT_NVFP4: all_rows(weight, x, first, last, y, scratch, MONOCLE_WEIGHT_NVFP4); break;
    case MONOCLE_WEIGHT_FP8: all_rows(weight, x, first, last, y, scratch, MONOCLE_WEIGHT_FP8); break;
    default: all_rows(weight, x, first, last, y, scratch, MONOCLE_WEIGHT_BF16); break;
    }
}
#endif
