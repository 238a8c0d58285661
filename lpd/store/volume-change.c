/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>

#include "base/file.h"
#include "base/safe-file.h"
#include "base/strv.h"
#include "base/utf8.h"
#include "config/conf-files.h"
#include "config/name.h"
#include "module/file.h"
#include "store/store.h"
#include "store/volume.h"
#include "trust/manifest.h"

/* The new tree, and after the exchange the old one. */
#define OTHER_DIRECTORY "/lpd.new"
#define OTHER(path) OTHER_DIRECTORY path
#define DEPTH_MAX 8
/* Of files that are left out; names on a volume are untrusted. */
#define LEFT_OUT_MAX 20

/* Since Linux 5.14, fs/ext4/ext4.h: "_IOW('f', 43, __u32)". */
#define IOC_CHECKPOINT _IOW('f', 43, uint32_t)

struct volume_change {
    struct volume volume;
    int root_fd;   /* a descriptor for flock(2), fsync(2) and rename, for which O_PATH is not enough */
    bool had_old;  /* there was an lpd/ */
    bool done;     /* the new one is active */
    char **left_out; /* files that were not copied, and why */
};

static int failed(const struct volume *v, const char *what, const char *path, int r,
                  struct error *e) {
    return error_set(e, r, EXIT_STATUS_FAILED, "cannot %s %s on %s: %s", what, path, v->node,
                     strerror(-r));
}

