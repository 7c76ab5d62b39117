// Approximate products of one row of activations with a bf16 matrix kept as int8, each with a bound of its error: what
// cannot be among the largest outputs need not be computed exactly. Knows nothing of how candidates are chosen.

enum { SCREEN_RUN = 1024 };

INLINE vf magnitude(vf x) { return from_bits(bits(x) & 0x7fffffff); }

/// int8 codes of one bf16 row and what is known of it; a row without usable squares gets an infinite error.
static void screen_row(int8_t *codes, struct monocle_screened *facts, const void *row, size_t count) {
    const uint8_t *const source = row;
    vf most = 0;
    const size_t whole = count / LANES * LANES;
    uint8_t rest[2 * LANES] = {0};
    __builtin_memcpy(rest, source + 2 * whole, 2 * (count - whole));
    for (size_t k = 0; k < count; k += LANES) {
        most = larger(magnitude(load_as(k < whole ? source + 2 * k : rest, MONOCLE_BF16)), most);
    }
    const float top = largest(most), scale = top / 127, inverse = top >= 0x1p-50f ? 127 / top : 0;
    vf error = 0, norm = 0;
    for (size_t k = 0; k < count; k += LANES) {
        const vf value = load_as(k < whole ? source + 2 * k : rest, MONOCLE_BF16);
        const vf rounded = value * inverse + 0x1.8p23f;
        const vi8 bytes = __builtin_convertvector(bits(rounded) & 0xff, vi8);
        __builtin_memcpy(codes + k, &bytes, k < whole ? LANES : count - whole);
        const vf off = value - (rounded - 0x1.8p23f) * scale;
        error = error + off * off;
        norm = norm + value * value;
    }
    // Rounded up: the sums above, and the rests in them, are off by far less than 2^-10 of themselves.
    const float up = 1 + 0x1p-10f;
    *facts = (struct monocle_screened){
        .scale = scale, .error = __builtin_sqrtf(sum(error)) * up, .norm = __builtin_sqrtf(sum(norm)) * up};
    // NaN and infinity show in the norm, whose square overflows early as well; tiny squares are lost.
    if (!(facts->norm < __builtin_inff()) || (top > 0 && top < 0x1p-50f)) facts->error = __builtin_inff();
}

/// Sums of the codes of `rows` rows [rows, count] with those of x, times the rows' scales and x's.
static void screen(
    float *out, const int8_t *codes, const struct monocle_screened *facts, size_t rows, size_t count, const int16_t *x,
    float x_scale
) {
    for (size_t row = 0; row < rows; row++, codes += count) {
        int32_t sum = 0;
        for (size_t start = 0; start < count; start += SCREEN_RUN) {
            const size_t end = count - start < SCREEN_RUN ? count : start + SCREEN_RUN;
            // As `prefetch_stream` of the linear kernels.
            for (size_t k = start; k < end; k += 64) {
                __builtin_prefetch(codes + k + 12288, 0, 2);
                __builtin_prefetch(codes + k + 2048, 0, 3);
            }
            for (size_t k = start; k < end; k++) sum += (int32_t)codes[k] * (int32_t)x[k];
        }
        out[row] = (float)sum * facts[row].scale * x_scale;
    }
}
