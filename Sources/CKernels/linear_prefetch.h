// Requests for weights that a loop reaches soon: memory answers later than the loop takes to get there.
#ifndef MONOCLE_LINEAR_PREFETCH_H
#define MONOCLE_LINEAR_PREFETCH_H

#include <stddef.h>
#include <stdint.h>

/// For the cache line at `bytes` of a stream that is read in order: asks for the line 12 KiB further on into the
/// second-level cache, across the page borders where the processor's own requests stop, and for the line 512 bytes
/// further on into the first-level cache. The addresses need not exist. Measured with one row of activations: as fast
/// as a plain read, where requests to the first level alone reached three quarters of it, and none at all half.
static inline __attribute__((always_inline)) void prefetch_stream(const uint8_t *bytes) {
    __builtin_prefetch(bytes + 12288, 0, 2);
    __builtin_prefetch(bytes + 512, 0, 3);
}

#endif
