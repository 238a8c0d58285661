/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/realtime.h"
#include "base/strv.h"
#include "config/name.h"
#include "guard/early.h"
#include "guard/notice.h"
#include "livepatch/sysfs.h"
#include "load/attempt.h"
#include "load/trial.h"
#include "system/manager.h"

/* Borrows its texts. */
static struct ledger_build build_of(const struct attempt *a) {
    return (struct ledger_build){
        .kernel = a->snapshot->facts.release,
        .sha256 = (char *) a->file->sha256,
        .name = a->result->name,
        .module_name = a->file->info.name,
        .build_id = a->file->info.build_id,
    };
}

static bool is_confirmed(const struct host *h, const struct attempt *a, const struct guard_moment *m) {
    _cleanup_(ledger_build_done) struct ledger_build b = {};

    return ledger_read(h, a->snapshot->facts.release, a->file->sha256, &b) >= 0 &&
           guard_judge(&b, m) == GUARD_CONFIRMED;
}

static int write_host(struct host *h, const struct ledger_build *b, const struct ledger_attempt *attempt) {
    int r = attempt->boot_id ? ledger_attempt_add(h, b, attempt) : -ENODATA;

    if (r > 0)
        ledger_early_sync_soon(h);
    return r;
}

/* 1: it is on the disk now; 0: nothing has to be written; or a negative errno: in the initramfs with e. */
static int write_down(struct host *h, const struct attempt *a, const char *stage, struct error *e) {
    const struct guard_moment m = { .boot_id = a->snapshot->facts.boot_id, .stage = stage };
    const struct ledger_build b = build_of(a);
    const struct ledger_attempt attempt = { .boot_id = a->snapshot->facts.boot_id,
                                            .stage = (char *) stage,
                                            .usec = realtime_usec() };

    if (is_confirmed(h, a, &m))
        return 0;
    return a->snapshot->in_initrd ? trial_note(h, a->snapshot, &b, &attempt, e)
                                  : write_host(h, &b, &attempt);
}

static bool was_postponed(const struct attempt *a) {
    const struct result *before = result_list_find(&a->snapshot->results, a->result->name);

    return a->result->late_reason || (before && streq(strempty(before->action), "wait"));
}

/* Whether the machine loads it by itself. If systemd cannot be asked, that is assumed. */
static bool is_boot(const struct host *h, const struct attempt *a) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    uint64_t end = 0;

    if (was_postponed(a))
        return true;
    if (!getenv("INVOCATION_ID") || !manager_is_running(h))
        return false;
    return manager_connect(&m, NULL) < 0 || manager_boot_end(m, &end) < 0 || end == 0;
}

int attempt_begin(struct host *h, void *attempt, struct error *e) {
    struct attempt *a = attempt;
    int r;

    r = write_down(h, a, a->snapshot->in_initrd ? "initrd" : "system", e);
    if (a->snapshot->in_initrd && r == -EDQUOT && string_set(&a->result->cause, CAUSE_ON_TRIAL) < 0)
        return -ENOMEM;
    if (r == -ENOMEM || (a->snapshot->in_initrd && r < 0))
        return r;
    a->written |= r > 0;
    if (r >= 0)
        return 0;
    if (!is_boot(h, a))
        return string_set(&a->result->unguarded, strerror(-r));
    (void) error_set(e, -EROFS, EXIT_STATUS_FAILED,
                     "it is on trial, and its attempt cannot be written to " LEDGER_DIRECTORY ": %s", strerror(-r));
    return error_hint(e, -EROFS, "make that directory writable before livepatch.target; to load it now: lpctl load %s",
                      a->result->name);
}

/* place: of the early ledger, in the initramfs. */
static int take_back(struct host *h, const char *place, const char *release, const char *sha256,
                     const char *boot_id) {
    int r;

    if (place)
        return early_attempt_remove(h, place, release, sha256, boot_id);
    r = ledger_attempt_remove(h, release, sha256, boot_id);
    if (r > 0)
        ledger_early_sync_soon(h);
    return r;
}

void attempt_end(struct host *h, const struct attempt *a, int r) {
    _cleanup_free_ char *module_name = NULL;

    if (r >= 0 || !a->written)
        return;
    module_name = patch_name_to_module(a->file->info.name);
    if (module_name && !livepatch_is_registered(h, module_name))
        (void) take_back(h, a->snapshot->early_place, a->snapshot->facts.release, a->file->sha256,
                         a->snapshot->facts.boot_id);
}

void attempt_catch_up(struct host *h, const struct attempt *a) {
    const char *sha256 = a->result->loaded ? a->result->sha256 : NULL;

    /* Of other bytes with the same build id only a load would tell whether they are good. */
    if (!a->snapshot->in_initrd && (!sha256 || streq(sha256, a->file->sha256)))
        (void) write_down(h, a, streq(strempty(a->result->stage), "initrd") ? "initrd" : "system", NULL);
}

void attempt_take_back(struct host *h, const struct result *r) {
    _cleanup_free_ char *boot_id = NULL, *release = NULL;

    if (!r->sha256 || file_read_line(h, "/proc/sys/kernel/random/boot_id", &boot_id) < 0 ||
        h->ops->release(h, &release) < 0)
        return;
    (void) take_back(h, NULL, release, r->sha256, boot_id);
}

/* If systemd does not know soft-reboots, it has no such job. */
static bool is_last_of_boot(const struct host *h) {
    _cleanup_(manager_freep) struct manager *m = NULL;

    return manager_is_running(h) && manager_connect(&m, NULL) >= 0 && manager_is_stopping(m) &&
           manager_has_job(m, "soft-reboot.target") <= 0;
}

int attempt_end_boot(struct host *h, struct error *e) {
    _cleanup_free_ char *boot_id = NULL;
    int r, early;

    if (!is_last_of_boot(h))
        return 0;
    /* What the initramfs noted is taken back as well, so it has to be known first. */
    early = ledger_early_sync(h);
    r = file_read_line(h, "/proc/sys/kernel/random/boot_id", &boot_id);
    if (r >= 0)
        r = ledger_boot_end(h, boot_id);
    if (r >= 0 && early >= 0)
        early = ledger_early_sync(h);
    if (r >= 0 && early < 0)
        return error_set(e, early, EXIT_STATUS_FAILED, "the attempts of this boot cannot be taken back "
                         "from the early ledger, so it may count as a crash of the patches on trial: %s",
                         strerror(-early));
    if (r >= 0)
        return 0;
    return error_set(e, r, EXIT_STATUS_FAILED, "the attempts of this boot cannot be taken back from "
                     LEDGER_DIRECTORY ", so it counts as a crash of the patches on trial: %s", strerror(-r));
}

void attempt_quarantine(struct host *h, const struct attempt *a) {
    const struct guard_moment m = snapshot_guard_moment(a->snapshot);
    _cleanup_(ledger_build_done) struct ledger_build known = {};
    const struct ledger_build b = build_of(a);
    _cleanup_free_ char *reason = NULL;

    if (a->snapshot->in_initrd || ledger_read(h, b.kernel, b.sha256, &known) < 0 ||
        known.state == LEDGER_QUARANTINED)
        return;
    reason = guard_reason(&known, &m);
    if (reason && ledger_quarantine(h, &b, reason, NULL) > 0) {
        (void) notice_update(h);
        ledger_early_sync_soon(h);
    }
}
