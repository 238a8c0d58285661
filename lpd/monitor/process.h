/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* The identity of a process, as far as it is still known: it may have ended. */
struct process {
    int pid;
    char *comm;    /* its name; NULL: unknown */
    char *cmdline; /* NULL: unknown */
    char *user;    /* who logged in, or else the user of the process; NULL: unknown */
    bool own;      /* a program of lpd */
};

void process_done(struct process *p);

/* 0 or -ENOMEM. */
int process_identify(const struct host *h, int pid, struct process *ret);

/* Whether it is a program of lpd that runs now. */
bool process_is_own(const struct host *h, int pid);

/* Whether that process has the patch's switch open. */
bool process_holds(const struct host *h, int pid, const char *patch);

/* "echo (pid 812) of alice", as far as known. NULL if memory runs out. */
char *process_describe(const struct process *p);
