/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/manifest.h"
#include "livepatch/view.h"
#include "state/results.h"

/* The transition that lpd.service follows. The kernel runs one at a time. */
struct followed {
    char *module;        /* NULL: none */
    bool patching;       /* when it was first seen, the patch was being enabled */
    bool enabled;        /* its direction as last seen */
    bool handled;        /* it took too long, and that has been dealt with */
    uint64_t since_usec; /* on host->ops->now(): when it was first seen, or seen to turn back */
};

void followed_done(struct followed *f);

/* Takes note of the patch in transition: a new one, or one that has turned back, has a clock of its
 * own. */
void followed_see(struct followed *f, const struct livepatch *running, uint64_t now);

/* Whether it is the transition of the load that is on record, and has taken longer than the manifest
 * of the patch allows. What comes after that, as when somebody disables the patch and enables it again,
 * is not lpd's and no reason to act on the patch. */
bool followed_is_overdue(const struct followed *f, const struct result *result,
                         const struct manifest *manifest, uint64_t now);
