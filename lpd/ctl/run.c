/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/name.h"
#include "ctl/change.h"
#include "ctl/dry-run.h"
#include "ctl/progress.h"
#include "ctl/replaced.h"
#include "load/converge.h"
#include "load/execute.h"
#include "module/file.h"
#include "monitor/joining.h"
#include "report/table.h"
#include "system/journal.h"

/* The verbs that load and unload. */

#define FILE_TIMEOUT_USEC (60 * USEC_PER_SEC)

static bool is_file(const char *argument) {
    return strchr(argument, '/') || strstr(argument, ".ko");
}

/* Reports the result of the wait. If the patch is no longer loaded, nothing has changed. */
static int wait_and_tell(struct ctl *c, struct manager *m, const char *name, const char *module_name,
                         uint64_t deadline, bool changed, const char *done, struct error *e) {
    bool failed;
    int r;

    r = ctl_await(c, m, name, module_name, deadline, &failed, e);
    if (r >= 0)
        changes_add(c, name, changed, "%s", changed ? done : "loaded already");
    else if (r != -ECANCELED)
        changes_add(c, name, changed, "%s", changed ? "loaded, transition not finished"
                                                    : "loaded already, transition not finished");
    return r;
}

static int load_named(struct ctl *c, struct manager *m, char **argv, struct error *e) {
    _cleanup_(result_done) struct result result = {};
    _cleanup_(manifest_done) struct manifest manifest = {};
    _cleanup_free_ char *name = NULL;
    uint64_t deadline = ctl_wait_deadline(c);
    int r;

    if (argv[1]) {
        _cleanup_free_ char *parameters = strv_join(argv + 1, " ");

        return error_hint(e, error_set(e, -EINVAL, EXIT_STATUS_USAGE,
                                       "parameters need a file; %s has a manifest", argv[0]),
                          "write them into its manifest: Parameters=%s", strempty(parameters));
    }
    r = changes_spell(c, argv[0], &name, e);
    if (r >= 0)
        r = manifest_load(&c->host, name, &manifest, e);
    if (r == -ENOENT)
        return ctl_no_patch(c, argv[0], e);
    /* Reload systemd's units, so that the current manifest is used. */
    if (r >= 0 && m)
        r = manager_reload(m, e);
    if (r >= 0)
        r = ctl_load_in_time(c, m, manifest.name, deadline, &result, e);
    if (r < 0)
        return r;
    return wait_and_tell(c, m, manifest.name, result.module_name ?: manifest.name, deadline, r > 0, "loaded", e);
}

static int load_file(struct ctl *c, struct manager *m, char **argv, struct error *e) {
    _cleanup_free_ char *absolute = NULL, *parameters = strv_join(argv + 1, " ");
    _cleanup_(result_done) struct result result = {};
    uint64_t deadline = ctl_wait_deadline(c);
    int r;

    if (!parameters)
        return -ENOMEM;
    r = ctl_find_file(argv[0], &absolute, e);
    if (r < 0)
        return r;
    r = execute_load_file(&c->host, absolute, parameters,
                          c->wait ? MIN(c->wait_usec, FILE_TIMEOUT_USEC) : FILE_TIMEOUT_USEC, &result, e);
    if (result.name)
        journal_record(journal_event_for(&result, r), &result,
                       r < 0 ? error_message(e, r) : "loaded from a file, without a manifest");
    if (r < 0)
        return r;
    return wait_and_tell(c, m, result.name, result.module_name, deadline, r > 0, "loaded until the next boot", e);
}

/* Whether the argument is NAME=VALUE with a NAME that the kernel accepts as a parameter. A path is
 * not. */
static bool is_parameter(const char *argument) {
    size_t n = strcspn(argument, "=");

    return n > 0 && argument[n] == '=' && !memchr(argument, '/', n);
}

/* Loads a patch or a file, with the parameters that follow it. */
static int load_one(struct ctl *c, struct manager *m, char **argv, size_t n, struct error *e) {
    _cleanup_free_ char **alone = calloc(n + 1, sizeof(*alone));

    if (!alone)
        return -ENOMEM;
    memcpy(alone, argv, n * sizeof(*alone));
    if (c->dry_run)
        return is_file(alone[0]) ? dry_load_file(c, alone[0], e) : dry_load(c, alone[0], e);
    return is_file(alone[0]) ? load_file(c, m, alone, e) : load_named(c, m, alone, e);
}

