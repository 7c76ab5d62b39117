// The widened linear kernel with AVX-512, and the packing of activations for all AVX-512 kernels.
#include "linear.h"

#if defined(__x86_64__)
#include "linear_avx2.h"
#include "linear_avx512.h"

#define WIDENED_LANES 16
#define WIDENED_FMA(a, b, sum) _mm512_fmadd_ps(a, b, sum)
#define WIDENED_NVFP4 decode_nvfp4_avx2
#define WIDENED_TARGET AVX512
#include "linear_widened.h"

AVX512 void monocle_linear_widened_avx512(const struct monocle_weight *weight, const struct monocle_packed_rows *x,
                                          size_t first, size_t last, float *y, uint8_t *scratch) {
    widened_multiply(weight, x, first, last, y, scratch);
}

AVX512 void monocle_pack_int8_rows_avx512(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                          uint8_t *row) {
    pack_integers(x, inputs, input_scale, first, last, row, LANES, false, false);
}

AVX512 void monocle_pack_int8_panels_avx512(const float *x, size_t inputs, float input_scale, size_t first,
                                            size_t last, uint8_t *row) {
    pack_integers(x, inputs, input_scale, first, last, row, LANES, false, true);
}

AVX512 void monocle_pack_nvfp4_rows_avx512(const float *x, size_t inputs, float input_scale, size_t first,
                                           size_t last, uint8_t *row) {
    pack_integers(x, inputs, input_scale, first, last, row, LANES, true, false);
}

AVX512 void monocle_pack_nvfp4_panels_avx512(const float *x, size_t inputs, float input_scale, size_t first,
                                             size_t last, uint8_t *row) {
    pack_integers(x, inputs, input_scale, first, last, row, LANES, true, true);
}

AVX512 void monocle_pack_blocks_rows_avx512(const float *x, size_t inputs, float input_scale, size_t first,
                                            size_t last, uint8_t *row) {
    (void)input_scale;
    pack_block_pairs(x, inputs, first, last, row, LANES, false);
}

AVX512 void monocle_pack_blocks_panels_avx512(const float *x, size_t inputs, float input_scale, size_t first,
                                              size_t last, uint8_t *row) {
    (void)input_scale;
    pack_block_pairs(x, inputs, first, last, row, LANES, true);
}

AVX512 void monocle_pack_bf16_rows_avx512(const float *x, size_t inputs, float input_scale, size_t first, size_t last,
                                          uint8_t *row) {
    (void)input_scale;
    pack_pairs(x, inputs, first, last, row, LANES, false);
}

AVX512 void monocle_pack_bf16_panels_avx512(const float *x, size_t inputs, float input_scale, size_t first,
                                            size_t last, uint8_t *row) {
    (void)input_scale;
    pack_pairs(x, inputs, first, last, row, LANES, true);
}
#endif
