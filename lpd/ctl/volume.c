/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "ctl/volume.h"

/* Keeps the volume of [Store] Device= in step with what lpctl changes on the machine. */

bool ctl_is_on_volume(const struct ctl *c, const struct manager *m, const char *name) {
    _cleanup_(manifest_done) struct manifest manifest = {};
    _cleanup_(policy_done) struct policy p = {};
    int r;

    if (!c->host.live || !m)
        return false;
    (void) policy_load(&c->host, &p, NULL);
    r = manifest_load(&c->host, name, &manifest, NULL);
    if (r < 0)
        return r != -ENOENT && p.store_device;
    return manifest.stage == STAGE_INITRD && volume_holds(&p, &manifest);
}

int ctl_update_volume(struct ctl *c, const char *name, bool wanted, struct volume_change **ret_change,
                      struct error *e) {
    _cleanup_(manifest_done) struct manifest m = {};
    _cleanup_(policy_done) struct policy p = {};
    int r;

    (void) policy_load(&c->host, &p, NULL);
    if (!p.store_device)
        return 0;
    r = wanted ? manifest_load(&c->host, name, &m, e) : 0;
    if (r < 0)
        return r;
    wanted = wanted && m.enabled && m.stage == STAGE_INITRD && volume_holds(&p, &m);
    r = volume_update(&c->host, p.store_device, name, wanted ? &m : NULL, ret_change, e);
    if (r < 0)
        return error_prefix(e, r, "the volume of Device=");
    STRV_FOREACH(line, *ret_change ? volume_left_out(*ret_change) : NULL)
        changes_note(c, "left out of the volume: %s", *line);
    return 0;
}
