/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* This boot's results, kept in memory, so that only files that have changed are read again. */
struct records {
    int fd; /* inotify(7) on RESULTS_DIRECTORY */
    struct result_list list;
    char **failed; /* patches whose last load has failed and whose units were not handled yet */
};

#define RECORDS_NULL ((struct records){ .fd = -EBADF })

void records_done(struct records *r);

/* Starts to watch the directory, which must exist, and reads all results. */
int records_begin(struct records *r, const struct host *h);

/* Reads the results that have changed. 1 if there are any. */
int records_update(struct records *r, const struct host *h);
