/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "config/name.h"
#include "ctl/change.h"
#include "ctl/dry-run.h"
#include "ctl/progress.h"
#include "ctl/replaced.h"
#include "ctl/volume.h"
#include "load/converge.h"
#include "store/store.h"

/* Unloads a patch and removes its files: 1 if there were any. If the files cannot be removed, the
 * patch stays loaded. The unit, with everything that requires it, is stopped last. */
static int unload_and_remove(struct ctl *c, struct manager *m, const char *name, bool *ret_unloaded,
                             struct result *result, struct error *e) {
    _cleanup_(change_freep) struct change *change = NULL;
    _cleanup_(moment_done) struct moment before = {};
    int removed, r;

    if (!c->host.live)
        return store_remove(&c->host, name, NULL, e);
    r = moment_take(&c->host, m, name, &before);
    if (r >= 0)
        progress_say(c, "Unloading %s", name);
    if (r >= 0)
        r = converge_take_out(&c->host, m, &before, result, e);
    progress_say(c, NULL);
    if (r < 0)
        return r;
    *ret_unloaded = r > 0;
    r = removed = store_remove(&c->host, name, &change, e);
    if (r >= 0)
        r = converge_stop_unit(&c->host, m, name, e);
    if (r >= 0)
        return removed;
    if (removed >= 0)
        (void) change_undo(change);
    (void) moment_restore(&c->host, m, &before, NULL);
    return r;
}

/* Suggests a similar name, because a typing error should not look like success. */
static void add_nothing(struct ctl *c, const char *name) {
    _cleanup_(error_done) struct error e = ERROR_NULL;

    (void) ctl_no_patch(c, name, &e);
    changes_add(c, name, false, "there is no such patch, nothing to do%s%s",
                startswith(strempty(e.hint), "did you mean") ? "; " : "",
                startswith(strempty(e.hint), "did you mean") ? e.hint : "");
}

static int remove_one(struct ctl *c, struct manager *m, const char *name, struct error *e) {
    _cleanup_(volume_change_freep) struct volume_change *volume = NULL;
    _cleanup_(replaced_done) struct replaced replaced = {};
    _cleanup_(result_done) struct result result = {};
    bool unloaded = false;
    int r, k;

    r = store_may_remove(&c->host, name, e);
    if (r >= 0)
        r = replaced_check(c, name, &replaced, e);
    if (r >= 0 && c->dry_run)
        return dry_remove(c, name, e);
    if (r >= 0 && ctl_is_on_volume(c, m, name))
        r = ctl_update_volume(c, name, /* wanted= */ false, &volume, e);
    if (r < 0)
        return r;
    r = unload_and_remove(c, m, name, &unloaded, &result, e);
    if (r < 0) {
        k = volume ? volume_undo(volume) : 0;
        return k < 0 ? error_hint(e, r, "and restoring the volume failed: %s", strerror(-k)) : r;
    }
    if (c->host.live)
        (void) result_remove(&c->host, name);
    if (r == 0 && !unloaded) {
        add_nothing(c, name);
        return 0;
    }
    if (m)
        (void) manager_reload(m, NULL);
    changes_add(c, name, true, "%s%s%s%s%s", unloaded ? "unloaded" : "", unloaded && r > 0 ? " and " : "",
                r > 0 ? "removed" : "", result.reason ? "; " : "", strempty(result.reason));
    r = replaced_load_again(c, m, &replaced, e);
    return r < 0 ? r : 1;
}

static int remove_one_for_kernel(struct ctl *c, struct manager *m, const char *name, struct error *e) {
    int r;

    if (c->dry_run)
        return dry_remove_kernel(c, name, e);
    r = store_remove_kernel(&c->host, c->kernel, name, e);
    if (r < 0)
        return r;
    if (r > 0 && m)
        (void) manager_reload(m, NULL);
    changes_add(c, name, r > 0, "%s %s", r > 0 ? "removed for" : "nothing installed for", c->kernel);
    return r;
}

/* The names of all patches for which lpctl install has placed files for that kernel. */
static int names_for_kernel(struct ctl *c, char ***ret, struct error *e) {
    _cleanup_free_ char *running = NULL;
    int r;

    r = ctl_check_release(c->kernel, e);
    if (r < 0)
        return r;
    if (c->host.ops->release(&c->host, &running) >= 0 && streq(running, c->kernel))
        return error_hint(e, error_set(e, -EBUSY, EXIT_STATUS_FAILED, "%s is the running kernel",
                                       c->kernel),
                          "lpctl remove NAME unloads a patch and removes it for all kernels");
    return store_list_kernel(&c->host, c->kernel, ret, e);
}

/* For a kernel that was removed or should no longer be patched. */
static int remove_for_kernel(struct ctl *c, char **argv, struct error *e) {
    _cleanup_strv_free_ char **names = NULL;
    int r;

    r = names_for_kernel(c, &names, e);
    if (r < 0) {
        changes_begin(c);
        return r;
    }
    return changes_each_patch(c, *argv ? argv : names, remove_one_for_kernel, e);
}

int ctl_remove(struct ctl *c, char **argv, struct error *e) {
    return c->kernel ? remove_for_kernel(c, argv, e) : changes_each_patch(c, argv, remove_one, e);
}
