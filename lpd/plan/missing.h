/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* The meaning of "a required patch is missing", for status --check, the metrics and the lock. */

/* Whether the patch with that index is required. A manifest with an error may be that of a
 * required patch, so it counts as one. */
bool plan_requires(const struct snapshot *s, const struct plan *p, enum lock_require which, size_t i);

/* Whether it is required and not loaded. A patch whose manifest has an error never counts as
 * loaded: its right build and its probe are unknown. The snapshot should include modules,
 * otherwise an older build counts as loaded: snapshot_is_in(). */
bool plan_is_missing(const struct snapshot *s, const struct plan *p, enum lock_require which, size_t i);

/* The names of all of them, and of those that are required and whose transition has stalled, in the
 * order of the manifests. NULL: none is missing. 0 or -ENOMEM. */
int plan_missing(const struct snapshot *s, const struct plan *p, enum lock_require which, char ***ret);
