/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/json-file.h"
#include "initramfs/tool.h"
#include "load/early.h"
#include "load/execute.h"
#include "state/image.h"

static json_object *carried(const struct snapshot *s) {
    json_object *o = json_object_new_object(), *patches = json_object_new_array();

    json_file_add_string(o, "kernel", s->facts.release);
    json_object_object_add(o, "patches", patches);
    for (size_t i = 0; i < s->manifests.n_entries; i++) {
        json_object *patch = json_object_new_object();

        json_file_add_string(patch, "name", s->manifests.entries[i].name);
        json_file_add_string(patch, "sha256", s->patch_infos[i].sha256);
        json_file_add_string(patch, "buildId", s->patch_infos[i].build_id);
        json_object_array_add(patches, patch);
    }
    return o;
}

/* That it cannot be written costs the host a warning about an old image, no more. A later call
 * finds what came from a volume too, which no image carries. */
static void write_carried(const struct host *h, const struct snapshot *s) {
    _cleanup_(json_object_putp) json_object *o = NULL;

    if (file_exists(h, IMAGE_RECORD))
        return;
    o = carried(s);
    (void) json_file_write_volatile(h, IMAGE_RECORD, o);
}

static int load_one(struct host *h, const char *name, early_report report) {
    _cleanup_(result_done) struct result result = {};
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r;

    r = execute_load(h, name, &result, &e);
    if (result.name)
        report(h, &result, r, &e);
    return r == -ENOMEM ? r : 0;
}

/* A broken manifest may be one of this stage; what else is carried for another one is not ours. */
static bool is_ours(const struct manifest_entry *entry) {
    return entry->error_number < 0 ||
           (entry->manifest.stage == STAGE_INITRD && entry->manifest.enabled);
}

/* An earlier call has loaded it: the image's own come before a volume is there. */
static bool is_done(const struct snapshot *s, size_t i) {
    const struct result *result = result_list_find(&s->results, s->manifests.entries[i].name);

    return result && result->loaded;
}

int early_load(struct host *h, early_report report, struct error *e) {
    _cleanup_(snapshot_done) struct snapshot s = {};
    _cleanup_(plan_done) struct plan plan = {};
    int r;

    h->initrd = true;
    r = snapshot_take(h, SNAPSHOT_MODULES, &s, e);
    if (r >= 0)
        r = plan_make(&s, &plan);
    if (r < 0)
        return r;
    write_carried(h, &s);
    for (size_t i = 0; i < plan.n_actions && r >= 0; i++)
        if (plan.actions[i].index != SIZE_MAX &&
            is_ours(s.manifests.entries + plan.actions[i].index) &&
            !is_done(&s, plan.actions[i].index))
            r = load_one(h, plan.actions[i].name, report);
    return r;
}
