// Rounding of activations: bf16, int8 blocks, NVFP4 blocks, bit for bit as the Swift definitions in Numerics.
// Knows nothing of layouts. Inlined into functions of every instruction set, whose vectors the compiler then uses.
#ifndef MONOCLE_LINEAR_QUANTIZE_H
#define MONOCLE_LINEAR_QUANTIZE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE uint32_t float_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

INLINE float float_from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/// Rounds to nearest, ties to even; NaN stays NaN.
INLINE uint16_t bf16_round(float value) {
    const uint32_t bits = float_bits(value);
    const uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
    const uint32_t quiet = (bits >> 16) | 0x40;
    return (uint16_t)((bits & 0x7FFFFFFF) > 0x7F800000 ? quiet : rounded);
}

/// Largest magnitude of sixteen values, NaN left out.
INLINE float largest_magnitude(const float *x) {
    int32_t largest = 0;  // the order of magnitudes is the order of their bits
    for (int i = 0; i < 16; i++) {
        const int32_t bits = (int32_t)(float_bits(x[i]) & 0x7FFFFFFF);
        const int32_t kept = bits > 0x7F800000 ? 0 : bits;
        largest = kept > largest ? kept : largest;
    }
    return float_from_bits((uint32_t)largest);
}

/// Numerics' `Int8Block`: codes in -127 ... 127 and the scale of sixteen values.
INLINE float quantize_int8(const float *x, int8_t *codes) {
#pragma clang fp contract(off)
    const float largest = largest_magnitude(x);
    const float inverse = 127 / largest;
    const bool usable = float_bits(largest) < 0x7F800000 && float_bits(inverse) < 0x7F800000;
    const float round = 0x1.8p23f;  // adding it leaves the nearest integer, ties to even, in the low bits
    for (int i = 0; i < 16; i++) {
        const float value = x[i] == x[i] ? x[i] : 0;
        const float scaled = usable ? value * inverse : 0;
        const float clamped = scaled > 127 ? 127 : scaled < -127 ? -127 : scaled;
        codes[i] = (int8_t)(float_bits(clamped + round) & 0xFF);
    }
    return usable ? largest / 127 : 0;
}

/// Numerics' `Int16Block`: codes in -32639 ... 32639 and the scale, a power of two, of sixteen values.
INLINE float quantize_int16(const float *x, int16_t *codes) {
#pragma clang fp contract(off)
    const uint32_t largest = float_bits(largest_magnitude(x));
    // The exponent that leaves 14 bits and a bit of the largest before the point; the next one from 32639 on.
    const uint32_t exponent = (largest + 0x10200) >> 23;
    const bool usable = exponent > 14 && largest < 0x7F800000;
    const float inverse = float_from_bits(usable ? (268 - exponent) << 23 : 0);
    const float round = 0x1.8p23f;
    for (int i = 0; i < 16; i++) {
        const float value = usable && x[i] == x[i] ? x[i] * inverse : 0;
        codes[i] = (int16_t)(float_bits(value + round) & 0xFFFF);
    }
    return float_from_bits(usable ? (exponent - 14) << 23 : 0);
}

INLINE float e4m3_widen(uint8_t bits) {
    const uint32_t magnitude = bits & 0x7F;
    const float value = float_from_bits(magnitude << 20) * 0x1p120f;  // exponent bias 7 to 127, subnormals included
    const uint32_t finite = float_bits(value) | (uint32_t)(bits & 0x80) << 24;
    const uint32_t nan = 0x7FC00000 | (uint32_t)(bits & 0x80) << 24;
    return float_from_bits(magnitude == 0x7F ? nan : finite);
}

/// Rounds a value that is not negative to e4m3, saturating at 448; NaN gives 0x7F.
INLINE uint8_t e4m3_round(float value) {
#pragma clang fp contract(off)
    if (value != value) return 0x7F;
    if (value >= 448) return 0x7E;
    if (value < 0x1p-6f) {
        const float scaled = value * 0x1p9f;
        return (uint8_t)(float_bits(scaled + 0x1.8p23f) & 0xFF);
    }
    const uint32_t bits = float_bits(value);
    const uint32_t rounded = ((bits + 0x7FFFF + ((bits >> 20) & 1)) >> 20) - (120 << 3);
    return (uint8_t)(rounded > 0x7E ? 0x7E : rounded);
}

/// Numerics' `NVFP4.quantizeActivation`: sixteen e2m1 values times two, and the e4m3 block scale as float.
INLINE float quantize_nvfp4(const float *x, float input_scale, int8_t *doubled) {
#pragma clang fp contract(off)
    const float inverse = 1 / input_scale;
    const float sixth = 1.0f / 6;
    const float share = largest_magnitude(x) * sixth;
    const float scale = e4m3_widen(e4m3_round(inverse * share));
    const float back = 1 / inverse;
    const float step = scale * back;
    const float reciprocal = step == 0 ? 0 : 1 / step;
    for (int i = 0; i < 16; i++) {
        const float value = x[i] * reciprocal;
        const float magnitude = float_from_bits(float_bits(value) & 0x7FFFFFFF);
        // Steps of 0, 1, 2, 3, 4, 6, 8, 12 at the rounding borders; NaN takes them all, and is not negative.
        int code = 0;
        code += magnitude <= 0.25f ? 0 : 1;
        code += magnitude < 0.75f ? 0 : 1;
        code += magnitude <= 1.25f ? 0 : 1;
        code += magnitude < 1.75f ? 0 : 1;
        code += magnitude <= 2.5f ? 0 : 2;
        code += magnitude < 3.5f ? 0 : 2;
        code += magnitude <= 5.0f ? 0 : 4;
        doubled[i] = (int8_t)(value < 0 ? -code : code);
    }
    return scale;
}

#endif
