/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "load/converge.h"
#include "load/execute.h"
#include "state/hold.h"
#include "system/journal.h"
#include "system/unit-mask.h"

static bool is_in(const struct host *h, const char *name) {
    _cleanup_(livepatch_done) struct livepatch p = {};
    _cleanup_free_ char *module_name = execute_module_name(h, name);

    return module_name && livepatch_read(h, module_name, &p) >= 0 && livepatch_is_enabled(&p);
}

/* A masked unit, or one whose conditions were not met: its program has not run, and the record is
 * from an earlier time. */
static int refuse_mask(const struct host *h, const char *unit, struct error *e) {
    _cleanup_free_ char *mask = NULL;
    int r = unit_mask_find(h, unit, &mask);

    if (r <= 0)
        return r;
    return error_hint(e, error_set(e, -ECANCELED, EXIT_STATUS_FAILED, "%s is masked: %s", unit, mask),
                      "unmask it: systemctl unmask %s", unit);
}

static int explain_unstarted(const struct host *h, struct manager *m, const char *unit, const char *name,
                             const char *state, struct error *e) {
    const char *rest = is_in(h, name) ? "; the patch is loaded in any case" : "";
    _cleanup_free_ char *condition = NULL;
    int r;

    /* systemd unloads the unit at once if no other unit refers to it. */
    r = manager_failed_condition(m, unit, &condition);
    if (r == -ENOMEM)
        return r;
    r = error_set(e, -ECANCELED, EXIT_STATUS_FAILED, "%s was not started: %s%s%s", unit,
                  condition                  ? "a condition was not met: "
                  : streq(state, "inactive") ? "a condition was not met, as systemd reports that "
                                               "it is "
                                             : "systemd reports that it is ",
                  condition ?: state, rest);
    return error_hint(e, r, "see systemctl status %s, and systemctl cat %s", unit, unit);
}

/* systemd reports success for a start that a condition or an ExecCondition= prevented. */
static int check_started(const struct host *h, struct manager *m, const char *unit, const char *name,
                         struct error *e) {
    _cleanup_free_ char *state = NULL;
    int r;

    r = manager_active_state(m, unit, &state);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot ask systemd about %s: %s", unit, strerror(-r));
    if (streq(state, "active") || streq(state, "activating") || streq(state, "reloading"))
        return 0;
    return explain_unstarted(h, m, unit, name, state, e);
}

/* The record of the unit's program says more than systemd can. */
static int explain_job(const struct host *h, const char *unit, const char *job_result,
                       const char *name, struct result *ret, struct error *e) {
    int r = result_read(h, name, ret);

    if (r < 0 && r != -ENOENT)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot read what became of %s: %s", name,
                         strerror(-r));
    if (streq(job_result, "done"))
        return 0;
    if (streq(job_result, "dependency"))
        r = error_set(e, -ECANCELED, EXIT_STATUS_FAILED, "%s: something that it requires has failed",
                      unit);
    else if (ret->reason && streq(job_result, "failed")) {
        r = error_set(e, -EIO, ret->exit_status ?: EXIT_STATUS_FAILED, "%s", ret->reason);
        return ret->hint ? error_hint(e, r, "%s", ret->hint) : r;
    } else
        r = error_set(e, -EIO, EXIT_STATUS_FAILED, "the job of %s ended with: %s", unit, job_result);
    return error_hint(e, r, "see systemctl status %s", unit);
}

static int stop_unit(struct host *h, struct manager *m, const char *name, struct result *ret,
                     struct error *e) {
    _cleanup_free_ char *unit = manager_unit_name(name), *job_result = NULL;
    int r;

    if (!unit)
        return -ENOMEM;
    r = manager_run_job(m, "StopUnit", unit, &job_result, e);
    return r < 0 ? r : explain_job(h, unit, job_result, name, ret, e);
}

static int start_unit(struct host *h, struct manager *m, const char *name, struct result *ret,
                      struct error *e) {
    _cleanup_free_ char *unit = manager_unit_name(name), *job_result = NULL;
    int r;

    r = unit ? refuse_mask(h, unit, e) : -ENOMEM;
    /* Without lpd.service nothing else starts late patches again. */
    hold_record_undo(h);
    if (r >= 0)
        r = manager_run_job(m, "ReloadOrRestartUnit", unit, &job_result, e);
    if (r < 0)
        return r;
    if (streq(job_result, "assert"))
        return explain_unstarted(h, m, unit, name, "inactive", e);
    r = explain_job(h, unit, job_result, name, ret, e);
    return r < 0 ? r : check_started(h, m, unit, name, e);
}

