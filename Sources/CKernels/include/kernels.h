// Everything of a step but the linear layers, once for each instruction set. Pointers may be unaligned; results never
// overlap inputs unless said. An element of a result depends on its own inputs only, not on counts or offsets.
#ifndef MONOCLE_KERNELS_H
#define MONOCLE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum {
    MONOCLE_F32 = 0,
    MONOCLE_BF16 = 1,
    MONOCLE_F16 = 2,
    MONOCLE_E4M3 = 3,
};

enum {
    MONOCLE_MAX_HEAD_DIM = 256,
    /// Queries of one `attend` call.
    MONOCLE_MAX_QUERIES = 64,
    /// Up to this many queries read keys and values from the cache as they lie; more share a widened copy of a block.
    MONOCLE_DIRECT_QUERIES = 8,
    MONOCLE_PRODUCT_SCRATCH = 6 * 256,
};

/// Keys and values of one key-value head. Position p is row p % 16 of page pages[p / 16] (or page p / 16 without a page
/// table). A page starts `page_stride` bytes times its number behind `keys` and `values`; its rows are `row_stride`
/// bytes apart.
struct monocle_cache {
    const void *keys;
    const void *values;
    const int32_t *_Nullable pages;
    size_t page_stride;
    size_t row_stride;
    int format;
    float key_scale;  // of e4m3
    float value_scale;
};

/// A bf16 row kept as int8: value = code * scale; the Euclidean norms of what the codes leave out and of the row, both
/// rounded up. A row that is not finite, or tiny, has an infinite error.
struct monocle_screened {
    float scale, error, norm;
};

struct monocle_kernels {
    void (*add)(float *out, const float *x, const float *y, size_t count);
    /// x * Phi(x), error at most 10 units in the last place.
    void (*gelu)(float *out, const float *x, size_t count);
    /// gate / (1 + exp(-gate)) * up.
    void (*swiglu)(float *out, const float *gate, const float *up, size_t count);
    /// One row of heads of 2 * half elements; cosines, sines: [half].
    void (*rope)(
        float *out, const float *x, const float *cosines, const float *sines, size_t heads, size_t half);
    void (*rms_norm)(float *out, const float *x, const float *weight, size_t rows, size_t columns, float epsilon);
    void (*layer_norm)(
        float *out, const float *x, const float *weight, const float *bias, size_t rows, size_t columns,
        float epsilon);
    /// Elements times scale.
    void (*widen)(float *out, const void *in, int format, size_t count, float scale);
    /// count is a multiple of 16.
    void (*widen_nvfp4)(
        float *out, const uint8_t *packed, const uint8_t *scales, size_t count, float global_scale);
    /// To f32, bf16 or, divided by scale, e4m3.
    void (*narrow)(void *out, const float *x, int format, size_t count, float scale);
    /// Attention of `count` queries [head_dim] to positions first ..< last, query i to those below limits[i]. `first` is
    /// a multiple of 64. Writes `count` records: the sum of weighted values [head_dim], the maximum score, the sum of
    /// the weights.
    void (*attend)(
        const struct monocle_cache *cache, size_t first, size_t last, size_t head_dim, float scale,
        const float *_Nonnull const *_Nonnull queries, const int32_t *limits, size_t count, float *records);
    /// Adds the record of a later run of positions to that of the earlier ones.
    void (*merge)(float *record, const float *next, size_t head_dim);
    /// The attention's result from the record of all positions.
    void (*finish)(float *out, const float *record, size_t head_dim);

    /// Screening: see wide/screen.h. row: bf16.
    void (*screen_row)(int8_t *codes, struct monocle_screened *facts, const void *row, size_t count);
    /// out [rows]: the sums of code times x, times the rows' scales and x's. codes: [rows, count]; 127 times the sum of
    /// |x| is below 2^31.
    void (*screen)(
        float *out, const int8_t *codes, const struct monocle_screened *facts, size_t rows, size_t count,
        const int16_t *x, float x_scale);

    // The backward pass.

    /// dx = dy (Phi(x) + x phi(x)).
    void (*gelu_gradient)(float *dx, const float *dy, const float *x, size_t count);
    void (*swiglu_gradient)(
        float *dgate, float *dup, const float *dy, const float *gate, const float *up, size_t count);
    /// From the scores of a query with `visible` of `count` keys and the products of dy with their values: the weights
    /// in place of the scores, and in place of the products the scores' gradients times scale; zero for keys that are
    /// not visible. A weight is the softmax of scale times its score.
    void (*softmax_gradient)(float *scores, float *products, size_t visible, size_t count, float scale);
    /// Writes dx and adds the rows' shares to the gain's gradient [columns], and to the bias's.
    void (*rms_norm_gradient)(
        float *dx, float *gain_sums, const float *dy, const float *x, const float *weight, size_t rows,
        size_t columns, float epsilon);
    void (*layer_norm_gradient)(
        float *dx, float *gain_sums, float *bias_sums, const float *dy, const float *x, const float *weight,
        size_t rows, size_t columns, float epsilon);
    /// Adds the rows of x [rows, columns] to sums [columns], in order.
    void (*column_sums)(float *sums, const float *x, size_t rows, size_t columns);
    /// The columns of a matrix [depth, columns], rows `row_step` elements apart, as panels of sixteen, [depth, 16] each,
    /// the last filled with zeros, `panel_step` floats apart. f32, which it `rounds` to bf16 on demand, or bf16.
    void (*pack_panels)(
        float *panels, size_t panel_step, const void *x, int format, size_t row_step, size_t depth, size_t columns,
        int rounds);
    /// The same of a matrix whose columns lie one after the other, `column_step` floats apart.
    void (*pack_transposed_panels)(
        float *panels, size_t panel_step, const float *x, size_t column_step, size_t depth, size_t columns);
    /// c [rows, columns], rows `stride` apart, is the product of a and of panels `panel_step` floats apart, or `adds` it.
    /// Element (row, k) of a is at row * row_step + k * depth_step; `rounds` a to bf16. scratch:
    /// MONOCLE_PRODUCT_SCRATCH floats for every 6 rows.
    void (*multiply_panels)(
        float *c, size_t stride, size_t rows, size_t columns, const float *a, size_t row_step, size_t depth_step,
        size_t depth, const float *panels, size_t panel_step, int rounds, int adds, float *scratch);
};

const struct monocle_kernels *monocle_kernels_scalar(void);
/// NULL where the compiler's target has no such instructions; calling the kernels needs a processor that has them.
const struct monocle_kernels *_Nullable monocle_kernels_avx2(void);
const struct monocle_kernels *_Nullable monocle_kernels_avx512(void);
/// `attend` in AMX tiles: queries, keys, values and weights are rounded to bf16. A paged cache of float32 goes to AVX-512.
void monocle_attend_amx(
    const struct monocle_cache *cache, size_t first, size_t last, size_t head_dim, float scale,
    const float *_Nonnull const *_Nonnull queries, const int32_t *limits, size_t count, float *records);

#pragma clang assume_nonnull end

#endif
