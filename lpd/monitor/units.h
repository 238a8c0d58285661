/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"
#include "monitor/orphans.h"
#include "monitor/records.h"

/* Units that count as started while nothing of their patch is in the kernel: an orphan is loaded again, and what
 * could not be loaded again fails. 1 if something has still to be looked at, as a verb of lpctl is at it. */
int units_correct(struct host *h, struct orphans *o, struct records *r, const struct livepatch_list *l);
