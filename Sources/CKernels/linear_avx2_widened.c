// The widened linear kernel with AVX2.
#include "linear.h"

#if defined(__x86_64__)
#include "linear_avx2.h"

#define WIDENED_LANES 8
#define WIDENED_FMA(a, b, sum) _mm256_fmadd_ps(a, b, sum)
#define WIDENED_NVFP4 decode_nvfp4_avx2
#define WIDENED_TARGET AVX2
#include "linear_widened.h"

AVX2 void monocle_linear_widened_avx2(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                      size_t first, size_t last, float *y, uint8_t *scratch) {
    widened_multiply(weight, x, first, last, y, scratch);
}
#endif
