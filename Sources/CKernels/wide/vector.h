// Vectors of sixteen lanes on every instruction set, so that a kernel is written once and gives the same bits wherever
// fused multiply-add exists. Included by kernels_*.c after the target attribute is set; WIDE_FMA says whether there are
// fused multiply-add and half-precision conversions, WIDE_REGISTERS how many sixteen-lane vectors the registers hold.

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 16 };

typedef float vf __attribute__((ext_vector_type(16)));
typedef int32_t vi __attribute__((ext_vector_type(16)));
typedef uint32_t vu __attribute__((ext_vector_type(16)));
typedef uint16_t vu16 __attribute__((ext_vector_type(16)));
typedef int16_t vi16 __attribute__((ext_vector_type(16)));
typedef uint8_t vu8 __attribute__((ext_vector_type(16)));
typedef int8_t vi8 __attribute__((ext_vector_type(16)));
#if WIDE_FMA
typedef _Float16 vf16 __attribute__((ext_vector_type(16)));
#endif

INLINE vf load(const float *p) {
    vf v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}

INLINE void store(float *p, vf v) { __builtin_memcpy(p, &v, sizeof v); }

/// The first `count` lanes from memory, zero in the others.
INLINE vf load_first(const float *p, size_t count) {
    vf v = 0;
    __builtin_memcpy(&v, p, count * sizeof(float));
    return v;
}

INLINE void store_first(float *p, vf v, size_t count) { __builtin_memcpy(p, &v, count * sizeof(float)); }

INLINE vf splat(float x) { return (vf)(x); }

INLINE vf fma(vf a, vf b, vf c) {
#if WIDE_FMA
    return __builtin_elementwise_fma(a, b, c);
#else
    return a * b + c;
#endif
}

INLINE vi bits(vf v) { return (vi)v; }
INLINE vf from_bits(vi v) { return (vf)v; }

/// b where a is NaN.
INLINE vf larger(vf a, vf b) { return a > b ? a : b; }

/// Mask of the lanes below `count`.
INLINE vi lanes_below(int32_t count) {
    const vi index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return index < count;
}

// Sums over lanes go by one tree everywhere: lane i + lane i+8, then +4, +2, +1. `fold8` ... `fold1` do one level of
// the tree for two groups of vectors at once; which lane then holds which sum is given for inputs named in order.

/// Lanes 0-7: a, 8-15: b.
INLINE vf fold8(vf a, vf b) {
    return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
           __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}

/// Quarters a, b, c, d from (a, b) and (c, d).
INLINE vf fold4(vf ab, vf cd) {
    return __builtin_shufflevector(ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
           __builtin_shufflevector(ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

/// In each quarter two lanes of x, then two of y.
INLINE vf fold2(vf x, vf y) {
    return __builtin_shufflevector(x, y, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
           __builtin_shufflevector(x, y, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}

/// In each quarter both sums of x, then both of y.
INLINE vf fold1(vf x, vf y) {
    return __builtin_shufflevector(x, y, 0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30) +
           __builtin_shufflevector(x, y, 1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31);
}

/// Rows to columns. Interleaving rows i and i + 8 is a perfect shuffle of the 256 elements; four of them transpose.
INLINE void transpose(vf rows[16]) {
    for (int step = 0; step < 4; step++) {
        vf next[16];
        for (int i = 0; i < 8; i++) {
            vf a = rows[i], b = rows[i + 8];
            next[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            next[2 * i + 1] =
                __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        }
        for (int i = 0; i < 16; i++) rows[i] = next[i];
    }
}

/// The sum of all lanes, by the tree.
INLINE float sum(vf v) {
    vf half = fold8(v, v), quarter = fold4(half, half), pair = fold2(quarter, quarter);
    return fold1(pair, pair)[0];
}

/// The largest lane.
INLINE float largest(vf v) {
    vf w = larger(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    w = larger(w, __builtin_shufflevector(w, w, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
    w = larger(w, __builtin_shufflevector(w, w, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
    w = larger(w, __builtin_shufflevector(w, w, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
    return w[0];
}

// Exponentials. Polynomials are minimax fits of relative error 1.9e-9.

/// The integer nearest to x as a float and, through `integer`, as an integer; |x| < 2^22.
INLINE vf nearest(vf x, vi *integer) {
    const float magic = 0x1.8p23f;
    vf shifted = x + magic;
    *integer = bits(shifted) - bits(splat(magic));
    return shifted - magic;
}

/// 2^x for x <= 0, within 1 unit in the last place; 0 below 2^-126. NaN stays NaN.
INLINE vf exp2_not_positive(vf x) {
    vi n;
    vf r = x - nearest(x, &n);
    vf p = splat(0x1.41d334p-13f);
    p = fma(p, r, splat(0x1.5f456ap-10f));
    p = fma(p, r, splat(0x1.3b2dbcp-7f));
    p = fma(p, r, splat(0x1.c6aed4p-5f));
    p = fma(p, r, splat(0x1.ebfbdap-3f));
    p = fma(p, r, splat(0x1.62e43p-1f));
    p = fma(p, r, splat(1));
    vf y = from_bits(bits(p) + (n << 23));
    return x < -126.0f ? (vf)(0) : y;
}

/// e^(x + low) for |low| < 0.1, within 2 units in the last place over the whole range of results; NaN stays NaN.
INLINE vf exp_sum(vf x, vf low) {
    x = x > 89.0f ? (vf)(89.0f) : x;
    x = x < -105.0f ? (vf)(-105.0f) : x;
    vi n;
    vf k = nearest(x * 0x1.715476p+0f, &n);
    // ln 2 in two parts, the first with few enough bits that its product with k is exact.
    vf r = fma(k, splat(-0x1.62e4p-1f), x);
    r = fma(k, splat(-0x1.7f7d1cp-20f), r) + low;
    vf p = splat(0x1.6ab8cep-10f);
    p = fma(p, r, splat(0x1.126dbep-7f));
    p = fma(p, r, splat(0x1.55589ep-5f));
    p = fma(p, r, splat(0x1.55540ap-3f));
    p = fma(p, r, splat(0x1.fffffap-2f));
    p = fma(p, r, splat(1));
    p = fma(p, r, splat(1));
    // Two steps, so that neither factor overflows and a subnormal result is rounded once.
    vi half = n >> 1;
    return p * from_bits((half + 127) << 23) * from_bits((n - half + 127) << 23);
}
