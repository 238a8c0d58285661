/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/manifest.h"
#include "livepatch/view.h"
#include "state/results.h"

/* The transition that lpd.service follows. The kernel runs one at a time. */
struct followed {
    char *module;        /* NULL: none */
    bool patching;       /* the patch was being enabled when it was first seen */
    bool enabled;        /* the last direction seen */
    bool handled;        /* it has taken too long, and OnStall= was applied */
    uint64_t since_usec; /* on host->ops->now(): when it was first seen, or seen to reverse */
};

void followed_done(struct followed *f);

/* Records the patch in transition. The clock starts anew for another patch, and when the transition
 * reverses. */
void followed_see(struct followed *f, const struct livepatch *running, uint64_t now);

/* Whether this is the transition of the recorded load and has taken longer than the patch's
 * manifest allows. Later transitions, for instance when another program disables the patch and
 * enables it again, are not lpd's, and OnStall= does not apply to them. */
bool followed_is_overdue(const struct followed *f, const struct result *result,
                         const struct manifest *manifest, uint64_t now);
