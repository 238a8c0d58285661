/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <systemd/sd-login.h>

#include "base/interrupt.h"
#include "base/file.h"
#include "base/safe-file.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "store/changes-lock.h"

#define OPEN_FLAGS (O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
#define HOLDER_MAX ((size_t) 512)
#define TRY_AGAIN_USEC (100 * USEC_PER_MSEC)

#define GONE_MAX 10

struct changes_lock {
    const struct host *host;
    int fd;
    char **made; /* directories, innermost first */
};

struct changes_lock *changes_lock_free(struct changes_lock *l) {
    if (l->fd >= 0) {
        (void) file_unlink(l->host, CHANGES_LOCK);
        STRV_FOREACH(path, l->made)
            (void) file_rmdir(l->host, *path);
    }
    closep(&l->fd);
    strv_free(l->made);
    free(l);
    return NULL;
}

/* The tree of an image may have neither directory; lpd removes again what it creates here. */
static int make_directories(struct changes_lock *l) {
    static const char *const paths[] = { "/run/lpd", "/run" };

    for (size_t i = 0; i < ELEMENTSOF(paths); i++)
        if (!file_exists(l->host, paths[i]) && strv_extend(&l->made, paths[i]) < 0)
            return -ENOMEM;
    return file_mkdir_p(l->host, paths[0]);
}

static int open_file(struct changes_lock *l) {
    _cleanup_close_ int fd = -EBADF;
    struct stat st;
    int r;

    fd = file_open(l->host, CHANGES_LOCK, OPEN_FLAGS, 0600);
    if (fd == -ENOENT) {
        r = make_directories(l);
        if (r < 0)
            return r;
        fd = file_open(l->host, CHANGES_LOCK, OPEN_FLAGS, 0600);
    }
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || !safe_file_is_safe(&st) || st.st_mode & 077)
        return -EEXIST;
    return TAKE_FD(fd);
}

/* The previous holder has removed it in the meantime. */
static bool is_still_there(const struct changes_lock *l, int fd) {
    struct stat ours, there;

    return fstat(fd, &ours) >= 0 && file_lstat(l->host, CHANGES_LOCK, &there) >= 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* 1: held now; 0: another process, named in *ret_holder, holds it. */
static int try(struct changes_lock *l, char **ret_holder) {
    _cleanup_close_ int fd = open_file(l);
    char text[HOLDER_MAX + 1];
    ssize_t n;

    if (fd < 0)
        return fd;
    if (flock(fd, LOCK_EX | LOCK_NB) >= 0) {
        if (!is_still_there(l, fd))
            return 0;
        l->fd = TAKE_FD(fd);
        return 1;
    }
    if (errno != EWOULDBLOCK)
        return -errno;
    n = pread(fd, text, HOLDER_MAX, 0);
    text[MAX(n, (ssize_t) 0)] = '\0';
    text[strcspn(text, "\n")] = '\0';
    free(*ret_holder);
    *ret_holder = strdup(*text ? text : "another process");
    if (!*ret_holder)
        return -ENOMEM;
    utf8_make_printable(*ret_holder);
    return 0;
}

/* Errors are ignored: the text only informs users who wait. */
static void sign(const struct changes_lock *l, const char *what) {
    char text[HOLDER_MAX];
    int n = snprintf(text, sizeof(text), "process %d (%s)", (int) getpid(), what);

    if (n > 0 && ftruncate(l->fd, 0) >= 0)
        (void) file_write_fd(l->fd, text, MIN((size_t) n, sizeof(text) - 1));
}

/* Whether this process may wait. In a unit that the holder starts or stops it must not: both would
 * wait for each other. */
static bool may_be_waited_for(const struct host *h) {
    _cleanup_free_ char *unit = NULL;

    return h->live && sd_pid_get_unit(0, &unit) >= 0 && startswith(unit, "livepatch@");
}

static int give_up(const char *holder, uint64_t waited_usec, struct error *e) {
    if (waited_usec == 0)
        return error_hint(e, error_set(e, -EAGAIN, EXIT_STATUS_FAILED,
                                       "%s is changing patches, and may be waiting "
                                       "for this unit", holder),
                          "do not change patches from a patch's own unit");
    return error_hint(e, error_set(e, -EAGAIN, EXIT_STATUS_FAILED,
                                   "%s has been changing patches for %llu s",
                                   holder, (unsigned long long) (waited_usec / USEC_PER_SEC)),
                      "try again when it has finished");
}

/* 1: held, 0: not available within that time, -EINTR. */
static int wait_for(struct host *h, struct changes_lock *l, uint64_t timeout_usec,
                    changes_lock_told *tell,
                    void *userdata, char **holder) {
    uint64_t began = h->ops->now(h);
    bool told = false;

    for (unsigned gone = 0;;) {
        int r = try(l, holder);

        /* Another process that was the last one may remove the directory at the same moment. */
        if (r == -ENOENT && gone++ < GONE_MAX)
            continue;
        if (r != 0 || h->ops->now(h) - began >= timeout_usec)
            return r;
        if (*holder && !told && tell)
            tell(userdata, *holder);
        told = told || *holder;
        h->ops->sleep(h, TRY_AGAIN_USEC);
        if (interrupt_take())
            return -EINTR;
    }
}

int changes_lock_take(struct host *h, const char *what, uint64_t timeout_usec,
                      changes_lock_told *tell,
                      void *userdata, struct changes_lock **ret, struct error *e) {
    _cleanup_(changes_lock_freep) struct changes_lock *l = calloc(1, sizeof(*l));
    _cleanup_free_ char *holder = NULL;
    int r;

    if (!l)
        return -ENOMEM;
    l->host = h;
    l->fd = -EBADF;
    if (may_be_waited_for(h))
        timeout_usec = 0;
    r = wait_for(h, l, timeout_usec, tell, userdata, &holder);
    if (r == -ENOSPC || r == -EDQUOT || r == -EROFS)
        return 0;
    if (r == -EINTR)
        return error_set(e, r, EXIT_STATUS_FAILED,
                         "nothing is changed: %s is still changing patches",
                         holder ?: "another process");
    if (r == -EEXIST)
        return error_hint(e, error_set(e, r, EXIT_STATUS_FAILED,
                                       CHANGES_LOCK " is not a file that only root can open"),
                          "remove it first");
    if (r < 0)
        return error_set(e, r, r == -EACCES || r == -EPERM ? EXIT_STATUS_PRIVILEGE
                                                           : EXIT_STATUS_FAILED,
                         "cannot lock " CHANGES_LOCK ": %s", strerror(-r));
    if (r == 0)
        return give_up(holder ?: "another process", timeout_usec, e);
    sign(l, what);
    *ret = TAKE_PTR(l);
    return 0;
}
