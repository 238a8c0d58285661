/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "config/manifest.h"

/* The patch in transition; the kernel runs one transition at a time. 1 with its name, 0 if there
 * is none, or a negative errno. */
int transition_find(const struct host *h, char **ret_name);

/* The same without asking about each patch: likely is the one that may be in transition, NULL if no such is known.
 * A transition that all tasks have finished, and of which only callbacks still run, may not be found. */
int transition_find_likely(const struct host *h, const char *likely, char **ret_name);

/* Waits for the end of that patch's transition, in either direction. 0; -ETIME after timeout_usec
 * (USEC_INFINITY: for ever); -ENOENT if the patch does not exist (any more). */
int transition_wait(struct host *h, const char *name, uint64_t timeout_usec);

/* Reverts a running transition: writes the opposite of enabled. -EINVAL: none runs; -ENOENT (3):
 * no such patch; -EPERM, -EACCES (4). */
int transition_reverse(struct host *h, const char *name, struct error *e);

/* Ends a running transition by force, with the risk that livepatch.rst describes. 1, or 0 if it
 * had finished already; -ENOENT (3); -EPERM, -EACCES (4). */
int transition_force(struct host *h, const char *name, struct error *e);

/* Waits until the transition of a loaded patch has finished, and acts after timeout_usec:
 * ON_STALL_WAIT is -ETIME (8) with the number of blocking tasks; ON_STALL_REVERT reverts the
 * transition and removes the module, -ETIME (8) with a message that says so; ON_STALL_FORCE forces
 * it and returns 0 with a note in e->message, which is not set otherwise. -ENOENT (3): the patch
 * is gone. */
int transition_finish(struct host *h, const char *name, uint64_t timeout_usec,
                      enum on_stall on_stall, struct error *e);

/* Says that @what ("the transition", …) of a patch has not finished after timeout_usec (0: "in
 * time"), how many tasks block it, and how to list them. Returns -ETIME. */
int transition_stalled(struct host *h, const char *name, const char *what, uint64_t timeout_usec,
                       struct error *e);

/* A task that blocks a transition. */
struct blocking_task {
    int pid, tid;
    char *comm;    /* printable UTF-8, other bytes replaced by '?'; the same for the others */
    char *cmdline; /* arguments joined by blanks, cut if long; "" for kernel threads */
    char state;    /* as in /proc/PID/stat, '?' if unknown */
    int cpu;       /* where it ran last; -1: unknown */
    bool isolated; /* that CPU is one of isolcpus=: no other task moves there and drives it out */
    char **stack;  /* lines of /proc/PID/task/TID/stack; empty without privileges */
};

#define BLOCKING_TASKS_MAX 1000

struct blocking_tasks {
    char *patch; /* the patch in transition; NULL: none */
    struct blocking_task *tasks;
    size_t n_tasks; /* number of described tasks: at most BLOCKING_TASKS_MAX */
    size_t n_all;   /* number of all such tasks */
};

void blocking_tasks_done(struct blocking_tasks *b);

/* The tasks whose patch_state (proc(5): -1 none, 0 unpatched, 1 patched) is not yet the target of
 * the current transition. Tasks that end meanwhile are skipped; idle tasks, one for each CPU, are
 * not in /proc. No transition: an empty list. -EACCES (4) if /proc does not show the states to
 * this user: only a task's owner can read them. */
int blocking_tasks_read(struct host *h, struct blocking_tasks *ret, struct error *e);
