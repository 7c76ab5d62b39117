// CUDA C of attention's backward: probabilities are made again from the forward pass's sums, tile by tile.

/// With P the probabilities, dP = dO V^T, and e = rowsum(dO * O): dV = P^T dO, dS = P (dP - e), dQ = dS K, dK = dS^T Q.
/// One kernel owns query rows and goes over keys, the other owns key rows and goes over queries (of all heads that share
/// them), so every element has one owner and one order of addition.
let attentionBackward = #"""
    #define QUERY_KEYS 64
    #define CHUNK 2

    // delta[row, head] = sum of dy * out over the head. One warp for each; index = row * heads + head.
    extern "C" __global__ void attention_delta(const float* dy, const float* out, float* delta, int count) {
        int index = blockIdx.x * 8 + threadIdx.x / 32;
        int lane = threadIdx.x % 32;
        if (index >= count) return;
        float sum = 0.0f;
        for (int i = lane; i < D; i += 32) sum += dy[(size_t)index * D + i] * out[(size_t)index * D + i];
        sum = warp_sum(sum);
        if (lane == 0) delta[index] = sum;
    }

    extern "C" __global__ void __launch_bounds__(ROW_WARPS * 32, D <= 64 && !EXACT ? 2 : 1) attention_query_gradient(
        const float* q, const float* k, const float* v, const float* dy, const float* lse, const float* delta,
        float* dq, int q_stride, int kv_stride, int dq_stride, int heads, int group, const int* list, int tokens,
        int causal, float scale
    ) {
        extern __shared__ float shared[];
        float* keys = shared;
        float* values = shared + QUERY_KEYS * LD;
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
        float d[STEPS][4];
        load_rows(a, q + (i64)w.first * q_stride + head * D, q_stride, row, w.count, t, scale * LOG2E);
        load_rows(d, dy + (i64)w.first * heads * D + head * D, (i64)heads * D, row, w.count, t, 1.0f);
        float sum[STEPS][4];
        #pragma unroll
        for (int s = 0; s < STEPS; ++s) sum[s][0] = sum[s][1] = sum[s][2] = sum[s][3] = 0.0f;
        i64 place = (i64)(w.first + row) * heads + head;
        // Rows beyond the segment have probability 2^-inf = 0.
        float lse0 = row < w.count ? lse[place] : ENDLESS;
        float lse1 = row + 8 < w.count ? lse[place + 8 * heads] : ENDLESS;
        float e0 = row < w.count ? delta[place] : 0.0f;
        float e1 = row + 8 < w.count ? delta[place + 8 * heads] : 0.0f;
        int end = causal ? min(w.count, w.tile + ROW_WARPS * 16) : w.count;

        for (int base = 0; base < end; base += QUERY_KEYS) {
            __syncthreads();
            load_tile(keys, head_keys, kv_stride, base, w.count, QUERY_KEYS, 1.0f);
            load_tile(values, head_values, kv_stride, base, w.count, QUERY_KEYS, 1.0f);
            __syncthreads();
            if (!active) continue;
            int limit = causal ? min(end, top + 16) : end;
            for (int n0 = 0; n0 < QUERY_KEYS / 8 && base + n0 * 8 < limit; n0 += CHUNK) {
                float p[CHUNK][4];
                float dp[CHUNK][4];
                #pragma unroll
                for (int n = 0; n < CHUNK; ++n) {
                    p[n][0] = p[n][1] = p[n][2] = p[n][3] = 0.0f;
                    dp[n][0] = dp[n][1] = dp[n][2] = dp[n][3] = 0.0f;
                    #pragma unroll
                    for (int s = 0; s < STEPS; ++s) {
                        const float* b = keys + ((n0 + n) * 8 + g) * LD + s * 8 + t;
                        product(p[n], a[s][0], a[s][1], a[s][2], a[s][3], b[0], b[4]);
                    }
                    #pragma unroll
                    for (int s = 0; s < STEPS; ++s) {
                        const float* b = values + ((n0 + n) * 8 + g) * LD + s * 8 + t;
                        product(dp[n], d[s][0], d[s][1], d[s][2], d[s][3], b[0], b[4]);
                    }
                }
                #pragma unroll
                for (int n = 0; n < CHUNK; ++n) {
                    int column = base + (n0 + n) * 8 + 2 * t;
                    bool in0 = column < w.count;
                    bool in1 = column + 1 < w.count;
                    float p0 = in0 && (!causal || column <= row) ? exp2f(p[n][0] - lse0) : 0.0f;
                    float p1 = in1 && (!causal || column + 1 <= row) ? exp2f(p[n][1] - lse0) : 0.0f;
                    float p2 = in0 && (!causal || column <= row + 8) ? exp2f(p[n][2] - lse1) : 0.0f;
                    float p3 = in1 && (!causal || column + 1 <= row + 8) ? exp2f(p[n][3] - lse1) : 0.0f;
                    p0 = operand(p0 * (dp[n][0] - e0));
                    p1 = operand(p1 * (dp[n][1] - e0));
                    p2 = operand(p2 * (dp[n][2] - e1));
                    p3 = operand(p3 * (dp[n][3] - e1));
                    #pragma unroll
                    for (int s = 0; s < STEPS; ++s) {
                        const float* b = keys + ((n0 + n) * 8 + 2 * t) * LD + s * 8 + g;
                        product(sum[s], p0, p2, p1, p3, b[0], b[LD]);
                    }
                }
            }
        }
        if (!active) return;
        store_rows(sum, dq + (i64)w.first * dq_stride + head * D, dq_stride, row, w.count, t, scale, scale);
    }

    #if D <= 64
    #define KEY_WARPS 6
    #define QUERIES 64
    #else
    #define KEY_WARPS 4
    #define QUERIES 16
    #endif

    extern "C" __global__ void __launch_bounds__(KEY_WARPS * 32, D <= 64 && !EXACT ? 2 : 1) attention_key_value_gradient(
        const float* q, const float* k, const float* v, const float* dy, const float* lse, const float* delta,
        float* dk, float* dv, int q_stride, int kv_stride, int dkv_stride, int heads, int group, const int* list,
        int tokens, int causal, float scale
    ) {
        extern __shared__ float shared[];
        float* keys = shared;
        float* values = keys + KEY_WARPS * 16 * LD;
        float* queries = values + KEY_WARPS * 16 * LD;
        float* slopes = queries + QUERIES * LD;
        float* sums = slopes + QUERIES * LD;
        float* deltas = sums + QUERIES;
        Work w = work_of(list, tokens, KEY_WARPS * 16);
        int warp = threadIdx.x / 32;
        int g = threadIdx.x % 32 / 4;
        int t = threadIdx.x % 4;
        int top = w.tile + warp * 16;
        int row = top + g;
        bool active = top < w.count;
        i64 offset = (i64)w.first * kv_stride + blockIdx.y * D;
        load_tile(keys, k + offset, kv_stride, w.tile, w.count, KEY_WARPS * 16, 1.0f);
        load_tile(values, v + offset, kv_stride, w.tile, w.count, KEY_WARPS * 16, 1.0f);
        float key_sum[STEPS][4];
        float value_sum[STEPS][4];
        #pragma unroll
        for (int s = 0; s < STEPS; ++s) {
            key_sum[s][0] = key_sum[s][1] = key_sum[s][2] = key_sum[s][3] = 0.0f;
            value_sum[s][0] = value_sum[s][1] = value_sum[s][2] = value_sum[s][3] = 0.0f;
        }

        for (int head = blockIdx.y * group; head < (blockIdx.y + 1) * group; ++head) {
            const float* head_queries = q + (i64)w.first * q_stride + head * D;
            const float* head_slopes = dy + (i64)w.first * heads * D + head * D;
            for (int base = causal ? w.tile / QUERIES * QUERIES : 0; base < w.count; base += QUERIES) {
                __syncthreads();
                load_tile(queries, head_queries, q_stride, base, w.count, QUERIES, scale * LOG2E);
                load_tile(slopes, head_slopes, (i64)heads * D, base, w.count, QUERIES, 1.0f);
                if (threadIdx.x < QUERIES) {
                    bool inside = base + (int)threadIdx.x < w.count;
                    i64 place = (i64)(w.first + base + threadIdx.x) * heads + head;
                    sums[threadIdx.x] = inside ? lse[place] : ENDLESS;
                    deltas[threadIdx.x] = inside ? delta[place] : 0.0f;
                }
                __syncthreads();
                if (!active) continue;
                for (int n0 = 0; n0 < QUERIES / 8 && base + n0 * 8 < w.count; n0 += CHUNK) {
                    if (causal && base + (n0 + CHUNK) * 8 <= top) continue;
                    float p[CHUNK][4];
                    float dp[CHUNK][4];
                    #pragma unroll
                    for (int n = 0; n < CHUNK; ++n) {
                        p[n][0] = p[n][1] = p[n][2] = p[n][3] = 0.0f;
                        dp[n][0] = dp[n][1] = dp[n][2] = dp[n][3] = 0.0f;
                    }
                    #pragma unroll
                    for (int s = 0; s < STEPS; ++s) {
                        const float* x = keys + (warp * 16 + g) * LD + s * 8 + t;
                        float x0 = x[0], x1 = x[8 * LD], x2 = x[4], x3 = x[8 * LD + 4];
                        const float* y = values + (warp * 16 + g) * LD + s * 8 + t;
                        float y0 = y[0], y1 = y[8 * LD], y2 = y[4], y3 = y[8 * LD + 4];
                        #pragma unroll
                        for (int n = 0; n < CHUNK; ++n) {
                            int b = ((n0 + n) * 8 + g) * LD + s * 8 + t;
                            product(p[n], x0, x1, x2, x3, queries[b], queries[b + 4]);
                            product(dp[n], y0, y1, y2, y3, slopes[b], slopes[b + 4]);
                        }
                    }
                    #pragma unroll
                    for (int n = 0; n < CHUNK; ++n) {
                        int local = (n0 + n) * 8 + 2 * t;
                        int column = base + local;
                        float lse0 = sums[local], lse1 = sums[local + 1];
                        float e0 = deltas[local], e1 = deltas[local + 1];
                        float p0 = !causal || column >= row ? exp2f(p[n][0] - lse0) : 0.0f;
                        float p1 = !causal || column + 1 >= row ? exp2f(p[n][1] - lse1) : 0.0f;
                        float p2 = !causal || column >= row + 8 ? exp2f(p[n][2] - lse0) : 0.0f;
                        float p3 = !causal || column + 1 >= row + 8 ? exp2f(p[n][3] - lse1) : 0.0f;
                        float s0 = operand(p0 * (dp[n][0] - e0));
                        float s1 = operand(p1 * (dp[n][1] - e1));
                        float s2 = operand(p2 * (dp[n][2] - e0));
                        float s3 = operand(p3 * (dp[n][3] - e1));
                        p0 = operand(p0);
                        p1 = operand(p1);
                        p2 = operand(p2);
                        p3 = operand(p3);
                        #pragma unroll
                        for (int s = 0; s < STEPS; ++s) {
                            int b = local * LD + s * 8 + g;
                            product(value_sum[s], p0, p2, p1, p3, slopes[b], slopes[b + LD]);
                            product(key_sum[s], s0, s2, s1, s3, queries[b], queries[b + LD]);
                        }
                    }
                }
            }
        }
        if (!active) return;
        // The queries were scaled by scale * log2(e).
        i64 target = (i64)w.first * dkv_stride + blockIdx.y * D;
        store_rows(key_sum, dk + target, dkv_stride, row, w.count, t, 1.0f / LOG2E, 1.0f / LOG2E);
        store_rows(value_sum, dv + target, dkv_stride, row, w.count, t, 1.0f, 1.0f);
    }
    """#
