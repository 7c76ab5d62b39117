// Products of float32 matrices for the backward pass: A [rows, depth] times B [depth, columns], either as it lies or
// transposed. B is packed once, in panels of sixteen columns; A by whoever multiplies, six rows at a time.
//
// Order of a sum: the products of PRODUCT_DEPTH places one after the other, then the sums of these runs.

enum {
    PRODUCT_ROWS = 6,
    PRODUCT_DEPTH = 256,
    /// Panels of one tile: its sums and a row of B stay in registers.
    PRODUCT_PANELS = WIDE_REGISTERS >= 32 ? 2 : 1,
};

/// To bf16 and back, as `bf16_of` rounds.
INLINE vf through_bf16(vf x) {
    vu pattern = (vu)x;
    vu rounded = (pattern + 0x7fff + (pattern >> 16 & 1)) & 0xffff0000u;
    vu quiet = (pattern | 0x400000) & 0xffff0000u;
    return x != x ? (vf)quiet : (vf)rounded;
}

/// Row by row, so that a matrix is read once from front to back.
INLINE void pack_panels_as(
    float *panels, size_t panel_step, const uint8_t *x, size_t row_step, size_t depth, size_t columns, int rounds,
    int format
) {
    const size_t size = format_size(format);
    for (size_t k = 0; k < depth; k++, x += row_step * size, panels += LANES) {
        float *out = panels;
        size_t j = 0;
        for (; j + LANES <= columns; j += LANES, out += panel_step) {
            vf v = load_as(x + j * size, format);
            store(out, rounds ? through_bf16(v) : v);
        }
        if (j < columns) {
            uint8_t rest[LANES * 4] = {0};
            __builtin_memcpy(rest, x + j * size, (columns - j) * size);
            vf v = load_as(rest, format);
            store(out, rounds ? through_bf16(v) : v);
        }
    }
}

static void pack_panels(
    float *panels, size_t panel_step, const void *x, int format, size_t row_step, size_t depth, size_t columns,
    int rounds
) {
    if (format == MONOCLE_BF16) pack_panels_as(panels, panel_step, x, row_step, depth, columns, 0, MONOCLE_BF16);
    else pack_panels_as(panels, panel_step, x, row_step, depth, columns, rounds, MONOCLE_F32);
}

static void pack_transposed_panels(
    float *panels, size_t panel_step, const float *x, size_t column_step, size_t depth, size_t columns
) {
    for (size_t first = 0; first < columns; first += LANES, panels += panel_step) {
        if (columns - first < LANES) __builtin_memset(panels, 0, depth * LANES * sizeof(float));
        for (size_t j = 0; j < LANES && first + j < columns; j++) {
            const float *column = x + (first + j) * column_step;
            for (size_t k = 0; k < depth; k++) panels[k * LANES + j] = column[k];
        }
    }
}

/// Rows of A, PRODUCT_ROWS at a time as [depth, PRODUCT_ROWS]; rows behind the last are zero.
INLINE void pack_rows(
    float *out, const float *a, size_t row_step, size_t depth_step, size_t rows, size_t depth, int rounds
) {
    const size_t whole_rows = rows / PRODUCT_ROWS * PRODUCT_ROWS;
    const size_t count = (rows + PRODUCT_ROWS - 1) / PRODUCT_ROWS * PRODUCT_ROWS * depth;
    if (whole_rows < rows) __builtin_memset(out + whole_rows * depth, 0, depth * PRODUCT_ROWS * sizeof(float));
    if (row_step == 1) {
        for (size_t k = 0; k < depth; k++) {
            const float *column = a + k * depth_step;
            size_t row = 0;
            for (; row < whole_rows; row += PRODUCT_ROWS)
                __builtin_memcpy(
                    out + row * depth + k * PRODUCT_ROWS, column + row, PRODUCT_ROWS * sizeof(float));
            for (; row < rows; row++) out[whole_rows * depth + k * PRODUCT_ROWS + row - whole_rows] = column[row];
        }
    } else {
        for (size_t row = 0; row < rows; row++) {
            float *panel = out + row / PRODUCT_ROWS * PRODUCT_ROWS * depth + row % PRODUCT_ROWS;
            for (size_t k = 0; k < depth; k++) panel[k * PRODUCT_ROWS] = a[row * row_step + k * depth_step];
        }
    }
    if (rounds) FOR_VECTORS(count, { PUT(out, through_bf16(TAKE(out))); });
}

/// The sums of PRODUCT_ROWS packed rows with `panels` panels, `panel_step` floats apart; columns are those of c.
INLINE void product_tile(
    float *c, size_t stride, size_t rows, size_t columns, const float *a, const float *b, size_t panel_step,
    const size_t panels, size_t depth, int adds
) {
    vf sums[PRODUCT_ROWS][PRODUCT_PANELS];
    for (size_t r = 0; r < PRODUCT_ROWS; r++)
        for (size_t p = 0; p < panels; p++) sums[r][p] = 0;
    for (size_t k = 0; k < depth; k++) {
        vf v[PRODUCT_PANELS];
        for (size_t p = 0; p < panels; p++) v[p] = load(b + p * panel_step + k * LANES);
        for (size_t r = 0; r < PRODUCT_ROWS; r++) {
            vf factor = splat(a[k * PRODUCT_ROWS + r]);
            for (size_t p = 0; p < panels; p++) sums[r][p] = fma(factor, v[p], sums[r][p]);
        }
    }
    for (size_t r = 0; r < PRODUCT_ROWS; r++) {
        for (size_t p = 0; p < panels; p++) {
            const size_t first = p * LANES;
            if (r >= rows || first >= columns) continue;
            float *out = c + r * stride + first;
            if (columns - first >= LANES) store(out, adds ? load(out) + sums[r][p] : sums[r][p]);
            else {
                const size_t n = columns - first;
                store_first(out, adds ? load_first(out, n) + sums[r][p] : sums[r][p], n);
            }
        }
    }
}

static void multiply_panels(
    float *c, size_t stride, size_t rows, size_t columns, const float *a, size_t row_step, size_t depth_step,
    size_t depth, const float *panels, size_t panel_step, int rounds, int adds, float *scratch
) {
    const size_t count = (columns + LANES - 1) / LANES;
    for (size_t first = 0; first < depth; first += PRODUCT_DEPTH) {
        const size_t run = depth - first < PRODUCT_DEPTH ? depth - first : PRODUCT_DEPTH;
        pack_rows(scratch, a + first * depth_step, row_step, depth_step, rows, run, rounds);
        for (size_t panel = 0; panel < count; panel += PRODUCT_PANELS) {
            const float *b = panels + panel * panel_step + first * LANES;
            const size_t left = columns - panel * LANES;
            for (size_t row = 0; row < rows; row += PRODUCT_ROWS) {
                const size_t height = rows - row < PRODUCT_ROWS ? rows - row : PRODUCT_ROWS;
                float *out = c + row * stride + panel * LANES;
                if (PRODUCT_PANELS == 2 && panel + 1 < count)
                    product_tile(
                        out, stride, height, left, scratch + row * run, b, panel_step, PRODUCT_PANELS, run,
                        adds || first);
                else
                    product_tile(out, stride, height, left, scratch + row * run, b, panel_step, 1, run, adds || first);
            }
        }
    }
}
