/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Records of /dev/kmsg (Documentation/ABI/testing/dev-kmsg):
 * "PRIORITY,SEQUENCE,USEC,FLAGS[,…];TEXT", then lines that begin with a blank. What is not
 * printable stands as \xNN in the text already. */
struct kmsg_record {
    unsigned facility; /* 0: the kernel itself, which nobody else can claim to be */
    unsigned level;    /* as in syslog(2) */
    uint64_t sequence;
    uint64_t monotonic_usec;
    const char *text;  /* points into what was parsed, without its newline */
    size_t text_size;
};

/* Takes the next record from *data; lines that are no record are passed over. 1, or 0 at the end.
 * Pure. */
int kmsg_next(const char **data, size_t *size, struct kmsg_record *ret);

/* Whether the kernel said this about that module or its load. Pure. */
bool kmsg_is_about(const struct kmsg_record *record, const char *module);

/* Opens the log at its end, so that only what follows is read. Returns the descriptor or a negative
 * errno: -EPERM or -EACCES without privilege, -ENOENT. */
int kmsg_open(const struct host *h);

/* What the kernel has said about that module since kmsg_open(), the last few lines joined by "; ".
 * NULL: nothing, or it cannot be read. */
char *kmsg_words(int fd, const char *module);
