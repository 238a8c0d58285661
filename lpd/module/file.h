/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "module/info.h"
#include "module/signature.h"

#define MODULE_SIZE_MAX ((size_t) 256 * 1024 * 1024)

/* A module file, opened once and read once: what is described here is what fd loads. A plain file is
 * held by a read lease (fcntl(2), F_SETLEASE); a compressed one, or one that can have no lease,
 * stands in a sealed memfd (memfd_create(2)). Do not put it through TAKE_STRUCT(): that leaves
 * descriptor 0 behind. */
struct module_file {
    char *path;
    int fd;          /* give this to finit_module(2) */
    bool leased;     /* fd is the file itself, under a lease */
    char *data;      /* the uncompressed bytes */
    size_t size;
    char sha256[65]; /* of the uncompressed bytes, hex; empty until module_file_sha256() */
    struct module_info info;
    struct appended_signature signature;
};

#define MODULE_FILE_NULL ((struct module_file){ .fd = -EBADF })

void module_file_close(struct module_file *f);

/* Opens, reads, decompresses (by magic bytes: xz, zstd, gzip) and parses. path is absolute, as seen
 * from the root of h. The file must be regular and its last component no link. It and every directory
 * above it, up to that root, must belong to root (or to who runs this) and be writable by nobody
 * else (lpd(8)).
 * EXIT_STATUS_REFUSED: -EPERM (owner or mode), -ELOOP (link), -EISDIR, -EINVAL (not a regular file),
 * -EFBIG, -ENOEXEC (no module, or one for another machine), -EBADMSG (damaged), -ENOPKG (signature
 * of another kind). EXIT_STATUS_PRIVILEGE: -EACCES. EXIT_STATUS_FAILED: -ENOENT and other errors of
 * open(2) and read(2), -ETXTBSY (open for writing elsewhere), -ENOMEM. */
int module_file_open(const struct host *h, const char *path, struct module_file *ret,
                     struct error *e);

/* The same without the rules about owner and modes, for files that are only looked at or copied into
 * the store (lpctl install ./fix.ko). */
int module_file_open_untrusted(const struct host *h, const char *path, struct module_file *ret,
                               struct error *e);

/* Computes and remembers the SHA256 of the uncompressed bytes. */
void module_file_sha256(struct module_file *f);

/* Whether the bytes are still those that were read: the lease holds, or the memfd is sealed.
 * Returns 0, or -ESTALE if somebody has tried to open the file for writing since. To be asked after
 * the load. A lease that somebody waits for is taken away by force after
 * /proc/sys/fs/lease-break-time seconds, and never comes back. */
int module_file_unchanged(const struct module_file *f);
