/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livepatch/view.h"
#include "state/results.h"

/* Patches whose cumulative successor has gone: nothing of them is in the kernel, and their units still count as
 * started. */
struct orphans {
    char **replaced; /* patches that another one has replaced */
    char **handled;  /* orphans that somebody has dealt with */
};

void orphans_done(struct orphans *o);

/* Whether a cumulative patch may have replaced the one with that module: one that was loaded over it, or not by
 * lpd. own is what is on record of the latter, or NULL. */
bool orphans_may_be_replaced(const struct livepatch_list *l, const struct result_list *results, const char *patch,
                             const struct result *own);

/* Whether one that is out again had replaced it, by what is on record: what happened before lpd.service ran is
 * known by that alone. */
bool orphans_was_replaced(const struct livepatch_list *l, const struct result_list *results, const char *patch,
                          const struct result *own);

/* Finds those that nobody has dealt with, by their own names, while no transition runs. Of several that replaced
 * each other it is the last one. 0 or -ENOMEM. */
int orphans_find(struct orphans *o, const struct livepatch_list *l, const struct result_list *results, char ***ret);