int ctl_load(struct ctl *c, char **argv, struct error *e) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    int r, result = 0;

    changes_begin(c);
    if (is_parameter(argv[0]))
        return error_set(e, -EINVAL, EXIT_STATUS_USAGE, "'%s' is a parameter: put the patch or "
                                                        "file before it",
                         argv[0]);
    r = ctl_require_live(c, e);
    if (r >= 0)
        r = ctl_lock_changes(c, e);
    if (r >= 0)
        r = ctl_connect(c, &m, e);
    if (r < 0)
        return r;
    for (size_t n; *argv; argv += n) {
        _cleanup_(error_done) struct error later = ERROR_NULL;

        for (n = 1; argv[n] && is_parameter(argv[n]);)
            n++;
        if (changes_stop(c, argv[0], result, e)) {
            RET_GATHER(result, -ECANCELED);
            continue;
        }
        r = load_one(c, m, argv, n, result < 0 ? &later : e);
        if (r < 0 && result < 0)
            changes_add(c, argv[0], false, "%s", error_message(&later, r));
        RET_GATHER(result, r);
    }
    return result;
}

/* Turns a file into the name of the patch that it contains. */
static int name_of(struct ctl *c, const char *argument, char **ret, struct error *e) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_(result_list_done) struct result_list results = {};
    _cleanup_(manifest_done) struct manifest manifest = {};
    const struct result *loader;
    int r;

    if (is_file(argument)) {
        _cleanup_free_ char *absolute = NULL;

        r = ctl_find_file(argument, &absolute, e);
        if (r >= 0)
            r = module_file_open_untrusted(&c->host, absolute, &f, e);
        if (r < 0)
            return r;
        argument = f.info.name;
    }
    r = f.info.name ? ctl_spell(c, argument, ret) : changes_spell(c, argument, ret, e);
    if (r < 0)
        return r;
    /* A patch that was loaded from a file has no manifest; its record has the name. */
    if (manifest_load(&c->host, *ret, &manifest, NULL) == -ENOENT && result_list_read(&c->host, &results) >= 0 &&
        (loader = result_list_find_module(&results, argument)))
        return string_set(ret, loader->name);
    return 0;
}

bool ctl_is_unknown(struct ctl *c, const char *name) {
    _cleanup_(livepatch_done) struct livepatch in = {};
    _cleanup_(manifest_list_done) struct manifest_list l = {};
    _cleanup_(result_done) struct result result = {};

    return manifest_list_load_one(&c->host, name, &l, NULL) == -ENOENT &&
           livepatch_read(&c->host, name, &in) < 0 &&
           result_find(&c->host, name, &result) < 0;
}

static int unload_one(struct ctl *c, struct manager *m, const char *argument, struct error *e) {
    _cleanup_(replaced_done) struct replaced replaced = {};
    _cleanup_(result_done) struct result result = {};
    _cleanup_free_ char *name = NULL;
    int r;

    r = name_of(c, argument, &name, e);
    if (r < 0)
        return r;
    if (ctl_is_unknown(c, name))
        return ctl_no_patch(c, name, e);
    r = c->leave_replaced ? 0 : replaced_check(c, name, &replaced, e);
    if (r < 0)
        return r;
    if (c->dry_run)
        return dry_unload(c, name, e);
    progress_say(c, "Unloading %s", name);
    r = converge_unload(&c->host, m, name, &result, e);
    progress_say(c, NULL);
    if (r < 0)
        return r;
    changes_add(c, name, r > 0, "%s%s%s", r > 0 ? "unloaded" : "was not loaded", result.reason ? "; " : "",
                strempty(result.reason));
    return replaced_load_again(c, m, &replaced, e);
}

int ctl_unload(struct ctl *c, char **argv, struct error *e) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    int r;

    changes_begin(c);
    r = ctl_require_live(c, e);
    if (r >= 0)
        r = ctl_lock_changes(c, e);
    if (r >= 0)
        r = ctl_connect(c, &m, e);
    return r < 0 ? r : changes_each(c, m, argv, 0, unload_one, e);
}

static bool is_change(const struct action *a) {
    return a->type == ACTION_LOAD || a->type == ACTION_UNLOAD;
}

