// Element-by-element operations and normalisations over the last axis. Every element of a result is computed by the
// same instructions wherever it lies in an array: a partial last vector goes through the full vector's code.

/// The body for each vector of `count` elements: `n` lanes at index `i`.
#define FOR_VECTORS(count, ...)                    \
    do {                                           \
        size_t i = 0;                              \
        for (; i + LANES <= (count); i += LANES) { \
            enum { whole = 1 };                    \
            const size_t n = LANES;                \
            (void)n;                               \
            __VA_ARGS__                            \
        }                                          \
        if (i < (count)) {                         \
            enum { whole = 0 };                    \
            const size_t n = (count) - i;          \
            __VA_ARGS__                            \
        }                                          \
    } while (0)
#define TAKE(p) (whole ? load((p) + i) : load_first((p) + i, n))
#define PUT(p, v)                          \
    do {                                   \
        if (whole) store((p) + i, (v));    \
        else store_first((p) + i, (v), n); \
    } while (0)

static void add(float *out, const float *x, const float *y, size_t count) {
    FOR_VECTORS(count, { PUT(out, TAKE(x) + TAKE(y)); });
}

/// x * Phi(x) as max(x, 0) - |x| Phi(-|x|), with Phi(-a) = exp(-a^2/2) * G(a) and G a polynomial in t = 1/(1 + 0.3 a)
/// fitted to 3.5e-9. Nothing cancels: the error stays below 10 units in the last place (1 on average) down to where the
/// result is subnormal.
INLINE vf gelu_of(vf x) {
    vf a = from_bits(bits(x) & 0x7fffffff);
    vf clamped = a > 15.0f ? (vf)(15.0f) : a;
    vf t = 1.0f / (1.0f + 0.3f * clamped);
    vf g = splat(-0x1.51fad4p-6f);
    g = fma(g, t, splat(0x1.cca7d4p-4f));
    g = fma(g, t, splat(-0x1.d386eap-3f));
    g = fma(g, t, splat(0x1.88fa0cp-3f));
    g = fma(g, t, splat(-0x1.45ab52p-4f));
    g = fma(g, t, splat(0x1.8a0e26p-4f));
    g = fma(g, t, splat(0x1.41033cp-4f));
    g = fma(g, t, splat(0x1.c38a56p-4f));
    g = fma(g, t, splat(0x1.e9c39ep-4f));
    g = fma(g, t, splat(0x1.ea3c9ep-4f));
    // a^2 as the exact square of a's upper half plus a small rest: the exponential would magnify the rounding of a*a.
    vf upper = from_bits(bits(clamped) & ~0xfff);
    vf rest = (clamped - upper) * (clamped + upper);
    vf tail = exp_sum(upper * upper * -0.5f, rest * -0.5f) * (g * t);
    vf positive = x > 0.0f ? x : (vf)(0);
    vf y = positive - clamped * tail;
    return x != x ? x : y;
}

static void gelu(float *out, const float *x, size_t count) {
    FOR_VECTORS(count, { PUT(out, gelu_of(TAKE(x))); });
}

static void swiglu(float *out, const float *gate, const float *up, size_t count) {
    FOR_VECTORS(count, {
        vf g = TAKE(gate);
        PUT(out, g / (1.0f + exp_sum(-g, (vf)(0))) * TAKE(up));
    });
}

/// One row: each head's halves turned by the row's angles. cosines, sines: [half].
static void rope(float *out, const float *x, const float *cosines, const float *sines, size_t heads, size_t half) {
    for (size_t head = 0; head < heads; head++, x += 2 * half, out += 2 * half) {
        FOR_VECTORS(half, {
            vf c = TAKE(cosines), s = TAKE(sines), low = TAKE(x), high = TAKE(x + half);
            PUT(out, low * c - high * s);
            PUT(out + half, high * c + low * s);
        });
    }
}

/// Sum over a row of `term`, which may use `i`, `n` and the vector `v`: four running vectors, then the lane tree.
#define ROW_SUM(result, x, columns, term)                                         \
    do {                                                                          \
        vf sums[4] = {0, 0, 0, 0};                                                \
        size_t i = 0;                                                             \
        for (; i + 4 * LANES <= (columns); i += 4 * LANES)                        \
            for (int u = 0; u < 4; u++) {                                         \
                vf v = load((x) + i + u * LANES);                                 \
                sums[u] = sums[u] + (term);                                       \
            }                                                                     \
        for (int u = 0; i < (columns); u++, i += LANES) {                         \
            size_t n = (columns) - i < LANES ? (columns) - i : LANES;             \
            vf v = load_first((x) + i, n);                                        \
            sums[u] = sums[u] + (lanes_below((int32_t)n) ? (term) : (vf)(0));     \
        }                                                                         \
        (result) = sum((sums[0] + sums[1]) + (sums[2] + sums[3]));                \
    } while (0)

static void rms_norm(
    float *out, const float *x, const float *weight, size_t rows, size_t columns, float epsilon
) {
    for (size_t row = 0; row < rows; row++, x += columns, out += columns) {
        float squares;
        ROW_SUM(squares, x, columns, v * v);
        float scale = 1.0f / __builtin_sqrtf(squares / (float)columns + epsilon);
        FOR_VECTORS(columns, { PUT(out, TAKE(x) * scale * TAKE(weight)); });
    }
}

static void layer_norm(
    float *out, const float *x, const float *weight, const float *bias, size_t rows, size_t columns, float epsilon
) {
    for (size_t row = 0; row < rows; row++, x += columns, out += columns) {
        float total, squares;
        ROW_SUM(total, x, columns, v);
        float mean = total / (float)columns;
        ROW_SUM(squares, x, columns, (v - mean) * (v - mean));
        float scale = 1.0f / __builtin_sqrtf(squares / (float)columns + epsilon);
        FOR_VECTORS(columns, { PUT(out, (TAKE(x) - mean) * scale * TAKE(weight) + TAKE(bias)); });
    }
}
