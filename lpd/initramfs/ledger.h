/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "initramfs/files.h"

/* What an image has to contain of the ledger, so that its initramfs knows which builds are confirmed
 * and where to write attempts down. */

/* Settles where that is, see early_place_settle(). *ret is NULL if it is nowhere, or if the image
 * would not contain lpd. 0 or -ENOMEM. */
int initramfs_ledger_settle(struct host *h, const struct initramfs_files *f, char **ret);

/* Adds the image's record, which names that place, the records of builds that are not on trial and,
 * if it is on a volume, the program that finds that. 0 or -ENOMEM. */
int initramfs_ledger_add(const struct host *h, const char *release, const char *place,
                         struct initramfs_files *f);
