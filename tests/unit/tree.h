/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A temporary root for unit tests: a host that is not live, in a directory of its own. */

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"

#define TREE_ASSERT(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, strerror(errno));   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Opens an empty root below $TMPDIR. */
static inline void tree_make(struct host *ret) {
    const char *tmp = getenv("TMPDIR");
    char path[PATH_MAX];

    TREE_ASSERT(snprintf(path, sizeof(path), "%s/lpd-test-XXXXXX", tmp ? tmp : "/tmp") > 0);
    TREE_ASSERT(mkdtemp(path));
    TREE_ASSERT(host_open(path, ret) >= 0);
}

/* The path of the root outside of it. */
static inline void tree_path(const struct host *h, char ret[static PATH_MAX]) {
    char link[64];
    ssize_t n;

    TREE_ASSERT(snprintf(link, sizeof(link), "/proc/self/fd/%d", h->root_fd) > 0);
    n = readlink(link, ret, PATH_MAX - 1);
    TREE_ASSERT(n > 0);
    ret[n] = '\0';
}

/* Creates the directories above a path, without the syncs of file_mkdir_p(), and returns the
 * descriptor of the last one. */
static inline int tree_parent(const struct host *h, const char *path, const char **ret_name) {
    int fd = file_open_parent(h, path, ret_name);

    if (fd == -ENOENT) {
        _cleanup_free_ char *parent = strndup(path, (size_t) (path_basename(path) - path) - 1);
        _cleanup_close_ int dir_fd = -EBADF;
        const char *name;

        TREE_ASSERT(parent);
        dir_fd = tree_parent(h, parent, &name);
        TREE_ASSERT(mkdirat(dir_fd, name, 0755) >= 0);
        fd = file_open_parent(h, path, ret_name);
    }
    errno = fd < 0 ? -fd : 0;
    TREE_ASSERT(fd >= 0);
    return fd;
}

static inline void tree_write_data(const struct host *h, const char *path, const void *data,
                                   size_t size) {
    _cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
    const char *name;

    dir_fd = tree_parent(h, path, &name);
    fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    TREE_ASSERT(fd >= 0);
    TREE_ASSERT(write(fd, data, size) == (ssize_t) size);
}

/* Writes a file, replacing an existing one, and creates its directories. */
static inline void tree_write(const struct host *h, const char *path, const char *text) {
    tree_write_data(h, path, text, strlen(text));
}

/* Makes a symbolic link to target at path, and its directories. */
static inline void tree_link(const struct host *h, const char *target, const char *path) {
    _cleanup_close_ int dir_fd = -EBADF;
    const char *name;

    dir_fd = tree_parent(h, path, &name);
    TREE_ASSERT(symlinkat(target, dir_fd, name) >= 0);
}

static inline int tree_remove_one(const char *path, const struct stat *st _unused_,
                                  int type _unused_, struct FTW *ftw _unused_) {
    TREE_ASSERT(remove(path) >= 0);
    return 0;
}

/* Removes the root with everything in it, and closes the host. */
static inline void tree_remove(struct host *h) {
    char path[PATH_MAX];

    tree_path(h, path);
    TREE_ASSERT(nftw(path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0);
    host_close(h);
}
