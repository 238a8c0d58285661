/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* The refused loads since the lock, as counted by lpd.service, for the status. The file name lacks
 * ".json", because a patch may have any name. */
#define REFUSED_LOADS_RECORD RESULTS_DIRECTORY "/refused-loads"

#define REFUSED_NAMES_MAX 20

struct refused_loads_record {
    uint64_t count;      /* of loads by processes that may load modules, CAP_SYS_MODULE */
    char *command;       /* the name of the process of the last such load; NULL: there was none */
    uint64_t last_usec;  /* CLOCK_REALTIME; 0: there was none */
    int64_t uid;         /* its user; undefined if there was none */
    /* What the kernel requested on behalf of root, and on behalf of other users, who can make it
     * request anything: each name once, at most REFUSED_NAMES_MAX for each. */
    char **requested, **requested_by_users;
};

void refused_loads_record_done(struct refused_loads_record *r);

/* 0 or a negative errno. */
int refused_loads_record_write(const struct host *h, const struct refused_loads_record *r);

/* -ENOENT: nothing is counted; -EBADMSG: invalid record; another negative errno. */
int refused_loads_record_read(const struct host *h, struct refused_loads_record *ret);
