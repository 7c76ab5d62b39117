// Attention in AMX tiles: queries, keys, weights and values rounded to bf16, float32 sums. Blocks of 64 keys with a
// running maximum, as wide/attention.h; a query's result does not depend on the other queries of a call.
#include "kernels.h"

#if defined(__x86_64__)
#include "avx512.h"
#include "tile_configuration.h"

#define WIDE_FMA 1
#define WIDE_REGISTERS 32

#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push( \
    __attribute__((target("amx-tile,amx-bf16,avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16"))), \
    apply_to = function)

#include "wide/vector.h"

enum {
    SIDE = 16,              // queries, keys or elements of a tile, and positions of a page
    BLOCK = 64,             // keys
    KEY_TILES = BLOCK / SIDE,
    DEPTH = 32,             // what a tile of factors adds up: elements of a head, or keys
    CHUNKS = MONOCLE_MAX_HEAD_DIM / DEPTH,
    HALVES = BLOCK / DEPTH,
    QUERY_TILES = MONOCLE_MAX_QUERIES / SIDE,
};

typedef uint16_t factors[SIDE * DEPTH] __attribute__((aligned(64)));  // a tile of bf16: lines, or pairs by columns
typedef float sums[SIDE * SIDE] __attribute__((aligned(64)));

struct block {
    factors keys[KEY_TILES][CHUNKS];     // pairs of elements, by key
    factors values[HALVES][2 * CHUNKS];  // pairs of keys, by element: `value_column`
};

struct query_tile {
    factors queries[CHUNKS];
    sums out[2 * CHUNKS];  // by element: `value_column`
    float weights[SIDE][LANES];
    float maxima[SIDE];
};

/// Where an element of a head stands in the 32 columns of its chunk's two tiles of values, as rows are interleaved: four
/// neighbours stay together.
INLINE size_t value_column(size_t element) {
    const size_t chunk = element / DEPTH, place = element % DEPTH;
    return chunk * DEPTH + place / 4 % 2 * SIDE + place / 8 * 4 + place % 4;
}

INLINE size_t element_size(const int format) {
    return format == MONOCLE_F32 ? 4 : format == MONOCLE_E4M3 ? 1 : 2;
}

/// 32 elements from `first` on of a row of `head_dim`, in bf16; zeros behind its end.
INLINE __m512i load_factors(const uint8_t *row, size_t first, size_t head_dim, const int format) {
    const size_t left = head_dim - first;
    const __mmask32 mask = left < DEPTH ? (1u << left) - 1 : ~0u;
    row += first * element_size(format);
    if (format == MONOCLE_BF16) return _mm512_maskz_loadu_epi16(mask, row);
    if (format == MONOCLE_E4M3) return widen_e4m3(_mm256_maskz_loadu_epi8(mask, row));
    const __m512 low = _mm512_maskz_loadu_ps((__mmask16)mask, row);
    return (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps((__mmask16)(mask >> LANES), row + 4 * LANES), low);
}

/// The pages of a block.
struct pages {
    const uint8_t *keys[KEY_TILES], *values[KEY_TILES];
    size_t row_stride;
    size_t chunk_bytes;
};

/// Those at positions from `start` on; pages from `last` on repeat the one before.
INLINE struct pages find_pages(const struct monocle_cache *cache, size_t start, size_t last) {
    struct pages found = {.row_stride = cache->row_stride, .chunk_bytes = DEPTH * element_size(cache->format)};
    size_t offset = 0;
    for (size_t tile = 0; tile < KEY_TILES; tile++) {
        const size_t page = start / SIDE + tile;
        if (page * SIDE < last)
            offset = (cache->pages ? (size_t)cache->pages[page] : page) * cache->page_stride;
        found.keys[tile] = (const uint8_t *)cache->keys + offset;
        found.values[tile] = (const uint8_t *)cache->values + offset;
    }
    return found;
}

/// Asks for one chunk of sixteen keys or values, unless `pages` is NULL, while tiles multiply.
INLINE void ask(const struct pages *pages, const int values, size_t tile, size_t chunk) {
    if (!pages) return;
    const uint8_t *const rows = (values ? pages->values : pages->keys)[tile] + chunk * pages->chunk_bytes;
    for (size_t i = 0; i < SIDE; i++) __builtin_prefetch(rows + i * pages->row_stride, 0, 2);
}

