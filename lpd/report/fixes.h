/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/snapshot.h"

/* What a patch fixes, from every source: Fixes= of its manifest, fixes= of its module, and the file that
 * SUSE's packages ship for a module (/usr/share/livepatch/info/MODULE-SRCVERSION, made by
 * "klp rpm_changes_to_klp_info"). */

/* Adds the identifiers in a text for people, such as a changelog: CVE-2024-1086, RHSA-2024:1, GHSA-…, DSA-…,
 * bsc#1220000 and URLs. 0 or -ENOMEM. */
int fixes_find(const char *text, char ***fixes);

/* Adds those of that file; none if there is no such file. srcversion may be NULL. 0 or -ENOMEM. */
int fixes_read_info(const struct host *h, const char *module, const char *srcversion, char ***fixes);

/* The srcversion of a loaded module; NULL: it has none. 0 or -ENOMEM. */
int fixes_srcversion(const struct host *h, const char *module, char **ret);