int converge_load(struct host *h, struct manager *m, const char *name, struct result *ret,
                  struct error *e) {
    bool before;
    int r;

    if (!m)
        return execute_load(h, name, ret, e);
    before = is_in(h, name);
    r = start_unit(h, m, name, ret, e);
    return r < 0 ? r : !before;
}

static void tell_journal(const struct result *result, int r, const struct error *e) {
    _cleanup_free_ char *text = NULL;

    if (r == 0 || !result->name)
        return;
    if (asprintf(&text, "%s: %s", result->name,
                 r < 0 ? error_message(e, r) : result->reason ?: "unloaded") >= 0)
        journal_record(journal_event_for(result, r), result, text);
}

int converge_take_out(struct host *h, struct manager *m, const struct moment *before, struct result *ret,
                      struct error *e) {
    _cleanup_(error_done) struct error problem = ERROR_NULL, again = ERROR_NULL;
    int r, k;

    r = execute_unload(h, before->name, ret, &problem);
    tell_journal(ret, r, &problem);
    if (r >= 0)
        return r;
    k = moment_restore(h, m, before, &again);
    (void) error_set(e, r, problem.exit_status, "%s%s%s", error_message(&problem, r),
                     k < 0 ? "; and loading it again failed: " : moment_was_in(before) ? "; it "
                                                                                         "stays "
                                                                                         "loaded" : "",
                     k < 0 ? error_message(&again, k) : "");
    /* What blocked it is no longer visible once the patch is restored. */
    if (r == -ETIME && k >= 0)
        return error_hint(e, r, "try again, and meanwhile see what blocks it: lpctl blocking");
    return problem.hint ? error_hint(e, r, "%s", problem.hint) : r;
}

int converge_stop_unit(struct host *h, struct manager *m, const char *name, struct error *e) {
    _cleanup_(result_done) struct result by_unit = {};

    return m ? stop_unit(h, m, name, &by_unit, e) : 0;
}

int converge_unload(struct host *h, struct manager *m, const char *name, struct result *ret,
                    struct error *e) {
    _cleanup_(moment_done) struct moment before = {};
    int r, k;

    r = moment_take(h, m, name, &before);
    /* A start that is still running would fail if its patch were unloaded. */
    if (r >= 0 && streq(strempty(before.unit_state), "activating"))
        r = converge_stop_unit(h, m, name, e);
    if (r < 0)
        return r;
    r = converge_take_out(h, m, &before, ret, e);
    if (r < 0)
        return r;
    k = converge_stop_unit(h, m, name, e);
    if (k >= 0)
        return r > 0 || moment_was_in(&before);
    (void) moment_restore(h, m, &before, NULL);
    return k;
}

void outcomes_free(struct outcome *outcomes, size_t n) {
    for (size_t i = 0; outcomes && i < n; i++)
        error_done(&outcomes[i].error);
    free(outcomes);
}

/* The unit stays active meanwhile, so that services that require the patch go on. */
static int replace_build(struct host *h, struct manager *m, const char *name, struct error *e) {
    _cleanup_(result_done) struct result out = {}, in = {};
    _cleanup_(moment_done) struct moment before = {};
    int r;

    r = moment_take(h, m, name, &before);
    if (r >= 0)
        r = converge_take_out(h, m, &before, &out, e);
    return r < 0 ? r : converge_load(h, m, name, &in, e);
}

static int carry_out(struct host *h, struct manager *m, const struct action *a, struct error *e) {
    _cleanup_(result_done) struct result result = {};

    switch (a->type) {
    case ACTION_LOAD:
        return a->replaces ? replace_build(h, m, a->name, e) : converge_load(h, m, a->name, &result, e);
    case ACTION_UNLOAD:
        return converge_unload(h, m, a->name, &result, e);
    case ACTION_FAIL:
        return error_set(e, -ECANCELED, a->exit_status, "%s", action_fact(a));
    default:
        return 0;
    }
}

int converge_plan(struct host *h, struct manager *m, const struct plan *plan, struct outcome **ret) {
    struct outcome *outcomes = calloc(plan->n_actions + 1, sizeof(*outcomes));
    bool changed = false;
    int result = 0;

    if (!outcomes)
        return -ENOMEM;
    for (size_t i = 0; i < plan->n_actions; i++) {
        struct outcome *o = outcomes + i;

        o->action = plan->actions + i;
        o->error = ERROR_NULL;
        o->r = carry_out(h, m, o->action, &o->error);
        RET_GATHER(result, o->r);
        changed |= o->r > 0;
    }
    *ret = outcomes;
    return result < 0 ? result : changed;
}
