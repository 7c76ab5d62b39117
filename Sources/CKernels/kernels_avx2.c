// The kernels of kernels.h in AVX2 and FMA.
#include "kernels.h"

#if defined(__x86_64__)
#define WIDE_FMA 1
#define WIDE_REGISTERS 8
#define VALUE_ROWS 6
#define VALUE_WIDTH 1

#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang attribute push( \
    __attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "wide/vector.h"
#include "wide/rows.h"
#include "wide/formats.h"
#include "wide/attention.h"
#include "wide/product.h"
#include "wide/backward.h"
#include "wide/screen.h"

#pragma clang attribute pop

#include "wide/table.h"

const struct monocle_kernels *monocle_kernels_avx2(void) { return &table; }
#else
const struct monocle_kernels *monocle_kernels_avx2(void) { return NULL; }
#endif
