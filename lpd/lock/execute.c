/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "base/strv.h"
#include "livepatch/kernel-flag.h"
#include "livepatch/transition.h"
#include "livepatch/wait.h"
#include "load/gate-record.h"
#include "lock/execute.h"
#include "lock/kernel-lock.h"
#include "lock/may-lock.h"
#include "state/lock.h"
#include "store/changes-lock.h"
#include "system/udev.h"

#define CHANGES_TIMEOUT_USEC (60 * USEC_PER_SEC)

struct look {
    struct snapshot snapshot;
    struct plan plan;
};

static void look_done(struct look *l) {
    plan_done(&l->plan);
    snapshot_done(&l->snapshot);
}

static int look_once(struct host *h, unsigned flags, struct look *l, struct error *e) {
    int r;

    r = snapshot_take(h, flags, &l->snapshot, e);
    if (r >= 0)
        r = plan_make(&l->snapshot, &l->plan);
    return r < 0 ? r : lock_decide(&l->snapshot, &l->plan, e);
}

/* Reads the modules, to compare builds, only when no other condition refuses the lock. */
static int look(struct host *h, struct look *l, struct error *e) {
    int r;

    r = look_once(h, 0, l, e);
    if (r <= 0)
        return r;
    look_done(l);
    *l = (struct look){};
    return look_once(h, SNAPSHOT_MODULES, l, e);
}

struct waiting {
    struct error *e;
    int r;
};

static int ask(struct host *h, void *userdata) {
    _cleanup_(look_done) struct look l = {};
    _cleanup_free_ char *running = NULL;
    struct waiting *w = userdata;

    /* While a transition runs there is no need to check everything. */
    if (w->r == -EAGAIN && transition_find(h, &running) > 0)
        return 0;
    w->r = look(h, &l, w->e);
    return w->r != -EAGAIN;
}

int lock_wait(struct host *h, uint64_t timeout_usec, struct error *e) {
    struct waiting w = { .e = e };

    (void) wait_until(h, wait_deadline(h, timeout_usec), ask, &w);
    return w.r;
}

static void put_on_record(struct host *h, const char *state, const char *reason) {
    _cleanup_(lock_record_done) struct lock_record record = { .uid = -1 };
    int r;

    record.pid = streq(state, "waiting") ? getpid() : 0;
    r = string_set(&record.state, state);
    if (r >= 0)
        r = string_set(&record.reason, reason);
    if (r >= 0)
        r = lock_record_sign(h, &record);
    if (r >= 0)
        (void) lock_record_write(h, &record);
}

static bool is_halfway(const struct host *h) {
    return kernel_flag_read(h, KERNEL_MODULES_DISABLED) == 1;
}

const char *lock_failed_words(const struct host *h) {
    return is_halfway(h) ? "" : "modules are not locked: ";
}

void lock_refused(struct host *h, const char *reason) {
    put_on_record(h, is_halfway(h) ? "locked" : "refused", reason);
}

void lock_waits(struct host *h, const char *reason) {
    put_on_record(h, "waiting", reason);
}

static int close_all(struct host *h, const struct policy *p, struct error *e) {
    int r, sealed = 0;

    r = lock_kernel(h, p->lock_kexec, e);
    if (r >= 0 && p->lock_seal)
        sealed = lock_ask_for_seal(h, e);
    if (sealed < 0)
        return error_prefix(e, sealed, "modules are locked, but the patches could not be sealed");
    return r < 0 ? r : r || sealed;
}

int lock_execute(struct host *h, struct error *e) {
    _cleanup_(changes_lock_freep) struct changes_lock *changes = NULL;
    _cleanup_(look_done) struct look l = {};
    int r;

    /* Waits until no command changes patches: another build may be replacing a patch that is
     * unloaded for a moment. */
    r = changes_lock_take(h, "the lock of modules", CHANGES_TIMEOUT_USEC, NULL, NULL, &changes, e);
    if (r < 0)
        return r;
    /* A machine whose devices are never idle is locked anyway. */
    udev_wait_idle(h);
    r = look(h, &l, e);
    if (r <= 0)
        return r;
    r = gate_enforce(h, &l.snapshot, e);
    if (r >= 0)
        r = close_all(h, &l.snapshot.policy, e);
    if (r > 0)
        put_on_record(h, "locked", NULL);
    return r;
}
