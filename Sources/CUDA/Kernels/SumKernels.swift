// CUDA C of sums over many rows or elements, losses, and the optimiser. Every sum has one order, given by the shape alone.

let sumKernels = #"""
    // Partial sums of rows: block (x: group of 32 V columns, y: chunk of rows), 8 warps that take every eighth row.
    template <int V> __device__ void column_partial_body(
        const float* x, float* partial, int rows, int columns, int chunk_rows
    ) {
        typedef typename Vec<V>::type T;
        __shared__ T sums[8][32];
        int lane = threadIdx.x % 32;
        int warp = threadIdx.x / 32;
        int column = blockIdx.x * 32 + lane;
        int first = blockIdx.y * chunk_rows;
        int last = min(rows, first + chunk_rows);
        T sum;
        vzero(sum);
        if (column < columns) {
            #pragma unroll 4
            for (int row = first + warp; row < last; row += 8) {
                sum = vadd(sum, ((const T*)x)[(size_t)row * columns + column]);
            }
        }
        sums[warp][lane] = sum;
        __syncthreads();
        if (warp == 0 && column < columns) {
            for (int other = 1; other < 8; ++other) sum = vadd(sum, sums[other][lane]);
            ((T*)partial)[(size_t)blockIdx.y * columns + column] = sum;
        }
    }
    extern "C" __global__ void column_partial_4(
        const float* x, float* partial, int rows, int columns, int chunk_rows
    ) {
        column_partial_body<4>(x, partial, rows, columns, chunk_rows);
    }
    extern "C" __global__ void column_partial_1(
        const float* x, float* partial, int rows, int columns, int chunk_rows
    ) {
        column_partial_body<1>(x, partial, rows, columns, chunk_rows);
    }

    // Sums the partial rows in double. Columns below `split` go to `head`, the others to `tail`. Block of 32 x 32.
    extern "C" __global__ void column_total(
        const float* partial, float* head, float* tail, int chunks, int columns, int split
    ) {
        __shared__ double sums[32][33];
        int lane = threadIdx.x % 32;
        int group = threadIdx.x / 32;
        int column = blockIdx.x * 32 + lane;
        double sum = 0.0;
        if (column < columns) {
            #pragma unroll 4
            for (int chunk = group; chunk < chunks; chunk += 32) sum += (double)partial[(size_t)chunk * columns + column];
        }
        sums[group][lane] = sum;
        __syncthreads();
        if (group == 0 && column < columns) {
            for (int other = 1; other < 32; ++other) sum += sums[other][lane];
            if (column < split) head[column] = (float)sum; else tail[column - split] = (float)sum;
        }
    }

    __device__ double block_sum(double v, double* shared) {
        __syncthreads();
        shared[threadIdx.x] = v;
        __syncthreads();
        for (int half = blockDim.x / 2; half > 0; half /= 2) {
            if (threadIdx.x < half) shared[threadIdx.x] += shared[threadIdx.x + half];
            __syncthreads();
        }
        return shared[0];
    }
    __device__ float block_max(float v, double* shared) {
        float* values = (float*)shared;
        __syncthreads();
        values[threadIdx.x] = v;
        __syncthreads();
        for (int half = blockDim.x / 2; half > 0; half /= 2) {
            if (threadIdx.x < half) values[threadIdx.x] = fmaxf(values[threadIdx.x], values[threadIdx.x + half]);
            __syncthreads();
        }
        return values[0];
    }
    __device__ double log_sum_exp(const float* x, int count, double* shared) {
        float largest = -ENDLESS;
        for (int i = threadIdx.x; i < count; i += blockDim.x) largest = fmaxf(largest, x[i]);
        largest = block_max(largest, shared);
        double total = 0.0;
        for (int i = threadIdx.x; i < count; i += blockDim.x) total += exp((double)x[i] - (double)largest);
        return (double)largest + log(block_sum(total, shared));
    }

    // Losses: a block of 128 threads for each row; rows that do not count get zeros.
    extern "C" __global__ void cross_entropy(
        const float* logits, const int* targets, float* gradient, double* losses, int columns, double scale
    ) {
        __shared__ double shared[128];
        const float* x = logits + (size_t)blockIdx.x * columns;
        float* dx = gradient + (size_t)blockIdx.x * columns;
        int target = targets[blockIdx.x];
        if (target < 0) {
            for (int i = threadIdx.x; i < columns; i += blockDim.x) dx[i] = 0.0f;
            if (threadIdx.x == 0) losses[blockIdx.x] = 0.0;
            return;
        }
        double normalizer = log_sum_exp(x, columns, shared);
        for (int i = threadIdx.x; i < columns; i += blockDim.x) {
            double p = exp((double)x[i] - normalizer);
            dx[i] = (float)(scale * (i == target ? p - 1.0 : p));
        }
        if (threadIdx.x == 0) losses[blockIdx.x] = normalizer - (double)x[target];
    }
    extern "C" __global__ void forward_kl(
        const float* logits, const float* teacher, const int* counted, float* gradient, double* losses, int columns,
        double scale
    ) {
        __shared__ double shared[128];
        const float* x = logits + (size_t)blockIdx.x * columns;
        const float* z = teacher + (size_t)blockIdx.x * columns;
        float* dx = gradient + (size_t)blockIdx.x * columns;
        if (counted[blockIdx.x] == 0) {
            for (int i = threadIdx.x; i < columns; i += blockDim.x) dx[i] = 0.0f;
            if (threadIdx.x == 0) losses[blockIdx.x] = 0.0;
            return;
        }
        double own = log_sum_exp(x, columns, shared);
        double other = log_sum_exp(z, columns, shared);
        double divergence = 0.0;
        for (int i = threadIdx.x; i < columns; i += blockDim.x) {
            double s = (double)x[i] - own;
            double t = (double)z[i] - other;
            double p = exp(t);
            if (p > 0.0) divergence += p * (t - s);
            dx[i] = (float)(scale * (exp(s) - p));
        }
        divergence = block_sum(divergence, shared);
        if (threadIdx.x == 0) losses[blockIdx.x] = divergence;
    }
    extern "C" __global__ void mean_square(
        const float* logits, const float* teacher, const int* counted, float* gradient, double* losses, int columns,
        double scale
    ) {
        __shared__ double shared[128];
        const float* x = logits + (size_t)blockIdx.x * columns;
        const float* z = teacher + (size_t)blockIdx.x * columns;
        float* dx = gradient + (size_t)blockIdx.x * columns;
        if (counted[blockIdx.x] == 0) {
            for (int i = threadIdx.x; i < columns; i += blockDim.x) dx[i] = 0.0f;
            if (threadIdx.x == 0) losses[blockIdx.x] = 0.0;
            return;
        }
        double square = 0.0;
        for (int i = threadIdx.x; i < columns; i += blockDim.x) {
            double difference = (double)x[i] - (double)z[i];
            square += difference * difference;
            dx[i] = (float)(scale * 2.0 * difference / (double)columns);
        }
        square = block_sum(square, shared);
        if (threadIdx.x == 0) losses[blockIdx.x] = square / (double)columns;
    }

    // result[g] = the sum of values[start[g] ..< start[g + 1]]; one block of 256 threads for each g.
    extern "C" __global__ void sum_doubles(const double* values, const int* start, double* result) {
        __shared__ double shared[256];
        double sum = 0.0;
        for (int i = start[blockIdx.x] + threadIdx.x; i < start[blockIdx.x + 1]; i += blockDim.x) sum += values[i];
        sum = block_sum(sum, shared);
        if (threadIdx.x == 0) result[blockIdx.x] = sum;
    }

    // Sums of squares of pieces of many tensors: piece p is counts[p] elements at address pointers[p].
    extern "C" __global__ void square_partial(const i64* pointers, const int* counts, double* partial) {
        __shared__ double shared[256];
        const float* x = (const float*)pointers[blockIdx.x];
        int count = counts[blockIdx.x];
        double sum = 0.0;
        for (int i = threadIdx.x; i < count; i += blockDim.x) sum += (double)x[i] * (double)x[i];
        sum = block_sum(sum, shared);
        if (threadIdx.x == 0) partial[blockIdx.x] = sum;
    }

    // In the order of operations of the host's AdamW, each rounded once.
    extern "C" __global__ void adamw(
        const float* old, const float* slope, const float* old_first, const float* old_second, float* parameter,
        float* first, float* second, int count, float clip, float beta1, float rest1, float beta2, float rest2,
        float keep, float size, float root, float epsilon
    ) {
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= count) return;
        float gradient = __fmul_rn(slope[i], clip);
        float m = __fadd_rn(__fmul_rn(old_first[i], beta1), __fmul_rn(gradient, rest1));
        float v = __fadd_rn(__fmul_rn(old_second[i], beta2), __fmul_rn(__fmul_rn(gradient, gradient), rest2));
        float divisor = __fadd_rn(__fdiv_rn(__fsqrt_rn(v), root), epsilon);
        first[i] = m;
        second[i] = v;
        parameter[i] = __fsub_rn(__fmul_rn(old[i], keep), __fdiv_rn(__fmul_rn(size, m), divisor));
    }
    """#
