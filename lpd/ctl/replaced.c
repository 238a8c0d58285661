/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "config/manifest.h"
#include "config/name.h"
#include "ctl/change.h"
#include "ctl/replaced.h"
#include "livepatch/sysfs.h"
#include "load/converge.h"

void replaced_done(struct replaced *r) {
    result_list_done(&r->results);
    strv_free(r->names);
    *r = (struct replaced){};
}

static bool is_enabled(const struct host *h, const struct result *r) {
    return livepatch_flag_read(h, r->module_name ?: r->name, "enabled") > 0;
}

/* Whether another patch that by replaced had itself replaced r before. */
static bool was_replaced_before(const struct result_list *l, const struct result *by, const struct result *r) {
    STRV_FOREACH(module, by->replaces) {
        const struct result *other = result_list_find_module(l, *module);

        if (other && other != r && other->loaded && result_is_over(other, r->module_name ?: r->name, r))
            return true;
    }
    return false;
}

/* The names of the patches that by has replaced, that are still replaced, and that would run if by
 * were gone. */
static int find_replaced(const struct host *h, const struct result_list *l, const struct result *by, char ***names) {
    int r = 0;

    STRV_FOREACH(module, by->replaces) {
        const struct result *other = result_list_find_module(l, *module);

        if (r >= 0 && other && other->loaded && result_is_over(by, *module, other) && !is_enabled(h, other) &&
            !was_replaced_before(l, by, other))
            r = strv_extend(names, other->name);
    }
    return r;
}

static bool is_required(const struct host *h, const char *name) {
    _cleanup_(manifest_done) struct manifest m = {};

    return manifest_load(h, name, &m, NULL) >= 0 && m.required;
}

static bool is_installed(const struct host *h, const char *name) {
    _cleanup_(manifest_list_done) struct manifest_list l = {};

    return manifest_list_load_one(h, name, &l, NULL) != -ENOENT;
}

static void announce(struct ctl *c, const char *name, const char *names) {
    if (c->json != JSON_OFF)
        changes_note(c, "%s has replaced %s: not patched until loaded again", name, names);
    else if (!c->quiet)
        fprintf(stderr, "lpctl: %s has replaced %s: not patched until loaded again\n", name, names);
}

/* Checks all replaced patches, including those that were replaced before the others. */
static int refuse_required(struct ctl *c, const struct result_list *l, const struct result *by, struct error *e) {
    STRV_FOREACH(module, by->replaces) {
        const struct result *other = result_list_find_module(l, *module);
        int r;

        if (!other || !other->loaded || !is_required(&c->host, other->name))
            continue;
        r = error_set(e, -EBUSY, EXIT_STATUS_REQUIRED,
                      "%s has replaced %s, which is required and would not be patched any more", by->name,
                      other->name);
        return error_hint(e, r, "to unload %s anyway and load again what it has replaced: --force",
                          by->name);
    }
    return 0;
}

int replaced_check(struct ctl *c, const char *name, struct replaced *ret, struct error *e) {
    _cleanup_(replaced_done) struct replaced replaced = {};
    _cleanup_free_ char *names = NULL;
    const struct result *by;
    int r = 0;

    if (!c->host.live)
        return 0;
    r = result_list_read(&c->host, &replaced.results);
    if (r < 0)
        return r;
    by = result_list_find(&replaced.results, name);
    if (by && by->loaded && is_enabled(&c->host, by))
        r = find_replaced(&c->host, &replaced.results, by, &replaced.names);
    if (r >= 0 && replaced.names && !c->force)
        r = refuse_required(c, &replaced.results, by, e);
    if (r < 0)
        return r;
    names = strv_join(replaced.names, ", ");
    if (replaced.names && names)
        announce(c, name, names);
    *ret = TAKE_STRUCT(replaced);
    return 0;
}

static int load_again(struct ctl *c, struct manager *m, const struct result_list *l, const char *name,
                      struct error *e);

/* Loads the patches that the failed one had itself replaced. Each is older than the one before, so
 * the recursion ends. */
static void load_older(struct ctl *c, struct manager *m, const struct result_list *l, const char *name) {
    const struct result *by = result_list_find(l, name);
    _cleanup_strv_free_ char **names = NULL;

    if (!by || find_replaced(&c->host, l, by, &names) < 0)
        return;
    STRV_FOREACH(other, names)
        (void) load_again(c, m, l, *other, NULL);
}

static int load_again(struct ctl *c, struct manager *m, const struct result_list *l, const char *name,
                      struct error *e) {
    _cleanup_(error_done) struct error problem = ERROR_NULL;
    _cleanup_(result_done) struct result result = {};
    int r;

    /* Packages remove what a newer one has replaced. */
    if (!is_installed(&c->host, name)) {
        changes_add(c, name, false, "not loaded again: it is no longer installed");
        load_older(c, m, l, name);
        return converge_stop_unit(&c->host, m, name, e);
    }
    r = converge_load(&c->host, m, name, &result, &problem);
    if (r >= 0) {
        changes_add(c, name, r > 0, "loaded again");
        return 0;
    }
    changes_add(c, name, false, "not loaded again: %s", error_message(&problem, r));
    /* Its unit is still active; stopping it this way makes it a failed unit. */
    (void) converge_stop_unit(&c->host, m, name, NULL);
    load_older(c, m, l, name);
    return error_set(e, r, problem.exit_status, "%s: not loaded again: %s", name, error_message(&problem, r));
}

int replaced_load_again(struct ctl *c, struct manager *m, const struct replaced *replaced, struct error *e) {
    int r = 0;

    STRV_FOREACH(name, replaced->names) {
        _cleanup_(error_done) struct error later = ERROR_NULL;

        RET_GATHER(r, load_again(c, m, &replaced->results, *name, r < 0 ? &later : e));
    }
    return r;
}
