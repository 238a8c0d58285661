/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Records of /dev/kmsg (Documentation/ABI/testing/dev-kmsg):
 * "PRIORITY,SEQUENCE,USEC,FLAGS[,…];TEXT", then lines that begin with a blank. The kernel has
 * already replaced unprintable bytes by \xNN. */
struct kmsg_record {
    unsigned facility; /* 0: the kernel itself, which no program can claim to be */
    unsigned level;    /* as in syslog(2) */
    uint64_t sequence;
    uint64_t monotonic_usec;
    char caller[16];   /* "T1", "C0" (CONFIG_PRINTK_CALLER), or "" */
    const char *text;  /* points into the parsed data, without the newline */
    size_t text_size;
};

/* Takes the next record from *data and skips lines that are no record. 1, or 0 at the end.
 * Pure. */
int kmsg_next(const char **data, size_t *size, struct kmsg_record *ret);

/* Whether this is a message of the kernel about that module or its load. Pure. */
bool kmsg_is_about(const struct kmsg_record *record, const char *module);

/* Opens the log at its end, so that only later records are read. Returns the descriptor or a
 * negative errno: -EPERM or -EACCES without privileges, -ENOENT. */
int kmsg_open(const struct host *h);

/* The same at its oldest record. */
int kmsg_open_all(const struct host *h);

/* The last few lines of the kernel about that module since kmsg_open(), joined by "; ". NULL:
 * none, or the log cannot be read. */
char *kmsg_words(int fd, const char *module);
