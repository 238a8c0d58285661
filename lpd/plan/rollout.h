/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/waves.h"

/* Which machines take part in the rollout of a patch: the same as with ConditionFraction= of
 * systemd.unit(5), with the patch's name as the tag and each '-' replaced by '_'. So a unit and a
 * patch can share a wave. */

/* The position of this machine, on a scale of 2^32: it takes part if that is below the share of
 * it. machine_id is valid, see machine-id.h. The formula must never change: another one would move
 * machines in and out. */
int rollout_position(const char *machine_id, const char *name, uint32_t *ret);

/* The same as a percentage. */
double rollout_percent(uint32_t position);

/* The time that the waves are judged by: that of the clock, but never before lpd was built, so that a
 * clock that was reset takes no machine out of a wave that had begun by then. */
uint64_t rollout_clock(uint64_t clock_usec);

/* The share that takes part at that time, in hundredths of a percent. */
unsigned rollout_share(const struct waves *w, uint64_t now_usec);

/* The wave that a machine at that position takes part from, or NULL: in none. */
const struct wave *rollout_wave(const struct waves *w, uint32_t position);
