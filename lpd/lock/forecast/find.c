/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/strv.h"
#include "config/name.h"
#include "lock/forecast/find.h"
#include "lock/forecast/search.h"
#include "lock/forecast/units.h"

/* With another root and without a running kernel, the kernel that a boot loader would take. */
static int find_release(struct host *h, char **ret, struct error *e) {
    _cleanup_strv_free_ char **releases = NULL;
    size_t n;
    int r;

    r = h->ops->release(h, ret);
    if (r < 0 && r != -ENOMEM && !h->live) {
        r = file_list(h, "/lib/modules", &releases);
        n = strv_length(releases);
        r = r < 0 ? r : n == 0 ? -ENOENT : string_set(ret, releases[n - 1]);
    }
    if (r < 0)
        return r == -ENOMEM ? r
                            : error_set(e, r, EXIT_STATUS_FAILED,
                                        "/lib/modules: no kernel has modules there");
    if (kernel_release_is_valid(*ret))
        return 0;
    return error_set(e, -EINVAL, EXIT_STATUS_FAILED, "'%s' is not a kernel release", *ret);
}

static bool contains_name(char *const *names, const char *name) {
    STRV_FOREACH(n, names)
        if (patch_name_equal(*n, name))
            return true;
    return false;
}

/* Whether the module would not load anyway: udev has tried the modules of every device, so those
 * that are not loaded have refused. They would also make the lock fail. */
static bool is_hopeless(const struct search *s, const struct forecast_module *m) {
    return m->source == WANTED_DEVICE && file_exists(s->host, "/run/udev/control");
}

/* Everything that was found, and the modules that Modules= names already. */
static int gather(const struct search *s, const struct policy *policy, char ***ret) {
    struct forecast *w = s->found;
    int r = 0;

    STRV_FOREACH(name, policy->lock_modules) {
        char ***to = module_index_knows(s->index, *name) ? ret : &w->absent;

        if (r >= 0 && !contains_name(*to, *name))
            r = strv_extend(to, *name);
    }
    for (size_t i = 0; i < w->n_modules && r >= 0; i++)
        if (!is_hopeless(s, w->modules + i) && !contains_name(*ret, w->modules[i].name))
            r = strv_extend(ret, w->modules[i].name);
    return r;
}

/* Leaves out dependencies of the others, which are loaded with them. */
static int propose(const struct search *s, const struct policy *policy) {
    _cleanup_strv_free_ char **all = NULL, **needed = NULL;
    int r;

    r = gather(s, policy, &all);
    STRV_FOREACH(name, all)
        if (r >= 0)
            r = module_index_dependencies(s->index, *name, &needed);
    STRV_FOREACH(name, all)
        if (r >= 0 && !contains_name(needed, *name))
            r = strv_extend(&s->found->proposal, *name);
    strv_sort_version(s->found->proposal);
    return r;
}

int forecast_find(struct host *h, const struct policy *policy, struct forecast *ret,
                  struct error *e) {
    static int (*const sources[])(struct search *s) = {
        search_devices, search_filesystems, search_module_lists, search_firewall,
        search_volumes, search_networks,    search_services,     search_record,
    };
    _cleanup_(module_index_freep) struct module_index *index = NULL;
    _cleanup_(forecast_done) struct forecast w = {};
    struct search s = { .host = h, .found = &w };
    int r;

    r = find_release(h, &w.release, e);
    if (r >= 0)
        r = module_index_open(h, w.release, &index, e);
    if (r < 0)
        return r;
    s.index = index;
    r = units_find_enabled(&s);
    for (size_t i = 0; i < ELEMENTSOF(sources) && r >= 0; i++)
        r = sources[i](&s);
    if (r >= 0)
        r = propose(&s, policy);
    search_done(&s);
    if (r < 0)
        return r;
    *ret = TAKE_STRUCT(w);
    return 0;
}
