/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/snapshot.h"
#include "report/value.h"

/* Adds what the patches of this machine fix, from every source of report/fixes.h, to cves (report/cves.h),
 * sorted by id. snapshot: with SNAPSHOT_MODULES and SNAPSHOT_OVERRIDES; patches: those of its status. unseen,
 * which may be NULL, gets a sentence about each source that could not be read. 0 or -ENOMEM. */
int known_fixes_add(const struct host *h, const struct snapshot *s, json_object *patches, json_object *cves,
                    json_object *unseen);
