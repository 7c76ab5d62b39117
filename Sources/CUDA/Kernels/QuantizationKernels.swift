// CUDA C of rounding to NVFP4, to the bits of `Numerics`: every operation rounds once, nothing is contracted.

let quantizationKernels = #"""
    // E4M3(saturating:), back as a float. The argument is not negative, or NaN.
    __device__ __forceinline__ float e4m3_rounded(float x) {
        if (x != x) return x;
        if (x >= 448.0f) return 448.0f;
        if (x < 0.015625f) return __fmul_rn(rintf(__fmul_rn(x, 512.0f)), 0.001953125f);
        unsigned int pattern = __float_as_uint(x);
        unsigned int rounded = (pattern + 0x7FFFFu + ((pattern >> 20) & 1u)) >> 20;
        return fminf(__uint_as_float(rounded << 20), 448.0f);
    }

    // E2M1(saturating:), back as a float: ties to the even code, NaN becomes 6, only values below zero are negative.
    __device__ __forceinline__ float e2m1_rounded(float x) {
        float m = fabsf(x);
        float r = m <= 0.25f ? 0.0f
            : m < 0.75f ? 0.5f
            : m <= 1.25f ? 1.0f
            : m < 1.75f ? 1.5f
            : m <= 2.5f ? 2.0f
            : m < 3.5f ? 3.0f
            : m <= 5.0f ? 4.0f
            : 6.0f;
        return x < 0.0f ? -r : r;
    }

    __device__ __forceinline__ float largest_of(const float4* p, float4* block) {
        float largest = 0.0f;
        #pragma unroll
        for (int j = 0; j < 4; ++j) {
            float4 a = p[j];
            block[j] = a;
            largest = fmaxf(largest, fmaxf(fmaxf(fabsf(a.x), fabsf(a.y)), fmaxf(fabsf(a.z), fabsf(a.w))));
        }
        return largest;
    }

    // NVFP4.quantizeActivation and its values: one thread for each block of 16.
    extern "C" __global__ void round_inputs(const float4* x, float4* y, int blocks, float input_scale) {
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= blocks) return;
        float4 block[4];
        float largest = largest_of(x + (size_t)i * 4, block);
        float inverse = __fdiv_rn(1.0f, input_scale);
        float scale = e4m3_rounded(__fmul_rn(inverse, __fmul_rn(largest, __fdiv_rn(1.0f, 6.0f))));
        float step = __fmul_rn(scale, __fdiv_rn(1.0f, inverse));
        float reciprocal = step == 0.0f ? 0.0f : __fdiv_rn(1.0f, step);
        float unit = __fmul_rn(scale, input_scale);
        #pragma unroll
        for (int j = 0; j < 4; ++j) {
            float4 a = block[j];
            y[(size_t)i * 4 + j] = make_float4(
                __fmul_rn(e2m1_rounded(__fmul_rn(a.x, reciprocal)), unit),
                __fmul_rn(e2m1_rounded(__fmul_rn(a.y, reciprocal)), unit),
                __fmul_rn(e2m1_rounded(__fmul_rn(a.z, reciprocal)), unit),
                __fmul_rn(e2m1_rounded(__fmul_rn(a.w, reciprocal)), unit));
        }
    }

    // NVFP4WeightScales.blockScale, NVFP4Block.packed and NVFP4.dequantize in one.
    // rule: 0 sequential, 1 unclamped, 2 clamped; reciprocal: a division by a constant multiplies by its reciprocal.
    extern "C" __global__ void round_weights(
        const float4* x, float4* y, int blocks, float global_scale, int rule, int reciprocal
    ) {
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= blocks) return;
        float4 block[4];
        float largest = largest_of(x + (size_t)i * 4, block);
        float scale;
        if (rule == 0) {
            float sixth = reciprocal ? __fmul_rn(largest, __fdiv_rn(1.0f, 6.0f)) : __fdiv_rn(largest, 6.0f);
            scale = __fdiv_rn(sixth, global_scale);
        } else {
            scale = __fdiv_rn(largest, __fmul_rn(6.0f, global_scale));
        }
        if (scale == 0.0f) {
            scale = 1.0f;
        } else if (rule == 2) {
            scale = fmaxf(scale, 0.001953125f);
        }
        float step = __fmul_rn(e4m3_rounded(scale), global_scale);
        #pragma unroll
        for (int j = 0; j < 4; ++j) {
            float4 a = block[j];
            y[(size_t)i * 4 + j] = make_float4(
                __fmul_rn(e2m1_rounded(__fdiv_rn(a.x, step)), step), __fmul_rn(e2m1_rounded(__fdiv_rn(a.y, step)), step),
                __fmul_rn(e2m1_rounded(__fdiv_rn(a.z, step)), step), __fmul_rn(e2m1_rounded(__fdiv_rn(a.w, step)), step));
        }
    }
    """#
