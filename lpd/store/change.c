/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "base/safe-file.h"
#include "base/strv.h"
#include "store/change.h"

struct saved_file {
    char *path;
    char *old; /* where the old file is kept; NULL: there was none */
};

struct change {
    const struct host *host;
    struct saved_file *files; /* in the order of writing */
    size_t n_files;
    char **directories; /* created directories, outermost first */
    char **emptied;     /* directories that may be unused after the change, innermost first */
};

struct change *change_free(struct change *c) {
    for (size_t i = 0; i < c->n_files; i++) {
        if (c->files[i].old)
            (void) file_unlink(c->host, c->files[i].old);
        free(c->files[i].path);
        free(c->files[i].old);
    }
    STRV_FOREACH(path, c->emptied)
        (void) file_rmdir(c->host, *path);
    free(c->files);
    strv_free(c->directories);
    strv_free(c->emptied);
    free(c);
    return NULL;
}

struct change *change_new(const struct host *h) {
    struct change *c = calloc(1, sizeof(*c));

    if (c)
        c->host = h;
    return c;
}

/* Where the old file is kept until a change is complete. The leading dot and the suffix keep a
 * leftover of a power cut out of every list of *.conf and *.ko. */
static char *old_path(const char *path) {
    const char *name = path_basename(path);
    char *old;

    if (asprintf(&old, "%.*s.%s" CHANGE_OLD_SUFFIX, (int) (name - path), path, name) < 0)
        return NULL;
    return old;
}

/* Keeps it as a second link, so that undoing is a rename, which works on a full disk. 1, or 0 if
 * there is no file to keep. */
static int keep_old(const struct host *h, const char *path, const char *old) {
    _cleanup_close_ int dir_fd = -EBADF;
    const char *name;

    dir_fd = file_open_parent(h, path, &name);
    if (dir_fd < 0)
        return dir_fd;
    (void) unlinkat(dir_fd, path_basename(old), 0);
    if (linkat(dir_fd, name, dir_fd, path_basename(old), 0) < 0)
        return errno == ENOENT ? 0 : -errno;
    return 1;
}

/* Uses one rename, which needs no space. */
static int move_away(const struct host *h, const char *path, const char *old, bool *ret_moved) {
    _cleanup_close_ int dir_fd = -EBADF;
    const char *name;

    dir_fd = file_open_parent(h, path, &name);
    if (dir_fd < 0)
        return dir_fd;
    if (renameat(dir_fd, name, dir_fd, path_basename(old)) < 0)
        return -errno;
    *ret_moved = true;
    return fsync(dir_fd) < 0 ? -errno : 0;
}

static int put_back(const struct host *h, const struct saved_file *f) {
    _cleanup_close_ int dir_fd = -EBADF;
    const char *name;

    dir_fd = file_open_parent(h, f->path, &name);
    if (dir_fd < 0)
        return dir_fd;
    if (renameat(dir_fd, path_basename(f->old), dir_fd, name) < 0)
        return -errno;
    /* While both are the same file, rename(2) does nothing. */
    (void) unlinkat(dir_fd, path_basename(f->old), 0);
    return fsync(dir_fd) < 0 ? -errno : 0;
}

static int add_file(struct change *c, const char *path, struct saved_file **ret) {
    struct saved_file *grown = reallocarray(c->files, c->n_files + 1, sizeof(*grown));
    struct saved_file f = {};

    if (!grown)
        return -ENOMEM;
    c->files = grown;
    f.path = strdup(path);
    f.old = old_path(path);
    if (!f.path || !f.old) {
        free(f.path);
        free(f.old);
        return -ENOMEM;
    }
    c->files[c->n_files] = f;
    *ret = c->files + c->n_files++;
    return 0;
}

static void drop_last_file(struct change *c) {
    struct saved_file *f = c->files + --c->n_files;

    free(f->path);
    free(f->old);
}

static bool is_remembered(const struct change *c, const char *path) {
    for (size_t i = 0; i < c->n_files; i++)
        if (streq(c->files[i].path, path))
            return true;
    return false;
}

/* Only the first write of a change to a path keeps the old file. */
static int remember(struct change *c, const char *path) {
    struct saved_file *f;
    int r;

    if (is_remembered(c, path))
        return 0;
    r = add_file(c, path, &f);
    if (r < 0)
        return r;
    r = keep_old(c->host, path, f->old);
    if (r < 0) {
        drop_last_file(c);
        return r;
    }
    if (r == 0) {
        free(f->old);
        f->old = NULL;
    }
    return 0;
}

