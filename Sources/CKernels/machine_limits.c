// What the machine can do at best: plain reads and multiply-adds on registers. Knows nothing of threads or clocks.
#include "machine_limits.h"

#include <string.h>

#if defined(__x86_64__)
#include "tile_configuration.h"
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512bf16")))
#define AMX __attribute__((target("amx-tile,amx-bf16")))
#endif

// Keeps a value in its register and unknown to the optimiser, so that nothing is computed once for all rounds.
#if defined(__x86_64__)
#define OPAQUE(value) __asm__ volatile("" : "+x"(value))
#elif defined(__aarch64__)
#define OPAQUE(value) __asm__ volatile("" : "+w"(value))
#else
#define OPAQUE(value) __asm__ volatile("" : "+m"(value))
#endif

// More chains than any core has cycles of latency times instructions a cycle; all fit into sixteen registers.
#define CHAINS 12
#define ALL_CHAINS(do) do(0) do(1) do(2) do(3) do(4) do(5) do(6) do(7) do(8) do(9) do(10) do(11)

typedef float lane4 __attribute__((vector_size(16)));

uint64_t monocle_read_scalar(const uint8_t *bytes, size_t count) {
    uint64_t sums[4] = {0};
    for (size_t at = 0; at < count; at += 32) {
        uint64_t words[4];
        memcpy(words, bytes + at, sizeof words);
        for (int i = 0; i < 4; i++) sums[i] += words[i];
    }
    return sums[0] + sums[1] + sums[2] + sums[3];
}

size_t monocle_peak_f32_scalar(size_t rounds) {
    lane4 x = {1, 1, 1, 1}, y = {1, 1, 1, 1};
#define DECLARE(i) lane4 sum##i = {0};
    ALL_CHAINS(DECLARE)
#undef DECLARE
    for (size_t round = 0; round < rounds; round++) {
#define STEP(i) OPAQUE(x); sum##i += x * y;
        ALL_CHAINS(STEP)
#undef STEP
    }
#define KEEP(i) OPAQUE(sum##i);
    ALL_CHAINS(KEEP)
#undef KEEP
    return rounds * CHAINS * 4;
}

#if defined(__x86_64__)

AVX2 uint64_t monocle_read_avx2(const uint8_t *bytes, size_t count) {
    __m256i sums[8] = {0};
    for (size_t at = 0; at < count; at += 256)
        for (int i = 0; i < 8; i++)
            sums[i] = _mm256_xor_si256(sums[i], _mm256_loadu_si256((const __m256i *)(bytes + at + 32 * i)));
    for (int i = 1; i < 8; i++) sums[0] = _mm256_xor_si256(sums[0], sums[i]);
    uint64_t words[4];
    memcpy(words, &sums[0], sizeof words);
    return words[0] ^ words[1] ^ words[2] ^ words[3];
}

AVX512 uint64_t monocle_read_avx512(const uint8_t *bytes, size_t count) {
    __m512i sums[4] = {0};
    for (size_t at = 0; at < count; at += 256)
        for (int i = 0; i < 4; i++)
            sums[i] = _mm512_xor_si512(sums[i], _mm512_loadu_si512(bytes + at + 64 * i));
    return (uint64_t)_mm512_reduce_add_epi64(
        _mm512_xor_si512(_mm512_xor_si512(sums[0], sums[1]), _mm512_xor_si512(sums[2], sums[3])));
}

// A round is one instruction (or trio) on each chain; `step(i)` adds to `sum##i` the product of x and y.
#define PEAK(name, target, vector, operand, first, zero, step, lanes)                                                 \
    target size_t name(size_t rounds) {                                                                               \
        operand x = first, y = first;                                                                                 \
        vector sum0 = zero, sum1 = zero, sum2 = zero, sum3 = zero, sum4 = zero, sum5 = zero, sum6 = zero, sum7 = zero,\
               sum8 = zero, sum9 = zero, sum10 = zero, sum11 = zero;                                                  \
        for (size_t round = 0; round < rounds; round++) {                                                             \
            ALL_CHAINS(step)                                                                                          \
        }                                                                                                             \
        ALL_CHAINS(KEEP)                                                                                              \
        return rounds * CHAINS * (lanes);                                                                             \
    }
