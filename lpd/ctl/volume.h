/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"
#include "store/volume.h"
#include "system/manager.h"

/* Whether a change of that patch, as its manifest stands now, is one of the volume as well: it has its place
 * there, or nobody can tell, as the manifest is broken. Below another root and in a chroot no device is
 * touched: never. */
bool ctl_is_on_volume(const struct ctl *c, const struct manager *m, const char *name);

/* Brings the volume in line with the machine as far as that patch is concerned; without wanted it is taken
 * off. *ret_change is for volume_undo(). 0, or a negative errno with the volume as it was. */
int ctl_update_volume(struct ctl *c, const char *name, bool wanted, struct volume_change **ret_change,
                      struct error *e);
