/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* Whether module loading may be ended for this boot (kernel.modules_disabled), decided from the snapshot
 * alone. The kernel takes no live patch after it, so that what is missing then stays missing. */

/* 1: yes; 0: there is nothing to do, all that the policy asks for is locked; -EAGAIN
 * (EXIT_STATUS_TIMEOUT): not yet, something runs that will be over; another negative errno with e: no. */
int lock_decide(const struct snapshot *s, const struct plan *p, struct error *e);