#define KEEP(i) OPAQUE(sum##i);

#define FMA_256(i) OPAQUE(x); sum##i = _mm256_fmadd_ps(x, y, sum##i);
PEAK(monocle_peak_f32_avx2, AVX2, __m256, __m256, _mm256_set1_ps(1), _mm256_setzero_ps(), FMA_256, 8)

#define MADDWD_256(i) OPAQUE(x); sum##i = _mm256_add_epi32(sum##i, _mm256_madd_epi16(x, y));
PEAK(monocle_peak_int16_avx2, AVX2, __m256i, __m256i, _mm256_set1_epi16(1), _mm256_setzero_si256(), MADDWD_256, 16)

#define MADDUBS_256(i)                                                                                                \
    OPAQUE(x);                                                                                                        \
    sum##i = _mm256_add_epi32(sum##i, _mm256_madd_epi16(_mm256_maddubs_epi16(x, y), _mm256_set1_epi16(1)));
PEAK(monocle_peak_int8_avx2, AVX2, __m256i, __m256i, _mm256_set1_epi8(1), _mm256_setzero_si256(), MADDUBS_256, 32)

#define FMA_512(i) OPAQUE(x); sum##i = _mm512_fmadd_ps(x, y, sum##i);
PEAK(monocle_peak_f32_avx512, AVX512, __m512, __m512, _mm512_set1_ps(1), _mm512_setzero_ps(), FMA_512, 16)

#define DPBF16_512(i) OPAQUE(x); sum##i = _mm512_dpbf16_ps(sum##i, (__m512bh)x, (__m512bh)y);
PEAK(monocle_peak_bf16_avx512, AVX512, __m512, __m512i, _mm512_set1_epi16(0x3F80), _mm512_setzero_ps(), DPBF16_512, 32)

#define DPBUSD_512(i) OPAQUE(x); sum##i = _mm512_dpbusd_epi32(sum##i, x, y);
PEAK(monocle_peak_int8_avx512, AVX512, __m512i, __m512i, _mm512_set1_epi8(1), _mm512_setzero_si512(), DPBUSD_512, 64)

AMX size_t monocle_peak_bf16_amx(size_t rounds) {
    // Ones, not zeros: with zeros the processor multiplies faster than it ever does with data.
    uint16_t ones[16 * 32];
    for (int i = 0; i < 16 * 32; i++) ones[i] = 0x3F80;
    configure_tiles(16);
    _tile_loadd(4, ones, 64), _tile_loadd(5, ones, 64), _tile_loadd(6, ones, 64), _tile_loadd(7, ones, 64);
    for (size_t round = 0; round < rounds; round++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_release();
    return rounds * 4 * 16 * 16 * 32;
}

#else

// Never chosen: InstructionSet.available leaves these sets out.
uint64_t monocle_read_avx2(const uint8_t *bytes, size_t count) { return monocle_read_scalar(bytes, count); }
uint64_t monocle_read_avx512(const uint8_t *bytes, size_t count) { return monocle_read_scalar(bytes, count); }
size_t monocle_peak_f32_avx2(size_t rounds) { return monocle_peak_f32_scalar(rounds); }
size_t monocle_peak_int16_avx2(size_t rounds) { return monocle_peak_f32_scalar(rounds); }
size_t monocle_peak_int8_avx2(size_t rounds) { return monocle_peak_f32_scalar(rounds); }
size_t monocle_peak_f32_avx512(size_t rounds) { return monocle_peak_f32_scalar(rounds); }
size_t monocle_peak_bf16_avx512(size_t rounds) { return monocle_peak_f32_scalar(rounds); }
size_t monocle_peak_int8_avx512(size_t rounds) { return monocle_peak_f32_scalar(rounds); }
size_t monocle_peak_bf16_amx(size_t rounds) { return monocle_peak_f32_scalar(rounds); }

#endif
