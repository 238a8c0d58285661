/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "config/conf-files.h"
#include "config/ini.h"

const char *const conf_dirs[4] = { "/etc/lpd", "/run/lpd", "/usr/local/lib/lpd", "/usr/lib/lpd" };

void conf_names_done(struct conf_names *l) {
    for (size_t i = 0; i < l->n_names; i++)
        free(l->names[i].name);
    free(l->names);
    *l = (struct conf_names){ 0 };
}

/* Appends each NAME.conf and NAME.conf.d of one directory; names may repeat. */
static int append_names(struct conf_names *l, char *const *files, unsigned dir) {
    struct conf_name *grown;

    grown = reallocarray(l->names, l->n_names + strv_length(files) + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    l->names = grown;

    STRV_FOREACH(f, files) {
        bool is_dropins = endswith(*f, CONF_SUFFIX ".d"), is_file = endswith(*f, CONF_SUFFIX);
        size_t suffix = STRLEN(CONF_SUFFIX) + (is_dropins ? STRLEN(".d") : 0);
        struct conf_name n = { .files = is_file ? dir : 0, .dropins = is_dropins ? dir : 0 };

        if (**f == '.' || (!is_dropins && !is_file))
            continue;
        n.name = strndup(*f, strlen(*f) - suffix);
        if (!n.name)
            return -ENOMEM;
        l->names[l->n_names++] = n;
    }
    return 0;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(((const struct conf_name *) a)->name, ((const struct conf_name *) b)->name);
}

/* Sorts, and merges the entries of the same name. */
static void merge_names(struct conf_names *l) {
    size_t n = 0;

    qsort(l->names, l->n_names, sizeof(*l->names), compare_names);
    for (size_t i = 0; i < l->n_names; i++) {
        struct conf_name *last = n > 0 ? l->names + n - 1 : NULL;

        if (last && streq(last->name, l->names[i].name)) {
            last->files |= l->names[i].files;
            last->dropins |= l->names[i].dropins;
            free(l->names[i].name);
        } else
            l->names[n++] = l->names[i];
    }
    l->n_names = n;
}

int conf_names_list(const struct host *h, unsigned dirs, const char *subdir, struct conf_names *ret,
                    struct error *e) {
    _cleanup_(conf_names_done) struct conf_names l = { 0 };
    int r;

    for (size_t i = 0; i < ELEMENTSOF(conf_dirs); i++) {
        _cleanup_strv_free_ char **files = NULL;
        _cleanup_free_ char *path = NULL;

        if (!(dirs & 1u << i))
            continue;
        path = conf_path(1u << i, subdir, "", "");
        if (!path)
            return -ENOMEM;
        r = file_list(h, path, &files);
        if (r == -ENOENT)
            continue;
        if (r < 0)
            return error_set(e, r, r == -EACCES ? EXIT_STATUS_PRIVILEGE : EXIT_STATUS_CONFIG,
                             "%s: cannot read the directory: %s", path, strerror(-r));
        r = append_names(&l, files, 1u << i);
        if (r < 0)
            return r;
    }
    if (l.n_names > 0)
        merge_names(&l);
    *ret = TAKE_STRUCT(l);
    return 0;
}

char *conf_path(unsigned dirs, const char *subdir, const char *name, const char *suffix) {
    size_t i = 0;
    char *path;

    while (i + 1 < ELEMENTSOF(conf_dirs) && !(dirs & 1u << i))
        i++;
    return asprintf(&path, "%s/%s%s%s%s", conf_dirs[i], subdir, *subdir && *name ? "/" : "", name,
                    suffix) < 0
               ? NULL
               : path;
}

/* Whether the link at path has the target /dev/null: with another root there may be no such
 * device. */
static bool is_null_link(const struct host *h, const char *path) {
    _cleanup_close_ int fd = file_open(h, path, O_PATH | O_NOFOLLOW, 0);
    char target[STRLEN("/dev/null") + 1];
    ssize_t n;

    n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target));
    return n == STRLEN("/dev/null") && memcmp(target, "/dev/null", (size_t) n) == 0;
}

bool conf_masks(const struct host *h, const char *path) {
    struct stat st;

    if (file_lstat(h, path, &st) < 0)
        return false;
    return S_ISLNK(st.st_mode) ? is_null_link(h, path) : S_ISREG(st.st_mode) && st.st_size == 0;
}

/* Returns the descriptor, -ENOENT if the file does not exist, and -ENODEV for a mask. */
static int open_conf(const struct host *h, const char *path, bool *ret_link) {
    int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY, fd;

    fd = file_open(h, path, flags | O_NOFOLLOW, 0);
    *ret_link = fd == -ELOOP;
    if (fd != -ELOOP)
        return fd;
    if (is_null_link(h, path))
        return -ENODEV;
    fd = file_open(h, path, flags, 0);
    return fd == -ENOENT ? -ENOLINK : fd;
}

