// Widening of stored elements to float32, exactly, and rounding to the formats of key-value pages.

/// Sixteen e4m3 codes.
INLINE vf load_e4m3(const uint8_t *p) {
#if WIDE_FMA
    // A half's sign, five exponent and ten mantissa bits hold a code with its exponent's bias 8 too small.
    vi8 codes;
    __builtin_memcpy(&codes, p, sizeof codes);
    vi16 half = (__builtin_convertvector(codes, vi16) << 7) & (int16_t)0xbfff;
    vi16 not_a_number = (half & 0x7fff) == 0x3f80;
    half = half | (not_a_number & 0x7fff);
    return __builtin_convertvector((vf16)half, vf) * 0x1p8f;
#else
    // Exponent and mantissa as the top of a float's, rebiased from 7 to 127. A subnormal code is read as one with an
    // exponent of -6 and loses the leading one it does not have.
    vu8 bytes;
    __builtin_memcpy(&bytes, p, sizeof bytes);
    vi code = __builtin_convertvector(bytes, vi);
    vi top = (code & 0x7f) << 20;
    vf subnormal = from_bits(top + (121 << 23)) - 0x1p-6f;
    vi magnitude = top < (1 << 23) ? bits(subnormal) : top + (120 << 23);
    magnitude = top == (0x7f << 20) ? (vi)(0x7fc00000) : magnitude;
    return from_bits(magnitude | (code & 0x80) << 24);
#endif
}

/// Sixteen elements; `format` must be a constant for the branches to vanish.
INLINE vf load_as(const uint8_t *p, int format) {
    if (format == MONOCLE_F32) return load((const float *)p);
    if (format == MONOCLE_E4M3) return load_e4m3(p);
    vu16 halves;
    __builtin_memcpy(&halves, p, sizeof halves);
    vi code = __builtin_convertvector(halves, vi);
    if (format == MONOCLE_BF16) return from_bits(code << 16);
    vf magnitude = from_bits((code & 0x7fff) << 13) * 0x1p112f;
    vi special = (code & 0x7c00) == 0x7c00;
    return from_bits((bits(magnitude) | (special & 0x7f800000)) | (code & 0x8000) << 16);
}

INLINE size_t format_size(int format) {
    return format == MONOCLE_F32 ? 4 : format == MONOCLE_E4M3 ? 1 : 2;
}

INLINE void widen_as(float *out, const uint8_t *in, size_t count, float scale, int format) {
    const size_t size = format_size(format);
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) store(out + i, load_as(in + i * size, format) * scale);
    if (i < count) {
        uint8_t rest[LANES * 4] = {0};
        __builtin_memcpy(rest, in + i * size, (count - i) * size);
        store_first(out + i, load_as(rest, format) * scale, count - i);
    }
}

static void widen(float *out, const void *in, int format, size_t count, float scale) {
    switch (format) {
    case MONOCLE_BF16: widen_as(out, in, count, scale, MONOCLE_BF16); break;
    case MONOCLE_F16: widen_as(out, in, count, scale, MONOCLE_F16); break;
    case MONOCLE_E4M3: widen_as(out, in, count, scale, MONOCLE_E4M3); break;
    default: widen_as(out, in, count, scale, MONOCLE_F32);
    }
}

/// To nearest, ties to even; overflow to infinity, NaN stays NaN.
INLINE uint16_t bf16_of(float x) {
    uint32_t pattern;
    __builtin_memcpy(&pattern, &x, sizeof pattern);
    uint32_t rounded = (pattern + 0x7fff + (pattern >> 16 & 1)) >> 16;
    return (uint16_t)(x != x ? (pattern >> 16 | 0x40) : rounded);
}

/// To nearest, ties to even, saturating at 448; NaN stays NaN.
INLINE uint8_t e4m3_of(float x) {
    uint32_t pattern;
    __builtin_memcpy(&pattern, &x, sizeof pattern);
    uint32_t sign = pattern >> 24 & 0x80, magnitude = pattern & 0x7fffffff;
    // Below 2^-6 the code counts steps of 2^-9: the sum with 2^14 rounds to them, in the lowest bits of its mantissa.
    float shifted, small;
    __builtin_memcpy(&small, &magnitude, sizeof small);
    small += 0x1p14f;
    __builtin_memcpy(&shifted, &small, sizeof shifted);
    uint32_t steps;
    __builtin_memcpy(&steps, &shifted, sizeof steps);
    steps &= 0xff;
    uint32_t normal = ((magnitude + 0x7ffff + (magnitude >> 20 & 1)) >> 20) - (120 << 3);
    uint32_t code = magnitude < 0x3c800000 ? steps : magnitude >= 0x43e00000 || normal > 0x7e ? 0x7e : normal;
    return (uint8_t)(sign | (magnitude > 0x7f800000 ? 0x7f : code));
}

static void narrow(void *out, const float *x, int format, size_t count, float scale) {
    if (format == MONOCLE_BF16) {
        uint16_t *elements = out;
        for (size_t i = 0; i < count; i++) elements[i] = bf16_of(x[i]);
    } else if (format == MONOCLE_E4M3) {
        uint8_t *elements = out;
        for (size_t i = 0; i < count; i++) elements[i] = e4m3_of(x[i] / scale);
    } else {
        __builtin_memcpy(out, x, count * sizeof(float));
    }
}

static void widen_nvfp4(
    float *out, const uint8_t *packed, const uint8_t *scales, size_t count, float global_scale
) {
    static const float values[16] = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0.0f, -0.5f, -1, -1.5f, -2, -3, -4, -6};
    for (size_t block = 0; block < count / 16; block++) {
        float scale;
        widen_as(&scale, scales + block, 1, global_scale, MONOCLE_E4M3);
        for (size_t i = 0; i < 8; i++) {
            uint8_t byte = packed[block * 8 + i];
            out[block * 16 + 2 * i] = values[byte & 0xf] * scale;
            out[block * 16 + 2 * i + 1] = values[byte >> 4] * scale;
        }
    }
}
