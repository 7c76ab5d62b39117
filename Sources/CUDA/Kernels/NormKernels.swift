// CUDA C of the norms, compiled once for each number of columns (`COLUMNS`). Knows nothing of launching.

/// A warp owns a row and keeps it in registers. The backward kernels give each warp `ROWS` consecutive rows, whose
/// shares of the gain's (and bias's) gradient it adds up in order and writes as one partial row.
let normKernels = #"""
    #define ROWS 16
    #define WARPS 8
    #if COLUMNS % 4 == 0
    #define V 4
    #else
    #define V 1
    #endif
    #define STEPS ((COLUMNS + 32 * V - 1) / (32 * V))

    struct Row { float at[STEPS][V]; };

    __device__ __forceinline__ int place(int step, int lane) { return (step * 32 + lane) * V; }

    __device__ __forceinline__ void load(Row& row, const float* p, int lane) {
        #pragma unroll
        for (int j = 0; j < STEPS; ++j) {
            int i = place(j, lane);
            #if V == 4
            float4 a = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
            if (i < COLUMNS) a = *(const float4*)(p + i);
            row.at[j][0] = a.x;
            row.at[j][1] = a.y;
            row.at[j][2] = a.z;
            row.at[j][3] = a.w;
            #else
            row.at[j][0] = i < COLUMNS ? p[i] : 0.0f;
            #endif
        }
    }
    __device__ __forceinline__ void store(const Row& row, float* p, int lane) {
        #pragma unroll
        for (int j = 0; j < STEPS; ++j) {
            int i = place(j, lane);
            #if V == 4
            if (i < COLUMNS) *(float4*)(p + i) = make_float4(row.at[j][0], row.at[j][1], row.at[j][2], row.at[j][3]);
            #else
            if (i < COLUMNS) p[i] = row.at[j][0];
            #endif
        }
    }
    __device__ __forceinline__ void clear(Row& row) {
        #pragma unroll
        for (int j = 0; j < STEPS; ++j) {
            #pragma unroll
            for (int k = 0; k < V; ++k) row.at[j][k] = 0.0f;
        }
    }
    #define EACH _Pragma("unroll") for (int j = 0; j < STEPS; ++j) _Pragma("unroll") for (int k = 0; k < V; ++k)

    extern "C" __global__ void rms_norm(const float* x, const float* gain, float* y, int rows, float epsilon) {
        int lane = threadIdx.x % 32;
        int row = blockIdx.x * WARPS + threadIdx.x / 32;
        if (row >= rows) return;
        Row a;
        Row g;
        load(a, x + (size_t)row * COLUMNS, lane);
        load(g, gain, lane);
        float square = 0.0f;
        EACH square += a.at[j][k] * a.at[j][k];
        square = warp_sum(square);
        float scale = 1.0f / sqrtf(square / COLUMNS + epsilon);
        EACH a.at[j][k] = a.at[j][k] * scale * g.at[j][k];
        store(a, y + (size_t)row * COLUMNS, lane);
    }

    extern "C" __global__ void layer_norm(
        const float* x, const float* gain, const float* bias, float* y, int rows, float epsilon
    ) {
        int lane = threadIdx.x % 32;
        int row = blockIdx.x * WARPS + threadIdx.x / 32;
        if (row >= rows) return;
        Row a;
        load(a, x + (size_t)row * COLUMNS, lane);
        float sum = 0.0f;
        EACH sum += a.at[j][k];
        float mean = warp_sum(sum) / COLUMNS;
        float square = 0.0f;
        EACH {
            float d = place(j, lane) < COLUMNS ? a.at[j][k] - mean : 0.0f;
            a.at[j][k] = d;
            square += d * d;
        }
        square = warp_sum(square);
        float scale = 1.0f / sqrtf(square / COLUMNS + epsilon);
        Row g;
        load(g, gain, lane);
        EACH a.at[j][k] *= scale * g.at[j][k];
        load(g, bias, lane);
        EACH a.at[j][k] += g.at[j][k];
        store(a, y + (size_t)row * COLUMNS, lane);
    }

    // partial: [ceil(rows / ROWS), COLUMNS].
    extern "C" __global__ void rms_norm_gradient(
        const float* dy, const float* x, const float* gain, float* dx, float* partial, int rows, float epsilon
    ) {
        int lane = threadIdx.x % 32;
        int owner = blockIdx.x * WARPS + threadIdx.x / 32;
        int first = owner * ROWS;
        if (first >= rows) return;
        int last = min(rows, first + ROWS);
        Row g;
        Row sums;
        load(g, gain, lane);
        clear(sums);
        for (int row = first; row < last; ++row) {
            Row a;
            Row d;
            load(a, x + (size_t)row * COLUMNS, lane);
            load(d, dy + (size_t)row * COLUMNS, lane);
            float square = 0.0f;
            float product = 0.0f;
            EACH {
                square += a.at[j][k] * a.at[j][k];
                product += g.at[j][k] * d.at[j][k] * a.at[j][k];
            }
            square = warp_sum(square);
            product = warp_sum(product);
            float scale = 1.0f / sqrtf(square / COLUMNS + epsilon);
            float pull = scale * scale * scale * product / COLUMNS;
            EACH {
                float value = a.at[j][k];
                sums.at[j][k] += d.at[j][k] * value * scale;
                a.at[j][k] = scale * g.at[j][k] * d.at[j][k] - pull * value;
            }
            store(a, dx + (size_t)row * COLUMNS, lane);
        }
        store(sums, partial + (size_t)owner * COLUMNS, lane);
    }

    // partial: [ceil(rows / ROWS), 2 * COLUMNS]: the gain's share, then the bias's.
    extern "C" __global__ void layer_norm_gradient(
        const float* dy, const float* x, const float* gain, float* dx, float* partial, int rows, float epsilon
    ) {
        int lane = threadIdx.x % 32;
        int owner = blockIdx.x * WARPS + threadIdx.x / 32;
        int first = owner * ROWS;
        if (first >= rows) return;
        int last = min(rows, first + ROWS);
        Row g;
        Row sums;
        Row plain_sums;
        load(g, gain, lane);
        clear(sums);
        clear(plain_sums);
        for (int row = first; row < last; ++row) {
            Row a;
            Row d;
            load(a, x + (size_t)row * COLUMNS, lane);
            load(d, dy + (size_t)row * COLUMNS, lane);
            float sum = 0.0f;
            EACH sum += a.at[j][k];
            float mean = warp_sum(sum) / COLUMNS;
            float square = 0.0f;
            EACH {
                float centred = place(j, lane) < COLUMNS ? a.at[j][k] - mean : 0.0f;
                a.at[j][k] = centred;
                square += centred * centred;
            }
            square = warp_sum(square);
            float scale = 1.0f / sqrtf(square / COLUMNS + epsilon);
            float plain = 0.0f;
            float weighted = 0.0f;
            EACH {
                a.at[j][k] *= scale;
                float inner = g.at[j][k] * d.at[j][k];
                plain += inner;
                weighted += inner * a.at[j][k];
            }
            plain = warp_sum(plain) / COLUMNS;
            weighted = warp_sum(weighted) / COLUMNS;
            EACH {
                float normal = a.at[j][k];
                sums.at[j][k] += d.at[j][k] * normal;
                plain_sums.at[j][k] += d.at[j][k];
                a.at[j][k] = scale * (g.at[j][k] * d.at[j][k] - plain - normal * weighted);
            }
            store(a, dx + (size_t)row * COLUMNS, lane);
        }
        store(sums, partial + (size_t)owner * 2 * COLUMNS, lane);
        store(plain_sums, partial + (size_t)owner * 2 * COLUMNS + COLUMNS, lane);
    }
    """#