/* file_mkdir_p() would set a mode, which vfat may not support. */
static int make_directory(const struct volume *v, const char *path) {
    _cleanup_close_ int dir_fd = -EBADF;
    const char *name;

    dir_fd = file_open_parent(&v->host, path, &name);
    if (dir_fd < 0)
        return dir_fd;
    return mkdirat(dir_fd, name, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/* vfat treats names that differ only in case as one: the second is refused. */
static int put_file(const struct volume *v, const char *path, const void *data, size_t size) {
    _cleanup_close_ int fd = -EBADF;
    int r;

    fd = file_open(&v->host, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
    if (fd < 0)
        return fd;
    r = file_write_fd(fd, data, size);
    return r < 0 ? r : fsync(fd) < 0 ? -errno : 0;
}

static int remove_tree(const struct volume *v, const char *path, unsigned depth) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = file_unlink(&v->host, path);
    if (r != -EISDIR && r != -EPERM)
        return r == -ENOENT ? 0 : r;
    r = depth < DEPTH_MAX ? file_list(&v->host, path, &names) : -ELOOP;
    STRV_FOREACH(name, names) {
        _cleanup_free_ char *below = NULL;

        if (r < 0)
            return r;
        r = asprintf(&below, "%s/%s", path, *name) < 0 ? -ENOMEM : remove_tree(v, below, depth + 1);
    }
    return r < 0 ? r : file_rmdir(&v->host, path);
}

/* Whether a file of the volume belongs to that patch, by its last component. */
static bool is_of_patch(const char *name, const char *patch) {
    static const char *const suffixes[] = { CONF_SUFFIX, CONF_SUFFIX MANIFEST_SIGNATURE_SUFFIX,
                                            CONF_SUFFIX ".d", ".ko", ".ko.xz", ".ko.zst", ".ko.gz" };
    size_t n = strlen(patch);
    _cleanup_free_ char *stem = strndup(name, n);

    for (size_t i = 0; stem && i < ELEMENTSOF(suffixes); i++)
        if (patch_name_equal(stem, patch) && strlen(name) > n && streq(name + n, suffixes[i]))
            return true;
    return false;
}

static int leave_out(struct volume_change *c, const char *path, const char *reason) {
    char *text;

    if (strv_length(c->left_out) >= LEFT_OUT_MAX)
        return 0;
    if (asprintf(&text, "%s: %s", path, reason) < 0)
        return -ENOMEM;
    return strv_consume(&c->left_out, utf8_make_printable(text));
}

/* The copy belongs to root, whoever owns the original, so only files that lpd would accept in place
 * are copied. Others are left out and named: 1. */
static int read_original(struct volume_change *c, const struct host *h, const char *path,
                         size_t max,
                         char **ret, size_t *ret_size, struct error *e) {
    _cleanup_(error_done) struct error problem = ERROR_NULL;
    int r;

    r = safe_file_read(h, path, max, /* trusted= */ true, ret, ret_size, &problem);
    if (r >= 0 || r == -ENOMEM)
        return r;
    if (problem.exit_status != EXIT_STATUS_REFUSED)
        return error_set(e, r, problem.exit_status, "%s: %s", path, error_message(&problem, r));
    r = leave_out(c, path, error_message(&problem, r));
    return r < 0 ? r : 1;
}

static size_t size_max(const char *path) {
    return endswith(path, CONF_SUFFIX) || endswith(path, CONF_SUFFIX MANIFEST_SIGNATURE_SUFFIX)
               ? INI_FILE_MAX
               : MODULE_SIZE_MAX;
}

static int copy_tree(struct volume_change *c, const char *from, const char *to, const char *patch,
                     unsigned depth, struct error *e);

static int copy_file(struct volume_change *c, const char *from, const char *to, struct error *e) {
    const struct volume *v = &c->volume;
    _cleanup_free_ char *data = NULL;
    size_t size;
    int r;

    r = read_original(c, &v->host, from, size_max(from), &data, &size, e);
    if (r != 0)
        return MIN(r, 0);
    r = put_file(v, to, data, size);
    return r < 0 ? failed(v, "write", to, r, e) : 0;
}

static int copy_entry(struct volume_change *c, const char *from, const char *to, const char *patch,
                      unsigned depth, struct error *e) {
    struct stat st;
    int r;

    r = file_lstat(&c->volume.host, from, &st);
    if (r < 0)
        return failed(&c->volume, "read", from, r, e);
    return S_ISDIR(st.st_mode) ? copy_tree(c, from, to, patch, depth + 1, e)
        : copy_file(c, from, to, e);
}

/* Copies all files but those of the patch, and those that would not be accepted. */
static int copy_tree(struct volume_change *c, const char *from, const char *to, const char *patch,
                     unsigned depth, struct error *e) {
    _cleanup_strv_free_ char **names = NULL;
    const struct volume *v = &c->volume;
    int r;

    r = depth < DEPTH_MAX ? file_list(&v->host, from, &names) : -ELOOP;
    if (r < 0)
        return failed(v, "read", from, r, e);
    r = make_directory(v, to);
    if (r < 0)
        return failed(v, "make", to, r, e);
    STRV_FOREACH(name, names) {
        _cleanup_free_ char *source = NULL, *target = NULL;

        if (is_of_patch(*name, patch))
            continue;
        if (asprintf(&source, "%s/%s", from, *name) < 0)
            source = NULL;
        if (asprintf(&target, "%s/%s", to, *name) < 0)
            target = NULL;
        r = source && target ? copy_entry(c, source, target, patch, depth, e) : -ENOMEM;
        if (r < 0)
            return r;
    }
    return 0;
}

static int put_new(const struct volume *v, const char *directory, const char *name,
                   const void *data,
                   size_t size, struct error *e) {
    _cleanup_free_ char *target = NULL;
    int r;

    if (asprintf(&target, "%s/%s", directory, name) < 0)
        return -ENOMEM;
    r = make_directory(v, directory);
    if (r >= 0)
        r = put_file(v, target, data, size);
    return r < 0 ? failed(v, "write", target, r, e) : 0;
}

/* Puts a file of the machine, which must exist, into DIRECTORY of the new tree. It may be a link,
 * if that leads to a file of root's. */
static int put_copy(const struct host *h, const struct volume *v, const char *path,
                    const char *directory, struct error *e) {
    _cleanup_close_ int fd = file_open(h, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    _cleanup_free_ char *data = NULL;
    struct stat st;
    size_t size;
    int r;

    r = fd < 0 ? fd : fstat(fd, &st) < 0 ? -errno : 0;
    if (r >= 0 && (!S_ISREG(st.st_mode) || !safe_file_is_safe(&st)))
        return error_set(e, -EPERM, EXIT_STATUS_REFUSED,
                         "%s can be written to by users other than root", path);
    if (r >= 0)
        r = file_read_fd(fd, INI_FILE_MAX, &data, &size);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot read %s: %s", path, strerror(-r));
    return put_new(v, directory, path_basename(path), data, size, e);
}

/* Copies a manifest or drop-in, with its signature if it has one. */
static int put_manifest(const struct host *h, const struct volume *v, const char *path,
                        const char *directory, struct error *e) {
    _cleanup_free_ char *signature = NULL;
    int r;

    if (asprintf(&signature, "%s" MANIFEST_SIGNATURE_SUFFIX, path) < 0)
        return -ENOMEM;
    r = put_copy(h, v, path, directory, e);
    return r < 0 || !file_exists(h, signature) ? r : put_copy(h, v, signature, directory, e);
}

static int put_module(const struct host *h, struct volume_change *c, const char *path,
                      const char *directory, struct error *e) {
    _cleanup_free_ char *data = NULL;
    size_t size;
    int r;

    r = read_original(c, h, path, MODULE_SIZE_MAX, &data, &size, e);
    return r != 0 ? MIN(r, 0) : put_new(&c->volume, directory, path_basename(path), data, size, e);
}

static int put_modules(const struct host *h, struct volume_change *c, const struct manifest *m,
                       const char *const releases_in, struct error *e) {
    _cleanup_strv_free_ char **releases = NULL;
    int r;

    r = file_list(h, releases_in, &releases);
    if (r < 0)
        return r == -ENOENT ? 0 : error_set(e, r, EXIT_STATUS_FAILED, "%s: %s", releases_in,
                                            strerror(-r));
    STRV_FOREACH(release, releases) {
        const struct manifest_kernel *kernel = manifest_kernel_for(m, *release);
        _cleanup_free_ char *path = NULL, *directory = NULL, *there = NULL;

        if (!manifest_covers(m, *release) ||
            store_find_module(h, *release, m->name, kernel ? kernel->module : NULL, &path) < 0)
            continue;
        if (asprintf(&directory, OTHER("/modules/%s"), *release) < 0)
            directory = NULL;
        if (directory && asprintf(&there, "%s/%s", directory, path_basename(path)) < 0)
            there = NULL;
        if (!there)
            return -ENOMEM;
        /* Two directories of the machine may have the release. */
        r = file_exists(&c->volume.host, there) ? 0 : put_module(h, c, path, directory, e);
        if (r < 0)
            return r;
    }
    return 0;
}

static int put_patch(const struct host *h, struct volume_change *c, const struct manifest *m,
                     struct error *e) {
    static const char *const releases_in[] = { STORE_DIRECTORY, "/usr/lib/lpd/modules",
                                               "/usr/lib/modules" };
    _cleanup_free_ char *dropins = NULL;
    int r;

    if (asprintf(&dropins, OTHER("/patches.d/%s" CONF_SUFFIX ".d"), m->name) < 0)
        return -ENOMEM;
    r = put_manifest(h, &c->volume, m->path, OTHER("/patches.d"), e);
    STRV_FOREACH(path, m->dropins)
        if (r >= 0)
            r = put_manifest(h, &c->volume, *path, dropins, e);
    for (size_t i = 0; i < ELEMENTSOF(releases_in) && r >= 0; i++)
        r = put_modules(h, c, m, releases_in[i], e);
    return r;
}

/* Creates the new tree, which is not active yet. */
static int make_tree(const struct host *h, struct volume_change *c, const char *name,
                     const struct manifest *m, struct error *e) {
    static const char *const directories[] = { OTHER_DIRECTORY, OTHER("/patches.d"),
                                               OTHER("/modules") };
    const struct volume *v = &c->volume;
    int r;

    r = remove_tree(v, OTHER_DIRECTORY, 0);
    if (r < 0)
        return failed(v, "remove", OTHER_DIRECTORY, r, e);
    c->had_old = file_exists(&v->host, VOLUME_DIRECTORY);
    r = c->had_old ? copy_tree(c, VOLUME_DIRECTORY, OTHER_DIRECTORY, name, 0, e) : 0;
    for (size_t i = 0; i < ELEMENTSOF(directories) && r >= 0; i++) {
        r = make_directory(v, directories[i]);
        if (r < 0)
            return failed(v, "make", directories[i], r, e);
    }
    return r >= 0 && m ? put_patch(h, c, m, e) : r;
}

/* vfat needs both: the start of a directory is written with its own inode, not with its parent
 * (fs/fat/namei_vfat.c vfat_rename_exchange()), and only fsync(2) flushes the disk's cache
 * (fs/fat/file.c fat_file_fsync()). */
static int sync_volume(const struct volume_change *c) {
    return syncfs(c->root_fd) < 0 || fsync(c->root_fd) < 0 ? -errno : 0;
}

/* Works in both directions, because it exchanges the two trees if there are two. vfat supports
 * that since Linux 6.0. */
static int exchange(struct volume_change *c, const char *from, const char *to) {
    int r;

    r = sync_volume(c);
    if (r < 0)
        return r;
    if (renameat2(c->root_fd, from + 1, c->root_fd, to + 1,
                  c->had_old ? RENAME_EXCHANGE : RENAME_NOREPLACE) < 0)
        return -errno;
    return sync_volume(c);
}

static int open_root(struct volume_change *c, struct error *e) {
    c->root_fd = file_open(&c->volume.host, "/", O_RDONLY | O_DIRECTORY, 0);
    if (c->root_fd < 0)
        return failed(&c->volume, "open", "/", c->root_fd, e);
    if (flock(c->root_fd, LOCK_EX | LOCK_NB) < 0)
        return error_hint(e, error_set(e, -errno, EXIT_STATUS_FAILED,
                                       "another program is changing the patches on %s",
                                       c->volume.node),
                          "wait until it has finished");
    return 0;
}

static int replace(struct volume_change *c, struct error *e) {
    int r;

    r = exchange(c, OTHER_DIRECTORY, VOLUME_DIRECTORY);
    if (r == -EINVAL)
        return error_hint(e, failed(&c->volume, "exchange", VOLUME_DIRECTORY, r, e),
                          "this kernel does not support that on %s: use ext4", c->volume.type);
    c->done = r >= 0;
    return r < 0 ? failed(&c->volume, "exchange", VOLUME_DIRECTORY, r, e) : 0;
}

int volume_update(struct host *h, const char *tag, const char *name, const struct manifest *m,
                  struct volume_change **ret_change, struct error *e) {
    _cleanup_(volume_change_freep) struct volume_change *c = calloc(1, sizeof(*c));
    int r;

    if (!c)
        return -ENOMEM;
    c->volume = VOLUME_NULL;
    c->root_fd = -EBADF;
    r = volume_open(h, tag, 0, /* writable= */ true, &c->volume, e);
    if (r >= 0)
        r = open_root(c, e);
    if (r >= 0)
        r = make_tree(h, c, name, m, e);
    if (r >= 0)
        r = replace(c, e);
    if (r < 0)
        return r;
    *ret_change = TAKE_PTR(c);
    return 0;
}

char *const *volume_left_out(const struct volume_change *c) {
    return c->left_out;
}

int volume_undo(struct volume_change *c) {
    int r;

    r = c->done ? exchange(c, c->had_old ? OTHER_DIRECTORY : VOLUME_DIRECTORY,
                           c->had_old ? VOLUME_DIRECTORY : OTHER_DIRECTORY)
                : 0;
    c->done = c->done && r < 0;
    return r;
}

/* If the volume is also mounted elsewhere, closing it does not write ext4's journal back, and the
 * initramfs reads it without the journal. */
struct volume_change *volume_change_free(struct volume_change *c) {
    uint32_t flags = 0;

    if (c->root_fd >= 0) {
        (void) remove_tree(&c->volume, OTHER_DIRECTORY, 0);
        (void) syncfs(c->root_fd);
        (void) ioctl(c->root_fd, IOC_CHECKPOINT, &flags);
    }
    closep(&c->root_fd);
    strv_free(c->left_out);
    volume_close(&c->volume);
    free(c);
    return NULL;
}
