/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* This boot's results, kept in memory: of many patches only the files that have changed are read again. */
struct records {
    int fd; /* inotify(7) on RESULTS_DIRECTORY */
    struct result_list list;
    char **failed; /* patches whose last load has failed, as far as nobody has dealt with that */
};

#define RECORDS_NULL ((struct records){ .fd = -EBADF })

void records_done(struct records *r);

/* Begins to watch the directory, which has to exist, and reads all. */
int records_begin(struct records *r, const struct host *h);

/* Reads what has changed since. 1 if something has. */
int records_update(struct records *r, const struct host *h);
