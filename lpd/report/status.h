/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"
#include "report/value.h"

/* The whole status: kernel, lock, patches. docs/lpd-status.schema.json says what is in it. Modules
 * are described as far as the snapshot has read them. */
json_object *status_build(const struct snapshot *s, const struct plan *p);

/* What is known of the signature of a patch: {verdict, way, signer, keyId, keyring, hash, expired};
 * NULL if it was not looked at. */
json_object *status_build_signature(const struct result *r);

/* One patch of it: "name", "state", "reason", …; NULL: there is none of that name, neither with a
 * manifest nor in the kernel. */
json_object *status_build_patch(const struct snapshot *s, const struct plan *p, const char *name);
