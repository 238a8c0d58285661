/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"

/* lpctl lock --dry-run: says whether modules could be locked now, and which modules this machine
 * would miss afterwards. Fills the value of the verb. */
int ctl_lock_forecast(struct ctl *c, struct error *e);
void print_lock_forecast(const struct ctl *c);
