/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

#define LOCK_UNIT "lpd-lock.service"
#define LOCK_MODULES_UNIT "lpd-lock-modules.service"

/* lpd-lock.service: locks when the policy says that it is time for it. If that is now, this is done before
 * systemd hears that the unit has started; else the unit has started, so that no boot waits for it, and
 * goes on waiting. 1: locked now; 0: it was already; negative errno with e: it is refused. */
int lock_unit(struct host *h, struct error *e);
