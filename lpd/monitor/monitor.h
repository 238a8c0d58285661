/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* lpd.service: follows transitions to their end, acts on those that stall as the manifest says, runs
 * probes, tries again what had to wait, and keeps STATUS= current. Returns when told to by SIGTERM
 * or SIGINT: 0, or a negative errno with e. */
int monitor_run(struct host *h, struct error *e);
