/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/safe-file.h"

#define LINKS_MAX 40

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

/* what begins the message; path is for the hint */
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
    if (st->st_mode & S_ISVTX) /* a directory that is shared by all users, such as /tmp */
        return error_hint(e, r, "put it where only root can write: lpctl install does");
    return error_hint(e, r, "chmod go-w '%s'", path);
}

/* The path of an open file according to /proc: as the caller sees it, also with another root. */
static bool find_path(int fd, char path[static PATH_MAX]) {
    char link[sizeof("/proc/self/fd/") + 3 * sizeof(fd)];
    ssize_t n;

    (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, PATH_MAX - 1);
    if (n >= 0)
        path[n] = '\0';
    return n >= 0;
}

/* Without /proc only its type is known. */
static int refuse_place(int fd, const struct stat *st, const char *kind, struct error *e) {
    char path[PATH_MAX], what[PATH_MAX + 32];

    if (!find_path(fd, path))
        return refuse_unsafe(st, kind, "PATH", e);
    (void) snprintf(what, sizeof(what), "%s %s", kind, path);
    return refuse_unsafe(st, what, path, e);
}

/* With another root, a command with this path would act on another file. */
static int refuse_file(const struct host *h, int fd, const struct stat *st, const char *path,
                       struct error *e) {
    char found[PATH_MAX];

    return refuse_unsafe(st, "it", !h->live && find_path(fd, found) ? found : path, e);
}

static bool same_file(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Walks up from an open directory to the root. Symbolic links on the way down need no check: the
 * directory that they lead to counts. A sticky bit does not help: it keeps others from replacing
 * the file, but not from creating one first. */
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
        if (same_file(&st, &below)) /* moved out of our root in the meantime */
            return 0;
        if (!safe_file_is_safe(&st))
            return refuse_place(fd, &st, "the directory", e);
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

/* The type is also checked before the open, because opening a device can have effects: a watchdog
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

void safe_directories_done(struct safe_directories *known) {
    for (size_t i = 0; i < ELEMENTSOF(known->paths); i++)
        free(known->paths[i]);
    *known = (struct safe_directories){};
}

/* Every user can write to such a file, such as /dev/null, but it never has content. */
static bool is_null(const struct stat *st) {
    return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* The current directory of a walk, and the rest of its path. */
struct walk {
    const struct host *h;
    int fd;
    char *rest;
    unsigned n_links;
};

static void walk_done(struct walk *w) {
    closep(&w->fd);
    free(w->rest);
}

static int walk_to(struct walk *w, int fd) {
    if (fd < 0)
        return -errno;
    (void) close(w->fd);
    w->fd = fd;
    return 0;
}

static int walk_to_root(struct walk *w) {
    return walk_to(w, fcntl(w->h->root_fd, F_DUPFD_CLOEXEC, 3));
}

static int walk_up(struct walk *w) {
    struct stat here, root;

    if (fstat(w->fd, &here) < 0 || fstat(w->h->root_fd, &root) < 0)
        return -errno;
    if (same_file(&here, &root))
        return 0;
    return walk_to(w, openat(w->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/* Follows a link: its target replaces its name in the path. */
static int walk_link(struct walk *w, int link_fd, const char *rest) {
    char target[4096], *joined;
    ssize_t n;

    n = readlinkat(link_fd, "", target, sizeof(target) - 1);
    if (n < 0)
        return -errno;
    if (++w->n_links > LINKS_MAX)
        return -ELOOP;
    target[n] = '\0';
    if (asprintf(&joined, "%s/%s", target, rest) < 0)
        return -ENOMEM;
    free(w->rest);
    w->rest = joined;
    return *target == '/' ? walk_to_root(w) : 0;
}

/* Walks one component of the path. Returns 1 if more may follow. */
static int walk_step(struct walk *w, struct error *e) {
    _cleanup_close_ int fd = -EBADF;
    _cleanup_free_ char *name = NULL;
    const char *start = w->rest + strspn(w->rest, "/");
    const char *rest = start + strcspn(start, "/");
    struct stat st;
    int r;

    if (fstat(w->fd, &st) < 0)
        return -errno;
    if (!safe_file_is_safe(&st) && !is_null(&st))
        return refuse_place(w->fd, &st, S_ISDIR(st.st_mode) ? "the directory" : "the file", e);
    if (rest == start)
        return 0;
    name = strndup(start, (size_t) (rest - start));
    if (!name)
        return -ENOMEM;
    fd = openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return -errno;
    if (S_ISLNK(st.st_mode))
        r = walk_link(w, fd, rest);
    else {
        memmove(w->rest, rest, strlen(rest) + 1);
        r = streq(name, "..") ? walk_up(w) : walk_to(w, TAKE_FD(fd));
    }
    return r < 0 ? r : 1;
}

static int walk(const struct host *h, const char *path, struct error *e) {
    _cleanup_(walk_done) struct walk w = { .h = h, .fd = -EBADF, .rest = strdup(path) };
    int r;

    if (!w.rest)
        return -ENOMEM;
    r = walk_to_root(&w);
    if (r >= 0)
        do
            r = walk_step(&w, e);
        while (r > 0);
    return r;
}

static bool is_known(const struct safe_directories *known, const char *directory) {
    for (size_t i = 0; known && i < ELEMENTSOF(known->paths); i++)
        if (known->paths[i] && streq(known->paths[i], directory))
            return true;
    return false;
}

static void remember(struct safe_directories *known, char *directory) {
    char **place = known->paths + known->next++ % ELEMENTSOF(known->paths);

    free(*place);
    *place = directory;
}

int safe_file_check_directory(const struct host *h, const char *path,
                              struct safe_directories *known,
                              struct error *e) {
    _cleanup_free_ char *directory = strndup(path, (size_t) (path_basename(path) - path));
    int r;

    if (!directory)
        return -ENOMEM;
    if (is_known(known, directory))
        return 0;
    r = walk(h, directory, e);
    if (r >= 0 && known)
        remember(known, TAKE_PTR(directory));
    return r;
}

int safe_file_check_opened(const struct host *h, const char *path, const struct stat *st,
                           struct safe_directories *known, struct error *e) {
    int r = safe_file_check_directory(h, path, known, e);

    if (r < 0)
        return r;
    return safe_file_is_safe(st) || is_null(st) ? 0 : refuse_unsafe(st, "it", path, e);
}

int safe_file_check(const struct host *h, const char *path, struct safe_directories *known,
                    struct error *e) {
    struct stat st;
    int r;

    r = safe_file_check_directory(h, path, known, e);
    if (r >= 0)
        r = file_lstat(h, path, &st);
    if (r < 0)
        return r;
    return S_ISLNK(st.st_mode) ? walk(h, path, e) : safe_file_check_opened(h, path, &st, known, e);
}
