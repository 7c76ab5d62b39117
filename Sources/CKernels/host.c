// What the machine is: instruction sets, caches, cores. Knows nothing of kernels.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "host.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#endif

// `__builtin_cpu_supports` also asks (XGETBV) whether the operating system saves the registers.
#if defined(__x86_64__)
#define HAS(feature) (__builtin_cpu_supports(feature) != 0)
#else
#define HAS(feature) false
#endif

bool monocle_has_avx2(void) { return HAS("avx2") && HAS("fma") && HAS("f16c"); }

bool monocle_has_avx512(void) {
    return monocle_has_avx2() && HAS("avx512f") && HAS("avx512bw") && HAS("avx512vl") && HAS("avx512dq") &&
           HAS("avx512vnni") && HAS("avx512bf16");
}

/// Bit `bit` of EDX of leaf 7: 22 is amx-bf16, 24 amx-tile.
static bool has_amx_feature(int bit) {
#if defined(__x86_64__)
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && d >> bit & 1;
#else
    (void)bit;
    return false;
#endif
}

bool monocle_has_amx(void) {
#if defined(__x86_64__) && defined(__linux__)
    if (!monocle_has_avx512() || !has_amx_feature(22) || !has_amx_feature(24)) return false;
    // The system saves the registers of threads whose process asked for it: ARCH_REQ_XCOMP_PERM, tile data.
    return syscall(SYS_arch_prctl, 0x1023, 18) == 0;
#else
    return false;
#endif
}

const char *monocle_cpu_feature(size_t index, bool *present) {
#define FEATURE(name) {name, HAS(name)}
    const struct {
        const char *name;
        bool present;
    } features[] = {
        FEATURE("sse4.2"),     FEATURE("avx"),        FEATURE("avx2"),       FEATURE("fma"),
        FEATURE("f16c"),       FEATURE("avx512f"),    FEATURE("avx512bw"),   FEATURE("avx512vl"),
        FEATURE("avx512dq"),   FEATURE("avx512vbmi"), FEATURE("avx512vnni"), FEATURE("avx512bf16"),
        FEATURE("avx512fp16"), {"amx-tile", has_amx_feature(24)}, {"amx-bf16", has_amx_feature(22)},
    };
#undef FEATURE
    if (index >= sizeof features / sizeof features[0]) return NULL;
    *present = features[index].present;
    return features[index].name;
}

int monocle_scheduled_cores(void) {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        int count = CPU_COUNT(&set);
        if (count > 0) return count;
    }
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

void monocle_name_thread(const char *name) {
    char kept[16] = {0};
    strncpy(kept, name, sizeof kept - 1);
#if defined(__linux__)
    pthread_setname_np(pthread_self(), kept);
#endif
}

static _Thread_local bool in_region;

bool monocle_in_region(void) { return in_region; }
void monocle_set_in_region(bool inside) { in_region = inside; }
