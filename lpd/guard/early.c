/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/strv.h"
#include "guard/early-place.h"
#include "guard/early.h"
#include "state/early-copy.h"
#include "state/early-volume.h"
#include "state/image.h"
#include "state/results.h"
#include "system/manager.h"

/* That this boot's attempts of the initramfs are in the ledger. No result of a patch has this name. */
#define FETCHED RESULTS_DIRECTORY "/early-fetched"

int early_place_of_image(const struct host *h, const char *release, char **ret) {
    _cleanup_(image_record_done) struct image_record record = {};
    uint64_t usec;
    int r;

    r = image_record_read_built(h, release, &record, &usec);
    if (r == -ENOMEM)
        return r;
    *ret = TAKE_PTR(record.ledger);
    return 0;
}

static bool is_volume(const char *place) {
    return !streq(place, EARLY_EFI);
}

/* Where nothing was written yet, nothing is on record. */
static int read_place(struct host *h, const char *place, struct ledger_list *ret) {
    _cleanup_(early_place_close) struct early_place p = EARLY_PLACE_NULL;
    _cleanup_(ledger_list_done) struct ledger_list l = {};
    int r;

    r = early_place_open(h, place, /* writable= */ false, &p);
    if (r >= 0)
        r = early_ledger_read(&p, &l);
    if (r < 0 && r != -ENOENT)
        return r;
    if (r >= 0 && is_volume(place))
        (void) early_copy_write(h, place, &l);
    *ret = TAKE_STRUCT(l);
    return 0;
}

static int write_place(struct host *h, const char *place, const struct ledger_list *l) {
    _cleanup_(early_place_close) struct early_place p = EARLY_PLACE_NULL;
    int r;

    if (is_volume(place) && early_copy_is(h, place, l))
        return 0;
    r = early_place_open(h, place, /* writable= */ true, &p);
    if (r >= 0)
        r = early_ledger_write(&p, l);
    if (r >= 0 && is_volume(place))
        (void) early_copy_write(h, place, l);
    return r;
}

int early_ledger_fetch(struct host *h, const char *place) {
    _cleanup_(ledger_list_done) struct ledger_list l = {};
    int r;

    if (is_volume(place))
        early_mark_volume(h);
    r = read_place(h, place, &l);
    for (size_t i = 0; i < l.n_builds && r >= 0; i++)
        r = ledger_write(h, &l.builds[i]);
    return r;
}

static int push(struct host *h, const char *place) {
    _cleanup_(ledger_list_done) struct ledger_list l = {};
    int r;

    r = ledger_list_read(h, &l);
    return r < 0 ? r : write_place(h, place, &l);
}

int early_attempt_add(struct host *h, const char *place, const struct ledger_build *build,
                      const struct ledger_attempt *attempt) {
    int r;

    r = ledger_attempt_add(h, build, attempt);
    if (r <= 0)
        return r;
    r = push(h, place);
    if (r < 0)
        (void) ledger_attempt_remove(h, build->kernel, build->sha256, attempt->boot_id);
    return r < 0 ? r : 1;
}

int early_attempt_remove(struct host *h, const char *place, const char *kernel, const char *sha256,
                         const char *boot_id) {
    int r;

    r = ledger_attempt_remove(h, kernel, sha256, boot_id);
    return r <= 0 ? r : push(h, place);
}

/* What the initramfs knew of a build of which the host knows nothing, or its attempts. */
static int merge(struct host *h, const struct ledger_build *early) {
    _cleanup_(ledger_build_done) struct ledger_build known = {};
    int r;

    r = ledger_read(h, early->kernel, early->sha256, &known);
    if (r == -ENOENT)
        return ledger_write(h, early);
    if (r < 0)
        return r;
    r = 0;
    for (size_t i = 0; i < early->n_attempts && r >= 0; i++)
        r = ledger_attempt_add(h, early, &early->attempts[i]);
    return r == -EPERM ? 0 : r;
}

/* An early ledger that is damaged is written anew. */
static int fetch_once(struct host *h, const char *place) {
    _cleanup_(ledger_list_done) struct ledger_list l = {};
    int r, result = 0;

    if (file_exists(h, FETCHED))
        return 0;
    r = is_volume(place) ? early_copy_read(h, place, &l) : -ENOENT;
    if (r < 0)
        r = read_place(h, place, &l);
    if (r < 0 && r != -EBADMSG && r != -EPROTONOSUPPORT)
        return r;
    for (size_t i = 0; i < l.n_builds; i++)
        (void) RET_GATHER(result, merge(h, &l.builds[i]));
    return result < 0 ? result : file_write_volatile(h, FETCHED, "", 0, 0644);
}

static bool was_early(const struct ledger_build *b) {
    for (size_t i = 0; i < b->n_attempts; i++)
        if (streq(b->attempts[i].stage, "initrd"))
            return true;
    return b->state == LEDGER_QUARANTINED || streq(strempty(b->stage), "initrd");
}

