/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/interrupt.h"
#include "base/strv.h"
#include "ctl/change.h"
#include "ctl/progress.h"
#include "livepatch/transition.h"
#include "livepatch/wait.h"
#include "load/await.h"
#include "load/converge.h"

/* How long lpd.service may take to start. */
#define START_USEC (30 * USEC_PER_SEC)

/* --wait[=TIME]: loads within the given time, and waits for the final state. */

uint64_t ctl_wait_deadline(struct ctl *c) {
    return c->wait ? wait_deadline(&c->host, c->wait_usec) : USEC_INFINITY;
}

/* Whether lpd.service runs: it completes loads, with probe, OnStall=, and retries after another
 * transition. */
static bool is_followed(struct manager *m) {
    _cleanup_free_ char *state = NULL;

    return m && manager_active_state(m, "lpd.service", &state) >= 0 && streq(state, "active");
}

static int ask_whether_started(struct host *h _unused_, void *userdata) {
    _cleanup_free_ char *state = NULL;

    return !userdata || manager_active_state(userdata, "lpd.service", &state) < 0 || !streq(state, "activating");
}

/* Also waits for the start of lpd.service, which the unit of the first patch starts: the patch may be loaded,
 * and its transition over, before. */
static bool will_be_followed(struct ctl *c, struct manager *m, uint64_t deadline) {
    (void) wait_until(&c->host, MIN(deadline, wait_deadline(&c->host, START_USEC)), ask_whether_started, m);
    return is_followed(m);
}

static int describe_pending(struct ctl *c, const char *name, struct error *e) {
    _cleanup_free_ char *running = NULL;
    int r;

    if (transition_find(&c->host, &running) <= 0)
        return error_hint(e, error_set(e, -EINPROGRESS, EXIT_STATUS_TIMEOUT,
                                       "%s: not loaded yet: its unit is still being started", name),
                          "'systemctl status livepatch@%s' shows the result", name);
    r = error_set(e, -EINPROGRESS, EXIT_STATUS_TIMEOUT,
                  "%s: not loaded yet: the transition of %s has not ended; lpd loads it as soon "
                  "as it has",
                  name, running);
    return error_hint(e, r, "'lpctl blocking' shows what blocks that transition");
}

static int ask_whether_free(struct host *h, void *userdata _unused_) {
    _cleanup_free_ char *running = NULL;

    return transition_find(h, &running) <= 0;
}

int ctl_wait_for_others(struct ctl *c, uint64_t deadline) {
    return c->wait ? MIN(wait_until(&c->host, deadline, ask_whether_free, NULL), 0) : 0;
}

int ctl_load_in_time(struct ctl *c, struct manager *m, const char *name, uint64_t deadline, struct result *ret,
                     struct error *e) {
    int r;

    progress_say(c, "Loading %s", name);
    for (;;) {
        if (m)
            manager_limit_jobs(m, wait_remaining(&c->host, deadline));
        result_done(ret);
        r = converge_load(&c->host, m, name, ret, e);
        if (m)
            manager_limit_jobs(m, USEC_INFINITY);
        if (!m || r >= 0)
            return r;
        if (c->wait && r == -ETIME)
            return describe_pending(c, name, e);
        if (!streq(strempty(ret->cause), CAUSE_WAITING))
            return r;
        /* The unit has given up waiting for another transition. With --wait this has not; lpd.service neither. */
        if (c->wait ? interrupt_signal() || ctl_wait_for_others(c, deadline) < 0 : !interrupt_signal() && is_followed(m))
            return describe_pending(c, name, e);
        if (!c->wait)
            return r;
    }
}

int ctl_await(struct ctl *c, struct manager *m, const char *name, const char *module_name, uint64_t deadline,
              bool *ret_failed, struct error *e) {
    int r, k;

    *ret_failed = false;
    if (!c->wait)
        return 0;
    if (c->lock)
        c->lock = changes_lock_free(c->lock);
    progress_say(c, "Waiting for the transition of %s", name);
    r = await_patch(&c->host, name, module_name, deadline, will_be_followed(c, m, deadline), ret_failed, e);
    progress_say(c, NULL);
    if (r < 0 && !*ret_failed)
        return r;
    k = ctl_lock_changes(c, r < 0 ? NULL : e);
    if (k < 0)
        *ret_failed = false;
    return r < 0 ? r : k;
}
