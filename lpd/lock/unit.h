/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

#define LOCK_UNIT "lpd-lock.service"
#define LOCK_MODULES_UNIT "lpd-lock-modules.service"

/* lpd-lock.service: locks at the time that the policy says. If that is now, it locks before it
 * reports the start to systemd; otherwise it reports the start, so that no boot waits for it, and
 * keeps waiting. 1: locked now; 0: it was locked already; negative errno with e: refused. */
int lock_unit(struct host *h, struct error *e);
