/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/cmdline.h"
#include "config/name.h"
#include "config/policy.h"
#include "initramfs/files.h"
#include "initramfs/image.h"
#include "initramfs/tool.h"
#include "state/image.h"
#include "state/ledger.h"
#include "store/store.h"
#include "store/volume.h"
#include "system/journal.h"

/* Records that the faults of this boot are in the journal. */
#define LOGGED RESULTS_DIRECTORY "/initramfs-logged"

void image_done(struct image *image) {
    for (size_t i = 0; i < image->n_faults; i++)
        free(image->faults[i].name);
    free(image->faults);
    free(image->release);
    free(image->command);
    *image = (struct image){};
}

static int add_fault(struct image *image, const char *name, enum image_problem problem) {
    struct image_fault *faults = reallocarray(image->faults, image->n_faults + 1, sizeof(*faults));

    if (!faults)
        return -ENOMEM;
    image->faults = faults;
    faults[image->n_faults++] = (struct image_fault){ .name = strdup(name), .problem = problem };
    return faults[image->n_faults - 1].name ? 0 : -ENOMEM;
}

static const struct image_patch *find(const struct image_patch *patches, size_t n,
                                          const char *name) {
    for (size_t i = 0; i < n; i++)
        if (patch_name_equal(patches[i].name, name))
            return patches + i;
    return NULL;
}

/* A patch with an invalid manifest or module is reported elsewhere; another image would not
 * help. */
static bool does_not_belong(const struct manifest_list *l, const struct policy *policy,
                        const char *name, const char *release) {
    const struct manifest_entry *entry = manifest_list_find(l, name);
    const struct manifest *m = entry ? &entry->manifest : NULL;

    if (!entry || entry->error_number < 0)
        return !entry;
    return !m->enabled || m->stage != STAGE_INITRD || !manifest_covers(m, release) ||
           volume_holds(policy, m);
}

static bool is_quarantined(const struct host *h, const struct image_record *carried, const struct image_patch *p) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    return p->sha256 && ledger_read(h, carried->release, p->sha256, &b) >= 0 && b.state == LEDGER_QUARANTINED;
}

/* An image with a ledger of its own does not load a build that is quarantined. */
static int add_quarantined(const struct image_record *carried, const char *name, struct image *image) {
    return carried->ledger ? 0 : add_fault(image, name, IMAGE_QUARANTINED);
}

static int compare(const struct host *h, const struct image_record *carried, const struct initramfs_files *wanted,
                   const struct manifest_list *l, const struct policy *policy, struct image *image) {
    int r = 0;

    for (size_t i = 0; i < wanted->n_patches && r >= 0; i++) {
        const struct image_patch *want = wanted->patches + i;
        const struct image_patch *have = find(carried->patches, carried->n_patches, want->name);

        if (!have)
            r = add_fault(image, want->name, IMAGE_MISSING);
        else if (!have->unread && (!have->sha256 || !streq(have->sha256, want->sha256)))
            r = is_quarantined(h, carried, have) ? add_quarantined(carried, want->name, image)
                                                 : add_fault(image, want->name, IMAGE_OLDER);
    }
    for (size_t i = 0; i < carried->n_patches && r >= 0; i++)
        if (does_not_belong(l, policy, carried->patches[i].name, image->release))
            r = add_fault(image, carried->patches[i].name, IMAGE_UNWANTED);
        else if (!find(wanted->patches, wanted->n_patches, carried->patches[i].name) &&
                 is_quarantined(h, carried, carried->patches + i))
            r = add_quarantined(carried, carried->patches[i].name, image);
    return r;
}

/* FAT, on which images of the boot loader may be, knows even seconds only. */
#define TIME_SLACK_USEC (2 * USEC_PER_SEC)

/* Reads the contents of the current image, which the next boot will use: 1 with the record. 0 if
 * they are unknown, because it has no record, or its last build failed after the record was
 * written. */
static int read_built(const struct host *h, const char *release, struct image_record *ret) {
    _cleanup_(image_record_done) struct image_record record = {};
    uint64_t usec;
    int r;

    r = image_record_read_built(h, release, &record, &usec);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    if (initramfs_image_usec(h, release) + TIME_SLACK_USEC < usec)
        return 0;
    *ret = TAKE_STRUCT(record);
    return 1;
}

/* The image of this boot is history if it was rebuilt since: then its faults end with a reboot, and those
 * of the new one count before them. */
static int look_at_built(const struct host *h, const struct initramfs_files *wanted,
                         const struct manifest_list *l, const struct policy *policy, struct image *image) {
    _cleanup_(image_record_done) struct image_record built = {};
    _cleanup_(image_done) struct image now = {};
    int r;

    r = read_built(h, image->release, &built);
    if (r <= 0)
        return r;
    r = string_set(&now.release, image->release);
    if (r >= 0)
        r = compare(h, &built, wanted, l, policy, &now);
    if (r < 0)
        return r;
    image->rebuilt = now.n_faults == 0 && image->n_faults > 0;
    if (now.n_faults > 0) {
        now.carried = image->carried;
        image_done(image);
        *image = TAKE_STRUCT(now);
    }
    return 0;
}

static int find_way_out(const struct host *h, struct image *image) {
    _cleanup_(initramfs_rebuild_done) struct initramfs_rebuild b = {};
    int r;

    r = initramfs_rebuild_find(h, image->release, &b);
    if (r <= 0)
        return r;
    image->unhooked = b.hooked ? NULL : b.tool;
    image->command = initramfs_rebuild_text(&b);
    return image->command ? 0 : -ENOMEM;
}

