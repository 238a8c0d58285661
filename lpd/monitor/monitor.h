/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/host.h"

/* lpd.service: follows transitions to their end, applies OnStall= to those that stall, runs
 * probes, loads patches that had to wait, and keeps STATUS= current. Returns after SIGTERM or
 * SIGINT: 0, or a negative errno with e. */
int monitor_run(struct host *h, struct error *e);
