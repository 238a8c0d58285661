/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/interrupt.h"
#include "livepatch/load.h"
#include "livepatch/sysfs.h"
#include "livepatch/transition.h"

/* The kernel retries once a second, and every 15 s signals the tasks that block the transition
 * (kernel/livepatch/transition.c, SIGNALS_TIMEOUT). */
#define ACT_TIMEOUT_USEC (30 * USEC_PER_SEC)

int transition_stalled(struct host *h, const char *name, const char *what, uint64_t timeout_usec,
                       struct error *e) {
    _cleanup_(blocking_tasks_done) struct blocking_tasks blocking = { 0 };
    _cleanup_free_ char *tasks = NULL;
    char when[64] = "in time";
    bool interrupted = interrupt_signal() != 0;
    int r;

    if (interrupted)
        snprintf(when, sizeof(when), "yet");
    else if (timeout_usec > 0)
        snprintf(when, sizeof(when), "after %g s", (double) timeout_usec / (double) USEC_PER_SEC);
    if (blocking_tasks_read(h, &blocking, NULL) >= 0 && blocking.n_all > 0 &&
        asprintf(&tasks, "; %zu task%s it", blocking.n_all,
                 blocking.n_all == 1 ? " blocks" : "s block") < 0)
        tasks = NULL;
    r = error_set(e, -ETIME, EXIT_STATUS_TIMEOUT, "%s: %s has not finished %s%s", name, what, when,
                  strempty(tasks));
    return error_hint(e, r, "see what blocks it: lpctl blocking %s", name);
}

/* A patch in the middle of its transition is unloaded by reverting that. */
static int stall_revert(struct host *h, const char *name, const char *stall, struct error *e) {
    _cleanup_(error_done) struct error problem = ERROR_NULL;
    int r;

    r = livepatch_unload(h, name, ACT_TIMEOUT_USEC, &problem);
    if (r >= 0)
        return error_set(e, -ETIME, EXIT_STATUS_TIMEOUT, "%s; the patch was reverted", stall);
    r = error_set(e, -ETIME, EXIT_STATUS_TIMEOUT, "%s; reverting it failed: %s", stall,
                  error_message(&problem, r));
    return problem.hint ? error_hint(e, r, "%s", problem.hint) : r;
}

static int stall_force(struct host *h, const char *name, const char *stall, struct error *e) {
    int r;

    r = transition_force(h, name, e);
    if (r < 0)
        return error_prefix(e, r, "%s; forcing it failed", stall);
    if (r == 0)
        return 0;
    r = transition_wait(h, name, ACT_TIMEOUT_USEC);
    if (r == -ETIME)
        return transition_stalled(h, name, "the forced transition", ACT_TIMEOUT_USEC, e);
    return error_set(e, r, r < 0 ? EXIT_STATUS_FAILED : EXIT_STATUS_DONE, "%s; it was forced",
                     stall);
}

int transition_finish(struct host *h, const char *name, uint64_t timeout_usec,
                      enum on_stall on_stall, struct error *e) {
    _cleanup_(error_done) struct error stall = ERROR_NULL;
    int r;

    r = transition_wait(h, name, timeout_usec);
    /* After the end of a reverted transition the directory remains for a moment. */
    if (r == 0 && livepatch_flag_read(h, name, "enabled") <= 0)
        r = -ENOENT;
    if (r == -ENOENT)
        return error_set(e, r, EXIT_STATUS_NO_PATCH,
                         "%s: the patch is gone: it was disabled or replaced in the meantime", name);
    if (r != -ETIME)
        return r;
    if (on_stall == ON_STALL_WAIT)
        return transition_stalled(h, name, "the transition", timeout_usec, e);
    r = transition_stalled(h, name, "the transition", timeout_usec, &stall);
    /* Examining every task takes a while; a transition that has finished meanwhile needs no
     * action. */
    if (livepatch_flag_read(h, name, "transition") == 0)
        return 0;
    if (on_stall == ON_STALL_REVERT)
        return stall_revert(h, name, error_message(&stall, r), e);
    return stall_force(h, name, error_message(&stall, r), e);
}
