/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sha2.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>

#include "base/file.h"
#include "module/compress.h"
#include "module/file.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3 */
#endif

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

void module_file_close(struct module_file *f) {
    free(f->path);
    closep(&f->fd);
    free(f->data);
    module_info_done(&f->info);
    *f = MODULE_FILE_NULL;
}

static int refuse(struct error *e, int r, const char *reason) {
    return error_set(e, r, EXIT_STATUS_REFUSED, "%s", reason);
}

static int describe_open(int r, struct error *e) {
    if (r == -EACCES || r == -EPERM)
        return error_set(e, r, EXIT_STATUS_PRIVILEGE, "%s", strerror(-r));
    return error_set(e, r, EXIT_STATUS_FAILED, "%s", strerror(-r));
}

static int check_type(const struct stat *st, struct error *e) {
    if (S_ISLNK(st->st_mode))
        return error_hint(e, refuse(e, -ELOOP, "is a symbolic link"),
                          "name the file that it points to");
    if (S_ISDIR(st->st_mode))
        return refuse(e, -EISDIR, "is a directory");
    if (!S_ISREG(st->st_mode))
        return refuse(e, -EINVAL, "is not a regular file");
    if (st->st_size == 0)
        return refuse(e, -ENOEXEC, "is empty");
    if ((uint64_t) st->st_size > MODULE_SIZE_MAX)
        return error_set(e, -EFBIG, EXIT_STATUS_REFUSED, "is larger than %zu MiB",
                         MODULE_SIZE_MAX >> 20);
    return 0;
}

