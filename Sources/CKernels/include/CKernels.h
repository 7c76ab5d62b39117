// Loops that Swift cannot express, one header a kernel family. Nothing here allocates, fails or knows of threads.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "machine_limits.h"
#include "linear.h"
#include "kernels.h"

#endif
