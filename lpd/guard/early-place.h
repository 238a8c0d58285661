/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "state/early-ledger.h"

/* Where an early ledger can be, as text: efi, or a volume's tag as of [Store] Device=. */

#define EARLY_EFI "efi" /* in a variable of the firmware */

/* Opens that place. In the initramfs a volume is the one that lpd-ledger has found. -ENODEV: it is not
 * there, in the initramfs perhaps not yet; -EROFS; another errno of the medium. */
int early_place_open(struct host *h, const char *place, bool writable, struct early_place *ret);

/* On the host: the place that is mounted at that directory and can be written. *ret is NULL if there is
 * none. 0 or -ENOMEM. */
int early_place_of_mount(const struct host *h, const char *directory, char **ret);