/// Lays out `count` keys and values; zeros stand for those that are missing.
INLINE void load_block(const struct pages *pages, size_t count, size_t head_dim, const int format,
                       struct block *block) {
    const size_t chunks = (head_dim + DEPTH - 1) / DEPTH, stride = pages->row_stride;
    const __m512i zero = _mm512_setzero_si512();
    for (size_t tile = 0; tile < KEY_TILES; tile++) {
        const size_t keys = tile * SIDE < count ? count - tile * SIDE : 0;
        for (size_t chunk = 0; chunk < chunks; chunk++) {
            const size_t first = chunk * DEPTH;
            __m512i lines[SIDE];
            UNROLL for (size_t i = 0; i < SIDE; i++)
                lines[i] = i < keys ? load_factors(pages->keys[tile] + i * stride, first, head_dim, format) : zero;
            transpose_words(lines);
            UNROLL for (size_t i = 0; i < SIDE; i++)
                _mm512_store_si512(block->keys[tile][chunk] + i * DEPTH, lines[i]);
            for (size_t i = 0; i < SIDE; i += 2) {
                const uint8_t *const row = pages->values[tile] + i * stride;
                const __m512i a = i < keys ? load_factors(row, first, head_dim, format) : zero;
                const __m512i b = i + 1 < keys ? load_factors(row + stride, first, head_dim, format) : zero;
                factors *const target = block->values[tile / 2] + 2 * chunk;
                const size_t line = (tile % 2 * SIDE + i) / 2 * DEPTH;
                _mm512_store_si512(target[0] + line, _mm512_unpacklo_epi16(a, b));
                _mm512_store_si512(target[1] + line, _mm512_unpackhi_epi16(a, b));
            }
        }
    }
}

/// Adds a chunk of the queries, in tile 4, times one tile of keys to the sums of tile `index`.
#define SCORE(index) \
    ask(ahead, 0, index, chunk); \
    _tile_loadd(6, block->keys[index][chunk], 64); \
    _tile_dpbf16ps(index, 4, 6);

/// Scores of a tile of queries with the block's keys, [key tile][query][key].
INLINE void score(const struct query_tile *tile, const struct block *block, size_t chunks, const struct pages *ahead,
                  sums scores[KEY_TILES]) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        _tile_loadd(4, tile->queries[chunk], 64);
        SCORE(0) SCORE(1) SCORE(2) SCORE(3)
    }
    _tile_stored(0, scores[0], 64);
    _tile_stored(1, scores[1], 64);
    _tile_stored(2, scores[2], 64);
    _tile_stored(3, scores[3], 64);
}

/// Turns a query's scores into weights under its new running maximum; those of keys from `keys` on are zero.
/// - Returns: the factor of what was summed before.
INLINE float weigh(struct query_tile *tile, size_t query, const sums scores[KEY_TILES], size_t keys, float factor,
                   factors weights[HALVES]) {
    const float minus_infinity = -__builtin_inff();
    vf v[KEY_TILES];
    UNROLL for (size_t i = 0; i < KEY_TILES; i++) {
        v[i] = load(scores[i] + query * SIDE) * factor;
        if (keys < BLOCK) v[i] = lanes_below((int32_t)keys - (int32_t)(i * SIDE)) ? v[i] : (vf)(minus_infinity);
    }
    const float before = tile->maxima[query];
    const float largest_score = largest(larger(larger(v[0], v[1]), larger(v[2], v[3])));
    const float after = largest_score > before ? largest_score : before;
    const float correction = before == after ? 1.0f : exp2_not_positive(splat(before - after))[0];
    vf total = load(tile->weights[query]) * correction;
    UNROLL for (size_t i = 0; i < KEY_TILES; i++) {
        v[i] = exp2_not_positive(v[i] - after);
        total = total + v[i];
    }
    UNROLL for (size_t half = 0; half < HALVES; half++)
        _mm512_store_si512(weights[half] + query * DEPTH,
                           (__m512i)_mm512_cvtne2ps_pbh((__m512)v[2 * half + 1], (__m512)v[2 * half]));
    store(tile->weights[query], total);
    tile->maxima[query] = after;
    return correction;
}

/// Adds the weights of one half of the keys, in tile 6 or 7, times sixteen columns of values to the sums of tile `index`.
#define ADD_VALUES(index, half) \
    _tile_loadd(4 + (index) % 2, block->values[half][column + (index)], 64); \
    _tile_dpbf16ps(index, 6 + (half), 4 + (index) % 2);
#define LOAD_SUMS(index) _tile_loadd(index, tile->out[column + (index)], 64);
#define STORE_SUMS(index) _tile_stored(index, tile->out[column + (index)], 64);

/// Adds the block's values, weighted, to what was summed before.
INLINE void add_values(struct query_tile *tile, const struct block *block, size_t chunks, const struct pages *ahead,
                       const factors weights[HALVES]) {
    _tile_loadd(6, weights[0], 64);
    _tile_loadd(7, weights[1], 64);
    for (size_t column = 0; column < 2 * chunks;) {
        for (size_t i = 0; i < KEY_TILES; i++) ask(ahead, 1, i, column / 2);
        if (column + 4 <= 2 * chunks) {
            for (size_t i = 0; i < KEY_TILES; i++) ask(ahead, 1, i, column / 2 + 1);
            LOAD_SUMS(0) LOAD_SUMS(1) LOAD_SUMS(2) LOAD_SUMS(3)
            ADD_VALUES(0, 0) ADD_VALUES(1, 0) ADD_VALUES(2, 0) ADD_VALUES(3, 0)
            ADD_VALUES(0, 1) ADD_VALUES(1, 1) ADD_VALUES(2, 1) ADD_VALUES(3, 1)
            STORE_SUMS(0) STORE_SUMS(1) STORE_SUMS(2) STORE_SUMS(3)
            column += 4;
        } else {
            LOAD_SUMS(0) LOAD_SUMS(1)
            ADD_VALUES(0, 0) ADD_VALUES(1, 0)
            ADD_VALUES(0, 1) ADD_VALUES(1, 1)
            STORE_SUMS(0) STORE_SUMS(1)
            column += 2;
        }
    }
}

