// Filters of system calls (seccomp). They deny by name what a decoder never needs; everything else goes on.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CConfine.h"

#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DENY(number)                                                                                                   \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define WORD(place) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, place))
// The lower half of an argument, on the little-endian machines named above.
#define ARGUMENT(index) WORD(args[index])

// Another architecture's numbers mean other calls, and so do those of x86-64's second set, which begin at 2^30: refuse them.
#define THIS_ARCHITECTURE                                                                                              \
    WORD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),                                               \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS), WORD(nr),                                                 \
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)

// Networks, other processes, the kernel's own doors. x86 has more names for a few of them.
#ifdef __NR_fork
#define NO_OLD_FORK DENY(__NR_fork), DENY(__NR_vfork),
#define NO_OLD_WRITING                                                                                                 \
    DENY(__NR_creat), DENY(__NR_unlink), DENY(__NR_rename), DENY(__NR_link), DENY(__NR_symlink), DENY(__NR_mkdir),     \
        DENY(__NR_rmdir), DENY(__NR_mknod), DENY(__NR_chmod), DENY(__NR_chown), DENY(__NR_lchown),
#else
#define NO_OLD_FORK
#define NO_OLD_WRITING
#endif
#ifdef __NR_io_uring_setup
#define NO_RING DENY(__NR_io_uring_setup),
#else
#define NO_RING
#endif
#ifdef __NR_pidfd_getfd
#define NO_HANDLES                                                                                                     \
    DENY(__NR_pidfd_open), DENY(__NR_pidfd_getfd), DENY(__NR_pidfd_send_signal), DENY(__NR_process_madvise),
#else
#define NO_HANDLES
#endif
// Limits of another process; those of its own a program may read and lower.
#define OWN_LIMITS_ONLY                                                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_prlimit64, 0, 4), ARGUMENT(0),                                            \
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),            \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define NEVER                                                                                                          \
    DENY(__NR_socket), DENY(__NR_socketpair), DENY(__NR_connect), DENY(__NR_bind), DENY(__NR_listen),                  \
        DENY(__NR_sendto), DENY(__NR_sendmsg), NO_OLD_FORK DENY(__NR_ptrace), DENY(__NR_process_vm_readv),             \
        DENY(__NR_process_vm_writev), DENY(__NR_bpf), DENY(__NR_mount), DENY(__NR_unshare), DENY(__NR_setns),          \
        DENY(__NR_keyctl), NO_RING NO_OLD_WRITING DENY(__NR_unlinkat), DENY(__NR_renameat),                  \
        DENY(__NR_renameat2), DENY(__NR_linkat), DENY(__NR_symlinkat), DENY(__NR_mkdirat), DENY(__NR_mknodat),         \
        DENY(__NR_fchmodat), DENY(__NR_fchownat), DENY(__NR_truncate), DENY(__NR_kill), DENY(__NR_tkill),              \
        DENY(__NR_rt_sigqueueinfo), DENY(__NR_rt_tgsigqueueinfo), NO_HANDLES OWN_LIMITS_ONLY

static int install(struct sock_filter *filter, unsigned short length) {
    struct sock_fprog program = {.len = length, .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    // For every thread: one that went on as before could be made to do what the others may not.
    long result = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
    return result == 0 ? 0 : result < 0 ? errno : EBUSY;
}
#define INSTALL(filter) install(filter, sizeof(filter) / sizeof(filter[0]))

int confine_process(void) {
#ifdef ARCHITECTURE
    struct sock_filter filter[] = {
        THIS_ARCHITECTURE,
        NEVER,
        DENY(__NR_execve),
        DENY(__NR_execveat),
#ifdef __NR_open
        DENY(__NR_open),
#endif
        DENY(__NR_openat),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return INSTALL(filter);
#else
    return ENOSYS;
#endif
}

int confine_program(void) {
#ifdef ARCHITECTURE
    // Flags of open(2) other than those that only read.
    enum { writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND };
#define DENY_WRITING(number, flags)                                                                                    \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 4), ARGUMENT(flags),                                              \
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, writing, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),     \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
    struct sock_filter filter[] = {
        THIS_ARCHITECTURE,
        NEVER,
#ifdef __NR_clone3
        // Its flags lie in memory, where a filter cannot look; the library falls back to clone.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
#endif
#ifdef __NR_openat2
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
#endif
        // Threads, but no processes.
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 4),
        ARGUMENT(0),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
#ifdef __NR_open
        DENY_WRITING(__NR_open, 1),
#endif
        DENY_WRITING(__NR_openat, 2),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return INSTALL(filter);
#else
    return ENOSYS;
#endif
}
#else
#include <errno.h>

int confine_process(void) { return ENOSYS; }
int confine_program(void) { return ENOSYS; }
#endif
