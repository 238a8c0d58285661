/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/file.h"
#include "base/realtime.h"
#include "base/strv.h"
#include "guard/blame.h"
#include "guard/early.h"
#include "guard/notice.h"
#include "livepatch/load.h"
#include "livepatch/sysfs.h"
#include "monitor/faults.h"
#include "state/judged.h"
#include "system/manager.h"

/* How much is read at a time: more than the kernel keeps. */
#define LOG_MAX ((size_t) 16 * 1024 * 1024)
/* How much of what was judged is kept, so that a report that was cut is judged once more. */
#define KEPT_MAX ((size_t) 32 * 1024)
/* A load is recorded just before it happens. */
#define GRAIN_USEC (50 * USEC_PER_MSEC)
/* How long this service waits for a patch that it unloads. */
#define UNLOAD_USEC (10 * USEC_PER_SEC)

void faults_done(struct faults *f) {
    kernel_log_done(&f->log);
}

int faults_read(struct faults *f, struct host *h, int fd) {
    int r = kernel_log_add(&f->log, fd, LOG_MAX);

    if (r > 0 && f->begun)
        f->skew_usec = (int64_t) (h->ops->now(h) - f->log.last_usec);
    return r;
}

/* On CLOCK_MONOTONIC. */
static uint64_t time_of(const struct faults *f, const struct fault *fault) {
    return fault->usec + (uint64_t) f->skew_usec;
}

/* Whether the fault is known already, because its lines were kept, or because an earlier process of the
 * service has told of it. */
static bool is_handled(struct faults *f, const struct fault *fault) {
    if (fault->usec > 0 && fault->usec <= f->told_usec)
        return true;
    for (size_t i = 0; i < ELEMENTSOF(f->handled); i++)
        if (fault->usec > 0 && f->handled[i] == fault->usec)
            return true;
    f->handled[f->next++ % ELEMENTSOF(f->handled)] = fault->usec;
    return false;
}

/* The patch stays recorded as failed, and systemctl status shows the reason. */
static void fail(struct host *h, const struct result *result, const char *reason) {
    struct result failed = *result;

    failed.state = (char *) "failed";
    failed.reason = (char *) reason;
    failed.hint = failed.cause = NULL;
    failed.exit_status = EXIT_STATUS_FAILED;
    failed.loaded = false;
    (void) result_write(h, &failed);
    manager_stop_patch(h, result->name);
}

/* Returns what the event says of it; the caller frees it. */
static char *revert(struct host *h, const struct result *result, const char *reason) {
    const char *module = result->module_name ?: result->name;
    _cleanup_(error_done) struct error e = ERROR_NULL;
    char *note;
    int r;

    r = livepatch_unload(h, module, UNLOAD_USEC, &e);
    /* Disabled is enough: a task that died in its code may hold its module for ever. */
    if (r < 0 && (livepatch_is_registered(h, module) || livepatch_flag_read(h, module, "enabled") > 0)) {
        if (asprintf(&note, "it could not be unloaded: %s", error_message(&e, r)) < 0)
            return NULL;
        return note;
    }
    fail(h, result, reason);
    return strdup("it has been unloaded");
}

static int handle(struct faults *f, struct host *h, const struct result *result, const struct fault *fault) {
    _cleanup_free_ char *release = NULL, *boot_id = NULL, *reason = blame_reason(fault, "in this boot"), *note = NULL;
    uint64_t ago = h->ops->now(h) - MIN(time_of(f, fault), h->ops->now(h));
    struct blame_moment moment = { .usec = realtime_usec() - ago };
    _cleanup_(policy_done) struct policy policy = {};
    int r, blame;

    r = policy_load(h, &policy, NULL);
    if (!reason || r == -ENOMEM)
        return -ENOMEM;
    r = h->ops->release(h, &release);
    if (r < 0)
        return r;
    (void) file_read_line(h, "/proc/sys/kernel/random/boot_id", &boot_id);
    moment.boot_id = boot_id;
    struct ledger_build about = { .kernel = release, .sha256 = result->sha256, .name = result->name,
                                  .module_name = result->module_name, .build_id = result->build_id };

    /* Of a patch that another program loaded the build is not known. */
    blame = !about.sha256 ? BLAME_NOTED : blame_record(h, &about, fault, reason, policy.guard_on_fault, &moment);
    if (blame == BLAME_NOTHING || blame == -ENOMEM)
        return blame;
    if (blame == BLAME_QUARANTINED || blame == BLAME_UNCONFIRMED)
        ledger_early_sync_soon(h);
    if (policy.guard_on_fault == ON_FAULT_REVERT && result->loaded)
        note = revert(h, result, reason);
    else if (!about.sha256 && policy.guard_on_fault != ON_FAULT_LOG)
        note = strdup("lpd does not know which build is loaded, so none is quarantined");
    blame_tell(&about, blame, reason, note);
    if (blame >= 0)
        f->newest_usec = MAX(f->newest_usec, fault->usec);
    if (blame == BLAME_QUARANTINED)
        (void) notice_update(h);
    return 1;
}

/* A fault of before the load is one of an earlier build. */
static int judge_one(struct faults *f, struct host *h, const struct result *result, const struct fault *fault) {
    if (!blame_is_due(fault) || time_of(f, fault) + GRAIN_USEC < result->monotonic_usec || is_handled(f, fault))
        return 0;
    return handle(f, h, result, fault);
}

int faults_judge(struct faults *f, struct host *h, const struct result_list *l) {
    _cleanup_free_ struct evidence_patch *patches = calloc(MAX(l->n_results, (size_t) 1), sizeof(*patches));
    _cleanup_free_ size_t *indices = calloc(MAX(l->n_results, (size_t) 1), sizeof(*indices));
    _cleanup_(evidence_done) struct evidence found = {};
    uint64_t told;
    int r, n = 0;

    if (!patches || !indices)
        return -ENOMEM;
    if (!f->begun)
        f->told_usec = f->newest_usec = faults_told_read(h);
    told = f->newest_usec;
    r = evidence_find(f->log.data, f->log.size, patches, blame_suspects(l, patches, indices), &found);
    for (size_t i = 0; i < found.n_faults && r >= 0; i++) {
        r = found.faults[i].patch == SIZE_MAX
                ? 0
                : judge_one(f, h, l->results + indices[found.faults[i].patch], &found.faults[i]);
        n += r > 0;
    }
    if (f->newest_usec > told)
        (void) faults_told_write(h, f->newest_usec);
    f->begun = true;
    kernel_log_keep(&f->log, KEPT_MAX);
    return r < 0 ? r : n;
}
