// The kernels of kernels.h in portable C.
#include "kernels.h"

#define WIDE_FMA 0
#define WIDE_REGISTERS 8
#define VALUE_ROWS 3
#define VALUE_WIDTH 1

#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic ignored "-Wpsabi"

#include "wide/vector.h"
#include "wide/rows.h"
#include "wide/formats.h"
#include "wide/attention.h"
#include "wide/product.h"
#include "wide/backward.h"
#include "wide/screen.h"

#include "wide/table.h"

const struct monocle_kernels *monocle_kernels_scalar(void) { return &table; }
