/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "report/value.h"

/* What is fixed on the running kernel, now, by live patches: lpctl cves. */

/* In the order of what counts most if several patches fix the same. */
enum cve_state { CVE_EFFECTIVE, CVE_PENDING, CVE_OVERRIDDEN, CVE_INSTALLED };

const char *cve_state_name(enum cve_state s);

/* The state of what a patch fixes. patch is one of "patches" of docs/lpd-status.schema.json. *ret_reason,
 * for those that are not effective, belongs to the patch or is constant; NULL: none. */
enum cve_state cve_state_of(json_object *patch, const char **ret_reason);

/* Adds what a patch fixes to by_id, an object of {"id", "state", "patch", "reason", "since"} by their ids: of two
 * entries for one id the better one stays. fixes: what the build that is meant by the state fixes. */
void cves_add(json_object *by_id, json_object *patch, char *const *fixes, enum cve_state state, const char *reason);

/* Adds the entries to an array and sorts that by id, in version order: CVE-2024-999 before CVE-2024-1086. */
void cves_list(json_object *by_id, json_object *cves);

/* The entry of that id in a sorted array, or NULL. */
json_object *cves_find(json_object *cves, const char *id);

/* The ids that a file of that size asks about: one a line (# begins a comment), or an OpenVEX, CSAF or CycloneDX
 * document. 0; -EBADMSG (it is no such file, names nothing, or has an entry without an identifier) or -E2BIG, with
 * e; or -ENOMEM. */
int cves_parse_list(const char *path, const char *text, size_t size, char ***ret, struct error *e);
