/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* What became of the last attempt in this boot, for the status. The name has no ".json", as a patch
 * may be called "lock". */
#define LOCK_RECORD RESULTS_DIRECTORY "/lock"

struct lock_record {
    char *state;         /* locked, refused, waiting */
    char *reason;        /* what it waits for, or why it was refused; NULL: locked */
    char *unit;          /* in which that happened: of a service, or of a session; NULL: none */
    char *user;          /* who had logged in there; NULL: nobody, or unknown */
    int64_t uid;         /* likewise; -1 */
    uint64_t since_usec; /* CLOCK_REALTIME */
};

/* What lpd-lock-modules.service could not load, as one line. */
#define LOCK_MODULES_RECORD RESULTS_DIRECTORY "/lock-modules"

void lock_record_done(struct lock_record *r);

/* 0 or a negative errno. */
int lock_record_write(const struct host *h, const struct lock_record *r);

/* -ENOENT: nobody has tried; -EBADMSG: not such a file; another negative errno. */
int lock_record_read(const struct host *h, struct lock_record *ret);
