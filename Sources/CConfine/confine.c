// A filter of system calls (seccomp). Denies by name what a decoder never needs; everything else goes on.
#include "CConfine.h"

#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define DENY(number)                                                                                                   \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

int confine_process(void) {
#ifdef ARCHITECTURE
    struct sock_filter filter[] = {
        // Another architecture's numbers mean other calls: refuse them all.
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        DENY(__NR_socket),
        DENY(__NR_socketpair),
        DENY(__NR_connect),
        DENY(__NR_bind),
        DENY(__NR_listen),
        DENY(__NR_sendto),
        DENY(__NR_sendmsg),
        DENY(__NR_execve),
        DENY(__NR_execveat),
#ifdef __NR_fork
        DENY(__NR_fork),
        DENY(__NR_vfork),
#endif
        DENY(__NR_ptrace),
        DENY(__NR_process_vm_readv),
        DENY(__NR_process_vm_writev),
        DENY(__NR_bpf),
        DENY(__NR_mount),
        DENY(__NR_unshare),
        DENY(__NR_setns),
        DENY(__NR_keyctl),
#ifdef __NR_io_uring_setup
        DENY(__NR_io_uring_setup),
#endif
#ifdef __NR_open
        DENY(__NR_open),
        DENY(__NR_creat),
        DENY(__NR_unlink),
        DENY(__NR_rename),
#endif
        DENY(__NR_openat),
        DENY(__NR_unlinkat),
        DENY(__NR_renameat),
        DENY(__NR_kill),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof(filter) / sizeof(filter[0]), .filter = filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) return errno;
    return 0;
#else
    return ENOSYS;
#endif
}
#else
int confine_process(void) { return 0; }
#endif
