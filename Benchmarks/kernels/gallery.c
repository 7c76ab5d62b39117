// Times the linear kernels against what the machine can do: reading the same bytes, multiplying in registers.
// Build and run with Benchmarks/kernels/run. Kernel and limit take turns; figures are medians of the turns.
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "host.h"
#include "linear.h"
#include "machine_limits.h"
#include "versions.h"

#if defined(__x86_64__)
enum { TURNS = 7, COPIES = 6 };

/// Processor time of the calling thread: what other processes take is not counted.
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int count) {
    qsort(values, (size_t)count, sizeof *values, ascending);
    return values[count / 2];
}

// A region on one or two threads: each member does its half.
typedef void region(int member, int members, void *context);
static struct {
    region *body;
    void *context;
    double seconds;  // of the worker
    atomic_int generation, finished;
} team;

static void *worker(void *unused) {
    (void)unused;
    for (int seen = 0;; seen++) {
        while (atomic_load(&team.generation) == seen) sched_yield();
        const double start = now();
        team.body(1, 2, team.context);
        team.seconds = now() - start;
        atomic_fetch_add(&team.finished, 1);
    }
    return NULL;
}

/// Processor seconds of one region: of the slower member.
static double run(int threads, region *body, void *context) {
    if (threads == 2) {
        team.body = body;
        team.context = context;
        atomic_store(&team.finished, 0);
        atomic_fetch_add(&team.generation, 1);
    }
    const double start = now();
    body(0, threads, context);
    const double seconds = now() - start;
    if (threads == 1) return seconds;
    while (!atomic_load(&team.finished)) monocle_relax();
    return seconds > team.seconds ? seconds : team.seconds;
}

struct kernel {
    const char *name;
    enum monocle_weight_format format;
    monocle_pack *pack;
    monocle_multiply *multiply;
    size_t unit, unit_bytes;
    bool integers;  // whether the peak of integer products is its limit
    bool tiles;     // whether rows are packed unit by unit, sixteen side by side
};

struct job {
    struct monocle_weight weight;
    struct monocle_packed_rows x;
    monocle_multiply *multiply;
    float *y;
    uint8_t *scratch[2];
    size_t bytes;  // of the weight
    uint64_t sum;
};

static void multiply_half(int member, int members, void *context) {
    struct job *const job = context;
    // Pieces of 256 outputs, taken in turn by the members in contiguous halves.
    const size_t half = job->weight.outputs / (size_t)members;
    const size_t first = half * (size_t)member;
    for (size_t piece = 0; piece < half; piece += 256) {
        const size_t end = piece + 256 < half ? piece + 256 : half;
        job->multiply(&job->weight, &job->x, first + piece, first + end, job->y, job->scratch[member]);
    }
}

/// The widest plain read and multiply-adds this machine has.
static struct {
    monocle_read *read;
    monocle_peak *floats, *integers;
    const char *float_name, *integer_name;
} limits;

static void read_half(int member, int members, void *context) {
    struct job *const job = context;
    const size_t half = job->bytes / (size_t)members / 256 * 256;
    job->sum += limits.read(job->weight.elements + half * (size_t)member, half);
}

enum { PEAK_ROUNDS = 1 << 20 };
static size_t products;  // of the last peak, by one member

static void peak_floats(int member, int members, void *context) {
    (void)members, (void)context;
    const size_t count = limits.floats(PEAK_ROUNDS);
    if (!member) products = count;
}

static void peak_integers(int member, int members, void *context) {
    (void)members, (void)context;
    const size_t count = limits.integers(PEAK_ROUNDS);
    if (!member) products = count;
}

static uint8_t *allocate(size_t bytes) {
    uint8_t *const memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "no memory for %zu bytes\n", bytes);
        exit(1);
    }
    return memory;
}

static void fill(uint8_t *bytes, size_t count, bool scales) {
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < count; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        bytes[i] = scales ? 0x30 + (uint8_t)(state % 16) : (uint8_t)state;
    }
}

static uint8_t *memory;  // weights: copies one after the other, so that no pass finds its weight in a cache
static uint8_t *scratch[2];
static uint8_t *packed;
static float *x, *y;

