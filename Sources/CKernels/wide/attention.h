// Attention of a few queries to a run of keys, in blocks of 64 keys with a running maximum (Milakov and Gimelshein
// 2018, Dao et al. 2022). Blocks start at multiples of 64 positions. A query's result comes from one fixed order of
// float operations, whatever other queries are in the call: scores of cached keys are sixteen partial sums over the
// head's dimensions and the lane tree, those of a tile's keys one sum in order; values are added key by key, and keys
// beyond a query's limit never enter.

enum { BLOCK = 64, PAGE = 16, BLOCK_PAGES = BLOCK / PAGE, TILE = 4, WIDTH = MONOCLE_MAX_HEAD_DIM };

/// A block's keys or values: rows of page i start at pages[i], `stride` bytes apart.
struct block_rows {
    const uint8_t *pages[BLOCK_PAGES];
    size_t stride;
    int format;
    float scale;
};

/// Asks for the row's memory ahead of its use.
INLINE void prefetch_row(const uint8_t *row, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 64) __builtin_prefetch(row + i, 0, 2);
}

INLINE const uint8_t *block_row(const struct block_rows *rows, size_t key) {
    return rows->pages[key / PAGE] + key % PAGE * rows->stride;
}

INLINE vf load_row(const uint8_t *row, size_t lane, int format, float scale) {
    vf v = load_as(row + lane * format_size(format), format);
    return format == MONOCLE_E4M3 ? v * scale : v;
}

struct queries {
    size_t count;
    size_t padded;                                // elements of a head, rounded up to whole vectors
    float q[MONOCLE_MAX_QUERIES * WIDTH];         // [count, padded], zeros behind the head
    float out[MONOCLE_MAX_QUERIES * WIDTH];       // [count, padded], sum of p * value
    float scores[MONOCLE_MAX_QUERIES][BLOCK];     // then probabilities
    float sums[MONOCLE_MAX_QUERIES][LANES];       // of p, by lane
    float maxima[MONOCLE_MAX_QUERIES];            // of the scores, in powers of two
    float corrections[MONOCLE_MAX_QUERIES];       // factor of `out` before the block's values are added
};

/// Scores of `rows` queries, at most TILE, with four keys of one page.
INLINE void score_tile(
    struct queries *s, size_t query, size_t rows, const struct block_rows *keys, size_t key, float factor, int format
) {
    const uint8_t *row = block_row(keys, key);
    const size_t stride = keys->stride, padded = s->padded;
    const float *queries = s->q + query * padded;
    const float scale = keys->scale;
    vf folded[4];
#if WIDE_REGISTERS >= 32
    vf sums[TILE * 4];  // key * 4 + query
    for (size_t i = 0; i < TILE * 4; i++) sums[i] = 0;
    for (size_t j = 0; j < padded; j += LANES) {
        vf k0 = load_row(row, j, format, scale), k1 = load_row(row + stride, j, format, scale);
        vf k2 = load_row(row + 2 * stride, j, format, scale);
        vf k3 = load_row(row + 3 * stride, j, format, scale);
        for (size_t r = 0; r < rows; r++) {
            vf q = load(queries + r * padded + j);
            sums[r] = fma(q, k0, sums[r]);
            sums[4 + r] = fma(q, k1, sums[4 + r]);
            sums[8 + r] = fma(q, k2, sums[8 + r]);
            sums[12 + r] = fma(q, k3, sums[12 + r]);
        }
    }
    for (size_t i = 0; i < 4; i++)
        folded[i] = fold4(fold8(sums[4 * i], sums[4 * i + 1]), fold8(sums[4 * i + 2], sums[4 * i + 3]));
#else
    for (size_t i = 0; i < 4; i++) {
        vf sums[TILE];
        for (size_t r = 0; r < TILE; r++) sums[r] = 0;
        for (size_t j = 0; j < padded; j += LANES) {
            vf k = load_row(row + i * stride, j, format, scale);
            for (size_t r = 0; r < rows; r++) sums[r] = fma(load(queries + r * padded + j), k, sums[r]);
        }
        folded[i] = fold4(fold8(sums[0], sums[1]), fold8(sums[2], sums[3]));
    }
#endif
    vf all = fold1(fold2(folded[0], folded[1]), fold2(folded[2], folded[3])) * factor;
    for (size_t r = 0; r < rows; r++) __builtin_memcpy(s->scores[query + r] + key, (float *)&all + 4 * r, 16);
}

