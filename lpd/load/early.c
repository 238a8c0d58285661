/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/budget.h"
#include "base/file.h"
#include "base/strv.h"
#include "guard/early.h"
#include "load/early.h"
#include "load/execute.h"
#include "state/early.h"
#include "state/image.h"

struct early {
    struct snapshot snapshot;
    struct budget budget;
    struct early_record spent;
    struct image_record image; /* in the order of the manifests */
    bool is_image;             /* this run loads the image's own patches, not those of a volume */
    early_report report;
};

static void early_done(struct early *early) {
    snapshot_done(&early->snapshot);
    image_record_done(&early->image);
}

/* Only names: a module is read once, when it is loaded. */
static int list_carried(struct early *early) {
    const struct snapshot *s = &early->snapshot;
    struct image_record *image = &early->image;
    int r;

    image->patches = calloc(MAX(s->manifests.n_entries, (size_t) 1), sizeof(*image->patches));
    r = image->patches ? string_set(&image->release, s->facts.release) : -ENOMEM;
    for (size_t i = 0; i < s->manifests.n_entries && r >= 0; i++) {
        image->patches[image->n_patches++].unread = true;
        r = string_set(&image->patches[i].name, s->manifests.entries[i].name);
    }
    return r;
}

static int note_carried(struct early *early, size_t i, struct module_file *f) {
    struct image_patch *p = early->image.patches + i;
    int r;

    p->unread = false;
    if (!f->path)
        return 0;
    module_file_sha256(f);
    r = string_set(&p->sha256, f->sha256);
    return r < 0 ? r : string_set(&p->build_id, f->info.build_id);
}

/* If the list cannot be written, the host only shows a needless warning about an outdated image. A
 * later run also sees patches of a volume, which no image contains. */
static void write_carried(const struct host *h, const struct early *early) {
    if (early->is_image)
        (void) image_record_write(h, &early->image);
}

/* A manifest with an error may be one of this stage; patches of another stage are not loaded
 * here. */
static bool is_ours(const struct manifest_entry *entry) {
    return entry->error_number < 0 ||
           (entry->manifest.stage == STAGE_INITRD && entry->manifest.enabled);
}

/* An earlier run has loaded it: the image's own patches are loaded before a volume is
 * available. */
static bool is_done(const struct snapshot *s, size_t i) {
    const struct result *result = result_list_find(&s->results, s->manifests.entries[i].name);

    return result && result->loaded;
}

/* A manifest of a volume cannot name files of the image: its module is on the volume. */
static void confine_to_volume(struct snapshot *s, size_t i) {
    const struct manifest_entry *entry = s->manifests.entries + i;
    const struct manifest_kernel *kernel =
        entry->error_number < 0 ? NULL : manifest_kernel_for(&entry->manifest, s->facts.release);
    struct patch_info *info = s->patch_infos + i;

    if (!kernel || !kernel->module || *kernel->module != '/' ||
        !strv_contains(s->volume.patches, entry->name))
        return;
    info->gate_asked = true;
    info->gate_step = GATE_FILE;
    info->gate_result =
        error_set(&info->gate_refusal, -EXDEV, EXIT_STATUS_REFUSED,
                  "its manifest is from the volume, and Module= names a file that is not on it");
}

static const char *find_limit(struct host *h, const struct budget *b) {
    if (b->patches == 0)
        return "the initramfs loads no more patches than those before it, see lpd(8), INITRAMFS";
    if (h->ops->now(h) >= b->end_usec)
        return "the initramfs has no time left for it, see lpd(8), INITRAMFS";
    return NULL;
}

static int load_one(struct host *h, struct early *early, size_t i, struct module_file *f,
                    struct result *result, struct error *e) {
    struct snapshot *s = &early->snapshot;
    const char *limit = find_limit(h, &early->budget);
    int r;

    if (limit)
        return execute_leave(h, s, i, limit, result, e);
    early->budget.patches--;
    confine_to_volume(s, i);
    r = snapshot_before_load(h, s, i);
    return r < 0 ? r : execute_load_seen(h, s, i, f, result, e);
}

/* Then lpd-ledger says so if the volume never comes. */
static bool waits_for_volume(const struct early *early, const struct result *result) {
    return early->snapshot.early_place_error == -ENODEV && strchr(early->snapshot.early_place, '=') &&
           streq(strempty(result->cause), CAUSE_ON_TRIAL);
}

/* Loads one patch and reports it. A failure does not stop the next one. */
static int load_and_tell(struct host *h, struct early *early, size_t i) {
    _cleanup_(module_file_close) struct module_file f = MODULE_FILE_NULL;
    _cleanup_(result_done) struct result result = {};
    _cleanup_(error_done) struct error e = ERROR_NULL;
    int r, k = 0;

    r = load_one(h, early, i, &f, &result, &e);
    if (result.name && !waits_for_volume(early, &result))
        early->report(h, &result, r, &e);
    if (r == -ENOMEM)
        return r;
    if (early->is_image && r != -EDQUOT && !streq(strempty(result.state), "skipped"))
        k = note_carried(early, i, &f);
    return k < 0 || !result.name ? k : snapshot_after_load(h, &early->snapshot, i, &result);
}

static int load_all(struct host *h, struct early *early, const struct plan *plan) {
    int r = 0;

    for (size_t i = 0; i < plan->n_actions && r >= 0; i++) {
        size_t index = plan->actions[i].index;

        if (index != SIZE_MAX && is_ours(early->snapshot.manifests.entries + index) &&
            !is_done(&early->snapshot, index))
            r = load_and_tell(h, early, index);
    }
    return r;
}

/* Copies the early ledger into memory, where the gate looks. Until lpd-ledger has found the volume that
 * it is on, only what the image knows is known. */
static int fetch_ledger(struct host *h, struct early *early) {
    struct snapshot *s = &early->snapshot;
    int r;

    r = early_place_of_image(h, s->facts.release, &s->early_place);
    if (r >= 0)
        r = string_set(&early->image.ledger, s->early_place);
    if (r >= 0 && s->early_place)
        s->early_place_error = early_ledger_fetch(h, s->early_place);
    return r;
}

int early_load(struct host *h, early_report report, struct error *e) {
    _cleanup_(early_done) struct early early = { .report = report };
    _cleanup_(plan_done) struct plan plan = {};
    int r;

    h->initrd = true;
    early_begin(h, &early.spent, &early.budget);
    h->budget = &early.budget;
    early.is_image = !file_exists(h, IMAGE_RECORD);
    r = snapshot_take_for_loads(h, &early.snapshot, e);
    if (r >= 0)
        r = fetch_ledger(h, &early);
    if (r >= 0)
        r = plan_make(&early.snapshot, &plan);
    if (r >= 0)
        r = list_carried(&early);
    if (r >= 0) {
        write_carried(h, &early);
        r = load_all(h, &early, &plan);
        write_carried(h, &early);
    }
    h->budget = NULL;
    early_end(h, &early.spent, &early.budget);
    return r;
}