static size_t elements_bytes(const struct kernel *kernel, size_t outputs, size_t inputs) {
    switch (kernel->format) {
    case MONOCLE_WEIGHT_NVFP4: return outputs * inputs / 2;
    case MONOCLE_WEIGHT_FP8: return outputs * inputs;
    case MONOCLE_WEIGHT_F32: return outputs * inputs * 4;
    default: return outputs * inputs * 2;
    }
}

static struct job prepare(const struct kernel *kernel, size_t outputs, size_t inputs, size_t rows) {
    const size_t elements = elements_bytes(kernel, outputs, inputs);
    struct job job = {
        .weight = {kernel->format, outputs, inputs, .element_factor = 1, .sum_factor = 1},
        .multiply = kernel->multiply,
        .y = y,
        .scratch = {scratch[0], scratch[1]},
        .bytes = elements + (kernel->format == MONOCLE_WEIGHT_NVFP4 ? elements / 8 : 0),
    };
    const size_t units = (inputs + kernel->unit - 1) / kernel->unit;
    if (kernel->tiles) {
        job.x = (struct monocle_packed_rows){packed, (rows + 15) / 16 * 16 * kernel->unit_bytes, rows};
        for (size_t row = 0; row < rows; row++)
            for (size_t unit = 0; unit < units; unit++)
                kernel->pack(x + row * inputs + unit * kernel->unit, inputs - unit * kernel->unit, 1, 0, 1,
                             packed + unit * job.x.stride + row / 16 * 16 * kernel->unit_bytes + row % 16 * 64);
        return job;
    }
    job.x = (struct monocle_packed_rows){packed, (units * kernel->unit_bytes + 63) / 64 * 64 + 64, rows};
    for (size_t row = 0; row < rows; row++)
        kernel->pack(x + row * inputs, inputs, 1e-3f, 0, units, packed + row * job.x.stride);
    return job;
}

static void use_copy(struct job *job, const struct kernel *kernel, int copy) {
    const size_t elements = elements_bytes(kernel, job->weight.outputs, job->weight.inputs);
    job->weight.elements = memory + (size_t)copy * job->bytes;
    job->weight.block_scales = job->weight.elements + elements;
}

static void few_rows(const struct kernel *kernel, size_t outputs, size_t inputs, size_t rows, int threads) {
    struct job job = prepare(kernel, outputs, inputs, rows);
    const int copies = COPIES;
    for (int copy = 0; copy < copies; copy++) {
        use_copy(&job, kernel, copy);
        fill((uint8_t *)job.weight.elements, 4096, false);
    }
    double kernel_times[TURNS], read_times[TURNS];
    for (int turn = 0; turn < TURNS; turn++) {
        kernel_times[turn] = read_times[turn] = 0;
        for (int copy = 0; copy < copies; copy++) {
            use_copy(&job, kernel, copy);
            double *const which = copy % 2 ? kernel_times : read_times;
            which[turn] += run(threads, copy % 2 ? multiply_half : read_half, &job);
        }
    }
    const double bytes = (double)job.bytes * copies / 2 * 1e-9;
    const double found = bytes / median(kernel_times, TURNS), read = bytes / median(read_times, TURNS);
    printf("%-20s %6zu x %-6zu %4zu rows %d thread%s  %6.1f GB/s  read %6.1f GB/s  %4.0f %%\n", kernel->name, outputs,
           inputs, rows, threads, threads == 1 ? " " : "s", found, read, 100 * found / read);
    fflush(stdout);
}

static void many_rows(const struct kernel *kernel, size_t outputs, size_t inputs, size_t rows, int threads) {
    struct job job = prepare(kernel, outputs, inputs, rows);
    region *const peak = kernel->integers ? peak_integers : peak_floats;
    double times[TURNS], peaks[TURNS];
    const int turns = TURNS / 2;
    for (int turn = 0; turn < turns; turn++) {
        use_copy(&job, kernel, turn);
        times[turn] = run(threads, multiply_half, &job);
        peaks[turn] = run(threads, peak, NULL);
    }
    const double found = 2e-9 * (double)(outputs * inputs * rows) / median(times, turns);
    const double limit = 2e-9 * (double)products * threads / median(peaks, turns);
    printf("%-20s %6zu x %-6zu %4zu rows %d thread%s  %6.1f GOP/s  %s %6.1f  %4.0f %%\n", kernel->name, outputs, inputs,
           rows, threads, threads == 1 ? " " : "s", found,
           kernel->integers ? limits.integer_name : limits.float_name, limit, 100 * found / limit);
    fflush(stdout);
}

