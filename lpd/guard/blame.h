/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/policy.h"
#include "guard/evidence.h"
#include "state/ledger.h"
#include "state/results.h"

/* What follows from a fault for the build whose fault it is. */

enum blame {
    BLAME_NOTHING,     /* it was quarantined before */
    BLAME_NOTED,       /* OnFault=log: it stays on trial */
    BLAME_UNCONFIRMED, /* OnFault=log: it was confirmed, and is on trial again */
    BLAME_QUARANTINED,
};

/* Whether the fault is a patch's, so that fault->patch is valid. */
bool blame_is_due(const struct fault *f);

/* The patches that faults of this boot may be of: one for each module, and the index of its result.
 * Both arrays have room for as many as there are results. Returns their number. */
size_t blame_suspects(const struct result_list *l, struct evidence_patch *ret_patches, size_t *ret_results);

/* "kernel fault (oops) in the patch's code, in an earlier boot". when may be NULL. NULL if memory
 * runs out. */
char *blame_reason(const struct fault *f, const char *when);

/* Changes what is known of the build. Pure. One of enum blame, or -ENOMEM. */
int blame_apply(struct ledger_build *b, const struct fault *f, const char *reason, enum on_fault on_fault,
                uint64_t now_usec);

/* When a fault of this boot happened. What is recorded of the build may be newer: then the fault
 * was known when that was recorded. */
struct blame_moment {
    uint64_t usec; /* CLOCK_REALTIME */
    const char *boot_id;
};

/* The same in the ledger. Of about only kernel, sha256, name, module_name and build_id count. moment
 * is NULL for a fault of an earlier boot. One of enum blame, or a negative errno. */
int blame_record(const struct host *h, const struct ledger_build *about, const struct fault *f, const char *reason,
                 enum on_fault on_fault, const struct blame_moment *moment);

/* Sends the event about the result of blame_record(), unless that is BLAME_NOTHING. note is added to
 * the message; it may be NULL. */
void blame_tell(const struct ledger_build *about, int blame, const char *reason, const char *note);
