/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/strv.h"
#include "config/manifest.h"
#include "config/name.h"
#include "ctl/ctl.h"
#include "module/file.h"
#include "state/results.h"
#include "store/store.h"

/* The rule for all verbs: a name means the patch of that name, or else the patch whose module has
 * that name. */

static bool is_module_of(const struct ctl *c, const struct manifest_entry *entry, const char *release,
                         const char *module) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_free_ char *path = NULL;

    if (entry->error_number < 0)
        return false;
    return store_find_module_of(&c->host, release, &entry->manifest, &path) >= 0 &&
           module_file_open_untrusted(&c->host, path, &f, NULL) >= 0 && patch_name_equal(f.info.name, module);
}

/* Searches loaded patches first, because that needs no access to files. */
static int find_by_module(struct ctl *c, const char *module, char **ret) {
    _cleanup_(manifest_list_done) struct manifest_list l = {};
    _cleanup_(result_done) struct result result = {};
    _cleanup_(manifest_done) struct manifest m = {};
    _cleanup_free_ char *release = NULL;

    if (result_find_module(&c->host, module, &result) >= 0 && manifest_load(&c->host, result.name, &m, NULL) >= 0)
        return string_set(ret, m.name) < 0 ? -ENOMEM : 1;
    if (c->kernel)
        release = strdup(c->kernel);
    else
        (void) c->host.ops->release(&c->host, &release);
    if (!release || manifest_list_load(&c->host, NULL, &l, NULL) < 0)
        return 0;
    for (size_t i = 0; i < l.n_entries; i++)
        if (is_module_of(c, l.entries + i, release, module))
            return string_set(ret, l.entries[i].name) < 0 ? -ENOMEM : 1;
    return 0;
}

int ctl_spell(struct ctl *c, const char *name, char **ret) {
    _cleanup_(manifest_list_done) struct manifest_list l = {};
    int r;

    *ret = NULL;
    if (manifest_list_load_one(&c->host, name, &l, NULL) >= 0)
        return string_set(ret, l.entries->name);
    r = find_by_module(c, name, ret);
    return r != 0 ? r : string_set(ret, name);
}
