// What a confined process is denied, tried out. Everything that succeeds is undone.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "CConfine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int opened(int descriptor) {
    if (descriptor < 0) return errno;
    close(descriptor);
    return 0;
}

int confine_attempt_socket(void) { return opened(socket(AF_INET, SOCK_STREAM, 0)); }

int confine_attempt_reading(void) { return opened(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

int confine_attempt_writing(void) { return opened(open("/dev/null", O_WRONLY | O_CLOEXEC)); }

int confine_attempt_process(void) {
    pid_t child = fork();
    if (child < 0) return errno;
    if (child == 0) _exit(0);
    while (waitpid(child, NULL, 0) == -1 && errno == EINTR) {}
    return 0;
}

int confine_attempt_memory(size_t bytes) {
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return errno;
    munmap(memory, bytes);
    return 0;
}
