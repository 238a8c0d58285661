/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/macro.h"

/* Which machines take part in the rollout of a patch: as ConditionFraction= of systemd.unit(5) has it, with the
 * patch's name as the tag and each '-' of it a '_'. So a unit and a patch can share a wave. */

/* Where this machine stands, on a scale of 2^32: it takes part if that is below the share of it. machine_id is a
 * valid one, see machine-id.h. It must stay as it is: another formula would move machines in and out. */
int rollout_position(const char *machine_id, const char *name, uint32_t *ret);

/* Whether a position lies within a share, which is in hundredths of a percent. */
bool rollout_includes(unsigned share, uint32_t position);
