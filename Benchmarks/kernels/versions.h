// What versions.c offers the gallery.
#include "linear.h"

// w4a16 with AVX2 by float32 products: inputs a multiple of 128.
monocle_pack version_pack_block_floats;
monocle_multiply version_block_floats;
