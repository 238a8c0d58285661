/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/fanotify.h>

#include "livepatch/sysfs.h"
#include "monitor/switches.h"

/* A write to a switch may take as long as a transition, and the file may be gone afterwards; so
 * opening it is an event too. */
#define EVENTS (FAN_OPEN | FAN_MODIFY | FAN_CLOSE_WRITE)
#define DELETED " (deleted)" /* d_path(), fs/d_path.c */

int switches_open(struct host *h) {
    int fd;

    if (!h->live)
        return -EOPNOTSUPP;
    fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK,
                       O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int switches_mark(const struct host *h, int group, const struct livepatch_list *l) {
    int r = 0;

    /* A mark outlives its file, and its place in the list may belong to another file by now. */
    if (fanotify_mark(group, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL) < 0)
        return -errno;
    for (size_t i = 0; i < l->n_patches; i++) {
        _cleanup_free_ char *path = NULL;
        int k;

        if (!l->patches[i].registered)
            continue;
        k = livepatch_path(l->patches[i].name, "enabled", &path);
        if (k >= 0 && fanotify_mark(group, FAN_MARK_ADD, EVENTS, h->root_fd, path + 1) < 0)
            k = errno == ENOENT ? 0 : -errno;
        RET_GATHER(r, k);
    }
    return r;
}

void switch_event_done(struct switch_event *e) {
    free(e->patch);
    *e = (struct switch_event){};
}

/* The directory of the file: its mount point differs between processes, its name does not. */
static int patch_of(int fd, char **ret) {
    char link[32], path[PATH_MAX];
    char *slash;
    ssize_t n;

    (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof(path) - 1);
    if (n < 0)
        return -errno;
    path[n] = '\0';
    if (endswith(path, DELETED))
        path[n - (ssize_t) STRLEN(DELETED)] = '\0';
    slash = strrchr(path, '/');
    if (!slash || !streq(slash, "/enabled"))
        return -EBADMSG;
    *slash = '\0';
    slash = strrchr(path, '/');
    if (!slash || !slash[1])
        return -EBADMSG;
    *ret = strdup(slash + 1);
    return *ret ? 0 : -ENOMEM;
}

int switches_next(int group, struct switch_event *ret) {
    _cleanup_(switch_event_done) struct switch_event e = {};
    _cleanup_close_ int fd = -EBADF;
    struct fanotify_event_metadata m;
    ssize_t n;

    /* Takes one event at a time, so that the error of one is not hidden by the success of
     * another. */
    n = read(group, &m, sizeof(m));
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    /* The kernel cannot open a file that has disappeared meanwhile. */
    if (n < 0 && (errno == ENODEV || errno == ENOENT)) {
        *ret = (struct switch_event){};
        return 1;
    }
    if (n < 0)
        return -errno;
    if ((size_t) n < sizeof(m) || m.vers != FANOTIFY_METADATA_VERSION)
        return -EBADMSG;
    fd = m.fd;
    if (fd >= 0 && patch_of(fd, &e.patch) >= 0)
        e.pid = m.pid;
    e.wrote = m.mask & (FAN_MODIFY | FAN_CLOSE_WRITE);
    *ret = TAKE_STRUCT(e);
    return 1;
}