/// Scores of `rows` queries with all keys of a block in columns, `keys` [padded, BLOCK]: no sum crosses lanes.
INLINE void score_columns(struct queries *s, size_t query, size_t rows, const float *keys, float factor) {
    const float *queries = s->q + query * s->padded;
    for (size_t key = 0; key < BLOCK; key += VALUE_WIDTH * LANES) {
        vf sums[VALUE_ROWS][VALUE_WIDTH];
        for (size_t r = 0; r < rows; r++)
            for (size_t w = 0; w < VALUE_WIDTH; w++) sums[r][w] = 0;
        for (size_t j = 0; j < s->padded; j++) {
            vf k[VALUE_WIDTH];
            for (size_t w = 0; w < VALUE_WIDTH; w++) k[w] = load(keys + j * BLOCK + key + w * LANES);
            for (size_t r = 0; r < rows; r++) {
                vf q = splat(queries[r * s->padded + j]);
                for (size_t w = 0; w < VALUE_WIDTH; w++) sums[r][w] = fma(q, k[w], sums[r][w]);
            }
        }
        for (size_t r = 0; r < rows; r++)
            for (size_t w = 0; w < VALUE_WIDTH; w++)
                store(s->scores[query + r] + key + w * LANES, sums[r][w] * factor);
    }
}

/// Turns a query's first `keys` scores into probabilities under the new running maximum.
INLINE void softmax_block(struct queries *s, size_t query, size_t keys) {
    float *scores = s->scores[query];
    const float minus_infinity = -__builtin_inff();
    vf v[BLOCK / LANES];
    for (size_t i = 0; i < BLOCK / LANES; i++) {
        v[i] = load(scores + i * LANES);
        if (keys < BLOCK) v[i] = lanes_below((int32_t)keys - (int32_t)(i * LANES)) ? v[i] : (vf)(minus_infinity);
    }
    float before = s->maxima[query];
    float block = largest(larger(larger(v[0], v[1]), larger(v[2], v[3])));
    float after = block > before ? block : before;
    float correction = before == after ? 1.0f : exp2_not_positive(splat(before - after))[0];
    vf sums = load(s->sums[query]) * correction;
    for (size_t i = 0; i < BLOCK / LANES; i++) {
        vf p = exp2_not_positive(v[i] - after);
        sums = sums + p;
        store(scores + i * LANES, p);
    }
    store(s->sums[query], sums);
    s->maxima[query] = after;
    s->corrections[query] = correction;
}

/// Adds `keys` values, weighted, to `width` vectors of `rows` queries from vector `vector` on. `ahead`, unless NULL,
/// will be read next.
INLINE void value_tile(
    struct queries *s, size_t query, size_t rows, const struct block_rows *values, size_t keys, size_t vector,
    size_t width, const struct block_rows *ahead, int format
) {
    vf out[VALUE_ROWS][VALUE_WIDTH];
    float *to = s->out + query * s->padded + vector * LANES;
    for (size_t r = 0; r < rows; r++)
        for (size_t w = 0; w < width; w++)
            out[r][w] = load(to + r * s->padded + w * LANES) * s->corrections[query + r];
    for (size_t first = 0; first < keys; first += PAGE) {
        const uint8_t *row = values->pages[first / PAGE];
        const size_t end = first + PAGE < keys ? first + PAGE : keys;
        for (size_t key = first; key < end; key++, row += values->stride) {
            if (ahead) prefetch_row(block_row(ahead, key), s->padded * format_size(format));
            vf v[VALUE_WIDTH];
            for (size_t w = 0; w < width; w++) v[w] = load_row(row, (vector + w) * LANES, format, values->scale);
            for (size_t r = 0; r < rows; r++) {
                vf p = splat(s->scores[query + r][key]);
                for (size_t w = 0; w < width; w++) out[r][w] = fma(p, v[w], out[r][w]);
            }
        }
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t w = 0; w < width; w++) store(to + r * s->padded + w * LANES, out[r][w]);
}