/* Nobody but root, or who runs this, may be able to put other bytes there. */
static bool is_safe(const struct stat *st) {
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

/* Where that directory is, says /proc; without it, only that it is above the file is known. */
static int refuse_directory(int fd, const struct stat *st, struct error *e) {
    char link[sizeof("/proc/self/fd/") + 3 * sizeof(fd)], path[4096], what[4096 + 32];
    ssize_t n;

    (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof(path) - 1);
    if (n < 0)
        return refuse_unsafe(st, "a directory above it", "DIRECTORY", e);
    path[n] = '\0';
    (void) snprintf(what, sizeof(what), "the directory %s", path);
    return refuse_unsafe(st, what, path, e);
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
        if (!is_safe(&st))
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
static int open_regular(const struct host *h, const char *path, bool trusted, struct error *e) {
    _cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
    const char *name;
    struct stat st;
    int r;

    dir_fd = file_open_parent(h, path, &name);
    if (dir_fd < 0)
        return describe_open(dir_fd, e);
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return describe_open(-errno, e);
    r = check_type(&st, e);
    if (r < 0)
        return r;
    fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return describe_open(-errno, e);
    if (fstat(fd, &st) < 0)
        return -errno;
    r = check_type(&st, e);
    if (r < 0)
        return r;
    if (trusted && !is_safe(&st))
        return refuse_unsafe(&st, "it", path, e);
    r = trusted ? check_directories(h, dir_fd, e) : 0;
    return r < 0 ? r : TAKE_FD(fd);
}

/* Returns 1 if the lease is held, 0 where this file system or this user can have none.
 *
 * Who opens the file for writing from now on makes the kernel send us a signal, SIGIO unless told
 * otherwise, and SIGIO kills. It is replaced by SIGURG, which is ignored by default (signal(7)), on
 * this descriptor alone and before there is a lease: so no handler or mask of the program is
 * touched, and no moment is left. We ask the lease itself, in module_file_unchanged(). */
static int take_lease(int fd, struct error *e) {
    if (fcntl(fd, F_SETSIG, SIGURG) < 0)
        return -errno;
    if (fcntl(fd, F_SETLEASE, F_RDLCK) >= 0)
        return 1;
    if (errno != EAGAIN)
        return 0;
    error_set(e, -ETXTBSY, EXIT_STATUS_FAILED, "is open for writing in another program");
    return error_hint(e, -ETXTBSY, "wait until it is complete, then try again");
}

static int create_memfd(void) {
    int fd;

    fd = memfd_create("lpd-module", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("lpd-module", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd < 0 ? -errno : fd;
}

/* A copy that nobody, this program included, can change any more. Returns the descriptor. */
static int seal(const char *data, size_t size) {
    _cleanup_close_ int fd = -EBADF;
    int r;

    fd = create_memfd();
    if (fd < 0)
        return fd;
    r = file_write_fd(fd, data, size);
    if (r < 0)
        return r;
    if (fcntl(fd, F_ADD_SEALS, SEALS) < 0)
        return -errno;
    return TAKE_FD(fd);
}

/* Reads all there is and decompresses it. Returns 1 if it was compressed, else 0. */
static int read_bytes(int fd, struct module_file *f, struct error *e) {
    _cleanup_free_ char *plain = NULL;
    size_t size;
    int r;

    r = file_read_fd(fd, MODULE_SIZE_MAX, &f->data, &f->size);
    if (r < 0)
        return describe_open(r, e);
    r = decompress(f->data, f->size, MODULE_SIZE_MAX, &plain, &size, e);
    if (r <= 0)
        return r;
    free(f->data);
    f->data = TAKE_PTR(plain);
    f->size = size;
    return r;
}

static int open_and_parse(const struct host *h, const char *path, bool trusted,
                          struct module_file *f, struct error *e) {
    _cleanup_close_ int fd = -EBADF;
    int leased, compressed, r;

    fd = open_regular(h, path, trusted, e);
    if (fd < 0)
        return fd;
    leased = take_lease(fd, e);
    if (leased < 0)
        return leased;
    compressed = read_bytes(fd, f, e);
    if (compressed < 0)
        return compressed;

    r = appended_signature_find(f->data, f->size, &f->signature, e);
    if (r < 0)
        return r;
    r = module_info_parse(f->data, f->signature.signed_size, &f->info, e);
    if (r < 0)
        return r;

    f->leased = leased && !compressed;
    f->fd = f->leased ? TAKE_FD(fd) : seal(f->data, f->size);
    return f->fd < 0 ? f->fd : 0;
}

static int module_open(const struct host *h, const char *path, bool trusted, struct module_file *ret,
                       struct error *e) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    int r;

    f.path = strdup(path);
    if (!f.path)
        return -ENOMEM;
    r = open_and_parse(h, path, trusted, &f, e);
    if (r < 0)
        return error_prefix(e, r, "%s", path);
    *ret = f;
    f = MODULE_FILE_NULL;
    return 0;
}

int module_file_open(const struct host *h, const char *path, struct module_file *ret,
                     struct error *e) {
    return module_open(h, path, /* trusted= */ true, ret, e);
}

int module_file_open_untrusted(const struct host *h, const char *path, struct module_file *ret,
                               struct error *e) {
    return module_open(h, path, /* trusted= */ false, ret, e);
}

/* By libmd: libcrypto alone would make a load cost 2.5 million instructions and 1.6 MiB more, all of it
 * relocation inside it (tests/bench/run load). */
static void hash(const void *data, size_t size, uint8_t ret[static SHA256_DIGEST_LENGTH]) {
    SHA2_CTX context;

    SHA256Init(&context);
    SHA256Update(&context, data, size);
    SHA256Final(ret, &context);
}

void module_file_sha256(struct module_file *f) {
    uint8_t digest[SHA256_DIGEST_LENGTH];

    if (f->sha256[0] != '\0')
        return;
    hash(f->data, f->size, digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        (void) snprintf(f->sha256 + 2 * i, 3, "%02x", digest[i]);
}

int module_file_unchanged(const struct module_file *f) {
    int held;

    held = f->leased ? fcntl(f->fd, F_GETLEASE) : fcntl(f->fd, F_GET_SEALS);
    if (held < 0)
        return -errno;
    if (f->leased)
        return held == F_RDLCK ? 0 : -ESTALE;
    return (held & SEALS) == SEALS ? 0 : -ESTALE;
}
