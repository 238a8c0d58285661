/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/results.h"

/* The result of the last attempt to lock in this boot, for the status. The file name lacks
 * ".json", because a patch may be called "lock". */
#define LOCK_RECORD RESULTS_DIRECTORY "/lock"

/* The name of the program that waits, in /proc/PID/comm. */
#define LOCK_WAITS_COMM "lpd"

struct lock_record {
    char *state;         /* locked, refused, waiting */
    char *reason;        /* what it waits for, or why it was refused; NULL: locked */
    char *unit;          /* the unit of the process, a service or a session; NULL: none */
    char *user;          /* the user who had logged in; NULL: none, or unknown */
    int64_t uid;         /* the process; -1: unknown */
    int pid;             /* the process that waits; 0: none does */
    uint64_t since_usec; /* CLOCK_REALTIME */
};

/* The modules that lpd-lock-modules.service could not load, as one line; empty if it loaded all. */
#define LOCK_MODULES_RECORD RESULTS_DIRECTORY "/lock-modules"

void lock_record_done(struct lock_record *r);

/* 0 or a negative errno. */
int lock_record_write(const struct host *h, const struct lock_record *r);

/* -ENOENT: no attempt was made, or the process that waited is gone; -EBADMSG: invalid record; another negative errno. */
int lock_record_read(const struct host *h, struct lock_record *ret);
