/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "ctl/change.h"
#include "ctl/dry-run.h"
#include "ctl/progress.h"
#include "ctl/replaced.h"
#include "ctl/volume.h"
#include "load/converge.h"
#include "store/store.h"

/* What has been done so far, so that it can be undone if a later step fails. */
struct switching {
    struct change *change;
    struct volume_change *volume;
    struct moment before;
};

static void switching_done(struct switching *s) {
    change_freep(&s->change);
    volume_change_freep(&s->volume);
    moment_done(&s->before);
}

/* Changes the manifest on the machine, and on the volume if the patch belongs there. The volume is
 * updated even if the machine needs no change, because it may be a new one. 1 if something changed
 * on the machine. */
static int set_enabled(struct ctl *c, const struct manager *m, const char *name, bool enabled,
                       struct switching *s, struct error *e) {
    int changed, r;

    changed = store_set_enabled(&c->host, name, enabled, &s->change, e);
    if (changed < 0 || !ctl_is_on_volume(c, m, name))
        return changed;
    r = ctl_update_volume(c, name, /* wanted= */ enabled, &s->volume, e);
    return r < 0 ? r : changed;
}

static void undo(struct ctl *c, struct manager *m, struct switching *s, int error_number, struct error *e) {
    int r = s->volume ? volume_undo(s->volume) : 0;

    if (r >= 0 && s->change)
        r = change_undo(s->change);
    if (r < 0)
        (void) error_hint(e, error_number, "and restoring the previous state failed: %s", strerror(-r));
    if (m)
        (void) manager_reload(m, NULL);
    if (s->before.name)
        (void) moment_restore(&c->host, m, &s->before, NULL);
}

/* For --now. Returns 1 with a note if the administrator's own configuration prevents the load: that
 * is not a failure. */
static int switch_now(struct ctl *c, struct manager *m, const char *name, bool enabled, char **ret_note,
                      struct error *e) {
    _cleanup_(result_done) struct result result = {};
    int r;

    if (enabled) {
        r = ctl_ask_plan(c, name, /* keep_replaced= */ true, ret_note, e);
        if (r != 0)
            return MIN(r, 0);
    }
    progress_say(c, "%s %s", enabled ? "Loading" : "Unloading", name);
    r = enabled ? converge_load(&c->host, m, name, &result, e)
                : converge_unload(&c->host, m, name, &result, e);
    progress_say(c, NULL);
    if (r >= 0 && result.reason && string_set(ret_note, result.reason) < 0)
        return -ENOMEM;
    return r;
}

static int switch_one(struct ctl *c, struct manager *m, const char *name, bool enabled,
                      struct error *e) {
    _cleanup_(switching_done) struct switching s = {};
    _cleanup_(replaced_done) struct replaced replaced = {};
    bool now = c->now && c->host.live;
    _cleanup_free_ char *note = NULL;
    int changed = 0, r;

    r = now && !enabled ? replaced_check(c, name, &replaced, e) : 0;
    if (r >= 0 && c->dry_run)
        return dry_switch(c, name, enabled, e);
    if (r >= 0 && now)
        r = moment_take(&c->host, m, name, &s.before);
    if (r >= 0)
        r = changed = set_enabled(c, m, name, enabled, &s, e);
    if (r == -ENOENT)
        return ctl_no_patch(c, name, e);
    if (r > 0 && m)
        (void) manager_reload(m, NULL);
    if (r >= 0 && now)
        r = switch_now(c, m, name, enabled, &note, e);
    if (r < 0) {
        undo(c, m, &s, r, e);
        return r;
    }
    changed |= now && r > 0;
    changes_add(c, name, changed, "%s%s%s%s%s", changed ? "" : "already ",
                enabled ? "enabled" : "disabled",
                c->now ? "" : ", which takes effect at the next boot (--now: at once)",
                note ? "; " : "", strempty(note));
    r = replaced_load_again(c, m, &replaced, e);
    return r < 0 ? r : changed;
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