static void add_action(json_object *actions, const struct action *a, const struct outcome *o) {
    json_object *v = json_object_new_object();
    const char *result = NULL;

    if (o)
        result = o->r < 0 ? error_message(&o->error, o->r) : o->r > 0 ? "done" : "nothing to do";
    json_add_string(v, "name", a->name);
    json_add_string(v, "action", action_type_to_string(a->type));
    json_add_string(v, "reason", action_fact(a));
    json_add_number(v, "exitStatus", o && o->r < 0 ? o->error.exit_status : a->exit_status);
    json_add_bool(v, "wouldChange", is_change(a));
    json_add_string(v, "result", result);
    json_object_array_add(actions, v);
}

/* The first patch that could not be loaded. Patches that the configuration excludes are no
 * failures. */
static int first_failure(const struct plan *plan, const struct outcome *outcomes, struct error *e) {
    for (size_t i = 0; i < plan->n_actions; i++) {
        const struct action *a = plan->actions + i;

        if (outcomes && outcomes[i].r < 0)
            return error_set(e, outcomes[i].r, outcomes[i].error.exit_status, "%s: %s", a->name,
                             error_message(&outcomes[i].error, outcomes[i].r));
        if (!outcomes && a->type == ACTION_FAIL)
            return error_set(e, -ECANCELED, a->exit_status, "%s: %s", a->name, action_fact(a));
    }
    return 0;
}

static void report_plan(struct ctl *c, const struct plan *plan, const struct outcome *outcomes) {
    json_object *actions = json_object_new_array();
    bool changed = false, would = false;

    for (size_t i = 0; i < plan->n_actions; i++) {
        changed |= outcomes && outcomes[i].r > 0;
        would |= is_change(plan->actions + i);
        add_action(actions, plan->actions + i, outcomes ? outcomes + i : NULL);
    }
    json_add_bool(c->value, "changed", changed);
    json_add_bool(c->value, "wouldChange", would);
    json_object_object_add(c->value, "actions", actions);
}

static int prepare_apply(struct ctl *c, struct manager **m, struct error *e) {
    int r;

    c->value = value_new();
    json_add_bool(c->value, "dryRun", c->dry_run);
    json_object_object_add(c->value, "actions", json_object_new_array());
    if (c->dry_run)
        return 0;
    r = ctl_require_live(c, e);
    if (r >= 0)
        r = ctl_lock_changes(c, e);
    if (r >= 0)
        r = ctl_connect(c, m, e);
    return r >= 0 && *m ? manager_reload(*m, e) : r;
}

/* A patch that has to wait for the date of its wave is loaded by lpd.service, which without a loaded patch may
 * not run yet. */
static void watch_dates(struct manager *m, const struct snapshot *s) {
    if (m && joining_date(&s->manifests, s->machine_id, s->clock_usec) != USEC_INFINITY)
        (void) manager_queue_job(m, "StartUnit", "lpd.service", NULL);
}

int ctl_apply(struct ctl *c, char **argv _unused_, struct error *e) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    _cleanup_(snapshot_done) struct snapshot s = {};
    _cleanup_(plan_done) struct plan plan = {};
    struct outcome *outcomes = NULL;
    int r;

    r = prepare_apply(c, &m, e);
    if (r >= 0)
        r = snapshot_take(&c->host, SNAPSHOT_MODULES | (c->dry_run ? SNAPSHOT_SIGNATURES : 0), &s, e);
    s.replaces_builds = true;
    if (r >= 0)
        r = plan_make(&s, &plan);
    if (r < 0)
        return r;
    if (!c->dry_run) {
        r = converge_plan(&c->host, m, &plan, &outcomes);
        if (!outcomes)
            return r;
        watch_dates(m, &s);
    }
    report_plan(c, &plan, outcomes);
    r = first_failure(&plan, outcomes, e);
    outcomes_free(outcomes, plan.n_actions);
    return r;
}

void print_apply(const struct ctl *c) {
    static const struct table_column columns[] = {
        { "NAME", "name" },
        { "ACTION", "action" },
        { "REASON", "reason", COLUMN_BELOW },
        { "RESULT", "result", COLUMN_BELOW, "result: " },
    };
    json_object *actions = json_object_object_get(c->value, "actions");

    if (json_object_array_length(actions) > 0)
        (void) table_print(actions, columns, ELEMENTSOF(columns), c->legend, c->wide);
    else if (c->legend && json_object_object_get_ex(c->value, "changed", NULL))
        printf("Nothing to do: there are no patches.\n");
    if (c->dry_run && c->legend && json_object_array_length(actions) > 0 &&
        !json_object_get_boolean(json_object_object_get(c->value, "wouldChange")))
        printf("Nothing would change.\n");
}
