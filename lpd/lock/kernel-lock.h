/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* The lock: kernel.modules_disabled, which goes from 0 to 1 once and back at no time
 * (Documentation/admin-guide/sysctl/kernel.rst). */

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

/* Fills in who we are, as far as that can be told, and the time. 0 or -ENOMEM. */
int lock_record_sign(const struct host *h, struct lock_record *r);

/* 0 or a negative errno. */
int lock_record_write(const struct host *h, const struct lock_record *r);

/* -ENOENT: nobody has tried; -EBADMSG: not such a file; another negative errno. */
int lock_record_read(const struct host *h, struct lock_record *ret);

#define LOCK_SEAL_UNIT "lpd-seal.service"

/* Makes the kernel's directory of live patches read-only for everybody but lpd, which has a view of
 * its own. 1: it is so now; 0: it was so already; a negative errno with e. */
int lock_seal(struct host *h, struct error *e);

/* Undoes that. Likewise. */
int lock_unseal(struct host *h, struct error *e);

/* Has LOCK_SEAL_UNIT seal it, as mounting takes privileges that the lock does not. Likewise. */
int lock_ask_for_seal(struct host *h, struct error *e);

/* Ends module loading, and kexec_load(2) with it if that is wanted and the kernel has it. What
 * is read back decides. 1: something is locked now; 0: all of it was already; a negative errno
 * with e. */
int lock_kernel(struct host *h, bool kexec, struct error *e);
