/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"
#include "config/manifest.h"

/* The patch whose transition runs; the kernel runs one at a time. 1 with its name, 0 if there is
 * none, or a negative errno. */
int transition_find(const struct host *h, char **ret_name);

/* Waits until the transition of that patch is over, whichever way. 0; -ETIME after timeout_usec
 * (USEC_INFINITY: for ever); -ENOENT if the patch is not there (any more). */
int transition_wait(struct host *h, const char *name, uint64_t timeout_usec);

/* Turns a running transition back: writes the opposite of enabled. -EINVAL: none runs; -ENOENT (3):
 * no such patch; -EPERM, -EACCES (4). */
int transition_reverse(struct host *h, const char *name, struct error *e);

/* Ends a running transition by force, with the risk that livepatch.rst describes. 1, or 0 if it was
 * over already; -ENOENT (3); -EPERM, -EACCES (4). */
int transition_force(struct host *h, const char *name, struct error *e);

/* Waits until the patch that was loaded is in, and acts when timeout_usec is over: ON_STALL_WAIT is
 * -ETIME (8) with what holds it up; ON_STALL_REVERT turns the transition back and removes the
 * module, -ETIME (8) which says so; ON_STALL_FORCE forces it and returns 0 with a note in
 * e->message, which is not set otherwise. -ENOENT (3): the patch is gone. */
int transition_finish(struct host *h, const char *name, uint64_t timeout_usec,
                      enum on_stall on_stall, struct error *e);

/* Describes that @what ("the transition", …) of a patch is not over after timeout_usec (0: "in
 * time"): how many tasks hold it up and how to see them. Returns -ETIME. */
int transition_stalled(struct host *h, const char *name, const char *what, uint64_t timeout_usec,
                       struct error *e);

/* A task that holds a transition up. */
struct blocking_task {
    int pid, tid;
    char *comm;    /* printable UTF-8, anything else made '?'; so are the others */
    char *cmdline; /* arguments joined by blanks, cut where it is long; "" for kernel threads */
    char state;    /* as in /proc/PID/stat, '?' if unknown */
    char **stack;  /* lines of /proc/PID/task/TID/stack; empty without privilege */
};

#define BLOCKING_TASKS_MAX 1000

struct blocking_tasks {
    char *patch; /* whose transition it is; NULL: none runs */
    struct blocking_task *tasks;
    size_t n_tasks; /* how many are described: BLOCKING_TASKS_MAX at most */
    size_t n_all;   /* how many there are */
};

void blocking_tasks_done(struct blocking_tasks *b);

/* The tasks whose patch_state (proc(5): -1 none, 0 unpatched, 1 patched) is not yet that to which
 * the running transition goes. Tasks that end meanwhile are passed over; idle tasks, one a CPU, do
 * not show in /proc. No transition: an empty list. -EACCES (4) when /proc does not show the states
 * to this user: they are readable by a task's owner only. */
int blocking_tasks_read(struct host *h, struct blocking_tasks *ret, struct error *e);
