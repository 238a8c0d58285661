/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "livepatch/facts.h"
#include "livepatch/kernel-flag.h"
#include "livepatch/load.h"
#include "livepatch/refusal.h"
#include "livepatch/sysfs.h"
#include "livepatch/transition.h"
#include "livepatch/view.h"
#include "livepatch/wait.h"

/* The kernel drops its reference right after the directory has disappeared
 * (kernel/livepatch/core.c, klp_free_patch_finish()), so anything longer has another cause. */
#define REFERENCE_TIMEOUT_USEC (5 * USEC_PER_SEC)

/* EBUSY is another patch's transition; EINVAL and ENOENT mean that another program was faster. */
static int ask_to_disable(struct host *h, void *userdata) {
    const char *name = userdata;
    int r;

    if (livepatch_flag_read(h, name, "enabled") <= 0)
        return 1;
    r = livepatch_write(h, name, "enabled", "0");
    if (r == -EBUSY || r == -EINVAL || r == -ENOENT)
        return 0;
    return r < 0 ? r : 1;
}

static int ask_whether_gone(struct host *h, void *userdata) {
    return !livepatch_is_registered(h, userdata);
}

/* Describes what keeps the kernel from starting to disable a patch, usually the transition of
 * another patch. */
static int describe_busy(struct host *h, const char *name, uint64_t timeout_usec, struct error *e) {
    _cleanup_free_ char *other = NULL;
    int r;

    if (transition_find(h, &other) <= 0)
        return error_set(e, -ETIME, EXIT_STATUS_TIMEOUT, "%s: the kernel refuses to disable it",
                         name);
    r = transition_stalled(h, other, "the transition", timeout_usec, e);
    return error_prefix(e, r, "%s cannot be disabled yet", name);
}

int livepatch_wait_gone(struct host *h, const char *name, uint64_t timeout_usec, struct error *e) {
    int r;

    r = wait_until(h, wait_deadline(h, timeout_usec), ask_whether_gone, (void *) name);
    if (r == -ETIME)
        return transition_stalled(h, name, "disabling it", timeout_usec, e);
    return MIN(r, 0);
}

static int ask_to_remove(struct host *h, void *userdata) {
    int r;

    r = h->ops->delete_module(h, userdata);
    if (r == -EWOULDBLOCK)
        return 0;
    return r < 0 && r != -ENOENT ? r : 1;
}

int livepatch_remove_module(struct host *h, const char *name, uint64_t timeout_usec,
                            struct error *e) {
    uint64_t timeout = MIN(timeout_usec, REFERENCE_TIMEOUT_USEC);
    int r;

    r = wait_until(h, wait_deadline(h, timeout), ask_to_remove, (void *) name);
    if (r == -ETIME)
        r = -EWOULDBLOCK;
    return r < 0 ? refusal_describe(h, REFUSAL_REMOVE, name, r, NULL, e) : 0;
}

static int disable(struct host *h, const char *name, uint64_t timeout_usec, struct error *e) {
    uint64_t deadline = wait_deadline(h, timeout_usec);
    int r;

    r = wait_until(h, deadline, ask_to_disable, (void *) name);
    if (r == -ETIME)
        return describe_busy(h, name, timeout_usec, e);
    if (r < 0)
        return refusal_describe(h, REFUSAL_WRITE, name, r, NULL, e);
    return livepatch_wait_gone(h, name, wait_remaining(h, deadline), e);
}

int livepatch_unload(struct host *h, const char *name, uint64_t timeout_usec, struct error *e) {
    _cleanup_(livepatch_done) struct livepatch p = { 0 };
    uint64_t deadline = wait_deadline(h, timeout_usec);
    int r;

    r = livepatch_read(h, name, &p);
    if (r == -ENOENT)
        return 0;
    if (r < 0)
        return error_set(e, r, EXIT_STATUS_FAILED, "%s: %s", name, strerror(-r));
    if (livepatch_is_plain_module(&p))
        return error_set(e, -EINVAL, EXIT_STATUS_REFUSED,
                         "%s: the module of that name is not a live patch", name);
    if (p.registered) {
        r = disable(h, p.name, timeout_usec, e);
        if (r < 0)
            return r;
    }
    /* With modules locked nothing more can be done. */
    if (kernel_flag_read(h, KERNEL_MODULES_DISABLED) == 1)
        return p.registered;
    r = livepatch_remove_module(h, p.name, wait_remaining(h, deadline), e);
    return r < 0 ? r : 1;
}