/* 1 with the record, empty if lpd did not run in the initramfs; 0 if it was disabled there. */
static int read_record(const struct host *h, struct image *image, struct image_record *ret) {
    _cleanup_(cmdline_switches_done) struct cmdline_switches switches = {};
    int r;

    r = image_record_read(h, ret);
    image->carried = r >= 0 && streq(ret->release, image->release);
    if (r == -ENOMEM || image->carried)
        return r < 0 ? r : 1;
    image_record_done(ret);
    r = cmdline_read(h, true, &switches);
    return r == -ENOMEM ? r : !cmdline_off(&switches);
}

static int look(const struct host *h, const struct manifest_list *manifests,
                const struct policy *policy, struct image *image) {
    _cleanup_(image_record_done) struct image_record carried = {};
    _cleanup_(initramfs_files_done) struct initramfs_files wanted = {};
    int r;

    r = read_record(h, image, &carried);
    if (r <= 0)
        return r;
    r = initramfs_files_of_patches(h, manifests, policy, image->release, &wanted);
    if (r >= 0)
        r = compare(h, &carried, &wanted, manifests, policy, image);
    if (r >= 0)
        r = look_at_built(h, &wanted, manifests, policy, image);
    return r >= 0 && image->n_faults > 0 ? find_way_out(h, image) : r;
}

int image_look(const struct host *h, const struct manifest_list *manifests,
               const struct policy *policy, const char *release, struct image *ret) {
    _cleanup_(image_done) struct image image = {};
    int r;

    if (release && !store_is_hidden(h)) {
        r = string_set(&image.release, release);
        if (r >= 0)
            r = look(h, manifests, policy, &image);
        if (r < 0)
            return r;
    }
    *ret = TAKE_STRUCT(image);
    return 0;
}

char *image_way_out(const struct image *image) {
    char *text;
    int r;

    if (image->rebuilt)
        return strdup("it has been rebuilt since: reboot");
    if (image->unhooked)
        r = asprintf(&text, "lpd's hook for %s is not installed", image->unhooked);
    else
        r = asprintf(&text, "run %s", image->command ?: "the tool that builds it");
    return r < 0 ? NULL : text;
}

static int describe_problem(const struct image *image, enum image_problem problem, const char *verb,
                            char ***parts) {
    _cleanup_strv_free_ char **names = NULL;
    _cleanup_free_ char *joined = NULL;
    char *part;
    int r;

    for (size_t i = 0; i < image->n_faults; i++) {
        r = image->faults[i].problem == problem ? strv_extend(&names, image->faults[i].name) : 0;
        if (r < 0)
            return r;
    }
    if (!names)
        return 0;
    joined = strv_join(names, ", ");
    if (!joined || asprintf(&part, "%s %s", verb, joined) < 0)
        return -ENOMEM;
    return strv_consume(parts, part);
}

int image_describe(const struct image *image, char **ret) {
    _cleanup_free_ char *way_out = image_way_out(image), *joined = NULL;
    _cleanup_strv_free_ char **parts = NULL;
    int r;

    *ret = NULL;
    if (image->n_faults == 0)
        return 0;
    r = describe_problem(image, IMAGE_OLDER, "contains an outdated", &parts);
    if (r >= 0)
        r = describe_problem(image, IMAGE_MISSING, "lacks", &parts);
    if (r >= 0)
        r = describe_problem(image, IMAGE_UNWANTED, "still contains", &parts);
    if (r >= 0)
        r = describe_problem(image, IMAGE_QUARANTINED, "contains the quarantined", &parts);
    joined = strv_join(parts, " and ");
    if (r < 0 || !way_out || !joined ||
        asprintf(ret, "the initramfs for %s %s; %s", image->release, joined, way_out) < 0)
        return -ENOMEM;
    return 0;
}

const char *image_problem_to_string(enum image_problem p) {
    static const char *const words[] = {
        [IMAGE_OLDER] = "older", [IMAGE_MISSING] = "missing", [IMAGE_UNWANTED] = "unwanted",
        [IMAGE_QUARANTINED] = "quarantined",
    };

    return words[p];
}

static void tell(const struct image *image) {
    for (size_t i = 0; i < image->n_faults; i++) {
        const struct result about = { .name = image->faults[i].name, .stage = (char *) "initrd" };
        struct image one = *image;
        _cleanup_free_ char *text = NULL;

        one.faults = image->faults + i;
        one.n_faults = 1;
        if (image_describe(&one, &text) >= 0)
            journal_send(EVENT_INITRAMFS_STALE, &about, image->release, "%s: %s", about.name, text);
    }
}

int image_tell(struct host *h, struct error *e) {
    _cleanup_(manifest_list_done) struct manifest_list manifests = {};
    _cleanup_(policy_done) struct policy policy = {};
    _cleanup_(image_done) struct image image = {};
    _cleanup_free_ char *release = NULL;
    int r;

    if (file_exists(h, LOGGED))
        return 0;
    /* If the policy has an error its readable part counts. */
    r = policy_load(h, &policy, NULL);
    if (r == -ENOMEM)
        return r;
    if (policy.silenced & WARNING_INITRAMFS)
        return 0;
    r = manifest_list_load(h, &policy, &manifests, e);
    if (r >= 0)
        r = h->ops->release(h, &release);
    if (r >= 0)
        r = image_look(h, &manifests, &policy, release, &image);
    if (r < 0)
        return r;
    tell(&image);
    return image.n_faults > 0 ? file_write_volatile(h, LOGGED, "", 0, 0644) : 0;
}