INLINE void value_rows(
    struct queries *s, size_t query, size_t rows, const struct block_rows *values, size_t keys,
    const struct block_rows *ahead, int format
) {
    const size_t vectors = s->padded / LANES;
    size_t vector = 0;
    for (; vector + VALUE_WIDTH <= vectors; vector += VALUE_WIDTH)
        value_tile(s, query, rows, values, keys, vector, VALUE_WIDTH, vector == 0 ? ahead : NULL, format);
    for (; vector < vectors; vector++) value_tile(s, query, rows, values, keys, vector, 1, NULL, format);
}

/// One block for queries `from` ..< `to`, all of which see its first `count` keys. While scores are computed the values
/// are fetched from memory, and while values are added, the keys of the next block. `columns`, unless NULL, holds the
/// keys transposed.
INLINE void attend_block(
    struct queries *s, size_t from, size_t to, const struct block_rows *keys, const struct block_rows *values,
    size_t count, const struct block_rows *next, const float *columns, float factor, int format
) {
    size_t scored = from;
    if (columns) {
        for (; scored + VALUE_ROWS <= to; scored += VALUE_ROWS) score_columns(s, scored, VALUE_ROWS, columns, factor);
        for (; scored < to; scored++) score_columns(s, scored, 1, columns, factor);
    }
    for (size_t key = 0; key < count && scored < to; key += 4) {
        if (next)
            for (size_t i = key; i < key + 4; i++)
                prefetch_row(block_row(values, i), s->padded * format_size(format));
        size_t query = scored;
        for (; query + TILE <= to; query += TILE) score_tile(s, query, TILE, keys, key, factor, format);
        for (; query < to; query++) score_tile(s, query, 1, keys, key, factor, format);
    }
    for (size_t query = from; query < to; query++) softmax_block(s, query, count);
    size_t query = from;
    for (; query + VALUE_ROWS <= to; query += VALUE_ROWS) {
        value_rows(s, query, VALUE_ROWS, values, count, next, format);
        next = NULL;
    }
#if VALUE_ROWS > 4
    for (; query + 4 <= to; query += 4) {
        value_rows(s, query, 4, values, count, next, format);
        next = NULL;
    }
#endif
    for (; query < to; query++) {
        value_rows(s, query, 1, values, count, next, format);
        next = NULL;
    }
}

/// The block for all queries, each up to its own limit: one call for each run of queries that see equally many keys.
INLINE void attend_limited(
    struct queries *s, const int32_t *limits, size_t start, size_t end, const struct block_rows *keys,
    const struct block_rows *values, const struct block_rows *next, const float *columns, float factor, int format
) {
    for (size_t from = 0, to; from < s->count; from = to) {
        size_t limit = (size_t)limits[from] < end ? (size_t)limits[from] : end;
        for (to = from + 1; to < s->count; to++)
            if (((size_t)limits[to] < end ? (size_t)limits[to] : end) != limit) break;
        if (limit > start) attend_block(s, from, to, keys, values, limit - start, next, columns, factor, format);
    }
}

/// Rows of a block as float32 in `scratch`, so that many queries pay once for widening.
INLINE void widen_block(struct block_rows *rows, size_t count, size_t head_dim, size_t padded, float *scratch) {
    for (size_t key = 0; key < count; key++) {
        widen(scratch + key * padded, block_row(rows, key), rows->format, head_dim,
              rows->format == MONOCLE_E4M3 ? rows->scale : 1.0f);
        for (size_t i = head_dim; i < padded; i++) scratch[key * padded + i] = 0;
    }
    rows->stride = padded * sizeof(float);
    for (size_t page = 0; page < BLOCK_PAGES; page++)
        rows->pages[page] = (const uint8_t *)(scratch + page * PAGE * padded);
    rows->format = MONOCLE_F32;
}

/// columns [padded, BLOCK] from rows [BLOCK, padded].
INLINE void transpose_block(float *columns, const float *rows, size_t padded) {
    for (size_t key = 0; key < BLOCK; key += LANES)
        for (size_t j = 0; j < padded; j += LANES) {
            vf square[LANES];
            for (size_t i = 0; i < LANES; i++) square[i] = load(rows + (key + i) * padded + j);
            transpose(square);
            for (size_t i = 0; i < LANES; i++) store(columns + (j + i) * BLOCK + key, square[i]);
        }
}