static const char *describe(int error_number) {
    switch (error_number) {
    case -ENOLINK:
        return "a dangling link";
    case -EFBIG:
        return "larger than 1 MiB";
    case -EBADFD:
        return "not a regular file";
    default:
        return strerror(-error_number);
    }
}

/* 1 if the file has text, 0 if it is a mask. *ret_st describes the file, unless path is a link: its mode
 * is 0 then. */
static int read_conf(const struct host *h, const char *path, char **ret, size_t *ret_size, struct stat *ret_st) {
    _cleanup_close_ int fd = -EBADF;
    bool link = false;
    struct stat st;
    int r;

    *ret_st = (struct stat){ 0 };
    fd = open_conf(h, path, &link);
    if (fd == -ENODEV)
        return 0;
    if (fd < 0)
        return fd;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!link)
        *ret_st = st;
    if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
        return 0;
    if (!S_ISREG(st.st_mode))
        return -EBADFD;
    r = file_read_opened(fd, &st, INI_FILE_MAX, ret, ret_size);
    if (r < 0)
        return r;
    return *ret_size > 0;
}

static int describe_failure(const char *path, int r, struct error *e) {
    int exit_status = r == -EACCES ? EXIT_STATUS_PRIVILEGE : EXIT_STATUS_CONFIG;

    if (e && e->message)
        (void) error_prefix(e, r, "%s", path);
    else
        (void) error_set(e, r, exit_status, "%s: %s", path, describe(r));
    if (e && e->message)
        utf8_make_printable(e->message);
    if (e && e->hint)
        utf8_make_printable(e->hint);
    return r;
}

static int read_described(const struct host *h, const char *path, char **ret, size_t *ret_size,
                          struct stat *ret_st, struct error *e) {
    _cleanup_free_ char *data = NULL;
    size_t size = 0;
    int r;

    r = read_conf(h, path, &data, &size, ret_st);
    if (r == -ENOENT || r == -ENOMEM)
        return r;
    if (r < 0)
        return describe_failure(path, r, e);
    if (r > 0) {
        *ret = TAKE_PTR(data);
        *ret_size = size;
    }
    return r;
}

int conf_read_untrusted(const struct host *h, const char *path, char **ret, size_t *ret_size,
                        struct error *e) {
    struct stat st;

    return read_described(h, path, ret, ret_size, &st, e);
}

/* Whether only root could have written what was read. */
static int check_owner(const struct host *h, const char *path, const struct stat *st,
                       struct safe_directories *known, struct error *e) {
    if (st->st_mode != 0)
        return safe_file_check_opened(h, path, st, known, e);
    return is_null_link(h, path) ? safe_file_check_directory(h, path, known, e)
                                 : safe_file_check(h, path, known, e);
}

/* A mask has as much effect as a file with content, so its owner is checked too. The check comes
 * after the read: a user who cannot write now could not write then either, unless root allowed
 * it. */
int conf_read(const struct host *h, const char *path, struct safe_directories *known, char **ret,
              size_t *ret_size, struct error *e) {
    _cleanup_(error_done) struct error unsafe = ERROR_NULL;
    _cleanup_free_ char *data = NULL;
    size_t size = 0;
    struct stat st;
    int r, k;

    r = read_described(h, path, &data, &size, &st, e);
    if (r < 0)
        return r;
    k = check_owner(h, path, &st, known, &unsafe);
    if (k < 0) {
        if (e)
            *e = TAKE_STRUCT(unsafe);
        return describe_failure(path, k, e);
    }
    if (r > 0) {
        *ret = TAKE_PTR(data);
        *ret_size = size;
    }
    return r;
}

static int read_dropin(const struct host *h, const struct conf_name *n, const char *subdir,
                       struct safe_directories *known, conf_reader reader, void *userdata,
                       struct error *e) {
    _cleanup_free_ char *path = NULL, *data = NULL;
    size_t size = 0;
    int r;

    path = conf_path(n->files, subdir, n->name, CONF_SUFFIX);
    if (!path)
        return -ENOMEM;
    r = conf_read(h, path, known, &data, &size, e);
    if (r <= 0)
        return r == -ENOENT ? 0 : r;
    /* From here on the path is used only in messages. */
    return reader(userdata, utf8_make_printable(path), data, size, e);
}

int conf_read_dropins(const struct host *h, unsigned dirs, const char *subdir,
                      struct safe_directories *known, conf_reader reader, void *userdata,
                      struct error *e) {
    _cleanup_(conf_names_done) struct conf_names l = { 0 };
    struct error one = ERROR_NULL;
    int r, k;

    r = conf_names_list(h, dirs, subdir, &l, &one);
    if (r < 0)
        (void) error_collect(e, r, &one);
    for (size_t i = 0; i < l.n_names; i++) {
        k = l.names[i].files ? read_dropin(h, l.names + i, subdir, known, reader, userdata, &one) : 0;
        if (k < 0)
            (void) error_collect(e, k, &one);
        (void) RET_GATHER(r, k);
    }
    return r;
}
