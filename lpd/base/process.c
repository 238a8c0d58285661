/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/interrupt.h"
#include "base/process.h"

extern char **environ;

/* The program gets a process group of its own, so that it can be killed as a whole; no blocked
 * signals, although lpd.service has some; and no input, because standard input of
 * livepatch@.service is the kernel's log. */
static int spawn(char *const *argv, int output_fd, pid_t *ret) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int r;

    r = posix_spawnattr_init(&attributes);
    if (r != 0)
        return -r;
    (void) sigemptyset(&none);
    (void) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    (void) posix_spawnattr_setpgroup(&attributes, 0);
    (void) posix_spawnattr_setsigmask(&attributes, &none);
    (void) posix_spawn_file_actions_init(&actions); /* cannot fail in glibc */
    r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (r == 0 && output_fd >= 0)
        r = posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
    if (r == 0)
        r = posix_spawn(ret, argv[0], &actions, &attributes, argv, environ);
    (void) posix_spawn_file_actions_destroy(&actions);
    (void) posix_spawnattr_destroy(&attributes);
    return -r;
}

/* A signal that arrives between two checks is noticed at most this much later. */
#define LOOK_MSEC 1000

/* Passes the signal that this process received on to the program, and gives the program time to
 * end. */
static void pass_interrupt_on(pid_t pid, struct pollfd *p) {
    (void) kill(-pid, SIGTERM);
    for (unsigned i = 0; i < 10; i++)
        if (poll(p, 1, LOOK_MSEC) > 0)
            return;
}

/* 1: the process has ended; 0: timeout; -EINTR */
static int wait_for_end(pid_t pid, uint64_t timeout_usec) {
    int left = timeout_usec > (uint64_t) INT_MAX * 1000 ? -1 : (int) (timeout_usec / 1000);
    _cleanup_close_ int fd = (int) syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = { .fd = fd, .events = POLLIN };
    int r;

    if (fd < 0)
        return errno == ENOSYS ? 1 : -errno; /* before Linux 5.3: waitpid() has no time limit */
    for (;;) {
        int look = left < 0 ? LOOK_MSEC : MIN(left, LOOK_MSEC);

        r = poll(&p, 1, look);
        if (r > 0 || (r < 0 && errno != EINTR))
            return r < 0 ? -errno : r;
        if (interrupt_take()) {
            pass_interrupt_on(pid, &p);
            return -EINTR;
        }
        if (left >= 0 && r == 0)
            left -= look;
        if (left == 0)
            return 0;
    }
}

static int reap(pid_t pid, int *ret_status) {
    while (waitpid(pid, ret_status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

int process_run(char *const *argv, int output_fd, uint64_t timeout_usec, int *ret_status) {
    int r, ended, status = 0;
    pid_t pid = 0;

    r = spawn(argv, output_fd, &pid);
    if (r < 0)
        return r;
    ended = wait_for_end(pid, timeout_usec);
    if (ended <= 0)
        (void) kill(-pid, SIGKILL);
    r = reap(pid, &status);
    if (r < 0)
        return r;
    if (ended > 0)
        *ret_status = status;
    return ended;
}

int process_wait(pid_t pid, uint64_t timeout_usec, int *ret_status) {
    int r, ended = wait_for_end(pid, timeout_usec);

    if (ended <= 0) {
        (void) kill(pid, SIGKILL);
        return ended;
    }
    r = reap(pid, ret_status);
    return r < 0 ? r : 1;
}
