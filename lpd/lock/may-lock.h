/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/plan.h"

/* Whether module loading may be locked for this boot (kernel.modules_disabled), decided from the
 * snapshot only. The kernel accepts no live patch after it, so a missing patch stays missing. */

/* 1: yes; 0: nothing to do, everything that the policy asks for is locked; -EAGAIN
 * (EXIT_STATUS_TIMEOUT): not yet, a transition or the like runs; another negative errno with e:
 * no. */
int lock_decide(const struct snapshot *s, const struct plan *p, struct error *e);
