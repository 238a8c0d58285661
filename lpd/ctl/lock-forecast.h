/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"

/* lpctl lock --dry-run: whether the lock would be set now, and what this machine would miss after it.
 * Fills in the value of the verb. */
int ctl_lock_forecast(struct ctl *c, struct error *e);
void print_lock_forecast(const struct ctl *c);
