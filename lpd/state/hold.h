/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/host.h"

/* When the patches of the host began to hold up this boot (HoldSec=), and whether that time is up.
 * The latter is an empty file that units check: AssertPathExists= in livepatch@.service. */

#define HOLD_OVER "/run/lpd/hold-over"

/* Records that it begins now. */
void hold_record_begin(struct host *h);

/* When it began, in microseconds of CLOCK_MONOTONIC; 0: it has not begun. */
uint64_t hold_record_read(const struct host *h);

/* Makes the units of all patches that have not been started yet fail, until lpd.service undoes
 * this. */
int hold_record_over(const struct host *h);
bool hold_record_is_over(const struct host *h);
void hold_record_undo(const struct host *h);
