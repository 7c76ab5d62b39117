// CUDA C of softmax attention, forward: tiles of scores live in registers only. Compiled once for each head dimension.

/// The pieces that the forward and the backward kernels share.
///
/// Products run on tensor cores, 16 x 8 x 8 elements at a time: `mma` takes TF32 operands and adds in float32. With
/// `EXACT` every operand is split into two TF32 parts and three products are added, which keeps about 21 bits.
/// A lane is (g, t) = (lane / 4, lane % 4). Operand A (16 x 8) holds rows g and g + 8, columns t and t + 4; operand B
/// (8 x 8) rows t and t + 4, column g; the sum C (16 x 8) rows g and g + 8, columns 2t and 2t + 1. A sum is used as
/// an operand A without moving it between lanes: the inner index t then stands for column 2t and t + 4 for 2t + 1, and
/// operand B reads the same rows.
let attentionPrelude = #"""
    #define LD (D + 4)
    #define STEPS (D / 8)
    #define LOG2E 1.4426950408889634f

    __device__ __forceinline__ float tf32(float x) {
        unsigned int r;
        asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(r) : "f"(x));
        return __uint_as_float(r);
    }
    __device__ __forceinline__ void mma(
        float (&c)[4], float a0, float a1, float a2, float a3, float b0, float b1
    ) {
        asm volatile(
            "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
            "{%0, %1, %2, %3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(__float_as_uint(a0)), "r"(__float_as_uint(a1)), "r"(__float_as_uint(a2)), "r"(__float_as_uint(a3)),
              "r"(__float_as_uint(b0)), "r"(__float_as_uint(b1)));
    }

    // What an operand is rounded to before it is used, perhaps many times.
    __device__ __forceinline__ float operand(float x) {
        #if EXACT
        return x;
        #else
        return tf32(x);
        #endif
    }
    __device__ __forceinline__ void product(
        float (&c)[4], float a0, float a1, float a2, float a3, float b0, float b1
    ) {
        #if EXACT
        float h0 = tf32(a0), h1 = tf32(a1), h2 = tf32(a2), h3 = tf32(a3), k0 = tf32(b0), k1 = tf32(b1);
        mma(c, tf32(a0 - h0), tf32(a1 - h1), tf32(a2 - h2), tf32(a3 - h3), k0, k1);
        mma(c, h0, h1, h2, h3, tf32(b0 - k0), tf32(b1 - k1));
        mma(c, h0, h1, h2, h3, k0, k1);
        #else
        mma(c, a0, a1, a2, a3, b0, b1);
        #endif
    }

    // Copies rows base ..< base + tile_rows of a segment's head to shared memory, times `scale`; zeros beyond the segment.
    __device__ __forceinline__ void load_tile(
        float* tile, const float* source, i64 stride, int base, int count, int tile_rows, float scale
    ) {
        for (int i = threadIdx.x; i < tile_rows * (D / 4); i += blockDim.x) {
            int row = i / (D / 4);
            int column = i % (D / 4) * 4;
            float4 a = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
            if (base + row < count) a = *(const float4*)(source + (base + row) * stride + column);
            a.x = operand(a.x * scale);
            a.y = operand(a.y * scale);
            a.z = operand(a.z * scale);
            a.w = operand(a.w * scale);
            *(float4*)(tile + row * LD + column) = a;
        }
    }

    // Operand A of rows row and row + 8 of a head, for all steps; zeros beyond the segment.
    __device__ __forceinline__ void load_rows(
        float (&a)[STEPS][4], const float* source, i64 stride, int row, int count, int t, float scale
    ) {
        #pragma unroll
        for (int s = 0; s < STEPS; ++s) {
            const float* p = source + row * stride + s * 8 + t;
            const float* r = p + 8 * stride;
            a[s][0] = row < count ? operand(p[0] * scale) : 0.0f;
            a[s][1] = row + 8 < count ? operand(r[0] * scale) : 0.0f;
            a[s][2] = row < count ? operand(p[4] * scale) : 0.0f;
            a[s][3] = row + 8 < count ? operand(r[4] * scale) : 0.0f;
        }
    }

    __device__ __forceinline__ void store_rows(
        const float (&c)[STEPS][4], float* target, i64 stride, int row, int count, int t, float scale0, float scale1
    ) {
        #pragma unroll
        for (int s = 0; s < STEPS; ++s) {
            float* p = target + row * stride + s * 8 + 2 * t;
            if (row < count) *(float2*)p = make_float2(c[s][0] * scale0, c[s][1] * scale0);
            if (row + 8 < count) {
                *(float2*)(p + 8 * stride) = make_float2(c[s][2] * scale1, c[s][3] * scale1);
            }
        }
    }

    // The piece of work of a block: tile `tile` of a segment of `count` rows from `first`. With a list, the block's entry
    // of three integers; without, segments are equal runs of `tokens` rows.
    struct Work { int first; int count; int tile; };
    __device__ __forceinline__ Work work_of(const int* list, int tokens, int tile_rows) {
        Work w;
        if (list) {
            w.first = list[3 * blockIdx.x];
            w.count = list[3 * blockIdx.x + 1];
            w.tile = list[3 * blockIdx.x + 2];
        } else {
            int tiles = (tokens + tile_rows - 1) / tile_rows;
            w.first = (int)(blockIdx.x / tiles) * tokens;
            w.count = tokens;
            w.tile = (int)(blockIdx.x % tiles) * tile_rows;
        }
        return w;
    }
    """#

/// A block is 6 warps of 16 query rows each; it goes over its keys 64 at a time with a running maximum and sum.
/// `lse` [rows, heads] gets log2 of the sum of 2^(score * log2(e)), scores being scaled by `scale`.
let attentionForward = #"""
    #define ROW_WARPS 6
    #define KEYS 64

    extern "C" __global__ void __launch_bounds__(ROW_WARPS * 32, D <= 64 && !EXACT ? 2 : 1) attention_forward(
        const float* q, const float* k, const float* v, float* out, float* lse, int q_stride, int kv_stride,
        int heads, int group, const int* list, int tokens, int causal, float scale
    ) {
        extern __shared__ float shared[];
        float* keys = shared;
        float* values = shared + KEYS * LD;
        int head = blockIdx.y;
        Work w = work_of(list, tokens, ROW_WARPS * 16);
        int warp = threadIdx.x / 32;
        int g = threadIdx.x % 32 / 4;
        int t = threadIdx.x % 4;
        int top = w.tile + warp * 16;
        int row = top + g;
        bool active = top < w.count;
        const float* head_keys = k + (i64)w.first * kv_stride + head / group * D;
        const float* head_values = v + (i64)w.first * kv_stride + head / group * D;

        float a[STEPS][4];
        load_rows(a, q + (i64)w.first * q_stride + head * D, q_stride, row, w.count, t, scale * LOG2E);
        float o[STEPS][4];
        #pragma unroll
        for (int s = 0; s < STEPS; ++s) o[s][0] = o[s][1] = o[s][2] = o[s][3] = 0.0f;
        float largest0 = -ENDLESS, largest1 = -ENDLESS, sum0 = 0.0f, sum1 = 0.0f;
        int end = causal ? min(w.count, w.tile + ROW_WARPS * 16) : w.count;

        for (int base = 0; base < end; base += KEYS) {
            __syncthreads();
            load_tile(keys, head_keys, kv_stride, base, w.count, KEYS, 1.0f);
            load_tile(values, head_values, kv_stride, base, w.count, KEYS, 1.0f);
            __syncthreads();
            if (!active || (causal && base > top + 15)) continue;

            float p[KEYS / 8][4];
            float high0 = largest0, high1 = largest1;
            #pragma unroll
            for (int n = 0; n < KEYS / 8; ++n) {
                p[n][0] = p[n][1] = p[n][2] = p[n][3] = 0.0f;
                if (base + n * 8 < end) {
                    #pragma unroll
                    for (int s = 0; s < STEPS; ++s) {
                        const float* b = keys + (n * 8 + g) * LD + s * 8 + t;
                        product(p[n], a[s][0], a[s][1], a[s][2], a[s][3], b[0], b[4]);
                    }
                }
                int column = base + n * 8 + 2 * t;
                if (column >= w.count || (causal && column > row)) p[n][0] = -ENDLESS;
                if (column + 1 >= w.count || (causal && column + 1 > row)) p[n][1] = -ENDLESS;
                if (column >= w.count || (causal && column > row + 8)) p[n][2] = -ENDLESS;
                if (column + 1 >= w.count || (causal && column + 1 > row + 8)) p[n][3] = -ENDLESS;
                high0 = fmaxf(high0, fmaxf(p[n][0], p[n][1]));
                high1 = fmaxf(high1, fmaxf(p[n][2], p[n][3]));
            }
            high0 = fmaxf(high0, __shfl_xor_sync(0xffffffffu, high0, 1));
            high0 = fmaxf(high0, __shfl_xor_sync(0xffffffffu, high0, 2));
            high1 = fmaxf(high1, __shfl_xor_sync(0xffffffffu, high1, 1));
            high1 = fmaxf(high1, __shfl_xor_sync(0xffffffffu, high1, 2));
            // Every row sees key 0 of its segment, so both are finite from the first tile on.
            float shrink0 = exp2f(largest0 - high0);
            float shrink1 = exp2f(largest1 - high1);
            largest0 = high0;
            largest1 = high1;
            sum0 *= shrink0;
            sum1 *= shrink1;
            #pragma unroll
            for (int s = 0; s < STEPS; ++s) {
                o[s][0] *= shrink0;
                o[s][1] *= shrink0;
                o[s][2] *= shrink1;
                o[s][3] *= shrink1;
            }
            #pragma unroll
            for (int n = 0; n < KEYS / 8; ++n) {
                if (base + n * 8 >= end) continue;
                float p0 = exp2f(p[n][0] - high0);
                float p1 = exp2f(p[n][1] - high0);
                float p2 = exp2f(p[n][2] - high1);
                float p3 = exp2f(p[n][3] - high1);
                sum0 += p0 + p1;
                sum1 += p2 + p3;
                p0 = operand(p0);
                p1 = operand(p1);
                p2 = operand(p2);
                p3 = operand(p3);
                #pragma unroll
                for (int s = 0; s < STEPS; ++s) {
                    const float* b = values + (n * 8 + 2 * t) * LD + s * 8 + g;
                    product(o[s], p0, p2, p1, p3, b[0], b[LD]);
                }
            }
        }

        if (!active) return;
        sum0 += __shfl_xor_sync(0xffffffffu, sum0, 1);
        sum0 += __shfl_xor_sync(0xffffffffu, sum0, 2);
        sum1 += __shfl_xor_sync(0xffffffffu, sum1, 1);
        sum1 += __shfl_xor_sync(0xffffffffu, sum1, 2);
        store_rows(
            o, out + (i64)w.first * heads * D + head * D, (i64)heads * D, row, w.count, t, 1.0f / sum0, 1.0f / sum1);
        if (t == 0) {
            if (row < w.count) lse[(i64)(w.first + row) * heads + head] = largest0 + log2f(sum0);
            if (row + 8 < w.count) lse[(i64)(w.first + row + 8) * heads + head] = largest1 + log2f(sum1);
        }
    }
    """#
