/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <systemd/sd-daemon.h>

#include "base/file.h"
#include "base/strv.h"
#include "config/policy.h"
#include "lock/execute.h"
#include "lock/kernel-lock.h"
#include "lock/unit.h"
#include "state/lock.h"
#include "system/manager.h"

static void announce(struct host *h, const char *what) {
    (void) sd_notifyf(false, "READY=1\nSTATUS=Waiting: %s", what);
    lock_waits(h, what);
}

/* DelaySec= counts from the end of the boot, so that a start of the unit by hand later does not
 * wait again. */
static int wait_for_boot(struct host *h, struct manager *m, const struct policy *p,
                         struct error *e) {
    bool complete = p->lock == LOCK_BOOT_COMPLETE;
    const char *target = complete ? "boot-complete.target" : "multi-user.target";
    uint64_t since, now = h->ops->now(h);
    int r;

    r = manager_active_since(m, target, &since);
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot ask systemd about %s: %s", target,
                         strerror(-r));
    if (complete && since == 0)
        return error_hint(e, error_set(e, -ECANCELED, EXIT_STATUS_FAILED,
                                       "Lock=boot-complete, but boot-complete.target was not "
                                       "reached"),
                          "see systemctl status boot-complete.target");
    if (since == 0 || p->lock_delay_usec <= now - MIN(since, now))
        return 0;
    announce(h, "DelaySec= has not passed");
    h->ops->sleep(h, p->lock_delay_usec - (now - MIN(since, now)));
    return 0;
}

/* systemd reports success for a start that a condition prevented, and may have unloaded the unit
 * since. */
static int modules_not_recorded(struct manager *m, struct error *e) {
    _cleanup_free_ char *condition = NULL;
    int r;

    if (manager_failed_condition(m, LOCK_MODULES_UNIT, &condition) > 0)
        r = error_set(e, -ECANCELED, EXIT_STATUS_FAILED,
                      LOCK_MODULES_UNIT " was not started: a condition was not met: %s", condition);
    else
        r = error_set(e, -ECANCELED, EXIT_STATUS_FAILED,
                      LOCK_MODULES_UNIT " has not recorded that it loaded the modules of Modules=");
    return error_hint(e, r, "see systemctl status %s, and systemctl cat %s", LOCK_MODULES_UNIT,
                      LOCK_MODULES_UNIT);
}

/* Loading needs privileges that the lock lacks: a unit of its own does it, and records the modules
 * that it could not load. */
static int load_modules(struct host *h, struct manager *m, const struct policy *p,
                        struct error *e) {
    _cleanup_free_ char *job_result = NULL, *missing = NULL;
    bool recorded;
    int r;

    if (!p->lock_modules || !*p->lock_modules)
        return 1;
    r = file_unlink(h, LOCK_MODULES_RECORD); /* that of an earlier start */
    if (r < 0 && r != -ENOENT)
        return error_set(e, r, EXIT_STATUS_FAILED, "cannot remove " LOCK_MODULES_RECORD ": %s",
                         strerror(-r));
    r = manager_run_job(m, "RestartUnit", LOCK_MODULES_UNIT, &job_result, e);
    if (r < 0)
        return r;
    recorded = file_read_line(h, LOCK_MODULES_RECORD, &missing) >= 0;
    if (streq(job_result, "done"))
        return recorded ? 1 : modules_not_recorded(m, e);
    r = error_set(e, -ENOENT, EXIT_STATUS_FAILED, "%s",
                  recorded && *missing ? missing : "the modules of Modules= could not be loaded");
    return error_hint(e, r, "see systemctl status " LOCK_MODULES_UNIT
                            "; correct Modules=, or lock without them: "
                            "lpctl lock --ignore-missing");
}

static int lock(struct host *h, struct error *e) {
    _cleanup_(manager_freep) struct manager *m = NULL;
    _cleanup_(policy_done) struct policy p = {};
    int r;

    /* An error of the policy is a reason to refuse the lock. */
    r = policy_load(h, &p, NULL);
    if (r == -ENOMEM)
        return r;
    r = lock_wait(h, 0, e);
    if (r == 0)
        return 0;
    r = manager_connect(&m, e);
    if (r >= 0)
        r = wait_for_boot(h, m, &p, e);
    if (r < 0)
        return r;
    do {
        r = lock_wait(h, 0, e);
        if (r == -EAGAIN) {
            announce(h, error_message(e, r));
            r = lock_wait(h, USEC_INFINITY, e);
        }
        if (r > 0)
            r = load_modules(h, m, &p, e);
        if (r > 0)
            r = lock_execute(h, e);
    } while (r == -EAGAIN);
    return r;
}

int lock_unit(struct host *h, struct error *e) {
    int r = lock(h, e);

    if (r >= 0)
        (void) sd_notify(false, "READY=1\nSTATUS=Modules are locked until reboot");
    return r;
}
