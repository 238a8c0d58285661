/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* Waits until the transition of that patch is over, whichever way. 0; -ETIME after timeout_usec
 * (USEC_INFINITY: for ever); -ENOENT if the patch is not there (any more). */
int transition_wait(struct host *h, const char *name, uint64_t timeout_usec);

/* Turns a running transition back: writes the opposite of enabled. */
int transition_reverse(struct host *h, const char *name, struct error *e);

/* Ends a running transition by force, with the risk that livepatch.rst describes. */
int transition_force(struct host *h, const char *name, struct error *e);

/* A task that holds a transition up. */
struct blocking_task {
    int pid, tid;
    char *comm;
    char *cmdline; /* "" for kernel threads */
    char state;    /* as in /proc/PID/stat */
    char **stack;  /* lines of /proc/PID/task/TID/stack; empty without privilege */
};

struct blocking_tasks {
    struct blocking_task *tasks;
    size_t n_tasks;
};

void blocking_tasks_done(struct blocking_tasks *b);

/* The tasks whose patch_state (proc(5): -1 none, 0 unpatched, 1 patched) is not yet that to which
 * the running transition goes. Tasks that end meanwhile are passed over. No transition: an empty
 * list. -EACCES when /proc does not show the states to this user. */
int blocking_tasks_read(struct host *h, struct blocking_tasks *ret, struct error *e);