#define NVFP4 MONOCLE_WEIGHT_NVFP4
#define BF16 MONOCLE_WEIGHT_BF16
static const struct kernel few_avx512[] = {
    {"w4a16 avx512", NVFP4, monocle_pack_blocks_rows_avx512, monocle_linear_blocks_rows_avx512, 256, 512},
    {"w4a8 avx512", NVFP4, monocle_pack_int8_rows_avx512, monocle_linear_int8_rows_avx512, 256, 384, true},
    {"w4a4 avx512", NVFP4, monocle_pack_nvfp4_rows_avx512, monocle_linear_int8_rows_avx512, 256, 384, true},
    {"bf16 avx512", BF16, monocle_pack_bf16_rows_avx512, monocle_linear_bf16_rows_avx512, 32, 64},
    {"fp8 avx512", MONOCLE_WEIGHT_FP8, monocle_pack_bf16_rows_avx512, monocle_linear_bf16_rows_avx512, 32, 64},
};
static const struct kernel many_avx512[] = {
    {"w4a16 avx512", NVFP4, monocle_pack_blocks_panels_avx512, monocle_linear_blocks_panels_avx512, 256, 512},
    {"w4a8 avx512", NVFP4, monocle_pack_int8_panels_avx512, monocle_linear_int8_panels_avx512, 256, 384, true},
    {"bf16 avx512", BF16, monocle_pack_bf16_panels_avx512, monocle_linear_bf16_panels_avx512, 32, 64},
    {"f32 avx512", NVFP4, monocle_pack_f32, monocle_linear_widened_avx512, 16, 64},
};
static const struct kernel few_amx[] = {
    {"w4a16 amx", NVFP4, monocle_pack_blocks_amx_rows, monocle_linear_amx_rows, 512, 2048},
    {"bf16 amx", BF16, monocle_pack_bf16_amx_rows, monocle_linear_amx_rows, 512, 2048},
    {"fp8 amx", MONOCLE_WEIGHT_FP8, monocle_pack_bf16_amx_rows, monocle_linear_amx_rows, 512, 2048},
};
static const struct kernel many_amx[] = {
    {"w4a16 amx", NVFP4, monocle_pack_blocks_amx, monocle_linear_amx, 512, 1024, .tiles = true},
    {"bf16 amx", BF16, monocle_pack_bf16_amx, monocle_linear_amx, 512, 1024, .tiles = true},
    {"fp8 amx", MONOCLE_WEIGHT_FP8, monocle_pack_bf16_amx, monocle_linear_amx, 512, 1024, .tiles = true},
};
static const struct kernel few_avx2[] = {
    {"w4a16 scalar", NVFP4, monocle_pack_bf16_as_f32, monocle_linear_widened_scalar, 16, 64},
    {"w4a16 avx2 floats", NVFP4, version_pack_block_floats, version_block_floats, 128, 512},
    {"w4a16 avx2", NVFP4, monocle_pack_int16_rows_avx2, monocle_linear_int16_rows_avx2, 128, 320},
    {"w4a8 avx2", NVFP4, monocle_pack_int8_avx2, monocle_linear_int8_rows_avx2, 128, 192, true},
    {"bf16 avx2", BF16, monocle_pack_bf16_as_f32, monocle_linear_widened_avx2, 16, 64},
    {"fp8 avx2", MONOCLE_WEIGHT_FP8, monocle_pack_bf16_as_f32, monocle_linear_widened_avx2, 16, 64},
};
static const struct kernel many_avx2[] = {
    {"w4a16 avx2 floats", NVFP4, version_pack_block_floats, version_block_floats, 128, 512},
    {"w4a16 avx2 rows", NVFP4, monocle_pack_int16_rows_avx2, monocle_linear_int16_rows_avx2, 128, 320},
    {"w4a8 avx2 rows", NVFP4, monocle_pack_int8_avx2, monocle_linear_int8_rows_avx2, 128, 192, true},
    {"w4a16 avx2", NVFP4, monocle_pack_int16_panels_avx2, monocle_linear_int16_panels_avx2, 128, 288},
    {"w4a8 avx2", NVFP4, monocle_pack_int8_avx2, monocle_linear_int8_panels_avx2, 128, 192, true},
    {"bf16 avx2", BF16, monocle_pack_bf16_as_f32, monocle_linear_widened_avx2, 16, 64},
    {"f32 avx2", NVFP4, monocle_pack_f32, monocle_linear_widened_avx2, 16, 64},
};

