/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guard/verdict.h"
#include "trust/gate.h"

/* The last check of the gate: what this machine knows of the build. */

/* For gate->check_ledger. 0: it is confirmed, or on trial; -EOWNERDEAD (EXIT_STATUS_QUARANTINED);
 * -EREMOTEIO if its record cannot be read: it may say that the build is quarantined. A kernel
 * without a release has no ledger. */
int guard_check(struct host *h, const struct gate *g, const char *sha256, struct error *e);

/* The moment that the gate decides for. */
struct guard_moment guard_moment_of(const struct gate *g);

/* What is known of a build that is not quarantined, for lpctl why: b is NULL if nothing is. NULL if
 * memory runs out. */
char *guard_describe(const struct ledger_build *b, const struct guard_moment *m);
