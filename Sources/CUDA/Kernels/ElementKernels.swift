// CUDA C of the operations on single elements, and of moving rows. Knows nothing of how it is compiled or launched.

/// What every source begins with.
let kernelPrelude = #"""
    typedef long long i64;
    typedef unsigned char u8;
    #define ENDLESS __int_as_float(0x7f800000)

    template <int V> struct Vec;
    template <> struct Vec<1> { typedef float type; };
    template <> struct Vec<4> { typedef float4 type; };

    __device__ __forceinline__ float vadd(float a, float b) { return a + b; }
    __device__ __forceinline__ float4 vadd(float4 a, float4 b) {
        return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
    }
    __device__ __forceinline__ void vzero(float& a) { a = 0.0f; }
    __device__ __forceinline__ void vzero(float4& a) { a = make_float4(0.0f, 0.0f, 0.0f, 0.0f); }

    // The same bits in every lane: each lane adds the same pairs.
    __device__ __forceinline__ float warp_sum(float v) {
        v += __shfl_xor_sync(0xffffffffu, v, 16);
        v += __shfl_xor_sync(0xffffffffu, v, 8);
        v += __shfl_xor_sync(0xffffffffu, v, 4);
        v += __shfl_xor_sync(0xffffffffu, v, 2);
        v += __shfl_xor_sync(0xffffffffu, v, 1);
        return v;
    }

    """#

/// Memory of a tensor is a multiple of 16 bytes, so `count4` groups of four may reach past the last element.
let elementKernels = #"""
    extern "C" __global__ void add(const float4* x, const float4* y, float4* z, int count4) {
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i < count4) z[i] = vadd(x[i], y[i]);
    }

    template <int V> __device__ void add_bias_body(float* y, const float* bias, int count, int columns) {
        typedef typename Vec<V>::type T;
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= count) return;
        T* p = (T*)y + i;
        *p = vadd(*p, ((const T*)bias)[i % columns]);
    }
    // count and columns in groups of four.
    extern "C" __global__ void add_bias_4(float* y, const float* bias, int count, int columns) {
        add_bias_body<4>(y, bias, count, columns);
    }
    extern "C" __global__ void add_bias_1(float* y, const float* bias, int count, int columns) {
        add_bias_body<1>(y, bias, count, columns);
    }

    __device__ __forceinline__ float gelu_of(float x) { return 0.5f * x * (1.0f + erff(x * 0.70710678118654752f)); }
    __device__ __forceinline__ float gelu_slope(float x) {
        return 0.5f * (1.0f + erff(x * 0.70710678118654752f)) + x * 0.39894228040143268f * expf(-0.5f * x * x);
    }
    extern "C" __global__ void gelu(const float4* x, float4* y, int count4) {
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= count4) return;
        float4 a = x[i];
        y[i] = make_float4(gelu_of(a.x), gelu_of(a.y), gelu_of(a.z), gelu_of(a.w));
    }
    extern "C" __global__ void gelu_gradient(const float4* dy, const float4* x, float4* dx, int count4) {
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= count4) return;
        float4 a = x[i];
        float4 g = dy[i];
        dx[i] = make_float4(
            g.x * gelu_slope(a.x), g.y * gelu_slope(a.y), g.z * gelu_slope(a.z), g.w * gelu_slope(a.w));
    }

    __device__ __forceinline__ float swiglu_of(float gate, float up) { return gate / (1.0f + expf(-gate)) * up; }
    extern "C" __global__ void swiglu(const float4* gate, const float4* up, float4* y, int count4) {
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= count4) return;
        float4 a = gate[i];
        float4 b = up[i];
        y[i] = make_float4(
            swiglu_of(a.x, b.x), swiglu_of(a.y, b.y), swiglu_of(a.z, b.z), swiglu_of(a.w, b.w));
    }
    __device__ __forceinline__ void swiglu_back(float dy, float gate, float up, float& dgate, float& dup) {
        float logistic = 1.0f / (1.0f + expf(-gate));
        dup = dy * gate * logistic;
        dgate = dy * up * logistic * (1.0f + gate * (1.0f - logistic));
    }
    extern "C" __global__ void swiglu_gradient(
        const float4* dy, const float4* gate, const float4* up, float4* dgate, float4* dup, int count4
    ) {
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= count4) return;
        float4 g = dy[i];
        float4 a = gate[i];
        float4 b = up[i];
        float4 da;
        float4 db;
        swiglu_back(g.x, a.x, b.x, da.x, db.x);
        swiglu_back(g.y, a.y, b.y, da.y, db.y);
        swiglu_back(g.z, a.z, b.z, da.z, db.z);
        swiglu_back(g.w, a.w, b.w, da.w, db.w);
        dgate[i] = da;
        dup[i] = db;
    }

    // One thread for each pair (i, half + i) of a head; count = rows * columns / 2.
    extern "C" __global__ void rope(
        const float* x, float* y, const int* positions, const float* frequencies, int count, int columns, int half_dim
    ) {
        int index = blockIdx.x * blockDim.x + threadIdx.x;
        if (index >= count) return;
        int pairs = columns / 2;
        int row = index / pairs;
        int pair = index % pairs;
        int head = pair / half_dim;
        int i = pair % half_dim;
        float angle = __fmul_rn((float)positions[row], frequencies[i]);
        float s;
        float c;
        sincosf(angle, &s, &c);
        size_t place = (size_t)row * columns + head * 2 * half_dim + i;
        float a = x[place];
        float b = x[place + half_dim];
        y[place] = a * c - b * s;
        y[place + half_dim] = b * c + a * s;
    }

    // y row r = x row index[r]; columns in groups of V; count = rows * columns.
    template <int V> __device__ void gather_body(const float* x, const int* index, float* y, int count, int columns) {
        typedef typename Vec<V>::type T;
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= count) return;
        int row = i / columns;
        ((T*)y)[i] = ((const T*)x)[(size_t)index[row] * columns + i % columns];
    }
    extern "C" __global__ void gather_4(const float* x, const int* index, float* y, int count, int columns) {
        gather_body<4>(x, index, y, count, columns);
    }
    extern "C" __global__ void gather_1(const float* x, const int* index, float* y, int count, int columns) {
        gather_body<1>(x, index, y, count, columns);
    }

    // y row r = replacement row map[r], or x row r where map[r] < 0.
    template <int V> __device__ void replace_body(
        const float* x, const float* replacement, const int* map, float* y, int count, int columns
    ) {
        typedef typename Vec<V>::type T;
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= count) return;
        int source = map[i / columns];
        ((T*)y)[i] = source < 0 ? ((const T*)x)[i] : ((const T*)replacement)[(size_t)source * columns + i % columns];
    }
    extern "C" __global__ void replace_4(
        const float* x, const float* replacement, const int* map, float* y, int count, int columns
    ) {
        replace_body<4>(x, replacement, map, y, count, columns);
    }
    extern "C" __global__ void replace_1(
        const float* x, const float* replacement, const int* map, float* y, int count, int columns
    ) {
        replace_body<1>(x, replacement, map, y, count, columns);
    }

    // y row map[r] = x row r; the targets are distinct and y is zero elsewhere.
    template <int V> __device__ void spread_body(const float* x, const int* map, float* y, int count, int columns) {
        typedef typename Vec<V>::type T;
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= count) return;
        ((T*)y)[(size_t)map[i / columns] * columns + i % columns] = ((const T*)x)[i];
    }
    extern "C" __global__ void spread_4(const float* x, const int* map, float* y, int count, int columns) {
        spread_body<4>(x, map, y, count, columns);
    }
    extern "C" __global__ void spread_1(const float* x, const int* map, float* y, int count, int columns) {
        spread_body<1>(x, map, y, count, columns);
    }

    // Partial sums of runs of sources that share a target: chunk c adds rows order[start[c] ..< start[c + 1]] of x.
    template <int V> __device__ void scatter_partial_body(
        const float* x, const int* order, const int* start, float* partial, int columns
    ) {
        typedef typename Vec<V>::type T;
        int first = start[blockIdx.x];
        int last = start[blockIdx.x + 1];
        for (int column = threadIdx.x; column < columns; column += blockDim.x) {
            T sum;
            vzero(sum);
            #pragma unroll 4
            for (int i = first; i < last; ++i) sum = vadd(sum, ((const T*)x)[(size_t)order[i] * columns + column]);
            ((T*)partial)[(size_t)blockIdx.x * columns + column] = sum;
        }
    }
    extern "C" __global__ void scatter_partial_4(
        const float* x, const int* order, const int* start, float* partial, int columns
    ) {
        scatter_partial_body<4>(x, order, start, partial, columns);
    }
    extern "C" __global__ void scatter_partial_1(
        const float* x, const int* order, const int* start, float* partial, int columns
    ) {
        scatter_partial_body<1>(x, order, start, partial, columns);
    }

    // y row r = the sum of the partial rows chunks[r] ..< chunks[r + 1], in order.
    template <int V> __device__ void scatter_total_body(const float* partial, const int* chunks, float* y, int columns) {
        typedef typename Vec<V>::type T;
        int first = chunks[blockIdx.x];
        int last = chunks[blockIdx.x + 1];
        for (int column = threadIdx.x; column < columns; column += blockDim.x) {
            T sum;
            vzero(sum);
            #pragma unroll 4
            for (int i = first; i < last; ++i) sum = vadd(sum, ((const T*)partial)[(size_t)i * columns + column]);
            ((T*)y)[(size_t)blockIdx.x * columns + column] = sum;
        }
    }
    extern "C" __global__ void scatter_total_4(const float* partial, const int* chunks, float* y, int columns) {
        scatter_total_body<4>(partial, chunks, y, columns);
    }
    extern "C" __global__ void scatter_total_1(const float* partial, const int* chunks, float* y, int columns) {
        scatter_total_body<1>(partial, chunks, y, columns);
    }
    """#