static int make_directories(struct change *c, const char *path) {
    _cleanup_free_ char *copy = strdup(path);
    int r;

    if (!copy)
        return -ENOMEM;
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (!file_exists(c->host, copy)) {
            /* Recorded first: the file may exist even if writing it failed. */
            r = strv_extend(&c->directories, copy);
            if (r >= 0)
                r = file_mkdir_p(c->host, copy);
            if (r < 0)
                return r;
        }
        *slash = '/';
    }
    return 0;
}

int change_failed(const char *what, const char *path, int r, struct error *e) {
    int status = r == -EACCES || r == -EPERM ? EXIT_STATUS_PRIVILEGE : EXIT_STATUS_FAILED;

    r = error_set(e, r, status, "cannot %s %s: %s", what, path, strerror(-r));
    if (r != -EROFS)
        return r;
    return error_hint(e, r, "on a system made from an image, put patches into the image, in /usr/lib/lpd; "
                            "until the next boot: lpctl load FILE, lpctl unload NAME");
}

/* Whether the file has exactly this content. A file there that is not regular is there on purpose,
 * and is an error. */
static int is_there(const struct host *h, const char *path, const void *data, size_t size,
                    struct error *e) {
    _cleanup_free_ char *present = NULL;
    struct stat st;
    int r;

    r = file_lstat(h, path, &st);
    if (r == -ENOENT)
        return 0;
    if (r >= 0 && !S_ISREG(st.st_mode))
        return error_hint(e, error_set(e, -EEXIST, EXIT_STATUS_FAILED,
                                       "%s is not a regular file", path),
                          "remove it first");
    /* A file that others own or can change must be replaced, even if its content is right now. */
    if (r >= 0 && ((size_t) st.st_size != size || !safe_file_is_safe(&st)))
        return 0;
    if (r >= 0)
        r = file_read(h, path, size, &present, NULL);
    return r < 0 ? change_failed("read", path, r, e) : memcmp(present, data, size) == 0;
}

/* Writes one file of a change, and its parent directories. 0 if it has this content already. */
int change_write(struct change *c, const char *path, const void *data, size_t size,
                 struct error *e) {
    int r;

    r = is_there(c->host, path, data, size, e);
    if (r != 0)
        return MIN(r, 0);
    r = make_directories(c, path);
    if (r >= 0)
        r = remember(c, path);
    if (r >= 0)
        r = file_write_atomic(c->host, path, data, size, 0644);
    return r < 0 ? change_failed("write", path, r, e) : 1;
}

int change_remove(struct change *c, const char *path, struct error *e) {
    struct saved_file *f;
    bool moved = false;
    struct stat st;
    int r;

    if (is_remembered(c, path)) {
        r = file_unlink(c->host, path);
        return r < 0 && r != -ENOENT ? change_failed("remove", path, r, e) : r >= 0;
    }
    r = add_file(c, path, &f);
    if (r < 0)
        return r;
    r = file_lstat(c->host, path, &st);
    if (r >= 0)
        r = S_ISDIR(st.st_mode) ? -EISDIR : move_away(c->host, path, f->old, &moved);
    if (moved)
        return r < 0 ? change_failed("remove", path, r, e) : 1;
    /* The copy that an interrupted change has kept is obsolete. */
    if (r == -ENOENT)
        (void) file_unlink(c->host, f->old);
    drop_last_file(c);
    return r == -ENOENT || r == -ENOTDIR ? 0 : change_failed("remove", path, r, e);
}

int change_emptied(struct change *c, const char *path) {
    return strv_extend(&c->emptied, path);
}

/* Recorded files and directories need not exist. On a read-only file system that is no other error. */
static int undone(const struct host *h, const char *path, int r) {
    return r == -EROFS && !file_exists(h, path) ? -ENOENT : r;
}

int change_undo(struct change *c) {
    int result = 0, r;

    for (size_t i = c->n_files; i > 0; i--) {
        struct saved_file *f = c->files + i - 1;

        r = f->old ? put_back(c->host, f) : undone(c->host, f->path, file_unlink(c->host, f->path));
        if (r != -ENOENT)
            RET_GATHER(result, r);
        free(f->old);
        f->old = NULL;
    }
    for (size_t i = strv_length(c->directories); i > 0; i--) {
        r = undone(c->host, c->directories[i - 1], file_rmdir(c->host, c->directories[i - 1]));
        if (r != -ENOENT && r != -ENOTEMPTY)
            RET_GATHER(result, r);
    }
    return result;
}
