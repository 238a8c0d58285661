/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "report/cves.h"
#include "report/fixes.h"
#include "report/known-fixes.h"

static void add_unseen(json_object *unseen, const char *name, const char *what) {
    _cleanup_free_ char *text = NULL;

    if (unseen && asprintf(&text, "%s: %s", name, what) >= 0)
        json_object_array_add(unseen, json_object_new_string(text));
}

/* What the build that the kernel has, or else the installed one, says of itself. */
static int fixes_of_build(const struct host *h, json_object *patch, const struct patch_info *info, char ***fixes) {
    const char *module = value_get(json_object_object_get(patch, "module"), "name");
    json_object *kernel = json_object_object_get(patch, "kernelState");
    bool loaded = json_object_get_boolean(json_object_object_get(kernel, "loaded"));
    _cleanup_free_ char *srcversion = NULL;
    int r = 0;

    if (!module)
        module = value_get(patch, "name");
    STRV_FOREACH(fix, info ? info->fixes : NULL)
        if (r >= 0 && !strv_contains(*fixes, *fix))
            r = strv_extend(fixes, *fix);
    if (r >= 0 && loaded)
        r = fixes_srcversion(h, module, &srcversion);
    if (r >= 0 && !srcversion && info && info->srcversion)
        r = string_set(&srcversion, info->srcversion);
    return r < 0 ? r : fixes_read_info(h, module, srcversion, fixes);
}

static int add_patch(const struct host *h, const struct snapshot *s, json_object *patch, json_object *by_id,
                     json_object *unseen) {
    size_t i = snapshot_find(s, value_get(patch, "name"));
    const struct patch_info *info = i == SIZE_MAX ? NULL : s->patch_infos + i;
    const struct manifest_entry *entry = i == SIZE_MAX ? NULL : s->manifests.entries + i;
    _cleanup_strv_free_ char **fixes = NULL;
    const char *reason;
    enum cve_state state = cve_state_of(patch, &reason);
    int r;

    if (info && info->gate_asked && info->gate_result == -EACCES)
        add_unseen(unseen, entry->name, "its module can only be read by root, so what the module itself fixes is unknown");
    r = fixes_of_build(h, patch, info, &fixes);
    if (r < 0)
        return r;
    cves_add(by_id, patch, fixes, state, reason);
    if (!entry || entry->error_number < 0)
        return 0;
    /* The manifest is that of the installed build, which is quarantined. */
    if (info->fallen_back)
        cves_add(by_id, patch, entry->manifest.fixes, CVE_INSTALLED, info->fallen_back);
    else
        cves_add(by_id, patch, entry->manifest.fixes, state, reason);
    return 0;
}

int known_fixes_add(const struct host *h, const struct snapshot *s, json_object *patches, json_object *cves,
                    json_object *unseen) {
    _cleanup_json_ json_object *by_id = json_object_new_object();
    int r = 0;

    if (h->live && s->overrides_error < 0)
        add_unseen(unseen, "overridden functions", geteuid() == 0 ? strerror(-s->overrides_error)
                                                                  : "only root can see which tracers there are");
    for (size_t i = 0; i < json_object_array_length(patches) && r >= 0; i++)
        r = add_patch(h, s, json_object_array_get_idx(patches, i), by_id, unseen);
    cves_list(by_id, cves);
    return r;
}
