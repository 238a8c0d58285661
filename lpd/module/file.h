/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "module/info.h"
#include "module/signature.h"

#define MODULE_SIZE_MAX ((size_t) 256 * 1024 * 1024)

/* A module file, opened once and read once, into a sealed memfd (memfd_create(2)): fd loads exactly
 * what is described here, even if the file changes or a file server answers differently the next
 * time. Do not use TAKE_STRUCT() on it: that leaves descriptor 0 behind. */
struct module_file {
    char *path;
    int fd;          /* the memfd with the uncompressed bytes: give this to finit_module(2) */
    int file_fd;     /* the file itself, for security modules that require it (livepatch/load.c) */
    bool compressed; /* the file is compressed */
    char *data;      /* the bytes of fd, mapped read-only; no NUL follows them */
    size_t size;
    char sha256[65]; /* of the uncompressed bytes, hex; empty until module_file_sha256() */
    struct module_info info;
    struct appended_signature signature;
};

#define MODULE_FILE_NULL ((struct module_file){ .fd = -EBADF, .file_fd = -EBADF })

void module_file_close(struct module_file *f);

/* Opens, reads, decompresses (by magic bytes: xz, zstd, gzip) and parses a module. path is
 * absolute, as seen from the root of h. The file must be regular, and its last component must not
 * be a link. The file and every directory above it, up to that root, must belong to root (or to the
 * caller) and must not be writable by anyone else (lpd(8)). EXIT_STATUS_REFUSED: -EPERM (owner or
 * mode), -ELOOP (link), -EISDIR, -EINVAL (not a regular file), -EFBIG, -ENOEXEC (no module, or one
 * for another machine), -EBADMSG (damaged), -ENOPKG (signature of another kind).
 * EXIT_STATUS_PRIVILEGE: -EACCES. EXIT_STATUS_FAILED: -ENOENT and other errors of open(2) and
 * read(2), -ENOMEM, -ENOSPC. */
int module_file_open(const struct host *h, const char *path, struct module_file *ret,
                     struct error *e);

/* The same without the rules about owner and mode, for files that are only inspected or copied into
 * the store (lpctl install ./fix.ko). */
int module_file_open_untrusted(const struct host *h, const char *path, struct module_file *ret,
                               struct error *e);

/* Computes the SHA256 of the uncompressed bytes and caches it. */
void module_file_sha256(struct module_file *f);
