/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "guard/check.h"

struct guard_moment guard_moment_of(const struct gate *g) {
    return (struct guard_moment){
        .boot_id = g->boot_id,
        .stage = g->stage ?: "system",
        .max_attempts = g->machine->policy->guard_max_attempts,
    };
}

static int refuse(const struct ledger_build *b, const struct guard_moment *m, struct error *e) {
    _cleanup_free_ char *reason = guard_reason(b, m);
    int r;

    if (!reason)
        return -ENOMEM;
    r = error_set(e, -EOWNERDEAD, EXIT_STATUS_QUARANTINED, "this build is quarantined: %s", reason);
    return error_hint(e, r, "install another build, or give this one another chance: lpctl clear %s", b->name);
}

static int describe_unreadable(const struct gate *g, const char *sha256, int r, struct error *e) {
    if (r == -EACCES || r == -EPERM)
        return error_set(e, r, EXIT_STATUS_PRIVILEGE, "the ledger cannot be read: %s", strerror(-r));
    (void) error_set(e, -EREMOTEIO, EXIT_STATUS_FAILED, "the record of this build in the ledger cannot be read: %s",
                     r == -EBADMSG ? "it is not valid" : strerror(-r));
    return error_hint(e, -EREMOTEIO, "to put it on trial again: rm " LEDGER_DIRECTORY "/%s/%s.json", g->release,
                      sha256);
}

int guard_check(struct host *h, const struct gate *g, const char *sha256, struct error *e) {
    const struct guard_moment moment = guard_moment_of(g);
    _cleanup_(ledger_build_done) struct ledger_build b = {};
    int r;

    r = g->release ? ledger_read(h, g->release, sha256, &b) : -ENOENT;
    if (r == -ENOMEM)
        return r;
    if (r == -ENOENT || r == -EINVAL)
        return 0;
    if (r < 0)
        return describe_unreadable(g, sha256, r, e);
    return guard_judge(&b, &moment) == GUARD_QUARANTINED ? refuse(&b, &moment, e) : 0;
}

char *guard_describe(const struct ledger_build *b, const struct guard_moment *m) {
    size_t crashes = b ? guard_crashes(b, m->boot_id) : 0;
    char *text;
    int r;

    if (guard_judge(b, m) == GUARD_CONFIRMED)
        return strdup("confirmed on this machine");
    if (crashes == 0)
        return strdup("on trial: this machine has not confirmed it yet");
    r = asprintf(&text, "on trial: %zu of MaxAttempts=%u boots ended without an orderly shutdown", crashes,
                 m->max_attempts);
    return r < 0 ? NULL : text;
}
