/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "livepatch/view.h"
#include "state/results.h"

/* Orphans: patches whose cumulative successor was unloaded. None of their code is in the kernel,
 * but their units are still active. */
struct orphans {
    char **replaced; /* patches that another patch has replaced */
    char **handled;  /* orphans whose units were handled */
};

void orphans_done(struct orphans *o);

/* Whether a cumulative patch may have replaced the patch with that module: one that was loaded
 * after it, or one that lpd did not load. own is the record of the replaced patch, or NULL. */
bool orphans_may_be_replaced(const struct livepatch_list *l, const struct result_list *results, const char *patch,
                             const struct result *own);

/* Whether one that is out again had replaced it, by what is on record: what happened before lpd.service ran is
 * known by that alone. */
bool orphans_was_replaced(const struct livepatch_list *l, const struct result_list *results, const char *patch,
                          const struct result *own);

/* Finds the orphans that were not handled yet, by patch name, while no transition runs. If several
 * of them replaced each other, finds the last one. 0 or -ENOMEM. */
int orphans_find(struct orphans *o, const struct livepatch_list *l, const struct result_list *results, char ***ret);
