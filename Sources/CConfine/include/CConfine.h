// What a process that reads untrusted bytes gives up. Linux only; elsewhere nothing is given up.
#pragma once

/// Denies this process from now on: sockets, starting programs and processes, opening, removing and renaming files, and
/// reaching into other processes. Denied calls fail with EPERM.
/// Returns 0, or the errno of what the kernel refused.
int confine_process(void);

/// The same for a process that will become another program: it may open files for reading, start threads and become a program,
/// which inherits all that is denied.
/// Returns 0, or the errno of what the kernel refused.
int confine_program(void);
