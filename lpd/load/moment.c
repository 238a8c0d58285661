/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "config/manifest.h"
#include "livepatch/transition.h"
#include "load/execute.h"
#include "load/moment.h"

#define LOAD_TIMEOUT_USEC (60 * USEC_PER_SEC)

void moment_done(struct moment *w) {
    free(w->name);
    free(w->module_name);
    free(w->unit);
    free(w->unit_state);
    livepatch_done(&w->loaded);
    result_done(&w->record);
    *w = (struct moment){};
}

int moment_take(const struct host *h, struct manager *m, const char *name, struct moment *ret) {
    _cleanup_(moment_done) struct moment w = { .name = strdup(name) };
    int r;

    w.module_name = execute_module_name(h, name);
    w.unit = m ? manager_unit_name(name) : NULL;
    if (!w.name || !w.module_name || (m && !w.unit))
        return -ENOMEM;
    /* If systemd's state is unknown, nothing is changed. */
    if (m && manager_active_state(m, w.unit, &w.unit_state) < 0)
        w.unit_state = NULL;
    r = livepatch_read(h, w.module_name, &w.loaded);
    if (r == -ENOMEM)
        return r;
    r = result_read(h, name, &w.record);
    if (r == -ENOMEM)
        return r;
    w.recorded = r >= 0;
    *ret = TAKE_STRUCT(w);
    return 0;
}

bool moment_was_in(const struct moment *w) {
    return livepatch_is_enabled(&w->loaded);
}

static bool is_same_build(const struct livepatch *a, const struct livepatch *b) {
    return !a->build_id || !b->build_id || streq(a->build_id, b->build_id);
}

static int put_on_record(const struct host *h, const struct moment *w, const struct result *loaded) {
    struct result record = w->record; /* shares the strings of the record */

    if (!w->recorded)
        return result_remove(h, w->name);
    if (loaded) {
        record.complete = false;
        record.since_usec = loaded->since_usec;
        record.monotonic_usec = loaded->monotonic_usec;
    }
    return result_write(h, &record);
}

/* Loads the file that the patch was loaded from, if its manifest names another one or must not be
 * used now. */
static int load_file_again(struct host *h, const struct moment *w, struct error *e) {
    _cleanup_(result_done) struct result result = {};
    _cleanup_(manifest_done) struct manifest m = {};
    int r;

    (void) manifest_load(h, w->name, &m, NULL);
    r = execute_load_file(h, w->record.module_path, m.parameters, LOAD_TIMEOUT_USEC, &result, e);
    if (r < 0)
        return r;
    if (result.name && !streq(result.name, w->name))
        (void) result_remove(h, result.name);
    return put_on_record(h, w, &result);
}

static int load_again(struct host *h, const struct moment *w, struct error *e) {
    _cleanup_(error_done) struct error problem = ERROR_NULL;
    _cleanup_(result_done) struct result result = {};
    int r;

    r = execute_load(h, w->name, &result, &problem);
    if (r >= 0)
        return 0;
    if (w->record.module_path)
        return load_file_again(h, w, e);
    return error_set(e, r, problem.exit_status, "%s", error_message(&problem, r));
}

/* 1: it was loaded again, which is recorded; 0: unchanged. */
static int restore_kernel(struct host *h, const struct moment *w, struct error *e) {
    _cleanup_(livepatch_done) struct livepatch now = {};
    _cleanup_(result_done) struct result result = {};
    bool same;
    int r;

    r = livepatch_read(h, w->module_name, &now);
    if (r == -ENOMEM)
        return r;
    same = is_same_build(&now, &w->loaded);
    if (moment_was_in(w) && same && now.registered) {
        if (now.enabled)
            return 0;
        if (now.transition && transition_reverse(h, w->module_name, NULL) >= 0)
            return 0;
    }
    if (livepatch_is_enabled(&now)) {
        r = execute_unload(h, w->name, &result, e);
        if (r < 0)
            return r;
    }
    if (!moment_was_in(w))
        return 0;
    r = load_again(h, w, e);
    return r < 0 ? r : 1;
}

static bool is_started(const char *state) {
    return streq(state, "active") || streq(state, "reloading") || streq(state, "activating");
}

/* If the verb started the unit, the unit is stopped first, because that unloads the patch. */
static void stop_unit_again(struct manager *m, const struct moment *w) {
    _cleanup_free_ char *state = NULL, *job_result = NULL;

    if (!w->unit_state || is_started(w->unit_state) || manager_active_state(m, w->unit, &state) < 0)
        return;
    if (is_started(state))
        (void) manager_run_job(m, "StopUnit", w->unit, &job_result, NULL);
}

static void restore_unit(struct manager *m, const struct moment *w) {
    _cleanup_free_ char *state = NULL, *job_result = NULL;

    if (!w->unit_state || manager_active_state(m, w->unit, &state) < 0 || streq(state, w->unit_state))
        return;
    if (streq(w->unit_state, "active") && !is_started(state))
        (void) manager_run_job(m, "StartUnit", w->unit, &job_result, NULL);
    if (streq(state, "failed"))
        (void) manager_reset(m, w->unit);
}

int moment_restore(struct host *h, struct manager *m, const struct moment *w, struct error *e) {
    int r;

    if (m)
        stop_unit_again(m, w);
    r = restore_kernel(h, w, e);
    if (m)
        restore_unit(m, w);
    if (r == 0)
        (void) put_on_record(h, w, NULL);
    return MIN(r, 0);
}
