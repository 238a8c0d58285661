/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "base/strv.h"
#include "guard/verdict.h"

size_t guard_crashes(const struct ledger_build *b, const char *boot_id) {
    size_t n = 0;

    for (size_t i = 0; i < b->n_attempts; i++)
        n += !boot_id || !streq(b->attempts[i].boot_id, boot_id);
    return n;
}

enum guard_verdict guard_judge(const struct ledger_build *b, const struct guard_moment *m) {
    if (!b)
        return GUARD_TRIAL;
    if (b->state == LEDGER_QUARANTINED)
        return GUARD_QUARANTINED;
    /* Attempts that remain are of an earlier stage, where it was not confirmed. */
    if (ledger_build_is_confirmed(b, m->stage))
        return GUARD_CONFIRMED;
    return guard_crashes(b, m->boot_id) >= m->max_attempts ? GUARD_QUARANTINED : GUARD_TRIAL;
}

char *guard_reason(const struct ledger_build *b, const struct guard_moment *m) {
    size_t n = guard_crashes(b, m->boot_id);
    char *reason;

    if (b->reason)
        return strdup(b->reason);
    if (n == 0)
        return strdup("it was put into quarantine");
    if (asprintf(&reason, "%zu %s ended without an orderly shutdown while it was on trial", n,
                 n == 1 ? "boot" : "boots in a row") < 0)
        return NULL;
    return reason;
}
