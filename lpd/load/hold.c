/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/realtime.h"
#include "base/strv.h"
#include "config/value.h"
#include "load/hold.h"
#include "plan/plan.h"
#include "state/hold.h"
#include "system/manager.h"

static bool runs_by_unit(const struct host *h) {
    return getenv("INVOCATION_ID") && manager_is_running(h);
}

/* Whether systemd still waits for patches. If its state is unknown, the load may wait. */
static bool systemd_waits(struct manager *m) {
    _cleanup_free_ char *state = NULL;

    return manager_active_state(m, "sysinit.target", &state) >= 0 && !streq(state, "active");
}

static bool is_boot(struct host *h) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    uint64_t start = 0;

    if (manager_connect(&m, NULL) < 0 || !systemd_waits(m))
        return false;
    /* The record may be from before a soft-reboot, which keeps /run. */
    if (manager_userspace_start(m, &start) < 0 || hold_record_read(h) >= start)
        return true;
    hold_record_begin(h);
    return false;
}

/* The first load of a boot starts the record. A later load, after the boot has finished, does
 * not. */
static uint64_t begin(struct host *h, uint64_t hold_usec) {
    _cleanup_(manager_freep) struct manager *m = NULL;

    if (manager_connect(&m, NULL) < 0 || !systemd_waits(m))
        return USEC_INFINITY;
    hold_record_begin(h);
    return hold_usec;
}

static uint64_t time_left(struct host *h, const struct policy *p) {
    uint64_t begun = hold_record_read(h), now = h->ops->now(h), spent;

    if (p->hold_usec == USEC_INFINITY)
        return USEC_INFINITY;
    if (begun == 0)
        return begin(h, p->hold_usec);
    spent = begun > now ? 0 : now - begun;
    return p->hold_usec - MIN(spent, p->hold_usec);
}

int hold_expired(struct host *h, const struct policy *p, struct error *e) {
    if (!is_boot(h))
        return 0;
    (void) error_set(e, -ETIMEDOUT, EXIT_STATUS_TIMEOUT,
                     "the boot went on without it: the patches had held it up for %g s (HoldSec=)",
                     (double) p->hold_usec / USEC_PER_SEC);
    return error_hint(e, -ETIMEDOUT, "lpd.service loads it while the boot goes on");
}

int hold_left(struct host *h, const struct snapshot *s, const struct manifest *m, uint64_t *ret_usec,
              struct error *e) {
    uint64_t left = USEC_INFINITY;
    int r = 0;

    if (!s->in_initrd && !m->required && runs_by_unit(h))
        left = time_left(h, &s->policy);
    if (left == 0) {
        left = USEC_INFINITY;
        r = hold_expired(h, &s->policy, e);
    }
    *ret_usec = left;
    return r;
}

static int put_on_record(struct host *h, const char *name, const char *reason) {
    struct result r = {
        .name = (char *) name,
        .action = (char *) "wait",
        .state = (char *) "skipped",
        .stage = (char *) "system",
        .reason = (char *) reason,
        .exit_status = EXIT_STATUS_TIMEOUT,
        .since_usec = realtime_usec(),
        .monotonic_usec = h->ops->now(h),
    };

    return result_write(h, &r);
}

void hold_end(struct host *h, const char *reason) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    _cleanup_(plan_done) struct plan plan = {};
    int r;

    if (hold_record_is_over(h) || snapshot_take(h, 0, &s, NULL) < 0 || plan_make(&s, &plan) < 0)
        return;
    for (size_t i = 0; i < plan.n_actions; i++)
        if (plan.actions[i].type == ACTION_LOAD && !result_list_find(&s.results, plan.actions[i].name)) {
            r = put_on_record(h, plan.actions[i].name, reason);
            if (r < 0)
                return;
        }
    (void) hold_record_over(h);
}