/// Every kernel of a list whose name contains `only`.
#define FOR_EACH(kernel, list) \
    for (const struct kernel *kernel = list; kernel < list + sizeof list / sizeof *list; kernel++) \
        if (strstr(kernel->name, only))

int main(int count, char **arguments) {
    if (!monocle_has_avx2()) {
        fprintf(stderr, "this machine has no AVX2\n");
        return 1;
    }
    const bool avx512 = monocle_has_avx512(), tiles = monocle_has_amx();
    limits.read = avx512 ? monocle_read_avx512 : monocle_read_avx2;
    limits.floats = tiles ? monocle_peak_bf16_amx : avx512 ? monocle_peak_bf16_avx512 : monocle_peak_f32_avx2;
    limits.float_name = tiles ? "tdpbf16ps" : avx512 ? "vdpbf16ps" : "vfmadd";
    limits.integers = avx512 ? monocle_peak_int8_avx512 : monocle_peak_int8_avx2;
    limits.integer_name = avx512 ? "vpdpbusd" : "vpmaddubsw";
    const char *const only = count > 1 ? arguments[1] : "";
    const size_t outputs = 14336, inputs = 4096, rows = 512;
    const size_t largest = (size_t)COPIES * 32768 * 4096 * 2;
    memory = allocate(largest);
    madvise(memory, largest, MADV_HUGEPAGE);
    fill(memory, 1 << 26, true);
    for (size_t done = 1 << 26; done < largest; done += 1 << 26)
        memcpy(memory + done, memory, largest - done < 1 << 26 ? largest - done : 1 << 26);
    scratch[0] = allocate(16 << 20);
    scratch[1] = allocate(16 << 20);
    packed = allocate(rows * inputs * 8);
    x = (float *)(void *)allocate(rows * inputs * 4);
    y = (float *)(void *)allocate(rows * 32768 * 4);
    for (size_t i = 0; i < rows * inputs; i++) x[i] = (float)((int)(i * 2654435761u % 2001) - 1000) / 1000;
    pthread_t thread;
    pthread_create(&thread, NULL, worker, NULL);

    for (int threads = 1; threads <= 2; threads++) {
        static const size_t few[] = {1, 2, 4};
        for (size_t i = 0; i < sizeof few / sizeof *few; i++) {
            if (tiles && few[i] < 4) FOR_EACH(kernel, few_amx)
                few_rows(kernel, kernel->format == BF16 ? 32768 : outputs, inputs, few[i], threads);
            if (avx512) FOR_EACH(kernel, few_avx512)
                few_rows(kernel, kernel->format == BF16 ? 32768 : outputs, inputs, few[i], threads);
            FOR_EACH(kernel, few_avx2)
                few_rows(kernel, kernel->format == BF16 ? 32768 : outputs, inputs, few[i], threads);
        }
        static const size_t many[] = {8, 16, 512};
        for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
            if (tiles) FOR_EACH(kernel, many_amx) many_rows(kernel, outputs, inputs, many[i], threads);
            if (avx512) FOR_EACH(kernel, many_avx512) many_rows(kernel, outputs, inputs, many[i], threads);
            FOR_EACH(kernel, many_avx2) many_rows(kernel, outputs, inputs, many[i], threads);
        }
    }
    return 0;
}
#else
int main(void) {
    fprintf(stderr, "the gallery times x86-64 kernels\n");
    return 1;
}
#endif
