/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/snapshot.h"

/* HoldSec=: how long the patches of the host together may hold up the boot. It is for loads by units of
 * patches that are not required, while sysinit.target has not been reached. */

/* How long a load may wait for others by now: USEC_INFINITY if it holds up no boot. Looks at the time only;
 * systemd is asked by the first load, and once the time is up. -ETIMEDOUT (EXIT_STATUS_TIMEOUT): the boot goes on, see hold_end(). */
int hold_left(struct host *h, const struct snapshot *s, const struct manifest *m, uint64_t *ret_usec,
              struct error *e);

/* After a load has waited for so long: -ETIMEDOUT if it holds up the boot, else 0. */
int hold_expired(struct host *h, const struct policy *p, struct error *e);

/* Lets the boot go on: puts all other patches that are still to come on record as late, and has their units
 * fail, which is quick. lpd.service then loads them. */
void hold_end(struct host *h, const char *reason);
