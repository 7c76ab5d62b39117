// The shapes of AMX's eight tiles. Knows nothing of what they hold.
#ifndef MONOCLE_TILE_CONFIGURATION_H
#define MONOCLE_TILE_CONFIGURATION_H

#include <immintrin.h>
#include <stdint.h>

/// Tiles of 64-byte lines: 0 to 5 of `rows` lines, 6 and 7 of sixteen. They hold zeros afterwards.
__attribute__((target("amx-tile"), always_inline)) static inline void configure_tiles(uint8_t rows) {
    struct {
        uint8_t palette, start, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } tiles = {.palette = 1};
    for (int tile = 0; tile < 8; tile++) {
        tiles.row_bytes[tile] = 64;
        tiles.rows[tile] = tile < 6 ? rows : 16;
    }
    _tile_loadconfig(&tiles);
}

#endif
