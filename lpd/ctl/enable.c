/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "ctl/change.h"
#include "ctl/volume.h"
#include "load/converge.h"
#include "store/store.h"

/* On the machine, and on the volume if that is its place: also where the machine has it so already, as
 * the volume may be new. 1 if something of the machine changed. */
static int set_enabled(struct ctl *c, const struct manager *m, const char *name, bool enabled,
                       struct error *e) {
    _cleanup_(volume_change_freep) struct volume_change *volume = NULL;
    int changed, r;

    changed = store_set_enabled(&c->host, name, enabled, NULL, e);
    if (changed < 0 || !ctl_is_on_volume(c, m, name))
        return changed;
    r = ctl_update_volume(c, name, /* wanted= */ enabled, &volume, e);
    if (r < 0 && changed)
        (void) store_set_enabled(&c->host, name, !enabled, NULL, NULL);
    return r < 0 ? r : changed;
}

static int switch_one(struct ctl *c, struct manager *m, const char *name, bool enabled,
                      struct error *e) {
    _cleanup_(result_done) struct result result = {};
    bool changed;
    int r;

    r = set_enabled(c, m, name, enabled, e);
    if (r == -ENOENT)
        return ctl_no_patch(c, name, e);
    if (r < 0)
        return r;
    changed = r > 0;
    if (changed && m)
        (void) manager_reload(m, NULL);
    if (c->now && c->host.live) {
        r = enabled ? converge_load(&c->host, m, name, &result, e)
                    : converge_unload(&c->host, m, name, &result, e);
        if (r < 0)
            return r;
        changed |= r > 0;
    }
    changes_add(c, name, changed, "%s%s%s%s%s", changed ? "" : "already ",
                enabled ? "enabled" : "disabled",
                c->now ? "" : ", which takes effect at the next boot (--now: at once)",
                result.reason ? "; " : "", strempty(result.reason));
    return changed;
}

static int enable_one(struct ctl *c, struct manager *m, const char *name, struct error *e) {
    return switch_one(c, m, name, true, e);
}

static int disable_one(struct ctl *c, struct manager *m, const char *name, struct error *e) {
    return switch_one(c, m, name, false, e);
}

int ctl_enable(struct ctl *c, char **argv, struct error *e) {
    return changes_each_patch(c, argv, enable_one, e);
}

int ctl_disable(struct ctl *c, char **argv, struct error *e) {
    return changes_each_patch(c, argv, disable_one, e);
}
