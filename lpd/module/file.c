/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sha2.h>
#include <signal.h>
#include <stdio.h>

#include "base/file.h"
#include "base/safe-file.h"
#include "module/compress.h"
#include "module/file.h"

void module_file_close(struct module_file *f) {
    free(f->path);
    closep(&f->fd);
    free(f->data);
    module_info_done(&f->info);
    *f = MODULE_FILE_NULL;
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

/* A copy that nobody, this program included, can change any more. Returns the descriptor. */
static int seal(const char *data, size_t size) {
    _cleanup_close_ int fd = -EBADF;
    int r;

    fd = memfd_new("lpd-module");
    if (fd < 0)
        return fd;
    r = file_write_fd(fd, data, size);
    if (r < 0)
        return r;
    r = memfd_seal(fd);
    return r < 0 ? r : TAKE_FD(fd);
}

/* Reads all there is and decompresses it. Returns 1 if it was compressed, else 0. */
static int read_bytes(int fd, struct module_file *f, struct error *e) {
    _cleanup_free_ char *plain = NULL;
    size_t size;
    int r;

    r = file_read_fd(fd, MODULE_SIZE_MAX, &f->data, &f->size);
    if (r < 0)
        return safe_file_describe(r, e);
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

    fd = safe_file_open(h, path, MODULE_SIZE_MAX, trusted, e);
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
    int r;

    if (!f->leased) {
        r = memfd_is_sealed(f->fd);
        return r == 0 ? -ESTALE : MIN(r, 0);
    }
    r = fcntl(f->fd, F_GETLEASE);
    if (r < 0)
        return -errno;
    return r == F_RDLCK ? 0 : -ESTALE;
}
