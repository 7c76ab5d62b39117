// What the machine can do at best: plain reads and multiply-adds on registers. Knows nothing of threads or clocks.
#ifndef MONOCLE_MACHINE_LIMITS_H
#define MONOCLE_MACHINE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/// Reads `count` bytes, a multiple of 256, in one stream. Returns a word that depends on each of them.
typedef uint64_t monocle_read(const uint8_t *bytes, size_t count);

monocle_read monocle_read_scalar;
monocle_read monocle_read_avx2;
monocle_read monocle_read_avx512;

/// Repeats one multiply-add instruction on independent registers. Returns the multiply-adds carried out.
typedef size_t monocle_peak(size_t rounds);

/// float32 multiply, then add, in the platform's baseline vectors.
monocle_peak monocle_peak_f32_scalar;
/// vfmadd, 256 bits.
monocle_peak monocle_peak_f32_avx2;
/// vpmaddwd, vpaddd: int16 products summed to int32, 256 bits.
monocle_peak monocle_peak_int16_avx2;
/// vpmaddubsw, vpmaddwd, vpaddd: int8 products summed to int32, 256 bits.
monocle_peak monocle_peak_int8_avx2;
/// vfmadd, 512 bits.
monocle_peak monocle_peak_f32_avx512;
/// vdpbf16ps, 512 bits.
monocle_peak monocle_peak_bf16_avx512;
/// vpdpbusd, 512 bits.
monocle_peak monocle_peak_int8_avx512;
/// tdpbf16ps on tiles of 16 x 16 sums.
monocle_peak monocle_peak_bf16_amx;

#endif