/// One block, positions from `start` to `end`, for `count` queries, each of those below its limit. `ahead`, unless NULL,
/// will be read next.
INLINE void attend_tile(struct query_tile *tile, const int32_t *limits, size_t count, size_t start, size_t end,
                        const struct block *block, size_t chunks, const struct pages *ahead, float factor) {
    sums scores[KEY_TILES];
    factors weights[HALVES];
    score(tile, block, chunks, ahead, scores);
    if (count < SIDE) __builtin_memset(weights, 0, sizeof weights);
    for (size_t query = 0; query < count; query++) {
        const size_t limit = (size_t)limits[query] < end ? (size_t)limits[query] : end;
        if (limit <= start) {
            UNROLL for (size_t half = 0; half < HALVES; half++)
                _mm512_store_si512(weights[half] + query * DEPTH, _mm512_setzero_si512());
            continue;
        }
        const float correction = weigh(tile, query, scores, limit - start, factor, weights);
        if (correction == 1) continue;
        for (size_t column = 0; column < 2 * chunks; column++) {
            float *const out = tile->out[column] + query * SIDE;
            store(out, load(out) * correction);
        }
    }
    add_values(tile, block, chunks, ahead, weights);
}

void monocle_attend_amx(const struct monocle_cache *cache, size_t first, size_t last, size_t head_dim, float scale,
                        const float *const *queries, const int32_t *limits, size_t count, float *records) {
    const int format = cache->format;
    if (cache->pages && format == MONOCLE_F32) {
        // Kept as float32 by somebody who wants all of it.
        monocle_kernels_avx512()->attend(cache, first, last, head_dim, scale, queries, limits, count, records);
        return;
    }
    const size_t chunks = (head_dim + DEPTH - 1) / DEPTH, tiles = (count + SIDE - 1) / SIDE;
    const float key_scale = format == MONOCLE_E4M3 ? cache->key_scale : 1;
    const float value_scale = format == MONOCLE_E4M3 ? cache->value_scale : 1;
    const float factor = scale * 0x1.715476p+0f * key_scale;  // scores in powers of two
    struct query_tile tile[QUERY_TILES];
    struct block block;
    for (size_t t = 0; t < tiles; t++) {
        for (size_t query = 0; query < SIDE; query++) {
            const size_t index = t * SIDE + query;
            for (size_t chunk = 0; chunk < chunks; chunk++)
                _mm512_store_si512(
                    tile[t].queries[chunk] + query * DEPTH,
                    index < count
                        ? load_factors((const uint8_t *)queries[index], chunk * DEPTH, head_dim, MONOCLE_F32)
                        : _mm512_setzero_si512());
            store(tile[t].weights[query], (vf)(0));
            tile[t].maxima[query] = -__builtin_inff();
        }
        __builtin_memset(tile[t].out, 0, 2 * chunks * sizeof(sums));
    }
    configure_tiles(SIDE);
    for (size_t start = first; start < last; start += BLOCK) {
        const size_t end = start + BLOCK < last ? start + BLOCK : last;
        const struct pages pages = find_pages(cache, start, last), next = find_pages(cache, end, last);
        switch (format) {
        case MONOCLE_BF16: load_block(&pages, end - start, head_dim, MONOCLE_BF16, &block); break;
        case MONOCLE_E4M3: load_block(&pages, end - start, head_dim, MONOCLE_E4M3, &block); break;
        default: load_block(&pages, end - start, head_dim, MONOCLE_F32, &block); break;
        }
        for (size_t t = 0; t < tiles; t++) {
            const size_t left = count - t * SIDE;
            attend_tile(&tile[t], limits + t * SIDE, left < SIDE ? left : SIDE, start, end, &block, chunks,
                        t == 0 && end < last ? &next : NULL, factor);
        }
    }
    _tile_release();
    for (size_t query = 0; query < count; query++, records += head_dim + 2) {
        const struct query_tile *const t = &tile[query / SIDE];
        for (size_t element = 0; element < head_dim; element += 4) {
            const size_t column = value_column(element), left = head_dim - element;
            const float *const source = t->out[column / SIDE] + query % SIDE * SIDE + column % SIDE;
            for (size_t i = 0; i < 4 && i < left; i++) records[element + i] = source[i] * value_scale;
        }
        records[head_dim] = t->maxima[query % SIDE];
        records[head_dim + 1] = sum(load(t->weights[query % SIDE]));
    }
}

#pragma clang attribute pop
#endif
