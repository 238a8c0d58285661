/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "probe.h"

extern char **environ;

/* A process group of its own, to be killed as one; no signal blocked, as lpd.service has some; and
 * nothing to read, as standard input of livepatch@.service is the kernel's log. */
static int spawn(const char *path, pid_t *ret) {
    char *argv[] = { (char *) path, NULL };
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
    (void) posix_spawn_file_actions_init(&actions); /* glibc's cannot fail */
    r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (r == 0)
        r = posix_spawn(ret, path, &actions, &attributes, argv, environ);
    (void) posix_spawn_file_actions_destroy(&actions);
    (void) posix_spawnattr_destroy(&attributes);
    return -r;
}

/* 1: it has ended; 0: the time is over. */
static int wait_for_end(pid_t pid, uint64_t timeout_usec) {
    int timeout = timeout_usec > (uint64_t) INT_MAX * 1000 ? -1 : (int) (timeout_usec / 1000);
    _cleanup_close_ int fd = (int) syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = { .fd = fd, .events = POLLIN };
    int r;

    if (fd < 0)
        return errno == ENOSYS ? 1 : -errno; /* before Linux 5.3: waitpid() then waits for ever */
    do
        r = poll(&p, 1, timeout);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : r;
}

static int reap(pid_t pid) {
    int status;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return status;
}

int probe_run(const char *path, uint64_t timeout_usec, struct error *e) {
    int r, ended, status;
    pid_t pid = 0;

    r = spawn(path, &pid);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot run the probe %s: %s", path, strerror(-r));
    ended = wait_for_end(pid, timeout_usec);
    if (ended <= 0)
        (void) kill(-pid, SIGKILL);
    status = reap(pid);
    if (ended < 0 || status < 0)
        return error_set(e, MIN(ended, status), EXIT_STATUS_FAILED, "cannot wait for the probe %s: %s",
                         path, strerror(-MIN(ended, status)));
    if (ended == 0)
        return error_set(e, -ETIME, EXIT_STATUS_TIMEOUT, "the probe %s did not end within %.0f s", path,
                         (double) timeout_usec / USEC_PER_SEC);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return error_set(e, -EPROTO, EXIT_STATUS_FAILED, "the probe %s ended with %s %d", path,
                     WIFEXITED(status) ? "status" : "signal",
                     WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}
