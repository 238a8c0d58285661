/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "load/converge.h"
#include "load/execute.h"

static bool is_in(const struct host *h, const char *name) {
    _cleanup_(livepatch_done) struct livepatch p = {};
    _cleanup_free_ char *module_name = execute_module_name(h, name);

    return module_name && livepatch_read(h, module_name, &p) >= 0 && p.registered && p.enabled;
}

/* What the unit's program wrote down is more than systemd can say of it. */
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
    else if (ret->reason && !streq(job_result, "timeout")) {
        r = error_set(e, -EIO, ret->exit_status ?: EXIT_STATUS_FAILED, "%s", ret->reason);
        return ret->hint ? error_hint(e, r, "%s", ret->hint) : r;
    } else
        r = error_set(e, -EIO, EXIT_STATUS_FAILED, "the job of %s ended with: %s", unit, job_result);
    return error_hint(e, r, "see systemctl status %s", unit);
}

static int run_unit(struct host *h, struct manager *m, const char *method, const char *name,
                    struct result *ret, struct error *e) {
    _cleanup_free_ char *unit = manager_unit_name(name), *job_result = NULL;
    int r;

    if (!unit)
        return -ENOMEM;
    r = manager_run_job(m, method, unit, &job_result, e);
    if (r < 0)
        return r;
    return explain_job(h, unit, job_result, name, ret, e);
}

int converge_load(struct host *h, struct manager *m, const char *name, struct result *ret,
                  struct error *e) {
    bool before;
    int r;

    if (!m)
        return execute_load(h, name, ret, e);
    before = is_in(h, name);
    r = run_unit(h, m, "ReloadOrRestartUnit", name, ret, e);
    return r < 0 ? r : !before;
}

int converge_unload(struct host *h, struct manager *m, const char *name, struct result *ret,
                    struct error *e) {
    _cleanup_(result_done) struct result by_unit = {};
    bool before = is_in(h, name);
    int r;

    if (!m)
        return execute_unload(h, name, ret, e);
    r = run_unit(h, m, "StopUnit", name, &by_unit, e);
    if (r < 0)
        return r;
    /* A patch that was loaded past its unit is still in. */
    r = execute_unload(h, name, ret, e);
    return r < 0 ? r : (before || r > 0);
}

void outcomes_free(struct outcome *outcomes, size_t n) {
    for (size_t i = 0; outcomes && i < n; i++)
        error_done(&outcomes[i].error);
    free(outcomes);
}

static int carry_out(struct host *h, struct manager *m, const struct action *a, struct error *e) {
    _cleanup_(result_done) struct result result = {};

    switch (a->type) {
    case ACTION_LOAD:
        return converge_load(h, m, a->name, &result, e);
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
