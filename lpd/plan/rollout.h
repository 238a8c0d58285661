/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Which machines take part in the rollout of a patch: the same as with ConditionFraction= of
 * systemd.unit(5), with the patch's name as the tag and each '-' replaced by '_'. So a unit and a
 * patch can share a wave. */

/* The position of this machine, on a scale of 2^32: it takes part if that is below the share of
 * it. machine_id is valid, see machine-id.h. The formula must never change: another one would move
 * machines in and out. */
int rollout_position(const char *machine_id, const char *name, uint32_t *ret);

/* Whether a position is below a share, which is in hundredths of a percent. */
bool rollout_includes(unsigned share, uint32_t position);
