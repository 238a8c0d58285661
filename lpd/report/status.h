/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "report/value.h"

/* The whole status: kernel, lock, patches, as in docs/lpd-status.schema.json. Modules are described
 * as far as the snapshot has read them. */
json_object *status_build(const struct snapshot *s, const struct plan *p);

/* The facts about the signature of a patch: {verdict, way, signer, keyId, keyring, hash, expired};
 * NULL if it was not checked. */
json_object *status_build_signature(const struct result *r);

/* One patch of the status: "name", "state", "reason", …; NULL: no manifest and no patch in the
 * kernel has that name. */
json_object *status_build_patch(const struct snapshot *s, const struct plan *p, const char *name);
