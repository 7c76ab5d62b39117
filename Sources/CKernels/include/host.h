// What the machine is: instruction sets, cores. Knows nothing of kernels.
#ifndef MONOCLE_HOST_H
#define MONOCLE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// AVX2, FMA and F16C, in the processor and enabled by the operating system.
bool monocle_has_avx2(void);

/// AVX-512 F, BW, VL, DQ with VNNI and BF16, in the processor and enabled by the operating system; implies AVX2.
bool monocle_has_avx512(void);
/// AVX-512 as above, and AMX tiles with bf16 products; asks the system, once it is there, to let this process use them.
bool monocle_has_amx(void);

/// The name of the i-th processor feature that kernels may use and whether the processor has it; NULL past the end.
const char *monocle_cpu_feature(size_t index, bool *present);

/// Cores this process may be scheduled on; at least 1.
int monocle_scheduled_cores(void);

/// Names the calling thread for the system's tools; at most 15 bytes are kept.
void monocle_name_thread(const char *name);

/// Tells the core that the thread spins.
static inline void monocle_relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Whether the calling thread is inside a parallel region, and the setter of that flag; one flag a thread.
bool monocle_in_region(void);
void monocle_set_in_region(bool inside);

#endif
