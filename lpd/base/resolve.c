/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/resolve.h"
#include "base/strv.h"

#define LINKS_MAX 40

/* The target of a link, or NULL. */
static char *link_target(const struct host *h, const char *path) {
    _cleanup_close_ int fd = file_open(h, path, O_PATH | O_NOFOLLOW, 0);
    char target[4096];
    ssize_t n;

    n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target) - 1);
    return n <= 0 ? NULL : strndup(target, (size_t) n);
}

/* Removes the last component; "" is the root. */
static void go_up(char *path) {
    char *slash = strrchr(path, '/');

    if (slash)
        *slash = '\0';
}

int path_resolve(const struct host *h, const char *path, char **ret) {
    _cleanup_free_ char *done = strdup(""), *rest = strdup(path);

    for (unsigned links = 0; done && rest;) {
        const char *start = rest + strspn(rest, "/");
        size_t n = strcspn(start, "/");
        _cleanup_free_ char *next = NULL, *target = NULL, *after = NULL;

        if (n == 0) {
            *ret = TAKE_PTR(done);
            return 0;
        }
        after = strdup(start + n);
        if (!after || asprintf(&next, "%s/%.*s", done, (int) n, start) < 0)
            return -ENOMEM;
        if (n == 2 && strncmp(start, "..", n) == 0)
            go_up(done);
        else if (n != 1 || *start != '.') {
            target = link_target(h, next);
            if (target && ++links > LINKS_MAX)
                return -ELOOP;
            if (target && *target == '/')
                *done = '\0';
            if (!target) {
                free(done);
                done = TAKE_PTR(next);
            }
        }
        free(rest);
        rest = NULL;
        if (asprintf(&rest, "%s/%s", strempty(target), after) < 0)
            return -ENOMEM;
    }
    return -ENOMEM;
}