static bool is_in_image(const struct host *h, const struct ledger_build *b) {
    _cleanup_(image_record_done) struct image_record record = {};
    uint64_t usec;

    if (image_record_read_built(h, b->kernel, &record, &usec) < 0)
        return false;
    for (size_t i = 0; i < record.n_patches; i++)
        if (streq(strempty(record.patches[i].sha256), b->sha256))
            return true;
    return false;
}

static bool has_modules(const struct host *h, const char *kernel) {
    char path[sizeof("/usr/lib/modules/") + 256];

    (void) snprintf(path, sizeof(path), "/usr/lib/modules/%s", kernel);
    return file_exists(h, path) || file_exists(h, path + STRLEN("/usr"));
}

/* Records of a kernel that is gone only take room. A service from which the modules are hidden
 * (ProtectKernelModules=) does not know. */
static bool is_installed(const struct host *h, const char *running, const char *kernel) {
    return has_modules(h, kernel) || !has_modules(h, running);
}

/* Of the host's builds those that an initramfs may load. */
static int write_early(struct host *h, const char *place) {
    _cleanup_(ledger_list_done) struct ledger_list l = {};
    _cleanup_free_ char *running = NULL;
    size_t n = 0;
    int r;

    r = h->ops->release(h, &running);
    if (r >= 0)
        r = ledger_list_read(h, &l);
    if (r < 0)
        return r;
    for (size_t i = 0; i < l.n_builds; i++) {
        struct ledger_build *b = &l.builds[i];

        if (!is_installed(h, running, b->kernel) || (!was_early(b) && !is_in_image(h, b)) ||
            (b->state == LEDGER_TRIAL && b->n_attempts == 0))
            ledger_build_done(b);
        else
            l.builds[n++] = TAKE_STRUCT(*b);
    }
    l.n_builds = n;
    return write_place(h, place, &l);
}

/* This boot's initramfs wrote to the place of its own image; the next one reads that of the image
 * that was built last, which usually is the same. */
static int find_places(struct host *h, char **ret_booted, char **ret_built) {
    _cleanup_(image_record_done) struct image_record booted = {};
    _cleanup_free_ char *release = NULL;
    int r;

    r = h->ops->release(h, &release);
    if (r < 0)
        return r;
    r = image_record_read(h, &booted);
    if (r == -ENOMEM)
        return r;
    *ret_booted = TAKE_PTR(booted.ledger);
    return early_place_of_image(h, release, ret_built);
}

int ledger_early_sync(struct host *h) {
    _cleanup_free_ char *booted = NULL, *built = NULL;
    int r;

    r = find_places(h, &booted, &built);
    if (r >= 0 && booted)
        r = fetch_once(h, booted);
    if (r < 0)
        return r;
    return built || booted ? write_early(h, built ?: booted) : 0;
}

void ledger_early_sync_soon(struct host *h) {
    _cleanup_(manager_freep) struct manager *m = NULL;

    if (ledger_early_sync(h) < 0 && file_exists(h, EARLY_ON_VOLUME) && manager_is_running(h) &&
        manager_connect(&m, NULL) >= 0)
        (void) manager_queue_job(m, "ReloadOrRestartUnit", "lpd-early.service", NULL);
}

/* Not an image builder, which works in a root directory of its own. */
static bool is_here(const struct host *h) {
    return h->live && manager_is_running(h);
}

/* Without the copy the place itself is asked. */
static bool takes_ledger(struct host *h, const char *place) {
    if (!is_here(h))
        return false;
    early_copy_forget(h);
    if (write_early(h, place) < 0)
        return false;
    if (is_volume(place))
        early_mark_volume(h);
    return true;
}

/* Where a volume with drivers in the image can be, the best one first. */
static int find_volume(struct host *h, char **ret) {
    static const char *const directories[] = { "/boot", "/efi", "/boot/efi" };

    for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
        _cleanup_free_ char *place = NULL;
        int r = early_place_of_mount(h, directories[i], &place);

        if (r < 0)
            return r;
        if (place && takes_ledger(h, place)) {
            *ret = TAKE_PTR(place);
            return 0;
        }
    }
    return 0;
}

/* Whether another machine has variables of the firmware shows when it boots. */
static int settle_auto(struct host *h, const struct policy *p, char **ret) {
    if (!is_here(h))
        return string_set(ret, p->store_device ?: EARLY_EFI);
    if (takes_ledger(h, EARLY_EFI))
        return string_set(ret, EARLY_EFI);
    if (p->store_device && takes_ledger(h, p->store_device))
        return string_set(ret, p->store_device);
    return find_volume(h, ret);
}

int early_place_settle(struct host *h, const struct policy *p, char **ret) {
    const char *wanted = strempty(p->guard_ledger);

    *ret = NULL;
    if (streq(wanted, "none"))
        return 0;
    if (!*wanted || streq(wanted, "auto"))
        return settle_auto(h, p, ret);
    (void) takes_ledger(h, wanted);
    return string_set(ret, wanted);
}
