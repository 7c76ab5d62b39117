// What a child inherits of its parent's open files.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CConfine.h"

#include <errno.h>

int confine_descriptors(posix_spawn_file_actions_t *actions) {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    return posix_spawn_file_actions_addclosefrom_np(actions, 3);
#else
    (void)actions;
    return ENOSYS;
#endif
}
