/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "monitor/units.h"
#include "state/results.h"
#include "store/changes-lock.h"
#include "system/manager.h"

/* Whether a verb of lpctl is changing patches. It may unload a patch for a moment, for instance to
 * load another build, and handles the units itself. */
static bool somebody_changes(struct host *h) {
    _cleanup_(changes_lock_freep) struct changes_lock *lock = NULL;

    return changes_lock_take(h, "lpd.service", 0, NULL, NULL, &lock, NULL) < 0;
}

/* A patch that was loaded from a file has no unit, so lpd does not know how to load it again. */
static void put_on_record(const struct host *h, struct records *r, const char *name) {
    struct result *result = (struct result *) result_list_find(&r->list, name);

    if (!result || string_set(&result->state, "disabled") < 0 ||
        string_set(&result->reason, "the cumulative patch that had replaced it was unloaded") < 0)
        return;
    result->loaded = false;
    (void) result_write(h, result);
}

static void load_again(const struct host *h, struct manager *m, struct orphans *o, struct records *r,
                       const char *name) {
    _cleanup_free_ char *unit = manager_unit_name(name), *state = NULL;

    if (!unit || manager_active_state(m, unit, &state) < 0 || strv_extend(&o->handled, name) < 0)
        return;
    if (streq(state, "active"))
        (void) manager_queue_job(m, "ReloadUnit", unit, NULL);
    else if (streq(state, "inactive") || streq(state, "failed"))
        put_on_record(h, r, name);
}

/* 1 if its unit is still being started or reloaded. */
static int fail_unit(struct manager *m, const char *name) {
    _cleanup_free_ char *unit = manager_unit_name(name), *state = NULL;

    if (!unit || manager_active_state(m, unit, &state) < 0)
        return 0;
    if (streq(state, "active"))
        (void) manager_queue_job(m, "StopUnit", unit, NULL);
    return streq(state, "reloading") || streq(state, "activating");
}

int units_correct(struct host *h, struct orphans *o, struct records *r, const struct livepatch_list *l) {
    _cleanup_strv_free_ char **orphans = NULL, **failed = NULL, **rest = NULL;
    _cleanup_(manager_freep) struct manager *m = NULL;
    int k;

    k = orphans_find(o, l, &r->list, &orphans);
    if (k < 0 || (!orphans && !r->failed))
        return MIN(k, 0);
    if (!manager_is_running(h) || somebody_changes(h))
        return manager_is_running(h);
    k = manager_connect(&m, NULL);
    if (k < 0)
        return k;
    STRV_FOREACH(name, orphans)
        load_again(h, m, o, r, *name);
    failed = TAKE_PTR(r->failed);
    STRV_FOREACH(name, failed)
        if (fail_unit(m, *name) > 0 && strv_extend(&rest, *name) < 0)
            return -ENOMEM;
    r->failed = TAKE_PTR(rest);
    return r->failed != NULL;
}
