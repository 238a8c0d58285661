/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/policy.h"
#include "guard/evidence.h"
#include "state/ledger.h"

/* What follows from a fault for the build whose fault it is. */

enum blame {
    BLAME_NOTHING,     /* it was quarantined before */
    BLAME_NOTED,       /* OnFault=log: it stays on trial */
    BLAME_UNCONFIRMED, /* OnFault=log: it was confirmed, and is on trial again */
    BLAME_QUARANTINED,
};

/* Whether the fault is a patch's, so that fault->patch is valid. */
bool blame_is_due(const struct fault *f);

/* "kernel fault (oops) in the patch's code, in an earlier boot". when may be NULL. NULL if memory
 * runs out. */
char *blame_reason(const struct fault *f, const char *when);

/* Changes what is known of the build. Pure. One of enum blame, or -ENOMEM. */
int blame_apply(struct ledger_build *b, const struct fault *f, const char *reason, enum on_fault on_fault,
                uint64_t now_usec);

/* The same in the ledger, and sends the event of the journal. Of about only kernel, sha256, name,
 * module_name and build_id count. note is added to the message; NULL: nothing. One of enum blame,
 * or a negative errno: the event says that the ledger could not be written. */
int blame_record(const struct host *h, const struct ledger_build *about, const struct fault *f, const char *when,
                 enum on_fault on_fault, const char *note);
