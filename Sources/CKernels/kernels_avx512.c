// The kernels of kernels.h in AVX-512.
#include "kernels.h"

#if defined(__x86_64__)
#define WIDE_FMA 1
#define WIDE_REGISTERS 32
#define VALUE_ROWS 6
#define VALUE_WIDTH 4

#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,f16c"))), apply_to = function)

#include "wide/vector.h"
#include "wide/rows.h"
#include "wide/formats.h"
#include "wide/attention.h"
#include "wide/product.h"
#include "wide/backward.h"
#include "wide/screen.h"

#pragma clang attribute pop

#include "wide/table.h"

const struct monocle_kernels *monocle_kernels_avx512(void) { return &table; }
#else
const struct monocle_kernels *monocle_kernels_avx512(void) { return NULL; }
#endif
