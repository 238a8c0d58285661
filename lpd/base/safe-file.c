/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "base/file.h"
#include "base/safe-file.h"

static int refuse(struct error *e, int r, const char *reason) {
    return error_set(e, r, EXIT_STATUS_REFUSED, "%s", reason);
}

int safe_file_describe(int r, struct error *e) {
    if (r == -EACCES || r == -EPERM)
        return error_set(e, r, EXIT_STATUS_PRIVILEGE, "%s", strerror(-r));
    return error_set(e, r, EXIT_STATUS_FAILED, "%s", strerror(-r));
}

static int check_type(const struct stat *st, size_t max, struct error *e) {
    if (S_ISLNK(st->st_mode))
        return error_hint(e, refuse(e, -ELOOP, "is a symbolic link"),
                          "name the file that it points to");
    if (S_ISDIR(st->st_mode))
        return refuse(e, -EISDIR, "is a directory");
    if (!S_ISREG(st->st_mode))
        return refuse(e, -EINVAL, "is not a regular file");
    if (st->st_size == 0)
        return refuse(e, -ENOEXEC, "is empty");
    if ((uint64_t) st->st_size > max)
        return error_set(e, -EFBIG, EXIT_STATUS_REFUSED, "is larger than %zu MiB", max >> 20);
    return 0;
}

bool safe_file_is_safe(const struct stat *st) {
    return (st->st_uid == 0 || st->st_uid == geteuid()) && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* what begins the message, path is for the hint. */
static int refuse_unsafe(const struct stat *st, const char *what, const char *path,
                         struct error *e) {
    int r;

    if (!(st->st_mode & (S_IWGRP | S_IWOTH))) {
        r = error_set(e, -EPERM, EXIT_STATUS_REFUSED, "%s belongs to user %u, not to root", what,
                      st->st_uid);
        return error_hint(e, r, "chown root:root '%s'", path);
    }
    r = error_set(e, -EPERM, EXIT_STATUS_REFUSED, "%s can be written by %s (mode %04o, user %u)",
                  what, st->st_mode & S_IWOTH ? "everybody" : "its group", st->st_mode & 07777,
                  st->st_uid);
    if (st->st_mode & S_ISVTX) /* one that is meant to be everybody's, such as /tmp */
        return error_hint(e, r, "put it where only root can write: lpctl install does");
    return error_hint(e, r, "chmod go-w '%s'", path);
}

/* Where an open file is, says /proc: as the caller sees it, also below another root. */
static bool find_path(int fd, char path[static PATH_MAX]) {
    char link[sizeof("/proc/self/fd/") + 3 * sizeof(fd)];
    ssize_t n;

    (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, PATH_MAX - 1);
    if (n >= 0)
        path[n] = '\0';
    return n >= 0;
}

/* Without /proc, only that it is above the file is known. */
static int refuse_directory(int fd, const struct stat *st, struct error *e) {
    char path[PATH_MAX], what[PATH_MAX + 32];

    if (!find_path(fd, path))
        return refuse_unsafe(st, "a directory above it", "DIRECTORY", e);
    (void) snprintf(what, sizeof(what), "the directory %s", path);
    return refuse_unsafe(st, what, path, e);
}

/* Below another root the path means another file to whoever follows the advice. */
static int refuse_file(const struct host *h, int fd, const struct stat *st, const char *path,
                       struct error *e) {
    char found[PATH_MAX];

    return refuse_unsafe(st, "it", !h->live && find_path(fd, found) ? found : path, e);
}

static bool same_file(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Walks up from an open directory to the root. Symbolic links on the way down need no look: it is
 * the directory they led to that counts. A sticky bit does not help: it keeps others from replacing
 * the file, not from putting one there first. */
static int check_directories(const struct host *h, int dir_fd, struct error *e) {
    _cleanup_close_ int fd = -EBADF;
    struct stat root, st, below = {};
    int up;

    fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0 || fstat(h->root_fd, &root) < 0)
        return -errno;
    for (;;) {
        if (fstat(fd, &st) < 0)
            return -errno;
        if (same_file(&st, &below)) /* moved out of our root meanwhile */
            return 0;
        if (!safe_file_is_safe(&st))
            return refuse_directory(fd, &st, e);
        if (same_file(&st, &root))
            return 0;
        up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (up < 0)
            return -errno;
        (void) close(fd);
        fd = up;
        below = st;
    }
}

/* The type is looked at before the open as well, because opening a device can act on it: a watchdog
 * would start. */
int safe_file_open(const struct host *h, const char *path, size_t max, bool trusted,
                   struct error *e) {
    _cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
    const char *name;
    struct stat st;
    int r;

    dir_fd = file_open_parent(h, path, &name);
    if (dir_fd < 0)
        return safe_file_describe(dir_fd, e);
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return safe_file_describe(-errno, e);
    r = check_type(&st, max, e);
    if (r < 0)
        return r;
    fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return safe_file_describe(-errno, e);
    if (fstat(fd, &st) < 0)
        return -errno;
    r = check_type(&st, max, e);
    if (r < 0)
        return r;
    if (trusted && !safe_file_is_safe(&st))
        return refuse_file(h, fd, &st, path, e);
    r = trusted ? check_directories(h, dir_fd, e) : 0;
    return r < 0 ? r : TAKE_FD(fd);
}

int safe_file_read(const struct host *h, const char *path, size_t max, bool trusted, char **ret,
                   size_t *ret_size, struct error *e) {
    _cleanup_close_ int fd = -EBADF;
    int r;

    fd = safe_file_open(h, path, max, trusted, e);
    if (fd < 0)
        return fd;
    r = file_read_fd(fd, max, ret, ret_size);
    return r < 0 ? safe_file_describe(r, e) : 0;
}
