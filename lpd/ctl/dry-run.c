/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/dry-run.h"

#include "base/strv.h"
#include "config/name.h"
#include "ctl/install.h"
#include "livepatch/view.h"
#include "load/execute.h"
#include "store/store.h"

static bool is_in(struct ctl *c, const char *name) {
    _cleanup_(livepatch_done) struct livepatch p = {};
    _cleanup_free_ char *module_name = NULL;

    if (!c->host.live)
        return false;
    module_name = execute_module_name(&c->host, name);
    return module_name && livepatch_read(&c->host, module_name, &p) >= 0 && livepatch_is_enabled(&p);
}

int dry_remove(struct ctl *c, const char *name, struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list l = {};
    bool known, in = is_in(c, name);
    int r;

    r = store_may_remove(&c->host, name, e);
    if (r < 0)
        return r;
    known = manifest_list_load_one(&c->host, name, &l, NULL) != -ENOENT;
    if (known || in)
        changes_add(c, name, true, "would be %s%s%s", in ? "unloaded" : "", in && known ? " and " : "",
                    known ? "removed" : "");
    else
        changes_add(c, name, false, "there is no such patch, nothing to do");
    return known || in;
}

int dry_remove_kernel(struct ctl *c, const char *name, struct error *e) {
    _cleanup_strv_free_ char **names = NULL;
    bool found = false;
    int r;

    r = store_list_kernel(&c->host, c->kernel, &names, e);
    if (r < 0)
        return r;
    STRV_FOREACH(other, names)
        found |= patch_name_equal(*other, name);
    changes_add(c, name, found, "%s %s", found ? "would be removed for" : "nothing installed for", c->kernel);
    return found;
}

int dry_switch(struct ctl *c, const char *name, bool enabled, struct error *e) {
    _cleanup_(manifest_done) struct manifest m = {};
    _cleanup_free_ char *note = NULL;
    bool changed, in, now = c->now && c->host.live;
    int r;

    r = manifest_load(&c->host, name, &m, e);
    if (r == -ENOENT)
        return ctl_no_patch(c, name, e);
    if (r >= 0 && now && enabled)
        r = ctl_ask_plan(c, name, /* keep_replaced= */ true, &note, e);
    if (r < 0)
        return r;
    in = is_in(c, name);
    changed = m.enabled != enabled;
    now = now && in != enabled && !note;
    changes_add(c, name, changed || now, "%s%s%s%s%s%s", changed ? "would be " : now ? "is already " : "already ",
                enabled ? "enabled" : "disabled", now ? " and would be " : "",
                now ? enabled ? "loaded" : "unloaded" : "", note ? "; " : "", strempty(note));
    return changed || now;
}

int dry_load(struct ctl *c, const char *name, struct error *e) {
    _cleanup_(manifest_done) struct manifest m = {};
    bool in;
    int r;

    r = ctl_check_name(name, e);
    if (r >= 0)
        r = manifest_load(&c->host, name, &m, e);
    if (r == -ENOENT)
        return ctl_no_patch(c, name, e);
    if (r >= 0)
        r = ctl_may_load(c, m.name, e);
    if (r < 0)
        return r;
    in = is_in(c, m.name);
    changes_add(c, m.name, !in, "%s", in ? "loaded already" : "would be loaded");
    return !in;
}

int dry_load_file(struct ctl *c, const char *path, struct error *e) {
    _cleanup_free_ char *absolute = NULL, *name = NULL;
    bool in;
    int r;

    r = ctl_find_file(path, &absolute, e);
    if (r >= 0)
        r = install_check_file(c, absolute, &name, e);
    if (r < 0)
        return r;
    in = is_in(c, name);
    changes_add(c, name, !in, "%s", in ? "loaded already" : "would be loaded until the next boot");
    return !in;
}

int dry_unload(struct ctl *c, const char *name, struct error *e _unused_) {
    bool in = is_in(c, name);

    changes_add(c, name, in, "%s", in ? "would be unloaded" : "was not loaded");
    return in;
}
