// Layouts of packed activations for the lane kernels. Knows nothing of how they are multiplied.
//
// A unit is one vector of lanes; a lane's share of a unit is a record of `words` 32-bit words. Rows kernels read a unit
// as vectors: word w of all lanes side by side. Panels kernels read records whole: all units of lane 0, of lane 1, ...
// For NVFP4 a lane is a block of 16 inputs and a unit is two loads of packed bytes, A and B: four lanes hold two blocks
// of A, then two of B, so that one shuffle gathers the first halves of the blocks and one the second halves.
#ifndef MONOCLE_LINEAR_BLOCKS_H
#define MONOCLE_LINEAR_BLOCKS_H

#include "linear_quantize.h"
#include <stddef.h>

/// The lane of the unit's block `block`.
INLINE size_t block_lane(size_t block, size_t lanes) {
    const size_t load = block / (lanes / 2), place = block % (lanes / 2);
    return place / 2 * 4 + 2 * load + place % 2;
}

/// Where word `word` of the record of (unit, lane) lies.
INLINE uint8_t *packed_word(uint8_t *row, size_t units, size_t unit, size_t lane, size_t word, size_t lanes,
                            size_t words, bool panels) {
    return row + 4 * (panels ? (lane * units + unit) * words + word : (unit * words + word) * lanes + lane);
}

/// The sixteen inputs of a block that starts at `first`, zeros where x ends.
INLINE const float *block_inputs(const float *x, size_t inputs, size_t first, float *copy) {
    if (first + 16 <= inputs) return x + first;
    for (size_t i = 0; i < 16; i++) copy[i] = first + i < inputs ? x[first + i] : 0;
    return copy;
}

/// Six words a block: codes of the inputs (0 2 4 6) (1 3 5 7) (8 10 12 14) (9 11 13 15), as the weights' low and high
/// nibbles meet them; -12 times their sum, which takes back the weights' offset; the scale.
INLINE void pack_integers(const float *x, size_t inputs, float input_scale, size_t first, size_t last, uint8_t *row,
                          size_t lanes, bool nvfp4, bool panels) {
    const size_t units = (inputs + 16 * lanes - 1) / (16 * lanes);
    for (size_t unit = first; unit < last; unit++) {
        for (size_t block = 0; block < lanes; block++) {
            float copy[16];
            int8_t codes[16], ordered[16];
            const float *values = block_inputs(x, inputs, (unit * lanes + block) * 16, copy);
            const float scale = nvfp4 ? quantize_nvfp4(values, input_scale, codes) : quantize_int8(values, codes);
            int32_t sum = 0;
            for (int i = 0; i < 16; i++) sum += codes[i];
            const int32_t correction = -12 * sum;
            for (int i = 0; i < 4; i++) {
                ordered[i] = codes[2 * i];
                ordered[4 + i] = codes[2 * i + 1];
                ordered[8 + i] = codes[8 + 2 * i];
                ordered[12 + i] = codes[9 + 2 * i];
            }
            const size_t lane = block_lane(block, lanes);
            for (size_t word = 0; word < 4; word++)
                memcpy(packed_word(row, units, unit, lane, word, lanes, 6, panels), ordered + 4 * word, 4);
            memcpy(packed_word(row, units, unit, lane, 4, lanes, 6, panels), &correction, 4);
            memcpy(packed_word(row, units, unit, lane, 5, lanes, 6, panels), &scale, 4);
        }
    }
}

/// Eight words a block: bf16 pairs (0 4) (1 5) (2 6) (3 7) (8 12) (9 13) (10 14) (11 15), as shifts of the packed
/// weights by 0, 4, 8, 12 bits bring them out of the two 16-bit halves of a word.
INLINE void pack_block_pairs(const float *x, size_t inputs, size_t first, size_t last, uint8_t *row, size_t lanes,
                             bool panels) {
    const size_t units = (inputs + 16 * lanes - 1) / (16 * lanes);
    for (size_t unit = first; unit < last; unit++) {
        for (size_t block = 0; block < lanes; block++) {
            float copy[16];
            uint16_t rounded[16];
            const float *values = block_inputs(x, inputs, (unit * lanes + block) * 16, copy);
            for (int i = 0; i < 16; i++) rounded[i] = bf16_round(values[i]);
            const size_t lane = block_lane(block, lanes);
            for (size_t word = 0; word < 8; word++) {
                const size_t low = word < 4 ? word : 4 + word;
                const uint32_t pair = rounded[low] | (uint32_t)rounded[low + 4] << 16;
                memcpy(packed_word(row, units, unit, lane, word, lanes, 8, panels), &pair, 4);
            }
        }
    }
}

/// int16 codes of a block as rows or panels. Rows, ten words: the codes' high bytes, rounded, then their low bytes, both
/// in the order of `pack_integers`; -12 times the codes' sum; the scale. Panels, nine words: pairs of codes
/// (0 4) (2 6) (1 5) (3 7) (8 12) (10 14) (9 13) (11 15), as the weights' bytes become 16-bit integers; the scale.
INLINE void pack_wide_integers(const float *x, size_t inputs, size_t first, size_t last, uint8_t *row, size_t lanes,
                               bool panels) {
    const size_t words = panels ? 9 : 10;
    for (size_t unit = first; unit < last; unit++) {
        for (size_t block = 0; block < lanes; block++) {
            float copy[16];
            int16_t codes[16];
            const float *values = block_inputs(x, inputs, (unit * lanes + block) * 16, copy);
            const float scale = quantize_int16(values, codes);
            const size_t lane = block_lane(block, lanes);
            uint8_t *const record = packed_word(row, 0, unit, lane, 0, lanes, words, false);
            int32_t sum = 0;
            for (size_t i = 0; i < 16; i++) {
                sum += codes[i];
                const size_t half = i / 8, odd = i % 2, place = i % 8 / 2;
                if (panels) {
                    const size_t word = 4 * half + 2 * odd + place % 2;
                    memcpy(record + 4 * lanes * word + place / 2 * 2, &codes[i], 2);
                } else {
                    const int8_t low = (int8_t)(codes[i] & 0xFF);
                    const size_t word = 2 * half + odd;
                    record[4 * lanes * word + place] = (uint8_t)((codes[i] - low) >> 8);
                    record[4 * lanes * (word + 4) + place] = (uint8_t)low;
                }
            }
            const int32_t correction = -12 * sum;
            if (!panels) memcpy(record + 4 * lanes * 8, &correction, 4);
            memcpy(record + 4 * lanes * (words - 1), &scale, 4);
        }
    }
}

/// One word a lane: neighbouring inputs as a bf16 pair.
INLINE void pack_pairs(const float *x, size_t inputs, size_t first, size_t last, uint8_t *row, size_t lanes,
                       bool panels) {
    const size_t units = (inputs + 2 * lanes - 1) / (2 * lanes);
    for (size_t unit = first; unit < last; unit++) {
        for (size_t lane = 0; lane < lanes; lane++) {
            const size_t k = (unit * lanes + lane) * 2;
            const uint32_t low = k < inputs ? bf16_round(x[k]) : 0;
            const uint32_t high = k + 1 < inputs ? bf16_round(x[k + 1]) : 0;
            const uint32_t pair = low | high << 16;
            memcpy(packed_word(row, units, unit, lane, 0, lanes, 1, panels), &pair, 4);
        }
    }
}

#endif
