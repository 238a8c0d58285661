/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libkmod.h>

#include "base/strv.h"
#include "lock/modules.h"

DEFINE_TRIVIAL_CLEANUP_FUNC(struct kmod_ctx *, kmod_unref)
DEFINE_TRIVIAL_CLEANUP_FUNC(struct kmod_list *, kmod_module_unref_list)

static bool is_in(struct kmod_module *m) {
    int state = kmod_module_get_initstate(m);

    return state == KMOD_MODULE_LIVE || state == KMOD_MODULE_BUILTIN;
}

/* Install commands report success in any case: whether the module is loaded decides. */
static int insert(struct kmod_module *m) {
    int r;

    if (is_in(m))
        return 0;
    r = kmod_module_probe_insert_module(m, KMOD_PROBE_APPLY_BLACKLIST_ALIAS_ONLY, NULL, NULL, NULL,
                                        NULL);
    if (r < 0)
        return r;
    return is_in(m) ? 1 : -ENODEV;
}

static const char *explain(int r) {
    switch (r) {
    case -ENODEV:
        return "its device is missing, or modprobe.d(5) forbids it";
    case -EKEYREJECTED:
        return "the kernel enforces signatures, and its signer is unknown";
    default:
        return strerror(-r);
    }
}

static int failed(const char *name, int r, struct error *e) {
    return error_set(e, r, EXIT_STATUS_FAILED, "cannot load the module %s: %s", name, explain(r));
}

/* An alias may stand for several modules; one loaded module is enough. */
static int load_one(struct kmod_ctx *kmod, const char *name, struct error *e) {
    _cleanup_(kmod_module_unref_listp) struct kmod_list *list = NULL;
    struct kmod_list *item;
    int result = 0, r;

    r = kmod_module_new_from_lookup(kmod, name, &list);
    if (r < 0)
        return failed(name, r, e);
    if (!list)
        return error_set(e, -ENOENT, EXIT_STATUS_FAILED,
                         "cannot load the module %s: this kernel has no such module", name);
    kmod_list_foreach(item, list) {
        struct kmod_module *m = kmod_module_get_module(item);

        r = insert(m);
        kmod_module_unref(m);
        if (r >= 0)
            return r;
        if (result == 0)
            result = r;
    }
    return failed(name, result, e);
}

int modules_load(struct host *h, char *const *names, modules_report report, void *userdata,
                 struct error *e) {
    _cleanup_(kmod_unrefp) struct kmod_ctx *kmod = NULL;
    _cleanup_strv_free_ char **failures = NULL;
    _cleanup_free_ char *text = NULL;
    int result = 0, r;

    if (!names || !*names)
        return 0;
    if (!h->live)
        return error_set(e, -EOPNOTSUPP, EXIT_STATUS_FAILED, "this is not the running machine");
    kmod = kmod_new(NULL, NULL);
    if (!kmod)
        return -ENOMEM;
    (void) kmod_load_resources(kmod);
    for (; *names; names++) {
        _cleanup_(error_done) struct error one = ERROR_NULL;

        r = load_one(kmod, *names, &one);
        report(userdata, *names, r, &one);
        if (RET_GATHER(result, r) < 0 && strv_extend(&failures, error_message(&one, r)) < 0)
            return -ENOMEM;
    }
    if (result >= 0)
        return 0;
    text = strv_join(failures, "; ");
    return error_set(e, result, EXIT_STATUS_FAILED, "%s", strempty(text));
}
