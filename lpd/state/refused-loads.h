/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* What lpd.service has seen of loads that were refused since the lock, for the status. The name has
 * no ".json", as a patch may be called anything. */
#define REFUSED_LOADS_RECORD RESULTS_DIRECTORY "/refused-loads"

#define REFUSED_NAMES_MAX 20

struct refused_loads_record {
    uint64_t count;      /* of loads by those who may load modules, CAP_SYS_MODULE */
    char *command;       /* the name of the process whose load was the last one; NULL: there was none */
    uint64_t last_usec;  /* CLOCK_REALTIME; likewise 0 */
    int64_t uid;         /* whose it was; likewise meaningless */
    /* What the kernel asked for on behalf of root, and what for other users, who can have it ask for
     * anything: each once, at most REFUSED_NAMES_MAX of either. */
    char **requested, **requested_by_users;
};

void refused_loads_record_done(struct refused_loads_record *r);

/* 0 or a negative errno. */
int refused_loads_record_write(const struct host *h, const struct refused_loads_record *r);

/* -ENOENT: nobody counts; -EBADMSG: no such record; another negative errno. */
int refused_loads_record_read(const struct host *h, struct refused_loads_record *ret);
