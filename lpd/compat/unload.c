/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/strv.h"
#include "ctl/change.h"
#include "compat/kpatch.h"
#include "livepatch/sysfs.h"
#include "livepatch/view.h"

/* unload and unload --all. lpctl(8) waits for the end of the transition and removes the module. */

/* The first entry is the patch itself; others are patches that it had replaced and that were loaded
 * again. */
static void tell(const struct ctl *c, const char *module_name) {
    json_object *patches = json_object_object_get(c->value, "patches");

    printf("unloading patch module: %s\n", module_name);
    for (size_t i = 0; i < json_object_array_length(patches); i++) {
        json_object *o = json_object_array_get_idx(patches, i);

        if (i > 0)
            printf("%s: %s\n", value_get(o, "name"), strempty(value_get(o, "message")));
    }
}

/* 0, or the negative errno of what it has reported. */
static int unload_module(struct ctl *c, const struct livepatch *p) {
    _cleanup_(error_done) struct error e = ERROR_NULL;
    char *argv[] = { p->name, NULL };
    int r;

    if (p->enabled)
        printf("disabling patch module: %s\n", p->name);
    json_object_put(TAKE_PTR(c->value));
    r = ctl_unload(c, argv, &e);
    if (r < 0) {
        (void) kpatch_failed(&e, r);
        return r;
    }
    tell(c, p->name);
    return 0;
}

int kpatch_unload(struct ctl *c, const char *argument) {
    _cleanup_free_ char *module_name = kpatch_module_name(argument);
    _cleanup_(livepatch_done) struct livepatch p = {};
    int r;

    if (kpatch_prepare(c) != 0)
        return 1;
    if (!module_name || livepatch_read(&c->host, module_name, &p) < 0 || livepatch_is_plain_module(&p)) {
        kpatch_warn("patch module %s is not loaded", module_name ?: argument);
        return kpatch_die("failed to disable module %s", module_name ?: argument);
    }
    r = unload_module(c, &p);
    if (r == -ETIME)
        return kpatch_die("transition stalled for %s", p.name);
    return r < 0 ? kpatch_die("failed to disable module %s", p.name) : 0;
}

/* When a patch was loaded, relative to the others: the kernel says so from 6.14 on
 * (Documentation/ABI/testing/sysfs-kernel-livepatch, stack_order), and lpd's record of this boot. */
static uint64_t load_order(const struct host *h, const struct livepatch *p) {
    _cleanup_(result_done) struct result result = {};
    _cleanup_free_ char *path = NULL, *order = NULL;

    if (livepatch_path(p->name, "stack_order", &path) >= 0 && file_read_line(h, path, &order) >= 0)
        return strtoull(order, NULL, 10);
    return result_find_module(h, p->name, &result) >= 0 ? result.monotonic_usec : 0;
}

/* The newest patch first: units of patches that require it stop before it does, and a kernel before
 * 5.1 allows no other order. NULL: all were tried. */
static const struct livepatch *find_newest(const struct host *h, const struct livepatch_list *l, char *const *tried) {
    const struct livepatch *newest = NULL;
    uint64_t order = 0;

    for (size_t i = 0; i < l->n_patches; i++) {
        const struct livepatch *p = l->patches + i;
        uint64_t own;

        if (strv_contains(tried, p->name))
            continue;
        own = load_order(h, p);
        if (!newest || own > order || p->transition) {
            newest = p;
            order = p->transition ? UINT64_MAX : own;
        }
    }
    return newest;
}

/* Reads the list again before each patch, because other patches may be unloaded with one. */
int kpatch_unload_all(struct ctl *c) {
    _cleanup_strv_free_ char **tried = NULL;
    int status = 0;

    if (kpatch_prepare(c) != 0)
        return 1;
    c->leave_replaced = true;
    while (!interrupt_signal()) {
        _cleanup_(livepatch_list_done) struct livepatch_list l = {};
        const struct livepatch *p;

        if (livepatch_list_read(&c->host, NULL, &l) < 0)
            return kpatch_die("cannot read the kernel's live patches");
        p = find_newest(&c->host, &l, tried);
        if (!p)
            return status;
        if (strv_extend(&tried, p->name) < 0)
            return kpatch_die("%s", strerror(ENOMEM));
        if (unload_module(c, p) < 0)
            status = kpatch_die("failed to unload module %s", p->name);
    }
    return kpatch_die("interrupted");
}
