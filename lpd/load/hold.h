/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/snapshot.h"

/* HoldSec=: how long the patches of the host together may hold up the boot. It is for loads by units of
 * patches that are not required, while sysinit.target has not been reached. */

/* How long a load may still wait for other transitions: USEC_INFINITY if it does not hold up the
 * boot. Normally only compares clocks; asks systemd at the first load and when the time is up.
 * -ETIMEDOUT (EXIT_STATUS_TIMEOUT): the boot must go on, see hold_end(). */
int hold_left(struct host *h, const struct snapshot *s, const struct manifest *m, uint64_t *ret_usec,
              struct error *e);

/* After a load has waited that long: -ETIMEDOUT if it holds up the boot, else 0. */
int hold_expired(struct host *h, const struct policy *p, struct error *e);

/* Lets the boot go on: records all patches that are still to be loaded as late, so that their units
 * fail at once. lpd.service loads them afterwards. */
void hold_end(struct host *h, const char *reason);
