/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* Who a process is, as far as it can still be told: it may have ended. */
struct process {
    int pid;
    char *comm;    /* its name; NULL: unknown */
    char *cmdline; /* likewise */
    char *user;    /* who logged in, or else as whom it runs; likewise */
    bool own;      /* a program of lpd's */
};

void process_done(struct process *p);

/* 0 or -ENOMEM. */
int process_identify(const struct host *h, int pid, struct process *ret);

/* Whether it is a program of lpd's that runs now. */
bool process_is_own(const struct host *h, int pid);

/* Whether it has the switch of that patch open. */
bool process_holds(const struct host *h, int pid, const char *patch);

/* "echo (pid 812) of alice", as much of it as is known. NULL when out of memory. */
char *process_describe(const struct process *p);
