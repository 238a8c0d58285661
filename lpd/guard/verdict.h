/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/ledger.h"

/* What the ledger means for the next load of a build. Pure: nothing is read or written. */

enum guard_verdict {
    GUARD_CONFIRMED,   /* load it, and write nothing */
    GUARD_TRIAL,       /* write the attempt down, and load it only if that is on the disk */
    GUARD_QUARANTINED, /* do not load it */
};

/* The moment of a load. */
struct guard_moment {
    const char *boot_id; /* of this boot; NULL if none runs here: every attempt is of another one */
    const char *stage;   /* initrd, system */
    unsigned max_attempts; /* MaxAttempts= */
};

/* How many boots the build was in for that neither ended in order nor confirmed it: its attempts of
 * other boots than this one. */
size_t guard_crashes(const struct ledger_build *b, const char *boot_id);

/* b is NULL if nothing is known of the build. As many crashes as max_attempts are a quarantine even
 * if nobody has written it yet; whoever loads patches then does so, with ledger_quarantine(). */
enum guard_verdict guard_judge(const struct ledger_build *b, const struct guard_moment *m);

/* Why the build is quarantined: the recorded reason, or the crashes. NULL if memory runs out. */
char *guard_reason(const struct ledger_build *b, const struct guard_moment *m);
