// What a process that reads untrusted bytes gives up. Linux only; elsewhere nothing can be given up.
#pragma once

#include <spawn.h>
#include <stddef.h>

/// Denies all threads of this process from now on: sockets, starting programs and processes, opening, removing and renaming files,
/// and reaching into other processes. Denied calls fail with EPERM.
/// Returns 0, or the errno of what the kernel refused: ENOSYS or EINVAL where it has no such filter.
int confine_process(void);

/// The same for a process that will become another program: it may open files for reading, start threads and become a program,
/// which inherits all that is denied.
/// Returns as `confine_process` does.
int confine_program(void);

/// Has a program that is about to be started keep no descriptors but 0, 1 and 2, after the actions that are there already.
/// Returns 0, or the errno of what cannot be done here.
int confine_descriptors(posix_spawn_file_actions_t *actions);

/// Each tries one thing and returns 0 if it could be done, or the errno of the refusal.
int confine_attempt_socket(void);
int confine_attempt_reading(void);
int confine_attempt_writing(void);
int confine_attempt_process(void);
/// Memory of a size that is never touched.
int confine_attempt_memory(size_t bytes);
