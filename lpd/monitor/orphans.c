/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "config/name.h"
#include "monitor/orphans.h"

void orphans_done(struct orphans *o) {
    strv_free(o->replaced);
    strv_free(o->handled);
    *o = (struct orphans){};
}

static bool is_out(const struct livepatch *p) {
    return !p || !p->registered || !p->enabled;
}

bool orphans_may_be_replaced(const struct livepatch_list *l, const struct result_list *results, const char *patch,
                             const struct result *own) {
    for (size_t i = 0; i < l->n_patches; i++) {
        const struct livepatch *p = l->patches + i;
        const struct result *result;

        if (is_out(p) || p->replace == 0 || patch_name_equal(p->name, patch))
            continue;
        result = result_list_find_module(results, p->name);
        if (!result || result_is_over(result, patch, own))
            return true;
    }
    return false;
}

/* One that never got through its transition has replaced nothing. */
bool orphans_was_replaced(const struct livepatch_list *l, const struct result_list *results, const char *patch,
                          const struct result *own) {
    for (size_t i = 0; i < results->n_results; i++) {
        const struct result *r = results->results + i;

        if (r != own && (r->complete || streq(strempty(r->action), "unload")) && result_is_over(r, patch, own) &&
            is_out(livepatch_list_find(l, r->module_name ?: r->name)))
            return true;
    }
    return false;
}

/* Sorts results into patches that are replaced now, and patches that were replaced and no longer
 * are. */
static int sort(const struct orphans *o, const struct livepatch_list *l, const struct result_list *results,
                char ***replaced, char ***orphans) {
    int r = 0;

    for (size_t i = 0; i < results->n_results && r >= 0; i++) {
        const struct result *result = results->results + i;
        const char *patch = result->module_name ?: result->name;

        if (!result->loaded || !streq(strempty(result->state), "active") || !is_out(livepatch_list_find(l, patch)))
            continue;
        if (orphans_may_be_replaced(l, results, patch, result))
            r = strv_extend(replaced, result->name);
        else if (strv_contains(o->replaced, result->name) || strv_contains(o->handled, result->name) ||
                 orphans_was_replaced(l, results, patch, result))
            r = strv_extend(orphans, result->name);
    }
    return r;
}

static bool was_replaced_by_one_of(const struct result_list *results, char *const *names, const char *name) {
    const struct result *own = result_list_find(results, name);

    STRV_FOREACH(other, names) {
        const struct result *by = result_list_find(results, *other);

        if (own && by && by != own && result_is_over(by, own->module_name ?: own->name, own))
            return true;
    }
    return false;
}

/* Whether a cumulative patch is being loaded. What it has replaced is only certain, and recorded,
 * when its load is complete. */
static bool is_loading(const struct livepatch_list *l, const struct result_list *results) {
    for (size_t i = 0; i < results->n_results; i++) {
        const struct result *r = results->results + i;

        if (r->loaded && !r->complete && r->replaces && !is_out(livepatch_list_find(l, r->module_name ?: r->name)))
            return true;
    }
    return false;
}

int orphans_find(struct orphans *o, const struct livepatch_list *l, const struct result_list *results, char ***ret) {
    _cleanup_strv_free_ char **replaced = NULL, **orphans = NULL, **handled = NULL, **found = NULL;
    int r;

    if (livepatch_list_transition(l) || is_loading(l, results)) {
        *ret = NULL;
        return 0;
    }
    r = sort(o, l, results, &replaced, &orphans);
    STRV_FOREACH(name, orphans) {
        bool done = strv_contains(o->handled, *name);

        if (r >= 0 && done)
            r = strv_extend(&handled, *name);
        else if (r >= 0 && !was_replaced_by_one_of(results, orphans, *name))
            r = strv_extend(&found, *name);
        /* Keep it until its unit was handled. */
        if (r >= 0 && !done)
            r = strv_extend(&replaced, *name);
    }
    if (r < 0)
        return r;
    orphans_done(o);
    o->replaced = TAKE_PTR(replaced);
    o->handled = TAKE_PTR(handled);
    *ret = TAKE_PTR(found);
    return 0;
}
