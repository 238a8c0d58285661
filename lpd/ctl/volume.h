/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ctl/ctl.h"
#include "store/volume.h"
#include "system/manager.h"

/* Whether a change of that patch must be made on the volume too: its manifest puts it there, or is
 * broken and does not tell. Never with --root= or in a chroot, where devices are not accessed. */
bool ctl_is_on_volume(const struct ctl *c, const struct manager *m, const char *name);

/* Makes the volume match the machine for that patch, or removes the patch from it if wanted is
 * false. *ret_change is for volume_undo(). 0, or a negative errno with the volume as it was. */
int ctl_update_volume(struct ctl *c, const char *name, bool wanted, struct volume_change **ret_change,
                      struct error *e);
