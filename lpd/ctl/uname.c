/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "ctl/ctl.h"
#include "report/cves.h"
#include "report/status.h"

/* lpctl uname: the kernel release that the machine is as good as. */

/* The one that a patch declares, if it is effective. */
static const char *effective_release(const struct snapshot *s, json_object *patch) {
    size_t i = snapshot_find(s, strempty(value_get(patch, "name")));
    const struct manifest_entry *entry = i == SIZE_MAX ? NULL : s->manifests.entries + i;
    const char *reason;

    if (!entry || entry->error_number < 0 || s->patch_infos[i].fallen_back)
        return NULL;
    return cve_state_of(patch, &reason) == CVE_EFFECTIVE ? entry->manifest.effective : NULL;
}

int ctl_uname(struct ctl *c, char **argv _unused_, struct error *e) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    _cleanup_(plan_done) struct plan plan = {};
    _cleanup_json_ json_object *status = NULL;
    const char *best = NULL, *by = NULL;
    json_object *patches;
    int r;

    r = snapshot_take(&c->host, SNAPSHOT_MODULES | SNAPSHOT_OVERRIDES, &s, e);
    if (r >= 0)
        r = plan_make(&s, &plan);
    if (r < 0)
        return r;
    if (!s.facts.release)
        return error_set(e, -EOPNOTSUPP, EXIT_STATUS_FAILED, "no kernel runs here");
    status = status_build(&s, &plan);
    patches = json_object_object_get(status, "patches");
    for (size_t i = 0; i < json_object_array_length(patches); i++) {
        json_object *patch = json_object_array_get_idx(patches, i);
        const char *release = effective_release(&s, patch);

        if (release && (!best || strverscmp(release, best) > 0)) {
            best = release;
            by = value_get(patch, "name");
        }
    }
    c->value = value_new();
    json_add_string(c->value, "release", s.facts.release);
    json_add_string(c->value, "effective", best ?: s.facts.release);
    json_add_string(c->value, "patch", by);
    return 0;
}

void print_uname(const struct ctl *c) {
    puts(value_get(c->value, "effective"));
}
