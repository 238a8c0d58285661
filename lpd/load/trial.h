/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/snapshot.h"

/* In the initramfs: notes the attempt of a build on trial in the early ledger. 1; 0 if it is there;
 * -EDQUOT: it is left to the host, because there is no place for the attempt, or it does not take it; or
 * -ENOMEM. */
int trial_note(struct host *h, const struct snapshot *s, const struct ledger_build *build,
               const struct ledger_attempt *attempt, struct error *e);
