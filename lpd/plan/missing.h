/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* What "a required patch is missing" means, for status --check, the metrics and the lock. */

/* Whether the machine must not be without the patch with that index. A manifest that cannot be read may be
 * that of a required patch, so it counts as one. */
bool plan_requires(const struct snapshot *s, const struct plan *p, enum lock_require which, size_t i);

/* Whether it is such a patch and not in. One with a manifest that cannot be read never counts as in: which
 * build and which probe would be the right ones nobody can tell. The snapshot should have modules, or an older build counts as in: snapshot_is_in(). */
bool plan_is_missing(const struct snapshot *s, const struct plan *p, enum lock_require which, size_t i);

/* The names of all of them, in the order of the manifests. NULL: none is missing. 0 or -ENOMEM. */
int plan_missing(const struct snapshot *s, const struct plan *p, enum lock_require which, char ***ret);
