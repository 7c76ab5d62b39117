// CUDA C of the vision encoder's rearrangements. Knows nothing of how it is compiled or launched.

let visionKernels = #"""
    // One thread for each element of a patch vector; index = (patch of all tiles) * 3 * patch^2 + element.
    extern "C" __global__ void patchify(
        const u8* pixels, float* y, i64 count, int side, int patch, float mean0, float mean1, float mean2, float std0,
        float std1, float std2
    ) {
        i64 index = (i64)blockIdx.x * blockDim.x + threadIdx.x;
        if (index >= count) return;
        int area = patch * patch;
        int grid = side / patch;
        int element = (int)(index % (3 * area));
        i64 cell = index / (3 * area);
        int channel = element / area;
        int row = element % area / patch;
        int column = element % patch;
        i64 tile = cell / (grid * grid);
        int place = (int)(cell % (grid * grid));
        i64 source = ((tile * 3 + channel) * side + place / grid * patch + row) * side + place % grid * patch + column;
        float mean = channel == 0 ? mean0 : channel == 1 ? mean1 : mean2;
        float std = channel == 0 ? std0 : channel == 1 ? std1 : std2;
        y[index] = __fdiv_rn(__fsub_rn(__fdiv_rn((float)pixels[source], 255.0f), mean), std);
    }

    // The same, four elements of a patch's row at a time; count in groups of four.
    extern "C" __global__ void patchify_4(
        const u8* pixels, float* y, i64 count, int side, int patch, float mean0, float mean1, float mean2, float std0,
        float std1, float std2
    ) {
        i64 index = (i64)blockIdx.x * blockDim.x + threadIdx.x;
        if (index >= count) return;
        int quarter = patch / 4;
        int area = patch * quarter;
        int grid = side / patch;
        int element = (int)(index % (3 * area));
        i64 cell = index / (3 * area);
        int channel = element / area;
        int row = element % area / quarter;
        int column = element % quarter * 4;
        i64 tile = cell / (grid * grid);
        int place = (int)(cell % (grid * grid));
        i64 source = ((tile * 3 + channel) * side + place / grid * patch + row) * side + place % grid * patch + column;
        float mean = channel == 0 ? mean0 : channel == 1 ? mean1 : mean2;
        float std = channel == 0 ? std0 : channel == 1 ? std1 : std2;
        uchar4 p = *(const uchar4*)(pixels + source);
        ((float4*)y)[index] = make_float4(
            __fdiv_rn(__fsub_rn(__fdiv_rn((float)p.x, 255.0f), mean), std),
            __fdiv_rn(__fsub_rn(__fdiv_rn((float)p.y, 255.0f), mean), std),
            __fdiv_rn(__fsub_rn(__fdiv_rn((float)p.z, 255.0f), mean), std),
            __fdiv_rn(__fsub_rn(__fdiv_rn((float)p.w, 255.0f), mean), std));
    }

    // Columns in groups of V; count = tiles * (prefix_rows + patch_rows) * columns.
    template <int V> __device__ void assemble_body(
        const float* patches, const float* positions, const float* prefix, float* y, int count, int columns,
        int prefix_rows, int patch_rows
    ) {
        typedef typename Vec<V>::type T;
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= count) return;
        int row = i / columns;
        int column = i % columns;
        int tile = row / (prefix_rows + patch_rows);
        int place = row % (prefix_rows + patch_rows);
        if (place < prefix_rows) {
            ((T*)y)[i] = ((const T*)prefix)[(size_t)place * columns + column];
        } else {
            size_t patch = place - prefix_rows;
            ((T*)y)[i] = vadd(
                ((const T*)patches)[((size_t)tile * patch_rows + patch) * columns + column],
                ((const T*)positions)[patch * columns + column]);
        }
    }
    extern "C" __global__ void assemble_4(
        const float* patches, const float* positions, const float* prefix, float* y, int count, int columns,
        int prefix_rows, int patch_rows
    ) {
        assemble_body<4>(patches, positions, prefix, y, count, columns, prefix_rows, patch_rows);
    }
    extern "C" __global__ void assemble_1(
        const float* patches, const float* positions, const float* prefix, float* y, int count, int columns,
        int prefix_rows, int patch_rows
    ) {
        assemble_body<1>(patches, positions, prefix, y, count, columns, prefix_rows, patch_rows);
    }

    // The patch rows of each tile; count = tiles * patch_rows * columns.
    template <int V> __device__ void patch_rows_body(
        const float* x, float* y, int count, int columns, int prefix_rows, int patch_rows
    ) {
        typedef typename Vec<V>::type T;
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= count) return;
        int row = i / columns;
        size_t source = (size_t)(row / patch_rows) * (prefix_rows + patch_rows) + prefix_rows + row % patch_rows;
        ((T*)y)[i] = ((const T*)x)[source * columns + i % columns];
    }
    extern "C" __global__ void patch_rows_4(
        const float* x, float* y, int count, int columns, int prefix_rows, int patch_rows
    ) {
        patch_rows_body<4>(x, y, count, columns, prefix_rows, patch_rows);
    }
    extern "C" __global__ void patch_rows_1(
        const float* x, float* y, int count, int columns, int prefix_rows, int patch_rows
    ) {
        patch_rows_body<1>(x, y, count, columns, prefix_rows, patch_rows);
    }

    // Quarter q of token t of y is a row of x; count = tiles * side^2 * columns.
    template <int V> __device__ void shuffle_body(
        const float* x, float* y, int count, int columns, int prefix, int side, int transposed
    ) {
        typedef typename Vec<V>::type T;
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= count) return;
        int half = side / 2;
        int row = i / columns;
        int tile = row / (side * side);
        int cell = row % (side * side);
        int first = cell / 4 / half;
        int second = cell / 4 % half;
        int down = (transposed ? second : first) * 2 + cell % 4 / 2;
        int across = (transposed ? first : second) * 2 + cell % 2;
        size_t source = (size_t)tile * (prefix + side * side) + prefix + down * side + across;
        ((T*)y)[i] = ((const T*)x)[source * columns + i % columns];
    }
    extern "C" __global__ void shuffle_4(
        const float* x, float* y, int count, int columns, int prefix, int side, int transposed
    ) {
        shuffle_body<4>(x, y, count, columns, prefix, side, transposed);
    }
    extern "C" __global__ void shuffle_1(
        const float* x, float* y, int count, int columns, int prefix, int side, int transposed
    ) {
        shuffle_body<1>(x, y, count, columns, prefix, side, transposed);
    }

    // The transpose: prefix rows are zero; count = tiles * (prefix + side^2) * columns.
    template <int V> __device__ void unshuffle_body(
        const float* dy, float* dx, int count, int columns, int prefix, int side, int transposed
    ) {
        typedef typename Vec<V>::type T;
        int i = blockIdx.x * blockDim.x + threadIdx.x;
        if (i >= count) return;
        int row = i / columns;
        int tile = row / (prefix + side * side);
        int place = row % (prefix + side * side) - prefix;
        if (place < 0) {
            vzero(((T*)dx)[i]);
            return;
        }
        int half = side / 2;
        int down = place / side;
        int across = place % side;
        int first = (transposed ? across : down) / 2;
        int second = (transposed ? down : across) / 2;
        size_t source = ((size_t)tile * half * half + first * half + second) * 4 + down % 2 * 2 + across % 2;
        ((T*)dx)[i] = ((const T*)dy)[source * columns + i % columns];
    }
    extern "C" __global__ void unshuffle_4(
        const float* dy, float* dx, int count, int columns, int prefix, int side, int transposed
    ) {
        unshuffle_body<4>(dy, dx, count, columns, prefix, side, transposed);
    }
    extern "C" __global__ void unshuffle_1(
        const float* dy, float* dx, int count, int columns, int prefix, int side, int transposed
    ) {
        unshuffle_body<1>(dy, dx, count, columns, prefix, side, transposed);
    }
    """#
