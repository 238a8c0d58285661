/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Lets one step of what a test does to the disk go wrong. The linker puts the functions below in
 * front of the C library's: link with io_fault_wraps. */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "check.h"

/* What goes wrong. */
static enum fault {
    FAULT_NONE,
    FAULT_ONCE,     /* that step fails with EIO */
    FAULT_FULL,     /* from that step on, nothing that takes room succeeds */
    FAULT_READONLY, /* from that step on, nothing succeeds */
    FAULT_CUT,      /* that step and those after it do not happen */
} fault;
static unsigned fault_step, step;
/* What was written or named and might be lost in a power cut, and whether a later step relied on
 * it. */
static bool unsynced, relied_on_unsynced;
/* A name that was changed and might change back. */
static bool renamed;

#define CUT_STATUS 77

static void arm(enum fault f, unsigned n) {
    fault = f;
    fault_step = n;
    step = 0;
    unsynced = relied_on_unsynced = renamed = false;
}

/* Whether the fault was reached at all. */
static bool disarm(void) {
    fault = FAULT_NONE;
    return step > fault_step;
}

static bool fails(bool takes_room) {
    unsigned now = step++;

    if (fault == FAULT_CUT && now == fault_step)
        _exit(CUT_STATUS);
    if (fault == FAULT_ONCE && now == fault_step)
        errno = EIO;
    else if (fault == FAULT_FULL && now >= fault_step && takes_room)
        errno = ENOSPC;
    else if (fault == FAULT_READONLY && now >= fault_step)
        errno = EROFS;
    else
        return false;
    return true;
}

static void rely(void) {
    relied_on_unsynced |= unsynced;
}

#define WRAP(type, name, parameters, arguments, takes_room, before)                                \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters {                                                                \
        type r;                                                                                    \
                                                                                                   \
        if (fault != FAULT_NONE && fails(takes_room))                                              \
            return -1;                                                                             \
        before;                                                                                    \
        r = __real_##name arguments;                                                               \
        unsynced |= changes(#name) && r >= 0;                                                      \
        renamed |= streq(#name, "renameat") && r >= 0;                                             \
        return r;                                                                                  \
    }

/* A second link is there for the living only. */
static bool changes(const char *function) {
    return !streq(function, "linkat") && !streq(function, "fchmod") &&
           !streq(function, "fchmodat");
}

WRAP(int, renameat, (int d, const char *a, int f, const char *b), (d, a, f, b), false, rely())
WRAP(int, linkat, (int d, const char *a, int f, const char *b, int g), (d, a, f, b, g), true,
     (void) 0)
WRAP(int, unlinkat, (int d, const char *a, int f), (d, a, f), false, rely())
WRAP(int, mkdirat, (int d, const char *a, mode_t m), (d, a, m), true, rely())
WRAP(int, fchmodat, (int d, const char *a, mode_t m, int f), (d, a, m, f), false, (void) 0)
WRAP(int, fchmod, (int d, mode_t m), (d, m), false, (void) 0)

/* What is synced is on record here, and no test needs it on a disk. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd _unused_) {
    if (fault != FAULT_NONE && fails(/* takes_room= */ false))
        return -1;
    unsynced = renamed = false;
    return 0;
}

/* Whether this is a file without a name, in memory alone: no disk is concerned. */
static bool is_memfd(int fd) {
    char path[64], target[64] = "";

    (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return readlink(path, target, sizeof(target) - 1) > 0 && startswith(target, "/memfd:");
}

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size) {
    ssize_t n;

    if (is_memfd(fd))
        return __real_write(fd, data, size);
    if (fault != FAULT_NONE && fails(/* takes_room= */ true))
        return -1;
    n = __real_write(fd, data, size);
    unsynced |= n >= 0;
    return n;
}

int __real_openat(int dir_fd, const char *path, int flags, mode_t mode);
int __wrap_openat(int dir_fd, const char *path, int flags, mode_t mode);
int __wrap_openat(int dir_fd, const char *path, int flags, mode_t mode) {
    if (fault != FAULT_NONE && flags & O_CREAT && fails(true))
        return -1;
    return __real_openat(dir_fd, path, flags, mode);
}