/// Where the block at position `start` lies; pages from `last` on repeat the block's first.
INLINE void find_block(
    const struct monocle_cache *cache, size_t start, size_t last, struct block_rows *keys, struct block_rows *values
) {
    *keys = (struct block_rows){.stride = cache->row_stride, .format = cache->format, .scale = cache->key_scale};
    *values = (struct block_rows){.stride = cache->row_stride, .format = cache->format, .scale = cache->value_scale};
    for (size_t i = 0; i < BLOCK_PAGES; i++) {
        size_t page = start / PAGE + i;
        if (page * PAGE >= last) page = start / PAGE;
        size_t offset = (cache->pages ? (size_t)cache->pages[page] : page) * cache->page_stride;
        keys->pages[i] = (const uint8_t *)cache->keys + offset;
        values->pages[i] = (const uint8_t *)cache->values + offset;
    }
}

static void attend(
    const struct monocle_cache *cache, size_t first, size_t last, size_t head_dim, float scale,
    const float *const *queries, const int32_t *limits, size_t count, float *records
) {
    struct queries s;
    float key_scratch[BLOCK * WIDTH], value_scratch[BLOCK * WIDTH], column_scratch[BLOCK * WIDTH];
    s.count = count;
    const size_t padded = s.padded = (head_dim + LANES - 1) / LANES * LANES;
    for (size_t query = 0; query < count; query++) {
        for (size_t i = 0; i < padded; i++) s.out[query * padded + i] = s.q[query * padded + i] = 0;
        __builtin_memcpy(s.q + query * padded, queries[query], head_dim * sizeof(float));
        for (size_t i = 0; i < LANES; i++) s.sums[query][i] = 0;
        s.maxima[query] = -__builtin_inff();
    }
    const float factor = scale * 0x1.715476p+0f;  // scores in powers of two
    const int widened = count > MONOCLE_DIRECT_QUERIES || head_dim % LANES != 0 || !cache->pages;
    float *columns = cache->pages ? NULL : column_scratch;
    for (size_t start = first; start < last; start += BLOCK) {
        const size_t end = start + BLOCK < last ? start + BLOCK : last;
        struct block_rows keys, values, next;
        find_block(cache, start, last, &keys, &values);
        const struct block_rows *ahead = NULL;
        if (!widened && end < last) {
            struct block_rows unused;
            find_block(cache, end, last, &next, &unused);
            ahead = &next;
        }
        if (widened) {
            widen_block(&keys, end - start, head_dim, padded, key_scratch);
            widen_block(&values, end - start, head_dim, padded, value_scratch);
            if (columns) transpose_block(columns, key_scratch, padded);
        }
        if (keys.format == MONOCLE_BF16)
            attend_limited(&s, limits, start, end, &keys, &values, ahead, NULL, factor, MONOCLE_BF16);
        else if (keys.format == MONOCLE_E4M3)
            attend_limited(&s, limits, start, end, &keys, &values, ahead, NULL, factor, MONOCLE_E4M3);
        else
            attend_limited(&s, limits, start, end, &keys, &values, ahead, columns, factor, MONOCLE_F32);
    }
    for (size_t query = 0; query < count; query++, records += head_dim + 2) {
        __builtin_memcpy(records, s.out + query * padded, head_dim * sizeof(float));
        records[head_dim] = s.maxima[query];
        records[head_dim + 1] = sum(load(s.sums[query]));
    }
}

static void merge(float *record, const float *next, size_t head_dim) {
    float before = record[head_dim], other = next[head_dim], after = other > before ? other : before;
    if (other == -__builtin_inff()) return;
    float a = before == after ? 1.0f : exp2_not_positive(splat(before - after))[0];
    float b = other == after ? 1.0f : exp2_not_positive(splat(other - after))[0];
    FOR_VECTORS(head_dim, { PUT(record, TAKE(record) * a + TAKE(next) * b); });
    record[head_dim] = after;
    record[head_dim + 1] = record[head_dim + 1] * a + next[head_dim + 1] * b;
}

static void finish(float *out, const float *record, size_t head_dim) {
    float inverse = 1.0f / record[head_dim + 1];
    FOR_VECTORS(head_dim, { PUT(out, TAKE(record) * inverse); });
}
