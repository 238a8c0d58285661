/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"
#include "monitor/orphans.h"
#include "monitor/records.h"

/* Corrects units that are active although none of their patch's code is in the kernel: reloads the
 * unit of an orphan, and stops, as failed, the unit of a patch that could not be loaded again. 1 if
 * it has to be called again, because a verb of lpctl is still changing patches. */
int units_correct(struct host *h, struct orphans *o, struct records *r, const struct livepatch_list *l);
