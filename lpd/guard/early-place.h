/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/early-ledger.h"

/* Where an early ledger can be, as text: efi, or a volume's tag as of [Store] Device=. */

#define EARLY_EFI "efi" /* in a variable of the firmware */

/* Opens that place for writing. In the initramfs a volume is the one that lpd-volume has found.
 * -ENODEV: it is not there, in the initramfs perhaps not yet; -EROFS; another errno of the medium. */
int early_place_open(struct host *h, const char *place, struct early_place *ret);
